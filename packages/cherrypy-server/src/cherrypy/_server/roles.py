"""What the parts of the server ask of each other, where the classes know each other in circles.

The classes of cheroot, of which they are subclasses, have no types for these attributes.
"""

from collections.abc import Callable, Iterable, Mapping
from socket import socket
from typing import Any, Protocol

StartResponse = Callable[..., Callable[[bytes], None]]
WSGIApplication = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


class Gateway(Protocol):
    """What answers one request."""

    def respond(self) -> None:
        """Answer it."""


class OpenConnections(Protocol):
    """The connections that have not been closed."""

    def add(self, connection: Any, /) -> None:
        """Note a new connection."""

    def remove(self, connection: Any, /) -> bool:
        """Forget a connection; False if that has been done before."""


class Durations(Protocol):
    """How long handlers took lately."""

    def is_slow(self, path: bytes, /) -> bool:
        """Tell whether a handler takes long."""

    def note(self, path: bytes, seconds: float, /) -> None:
        """Note how long one took."""


class Pool(Protocol):
    """The threads that answer requests."""

    durations: Durations

    def take_content_place(self, connection: Any, /) -> bool:
        """Let a thread read content while the client sends it, unless too many do already."""

    def give_content_place(self) -> None:
        """Let the next one read content."""


class Worker(Protocol):
    """The thread that serves a connection."""

    pool: Any  # a Pool; mypy takes the circle of both classes for a contradiction

    def let_go(self) -> None:
        """Let another thread wait for clients."""


class Traffic(Protocol):
    """The connections that are watched."""

    def put(self, conn: Any, /) -> None:
        """Watch a connection until the client sends something."""

    def watch(self, conn: Any, seconds: float, /, *, is_write: bool = False) -> None:
        """Watch a connection until the client sends something, takes more, or time is over."""


class FileSender(Protocol):
    """What sends files to slow clients."""

    def add(self, transfer: Any, /) -> None:
        """Send the rest of a response."""


class Server(Protocol):
    """The server, as connections, requests and threads use it."""

    base_environ: dict[str, Any]
    body_buffer_size: int
    body_grace_seconds: float
    body_minimum_rate: int
    body_timeout: float
    gateway: Callable[[Any], Gateway]
    interrupt: BaseException | None
    max_request_body_size: int
    max_request_header_size: int
    product: bytes
    protocol: str
    ready: bool
    ssl_adapter: object
    stats: dict[str, Any]
    timeout: float
    wsgi_app: WSGIApplication

    @property
    def connections(self) -> OpenConnections:
        """The connections that have not been closed."""

    @property
    def traffic(self) -> Traffic:
        """The connections that are watched."""

    @property
    def file_sender(self) -> FileSender:
        """Sends files to slow clients."""

    @property
    def can_add_keepalive_connection(self) -> bool:
        """Whether one more connection may stay open."""

    def error_log(self, msg: str = "", level: int = 20, traceback: bool = False) -> None:
        """Write to the log of the engine."""

    def put_conn(self, conn: object) -> None:
        """Watch an open connection until the next request comes."""


class Reader(Protocol):
    """What a connection reads from."""

    bytes_read: int

    def read(self, size: int, /) -> bytes:
        """Read bytes."""

    def readline(self, size: int, /) -> bytes:
        """Read a line."""

    def peek(self) -> bytes:
        """Return bytes that have come, and leave them."""

    def held(self) -> int:
        """Return how many bytes it has that have not been read."""

    def feed(self, data: bytes, /) -> None:
        """Add bytes that have been received."""

    def take(self) -> bytes:
        """Return the bytes that it has, and forget them."""

    def ends_with(self, end: bytes, /) -> bool:
        """Tell whether the bytes that it has end so."""

    def has_data(self) -> bool:
        """Tell whether there are bytes that have come."""


class Writer(Protocol):
    """What a connection writes to."""

    bytes_written: int

    def write(self, data: bytes, /) -> object:
        """Write bytes."""

    def close(self) -> None:
        """Write what is buffered, and close."""


class Connection(Protocol):
    """The connection of a client, as requests and files that are sent use it."""

    has_unread: bool
    is_broken: bool
    is_upgraded: bool
    peercreds_enabled: bool
    remote_addr: str | None
    remote_port: int | None
    rfile: Reader
    socket: socket
    ssl_env: Mapping[str, object] | None
    most_unsent: float
    transfer: Any
    wfile: Writer

    @property
    def can_send_files(self) -> bool:
        """Whether files can be sent to the client without waiting for it."""

    @property
    def is_encrypted(self) -> bool:
        """Whether it goes by TLS."""

    def receive_head(self, limit: int) -> bytes | None:
        """Read the head of a request; ``None`` if it is not complete."""

    def detach(self) -> None:
        """Let the socket wait by itself, as libraries expect that take it over."""

    def peer_environ(self) -> dict[str, str]:
        """Describe the process at the other end of a Unix socket."""

    def close(self) -> None:
        """Close it."""


class Request(Protocol):
    """A request, as far as a file that is sent needs to know."""

    conn: Connection
    close_connection: bool
