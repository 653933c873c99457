"""Answer a request with an open file: conditions, ranges, header fields (RFC 9110)."""

from collections.abc import Iterable, Mapping
from typing import Any

from cherrypy._http.conditions import failed_precondition, if_range
from cherrypy._http.errors import TooManyRangesError
from cherrypy._http.ranges import byte_ranges, coalesce_ranges
from cherrypy._runtime.errors import HTTPError
from cherrypy._static.byte_ranges import ByteRanges
from cherrypy._static.representation import Representation
from cherrypy._static.sources import Source

Request = Any
Response = Any

HTTP_1_1 = (1, 1)
NOT_MODIFIED = 304
UNSATISFIABLE = "Invalid Range (first-byte-pos greater than Content-Length)"

_FIELDS = {
    "HTTP_IF_NONE_MATCH": "If-None-Match",
    "HTTP_IF_MODIFIED_SINCE": "If-Modified-Since",
    "HTTP_IF_MATCH": "If-Match",
    "HTTP_IF_UNMODIFIED_SINCE": "If-Unmodified-Since",
    "HTTP_IF_RANGE": "If-Range",
    "HTTP_RANGE": "Range",
}
_KEYS = frozenset(_FIELDS)


def is_plain_get(request: Request) -> bool:
    """Tell whether the environ says all of a request, which is a GET of HTTP/1.1."""
    return (
        request.method == "GET"
        and request.protocol >= HTTP_1_1
        and "headers" not in request.__dict__  # somebody has looked, and perhaps changed them
    )


def answer(
    request: Request,
    response: Response,
    source: Source,
    known: Representation,
    media_type: str | None,
) -> Iterable[bytes] | None:
    """Set header fields and status of the answer, and give its content.

    Args:
        request: The request.
        response: Its response, whose body is not set.
        source: The file. It is closed in any case: at the end of the content, when that is
            closed, or at once where nothing of it is sent.
        known: Its validators.
        media_type: Value of Content-Type; ``None`` leaves what there is.

    Returns:
        The content; ``None`` if the answer is 304, which is left to the caller.

    Raises:
        HTTPError: 412 or 416.
    """
    try:
        chunks = _answer(request, response, source, known, media_type)
    except BaseException:
        source.close()
        raise
    if chunks is None:
        source.close()
    return chunks


def _answer(
    request: Request,
    response: Response,
    source: Source,
    known: Representation,
    media_type: str | None,
) -> Iterable[bytes] | None:
    headers = response.headers
    asked = _conditions(request)
    if known.etag is not None:
        dict.__setitem__(headers, "Etag", known.etag)  # PERF: the name is as it is stored
    if asked:
        failed = failed_precondition(request.method, asked, known.etag, known.last_modified)
        if failed == NOT_MODIFIED:
            return None
        if failed is not None:
            raise HTTPError(failed)
    if media_type is not None:
        dict.__setitem__(headers, "Content-Type", media_type)
    if known.date is not None:
        dict.__setitem__(headers, "Last-Modified", known.date)
    if source.length is None:
        return _stream(request, response, source)
    return _whole_or_part(request, response, source, known, asked, source.length)


def _whole_or_part(
    request: Request,
    response: Response,
    source: Source,
    known: Representation,
    asked: Mapping[str, str],
    length: int,
) -> Iterable[bytes]:
    """Answer with all octets, or with those that the client asks for."""
    headers = response.headers
    if request.protocol >= HTTP_1_1:
        dict.__setitem__(headers, "Accept-Ranges", "bytes")
        if "Range" in asked:
            ranges = _ranges(request, response, asked, length, known)
            if ranges is not None:
                return _partial(response, source, ranges, length)
    dict.__setitem__(headers, "Content-Length", str(length))
    if request.method == "HEAD":
        source.close()
        return []
    return source.octets(0, length)


def _stream(request: Request, response: Response, source: Source) -> Iterable[bytes]:
    """Answer with a file of unknown length, which may be larger than the memory."""
    response.stream = True
    response.headers.pop("Content-Length", None)
    if request.method == "HEAD":
        source.close()
        return []
    return source.all_octets()


def _conditions(request: Request) -> Mapping[str, str]:
    """Return the fields of a request that say when, or what part, is to be sent."""
    if "headers" in request.__dict__:  # somebody has looked at them, and perhaps changed them
        headers: Mapping[str, str] = request.headers
        return headers
    # PERF: no map of all fields; most requests have none of these
    environ = request.wsgi_environ
    if _KEYS.isdisjoint(environ):
        return {}
    return {name: environ[key].strip(" \t") for key, name in _FIELDS.items() if key in environ}


def _ranges(
    request: Request,
    response: Response,
    asked: Mapping[str, str],
    length: int,
    known: Representation,
) -> list[tuple[int, int]] | None:
    """Return the ranges to be sent; ``None`` for the whole.

    Ranges that overlap or touch each other are joined, and more than a hundred are ignored.

    Raises:
        HTTPError: 416, if there is nothing at any of them.

    See: RFC 9110 sections 14.2, 15.3.7.2, 15.5.17 and 17.15.
    """
    if request.method != "GET":
        return None
    condition = asked.get("If-Range")
    if condition is not None and not if_range(
        condition,
        known.etag if known.is_strong else None,
        known.last_modified if known.is_strong else None,
    ):
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
        return source.octets(start, stop)
    media_type = headers.get("Content-Type") or "application/octet-stream"
    parts = ByteRanges(source, ranges, length, media_type)
    headers["Content-Type"] = parts.content_type
    headers["Content-Length"] = str(parts.content_length)
    return parts
