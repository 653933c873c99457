"""Applications live side by side: each has its mount point, its settings and its log."""

from collections.abc import Callable, Iterable
from typing import Any

import cherrypy


class Blog:
    """An application; it does not know where it is mounted."""

    def __init__(self, title: str) -> None:
        self.title = title

    @cherrypy.expose
    def index(self) -> str:
        """Show the title, and the URL of a page of this application."""
        return f"{self.title}. Read more at {cherrypy.url('/latest')}"

    @cherrypy.expose
    def latest(self) -> str:
        """Show the title."""
        return f"The latest of: {self.title}"


class Houses:
    """An application whose parts are chosen by the host that was asked for."""

    def __init__(self) -> None:
        self.intranet = Blog("For members only")

    @cherrypy.expose
    def index(self) -> str:
        """Answer for all other hosts."""
        return "For everybody"


def clock(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Answer as any WSGI application does, whichever framework made it."""
    text = f"Not made by CherryPy, mounted at {environ['SCRIPT_NAME']}".encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))])
    return [text]


def mount(at: str) -> None:
    """Mount applications below each other, one that looks at the host, and a foreign one."""
    cherrypy.tree.mount(Blog("Gardening"), at)
    cherrypy.tree.mount(Blog("Roses"), f"{at}/roses")
    hosts = cherrypy.dispatch.VirtualHost(**{"intranet.example": "/intranet"})
    cherrypy.tree.mount(Houses(), f"{at}/houses", {"/": {"request.dispatch": hosts}})
    cherrypy.tree.graft(clock, f"{at}/clock")
