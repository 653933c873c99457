"""Iterators over the content of responses, and small helpers that tools share."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeGuard, TypeVar

if TYPE_CHECKING:
    from cherrypy._runtime.messages import Response

Names = str | Iterable[str]
"""One name, or several."""

Chunk = TypeVar("Chunk")

CHUNK_SIZE = 65536
"""Bytes that are read at a time."""


class Readable(Protocol):
    """A file as far as sending it goes."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most ``size`` bytes, and none at the end."""


class file_generator:
    """Iterate over an open file in chunks, and close it at its end.

    Args:
        input: File that is open for reading; it is closed when it has been read.
        chunkSize: Bytes that are read at a time.
    """

    def __init__(self, input: Readable, chunkSize: int = 65536) -> None:
        self.input = input
        self.chunkSize = chunkSize

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        chunk = self.input.read(self.chunkSize)
        if chunk:
            return chunk
        self.close()
        raise StopIteration

    next = __next__

    def close(self) -> None:
        """Close the file, read to its end or not."""
        close: Callable[[], object] | None = getattr(self.input, "close", None)
        if close is not None:
            close()


class FileContent:
    """Some bytes of an open file, in chunks; the file is closed after the last one.

    Args:
        file: File that is open for reading, at the first of the bytes.
        length: Number of bytes.
        is_raw: Whether its descriptor is at the same position, as a server has to know that sends
            the file without reading it.
        is_whole: Whether they are all that is in the file.
    """

    def __init__(
        self, file: Readable, length: int, *, is_raw: bool = False, is_whole: bool = False
    ) -> None:
        self.file = file
        self.remaining = length
        self.is_raw = is_raw
        self.is_whole = is_whole

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        """Return the next bytes; fewer than there should be, if the file has become shorter."""
        remaining = self.remaining
        chunk = self.file.read(min(CHUNK_SIZE, remaining)) if remaining > 0 else b""
        if chunk:
            self.remaining = remaining - len(chunk)
            return chunk
        self.remaining = 0
        self.close()
        raise StopIteration

    def close(self) -> None:
        """Close the file, read to its end or not."""
        close: Callable[[], object] | None = getattr(self.file, "close", None)
        if close is not None:
            close()


def file_generator_limited(
    fileobj: Readable, count: int, chunk_size: int = 65536
) -> Iterator[bytes]:
    """Iterate over at most ``count`` bytes of an open file.

    Args:
        fileobj: File that is open for reading; it stays open.
        count: Greatest number of bytes.
        chunk_size: Bytes that are read at a time.
    """
    remaining = count
    while remaining > 0:
        chunk = fileobj.read(min(chunk_size, remaining))
        if not chunk:
            return
        remaining -= len(chunk)
        yield chunk


def close(chunks: object) -> None:
    """Close what bytes come from, if it can be closed."""
    method: Callable[[], object] | None = getattr(chunks, "close", None)
    if method is not None:
        method()


class WrappedBody(Generic[Chunk]):
    """A body that is made of another one as it is read; closing it closes the other one.

    Args:
        body: The other one, in chunks.
    """

    def __init__(self, body: Iterable[Chunk]) -> None:
        self.source = body
        self.chunks = iter(body)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Chunk:
        """Return the next chunk; subclasses change it."""
        return next(self.chunks)

    def close(self) -> None:
        """Close the other body, read to its end or not."""
        close(self.source)


def names_of(names: Names | None) -> tuple[str, ...]:
    """Return what may be one name, several or none as a tuple."""
    if names is None:
        return ()
    return (names,) if isinstance(names, str) else tuple(names)


def is_iterator(obj: object) -> TypeGuard[Iterator[Any]]:
    """Tell whether ``obj`` gives its items once: a generator, or its own iterator."""
    return hasattr(obj, "__next__") and hasattr(obj, "__iter__")


def is_closable_iterator(obj: object) -> bool:
    """Tell whether ``obj`` is an iterator that has to be closed when it is given up."""
    return is_iterator(obj) and callable(getattr(obj, "close", None))


def set_vary_header(response: "Response", header_name: str) -> None:
    """Add a field name to the ``Vary`` field of a response (RFC 9110 section 12.5.5).

    Args:
        response: Response with ``headers``.
        header_name: Field of the request on which the content depends.
    """
    varies: str = response.headers.get("Vary", "")
    names = [name.strip() for name in varies.split(",") if name.strip()]
    if "*" not in names and header_name.lower() not in map(str.lower, names):
        names.append(header_name)
    response.headers["Vary"] = ", ".join(names)
