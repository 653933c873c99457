"""The last stage of a response: status line and header lines, in one pass."""

from collections.abc import Iterable

from cherrypy._http.dates import now_field
from cherrypy._http.headers import field_lines
from cherrypy._http.status import format_status, valid_status
from cherrypy._runtime.errors import REDIRECT_TEXTS, HTTPError, HTTPRedirect
from cherrypy._runtime.iterators import close
from cherrypy._runtime.messages import Request, Response
from cherrypy._runtime.state import is_untouched, made, seen_headers
from cherrypy._runtime.text import HTML
from cherrypy._version import SERVER

SERVER_LINE = ("Server", SERVER)


def finish(response: Response) -> None:
    """Make ``status_line`` and ``field_lines`` of a response; ``status`` is text then.

    Args:
        response: Response whose status, headers, cookies and body are set. Its body is read to
            the end, unless it is streamed or there must be none.

    Raises:
        HTTPError: 500, if the status is none.

    See: RFC 9110 sections 6.4.1 and 8.6.
    """
    try:
        code, reason, _ = valid_status(response.status)
    except ValueError as error:
        raise HTTPError(500, str(error)) from error
    response.status = response.status_line = format_status(code, reason)
    response.octet_lines = None  # those of an answer that this one takes the place of
    has_content = code >= 200 and code not in (204, 205, 304)
    if (
        has_content
        and not response.stream
        and response.field_lines is None  # or else a map is made of those
        and seen_headers(response) is None
        and made(response, "cookie") is None
    ):  # PERF: no map where nobody has looked at it
        content = response.collapse_body()
        finish_plain(response, content, response.status_line)
        _add_late_cookie(response)
        return
    headers = response.headers
    if not has_content:
        # PERF: the names are as they are stored
        dict.pop(headers, "Content-Length", None)
        if code != 205:
            dict.pop(headers, "Content-Type", None)
        discard(response)
    elif response.stream:
        # what a handler says of the length is believed only if all of it is at hand
        if dict.get(headers, "Content-Length") is None:
            headers.pop("Content-Length", None)
    elif dict.get(headers, "Content-Length") is None or _is_at_hand(response.chunks):
        length = str(len(response.collapse_body()))
        dict.__setitem__(headers, "Content-Length", length)  # PERF: the name is as it is stored
    response.field_lines = field_lines(headers, made(response, "cookie"))
    _add_late_cookie(response)


def _add_late_cookie(response: Response) -> None:
    if response.late_cookie is not None and response.field_lines is not None:
        template, value = response.late_cookie
        response.field_lines.append(("Set-Cookie", template.field_value(value)))


def _is_at_hand(chunks: object) -> bool:
    """Tell whether the length can be counted, whatever a handler said of it.

    An empty list may stand for what a handler did not make, as the method is HEAD.
    """
    return type(chunks) is list and bool(chunks)


def finish_plain(response: Response, content: bytes, status_line: str = "200 OK") -> None:
    """Finish a response with content at hand, and headers that nobody has touched.

    PERF: no HeaderMap; 0.4 us in place of 2.1 us (CPython 3.11).
    """
    response.chunks = [content]
    response.status = response.status_line = status_line
    response.field_lines = [
        ("Content-Type", response.content_type),
        SERVER_LINE,
        ("Date", now_field()),
        ("Content-Length", f"{len(content)}"),
    ]


def finish_answered(
    response: Response,
    status: str,
    lines: list[tuple[str, str]],
    chunks: Iterable[bytes],
) -> None:
    """Finish a response that nobody but the tool that answers has touched.

    PERF: no HeaderMap and no look at each field; 3 us less (CPython 3.11).
    """
    response.chunks = chunks
    response.status = response.status_line = status
    response.field_lines = [SERVER_LINE, ("Date", now_field()), *lines]
    response.is_finished = True


def finish_redirect(redirect: HTTPRedirect, request: Request, response: Response) -> bool:
    """Finish a response that is a redirect and nothing else; return false if it is not.

    PERF: no HeaderMap, where nobody has touched the head and no hook is going to.
    """
    if (
        redirect.status not in REDIRECT_TEXTS
        or request.plan.before_finalize
        or not is_untouched(response)
    ):
        return False
    content = redirect.content()
    code, reason, _ = valid_status(redirect.status)
    lines = [
        ("Content-Type", HTML),
        ("Location", redirect.location()),
        ("Content-Length", f"{len(content)}"),
    ]
    finish_answered(response, format_status(code, reason), lines, [content])
    return True


def discard(response: Response) -> None:
    """Drop the body of a response, and close what it came from."""
    chunks = response.chunks
    response.chunks = []
    close(chunks)
