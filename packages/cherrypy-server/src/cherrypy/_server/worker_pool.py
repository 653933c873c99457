"""The threads that answer requests, in place of cheroot's own pool.

What they do next is decided in ``cherrypy._server.scheduling``; here they are threads.
"""

import math
import threading
import time
from collections import deque
from contextlib import suppress
from logging import ERROR, WARNING
from queue import Full
from socket import SHUT_RDWR
from typing import Any, Protocol

from cheroot.workers.threadpool import ThreadPool

from cherrypy._server.connection import Connection
from cherrypy._server.file_sender import FileSender
from cherrypy._server.scheduling import Durations, Role, Schedule, Seat
from cherrypy._server.traffic import Traffic, processors

MOST_WAITING = 4096
"""Requests that may wait for a thread by default."""

_UNBLOCK_SECONDS = 1.0  # for a thread to end, once its connection is shut down
_TICK = 0.003  # seconds between two looks of the guard
_QUIET_TICKS = 30  # looks without anything to do, until the guard sleeps
_SPARE_SECONDS = 30.0  # that a thread beyond ``min`` rests before it ends


class PoolServer(Protocol):
    """What the pool needs of the server."""

    ready: bool
    stats: dict[str, Any]
    interrupt: BaseException | None
    file_sender: FileSender

    @property
    def traffic(self) -> Traffic:
        """The connections that are watched."""

    def open_traffic(self) -> None:
        """Make what watches connections."""

    def put_conn(self, conn: Connection) -> None:
        """Watch an open connection until the next request comes."""

    def error_log(self, msg: str = "", level: int = 20, traceback: bool = False) -> None:
        """Write to the log."""


class _Bell:
    """What a thread waits for; rung before, it does not wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def ring(self) -> None:
        """Let the thread go on."""
        with suppress(RuntimeError):  # it rings already
            self._lock.release()

    def wait(self, seconds: float = -1) -> bool:
        """Wait for it, so many seconds at most; -1 for any time. Tell whether it rang."""
        return self._lock.acquire(timeout=seconds)


class Worker(threading.Thread):
    """One thread that answers requests, until the schedule tells it to end.

    No request can end it, except by KeyboardInterrupt and SystemExit, which stop the server. It
    is a daemon: a handler that never returns does not keep the process from ending.
    """

    def __init__(self, pool: "WorkerPool", schedule: Schedule[Connection], number: int) -> None:
        super().__init__(name=f"CP Server Thread-{number}", daemon=True)
        self.server = pool.server
        self.pool = pool
        self.schedule = schedule
        self._bell = _Bell()
        self.seat: Seat[Connection] = Seat(self._bell.ring)
        self.requests_seen = 0
        self.bytes_read = 0
        self.bytes_written = 0
        self.work_seconds = 0.0

    @property
    def connection(self) -> Connection | None:
        """The connection that it serves."""
        return self.seat.item if self.seat.is_busy else None

    def run(self) -> None:
        """Serve connections as they come."""
        try:
            while True:
                role = self.schedule.settle(self.seat)
                if role is Role.LEAVE or (role is Role.REST and not self._rest()):
                    break
                if role is Role.LEAD:
                    self._lead()
                elif role is Role.SERVE and self.seat.item is not None:
                    self._serve(self.seat.item)
        except (KeyboardInterrupt, SystemExit) as interrupt:
            self.schedule.hand_over(self.seat)
            self.server.interrupt = interrupt
            return
        self.pool.forget(self)

    def _rest(self) -> bool:
        """Wait until there is something to do; False to end, as there are threads to spare."""
        while not self._bell.wait(self.pool.spare_seconds()):
            if self.pool.may_spare() and self.schedule.withdraw(self.seat):
                return False
        return True

    def _lead(self) -> None:
        seat, leaders, traffic = self.seat, self.schedule.leaders, self.server.traffic
        waiting = self.schedule.waiting
        while seat in leaders and not waiting and not self.pool.is_ending:
            try:
                connection = traffic.take()
            except Exception as error:
                self.server.error_log(repr(error), level=ERROR, traceback=True)
                continue
            self.pool.is_active = True
            if self.pool.is_dozing:
                self.pool.wake_guard()
            if connection is not None:
                self._serve(connection)

    def _serve(self, connection: Connection) -> None:
        seat = self.seat
        seat.item = connection
        seat.served += 1
        seat.is_busy = True
        connection.worker = self
        try:
            if self.server.stats["Enabled"]:
                self._count(connection)
            else:
                connection.proceed()
        except (KeyboardInterrupt, SystemExit):
            connection.close()
            raise
        except BaseException as error:
            with suppress(Exception):
                self.server.error_log(repr(error), level=ERROR, traceback=True)
            with suppress(Exception):
                connection.close()
        finally:
            seat.is_busy = False
            seat.item = None

    def _count(self, connection: Connection) -> None:
        """Serve a connection, and count that for ``server.statistics``."""
        started, before = time.monotonic(), _counts(connection)
        try:
            connection.proceed()
        finally:
            after = _counts(connection)
            self.requests_seen += after[0] - before[0]
            self.bytes_read += after[1] - before[1]
            self.bytes_written += after[2] - before[2]
            self.work_seconds += time.monotonic() - started

    def let_go(self) -> None:
        """Let another thread lead, as this one is about to wait or to work for long."""
        if self.seat in self.schedule.leaders and not self.schedule.hand_over(self.seat):
            self.pool.grow_if_full()


class WorkerPool(ThreadPool):
    """The threads of one server, and the requests that wait for them.

    It is a `ThreadPool` for `isinstance` checks only: it shares no code with cheroot's pool.

    It starts with ``min`` threads. If ``max`` is finite, it adds one whenever all are busy, until
    there are ``max``; those that have nothing to do end again.

    Args:
        server: The server whose connections they serve.
        min: Threads to start with.
        max: Threads at most; infinity keeps the pool at ``min``.
        queue_size: Requests that may wait for a thread; 0 or less for ``MOST_WAITING``.
        queue_timeout: Not used: nothing waits for room in the queue.
    """

    def __init__(
        self,
        server: PoolServer,
        min: int,
        max: float,
        queue_size: int,
        queue_timeout: float,
    ) -> None:
        del queue_timeout
        self.server: PoolServer = server
        self.min: int = min
        self.max: float = max
        self.durations = Durations()
        self.is_active = False  # something has been served since the guard looked
        self.is_dozing = False  # the guard sleeps until it is woken
        self.is_ending = False
        self._bell = _Bell()  # of the guard
        self._most_waiting = queue_size if queue_size > 0 else MOST_WAITING
        self._schedule: Schedule[Connection] = Schedule(processors(), self.wake_guard)
        self._threads: list[Worker] = []
        self._started = 0
        self._with_content = 0  # threads that read content while it comes
        self._content_waiting: deque[Connection] = deque()
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Threads that there are."""
        return len(self._threads)

    @property
    def idle(self) -> int:
        """Threads that are in no handler; the one that waits for clients is one of them."""
        return sum(not worker.seat.is_busy for worker in self._threads)

    @property
    def qsize(self) -> int:
        """Requests that wait for a thread."""
        return len(self._schedule.waiting)

    def start(self) -> None:
        """Start ``min`` threads."""
        self.server.open_traffic()
        self._schedule = Schedule(processors(), self.wake_guard)
        self.is_ending = False
        self.grow(self.min)

    def grow(self, amount: int) -> None:
        """Start so many threads more, up to ``max`` in all."""
        with self._lock:
            for _ in range(int(min(amount, self.max - len(self._threads)))):
                self._started += 1
                worker = Worker(self, self._schedule, self._started)
                self._threads.append(worker)
                self._add_statistics(worker)
                worker.start()

    def grow_if_full(self) -> None:
        """Start one more thread, if there may be more than ``min``."""
        if not math.isinf(self.max) and self.server.ready:
            self.grow(1)

    def shrink(self, amount: int) -> None:
        """End so many threads, each after the connection that it serves, but leave ``min``."""
        with self._lock:
            leaving = min(amount, len(self._threads) - self.min)
            if leaving > 0:
                self._schedule.dismiss(leaving)
                self.server.traffic.poller.wake()

    def forget(self, worker: Worker) -> None:
        """Note that a thread ends."""
        with self._lock:
            if worker in self._threads:
                self._threads.remove(worker)

    def spare_seconds(self) -> float:
        """Return how long a thread rests until it asks whether it is needed; -1 for ever."""
        return _SPARE_SECONDS if len(self._threads) > self.min else -1

    def may_spare(self) -> bool:
        """Tell whether there are more threads than at the start."""
        return len(self._threads) > self.min

    def get(self) -> Connection | None:
        """Return a connection whose request waits; ``None`` without one."""
        with suppress(IndexError):
            return self._schedule.waiting.popleft()
        return None

    def put(self, connection: Connection) -> None:
        """Hand a connection to the threads; after the stop, close it.

        Raises:
            queue.Full: ``queue_size`` requests wait already.
        """
        if self.is_ending:
            connection.close()
            return
        if len(self._schedule.waiting) >= self._most_waiting:
            raise Full
        self._schedule.add(connection)
        self.server.traffic.poller.wake()

    def take_content_place(self, connection: Connection) -> bool:
        """Let a thread read content while the client sends it, unless too many do already.

        A quarter of the threads is left for other requests. The connection waits otherwise.
        """
        most = self.min if math.isinf(self.max) else int(self.max)
        with self._lock:
            if self._with_content >= max(1, most * 3 // 4):
                self._content_waiting.append(connection)
                return False
            self._with_content += 1
            return True

    def give_content_place(self) -> None:
        """Let the next one read content, as a thread has read it all."""
        with self._lock:
            self._with_content -= 1
            waiting = self._content_waiting.popleft() if self._content_waiting else None
        if waiting is not None:
            self._schedule.add(waiting)
            self.server.traffic.poller.wake()

    def wake_guard(self) -> None:
        """Let the guard look at once."""
        self._bell.ring()

    def guard(self, is_over: threading.Event) -> None:
        """See that somebody waits for clients, until it is over.

        Takes leadership from a thread that has been in one handler for long; waits for clients
        itself while all threads are in handlers.
        """
        quiet = 0
        while not is_over.is_set():
            if self._schedule.is_guarded:
                self._stand_in()
                continue
            self.is_dozing = quiet >= _QUIET_TICKS
            if self.is_active:  # meanwhile
                self.is_dozing = False
            self._bell.wait(-1 if self.is_dozing else _TICK)
            self.is_dozing = False
            busy = any(seat.is_busy for seat in list(self._schedule.leaders))
            quiet = 0 if self.is_active or busy else quiet + 1
            self.is_active = False
            if not self._schedule.look():
                self.grow_if_full()

    def _stand_in(self) -> None:
        """Wait for clients, and keep their requests until a thread is free."""
        if self._schedule.relieve_guard():
            return
        connection = self.server.traffic.take()
        if connection is None:
            return
        if self._schedule.relieve_guard():
            self.server.traffic.rounds.put_back(connection)
            return
        connection.worker = None
        try:
            if not connection.prepare():
                return
        except Exception as error:
            self.server.error_log(repr(error), level=ERROR, traceback=True)
            connection.close()
            return
        if len(self._schedule.waiting) >= self._most_waiting:
            self.server.traffic.refuse(connection)
        else:
            self._schedule.add(connection)

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
        self.is_ending = True
        self._schedule.dismiss(len(threads), is_over=True)
        self.server.traffic.poller.end()
        caller = threading.current_thread()
        if caller in threads:
            # not a daemon as the threads are: it keeps the process until it ends
            threading.Thread(
                target=caller.join, args=(timeout,), name=caller.name, daemon=False
            ).start()
        late = _join(threads, timeout)
        if late:
            self._give_up(late, timeout)
        while (connection := self.get()) is not None:
            connection.close()
        while self._content_waiting:
            self._content_waiting.popleft().close()

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
