"""TLS by the module ``ssl``, and the choice among implementations."""

import socket
import ssl
import sys
from logging import WARNING
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from cheroot.errors import FatalSSLAlert
from cheroot.server import HTTPServer, get_ssl_adapter_class
from cheroot.ssl import Adapter
from cheroot.ssl.builtin import BuiltinSSLAdapter

from cherrypy._server.faults import SettingError
from cherrypy._server.tls_contexts import load_standard
from cherrypy._server.tls_environ import certificate_environ, parse_certificate
from cherrypy._server.tls_options import (
    TLSOptions,
    TLSSettings,
    read_tls_options,
)
from cherrypy._server.tls_renewal import Renewal, Report

if TYPE_CHECKING:
    from collections.abc import Mapping


class StandardAdapter(BuiltinSSLAdapter):
    """TLS by the module ``ssl``.

    The handshake is left to the connection, which goes through it without waiting.

    Args:
        options: What the settings say.
        report: Writes to the log.

    Attributes:
        context: The ``ssl.SSLContext`` for new connections; it may be replaced.

    Raises:
        CertificateError: A file cannot be used.
    """

    def __init__(self, options: TLSOptions, report: Report) -> None:
        # without that of BuiltinSSLAdapter, which needs a certificate and its key in two files
        first = options.pairs[0] if options.pairs else None
        self.certificate = first and first.certificate
        self.private_key = first and first.private_key
        self.certificate_chain = options.chain
        self.ciphers = options.ciphers
        self.private_key_password = None  # it is in the options, and nowhere else
        self.options = options
        self._report = report
        self._environs: WeakKeyDictionary[ssl.SSLContext, Mapping[str, str]] = WeakKeyDictionary()
        self._static: dict[str, object] = {
            "wsgi.url_scheme": "https",
            "HTTPS": "on",
            "SSL_CIPHER_EXPORT": "",
            "SSL_VERSION_INTERFACE": f"{HTTPServer.version} Python/{sys.version}",
            "SSL_VERSION_LIBRARY": ssl.OPENSSL_VERSION,
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
        loaded = load_standard(self.options)
        for warning in loaded.warnings:
            self._report(warning, WARNING)
        self._environs.update(loaded.environs)
        self.context = self._loaded = loaded.context

    def wrap(self, sock: socket.socket) -> tuple[ssl.SSLSocket, dict[str, object]]:
        """Put TLS on a socket, without waiting for the handshake.

        Returns:
            The encrypted socket, and nothing of what the WSGI environ says of it: that is known
            after the handshake.

        Raises:
            FatalSSLAlert: The client has gone already.
        """
        if self.context is self._loaded:
            self._renewal.look()
        try:
            return self.context.wrap_socket(
                sock, server_side=True, do_handshake_on_connect=False
            ), {}
        except (OSError, ValueError) as error:  # the client has gone already
            raise FatalSSLAlert(*error.args) from error

    def get_environ(self, sock: ssl.SSLSocket | None = None) -> dict[str, object]:
        """Tell what the WSGI environ says of a connection, after its handshake."""
        cipher = None if sock is None else sock.cipher()
        if sock is None or cipher is None:
            return self._static.copy()
        name, protocol, bits = cipher
        environ = self._static | {
            "SSL_PROTOCOL": protocol,
            "SSL_CIPHER": name,
            "SSL_CIPHER_USEKEYSIZE": bits,
            "SSL_CIPHER_ALGKEYSIZE": bits,
            "SSL_CLIENT_VERIFY": "NONE",
            "SSL_TLS_SNI": getattr(sock, "sni", None),
        }
        compression = sock.compression()
        if compression is not None:
            environ["SSL_COMPRESS_METHOD"] = compression
        if sock.session is not None:
            environ["SSL_SESSION_ID"] = sock.session.id.hex()
        if sock.context.verify_mode != ssl.CERT_NONE:
            raw = sock.getpeercert(binary_form=True)
            if raw:
                pem = ssl.DER_cert_to_PEM_cert(raw)
                environ["SSL_CLIENT_VERIFY"] = "SUCCESS"
                certificate = parse_certificate(sock.getpeercert() or {})
                environ.update(certificate_environ("SSL_CLIENT", certificate, pem))
        environ.update(self._environs.get(sock.context, {}))
        return environ


def make_tls_adapter(settings: TLSSettings, report: Report) -> Adapter | None:
    """Make what speaks TLS; ``None`` without certificate and context.

    Raises:
        SettingError: A setting makes no sense, or a file cannot be used.
    """
    options = read_tls_options(settings)
    if options is None:
        return None
    module = options.module
    name = module.lower() if isinstance(module, str) else ""
    if name == "builtin":
        _check_kind(options.context, ssl.SSLContext)
        return StandardAdapter(options, report)
    if name == "pyopenssl":
        try:
            from OpenSSL.SSL import Context

            from cherrypy._server.tls_pyopenssl import PyOpenSSLAdapter
        except ImportError as error:
            raise SettingError(
                f"server.ssl_module = 'pyopenssl': {error}: pip install 'cherrypy-server[ssl]'"
            ) from error
        _check_kind(options.context, Context)
        return PyOpenSSLAdapter(options, report)
    return _make_foreign(options)


def _check_kind(context: object, kind: type) -> None:
    if context is not None and not isinstance(context, kind):
        raise SettingError(
            f"server.ssl_context = {context!r}: expected an {kind.__module__}.{kind.__name__}, for "
            "the server.ssl_module that is set"
        )


def _make_foreign(options: TLSOptions) -> Adapter:
    """Make an adapter by a class of the application, or of a library."""
    for name in options.changed("minimum_version", "verify_client", "password"):
        raise SettingError(
            f"server.ssl_module = {options.module!r} does not know what the settings ask for "
            f"({name}): set that in its context"
        )
    adapter_class = options.module
    try:
        if not isinstance(adapter_class, type):
            adapter_class = get_ssl_adapter_class(str(adapter_class))
    except (ImportError, AttributeError, KeyError) as error:
        raise SettingError(
            f"server.ssl_module = {options.module!r}: expected 'builtin', 'pyopenssl' or an "
            f"adapter class ({error})"
        ) from error
    first = options.pairs[0] if options.pairs else None
    adapter: Adapter = adapter_class(
        first and first.certificate, first and first.private_key, options.chain, options.ciphers
    )
    if options.context is not None:
        adapter.context = options.context
    return adapter
