"""A tool is a function that settings or a decorator turn on for a part of the site."""

import time

import cherrypy


@cherrypy.tools.register("before_finalize", priority=60)
def duration(unit: str = "ms") -> None:
    """Tell the client how long its page took; the argument can be set where the tool is."""
    taken = time.time() - cherrypy.response.time
    factor = {"s": 1, "ms": 1_000, "us": 1_000_000}[unit]
    cherrypy.response.headers["X-Duration"] = f"{taken * factor:.3f} {unit}"


@cherrypy.tools.register("before_handler")
def closed(weekdays: str = "") -> None:
    """Keep visitors out; what a tool raises is the answer."""
    if time.strftime("%A") in weekdays:
        raise cherrypy.HTTPError(503, "Closed today.")


class Museum:
    """Its handlers know nothing of the tools."""

    @cherrypy.expose
    def index(self) -> str:
        """Be timed as the whole application is."""
        return "Dinosaurs"

    @cherrypy.expose
    @cherrypy.tools.duration(unit="us")
    def minerals(self) -> str:
        """Be timed in other units."""
        return "Minerals"

    @cherrypy.expose
    @cherrypy.tools.closed(weekdays="Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
    def cellar(self) -> str:
        """Be closed."""
        return "Never shown"


def mount(at: str) -> None:
    """Turn the tool on for the application, and off for one path."""
    config = {
        "/": {"tools.duration.on": True},
        "/cellar": {"tools.duration.on": False},
    }
    cherrypy.tree.mount(Museum(), at, config)
