"""The programs on the page about TLS, run as they stand there, but for their ports."""

from __future__ import annotations

import http.client
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from tls_shop import DEADLINE, FILES, Shop


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
