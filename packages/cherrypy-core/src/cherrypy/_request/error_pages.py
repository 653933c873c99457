"""What a client is told of an error."""

import logging
import sys
import traceback as tracebacks
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType

from cherrypy._http.errors import MalformedFieldError
from cherrypy._http.headers import HeaderMap
from cherrypy._http.negotiation import media_type_weight
from cherrypy._http.status import valid_status
from cherrypy._runtime.context import current
from cherrypy._runtime.errors import HTTPError, clean_headers, drop_content_fields
from cherrypy._runtime.iterators import FileContent, is_iterator, set_vary_header
from cherrypy._runtime.messages import Request, Response
from cherrypy._runtime.state import seen_headers, set_content_type
from cherrypy._runtime.text import HTML, escape
from cherrypy._version import __version__

_GET_ERROR_PAGE = HTTPError.get_error_page
_END = f"Powered by CherryPy {__version__}</p></footer>\n</body>\n</html>\n".encode("ascii")

JSON_TYPES = ("application/problem+json", "application/json")

PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>%(status)s</title>
<style>
body { max-width: 60rem; margin: 3rem auto; padding: 0 1rem; color: #222; background: #fff;
       font: 1rem/1.5 system-ui, sans-serif }
h1 { font-size: 1.6rem; margin-bottom: .5rem; color: #9b1c31 }
pre { overflow-x: auto; padding: 1rem; font-size: .85rem; background: #f5f2f2 }
pre:empty { display: none }
footer { margin-top: 2rem; border-top: 1px solid #ccc; font-size: .85rem; color: #666 }
@media (prefers-color-scheme: dark) {
  body { color: #ddd; background: #1b1b1b } h1 { color: #ff8fa0 } pre { background: #262222 }
}
</style>
</head>
<body>
<main>
<h1>%(status)s</h1>
<p>%(message)s</p>
<pre id="traceback">%(traceback)s</pre>
</main>
<footer><p>Powered by CherryPy %(version)s</p></footer>
</body>
</html>
"""

ERROR_ID = "<p>Error id: <code>%s</code></p>\n"
"""Stands behind the page of a server error, which is the same for all requests so far."""

CONDITIONAL_FIELDS = (
    "If-Match",
    "If-None-Match",
    "If-Modified-Since",
    "If-Unmodified-Since",
    "If-Range",
    "Range",
)
"""Fields of a request that ask something of the content that failed, not of the error page."""


ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]
"""What :func:`sys.exc_info` returns."""


def format_exc(exc: ExceptionInfo | None = None) -> str:
    """Return an exception with its traceback as text.

    Args:
        exc: What :func:`sys.exc_info` returns; the exception that is being handled by default.

    Returns:
        The text; empty if there is no exception.
    """
    exception = (exc or sys.exc_info())[1]
    return "" if exception is None else "".join(tracebacks.format_exception(exception))


def respond_with_error(request: Request, response: Response, error: HTTPError) -> None:
    """Make a response the page of an error.

    Args:
        request: The request that failed.
        response: Its response; what the handler said of the content it had is dropped.
        error: The error.
    """
    headers = seen_headers(response)
    if clean_headers is not _ORDINARY[0]:
        clean_headers(error.code)
    elif headers is not None:
        drop_content_fields(headers, error.code)
    if error.decided_by:
        set_vary_header(response, error.decided_by)
    shown = format_exc() if request.show_tracebacks and _has_traceback() else ""
    response.status = error.status
    if response.stream:
        response.stream = False
    if error.__class__.get_error_page is _GET_ERROR_PAGE and get_error_page is _ORDINARY[1]:
        page = error_page_content(
            request, response, error.status, traceback=shown, message=error._message
        )
    else:  # replaced by a subclass, or by a program that has patched the class
        page = error.get_error_page(error.status, traceback=shown, message=error._message)
    if error.code >= 500 and isinstance(page, bytes) and page.endswith(_END):
        page += (ERROR_ID % request.unique_id).encode("ascii")
    response.body = page


def _has_traceback() -> bool:
    """Tell whether the exception that is handled was raised below the stages of a request.

    If not, as where nothing is published at a path, the traceback says nothing of an application.
    """
    traceback = sys.exc_info()[2]
    if traceback is None:
        return False
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback.tb_frame.f_globals.get("__name__") != "cherrypy._request.run"


def error_page_content(
    request: Request,
    response: Response,
    status: int | str,
    **kwargs: object,
) -> bytes | Iterable[bytes]:
    """Return the content of an error page, and set its content type.

    Args:
        request: Says which pages are configured.
        response: Gets the content type; a page that is a function may change anything in it.
        status: Status of the error.
        **kwargs: ``message``, ``traceback``, ``version``: what the page shows, not yet escaped.
    """
    code, reason, explanation = valid_status(status)
    unescaped: dict[str, object] = {
        "status": f"{code} {reason}",
        "message": explanation,
        "traceback": "",
        "version": __version__,
    }
    unescaped |= {name: value for name, value in kwargs.items() if value is not None}
    values = {name: escape(str(value)) for name, value in unescaped.items()}
    pages = request.error_page
    page = pages.get(code) or pages.get("default")
    if page:
        try:
            return _own_page(page, values, request, response)
        except Exception:
            drop_content_fields(response.headers, code)
            if request.app is not None:
                text = f"The error page for {code} failed:"
                request.app.log.error(text, "HTTP", logging.ERROR, traceback=True)  # noqa: TRY400 - our own
    set_content_type(response, HTML)
    if request.problem_details and _prefers_json(request, response):
        return _problem_details(request, response, code, reason, unescaped)
    return (PAGE % values).encode("utf-8")


def _prefers_json(request: Request, response: Response) -> bool:
    """Tell whether the client would rather read JSON than HTML (RFC 9110 section 12.5.1)."""
    set_vary_header(response, "Accept")
    accept = request.headers.get("Accept") or "*/*"
    try:
        as_json = max(media_type_weight(accept, media_type) for media_type in JSON_TYPES)
        return as_json > media_type_weight(accept, "text/html")
    except MalformedFieldError:
        return False


def _problem_details(
    request: Request,
    response: Response,
    code: int,
    reason: str,
    values: dict[str, object],
) -> bytes:
    """Return an error as problem details (RFC 9457 section 3)."""
    import json

    response.headers["Content-Type"] = "application/problem+json"
    problem: dict[str, object] = {
        "type": "about:blank",
        "title": reason,
        "status": code,
        "detail": values["message"],
        "instance": f"urn:uuid:{request.unique_id}",
    }
    if values["traceback"]:
        problem["traceback"] = str(values["traceback"]).splitlines()
    return json.dumps(problem).encode("utf-8")


def _own_page(
    page: Callable[..., object] | str, values: dict[str, str], request: Request, response: Response
) -> bytes | Iterable[bytes]:
    """Return the content of a page that an application configured.

    A function finds the content type that the handler has set, and may set another one. It may
    also return a file as ``cherrypy.lib.static.serve_file`` does.

    Raises:
        ValueError: A function returned what is not content.
    """
    if not callable(page):
        text = Path(page).read_bytes().decode("utf-8") % values
        response.headers["Content-Type"] = HTML
        return text.encode("utf-8")
    asked = request.headers
    kept = {name: asked.pop(name) for name in CONDITIONAL_FIELDS if name in asked}
    try:
        content = page(**values)
    finally:
        asked.update(kept)
    if isinstance(content, (bytes, FileContent)):
        return content
    if isinstance(content, str):
        _label_as_utf_8(response.headers)
        return content.encode("utf-8")
    if isinstance(content, (list, tuple)) and all(isinstance(c, (bytes, str)) for c in content):
        if any(isinstance(chunk, str) for chunk in content):
            _label_as_utf_8(response.headers)
        return list(_encoded(iter(content)))
    if is_iterator(content):
        _label_as_utf_8(response.headers)
        return _encoded(content)
    raise ValueError(
        "error page function did not return a bytestring, str or an iterator - "
        f"returned object of type {type(content)}."
    )


def _label_as_utf_8(headers: HeaderMap) -> None:
    for element in headers.elements("Content-Type"):
        if element.value.lower().startswith("text/"):
            element.params["charset"] = "utf-8"
            headers["Content-Type"] = str(element)


def _encoded(chunks: Iterator[str | bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk.encode("utf-8") if isinstance(chunk, str) else chunk


def get_error_page(status: int | str, **kwargs: object) -> bytes | Iterable[bytes]:
    """Return the content of an error page of the current request.

    Args:
        status: Status of the error.
        **kwargs: See :func:`error_page_content`.
    """
    serving = current.get()
    return error_page_content(serving.request, serving.response, status, **kwargs)


_ORDINARY = (clean_headers, get_error_page)
"""What need not be called, unless a program has put other functions in place of them."""

BareError = tuple[bytes, list[tuple[bytes, bytes]], list[bytes]]


def bare_error(extrabody: str | bytes | None = None) -> BareError:
    """Return status, header fields and body of an answer for which nothing else is left.

    Args:
        extrabody: What is added to the text; it is shown to the client.
    """
    body = b"Unrecoverable error in the server."
    if extrabody is not None:
        added = extrabody.encode("utf-8") if isinstance(extrabody, str) else extrabody
        body += b"\n" + added
    fields = [
        (b"Content-Type", b"text/plain;charset=utf-8"),
        (b"Content-Length", str(len(body)).encode("ascii")),
    ]
    return b"500 Internal Server Error", fields, [body]


def respond_with_failure(request: Request, response: Response) -> None:
    """Make a response the answer to an error in the handling of errors.

    Args:
        request: Says whether the client may see the traceback.
        response: Gets status, header lines and body as they are sent.
    """
    status, fields, body = bare_error(format_exc() if request.show_tracebacks else None)
    response.output_status = status
    response.field_lines = [(n.decode("ascii"), v.decode("ascii")) for n, v in fields]
    response.octet_lines = None
    response.chunks = body
