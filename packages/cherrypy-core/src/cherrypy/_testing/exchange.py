"""One request and its response, between a client and a WSGI application (PEP 3333)."""

import itertools
import sys
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any
from urllib.parse import SplitResult, quote, unquote_to_bytes

from cherrypy._testing.contents import Content
from cherrypy._testing.responses import Body, Response

Environ = dict[str, Any]
Lines = list[tuple[str, str]]
Fields = Iterable[tuple[str, str | None]]
WSGIApplication = Callable[..., Iterable[bytes]]
"""A WSGI application; those of users have wider signatures than any type for it."""

ExcInfo = tuple[type[BaseException], BaseException, TracebackType]

_DEFAULT_PORTS = {"http": "80", "https": "443"}
_IN_PATH = "/%:@!$&'()*+,;=~-._[]|"
_IN_QUERY = _IN_PATH + "?"
_NO_CONTENT = frozenset({204, 304})
_CONTENT_FIELDS = {"CONTENT_TYPE", "CONTENT_LENGTH"}
_HAVE_CONTENT = frozenset({"POST", "PUT", "PATCH"})


def make_environ(method: str, url: SplitResult, fields: Fields, content: Content) -> Environ:
    """Make the environ of a request, as CherryPy's own server does.

    Args:
        method: Request method.
        url: URL of the request. Characters that a URL cannot have are percent-encoded.
        fields: Header fields, over those that the request has by itself; None leaves out a field.
        content: Content of the request.
    """
    path = quote(url.path or "/", safe=_IN_PATH)
    query = quote(url.query, safe=_IN_QUERY)
    environ: Environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": _decoded(path),
        "QUERY_STRING": query,
        "REQUEST_URI": f"{path}?{query}" if query else path,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "ACTUAL_SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": url.hostname or "localhost",
        "SERVER_PORT": str(url.port or _DEFAULT_PORTS[url.scheme]),
        "SERVER_SOFTWARE": "cherrypy.testing",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "54321",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": content.open(),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    _add_fields(environ, _own_fields(method, url, content))
    _add_fields(environ, fields)
    return environ


def _decoded(path: str) -> str:
    """Decode a path into bytes, each a character; an encoded slash stays, as in cheroot."""
    segments = path.replace("%2f", "%2F").split("%2F")
    return b"%2F".join(map(unquote_to_bytes, segments)).decode("latin-1")


def _own_fields(method: str, url: SplitResult, content: Content) -> Lines:
    """Return the header fields that a client sends without being asked."""
    fields = [("Host", url.netloc.rpartition("@")[2])]
    if content.media_type is not None:
        fields.append(("Content-Type", content.media_type))
    if content.pieces is not None:
        fields.append(("Transfer-Encoding", "chunked"))
    elif content.whole is not None or method in _HAVE_CONTENT:
        fields.append(("Content-Length", str(len(content.whole or b""))))
    return fields


def _add_fields(environ: Environ, fields: Fields) -> None:
    """Add header fields to an environ; several lines of a name become one value."""
    added: dict[str, str] = {}
    for name, value in fields:
        key = name.upper().replace("-", "_")
        key = key if key in _CONTENT_FIELDS else f"HTTP_{key}"
        if value is None:
            environ.pop(key, None)
            continue
        separator = "; " if key == "HTTP_COOKIE" else ", "
        text = _wsgi_text(value)
        added[key] = f"{added[key]}{separator}{text}" if key in added else text
    environ.update(added)


def _wsgi_text(value: str) -> str:
    """Return a field value as PEP 3333 has it: bytes as characters; UTF-8 beyond Latin-1."""
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8").decode("latin-1")
    return value


class _Start:
    """Keeps the values that an application passes to ``start_response`` and ``write``."""

    def __init__(self) -> None:
        self.status = ""
        self.lines: Lines = []
        self.written: list[bytes] = []
        self.is_sent = False

    def __call__(
        self, status: str, lines: Lines, exc_info: ExcInfo | None = None
    ) -> Callable[[bytes], object]:
        """Take status and header lines: ``start_response``.

        Raises:
            RuntimeError: They were told before, and this is not because of an error.
        """
        if self.status and exc_info is None:
            raise RuntimeError(
                f"start_response({status!r}) after start_response({self.status!r}): PEP 3333 "
                "allows that only with exc_info"
            )
        if exc_info is not None and self.is_sent:
            raise exc_info[1]
        self.status, self.lines = status, list(lines)
        return self.written.append


def call(
    application: WSGIApplication, environ: Environ, url: str, *, is_strict: bool = False
) -> Response:
    """Call a WSGI application as a server does, up to the first bytes of content.

    Args:
        application: The application.
        environ: The request.
        url: URL of the request, for the response.
        is_strict: Whether a body that is not as long as its Content-Length is an error.

    Raises:
        RuntimeError: The application breaks the rules of PEP 3333.
        TypeError: Its content is not bytes.
        Exception: Whatever the application raises.
    """
    start = _Start()
    result = application(environ, start)
    body = Body(_checked(iter(result), start), getattr(result, "close", None))
    first = next(filter(None, body), b"")  # a server sends the head only then
    if not start.status:
        body.close()
        raise RuntimeError("the application ended without a call of start_response (PEP 3333)")
    start.is_sent = True
    method = environ["REQUEST_METHOD"]
    pieces: Iterator[bytes] = itertools.chain([*start.written, first], body)
    if method == "HEAD" or int(start.status[:3]) in _NO_CONTENT:
        pieces = (b"" for _ in pieces)  # taken, but not sent (RFC 9110 section 6.4.1)
    elif is_strict:
        pieces = _measured(pieces, start.lines, url)
    return Response(start.status, start.lines, Body(pieces, body.close), method, url)


def _checked(pieces: Iterator[bytes], start: _Start) -> Iterator[bytes]:
    for piece in pieces:
        if not isinstance(piece, bytes):
            raise TypeError(f"{piece!r} in the body of {start.status!r}: expected bytes")
        yield piece


def _measured(pieces: Iterator[bytes], lines: Lines, url: str) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        yield piece
    for name, value in lines:
        if name.lower() == "content-length" and value.strip() != str(size):
            raise RuntimeError(f"{url}: Content-Length is {value!r}, the content has {size} bytes")
