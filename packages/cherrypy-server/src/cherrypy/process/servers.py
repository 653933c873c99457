"""Servers as parts of a site: they start and stop with the bus.

Each server needs its own adapter. To serve on several ports, make several::

    first = ServerAdapter(bus, MyServer(("0.0.0.0", 80)), ("0.0.0.0", 80))
    second = ServerAdapter(bus, MyServer(("127.0.0.1", 8081)), ("127.0.0.1", 8081))
    first.subscribe()
    second.subscribe()
    bus.start()
"""

import errno
import logging
import os
import socket
import threading
import time
from contextlib import suppress
from importlib import import_module
from typing import Any, Protocol, cast

from cherrypy.process.wspbus import Bus, states, with_priority

__all__ = [
    "AddressUnavailableError",
    "FlupCGIServer",
    "FlupFCGIServer",
    "FlupSCGIServer",
    "ServerAdapter",
    "Timeouts",
    "check_port",
    "wait_for_free_port",
    "wait_for_occupied_port",
]

Address = tuple[str, int] | str
"""Host and port, or the file name of a Unix socket."""

_LOOK_AGAIN = 0.02  # seconds between two looks
_CLIENT_HOSTS = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # noqa: S104 - to be replaced


class Timeouts:
    """How long adapters wait for the system, in seconds."""

    occupied: float = 5
    """For a port to answer, once its server says that it is ready."""

    free: float = 1
    """For a port to be released by the program that used it before."""


class HTTPServer(Protocol):
    """The members of a server that an adapter uses."""

    ready: bool
    """Whether it answers."""

    def start(self) -> object:
        """Serve until it is stopped."""

    def stop(self) -> object:
        """Stop serving, from another thread."""


class AddressUnavailableError(OSError):
    """An address that a server cannot listen on; the message says what to change."""


def check_port(host: str, port: int) -> None:
    """Make sure that a server could listen on an address now.

    Args:
        host: Name or address of this machine.
        port: TCP port; 0 is always free.

    Raises:
        AddressUnavailableError: It could not.
    """
    if not 0 <= port <= 65535:
        raise AddressUnavailableError(
            errno.EINVAL,
            f"Port {port} does not exist: set server.socket_port to a number from 1 to 65535, or "
            "to 0 to let the system choose a free port",
        )
    try:
        infos = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV
        )
    except OSError as error:
        raise AddressUnavailableError(
            errno.EADDRNOTAVAIL,
            f"The host name {host!r} is not known ({error.strerror}): set server.socket_host to "
            "an address of this machine",
        ) from error
    family, kind, protocol, _, address = infos[0]
    try:
        with socket.socket(family, kind, protocol) as probe:
            if os.name == "posix":  # elsewhere it would take the port away from another server
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        raise unavailable(host, port, error) from error


def unavailable(host: str, port: int, error: OSError) -> AddressUnavailableError:
    """Explain in one line why an address cannot be used, and what to change.

    Args:
        host: Name or address that was asked for.
        port: TCP port that was asked for.
        error: The error of the system.
    """
    reasons = {
        errno.EADDRINUSE: (
            f"Port {port} on {host} is in use by another program: stop that program, or set "
            "server.socket_port to a free port (0 lets the system choose one)"
        ),
        errno.EACCES: (
            f"Port {port} on {host} is not for this user: set server.socket_port to 1024 or more, "
            "or start as a user who may open it"
        ),
        errno.EADDRNOTAVAIL: (
            f"{host} is not an address of this machine: set server.socket_host to one that is, "
            "such as 127.0.0.1, or 0.0.0.0 for all of IPv4"
        ),
    }
    text = f"Port {port} on {host} cannot be opened: {error.strerror or error}"
    code = error.errno or errno.EADDRNOTAVAIL
    return AddressUnavailableError(code, reasons.get(code, text))


def wait_for_free_port(host: str, port: int, timeout: float | None = None) -> None:
    """Wait until a server could listen on an address.

    Args:
        host: Name or address of this machine.
        port: TCP port.
        timeout: Seconds to wait while another program uses it; ``Timeouts.free`` if None.

    Raises:
        AddressUnavailableError: It is still in use, or cannot be used at all.
    """
    deadline = time.monotonic() + (Timeouts.free if timeout is None else timeout)
    while True:
        try:
            check_port(host, port)
        except AddressUnavailableError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() >= deadline:
                raise
            time.sleep(_LOOK_AGAIN)
        else:
            return


def wait_for_occupied_port(host: str, port: int, timeout: float | None = None) -> None:
    """Wait until a server answers on an address.

    Args:
        host: Name or address; addresses that mean every interface are tried on the local one.
        port: TCP port.
        timeout: Seconds to wait; ``Timeouts.occupied`` if None.

    Raises:
        TimeoutError: No server did.
    """
    deadline = time.monotonic() + (Timeouts.occupied if timeout is None else timeout)
    address = (_CLIENT_HOSTS.get(host, host), port)
    while True:
        left = deadline - time.monotonic()
        with suppress(OSError), socket.create_connection(address, timeout=max(left, 0.1)):
            return
        if left <= 0:
            raise TimeoutError(f"Nobody answers on port {port} of {host}")
        time.sleep(_LOOK_AGAIN)


class ServerAdapter:
    """Starts and stops one server when the bus does.

    Args:
        bus: The bus; events of the server are logged on it.
        httpserver: The server.
        bind_addr: Where the server is going to listen, so that the adapter can tell whether the
            port is free and whether it answers: host and port, or the file name of a Unix socket.
            None if that is not known.

    Attributes:
        running: Whether the server was started and has not been stopped.
        interrupt: The exception that ended the server, if it was not ``stop``.
    """

    httpserver: HTTPServer | None = None
    bind_addr: Any = None

    def __init__(
        self, bus: Bus, httpserver: HTTPServer | None = None, bind_addr: Address | None = None
    ) -> None:
        self.bus = bus
        self.httpserver = httpserver
        if bind_addr is not None:
            self.bind_addr = bind_addr
        self.interrupt: BaseException | None = None
        self.running = False
        self._thread: threading.Thread | None = None

    def subscribe(self) -> None:
        """Start and stop with the bus from now on."""
        self.bus.subscribe("start", self.start)
        self.bus.subscribe("stop", self.stop)

    def unsubscribe(self) -> None:
        """Stop listening to the bus; a running server is not stopped."""
        self.bus.unsubscribe("start", self.start)
        self.bus.unsubscribe("stop", self.stop)

    @with_priority(75)
    def start(self) -> None:
        """Start the server in its own thread, and wait until it answers.

        If the bus is starting, and the address cannot be used, that is logged in one line and
        the process ends as for any part of a site that fails to start, with the status 70.

        Raises:
            ValueError: There is no server.
            AddressUnavailableError: It cannot listen on its address.
            Exception: The server raised it instead of becoming ready.
        """
        if self.running:
            self.bus.log(f"Already serving on {self.description}")
            return
        if self.httpserver is None:
            raise ValueError("No HTTP server has been created.")
        self.interrupt = None
        try:
            self._check_address()
            self._start_thread(self.httpserver)
            self.wait()
        except AddressUnavailableError as error:
            self._report(error.strerror or str(error))
            raise
        self.running = True
        self.bus.log(f"Serving on {self.description}")

    def wait(self) -> None:
        """Wait until the server is ready and answers.

        Raises:
            BaseException: It has ended the server.
        """
        while not getattr(self.httpserver, "ready", False):
            if self.interrupt is not None:
                raise self.interrupt
            time.sleep(_LOOK_AGAIN)
        address: Address | None = self.bind_addr
        if self._is_listening() or not isinstance(address, tuple) or _is_passed_on():
            return
        try:
            wait_for_occupied_port(*self.bound_addr)
        except TimeoutError as error:
            self.bus.log(str(error), level=logging.WARNING)

    @with_priority(25)
    def stop(self) -> None:
        """Stop the server, after the requests that it is working on."""
        if not self.running or self.httpserver is None:
            self.bus.log(f"HTTP Server {self.httpserver} already shut down")
            return
        self.httpserver.stop()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(Timeouts.occupied)
        address: Address | None = self.bind_addr
        if isinstance(address, tuple) and not _is_passed_on() and not self.bus.has_socket(address):
            with suppress(AddressUnavailableError):
                wait_for_free_port(*address)
        self.running = False
        self.bus.log(f"HTTP Server {self.httpserver} shut down")

    def restart(self) -> None:
        """Stop the server and start it again."""
        self.stop()
        self.start()

    @property
    def description(self) -> str:
        """Where the server is, for the log: ``http://127.0.0.1:8080``."""
        address: Address | None = self.bind_addr
        if address is None:
            return "unknown interface (dynamic?)"
        if not isinstance(address, tuple):
            if address.startswith("\0"):
                return f"abstract socket: @{address[1:]}"
            return f"socket file: {address}"
        return self._get_base()

    @property
    def bound_addr(self) -> Any:
        """Where the server listens: ``bind_addr``, with the port that the system chose for 0."""
        address: Address | None = self.bind_addr
        if not isinstance(address, tuple):
            return address
        host, port = address
        listening = getattr(self.httpserver, "socket", None)
        if port == 0 and listening is not None:
            with suppress(OSError):
                port = listening.getsockname()[1] or port
        return host, port

    def _get_base(self) -> str:
        """Return scheme, address and port of the server; empty without a server."""
        if self.httpserver is None:
            return ""
        is_encrypted = bool(getattr(self.httpserver, "ssl_adapter", None))
        return format_address(*self.bound_addr, is_encrypted=is_encrypted)

    def _check_address(self) -> None:
        address: Address | None = self.bind_addr
        if isinstance(address, tuple) and not _is_passed_on() and not self.bus.has_socket(address):
            wait_for_free_port(*address)

    def _start_thread(self, httpserver: HTTPServer) -> None:
        thread = threading.Thread(target=self._serve, args=(httpserver,))
        thread.name = f"HTTPServer {thread.name}"
        self._thread = thread
        thread.start()

    def _serve(self, httpserver: HTTPServer) -> None:
        """Run the server; if anything but ``stop`` ends it, the bus exits."""
        try:
            httpserver.start()
        except KeyboardInterrupt as interrupt:
            self._end("<Ctrl-C> hit: shutting down HTTP server", interrupt)
        except SystemExit as interrupt:
            self._end("SystemExit raised: shutting down HTTP server", interrupt)
        except OSError as error:
            self._fail(self._explained(error))
        except Exception as error:
            self._fail(error)

    def _explained(self, error: OSError) -> OSError:
        """Explain what to change, if a server could not listen on its address."""
        if isinstance(error.__cause__, AddressUnavailableError):  # cheroot wraps it
            return error.__cause__
        is_ready = getattr(self.httpserver, "ready", False)
        if isinstance(self.bind_addr, tuple) and not is_ready and error.errno == errno.EADDRINUSE:
            host, port = self.bind_addr
            return unavailable(host, port, error)
        return error

    def _fail(self, error: Exception) -> None:
        if isinstance(error, AddressUnavailableError):
            self.interrupt = error  # the thread that waits in `start` reports it
        else:
            self._end("Error in HTTP server: shutting down", error, logging.ERROR)

    def _end(self, message: str, reason: BaseException, level: int = logging.INFO) -> None:
        """Log why the server has ended, and make the bus exit."""
        self.bus.log(message, level=level, traceback=level == logging.ERROR)
        self.interrupt = reason
        self.bus.exit()

    def _report(self, reason: str) -> None:
        """Log in one line why the site cannot start, and end it, if it is starting."""
        if self.bus.state is states.STARTING:
            self.bus.log(reason, level=logging.ERROR)
            self.bus.exit()  # does not return: else the bus would add two tracebacks

    def _is_listening(self) -> bool:
        """Tell whether the system accepts connections for the server already."""
        listening: Any = getattr(self.httpserver, "socket", None)
        try:
            return bool(listening.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
        except (AttributeError, OSError):
            return False


def format_base(host: str, port: int, *, is_encrypted: bool) -> str:
    """Write scheme, host and port as a URL has them, without the default port.

    An address that means every interface becomes the name of this machine.
    """
    if host in _CLIENT_HOSTS:
        host = socket.gethostname()
    return format_address(host, port, is_encrypted=is_encrypted)


def format_address(host: str, port: int, *, is_encrypted: bool) -> str:
    """Write scheme, host and port as a URL has them, without the default port."""
    if ":" in host:
        host = f"[{host}]"
    scheme, usual_port = ("https", 443) if is_encrypted else ("http", 80)
    return f"{scheme}://{host}" if port == usual_port else f"{scheme}://{host}:{port}"


def _is_passed_on() -> bool:
    """Tell whether a service manager has opened the socket for us, as systemd does."""
    return os.environ.get("LISTEN_PID") == str(os.getpid())


class _FlupServer:
    """A server of the flup library, with the methods that an adapter calls.

    Args:
        *args: Passed to flup's ``WSGIServer``.
        **kwargs: Passed to flup's ``WSGIServer``: ``application``, ``bindAddress``...
    """

    module = ""
    protocol = ""

    def __init__(self, *args: object, **kwargs: object) -> None:
        self.args = args
        self.kwargs = kwargs
        self.ready = False
        self._server: Any = None

    def start(self) -> None:
        """Serve until it is stopped.

        Raises:
            ImportError: flup is not installed.
        """
        self._server = self._make()
        self.ready = True
        self._server.run()

    def stop(self) -> None:
        """Stop serving."""
        self.ready = False
        if self._server is not None:
            # flup ends by a signal only, which only the main thread can handle; its loop and its
            # spare threads look at these two
            self._server._keepGoing = False
            with suppress(AttributeError):
                self._server._threadPool.maxSpare = self._server._threadPool._idleCount

    def _make(self) -> object:
        try:
            module = import_module(self.module)  # an extra library, for few users
        except ImportError as error:
            raise ImportError(
                f"{type(self).__name__} needs flup, which brings {self.protocol}: pip install flup"
            ) from error
        base = cast("type[Any]", module.WSGIServer)
        # handlers of signals can only be set in the main thread, which belongs to the bus
        methods = dict.fromkeys(("_installSignalHandlers", "_restoreSignalHandlers"), _do_nothing)
        return type("WSGIServer", (base,), methods)(*self.args, **self.kwargs)


def _do_nothing(*_: object) -> None:
    """Do nothing."""


class FlupCGIServer(_FlupServer):
    """A server for CGI, by the flup library."""

    module = "flup.server.cgi"
    protocol = "CGI"


class FlupFCGIServer(_FlupServer):
    """A server for FastCGI, by the flup library."""

    module = "flup.server.fcgi"
    protocol = "FastCGI"


class FlupSCGIServer(_FlupServer):
    """A server for SCGI, by the flup library."""

    module = "flup.server.scgi"
    protocol = "SCGI"
