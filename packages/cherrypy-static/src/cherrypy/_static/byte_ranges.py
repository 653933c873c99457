"""Several ranges of a representation in one answer (RFC 9110 section 14.6)."""

import os
from collections.abc import Generator, Sequence
from typing import Self

from cherrypy._runtime.iterators import CHUNK_SIZE
from cherrypy._static.sources import Source


class ByteRanges:
    """The content of an answer with several ranges: ``multipart/byteranges``.

    Args:
        source: The file; closed at the end.
        ranges: Half-open pairs of positions, in the order in which they are sent.
        length: Size of the whole representation in bytes.
        media_type: Media type of the representation.

    Attributes:
        content_type: Value of the Content-Type field of the answer.
        content_length: Number of bytes of the content.
    """

    def __init__(
        self, source: Source, ranges: Sequence[tuple[int, int]], length: int, media_type: str
    ) -> None:
        boundary = os.urandom(16).hex()  # which the author of the file cannot guess
        self.content_type = f"multipart/byteranges; boundary={boundary}"
        self._source = source
        self._ranges = ranges
        self._heads = [
            f"\r\n--{boundary}\r\nContent-type: {media_type}\r\n"
            f"Content-range: bytes {start}-{stop - 1}/{length}\r\n\r\n".encode("latin-1", "replace")
            for start, stop in ranges
        ]
        self._end = f"\r\n--{boundary}--\r\n".encode("ascii")
        self.content_length = (
            sum(map(len, self._heads)) + sum(stop - start for start, stop in ranges)
        ) + len(self._end)
        self._chunks = self._generate()

    def _generate(self) -> Generator[bytes]:
        source = self._source
        file = source.file()
        for head, (start, stop) in zip(self._heads, self._ranges, strict=True):
            before = head
            source.move_to(start)
            remaining = stop - start
            while remaining > 0:
                chunk = file.read(min(CHUNK_SIZE, remaining))
                if not chunk:  # the file has become shorter: the server notices
                    return
                remaining -= len(chunk)
                yield before + chunk if before else chunk
                before = b""
        yield self._end

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        """Return the next bytes."""
        return next(self._chunks)

    def close(self) -> None:
        """Close the file."""
        self._chunks.close()
        self._source.close()
