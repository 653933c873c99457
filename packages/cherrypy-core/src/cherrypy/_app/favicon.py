"""The default favicon: a page handler for sites that have none of their own."""

from typing import Any

from cherrypy._config.extensions import find_extension
from cherrypy._runtime.errors import NotFound


class DefaultFavicon:
    """Answers ``/favicon.ico``, if the distribution with the static file tool is installed."""

    exposed = True

    def __call__(self, *_path: object, **_query: object) -> object:
        """Send the picture.

        Raises:
            NotFound: cherrypy-static is not installed.
        """
        serve = getattr(find_extension("tools", "staticfile"), "serve_favicon", None)
        if serve is None:
            raise NotFound
        return serve()

    def GET(self, *path: object, **query: object) -> object:
        """Send the picture."""
        return self(*path, **query)


class FaviconOnly:
    """The root of a site that publishes nothing but the default favicon."""

    def __init__(self) -> None:
        self.favicon_ico = DefaultFavicon()


def add_favicon(root: Any) -> None:
    """Publish the default favicon at a root that has none, if it can have one."""
    if root is not None and not hasattr(root, "favicon_ico"):
        try:
            root.favicon_ico = DefaultFavicon()
        except (AttributeError, TypeError):  # an object with slots, or of a built-in class
            return
