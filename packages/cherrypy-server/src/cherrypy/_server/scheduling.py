"""Which thread polls, which ones serve, and what comes next: decisions, without any I/O.

One thread, the *leader*, waits for clients and also answers them. Before a handler that is known to
be slow it hands leadership over to an idle thread, a *follower*. A *guard* looks every few
milliseconds, and takes leadership away from a leader that has been in one handler for longer. If
every thread is in a handler, the guard itself waits for clients, and keeps what they ask for until
a thread is free.

Nothing here knows sockets, threads or the time, so that a simulation can try it.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum
from itertools import count
from threading import Lock
from typing import Generic, Protocol, TypeVar

SLOW_SECONDS = 0.002
"""Average duration from which on a handler is slow: leadership is handed over before it."""

_MOST_SECONDS = 0.02  # one request counts as no more than that
_WEIGHT = 0.25  # of the last request in an average
_MOST_PATHS = 1024

Item = TypeVar("Item")
Reported_co = TypeVar("Reported_co", covariant=True)
Timed = TypeVar("Timed", bound="HasDeadline")


class Role(Enum):
    """What a thread does next."""

    LEAD = "wait for clients, and answer them"
    SERVE = "answer the request in ``Seat.item``"
    REST = "wait until it is woken"
    LEAVE = "end"


class Seat(Generic[Item]):
    """One thread, as far as the schedule knows it.

    Attributes:
        item: The connection that it is to serve next, or serves; ``None`` without one.
        is_busy: Whether it is serving.
        served: How many connections it began to serve.
    """

    def __init__(self, wake: Callable[[], object]) -> None:
        self.wake = wake
        self.item: Item | None = None
        self.is_busy = False
        self.served = 0


class Schedule(Generic[Item]):
    """The roles of all threads of one server.

    Args:
        most_leaders: Threads that may lead at the same time: one where there is an interpreter
            lock.
        wake_guard: Called when the guard is to look at once.

    Attributes:
        leaders: Seats of the threads that lead.
        idle: Seats of the threads that rest; the last one is woken first.
        waiting: Connections whose requests wait for a thread.
        is_guarded: The guard waits for clients, as all threads are in handlers.
    """

    def __init__(self, most_leaders: int, wake_guard: Callable[[], object]) -> None:
        self._lock = Lock()
        self._most_leaders = most_leaders
        self._wake_guard = wake_guard
        self._leaving = 0  # threads that are to end
        self._is_over = False
        self._seen: dict[Seat[Item], int] = {}
        self.leaders: set[Seat[Item]] = set()
        self.idle: list[Seat[Item]] = []
        self.waiting: deque[Item] = deque()
        self.is_guarded = False

    def settle(self, seat: Seat[Item]) -> Role:
        """Tell a thread that has nothing to do what it does next."""
        with self._lock:
            if self._leaving and (self._is_over or seat not in self.leaders):
                self._leaving -= 1
                self.leaders.discard(seat)
                return Role.LEAVE
            if self.waiting:  # a leader goes on leading
                seat.item = self.waiting.popleft()
                return Role.SERVE
            if seat in self.leaders:
                return Role.LEAD
            if len(self.leaders) + self.is_guarded < self._most_leaders:
                self.leaders.add(seat)
                return Role.LEAD
            self.idle.append(seat)
            return Role.REST

    def hand_over(self, seat: Seat[Item]) -> bool:
        """Let a leader serve something that takes long, or waits.

        Returns:
            Whether another thread leads now; if not, the guard does.
        """
        with self._lock:
            if seat not in self.leaders:
                return True
            return self._replace(seat)

    def look(self) -> bool:
        """Take leadership from leaders that have been in one handler since the last look.

        Returns:
            Whether another thread leads now, or none had to; if not, the guard does.
        """
        with self._lock:
            seen, self._seen = self._seen, {}
            is_led = True
            for seat in list(self.leaders):
                if not seat.is_busy:
                    continue
                if seen.get(seat) == seat.served:
                    is_led = self._replace(seat) and is_led
                else:
                    self._seen[seat] = seat.served
            return is_led

    def relieve_guard(self) -> bool:
        """Let an idle thread lead in place of the guard; False if there is none."""
        with self._lock:
            if not self.idle:
                return False
            self.is_guarded = False
            self._promote(self.idle.pop())
            return True

    def add(self, item: Item) -> None:
        """Let the next free thread serve a connection."""
        with self._lock:
            self.waiting.append(item)
            if self.idle:
                self.idle.pop().wake()

    def withdraw(self, seat: Seat[Item]) -> bool:
        """Let an idle thread end; False if it has been woken meanwhile."""
        with self._lock:
            if seat not in self.idle:
                return False
            self.idle.remove(seat)
            return True

    def dismiss(self, amount: int, *, is_over: bool = False) -> None:
        """Let so many threads end, each after what it does; leaders only when all is over."""
        with self._lock:
            self._leaving += amount
            self._is_over = is_over
            for seat in self.idle[:amount]:
                self.idle.remove(seat)
                seat.wake()

    def _replace(self, seat: Seat[Item]) -> bool:
        self.leaders.discard(seat)
        if self.idle:
            self._promote(self.idle.pop())
            return True
        if not self.leaders:
            self.is_guarded = True
            self._wake_guard()
            return False
        return True

    def _promote(self, seat: Seat[Item]) -> None:
        self.leaders.add(seat)
        seat.wake()


class Poller(Protocol[Reported_co]):
    """What waits for clients."""

    def poll(self, seconds: float | None) -> Iterable[Reported_co]:
        """Return what is ready, after so many seconds at most; ``None`` for any time."""


class HasDeadline(Protocol):
    """Something that has to happen in time.

    Attributes:
        deadline: When; infinity for never.
        is_timed: Whether there is an entry for it in :class:`Deadlines`.
    """

    deadline: float
    is_timed: bool


class Deadlines(Generic[Timed]):
    """When which connection has to be looked at, although its client does nothing.

    A deadline that moves to a later time leaves its entry where it is, so it costs nothing.

    Args:
        clock: Returns the time in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Timed]] = []
        self._numbers = count()
        self._lock = Lock()

    def set(self, item: Timed, deadline: float) -> bool:
        """Set the time at which something is due.

        Returns:
            Whether that is the next of all times now.
        """
        is_later = item.is_timed and deadline >= item.deadline
        item.deadline = deadline
        if is_later:
            return False
        item.is_timed = True
        with self._lock:
            number = next(self._numbers)
            heapq.heappush(self._heap, (deadline, number, item))
            return self._heap[0][1] == number

    def seconds_left(self) -> float | None:
        """Return the time until the next entry; ``None`` if there is none."""
        with self._lock:
            return max(0.0, self._heap[0][0] - self._clock()) if self._heap else None

    def take_due(self) -> list[Timed]:
        """Return everything whose time has come."""
        due: list[Timed] = []
        now = self._clock()
        with self._lock:
            while self._heap and self._heap[0][0] <= now:
                item = heapq.heappop(self._heap)[2]
                if item.deadline <= now:
                    item.is_timed = False
                    item.deadline = float("inf")
                    due.append(item)
                elif item.deadline < float("inf"):
                    heapq.heappush(self._heap, (item.deadline, next(self._numbers), item))
                else:
                    item.is_timed = False
        return due


class Rounds(Generic[Item]):
    """The order in which connections are served: one request for each before any gets a second.

    Args:
        poller: Tells which clients have sent something, or take more.
        seconds_left: Returns how long the poller may wait; ``None`` for any time.
    """

    def __init__(self, poller: Poller[Item], seconds_left: Callable[[], float | None]) -> None:
        self._poller = poller
        self._seconds_left = seconds_left
        self._round: deque[Item] = deque()
        self._next: deque[Item] = deque()

    def add(self, item: Item) -> None:
        """Serve a connection again, in the next round: its next request is there already."""
        self._next.append(item)

    def put_back(self, item: Item) -> None:
        """Serve a connection next, in this round."""
        self._round.appendleft(item)

    def take(self) -> Item | None:
        """Return the next connection; ``None`` if the time was over, or all was taken by others."""
        try:
            return self._round.popleft()
        except IndexError:
            pass
        ready = self._poller.poll(0 if self._next else self._seconds_left())
        self._round.extend(ready)
        for _ in range(len(self._next)):
            try:
                self._round.append(self._next.popleft())
            except IndexError:  # another leader was first
                break
        try:
            return self._round.popleft()
        except IndexError:
            return None


class Durations:
    """How long the handlers of paths took lately, and so which ones will take long.

    A path that nobody has asked for yet is taken to be as quick as its siblings.
    """

    def __init__(self) -> None:
        self._averages: dict[bytes, float] = {}

    def is_slow(self, path: bytes) -> bool:
        """Tell whether a handler takes so long that others should not wait for it."""
        average = self._averages.get(path)
        if average is None:
            average = self._averages.get(_folder(path), 0.0)
        return average > SLOW_SECONDS

    def note(self, path: bytes, seconds: float) -> None:
        """Note how long a handler took."""
        averages = self._averages
        seconds = min(seconds, _MOST_SECONDS)
        known = averages.get(path)
        if known is not None:
            averages[path] = known + _WEIGHT * (seconds - known)
            return
        if len(averages) > _MOST_PATHS:
            averages.clear()
        averages[path] = seconds
        folder = _folder(path)
        siblings = averages.get(folder)
        averages[folder] = (
            seconds if siblings is None else siblings + _WEIGHT * (seconds - siblings)
        )


def _folder(path: bytes) -> bytes:
    return path[: path.rfind(b"/") + 1] + b"*"
