"""A bus of one's own for each test, and programs in processes of their own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

from cherrypy.process.wspbus import Bus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BEGINNING = """\
import os, signal, sys, threading, time
from cherrypy.process import plugins, wspbus

bus = wspbus.Bus()

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

bus.subscribe("log", lambda msg, level: say(msg))
"""


class RecordingBus(Bus):
    """A bus that remembers what it logs."""

    def __init__(self) -> None:
        super().__init__()
        self.logged: list[str] = []
        self.subscribe("log", lambda msg, level: self.logged.append(f"{level} {msg}"))

    def logged_text(self) -> str:
        """Everything that was logged."""
        return "\n".join(self.logged)


class EndedError(BaseException):
    """Stands for the end of the process: ``os._exit`` was called with this status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Program:
    """A running program, whose output is read line by line."""

    def __init__(self, command: list[str], folder: Path, variables: dict[str, str]) -> None:
        self.process = subprocess.Popen(  # noqa: S603  this very interpreter
            command,
            cwd=folder,
            env=os.environ | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self.process.pid

    def wait_for(self, text: str) -> str:
        """Read on, up to a line that has the text in it; give that line."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if text in line:
                return self.lines[-1]
        raise AssertionError(f"{text!r} was never written:\n{self.output}")

    def send(self, number: int) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def end(self) -> int:
        """Read the rest, and give the status."""
        assert self.process.stdout is not None
        self.lines.extend(line.rstrip("\n") for line in self.process.stdout)
        return self.process.wait()

    @property
    def output(self) -> str:
        """What has been read."""
        return "\n".join(self.lines)

    def close(self) -> None:
        """End it, whatever it is doing."""
        assert self.process.stdout is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture
def bus() -> Iterator[RecordingBus]:
    """A bus that nobody else has; at the end it exits."""
    bus = RecordingBus()
    yield bus
    bus.listeners.clear()
    bus.exit()


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch) -> type[EndedError]:
    """Make the end of the process an exception, and give it."""

    def end(status: int) -> None:
        raise EndedError(status)

    monkeypatch.setattr(os, "_exit", end)
    return EndedError


def _text(*pieces: str) -> str:
    return BEGINNING + "\n".join(textwrap.dedent(piece) for piece in pieces)


@pytest.fixture
def program_text() -> Callable[..., str]:
    """Join pieces of Python code, after lines that make a ``bus`` which logs to standard output."""
    return _text


@pytest.fixture
def run_command(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Run Python with options and arguments, in a folder of its own."""
    programs: list[Program] = []

    def run(arguments: list[str], **variables: str) -> Program:
        programs.append(Program([sys.executable, *arguments], tmp_path, variables))
        return programs[-1]

    yield run
    for program in programs:
        program.close()


@pytest.fixture
def run_program(run_command: Callable[..., Program], tmp_path: Path) -> Callable[..., Program]:
    """Run a script made of pieces of Python code, which has a ``bus``."""

    def run(*pieces: str, options: tuple[str, ...] = (), **variables: str) -> Program:
        (tmp_path / "program.py").write_text(_text(*pieces), encoding="utf-8")
        return run_command([*options, "program.py"], **variables)

    return run
