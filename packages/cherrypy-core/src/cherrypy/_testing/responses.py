"""Responses as a client gets them, with their header fields and content."""

import json
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Self

from cherrypy._http.elements import HeaderElement


class ResponseHeaders(Mapping[str, str]):
    """The header fields of a response; the case of names does not matter.

    A field with several lines has their values joined by ``, `` (RFC 9110 section 5.2);
    :meth:`get_all` tells them apart, as is needed for ``Set-Cookie``.

    Args:
        lines: Names and values, in the order in which they were sent.
    """

    def __init__(self, lines: Iterable[tuple[str, str]]) -> None:
        self.lines = list(lines)
        self._fields: dict[str, tuple[str, list[str]]] = {}
        for name, value in self.lines:
            self._fields.setdefault(name.lower(), (name, []))[1].append(value)

    def __getitem__(self, name: str) -> str:
        return ", ".join(self._fields[name.lower()][1])

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._fields.values())

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"ResponseHeaders({self.lines!r})"

    def get_all(self, name: str) -> list[str]:
        """Return the value of each line of a name; ``[]`` without such a line."""
        return [value for each, value in self.lines if each.lower() == name.lower()]


class Body:
    """The pieces of content of an application; closed at their end, once (PEP 3333).

    Args:
        pieces: The pieces.
        close: Ends the request; None if that takes nothing.
    """

    def __init__(self, pieces: Iterator[bytes], close: Callable[[], object] | None) -> None:
        self._pieces = pieces
        self._close = close
        self.is_closed = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        if self.is_closed:
            raise StopIteration
        try:
            return next(self._pieces)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the request, whether everything was read or not."""
        if not self.is_closed:
            self.is_closed = True
            if self._close is not None:
                self._close()


class Response:
    """The answer to a request.

    A client reads the content before it returns a response, unless the request was sent with
    ``stream=True``. Then iteration reads it piece by piece, or :attr:`content` as a whole. It is
    closed at its end, by :meth:`close`, by ``with``, or when nothing refers to it any more.

    Attributes:
        status: Status code.
        reason: Reason phrase; may be empty.
        headers: Header fields.
        method: Method of the request that this is the answer to.
        url: URL of the request, absolute.
        history: The redirects that were followed to come here, oldest first.
    """

    def __init__(
        self, status_line: str, lines: Iterable[tuple[str, str]], body: Body, method: str, url: str
    ) -> None:
        code, _, self.reason = status_line.partition(" ")
        self.status = int(code)
        self.headers = ResponseHeaders(lines)
        self.method = method
        self.url = url
        self.history: list[Response] = []
        self._body = body
        self._kept: list[bytes] | None = None
        self._is_streamed = False
        weakref.finalize(self, body.close)

    def __repr__(self) -> str:
        return f"<Response {self.status} {self.reason} to {self.method} {self.url}>"

    def __iter__(self) -> Iterator[bytes]:
        """Yield the content in the pieces in which the application made it."""
        if self._kept is not None:
            yield from self._kept
        else:
            self._is_streamed = True
            yield from filter(None, self._body)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc_info: object) -> None:
        self.close()

    @property
    def content(self) -> bytes:
        """All of the content, as bytes.

        Raises:
            RuntimeError: Some of it was read by iteration, or it was closed unread.
        """
        self.read()
        return b"".join(self._kept or ())

    def read(self) -> None:
        """Read all of the content, so that it can be looked at after :meth:`close`.

        Raises:
            RuntimeError: See :attr:`content`.
        """
        if self._kept is not None:
            return
        if self._is_streamed or self._body.is_closed:
            raise RuntimeError(
                f"the content of {self!r} is gone: it was read piece by piece, or closed "
                "before it was read"
            )
        self._kept = list(filter(None, self._body))

    @property
    def text(self) -> str:
        """The content as text, by the charset of its Content-Type; UTF-8 if that names none."""
        media_type = HeaderElement.from_str(self.headers.get("Content-Type", ""))
        return self.content.decode(media_type.params.get("charset") or "utf-8")

    def json(self) -> Any:
        """Return the document that the content is in JSON.

        Raises:
            ValueError: It is not JSON.
        """
        return json.loads(self.content)

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that this response sets, by name; values as they came."""
        fields = self.headers.get_all("Set-Cookie")
        pairs = [field.partition(";")[0].partition("=") for field in fields]
        return {name.strip(" \t"): value.strip(" \t") for name, equals, value in pairs if equals}

    @property
    def is_closed(self) -> bool:
        """Whether the application has been told that nothing more will be read."""
        return self._body.is_closed

    def close(self) -> None:
        """Read no further; the application ends the request."""
        self._body.close()
