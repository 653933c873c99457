"""Tell load balancers and service managers whether the site can take requests."""

from cherrypy._runtime.messages import Request, Response
from cherrypy._tools.function import tool_function
from cherrypy._tools.tool import HandlerTool
from cherrypy.process.wspbus import ChannelFailures, bus

__all__ = ["HealthTool", "health"]


@tool_function()
def health(request: Request, response: Response) -> bool:
    """Answer 200 while the site is well, and 503 when nobody should be sent here any more.

    That is from the first SIGTERM on, before the server stops (see ``engine.exit_delay``), and when
    a listener of the channel ``health`` of the engine raises an exception. What it raised is in the
    error log only.

    Returns:
        True: there is no need for a page handler.
    """
    status, text = _state()
    response.status = status
    response.headers["Content-Type"] = "text/plain"
    response.headers["Cache-Control"] = "no-store"
    response.body = text.encode("ascii")
    return True


def _state() -> tuple[int, str]:
    if bus.is_leaving:
        return 503, "leaving\n"
    try:
        bus.publish("health")
    except ChannelFailures:  # the bus has logged it
        return 503, "unwell\n"
    return 200, "well\n"


class HealthTool(HandlerTool):
    """``tools.health``: an address that tells whether the site is well."""

    def __init__(self) -> None:
        super().__init__(health, "health")
