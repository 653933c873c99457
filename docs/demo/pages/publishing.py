"""A path leads through attributes of objects to a method that is exposed."""

import cherrypy


class Songs:
    """What is published below ``songs/``."""

    @cherrypy.expose
    def index(self) -> str:
        """Answer for ``songs/`` itself."""
        return "All songs"

    @cherrypy.expose(["latest", "news.txt"])
    def newest(self) -> str:
        """Answer for ``songs/newest``, and for two other names."""
        return "The newest song"


class Home:
    """The root of the application."""

    def __init__(self) -> None:
        self.songs = Songs()
        self.about = about

    @cherrypy.expose
    def index(self) -> str:
        """Answer for the mount point."""
        return "Home"

    def diary(self) -> str:
        """Answer nobody: without ``expose``, a method is private."""
        return "Nobody may read this"


@cherrypy.expose
def about() -> str:
    """Answer for ``about``: a function is a page as well as a method is."""
    return "A function"


def mount(at: str) -> None:
    """Publish an object at a path, and all that it leads to."""
    cherrypy.tree.mount(Home(), at)
