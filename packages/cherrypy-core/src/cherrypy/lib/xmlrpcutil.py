"""XML-RPC: helpers of controllers that its clients call (the xmlrpc tool)."""

import sys
from typing import Any

from cherrypy._runtime.context import current
from cherrypy._runtime.messages import Request, Response
from cherrypy._tools.function import tool_function

Unreadable = tuple[str, str]


def patched_path(path: str) -> str:
    """Return the path that a client of XML-RPC means: without ``/RPC2``, with a slash after it."""
    if not path.endswith("/"):
        path += "/"
    return path.removeprefix("/RPC2") if path.startswith("/RPC2/") else path


def process_body() -> tuple[tuple[Any, ...], str] | Unreadable:
    """Read the call in the body of the request.

    Returns:
        Arguments and name of the method; ``("ERROR PARAMS", "ERRORMETHOD")`` if there is none.
    """
    # 25 ms, and few sites have clients of XML-RPC
    from xmlrpc.client import loads

    try:
        params, method = loads(current.get().request.body.read() or b"")
    except Exception:
        return "ERROR PARAMS", "ERRORMETHOD"
    return params, method or "ERRORMETHOD"


def respond(body: Any, encoding: str = "utf-8", allow_none: bool | int = 0) -> None:
    """Make the response the result of a call.

    Args:
        body: The result, or a ``Fault``.
        encoding: Charset of the document.
        allow_none: Whether ``None`` may be sent, which is an extension.

    Raises:
        TypeError: The result cannot be sent.
    """
    from xmlrpc.client import Fault, dumps

    values = body if isinstance(body, Fault) else (body,)
    document = dumps(values, methodresponse=True, encoding=encoding, allow_none=bool(allow_none))
    _answer(current.get().response, document, encoding)


@tool_function()
def on_error(_request: Request, response: Response, /, *args: Any, **kwargs: Any) -> None:
    """Make the response a fault that describes the exception that is being handled.

    A ``Fault`` is sent as it is. Of any other exception the text is sent, with code 1.

    Args:
        *args: Not used.
        **kwargs: ``encoding`` as in :func:`respond`; the others are not used.
    """
    from xmlrpc.client import Fault, dumps

    error = sys.exc_info()[1]
    fault = error if isinstance(error, Fault) else Fault(1, str(error))
    encoding = kwargs.get("encoding", "utf-8")
    _answer(response, dumps(fault, methodresponse=True, encoding=encoding), encoding)


def _answer(response: Response, document: str, encoding: str) -> None:
    response.status = "200 OK"
    response.body = document.encode(encoding, "xmlcharrefreplace")
    is_default = encoding.lower() == "utf-8"
    response.headers["Content-Type"] = "text/xml" if is_default else f"text/xml;charset={encoding}"
    response.headers["Content-Length"] = len(response.collapse_body())
