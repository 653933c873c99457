"""The core alone serves under other people's WSGI servers: real processes, asked by curl."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from services import find_program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEADLINE = 30.0
"""Seconds that anything may take at most; nothing waits so long unless it fails."""

APPLICATION = '''\
"""An application on the core alone; `application` is what a server is given."""

import sys

import cherrypy

class Root:
    @cherrypy.expose
    def index(self):
        return "Hello World!"

    @cherrypy.expose
    def echo(self, *segments, **parameters):
        return f"{cherrypy.request.method} {segments} {sorted(parameters.items())}"

    @cherrypy.expose
    def length(self):
        return str(len(cherrypy.request.body.read()))

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def stream(self):
        cherrypy.response.headers["Content-Type"] = "text/plain"
        for number in range(5):
            yield f"{number} {cherrypy.request.path_info} "

    @cherrypy.expose
    def large(self):
        return b"x" * 3_000_000

    @cherrypy.expose
    def cookie(self):
        cherrypy.response.cookie["seen"] = "yes"
        return ", ".join(sorted(cherrypy.request.cookie))

    @cherrypy.expose
    def away(self):
        raise cherrypy.HTTPRedirect("/echo/there")

    @cherrypy.expose
    def inside(self):
        raise cherrypy.InternalRedirect("/echo/inside")

    @cherrypy.expose
    def wrong(self):
        raise ValueError("wrong")

    @cherrypy.expose
    def nothing(self):
        cherrypy.response.status = 204

    @cherrypy.expose
    def servers(self):
        ours = ("cheroot", "cherrypy._server")
        return repr([name for name in sys.modules if name.startswith(ours)])

cherrypy.config.update({"environment": "embedded"})
cherrypy.tree.mount(Root())
application = cherrypy.tree
'''

WSGIREF = """\
import socketserver, sys
from wsgiref.simple_server import WSGIServer, make_server
from served import application

class Threaded(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True

server = make_server("127.0.0.1", 0, application, Threaded)
print(f"Listening at: http://127.0.0.1:{server.server_port}", flush=True)
try:
    server.serve_forever()
except KeyboardInterrupt:
    server.server_close()
"""


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def commands() -> dict[str, list[str]]:
    """Return the command of each server."""
    granian = ["-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
    granian += ["--port", str(free_port()), "--no-ws", "--blocking-threads", "4"]
    gunicorn = ["-m", "gunicorn", "--bind", "127.0.0.1:0", "--threads", "4"]
    return {
        "wsgiref": ["-c", WSGIREF],
        "gunicorn": [*gunicorn, "served:application"],
        "granian": [*granian, "served:application"],
        "granian with two workers": [*granian, "--workers", "2", "served:application"],
    }


@contextlib.contextmanager
def serving(name: str, folder: Path) -> Iterator[str]:
    """Start a server, give its URL, and end it by Ctrl-C."""
    (folder / "served.py").write_text(APPLICATION, encoding="utf-8")
    process = subprocess.Popen(  # noqa: S603 - this interpreter
        [sys.executable, *commands()[name]],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *sys.path])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield url_told_by(process)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=DEADLINE)
        assert process.returncode == 0, output
        assert b"Traceback" not in output, output
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def url_told_by(process: Any) -> str:
    """Read what a server writes until it tells where it listens."""
    output = b""
    end = time.monotonic() + DEADLINE
    while not (match := re.search(rb"Listening at: (http://127\.0\.0\.1:\d+)", output)):
        ready, _, _ = select.select([process.stdout], [], [], max(end - time.monotonic(), 0))
        piece = os.read(process.stdout.fileno(), 65536) if ready else b""
        if not piece:
            pytest.fail(f"the server has not begun: {output.decode()}")
        output += piece
    port = int(match[1].rpartition(b":")[2])
    while not answers(port):  # granian tells it before its workers listen
        assert process.poll() is None
        assert time.monotonic() < end
    return match[1].decode()


def answers(port: int) -> bool:
    """Tell whether someone listens on a port; if not, wait a little."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=DEADLINE).close()
    except ConnectionRefusedError:
        time.sleep(0.01)
        return False
    return True


def curl(url: str, *options: str) -> tuple[str, bytes]:
    """Return the header fields and the content that curl gets."""
    marked = ["--silent", "--show-error", "--dump-header", "/dev/stderr", "--max-time", "20"]
    command = [str(find_program("curl")), *marked, *options, url]
    ran = subprocess.run(command, capture_output=True, check=True)  # noqa: S603 - a program that the tests need
    return ran.stderr.decode("latin-1"), ran.stdout


@pytest.mark.parametrize("server", commands())
def test_the_core_alone_serves_under(server: str, tmp_path: Path) -> None:
    with serving(server, tmp_path) as url:
        head, content = curl(f"{url}/")
        assert re.match(r"HTTP/1\.[01] 200 OK\r\n", head)
        assert content == b"Hello World!"
        assert re.search(r"(?i)^content-length: 12\r$", head, re.MULTILINE)
        assert re.search(r"(?i)^content-type: text/html;charset=utf-8\r$", head, re.MULTILINE)
        assert len(re.findall(r"(?im)^date: ", head)) == 1
        assert len(re.findall(r"(?im)^server: ", head)) == 1

        assert curl(f"{url}/servers")[1] == b"[]"  # ours is installed, perhaps, and not used
        assert curl(f"{url}/echo/a%20b/%C3%A9?x=1&y=%C3%A9")[1].decode() == (
            "GET ('a b', 'é') [('x', '1'), ('y', 'é')]"
        )
        assert curl(f"{url}/echo", "--data", "a=1&b=2")[1].decode() == (
            "POST () [('a', '1'), ('b', '2')]"
        )
        assert curl(f"{url}/echo", "--form", "a=1", "--form", "a=2")[1].decode() == (
            "POST () [('a', ['1', '2'])]"
        )
        octets = tmp_path / "octets"
        octets.write_bytes(b"x" * 500_000)
        sent = ["--data-binary", f"@{octets}", "--header", "Content-Type: application/x-own"]
        assert curl(f"{url}/length", *sent)[1] == b"500000"

        shown = curl(f"{url}/", "--head")[1].lower()  # which is the header fields, and no content
        assert b"content-length: 12\r\n" in shown
        assert shown.endswith(b"\r\n\r\n")
        head, content = curl(f"{url}/stream")
        assert content == b"".join(b"%d /stream " % number for number in range(5))
        assert "content-length" not in head.lower()
        assert curl(f"{url}/large")[1] == b"x" * 3_000_000

        jar = str(tmp_path / "jar")
        assert curl(f"{url}/cookie", "--cookie", jar, "--cookie-jar", jar)[1] == b""
        assert curl(f"{url}/cookie", "--cookie", jar, "--cookie-jar", jar)[1] == b"seen"

        assert " 303 " in curl(f"{url}/away")[0].splitlines()[0]
        assert curl(f"{url}/away", "--location")[1] == b"GET ('there',) []"
        assert curl(f"{url}/inside")[1] == b"GET ('inside',) []"
        assert " 404 " in curl(f"{url}/nobody")[0]
        assert " 404 " in curl(f"{url}/index?x=1")[0]
        head, content = curl(f"{url}/wrong")
        assert (" 500 " in head, b"Traceback" in content) == (True, False)
        head, content = curl(f"{url}/nothing")
        assert (" 204 " in head, content) == (True, b"")
