"""The HTTP server of CherryPy: cheroot with our requests, our threads and our way to WSGI."""

import math
import os
import re
import socket
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, cast
from urllib.parse import unquote_to_bytes

import cheroot.wsgi
from cheroot.server import Gateway

from cherrypy import __version__
from cherrypy._server.connection import Connection, OpenConnections
from cherrypy._server.content import connection_fault
from cherrypy._server.file_sender import HAS_SENDFILE, FileSender, FileWrapper, Transfer
from cherrypy._server.http_request import CPWSGIHTTPRequest
from cherrypy._server.options import ServerSettings
from cherrypy._server.request_head import is_content_free
from cherrypy._server.tls_file import EncryptedTransfer
from cherrypy._server.tls_options import is_encrypted
from cherrypy._server.traffic import Traffic
from cherrypy._server.unix_socket import identity_of, is_abstract, open_unix_socket, remove_own
from cherrypy._server.worker_pool import WorkerPool

__all__ = ["CPWSGIHTTPRequest", "CPWSGIServer", "WSGIGateway"]

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType]
Write = Callable[[bytes], None]

KEEP_ALIVE_CONNECTIONS = 512
"""Idle connections that stay open: half of the descriptors that most systems give a process."""

_OLD_DEFAULT_BACKLOG = 5
_BACKLOG = 128

_STATUS = re.compile(r"[1-9][0-9]{2}(?: .*)?")
_ENCODED_SLASH = re.compile(rb"%2[Ff]")
_WITHOUT_PREFIX = {b"Content-Type": "CONTENT_TYPE", b"Content-Length": "CONTENT_LENGTH"}
_COMMON_NAMES = (
    "Accept Accept-Charset Accept-Encoding Accept-Language Authorization Cache-Control Connection "
    "Cookie Dnt Expect Forwarded Host If-Match If-Modified-Since If-None-Match If-Range "
    "If-Unmodified-Since Origin Pragma Priority Range Referer Sec-Ch-Ua Sec-Ch-Ua-Mobile "
    "Sec-Ch-Ua-Platform Sec-Fetch-Dest Sec-Fetch-Mode Sec-Fetch-Site Sec-Fetch-User Te "
    "Transfer-Encoding Upgrade-Insecure-Requests User-Agent X-Forwarded-For X-Forwarded-Host "
    "X-Forwarded-Proto X-Requested-With"
)


def environ_name(field_name: bytes) -> str:
    """Return the key of a header field in a WSGI environ, such as ``HTTP_HOST``."""
    return "HTTP_" + field_name.decode("ascii").upper().replace("-", "_")


# PERF: names that browsers send need no work per request; the table does not grow
_ENVIRON_NAMES = _WITHOUT_PREFIX | {
    name: environ_name(name) for name in _COMMON_NAMES.encode().split()
}

_FRAMING = frozenset({b"Content-Length", b"Content-Type", b"Transfer-Encoding"})


def decode_path(path: bytes) -> str:
    """Decode the path of a request target for ``PATH_INFO``.

    Args:
        path: As received, such as ``/a%20b%2fc``.

    Returns:
        The bytes as latin-1 text, as PEP 3333 asks. An encoded slash stays ``%2F``, so that it
        does not split a segment.
    """
    if b"%" in path:
        path = b"%2F".join(unquote_to_bytes(part) for part in _ENCODED_SLASH.split(path))
    return path.decode("latin-1")


class WSGIGateway(Gateway):
    """One call of a WSGI application (PEP 3333).

    Args:
        req: The request that it answers.
    """

    req: CPWSGIHTTPRequest

    def __init__(self, req: CPWSGIHTTPRequest) -> None:
        super().__init__(req)
        self.req = req
        self._is_started = False
        self._left: int | None = None  # bytes that the declared Content-Length still allows

    def get_environ(self) -> dict[str, Any]:
        """Make the environ of the request."""
        request, connection = self.req, self.req.conn
        environ: dict[str, Any] = request.server.base_environ.copy()
        environ["REQUEST_METHOD"] = request.method.decode("ascii")
        environ["PATH_INFO"] = decode_path(request.path)
        environ["QUERY_STRING"] = request.qs.decode("latin-1")
        environ["REQUEST_URI"] = request.uri.decode("latin-1")
        environ["SERVER_PROTOCOL"] = request.request_protocol.decode("ascii")
        environ["REMOTE_ADDR"] = connection.remote_addr or ""
        environ["REMOTE_PORT"] = str(connection.remote_port or "")
        environ["wsgi.input"] = request.rfile
        for name, value in request.inheaders.items():
            if b"_" not in name or self._may_pass(name):
                key = _ENVIRON_NAMES.get(name) or environ_name(name)
                environ[key] = value.decode("latin-1")
        if connection.peercreds_enabled:
            environ.update(connection.peer_environ())
        if connection.ssl_env:
            environ.update(connection.ssl_env)
        return environ

    def _may_pass(self, name: bytes) -> bool:
        """Tell whether a field with an underscore in its name is passed on.

        It would let a client write a field that a proxy in front guards, or one of the framing.
        """
        proper = name.replace(b"_", b"-")
        return (
            getattr(self.req.server, "keep_underscores", False)
            and proper not in self.req.inheaders
            and proper not in _FRAMING
        )

    def respond(self) -> None:
        """Call the application and send its response; the iterable is closed in any case."""
        result = self.req.server.wsgi_app(self.get_environ(), self.start_response)
        try:
            if type(result) is FileWrapper and self._send_file(result):
                result = ()  # closed when it has been sent
                return
            if isinstance(result, (list, tuple)):  # in memory already: no thread waits
                self.req.conn.most_unsent = math.inf
                if self._is_started and len(result) == 1:
                    self._declare_length(len(result[0]))
            for chunk in result:
                if chunk:
                    self.write(chunk)
                    if not self.req.has_content:
                        break
            if not self._is_started:
                raise RuntimeError("The WSGI application did not call start_response")
            if self._left and not is_content_free(self.req.method, self.req.status):
                self._give_up()
        finally:
            close: Callable[[], object] | None = getattr(result, "close", None)
            if close is not None:
                close()

    def start_response(
        self,
        status: str,
        headers: list[tuple[str, str]],
        exc_info: ExceptionInfo | None = None,
    ) -> Write:
        """Begin the response; the callable that PEP 3333 describes.

        Args:
            status: Status code and reason phrase.
            headers: Names and values of the header fields, latin-1.
            exc_info: The exception that replaces a response that has begun.

        Returns:
            A callable that sends bytes at once.

        Raises:
            RuntimeError: It was called before, and this is no replacement.
            ValueError: The status is malformed.
        """
        if exc_info is not None and self.req.sent_headers:
            try:
                raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # breaks the circle through the traceback
        if self._is_started and exc_info is None:
            raise RuntimeError("start_response was called a second time without exc_info")
        if _STATUS.fullmatch(status) is None:
            raise ValueError(f"status = {status!r}: expected three digits and a reason phrase")
        self._is_started = True
        self._left = None
        self.req.status = status.encode("latin-1")
        self.req.outheaders = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in headers
        ]
        for name, value in headers:
            if name.lower() == "content-length":
                self._left = int(value)
        return self.write

    def write(self, chunk: bytes) -> None:
        """Send bytes of the content.

        Raises:
            TypeError: The chunk is not bytes.
            RuntimeError: ``start_response`` has not been called.
            ValueError: The chunk exceeds the Content-Length; the bytes that fit are sent.
        """
        if not self._is_started:
            raise RuntimeError("The WSGI application sent content before start_response")
        if not isinstance(chunk, bytes):
            raise TypeError(f"The WSGI application returned {chunk!r:.40}: expected bytes")
        left = self._left
        if left is None:
            self.req.write(chunk)
            return
        self._left = max(0, left - len(chunk))
        self.req.write(chunk[:left] if len(chunk) > left else chunk)
        if len(chunk) > left and self.req.has_content:
            self.req.close_connection = True
            raise ValueError("Response body exceeds the declared Content-Length.")

    def _send_file(self, wrapper: FileWrapper) -> bool:
        """Send a file without a thread that waits for a slow client, by the system if it can.

        Returns:
            Whether that is possible. It is not where content of the request is left unread.
        """
        request = self.req
        length = self._left
        if (
            not HAS_SENDFILE
            or not length
            or not self._is_started
            or not request.conn.can_send_files
            or not request.rfile.is_complete
            or request.sent_headers
            or is_content_free(request.method, request.status)
        ):
            return False
        place = wrapper.position()
        if place is None:
            return False
        kind = EncryptedTransfer if request.conn.is_encrypted else Transfer
        transfer = kind(request, wrapper, request.take_head(), place, length)
        try:
            while transfer.advance() and not transfer.is_complete:
                pass
        except EOFError:  # the file has become shorter
            transfer.end()
            self._left = transfer.left
            self._give_up()
            return True
        except OSError as error:
            transfer.end()
            request.conn.is_broken = True
            raise connection_fault(error) from error
        if transfer.is_complete:
            transfer.end()
        else:
            request.conn.transfer = transfer
        return True

    def _declare_length(self, length: int) -> None:
        """Announce the length of a body of one piece, if the application did not."""
        if self._left is None:
            self._left = length
            self.req.outheaders.append((b"Content-Length", b"%d" % length))

    def _give_up(self) -> None:
        """Close the connection, so that the client notices that content is missing."""
        self.req.close_connection = True
        self.req.server.error_log(
            f"The response to {self.req.uri.decode()} lacks {self._left} bytes of the declared "
            "Content-Length: the connection is closed",
            level=40,
        )


class CPWSGIServer(cheroot.wsgi.Server):
    """The HTTP server of CherryPy.

    Args:
        server_adapter: Has the settings, the application and the log; ``cherrypy.server`` if
            None.

    Attributes:
        base_environ: The part of the environ that is the same for all requests.
    """

    fmt = "CherryPy/{cherrypy} {cheroot}"
    version = fmt.format(cherrypy=__version__, cheroot=cheroot.wsgi.Server.version)
    product = f"CherryPy/{__version__}".encode()
    ConnectionClass = Connection
    keep_alive_conn_limit = KEEP_ALIVE_CONNECTIONS

    def __init__(self, server_adapter: ServerSettings | None = None) -> None:
        if server_adapter is None:
            from cherrypy import server

            server_adapter = cast("ServerSettings", server)
        adapter = self.server_adapter = server_adapter
        super().__init__(  # cheroot says int for seconds, and takes fractions
            adapter.bind_addr,
            adapter.application,
            adapter.thread_pool,
            adapter.socket_host or adapter.socket_file or None,
            request_queue_size=_BACKLOG
            if adapter.socket_queue_size == _OLD_DEFAULT_BACKLOG
            else adapter.socket_queue_size,
            timeout=cast("int", adapter.socket_timeout),
            shutdown_timeout=cast("int", adapter.shutdown_timeout),
            accepted_queue_size=adapter.accepted_queue_size,
            accepted_queue_timeout=cast("int", adapter.accepted_queue_timeout),
            peercreds_enabled=adapter.peercreds,
            peercreds_resolve_enabled=adapter.peercreds_resolve,
        )
        self.requests = WorkerPool(
            self,
            adapter.thread_pool,
            math.inf if adapter.thread_pool_max < 0 else adapter.thread_pool_max,
            adapter.accepted_queue_size,
            adapter.accepted_queue_timeout,
        )
        self.connections = OpenConnections()
        self.gateway = WSGIGateway
        self.wsgi_version = adapter.wsgi_version
        self.protocol = adapter.protocol_version
        self.keep_underscores = adapter.keep_underscores
        self.nodelay = adapter.nodelay
        self.max_request_header_size = adapter.max_request_header_size or 0
        self.max_request_body_size = adapter.max_request_body_size or 0
        self.ssl_adapter = self._make_tls_adapter()
        self.base_environ: dict[str, Any] = {}
        self._socket_file: tuple[str, tuple[int, int]] | None = (
            None  # the one that this server made
        )
        self.body_buffer_size = adapter.body_buffer_size
        self.body_grace_seconds = adapter.body_grace_seconds
        self.body_minimum_rate = adapter.body_minimum_rate
        self.body_timeout = adapter.body_timeout or 0
        self.traffic: Traffic
        self.file_sender = FileSender(self)
        self.stats["Enabled"] = adapter.statistics
        self.stats["Threads"] = lambda _: self.requests.size

    def prepare(self) -> None:
        """Bind the socket, listen and start the threads."""
        self.file_sender.stop(0)
        self.file_sender = FileSender(self)
        super().prepare()
        address = self.bind_addr
        self.base_environ = {
            "ACTUAL_SERVER_PROTOCOL": self.protocol,
            "SCRIPT_NAME": "",
            "SERVER_NAME": self.server_name or "",
            "SERVER_PORT": str(address[1]) if isinstance(address, tuple) else "",
            "SERVER_SOFTWARE": self.software,
            "wsgi.errors": sys.stderr,
            "wsgi.file_wrapper": FileWrapper,
            "wsgi.input_terminated": True,
            "wsgi.multiprocess": False,
            "wsgi.multithread": True,
            "wsgi.run_once": False,
            "wsgi.url_scheme": "http" if self.ssl_adapter is None else "https",
            "wsgi.version": self.wsgi_version,
        }
        self.traffic.open()

    def open_traffic(self) -> None:
        """Watch connections by ourselves, in place of cheroot's selector."""
        made: Any = vars(self)["_connections"]
        made._selector.close()
        self.traffic = Traffic(self)
        vars(self)["_connections"] = self.traffic

    def bind(self, family: int, type: int, proto: int = 0) -> socket.socket:
        """Make the socket to listen on, or take over that of the program before a restart."""
        kept = self.server_adapter.bus.take_socket(self.server_adapter.bind_addr, family)
        if kept is None:
            bound: socket.socket = super().bind(family, type, proto)
            return bound
        self.socket = kept
        self.bind_addr = kept.getsockname()[:2]
        return kept

    def bind_unix_socket(self, bind_addr: str) -> object:
        """Make the Unix socket to listen on, with the rights that the settings give it."""
        adapter = self.server_adapter
        self.socket = adapter.bus.take_socket(bind_addr, socket.AF_UNIX) or open_unix_socket(
            bind_addr, adapter.socket_mode, adapter.socket_user, adapter.socket_group
        )
        identity = None if is_abstract(bind_addr) else identity_of(bind_addr)
        if identity is not None:
            self._socket_file = (os.path.abspath(bind_addr), identity)  # noqa: PTH100 - of a text
        self.bind_addr = bind_addr
        return self.socket

    def stop(self) -> None:
        """Stop serving, after the requests that are being answered.

        Connections that moved between threads in the meantime are closed, too. A handler that calls
        this is still answered. The file of a Unix socket is removed first: as long as this server
        listens, no other server replaces the file.
        """
        if not self._keep_socket() and self._socket_file is not None:
            remove_own(*self._socket_file)
        self._socket_file = None
        started = time.monotonic()
        super().stop()
        self.file_sender.stop(max(0.0, self.shutdown_timeout - (time.monotonic() - started)))
        self.connections.close(but=self.requests.own_connection())
        self.traffic.free()

    def _keep_socket(self) -> bool:
        """Keep the listening socket for the program after a restart; tell whether it is kept."""
        listening, adapter = self.socket, self.server_adapter
        if type(listening) is not socket.socket or adapter.bind_addr is None:  # wrapped, for TLS
            return False
        return adapter.bus.keep_socket(adapter.bind_addr, listening)

    def put_conn(self, conn: Any) -> None:
        """Watch an open connection until the next request comes."""
        if self.ready:
            self.traffic.put(conn)
        else:
            conn.close()

    def _make_tls_adapter(self) -> Any | None:
        """Make what speaks TLS; ``None`` for plain HTTP."""
        if not is_encrypted(self.server_adapter):
            return None
        from cherrypy._server.tls_adapters import make_tls_adapter

        return make_tls_adapter(self.server_adapter, self.error_log)

    def error_log(self, msg: str = "", level: int = 20, traceback: bool = False) -> None:
        """Write to the log of the engine.

        Args:
            msg: What happened.
            level: Its level in ``logging``.
            traceback: Whether to add the current exception.
        """
        self.server_adapter.bus.log(msg, level, traceback)
