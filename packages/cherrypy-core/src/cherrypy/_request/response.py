"""The response, as page handlers, hooks and tools see it."""

from collections.abc import Iterable
from time import time
from typing import TYPE_CHECKING, Any, Self, overload

from cherrypy._http.dates import now_field
from cherrypy._http.headers import HeaderMap
from cherrypy._request.finish import finish, finish_answered
from cherrypy._runtime.iterators import close, file_generator
from cherrypy._runtime.messages import Request
from cherrypy._runtime.overriding import Shortened
from cherrypy._runtime.state import is_untouched, lazy
from cherrypy._version import SERVER

if TYPE_CHECKING:
    from http.cookies import SimpleCookie

    from cherrypy._http.cookies import CookieTemplate


class ResponseBody:
    """The body of a response: whatever is assigned becomes an iterable of bytes."""

    unicode_err = "Page handlers MUST return bytes. Use tools.encode if you wish to return unicode."

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Self: ...
    @overload
    def __get__(self, instance: "Response", owner: type | None = None) -> Iterable[bytes]: ...
    def __get__(
        self, instance: "Response | None", owner: type | None = None
    ) -> Self | Iterable[bytes]:
        if instance is None:
            return self
        return instance.chunks

    def __set__(self, instance: "Response", value: object) -> None:
        instance.chunks = as_chunks(value)


def as_chunks(value: object) -> Iterable[bytes]:
    """Return a body as an iterable of bytes.

    Args:
        value: Bytes, a file, an iterable of bytes, or ``None``.

    Raises:
        ValueError: It is text, which nobody has encoded.
    """
    if value is None or value == b"":
        return []
    if isinstance(value, bytes):
        return [value]
    if isinstance(value, str):
        raise ValueError(ResponseBody.unicode_err)  # noqa: TRY004 - upstream's class
    if isinstance(value, list):
        if any(isinstance(chunk, str) for chunk in value):
            raise ValueError(ResponseBody.unicode_err)
        return value
    if hasattr(value, "read"):
        return file_generator(value)
    return value  # type: ignore[return-value]  # if it is not iterable, sending it fails


def _headers(response: "Response") -> HeaderMap:
    if response.field_lines is not None:  # finished without a map; cookies are kept elsewhere
        lines = [line for line in response.field_lines if line[0] != "Set-Cookie"]
        return HeaderMap.of_canonical(dict(lines))
    return HeaderMap.of_canonical(
        {"Content-Type": response.content_type, "Server": SERVER, "Date": now_field()}
    )


def _cookie(response: "Response") -> "SimpleCookie":
    from http.cookies import SimpleCookie

    cookies = SimpleCookie()
    if response.late_cookie is not None:
        template, value = response.late_cookie
        response.late_cookie = None
        dict.__setitem__(cookies, template.name, template.cookie(value))
    return cookies


class Response(Shortened):
    """One HTTP response (RFC 9110 section 3.4)."""

    if TYPE_CHECKING:
        # applications put on a response what they like

        def __getattr__(self, name: str) -> Any: ...
        def __setattr__(self, name: str, value: object) -> None: ...

    status: int | str | bytes | None = None
    """Status code, or code and reason; ``None`` means 200."""
    field_lines: list[tuple[str, str]] | None = None
    """Header fields as WSGI takes them; made by :meth:`finalize`."""
    status_line: str | None = None
    """Status as WSGI takes it; made by :meth:`finalize`."""
    stream: bool = False
    """Whether the body is sent as it is produced, without ``Content-Length``."""
    time: float = 0.0
    """When the response was made, in seconds since the epoch."""
    chunks: Iterable[bytes] = ()
    content_type: str = "text/html"
    late_cookie: "tuple[CookieTemplate, str] | None" = None
    """A cookie that is not in ``cookie`` yet; see ``cherrypy._runtime.state.set_late_cookie``."""
    body = ResponseBody()

    is_finished: bool = False
    """Whether a tool has answered by :meth:`finish_with`."""
    octet_lines: list[tuple[bytes, bytes]] | None = None
    """The same as ``field_lines``, in bytes; made when :attr:`header_list` is first read."""

    shortened = (
        *("__init__", "body", "headers", "cookie", "status", "stream", "finalize"),
        "collapse_body",
    )
    """What a class may keep or do in its own way; such a response is always finalized by it."""

    def __init__(self) -> None:
        self.time = time()

    headers: HeaderMap = lazy(_headers)
    """Header fields by name in any case; a list as value makes repeated lines."""
    cookie: "SimpleCookie" = lazy(_cookie)
    """Cookies that are set (RFC 6265 section 4.1)."""

    @property
    def output_status(self) -> bytes | None:
        """Status as it is sent, in bytes; made by :meth:`finalize`."""
        return None if self.status_line is None else self.status_line.encode("latin-1")

    @output_status.setter
    def output_status(self, value: bytes | str | None) -> None:
        self.status_line = None if value is None else _text(value)

    @property
    def header_list(self) -> list[tuple[bytes, bytes]] | None:
        """Header fields as they are sent, in bytes; made by :meth:`finalize`.

        Until the head is sent, lines can be added, removed and replaced.
        """
        if self.octet_lines is None and self.field_lines is not None:
            self.octet_lines = [
                (name.encode("latin-1"), value.encode("latin-1"))
                for name, value in self.field_lines
            ]
        return self.octet_lines

    @header_list.setter
    def header_list(self, value: list[tuple[bytes, bytes]] | None) -> None:
        self.octet_lines = [] if value is None else value

    def wsgi_head(self) -> tuple[str, list[tuple[str, str]]]:
        """Return status and field lines as WSGI takes them, with what was done to the list.

        Raises:
            RuntimeError: The response is not finished.
            TypeError: There is something else than text in :attr:`header_list`.
        """
        lines = self.field_lines
        if self.octet_lines is not None:
            lines = [_wsgi_line(name, value) for name, value in self.octet_lines]
        if self.status_line is None or lines is None:
            raise RuntimeError("The response was not finalized: it has no status and headers")
        return self.status_line, lines

    def collapse_body(self) -> bytes:
        """Read the body to its end, and keep it as one piece.

        Returns:
            The bytes of the body.
        """
        chunks = self.chunks
        if type(chunks) is list and len(chunks) == 1 and type(chunks[0]) is bytes:
            content: bytes = chunks[0]
            return content
        try:
            content = b"".join(chunks)
        finally:
            close(chunks)
        self.chunks = [content] if content else []
        return content

    def may_finish(self, request: Request, callback: object) -> bool:
        """Tell whether the callback of a hook may answer by :meth:`finish_with`.

        That is so if nobody has touched the response, and nobody is going to before it is sent.
        """
        return request.plan.finisher is callback and is_untouched(self)

    def finish_with(
        self, status: str, lines: list[tuple[str, str]], chunks: Iterable[bytes]
    ) -> None:
        """Finish the response at once, where :meth:`may_finish` is true.

        Args:
            status: Code and reason.
            lines: Field lines, safe to send, without those that tell the server and the date.
            chunks: Content as it is sent.
        """
        finish_answered(self, status, lines, chunks)

    def finalize(self) -> None:
        """Make what is sent of status, headers, cookies and body.

        ``output_status`` and ``header_list`` are there then, and ``status`` is text.

        Raises:
            HTTPError: 500, if the status is none.
        """
        finish(self)


def _wsgi_line(name: str | bytes, value: str | bytes) -> tuple[str, str]:
    """Return a header line as WSGI takes it.

    Raises:
        TypeError: It is not text, or there are characters in it that cannot be sent.
    """
    try:
        line = _text(name), _text(value)
        "".join(line).encode("latin-1")
    except (TypeError, UnicodeError) as error:
        raise TypeError(
            f"response.header_list has {name!r}: {value!r}: expected bytes, or text in latin-1"
        ) from error
    return line


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
