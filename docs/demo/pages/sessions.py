"""A session is what a site keeps for a visitor from request to request."""

import cherrypy


class Visits:
    """Counts the visits of each visitor."""

    @cherrypy.expose
    def index(self) -> str:
        """Use the session as a dict; the tool loads and stores it."""
        session = cherrypy.session
        session["count"] = session.get("count", 0) + 1
        return f"Visit number {session['count']}"

    @cherrypy.expose
    def start_again(self) -> str:
        """Remove what is stored."""
        cherrypy.session.delete()
        return "We have never met"


class Leaflet:
    """Has a lazy session: a visitor who only reads gets no cookie."""

    @cherrypy.expose
    def index(self) -> str:
        """Read: nothing is stored, so no session begins."""
        return f"Your colour is {cherrypy.session.get('colour', 'unknown')}"

    @cherrypy.expose
    def choose(self, colour: str) -> str:
        """Store: now there is one."""
        cherrypy.session["colour"] = "green" if colour == "green" else "red"
        return f"Your colour is {cherrypy.session['colour']} from now on"


def mount(at: str) -> None:
    """Publish it."""
    visits = {"tools.sessions.on": True, "tools.sessions.path": at}
    cherrypy.tree.mount(Visits(), at, {"/": visits})
    leaflet = {
        "tools.sessions.on": True,
        "tools.sessions.lazy": True,
        "tools.sessions.name": "leaflet",
        "tools.sessions.path": f"{at}/leaflet",
    }
    cherrypy.tree.mount(Leaflet(), f"{at}/leaflet", {"/": leaflet})
