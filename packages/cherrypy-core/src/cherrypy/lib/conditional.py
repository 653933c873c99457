"""Tools for conditional requests (RFC 9110 section 13)."""

from cherrypy._http.conditions import (
    entity_tags,
    if_match,
    if_modified_since,
    if_none_match,
    if_unmodified_since,
)
from cherrypy._http.dates import parse_http_date
from cherrypy._http.status import valid_status
from cherrypy._runtime.errors import HTTPError, HTTPRedirect
from cherrypy._runtime.messages import Request, Response
from cherrypy._tools.function import tool_function

OK = 200
NOT_MODIFIED = 304
PRECONDITION_FAILED = 412


@tool_function()
def validate_etags(
    request: Request, response: Response, autotags: bool = False, debug: bool = False
) -> None:
    """Compare the ``ETag`` of the response with the one that the client has, or wants to change.

    Args:
        autotags: Whether a response without ``ETag`` gets one, made of its content. The content
            is read for that, so streams get none.
        debug: Not used any more.

    Raises:
        HTTPRedirect: 304, if the client has this very representation.
        HTTPError: 412, if it asks for another one.

    See: RFC 9110 sections 8.8.3, 13.1.1 and 13.1.2.
    """
    code = valid_status(response.status)[0]
    if not is_successful(code):
        return  # RFC 9110 section 13.2.1
    etag = response.headers.get("ETag")
    if etag is None and autotags and code == OK and not response.stream:
        etag = response.headers["ETag"] = f'"{_digest(response.collapse_body())}"'
    _check_etag(request, etag or "")


def _check_etag(request: Request, etag: str) -> None:
    match = request.headers.get("If-Match")
    if match is not None and not if_match(match, etag):
        raise HTTPError(
            PRECONDITION_FAILED,
            f"If-Match failed: ETag {etag!r} did not match {entity_tags(match)!r}",
        )
    none_match = request.headers.get("If-None-Match")
    if none_match is not None and if_none_match(none_match, etag):
        if is_read(request):
            raise HTTPRedirect([], NOT_MODIFIED)
        raise HTTPError(
            PRECONDITION_FAILED,
            f"If-None-Match failed: ETag {etag!r} matched {entity_tags(none_match)!r}",
        )


@tool_function()
def validate_since(request: Request, response: Response) -> None:
    """Compare the ``Last-Modified`` of the response with the dates that the client sent.

    A date does not count if the client sent an entity tag as well, which is more exact.

    Raises:
        HTTPRedirect: 304, if nothing has changed since ``If-Modified-Since``.
        HTTPError: 412, if something has changed since ``If-Unmodified-Since``.

    See: RFC 9110 sections 8.8.2, 13.1.3 and 13.1.4.
    """
    last_modified = parse_http_date(response.headers.get("Last-Modified") or "")
    if last_modified is None or not is_successful(valid_status(response.status)[0]):
        return
    headers = request.headers
    unmodified_since = headers.get("If-Unmodified-Since")
    if (
        unmodified_since is not None
        and "If-Match" not in headers
        and not if_unmodified_since(unmodified_since, last_modified)
    ):
        raise HTTPError(PRECONDITION_FAILED)
    modified_since = headers.get("If-Modified-Since")
    if (
        modified_since is not None
        and "If-None-Match" not in headers
        and is_read(request)
        and not if_modified_since(modified_since, last_modified)
    ):
        raise HTTPRedirect([], NOT_MODIFIED)


def is_successful(code: int) -> bool:
    """Tell whether a status code is of the class 2xx (RFC 9110 section 15.3)."""
    return 200 <= code <= 299


def is_read(request: Request) -> bool:
    """Tell whether a request only asks for a representation."""
    return request.method in {"GET", "HEAD"}


def _digest(content: bytes) -> str:
    # 4 ms of import, and most sites make no tags of content
    from hashlib import md5

    return md5(content, usedforsecurity=False).hexdigest()
