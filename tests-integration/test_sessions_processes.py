"""Sessions that several processes share, over real sockets; some of the processes are killed."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import memcached

if TYPE_CHECKING:
    from collections.abc import Iterator

SITE = Path(__file__).with_name("sessions_site.py")
DEADLINE = 120.0

CLIENTS, TURNS = 8, 500


class Process:
    """One process of the site."""

    def __init__(self, settings: dict[str, Any]) -> None:
        command = [sys.executable, str(SITE), json.dumps(settings)]
        self.process = subprocess.Popen(  # noqa: S603 - this interpreter
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.port = int(self.line())

    def line(self) -> str:
        """Read the next line that it writes."""
        assert self.process.stdout
        return self.process.stdout.readline()

    def connect(self) -> http.client.HTTPConnection:
        """Open a connection."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)

    def get(self, path: str = "/", cookie: str = "") -> tuple[int, str, str]:
        """Give status, content, and the cookie that it sets or had."""
        connection = self.connect()
        try:
            return ask(connection, path, cookie)
        finally:
            connection.close()


def ask(connection: http.client.HTTPConnection, path: str, cookie: str) -> tuple[int, str, str]:
    """Put a request on a connection that stays open."""
    connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
    response = connection.getresponse()
    text = response.read().decode()
    found = re.match(r"session_id=\w+", response.getheader("Set-Cookie") or "")
    return response.status, text, found[0] if found else cookie


@contextmanager
def processes(number: int, settings: dict[str, Any]) -> Iterator[list[Process]]:
    """Run some processes of the site."""
    running = [Process(settings) for _ in range(number)]
    try:
        yield running
    finally:
        for each in running:
            each.process.kill()
            each.process.communicate()


@pytest.fixture
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """How many processes there can be, and the settings of the storage."""
    with ExitStack() as stack:
        if request.param == "ram":
            yield 1, {"storage_type": "ram"}
        elif request.param == "file":
            yield 2, {"storage_type": "file", "storage_path": str(tmp_path)}
        else:
            nodes = [stack.enter_context(memcached.running()).name for _ in range(2)]
            yield 2, {"storage_type": "memcached", "servers": nodes}


STORAGES = pytest.mark.parametrize("storage", ["ram", "file", "memcached"], indirect=True)
SHARED = pytest.mark.parametrize("storage", ["file", "memcached"], indirect=True)


def count_in_parallel(running: list[Process], cookie: str, turns: int) -> None:
    """Let clients count, each on a connection of its own, spread over the processes."""
    failures: list[object] = []

    def count(connection: http.client.HTTPConnection) -> None:
        try:
            for _ in range(turns):
                status, text, _ = ask(connection, "/", cookie)
                if status != 200:
                    failures.append((status, text))
        except OSError as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=count, args=(running[number % len(running)].connect(),))
        for number in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    assert failures == []


@STORAGES
def test_eight_clients_lose_no_update(storage: tuple[int, dict[str, Any]]) -> None:
    number, settings = storage
    with processes(number, settings) as running:
        _, text, cookie = running[0].get()
        assert text == "1"
        count_in_parallel(running, cookie, TURNS)
        for each in running:
            assert each.get("/read", cookie)[1] == str(1 + CLIENTS * TURNS)


@STORAGES
@pytest.mark.parametrize(
    "mode",
    [
        {"locking": "early"},
        {"locking": "explicit"},  # its handler locks
        {"locking": "implicit", "lazy": True},
    ],
    ids=["early", "explicit", "lazy"],
)
def test_no_update_is_lost_in_the_other_modes(
    storage: tuple[int, dict[str, Any]], mode: dict[str, Any]
) -> None:
    number, settings = storage
    with processes(number, {**settings, **mode}) as running:
        _, _, cookie = running[0].get()
        count_in_parallel(running, cookie, 25)
        assert running[-1].get("/read", cookie)[1] == str(1 + CLIENTS * 25)


@SHARED
def test_a_process_that_is_killed_keeps_nobody_out(storage: tuple[int, dict[str, Any]]) -> None:
    """With SIGKILL, while it has the session locked: others go on within ``lock_timeout``."""
    number, settings = storage
    with processes(number, {**settings, "lock_timeout": 6}) as (killed, other):
        _, _, cookie = killed.get()
        connection = killed.connect()
        connection.request("GET", "/hold", headers={"Cookie": cookie})
        assert killed.line() == "held\n"
        answers: list[Any] = []
        waiting = threading.Thread(target=lambda: answers.append(other.get("/", cookie)))
        waiting.start()
        killed.process.send_signal(signal.SIGKILL)
        waiting.join(DEADLINE)
        connection.close()
        assert answers[0][:2] == (200, "2")


@STORAGES
def test_a_client_that_goes_away_keeps_nobody_out(storage: tuple[int, dict[str, Any]]) -> None:
    """In the middle of a response that is streamed, and never ends."""
    number, settings = storage
    with processes(number, settings) as running:
        _, _, cookie = running[0].get()
        connection = running[0].connect()
        connection.request("GET", "/stream", headers={"Cookie": cookie})
        response = connection.getresponse()
        assert response.read(10) == b"x" * 10
        response.close()
        connection.close()
        assert running[-1].get("/", cookie)[:2] == (200, "2")


def test_nobody_else_can_read_the_files(tmp_path: Path) -> None:
    settings = {"storage_type": "file", "storage_path": str(tmp_path)}
    with processes(2, settings) as running:
        _, _, cookie = running[0].get()
        count_in_parallel(running, cookie, 10)
        name = f"session-{cookie.partition('=')[2]}"
        assert {path.name for path in tmp_path.iterdir()} == {name, f"{name}.lock"}
        assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
