"""Where octets come from: a file that we opened, or any file object."""

import os
import stat
from collections.abc import Iterable
from io import FileIO
from typing import Any, Protocol, Self

from cherrypy._runtime.iterators import CHUNK_SIZE, FileContent, file_generator


class Source(Protocol):
    """An open file, of which some octets are to be sent."""

    @property
    def length(self) -> int | None:
        """Octets that there are; ``None`` if they would have to be read to be counted."""

    def octets(self, start: int, stop: int) -> Iterable[bytes]:
        """Give octets by their positions; the file is closed at their end, or by ``close()``."""

    def all_octets(self) -> Iterable[bytes]:
        """Give all octets, however many they are."""

    def file(self) -> Any:
        """Give the file, which is to be closed by who asked for it."""

    def move_to(self, position: int) -> None:
        """Set the position from which the file is read next."""

    def close(self) -> None:
        """Close the file, of which nothing is to be sent."""


class OpenedFile:
    """A regular file that we opened.

    Args:
        descriptor: Its descriptor, which is closed in the end.
        status: What ``fstat`` says of it.
    """

    __slots__ = ("_file", "descriptor", "length", "status")

    def __init__(self, descriptor: int, status: os.stat_result) -> None:
        self.descriptor = descriptor
        self._file: FileIO | None = None
        self.status = status
        self.length: int = status.st_size

    @classmethod
    def of(cls, descriptor: int) -> Self:
        """Take a descriptor that was just opened, and look at its status.

        Raises:
            OSError: That fails; the descriptor is closed.
        """
        try:
            status = os.fstat(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        return cls(descriptor, status)

    def octets(self, start: int, stop: int) -> Iterable[bytes]:
        """Give octets by their positions: at once, if they are no more than a chunk."""
        descriptor = self.descriptor
        if start:
            os.lseek(descriptor, start, os.SEEK_SET)
        wanted = stop - start
        if wanted > CHUNK_SIZE:
            return FileContent(self.file(), wanted, is_raw=True, is_whole=wanted == self.length)
        # PERF: no file object; 1.5 us less
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

    def all_octets(self) -> Iterable[bytes]:
        """Give all octets."""
        return self.octets(0, self.length)

    def file(self) -> FileIO:
        """Give the file, which is to be closed by who asked for it."""
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

    def __init__(self, file: Any) -> None:
        self._file = file
        self._base = 0
        self.length: int | None = None
        self.status = _regular_status(file)
        """What ``fstat`` says of it; ``None`` if it is no regular file of the system."""
        try:
            self._base = file.tell()
            if self.status is not None:
                end = self.status.st_size
                file.seek(self._base)
            else:
                end = file.seek(0, os.SEEK_END)
                if end is None:  # as old file objects do
                    end = file.tell()
                file.seek(self._base)
            self.length = max(0, end - self._base)
        except (AttributeError, OSError, NotImplementedError):
            # it has no such methods, or says that it can not
            self.length = None

    def octets(self, start: int, stop: int) -> Iterable[bytes]:
        """Give octets by their positions."""
        if start:
            self.move_to(start)
        return FileContent(self._file, stop - start)

    def all_octets(self) -> Iterable[bytes]:
        """Give all octets, however many they are."""
        return file_generator(self._file)

    def file(self) -> Any:
        """Give the file, which is to be closed by who asked for it."""
        return self._file

    def move_to(self, position: int) -> None:
        """Set the position from which the file is read next."""
        self._file.seek(self._base + position)

    def close(self) -> None:
        """Close the file, if it can be closed."""
        close = getattr(self._file, "close", None)
        if close is not None:
            close()


def _regular_status(file: Any) -> os.stat_result | None:
    try:
        status = os.fstat(file.fileno())
    except (AttributeError, OSError, TypeError, ValueError):  # ValueError: closed, or of io itself
        return None
    return status if stat.S_ISREG(status.st_mode) else None
