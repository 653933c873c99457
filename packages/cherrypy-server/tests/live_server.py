"""A server for tests: real sockets on a port that the system chooses, with a bus and a log."""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from cherrypy._server.settings import Server
from cherrypy.process.wspbus import Bus

DEADLINE = 10.0  # seconds that anything may take at most; nothing waits so long unless it fails

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WSGIApplication = Callable[[Environ, StartResponse], Iterable[bytes]]


class Site:
    """A server that runs, and what it has logged."""

    def __init__(self, application: WSGIApplication, settings: Mapping[str, object]) -> None:
        self.log: list[tuple[str, int]] = []
        bus = Bus()
        bus.subscribe("log", lambda message, level: self.log.append((message, level)))
        self.server = Server(bus, application)
        self.server.socket_port = 0
        for name, value in settings.items():
            setattr(self.server, name, value)
        self.httpserver = self.server.httpserver_from_self()[0]
        self.server.httpserver = self.httpserver
        self.httpserver.expiration_interval = 0.05  # so that stopping takes no longer
        self.server.start()

    @property
    def errors(self) -> list[str]:
        """What was logged as a warning or worse."""
        return [message for message, level in self.log if level >= 30]

    def connect(self) -> socket.socket:
        """Open a connection."""
        return socket.create_connection(self.server.bound_addr, timeout=DEADLINE)

    def ask(self, *parts: bytes) -> bytes:
        """Send octets on a connection of their own; give all that comes until its end."""
        with self.connect() as client:
            for part in parts:
                client.sendall(part)
            return read_all(client)

    def get(self, target: str = "/", *fields: str) -> bytes:
        """Send a GET request that ends its connection."""
        lines = [f"GET {target} HTTP/1.1", "Host: x", "Connection: close", *fields, "", ""]
        return self.ask("\r\n".join(lines).encode("latin-1"))


def read_all(client: socket.socket) -> bytes:
    """Read until the server closes the connection."""
    octets = b""
    while piece := client.recv(65536):
        octets += piece
    return octets


def read_response(client: socket.socket) -> tuple[bytes, bytes]:
    """Read one response that has a Content-Length; give its head and its content."""
    octets = b""
    while b"\r\n\r\n" not in octets:
        piece = client.recv(65536)
        if not piece:
            return octets, b""
        octets += piece
    head, _, content = octets.partition(b"\r\n\r\n")
    lengths = [
        int(line.partition(b":")[2])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    ]
    while len(content) < sum(lengths):
        content += client.recv(65536)
    return head, content


def status_of(response: bytes) -> int:
    """Give the status code of a response."""
    return int(response.split(b" ", 2)[1])


def hello(_environ: Environ, start_response: StartResponse) -> list[bytes]:
    """Answer every request in the same way."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]


def echo(environ: Environ, start_response: StartResponse) -> list[bytes]:
    """Answer with the content of the request, or its target if there is none."""
    content: bytes = environ["wsgi.input"].read() or environ["REQUEST_URI"].encode("latin-1")
    start_response("200 OK", [("Content-Length", str(len(content)))])
    return [content]


@contextmanager
def serving(application: WSGIApplication, **settings: object) -> Iterator[Site]:
    """Run a server, and see that nothing of it is left."""
    before = set(threading.enumerate())
    site = Site(application, settings)
    try:
        yield site
    finally:
        site.server.stop()
    for thread in set(threading.enumerate()) - before:
        thread.join(DEADLINE)
        assert not thread.is_alive(), f"{thread.name} is left"


class Serve(Protocol):
    """The fixture ``serve``: runs a server until the end of the test."""

    def __call__(self, application: WSGIApplication, **settings: object) -> Site:
        """Serve an application with these settings."""
