"""A request goes through named points; functions can be hooked to each."""

import cherrypy

POINTS = (
    "before_request_body",
    "before_handler",
    "before_finalize",
    "before_error_response",
    "after_error_response",
)


def note(name: str) -> None:
    """Write down where the request is."""
    headers = cherrypy.response.headers
    headers["X-Points"] = f"{headers.get('X-Points', 'start')} > {name}"


class Journey:
    """Its answers say in ``X-Points`` which way they went."""

    @cherrypy.expose
    def index(self) -> str:
        """Arrive."""
        return "Arrived"

    @cherrypy.expose
    def lost(self) -> str:
        """Fail, and take the other way."""
        raise LookupError("no map")

    @cherrypy.expose
    def detour(self) -> str:
        """Hook a function to a later point of this one request."""
        cherrypy.request.hooks.attach("before_finalize", note, priority=90, name="a detour")
        return "Arrived, later"


@cherrypy.tools.register("on_start_resource")
def travel_log() -> None:
    """Hook the function to all points, for the requests that this tool is on for."""
    for point in POINTS:
        cherrypy.request.hooks.attach(point, note, name=point)


def mount(at: str) -> None:
    """Turn the tool on; ``hooks.before_handler: function`` is the way without one."""
    cherrypy.tree.mount(Journey(), at, {"/": {"tools.travel_log.on": True}})
