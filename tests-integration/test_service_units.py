"""The units on the page about deploying, run as systemd runs them: by their own lines."""

from __future__ import annotations

import configparser
import http.client
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from repository import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

DEADLINE = 30.0
PAGE = ROOT / "docs" / "howto" / "deploying.md"
SHOP = """
import cherrypy


class Root:
    @cherrypy.expose
    def index(self):
        return "Come in!"
"""
LAUNCHER = """
import os, sys

if sys.argv[1] != "-":
    os.dup2(int(sys.argv[1]), 3)
    os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.environ["WATCHDOG_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])
"""


def unit(name: str) -> configparser.ConfigParser:
    """Read a unit from the page."""
    pattern = rf"```{{code-block}} ini\n:caption: {re.escape(name)}\n\n(.*?)```"
    found = re.search(pattern, PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found, f"{PAGE} has no {name}"
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # names have capitals
    parser.read_string(found[1])
    return parser


class Manager:
    """Starts a service as systemd does, and listens to it."""

    def __init__(self, folder: Path) -> None:
        self.service = unit("site.service")["Service"]
        self.folder = folder
        self.notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notified.bind(str(folder / "notify"))
        self.notified.settimeout(DEADLINE)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, listening: socket.socket | None = None) -> None:
        """Run ExecStart, with the command of this environment."""
        command = shlex.split(self.service["ExecStart"])
        command[0] = str(Path(sys.executable).parent / Path(command[0]).name)
        passed = () if listening is None else (listening.fileno(),)
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", LAUNCHER, *(map(str, passed) if passed else "-"), *command],
            cwd=self.folder,
            env={
                **os.environ,
                "NOTIFY_SOCKET": str(self.folder / "notify"),
                "WATCHDOG_USEC": "100000",
            },
            pass_fds=passed,
        )

    def next(self, *, but: str = "WATCHDOG=1") -> str:
        """Return the next message that is not of one kind."""
        while (message := self.notified.recv(4096).decode()) == but:
            pass
        return message

    @property
    def pid(self) -> int:
        """Number of the main process."""
        assert self.process is not None
        return self.process.pid


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    (tmp_path / "shop.py").write_text(SHOP, encoding="utf-8")
    (tmp_path / "site.conf").write_text("[global]\nserver.socket_port: 0\n", encoding="utf-8")
    manager = Manager(tmp_path)
    yield manager
    if manager.process is not None:
        manager.process.kill()
        manager.process.wait()
    manager.notified.close()


def test_the_service(manager: Manager) -> None:
    assert manager.service["Type"] == "notify"
    manager.start()
    assert manager.next() == f"READY=1\nMAINPID={manager.pid}"
    assert manager.next(but="") == "WATCHDOG=1"
    reload = shlex.split(manager.service["ExecReload"].replace("$MAINPID", str(manager.pid)))
    subprocess.run(reload, check=True)  # noqa: S603
    assert manager.next().startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert manager.next() == "READY=1"
    os.kill(manager.pid, signal.SIGTERM)
    assert manager.next() == "STOPPING=1"
    assert manager.process is not None
    assert manager.process.wait(DEADLINE) == 0


def test_the_socket_is_opened_by_systemd(manager: Manager) -> None:
    assert unit("site.socket")["Socket"]["ListenStream"].isdecimal()  # a TCP port
    with socket.create_server(("127.0.0.1", 0)) as listening:
        manager.start(listening)
        # Asked before the site is there: the connection waits.
        host, port = listening.getsockname()
        connection = http.client.HTTPConnection(host, port, timeout=DEADLINE)
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"Come in!"
        connection.close()
        assert manager.next().startswith("READY=1")
        os.kill(manager.pid, signal.SIGTERM)
        assert manager.process is not None
        assert manager.process.wait(DEADLINE) == 0
