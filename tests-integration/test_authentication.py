"""Authentication with real clients: curl, requests, Chromium, and two users on a Unix socket.

Two users take a process that may become another one: root, or sudo without a password. Elsewhere
that test says so and fails, rather than pass unseen.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from requests.auth import HTTPBasicAuth, HTTPDigestAuth

import services
from devtools import Browser

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(__file__).parent / "authentication" / "protected_site.py"
DEADLINE = 60.0
"""Seconds that anything may take at most; nothing waits so long unless it fails."""

DIGESTS = ("MD5", "MD5_sess", "SHA_256", "SHA_256_sess")


@dataclass
class Site:
    """A site that runs."""

    url: str
    folder: Path

    @property
    def log(self) -> str:
        """The access log."""
        return (self.folder / "access.log").read_text("utf-8")

    def curl(self, path: str, *options: str, user: str | None = None) -> tuple[int, str]:
        """Let curl ask; give the status and all that it shows of the last answer."""
        program = str(services.find_program("curl"))
        url = path if "://" in path else self.url + path
        command = [*as_user(user), program, "--silent", "--show-error", "--include"]
        ran = subprocess.run(  # noqa: S603 - a program that the tests need
            [*command, *options, url], capture_output=True, timeout=DEADLINE, check=True, cwd="/"
        )
        last = ran.stdout.decode("utf-8").rpartition("HTTP/1.1 ")[2]
        return int(last[:3]), last


def as_user(name: str | None) -> list[str]:
    """Return the beginning of a command that is to run as another user."""
    if name is None:
        return []
    if os.geteuid() == 0:
        user = pwd.getpwnam(name)
        return [
            "setpriv",
            f"--reuid={user.pw_uid}",
            f"--regid={user.pw_gid}",
            "--clear-groups",
            "--",
        ]
    assert shutil.which("sudo"), f"to run as {name}, this test needs root, or sudo"
    return ["sudo", "--non-interactive", f"--user={name}", "--"]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Run the site in a process of its own."""
    # not in pytest's folders, which other users may not enter
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-W", "error", str(PROGRAM), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            try:
                port = process.stdout.readline().strip()
                yield Site(f"http://127.0.0.1:{port}", folder)
                process.communicate("", timeout=DEADLINE)
            finally:
                process.kill()
        assert process.returncode == 0
        assert "Traceback" not in (folder / "error.log").read_text("utf-8")


# curl ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/basic/", "/hashed/"])
@pytest.mark.parametrize(
    ("user", "status"),
    [("jon:secret", 200), ("jün:pässword €", 200), ("jon:wrong", 401), ("nobody:secret", 401)],
)
def test_curl_with_basic(site: Site, path: str, user: str, status: int) -> None:
    found, shown = site.curl(path, "--basic", "--user", user)
    assert found == status
    assert (f"Hello {user.partition(':')[0]}!" in shown) is (status == 200)


@pytest.mark.parametrize("path", [*DIGESTS, "userhash"])
@pytest.mark.parametrize(
    ("user", "status"), [("jon:secret", 200), ("jün:pässword €", 200), ("jon:wrong", 401)]
)
def test_curl_with_digest(site: Site, path: str, user: str, status: int) -> None:
    found, shown = site.curl(f"/{path}/?a=b", "--digest", "--user", user)
    assert found == status
    assert (f"Hello {user.partition(':')[0]}!" in shown) is (status == 200)
    assert ("Authentication-Info: rspauth=" in shown) is (status == 200)


def test_curl_takes_one_of_several_challenges(site: Site) -> None:
    assert site.curl("/several/", "--digest", "--user", "jon:secret")[0] == 200


def test_curl_sends_content(site: Site) -> None:
    options = ("--digest", "--user", "jon:secret", "--data", "a=b")
    assert site.curl("/SHA_256/", *options)[0] == 200


def test_curl_without_credentials(site: Site) -> None:
    status, shown = site.curl("/several/")
    assert status == 401
    assert re.findall(r"(?i)www-authenticate: Digest .*algorithm=([\w-]+)", shown) == [
        "SHA-256",
        "MD5",
    ]


def test_the_log_has_the_names(site: Site) -> None:
    site.curl("/basic/?logged", "--basic", "--user", "jon:secret")
    site.curl("/MD5/?logged", "--digest", "--user", "jon:secret")
    assert re.search(r'^127\.0\.0\.1 - jon \[.*"GET /basic/\?logged ', site.log, re.MULTILINE)
    assert re.search(r'^127\.0\.0\.1 - - \[.*"GET /MD5/\?logged ', site.log, re.MULTILINE)
    assert re.search(r'^127\.0\.0\.1 - jon \[.*"GET /MD5/\?logged ', site.log, re.MULTILINE)


# A Unix socket ------------------------------------------------------------------------------------


def test_two_users_on_a_unix_socket(site: Site) -> None:
    options = ("--unix-socket", str(site.folder / "site.sock"))
    forged = (*options, "--header", "X-Remote-User: nobody", "--header", "X-Remote-Uid: 0")
    own = pwd.getpwuid(os.geteuid()).pw_name
    for user, path, status in (
        (None, "/peers/", 200),
        (None, "/nobody/", 403),
        ("nobody", "/peers/", 403),
        ("nobody", "/nobody/", 200),
    ):
        found, shown = site.curl(f"http://localhost{path}?unix", *forged, user=user)
        assert found == status, (user, path, shown)
        if status == 200:
            assert f"Hello {user or own}!" in shown
    assert f" - {own} [" in site.log
    assert " - nobody [" in site.log


def test_peers_on_tcp_are_a_mistake_of_the_configuration(site: Site) -> None:
    """That the log tells, and the client does not."""
    status, shown = site.curl("/peers/", "--header", "X-Remote-User: root")
    assert status == 500
    log = (site.folder / "error.log").read_text("utf-8")
    assert "set server.socket_file, and server.peercreds = True" in log
    assert "Hello" not in shown
    (site.folder / "error.log").write_text("")  # for the check at the end


# requests -----------------------------------------------------------------------------------------


def test_requests_with_basic(site: Site) -> None:
    for user, status in ((("jon", "secret"), 200), (("jon", "wrong"), 401)):
        answer = requests.get(f"{site.url}/basic/", auth=HTTPBasicAuth(*user), timeout=DEADLINE)
        assert answer.status_code == status
    octets = [text.encode() for text in ("jün", "pässword €")]
    answer = requests.get(f"{site.url}/basic/", auth=HTTPBasicAuth(*octets), timeout=DEADLINE)
    assert "Hello jün!" in answer.text


@pytest.mark.parametrize("path", ["MD5", "MD5_sess", "SHA_256", "several"])
def test_requests_with_digest(site: Site, path: str) -> None:
    with requests.Session() as session:
        session.auth = HTTPDigestAuth("jon", "secret")
        for number in range(5):
            answer = session.get(f"{site.url}/{path}/", params={"n": number}, timeout=DEADLINE)
            assert (answer.status_code, "Hello jon!" in answer.text) == (200, True)
            # it keeps the nonce, and counts
            assert len(answer.history) == (1 if number == 0 else 0)
        posted = session.post(f"{site.url}/{path}/", data={"a": "b"}, timeout=DEADLINE)
        assert posted.status_code == 200
    wrong = HTTPDigestAuth("jon", "wrong")
    assert requests.get(f"{site.url}/{path}/", auth=wrong, timeout=DEADLINE).status_code == 401


# Chromium -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Run a browser without a window."""
    program = services.find_program("chromium")
    assert program is not None, "the test command installs it"
    with Browser(program, tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.mark.parametrize("path", ["basic", "MD5", "SHA_256", "several"])
def test_a_browser(site: Site, browser: Browser, path: str, tmp_path: Path) -> None:
    """Credentials that are missing, wrong and right, as a user enters or cancels them."""
    url = f"{site.url}/{path}/"
    missing = browser.visit(url, [])
    assert missing.status == 401
    assert "not authorized" in missing.text
    assert missing.challenges == [("basic" if path == "basic" else "digest", "members")]
    wrong = browser.visit(url, [("jon", "wrong")])
    assert wrong.status == 401
    assert len(wrong.challenges) == 2  # it asks again
    right = browser.visit(url, [("jon", "wrong"), ("jün", "pässword €")])
    assert (right.status, right.text) == (200, "Hello jün!")
    picture = tmp_path / "page.png"
    picture.write_bytes(right.picture)
    assert right.picture.startswith(b"\x89PNG\r\n")


def test_a_page_with_many_pictures(site: Site, browser: Browser) -> None:
    """Requests at the same time may come in another order; nobody is asked twice for that."""
    shown = browser.visit(f"{site.url}/SHA_256/gallery/", [("jon", "secret")])
    assert shown.status == 200
    assert len(shown.challenges) == 1
    assert shown.loaded_pictures == 12
