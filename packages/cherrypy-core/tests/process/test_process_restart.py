"""A restart: the same process runs the same program anew, or says why not."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from process.conftest import Program, RecordingBus

pytestmark = pytest.mark.timeout(60)

# Runs twice: the first run leaves a note, restarts and says what it is; so does the second run.
TWICE = """
import json, pathlib

note = pathlib.Path(__file__).with_name("note") if "__file__" in globals() else pathlib.Path("note")
first = not note.exists()
say(json.dumps({
    "pid": os.getpid(),
    "optimize": sys.flags.optimize,
    "utf8": sys.flags.utf8_mode,
    "isolated": sys.flags.isolated,
    "options": sys._xoptions,
    "warnings": sys.warnoptions,
    "folder": os.getcwd(),
    "arguments": sys.argv[1:],
    "path": sys.path,
    "name": __spec__.name if __spec__ else None,
}, sort_keys=True))

def restart_once():
    if first:
        note.touch()
        bus.start()
        threading.Timer(0, bus.restart).start()
        bus.block()
"""


def two_runs(program: Program) -> list[dict[str, Any]]:
    assert program.end() == 0, program.output
    runs = [json.loads(line) for line in program.lines if line.startswith("{")]
    assert len(runs) == 2, program.output
    return runs


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["-OO"],
        ["-X", "utf8", "-X", "importtime=0"],
        ["-W", "error::DeprecationWarning", "-W", "ignore::UserWarning"],
        ["-u", "-B"],
    ],
    ids=" ".join,
)
def test_a_script_keeps_process_and_options(
    run_program: Callable[..., Program], options: list[str]
) -> None:
    first, second = two_runs(run_program(TWICE, "restart_once()", options=tuple(options)))
    assert second == first


def test_a_module(run_program: Callable[..., Program], tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__main__.py").write_text("import program\nprogram.restart_once()\n")
    program = run_program(
        TWICE,
        """
        if __name__ == "__main__":
            os.execv(sys.executable, [sys.executable, "-O", "-m", "package", "a b", "*", ""])
        """,
    )
    # The run that replaced itself by `-m package`, and the two of it.
    assert program.end() == 0, program.output
    runs = [json.loads(line) for line in program.lines if line.startswith("{")]
    assert len(runs) == 3, program.output
    assert runs[1] == runs[2]
    assert runs[1]["arguments"] == ["a b", "*", ""]
    assert runs[1]["optimize"] == 1


def test_code_on_the_command_line(
    run_command: Callable[..., Program], program_text: Callable[..., str], tmp_path: Path
) -> None:
    code = program_text(TWICE, "restart_once()")
    first, second = two_runs(run_command(["-c", code, "argument with blanks"]))
    assert second == first
    assert first["arguments"] == ["argument with blanks"]
    assert first["folder"] == str(tmp_path)


def test_the_program_starts_where_it_started(
    run_program: Callable[..., Program], tmp_path: Path
) -> None:
    """A relative script, a relative entry of the path: both count from there."""
    first, second = two_runs(run_program(TWICE, "os.chdir('/')", "restart_once()"))
    assert first["folder"] == second["folder"] == str(tmp_path)


def test_a_folder_that_is_gone_is_no_reason_to_die(
    run_program: Callable[..., Program],
) -> None:
    program = run_program(
        """
        import pathlib
        note = pathlib.Path(__file__).with_name("note")
        if not note.exists():
            note.touch()
            folder = pathlib.Path(__file__).with_name("folder")
            folder.mkdir()
            os.chdir(folder)
            bus = wspbus.Bus()
            bus.subscribe("log", lambda msg, level: say(msg))
            bus.restart_command = [sys.executable, __file__]
            folder.rmdir()
            os.chdir("/")
            bus.restart()
            bus.block()
        say("running in", os.getcwd())
        """
    )
    assert program.end() == 0
    assert "Restarting in another directory:" in program.output
    assert program.lines[-1] == "running in /"


def test_files_are_not_passed_on(run_program: Callable[..., Program]) -> None:
    program = run_program(
        """
        def is_open(descriptor):
            try:
                os.fstat(descriptor)
            except OSError:
                return False
            return True

        if "CHILD" not in os.environ:
            numbers = [100, 101, 102]
            for number in numbers:
                os.dup2(1, number, inheritable=True)
            os.environ["CHILD"] = "yes"
            bus.max_cloexec_files = 102
            bus.restart()
            bus.block()
        say([number for number in (0, 1, 2, 100, 101, 102) if is_open(number)])
        """
    )
    assert program.end() == 0
    assert program.lines[-1] == "[0, 1, 2, 102]"  # 102 is not below the limit


def test_sockets_of_the_service_manager_are_passed_on(
    run_program: Callable[..., Program],
) -> None:
    """The environment still says that they are there."""
    program = run_program(
        """
        import socket
        if "CHILD" not in os.environ:
            with socket.socket(socket.AF_UNIX) as given:
                os.dup2(given.fileno(), 50)
            for number in (3, 4):
                os.dup2(50, number, inheritable=True)
            os.environ.update(CHILD="yes", LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
            bus.restart()
            bus.block()
        say("socket passed:", socket.socket(fileno=3).family.name)
        try:
            os.fstat(4)
        except OSError:
            say("other file closed")
        os._exit(0)
        """
    )
    assert program.end() == 0
    assert program.lines[-2:] == ["socket passed: AF_UNIX", "other file closed"]


def test_a_command_of_ones_own(run_program: Callable[..., Program]) -> None:
    program = run_program(
        """
        sys.frozen = True
        bus.restart_command = [sys.executable, "-c", "print('another program')"]
        bus.restart()
        bus.block()
        """
    )
    assert program.end() == 0
    assert program.lines[-1] == "another program"


def test_what_was_printed_is_not_lost(run_program: Callable[..., Program]) -> None:
    program = run_program(
        """
        bus.restart_command = [sys.executable, "-c", ""]
        print("buffered")
        bus.restart()
        bus.block()
        """
    )
    assert program.end() == 0
    assert "buffered" in program.lines


@pytest.mark.parametrize(
    ("place", "value", "text"),
    [
        ((sys, "frozen"), True, "frozen application"),
        ((sys.modules["__main__"], "__compiled__"), True, "frozen application"),
        ((sys, "executable"), "", "embedded"),
        ((sys, "orig_argv"), [], "embedded"),
        ((sys, "ps1"), ">>> ", "interactive"),
        ((sys, "orig_argv"), ["python"], "standard input"),
        ((sys, "argv"), ["-", "argument"], "standard input"),
    ],
)
def test_where_a_restart_is_impossible_everything_goes_on(
    bus: RecordingBus,
    monkeypatch: pytest.MonkeyPatch,
    place: tuple[object, str],
    value: object,
    text: str,
) -> None:
    monkeypatch.setattr(*place, value, raising=False)
    bus.start()
    bus.restart()
    assert bus.state is bus.states.STARTED
    assert bus.execv is False
    assert bus.logged[-1].startswith("40 Cannot restart: ")
    assert text in bus.logged[-1]
    assert "engine.restart_command" in bus.logged[-1]


def test_idle_is_told_apart(bus: RecordingBus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "idlelib.run", sys)
    bus.restart()
    assert "IDLE" in bus.logged[-1]


def test_an_impossible_replacement_is_logged(
    bus: RecordingBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where ``execv`` was set without `restart`, the process ends as after `exit`."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    bus.execv = True
    bus.exit()
    bus.block()
    assert bus.logged[-1].startswith("40 Cannot restart: ")


def test_a_host_may_restart_in_its_own_way(
    bus: RecordingBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    restarted = []
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(bus, "_do_execv", lambda: restarted.append(bus.state))
    bus.start()
    bus.restart()
    assert restarted == []  # only when the main thread has nothing left to do
    bus.block()
    assert restarted == [bus.states.EXITING]


def test_a_program_that_cannot_be_run_is_an_error(bus: RecordingBus, tmp_path: Path) -> None:
    bus.restart_command = [str(tmp_path / "missing")]
    bus.max_cloexec_files = 0
    bus.restart()
    folder = os.getcwd()  # noqa: PTH109  as the bus does
    try:
        with pytest.raises(FileNotFoundError):
            bus.block()
    finally:
        os.chdir(folder)


def test_a_restart_waits_for_the_end_of_the_start(bus: RecordingBus) -> None:
    """The site may be in any state before; the process would have to end."""
    seen: list[object] = []
    bus.subscribe("start", bus.restart)
    bus.subscribe("started", lambda: seen.append(bus.state))
    bus.start()
    assert seen == [bus.states.STARTED]
    assert bus.execv is True
    assert bus.state is bus.states.EXITING
