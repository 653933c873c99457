"""The site of the page about TLS: its files, certificates and a client."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import trustme

from repository import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEADLINE = 60.0
PAGE = ROOT / "docs" / "howto" / "tls.md"
FILES = dict(
    re.findall(
        r"```\{code-block\} \w+\n:caption: (\S+)\n\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL
    )
)


class Shop:
    """A folder with the files of the page, with certificates, and with ports that are free."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = trustme.CA()
        self.port, self.plain_port = free_ports(2)
        for name, text in FILES.items():
            (folder / name).write_text(self.adapt(text), "utf-8")

    def adapt(self, text: str) -> str:
        """Put our own ports and folders into a file of the page."""
        for old, new in {
            "8443": str(self.port),
            "8080": str(self.plain_port),
            "/etc/letsencrypt/live/shop.example": str(self.folder),
            "/var/www/shop": str(self.folder),
            "0.0.0.0": "127.0.0.1",  # noqa: S104 - to be replaced
        }.items():
            text = text.replace(old, new)
        return text

    def issue(self, name: str, *hosts: str) -> None:
        """Make a certificate and its key."""
        issued = self.authority.issue_cert(*hosts, common_name=name)
        chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
        (self.folder / f"{name}.pem").write_bytes(chain)
        (self.folder / f"{name}.key").write_bytes(issued.private_key_pem.bytes())

    def trust(self) -> ssl.SSLContext:
        """Make the context of a client that trusts the authority."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        return context

    @contextmanager
    def run(self, *command: str) -> Iterator[None]:
        """Run a program until it has been asked."""
        log = self.folder / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own page
                [sys.executable, *command],
                cwd=self.folder,
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
            )
        try:
            deadline = time.monotonic() + DEADLINE
            while b"Bus STARTED" not in log.read_bytes():
                assert process.poll() is None, log.read_text("utf-8")
                assert time.monotonic() < deadline, log.read_text("utf-8")
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait(DEADLINE)

    def get(self, context: ssl.SSLContext, host: str = "localhost") -> tuple[int, str]:
        """Ask for the first page; give status and text."""
        with (
            socket.create_connection(("127.0.0.1", self.port), DEADLINE) as plain,
            context.wrap_socket(plain, server_hostname=host) as client,
        ):
            client.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            response = http.client.HTTPResponse(client)
            response.begin()
            return response.status, response.read().decode()


def free_ports(number: int) -> list[int]:
    """Find ports that nobody uses."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports
