"""Certificates and private keys in files: reading and checking them before anybody needs them."""

import re
import ssl
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from cherrypy._server.faults import SettingError
from cherrypy._server.tls_environ import Certificate, parse_certificate
from cherrypy._server.tls_options import Pair

Decode = Callable[[str], Mapping[str, object]]
Found = TypeVar("Found")

_CERTIFICATE = re.compile(
    rb"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----"
    rb".*?-----END (?:TRUSTED |X509 )?CERTIFICATE-----",
    re.DOTALL,
)
_KEY = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL
)
_DAY = 86400
_SOON = 14 * _DAY  # seconds before the end of a certificate from which on the log tells of it


class CertificateError(SettingError):
    """A file for TLS that cannot be used; the message says which setting names it, and why."""


def read_file(label: str, name: str) -> bytes:
    """Read a file that a setting names.

    Raises:
        CertificateError: It cannot be read.
    """
    try:
        return Path(name).read_bytes()
    except FileNotFoundError:
        raise CertificateError(f"{label} = {name!r}: there is no such file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CertificateError(f"{label} = {name!r}: the file cannot be read: {reason}") from None


def read_certificates(label: str, name: str) -> list[bytes]:
    """Read the certificates of a file.

    Returns:
        At least one, each with its lines ``BEGIN`` and ``END`` (RFC 7468).

    Raises:
        CertificateError: The file cannot be read, or there is none.
    """
    found = _CERTIFICATE.findall(read_file(label, name))
    if not found:
        raise CertificateError(
            f"{label} = {name!r}: there is no certificate in the file; expected PEM, which has a "
            "line -----BEGIN CERTIFICATE-----"
        )
    return found


def read_key(pair: Pair) -> bytes:
    """Read the private key of a certificate.

    Returns:
        The key with its lines ``BEGIN`` and ``END``; it may be encrypted.

    Raises:
        CertificateError: The file cannot be read, or there is none.
    """
    label = pair.key_label if pair.private_key else pair.label
    found = _KEY.search(read_file(label, pair.key_file))
    if found is None:
        hint = "" if pair.private_key else f"; set {pair.key_label} to the file that has it"
        raise CertificateError(
            f"{pair.key_setting}: there is no private key in the file, in PEM form{hint}"
        )
    return found[0]


def is_encrypted_key(key: bytes) -> bool:
    """Tell whether a private key needs a password (RFC 5958, or RFC 1421)."""
    return b"ENCRYPTED" in key


def check_pair(pair: Pair, password: object) -> None:
    """Make sure that certificate and key are there, and that the key can be opened.

    Whether they belong to each other is found when OpenSSL loads them.

    Args:
        pair: The files.
        password: Of the key, ``None`` for none; only whether there is one matters here, as without
            one OpenSSL would ask at the terminal.

    Raises:
        CertificateError: A file is missing, cannot be read, has something else in it, or is
            encrypted, and there is no password.
    """
    read_certificates(pair.label, pair.certificate)
    describe(pair)
    if password is None and is_encrypted_key(read_key(pair)):
        raise CertificateError(
            f"{pair.key_setting}: the private key is encrypted: set server.ssl_private_key_password"
        )


def describe(pair: Pair) -> Certificate:
    """Describe a certificate: the first of its file.

    Raises:
        CertificateError: It is malformed.
    """
    try:
        # not documented, but of all Pythons: nothing else decodes without a connection
        decode: Decode = ssl._ssl._test_decode_cert  # type: ignore[attr-defined]
        return parse_certificate(decode(pair.certificate))
    except (ssl.SSLError, ValueError) as error:
        raise CertificateError(
            f"{pair.label} = {pair.certificate!r}: the certificate is malformed ({error})"
        ) from None


def explain(pair: Pair, error: Exception) -> CertificateError:
    """Say in one line why OpenSSL does not load a certificate and its key.

    Args:
        pair: The files; :func:`check_pair` has found nothing.
        error: What OpenSSL has to say.
    """
    text = str(error).upper().replace(" ", "_")
    if "MISMATCH" in text:
        reason = f"the private key does not belong to {pair.label} = {pair.certificate!r}"
        return CertificateError(f"{pair.key_setting}: {reason}")
    if "TOO_SMALL" in text or "TOO_WEAK" in text:
        reason = f"OpenSSL refuses the certificate as too weak ({error})"
        return CertificateError(f"{pair.label} = {pair.certificate!r}: {reason}")
    if is_encrypted_key(read_key(pair)):
        reason = "server.ssl_private_key_password does not open the private key"
        return CertificateError(f"{pair.key_setting}: {reason}")
    return CertificateError(f"{pair.key_setting}: OpenSSL cannot read the private key ({error})")


def validity_warning(pair: Pair, certificate: Certificate, now: float | None = None) -> str | None:
    """Say in one line that clients refuse a certificate, or are going to.

    Args:
        pair: For the name of the setting.
        certificate: What :func:`describe` returns.
        now: Seconds since the epoch.
    """
    now = time.time() if now is None else now
    begin = ssl.cert_time_to_seconds(certificate.begin)
    end = ssl.cert_time_to_seconds(certificate.end)
    what = f"{pair.label} = {pair.certificate!r}: the certificate"
    if now > end:
        return f"{what} expired on {certificate.end}: clients refuse it until it is renewed"
    if now < begin:
        return f"{what} is valid from {certificate.begin} only: clients refuse it until then"
    if end - now < min(_SOON, (end - begin) / 3):
        days = int((end - now) / _DAY)
        return f"{what} expires on {certificate.end}, in {days} days: renew it"
    return None


def names_of(certificate: Certificate) -> list[str]:
    """Return the host names that a certificate is for, lower-case (RFC 6125 section 6.4).

    Without a ``subjectAltName`` the common name counts, as in old certificates.
    """
    names = [value for kind, value in certificate.alternatives if kind.upper() == "DNS"]
    if not names:
        names = [
            value
            for attributes in certificate.subject
            for name, value in attributes
            if name == "commonName"
        ]
    return [name.lower() for name in names]


def find_by_name(table: Mapping[str, Found], name: str | None) -> Found | None:
    """Find what belongs to a host name; ``None`` if nothing does.

    Args:
        table: Lower-case host names, some of which may begin with ``*.``, which is for one label.
        name: What the client asks for (RFC 6066 section 3); ``None`` if it does not say.
    """
    if not name:
        return None
    name = name.lower().rstrip(".")
    found = table.get(name)
    if found is None:
        found = table.get("*." + name.partition(".")[2])
    return found
