"""The program runs anew when one of its files changes."""

from __future__ import annotations

import importlib
import os
import sys
import time
import zipfile
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
import watchfiles

from budget import count_calls
from cherrypy.process.plugins import Autoreloader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from process.conftest import Program, RecordingBus

pytestmark = pytest.mark.timeout(60)

# Says when every file has been looked at once; then the test changes one.
PROGRAM = """
sys.dont_write_bytecode = True
try:
    import watched
except ImportError:
    say("run", os.getpid(), "without")
    sys.exit()
say("run", os.getpid(), "with", watched.VALUE)
if watched.VALUE != 1:
    sys.exit()

reloader = plugins.Autoreloader(bus, frequency=0.01)
reloader.use_watchfiles = os.environ["USE_WATCHFILES"] == "yes"
reloader.files.add("settings.conf")
reloader.subscribe()

def looked():
    if watched.__file__ in reloader.mtimes and "settings.conf" in reloader.mtimes:
        bus.unsubscribe("main", looked)
        say("looked")

bus.subscribe("main", looked)
bus.start()
bus.block(interval=0.01)
"""

later = iter(range(1, 1000))


def write(path: Path, text: str) -> None:
    """Write a file, modified at a time that no other one of this test was."""
    path.write_text(text, encoding="utf-8")
    touch(path)


def touch(path: Path) -> None:
    stamp = time.time() + next(later)
    os.utime(path, (stamp, stamp))


@pytest.fixture(params=["yes", "no"], ids=["watchfiles", "polling"])
def reloading(
    request: pytest.FixtureRequest, run_program: Callable[..., Program], tmp_path: Path
) -> Program:
    """Start the program, and wait until it has looked at its files."""
    write(tmp_path / "watched.py", "VALUE = 1\n")
    write(tmp_path / "settings.conf", "")
    program = run_program(PROGRAM, USE_WATCHFILES=str(request.param))
    program.wait_for("looked")
    return program


def test_a_changed_module(reloading: Program, tmp_path: Path) -> None:
    write(tmp_path / "watched.py", "VALUE = 2\n")
    reloading.wait_for(f"Restarting because {tmp_path / 'watched.py'} changed.")
    reloading.wait_for("Bus EXITED")
    reloading.wait_for("Re-spawning")
    reloading.wait_for(f"run {reloading.pid} with 2")
    assert reloading.end() == 0


def test_a_module_that_is_replaced_by_an_older_file(reloading: Program, tmp_path: Path) -> None:
    """Editors and unpackers replace files; the time of the new one may be any."""
    (tmp_path / "new").write_text("VALUE = 3\n", encoding="utf-8")
    os.utime(tmp_path / "new", (1_000_000_000, 1_000_000_000))
    (tmp_path / "new").replace(tmp_path / "watched.py")
    reloading.wait_for(f"run {reloading.pid} with 3")
    assert reloading.end() == 0


def test_a_module_that_vanishes(reloading: Program, tmp_path: Path) -> None:
    (tmp_path / "watched.py").unlink()
    reloading.wait_for(f"run {reloading.pid} without")
    assert reloading.end() == 0


def test_a_file_that_the_application_names(reloading: Program, tmp_path: Path) -> None:
    write(tmp_path / "settings.conf", "changed")
    reloading.wait_for("Restarting because settings.conf changed.")
    reloading.wait_for(f"run {reloading.pid} with 1")


def test_a_module_that_does_not_compile_is_waited_for(reloading: Program, tmp_path: Path) -> None:
    write(tmp_path / "watched.py", "VALUE = (\n")
    reloading.wait_for("watched.py changed, and does not compile; waiting for its next change.")
    reloading.wait_for("SyntaxError")
    write(tmp_path / "watched.py", "VALUE = 4\n")
    reloading.wait_for(f"run {reloading.pid} with 4")
    assert reloading.end() == 0


CHANGED_MEANWHILE = """
import watched
say("run", watched.VALUE)
if len(sys.argv) > 1:
    with open(sys.argv.pop(), "a") as file:
        file.write("VALUE = 2; say('changed')\\n")
    bus.restart_command = [sys.executable, __file__]
    plugins.Autoreloader(bus, frequency=0.01).subscribe()
    bus.start()
    bus.block(interval=0.01)
"""


@pytest.mark.parametrize("changed", ["watched.py", "program.py"])
def test_a_change_between_the_import_and_the_start(
    run_command: Callable[..., Program],
    program_text: Callable[..., str],
    tmp_path: Path,
    changed: str,
) -> None:
    """The source that runs is older than the one that is there when the bus starts."""
    text = "say = print\nVALUE = 1\n"
    (tmp_path / "watched.py").write_text(text, encoding="utf-8")
    (tmp_path / "program.py").write_text(program_text(CHANGED_MEANWHILE), encoding="utf-8")
    program = run_command(["program.py", changed], PYTHONDONTWRITEBYTECODE="")
    program.wait_for("run 1")
    program.wait_for(f"Restarting because {tmp_path / changed} changed.")
    program.wait_for("changed")
    assert program.end() == 0


# In this process


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Import a module that nobody else has."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    write(tmp_path / "autoreload_example.py", "VALUE = 1\n")
    importlib.invalidate_caches()
    yield importlib.import_module("autoreload_example")
    del sys.modules["autoreload_example"]


def file_of(module: ModuleType) -> str:
    assert module.__file__ is not None
    return module.__file__


def test_the_files_of_modules_by_their_names(bus: RecordingBus, module: ModuleType) -> None:
    reloader = Autoreloader(bus)
    assert {file_of(module), file_of(os), file_of(sys.modules[__name__])} <= reloader.sysfiles()
    reloader.match = "autoreload_exam"  # the beginning of the name is enough
    assert reloader.sysfiles() == {file_of(module)}
    reloader.match = "example"
    assert reloader.sysfiles() == set()


def test_a_module_in_an_archive(
    bus: RecordingBus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("packed_example.py", "")
    monkeypatch.syspath_prepend(str(archive))
    importlib.import_module("packed_example")
    try:
        assert Autoreloader(bus, match="packed_example").sysfiles() == {str(archive)}
    finally:
        del sys.modules["packed_example"]


@pytest.mark.parametrize(
    ("names", "files"),
    [
        ({}, set()),
        ({"__file__": None}, set()),
        ({"__file__": "/nowhere/odd_module.pyc"}, {"/nowhere/odd_module.pyc"}),
        ({"__file__": __file__ + "c"}, {__file__}),
    ],
)
def test_odd_modules(
    bus: RecordingBus,
    monkeypatch: pytest.MonkeyPatch,
    names: dict[str, object],
    files: set[str],
) -> None:
    odd = ModuleType("odd_module")
    vars(odd).update(names)
    monkeypatch.setitem(sys.modules, "odd_module", odd)
    assert Autoreloader(bus, match="odd_module").sysfiles() == files


def test_lazy_modules_are_not_made_to_import(
    bus: RecordingBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Lazy(ModuleType):
        def __getattr__(self, name: str) -> object:
            raise AssertionError(name)

    monkeypatch.setitem(sys.modules, "lazy_module", Lazy("lazy_module"))
    assert Autoreloader(bus, match="lazy_module").sysfiles() == set()


def test_the_first_look_takes_a_file_as_it_is(bus: RecordingBus, module: ModuleType) -> None:
    reloader = Autoreloader(bus, match="autoreload_example")
    write(Path(file_of(module)), "VALUE = 2\n")
    reloader.run()
    reloader.run()
    assert bus.logged == []
    touch(Path(file_of(module)))
    reloader.run()
    assert bus.execv is True
    assert bus.state is bus.states.EXITING


def test_a_module_that_is_imported_later(bus: RecordingBus, tmp_path: Path) -> None:
    reloader = Autoreloader(bus, match="autoreload_later")
    reloader.run()
    later_module = ModuleType("autoreload_later")
    later_module.__file__ = str(tmp_path / "later.py")
    write(tmp_path / "later.py", "")
    sys.modules["autoreload_later"] = later_module
    try:
        reloader.run()
        touch(tmp_path / "later.py")
        reloader.run()
    finally:
        del sys.modules["autoreload_later"]
    assert bus.execv is True


def test_where_a_restart_is_impossible_a_change_is_told_once(
    bus: RecordingBus, module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    reloader = Autoreloader(bus, match="autoreload_example")
    reloader.run()
    touch(Path(file_of(module)))
    reloader.run()
    reloader.run()
    assert len([line for line in bus.logged if "Cannot restart" in line]) == 1
    assert bus.state is bus.states.STOPPED


def started(bus: RecordingBus) -> Autoreloader:
    """Start an autoreloader whose thread has not looked yet."""
    reloader = Autoreloader(bus, frequency=3600, match="autoreload_example")
    reloader.start()
    return reloader


@pytest.mark.parametrize("reason", ["not installed", "too many watches", "not wanted"])
def test_without_watchfiles_the_times_are_compared(
    bus: RecordingBus, module: ModuleType, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    def fail(*_folders: str, **_settings: object) -> Iterator[set[object]]:
        raise OSError(28, "inotify watch limit reached")
        yield set()

    if reason == "not installed":
        monkeypatch.setitem(sys.modules, "watchfiles", None)
    else:
        monkeypatch.setattr(watchfiles, "watch", fail)
    monkeypatch.setattr(Autoreloader, "use_watchfiles", reason != "not wanted")
    reloader = started(bus)
    reloader.run()
    touch(Path(file_of(module)))
    reloader.run()
    assert bus.execv is True
    assert ("inotify watch limit" in bus.logged_text()) is (reason == "too many watches")
    reloader.stop()


@pytest.mark.parametrize("use_watchfiles", [True, False], ids=["watchfiles", "polling"])
def test_a_look_at_all_modules_costs_little(
    bus: RecordingBus, monkeypatch: pytest.MonkeyPatch, *, use_watchfiles: bool
) -> None:
    """A few calls for each module at most, and none where the system tells what changes."""
    monkeypatch.setattr(Autoreloader, "use_watchfiles", use_watchfiles)
    reloader = Autoreloader(bus, frequency=3600)
    reloader.start()
    reloader.run()
    calls = count_calls(reloader.run).total
    assert calls <= (10 if use_watchfiles else 5 * len(sys.modules))
    reloader.stop()


def test_with_watchfiles_no_file_is_looked_at_until_something_changes(
    bus: RecordingBus, tmp_path: Path
) -> None:
    files = [tmp_path / f"{number}.conf" for number in range(500)]
    for path in files:
        path.touch()
    reloader = Autoreloader(bus, frequency=3600, match="no_module_at_all")
    reloader.files.update(map(str, files))
    reloader.start()
    reloader.run()
    reloader.run()
    calls = count_calls(reloader.run)
    assert calls.total < 50
    touch(files[250])
    deadline = time.monotonic() + 30  # the system may report it a moment later
    while not bus.execv and time.monotonic() < deadline:
        reloader.run()
    assert bus.execv is True
    reloader.stop()
