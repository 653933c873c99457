"""Readers of a body: by block or by line, and up to its length or a limit."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

from cherrypy._http.headers import HeaderMap
from cherrypy._request.field_lines import parse_field_lines
from cherrypy._request.whole_input import answer_to
from cherrypy._runtime.errors import HTTPError

T = TypeVar("T")

BLOCK_SIZE = 65536
"""How many bytes are read at once where the whole is wanted."""


class LineSource(Protocol):
    """What lines are read from."""

    def readline(self, size: int = -1, /) -> bytes:
        """Read a line, or a part of it."""


class ReadableSource(Protocol):
    """What bytes are read from, so many at a time."""

    def read(self, size: int, /) -> bytes:
        """Read bytes."""


class Source(LineSource, Protocol):
    """What a body is read from; lines are asked of that of a part only."""

    def read(self, size: int = -1, /) -> bytes:
        """Read bytes."""


class Sink(Protocol):
    """What bytes are written to."""

    def write(self, data: bytes, /) -> object:
        """Write bytes."""


class UnreadableBodyError(HTTPError, ConnectionError):
    """A body that breaks off or cannot be read; an ``OSError``, as of a client that has gone."""


class LineReader:
    """Reads lines by ``readline``, which a subclass has."""

    def readline(self, size: int | None = None) -> bytes:
        """Read up to and with the next line feed, or up to ``size`` bytes."""
        raise NotImplementedError

    def readlines(self, sizehint: int | None = None) -> list[bytes]:
        """Read lines, until they have ``sizehint`` bytes together if it is given."""
        lines = []
        size = 0
        while line := self.readline():
            lines.append(line)
            size += len(line)
            if sizehint is not None and size >= sizehint:
                break
        return lines


class ByteReader(LineReader, ABC):
    """Bytes in blocks or lines; the method ``_more`` of a subclass reads them from their source.

    Args:
        bufsize: How many bytes to read ahead when lines are asked for.
    """

    def __init__(self, bufsize: int) -> None:
        self.bufsize = bufsize
        self._buffer = b""
        self._position = 0

    def read(self, size: int | None = None, fp_out: Sink | None = None) -> bytes | None:
        """Read bytes.

        Args:
            size: How many at most; all if None or negative.
            fp_out: Where to write them, in blocks; has ``write``.

        Returns:
            As many as asked for, fewer only at the end; None if they went to ``fp_out``.
        """
        blocks = self.blocks(size)
        if fp_out is None:
            return b"".join(blocks)
        for block in blocks:
            fp_out.write(block)
        return None

    def readline(self, size: int | None = None) -> bytes:
        """Read up to and with the next line feed.

        Args:
            size: How many bytes at most; no limit if None or negative.
        """
        left = -1 if size is None else size
        pieces = []
        while left != 0 and self._fill(self.bufsize):
            stop = self._buffer.find(b"\n", self._position) + 1 or len(self._buffer)
            piece = self._take(stop if left < 0 else min(stop, self._position + left))
            pieces.append(piece)
            if piece[-1:] == b"\n":
                break
            left -= len(piece) if left > 0 else 0
        return b"".join(pieces)

    @abstractmethod
    def _more(self, size: int) -> bytes:
        """Read about ``size`` bytes from the source; none at its end."""

    def blocks(self, size: int | None = None) -> Iterator[bytes]:
        """Yield bytes until there are as many as asked for, or all of them."""
        left = -1 if size is None else size
        block_size = max(self.bufsize, BLOCK_SIZE)
        while left != 0:
            wanted = block_size if left < 0 else min(left, block_size)
            if not self._fill(wanted):
                return
            block = self._take(min(len(self._buffer), self._position + wanted))
            yield block
            left -= len(block) if left > 0 else 0

    def _fill(self, size: int) -> bool:
        """Read ahead if the buffer is empty; tell whether anything is in it then."""
        if self._position == len(self._buffer):
            self._buffer, self._position = self._more(size), 0
        return bool(self._buffer)

    def _take(self, stop: int) -> bytes:
        """Take the bytes in the buffer up to a position."""
        start, self._position = self._position, stop
        return self._buffer[start:stop]


class SizedReader(ByteReader):
    """The bytes of one request body, up to its length or to a limit.

    Nothing is read before it is asked for: a server sends ``100 Continue`` at the first read.

    Each method that reads raises ``HTTPError``: 413 if there are more bytes than ``maxbytes``, 400
    if there are fewer than ``length`` or if the transfer coding is broken, 408 if the client took
    too long.

    Args:
        fp: The input of the server; has ``read(size)``.
        length: Number of bytes that were announced; None if only the end of ``fp`` tells (chunked).
        maxbytes: How many bytes may come at most; None or 0 for no limit.
        bufsize: How many bytes to read ahead when lines are asked for.
        has_trailers: Whether trailers were announced; they are read at the end if ``fp`` has
            ``read_trailer_lines``.

    Attributes:
        done: Whether the end was reached.
        trailers: The trailer fields; None before the end and without trailers (RFC 9110 section
            6.5).
    """

    __module__ = "cherrypy._cpreqbody"

    trailers: HeaderMap | None = None

    def __init__(
        self,
        fp: ReadableSource,
        length: int | None,
        maxbytes: int | None,
        bufsize: int = 8192,
        has_trailers: bool = False,
    ) -> None:
        super().__init__(bufsize)
        self.fp = fp
        self.length = length
        self.maxbytes = maxbytes
        self.has_trailers = has_trailers
        self.done = False
        self._fetched = 0

    @property
    def bytes_read(self) -> int:
        """How many bytes were handed on so far."""
        return self._fetched - (len(self._buffer) - self._position)

    def finish(self) -> None:
        """Stop reading; if trailers were announced, read up to them first."""
        if self.has_trailers:
            while not self.done:
                self._more(BLOCK_SIZE)
        self.done = True

    def _more(self, size: int) -> bytes:
        left = None if self.length is None else self.length - self._fetched
        if self.done:
            return b""
        if left is not None:
            size = min(size, left)
        if self.maxbytes:
            # one more than allowed is enough to know
            size = min(size, max(1, self.maxbytes + 1 - self._fetched))
        content: bytes = _ask(self.fp.read, size) if size else b""
        self._fetched += len(content)
        if self.maxbytes and self._fetched > self.maxbytes:
            raise HTTPError(413)
        if not content:
            if left:
                raise UnreadableBodyError(
                    400, f"The request body ended after {self._fetched} of {self.length} bytes."
                )
            self.done = True
            self._read_trailers()
        return content

    def _read_trailers(self) -> None:
        if self.has_trailers and hasattr(self.fp, "read_trailer_lines"):
            read_lines: Callable[[], Iterable[bytes]] = getattr(self.fp, "read_trailer_lines")  # noqa: B009
            lines = _ask(lambda: list(read_lines()))
            self.trailers = parse_field_lines(lines)


def _ask(read: Callable[..., T], *arguments: int) -> T:
    """Read from the server, and turn its errors into answers.

    Raises:
        UnreadableBodyError: See :func:`cherrypy._request.whole_input.answer_to`.
        Exception: Any other error of ``read``.
    """
    try:
        return read(*arguments)
    except Exception as error:
        answer = answer_to(error)
        if answer is None:
            raise
        raise UnreadableBodyError(answer[0], answer[1] or None) from error
