"""Who has logged in is known by their session."""

import hmac
from html import escape

import cherrypy

GUESTS = {"ada": "engine", "grace": "compiler"}
"""Names and passwords; a site that is not for show has hashes of them."""

FORM = """<form method="post" action="{target}">
<label>Name <input name="name" value="ada" autocomplete="username"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<button>Log in</button></form><p>{message}</p>
"""


class Club:
    """Has a room for guests."""

    @cherrypy.expose
    def index(self, message: str = "The password of ada is engine.") -> str:
        """Show the form, or who is in."""
        name = cherrypy.session.get("name")
        if name is None:
            return FORM.format(target=cherrypy.url("login"), message=escape(message))
        form = "<form method='post' action='{}'><button>Log out</button></form>"
        return f"<p>Welcome, {escape(name)}!</p>" + form.format(cherrypy.url("logout"))

    @cherrypy.expose
    @cherrypy.tools.allow(methods=["POST"])
    def login(self, name: str, password: str) -> None:
        """Log in: the session gets a new id, which nobody can know."""
        if not hmac.compare_digest(GUESTS.get(name, "").encode(), password.encode() or b" "):
            raise cherrypy.HTTPError(403, "That is not the password")
        cherrypy.session.regenerate()
        cherrypy.session["name"] = name
        raise cherrypy.HTTPRedirect("")

    @cherrypy.expose
    @cherrypy.tools.allow(methods=["POST"])
    def logout(self) -> None:
        """Log out: nothing is left."""
        cherrypy.session.delete()
        cherrypy.lib.sessions.expire()
        raise cherrypy.HTTPRedirect("")


def mount(at: str) -> None:
    """Publish it."""
    config = {"tools.sessions.on": True, "tools.sessions.lazy": True, "tools.sessions.path": at}
    cherrypy.tree.mount(Club(), at, {"/": config})
