"""Files over real sockets: huge ones, slow clients, several servers, other tools beside them."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from services import find_program

if TYPE_CHECKING:
    from collections.abc import Iterator

DEADLINE = 60.0  # seconds that anything may take at most; nothing waits so long unless it fails
GIB = 1024**3

APPLICATION = """\
import sys

import cherrypy
from cherrypy.lib.static import serve_file

FOLDER = sys.argv[-1]

class Root:
    @cherrypy.expose
    def index(self):
        return "Hello World!"

    @cherrypy.expose
    def handler(self, name):
        return serve_file(f"{FOLDER}/{name}")

config = {
    "/files": {"tools.staticdir.on": True, "tools.staticdir.dir": FOLDER},
    "/hooked": {
        "tools.staticdir.on": True,
        "tools.staticdir.dir": FOLDER,
        "hooks.on_end_request": lambda: None,
    },
}
cherrypy.config.update({"environment": "embedded", "log.screen": False})
cherrypy.tree.mount(Root(), "", config)
application = cherrypy.tree
"""

PROGRAMS = {
    "cherrypy": """
def tell():
    cherrypy.engine.unsubscribe("main", tell)
    print(cherrypy.server.base(), flush=True)

cherrypy.config.update({"server.socket_port": 0})
cherrypy.server.subscribe()
cherrypy.engine.subscribe("main", tell)
cherrypy.engine.signals.subscribe()
cherrypy.engine.start()
cherrypy.engine.block()
""",
    "wsgiref": """
import socketserver
from wsgiref.simple_server import WSGIServer, make_server

class Threaded(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True

server = make_server("127.0.0.1", 0, application, Threaded)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
try:
    server.serve_forever()
except KeyboardInterrupt:
    server.server_close()
""",
    "gunicorn": """
from gunicorn.app.base import BaseApplication

class Served(BaseApplication):
    def load_config(self):
        self.cfg.set("bind", "127.0.0.1:0")
        self.cfg.set("when_ready", lambda server: print(
            "http://127.0.0.1:%d" % server.LISTENERS[0].sock.getsockname()[1], flush=True
        ))

    def load(self):
        return application

sys.argv, arguments = sys.argv[:1], sys.argv
Served().run()
""",
}


class Served:
    """A server that runs in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        address = urlsplit(url)
        self.address = (address.hostname or "", address.port or 0)

    def get(self, path: str, **fields: str) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Get a page; ``_`` stands for ``-`` in the names of header fields."""
        connection = http.client.HTTPConnection(*self.address, timeout=DEADLINE)
        with contextlib.closing(connection):
            names = {name.replace("_", "-"): value for name, value in fields.items()}
            connection.request("GET", path, headers=names)
            response = connection.getresponse()
            return response.status, response.headers, response.read()

    @property
    def resident_octets(self) -> int:
        """How much memory the process has had at most."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) * 1024


@contextlib.contextmanager
def serving(folder: Path, server: str = "cherrypy") -> Iterator[Served]:
    """Serve a folder until the end of the block; Ctrl-C ends the server."""
    process = subprocess.Popen(  # noqa: S603 - this interpreter
        [sys.executable, "-c", APPLICATION + PROGRAMS[server], str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=restore_ctrl_c,  # noqa: PLW1509 - before the interpreter starts
    )
    try:
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], DEADLINE)
        url = process.stdout.readline().strip() if ready else ""
        if not url:
            process.kill()
            pytest.fail(f"{server} has not begun to serve: {process.communicate()[1]}")
        yield Served(process, url)
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE) == 0
    finally:
        process.kill()
        process.communicate()


def restore_ctrl_c() -> None:
    """Let Ctrl-C end the process, also where that is ignored here."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def write_sparse(path: Path, size: int, *pieces: tuple[int, bytes]) -> Path:
    """Write a file that takes no room but for some pieces of it."""
    with path.open("wb") as file:
        for position, content in pieces:
            file.seek(position)
            file.write(content)
        file.truncate(size)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


def test_the_first_and_the_last_octets_of_5_gib(tmp_path: Path) -> None:
    """At constant memory, whichever way they are asked for."""
    size = 5 * GIB
    write_sparse(tmp_path / "huge.bin", size, (0, b"first"), (size - 4, b"last"))
    with serving(tmp_path) as served:
        served.get("/files/huge.bin", Range="bytes=0-0")
        before = served.resident_octets
        for path in ("/files/huge.bin", "/hooked/huge.bin", "/handler?name=huge.bin"):
            assert served.get(path, Range="bytes=0-4")[2] == b"first"
            status, fields, content = served.get(path, Range="bytes=-4")
            assert (status, content) == (206, b"last")
            assert fields["Content-Range"] == f"bytes {size - 4}-{size - 1}/{size}"
            assert b"first" in served.get(path, Range=f"bytes=0-4,{size - 4}-")[2]
            middle = served.get(path, Range=f"bytes={3 * GIB}-{3 * GIB + 50_000_000}")[2]
            assert len(middle) == 50_000_001
        assert served.resident_octets - before < 4 * 1024 * 1024


def connect_slowly(address: tuple[str, int], path: str) -> socket.socket:
    """Ask for a page, and take little of it."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(DEADLINE)
    client.connect(address)
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return client


def test_200_slow_readers_while_others_get_answers(tmp_path: Path) -> None:
    """They are twenty times as many as the threads of the server."""
    content = os.urandom(1024) * 10_240  # 10 MiB
    (tmp_path / "large.bin").write_bytes(content)
    with serving(tmp_path) as served, contextlib.ExitStack() as stack:
        before = served.resident_octets
        slow = [
            stack.enter_context(connect_slowly(served.address, "/files/large.bin"))
            for _ in range(200)
        ]
        for client in slow:
            assert client.recv(12, socket.MSG_WAITALL) == b"HTTP/1.1 200"
        taken = []
        for _ in range(20):
            started = time.monotonic()
            assert served.get("/")[2] == b"Hello World!"
            assert served.get("/files/large.bin")[2] == content
            taken.append(time.monotonic() - started)
        assert sorted(taken)[10] < 1.0  # 10 MiB and a page; most of that is this process
        for client in slow[::50]:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            received = bytearray()
            while len(received) < len(content):
                received += client.recv(1 << 20)
            assert received.endswith(content[-1024:])
        assert served.resident_octets - before < 32 * 1024 * 1024


@pytest.mark.parametrize("server", list(PROGRAMS))
def test_the_same_answers_from_each_server(tmp_path: Path, server: str) -> None:
    content = bytes(range(256)) * 2000
    (tmp_path / "large.bin").write_bytes(content)
    (tmp_path / "small.txt").write_bytes(b"0123456789")
    os.utime(tmp_path / "large.bin", (1_700_000_000, 1_700_000_000))
    with serving(tmp_path, server) as served:
        for path in ("/files/large.bin", "/hooked/large.bin", "/handler?name=large.bin"):
            status, fields, received = served.get(path)
            assert (status, received == content) == (200, True)
            part = served.get(path, Range="bytes=100001-400000", If_Range=fields["ETag"])
            assert (part[0], part[2] == content[100_001:400_001]) == (206, True)
            assert served.get(path, If_None_Match=fields["ETag"])[0] == 304
        assert served.get("/files/small.txt")[2] == b"0123456789"
        assert served.get("/favicon.ico")[1]["Content-Type"] == "image/x-icon"


def test_curl_resumes_a_download(tmp_path: Path) -> None:
    served_folder = tmp_path / "served"
    served_folder.mkdir()
    content = os.urandom(300_000)
    (served_folder / "file.bin").write_bytes(content)
    partial = tmp_path / "file.bin"
    partial.write_bytes(content[:123_456])
    with serving(served_folder) as served:
        host, port = served.address
        url = f"http://{host}:{port}/files/file.bin"
        command = [str(find_program("curl")), "-sS", "-C", "-", "-o", str(partial), url]
        subprocess.run(command, check=True, timeout=DEADLINE)  # noqa: S603 - a program of the tests
    assert partial.read_bytes() == content


def test_many_clients_at_once(tmp_path: Path) -> None:
    """Files of several sizes, from several threads, over connections that stay open."""
    sizes = [0, 1, 65_536, 65_537, 500_000]
    for size in sizes:
        (tmp_path / f"{size}.bin").write_bytes(bytes(size % 251 for _ in range(10)) * (size // 10))
    wrong: list[str] = []
    with serving(tmp_path) as served:

        def ask() -> None:
            connection = http.client.HTTPConnection(*served.address, timeout=DEADLINE)
            with contextlib.closing(connection):
                for number in range(60):
                    size = sizes[number % len(sizes)]
                    connection.request("GET", f"/files/{size}.bin")
                    response = connection.getresponse()
                    if response.read() != (tmp_path / f"{size}.bin").read_bytes():
                        wrong.append(f"{size}.bin")

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE)
    assert wrong == []
