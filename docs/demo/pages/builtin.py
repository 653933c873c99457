"""Some of the tools that come with CherryPy; each is turned on where it is needed."""

import cherrypy
from cherrypy.lib import cptools


class Library:
    """Handlers that leave the routine to tools."""

    @cherrypy.expose
    def book(self) -> str:
        """Answer in the form that the client likes best: most tools are functions, too."""
        best = cptools.accept(["text/html", "text/plain"])
        cherrypy.response.headers["Content-Type"] = best
        return "A book" if best == "text/plain" else "<h1>A book</h1>"

    @cherrypy.expose
    @cherrypy.tools.response_headers(headers=[("X-Frame-Options", "DENY"), ("X-Shelf", "42")])
    def shelf(self) -> str:
        """Have header fields that have nothing to do with the handler."""
        return "A shelf"

    @cherrypy.expose
    @cherrypy.tools.referer(pattern=r"https?://library\.example/.*", error=403)
    def picture(self) -> str:
        """Be shown on one's own pages only."""
        return "A picture"

    @cherrypy.expose
    @cherrypy.tools.redirect(url="shelf")
    def rack(self) -> None:
        """Be another page by now; the handler is not called."""

    @cherrypy.expose
    @cherrypy.tools.proxy(trusted=["127.0.0.1", "::1"])
    def visitor(self) -> str:
        """Know the visitor behind a proxy, but only one that is trusted."""
        return f"{cherrypy.request.remote.ip}, at {cherrypy.request.base}"


def mount(at: str) -> None:
    """Publish it."""
    cherrypy.tree.mount(Library(), at)
