"""The threads that answer requests, in place of cheroot's own pool."""

import math
import threading
import time
from contextlib import suppress
from logging import ERROR, WARNING
from queue import Empty, Full, SimpleQueue
from socket import SHUT_RDWR
from typing import Any, Protocol

from cheroot.workers.threadpool import ThreadPool

from cherrypy._server.connection import Connection
from cherrypy._server.file_sender import FileSender

_UNBLOCK_SECONDS = 1.0  # for a thread to end, once its connection is shut down


class PoolServer(Protocol):
    """What the pool needs of the server."""

    ready: bool
    stats: dict[str, Any]
    interrupt: BaseException | None
    file_sender: FileSender

    def put_conn(self, conn: Connection) -> None:
        """Watch an open connection until the next request comes."""

    def error_log(self, msg: str = "", level: int = 20, traceback: bool = False) -> None:
        """Write to the log."""


class Backlog:
    """The connections that wait for a thread or have one, from one start to the next stop.

    Args:
        size: Connections that may wait; 0 or less for any number.
        timeout: Seconds that ``put`` waits for room.
    """

    def __init__(self, size: int, timeout: float) -> None:
        self._queue: SimpleQueue[Connection | None] = SimpleQueue()
        self._room = threading.Semaphore(size) if size > 0 else None
        self._timeout = timeout
        self._lock = threading.Lock()
        self.unfinished = 0  # connections that wait or have a thread

    @property
    def waiting(self) -> int:
        """Connections that wait for a thread."""
        return self._queue.qsize()

    def put(self, connection: Connection) -> None:
        """Add a connection.

        Raises:
            queue.Full: There was no room until the timeout.
        """
        if self._room is not None and not self._room.acquire(timeout=self._timeout):
            raise Full
        with self._lock:
            self.unfinished += 1
        self._queue.put(connection)

    def get(self) -> Connection | None:
        """Wait for a connection; ``None`` tells the thread to end."""
        connection = self._queue.get()
        if connection is not None and self._room is not None:
            self._room.release()
        return connection

    def finish(self) -> None:
        """Note that a thread is done with a connection."""
        with self._lock:
            self.unfinished -= 1

    def end(self, threads: int) -> None:
        """Tell so many threads to end, after the connections that wait."""
        for _ in range(threads):
            self._queue.put(None)

    def abandon(self) -> None:
        """Close the connections that no thread has come to; the threads are still told to end."""
        left = []
        with suppress(Empty):
            while True:
                left.append(self._queue.get_nowait())
        for connection in left:
            if connection is None:
                self._queue.put(None)
            else:
                connection.close()


class Worker(threading.Thread):
    """One thread that answers requests, until the backlog tells it to end.

    No request can end it, except by KeyboardInterrupt and SystemExit, which stop the server. It
    is a daemon: a handler that never returns does not keep the process from ending.
    """

    def __init__(self, pool: "WorkerPool", backlog: Backlog, number: int) -> None:
        super().__init__(name=f"CP Server Thread-{number}", daemon=True)
        self.server = pool.server
        self.pool = pool
        self.backlog = backlog
        self.connection: Connection | None = None
        self.requests_seen = 0
        self.bytes_read = 0
        self.bytes_written = 0
        self.work_seconds = 0.0

    def run(self) -> None:
        """Serve connections as they come."""
        while (connection := self.backlog.get()) is not None:
            self.connection = connection
            try:
                self._serve(connection)
            except (KeyboardInterrupt, SystemExit) as interrupt:
                self.server.interrupt = interrupt
                return
            except BaseException as error:
                with suppress(Exception):
                    self.server.error_log(repr(error), level=ERROR, traceback=True)
            finally:
                self.connection = None
                self.backlog.finish()
        self.pool.forget(self)

    def _serve(self, connection: Connection) -> None:
        keep_open = False
        try:
            keep_open = self._communicate(connection)
            while (
                keep_open
                and connection.transfer is None
                and self.pool.is_relaxed()
                and connection.wait_for_next()
            ):
                keep_open = self._communicate(connection)
        finally:
            transfer, connection.transfer = connection.transfer, None
            if transfer is not None:
                self.server.file_sender.add(transfer)
            elif keep_open and self.server.ready:
                self.server.put_conn(connection)
            else:
                connection.close()

    def _communicate(self, connection: Connection) -> bool:
        """Answer one request, and count it for ``server.statistics``."""
        if not self.server.stats["Enabled"]:
            return connection.communicate()
        started, before = time.monotonic(), _counts(connection)
        try:
            return connection.communicate()
        finally:
            after = _counts(connection)
            self.requests_seen += after[0] - before[0]
            self.bytes_read += after[1] - before[1]
            self.bytes_written += after[2] - before[2]
            self.work_seconds += time.monotonic() - started


class WorkerPool(ThreadPool):
    """The threads of one server, and the connections that wait for them.

    It is a `ThreadPool` for `isinstance` checks only: it shares no code with cheroot's pool.

    It starts with ``min`` threads. If ``max`` is finite, it adds one whenever a connection would
    have to wait, until there are ``max``; it shrinks only when it is told to.

    Args:
        server: The server whose connections they serve.
        min: Threads to start with.
        max: Threads at most; infinity keeps the pool at ``min``.
        queue_size: Connections that may wait; 0 or less for any number.
        queue_timeout: Seconds that ``put`` waits while so many wait.
    """

    def __init__(
        self,
        server: PoolServer,
        min: int,
        max: float,
        queue_size: int,
        queue_timeout: float,
    ) -> None:
        self.server: PoolServer = server
        self.min: int = min
        self.max: float = max
        self._queue_size = queue_size
        self._queue_timeout = queue_timeout
        self._backlog = Backlog(queue_size, queue_timeout)
        self._threads: list[Worker] = []
        self._started = 0
        self._leaving = 0  # threads that have been told to end, and have not yet
        self._is_stopped = False
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Threads that there are."""
        return len(self._threads)

    @property
    def idle(self) -> int:
        """Threads that wait for a connection."""
        return max(0, len(self._threads) - self._backlog.unfinished)

    @property
    def qsize(self) -> int:
        """Connections that wait for a thread."""
        return self._backlog.waiting

    def is_relaxed(self) -> bool:
        """Tell whether a thread is free, so that another may wait for more on its connection."""
        return self._backlog.unfinished < len(self._threads)

    def start(self) -> None:
        """Start ``min`` threads."""
        self._backlog = Backlog(self._queue_size, self._queue_timeout)
        self._is_stopped = False
        self.grow(self.min)

    def grow(self, amount: int) -> None:
        """Start so many threads more, up to ``max`` in all."""
        with self._lock:
            for _ in range(int(min(amount, self.max - len(self._threads)))):
                self._started += 1
                worker = Worker(self, self._backlog, self._started)
                self._threads.append(worker)
                self._add_statistics(worker)
                worker.start()

    def shrink(self, amount: int) -> None:
        """End so many threads, each after the connection that it serves, but leave ``min``."""
        with self._lock:
            leaving = min(amount, len(self._threads) - self._leaving - self.min)
            if leaving > 0:
                self._leaving += leaving
                self._backlog.end(leaving)

    def forget(self, worker: Worker) -> None:
        """Note that a thread ends."""
        with self._lock:
            if worker in self._threads:
                self._threads.remove(worker)
                self._leaving -= 1

    def get(self) -> Connection | None:
        """Take a connection that waits, as a thread does; ``None`` tells to end."""
        return self._backlog.get()

    def put(self, connection: Connection) -> None:
        """Hand a connection to the threads; after the stop, close it.

        Raises:
            queue.Full: ``queue_size`` connections wait already, and still did at the timeout.
        """
        if not math.isinf(self.max) and not self.is_relaxed() and self.server.ready:
            self.grow(1)
        self._backlog.put(connection)
        if self._is_stopped:
            self._backlog.abandon()

    def own_connection(self) -> Connection | None:
        """Return the connection that the calling thread serves; ``None`` for other threads."""
        caller = threading.current_thread()
        return caller.connection if isinstance(caller, Worker) and caller.pool is self else None

    def stop(self, timeout: float | None = 5) -> None:
        """End all threads, each after the requests that it has to answer.

        After ``timeout`` seconds the connections of those left are shut down, which ends what
        reads from them and writes to them. A handler that still does not return is left behind.
        One of the threads may call this, as a handler does that ends the engine: it is not waited
        for here, but the process waits ``timeout`` seconds for it to answer.
        """
        with self._lock:
            threads, self._threads = self._threads, []
            self._leaving = 0
        self._backlog.end(len(threads))
        caller = threading.current_thread()
        if caller in threads:
            # not a daemon as the threads are: it keeps the process until it ends
            threading.Thread(
                target=caller.join, args=(timeout,), name=caller.name, daemon=False
            ).start()
        late = _join(threads, timeout)
        if late:
            self._give_up(late, timeout)
        self._is_stopped = True
        self._backlog.abandon()

    def _give_up(self, late: list[Worker], timeout: float | None) -> None:
        self.server.error_log(
            f"Threads that are still busy {timeout} seconds (server.shutdown_timeout) after the "
            f"stop: {len(late)}. Their connections are closed",
            level=WARNING,
        )
        for worker in late:
            connection = worker.connection
            if connection is not None:
                with suppress(OSError):
                    connection.socket.shutdown(SHUT_RDWR)
        _join(late, _UNBLOCK_SECONDS)

    def _add_statistics(self, worker: Worker) -> None:
        """Put a thread into the statistics of the server, in the shape that cheroot has."""
        self.server.stats["Worker Threads"][worker.name] = {
            "Requests": lambda _: worker.requests_seen,
            "Bytes Read": lambda _: worker.bytes_read,
            "Bytes Written": lambda _: worker.bytes_written,
            "Work Time": lambda _: worker.work_seconds,
            "Read Throughput": lambda _: worker.bytes_read / (worker.work_seconds or 1e-6),
            "Write Throughput": lambda _: worker.bytes_written / (worker.work_seconds or 1e-6),
        }


def _counts(connection: Connection) -> tuple[int, int, int]:
    return (connection.requests_seen, connection.rfile.bytes_read, connection.wfile.bytes_written)


def _join(threads: list[Worker], timeout: float | None) -> list[Worker]:
    """Wait for threads, except the one that calls; return those that still run."""
    deadline = math.inf if timeout is None or timeout < 0 else time.monotonic() + timeout
    others = [thread for thread in threads if thread is not threading.current_thread()]
    for thread in others:
        left = deadline - time.monotonic()
        thread.join(None if math.isinf(left) else max(0.0, left))
    return [thread for thread in others if thread.is_alive()]
