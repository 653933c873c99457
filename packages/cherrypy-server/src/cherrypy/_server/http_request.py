"""One request and its response on a cheroot connection, framed by RFC 9112."""

from http import HTTPStatus
from typing import Any

from cheroot.server import HTTPRequest

from cherrypy._http.dates import now_field
from cherrypy._server.content import (
    ChunkedContent,
    Content,
    ContentTooLargeError,
    SizedContent,
    connection_fault,
)
from cherrypy._server.request_head import RequestHead, is_content_free, parse_head
from cherrypy._server.roles import Connection, Server

MAX_DISCARDED = 65536
"""Bytes of unread content that are read to keep a connection open; with more, it is closed."""

_JOINED_WRITE = 65536  # bytes up to which head and content leave in one write


class CPWSGIHTTPRequest(HTTPRequest):
    """One request on a connection, and the response to it.

    Strict where cheroot is lenient: see ``cherrypy._server.request_head``. Attributes and methods
    are those of cheroot's ``HTTPRequest``, so that other gateways can be used with it.

    Args:
        server: The server that received it.
        conn: The connection that it comes from.
    """

    server: Server
    conn: Connection
    inheaders: dict[bytes, bytes]
    outheaders: list[tuple[bytes, bytes]]
    uri: bytes
    method: bytes
    path: bytes
    qs: bytes
    request_protocol: bytes
    rfile: Content
    status: Any  # cheroot says str; gateways set bytes

    def __init__(self, server: Server, conn: Connection) -> None:
        super().__init__(server, conn, proxy_mode=False, strict_mode=True)
        self.head: RequestHead | None = None
        self.content: Content | None = None
        self.method = b""
        self.has_content = True
        """Whether the response is followed by content, once ``send_headers`` has been called."""

    def parse_request(self) -> None:
        """Read the head of the request, and set ``ready`` if it is there.

        Raises:
            RequestRefusedError: It is malformed or too large.
        """
        received = self.conn.receive_head(self.server.max_request_header_size)
        if received is None:
            return
        self.started_request = True
        head = parse_head(received)
        self.head = head
        self.method = head.method
        self.uri = head.uri
        self.authority = head.target.authority
        self.path = head.target.path
        self.qs = head.target.query
        self.request_protocol = b"HTTP/1.%d" % head.minor_version
        self.response_protocol = min(self.request_protocol.decode(), self.server.protocol)
        self.inheaders = head.fields
        self.chunked_read = head.length is None
        self.close_connection = not head.is_persistent
        self.ready = True

    @property
    def announced_length(self) -> int | None:
        """Bytes of the content; ``None`` if it is chunked."""
        return 0 if self.head is None else self.head.length

    def is_refused(self) -> bool:
        """Tell whether a client should be answered before it sends the content."""
        head, limit = self.head, self.server.max_request_body_size
        return head is not None and (
            head.expects_continue or bool(limit and (head.length or 0) > limit)
        )

    def bytes_received(self) -> int:
        """Return how many bytes of the content have been read."""
        content = self.content
        length = self.announced_length or 0
        return 0 if content is None else length - content.bytes_left()

    def respond(self) -> None:
        """Let the gateway answer, and end the response.

        Raises:
            ContentTooLargeError: The content is larger than ``max_request_body_size``.
        """
        content = self.content = self.rfile = self._open_content()
        self.conn.has_unread = not content.is_complete
        self.server.gateway(self).respond()
        self.ensure_headers_sent()
        if self.chunked_write:
            self._send(b"0\r\n\r\n")
        if not content.is_complete and not self.close_connection:
            self.close_connection = not content.discard(MAX_DISCARDED)
        self.conn.has_unread = not content.is_complete

    def write(self, chunk: bytes) -> None:
        """Send bytes of the content, after the head if that has not been sent."""
        head = b"" if self.sent_headers else self.take_head()
        if not self.has_content:
            chunk = b""
        elif self.chunked_write and chunk:
            chunk = b"%x\r\n%b\r\n" % (len(chunk), chunk)
        if len(chunk) <= _JOINED_WRITE:
            self._send(head + chunk)
        else:
            self._send(head)
            self._send(chunk)

    def ensure_headers_sent(self) -> None:
        """Send the head of the response if it has not been sent."""
        if not self.sent_headers:
            self.send_headers()

    def send_headers(self) -> None:
        """Send the head of the response, made of ``status`` and ``outheaders``.

        Raises:
            ValueError: There is CR, LF or NUL in them; nothing is sent.
        """
        self._send(self.take_head())

    def simple_response(self, status: int | str, msg: str = "") -> None:
        """Send a response without the application, and have the connection closed.

        Args:
            status: Status code, with a reason phrase if it is a ``str``.
            msg: Text for the client.
        """
        if isinstance(status, int):
            status = f"{status} {HTTPStatus(status).phrase}"
        content = msg.encode()
        self.status = status
        self.outheaders = [
            (b"Content-Type", b"text/plain;charset=utf-8"),
            (b"Content-Length", b"%d" % len(content)),
        ]
        self.close_connection = True
        self.chunked_write = False
        self.write(content)

    def _open_content(self) -> Content:
        head = self.head
        if head is None:
            raise RuntimeError("respond() was called before parse_request()")
        limit = self.server.max_request_body_size
        acknowledge = self._send_continue if head.expects_continue else None
        if head.length is None:
            return ChunkedContent(self.conn.rfile, limit, acknowledge)
        if limit and head.length > limit:
            self.conn.has_unread = True
            raise ContentTooLargeError
        return SizedContent(self.conn.rfile, head.length, acknowledge)

    def _send_continue(self) -> None:
        """Tell the client to send the content, which the application is about to read."""
        if not self.sent_headers:
            self.conn.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def take_head(self) -> bytes:
        """Return the head of the response, and decide how its content is framed.

        The caller has to send the head.

        Raises:
            ValueError: There is CR, LF or NUL in it.
        """
        status: str | bytes = self.status
        status = status.encode("latin-1") if isinstance(status, str) else status
        fields = list(self.outheaders)
        names = {name.lower(): value for name, value in fields}
        self._frame(status, fields, names)
        if status.startswith(b"101"):
            self.conn.is_upgraded = True
            self.conn.detach()
        else:
            self._set_connection(fields, names)
        if b"date" not in names:
            fields.append((b"Date", now_field().encode()))
        if b"server" not in names:
            fields.append((b"Server", self.server.product))
        lines = [b"%b %b\r\n" % (self.server.protocol.encode(), status)]
        lines += [b"%b: %b\r\n" % field for field in fields]
        head = b"".join(lines)
        if not head.count(b"\r") == head.count(b"\n") == len(lines) or b"\0" in head:
            raise ValueError("The status or a header of the response contains CR, LF or NUL")
        self.sent_headers = True
        return head + b"\r\n"

    def _frame(
        self, status: bytes, fields: list[tuple[bytes, bytes]], names: dict[bytes, bytes]
    ) -> None:
        """Choose how the client finds the end of the content (RFC 9112 section 6)."""
        if b"transfer-encoding" in names:  # the server's own business, PEP 3333
            fields[:] = [field for field in fields if field[0].lower() != b"transfer-encoding"]
        if is_content_free(self.method, status):
            self.has_content = False
            if status[:1] == b"1" or status[:3] == b"204":
                fields[:] = [field for field in fields if field[0].lower() != b"content-length"]
        elif b"content-length" not in names:
            self.chunked_write = self.response_protocol == "HTTP/1.1"
            if self.chunked_write:
                fields.append((b"Transfer-Encoding", b"chunked"))
            else:
                self.close_connection = True

    def _set_connection(self, fields: list[tuple[bytes, bytes]], names: dict[bytes, bytes]) -> None:
        """Decide whether the connection stays open, and tell the client (RFC 9112 section 9)."""
        options = names.get(b"connection", b"").lower()
        told = b"close" in options
        if (
            told
            or (self.content is not None and not self.content.is_short(MAX_DISCARDED))
            or not self.server.can_add_keepalive_connection
        ):
            self.close_connection = True
        if self.close_connection and not told:
            fields.append((b"Connection", b"close"))
        elif not self.close_connection and self.response_protocol == "HTTP/1.0":
            fields.append((b"Connection", b"Keep-Alive"))

    def _send(self, data: bytes) -> None:
        """Write to the connection.

        Raises:
            ClientGoneError: The connection broke.
            ClientTimeoutError: The client takes nothing.
        """
        if data:
            try:
                self.conn.wfile.write(data)
            except (OSError, ValueError) as error:
                self.conn.is_broken = True
                raise connection_fault(error) from error
