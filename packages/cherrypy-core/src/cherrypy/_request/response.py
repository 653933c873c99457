"""The response, as page handlers, hooks and tools see it."""

from collections.abc import Iterable
from time import time
from typing import TYPE_CHECKING, Any, Self, overload

from cherrypy._http.dates import now_field
from cherrypy._http.headers import HeaderMap
from cherrypy._request.finish import finish
from cherrypy._runtime.iterators import file_generator
from cherrypy._runtime.lazy import lazy
from cherrypy._version import SERVER

if TYPE_CHECKING:
    from http.cookies import SimpleCookie


class ResponseBody:
    """The body of a response: whatever is assigned becomes an iterable of octets."""

    unicode_err = "Page handlers MUST return bytes. Use tools.encode if you wish to return unicode."

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Any: ...  # noqa: ANN401 - any iterable
    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        return instance.chunks

    def __set__(self, instance: Any, value: Any) -> None:  # noqa: ANN401 - any response class
        instance.chunks = as_chunks(value)


def as_chunks(value: Any) -> Iterable[Any]:  # noqa: ANN401 - body of any kind
    """Return a body as an iterable of octets.

    Args:
        value: Octets, a file, an iterable of octets, or ``None``.

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
    chunks: Iterable[Any] = value
    return chunks


class Response:
    """One HTTP response (RFC 9110 section 3.4)."""

    if TYPE_CHECKING:
        # applications put on a response what they like

        def __getattr__(self, name: str) -> Any: ...  # noqa: ANN401
        def __setattr__(self, name: str, value: Any) -> None: ...  # noqa: ANN401

    status: int | str | bytes | None = None
    """Status code, or code and reason; ``None`` means 200."""
    header_list: list[tuple[str, str]] | None = None
    """Header fields as they are sent; made by :meth:`finalize`."""
    output_status: str | None = None
    """Status line as it is sent; made by :meth:`finalize`."""
    stream: bool = False
    """Whether the body is sent as it is produced, without ``Content-Length``."""
    time: float = 0.0
    """When the response was made, in seconds since the epoch."""
    chunks: Iterable[Any] = ()
    content_type: str = "text/html"
    body = ResponseBody()

    is_plain: bool = True
    """Whether no subclass has an own way to keep headers and body, or to finalise them."""

    def __init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401 - for other classes
        super().__init_subclass__(**kwargs)
        cls.is_plain = all(
            getattr(cls, name) is getattr(Response, name)
            for name in ("body", "headers", "cookie", "status", "stream", "finalize")
        )

    def __init__(self) -> None:
        self.time = time()

    @lazy
    def headers(self) -> HeaderMap:
        """Header fields by name in any case; a list as value makes repeated lines."""
        return HeaderMap.of_canonical(
            {"Content-Type": self.content_type, "Server": SERVER, "Date": now_field()}
        )

    @lazy
    def cookie(self) -> "SimpleCookie":
        """Cookies that are set (RFC 6265 section 4.1)."""
        from http.cookies import SimpleCookie  # noqa: PLC0415 - 2 ms, and not for all

        return SimpleCookie()

    def collapse_body(self) -> bytes:
        """Read the body to its end, and keep it as one piece.

        Returns:
            The octets of the body.
        """
        chunks = self.chunks
        if type(chunks) is list and len(chunks) == 1 and type(chunks[0]) is bytes:
            content: bytes = chunks[0]
            return content
        try:
            content = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        self.chunks = [content] if content else []
        return content

    def finalize(self) -> None:
        """Make ``output_status`` and ``header_list`` of status, headers, cookies and body.

        Raises:
            HTTPError: 500, if the status is none.
        """
        finish(self)
