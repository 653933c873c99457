"""Servers as parts of a site: adapters, the bus, addresses."""

import errno
import logging
import os
import socket
import sys
import threading
import types
from collections.abc import Iterator
from typing import Any

import pytest
from live_server import DEADLINE

from cherrypy.process import servers
from cherrypy.process.servers import (
    AddressUnavailableError,
    FlupFCGIServer,
    FlupSCGIServer,
    ServerAdapter,
    Timeouts,
    check_port,
    format_base,
    wait_for_free_port,
    wait_for_occupied_port,
)
from cherrypy.process.wspbus import Bus, states


class RecordingBus(Bus):
    """A bus that keeps its log."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[tuple[int, str]] = []
        self.subscribe("log", lambda message, level: self.messages.append((level, message)))

    @property
    def texts(self) -> list[str]:
        """What was logged, the bus's own words left out."""
        return [text for _, text in self.messages if not text.startswith("Bus ")]


class FakeServer:
    """A server that listens and answers nobody."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.ready = False
        self.listener: socket.socket | None = None
        self.address: tuple[str, int] = ("127.0.0.1", 0)
        self.thread_name = ""
        self._stopped = threading.Event()

    def start(self) -> None:
        """Listen until it is stopped, or fail."""
        self.thread_name = threading.current_thread().name
        if self.error is not None:
            raise self.error
        self._stopped.clear()
        with socket.create_server(self.address) as self.listener:
            self.ready = True
            self._stopped.wait(DEADLINE)

    def stop(self) -> None:
        """Stop listening."""
        self.ready = False
        self._stopped.set()

    def __str__(self) -> str:
        """Give a name for the log."""
        return "Fake"


@pytest.fixture
def bus() -> RecordingBus:
    return RecordingBus()


@pytest.fixture
def free_port() -> int:
    """Find a port that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
def used_port() -> Iterator[int]:
    """Use a port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture(autouse=True)
def _short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Timeouts, "free", 0.05)
    monkeypatch.setattr(Timeouts, "occupied", 0.1)


def test_a_server_starts_and_stops_with_the_bus(bus: RecordingBus, free_port: int) -> None:
    server = FakeServer()
    server.address = ("127.0.0.1", free_port)
    adapter = ServerAdapter(bus, server, server.address)
    adapter.subscribe()
    bus.start()
    assert adapter.running
    assert server.thread_name.startswith("HTTPServer ")
    socket.create_connection(adapter.bound_addr).close()
    bus.exit()
    assert not adapter.running
    assert bus.texts == [f"Serving on http://127.0.0.1:{free_port}", "HTTP Server Fake shut down"]
    adapter.unsubscribe()
    bus.start()
    assert not adapter.running
    bus.exit()


def test_starting_and_stopping_twice(bus: RecordingBus, free_port: int) -> None:
    server = FakeServer()
    server.address = ("127.0.0.1", free_port)
    adapter = ServerAdapter(bus, server, server.address)
    adapter.start()
    adapter.start()
    adapter.restart()
    adapter.stop()
    adapter.stop()
    here = f"http://127.0.0.1:{free_port}"
    assert bus.texts == [
        f"Serving on {here}",
        f"Already serving on {here}",
        "HTTP Server Fake shut down",
        f"Serving on {here}",
        "HTTP Server Fake shut down",
        "HTTP Server Fake already shut down",
    ]


def test_place_among_the_listeners() -> None:
    """Late at the start, early at the stop; also for who subscribes the methods by hand."""
    assert vars(ServerAdapter.start)["priority"] == 75
    assert vars(ServerAdapter.stop)["priority"] == 25


def test_no_server(bus: RecordingBus) -> None:
    with pytest.raises(ValueError, match="No HTTP server has been created"):
        ServerAdapter(bus).start()


def test_a_server_that_fails_to_start(bus: RecordingBus) -> None:
    """Whoever started it gets the exception, the bus exits, the log has the traceback once."""
    adapter = ServerAdapter(bus, FakeServer(LookupError("broken")))
    with pytest.raises(LookupError, match="broken"):
        adapter.start()
    bus.wait(states.EXITING)
    assert not adapter.running
    (level, text), *_ = bus.messages
    assert level == logging.ERROR
    assert text.startswith("Error in HTTP server: shutting down\nTraceback")


@pytest.mark.parametrize(
    ("interrupt", "text"),
    [
        (KeyboardInterrupt(), "<Ctrl-C> hit: shutting down HTTP server"),
        (SystemExit(3), "SystemExit raised: shutting down HTTP server"),
    ],
)
def test_interrupts_make_the_bus_exit(
    bus: RecordingBus, interrupt: BaseException, text: str
) -> None:
    adapter = ServerAdapter(bus, FakeServer(interrupt))
    with pytest.raises(type(interrupt)):
        adapter.start()
    bus.wait(states.EXITING)
    assert adapter.interrupt is interrupt
    assert bus.texts[0] == text


def test_a_port_in_use(bus: RecordingBus, used_port: int) -> None:
    """One line, without a traceback, that says what to change."""
    adapter = ServerAdapter(bus, FakeServer(), ("127.0.0.1", used_port))
    with pytest.raises(AddressUnavailableError) as caught:
        adapter.start()
    assert caught.value.errno == errno.EADDRINUSE
    assert bus.messages == []
    assert caught.value.strerror == (
        f"Port {used_port} on 127.0.0.1 is in use by another program: stop that program, or set "
        "server.socket_port to a free port (0 lets the system choose one)"
    )


def test_a_port_that_is_taken_at_the_last_moment(bus: RecordingBus, free_port: int) -> None:
    """Told in the same way, although the server itself noticed it."""
    failing = FakeServer(OSError(errno.EADDRINUSE, "No socket could be created"))
    adapter = ServerAdapter(bus, failing, ("127.0.0.1", free_port))
    with pytest.raises(AddressUnavailableError, match=f"Port {free_port} on 127.0.0.1 is in use"):
        adapter.start()
    assert bus.state is states.STOPPED


def test_a_port_in_use_ends_a_bus_that_starts(
    bus: RecordingBus, used_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As any part that can not start; with one line in the log."""
    ended: list[str] = []
    monkeypatch.setattr(bus, "exit", lambda: ended.append("exit"))
    bus.state = states.STARTING
    adapter = ServerAdapter(bus, FakeServer(), ("127.0.0.1", used_port))
    with pytest.raises(AddressUnavailableError):
        adapter.start()
    assert ended == ["exit"]
    ((level, text),) = bus.messages
    assert level == logging.ERROR
    assert text.startswith(f"Port {used_port} on 127.0.0.1 is in use")
    assert "\n" not in text


def test_a_server_that_nobody_reaches(bus: RecordingBus, free_port: int) -> None:
    """It says that it is ready, and may be: there is a warning and no more."""
    adapter = ServerAdapter(bus, FakeServer(), ("127.0.0.1", free_port))  # listens elsewhere
    adapter.start()
    assert bus.texts[0] == f"Nobody answers on port {free_port} of 127.0.0.1"
    adapter.stop()


def test_a_socket_of_the_service_manager(
    bus: RecordingBus, used_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The port is in use by ourselves: sd_listen_fds(3)."""
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    adapter = ServerAdapter(bus, FakeServer(), ("127.0.0.1", used_port))
    adapter.start()
    assert adapter.running
    adapter.stop()


@pytest.mark.parametrize(
    ("host", "port", "code", "text"),
    [
        ("127.0.0.1", 70000, errno.EINVAL, "Port 70000 does not exist"),
        ("127.0.0.1", -1, errno.EINVAL, "Port -1 does not exist"),
        ("no.such.host.invalid", 0, errno.EADDRNOTAVAIL, "'no.such.host.invalid' is not known"),
        ("192.0.2.1", 0, errno.EADDRNOTAVAIL, "192.0.2.1 is not an address of this machine"),
    ],
)
def test_unusable_addresses(host: str, port: int, code: int, text: str) -> None:
    with pytest.raises(AddressUnavailableError) as caught:
        wait_for_free_port(host, port)
    assert caught.value.errno == code
    assert text in str(caught.value)
    assert "set server.socket_" in str(caught.value)


@pytest.mark.parametrize(
    ("code", "text"), [(errno.EACCES, "1024 or more"), (errno.ENOBUFS, "cannot be opened: why")]
)
def test_what_the_system_says(code: int, text: str) -> None:
    error = servers.unavailable("127.0.0.1", 80, OSError(code, "why"))
    assert error.errno == code
    assert text in str(error)


def test_waiting_for_ports(free_port: int, used_port: int) -> None:
    check_port("127.0.0.1", free_port)
    check_port("127.0.0.1", 0)
    wait_for_free_port("127.0.0.1", free_port)
    wait_for_occupied_port("127.0.0.1", used_port)
    wait_for_occupied_port("0.0.0.0", used_port)  # noqa: S104 - asked on 127.0.0.1
    with pytest.raises(AddressUnavailableError):
        wait_for_free_port("127.0.0.1", used_port, timeout=0)
    with pytest.raises(TimeoutError):
        wait_for_occupied_port("127.0.0.1", free_port, timeout=0)


def test_description(bus: RecordingBus) -> None:
    assert ServerAdapter(bus).description == "unknown interface (dynamic?)"
    assert ServerAdapter(bus, bind_addr=("127.0.0.1", 80)).description == ""
    assert ServerAdapter(bus, bind_addr="a.sock").description == "socket file: a.sock"
    adapter = ServerAdapter(bus, FakeServer(), ("127.0.0.1", 80))
    assert adapter.description == "http://127.0.0.1"
    assert adapter.bound_addr == ("127.0.0.1", 80)
    everywhere = ServerAdapter(bus, FakeServer(), ("0.0.0.0", 8080))  # noqa: S104 - not bound
    assert everywhere.description == "http://0.0.0.0:8080"
    assert ServerAdapter(bus, FakeServer(), ("::", 8080)).description == "http://[::]:8080"


@pytest.mark.parametrize(
    ("host", "port", "encrypted", "base"),
    [
        ("127.0.0.1", 8080, False, "http://127.0.0.1:8080"),
        ("example.com", 80, False, "http://example.com"),
        ("example.com", 443, True, "https://example.com"),
        ("example.com", 80, True, "https://example.com:80"),
        ("::1", 8080, False, "http://[::1]:8080"),  # RFC 3986 section 3.2.2
    ],
)
def test_base(host: str, port: int, base: str, *, encrypted: bool) -> None:
    assert format_base(host, port, is_encrypted=encrypted) == base


@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])  # noqa: S104 - not to be bound
def test_base_of_every_interface(host: str) -> None:
    assert format_base(host, 80, is_encrypted=False) == f"http://{socket.gethostname()}"


# flup


@pytest.mark.parametrize(
    ("server", "protocol"), [(FlupFCGIServer, "FastCGI"), (FlupSCGIServer, "SCGI")]
)
def test_flup_is_missing(server: type[Any], protocol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flup", None)
    with pytest.raises(ImportError, match=rf"needs flup, which brings {protocol}: pip install"):
        server().start()


def test_flup(bus: RecordingBus, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its server is made with our arguments, and set no signals, which only the main thread may."""

    class WSGIServer:
        """What flup has, as far as it matters here."""

        def __init__(self, application: str, **options: str) -> None:
            self.arguments = (application, options)
            self._keepGoing = True

        def _installSignalHandlers(self) -> None:
            raise ValueError("signal only works in main thread")

        def run(self) -> None:
            """Serve."""
            self._installSignalHandlers()
            made.append(self)
            while self._keepGoing:
                threading.Event().wait(0.005)

    made: list[WSGIServer] = []
    module = types.ModuleType("flup.server.fcgi")
    vars(module)["WSGIServer"] = WSGIServer
    for name in ("flup", "flup.server"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, "flup.server.fcgi", module)
    adapter = ServerAdapter(bus, FlupFCGIServer("application", bindAddress="a.sock"), "a.sock")
    adapter.start()
    adapter.stop()
    assert [server.arguments for server in made] == [("application", {"bindAddress": "a.sock"})]
    assert adapter.interrupt is None
