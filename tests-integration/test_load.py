"""The whole site under load, and clients that go away."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

import cherrypy
from cherrypy._server.settings import Server

DEADLINE = 20.0
CONNECTIONS = 50
REQUESTS = 200  # on each connection


class Streams:
    """Counts the generators that are open."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.begun = self.open = 0

    def __call__(self) -> Iterator[bytes]:
        """Yield without end."""
        with self.lock:
            self.begun += 1
            self.open += 1
        try:
            while True:
                yield b"x" * 65536
        finally:
            with self.lock:
                self.open -= 1


class Root:
    """A site with a short answer and an endless one."""

    def __init__(self) -> None:
        self.streams = Streams()

    @cherrypy.expose
    def index(self, number: str = "") -> str:
        """Answer at once."""
        return f"Hello {number}"

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def endless(self) -> Iterator[bytes]:
        """Answer without end."""
        return self.streams()


@pytest.fixture
def root() -> Root:
    return Root()


@pytest.fixture
def address(root: Root) -> Iterator[tuple[str, int]]:
    application = cherrypy.Application(root, "", {"/": {"log.screen": False}})
    server = Server(application=application)
    server.socket_port = 0
    server.start()
    try:
        host, port = server.bound_addr
        yield host, port
    finally:
        server.stop()


def ask_often(address: tuple[str, int], first: int) -> int:
    """Send requests one after the other on one connection; return how many were answered well."""
    good = 0
    with closing(socket.create_connection(address, timeout=DEADLINE)) as client:
        stream = client.makefile("rb")
        for number in range(first, first + REQUESTS):
            client.sendall(b"GET /?number=%d HTTP/1.1\r\nHost: x\r\n\r\n" % number)
            status = stream.readline()
            length = 0
            while (line := stream.readline()) not in {b"\r\n", b""}:
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            good += (
                status.startswith(b"HTTP/1.1 200") and stream.read(length) == b"Hello %d" % number
            )
        stream.close()
    return good


def test_ten_thousand_requests_over_fifty_connections(address: tuple[str, int]) -> None:
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        answered = pool.map(lambda n: ask_often(address, n * REQUESTS), range(CONNECTIONS))
        assert sum(answered) == CONNECTIONS * REQUESTS


def disconnect_early(address: tuple[str, int]) -> None:
    with closing(socket.create_connection(address, timeout=DEADLINE)) as client:
        client.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 200")


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - only how many


def wait_until(description: str, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, description
        pause.wait(0.01)


def test_clients_that_go_away_leave_nothing_open(root: Root, address: tuple[str, int]) -> None:
    """Neither a thread, nor a file, nor a generator."""
    assert ask_often(address, 0) == REQUESTS  # the pool has begun
    threads, files = threading.active_count(), descriptors()
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: disconnect_early(address), range(100)))
    streams = root.streams
    wait_until("a generator is open", lambda: streams.begun == 100 and streams.open == 0)
    wait_until("a file is open", lambda: descriptors() <= files)
    assert threading.active_count() <= threads
    assert ask_often(address, 0) == REQUESTS
