"""Channels, and the states that the methods of a bus bring it to."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from budget import count_calls
from cherrypy.process import wspbus
from cherrypy.process.wspbus import Bus, ChannelFailures, states

if TYPE_CHECKING:
    from collections.abc import Callable

    from process.conftest import EndedError, RecordingBus

pytestmark = pytest.mark.timeout(30)


def returning(name: str, priority: float | None = None) -> Callable[[], str]:
    def listener() -> str:
        return name

    if priority is not None:
        listener.__dict__["priority"] = priority
    return listener


def raising(error: BaseException) -> Callable[..., None]:
    def listener(*_args: object) -> None:
        raise error

    return listener


# Channels


@pytest.mark.parametrize(
    ("subscriptions", "order"),
    [
        ([], []),
        ([("a", None, None)], ["a"]),
        ([("a", None, 60), ("b", None, 40)], ["b", "a"]),
        ([("a", None, None), ("b", None, 49.5), ("c", None, 50)], ["b", "a", "c"]),  # default: 50
        ([("a", 10, None), ("b", 20, 5)], ["b", "a"]),  # the argument wins over the attribute
        ([("c", None, 50), ("b", None, 50), ("a", None, 50)], ["c", "b", "a"]),  # as subscribed
        ([("a", 10, 0), ("b", None, 0), ("c", None, -1)], ["c", "a", "b"]),  # 0 is a priority
    ],
)
def test_listeners_run_by_priority_then_by_subscription(
    bus: RecordingBus, subscriptions: list[tuple[str, float | None, float | None]], order: list[str]
) -> None:
    for name, own, given in subscriptions:
        bus.subscribe("x", returning(name, own), given)
    assert bus.publish("x") == order


def test_a_channel_that_nobody_made_has_no_listeners(bus: RecordingBus) -> None:
    assert bus.publish("unheard of", 1, two=2) == []


def test_arguments_reach_every_listener(bus: RecordingBus) -> None:
    calls: list[Any] = []
    bus.subscribe("x", lambda *args, **kwargs: calls.append((args, kwargs)))
    bus.publish("x", 1, two=2)
    assert calls == [((1,), {"two": 2})]


def test_subscribing_again_changes_the_priority(bus: RecordingBus) -> None:
    first, second = returning("first"), returning("second")
    bus.subscribe("x", first, 10)
    bus.subscribe("x", second, 20)
    bus.subscribe("x", first, 30)
    assert bus.publish("x") == ["second", "first"]


def test_subscribe_is_a_decorator_without_a_callback(bus: RecordingBus) -> None:
    @bus.subscribe("x", priority=70)
    def late() -> str:
        return "late"

    @bus.subscribe("x")
    def middle() -> str:
        return "middle"

    assert bus.publish("x") == ["middle", "late"]
    assert (late(), middle()) == ("late", "middle")


def test_unsubscribe(bus: RecordingBus) -> None:
    listener = bus.subscribe("x", returning("a"), 1)
    bus.unsubscribe("x", listener)
    assert bus.publish("x") == []
    bus.unsubscribe("x", listener)
    bus.unsubscribe("unheard of", listener)
    assert "unheard of" not in bus.listeners
    bus.subscribe("x", returning("b"), 50)
    bus.subscribe("x", listener)  # its old priority is forgotten
    assert bus.publish("x") == ["b", "a"]


def test_applications_touch_the_sets_of_listeners(bus: RecordingBus) -> None:
    bus.listeners.setdefault("x", set()).add(returning("set", 40))
    bus.listeners["x"].add(returning("middle"))
    bus.subscribe("x", returning("subscribed"))
    bus.subscribe("x", returning("first"), 1)
    assert bus.publish("x") == ["first", "set", "subscribed", "middle"]


def test_channels_of_a_new_bus() -> None:
    expected: dict[str, set[object]] = {
        name: set() for name in ("start", "stop", "exit", "graceful", "log", "main")
    }
    assert Bus().listeners == expected


def test_publishing_to_nobody_costs_one_lookup(bus: RecordingBus) -> None:
    """Every request does it, several times."""
    bus.listeners["before_request"] = set()
    calls = count_calls(lambda: bus.publish("before_request"))
    assert (calls.python, calls.c) == (1, 1)


# Failures


def test_a_failing_listener_stops_no_other(bus: RecordingBus) -> None:
    errors = [ValueError("one"), KeyError("two")]
    ran = []
    bus.subscribe("x", raising(errors[0]), 1)
    bus.subscribe("x", lambda: ran.append(True), 2)
    bus.subscribe("x", raising(errors[1]), 3)
    with pytest.raises(ChannelFailures) as caught:
        bus.publish("x")
    assert ran == [True]
    assert caught.value.get_instances() == errors
    assert str(caught.value) == repr(caught.value) == "ValueError('one')\nKeyError('two')"
    assert bool(caught.value) is True
    assert len(bus.logged) == 2
    assert bus.logged[0].startswith("40 Error in 'x' listener <function raising.<locals>.listener")
    assert bus.logged[0].endswith("ValueError: one\n")


def test_failures_without_a_failure() -> None:
    failures = ChannelFailures("text")
    failures.handle_exception()  # outside an except clause there is nothing to add
    assert not failures
    assert failures.get_instances() == []
    assert str(failures) == ""


def test_the_list_of_failures_is_a_copy() -> None:
    failures = ChannelFailures()
    failures.get_instances().append(ValueError())
    assert not failures


def test_keyboard_interrupt_passes_at_once(bus: RecordingBus) -> None:
    ran = []
    bus.subscribe("x", raising(KeyboardInterrupt()), 1)
    bus.subscribe("x", lambda: ran.append(True), 2)
    with pytest.raises(KeyboardInterrupt):
        bus.publish("x")
    assert (ran, bus.logged) == ([], [])


@pytest.mark.parametrize(
    ("code", "failed_before", "status"),
    [
        (None, False, None),
        (0, False, 0),
        (3, False, 3),
        (None, True, 1),  # no success when something failed
        (0, True, 1),
        (3, True, 3),
        ("text", True, "text"),
    ],
)
def test_system_exit_passes_at_once(
    bus: RecordingBus, code: int | str | None, *, failed_before: bool, status: int | str | None
) -> None:
    ran = []
    if failed_before:
        bus.subscribe("x", raising(ValueError()), 1)
    bus.subscribe("x", raising(SystemExit(code)), 2)
    bus.subscribe("x", lambda: ran.append(True), 3)
    with pytest.raises(SystemExit) as caught:
        bus.publish("x")
    assert caught.value.code == status
    assert ran == []


# The log


def test_log_publishes_text_and_level(bus: RecordingBus) -> None:
    bus.log("text")
    bus.log("careful", 30)
    bus.log()
    assert bus.logged == ["20 text", "30 careful", "20 "]


def test_log_adds_the_traceback_of_what_is_being_handled(bus: RecordingBus) -> None:
    try:
        raise ValueError("reason")  # noqa: TRY301  the traceback is what is tested
    except ValueError:
        bus.log("text", 40, traceback=True)
    assert bus.logged[0].startswith("40 text\nTraceback (most recent call last):\n")
    assert bus.logged[0].endswith("ValueError: reason\n")


def test_log_without_an_exception_adds_nothing(bus: RecordingBus) -> None:
    bus.log("text", traceback=True)
    assert bus.logged == ["20 text"]


def test_a_failing_log_listener_stops_nothing(
    bus: RecordingBus, capsys: pytest.CaptureFixture[str]
) -> None:
    bus.subscribe("log", raising(OSError("disk full")))
    bus.start()
    assert bus.state is states.STARTED
    assert "OSError: disk full" in capsys.readouterr().err
    bus.listeners["log"].clear()


# States


def test_states_are_named_as_in_code() -> None:
    names = ["STOPPED", "STARTING", "STARTED", "STOPPING", "EXITING"]
    for name in names:
        state = getattr(states, name)
        assert (str(state), repr(state), state.name) == (f"states.{name}", f"states.{name}", name)
    assert Bus.states is states
    assert wspbus.bus.state is states.STOPPED


@pytest.mark.parametrize(
    ("calls", "expected", "state"),
    [
        (["start"], ["Bus STARTING", "start in STARTING", "Bus STARTED"], "STARTED"),
        (["stop"], ["Bus STOPPING", "stop in STOPPING", "Bus STOPPED"], "STOPPED"),
        (["graceful"], ["Bus graceful", "graceful in STOPPED"], "STOPPED"),
        (
            ["start", "graceful"],
            [
                *("Bus STARTING", "start in STARTING", "Bus STARTED"),
                *("Bus graceful", "graceful in STARTED"),
            ],
            "STARTED",
        ),
        (
            ["exit"],
            [
                *("Bus STOPPING", "stop in STOPPING", "Bus STOPPED"),
                *("Bus EXITING", "exit in EXITING", "Bus EXITED"),
            ],
            "EXITING",
        ),
        (
            ["restart"],
            [
                *("Bus STOPPING", "stop in STOPPING", "Bus STOPPED"),
                *("Bus EXITING", "exit in EXITING", "Bus EXITED"),
            ],
            "EXITING",
        ),
    ],
)
def test_what_a_method_publishes(
    bus: RecordingBus, calls: list[str], expected: list[str], state: str
) -> None:
    seen: list[str] = []
    bus.subscribe("log", lambda msg, _level: seen.append(msg))
    for channel in ("start", "stop", "exit", "graceful"):
        bus.subscribe(channel, lambda name=channel: seen.append(f"{name} in {bus.state.name}"))
    for call in calls:
        getattr(bus, call)()
    assert seen == expected
    assert bus.state.name == state
    assert bus.execv is ("restart" in calls)


def test_a_failing_start_listener_ends_the_process(
    bus: RecordingBus, ending: type[EndedError]
) -> None:
    ran = []
    bus.subscribe("start", raising(ValueError("no port")))
    bus.subscribe("stop", lambda: ran.append("stop"))
    bus.subscribe("exit", lambda: ran.append("exit"))
    with pytest.raises(ending) as caught:
        bus.start()
    assert caught.value.status == 70
    assert ran == ["stop", "exit"]
    assert "40 Shutting down due to error in start listener:" in bus.logged_text()


def test_a_start_that_fails_in_a_thread_leaves_the_process_alone(bus: RecordingBus) -> None:
    """It may be a program that has more to do than to run this bus."""
    ran: list[object] = []
    bus.subscribe("start", raising(ValueError("no port")))
    bus.subscribe("stop", raising(ValueError("half started")))
    bus.subscribe("exit", lambda: ran.append("exit"))

    def start() -> None:
        with pytest.raises(ChannelFailures) as caught:
            bus.start()
        ran.append(str(caught.value))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert ran == ["exit", "ValueError('no port')"]
    assert bus.state is states.EXITING


def test_a_start_in_a_thread_that_another_thread_gives_up_leaves_the_process_alone(
    bus: RecordingBus,
) -> None:
    """As the thread of an HTTP server does when it cannot listen."""
    caught: list[object] = []

    def give_up() -> None:
        thread = threading.Thread(target=bus.exit)
        thread.start()
        thread.join()
        raise ValueError("no port")

    bus.subscribe("start", give_up)

    def start() -> None:
        with pytest.raises(ChannelFailures) as failures:
            bus.start()
        caught.append(failures.value)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert (len(caught), bus.logged_text().count("Bus EXITED")) == (1, 1)


def test_ctrl_c_while_starting_ends_the_process(
    bus: RecordingBus, ending: type[EndedError]
) -> None:
    """Else what has been started would keep the process from ending."""
    bus.subscribe("start", raising(KeyboardInterrupt()))
    with pytest.raises(ending) as ended:
        bus.start()
    assert ended.value.status == 70
    assert "Keyboard Interrupt: shutting down bus" in bus.logged_text()
    assert "Bus EXITED" in bus.logged_text()


def test_exit_while_starting_ends_the_process(bus: RecordingBus, ending: type[EndedError]) -> None:
    """Nobody could tell how far the site has come."""
    bus.subscribe("start", bus.exit)
    with pytest.raises(ending) as caught:
        bus.start()
    assert caught.value.status == 70


@pytest.mark.parametrize("channel", ["stop", "exit"])
def test_a_failure_at_the_end_ends_the_process(
    bus: RecordingBus, ending: type[EndedError], channel: str
) -> None:
    ran = []
    bus.start()
    bus.subscribe(channel, raising(ValueError()), 1)
    bus.subscribe("exit", lambda: ran.append("exit"))  # a PID file is removed all the same
    with pytest.raises(ending) as caught:
        bus.exit()
    assert caught.value.status == 70
    assert ran == ["exit"]


def test_a_failing_stop_listener_leaves_the_state(bus: RecordingBus) -> None:
    bus.start()
    bus.subscribe("stop", raising(ValueError()))
    with pytest.raises(ChannelFailures):
        bus.stop()
    assert bus.state is states.STOPPING


def test_exit_from_two_threads_is_done_once(bus: RecordingBus) -> None:
    entered, go_on = threading.Event(), threading.Event()
    ran = []

    @bus.subscribe("stop")
    def stop() -> None:
        ran.append("stop")
        entered.set()
        go_on.wait()

    bus.start()
    thread = threading.Thread(target=bus.exit)
    thread.start()
    entered.wait()
    bus.exit()  # returns: someone is at it
    assert bus.state.name == "STOPPING"
    go_on.set()
    thread.join()
    assert ran == ["stop"]
    assert bus.state.name == "EXITING"


def test_a_listener_of_exit_may_call_exit(bus: RecordingBus) -> None:
    bus.subscribe("exit", bus.exit)
    bus.exit()
    assert bus.state is states.EXITING


def test_a_bus_can_start_again(bus: RecordingBus) -> None:
    bus.start()
    bus.exit()
    bus.start()
    assert bus.state is states.STARTED


# Waiting


def test_wait_returns_when_the_state_has_come(bus: RecordingBus) -> None:
    waiter = threading.Thread(target=bus.wait, args=(states.STARTED,))
    waiter.start()
    bus.start()
    waiter.join()
    bus.wait(states.STARTED)
    bus.wait([states.STOPPED, states.STARTED])


def test_wait_ends_with_any_of_several_states(bus: RecordingBus) -> None:
    waiter = threading.Thread(target=bus.wait, args=([states.STARTED, states.EXITING],))
    waiter.start()
    bus.exit()
    waiter.join()


def test_many_threads_wait(bus: RecordingBus) -> None:
    waiters = [threading.Thread(target=bus.wait, args=(states.EXITING,)) for _ in range(20)]
    for waiter in waiters:
        waiter.start()
    bus.start()
    bus.exit()
    for waiter in waiters:
        waiter.join()


def test_wait_publishes_in_the_meantime(bus: RecordingBus) -> None:
    calls = []

    @bus.subscribe("tick")
    def tick() -> None:
        calls.append(True)
        if len(calls) == 3:
            bus.state = states.STARTED

    bus.wait(states.STARTED, interval=0.001, channel="tick")
    assert len(calls) == 3


def test_a_listener_that_comes_during_the_wait_is_called(bus: RecordingBus) -> None:
    def tick() -> None:
        bus.state = states.STARTED

    waiter = threading.Thread(target=bus.wait, args=(states.STARTED, 0.001, "tick"))
    waiter.start()
    bus.subscribe("tick", tick)
    waiter.join()


def test_a_failing_listener_ends_the_wait(bus: RecordingBus) -> None:
    bus.subscribe("tick", raising(ValueError("seen")))
    with pytest.raises(ChannelFailures, match="seen"):
        bus.wait(states.STARTED, interval=0.001, channel="tick")


def test_start_with_callback(bus: RecordingBus) -> None:
    calls: list[Any] = []

    def callback(*args: object, **kwargs: object) -> None:
        calls.append((bus.state, args, kwargs, threading.current_thread()))

    thread = bus.start_with_callback(callback, (1,), {"two": 2})
    thread.join()
    assert calls == [(states.STARTED, (1,), {"two": 2}, thread)]
    assert thread.name.startswith("Bus Callback ")


def test_the_callback_is_not_called_when_the_start_fails(
    bus: RecordingBus, ending: type[EndedError]
) -> None:
    calls: list[Any] = []
    bus.subscribe("start", raising(ValueError()))
    with pytest.raises(ending):
        bus.start_with_callback(calls.append, (1,))
    for thread in threading.enumerate():
        if thread.name.startswith("Bus Callback "):
            thread.join()
    assert calls == []


def test_block_returns_at_once_after_exit(bus: RecordingBus) -> None:
    bus.start()
    bus.exit()
    bus.block()


def test_subscribing_from_many_threads(bus: RecordingBus) -> None:
    """Publishing goes on meanwhile, and no listener is lost."""

    def subscribe(worker: int) -> None:
        for number in range(200):
            bus.subscribe("x", returning(f"{worker} {number}"))

    workers = [threading.Thread(target=subscribe, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    while any(worker.is_alive() for worker in workers):
        bus.publish("x")
    assert len(bus.publish("x")) == 800
