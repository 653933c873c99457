"""``cherrypy.server``: its settings, and the servers that are made of them."""

import contextlib
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from live_server import DEADLINE, Environ, Serve, StartResponse, hello

from cherrypy._server.settings import Server
from cherrypy.process import wspbus
from cherrypy.process.servers import AddressUnavailableError

PROGRAM = """
import sys
import cherrypy

class Root:
    @cherrypy.expose
    def index(self):
        return "hello"

    @cherrypy.expose
    def length(self, part=None):
        return str(len(part.file.read()))

cherrypy.config.update({"engine.autoreload.on": False, "server.socket_port": int(sys.argv[1])})
"""


SERVE = """
def say():
    cherrypy.engine.unsubscribe("main", say)
    print(cherrypy.server.base(), flush=True)

cherrypy.engine.subscribe("main", say)  # which begins when all is started
cherrypy.quickstart(Root())
"""


@contextlib.contextmanager
def run_program(ending: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run an application in a process of its own, and make sure that it ends."""
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", PROGRAM + ending, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_defaults() -> None:
    """Those of CherryPy."""
    server = Server()
    assert {name: getattr(server, name) for name in dir(Server) if name in DEFAULTS} == DEFAULTS
    assert server.bus is wspbus.bus
    assert server.description == ""


DEFAULTS = {
    "accepted_queue_size": -1,
    "accepted_queue_timeout": 10,
    "bind_addr": ("127.0.0.1", 8080),
    "bound_addr": ("127.0.0.1", 8080),
    "httpserver": None,
    "instance": None,
    "keep_underscores": False,
    "max_request_body_size": 104857600,
    "max_request_header_size": 512000,
    "nodelay": True,
    "peercreds": False,
    "peercreds_resolve": False,
    "protocol_version": "HTTP/1.1",
    "shutdown_timeout": 5,
    "socket_file": None,
    "socket_group": None,
    "socket_host": "127.0.0.1",
    "socket_mode": None,
    "socket_port": 8080,
    "socket_queue_size": 5,
    "socket_timeout": 10,
    "socket_user": None,
    "ssl_certificate": None,
    "ssl_certificate_chain": None,
    "ssl_certificates": (),
    "ssl_ciphers": None,
    "ssl_client_ca": None,
    "ssl_context": None,
    "ssl_minimum_version": "1.2",
    "ssl_module": "builtin",
    "ssl_private_key": None,
    "ssl_private_key_password": None,
    "ssl_redirect_port": None,
    "ssl_verify_client": False,
    "statistics": False,
    "thread_pool": 10,
    "thread_pool_max": -1,
    "wsgi_version": (1, 0),
}


def test_bind_addr() -> None:
    server = Server()
    server.bind_addr = ("example.com", 80)
    assert (server.socket_host, server.socket_port) == ("example.com", 80)
    server.bind_addr = "a.sock"
    assert (server.socket_file, server.socket_host, server.bind_addr) == ("a.sock", None, "a.sock")
    assert server.base() == "a.sock"
    server.bind_addr = ("::", 1)
    assert (server.socket_file, server.bind_addr) == (None, ("::", 1))
    server.bind_addr = None
    assert (server.socket_host, server.socket_port, server.bind_addr) == (None, None, None)
    server.socket_port = 1
    server.socket_host = "a"
    server.socket_file = "b.sock"
    assert server.bind_addr == "b.sock"


@pytest.mark.parametrize("address", [80, ("a", 1, 2), ("a",)])
def test_malformed_bind_addr(address: Any) -> None:
    with pytest.raises(ValueError, match=re.escape(f"bind_addr = {address!r}: expected (host")):
        Server().bind_addr = address


def test_empty_host() -> None:
    with pytest.raises(ValueError, match=r"server\.socket_host = '': .* '0\.0\.0\.0' listens"):
        Server().socket_host = ""


def test_base() -> None:
    server = Server()
    assert server.base() == "http://127.0.0.1:8080"
    server.ssl_certificate = "a.pem"
    assert server.base() == "https://127.0.0.1:8080"
    server.socket_port = 443
    server.socket_host = "::1"
    assert server.base() == "https://[::1]"


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("socket_port", "80", "an int from 0 to 65535; 0 lets the system choose"),
        ("socket_port", 65536, "an int from 0 to 65535"),
        ("socket_port", -1, "an int from 0 to 65535"),
        ("thread_pool", 0, "an int from 1"),
        ("thread_pool", "10", "an int from 1"),
        ("thread_pool", True, "an int from 1"),
        ("thread_pool_max", None, "an int from -1"),
        ("max_request_body_size", None, None),
        ("thread_pool_max", 2.5, "an int from -1; -1 keeps"),
        ("socket_queue_size", -1, "an int from 0"),
        ("max_request_body_size", "1MB", "an int from 0; 0 is for no limit"),
        ("wsgi_version", ("u", 0), r"\(1, 0\)"),
        ("protocol_version", "HTTP/2", "'HTTP/1.1' or 'HTTP/1.0'"),
    ],
)
def test_settings_that_make_no_sense(
    name: str,
    value: Any,
    allowed: str | None,
) -> None:
    """Told by name, with what is allowed."""
    server = Server(wspbus.Bus(), hello)
    setattr(server, name, value)
    if allowed is None:
        server.httpserver_from_self()
        return
    text = rf"server\.{name} = {re.escape(repr(value))}: expected {allowed}"
    with pytest.raises(ValueError, match=text):
        server.start()
    assert not server.running


def test_fewer_threads_at_most_than_at_first() -> None:
    server = Server(wspbus.Bus(), hello)
    server.thread_pool, server.thread_pool_max = 10, 5
    with pytest.raises(
        ValueError, match=r"server\.thread_pool_max = 5: .*server\.thread_pool = 10"
    ):
        server.start()


def test_settings_reach_the_server() -> None:
    server = Server(wspbus.Bus(), hello)
    settings = {
        "accepted_queue_timeout": 3.5,
        "nodelay": False,
        "shutdown_timeout": 1.5,
        "socket_host": "127.0.0.2",
        "socket_port": 4711,
        "socket_queue_size": 77,
        "socket_timeout": 2.5,
        "thread_pool": 3,
        "thread_pool_max": 9,
    }
    for name, value in settings.items():
        setattr(server, name, value)
    made, address = server.httpserver_from_self()
    assert address == made.bind_addr == ("127.0.0.2", 4711)
    assert made.server_name == "127.0.0.2"
    assert made.nodelay is False
    assert (made.timeout, made.shutdown_timeout, made.request_queue_size) == (2.5, 1.5, 77)
    assert (made.requests.min, made.requests.max) == (3, 9)
    assert made.wsgi_app is hello
    assert re.fullmatch(r"CherryPy/[0-9.]+ Cheroot/[0-9.]+", made.version)


def test_several_servers(serve: Serve) -> None:
    """Each with its own application and settings."""

    def other(_environ: Environ, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [])
        return [b"other"]

    first, second = serve(hello), serve(other, protocol_version="HTTP/1.0")
    assert first.get().endswith(b"hello")
    assert second.get().endswith(b"other")
    assert first.server.bound_addr != second.server.bound_addr
    assert first.server.base() == "http://{}:{}".format(*first.server.bound_addr)


class OwnServer:
    """A server that an application brings."""

    def __init__(self, adapter: Server) -> None:
        self.adapter = adapter
        self.ready = False


def test_instance() -> None:
    """An object, a class, or a dotted name."""
    server = Server(wspbus.Bus(), hello)
    own = OwnServer(server)
    server.instance = own
    assert server.httpserver_from_self() == (own, ("127.0.0.1", 8080))
    server.instance = OwnServer
    assert server.httpserver_from_self()[0].adapter is server
    server.instance = "cherrypy._server.cheroot_gateway.CPWSGIServer"
    assert server.httpserver_from_self()[0].server_adapter is server
    server.instance = None
    assert type(server.httpserver_from_self(own)[0]) is OwnServer


def test_a_server_that_was_set_is_kept() -> None:
    server = Server(wspbus.Bus(), hello)
    server.socket_port = 0
    own, server.bind_addr = server.httpserver_from_self()
    server.httpserver = own
    server.start()
    server.restart()
    server.stop()
    assert server.httpserver is own


# The whole, with the tree of the core, in processes of their own


def test_cheroot_is_imported_when_a_server_is_made() -> None:
    """And not when settings are read or set."""
    ending = (
        "cherrypy.server.thread_pool = 3\n"
        "cherrypy.server.base()\n"
        "print(any(name.split('.')[0] == 'cheroot' for name in sys.modules))\n"
    )
    with run_program(ending, 0) as process:
        output, errors = process.communicate(timeout=DEADLINE)
    assert (output, errors) == ("False\n", "")


def test_quickstart_ends_by_ctrl_c() -> None:
    """With the status 0."""
    with run_program(SERVE, 0) as process:
        assert process.stdout is not None
        host, port = process.stdout.readline().removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=DEADLINE) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(1000).endswith(b"hello")
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0
    assert "Traceback" not in errors


def test_a_handler_that_ends_the_engine_is_answered() -> None:
    """The process waits for the thread that called ``engine.exit()``."""
    end = "Root.end = cherrypy.expose(lambda self: cherrypy.engine.exit() or 'the end')\n"
    with run_program(end + SERVE, 0) as process:
        assert process.stdout is not None
        host, port = process.stdout.readline().removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=DEADLINE) as client:
            client.sendall(b"GET /end HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = client.makefile("rb").read()
        _, errors = process.communicate(timeout=DEADLINE)
    assert answer.endswith(b"\r\n\r\nthe end"), errors
    assert (process.returncode, "Traceback" in errors) == (0, False)


def test_quickstart_with_a_port_in_use() -> None:
    """One line that names host, port and what to change; no traceback; a status of failure."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with run_program("cherrypy.quickstart(Root())", port) as process:
            _, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode not in {0, None}
    assert "Traceback" not in errors
    (line,) = [line for line in errors.splitlines() if str(port) in line and "in use" in line]
    assert f"Port {port} on 127.0.0.1 is in use" in line
    assert "server.socket_port" in line


def test_quickstart_with_a_setting_that_makes_no_sense() -> None:
    """One line that names it, what it may be, and a status of failure."""
    with run_program("cherrypy.quickstart(Root())", 99999) as process:
        _, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode not in {0, None}
    assert "Traceback" not in errors
    assert "server.socket_port = 99999: expected an int from 0 to 65535" in errors


def test_start_without_the_engine() -> None:
    """``cherrypy.server.start()`` raises what is wrong, and leaves the process alone."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(wspbus.Bus(), hello)
        server.socket_port = listener.getsockname()[1]
        with pytest.raises(AddressUnavailableError, match=r"server\.socket_port"):
            server.start()
    server.start()
    server.stop()
