"""What the core and applications ask of ``cherrypy.server``, whichever distribution brings it."""

from typing import Any, Protocol

from cherrypy.process.wspbus import Bus

__all__ = ["HTTPServer", "Server"]


class HTTPServer(Protocol):
    """An HTTP server that an adapter starts and stops."""

    ready: bool
    """Whether it accepts connections."""

    def start(self) -> object:
        """Serve until :meth:`stop` is called."""

    def stop(self) -> object:
        """End :meth:`start`."""


class Server(Protocol):
    """``cherrypy.server``: an HTTP server and its settings, as type checkers see it.

    What each setting means is said by the distribution that brings the server, cherrypy-server.
    """

    bus: Bus
    instance: Any
    running: bool
    interrupt: BaseException | None

    socket_port: int | None
    socket_file: str | None
    socket_mode: int | None
    socket_user: str | int | None
    socket_group: str | int | None
    socket_queue_size: int
    socket_timeout: float
    accepted_queue_size: int
    accepted_queue_timeout: float
    shutdown_timeout: float
    protocol_version: str
    body_buffer_size: int
    body_grace_seconds: float
    body_minimum_rate: int
    body_timeout: float | None
    thread_pool: int
    thread_pool_max: int
    max_request_header_size: int
    max_request_body_size: int
    ssl_context: Any
    ssl_certificate: str | None
    ssl_certificate_chain: str | None
    ssl_private_key: str | None
    ssl_private_key_password: object
    ssl_certificates: object
    ssl_minimum_version: object
    ssl_ciphers: str | None
    ssl_verify_client: object
    ssl_client_ca: str | None
    ssl_module: object
    ssl_redirect_port: int | None
    statistics: bool
    nodelay: bool
    wsgi_version: tuple[int, int]
    peercreds: bool
    peercreds_resolve: bool

    @property
    def httpserver(self) -> HTTPServer | None:
        """The server itself, once it is made."""

    @httpserver.setter
    def httpserver(self, server: HTTPServer | None) -> None: ...

    @property
    def socket_host(self) -> str | None:
        """Host name or address to listen on."""

    @socket_host.setter
    def socket_host(self, host: str | None) -> None: ...

    @property
    def bind_addr(self) -> tuple[str | None, int | None] | str | None:
        """Where to listen: host and port, or the file name of a Unix socket."""

    @bind_addr.setter
    def bind_addr(self, address: tuple[str | None, int | None] | str | None) -> None: ...

    @property
    def bound_addr(self) -> Any:
        """Where it listens, with the port that the system has chosen: as ``bind_addr``."""

    @property
    def description(self) -> str:
        """The address, for logs."""

    def base(self) -> str:
        """Return scheme, host and port for URLs, or the file name of the Unix socket."""

    def httpserver_from_self(self, httpserver: object = None) -> tuple[Any, Any]:
        """Make a server of the settings; return it with its address."""

    def subscribe(self) -> None:
        """Let it start and stop with the bus."""

    def unsubscribe(self) -> None:
        """Let the bus start and stop without it."""

    def start(self) -> None:
        """Start it."""

    def wait(self) -> None:
        """Wait until it accepts connections."""

    def stop(self) -> None:
        """Stop it."""

    def restart(self) -> None:
        """Stop it and start it."""
