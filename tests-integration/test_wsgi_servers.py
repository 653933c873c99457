"""The core alone, under servers that are not ours."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services import find_program

DEADLINE = 20.0  # seconds that a server may take to start

SITE = """
import cherrypy


class Root:
    @cherrypy.expose
    def index(self, name="World"):
        return f"Hello {name}!"

    @cherrypy.expose
    def upload(self, file):
        return str(len(file.file.read()))

    @cherrypy.expose
    def count(self):
        for number in range(3):
            yield f"{number};"
    count._cp_config = {"response.stream": True}


cherrypy.config.update({"log.screen": False})
cherrypy.tree.mount(Root())
application = cherrypy.tree
"""

WSGIREF = """
import sys
from wsgiref.simple_server import make_server
from site_of_the_test import application

make_server("127.0.0.1", int(sys.argv[1]), application).serve_forever()
"""


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(folder: Path, command: list[str], port: int) -> Iterator[None]:
    """Run a server until the block ends."""
    environ = {**os.environ, "PYTHONPATH": str(folder)}
    process = subprocess.Popen(command, cwd=folder, env=environ)  # noqa: S603 - our own
    try:
        deadline = time.monotonic() + DEADLINE
        while True:
            assert process.poll() is None, "the server has ended"
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < deadline, "the server does not listen"
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def curl(*arguments: str) -> str:
    command = [
        str(find_program("curl")),
        "--silent",
        "--show-error",
        "--max-time",
        "10",
        *arguments,
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["wsgiref_server.py", "{port}"], id="wsgiref"),
        pytest.param(
            [
                "-m",
                "granian",
                "--interface",
                "wsgi",
                "--host",
                "127.0.0.1",
                "--port",
                "{port}",
                "--workers",
                "1",
                "site_of_the_test:application",
            ],
            id="granian",
        ),
        pytest.param(
            [
                "-m",
                "gunicorn",
                "--bind",
                "127.0.0.1:{port}",
                "--log-level",
                "warning",
                "site_of_the_test:application",
            ],
            id="gunicorn",
        ),
    ],
)
def test_it_serves_under(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "site_of_the_test.py").write_text(SITE)
    (tmp_path / "wsgiref_server.py").write_text(WSGIREF)
    upload = tmp_path / "upload.bin"
    upload.write_bytes(b"x" * 300_000)
    port = free_port()
    arguments = [part.format(port=port) for part in command]
    with running(tmp_path, [sys.executable, *arguments], port):
        site = f"http://127.0.0.1:{port}"
        answer = curl("-i", site + "/")
        assert answer.splitlines()[0].split(" ", 1)[1].startswith("200")
        assert "content-type: text/html;charset=utf-8" in answer.lower()
        assert answer.endswith("Hello World!")
        assert curl(site + "/?name=you") == "Hello you!"
        assert curl("-d", "name=form", site + "/") == "Hello form!"
        assert curl("-F", f"file=@{upload}", site + "/upload") == "300000"
        assert curl(site + "/count") == "0;1;2;"
        assert curl("-o", os.devnull, "-w", "%{http_code}", site + "/nothing") == "404"
