"""Segments of the path that lead to no attribute are arguments, too."""

from html import escape

import cherrypy


class Archive:
    """What is left of the path after a handler was found are its positional arguments."""

    def __init__(self) -> None:
        self.music = Music()
        self.members = Members()

    @cherrypy.expose
    def month(self, year: str, month: str = "01") -> str:
        """Answer for ``month/2026`` and ``month/2026/05``."""
        return escape(f"Year {year}, month {month}")

    @cherrypy.expose
    def default(self, *path: str) -> str:
        """Answer where no attribute fits."""
        return escape(f"No such page, but I can read: {path!r}")


@cherrypy.popargs("artist", "album")
class Music:
    """``popargs`` names the next segments of the path, and goes on with what follows."""

    @cherrypy.expose
    def index(self, artist: str = "everybody", album: str = "everything") -> str:
        """Answer for ``music/``, ``music/Simone/`` and ``music/Simone/Pastel-Blues/``."""
        return escape(f"{album} by {artist}")

    @cherrypy.expose
    def cover(self, artist: str, album: str) -> str:
        """Answer for ``music/Simone/Pastel-Blues/cover``."""
        return escape(f"The cover of {album} by {artist}")


class Members:
    """``_cp_dispatch`` decides itself: it takes segments away, and returns what they stand for."""

    def _cp_dispatch(self, vpath: list[str]) -> object:
        name = vpath.pop(0)
        return Member(name) if name.istitle() else None

    @cherrypy.expose
    def index(self) -> str:
        """Answer for ``members/``."""
        return "All members"


class Member:
    """One member; made for one request."""

    def __init__(self, name: str) -> None:
        self.name = name

    @cherrypy.expose
    def index(self) -> str:
        """Answer for ``members/Ada/``."""
        return escape(f"Member {self.name}")


def mount(at: str) -> None:
    """Publish all of them in one tree."""
    cherrypy.tree.mount(Archive(), at)
