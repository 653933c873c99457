"""Plugins: what they subscribe, and what they do in this process."""

from __future__ import annotations

import os
import queue
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest

from cherrypy.process.plugins import (
    BackgroundTask,
    Monitor,
    PerpetualTimer,
    SignalHandler,
    SimplePlugin,
    ThreadManager,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from process.conftest import RecordingBus

pytestmark = pytest.mark.timeout(30)


# Plugins of one's own


class Part(SimplePlugin):
    """A plugin with two methods that are channels."""

    def __init__(self, bus: RecordingBus) -> None:
        super().__init__(bus)
        self.calls: list[str] = []

    def start(self) -> None:
        """Listen to a channel that every bus has."""
        self.calls.append("start")

    start.priority = 3  # type: ignore[attr-defined]

    def own(self) -> None:
        """Listen to a channel of the application."""
        self.calls.append("own")


def test_methods_listen_to_the_channels_of_their_names(bus: RecordingBus) -> None:
    part = Part(bus)
    bus.listeners["own"] = set()
    bus.subscribe("start", lambda: part.calls.append("between"), 4)
    bus.subscribe("start", lambda: part.calls.append("before"), 2)
    part.subscribe()
    bus.start()
    bus.publish("own")
    assert part.calls == ["before", "start", "between", "own"]
    part.unsubscribe()
    bus.publish("own")
    assert part.calls[-1] == "own"
    assert bus.listeners["own"] == set()


def test_a_channel_that_is_unknown_when_subscribing_is_not_listened_to(bus: RecordingBus) -> None:
    Part(bus).subscribe()
    assert "own" not in bus.listeners


# Repeated calls


def repeat(
    kind: type[BackgroundTask | PerpetualTimer],
    function: Callable[..., object],
    **more: Any,
) -> BackgroundTask | PerpetualTimer:
    task = kind(0.001, function, **more)
    task.daemon = True
    task.start()
    return task


KINDS = pytest.mark.parametrize("kind", [BackgroundTask, PerpetualTimer])


@KINDS
def test_a_function_is_called_again_and_again(
    kind: type[BackgroundTask | PerpetualTimer],
) -> None:
    calls: queue.SimpleQueue[Any] = queue.SimpleQueue()
    task = repeat(
        kind, lambda *args, **kwargs: calls.put((args, kwargs)), args=[1], kwargs={"two": 2}
    )
    assert [calls.get() for _ in range(3)] == [((1,), {"two": 2})] * 3
    task.cancel()
    task.join()


@KINDS
def test_a_failure_is_logged_and_the_next_call_comes(
    bus: RecordingBus, kind: type[BackgroundTask | PerpetualTimer]
) -> None:
    calls: queue.SimpleQueue[int] = queue.SimpleQueue()

    def fail() -> None:
        calls.put(1)
        raise ValueError("seen")

    task = repeat(kind, fail, bus=bus)
    assert [calls.get() for _ in range(3)] == [1, 1, 1]
    task.cancel()
    task.join()
    assert bus.logged[0].startswith("40 Error in ")
    assert bus.logged[0].endswith("ValueError: seen\n")


@KINDS
def test_a_failure_without_a_bus_ends_the_thread(
    kind: type[BackgroundTask | PerpetualTimer], monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = []
    monkeypatch.setattr(threading, "excepthook", lambda info: errors.append(info.exc_type))
    repeat(kind, lambda: 1 / 0).join()
    assert errors == [ZeroDivisionError]


@KINDS
def test_cancelling_does_not_wait_for_the_interval(
    kind: type[BackgroundTask | PerpetualTimer],
) -> None:
    task = kind(3600, print)
    task.start()
    task.cancel()
    task.join()


def test_a_background_task_is_no_reason_to_stay() -> None:
    task = BackgroundTask(1, print)
    assert (task.daemon, task.running) == (True, False)


def test_a_monitor_calls_while_the_bus_is_started(bus: RecordingBus) -> None:
    calls: queue.SimpleQueue[str] = queue.SimpleQueue()
    monitor = Monitor(bus, lambda: calls.put(threading.current_thread().name), 0.001, "mine")
    monitor.subscribe()
    bus.start()
    assert calls.get() == "mine"
    thread = monitor.thread
    assert thread is not None
    bus.stop()
    thread.join()
    assert monitor.thread is None
    assert "20 Started monitor thread 'mine'." in bus.logged
    assert "20 Stopped thread 'mine'." in bus.logged


def test_a_monitor_starts_once(bus: RecordingBus) -> None:
    monitor = Monitor(bus, lambda: None)
    monitor.start()
    thread = monitor.thread
    monitor.start()
    assert monitor.thread is thread
    assert bus.logged[-1] == "20 Monitor thread 'Monitor' already started."
    monitor.stop()
    monitor.stop()
    assert bus.logged[-1] == "20 No thread running for Monitor."


def test_graceful_takes_what_has_changed(bus: RecordingBus) -> None:
    first: queue.SimpleQueue[None] = queue.SimpleQueue()
    second: queue.SimpleQueue[None] = queue.SimpleQueue()
    monitor = Monitor(bus, lambda: first.put(None), 0.001)
    monitor.subscribe()
    bus.start()
    first.get()
    monitor.callback = lambda: second.put(None)
    bus.graceful()
    second.get()
    bus.exit()


@pytest.mark.parametrize("frequency", [0, -1])
def test_no_frequency_no_thread(bus: RecordingBus, frequency: int) -> None:
    monitor = Monitor(bus, print, frequency)
    monitor.start()
    assert monitor.thread is None


def test_a_callback_may_stop_its_monitor(bus: RecordingBus) -> None:
    monitor = Monitor(bus, lambda: monitor.stop(), 0.001)  # noqa: PLW0108  it is not made yet
    monitor.start()
    thread = monitor.thread
    if thread is not None:
        thread.join()
    assert monitor.thread is None


# Threads that serve requests


class Events:
    """What a bus published about threads."""

    def __init__(self, bus: RecordingBus) -> None:
        self.seen: list[tuple[str, int]] = []
        for channel in ("start_thread", "stop_thread"):
            bus.subscribe(channel, lambda number, name=channel: self.seen.append((name, number)))


def in_thread(function: Callable[[], object]) -> None:
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


def test_a_thread_is_announced_once(bus: RecordingBus) -> None:
    manager = ThreadManager(bus)
    manager.subscribe()
    events = Events(bus)
    bus.publish("acquire_thread")
    bus.publish("acquire_thread")
    assert manager.threads == {threading.get_ident(): 1}
    bus.publish("release_thread")
    bus.publish("release_thread")
    assert manager.threads == {}
    assert events.seen == [("start_thread", 1), ("stop_thread", 1)]


@pytest.mark.parametrize("channel", ["stop", "graceful"])
def test_all_threads_end_with_the_bus(bus: RecordingBus, channel: str) -> None:
    manager = ThreadManager(bus)
    manager.subscribe()
    events = Events(bus)
    manager.threads = {1001: 1, 1002: 2}
    bus.publish(channel)
    assert events.seen == [("stop_thread", 1), ("stop_thread", 2)]
    assert manager.threads == {}


def test_no_two_threads_have_the_same_number(bus: RecordingBus) -> None:
    """A number that is free again is given again, and only then."""
    manager = ThreadManager(bus)
    manager.subscribe()
    events = Events(bus)
    bus.publish("acquire_thread")
    in_thread(lambda: bus.publish("acquire_thread"))
    bus.publish("release_thread")
    bus.publish("acquire_thread")
    assert events.seen == [
        *(("start_thread", 1), ("start_thread", 2)),
        *(("stop_thread", 1), ("start_thread", 1)),
    ]


def test_threads_that_come_together(bus: RecordingBus) -> None:
    manager = ThreadManager(bus)
    manager.subscribe()
    events = Events(bus)
    together = threading.Barrier(20)

    def serve() -> None:
        together.wait()
        bus.publish("acquire_thread")
        together.wait()

    workers = [threading.Thread(target=serve) for _ in range(20)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(number for _, number in events.seen) == list(range(1, 21))
    assert sorted(manager.threads.values()) == list(range(1, 21))


def test_the_channels_exist(bus: RecordingBus) -> None:
    ThreadManager(bus)
    names = {"acquire_thread", "start_thread", "release_thread", "stop_thread"}
    assert names <= set(bus.listeners)


# Signals; what a signal does to a process is tested with processes of their own


def test_default_handlers(bus: RecordingBus) -> None:
    handler = SignalHandler(bus)
    assert handler.handlers == {
        "SIGTERM": bus.exit,
        "SIGHUP": handler.handle_SIGHUP,
        "SIGUSR1": bus.graceful,
    }
    assert SignalHandler.signals[signal.SIGTERM] == "SIGTERM"


@pytest.mark.parametrize("name", ["SIGUSR2", signal.SIGUSR2])
def test_a_signal_is_published_on_the_channel_of_its_name(
    bus: RecordingBus, name: str | int
) -> None:
    calls = []
    handler = SignalHandler(bus)
    before = signal.getsignal(signal.SIGUSR2)
    handler.set_handler(name, lambda: calls.append("listener"))
    bus.subscribe("SIGUSR2", lambda: calls.append("subscribed"))
    os.kill(os.getpid(), signal.SIGUSR2)
    handler.unsubscribe()
    assert calls == ["listener", "subscribed"]
    assert signal.getsignal(signal.SIGUSR2) == before
    bus.publish("SIGUSR2")
    assert calls == ["listener", "subscribed", "subscribed"]


def test_what_was_there_first_is_put_back(bus: RecordingBus) -> None:
    def application(number: int, frame: object) -> None:
        del number, frame

    before = signal.signal(signal.SIGUSR2, application)
    try:
        handler = SignalHandler(bus)
        handler.set_handler("SIGUSR2")
        handler.set_handler("SIGUSR2")  # the second time, our own handler was there
        handler.unsubscribe()
        assert signal.getsignal(signal.SIGUSR2) is application
    finally:
        signal.signal(signal.SIGUSR2, before)


@pytest.mark.parametrize(
    ("name", "error"),
    [("NOPE", ValueError), (9999, ValueError), ("SIG_DFL", ValueError), ("SIGKILL", OSError)],
)
def test_a_signal_that_nobody_can_handle(
    bus: RecordingBus, name: str | int, error: type[Exception]
) -> None:
    handler = SignalHandler(bus)
    with pytest.raises(error):
        handler.set_handler(name, print)
    assert not any(print in listeners for listeners in bus.listeners.values())
    handler.unsubscribe()


def test_outside_the_main_thread_no_signal_is_handled(bus: RecordingBus) -> None:
    handler = SignalHandler(bus)
    in_thread(handler.subscribe)
    assert "Not listening for SIGTERM: signal only works in main thread" in bus.logged_text()
    handler.unsubscribe()


def test_a_signal_that_the_system_lacks_is_passed_over(
    bus: RecordingBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(signal, "SIGUSR1")  # as on Windows
    handler = SignalHandler(bus)
    handler.subscribe()
    handler.unsubscribe()
    assert "20 Listening for SIGTERM." in bus.logged
    assert "SIGUSR1" not in bus.logged_text()
