"""Tools that need no module of their own."""

import logging
from typing import Any

from cherrypy._runtime.context import current
from cherrypy._runtime.errors import HTTPRedirect
from cherrypy._runtime.urls import url

Request = Any
Response = Any


def log_traceback(severity: int = logging.ERROR, debug: bool = False) -> None:  # noqa: ARG001, FBT001, FBT002 - upstream's signature
    """Write the exception that is being handled to the error log, with its traceback."""
    current.get().request.app.log.error("", "HTTP", severity, traceback=True)


def log_request_headers(debug: bool = False) -> None:  # noqa: ARG001, FBT001, FBT002 - upstream's signature
    """Write the header fields of the request to the error log."""
    request = current.get().request
    lines = [f"  {name}: {value}" for name, value in request.header_list]
    request.app.log.error("\nRequest Headers:\n" + "\n".join(lines), "HTTP")


def trailing_slash(
    missing: bool = True,  # noqa: FBT001, FBT002 - upstream's signature
    extra: bool = False,  # noqa: FBT001, FBT002
    status: int | None = None,
    debug: bool = False,  # noqa: FBT001, FBT002
) -> None:
    """Redirect to the URL with a slash at its end, or without one.

    Args:
        missing: Whether an index is asked to have a slash.
        extra: Whether what is no index is asked to have none.
        status: Status of the redirect; 301 by default.
        debug: Not used any more.

    Raises:
        HTTPRedirect: The URL is to be another one.
    """
    _trailing_slash(current.get().request, None, missing, extra, status, debug)


def _trailing_slash(
    request: Request,
    _response: Response,
    missing: bool = True,  # noqa: FBT001, FBT002 - as above
    extra: bool = False,  # noqa: FBT001, FBT002
    status: int | None = None,
    debug: bool = False,  # noqa: ARG001, FBT001, FBT002
) -> None:
    path = request.path_info
    if request.is_index is True:
        if missing and path[-1:] != "/":
            raise HTTPRedirect(url(path + "/", request.query_string), status or 301)
    elif extra and request.is_index is False and path != "/" and path[-1:] == "/":
        raise HTTPRedirect(url(path[:-1], request.query_string), status or 301)


trailing_slash.with_request = _trailing_slash  # type: ignore[attr-defined]  # see Hook
