"""TLS by pyOpenSSL: ``server.ssl_module = 'pyopenssl'``."""

import select
import socket
import ssl
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager, suppress
from logging import WARNING
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

import OpenSSL
from cheroot.makefile import MakeFile
from cheroot.server import HTTPServer
from cheroot.ssl.pyopenssl import pyOpenSSLAdapter
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate
from OpenSSL import SSL

from cherrypy._server.certificates import (
    check_pair,
    describe,
    explain,
    find_by_name,
    is_encrypted_key,
    read_certificates,
    read_key,
)
from cherrypy._server.tls_contexts import (
    Loaded,
    client_ca_places,
    load_contexts,
    malformed_client_ca,
    unknown_ciphers,
)
from cherrypy._server.tls_environ import certificate_environ
from cherrypy._server.tls_options import Pair, TLSOptions
from cherrypy._server.tls_renewal import Renewal, Report

if TYPE_CHECKING:
    from collections.abc import Iterator

_MINIMUM = {"1.2": SSL.TLS1_2_VERSION, "1.3": SSL.TLS1_3_VERSION}
_VERIFY = {
    "none": SSL.VERIFY_NONE,
    "optional": SSL.VERIFY_PEER,
    "required": SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT,
}
_PROTOCOL = b"http/1.1"
_CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:!SHA1:!AESCCM:@SECLEVEL=2"
"""About those that Python allows: with forward secrecy only (RFC 9325 section 4.2)."""

_RECORD = 16384  # bytes of content in one record of TLS


class PyOpenSSLSocket:
    """An encrypted connection with the methods of ``ssl.SSLSocket``.

    pyOpenSSL knows no timeouts: it works on a socket that never blocks, and this waits.

    Args:
        context: Of pyOpenSSL.
        connection: An open connection of a client.
    """

    def __init__(self, context: SSL.Context, connection: socket.socket) -> None:
        self.raw = connection
        self._timeout = connection.gettimeout()
        self._is_shut = False
        connection.settimeout(0)
        self._ssl = SSL.Connection(context, connection)
        self._ssl.set_accept_state()
        self.family = connection.family
        self.type = connection.type
        self.proto = connection.proto

    def do_handshake(self) -> None:
        """Go through the handshake, or as far as it goes without waiting if nothing may block.

        Raises:
            ssl.SSLError: It failed, or has to wait: ``SSLWantReadError``, ``SSLWantWriteError``.
            TimeoutError: The client takes longer than the timeout.
        """
        self._call(self._ssl.do_handshake)

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Receive decrypted bytes, none at the end; after ``shutdown``, bytes as they come."""
        if self._is_shut:
            return self.raw.recv(size, flags)
        try:
            received: bytes = self._call(self._ssl.recv, size)
        except ssl.SSLEOFError:
            return b""
        return received

    def recv_into(self, buffer: Any, size: int | None = None, flags: int = 0) -> int:
        """Receive decrypted bytes into a buffer; 0 at the end."""
        received = self.recv(size or len(buffer), flags)
        buffer[: len(received)] = received
        return len(received)

    def send(self, data: Any, flags: int = 0) -> int:
        """Encrypt and send bytes; at most one record of them."""
        del flags
        # the same bytes have to be offered again after an error, hence `bytes`
        sent: int = self._call(self._ssl.send, bytes(data[:_RECORD]))
        return sent

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Encrypt and send bytes."""
        left = memoryview(data)
        while left:
            left = left[self.send(left, flags) :]

    def pending(self) -> int:
        """Return how many bytes are decrypted already."""
        return int(self._ssl.pending())

    def unwrap(self) -> socket.socket:
        """Tell the client that nothing more comes (``close_notify``)."""
        self._call(self._ssl.shutdown)
        return self.raw

    def cipher(self) -> tuple[str, str, int]:
        """Return cipher, version of TLS, and bits of the key."""
        name, version = self._ssl.get_cipher_name(), self._ssl.get_protocol_version_name()
        return name or "", version, self._ssl.get_cipher_bits() or 0

    def version(self) -> str:
        """Return the version of TLS, such as ``TLSv1.3``."""
        return str(self._ssl.get_protocol_version_name())

    def selected_alpn_protocol(self) -> str | None:
        """Return the protocol that was agreed on."""
        return self._ssl.get_alpn_proto_negotiated().decode() or None

    @property
    def sni(self) -> str | None:
        """The host that the client asked for."""
        name = self._ssl.get_servername()
        return None if name is None else name.decode("ascii", "replace")

    @property
    def connection(self) -> SSL.Connection:
        """The connection of pyOpenSSL."""
        return self._ssl

    def settimeout(self, timeout: float | None) -> None:
        """Set how long a method may wait; 0 for not at all, ``None`` for ever."""
        self._timeout = timeout
        if self._is_shut:
            self.raw.settimeout(timeout)

    def gettimeout(self) -> float | None:
        """Return how long a method may wait."""
        return self._timeout

    def setblocking(self, flag: bool) -> None:
        """Have methods wait for ever, or not at all."""
        self._timeout = None if flag else 0.0

    def fileno(self) -> int:
        """Return the descriptor of the socket."""
        return self.raw.fileno()

    def getpeername(self) -> Any:
        """Return the address of the client."""
        return self.raw.getpeername()

    def getsockname(self) -> Any:
        """Return our address."""
        return self.raw.getsockname()

    def getsockopt(self, *arguments: int) -> Any:
        """Return an option of the socket."""
        return self.raw.getsockopt(*arguments)

    def setsockopt(self, *arguments: Any) -> None:
        """Set an option of the socket."""
        self.raw.setsockopt(*arguments)

    def shutdown(self, how: int = socket.SHUT_RDWR) -> None:
        """Close one direction of the socket, or both; what still comes is not decrypted."""
        self._is_shut = True
        self.raw.settimeout(self._timeout)
        self.raw.shutdown(how)

    def close(self) -> None:
        """Close the socket."""
        self.raw.close()

    def _decref_socketios(self) -> None:
        """Do nothing when a file on top of this is closed; the socket stays open."""

    def _call(self, function: Callable[..., Any], *arguments: object) -> Any:
        """Call pyOpenSSL, and wait as the timeout allows."""
        timeout = self._timeout
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            try:
                with _as_of_ssl():
                    return function(*arguments)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
                if timeout == 0:
                    raise
                is_write = isinstance(error, ssl.SSLWantWriteError)
                left = None if deadline is None else deadline - time.monotonic()
                if not _is_ready(self.raw, is_write=is_write, seconds=left):
                    raise TimeoutError("timed out") from None


class PyOpenSSLAdapter(pyOpenSSLAdapter):
    """TLS by pyOpenSSL.

    Args:
        options: What the settings say.
        report: Writes to the log.

    Attributes:
        context: The ``OpenSSL.SSL.Context`` for new connections.

    Raises:
        CertificateError: A file cannot be used.
    """

    def __init__(self, options: TLSOptions, report: Report) -> None:
        first = options.pairs[0] if options.pairs else None
        super().__init__(
            first and first.certificate,
            first and first.private_key,
            options.chain,
            options.ciphers,
        )
        self.options = options
        self._report = report
        self._environs: WeakKeyDictionary[SSL.Context, Mapping[str, str]] = WeakKeyDictionary()
        name, version = OpenSSL.__title__, OpenSSL.__version__
        self._static: dict[str, object] = {
            "wsgi.url_scheme": "https",
            "HTTPS": "on",
            "SSL_VERSION_INTERFACE": (
                f"{HTTPServer.version} {name}/{version} Python/{sys.version}"
            ),
            "SSL_VERSION_LIBRARY": SSL.OpenSSL_version(SSL.OPENSSL_VERSION).decode(),
        }
        self._load()
        self._renewal = Renewal(options, self._load, report)

    def reload(self) -> bool:
        """Read the files again, for connections from now on.

        Returns:
            Whether they can be used. If not, that is logged, and the old ones stay in use.
        """
        is_ours = self.options.context is None and self.context is self._loaded
        return self._renewal.renew() if is_ours else True  # else it is the application's

    def _load(self) -> None:
        """Read the files.

        Raises:
            CertificateError: A file cannot be used; everything stays as it is.
        """
        loaded = _load(self.options)
        for warning in loaded.warnings:
            self._report(warning, WARNING)
        self._environs.update(loaded.environs)
        self.context = self._loaded = loaded.context

    def bind(self, sock: socket.socket) -> socket.socket:
        """Return the socket that listens as it is: each connection is encrypted for itself."""
        return sock

    def wrap(self, sock: socket.socket) -> tuple[PyOpenSSLSocket, dict[str, object]]:
        """Put TLS on a socket, without waiting for the handshake.

        Returns:
            The encrypted socket, and nothing of what the WSGI environ says of it: that is known
            after the handshake.
        """
        if self.context is self._loaded:
            self._renewal.look()
        return PyOpenSSLSocket(self.context, sock), {}

    def get_environ(self, sock: PyOpenSSLSocket | None = None) -> dict[str, object]:
        """Tell what the WSGI environ says of a connection, after its handshake."""
        environ = dict(self._static)
        if sock is None:
            return environ
        name, version, bits = sock.cipher()
        environ |= {
            "SSL_PROTOCOL": version,
            "SSL_CIPHER": name,
            "SSL_CIPHER_USEKEYSIZE": bits,
            "SSL_CIPHER_ALGKEYSIZE": bits,
            "SSL_CIPHER_EXPORT": "",
            "SSL_CLIENT_VERIFY": "NONE",
            "SSL_TLS_SNI": sock.sni,
        }
        certificate = sock.connection.get_peer_certificate(as_cryptography=True)
        if certificate is not None:
            environ["SSL_CLIENT_VERIFY"] = "SUCCESS"
            environ.update(_client_environ(certificate))
        environ.update(self._environs.get(sock.connection.get_context(), {}))
        return environ

    def makefile(self, sock: Any, mode: str = "r", bufsize: int = -1) -> Any:
        """Return a file on top of a connection."""
        return MakeFile(sock, mode, bufsize if bufsize > 0 else 8192)


def _load(options: TLSOptions) -> Loaded[SSL.Context]:
    """Read the certificates, and make the contexts that use them.

    Raises:
        CertificateError: A file cannot be used.
    """
    loaded = load_contexts(options, _make_context)

    def choose(connection: SSL.Connection) -> None:
        """Choose the certificate for the host that the client asks for."""
        asked = connection.get_servername() or b""
        chosen = find_by_name(loaded.by_name, asked.decode("ascii", "replace"))
        if chosen is not None:
            connection.set_context(chosen)

    if options.context is None:
        loaded.context.set_tlsext_servername_callback(choose)
    return loaded


def _make_context(options: TLSOptions, pair: Pair, chain: str | None) -> SSL.Context:
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(_MINIMUM[options.minimum_version])
    context.set_options(
        SSL.OP_NO_RENEGOTIATION | SSL.OP_CIPHER_SERVER_PREFERENCE | SSL.OP_NO_COMPRESSION
    )
    context.set_session_id(b"cherrypy")
    context.set_alpn_select_callback(_choose_protocol)
    try:
        context.set_cipher_list(options.ciphers.encode() if options.ciphers else _CIPHERS)
    except (SSL.Error, TypeError, AttributeError):
        raise unknown_ciphers(options.ciphers) from None
    _load_pair(context, options, pair, chain)
    context.set_verify(_VERIFY[options.verify_client], _accept_verdict)
    if options.client_ca is not None:
        _load_client_ca(context, options.client_ca)
    return context


def _load_pair(context: SSL.Context, options: TLSOptions, pair: Pair, chain: str | None) -> None:
    check_pair(pair, options.password)
    chains = [("server.ssl_certificate_chain", chain)] if chain is not None else []
    pems = [
        pem
        for label, name in [(pair.label, pair.certificate), *chains]
        for pem in read_certificates(label, name)
    ]
    key = read_key(pair)
    try:
        first, *others = [load_pem_x509_certificate(pem) for pem in pems]
        context.use_certificate(first)
        for other in others:
            context.add_extra_chain_cert(other)
        password = _password_of(options) if is_encrypted_key(key) else None
        # cryptography has more kinds of keys than TLS; OpenSSL refuses the others
        context.use_privatekey(cast("Any", load_pem_private_key(key, password)))
        context.check_privatekey()
    except (SSL.Error, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise explain(pair, error) from None


def _password_of(options: TLSOptions) -> bytes | None:
    value = options.password() if callable(options.password) else options.password
    return value.encode() if isinstance(value, str) else value


def _load_client_ca(context: SSL.Context, name: str) -> None:
    file, folder = client_ca_places(name)
    try:
        context.load_verify_locations(file, folder)
        if file is not None:
            context.load_client_ca(file.encode())
    except SSL.Error as error:
        raise malformed_client_ca(name, error) from None


def _choose_protocol(_connection: SSL.Connection, offered: list[bytes]) -> Any:
    """Choose ``http/1.1`` if the client offers it (RFC 7301)."""
    return _PROTOCOL if _PROTOCOL in offered else SSL.NO_OVERLAPPING_PROTOCOLS


def _accept_verdict(*arguments: Any) -> bool:
    """Leave it to OpenSSL whether the certificate of a client is valid."""
    return bool(arguments[-1])


def _client_environ(certificate: Any) -> Mapping[str, str]:
    """Describe the certificate of a client, which pyOpenSSL has in the form of cryptography."""
    pem: bytes = certificate.public_bytes(Encoding.PEM)
    with TemporaryDirectory() as folder:
        file = Path(folder, "client.pem")  # what decodes it reads files only
        file.write_bytes(pem)
        return certificate_environ("SSL_CLIENT", describe(Pair(str(file))), pem.decode())


@contextmanager
def _as_of_ssl() -> "Iterator[None]":
    """Raise the exceptions of the module ``ssl``, where pyOpenSSL has its own."""
    try:
        yield
    except SSL.WantReadError as error:
        raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "waiting for the client") from error
    except SSL.WantWriteError as error:
        raise ssl.SSLWantWriteError(ssl.SSL_ERROR_WANT_WRITE, "waiting for the client") from error
    except (SSL.ZeroReturnError, SSL.SysCallError) as error:
        raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, f"the client closed: {error}") from error
    except SSL.Error as error:
        reasons = []
        with suppress(IndexError, TypeError):
            reasons = [entry[2] for entry in error.args[0]]
        text = ", ".join(reasons) or str(error) or "TLS failed"
        if "unexpected eof" in text:
            raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, text) from error
        raise ssl.SSLError(ssl.SSL_ERROR_SSL, text) from error


def _is_ready(connection: socket.socket, *, is_write: bool, seconds: float | None) -> bool:
    """Wait until a socket can be read from or written to; False at the timeout."""
    if seconds is not None and seconds <= 0:
        return False
    if hasattr(select, "poll"):
        poller = select.poll()
        poller.register(connection, select.POLLOUT if is_write else select.POLLIN)
        return bool(poller.poll(None if seconds is None else seconds * 1000))
    lists = ([], [connection]) if is_write else ([connection], [])
    return any(select.select(*lists, [], seconds))
