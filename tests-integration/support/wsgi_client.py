"""A client that calls a WSGI application in this process, as a server would.

Every answer passes through :mod:`wsgiref.validate`, so whatever breaks PEP 3333 fails the test that
asked for it.
"""

from __future__ import annotations

import dataclasses
import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes
from wsgiref.validate import validator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Environ = dict[str, Any]
Fields = list[tuple[str, str]]
WSGICallable = Any
"""A WSGI application; users' classes have wider signatures than any type for it."""


@dataclasses.dataclass
class Answer:
    """What a server would have sent."""

    status: str = ""
    """Code and reason."""
    fields: Fields = dataclasses.field(default_factory=list)
    """Field lines, in order."""
    pieces: list[bytes] = dataclasses.field(default_factory=list)
    """The content, in the pieces it came in."""

    @property
    def code(self) -> int:
        """The status code."""
        return int(self.status[:3])

    @property
    def body(self) -> bytes:
        """The content."""
        return b"".join(self.pieces)

    @property
    def text(self) -> str:
        """The content as text: UTF-8, unless the content type names another charset."""
        _, _, charset = (self.field("Content-Type") or "").partition("charset=")
        return self.body.decode(charset or "utf-8")

    def field(self, name: str) -> str | None:
        """Return the value of a field that is there once; None if there is none.

        Raises:
            LookupError: It is there more than once.
        """
        values = self.values_of(name)
        if len(values) > 1:
            message = f"{name} is there {len(values)} times: {values}"
            raise LookupError(message)
        return values[0] if values else None

    def values_of(self, name: str) -> list[str]:
        """Return the values of all field lines of a name."""
        return [value for key, value in self.fields if key.lower() == name.lower()]


class Client:
    """Asks one WSGI application.

    Args:
        application: The application.
        **environ: Keys of the environ for each request, over those that a request makes.
    """

    def __init__(self, application: WSGICallable, **environ: object) -> None:
        self.application = application
        self.environ = environ

    def get(self, target: str = "/", **fields: str) -> Answer:
        """Send a GET; see :meth:`ask`."""
        return self.ask("GET", target, None, **fields)

    def head(self, target: str = "/", **fields: str) -> Answer:
        """Send a HEAD; see :meth:`ask`."""
        return self.ask("HEAD", target, None, **fields)

    def post(self, target: str = "/", content: bytes = b"", **fields: str) -> Answer:
        """Send a form; see :meth:`ask`."""
        fields.setdefault("Content_Type", "application/x-www-form-urlencoded")
        return self.ask("POST", target, content, **fields)

    def ask(self, method: str, target: str, content: bytes | None = None, **fields: str) -> Answer:
        """Send a request, and read the answer to its end.

        Args:
            method: Request method.
            target: Path, percent-encoded, and query.
            content: Content; its length is told. None for no content.
            **fields: Header fields; ``_`` stands for ``-``.
        """
        with self.open(method, target, content, **fields) as (answer, body):
            answer.pieces.extend(body)
        return answer

    @contextmanager
    def open(
        self, method: str, target: str, content: bytes | None = None, **fields: str
    ) -> Iterator[tuple[Answer, Iterator[bytes]]]:
        """Send a request, and leave it to the caller how much of the answer to read.

        The body is closed at the end, as a server does when the client has gone away.
        """
        environ = make_environ(method, target, content, **fields) | self.environ
        answer = Answer()
        body: Any = validator(self.application)(environ, _start_response(answer))
        try:
            yield answer, iter(body)
        finally:
            body.close()


def make_environ(
    method: str = "GET", target: str = "/", content: bytes | None = None, **fields: str
) -> Environ:
    """Make the environ that a server on ``localhost``, port 80, makes of a request (PEP 3333).

    ``%2F`` in the path is left as it is, as cheroot does.
    """
    path, _, query = target.partition("?")
    segments = [unquote_to_bytes(part) for part in path.replace("%2f", "%2F").split("%2F")]
    environ: Environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": b"%2F".join(segments).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "54321",
        "HTTP_HOST": "localhost",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(content or b""),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if content is not None:
        environ["CONTENT_LENGTH"] = str(len(content))
    for name, value in fields.items():
        key = name.upper()
        environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
    return environ


def call_wsgi(application: WSGICallable, environ: Environ) -> Answer:
    """Call an application as a server does, with nothing in between.

    What it raises is raised, and what is no octets is an error.
    """
    answer = Answer()
    body: Iterable[bytes] = application(environ, _start_response(answer))
    try:
        for piece in body:
            if not isinstance(piece, bytes):
                message = f"{piece!r} instead of octets reached the server"
                raise TypeError(message)
            answer.pieces.append(piece)
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()
    return answer


def _start_response(answer: Answer) -> Callable[..., Callable[[bytes], object]]:
    def start_response(
        status: str, fields: Fields, exc_info: object = None
    ) -> Callable[[bytes], object]:
        if answer.status and exc_info is None:
            message = "start_response was called again, and not for an error (PEP 3333)"
            raise AssertionError(message)
        answer.status = status
        answer.fields = list(fields)
        return answer.pieces.append

    return start_response
