"""Contexts of the module ``ssl``, made of the settings."""

import ssl
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from cherrypy._server.certificates import (
    CertificateError,
    check_pair,
    describe,
    explain,
    find_by_name,
    names_of,
    read_certificates,
    validity_warning,
)
from cherrypy._server.tls_environ import certificate_environ
from cherrypy._server.tls_options import Pair, Password, TLSOptions

_MINIMUM = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
_VERIFY = {
    "none": ssl.CERT_NONE,
    "optional": ssl.CERT_OPTIONAL,
    "required": ssl.CERT_REQUIRED,
}
_PROTOCOLS = ["http/1.1"]  # RFC 7301: clients that offer others only go on without


Context = TypeVar("Context")


@dataclass(frozen=True)
class Loaded(Generic[Context]):
    """The certificates as they were when the files were read.

    Attributes:
        context: For new connections.
        environs: What the WSGI environ says of the certificate of each context.
        warnings: One line for each certificate that clients are going to refuse.
        by_name: The context for each host name, lower-case; ``*.`` stands for one label.
    """

    context: Context
    environs: Mapping[Context, Mapping[str, str]]
    warnings: tuple[str, ...] = ()
    by_name: Mapping[str, Context] = field(default_factory=dict)


def load_contexts(
    options: TLSOptions, make: Callable[[TLSOptions, Pair, str | None], Context]
) -> Loaded[Context]:
    """Read the certificates, and make the contexts that use them.

    Args:
        options: What the settings say.
        make: Makes the context of one certificate, with the file of those that sign it.

    Raises:
        CertificateError: A file cannot be used; the message is one line that says why.
    """
    if options.context is not None:  # a certificate beside it is only described
        environ = server_environ(options.pairs[0]) if options.pairs else {}
        return Loaded(options.context, {options.context: environ})
    contexts: list[Context] = []
    environs: dict[Context, Mapping[str, str]] = {}
    by_name: dict[str, Context] = {}
    warnings: list[str] = []
    for number, pair in enumerate(options.pairs):
        context = make(options, pair, None if number else options.chain)
        certificate = describe(pair)
        warning = validity_warning(pair, certificate)
        warnings += [warning] if warning else []
        contexts.append(context)
        environs[context] = server_environ(pair)
        for name in names_of(certificate):
            by_name.setdefault(name, context)
    return Loaded(contexts[0], environs, tuple(warnings), by_name)


def load_standard(options: TLSOptions) -> Loaded[ssl.SSLContext]:
    """Read the certificates for the module ``ssl``.

    Raises:
        CertificateError: A file cannot be used.
    """
    loaded = load_contexts(options, make_context)
    if options.context is not None:
        return loaded

    def choose(connection: Any, name: str | None, context: ssl.SSLContext) -> None:
        """Choose the certificate for the host that the client asks for."""
        connection.sni = name
        chosen: ssl.SSLContext | None = find_by_name(loaded.by_name, name)
        if chosen is not None and chosen is not context:
            connection.context = chosen

    loaded.context.sni_callback = choose
    return loaded


def make_context(options: TLSOptions, pair: Pair, chain: str | None = None) -> ssl.SSLContext:
    """Make a context for one certificate.

    Raises:
        CertificateError: A file cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _MINIMUM[options.minimum_version]
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(_PROTOCOLS)
    if options.ciphers is not None:
        try:
            context.set_ciphers(options.ciphers)
        except (ssl.SSLError, TypeError):
            raise unknown_ciphers(options.ciphers) from None
    _load_pair(context, pair, chain, options.password)
    context.verify_mode = _VERIFY[options.verify_client]
    if options.client_ca is not None:
        file, folder = client_ca_places(options.client_ca)
        try:
            context.load_verify_locations(file, folder)
        except ssl.SSLError as error:
            raise malformed_client_ca(options.client_ca, error) from None
    return context


def client_ca_places(name: str) -> tuple[str | None, str | None]:
    """Tell where the certificates are that sign those of clients: in a file, or in a folder.

    Raises:
        CertificateError: The file cannot be read, or there is no certificate in it.
    """
    if Path(name).is_dir():
        return None, name
    read_certificates("server.ssl_client_ca", name)
    return name, None


def malformed_client_ca(name: str, error: Exception) -> CertificateError:
    """Say that OpenSSL does not read the certificates that sign those of clients."""
    return CertificateError(
        f"server.ssl_client_ca = {name!r}: a certificate is malformed ({error})"
    )


def unknown_ciphers(ciphers: object) -> CertificateError:
    """Say that OpenSSL does not know any of the ciphers."""
    return CertificateError(
        f"server.ssl_ciphers = {ciphers!r}: expected ciphers in the form of OpenSSL, such as "
        "'ECDHE+AESGCM:ECDHE+CHACHA20', and OpenSSL knows none of these"
    )


def server_environ(pair: Pair) -> Mapping[str, str]:
    """Describe the certificate of the server, for the WSGI environ."""
    pem = read_certificates(pair.label, pair.certificate)[0].decode("ascii", "replace")
    return certificate_environ("SSL_SERVER", describe(pair), pem)


def _load_pair(context: ssl.SSLContext, pair: Pair, chain: str | None, password: Password) -> None:
    check_pair(pair, password)
    try:
        if chain is None:
            context.load_cert_chain(pair.certificate, pair.private_key, password)
            return
        # OpenSSL wants them in one file, beside which the key is in its own
        certificates = [
            *read_certificates(pair.label, pair.certificate),
            *read_certificates("server.ssl_certificate_chain", chain),
        ]
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "chain.pem")
            file.write_bytes(b"\n".join(certificates) + b"\n")
            context.load_cert_chain(file, pair.key_file, password)
    except (ssl.SSLError, ValueError, OSError) as error:
        if isinstance(error, CertificateError):
            raise
        raise explain(pair, error) from None
