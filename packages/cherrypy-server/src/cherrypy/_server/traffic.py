"""The connections of one server: accepting them, watching them, ending those that take too long."""

import errno
import os
import threading
import time
from contextlib import suppress
from logging import ERROR, WARNING
from typing import TYPE_CHECKING, Any, Protocol

from cheroot.connections import ConnectionManager

from cherrypy._http.dates import now_field
from cherrypy._server.poller import Poller, make_poller
from cherrypy._server.scheduling import Deadlines, Rounds

if TYPE_CHECKING:
    from cherrypy._server.connection import Connection

_ACCEPTED_AT_ONCE = 64  # connections, before those that are open get their turn
_PAUSE = 0.1  # seconds without accepting, where the process has no descriptors left
_RESERVED = 64  # descriptors that are left to the application
_OUT_OF_DESCRIPTORS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


def most_connections() -> int:
    """Return how many connections the limit of descriptors allows, with some left to others."""
    try:
        import resource
    except ImportError:  # Windows
        return 16_384
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if soft == resource.RLIM_INFINITY:
        return 1 << 20
    return max(16, soft - min(_RESERVED, soft // 4))


class Guard(Protocol):
    """What runs while the server does: see ``WorkerPool.guard``."""

    def guard(self, is_over: threading.Event) -> None:
        """Look after the threads until it is over."""

    def wake_guard(self) -> None:
        """Let it look at once."""


class Listener:
    """The socket that connections come from, as something that is watched.

    Args:
        socket: It listens, and does not block.
    """

    is_timed = False
    deadline = float("inf")

    def __init__(self, socket: Any) -> None:
        self.socket = socket


class Traffic(ConnectionManager):
    """The connections of one server, from one start to the next stop.

    It is a ``ConnectionManager`` as cheroot has one: it shares what accepts a connection.

    Args:
        server: The server; its socket listens.

    Attributes:
        rounds: The order in which connections are served.
        deadlines: When connections are looked at, although their clients do nothing.
    """

    def __init__(self, server: Any) -> None:
        # not calling super().__init__(): it makes a selector of its own
        self.server = server
        self.poller: Poller[Connection | Listener] = make_poller()
        self.deadlines: Deadlines[Connection | Listener] = Deadlines(time.monotonic)
        self.rounds: Rounds[Connection | Listener] = Rounds(
            self.poller, self.deadlines.seconds_left
        )
        self._listener = Listener(server.socket)
        self._is_over = threading.Event()
        self._is_idle = threading.Event()
        self._is_idle.set()
        self._most = most_connections()
        server.socket.settimeout(0)

    @property
    def _num_connections(self) -> int:
        return len(self.poller)

    def open(self) -> None:
        """Accept connections from now on."""
        self._accept_again()

    @property
    def can_add_keepalive_connection(self) -> bool:
        """Whether one more connection may stay open."""
        limit = self.server.keep_alive_conn_limit
        return limit is None or self._num_connections <= limit

    def put(self, conn: "Connection") -> None:
        """Watch a connection until the client sends something."""
        conn.last_used = time.time()
        if conn.has_input():
            self.rounds.add(conn)
            self.poller.wake()
        else:
            self.watch(conn, self.server.timeout)

    def watch(self, conn: "Connection", seconds: float, *, is_write: bool = False) -> None:
        """Watch a connection until the client sends something, takes more, or time is over."""
        is_next = self.deadlines.set(conn, time.monotonic() + seconds)
        try:
            self.poller.watch(conn, conn.socket.fileno(), is_write=is_write)
        except (OSError, ValueError):  # closed meanwhile
            conn.is_broken = True
            conn.close()
            return
        if is_next:  # whatever waits does so for a longer time, or without a limit
            self.poller.wake()

    def take(self) -> "Connection | None":
        """Return the connection to serve next; ``None`` if there is none yet.

        New connections are accepted on the way, and those whose time is over are ended.
        """
        for late in self.deadlines.take_due():
            if isinstance(late, Listener):
                self._accept_again()
            elif self.poller.claim(late):
                self._end(late)
        found = self.rounds.take()
        if isinstance(found, Listener):
            self._accept()
            return None
        return found

    def run(self, expiration_interval: float) -> None:
        """Guard the threads until the server stops; there is nothing to do at intervals."""
        del expiration_interval
        self._is_idle.clear()
        try:
            self.server.requests.guard(self._is_over)
        finally:
            self._is_idle.set()

    def stop(self) -> None:
        """Accept no more, and let ``run`` return."""
        self._is_over.set()
        self.poller.claim(self._listener)
        self.server.requests.wake_guard()
        self.poller.wake()
        while not self._is_idle.wait(_PAUSE):  # another thread may have taken the call
            self.poller.wake()

    def close(self) -> None:
        """Close all connections that wait for their clients."""
        for connection in self.poller.watched():
            if not isinstance(connection, Listener) and self.poller.claim(connection):
                connection.close()

    def free(self) -> None:
        """Free what the system keeps for watching."""
        self.poller.close()

    def refuse(self, connection: "Connection") -> None:
        """Tell a client that the server is full, without waiting for it."""
        with suppress(OSError):
            connection.say(full_answer(self.server.product, now_field().encode()))
        connection.has_unread = True
        connection.close()

    def _end(self, connection: "Connection") -> None:
        try:
            connection.expire()
        except Exception as error:
            self.server.error_log(repr(error), level=ERROR, traceback=True)

    def _accept_again(self) -> None:
        if not self._is_over.is_set():
            with suppress(OSError, ValueError):
                self.poller.watch(self._listener, self._listener.socket.fileno())

    def _accept(self) -> None:
        """Accept connections that have come."""
        if self._is_over.is_set():
            return
        try:
            for _ in range(_ACCEPTED_AT_ONCE):
                connection: Connection | None = self._from_server_socket(  # type: ignore[attr-defined]  # cheroot's
                    self._listener.socket
                )
                if connection is None:
                    break
                if len(self.server.connections) > self._most:
                    self.refuse(connection)
                else:
                    connection.last_used = time.time()
                    self.watch(connection, self.server.timeout)
        except OSError as error:
            self.server.error_log(f"A connection was not accepted: {error}", level=WARNING)
            if error.errno in _OUT_OF_DESCRIPTORS:
                self.deadlines.set(self._listener, time.monotonic() + _PAUSE)
                return
        self._accept_again()


def full_answer(product: bytes, date: bytes) -> bytes:
    """Return the answer of a server that has too much to do (RFC 9110 section 15.6.4)."""
    content = b"The server is busy. Try again in a moment.\n"
    lines = [
        b"HTTP/1.1 503 Service Unavailable",
        b"Content-Type: text/plain;charset=utf-8",
        b"Content-Length: %d" % len(content),
        b"Retry-After: 1",
        b"Connection: close",
        b"Date: %b" % date,
        b"Server: %b" % product,
        b"",
        content,
    ]
    return b"\r\n".join(lines)


def processors() -> int:
    """Return how many threads can run Python at the same time."""
    import sys

    has_lock = getattr(sys, "_is_gil_enabled", None)
    return 1 if has_lock is None or has_lock() else os.cpu_count() or 1
