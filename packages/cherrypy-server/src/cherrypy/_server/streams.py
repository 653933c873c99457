"""Reading from clients and writing to them without waiting, and files that wait if they have to.

A socket, plain or encrypted, is never in blocking mode here. The files of a connection, ``rfile``
and ``wfile``, behave as those of a blocking socket with a timeout: they wait by themselves, after
they have told so, so that the thread can let others do its work.
"""

import select
import ssl
from socket import SocketIO, socket
from typing import Any, Protocol, cast

from cheroot.makefile import StreamReader, StreamWriter

WOULD_WAIT = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
"""What a socket raises that would have to wait for the client."""

_BLOCK = 65536


class Stream(Protocol):
    """A socket, plain or encrypted, that does not wait."""

    def recv(self, size: int, /) -> bytes:
        """Return bytes that have come, none at the end; or raise one of ``WOULD_WAIT``."""

    def send(self, data: Any, /) -> int:
        """Send some bytes, and return how many; or raise one of ``WOULD_WAIT``."""


class Patient(Protocol):
    """What a file of a connection asks when it has to wait."""

    def wait(self, *, is_write: bool) -> None:
        """Wait until the client has sent something, or takes more.

        Raises:
            TimeoutError: It takes too long.
        """

    def send(self, data: bytes) -> None:
        """Send bytes, or keep them for later."""


def receive(stream: Stream) -> bytes | None:
    """Return bytes that have come, none at the end of the stream; ``None`` if there are none yet.

    Raises:
        OSError: The connection broke.
    """
    try:
        return stream.recv(_BLOCK)
    except WOULD_WAIT:
        return None


def send_some(stream: Stream, data: bytes | memoryview) -> int:
    """Send bytes as far as the client takes them, and return how many.

    Raises:
        OSError: The connection broke.
    """
    try:
        return stream.send(data)
    except WOULD_WAIT:
        return 0


class PatientFile(SocketIO):
    """The raw file of a socket that does not wait; it waits for the client itself."""

    def __init__(self, connection: Any, mode: str, patient: Patient) -> None:
        super().__init__(connection, cast("Any", mode))
        self._stream = connection
        self._patient = patient

    def readinto(self, buffer: Any) -> int | None:
        """Read some bytes; 0 at the end of the stream."""
        self._checkClosed()
        while True:
            try:
                return int(self._stream.recv_into(buffer))
            except WOULD_WAIT:
                self._patient.wait(is_write=False)


class Reader(StreamReader):
    """``rfile`` of a connection; what has been received otherwise is put into it."""

    def __init__(self, connection: Any, size: int, patient: Patient) -> None:
        super(StreamReader, self).__init__(PatientFile(connection, "r", patient), size)
        self.bytes_read = 0

    def held(self) -> int:
        """Return how many bytes it has that have not been read."""
        return len(self._read_buf) - self._read_pos

    def feed(self, data: bytes) -> None:
        """Add bytes that have been received."""
        self._read_buf: bytes = self._read_buf[self._read_pos :] + data
        self._read_pos: int = 0

    def ends_with(self, end: bytes) -> bool:
        """Tell whether the bytes that it has end so."""
        return self._read_buf.endswith(end)

    def take(self) -> bytes:
        """Return the bytes that it has, and forget them."""
        data = self._read_buf[self._read_pos :]
        self._read_buf, self._read_pos = b"", 0
        return data


class Writer(StreamWriter):
    """``wfile`` of a connection; what the client does not take at once, the connection keeps."""

    def __init__(self, connection: Any, size: int, patient: Patient) -> None:
        super().__init__(connection, "wb", size)
        self._patient = patient

    def write(self, data: Any) -> int:
        """Send bytes, or keep them for later."""
        self._patient.send(data)
        self.bytes_written += len(data)
        return len(data)


def wait_for(connection: socket, seconds: float, *, is_write: bool) -> bool:
    """Wait until a socket can be read from, or written to; False at the timeout."""
    try:
        if hasattr(select, "poll"):  # select() cannot watch descriptors from 1024 on
            poller = select.poll()
            poller.register(connection, select.POLLOUT if is_write else select.POLLIN)
            return bool(poller.poll(seconds * 1000))
        one = [connection]
        ready = select.select([] if is_write else one, one if is_write else [], [], seconds)
        return bool(ready[0] or ready[1])
    except (OSError, ValueError):  # closed meanwhile: reading tells
        return True
