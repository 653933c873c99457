"""What the WSGI environ says of TLS, by the names that Apache's mod_ssl and cheroot give it."""

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

Name = tuple[tuple[tuple[str, str], ...], ...]
"""A distinguished name: its parts, each of which is one attribute, or several."""

_SHORT = {
    "countryName": "C",
    "stateOrProvinceName": "ST",
    "localityName": "L",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "commonName": "CN",
    "title": "T",
    "initials": "I",
    "givenName": "G",
    "surname": "S",
    "description": "D",
    "userid": "UID",
    "userId": "UID",
    "emailAddress": "Email",
}
"""Attributes of a distinguished name, and what they are called in a variable."""

_ALTERNATIVES = {"DNS": "DNS", "EMAIL": "Email"}
_DAY = 86400


@dataclass(frozen=True)
class Certificate:
    """What a certificate says.

    Attributes:
        subject: Whom it is for.
        issuer: Who has signed it.
        alternatives: Kind and value of other names of the subject, such as ``DNS``.
        version: Of X.509.
        serial: Number, hexadecimal.
        begin: From when it is valid, as ``Jan  5 09:34:43 2018 GMT``.
        end: Until when.
    """

    subject: Name = ()
    issuer: Name = ()
    alternatives: tuple[tuple[str, str], ...] = ()
    version: str = ""
    serial: str = ""
    begin: str = ""
    end: str = ""


def parse_certificate(described: Mapping[str, object]) -> Certificate:
    """Read a certificate in the form of ``ssl.SSLSocket.getpeercert``."""
    return Certificate(
        cast("Name", described.get("subject", ())),
        cast("Name", described.get("issuer", ())),
        cast("tuple[tuple[str, str], ...]", described.get("subjectAltName", ())),
        str(described.get("version", "")),
        str(described.get("serialNumber", "")),
        str(described.get("notBefore", "")),
        str(described.get("notAfter", "")),
    )


def certificate_environ(
    prefix: str, certificate: Certificate, pem: str, now: float | None = None
) -> dict[str, str]:
    """Describe a certificate.

    Args:
        prefix: ``SSL_CLIENT`` or ``SSL_SERVER``.
        certificate: What it says.
        pem: The certificate itself, in PEM form.
        now: Seconds since the epoch.
    """
    environ = {
        f"{prefix}_M_VERSION": certificate.version,
        f"{prefix}_M_SERIAL": certificate.serial,
        f"{prefix}_V_START": certificate.begin,
        f"{prefix}_V_END": certificate.end,
        f"{prefix}_CERT": pem.strip(),
    }
    environ |= _name_environ(f"{prefix}_S_DN", certificate.subject)
    environ |= _name_environ(f"{prefix}_I_DN", certificate.issuer)
    counts: dict[str, int] = {}
    for kind, value in certificate.alternatives:
        label = _ALTERNATIVES.get(kind.upper())
        if label is not None:
            number = counts.get(label, 0)
            counts[label] = number + 1
            environ[f"{prefix}_SAN_{label}_{number}"] = value
    if certificate.end:
        left = ssl.cert_time_to_seconds(certificate.end) - (time.time() if now is None else now)
        environ[f"{prefix}_V_REMAIN"] = str(max(0, int(left // _DAY)))
    return environ


def _name_environ(prefix: str, name: Name) -> dict[str, str]:
    """Describe a distinguished name: as a whole, and each attribute that has a short name."""
    pairs = [pair for attributes in name for pair in attributes]
    if not pairs:
        return {}
    environ = {prefix: ",".join(f"{_SHORT.get(key, key)}={value}" for key, value in pairs)}
    values: dict[str, list[str]] = {}
    for key, value in pairs:
        if key in _SHORT:
            values.setdefault(_SHORT[key], []).append(value)
    for short, all_of_it in values.items():
        environ[f"{prefix}_{short}"] = ",".join(all_of_it)
        if len(all_of_it) > 1:
            for number, value in enumerate(all_of_it):
                environ[f"{prefix}_{short}_{number}"] = value
    return environ
