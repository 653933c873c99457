"""Cookies come with the request, and are set on the response."""

from html import escape

import cherrypy


class Jar:
    """Keeps one cookie, called ``taste``, in the browser."""

    @cherrypy.expose
    def index(self) -> str:
        """Read: what the browser sent is in ``request.cookie``."""
        taste = cherrypy.request.cookie.get("taste")
        if taste is None:
            return "The jar is empty"
        return f"You like it {escape(taste.value)}"

    @cherrypy.expose
    def fill(self, taste: str = "sweet") -> str:
        """Set: a value, and what the browser may do with it."""
        cookie = cherrypy.response.cookie
        cookie["taste"] = taste
        cookie["taste"]["path"] = cherrypy.url("/", relative="server")
        cookie["taste"]["max-age"] = 3600
        cookie["taste"]["httponly"] = True
        cookie["taste"]["samesite"] = "Lax"
        return f"From now on you like it {escape(taste)}"

    @cherrypy.expose
    def empty(self) -> str:
        """Delete: the same cookie, with its time over."""
        cookie = cherrypy.response.cookie
        cookie["taste"] = ""
        cookie["taste"]["path"] = cherrypy.url("/", relative="server")
        cookie["taste"]["max-age"] = 0
        return "The jar is empty again"


def mount(at: str) -> None:
    """Publish it."""
    cherrypy.tree.mount(Jar(), at)
