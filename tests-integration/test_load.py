"""Many requests, and many clients that go away: nothing fails, and nothing is left behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEADLINE = 60.0
"""Seconds that anything may take at most; nothing waits so long unless it fails."""

CONNECTIONS = 50
REQUESTS_FOR_EACH = 200
CLIENTS_THAT_LEAVE = 100

APPLICATION = '''\
"""A site that knows what it has open."""

import json
import os
import threading
from pathlib import Path

import cherrypy

LARGE = Path("large")
OCTETS = b"x" * 12_000_000  # more than what the system takes from a sender at once
LARGE.write_bytes(OCTETS)

class Counter:
    def __init__(self):
        self.lock = threading.Lock()
        self.now = self.ever = 0

    def __enter__(self):
        with self.lock:
            self.now += 1
            self.ever += 1

    def __exit__(self, *exception):
        with self.lock:
            self.now -= 1

generators, iterators, requests = Counter(), Counter(), Counter()

class Endless:
    def __init__(self):
        iterators.__enter__()

    def __iter__(self):
        return self

    def __next__(self):
        return b"x" * 10_000

    def close(self):
        iterators.__exit__()

class Root:
    @cherrypy.expose
    def page(self, number):
        return f"page {number}"

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def generator(self):
        with generators:
            while True:
                yield "x" * 10_000

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def iterator(self):
        cherrypy.response.headers["Content-Type"] = "application/octet-stream"
        return Endless()

    @cherrypy.expose
    def file(self):
        cherrypy.response.headers["Content-Type"] = "application/octet-stream"
        cherrypy.response.headers["Content-Length"] = str(LARGE.stat().st_size)
        return LARGE.open("rb")

    @cherrypy.expose
    def large(self):
        return OCTETS

    @cherrypy.expose
    def census(self):
        folder = "/proc/self/fd"
        links = [os.path.realpath(f"{folder}/{number}") for number in os.listdir(folder)]
        return json.dumps({
            "generators": generators.now,
            "iterators": iterators.now,
            "requests": requests.now,
            "files": sum(link.endswith("/large") for link in links),
            "sockets": sum("socket:" in link for link in links),
            "threads": threading.active_count(),
        })

    @cherrypy.expose
    def ever(self):
        return json.dumps([generators.ever, iterators.ever, requests.ever])

def tell():
    cherrypy.engine.unsubscribe("main", tell)
    print(cherrypy.server.bound_addr[1], flush=True)

cherrypy.engine.subscribe("main", tell)
cherrypy.engine.subscribe("before_request", requests.__enter__)
cherrypy.engine.subscribe("after_request", requests.__exit__)
cherrypy.config.update({
    "server.socket_port": 0,
    "engine.autoreload.on": False,
    "log.screen": False,
    "log.error_file": "error.log",
})
cherrypy.quickstart(Root())
'''


class Served:
    """A site in a process of its own."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.folder = folder
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], DEADLINE)
        line = process.stdout.readline() if ready else b""
        if not line.strip().isdigit():
            pytest.fail(f"the site has not begun to serve: {line!r}")
        self.address = ("127.0.0.1", int(line))

    def ask(self, path: str) -> Any:
        """Return what a page says, on a connection of its own."""
        with socket.create_connection(self.address, timeout=DEADLINE) as client:
            client.sendall(request_for(path, "Connection: close"))
            octets = b""
            while piece := client.recv(65536):
                octets += piece
        return json.loads(octets.partition(b"\r\n\r\n")[2])

    def end(self) -> str:
        """End it by Ctrl-C; return what it has written to its error log."""
        self.process.send_signal(signal.SIGINT)
        output, _ = self.process.communicate(timeout=DEADLINE)
        assert self.process.returncode == 0, output
        assert output == b""
        return (self.folder / "error.log").read_text(encoding="utf-8")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    process = subprocess.Popen(  # noqa: S603 - this interpreter
        [sys.executable, "-W", "error", "-c", APPLICATION],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield Served(tmp_path, process)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def request_for(path: str, *fields: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: x", *fields, "", ""]).encode()


def test_ten_thousand_requests_on_fifty_connections(served: Served) -> None:
    """Each connection is kept, and each answer is that to its own request."""

    async def ask_many(client: int) -> int:
        reader, writer = await asyncio.open_connection(*served.address)
        for number in range(REQUESTS_FOR_EACH):
            writer.write(request_for(f"/page/{client}-{number}"))
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = head.split("\r\n")
            assert lines[0] == "HTTP/1.1 200 OK"
            assert "connection: close" not in head.lower()
            fields = dict(line.split(": ", 1) for line in lines[1:-2])
            content = await reader.readexactly(int(fields["Content-Length"]))
            assert content == f"page {client}-{number}".encode()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        return REQUESTS_FOR_EACH

    async def ask_all() -> list[int]:
        async with asyncio.timeout(DEADLINE):
            return await asyncio.gather(*map(ask_many, range(CONNECTIONS)))

    before = served.ask("/census")
    assert sum(asyncio.run(ask_all())) == 10_000
    left_behind(served, before)
    assert served.ask("/ever")[2] >= 10_000
    log = served.end()
    assert "Traceback" not in log
    assert "Error" not in log


@pytest.mark.parametrize("page", ["generator", "iterator", "file", "large"])
@pytest.mark.parametrize("reset", [False, True])
def test_clients_that_leave_in_the_middle(served: Served, page: str, *, reset: bool) -> None:
    """100 of them at a time leave no thread, file, generator or socket open."""

    async def leave() -> None:
        reader, writer = await asyncio.open_connection(*served.address)
        writer.write(request_for(f"/{page}"))
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        await reader.readexactly(1000)
        if reset:  # says so at once, instead of when more is sent
            own = writer.get_extra_info("socket")
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def all_leave() -> None:
        async with asyncio.timeout(DEADLINE):
            await asyncio.gather(*[leave() for _ in range(CLIENTS_THAT_LEAVE)])

    before = served.ask("/census")
    asyncio.run(all_leave())
    left_behind(served, before)
    generators, iterators, requests = served.ask("/ever")
    assert {"generator": generators, "iterator": iterators}.get(page, 100) == CLIENTS_THAT_LEAVE
    assert requests >= CLIENTS_THAT_LEAVE
    log = served.end()
    assert "never closed" not in log
    assert "Traceback" not in log


def left_behind(served: Served, before: dict[str, int]) -> None:
    """Check that a site has no more open than before, as soon as it has noticed who left."""
    end = time.monotonic() + DEADLINE
    while (now := served.ask("/census")) != before:
        assert time.monotonic() < end, f"{before} has become {now}"
