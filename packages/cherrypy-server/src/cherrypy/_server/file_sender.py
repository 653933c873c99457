"""Send files to clients that are slower than the disk, without a thread for each of them."""

import os
import selectors
import socket
import threading
import time
from contextlib import suppress
from logging import DEBUG, ERROR
from typing import TYPE_CHECKING, Protocol, Self

from cherrypy._server.roles import Request, Server

if TYPE_CHECKING:
    from collections.abc import Callable

HAS_SENDFILE = hasattr(os, "sendfile")

_AT_ONCE = 1 << 20  # bytes for one client before the next one is served
_TICK = 1.0  # seconds between two looks for clients that do not take anything


class Readable(Protocol):
    """A file as far as sending it goes."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, and none at the end."""


class FileWrapper:
    """``wsgi.file_wrapper``: the content of a response that is a file (PEP 3333).

    Args:
        filelike: Anything with ``read``; it is sent from its position on.
        blksize: Bytes that are read at a time where the system cannot send the file itself.
    """

    sends_parts = True
    """It is sent from its position on, as PEP 3333 asks, and not from its beginning."""

    def __init__(self, filelike: Readable, blksize: int = 65536) -> None:
        self.filelike = filelike
        self.blksize = blksize

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        """Read the next bytes."""
        block = self.filelike.read(self.blksize)
        if block:
            return block
        raise StopIteration

    def close(self) -> None:
        """Close the file, if it can be closed."""
        close: Callable[[], object] | None = getattr(self.filelike, "close", None)
        if close is not None:
            close()

    def position(self) -> tuple[int, int] | None:
        """Return descriptor and position; ``None`` if the system cannot send the file."""
        try:
            descriptor: int = getattr(self.filelike, "fileno")()  # noqa: B009
            return descriptor, os.lseek(descriptor, 0, os.SEEK_CUR)
        except (AttributeError, OSError, TypeError, ValueError):
            return None


class Transfer:
    """A response whose content is a file, as far as it has not been sent.

    Args:
        request: The request that it answers; it tells whether the connection stays open.
        wrapper: The file; closed by :meth:`end`.
        head: Bytes that are sent before it.
        place: Descriptor of the file, and position.
        length: Bytes of the file that are sent.
    """

    def __init__(
        self,
        request: Request,
        wrapper: FileWrapper,
        head: bytes,
        place: tuple[int, int],
        length: int,
    ) -> None:
        self.request = request
        self.connection = request.conn
        self.socket: socket.socket = request.conn.socket
        self.deadline = 0.0
        self._wrapper = wrapper
        self._head = memoryview(head)
        self._descriptor, self._position = place
        self._left = length

    @property
    def left(self) -> int:
        """Bytes of the file that have not been sent."""
        return self._left

    @property
    def is_complete(self) -> bool:
        """Whether everything has been sent."""
        return not (self._head or self._left)

    def advance(self) -> bool:
        """Send what the client takes without waiting, at most ``_AT_ONCE`` bytes.

        Returns:
            Whether it took anything.

        Raises:
            OSError: The connection broke, or the file cannot be read.
            EOFError: The file has become shorter.
        """
        allowed = _AT_ONCE
        try:
            while self._head:
                sent = self.socket.send(self._head, getattr(socket, "MSG_MORE", 0))
                self._count(sent)
                self._head = self._head[sent:]
            while self._left and allowed > 0:
                sent = os.sendfile(
                    self.socket.fileno(), self._descriptor, self._position, min(self._left, allowed)
                )
                if not sent:
                    raise EOFError(f"the file lacks {self._left} bytes of the Content-Length")
                self._count(sent)
                self._position += sent
                self._left -= sent
                allowed -= sent
        except (BlockingIOError, TimeoutError):
            return allowed < _AT_ONCE
        return True

    def _count(self, sent: int) -> None:
        self.connection.wfile.bytes_written += sent

    def end(self) -> None:
        """Close the file."""
        self._wrapper.close()


class FileSender:
    """One thread that sends files to all clients that do not take them at once.

    It begins with the first of them. A client that takes nothing for ``timeout`` seconds is
    disconnected.

    Args:
        server: Gets connections back, and writes the log.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._lock = threading.Lock()
        self._new: list[Transfer] = []
        self._thread: threading.Thread | None = None
        self._is_stopped = False
        self._stop_at = float("inf")
        self._ends: tuple[socket.socket, socket.socket] | None = None
        """Both ends of a connection to the thread; a byte on it wakes the thread up."""

    def add(self, transfer: Transfer) -> None:
        """Take over a response and its connection."""
        transfer.deadline = time.monotonic() + self._server.timeout
        with self._lock:
            if not self._is_stopped:
                self._new.append(transfer)
                if self._thread is None:
                    self._start()
                self._wake()
                return
        self._give_up(transfer)

    def stop(self, timeout: float) -> None:
        """Take no more, and end when all is sent, or after so many seconds."""
        with self._lock:
            self._is_stopped = True
            self._stop_at = time.monotonic() + timeout
            thread = self._thread
            self._wake()
        if thread is not None:
            thread.join(timeout + 5 * _TICK)  # it ends within one, where the machine is not busy

    def _start(self) -> None:
        self._ends = socket.socketpair()
        for end in self._ends:
            end.setblocking(False)
        self._thread = threading.Thread(
            target=self._run, args=self._ends[:1], name="CP File Sender", daemon=True
        )
        self._thread.start()

    def _wake(self) -> None:
        if self._ends is not None:
            with suppress(OSError):  # it has been woken already
                self._ends[1].send(b"!")

    def _run(self, waker: socket.socket) -> None:
        with selectors.DefaultSelector() as selector, waker:
            selector.register(waker, selectors.EVENT_READ)
            self._serve(selector, waker)

    def _serve(self, selector: selectors.BaseSelector, waker: socket.socket) -> None:
        checked = time.monotonic()
        while True:
            try:
                # without clients it sleeps until it is woken
                for key, _ in selector.select(_TICK if _transfers(selector) else None):
                    if key.data is None:
                        self._admit(selector, waker)
                    else:
                        self._advance(selector, key.data)
                now = time.monotonic()
                if now - checked >= _TICK or self._is_stopped:
                    checked = now
                    self._drop_late(selector, now)
                if self._is_done(selector):
                    return
            except Exception as error:
                self._server.error_log(repr(error), level=ERROR, traceback=True)

    def _admit(self, selector: selectors.BaseSelector, waker: socket.socket) -> None:
        with suppress(BlockingIOError):
            waker.recv(4096)
        with self._lock:
            new, self._new = self._new, []
        for transfer in new:
            try:
                selector.register(transfer.socket, selectors.EVENT_WRITE, transfer)
            except (OSError, ValueError, KeyError):  # closed meanwhile
                self._give_up(transfer)

    def _advance(self, selector: selectors.BaseSelector, transfer: Transfer) -> None:
        try:
            if transfer.advance():
                transfer.deadline = time.monotonic() + self._server.timeout
        except (OSError, EOFError, ValueError) as error:
            self._server.error_log(f"A file was not sent to its end: {error}", level=DEBUG)
            selector.unregister(transfer.socket)
            self._give_up(transfer)
            return
        if transfer.is_complete:
            selector.unregister(transfer.socket)
            transfer.end()
            if transfer.request.close_connection:
                transfer.connection.close()
            else:
                self._server.put_conn(transfer.connection)

    def _drop_late(self, selector: selectors.BaseSelector, now: float) -> None:
        for transfer in _transfers(selector):
            if now >= min(transfer.deadline, self._stop_at):
                selector.unregister(transfer.socket)
                self._give_up(transfer)

    def _is_done(self, selector: selectors.BaseSelector) -> bool:
        with self._lock:
            is_done = self._is_stopped and not self._new and not _transfers(selector)
            if is_done and self._ends is not None:
                self._ends[1].close()
            return is_done

    @staticmethod
    def _give_up(transfer: Transfer) -> None:
        transfer.end()
        transfer.connection.is_broken = True
        transfer.connection.close()


def _transfers(selector: selectors.BaseSelector) -> list[Transfer]:
    return [key.data for key in selector.get_map().values() if key.data is not None]
