"""One connection of a client: waiting for requests, answering them, closing it politely."""

import select
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from logging import DEBUG, ERROR, INFO
from socket import SHUT_RDWR, SHUT_WR, socket
from typing import TYPE_CHECKING, cast

from cheroot.server import HTTPConnection

from cherrypy._http.dates import now_field
from cherrypy._server.content import ClientGoneError, ClientTimeoutError, connection_fault
from cherrypy._server.http_request import CPWSGIHTTPRequest
from cherrypy._server.request_head import RequestRefusedError, bad_request
from cherrypy._server.roles import Reader, Server, Writer
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

_MOMENT = 0.01  # seconds that a free thread waits for the next bytes of a client
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

    While the head of a request is not complete, the connection goes back to the server's selector:
    a client that sends slowly or nothing at all takes no thread. Heads have to be complete
    ``server.socket_timeout`` seconds after their first byte. The same goes for the handshake of
    TLS.

    Attributes:
        has_unread: The client sent, or may be sending, content that will not be read.
        is_broken: Writing to it has failed.
        is_upgraded: The client was told that another protocol begins (RFC 9110 section 7.8).
        transfer: A response that another thread sends to its end, as the client takes it slowly;
            ``None`` if there is none.
    """

    RequestHandlerClass: type[CPWSGIHTTPRequest] = CPWSGIHTTPRequest
    server: Server
    socket: socket
    rfile: Reader
    wfile: Writer
    remote_addr: str | None
    remote_port: int | None
    ssl_env: Mapping[str, object] | None

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)
        self.server.connections.add(self)
        self.has_unread = False
        self.is_broken = False
        self.is_upgraded = False
        self.transfer: Transfer | None = None
        self._is_plain = self.server.ssl_adapter is None
        self._handshake: Handshake | None = None
        self._stalled_since: float | None = None  # the time of a part of a record of TLS
        if isinstance(self.server.ssl_adapter, TLSAdapter):
            self._handshake = Handshake(cast("TLSSocket", self.socket), self.server.timeout)
        self._is_due = False  # the selector says that there is something to read
        self._is_waiting = False  # for the rest of a head
        self._partial = b""  # bytes of a head that is not complete
        self._peer: dict[str, str] | None = None
        self._started = 0.0  # when the first of them came

    @property
    def can_send_files(self) -> bool:
        """Whether files can be sent to the client without waiting for it."""
        is_known = self._is_plain or isinstance(self.server.ssl_adapter, TLSAdapter)
        return is_known and bool(self.socket.gettimeout())

    @property
    def is_encrypted(self) -> bool:
        """Whether it goes by TLS."""
        return not self._is_plain

    def communicate(self) -> bool:
        """Read and answer one request.

        Returns:
            Whether the connection stays open, for the next request or for the rest of this one.
        """
        if self._handshake is not None and not self._shake_hands(self._handshake):
            return self._is_due
        request = self.RequestHandlerClass(self.server, self)
        try:
            is_open = self._answer(request)
        except RequestRefusedError as refusal:
            self.has_unread = True  # it is not known where the next request starts
            self._answer_failure(request, refusal.status, refusal.reason)
        except ClientTimeoutError:
            if request.started_request or self._partial:
                self._answer_failure(request, HTTPStatus.REQUEST_TIMEOUT)
        except ClientGoneError as error:
            self.server.error_log(f"A client has gone: {error}", level=DEBUG)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            self.server.error_log(repr(error), level=ERROR, traceback=True)
            self._answer_failure(request, HTTPStatus.INTERNAL_SERVER_ERROR)
        else:
            self._is_due = is_open
            return is_open
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
        while self._may_read():
            try:
                piece = self._peek()
            except (OSError, ValueError) as error:
                raise connection_fault(error) from error
            if piece is None:
                break
            if not piece:
                return None
            known = len(self._partial)
            received = self._partial + piece
            end = received.find(_END, max(0, known - len(_END) + 1))
            taken = len(received) if end < 0 else end + len(_END)
            self.rfile.read(taken - known)
            if end == 0:  # two empty lines before a request
                self._partial = b""
                continue
            _check_size(received, taken, limit)
            if end > 0:
                self._partial = b""
                return _without_empty_lines(received[:taken])
            self._keep_partial(received)
        self._is_waiting = True
        return None

    def wait_for_next(self) -> bool:
        """Wait a moment for the next request, if no other connection needs the thread.

        Returns:
            Whether it has come.
        """
        if self.rfile.has_data():
            return True
        seconds = _MOMENT if self.server.requests.is_relaxed() else 0
        return self.has_decrypted() or _is_readable(self.socket, seconds)

    def has_decrypted(self) -> bool:
        """Tell whether bytes are decrypted already, which the selector does not see."""
        return not self._is_plain and bool(cast("TLSSocket", self.socket).pending())

    def peer_environ(self) -> dict[str, str]:
        """Describe the process at the other end of a Unix socket, as the system knows it."""
        if self._peer is None:  # looking up names may need a network service
            pid, uid, gid = self.get_peer_creds()  # type: ignore[no-untyped-call]  # cheroot's own
            self._peer = peer_environ(pid, uid, gid, is_resolved=self.peercreds_resolve_enabled)
        return self._peer

    def close(self) -> None:
        """Close the connection.

        If content was left unread, the answer would be lost to a client that still sends it: the
        system resets a connection that is closed over unread bytes. So it is given some time.

        After an upgrade to another protocol, libraries set ``linger`` when they take the socket
        over: it stays open. Otherwise cheroot sets it, to answer requests that it has not read.

        See: RFC 9112 section 9.6.
        """
        if not self.server.connections.remove(self):
            return
        if self._is_waiting and self._partial and self.server.ready:
            self._answer_timeout()
        if self.linger and self.is_upgraded:
            with suppress(OSError):
                self.wfile.close()  # this does not close the socket itself
            return
        if not self._is_plain and not self.is_broken:
            say_goodbye(cast("TLSSocket", self.socket))
        if self.server.ready and (self.has_unread or self.linger):
            with suppress(OSError):
                self._drain(_LINGER if self.has_unread else _MOMENT)
        if self.is_broken:  # else sending the rest of the buffer is tried again, which takes time
            with suppress(OSError):
                self.socket.shutdown(SHUT_RDWR)
        with suppress(OSError):
            self.wfile.close()
        self.linger = False  # cheroot would leave the socket open; draining does better
        super().close()

    def _shake_hands(self, handshake: Handshake) -> bool:
        """Go on with the handshake of TLS.

        Returns:
            Whether requests can be read; otherwise ``_is_due`` tells whether the connection waits
            for more of the handshake.
        """
        self._is_due = False
        try:
            progress = handshake.advance()
        except HandshakeError as error:
            self.linger = True  # else the client would not read the alert
            self.server.error_log(
                f"No TLS with {self.remote_addr or 'a client'}: {error}", level=INFO
            )
            return False
        if progress is Progress.DONE:
            self._handshake = None
            self.socket.settimeout(self.server.timeout)
            self.ssl_env = cast("TLSAdapter", self.server.ssl_adapter).get_environ(self.socket)
            return True
        if progress is Progress.PLAIN:
            self._answer_plain_http()
        elif progress is Progress.GONE:
            self.is_broken = True
        else:
            self._is_due = True
        return False

    def _answer_plain_http(self) -> None:
        """Tell a client that speaks HTTP without TLS to use it."""
        with suppress(OSError):
            answer = plain_http_answer(self.server.product, now_field().encode())
            send_plain(cast("TLSSocket", self.socket), answer)
        self.has_unread = True

    def _peek(self) -> bytes | None:
        """Return bytes that have come; ``None`` if a part of a record of TLS is all there is.

        Raises:
            ClientTimeoutError: The rest of the record should have come by now.
        """
        if self._is_plain:
            return self.rfile.peek()
        was_due, self._is_due = self._is_due, False
        self.socket.settimeout(0)
        try:
            piece = self.rfile.peek()
        except ssl.SSLWantReadError:
            now = time.monotonic()
            if was_due and self._stalled_since is None:
                self._stalled_since = now
            if self._stalled_since is not None and now - self._stalled_since > self.server.timeout:
                raise ClientTimeoutError from None
            return None
        finally:
            self.socket.settimeout(self.server.timeout)
        self._stalled_since = None
        return piece

    def _answer(self, request: CPWSGIHTTPRequest) -> bool:
        self._is_waiting = False
        request.parse_request()
        if not request.ready:
            return self._is_waiting
        self.requests_seen += 1
        request.respond()
        return not request.close_connection

    def _answer_failure(self, request: CPWSGIHTTPRequest, status: int, reason: str = "") -> None:
        if not request.sent_headers:
            with suppress(ClientGoneError, ClientTimeoutError):
                request.simple_response(status, reason)

    def _answer_timeout(self) -> None:
        """Answer a head that has not become complete in time.

        The thread that watches all connections does this, and must not wait for the client.
        """
        with suppress(OSError):
            self.socket.settimeout(0)
            request = self.RequestHandlerClass(self.server, self)
            self._answer_failure(request, HTTPStatus.REQUEST_TIMEOUT)

    def _may_read(self) -> bool:
        """Tell whether reading gives bytes, or the end of the stream, without waiting long."""
        if not self._is_plain:
            return True
        if self._is_due:
            self._is_due = False
            return True
        return self.wait_for_next()

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

    def _drain(self, seconds: float) -> None:
        """Tell the client that nothing more comes, and read until it closes."""
        connection: socket = self.socket
        connection.shutdown(SHUT_WR)
        deadline = time.monotonic() + seconds
        connection.settimeout(seconds)
        while time.monotonic() < deadline and connection.recv(65536):
            pass


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


def _is_readable(connection: socket, seconds: float) -> bool:
    """Wait until there is something to read, or the end of the stream; False at the timeout."""
    try:
        if hasattr(select, "poll"):  # select() cannot watch descriptors from 1024 on
            poller = select.poll()
            poller.register(connection, select.POLLIN)
            return bool(poller.poll(seconds * 1000))
        return bool(select.select([connection], [], [], seconds)[0])
    except (OSError, ValueError):  # closed meanwhile: reading tells
        return True
