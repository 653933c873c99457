"""The end of a process: signals, threads that still work, threads that never end."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from process.conftest import Program, RecordingBus

pytestmark = pytest.mark.timeout(60)

STARTED = """
plugins.SignalHandler(bus).subscribe()

def now_it_blocks():
    bus.unsubscribe("main", now_it_blocks)
    say("blocking")

bus.subscribe("main", now_it_blocks)
bus.start()
bus.block(interval=0.001)
say("after block")
"""


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (signal.SIGINT, "Keyboard Interrupt: shutting down bus"),
        (signal.SIGTERM, "Caught signal SIGTERM."),
        (signal.SIGHUP, "SIGHUP caught but not daemonized. Exiting."),
    ],
)
def test_a_signal_ends_the_process_with_status_0(
    run_program: Callable[..., Program], number: int, reason: str
) -> None:
    program = run_program(STARTED)
    program.wait_for("blocking")
    program.send(number)
    assert program.end() == 0
    position = program.lines.index
    assert position(reason) < position("Bus STOPPED") < position("Bus EXITED")
    assert program.lines[-1] == "after block"
    assert program.output.count("Bus EXITING") == 1


def test_sigusr1_is_graceful(run_program: Callable[..., Program]) -> None:
    program = run_program(STARTED)
    program.wait_for("blocking")
    program.send(signal.SIGUSR1)
    program.wait_for("Bus graceful")
    program.send(signal.SIGTERM)
    assert program.end() == 0


def test_a_failing_listener_of_a_signal_ends_nothing(run_program: Callable[..., Program]) -> None:
    program = run_program("bus.subscribe('graceful', lambda: 1 / 0)\n" + STARTED)
    program.wait_for("blocking")
    program.send(signal.SIGUSR1)
    program.wait_for("ZeroDivisionError")
    program.send(signal.SIGTERM)
    assert program.end() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_running_work_is_finished(run_program: Callable[..., Program], number: int) -> None:
    program = run_program(
        """
        exiting = threading.Event()
        bus.subscribe("exit", exiting.set)

        def work():
            say("working")
            exiting.wait()
            say("work is done")

        threading.Thread(target=work, name="worker").start()
        """,
        STARTED,
    )
    program.wait_for("blocking")
    program.send(number)
    assert program.end() == 0
    assert "work is done" in program.output
    assert "Waiting for child threads to terminate..." in program.lines


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("second", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("phase", ["stop", "exit", "drain"])
def test_a_second_signal_ends_the_process_at_once(
    run_program: Callable[..., Program], first: int, second: int, status: int, phase: str
) -> None:
    program = run_program(
        f"""
        phase = {phase!r}

        def hang():
            say("hanging")
            while True:
                time.sleep(3600)

        if phase == "drain":
            threading.Thread(target=lambda: (bus.wait(bus.states.EXITING), hang())).start()
        else:
            bus.subscribe(phase, hang)
        """,
        STARTED,
    )
    program.wait_for("blocking")
    program.send(first)
    program.wait_for("hanging")
    program.send(second)
    assert program.end() == status
    assert "again: ending at once" in program.output


def test_a_thread_that_never_ends_is_reported_and_left(
    run_program: Callable[..., Program],
) -> None:
    program = run_program(
        """
        def never_ending_function():
            while True:
                time.sleep(3600)

        threading.Thread(target=never_ending_function, name="stuck one").start()
        bus.drain_timeout = 0.05
        """,
        STARTED,
    )
    program.wait_for("blocking")
    program.send(signal.SIGTERM)
    assert program.end() == 70
    assert "Waiting for thread stuck one." in program.lines
    assert "Thread stuck one has not ended after 0.05 seconds" in program.output
    assert "in never_ending_function" in program.output
    assert program.lines[-1] == "after block"  # an application's own end still runs


def test_a_thread_that_ends_after_all_leaves_the_status_alone(
    run_program: Callable[..., Program],
) -> None:
    program = run_program(
        """
        told = threading.Event()
        threading.Thread(target=told.wait).start()
        bus.drain_timeout = 0.0
        """,
        STARTED,
        """
        told.set()
        for thread in threading.enumerate():
            if not thread.daemon and thread is not threading.main_thread():
                thread.join()
        """,
    )
    program.wait_for("blocking")
    program.send(signal.SIGTERM)
    assert program.end() == 0


def test_a_drain_without_limit(run_program: Callable[..., Program]) -> None:
    program = run_program(
        """
        bus.drain_timeout = None
        go_on = threading.Event()
        threading.Thread(target=go_on.wait).start()
        bus.subscribe("log", lambda msg, level: "Waiting for thread" in msg and go_on.set())
        """,
        STARTED,
    )
    program.wait_for("blocking")
    program.send(signal.SIGTERM)
    assert program.end() == 0


def test_block_waits_for_the_exit_of_a_daemon_thread(run_program: Callable[..., Program]) -> None:
    """The state is EXITING before the listeners of ``exit`` have finished."""
    program = run_program(
        """
        blocked = threading.Event()

        def exit():
            blocked.wait()
            say("exit has finished")

        bus.subscribe("exit", exit)
        bus.subscribe("log", lambda msg, level: "Waiting for" in msg and blocked.set())
        bus.start()
        threading.Thread(target=bus.exit, daemon=True).start()
        bus.block()
        say("after block")
        """
    )
    assert program.end() == 0
    assert program.lines[-2:] == ["Bus EXITED", "after block"]
    assert "exit has finished" in program.lines


@pytest.mark.parametrize(
    ("raised", "status", "text"),
    [
        ("SystemExit(5)", 5, "SystemExit raised: shutting down bus"),
        ("KeyboardInterrupt()", 0, "Keyboard Interrupt: shutting down bus"),
        ("ValueError('seen')", 1, "Error in 'main' listener"),
    ],
)
def test_what_a_listener_of_main_raises(
    run_program: Callable[..., Program], raised: str, status: int, text: str
) -> None:
    program = run_program(
        f"""
        def main():
            raise {raised}
        bus.subscribe("main", main)
        bus.start()
        bus.block(interval=0.001)
        """
    )
    assert program.end() == status
    assert text in program.output
    assert program.output.count("Bus EXITED") == 1


def test_listeners_of_main_are_called_in_the_main_thread(
    run_program: Callable[..., Program],
) -> None:
    program = run_program(
        """
        calls = []

        @bus.subscribe("main")
        def main():
            calls.append(threading.current_thread() is threading.main_thread())
            if len(calls) == 3:
                bus.exit()

        bus.start()
        bus.block(interval=0.001)
        say(calls)
        """
    )
    assert program.end() == 0
    assert program.lines[-1] == "[True, True, True]"


def test_a_failing_start_has_status_70(run_program: Callable[..., Program]) -> None:
    program = run_program("bus.subscribe('start', lambda: 1 / 0)\nbus.start()\n")
    assert program.end() == 70
    assert program.lines[-1] == "Bus EXITED"


def test_sigterm_while_starting_has_status_70(run_program: Callable[..., Program]) -> None:
    program = run_program(
        """
        plugins.SignalHandler(bus).subscribe()
        bus.subscribe("start", lambda: os.kill(os.getpid(), signal.SIGTERM))
        bus.start()
        """
    )
    assert program.end() == 70
    assert program.lines[-1] == "Bus EXITED"


def test_a_program_without_block_exits_with_a_warning(run_program: Callable[..., Program]) -> None:
    program = run_program("bus.start()\n")
    assert program.end() == 0
    assert "RuntimeWarning: The main thread ends while the bus is in the state states.STARTED" in (
        program.output
    )
    assert program.lines[-1] == "Bus EXITED"


def test_a_forked_child_leaves_the_bus_alone(run_program: Callable[..., Program]) -> None:
    program = run_program(
        """
        bus.start()
        child = os.fork()
        if child == 0:
            sys.exit(0)
        say("child:", os.waitpid(child, 0)[1])
        bus.exit()
        """
    )
    assert program.end() == 0
    assert "child: 0" in program.lines
    assert program.output.count("Bus EXITED") == 1


def test_block_in_another_thread_does_not_end_the_process(bus: RecordingBus) -> None:
    """A host that drives the site from a thread lives on, whatever hangs there."""
    never = threading.Event()
    stuck = threading.Thread(target=never.wait, name="stuck one")
    stuck.start()
    bus.drain_timeout = 0.0
    bus.start()
    bus.exit()
    host = threading.Thread(target=bus.block)
    host.start()
    host.join()
    assert "Thread stuck one has not ended" in bus.logged_text()
    never.set()
    stuck.join()


def test_an_idle_bus_does_nothing(run_program: Callable[..., Program]) -> None:
    """Looking for the state every interval would wake the thread five hundred times here."""
    program = run_program(
        """
        import resource
        plugins.SignalHandler(bus).subscribe()
        bus.start()
        threading.Timer(0.5, bus.exit).start()
        before = resource.getrusage(resource.RUSAGE_SELF)
        bus.wait(bus.states.EXITING, 0.001, "main")
        after = resource.getrusage(resource.RUSAGE_SELF)
        say(after.ru_nvcsw - before.ru_nvcsw, "times awake")
        """
    )
    times_awake = program.wait_for("times awake")
    assert program.end() == 0
    assert int(times_awake.split()[0]) < 100


def test_many_signals_are_all_handled(run_program: Callable[..., Program]) -> None:
    program = run_program(
        """
        handler = plugins.SignalHandler(bus)
        handler.subscribe()
        seen = []
        handler.set_handler("SIGUSR2", lambda: seen.append(True) or say("seen", len(seen)))
        """,
        STARTED,
    )
    program.wait_for("blocking")
    for number in range(1, 51):
        program.send(signal.SIGUSR2)
        program.wait_for(f"seen {number}")
    program.send(signal.SIGTERM)
    assert program.end() == 0
