"""Answer a request with an open file: conditions, ranges, header fields (RFC 9110)."""

from collections.abc import Iterable, Mapping

from cherrypy._http.conditions import failed_precondition, if_range
from cherrypy._http.errors import TooManyRangesError
from cherrypy._http.ranges import byte_ranges, coalesce_ranges
from cherrypy._runtime.errors import HTTPError
from cherrypy._runtime.messages import Request, Response
from cherrypy._runtime.state import made
from cherrypy._static.byte_ranges import ByteRanges
from cherrypy._static.plain_files import HTTP_1_1
from cherrypy._static.representation import Representation
from cherrypy._static.sources import Source

NOT_MODIFIED = 304
UNSATISFIABLE = "Invalid Range (first-byte-pos greater than Content-Length)"

_CONDITIONS = frozenset(
    {
        "HTTP_IF_NONE_MATCH",
        "HTTP_IF_MODIFIED_SINCE",
        "HTTP_IF_MATCH",
        "HTTP_IF_UNMODIFIED_SINCE",
        "HTTP_IF_RANGE",
        "HTTP_RANGE",
    }
)


def answer(
    request: Request,
    response: Response,
    source: Source,
    known: Representation,
    media_type: str | None,
) -> Iterable[bytes] | None:
    """Set header fields and status of the answer, and return its content.

    Args:
        request: The request.
        response: Its response, whose body is not set.
        source: The file. It is closed in any case: at the end of the content, when that is
            closed, or at once where nothing of it is sent.
        known: Its validators.
        media_type: Value of Content-Type; ``None`` leaves the present one.

    Returns:
        The content; ``None`` if the answer is 304, which is left to the caller.

    Raises:
        HTTPError: 412 or 416.
    """
    try:
        is_current = _set_fields(request, response, known, media_type)
        if not is_current:
            length = source.length
            ranges = None if length is None else _ranges(request, response, length, known)
            if length is None:  # it may be larger than the memory
                response.stream = True
                response.headers.pop("Content-Length", None)
            elif ranges is not None:
                return _partial(response, source, ranges, length)
            else:
                response.headers["Content-Length"] = str(length)
            if request.method != "HEAD":
                return source.whole()
    except BaseException:
        source.close()
        raise
    source.close()
    return None if is_current else []


def _set_fields(
    request: Request, response: Response, known: Representation, media_type: str | None
) -> bool:
    """Set the fields that describe a file; tell whether the client has it already (304).

    Raises:
        HTTPError: 412.
    """
    headers = response.headers
    if known.etag:
        headers["Etag"] = known.etag
    asked = _conditions(request)
    failed = failed_precondition(request.method, asked, known.etag, known.last_modified)
    if failed == NOT_MODIFIED:
        return True
    if failed is not None:
        raise HTTPError(failed)
    if media_type is not None:
        headers["Content-Type"] = media_type
    if known.date is not None:
        headers["Last-Modified"] = known.date
    return False


def _conditions(request: Request) -> Mapping[str, str]:
    """Return the fields of a request, if one of them is a condition or asks for a part."""
    if made(request, "headers") is None and _CONDITIONS.isdisjoint(request.wsgi_environ):
        return {}  # PERF: no map of all fields; most requests have none of these
    return request.headers


def _ranges(
    request: Request, response: Response, length: int, known: Representation
) -> list[tuple[int, int]] | None:
    """Return the ranges to be sent; ``None`` for the whole. Say that there may be some.

    Ranges that overlap or touch each other are joined, and more than a hundred are ignored.

    Raises:
        HTTPError: 416, if there is nothing at any of them.

    See: RFC 9110 sections 14.2, 15.3.7.2, 15.5.17 and 17.15.
    """
    if request.protocol < HTTP_1_1:
        return None
    response.headers["Accept-Ranges"] = "bytes"
    asked = _conditions(request)
    if request.method != "GET" or "Range" not in asked:
        return None
    condition = asked.get("If-Range")
    etag, last_modified = known[:2] if known.is_strong else (None, None)
    if condition is not None and not if_range(condition, etag, last_modified):
        return None
    try:
        ranges = byte_ranges(asked["Range"], length)
    except TooManyRangesError:
        return None
    if ranges is None:
        return None
    if not ranges:
        response.headers["Content-Range"] = f"bytes */{length}"
        raise HTTPError(416, UNSATISFIABLE)
    joined = coalesce_ranges(ranges)
    return joined if len(joined) < len(ranges) else ranges


def _partial(
    response: Response,
    source: Source,
    ranges: list[tuple[int, int]],
    length: int,
) -> Iterable[bytes]:
    """Answer 206 (RFC 9110 section 15.3.7)."""
    headers = response.headers
    response.status = 206
    if len(ranges) == 1:
        start, stop = ranges[0]
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{length}"
        headers["Content-Length"] = str(stop - start)
        return source.part(start, stop)
    media_type = headers.get("Content-Type") or "application/octet-stream"
    parts = ByteRanges(source, ranges, length, media_type)
    headers["Content-Type"] = parts.content_type
    headers["Content-Length"] = str(parts.content_length)
    return parts
