"""HTTP on real sockets: connections, framing, limits, deadlines, stopping."""

import contextlib
import inspect
import logging
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from queue import Queue
from typing import Any

import pytest
from cheroot.server import HTTPConnection, HTTPRequest
from cheroot.workers.threadpool import ThreadPool
from live_server import (
    DEADLINE,
    Environ,
    Serve,
    StartResponse,
    WSGIApplication,
    echo,
    hello,
    read_all,
    read_response,
    status_of,
)

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LAST_GET = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

NEXT_GET = LAST_GET.replace(b"last", b"203")


def post(content: bytes, *fields: bytes) -> bytes:
    """Write a POST request."""
    length = b"Content-Length: %d" % len(content)
    return b"\r\n".join([b"POST / HTTP/1.1", b"Host: x", length, *fields, b"", content])


def wait_until(condition: Any) -> None:
    """Wait for something that nothing tells of."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.005)


# Connections (RFC 9112 section 9)


def test_a_connection_serves_many_requests(serve: Serve) -> None:
    site = serve(echo)
    with site.connect() as client:
        for number in range(20):
            client.sendall(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number)
            head, content = read_response(client)
            assert (status_of(head), content) == (200, b"/%d" % number)
            assert b"Connection" not in head


@pytest.mark.parametrize("threads", [1, 4])
def test_pipelined_requests_are_answered_in_order(serve: Serve, threads: int) -> None:
    """RFC 9112 section 9.3.2; with contents between the heads."""
    site = serve(echo, thread_pool=threads)
    requests = [post(b"%d" % number * 2000) for number in range(5)]
    answer = site.ask(b"".join([*requests, LAST_GET]))
    contents = [part[-2000:] for part in answer.split(b"HTTP/1.1 200 OK")[1:]]
    assert contents[:5] == [b"%d" % number * 2000 for number in range(5)]
    assert answer.endswith(b"/last")


def test_more_connections_than_threads(serve: Serve) -> None:
    """Idle connections take no thread, and none starves."""
    site = serve(hello, thread_pool=2)
    clients = [site.connect() for _ in range(30)]
    for _ in range(3):
        for client in clients:
            client.sendall(GET)
        for client in clients:
            assert read_response(client)[1] == b"hello"
    for client in clients:
        client.close()


@pytest.mark.parametrize(
    ("version", "connection", "stays_open"),
    [
        (b"1.1", b"", True),
        (b"1.1", b"Connection: close\r\n", False),
        (b"1.0", b"", False),
        (b"1.0", b"Connection: keep-alive\r\n", True),
    ],
)
def test_the_answer_says_whether_the_connection_stays(
    serve: Serve, version: bytes, connection: bytes, *, stays_open: bool
) -> None:
    with serve(hello).connect() as client:
        client.sendall(b"GET / HTTP/%b\r\nHost: x\r\n%b\r\n" % (version, connection))
        head, _ = read_response(client)
        client.sendall(LAST_GET)
        assert bool(read_all(client)) is stays_open
    assert (b"Connection: close" in head) is not stays_open
    assert (b"Connection: Keep-Alive" in head) is (stays_open and version == b"1.0")


def test_a_request_may_come_in_pieces(serve: Serve) -> None:
    site = serve(echo)
    request = b"\r\n" + post(b"abc", b"Connection: close")
    pieces = [request[place : place + 1] for place in range(len(request))]
    assert site.ask(*pieces).endswith(b"abc")


def test_slow_heads_take_no_thread(serve: Serve) -> None:
    """The only thread answers others while heads are not complete."""
    site = serve(hello, thread_pool=1)
    silent, slow = site.connect(), site.connect()
    slow.sendall(GET[:-2])
    for _ in range(3):
        assert site.get().endswith(b"hello")
    slow.sendall(GET[-2:])
    assert read_response(slow)[1] == b"hello"
    silent.sendall(GET)
    assert read_response(silent)[1] == b"hello"
    silent.close()
    slow.close()


def test_heads_have_a_deadline(serve: Serve) -> None:
    """However often the client sends a little of it."""
    site = serve(hello, socket_timeout=0.2)
    with site.connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\n")
        answer: Queue[bytes] = Queue()
        threading.Thread(target=lambda: answer.put(read_all(client))).start()
        number = 0
        while answer.empty():
            number += 1
            try:
                client.sendall(b"A%d: b\r\n" % number)
            except OSError:
                break
            threading.Event().wait(0.02)
        assert status_of(answer.get(timeout=DEADLINE)) == 408


@pytest.mark.parametrize("head", [b"G", b"GET / HTTP/1.1\r\nHost: a\r\n"])
def test_a_head_that_does_not_end_is_answered(serve: Serve, head: bytes) -> None:
    """Also one that comes behind another request."""
    site = serve(hello, socket_timeout=0.2)
    with site.connect() as client:
        client.sendall(head)
        assert status_of(read_all(client)) == 408
    with site.connect() as client:
        client.sendall(GET)
        read_response(client)
        client.sendall(head)
        assert status_of(read_all(client)) == 408


def test_a_head_that_the_client_gives_up_is_not_answered(serve: Serve) -> None:
    site = serve(hello, socket_timeout=0.2)
    with site.connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\n")
        client.shutdown(socket.SHUT_WR)
        assert read_all(client) == b""


def test_idle_connections_are_closed(serve: Serve) -> None:
    site = serve(hello, socket_timeout=0.2)
    with site.connect() as silent, site.connect() as used:
        used.sendall(GET)
        read_response(used)
        assert (read_all(silent), read_all(used)) == (b"", b"")


def test_content_has_a_deadline(serve: Serve) -> None:
    site = serve(echo, socket_timeout=0.2)
    assert status_of(site.ask(post(b"abc")[:-1])) == 408


# Framing of responses (RFC 9112 section 6)


def streaming(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
    """Answer with content of a length that is not told."""
    start_response(environ["PATH_INFO"][1:] + " Status", [("Content-Type", "text/plain")])
    yield b"one"
    yield b""
    yield b"two" * 30000


def test_content_of_unknown_length_is_chunked(serve: Serve) -> None:
    head, _, content = serve(streaming).get("/200").partition(b"\r\n\r\n")
    assert b"Transfer-Encoding: chunked" in head
    assert content == b"3\r\none\r\n%x\r\n%b\r\n0\r\n\r\n" % (90000, b"two" * 30000)


def test_content_of_unknown_length_for_http_1_0(serve: Serve) -> None:
    site = serve(streaming)
    for answer in (
        site.ask(b"GET /200 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
        serve(streaming, protocol_version="HTTP/1.0").get("/200"),
    ):
        head, _, content = answer.partition(b"\r\n\r\n")
        assert b"Transfer-Encoding" not in head
        assert content == b"one" + b"two" * 30000


def test_protocol_version_is_what_the_server_says(serve: Serve) -> None:
    assert serve(hello, protocol_version="HTTP/1.0").get().startswith(b"HTTP/1.0 200 OK\r\n")
    assert serve(hello).ask(b"GET / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    ("method", "status"), [(b"HEAD", b"200"), (b"GET", b"204"), (b"GET", b"304")]
)
def test_no_content(serve: Serve, method: bytes, status: bytes) -> None:
    """RFC 9112 section 6.3: the next response follows the head at once."""
    site = serve(streaming)
    answer = site.ask(b"%b /%b HTTP/1.1\r\nHost: x\r\n\r\n" % (method, status), NEXT_GET)
    first, second, *_ = answer.split(b"HTTP/1.1 ")[1:]
    assert first.startswith(status)
    assert first.endswith(b"\r\n\r\n")
    assert b"Transfer-Encoding" not in first
    assert second.startswith(b"203")


def test_an_answer_without_content_keeps_the_connection(serve: Serve) -> None:
    """RFC 9110 section 8.6: a length that a HEAD tells is not one of content that follows."""

    def application(_environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", "5"), ("Content-Type", "text/plain")])
        return []

    site = serve(application)
    answer = site.ask(
        b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\nHEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert not site.errors


def test_head_has_the_length_that_get_would_have(serve: Serve) -> None:
    answer = serve(hello).ask(b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"Content-Length: 5\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


def test_date_and_server(serve: Serve) -> None:
    """RFC 9110 sections 6.6.1 and 10.2.4: in every answer, once."""
    site = serve(hello)
    for answer in (site.get(), site.ask(b"GET /\r\n\r\n")):
        assert answer.count(b"\r\nDate: ") == 1
        assert answer.count(b"\r\nServer: CherryPy/") == 1


# Content of requests


def test_100_continue_when_the_content_is_read(serve: Serve) -> None:
    """RFC 9110 section 10.1.1."""
    with serve(echo).connect() as client:
        head, content = post(b"abc", b"Expect: 100-continue").split(b"\r\n\r\n")
        client.sendall(head + b"\r\n\r\n")
        assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(content)
        assert read_response(client)[1] == b"abc"


@pytest.mark.parametrize(
    ("application", "settings", "status"),
    [(hello, {}, 200), (echo, {"max_request_body_size": 2}, 413)],
)
def test_no_100_continue_without_reading(
    serve: Serve,
    application: WSGIApplication,
    settings: dict[str, int],
    status: int,
) -> None:
    """The final status comes instead, and the connection ends: its rest could be content."""
    head = post(b"abc", b"Expect: 100-continue").partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    answer = serve(application, **settings).ask(head)
    assert status_of(answer) == status
    assert b"Connection: close" in answer


def test_unread_content_is_no_request(serve: Serve) -> None:
    """What the application leaves is read away, if that is little."""
    site = serve(hello)
    answer = site.ask(post(GET * 3), LAST_GET)
    assert answer.count(b"HTTP/1.1 200 OK") == 2


def test_much_unread_content_ends_the_connection(serve: Serve) -> None:
    """And the answer reaches a client that still sends."""
    answer = serve(hello).ask(post(b"x" * 3_000_000))
    assert answer.count(b"HTTP/1.1") == 1
    assert b"Connection: close" in answer
    assert answer.endswith(b"hello")


CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (post(b"x" * 100), 200),
        (post(b"x" * 101), 413),
        (CHUNKED + b"64\r\n" + b"x" * 100 + b"\r\n0\r\n\r\n", 200),
        (CHUNKED + b"65\r\n" + b"x" * 101 + b"\r\n0\r\n\r\n", 413),
        (CHUNKED + b"0x3\r\nabc\r\n0\r\n\r\n", 400),
    ],
)
def test_limit_of_content(serve: Serve, request_: bytes, status: int) -> None:
    """RFC 9110 section 15.5.14."""
    with serve(echo, max_request_body_size=100).connect() as client:
        client.sendall(request_)
        head, _ = read_response(client)
        assert status_of(head) == status
        assert (b"Connection: close" in head) is (status != 200)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /%b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % (b"a" * 900), 200),
        (b"GET /%b HTTP/1.1\r\nHost: x\r\n\r\n" % (b"a" * 1000), 414),
        (b"GET /%b" % (b"a" * 1100), 414),  # told before the line ends
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: %b\r\n\r\n" % (b"a" * 1000), 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 200, 431),
    ],
)
def test_limit_of_heads(serve: Serve, request_: bytes, status: int) -> None:
    """RFC 9110 section 15.5.15, RFC 6585 section 5."""
    assert status_of(serve(hello, max_request_header_size=1000).ask(request_)) == status


def test_no_limits(serve: Serve) -> None:
    site = serve(echo, max_request_header_size=0, max_request_body_size=0)
    field = b"A: %b" % (b"a" * 600_000)
    answer = site.ask(post(b"x" * 200_000, field, b"Connection: close"))
    assert answer.endswith(b"x" * 200_000)


def test_what_is_no_http_is_told_at_once(serve: Serve) -> None:
    """Such as the first octets of TLS."""
    site = serve(hello)
    assert status_of(site.ask(b"\x16\x03\x01\x02\x00\x01\x00")) == 400
    assert status_of(site.ask(b"GET / HTTP/1.1\nHost: x\n\n")) == 400


# Clients that go away, applications that fail


class Body:
    """Content without end that knows whether it was closed."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        """Give content until the client has gone."""
        while True:
            yield b"x" * 20000

    def close(self) -> None:
        """Note that it was called."""
        self.closed.set()


def test_clients_that_disconnect_in_mid_response(serve: Serve) -> None:
    """100 of them leave no thread, file or generator open."""
    bodies: list[Body] = []

    def endless(environ: Environ, start_response: StartResponse) -> Any:
        if environ["PATH_INFO"] == "/last":
            return hello(environ, start_response)
        start_response("200 OK", [])
        bodies.append(Body())
        return bodies[-1]

    site = serve(endless, thread_pool=4)
    threads = threading.active_count()
    for _ in range(100):
        with site.connect() as client:
            client.sendall(GET)
            assert client.recv(100)
    assert site.ask(LAST_GET).endswith(b"hello")
    assert len(bodies) == 100
    for body in bodies:
        assert body.closed.wait(DEADLINE)
    wait_until(lambda: site.httpserver.requests.idle == 4)
    assert threading.active_count() == threads
    assert site.errors == []


@pytest.mark.parametrize(
    "error", [ValueError("v"), OSError("o"), ConnectionResetError("c"), GeneratorExit("g")]
)
def test_threads_outlive_every_fault_of_an_application(serve: Serve, error: BaseException) -> None:
    """The client gets 500 without a word about it, the log gets the traceback."""

    def fail(environ: Environ, start_response: StartResponse) -> list[bytes]:
        if environ["PATH_INFO"] == "/last":
            return hello(environ, start_response)
        raise error

    site = serve(fail, thread_pool=1)
    for _ in range(3):
        answer = site.get()
        assert status_of(answer) == 500
        assert b"Error" not in answer.partition(b"\r\n\r\n")[2]
    assert site.ask(LAST_GET).endswith(b"hello")
    assert len(site.errors) == 3
    assert "Traceback" in site.errors[0]


def test_a_response_that_breaks_off_is_seen_to(serve: Serve) -> None:
    """RFC 9112 section 8: no last chunk, and the connection ends."""

    def fail(_environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"abc"
        raise ValueError

    with serve(fail).connect() as client:
        client.sendall(GET)
        assert read_all(client).endswith(b"\r\n\r\n3\r\nabc\r\n")


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
def test_an_application_can_end_the_server(serve: Serve, interrupt: type[BaseException]) -> None:
    """As in CherryPy: the bus exits."""

    def fail(_environ: Environ, _start_response: StartResponse) -> list[bytes]:
        raise interrupt

    site = serve(fail)
    site.server.subscribe()
    with site.connect() as client:
        client.sendall(GET)
        read_all(client)
    bus = site.server.bus
    bus.wait(bus.states.EXITING)
    wait_until(lambda: not site.server.running)
    assert type(site.server.interrupt) is interrupt


# Threads


def test_thread_pool(serve: Serve) -> None:
    """Threads are daemons: a handler that never returns does not keep the process alive."""
    site = serve(hello, thread_pool=3, thread_pool_max=-1)
    workers = [
        thread for thread in threading.enumerate() if thread.name.startswith("CP Server Thread-")
    ]
    assert len(workers) == site.httpserver.requests.size == site.httpserver.requests.idle == 3
    assert all(worker.daemon for worker in workers)


def test_the_pool_grows_to_its_maximum(serve: Serve) -> None:
    proceed, busy = threading.Event(), threading.Semaphore(0)

    def hold(environ: Environ, start_response: StartResponse) -> list[bytes]:
        busy.release()
        proceed.wait(DEADLINE)
        return hello(environ, start_response)

    site = serve(hold, thread_pool=1, thread_pool_max=3)
    clients = [site.connect() for _ in range(5)]
    for client in clients:
        client.sendall(GET)
    for _ in range(3):
        assert busy.acquire(timeout=DEADLINE)
    pool = site.httpserver.requests
    wait_until(lambda: pool.qsize == 2)
    assert (pool.size, pool.idle) == (3, 0)
    proceed.set()
    for client in clients:
        assert read_response(client)[1] == b"hello"
        client.close()


def test_the_pool_shrinks_when_it_is_told_to(serve: Serve) -> None:
    """As monitors of the pool do, which know cheroot's; not below its minimum."""
    pool = serve(hello, thread_pool=2, thread_pool_max=5).httpserver.requests
    assert isinstance(pool, ThreadPool)
    threads: Any = pool
    threads.grow(3)
    assert threads.size == 5
    threads.shrink(1)
    wait_until(lambda: threads.size == 4)
    threads.shrink(10)
    wait_until(lambda: threads.size == 2)


def test_a_connection_is_taken_over(serve: Serve) -> None:
    """After 101, by a library that finds socket, request and connection as in cheroot.

    See: RFC 9110 section 7.8.
    """
    taken: Queue[Any] = Queue()

    def upgrade(environ: Environ, start_response: StartResponse) -> list[bytes]:
        reader = environ["wsgi.input"].rfile
        for found in inspect.stack():
            served = found.frame.f_locals.get("self")
            if isinstance(served, HTTPRequest):
                served.close_connection = True
            elif isinstance(served, HTTPConnection):
                served.linger = True
        start_response("101 Switching Protocols", [("Upgrade", "x"), ("Connection", "Upgrade")])
        taken.put(reader.raw._sock)
        reader.detach().close()
        return []

    site = serve(upgrade)
    with site.connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
        head, _ = read_response(client)
        assert head.startswith(b"HTTP/1.1 101 ")
        assert head.lower().count(b"connection:") == 1
        with contextlib.closing(taken.get(timeout=DEADLINE)) as other_end:
            other_end.settimeout(DEADLINE)
            client.sendall(b"ping")
            assert other_end.recv(100) == b"ping"
            other_end.sendall(b"pong")
            assert client.recv(100) == b"pong"
    assert site.errors == []


def test_a_full_queue_is_answered_with_503(serve: Serve) -> None:
    """RFC 9110 section 15.6.4."""
    proceed, busy = threading.Event(), threading.Semaphore(0)

    def hold(environ: Environ, start_response: StartResponse) -> list[bytes]:
        busy.release()
        proceed.wait(DEADLINE)
        return hello(environ, start_response)

    site = serve(hold, thread_pool=1, accepted_queue_size=1, accepted_queue_timeout=0.05)
    clients = []
    for number in range(3):
        clients.append(site.connect())
        clients[-1].sendall(GET)
        if number == 0:
            assert busy.acquire(timeout=DEADLINE)
    assert status_of(clients[2].recv(1000)) == 503
    proceed.set()
    assert [read_response(client)[1] for client in clients[:2]] == [b"hello", b"hello"]
    for client in clients:
        client.close()


def test_many_requests_over_many_connections(serve: Serve) -> None:
    """10,000 requests over 50 connections that stay open, without an error."""
    site = serve(hello)
    clients = [site.connect() for _ in range(50)]
    for _ in range(200):
        for client in clients:
            client.sendall(GET)
        for client in clients:
            answer = client.recv(1000)
            assert answer.startswith(b"HTTP/1.1 200 OK")
            assert answer.endswith(b"hello")
    for client in clients:
        client.close()
    assert site.errors == []


# Stopping


def test_stopping_lets_requests_finish(serve: Serve) -> None:
    proceed, busy = threading.Event(), threading.Event()

    def hold(environ: Environ, start_response: StartResponse) -> list[bytes]:
        busy.set()
        proceed.wait(DEADLINE)
        return hello(environ, start_response)

    site = serve(hold)
    with site.connect() as client, site.connect() as idle:
        client.sendall(GET)
        assert busy.wait(DEADLINE)
        stopping = threading.Thread(target=site.server.stop)
        stopping.start()
        wait_until(lambda: not site.httpserver.ready)
        proceed.set()
        head, content = read_response(client)
        assert content == b"hello"
        assert b"Connection: close" in head
        assert read_all(idle) == b""
        stopping.join(DEADLINE)
    assert not site.server.running
    assert site.errors == []
    with pytest.raises(ConnectionRefusedError):
        site.connect()


def test_stopping_does_not_wait_for_ever(serve: Serve) -> None:
    """A client that takes nothing is cut off; a handler that does not return is left behind."""
    proceed, busy = threading.Event(), threading.Semaphore(0)

    def hold(environ: Environ, start_response: StartResponse) -> Any:
        busy.release()
        if environ["PATH_INFO"] == "/endless":
            start_response("200 OK", [])
            return Body()
        proceed.wait(DEADLINE)
        return hello(environ, start_response)

    site = serve(hold, shutdown_timeout=0.1)
    with site.connect() as stuck, site.connect() as slow:
        stuck.sendall(GET)
        slow.sendall(GET.replace(b"/ ", b"/endless "))
        for _ in range(2):
            assert busy.acquire(timeout=DEADLINE)
        started = time.monotonic()
        site.server.stop()
        assert time.monotonic() - started < 5
        proceed.set()
    (message,) = site.errors
    assert message.startswith("Threads that are still busy 0.1 seconds")
    assert "after the stop: 2." in message
    wait_until(lambda: not any("CP Server" in thread.name for thread in threading.enumerate()))


def test_starting_again(serve: Serve) -> None:
    """With the settings as they are then."""
    site = serve(hello, thread_pool=2)
    server = site.server
    server.stop()
    server.httpserver = None  # the one that the test has set
    for threads in (3, 4):
        server.thread_pool = threads
        server.restart()
        assert site.get().endswith(b"hello")
        running: Any = server.httpserver
        assert running.requests.size == threads


def test_statistics(serve: Serve) -> None:
    """In the shape that cheroot has, where ``cherrypy.lib.cpstats`` looks for them."""
    site = serve(hello, statistics=True)
    for _ in range(3):
        site.get()
    statistics = site.httpserver.stats
    assert statistics in vars(logging)["statistics"].values()
    wait_until(lambda: statistics["Requests"](statistics) == 3)
    workers = statistics["Worker Threads"].values()
    total = {
        name: sum(worker[name](worker) for worker in workers)
        for name in ("Requests", "Bytes Read", "Bytes Written", "Work Time")
    }
    assert total["Requests"] == 3
    assert total["Bytes Read"] == 3 * len(LAST_GET.replace(b"last", b""))
    assert total["Bytes Written"] == 3 * len(site.get())
    assert total["Work Time"] > 0
    assert statistics["Threads"](statistics) == 10


# Slow clients and a full server


def test_slow_content_takes_no_thread(serve: Serve) -> None:
    """More clients that send a form slowly than there are threads: others are answered at once."""
    site = serve(echo, thread_pool=2)
    clients = [site.connect() for _ in range(20)]
    for client in clients:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab")
    for _ in range(3):
        assert site.get().endswith(b"/")
    for client in clients:
        client.sendall(b"cd")
        assert read_response(client)[1] == b"abcd"
        client.close()
    assert site.errors == []


@pytest.mark.parametrize("head", [b"Content-Length: 1000000", b"Transfer-Encoding: chunked"])
def test_large_content_leaves_threads_to_others(serve: Serve, head: bytes) -> None:
    site = serve(echo, thread_pool=4, body_buffer_size=0)
    clients = [site.connect() for _ in range(12)]
    for client in clients:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n")
    for _ in range(5):
        assert site.get().endswith(b"/")
    for client in clients:
        client.close()


@pytest.mark.parametrize("buffered", [0, 65536])
def test_content_has_a_minimum_rate(serve: Serve, buffered: int) -> None:
    """RFC 9110 section 15.5.9: 408, and the connection ends."""
    site = serve(
        echo,
        body_buffer_size=buffered,
        body_grace_seconds=0.2,
        body_minimum_rate=1000,
        socket_timeout=5,
    )
    with site.connect() as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
        client.settimeout(0.02)
        received = b""
        deadline = time.monotonic() + DEADLINE
        while not received and time.monotonic() < deadline:
            client.sendall(b"x")
            with contextlib.suppress(TimeoutError):
                received = client.recv(1000)
    assert status_of(received) == 408
    assert b"Connection: close" in received


def test_slow_readers_of_an_answer_from_memory_take_no_thread(serve: Serve) -> None:
    large = b"x" * 5_000_000

    def answer(environ: Environ, start_response: StartResponse) -> list[bytes]:
        if environ["PATH_INFO"] != "/large":
            return hello(environ, start_response)
        start_response("200 OK", [("Content-Length", str(len(large)))])
        return [large]

    site = serve(answer, thread_pool=2)
    clients = [site.connect() for _ in range(12)]
    for client in clients:
        client.sendall(GET.replace(b"/ ", b"/large "))
    for client in clients:
        assert client.recv(12, socket.MSG_WAITALL) == b"HTTP/1.1 200"
    for _ in range(3):
        assert site.get().endswith(b"hello")
    for client in clients[:3]:
        assert read_response(client)[1] == large
        client.sendall(LAST_GET)
        assert read_all(client).endswith(b"hello")
    for client in clients:
        client.close()
    assert site.errors == []


def test_a_full_server_answers_at_once(serve: Serve) -> None:
    """RFC 9110 sections 15.6.4 and 10.2.3; others go on waiting, and are answered."""
    proceed = threading.Event()

    def hold(environ: Environ, start_response: StartResponse) -> list[bytes]:
        proceed.wait(DEADLINE)
        return hello(environ, start_response)

    site = serve(hold, thread_pool=2, accepted_queue_size=3, accepted_queue_timeout=60)
    clients = [site.connect() for _ in range(9)]
    for client in clients:
        client.sendall(GET)
    refused = []
    wait_until(lambda: site.httpserver.requests.qsize == 3)
    for client in clients:
        client.settimeout(0.3)
        with contextlib.suppress(TimeoutError):
            refused.append(client.recv(1000))
        client.settimeout(DEADLINE)
    assert len(refused) == 4
    for answer in refused:
        assert status_of(answer) == 503
        for name in (b"Retry-After: ", b"Date: ", b"Connection: close"):
            assert name in answer
    proceed.set()
    answered = [client for client in clients if read_response(client)[1] == b"hello"]
    assert len(answered) == 5
    for client in clients:
        client.close()


def test_threads_beyond_the_minimum_end_again(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cherrypy._server.worker_pool._SPARE_SECONDS", 0.05)
    site = serve(hello, thread_pool=2, thread_pool_max=6)
    pool: Any = site.httpserver.requests
    pool.grow(4)
    wait_until(lambda: pool.size == 2)
    assert site.get().endswith(b"hello")
