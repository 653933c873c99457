"""Connections by TLS: clients that are silent, slow or wrong, and how connections end."""

import socket
import ssl
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme
from live_server import (
    DEADLINE,
    Environ,
    Serve,
    Site,
    StartResponse,
    echo,
    hello,
    read_all,
    read_response,
    status_of,
)
from tls_files import REQUEST, Files, ask, connect, is_quiet

KEPT = REQUEST.replace(b"close", b"keep-alive")


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Give a folder for certificates, and an authority."""
    return Files(tmp_path, trustme.CA())


@pytest.fixture(params=["builtin", "pyopenssl"])
def settings(request: pytest.FixtureRequest, files: Files) -> dict[str, object]:
    """Give the settings of each implementation of TLS in turn."""
    certificate, key = files.issue()
    return {"ssl_module": request.param, "ssl_certificate": certificate, "ssl_private_key": key}


class Client:
    """A client that goes through TLS by itself, so that a test decides what is sent when."""

    def __init__(self, site: Site, context: ssl.SSLContext) -> None:
        self.socket = site.connect()
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._in, self._out, server_hostname="localhost")

    def hello(self) -> bytes:
        """Give the first message of the handshake."""
        with pytest.raises(ssl.SSLWantReadError):
            self.tls.do_handshake()
        return self._out.read()

    def shake_hands(self) -> None:
        """Go through the handshake."""
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                self.socket.sendall(self._out.read())
                self._in.write(self.socket.recv(65536))
            else:
                self.socket.sendall(self._out.read())
                return

    def encrypt(self, data: bytes) -> bytes:
        """Give the records that carry some bytes."""
        self.tls.write(data)
        return self._out.read()

    def receive(self) -> bytes:
        """Receive decrypted bytes."""
        while True:
            try:
                return self.tls.read(65536)
            except ssl.SSLWantReadError:
                self._in.write(self.socket.recv(65536))


def slowest(site: Site, context: ssl.SSLContext) -> float:
    """Give the longest that one of some requests takes, in seconds, each on a new connection."""
    longest = 0.0
    for _ in range(5):
        started = time.monotonic()
        assert status_of(ask(site, context)) == 200
        longest = max(longest, time.monotonic() - started)
    return longest


@pytest.mark.parametrize("number", [1, 50])
def test_silent_clients_keep_nobody_waiting(
    serve: Serve, files: Files, settings: dict[str, object], number: int
) -> None:
    """Nor do those that stop in the middle, at any of the places where they can."""
    site = serve(hello, thread_pool=1, **settings)
    context = files.trust()
    alone = slowest(site, context)
    with ExitStack() as stack:
        for _ in range(number):
            stack.enter_context(site.connect())
            started = Client(site, context)
            stack.enter_context(started.socket)
            started.socket.sendall(started.hello()[:100])
            stack.enter_context(connect(site, context))
            dripping = Client(site, context)
            stack.enter_context(dripping.socket)
            dripping.shake_hands()
            dripping.socket.sendall(dripping.encrypt(REQUEST)[:20])
            head = stack.enter_context(connect(site, context))
            head.sendall(REQUEST[:20])
        assert slowest(site, context) < alone + 0.5  # 0.1 on a machine that does nothing else
        started.socket.close()


def test_a_client_that_drips(serve: Serve, files: Files, settings: dict[str, object]) -> None:
    """The handshake and a head arrive byte by byte, and are answered."""
    site = serve(hello, thread_pool=1, **settings)
    client = Client(site, files.trust())
    first = client.hello()
    for place in range(0, len(first), 50):
        client.socket.sendall(first[place : place + 50])
    client._in.write(client.socket.recv(65536))
    client.shake_hands()
    records = client.encrypt(REQUEST)
    for place in range(len(records)):
        client.socket.sendall(records[place : place + 1])
    assert status_of(client.receive()) == 200
    client.socket.close()


@pytest.mark.parametrize("part", ["nothing", "hello", "record", "head"])
def test_slow_clients_are_given_up(
    serve: Serve, files: Files, settings: dict[str, object], part: str
) -> None:
    """Those that go on sending, but too slowly, too."""
    site = serve(hello, socket_timeout=0.3, **settings)
    client = Client(site, files.trust())
    if part in {"nothing", "hello"}:
        left = b"" if part == "nothing" else client.hello()
    else:
        client.shake_hands()
        left = client.encrypt(REQUEST)
        if part == "head":
            client.socket.sendall(client.encrypt(KEPT[:20]))
            left = b""
    client.socket.settimeout(0.05)
    deadline = time.monotonic() + DEADLINE
    is_open = True
    while is_open:
        assert time.monotonic() < deadline
        try:
            if len(left) > 1:
                client.socket.sendall(left[:1])
                left = left[1:]
            is_open = bool(client.socket.recv(65536))
        except TimeoutError:
            pass
        except OSError:
            is_open = False
    client.socket.close()


def test_requests_in_one_record(serve: Serve, files: Files, settings: dict[str, object]) -> None:
    """What is decrypted already is served, though nothing more comes."""
    site = serve(echo, **settings)
    with connect(site, files.trust()) as client:
        head = b"GET /%d HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 3000 + b"\r\n\r\n"
        client.sendall(b"".join(head % number for number in range(5)))
        answers = b""
        while answers.count(b"HTTP/1.1 200") < 5:
            answers += client.recv(65536)
        assert [b"/%d" % number in answers for number in range(5)] == [True] * 5


def test_content_of_many_records(serve: Serve, files: Files, settings: dict[str, object]) -> None:
    site = serve(echo, **settings)
    content = bytes(range(256)) * 4000
    with connect(site, files.trust()) as client:
        for _ in range(2):
            client.sendall(
                b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1024000\r\n\r\n" + content
            )
            assert read_response(client)[1] == content


def test_plain_http(serve: Serve, settings: dict[str, object]) -> None:
    site = serve(hello, **settings)
    for request in (REQUEST, b"\r\n" + REQUEST, b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n"):
        answer = site.ask(request)
        assert status_of(answer) == 400
        assert b"use https://" in answer
        assert b"\r\nConnection: close\r\n" in answer


@pytest.mark.parametrize("garbage", [b"\x16\x03\x01\x00\x05hello", b"\x80" * 99, b"\0" * 99])
def test_garbage(serve: Serve, files: Files, settings: dict[str, object], garbage: bytes) -> None:
    site = serve(hello, **settings)
    with site.connect() as client:
        client.sendall(garbage)
        read_all(client)
    assert status_of(ask(site, files.trust())) == 200
    assert site.errors == []


def test_the_end_is_told(serve: Serve, files: Files, settings: dict[str, object]) -> None:
    """By ``close_notify``: a client that insists on it sees that nothing was cut off."""
    site = serve(hello, **settings)
    context = files.trust()
    context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
    with context.wrap_socket(
        site.connect(), server_hostname="localhost", suppress_ragged_eofs=False
    ) as client:
        client.sendall(REQUEST)
        assert read_all(client).endswith(b"hello")


@pytest.mark.parametrize("polite", [False, True])
def test_the_client_ends(
    serve: Serve, files: Files, settings: dict[str, object], *, polite: bool
) -> None:
    """With ``close_notify`` or without, the request before it is answered."""
    site = serve(hello, **settings)
    client = Client(site, files.trust())
    client.shake_hands()
    client.socket.sendall(client.encrypt(KEPT))
    if polite:
        with pytest.raises(ssl.SSLWantReadError):
            client.tls.unwrap()
        client.socket.sendall(client._out.read())
    client.socket.shutdown(socket.SHUT_WR)
    raw = read_all(client.socket)
    assert len(raw) > len(b"hello")
    client.socket.close()
    assert site.errors == []


def test_an_answer_to_a_client_that_still_sends(
    serve: Serve, files: Files, settings: dict[str, object]
) -> None:
    """It is not lost by closing the connection over what was not read."""
    site = serve(hello, max_request_body_size=10, **settings)
    with connect(site, files.trust()) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n")
        client.sendall(b"x" * 200000)
        assert status_of(read_all(client)) == 413


def test_large_answers(serve: Serve, files: Files, settings: dict[str, object]) -> None:
    """They arrive whole at a client that reads slowly."""
    content = bytes(range(256)) * 20000

    def large(_environ: Environ, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("Content-Length", str(len(content)))])
        return [content]

    site = serve(large, **settings)
    with connect(site, files.trust()) as client:
        client.sendall(KEPT)
        time.sleep(0.1)
        assert read_response(client)[1] == content
        assert is_quiet(client)


def test_files_over_tls(
    serve: Serve, files: Files, settings: dict[str, object], tmp_path: Path
) -> None:
    content = bytes(range(256)) * 9000
    (tmp_path / "large").write_bytes(content)

    def send(environ: Environ, start_response: StartResponse) -> object:
        start_response("200 OK", [("Content-Length", str(len(content)))])
        return environ["wsgi.file_wrapper"]((tmp_path / "large").open("rb"))

    site = serve(send, **settings)  # type: ignore[arg-type]  # PEP 3333: any iterable
    with connect(site, files.trust()) as client:
        for _ in range(2):
            client.sendall(KEPT)
            assert read_response(client)[1] == content


def test_slow_readers_of_files_take_no_thread(
    serve: Serve, files: Files, settings: dict[str, object], tmp_path: Path
) -> None:
    """Others are answered meanwhile, and each slow reader gets all of it in the end."""
    content = bytes(range(256)) * 20000
    (tmp_path / "large").write_bytes(content)

    def send(environ: Environ, start_response: StartResponse) -> object:
        if environ["PATH_INFO"] != "/large":
            return hello(environ, start_response)
        start_response("200 OK", [("Content-Length", str(len(content)))])
        return environ["wsgi.file_wrapper"]((tmp_path / "large").open("rb"))

    site = serve(send, thread_pool=1, **settings)  # type: ignore[arg-type]  # PEP 3333: any iterable
    context = files.trust()
    with ExitStack() as stack:
        slow = [stack.enter_context(connect(site, context)) for _ in range(5)]
        for client in slow:
            client.sendall(KEPT.replace(b"GET /", b"GET /large"))
        assert status_of(ask(site, context)) == 200
        for client in slow:
            assert read_response(client)[1] == content
            client.sendall(KEPT)
            assert read_response(client)[1] == b"hello"


def test_a_file_that_becomes_shorter(
    serve: Serve, files: Files, settings: dict[str, object], tmp_path: Path
) -> None:
    """The connection ends, so that the client notices."""
    (tmp_path / "short").write_bytes(b"short")

    def send(environ: Environ, start_response: StartResponse) -> object:
        start_response("200 OK", [("Content-Length", "500000")])
        return environ["wsgi.file_wrapper"]((tmp_path / "short").open("rb"))

    site = serve(send, **settings)  # type: ignore[arg-type]  # PEP 3333: any iterable
    with connect(site, files.trust()) as client:
        client.sendall(KEPT)
        assert read_all(client).endswith(b"short")
    assert "bytes of the declared Content-Length" in site.errors[0]


def test_stopping_with_connections_in_every_state(
    serve: Serve, files: Files, settings: dict[str, object]
) -> None:
    """The fixture sees that no thread is left."""
    site = serve(hello, **settings)
    context = files.trust()
    clients = [site.connect(), connect(site, context)]
    started = Client(site, context)
    started.socket.sendall(started.hello()[:50])
    site.server.stop()
    for client in (*clients, started.socket):
        client.close()
