"""What is sent: a file that we opened, or any file object."""

import os
import stat
from collections.abc import Callable, Iterable
from io import FileIO
from typing import IO, Protocol

from cherrypy._runtime.iterators import CHUNK_SIZE, FileContent, file_generator


class Source(Protocol):
    """An open file, of which some bytes are to be sent."""

    @property
    def length(self) -> int | None:
        """Number of its bytes; ``None`` if it would have to be read for that."""

    def part(self, start: int, stop: int) -> Iterable[bytes]:
        """Return bytes by their positions; the file is closed at their end, or by ``close()``."""

    def whole(self) -> Iterable[bytes]:
        """Return all bytes, however many they are."""

    def file(self) -> IO[bytes]:
        """Return the file; the caller closes it."""

    def move_to(self, position: int) -> None:
        """Set the position from which the file is read next."""

    def close(self) -> None:
        """Close the file, of which nothing is to be sent."""


class OpenedFile:
    """A file that we opened.

    Args:
        descriptor: Its descriptor, which is closed in the end.

    Raises:
        OSError: Its status cannot be found out; the descriptor is closed.
    """

    __slots__ = ("_file", "descriptor", "length", "status")

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._file: FileIO | None = None
        try:
            self.status = os.fstat(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        self.length: int = self.status.st_size

    @property
    def is_regular(self) -> bool:
        """Whether it is no folder, pipe or device."""
        return stat.S_ISREG(self.status.st_mode)

    def part(self, start: int, stop: int) -> Iterable[bytes]:
        """Return bytes by their positions: at once, if they are no more than a chunk."""
        descriptor = self.descriptor
        if start:
            os.lseek(descriptor, start, os.SEEK_SET)
        wanted = stop - start
        if wanted > CHUNK_SIZE:
            return FileContent(self.file(), wanted, is_raw=True, is_whole=wanted == self.length)
        try:
            content = os.read(descriptor, wanted) if wanted else b""
            while len(content) < wanted:  # a signal came, or the file has become shorter
                more = os.read(descriptor, wanted - len(content))
                if not more:
                    break
                content += more
        finally:
            self.close()
        return [content] if content else []

    def whole(self) -> Iterable[bytes]:
        """Return all bytes."""
        return self.part(0, self.length)

    def file(self) -> FileIO:
        """Return the file; the caller closes it."""
        if self._file is None:
            self._file = FileIO(self.descriptor)
        return self._file

    def move_to(self, position: int) -> None:
        """Set the position from which the file is read next."""
        os.lseek(self.descriptor, position, os.SEEK_SET)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
        elif self.descriptor >= 0:
            descriptor, self.descriptor = self.descriptor, -1
            os.close(descriptor)


class FileObject:
    """A file object of the application, from the position at which it is.

    Args:
        file: Anything with ``read``. With ``seek`` and ``tell``, its length is known.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._base = 0
        self.length: int | None = None
        self.status = _regular_status(file)
        """Its status, from ``fstat``; ``None`` if it is not a regular file of the system."""
        try:
            self._base = file.tell()
            if self.status is not None:
                end = self.status.st_size
            else:
                end = file.seek(0, os.SEEK_END)
                if end is None:  # as old file objects do
                    end = file.tell()
            file.seek(self._base)
            self.length = max(0, end - self._base)
        except (AttributeError, OSError, NotImplementedError):
            self.length = None  # it lacks such methods, or says that it cannot do that

    def part(self, start: int, stop: int) -> Iterable[bytes]:
        """Return bytes by their positions."""
        if start:
            self.move_to(start)
        return FileContent(self._file, stop - start)

    def whole(self) -> Iterable[bytes]:
        """Return all bytes, however many they are."""
        if self.length is None:
            return file_generator(self._file)
        return self.part(0, self.length)

    def file(self) -> IO[bytes]:
        """Return the file; the caller closes it."""
        return self._file

    def move_to(self, position: int) -> None:
        """Set the position from which the file is read next."""
        self._file.seek(self._base + position)

    def close(self) -> None:
        """Close the file, if it can be closed."""
        close: Callable[[], object] | None = getattr(self._file, "close", None)
        if close is not None:
            close()


def _regular_status(file: IO[bytes]) -> os.stat_result | None:
    try:
        status = os.fstat(file.fileno())
    except (AttributeError, OSError, TypeError, ValueError):  # ValueError: closed, or of io itself
        return None
    return status if stat.S_ISREG(status.st_mode) else None
