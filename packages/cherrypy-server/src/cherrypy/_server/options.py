"""The settings of an HTTP server, and which of their values make sense."""

import math
import os
import socket
from typing import Any

from cherrypy._server.faults import SettingError
from cherrypy._server.tls_options import read_tls_options
from cherrypy.process import wspbus
from cherrypy.process.servers import ServerAdapter

_MAX_PORT = 65535
_ALL_RIGHTS = 0o777
_WHOLE_NUMBERS = {
    # name: smallest, largest, hint
    "socket_port": (0, _MAX_PORT, "0 lets the system choose a free port"),
    "ssl_redirect_port": (0, _MAX_PORT, "0 lets the system choose a free port"),
    "thread_pool": (1, math.inf, ""),
    "thread_pool_max": (-1, math.inf, "-1 keeps the pool at server.thread_pool threads"),
    "socket_queue_size": (0, math.inf, ""),
    "accepted_queue_size": (-1, math.inf, "-1 is for 4096"),
    "max_request_header_size": (0, math.inf, "0 is for no limit"),
    "max_request_body_size": (0, math.inf, "0 is for no limit"),
    "body_buffer_size": (0, math.inf, "0 takes a thread as soon as the head is there"),
    "body_minimum_rate": (0, math.inf, "0 is for any rate"),
}


class ServerSettings(ServerAdapter):
    """An adapter that has the settings of its server as attributes.

    Args:
        bus: The bus that the server starts and stops with; ``cherrypy.engine`` if None.
        application: The WSGI application that it serves; ``cherrypy.tree`` if None.
    """

    socket_port: int | None = 8080
    """TCP port to listen on; 0 lets the system choose a free one, see ``bound_addr``."""

    _socket_host: str | None = "127.0.0.1"

    socket_file: str | None = None
    """File name of a Unix socket to listen on, instead of host and port; an abstract name, which
    is in no file system, begins with NUL."""

    socket_mode: int | None = None
    """Rights of that file, such as ``0o660``; None leaves them to the umask."""

    socket_user: str | int | None = None
    """Owner of that file, by name or number; the user of this process if None."""

    socket_group: str | int | None = None
    """Group of that file, by name or number."""

    socket_queue_size = 5
    """Connections that the system keeps until the server accepts them; 5 stands for 128, since
    clients that find no room wait a second before they try again."""

    socket_timeout: float = 10
    """Seconds to wait for a client that sends or takes nothing."""

    accepted_queue_size = -1
    """Requests that may wait for a thread; -1 for 4096. The rest are answered 503 at once."""

    accepted_queue_timeout: float = 10
    """Without effect, kept for configurations of CherryPy 18: nothing waits for room there."""

    shutdown_timeout: float = 5
    """Seconds that running requests have to finish when the server stops."""

    protocol_version = "HTTP/1.1"
    """Version of HTTP that the server speaks; ``HTTP/1.0`` is possible."""

    thread_pool = 10
    """Threads to start with."""

    thread_pool_max = -1
    """Threads that the pool may grow to when all are busy; -1 to keep ``thread_pool``."""

    max_request_header_size = 500 * 1024
    """Bytes of request line and header fields; 0 or None for any number."""

    max_request_body_size = 100 * 1024 * 1024
    """Bytes of the content of a request; 0 or None for any number."""

    body_buffer_size = 64 * 1024
    """Bytes of the content of a request that are received before a thread is taken."""

    body_minimum_rate = 500
    """Bytes per second that a client has to send of content whose length it announced; 0 for any
    rate."""

    body_grace_seconds: float = 30
    """Seconds after which that rate is measured."""

    body_timeout: float | None = None
    """Seconds that the content of a request may take in all; None for any time."""

    instance: Any = None
    """The server to start instead of our own: an object, a class, or the dotted name of a class
    or function, which is called with this adapter."""

    ssl_context: Any = None
    """An ``ssl.SSLContext`` to use instead of the settings below; it makes the server speak TLS."""

    ssl_certificate: str | None = None
    """File with the certificate; it makes the server speak TLS."""

    ssl_certificate_chain: str | None = None
    """File with the certificates between that one and the root."""

    ssl_private_key: str | None = None
    """File with the private key; it is in that of the certificate if None."""

    ssl_private_key_password: object = None
    """Password of the private key, if it is encrypted: text, or a function that returns it."""

    ssl_certificates: object = ()
    """More certificates, of other hosts: pairs of files, certificate and private key. Clients that
    name the host are shown the one of that name, others ``ssl_certificate``, or the first."""

    ssl_minimum_version: object = "1.2"
    """The oldest version of TLS to speak: ``'1.2'`` or ``'1.3'``."""

    ssl_ciphers: str | None = None
    """Ciphers to allow, as OpenSSL writes them."""

    ssl_verify_client: object = False
    """Whether clients have to show a certificate: False, ``'optional'`` or True."""

    ssl_client_ca: str | None = None
    """File or folder with the certificates that sign those of clients."""

    ssl_module: object = "builtin"
    """Implementation of TLS: ``builtin``, ``pyopenssl``, or an adapter class of cheroot's kind."""

    ssl_redirect_port: int | None = None
    """Another port, where plain HTTP is answered with redirects to this server, such as 80."""

    workers: int | None = None
    """Processes that serve the site, with granian; None for this one alone."""

    statistics = False
    """Whether to count requests and bytes, in ``logging.statistics``."""

    nodelay = True
    """Whether to send small packets at once (TCP_NODELAY)."""

    wsgi_version: tuple[int, int] = (1, 0)
    """Version of WSGI; there is only this one."""

    keep_underscores = False
    """Whether to pass on header fields with an underscore in the name, where there is none by the
    same name with hyphens. A client can then write a field that a proxy is expected to write."""

    peercreds = False
    """Whether to describe the process at the other end of a Unix socket: ``X_REMOTE_PID``, ..."""

    peercreds_resolve = False
    """Whether to give its user and group by name, too."""

    def __init__(self, bus: wspbus.Bus | None = None, application: object = None) -> None:
        super().__init__(wspbus.bus if bus is None else bus)
        self._application = application

    @property
    def application(self) -> Any:
        """The WSGI application that is served."""
        if self._application is not None:
            return self._application
        from cherrypy import tree

        return tree

    @property
    def socket_host(self) -> str | None:
        """Host name or address to listen on; ``0.0.0.0`` for all of IPv4, ``::`` for IPv6."""
        return self._socket_host

    @socket_host.setter
    def socket_host(self, host: str | None) -> None:
        if host == "":
            raise ValueError(
                "server.socket_host = '': expected a host name or an address; '0.0.0.0' listens "
                "on all of them (IPv4), '::' too (IPv6)"
            )
        self._socket_host = host

    @property
    def bind_addr(self) -> tuple[str | None, int | None] | str | None:
        """Where to listen: host and port, or the file name of a Unix socket; None if unknown."""
        if self.socket_file:
            return os.fspath(self.socket_file)
        if self.socket_host is None and self.socket_port is None:
            return None
        return self.socket_host, self.socket_port

    @bind_addr.setter
    def bind_addr(self, address: tuple[str | None, int | None] | str | None) -> None:
        if address is None:
            self.socket_file = self.socket_host = self.socket_port = None
        elif isinstance(address, str):
            self.socket_file = address
            self.socket_host = self.socket_port = None
        else:
            try:
                self.socket_host, self.socket_port = address
            except (TypeError, ValueError):
                raise ValueError(
                    f"bind_addr = {address!r}: expected (host, port) or the file name of a Unix "
                    "socket"
                ) from None
            self.socket_file = None

    def check_settings(self) -> None:
        """Make sure that the settings make sense.

        Raises:
            ValueError: A setting does not.
        """
        self._check_unix_socket()
        read_tls_options(self)
        if self.workers is not None:
            _check_number("workers", self.workers, 1, math.inf, "")
        if self.socket_file and self.ssl_redirect_port is not None:
            raise SettingError(
                f"server.ssl_redirect_port = {self.ssl_redirect_port!r}: expected None, as clients "
                "cannot be sent to a Unix socket (server.socket_file)"
            )
        for name, (smallest, largest, hint) in _WHOLE_NUMBERS.items():
            value = getattr(self, name)
            is_off = value is None and name.startswith(("max_", "ssl_"))
            if not is_off and not (self.socket_file and name == "socket_port"):
                _check_number(name, value, smallest, largest, hint)
        if -1 < self.thread_pool_max < self.thread_pool:
            raise SettingError(
                f"server.thread_pool_max = {self.thread_pool_max}: expected at least "
                f"server.thread_pool = {self.thread_pool}, or -1"
            )
        if self.wsgi_version != (1, 0):
            raise SettingError(f"server.wsgi_version = {self.wsgi_version!r}: expected (1, 0)")
        if self.protocol_version not in {"HTTP/1.0", "HTTP/1.1"}:
            raise SettingError(
                f"server.protocol_version = {self.protocol_version!r}: expected 'HTTP/1.1' or "
                "'HTTP/1.0'"
            )

    def _check_unix_socket(self) -> None:
        mode: object = self.socket_mode
        if mode is not None and (
            not isinstance(mode, int) or isinstance(mode, bool) or not 0 <= mode <= _ALL_RIGHTS
        ):
            raise ValueError(
                f"server.socket_mode = {mode!r}: expected an int from 0 to 0o777, such as 0o660, "
                "which is octal"
            )
        if self.peercreds and not self.socket_file:
            raise ValueError(
                "server.peercreds = True: expected False, as the server listens on a TCP socket, "
                "where the system does not know the other process: set server.socket_file"
            )
        if self.peercreds and not hasattr(socket, "SO_PEERCRED"):
            raise ValueError(
                "server.peercreds = True: expected False, as this system has no SO_PEERCRED"
            )


def _check_number(name: str, value: object, smallest: int, largest: float, hint: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not smallest <= value <= largest:
        limits = f"from {smallest}" + (f" to {largest}" if largest < math.inf else "")
        raise SettingError(
            f"server.{name} = {value!r}: expected an int {limits}" + (f"; {hint}" if hint else "")
        )
