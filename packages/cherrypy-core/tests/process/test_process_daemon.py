"""Daemons: becoming one, giving up rights, the file with the number of the process."""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import stat
from typing import TYPE_CHECKING

import pytest

from cherrypy.process.plugins import Daemonizer, DropPrivileges, PIDFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import IO

    from process.conftest import EndedError, Program, RecordingBus

pytestmark = pytest.mark.timeout(60)

DAEMON = """
os.umask(0o027)
plugins.SignalHandler(bus).subscribe()
plugins.PIDFile(bus, "daemon.pid").subscribe()
plugins.Daemonizer(bus, stdout="output", stderr="errors").subscribe()
bus.start()
with open("new file", "w"):
    pass
say("daemon", os.getpid(), "of session", os.getsid(0), "in", os.getcwd())
say("input:", os.read(0, 10))
os.write(2, b"to errors")
bus.block()
say("end")
"""


class Daemon:
    """A daemon, and what it writes."""

    def __init__(self, folder: Path, output: IO[str]) -> None:
        self.folder = folder
        self.output = output
        self.lines: list[str] = []

    @property
    def pid(self) -> int:
        """The number in its file."""
        return int((self.folder / "daemon.pid").read_text(encoding="ascii"))

    def wait_for(self, text: str) -> str:
        """Read on, up to a line that has the text in it; give that line."""
        for line in self.output:
            self.lines.append(line.rstrip("\n"))
            if text in line:
                return self.lines[-1]
        raise AssertionError(f"{text!r} was never written: {self.lines}")


@pytest.fixture
def daemon(run_program: Callable[..., Program], tmp_path: Path) -> Iterator[Daemon]:
    """Start a daemon that writes into a pipe; it is killed if it does not end."""
    os.mkfifo(tmp_path / "output")
    starter = run_program(DAEMON)
    with (tmp_path / "output").open(encoding="utf-8") as output:
        daemon = Daemon(tmp_path, output)
        assert starter.end() == 0
        yield daemon
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            os.kill(daemon.pid, signal.SIGKILL)


def test_a_daemon_has_a_process_and_no_terminal(daemon: Daemon) -> None:
    words = daemon.wait_for("of session").split()
    assert words[0] == "daemon"
    pid, session = int(words[1]), int(words[4])
    assert daemon.pid == pid
    assert session != pid  # a leader of a session could get a terminal
    assert session != os.getsid(0)
    assert words[6] == str(daemon.folder)
    assert daemon.wait_for("input:") == "input: b''"
    os.kill(pid, signal.SIGTERM)
    daemon.wait_for("end")
    assert (daemon.folder / "errors").read_text(encoding="utf-8") == "to errors"
    mode = stat.S_IMODE((daemon.folder / "new file").stat().st_mode)
    assert mode == 0o640  # the umask of the program


def test_sigterm_ends_a_daemon_and_removes_its_file(daemon: Daemon) -> None:
    daemon.wait_for("input:")
    os.kill(daemon.pid, signal.SIGTERM)
    daemon.wait_for("PID file removed: 'daemon.pid'.")
    daemon.wait_for("end")
    assert not (daemon.folder / "daemon.pid").exists()


def test_sighup_restarts_a_daemon_in_the_process_it_has(daemon: Daemon) -> None:
    daemon.wait_for("input:")
    pid = daemon.pid
    for _ in range(2):
        os.kill(pid, signal.SIGHUP)
        daemon.wait_for("SIGHUP caught while daemonized. Restarting.")
        daemon.wait_for("Re-spawning")
        daemon.wait_for("Already daemonized.")
        assert daemon.wait_for("of session").split()[1] == str(pid)
        daemon.wait_for("input:")
    assert daemon.pid == pid
    os.kill(pid, signal.SIGTERM)
    daemon.wait_for("end")


# What the command is told

FAILING = """
plugins.PIDFile(bus, "daemon.pid").subscribe()
plugins.Daemonizer(bus).subscribe()

def fail():
    {failure}

fail.priority = 75
bus.subscribe("start", fail)
bus.start()
"""


@pytest.mark.parametrize(
    ("failure", "status", "told"),
    [
        ("bus.refuse_to_start('The port is in use.')", 70, "The port is in use."),
        ("raise LookupError('no database')", 70, "LookupError: no database"),
        ("sys.exit(3)", 3, ""),
        ("os._exit(4)", 4, ""),
        ("os._exit(0)", 70, ""),  # it has not started, whatever it says
        ("os.kill(os.getpid(), signal.SIGKILL)", 137, ""),
        ("bus.exit()", 70, ""),
    ],
)
def test_a_daemon_that_does_not_start_is_told_with_its_status(
    run_program: Callable[..., Program], tmp_path: Path, failure: str, status: int, told: str
) -> None:
    command = run_program(FAILING.format(failure=failure))
    assert command.end() == status
    assert told in command.output
    assert "Daemonized" not in command.output  # its own log goes where it was told to


def test_the_command_returns_when_the_daemon_has_started(
    run_program: Callable[..., Program], tmp_path: Path
) -> None:
    program = """
        plugins.SignalHandler(bus).subscribe()
        plugins.PIDFile(bus, "daemon.pid").subscribe()
        plugins.Daemonizer(bus).subscribe()

        def be_slow():
            time.sleep(0.3)
            open("is ready", "w").close()
            bus.log("Nothing that ends anything", 40)

        bus.subscribe("start", be_slow, 75)
        bus.start()
        bus.block()
        """
    command = run_program(program)
    assert command.end() == 0
    assert (tmp_path / "is ready").exists()
    os.kill(int((tmp_path / "daemon.pid").read_text(encoding="ascii")), signal.SIGTERM)


def test_a_second_start_makes_no_second_daemon(bus: RecordingBus) -> None:
    daemonizer = Daemonizer(bus)
    daemonizer.finalized = True
    daemonizer.start()
    assert bus.logged == ["20 Already daemonized."]


def test_a_file_that_cannot_be_opened_is_told_in_the_foreground(
    bus: RecordingBus, tmp_path: Path, ending: type[EndedError]
) -> None:
    Daemonizer(bus, stdout=str(tmp_path / "missing" / "file")).subscribe()
    with pytest.raises(ending):
        bus.start()
    assert "FileNotFoundError" in bus.logged_text()
    assert "Forking" not in bus.logged_text()


# Giving up rights


class Rights:
    """User and groups of a process, as the functions of `os` change them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, user: int, group: int) -> None:
        self.user = user
        self.group = group
        self.groups = [1, 2, 3]
        for name in ("getuid", "geteuid"):
            monkeypatch.setattr(os, name, lambda: self.user)
        for name in ("getgid", "getegid"):
            monkeypatch.setattr(os, name, lambda: self.group)
        for name in ("setuid", "setgid", "setgroups"):
            monkeypatch.setattr(os, name, getattr(self, name))

    def demand_root(self) -> None:
        """Raise what the system does."""
        if self.user != 0:
            raise PermissionError(1, "Operation not permitted")

    def setuid(self, user: int) -> None:
        """Change the user."""
        self.demand_root()
        self.user = user

    def setgid(self, group: int) -> None:
        """Change the group."""
        self.demand_root()
        self.group = group

    def setgroups(self, groups: list[int]) -> None:
        """Change the supplementary groups."""
        self.demand_root()
        self.groups = groups


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ((1000, 1001), (1000, 1001)),
        ((None, 1001), (0, 1001)),
        ((987654, None), (987654, 0)),  # nobody has this number, so there is no group of his
    ],
)
def test_rights_are_given_up(
    bus: RecordingBus,
    monkeypatch: pytest.MonkeyPatch,
    asked: tuple[int | None, int | None],
    left: tuple[int, int],
) -> None:
    rights = Rights(monkeypatch, 0, 0)
    plugin = DropPrivileges(bus, uid=asked[0], gid=asked[1])
    plugin.start()
    plugin.start()
    assert (rights.user, rights.group, rights.groups) == (*left, [])
    assert bus.logged[0].startswith("20 Started as uid: 'root' gid: ")
    assert bus.logged[1].startswith("20 Running as uid: ")
    assert bus.logged[3].startswith("20 Already running as uid: ")


def test_a_user_brings_his_group(bus: RecordingBus, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or else the process would keep the rights of the group of root."""
    nobody = pwd.getpwnam("nobody")
    rights = Rights(monkeypatch, 0, 0)
    plugin = DropPrivileges(bus, uid="nobody")
    assert plugin.uid == nobody.pw_uid
    plugin.start()
    assert (rights.user, rights.group, rights.groups) == (nobody.pw_uid, nobody.pw_gid, [])


def test_rights_that_are_gone_need_no_rights(
    bus: RecordingBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restart runs as the user that the first run has changed to."""
    rights = Rights(monkeypatch, 1000, 1001)
    DropPrivileges(bus, uid=1000, gid=1001).start()
    assert (rights.user, rights.group) == (1000, 1001)


def test_no_right_to_change_the_user(bus: RecordingBus, monkeypatch: pytest.MonkeyPatch) -> None:
    Rights(monkeypatch, 1000, 1001)
    with pytest.raises(PermissionError):
        DropPrivileges(bus, uid=0).start()


def test_the_umask_is_set_once(bus: RecordingBus) -> None:
    before = os.umask(0o022)
    try:
        plugin = DropPrivileges(bus, umask=0o077)
        plugin.start()
        plugin.start()
        assert os.umask(0o022) == 0o077
    finally:
        os.umask(before)
    assert bus.logged == [
        "30 uid/gid not set",
        "20 umask old: 022, new: 077",
        "30 uid/gid not set",
        "20 umask already set to: 077",
    ]


def test_what_is_not_given_is_warned_of(bus: RecordingBus) -> None:
    DropPrivileges(bus).start()
    assert bus.logged == ["30 uid/gid not set", "30 umask not set"]


def test_values_are_checked_when_they_are_set(bus: RecordingBus) -> None:
    with pytest.raises(KeyError):
        DropPrivileges(bus, uid="no such user")
    with pytest.raises(KeyError):
        DropPrivileges(bus, gid="no such group")
    with pytest.raises(TypeError, match="umask = '077': expected an int"):
        DropPrivileges(bus, umask="077")  # type: ignore[arg-type]


# The file with the number of the process


def test_the_file_is_there_while_the_bus_is_started(bus: RecordingBus, tmp_path: Path) -> None:
    path = tmp_path / "file.pid"
    PIDFile(bus, str(path)).subscribe()
    bus.start()
    assert path.read_text(encoding="ascii") == f"{os.getpid()}\n"
    bus.stop()
    bus.start()
    assert f"20 PID {os.getpid()} already written to {str(path)!r}." in bus.logged
    bus.exit()
    assert not path.exists()
    bus.start()  # a bus may start again
    assert path.exists()
    bus.exit()
    assert not path.exists()


@pytest.mark.parametrize(
    ("content", "warned"),
    [
        ("", False),
        ("no number", False),
        ("99999999999999999999\n", False),
        ("-1\n", False),  # kill(-1, ...) would ask every process
        ("0\n", False),
        ("{own}\n", False),
        ("{parent}\n", True),  # it runs
        ("1\n", True),  # so does this one, whether we may ask it or not
    ],
)
def test_a_file_that_is_left_over_is_replaced(
    bus: RecordingBus, tmp_path: Path, content: str, *, warned: bool
) -> None:
    path = tmp_path / "file.pid"
    numbers = {"own": os.getpid(), "parent": os.getppid()}
    path.write_text(content.format(**numbers), encoding="ascii")
    PIDFile(bus, path).start()
    assert path.read_text(encoding="ascii") == f"{os.getpid()}\n"
    assert ("which runs" in bus.logged_text()) is warned


def hold(path: Path, run_program: Callable[..., Program], *, number: str = "") -> Program:
    """Start a program that keeps a file, and then may write another number into it."""
    program = run_program(
        f"""
        plugins.SignalHandler(bus).subscribe()
        plugins.PIDFile(bus, {str(path)!r}).subscribe()
        bus.start()
        if {number!r}:
            open({str(path)!r}, "r+").write({number!r})
        say("holds")
        bus.block()
        """
    )
    program.wait_for("holds")
    return program


def test_a_site_does_not_start_with_the_file_of_another_one(
    bus: RecordingBus,
    run_program: Callable[..., Program],
    tmp_path: Path,
    ending: type[EndedError],
) -> None:
    path = tmp_path / "file.pid"
    first = hold(path, run_program)
    plugin = PIDFile(bus, path)
    plugin.subscribe()
    with pytest.raises(ending) as ended:
        bus.start()
    assert ended.value.status == 70
    assert f"is that of process {first.pid}, which runs: stop that one" in bus.logged_text()
    assert "Traceback" not in bus.logged_text()
    with pytest.raises(FileExistsError, match="which runs"):
        plugin.start()
    assert path.read_text(encoding="ascii") == f"{first.pid}\n"
    first.send(signal.SIGTERM)
    assert first.end() == 0
    assert not path.exists()


def test_the_file_of_a_process_that_was_killed_is_taken_over(
    bus: RecordingBus, run_program: Callable[..., Program], tmp_path: Path
) -> None:
    path = tmp_path / "file.pid"
    first = hold(path, run_program)
    first.send(signal.SIGKILL)
    first.end()
    PIDFile(bus, path).subscribe()
    bus.start()
    assert path.read_text(encoding="ascii") == f"{os.getpid()}\n"


def test_a_file_that_is_being_written_is_not_taken_over(
    bus: RecordingBus, run_program: Callable[..., Program], tmp_path: Path
) -> None:
    path = tmp_path / "file.pid"
    hold(path, run_program, number="nobody yet")
    with pytest.raises(FileExistsError, match="is that of another process"):
        PIDFile(bus, path).start()


def test_two_plugins_of_one_process_share_a_file(bus: RecordingBus, tmp_path: Path) -> None:
    PIDFile(bus, tmp_path / "file.pid").subscribe()
    PIDFile(bus, tmp_path / "file.pid").subscribe()
    bus.start()
    bus.exit()
    assert not (tmp_path / "file.pid").exists()


def test_a_child_does_not_hold_the_file_of_its_parent(
    bus: RecordingBus, run_program: Callable[..., Program], tmp_path: Path
) -> None:
    path = tmp_path / "file.pid"
    program = run_program(
        f"""
        plugins.PIDFile(bus, {str(path)!r}).subscribe()
        bus.start()
        if os.fork() == 0:
            say("forked", os.getpid())
            os.close(1)
            os.close(2)
            time.sleep(600)
        os._exit(0)
        """
    )
    child = int(program.wait_for("forked").split()[1])
    program.end()
    try:
        PIDFile(bus, path).subscribe()
        bus.start()
        assert path.read_text(encoding="ascii") == f"{os.getpid()}\n"
    finally:
        os.kill(child, signal.SIGKILL)


def test_a_file_that_cannot_be_written_is_told_in_one_line(
    bus: RecordingBus, tmp_path: Path, ending: type[EndedError]
) -> None:
    PIDFile(bus, tmp_path / "missing" / "file.pid").subscribe()
    with pytest.raises(ending):
        bus.start()
    assert "cannot be written: No such file or directory. Name a file" in bus.logged_text()
    assert "Traceback" not in bus.logged_text()


def test_the_file_of_another_process_is_left_alone(bus: RecordingBus, tmp_path: Path) -> None:
    path = tmp_path / "file.pid"
    PIDFile(bus, path).subscribe()
    bus.start()
    path.write_text("1\n", encoding="ascii")
    bus.exit()
    assert path.exists()


def test_a_file_that_was_never_written_is_left_alone(bus: RecordingBus, tmp_path: Path) -> None:
    path = tmp_path / "file.pid"
    path.write_text(f"{os.getpid()}\n", encoding="ascii")
    PIDFile(bus, path).exit()
    assert path.exists()


def test_a_relative_path_counts_from_where_the_plugin_was_made(
    bus: RecordingBus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plugin = PIDFile(bus, "file.pid")
    monkeypatch.chdir("/")
    plugin.start()
    assert (tmp_path / "file.pid").exists()


def test_a_file_that_cannot_be_removed_is_logged(
    bus: RecordingBus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object) -> None:
        raise PermissionError(13, "Permission denied")

    plugin = PIDFile(bus, tmp_path / "file.pid")
    plugin.start()
    monkeypatch.setattr("pathlib.Path.unlink", refuse)
    plugin.exit()
    assert "not removed: [Errno 13] Permission denied" in bus.logged[-1]
    assert not (tmp_path / "file.pid").read_text(encoding="ascii")  # it names nobody any more
