"""Certificates for tests of TLS, and clients that show and check them."""

import datetime as dt
import os
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from live_server import DEADLINE, Site, read_all

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
DAY = dt.timedelta(days=1)


@dataclass
class Files:
    """A folder with certificates that one authority has signed."""

    folder: Path
    authority: trustme.CA

    @property
    def ca(self) -> str:
        """File of the authority's certificate."""
        file = self.folder / "ca.pem"
        self.authority.cert_pem.write_to_path(str(file))
        return str(file)

    def issue(
        self, name: str = "localhost", *names: str, last_days: float = 30.0, since_days: float = 1.0
    ) -> tuple[str, str]:
        """Make a certificate for these hosts; give its file, and that of its key."""
        now = dt.datetime.now(dt.UTC)
        issued = self.authority.issue_cert(
            name,
            *names,
            common_name=f"{name} by test",
            organization_name="Test",
            not_before=now - since_days * DAY,
            not_after=now + last_days * DAY,
        )
        stem = name.replace("*", "any").replace("@", "-at-")
        certificate, key = self.folder / f"{stem}.pem", self.folder / f"{stem}.key"
        write(certificate, b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        write(key, issued.private_key_pem.bytes())
        return str(certificate), str(key)

    def trust(self) -> ssl.SSLContext:
        """Make the context of a client that trusts the authority."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return context

    def write(self, name: str, content: bytes) -> str:
        """Write a file."""
        write(self.folder / name, content)
        return str(self.folder / name)


def write(file: Path, content: bytes) -> None:
    """Replace a file at once, as programs do that renew certificates."""
    other = file.with_name(file.name + ".new")
    other.write_bytes(content)
    os.replace(other, file)  # noqa: PTH105


def encrypt(key: str, password: str, *, old: bool = False) -> None:
    """Encrypt a private key in its file."""
    private = serialization.load_pem_private_key(Path(key).read_bytes(), None)
    kind = (
        serialization.PrivateFormat.TraditionalOpenSSL if old else serialization.PrivateFormat.PKCS8
    )
    encryption = serialization.BestAvailableEncryption(password.encode())
    content = private.private_bytes(serialization.Encoding.PEM, kind, encryption)
    write(Path(key), content)


def serial_of(client: ssl.SSLSocket) -> int:
    """Give the number of the certificate that the server shows."""
    shown = client.getpeercert(binary_form=True)
    assert shown is not None
    return x509.load_der_x509_certificate(shown).serial_number


def serial_in(certificate: str) -> int:
    """Give the number of the certificate in a file."""
    return x509.load_pem_x509_certificate(Path(certificate).read_bytes()).serial_number


def connect(site: Site, context: ssl.SSLContext, name: str = "localhost") -> ssl.SSLSocket:
    """Connect by TLS."""
    return context.wrap_socket(site.connect(), server_hostname=name)


def ask(site: Site, context: ssl.SSLContext, name: str = "localhost") -> bytes:
    """Send one request by TLS; give all that comes."""
    with connect(site, context, name) as client:
        client.sendall(REQUEST)
        return read_all(client)


def is_quiet(client: socket.socket) -> bool:
    """Tell whether a connection is open, and nothing has come."""
    client.settimeout(0)
    try:
        return bool(client.recv(1)) is None
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    finally:
        client.settimeout(DEADLINE)
