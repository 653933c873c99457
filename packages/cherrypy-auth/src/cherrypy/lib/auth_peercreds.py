"""Who is at the other end of a Unix socket, as the system says: the tool ``auth_peercreds``.

It needs ``server.socket_file`` and ``server.peercreds``; for names, ``server.peercreds_resolve``.
"""

from cherrypy._auth.gates import PRIORITY
from cherrypy._auth.peers import Ids, Names, PeerGate
from cherrypy._runtime.messages import Request, Response
from cherrypy._tools.function import tool_function
from cherrypy._tools.tool import Tool

__all__ = ["auth_peercreds_tool", "peercreds_auth"]


@tool_function()
def peercreds_auth(
    request: Request,
    response: Response,
    uids: Ids = (),
    gids: Ids = (),
    users: Names = (),
    groups: Names = (),
    debug: bool = False,
) -> None:
    """Let the current request pass if its peer is listed, and set ``request.login``.

    Args:
        uids: Numbers of users.
        gids: Numbers of groups.
        users: Names of users.
        groups: Names of groups: that which the process runs with counts.
        debug: Not used.

    Raises:
        HTTPError: 403, if the peer is not listed.
        ValueError: Nobody is listed, or the server does not tell who the peer is.
    """
    PeerGate(uids, gids, users, groups, debug).admit(request, response)


peercreds_auth.prepare = PeerGate

auth_peercreds_tool = Tool("before_handler", peercreds_auth, priority=PRIORITY)
"""``cherrypy.tools.auth_peercreds``."""
