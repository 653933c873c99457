"""Files that the system sends: slow clients take no thread, and nothing is left open."""

import hashlib
import socket
import threading
import time
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from live_server import (
    DEADLINE,
    Environ,
    Serve,
    Site,
    StartResponse,
    WSGIApplication,
    read_all,
    read_response,
    serving,
    status_of,
)

from cherrypy._server.file_sender import FileWrapper

SIZE = 4 * 1024 * 1024  # more than the buffers of a connection take
LARGE = b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"
SMALL = b"GET /small HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


class Files:
    """An application that answers ``/large`` with a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.opened: list[Any] = []
        self.fields: list[tuple[str, str]] = []
        self.start = 0
        self.length = path.stat().st_size

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        if environ["PATH_INFO"] != "/large":
            start_response("200 OK", [("Content-Length", "5")])
            return [b"small"]
        file = self.path.open("rb")
        file.seek(self.start)
        self.opened.append(file)
        start_response("200 OK", [("Content-Length", str(self.length)), *self.fields])
        return environ["wsgi.file_wrapper"](file)

    @property
    def are_closed(self) -> bool:
        return all(file.closed for file in self.opened)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    path = tmp_path / "large.bin"
    path.write_bytes(bytes(range(256)) * (SIZE // 256))
    return Files(path)


def connect_slowly(site: Site) -> socket.socket:
    """Open a connection of a client that takes little at a time."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(DEADLINE)
    client.connect(site.server.bound_addr)
    return client


def read_until_the_end(client: socket.socket) -> bytes:
    """Read all that comes, however the connection ends."""
    octets = b""
    with suppress(ConnectionError):
        while piece := client.recv(65536):
            octets += piece
    return octets


def wait_until(condition: Any) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.005)


def test_slow_clients_take_no_thread(serve: Serve, files: Files) -> None:
    """More of them than there are threads; others are answered, and they get all in the end."""
    site = serve(files, thread_pool=2)
    slow = [connect_slowly(site) for _ in range(12)]
    for client in slow:
        client.sendall(LARGE)
    for client in slow:
        assert client.recv(12, socket.MSG_WAITALL) == b"HTTP/1.1 200"
    for _ in range(5):
        assert site.ask(SMALL).endswith(b"small")
    expected = hashlib.sha256(files.path.read_bytes()).digest()
    for client in slow[:4]:
        with client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            _, content = read_response(client)
            assert hashlib.sha256(content).digest() == expected
            client.sendall(SMALL)  # the connection stays open
            assert read_all(client).endswith(b"small")
    for client in slow[4:]:
        client.close()  # and these have enough
    wait_until(lambda: files.are_closed)
    assert site.errors == []


def test_a_fast_client_is_served_at_once(serve: Serve, files: Files) -> None:
    site = serve(files)
    with site.connect() as client:
        for _ in range(3):
            client.sendall(LARGE)
            head, content = read_response(client)
            assert (status_of(head), content == files.path.read_bytes()) == (200, True)
    wait_until(lambda: files.are_closed)


def test_a_part_is_sent_from_the_position_of_the_file(serve: Serve, files: Files) -> None:
    files.start, files.length = 1_000_001, 300_000
    site = serve(files)
    head, _, content = site.ask(
        LARGE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    ).partition(b"\r\n\r\n")
    assert b"Content-Length: 300000" in head
    assert content == files.path.read_bytes()[1_000_001:1_300_001]


@pytest.mark.parametrize("method", [b"HEAD", b"GET"])
def test_pipelined_requests_after_a_file(serve: Serve, files: Files, method: bytes) -> None:
    site = serve(files)
    response = site.ask(LARGE.replace(b"GET", method) + SMALL)
    assert response.count(b"HTTP/1.1 200 OK") == 2
    assert response.endswith(b"small")
    assert (len(response) > SIZE) is (method == b"GET")


def test_a_client_that_takes_nothing_is_given_up(serve: Serve, files: Files) -> None:
    site = serve(files, socket_timeout=0.2)
    with connect_slowly(site) as client:
        client.sendall(LARGE)
        wait_until(lambda: files.opened and files.are_closed)
        assert len(read_until_the_end(client)) < SIZE


def test_a_file_that_becomes_shorter_ends_the_connection(serve: Serve, files: Files) -> None:
    files.length = SIZE + 1
    site = serve(files)
    response = site.ask(LARGE)
    assert len(response.partition(b"\r\n\r\n")[2]) == SIZE
    wait_until(lambda: files.are_closed)


def test_stopping_waits_for_what_is_being_sent(files: Files) -> None:
    with serving(files) as site:
        client = connect_slowly(site)
        client.sendall(LARGE)
        assert client.recv(4, socket.MSG_WAITALL) == b"HTTP"
        stopping = threading.Thread(target=site.server.stop)
        stopping.start()
        with client:
            assert len(read_all(client)) > SIZE
        stopping.join(DEADLINE)
    assert files.are_closed


def test_stopping_does_not_wait_for_ever(files: Files) -> None:
    with serving(files, shutdown_timeout=0.1) as site, connect_slowly(site) as client:
        client.sendall(LARGE)
        assert client.recv(4, socket.MSG_WAITALL) == b"HTTP"
        site.server.stop()
        assert files.are_closed


def in_memory(environ: Environ, start_response: StartResponse) -> Any:
    start_response("200 OK", [("Content-Length", "6")])
    return environ["wsgi.file_wrapper"](BytesIO(b"memory"), 4)


def of_unknown_length(environ: Environ, start_response: StartResponse) -> Any:
    start_response("200 OK", [])
    return environ["wsgi.file_wrapper"](BytesIO(b"memory"), 4)


@pytest.mark.parametrize("application", [in_memory, of_unknown_length])
def test_what_the_system_can_not_send_is_read(serve: Serve, application: WSGIApplication) -> None:
    response = serve(application).get()
    assert response.endswith((b"memory", b"4\r\nmemo\r\n2\r\nry\r\n0\r\n\r\n"))


def test_a_wrapper_of_what_has_no_close() -> None:
    class Reader:
        def read(self, _size: int) -> bytes:
            return b""

    wrapper = FileWrapper(Reader())
    assert list(wrapper) == []
    wrapper.close()
    assert wrapper.position() is None
