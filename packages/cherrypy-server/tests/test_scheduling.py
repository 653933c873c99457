"""Which thread polls and which ones serve, simulated: no sockets, no threads, no sleeps."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cherrypy._server.scheduling import (
    SLOW_SECONDS,
    Deadlines,
    Durations,
    Role,
    Rounds,
    Schedule,
    Seat,
)

TICK = 0.003  # seconds between two looks of the guard
POLL = 0.0005  # how often threads that wait for clients look, in place of being woken
QUICK = 0.0001
SLEEP = 0.02


@dataclass
class Client:
    """A client that sends a request as soon as its last one is answered.

    Attributes:
        path: Of all of its requests.
        seconds: Time that the handler takes.
        requests: Those that it still sends.
    """

    path: bytes
    seconds: float
    requests: int
    sent_at: float = 0.0
    delays: list[float] = field(default_factory=list)
    deadline: float = float("inf")
    is_timed: bool = False


class World:
    """A server of some threads, with a clock that only moves when all of them wait.

    A thread is a generator that yields the time until it goes on; ``None`` waits for its bell.
    """

    def __init__(self, threads: int, clients: list[Client], *, leaders: int = 1) -> None:
        self.now = 0.0
        self.ready: deque[Client] = deque(clients)
        self.order: list[Client] = []
        self._clients = clients
        self.rounds: Rounds[Client] = Rounds(self, lambda: None)
        self.durations = Durations()
        self.schedule: Schedule[Client] = Schedule(leaders, lambda: None)
        self._rung: set[int] = set()
        self._threads: dict[int, tuple[Iterator[float | None], float | None]] = {}
        self._threads[-1] = (self._guard(), 0.0)
        for number in range(threads):
            seat: Seat[Client] = Seat(lambda number=number: self._rung.add(number))  # type: ignore[misc]  # a lambda with a default
            self._threads[number] = (self._worker(seat), 0.0)

    def poll(self, seconds: float | None) -> list[Client]:
        """Return what is ready, without waiting: the generators do that."""
        del seconds
        found = list(self.ready)
        self.ready.clear()
        return found

    def run(self, seconds: float) -> None:
        """Let time pass, until there is nothing to do any more."""
        while self.now < seconds and any(client.requests for client in self._clients):
            for number in list(self._threads):
                self._go_on(number)
            times = [time for _, time in self._threads.values() if time is not None]
            self.now = max(self.now, min(times))

    def _go_on(self, number: int) -> None:
        thread, time = self._threads[number]
        if time is None and number in self._rung:
            self._rung.discard(number)
        elif time is None or time > self.now:
            return
        wait = next(thread)
        self._threads[number] = (thread, None if wait is None else self.now + wait)

    def _worker(self, seat: Seat[Client]) -> Iterator[float | None]:
        while True:
            role = self.schedule.settle(seat)
            if role is Role.REST:
                yield None
            elif role is Role.SERVE:
                assert seat.item is not None
                yield from self._serve(seat, seat.item)
            else:
                while seat in self.schedule.leaders and not self.schedule.waiting:
                    client = self.rounds.take()
                    if client is None:
                        yield POLL
                    else:
                        yield from self._serve(seat, client)

    def _serve(self, seat: Seat[Client], client: Client) -> Iterator[float]:
        seat.is_busy = True
        seat.served += 1
        self.order.append(client)
        if self.durations.is_slow(client.path):
            self.schedule.hand_over(seat)
        yield client.seconds
        self.durations.note(client.path, client.seconds)
        client.delays.append(self.now - client.sent_at - client.seconds)
        client.requests -= 1
        client.sent_at = self.now
        seat.is_busy = False
        if client.requests:
            self.ready.append(client)

    def _guard(self) -> Iterator[float]:
        while True:
            if self.schedule.is_guarded and not self.schedule.relieve_guard():
                client = self.rounds.take()
                if client is not None:
                    self.schedule.add(client)
                yield POLL
            else:
                self.schedule.look()
                yield TICK


def test_a_leader_serves_quick_handlers_without_any_hand_over() -> None:
    clients = [Client(b"/quick", QUICK, 1000) for _ in range(10)]
    world = World(10, clients)
    world.run(0.5)
    assert len(world.schedule.leaders) == 1
    assert len(world.schedule.idle) == 9
    assert len(world.order) > 3000


def test_a_handler_that_blocks_delays_others_once() -> None:
    """By two looks of the guard; from then on it is known to be slow."""
    slow = Client(b"/slow", SLEEP, 100)
    quick = Client(b"/quick", QUICK, 100_000)
    World(4, [slow, quick]).run(0.3)
    assert max(quick.delays) <= 2 * TICK + POLL
    assert sum(delay > TICK for delay in quick.delays) == 1


def test_threads_sleep_at_the_same_time() -> None:
    """Ten handlers that sleep 20 ms on ten threads: nearly 250 requests in half a second."""
    clients = [Client(b"/slow", SLEEP, 1000) for _ in range(10)]
    world = World(10, clients)
    world.run(0.5)
    assert sum(len(client.delays) for client in clients) >= 210


def test_requests_wait_for_a_thread_in_order() -> None:
    """The guard reads them while all threads are busy; none waits longer than it must."""
    clients = [Client(b"/%d" % number, SLEEP, 1) for number in range(12)]
    world = World(3, clients)
    world.run(1.0)
    assert world.order == clients
    assert all(len(client.delays) == 1 for client in clients)
    assert not world.schedule.waiting


@pytest.mark.parametrize("leaders", [1, 2, 4])
@given(
    threads=st.integers(1, 6),
    kinds=st.lists(st.sampled_from([QUICK, SLOW_SECONDS, SLEEP]), min_size=1, max_size=12),
)
def test_every_request_is_answered(leaders: int, threads: int, kinds: list[float]) -> None:
    """Whatever handlers do, and also where several threads lead."""
    clients = [Client(b"/%d" % number, kind, 5) for number, kind in enumerate(kinds)]
    world = World(threads, clients, leaders=leaders)
    world.run(5 * (len(kinds) + 1) * (SLEEP + 2 * TICK))
    assert [client.requests for client in clients] == [0] * len(clients)
    assert len(world.schedule.leaders) <= leaders


@given(st.lists(st.lists(st.integers(0, 5), max_size=6, unique=True), max_size=8))
def test_each_ready_connection_gets_one_request_before_any_gets_a_second(
    polls: list[list[int]],
) -> None:
    """Whatever is ready at the same time is served in that order, each once."""

    class Scripted:
        def __init__(self) -> None:
            self.left = deque(polls)

        def poll(self, seconds: float | None) -> list[int]:
            del seconds
            return self.left.popleft() if self.left else []

    rounds: Rounds[int] = Rounds(Scripted(), lambda: None)
    for ready in polls:
        if not ready:
            assert rounds.take() is None
        assert [rounds.take() for _ in ready] == ready


def test_pipelined_requests_do_not_keep_others_waiting() -> None:
    class Always:
        def poll(self, seconds: float | None) -> list[str]:
            assert seconds == 0
            return ["other"]

    rounds: Rounds[str] = Rounds(Always(), lambda: None)
    rounds.add("pipelined")
    served = []
    for _ in range(10):
        item = rounds.take()
        assert item is not None
        served.append(item)
        if item == "pipelined":
            rounds.add(item)
    assert served == ["other", "pipelined"] * 5


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 50)), max_size=40))
def test_deadlines(changes: list[tuple[int, int]]) -> None:
    """The last time that was set for something counts, however often it was moved."""
    now = [0.0]
    deadlines: Deadlines[Client] = Deadlines(lambda: now[0])
    clients = [Client(b"/", 0, 0) for _ in range(4)]
    expected = {}
    for number, time in changes:
        deadlines.set(clients[number], time)
        expected[number] = time
    found: dict[int, int] = {}
    for moment in range(52):
        now[0] = moment
        for client in deadlines.take_due():
            found[next(n for n in range(4) if clients[n] is client)] = moment
    assert found == expected
    assert deadlines.seconds_left() is None


def test_what_was_slow_once_may_become_quick_again() -> None:
    durations = Durations()
    assert not durations.is_slow(b"/a")
    durations.note(b"/a", 0.5)
    assert durations.is_slow(b"/a")
    assert durations.is_slow(b"/sibling")
    for _ in range(12):
        durations.note(b"/a", QUICK)
    assert not durations.is_slow(b"/a")


def test_the_averages_are_bounded() -> None:
    durations = Durations()
    for number in range(10_000):
        durations.note(b"/%d/x" % number, QUICK)
    assert len(vars(durations)["_averages"]) <= 1100


def test_threads_that_are_dismissed_end() -> None:
    woken: list[int] = []
    schedule: Schedule[int] = Schedule(1, lambda: None)
    seats: list[Seat[int]] = [Seat(lambda: woken.append(0)) for _ in range(3)]
    assert [schedule.settle(seat) for seat in seats] == [Role.LEAD, Role.REST, Role.REST]
    schedule.dismiss(1)
    assert woken == [0]
    assert schedule.settle(seats[1]) is Role.LEAVE
    assert schedule.settle(seats[0]) is Role.LEAD
    assert schedule.withdraw(seats[2])
    assert not schedule.withdraw(seats[2])
