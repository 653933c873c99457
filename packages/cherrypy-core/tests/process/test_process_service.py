"""The service manager is told when the site serves, reloads, stops, and that it is alive."""

from __future__ import annotations

import os
import re
import socket
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from cherrypy.process.plugins import ServiceNotifier

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from process.conftest import RecordingBus

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.usefixtures("bus"),
]


class Manager:
    """The end of a service manager: a socket that takes what services say."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(30)

    def next(self) -> list[str]:
        """Return the lines of the next message."""
        return self.socket.recv(4096).decode("ascii").split("\n")

    def is_silent(self) -> bool:
        """Tell whether no message waits."""
        self.socket.setblocking(False)
        try:
            self.socket.recv(4096)
        except BlockingIOError:
            return True
        return False


@pytest.fixture(params=["file", "abstract"])
def manager(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Manager]:
    if request.param == "abstract" and sys.platform != "linux":
        name = str(tmp_path / "also a file")
    else:
        name = {"file": str(tmp_path / "n"), "abstract": f"@cherrypy-{os.getpid()}"}[request.param]
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    manager = Manager("\0" + name[1:] if name.startswith("@") else name)
    yield manager
    manager.socket.close()


def test_a_site_from_start_to_end(bus: RecordingBus, manager: Manager) -> None:
    ServiceNotifier(bus).subscribe()
    seen: list[bool] = []
    bus.subscribe("start", lambda: seen.append(manager.is_silent()), 75)  # as a server does
    bus.start()
    manager.socket.settimeout(30)
    assert seen == [True]
    assert manager.next() == ["READY=1", f"MAINPID={os.getpid()}"]
    bus.graceful()
    assert re.fullmatch(r"RELOADING=1;MONOTONIC_USEC=\d+", ";".join(manager.next()))
    assert manager.next() == ["READY=1"]
    bus.exit()
    assert manager.next() == ["STOPPING=1"]
    assert manager.is_silent()


def test_a_restart_is_a_reload(bus: RecordingBus, manager: Manager) -> None:
    """The process goes on, and systemd would kill one that says that it stops."""
    ServiceNotifier(bus).subscribe()
    bus.start()
    manager.next()
    bus.restart()
    assert manager.next()[0] == "RELOADING=1"


def test_the_watchdog_hears_of_a_site_that_is_alive(
    bus: RecordingBus, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "20000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    ServiceNotifier(bus).subscribe()
    bus.start()
    manager.next()
    assert [manager.next() for _ in range(3)] == [["WATCHDOG=1"]] * 3
    fails = threading.Event()

    def fail() -> None:
        fails.set()
        raise RuntimeError("the database is gone")

    bus.subscribe("health", fail)
    assert fails.wait(30)
    while not manager.is_silent():
        manager.socket.settimeout(30)
    fails.clear()
    assert fails.wait(30)  # it was asked once more
    assert manager.is_silent()
    bus.exit()
    assert "the database is gone" in bus.logged_text()


@pytest.mark.parametrize(
    ("microseconds", "process"),
    [("", None), ("soon", None), ("20000", "1"), ("-5", None), ("²", None)],
)
def test_no_watchdog_is_meant(
    bus: RecordingBus,
    manager: Manager,
    monkeypatch: pytest.MonkeyPatch,
    microseconds: str,
    process: str | None,
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", microseconds)
    if process is not None:
        monkeypatch.setenv("WATCHDOG_PID", process)
    before = threading.active_count()
    ServiceNotifier(bus).subscribe()
    bus.start()
    assert threading.active_count() == before


def test_without_a_service_manager_nothing_is_said(
    bus: RecordingBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    ServiceNotifier(bus).subscribe()
    bus.start()
    bus.graceful()
    bus.exit()
    assert "NOTIFY_SOCKET" not in bus.logged_text()


def test_a_service_manager_that_is_gone_stops_nothing(
    bus: RecordingBus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    ServiceNotifier(bus).subscribe()
    bus.start()
    assert "takes no message" in bus.logged_text()
    assert bus.state is bus.states.STARTED
