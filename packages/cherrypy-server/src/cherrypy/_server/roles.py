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


class Pool(Protocol):
    """The threads that answer requests."""

    def is_relaxed(self) -> bool:
        """Tell whether a thread may wait for one client."""


class FileSender(Protocol):
    """What sends files to slow clients."""

    def add(self, transfer: Any, /) -> None:
        """Send the rest of a response."""


class Server(Protocol):
    """The server, as connections, requests and threads use it."""

    base_environ: dict[str, Any]
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
    def requests(self) -> Pool:
        """The threads that answer requests."""

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

    def peer_environ(self) -> dict[str, str]:
        """Describe the process at the other end of a Unix socket."""

    def close(self) -> None:
        """Close it."""


class Request(Protocol):
    """A request, as far as a file that is sent needs to know."""

    conn: Connection
    close_connection: bool
