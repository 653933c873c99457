"""One connection of a client: waiting for requests, answering them, closing it politely."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from logging import DEBUG, ERROR, INFO
from socket import SHUT_RDWR, SHUT_WR, socket
from typing import TYPE_CHECKING, Any, cast

from cheroot.makefile import MakeFile
from cheroot.server import HTTPConnection

from cherrypy._http.dates import now_field
from cherrypy._server import streams
from cherrypy._server.content import ClientGoneError, ClientTimeoutError, connection_fault
from cherrypy._server.http_request import CPWSGIHTTPRequest
from cherrypy._server.request_head import RequestRefusedError, bad_request
from cherrypy._server.roles import Reader, Server, Worker, Writer
from cherrypy._server.streams import receive, send_some, wait_for
from cherrypy._server.tls_stream import (
    Handshake,
    HandshakeError,
    Progress,
    TLSAdapter,
    plain_http_answer,
    say_goodbye,
    send_plain,
)
from cherrypy._server.unix_socket import peer_environ

if TYPE_CHECKING:
    from cherrypy._server.file_sender import Transfer
    from cherrypy._server.tls_stream import TLSSocket

MOST_UNSENT = 1 << 18
"""Bytes of a response that are kept for a client before a thread waits for it."""

_MOMENT = 0.01  # seconds for a client to read an alert of TLS
_READS = 16  # pieces of what is not read, before other connections get their turn
_LINGER = 2.0  # seconds for a client to read the answer, and to stop sending
_END = b"\r\n\r\n"


class OpenConnections:
    """The connections of a server that have not been closed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connections: set[Connection] = set()

    def add(self, connection: "Connection") -> None:
        """Note a new connection."""
        with self._lock:
            self._connections.add(connection)

    def remove(self, connection: "Connection") -> bool:
        """Forget a connection; False if that has been done before."""
        with self._lock:
            was_there = connection in self._connections
            self._connections.discard(connection)
        return was_there

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._connections)

    def close(self, but: object = None) -> None:
        """Close all of them, except one that is still needed."""
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            if connection is not but:
                connection.close()


class Connection(HTTPConnection):
    """One connection of a client.

    While its head or its content, up to ``server.body_buffer_size``, is not complete, and while the
    client does not take an answer, the connection is only watched: a client that is slow takes no
    thread. Heads have to be complete ``server.socket_timeout`` seconds after their first byte. The
    same goes for the handshake of TLS.

    Attributes:
        has_unread: The client sent, or may be sending, content that will not be read.
        is_broken: Writing to it has failed.
        is_upgraded: The client was told that another protocol begins (RFC 9110 section 7.8).
        transfer: A response that another thread sends to its end, as the client takes it slowly;
            ``None`` if there is none.
        worker: The thread that serves it; ``None`` for the guard.
        most_unsent: Bytes that may be kept for the client before the thread waits for it.
        deadline: When it is looked at although the client does nothing.
        is_timed: Whether that has an entry among all deadlines.
    """

    RequestHandlerClass: type[CPWSGIHTTPRequest] = CPWSGIHTTPRequest
    server: Server
    socket: socket
    rfile: Reader
    wfile: Writer
    remote_addr: str | None
    remote_port: int | None
    ssl_env: Mapping[str, object] | None

    def __init__(
        self, server: Server, sock: Any, makefile: Callable[..., object] = MakeFile
    ) -> None:
        self._waits_not = isinstance(sock, socket) or isinstance(server.ssl_adapter, TLSAdapter)
        super().__init__(server, sock, self._make_file if self._waits_not else makefile)
        self.server.connections.add(self)
        self.has_unread = False
        self.is_broken = False
        self.is_upgraded = False
        self.transfer: Transfer | None = None
        self.worker: Worker | None = None  # a protocol: the class knows this one
        self.most_unsent: float = MOST_UNSENT
        self.deadline = math.inf
        self.is_timed = False
        self._is_plain = server.ssl_adapter is None
        self._handshake: Handshake | None = None
        if isinstance(server.ssl_adapter, TLSAdapter):
            self._handshake = Handshake(cast("TLSSocket", sock), server.timeout)
        if self._waits_not:
            sock.settimeout(0)
        self._request: CPWSGIHTTPRequest | None = None  # one whose content is not complete
        self._has_place = False  # among those that may read content while it comes
        self._is_ready = False  # the request can be answered
        self._is_lingering = False  # the answer is complete, the client has to close
        self._is_last = False  # the connection ends when all has been sent
        self._partial = b""  # bytes of a head that is not complete
        self._peer: dict[str, str] | None = None
        self._started = 0.0  # when the first byte of the request came
        self._waited = 0.0  # seconds that threads waited for its content
        self._unsent: deque[memoryview] = deque()
        self._unsent_size = 0

    @property
    def can_send_files(self) -> bool:
        """Whether files can be sent to the client without waiting for it."""
        is_known = self._is_plain or isinstance(self.server.ssl_adapter, TLSAdapter)
        return is_known and self._waits_not and not self._unsent

    @property
    def is_encrypted(self) -> bool:
        """Whether it goes by TLS."""
        return not self._is_plain

    def proceed(self) -> None:
        """Do what the connection is ready for, and have it watched, or close it."""
        if self._is_lingering:
            self._linger()
        elif self._unsent:
            self._send_rest()
        else:
            keep_open = False
            try:
                keep_open = self.communicate()
            finally:
                self._put(keep_open=keep_open)

    def prepare(self) -> bool:
        """Do what can be done without a handler.

        Returns:
            Whether a handler has to answer now; else the connection is watched, or closed.
        """
        if self._is_lingering or self._unsent:
            self.proceed()
            return False
        received = self.receive()
        if received:
            return True
        self._put(keep_open=received is None)
        return False

    def communicate(self) -> bool:
        """Go on with a request, and answer it if it is there.

        Returns:
            Whether the connection stays open, for the next request or for the rest of this one.
        """
        received = self.receive()
        return self._handle() if received else received is None

    def receive(self) -> bool | None:
        """Read what has come of a request.

        Returns:
            True if a handler has to answer it, ``None`` if the rest is still to come, and False if
            the connection ends.
        """
        if self._is_ready:
            return True
        if self._handshake is not None:
            progress = self._shake_hands(self._handshake)
            if not progress:
                return progress
        request = self._request or self.RequestHandlerClass(self.server, self)
        try:
            if request is not self._request and not self._parse(request):
                return self._partial_or_end
            self._is_ready = self._collect(request)
        except RequestRefusedError as refusal:
            self.has_unread = True  # it is not known where the next request starts
            self._answer_failure(request, refusal.status, refusal.reason)
        except ClientTimeoutError:
            if request.started_request or self._partial:
                self.has_unread = True
                self._answer_failure(request, HTTPStatus.REQUEST_TIMEOUT)
        except ClientGoneError as error:
            self.server.error_log(f"A client has gone: {error}", level=DEBUG)
        else:
            return True if self._is_ready else None
        return False

    def receive_head(self, limit: int) -> bytes | None:
        """Read the head of a request.

        Args:
            limit: Bytes that it may have; 0 for any number.

        Returns:
            The head with its empty line; ``None`` if it is not complete. It may be later, unless
            the client has closed the connection.

        Raises:
            RequestRefusedError: It is too large, or cannot become a request.
            ClientTimeoutError: It takes too long.
            ClientGoneError: The connection broke.
        """
        self._partial_or_end = None
        while True:
            piece = self._take()
            if piece is None:
                return None
            if not piece:
                self._partial_or_end = False
                return None
            known = len(self._partial)
            received = self._partial + piece if known else piece
            end = received.find(_END, max(0, known - len(_END) + 1))
            taken = len(received) if end < 0 else end + len(_END)
            self.rfile.bytes_read += taken - known
            if taken < len(received):
                self.rfile.feed(received[taken:])
                received = received[:taken]
            if end == 0:  # two empty lines before a request
                self._partial = b""
                continue
            _check_size(received, taken, limit)
            if end > 0:
                self._partial = b""
                return _without_empty_lines(received)
            self._keep_partial(received)

    def has_input(self) -> bool:
        """Tell whether there are bytes already that the system does not report."""
        return self.rfile.has_data() or self.has_decrypted()

    def has_decrypted(self) -> bool:
        """Tell whether bytes are decrypted already, which the system does not see."""
        return not self._is_plain and bool(cast("TLSSocket", self.socket).pending())

    def send(self, data: bytes) -> None:
        """Send bytes; what the client does not take now is kept, and sent later.

        While more than ``most_unsent`` bytes are kept, the thread waits first.

        Raises:
            OSError: The connection broke, or the client takes nothing for too long.
        """
        while self._unsent_size > self.most_unsent:
            self.wait(is_write=True)
            self._flush()
        sent = 0 if self._unsent else send_some(self.socket, data)
        if sent < len(data):
            self._unsent.append(memoryview(data)[sent:])
            self._unsent_size += len(data) - sent

    def say(self, data: bytes) -> None:
        """Send bytes that are lost if the client does not take them now."""
        if not self._unsent:
            send_some(self.socket, data)

    def wait(self, *, is_write: bool) -> None:
        """Wait for the client, after another thread has been told to wait for all others.

        Raises:
            TimeoutError: It did nothing for ``server.socket_timeout`` seconds, or sends too slowly.
        """
        if self.worker is None:
            raise TimeoutError("the guard does not wait")
        self.worker.let_go()
        started = time.monotonic()
        if not wait_for(self.socket, self.server.timeout, is_write=is_write):
            raise TimeoutError("timed out")
        request = self._request
        if not is_write and request is not None and request.announced_length:
            self._waited += time.monotonic() - started
            self._check_rate(self._waited)

    def let_go(self) -> None:
        """Let another thread wait for clients, as this one will be busy."""
        if self.worker is not None:
            self.worker.let_go()

    def detach(self) -> None:
        """Let the socket wait by itself, as libraries expect that take it over."""
        if self._waits_not:
            self.socket.settimeout(self.server.timeout)

    def peer_environ(self) -> dict[str, str]:
        """Describe the process at the other end of a Unix socket, as the system knows it."""
        if self._peer is None:  # looking up names may need a network service
            pid, uid, gid = self.get_peer_creds()  # type: ignore[no-untyped-call]  # cheroot's own
            self._peer = peer_environ(pid, uid, gid, is_resolved=self.peercreds_resolve_enabled)
        return self._peer

    def expire(self) -> None:
        """End the connection, as its client took too long."""
        is_midway = bool(self._partial) or (self._request is not None and not self._is_ready)
        if self._unsent:
            self.is_broken = True
        elif self._handshake is not None:
            self._fail_handshake("it takes too long")
        elif is_midway and not self._is_lingering:
            request = self._request or self.RequestHandlerClass(self.server, self)
            self.has_unread = self._request is not None
            self._answer_failure(request, HTTPStatus.REQUEST_TIMEOUT)
        self.close()

    def close(self) -> None:
        """Close the connection.

        If content was left unread, the answer would be lost to a client that still sends it: the
        system resets a connection that is closed over unread bytes. So it is given some time.

        After an upgrade to another protocol, libraries set ``linger`` when they take the socket
        over: it stays open. Otherwise cheroot sets it, to answer requests that it has not read.

        See: RFC 9112 section 9.6.
        """
        if not self._is_lingering and self._may_linger():
            return
        if not self.server.connections.remove(self):
            return
        self._unsent.clear()
        if self.linger and self.is_upgraded:
            with suppress(OSError):
                self.wfile.close()  # this does not close the socket itself
            return
        if not self._is_plain and not self.is_broken and not self._is_lingering:
            say_goodbye(cast("TLSSocket", self.socket))
        if self.is_broken:
            with suppress(OSError):
                self.socket.shutdown(SHUT_RDWR)
        with suppress(OSError):
            self.wfile.close()
        self.linger = False  # cheroot would leave the socket open; lingering does better
        super().close()

    _partial_or_end: bool | None = None

    def _make_file(self, connection: Any, mode: str, size: int) -> object:
        kind = streams.Reader if "r" in mode else streams.Writer
        return kind(connection, size, self)

    def _take(self) -> bytes | None:
        """Return bytes that have come, none at the end; ``None`` if there are none.

        Raises:
            ClientGoneError: The connection broke.
            ClientTimeoutError: It is of a kind that has to be waited for, and nothing came.
        """
        reader = self.rfile
        try:
            if self._waits_not:
                return reader.take() if reader.held() else receive(self.socket)
            self.let_go()  # an adapter of cheroot's kind
            piece = reader.peek()
            return reader.read(len(piece))
        except (OSError, ValueError) as error:
            raise connection_fault(error) from error

    def _parse(self, request: CPWSGIHTTPRequest) -> bool:
        request.parse_request()
        if not request.ready:
            return False
        self._request = request
        self._started = time.monotonic()
        self._waited = 0.0
        self.requests_seen += 1
        return True

    def _collect(self, request: CPWSGIHTTPRequest) -> bool:
        """Gather content before a thread is needed; tell whether there is enough of it.

        Of content that is larger than ``server.body_buffer_size``, nothing is waited for: the
        application may refuse it by its length, and few threads are given to those that wait.

        Raises:
            ClientTimeoutError: The client sends too slowly.
            ClientGoneError: The connection broke.
        """
        length = request.announced_length
        if not length or not self._waits_not or request.is_refused():
            return True
        if length > self.server.body_buffer_size:
            return True
        while self.rfile.held() < length:
            try:
                piece = receive(self.socket)
            except (OSError, ValueError) as error:
                raise connection_fault(error) from error
            if piece == b"":  # the application is told that the content ends early
                return True
            if piece is None:
                self._check_rate(time.monotonic() - self._started)
                return False
            self.rfile.feed(piece)
        return True

    def _check_rate(self, seconds: float) -> None:
        """Give up content that comes too slowly.

        Args:
            seconds: Time that it took so far.

        Raises:
            ClientTimeoutError: It is slower than ``server.body_minimum_rate``.
        """
        server, request = self.server, self._request
        if seconds > server.body_grace_seconds and request is not None:
            came = self.rfile.held() + request.bytes_received()
            if came < server.body_minimum_rate * seconds:
                raise ClientTimeoutError("the content comes too slowly")
        if server.body_timeout and time.monotonic() - self._started > server.body_timeout:
            raise ClientTimeoutError("the content takes too long")

    def _handle(self) -> bool:
        """Let the application answer; tell whether the connection stays open."""
        request, worker = self._request, self.worker
        if request is None:
            return False
        is_partial = self._has_to_wait(request)
        if worker is not None and is_partial and not self._has_place:
            if not worker.pool.take_content_place(self):
                self._is_parked = True
                return True
            self._has_place = True
        self._is_ready = False
        is_open = False
        started = time.perf_counter()
        if worker is not None and (is_partial or worker.pool.durations.is_slow(request.path)):
            worker.let_go()
        try:
            request.respond()
            is_open = not request.close_connection
        except RequestRefusedError as refusal:
            self.has_unread = True
            self._answer_failure(request, refusal.status, refusal.reason)
        except ClientTimeoutError:
            self.has_unread = True
            self._answer_failure(request, HTTPStatus.REQUEST_TIMEOUT)
        except ClientGoneError as error:
            self.server.error_log(f"A client has gone: {error}", level=DEBUG)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            self.server.error_log(repr(error), level=ERROR, traceback=True)
            self._answer_failure(request, HTTPStatus.INTERNAL_SERVER_ERROR)
        finally:
            self._request = None
            self.most_unsent = MOST_UNSENT
            if worker is not None:
                worker.pool.durations.note(request.path, time.perf_counter() - started)
                if self._has_place:
                    self._has_place = False
                    worker.pool.give_content_place()
        return is_open

    def _has_to_wait(self, request: CPWSGIHTTPRequest) -> bool:
        """Tell whether a handler that reads the content may have to wait for the client."""
        length = request.announced_length
        if length is None:
            return not self.rfile.ends_with(b"0\r\n\r\n")
        return bool(length) and self.rfile.held() < length and not request.is_refused()

    _is_parked = False

    def _put(self, *, keep_open: bool) -> None:
        """Have the connection watched for what comes next, or close it."""
        traffic = self.server.traffic
        transfer, self.transfer = self.transfer, None
        if transfer is not None:
            self.server.file_sender.add(transfer)
        elif self._is_parked:
            self._is_parked = False
        elif self._unsent:
            self._is_last = not keep_open
            traffic.watch(self, self.server.timeout, is_write=True)
        elif not keep_open or not self.server.ready:
            self.close()
        elif self._handshake is not None and self._handshake.is_write:
            traffic.watch(self, self.server.timeout, is_write=True)
        elif self.has_input() and self._request is None and not self._partial:
            traffic.put(self)
        elif self._request is None and not self._partial:
            self.last_used = time.time()
            traffic.watch(self, self.server.timeout)
        else:
            traffic.watch(self, self.server.timeout)

    def _flush(self) -> None:
        """Send what is kept, as far as the client takes it.

        Raises:
            OSError: The connection broke.
        """
        unsent = self._unsent
        while unsent:
            sent = send_some(self.socket, unsent[0])
            self._unsent_size -= sent
            if sent == len(unsent[0]):
                unsent.popleft()
                continue
            unsent[0] = unsent[0][sent:]
            if not sent:
                break

    def _send_rest(self) -> None:
        """Send the rest of an answer that the client takes slowly."""
        try:
            self._flush()
        except (OSError, ValueError):
            self.is_broken = True
            self.close()
            return
        if self._unsent:
            self.server.traffic.watch(self, self.server.timeout, is_write=True)
        elif self._is_last or not self.server.ready:
            self.close()
        else:
            self.server.traffic.put(self)

    def _shake_hands(self, handshake: Handshake) -> bool | None:
        """Go on with the handshake of TLS.

        Returns:
            Whether requests can be read; ``None`` if more of the handshake has to come first.
        """
        try:
            progress = handshake.advance()
        except HandshakeError as error:
            self._fail_handshake(str(error))
            return False
        if progress is Progress.DONE:
            self._handshake = None
            self.socket.settimeout(0)
            self.ssl_env = cast("TLSAdapter", self.server.ssl_adapter).get_environ(self.socket)
            return True
        if progress is Progress.PLAIN:
            self._answer_plain_http()
        elif progress is Progress.GONE:
            self.is_broken = True
        else:
            return None
        return False

    def _fail_handshake(self, reason: str) -> None:
        self.linger = True  # else the client would not read the alert
        self.server.error_log(f"No TLS with {self.remote_addr or 'a client'}: {reason}", level=INFO)

    def _answer_plain_http(self) -> None:
        """Tell a client that speaks HTTP without TLS to use it."""
        with suppress(OSError):
            answer = plain_http_answer(self.server.product, now_field().encode())
            send_plain(cast("TLSSocket", self.socket), answer)
        self.has_unread = True

    def _answer_failure(self, request: CPWSGIHTTPRequest, status: int, reason: str = "") -> None:
        if not request.sent_headers:
            with suppress(ClientGoneError, ClientTimeoutError):
                request.simple_response(status, reason)

    def _keep_partial(self, received: bytes) -> None:
        """Keep the start of a head until the rest comes.

        Raises:
            RequestRefusedError: It cannot become the head of a request.
            ClientTimeoutError: The rest should have come by now.
        """
        now = time.monotonic()
        if not self._partial:
            self._started = now
        self._partial = received
        start = _without_empty_lines(received)[:1]
        if start and not b"!" <= start <= b"~" and start != b"\r":
            bad_request("This server speaks HTTP, and that is not an HTTP request")
        if received.count(b"\n") != received.count(b"\r\n"):
            bad_request("HTTP requires CRLF terminators")
        if now - self._started > self.server.timeout:
            raise ClientTimeoutError

    def _may_linger(self) -> bool:
        """Tell the client that nothing more comes, and have the connection watched until it closes.

        Returns:
            Whether that is done; not if nothing was left unread, or the server stops.
        """
        if self.is_upgraded or self.is_broken or not (self.has_unread or self.linger):
            return False
        if not self.server.ready or not self._waits_not:
            return False
        if not self._is_plain:
            say_goodbye(cast("TLSSocket", self.socket))
        try:
            self.socket.shutdown(SHUT_WR)
        except OSError:
            return False
        self._is_lingering = True
        self._unsent.clear()
        seconds = _LINGER if self.has_unread else _MOMENT
        self._linger_until = time.monotonic() + seconds
        self.server.traffic.watch(self, seconds)
        return True

    _linger_until = 0.0

    def _linger(self) -> None:
        """Read until the client closes, or time is over."""
        try:
            piece = b"-"
            for _ in range(_READS):
                found = receive(self.socket)
                if found is None:
                    break
                piece = found
                if not piece:
                    break
        except (OSError, ValueError):
            piece = b""
        left = self._linger_until - time.monotonic()
        if piece and left > 0 and self.server.ready:
            self.server.traffic.watch(self, left)
        else:
            self.close()


def _without_empty_lines(head: bytes) -> bytes:
    """Leave out the empty line that old clients send after the content of a form.

    See: RFC 9112 section 2.2.
    """
    while head.startswith(b"\r\n"):
        head = head[2:]
    return head


def _check_size(received: bytes, taken: int, limit: int) -> None:
    """Refuse a head that is too large.

    Raises:
        RequestRefusedError: 414 or 431 (RFC 9110 section 15.5.15, RFC 6585 section 5).
    """
    if not limit or taken <= limit:
        return
    if received.find(b"\r\n", 2, limit) < 0:
        raise RequestRefusedError(
            414, "The Request-URI sent with the request exceeds the maximum allowed bytes."
        )
    raise RequestRefusedError(
        431, "The headers sent with the request exceed the maximum allowed bytes."
    )
