"""The dispatcher for clients of XML-RPC."""

from collections.abc import Callable
from typing import Any

from cherrypy._publishing.objects import Dispatcher
from cherrypy.lib.xmlrpcutil import patched_path

Dispatch = Callable[[str], Any]


def XMLRPCDispatcher(
    next_dispatcher: Dispatch = Dispatcher(),  # noqa: B008 - it has no state
) -> Dispatch:
    """Make a dispatcher for the paths that clients of XML-RPC use.

    Args:
        next_dispatcher: Finds the handler, of the path without ``/RPC2`` at its beginning and
            with a slash at its end.
    """

    def dispatch(path_info: str) -> Any:
        return next_dispatcher(patched_path(path_info))

    return dispatch
