"""The programs on the page about TLS, run as they stand there, but for their ports."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from repository import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

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


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Give the folder of a site."""
    shop = Shop(tmp_path)
    shop.issue("site", "localhost")
    return shop


def ask_plainly(shop: Shop, target: str) -> http.client.HTTPResponse:
    """Ask by HTTP, at the port that redirects."""
    connection = http.client.HTTPConnection("127.0.0.1", shop.plain_port, timeout=DEADLINE)
    connection.request("GET", target, headers={"Host": f"localhost:{shop.plain_port}"})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def test_the_first_site(shop: Shop) -> None:
    with shop.run("-m", "cherrypy", "-c", "tls.conf", "-c", "strict.conf", "shop:Root"):
        assert shop.get(shop.trust()) == (200, "Come in!")
        response = ask_plainly(shop, "/a?b")
        assert (response.status, response.headers["Location"]) == (
            301,
            f"https://localhost:{shop.port}/a?b",
        )


def test_an_encrypted_key(shop: Shop) -> None:
    key = serialization.load_pem_private_key((shop.folder / "site.key").read_bytes(), None)
    locked = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"sesame"),
    )
    (shop.folder / "locked.key").write_bytes(locked)
    (shop.folder / "password.txt").write_text("sesame\n")
    with shop.run("locked.py"):
        assert shop.get(shop.trust()) == (200, "Come in!")


def test_challenges_are_answered_by_the_site(shop: Shop) -> None:
    (shop.folder / "site.pem").rename(shop.folder / "fullchain.pem")
    (shop.folder / "site.key").rename(shop.folder / "privkey.pem")
    folder = shop.folder / ".well-known" / "acme-challenge"
    folder.mkdir(parents=True)
    (folder / "token").write_text("answer")
    with shop.run("-m", "cherrypy", "-c", "challenges.conf", "shop:Root"):
        assert ask_plainly(shop, "/.well-known/acme-challenge/token").status == 200
        assert ask_plainly(shop, "/.well-known/other").status == 301
        context = shop.trust()
        assert shop.get(context) == (200, "Come in!")


def test_several_hosts(shop: Shop) -> None:
    shop.issue("shop", "shop.example")
    shop.issue("wiki", "*.wiki.example")
    with shop.run("hosts.py"):
        for host in ("localhost", "shop.example", "de.wiki.example"):
            assert shop.get(shop.trust(), host) == (200, f"You came to {host}")


def test_members(shop: Shop) -> None:
    shop.issue("ann", "ann@shop.example")
    shop.authority.cert_pem.write_to_path(str(shop.folder / "members-ca.pem"))
    with shop.run("members.py"):
        context = shop.trust()
        assert shop.get(context)[0] == 403
        context.load_cert_chain(shop.folder / "ann.pem", shop.folder / "ann.key")
        assert shop.get(context) == (200, "Hello, ann")


def test_a_context(shop: Shop) -> None:
    with shop.run("context.py"):
        assert shop.get(shop.trust()) == (200, "Come in!")


def test_every_program_is_run() -> None:
    text = Path(__file__).read_text("utf-8")
    assert [name for name in FILES if name != "shop.py" and f'"{name}"' not in text] == []
