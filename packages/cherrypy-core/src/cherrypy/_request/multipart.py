"""Boundaries of a multipart body, found block by block (RFC 2046 section 5.1).

Other parsers do not fit: applications override the methods by which a part reads itself from a
file, so there has to be a file with the boundaries in it. The guide on uploads tells more under
"What it costs".
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple, Self

from cherrypy._http.headers import HeaderMap
from cherrypy._request.field_lines import parse_field_lines
from cherrypy._request.readers import BLOCK_SIZE, ByteReader, LineSource, Source
from cherrypy._runtime.errors import HTTPError

MAX_DEPTH = 8
"""How deep multipart bodies may be nested."""

_BOUNDARY = re.compile(r"[ -~]{0,200}[!-~]")  # RFC 2046 allows 70; longer ones are in use
# The rest of a line with the boundary: two hyphens after the last part, and blanks that a gateway
# may have added. The last line may lack its end.
_REST_OF_LINE = re.compile(rb"(--)?+[ \t]{0,256}+\r?\n")
_REST_OF_LAST_LINE = re.compile(rb"(--)[ \t]{0,256}+\r?\Z")
_BEGINNING_OF_REST = re.compile(rb"(?:-|(?:--)?+[ \t]{0,256}+\r?)\Z")
_LINE_FEED = 0x0A


class Limits(NamedTuple):
    """How much a body may hold; None is no limit. ``Entity`` explains each."""

    max_parts: int | None
    max_files: int | None
    max_part_headers: int | None
    max_part_header_size: int | None
    max_fields: int | None
    max_fields_size: int | None

    @classmethod
    def of(cls, entity: object) -> Self:
        """Return the limits of an entity, without a reference that would keep its files open."""
        return cls(*(getattr(entity, name) for name in cls._fields))


def parse_boundary(text: str) -> bytes:
    """Return the bytes that the lines between parts begin with.

    Args:
        text: Parameter ``boundary`` of the content type.

    Raises:
        HTTPError: 400 if it is empty, too long, or has characters that a boundary cannot have.
    """
    if not _BOUNDARY.fullmatch(text):
        raise HTTPError(400, f"Invalid boundary in multipart form: {text!r}")
    return b"--" + text.encode("ascii")


class BoundaryReader(ByteReader):
    """The bytes of a multipart body, with a view to the boundaries in it.

    All parts of a body, nested ones too, read from the same instance, one after the other. It
    holds one block and, between two blocks, as much as a boundary is long. It sees the boundary
    whether it is read by content of parts or by lines.

    Args:
        pull: Called for more bytes; returns none at the end.
        limits: How much the body may hold.

    Attributes:
        complete: Whether the part that was begun last is at its end.
        done: Whether that end was the last boundary, without another part after it.
        depth: How many multipart bodies are open, one inside the other.
    """

    def __init__(self, pull: Callable[[], bytes], limits: Limits) -> None:
        super().__init__(BLOCK_SIZE)
        self.limits = limits
        self.complete = True
        self.done = False
        self.depth = 0
        self._pull = pull
        self._ended = False
        self._boundary = b""
        self._at_line_start = True
        self._counted: Counter[str] = Counter()

    @classmethod
    def by_blocks(cls, fp: Source, limits: Limits) -> Self:
        """Make an instance that reads blocks from ``fp``, and so reads ahead."""
        return cls(lambda: fp.read(BLOCK_SIZE), limits)

    @classmethod
    def by_lines(cls, fp: Source, limits: Limits) -> Self:
        """Make an instance that reads nothing from ``fp`` beyond the line it needs."""
        return cls(lambda: fp.readline(BLOCK_SIZE), limits)

    def begin_part(self, boundary: bytes) -> None:
        """Take note that a part begins.

        Args:
            boundary: Beginning of the line after it, the two hyphens included.
        """
        self.complete = False
        self.done = False
        self._boundary = boundary

    def finish(self) -> None:
        """Take note that the last boundary was seen; for parts that look for it themselves."""
        self.complete = True
        self.done = True

    def is_empty(self) -> bool:
        """Tell whether there is nothing more to read."""
        return not self._fill(BLOCK_SIZE)

    def read_content(self) -> bytes:
        """Read a block of the content of the part that was begun.

        Returns:
            Some bytes; none after the last ones, when the line with the boundary was read too.

        Raises:
            HTTPError: 400 if the body ends before the boundary.
        """
        while not self.complete:
            stop, boundary_line = self._scan()
            content = self._take(stop)
            if boundary_line:
                self._position = boundary_line.end()
                self._end_part(boundary_line)
                return content
            if content:
                self._at_line_start = False
                return content
            if self._ended and not self.complete:
                raise HTTPError(400, "The multipart body ended before its last boundary.")
            self._extend()
        return b""

    def skip_content(self) -> None:
        """Read the rest of the part that was begun, and forget it."""
        while not self.complete:
            self.read_content()

    def skip_all(self) -> None:
        """Read the rest, and forget it."""
        self._buffer, self._position = b"", 0
        while self._pull():
            pass

    def readline(self, size: int | None = None) -> bytes:
        """Read up to and with the next line feed; ends the part if it is the boundary's line.

        Args:
            size: How many bytes at most; no limit if None or negative.
        """
        may_end = self._at_line_start and not self.complete
        line = super().readline(size)
        if line:
            self._at_line_start = line[-1] == _LINE_FEED
        if may_end and line.startswith(self._boundary):
            rest = len(self._boundary)
            match = _REST_OF_LINE.match(line, rest) or _REST_OF_LAST_LINE.match(line, rest)
            if match:
                self._end_part(match)
        return line

    def blocks(self, size: int | None = None) -> Iterator[bytes]:
        """Yield bytes until there are as many as asked for, or all, parts or not."""
        for block in super().blocks(size):
            self._at_line_start = block[-1] == _LINE_FEED
            yield block

    def count(self, what: str, number: int = 1) -> None:
        """Count parts, files, fields, or bytes of fields.

        Args:
            what: Name of the limit in :class:`Limits`, without ``max_``.
            number: How many there are more.

        Raises:
            HTTPError: 413 if there are too many.
        """
        self._counted[what] += number
        noun = "bytes in its fields" if what == "fields_size" else what
        _check(self._counted[what], getattr(self.limits, f"max_{what}"), noun)

    # Scanning

    def _end_part(self, boundary_line: re.Match[bytes]) -> None:
        self.complete = True
        self.done = boundary_line[1] is not None
        self._at_line_start = True

    def _scan(self) -> tuple[int, re.Match[bytes] | None]:
        """Find out how far in the buffer the content reaches.

        Returns:
            Where it ends for sure, and the rest of the line with the boundary; None if no such line
            is there, or not yet as a whole.
        """
        buffer, start, boundary = self._buffer, self._position, self._boundary
        if self._at_line_start and buffer.startswith(boundary, start):
            line = start
        else:
            line = buffer.find(b"\n" + boundary, start) + 1 or -1
        while line >= 0:
            rest = line + len(boundary)
            match = _REST_OF_LINE.match(buffer, rest)
            if match is None and self._ended:
                match = _REST_OF_LAST_LINE.match(buffer, rest)
            if match or _BEGINNING_OF_REST.match(buffer, rest):
                return self._before_line(line), match
            line = buffer.find(b"\n" + boundary, rest) + 1 or -1
        return self._without_beginning(), None

    def _without_beginning(self) -> int:
        """Return where the content in the buffer ends if the next block may complete a boundary.

        A boundary is one line, so only the last line feed counts.
        """
        buffer, start, boundary = self._buffer, self._position, self._boundary
        too_short = len(buffer) - start < len(boundary)
        if self._at_line_start and too_short and boundary.startswith(buffer[start:]):
            return start
        line_feed = buffer.rfind(b"\n", max(start, len(buffer) - len(boundary)))
        if line_feed >= 0 and boundary.startswith(buffer[line_feed + 1 :]):
            return self._before_line(line_feed + 1)
        return len(buffer) - buffer.endswith(b"\r", start)

    def _before_line(self, line: int) -> int:
        """Return where the content before a line ends: its line end belongs to the boundary."""
        if self._buffer.endswith(b"\r\n", self._position, line):
            return line - 2
        return max(self._position, line - 1)

    def _more(self, size: int) -> bytes:
        return self._pull()

    def _extend(self) -> None:
        """Read more bytes behind those in the buffer."""
        block = self._pull()
        self._ended = not block
        self._buffer, self._position = self._buffer[self._position :] + block, 0


class ContentReader(ByteReader):
    """The content of one part, in blocks or lines.

    Args:
        reader: The multipart body; the part was begun in it.
    """

    def __init__(self, reader: BoundaryReader) -> None:
        super().__init__(BLOCK_SIZE)
        self.reader = reader

    def _more(self, size: int) -> bytes:
        return self.reader.read_content()


def read_field_lines(fp: LineSource, limits: Limits) -> HeaderMap:
    """Read the headers of a part, and the empty line after them.

    Args:
        fp: Where to read; has ``readline(size)``.
        limits: How many fields and bytes there may be.

    Raises:
        HTTPError: 413 if there are more, 400 if a line is malformed, does not end in CRLF, or if
            the body ends before the empty line.
    """
    most = limits.max_part_header_size
    size = 0
    lines: list[bytes] = []
    while True:
        line: bytes = fp.readline(-1 if most is None else most - size + 1)
        size += len(line)
        _check(size, most, "bytes in the headers of a part")
        if line == b"\r\n":
            return parse_field_lines(lines)
        if not line.endswith(b"\n"):
            raise HTTPError(400, "The multipart body ended in the headers of a part.")
        if not line.endswith(b"\r\n"):
            raise HTTPError(400, "A header line of a part does not end in CRLF.")
        lines.append(line)
        _check(len(lines), limits.max_part_headers, "header lines in a part")


def _check(count: int, most: int | None, what: str) -> None:
    if most is not None and count > most:
        raise HTTPError(413, f"The request body has more than {most} {what}.")
