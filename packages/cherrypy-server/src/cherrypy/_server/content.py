"""The content of a request as a file: ``wsgi.input`` of PEP 3333."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from sys import maxsize
from typing import NoReturn, Protocol

from cheroot.errors import MaxSizeExceeded

from cherrypy._http.errors import ContentError
from cherrypy._http.fields import TOKEN
from cherrypy._server.request_head import RequestRefusedError, parse_fields

_BLOCK = 65536
_MAX_LINE = 4096  # bytes of a chunk-size line or a trailer field
_MAX_TRAILER = 65536
_EXTENSION = rb"[\t ]*;[\t ]*%b(?:[\t ]*=[\t ]*(?:%b|%b))?" % (
    TOKEN.encode(),
    TOKEN.encode(),
    rb'"(?:[\t \x21\x23-\x5B\x5D-\x7E\x80-\xFF]|\\[\t\x20-\x7E\x80-\xFF])*"',
)
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:%b)*\r\n" % _EXTENSION)  # RFC 9112 s.7.1.1


class Reader(Protocol):
    """The source of content: ``rfile`` of a connection."""

    def read(self, size: int, /) -> bytes:
        """Read exactly so many bytes, fewer only at the end of the stream."""

    def readline(self, size: int, /) -> bytes:
        """Read up to and with a line feed, at most so many bytes."""


class ClientGoneError(ConnectionError):
    """The connection broke while the server read from it or wrote to it."""


class ClientTimeoutError(TimeoutError):
    """The client neither sent nor took anything for ``server.socket_timeout`` seconds."""


class IncompleteContentError(RequestRefusedError, ClientGoneError, ContentError):
    """Content that breaks off, or whose chunked coding is malformed (RFC 9112 section 8)."""

    def __init__(self, reason: str) -> None:
        super().__init__(400, reason)


class LateContentError(RequestRefusedError, ClientTimeoutError, ContentError):
    """Content that does not come in time (RFC 9110 section 15.5.9)."""

    def __init__(self) -> None:
        super().__init__(408, "The request body did not come in time.")


class ContentTooLargeError(RequestRefusedError, MaxSizeExceeded, ContentError):
    """Content that is longer than ``server.max_request_body_size``."""

    def __init__(self) -> None:
        super().__init__(413, "The entity sent with the request exceeds the maximum allowed bytes.")


def connection_fault(error: OSError | ValueError) -> OSError:
    """Tell a fault of the connection from those of the application, which may be OSErrors too.

    Args:
        error: Raised by a file of the connection; a ValueError if it is closed already.
    """
    if isinstance(error, TimeoutError):
        return ClientTimeoutError(str(error))
    return ClientGoneError(str(error))


def _incomplete(reason: str) -> NoReturn:
    """Refuse content with 400 (Bad Request)."""
    raise IncompleteContentError(reason)


class Content(ABC):
    """The content of one request, readable once from start to end.

    Args:
        rfile: The connection, at the first byte of the content.
        before_first_read: Called once, before the first byte is read; sends 100 (Continue).

    Attributes:
        rfile: The connection, for libraries that take it over (RFC 9110 section 7.8).
        is_complete: All of it has been read; the next request follows on the connection.
    """

    is_complete: bool
    is_broken = False
    """Whether reading has failed, so that nothing more is read."""
    raises_if_incomplete = True
    """Tells applications that content which breaks off is an error, and not an early end."""

    def __init__(
        self, rfile: Reader, before_first_read: Callable[[], object] | None = None
    ) -> None:
        self.rfile = rfile
        self._before_first_read = before_first_read

    def read(self, size: int | None = None) -> bytes:
        """Read at most ``size`` bytes, or all; empty at the end.

        Raises:
            IncompleteContentError: It ends early, the chunked coding is malformed, or the
                connection broke.
            ContentTooLargeError: The content is too large.
            LateContentError: The client sent nothing for ``server.socket_timeout`` seconds.
        """
        return self._gather(self._take, size)

    def readline(self, size: int | None = None) -> bytes:
        """Read up to and with the next line feed, at most ``size`` bytes; errors as ``read``."""
        return self._gather(self._take_line, size, end=b"\n")

    def readlines(self, hint: int | None = None) -> list[bytes]:
        """Read lines until they have ``hint`` bytes together, or all; errors as ``read``."""
        lines: list[bytes] = []
        left = maxsize if hint is None or hint <= 0 else hint
        while left > 0 and (line := self.readline()):
            lines.append(line)
            left -= len(line)
        return lines

    def __iter__(self) -> Iterator[bytes]:
        """Iterate over the lines."""
        return iter(self.readline, b"")

    def discard(self, limit: int) -> bool:
        """Read and forget what is left; give up after ``limit`` bytes or on any fault.

        Returns:
            Whether the content is complete now.
        """
        self._before_first_read = None
        if self.is_broken:
            return False
        try:
            while limit > 0 and (piece := self._take(min(limit, _BLOCK))):
                limit -= len(piece)
        except (OSError, RequestRefusedError):
            return False
        return self.is_complete

    def _gather(self, take: Callable[[int], bytes], size: int | None, end: bytes = b"") -> bytes:
        """Join pieces until ``size`` bytes are there, or one has ``end`` at its end."""
        left = maxsize if size is None or size < 0 else size
        pieces = []
        try:
            if left and self._before_first_read is not None:
                notify, self._before_first_read = self._before_first_read, None
                notify()
            while left > 0 and (piece := take(min(left, _BLOCK))):
                pieces.append(piece)
                left -= len(piece)
                if end and piece.endswith(end):
                    break
        except ContentError:
            self.is_broken = True
            raise
        except (OSError, ValueError) as error:
            self.is_broken = True
            if isinstance(error, TimeoutError):
                raise LateContentError from error
            raise IncompleteContentError("The request body could not be read.") from error
        return b"".join(pieces)

    def bytes_left(self) -> int:
        """Return how many bytes have not been read; 0 if that is not known."""
        return 0

    @abstractmethod
    def is_short(self, limit: int) -> bool:
        """Tell whether at most ``limit`` bytes are left, and the client is sending them."""

    @abstractmethod
    def _take(self, limit: int) -> bytes:
        """Read some bytes, at most ``limit``; empty at the end."""

    @abstractmethod
    def _take_line(self, limit: int) -> bytes:
        """Read some bytes, at most ``limit``, and none after a line feed; empty at the end."""


class SizedContent(Content):
    """Content whose length is known (RFC 9112 section 6.2)."""

    def __init__(
        self, rfile: Reader, length: int, before_first_read: Callable[[], object] | None = None
    ) -> None:
        super().__init__(rfile, before_first_read if length else None)
        self._length = self._left = length
        self.is_complete = length == 0

    def bytes_left(self) -> int:
        """Return how many bytes have not been read."""
        return self._left

    def _take(self, limit: int) -> bytes:
        return self._counted(self.rfile.read(min(limit, self._left))) if self._left else b""

    def _take_line(self, limit: int) -> bytes:
        return self._counted(self.rfile.readline(min(limit, self._left))) if self._left else b""

    def is_short(self, limit: int) -> bool:
        """Tell whether at most ``limit`` bytes are left, and the client is sending them."""
        return self._left <= limit and self._before_first_read is None and not self.is_broken

    def _counted(self, piece: bytes) -> bytes:
        if not piece:
            come = self._length - self._left
            _incomplete(f"The request body ended after {come} of {self._length} bytes.")
        self._left -= len(piece)
        self.is_complete = self._left == 0
        return piece


class ChunkedContent(Content):
    """Content in the chunked coding, decoded (RFC 9112 section 7.1).

    Args:
        rfile: The connection, at the first chunk.
        limit: Bytes that the decoded content may have; 0 for any number.
        before_first_read: As for ``Content``.
    """

    def __init__(
        self, rfile: Reader, limit: int, before_first_read: Callable[[], object] | None = None
    ) -> None:
        super().__init__(rfile, before_first_read)
        self._limit = limit
        self._total = 0
        self._left = 0  # bytes of the current chunk
        self._fault: RequestRefusedError | None = None
        self.is_complete = False

    def _take(self, limit: int) -> bytes:
        return self._from_chunk(self.rfile.read, limit)

    def _take_line(self, limit: int) -> bytes:
        return self._from_chunk(self.rfile.readline, limit)

    def is_short(self, limit: int) -> bool:
        """Tell whether all has been read, as it is not known how much is left."""
        return self.is_complete and limit >= 0

    def _from_chunk(self, read: Callable[[int], bytes], limit: int) -> bytes:
        if self._fault is not None:
            raise self._fault
        if self.is_complete:
            return b""
        try:
            return self._read_some(read, limit)
        except RequestRefusedError as fault:
            self._fault = fault
            raise

    def _read_some(self, read: Callable[[int], bytes], limit: int) -> bytes:
        if self._left == 0 and not self._start_chunk():
            return b""
        piece = read(min(limit, self._left))
        if not piece:
            _incomplete("The chunked content ends in the middle of a chunk")
        self._left -= len(piece)
        if self._left == 0 and self.rfile.read(2) != b"\r\n":
            _incomplete("A chunk is not followed by CRLF")
        return piece

    def _start_chunk(self) -> bool:
        """Read the size of the next chunk; False after the last one."""
        match = _CHUNK_SIZE.fullmatch(self.rfile.readline(_MAX_LINE))
        if match is None:
            _incomplete("Malformed chunk size: expected hexadecimal digits")
        self._left = int(match[1], 16)
        self._total += self._left
        if self._limit and self._total > self._limit:
            raise ContentTooLargeError
        if self._left == 0:
            self._skip_trailer()
        return self._left > 0

    def _skip_trailer(self) -> None:
        """Read the trailer fields, which are checked and dropped (RFC 9110 section 6.5.1)."""
        trailer = b""
        while (line := self.rfile.readline(_MAX_LINE)) != b"\r\n":
            trailer += line
            if not line or len(trailer) > _MAX_TRAILER:
                _incomplete("Malformed trailer after the chunked content")
        try:
            parse_fields(trailer)
        except RequestRefusedError as refusal:
            raise IncompleteContentError(refusal.reason) from refusal
        self.is_complete = True
