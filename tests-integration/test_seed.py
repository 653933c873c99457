"""The snippets of the documentation run as they are written, each in a process of its own.

They are in ``seed/snippets``, letter by letter, but for the numbers of the lines of ``hello.py``,
and for ``log_dict_config.py``, where the documentation has lost the indentation of the line that
begins with ``cherrypy.engine.unsubscribe``: as it stands there, it is no Python. Where it says
``/some/directory``, the tests have a directory of their own. Where one block
shows alternatives, each of them is a file. ``seed/run.py`` supplies what they leave open, and has
the system choose the port.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import re
import select
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import memcached
from services import find_program

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = Path(__file__).parent / "seed"
SNIPPETS = SEED / "snippets"
DEADLINE = 30.0
"""Seconds that anything may take at most; nothing waits so long unless it fails."""


@dataclass
class Running:
    """A snippet that serves."""

    process: subprocess.Popen[str]
    folder: Path
    url: str
    configured_port: int
    output: str = ""
    """What it has written to the screen, once it has ended."""

    def ask(self, path: str) -> bytes:
        """Return a page as it comes, its header fields included."""
        command = [str(find_program("curl")), "--silent", "--show-error", "--include"]
        return subprocess.run(  # noqa: S603 - a program that the tests need
            [*command, self.url + path], capture_output=True, timeout=DEADLINE, check=True
        ).stdout

    def curl(self, path: str = "/", *options: str) -> str:
        """Return what curl shows of a page, its header fields included."""
        command = [str(find_program("curl")), "--silent", "--show-error", "--include", *options]
        ran = subprocess.run(  # noqa: S603 - a program that the tests need
            [*command, self.url + path], capture_output=True, timeout=DEADLINE, check=True
        )
        return ran.stdout.decode("utf-8")

    def end(self, number: signal.Signals = signal.SIGINT) -> None:
        """Send a signal; the process has to end by itself, with the status of success."""
        self.process.send_signal(number)
        self.output, _ = self.process.communicate(timeout=DEADLINE)
        assert self.process.returncode == 0, self.output


@contextlib.contextmanager
def running(name: str, folder: Path, **variables: str) -> Iterator[Running]:
    """Run a snippet in a folder that has the configuration files of the documentation."""
    for path in SNIPPETS.glob("*.conf"):
        shutil.copy(path, folder)
    if name == "favicon_by_file.py":  # the block before it is its app.conf
        shutil.copy(SNIPPETS / "favicon.conf", folder / "app.conf")
    if "SEED_CONFIG" in variables:
        text = (SNIPPETS / f"sessions{variables['SEED_CONFIG']}.conf").read_text(encoding="utf-8")
        text = text.replace("/some/directory", str(folder / "directory"))
        (folder / "app.conf").write_text(text, encoding="utf-8")
    reading, writing = os.pipe()
    with os.fdopen(reading) as report:
        process = subprocess.Popen(  # noqa: S603 - this interpreter
            [sys.executable, str(SEED / "run.py"), str(SNIPPETS / name), str(writing)],
            cwd=folder,
            env={**os.environ, **variables},
            pass_fds=[writing],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        os.close(writing)
        try:
            ready, _, _ = select.select([report], [], [], DEADLINE)
            line = report.readline() if ready else ""
            if not line:
                process.kill()
                pytest.fail(f"{name} has not begun to serve: {process.communicate()[0]}")
            told = json.loads(line)
            url = f"http://{told['host']}:{told['port']}"
            yield Running(process, folder, url, told["configured_port"])
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()


@pytest.mark.parametrize(
    ("name", "path", "text"),
    [
        ("hello.py", "/", "Hello World!"),
        ("quickstart_at_root.py", "/", "the Blog at /"),
        ("quickstart_mounted.py", "/blog/", "the Blog at /blog"),
        ("quickstart_configured.py", "/blog/", "the Blog at /blog"),
        ("mount_several.py", "/blog/", "the Blog at /blog"),
        ("mount_several.py", "/forum/", "the Forum at /forum"),
        ("mount_and_quickstart.py", "/blog/", "the Blog at /blog"),
        ("mount_and_quickstart.py", "/forum/", "the Forum at /forum"),
        ("configure_application.py", "/", "the Blog at /"),
        ("configure_application_by_file.py", "/", "the Blog at /"),
        ("configure_by_decorator.py", "/", "hello world!"),
        ("configure_by_attribute.py", "/", "hello world!"),
        ("own_section.py", "/", "hello world!"),
    ],
)
def test_a_snippet_serves_until_ctrl_c(name: str, path: str, text: str, tmp_path: Path) -> None:
    with running(name, tmp_path) as snippet:
        answer = snippet.curl(path)
        assert answer.startswith("HTTP/1.1 200 OK\r\n"), answer
        assert answer.endswith("\r\n\r\n" + text)
        snippet.end(signal.SIGINT)
    assert "Bus EXITED" in snippet.output
    assert "Traceback" not in snippet.output


def test_a_snippet_ends_by_sigterm_too(tmp_path: Path) -> None:
    with running("hello.py", tmp_path) as snippet:
        assert snippet.curl().endswith("Hello World!")
        snippet.end(signal.SIGTERM)
    assert "Bus EXITED" in snippet.output


def test_the_hello_page_and_its_log(tmp_path: Path) -> None:
    with running("hello.py", tmp_path) as snippet:
        assert snippet.configured_port == 8080
        answer = snippet.curl()
        for field in ("Content-Type: text/html;charset=utf-8", "Content-Length: 12", "Date: "):
            assert field in answer
        assert "HTTP/1.1 404 Not Found" in snippet.curl("/nobody")
        snippet.end()
    assert '"GET / HTTP/1.1" 200 12' in snippet.output
    assert '"GET /nobody HTTP/1.1" 404' in snippet.output


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("quickstart_configured.py", "/blog/"),
        ("configure_application.py", "/"),
        ("configure_application_by_file.py", "/"),
        ("configure_by_decorator.py", "/"),
        ("configure_by_attribute.py", "/"),
        ("own_section.py", "/"),
    ],
)
def test_gzip_is_on_where_it_was_configured(name: str, path: str, tmp_path: Path) -> None:
    with running(name, tmp_path) as snippet:
        assert "\r\nVary: Accept-Encoding\r\n" in snippet.curl(path)
        if "Root" not in (SNIPPETS / name).read_text(encoding="utf-8"):
            # one of ours, which has a page that is long enough to be compressed
            assert "Content-Encoding" not in snippet.curl(f"{path}long")
            answer = snippet.curl(f"{path}long", "--compressed")
            assert "\r\nContent-Encoding: gzip\r\n" in answer
            assert answer.endswith("and on and on")
        snippet.end()


@pytest.mark.parametrize("name", ["mount_several.py", "mount_and_quickstart.py"])
def test_each_application_has_the_configuration_it_was_given(name: str, tmp_path: Path) -> None:
    with running(name, tmp_path) as snippet:
        for path in ("/blog/", "/forum/"):
            assert "X-Configured: yes" in snippet.curl(path)
        assert snippet.curl("/").startswith("HTTP/1.1 404 ")
        snippet.end()


@pytest.mark.parametrize("name", ["configure_server.py", "configure_server_by_file.py"])
def test_the_port_is_configured(name: str, tmp_path: Path) -> None:
    with running(name, tmp_path) as snippet:
        assert snippet.configured_port == 9090
        assert snippet.curl().endswith("the Blog at /")
        snippet.end()


def test_a_message_is_logged(tmp_path: Path) -> None:
    with running("log_message.py", tmp_path) as snippet:
        snippet.end()
    assert "]  hello there\n" in snippet.output


@pytest.mark.parametrize("statement", ["", "1 / 0"])
def test_an_exception_is_logged(statement: str, tmp_path: Path) -> None:
    with running("log_exception.py", tmp_path, SEED_ELLIPSIS=statement) as snippet:
        snippet.end()
    has_failed = bool(statement)
    assert ("]  kaboom!\nTraceback" in snippet.output) == has_failed
    assert ("ZeroDivisionError" in snippet.output) == has_failed


def test_logs_are_turned_off(tmp_path: Path) -> None:
    with running("log_nowhere.py", tmp_path) as snippet:
        assert snippet.curl().endswith("the Blog at /")
        snippet.end()
    assert snippet.output == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        path.name for path in SNIPPETS.glob("*.conf")
    )


def test_logging_is_configured_by_a_dict(tmp_path: Path) -> None:
    with running("log_dict_config.py", tmp_path) as snippet:
        assert snippet.curl().endswith("hello world")
        snippet.end()
    assert "[INFO] root: boom\n" in snippet.output
    assert snippet.output.count("[INFO] db: bam\n") == 1
    assert snippet.output.count("bang\n") == 1
    assert "GET / HTTP/1.1" not in snippet.output
    access = (tmp_path / "access.log").read_text(encoding="utf-8").splitlines()
    assert len(access) == 1
    assert '"GET / HTTP/1.1" 200 11' in access[0]
    error = (tmp_path / "errors.log").read_text(encoding="utf-8")
    assert error.count("]  bang\n") == 1
    assert "ENGINE Bus STARTED" in error
    assert "ENGINE Bus EXITED" in error
    for text in ("boom", "bam"):
        assert text not in error


def test_a_cookie_is_deleted(tmp_path: Path) -> None:
    with running("cookie_deleted.py", tmp_path) as snippet:
        answer = snippet.curl("/?key=name&value=old")
        (line,) = [each for each in answer.splitlines() if each.startswith("Set-Cookie: ")]
        assert line.startswith("Set-Cookie: name=old; expires=")
        expires = parsedate_to_datetime(line.partition("expires=")[2])
        assert expires <= datetime.now(UTC)
        snippet.end()


def test_cookies_are_sent_and_read(tmp_path: Path) -> None:
    jar = tmp_path / "jar"
    options = ["--cookie", str(jar), "--cookie-jar", str(jar)]
    with running("cookies.py", tmp_path) as snippet:
        assert "Hi, you sent me 0 cookies." in snippet.curl("/cookie/read", *options)
        answer = snippet.curl("/cookie/set", *options)
        assert "Hello, I just sent you a cookie" in answer
        (line,) = [each for each in answer.splitlines() if each.startswith("Set-Cookie: ")]
        first, *attributes = line.removeprefix("Set-Cookie: ").split("; ")
        assert first == "cookieName=cookieValue"
        assert set(attributes) == {"Path=/", "Max-Age=3600", "Version=1"}
        answer = snippet.curl("/cookie/read", *options)
        assert "Hi, you sent me 1 cookies." in answer
        assert "name: cookieName, value: cookieValue<br>" in answer
        snippet.end()


def test_json_is_decoded(tmp_path: Path) -> None:
    with running("json_in.py", tmp_path) as snippet:
        as_json = ["--header", "Content-Type: application/json", "--data"]
        answer = snippet.curl("/", *as_json, '{"key": "value"}')
        assert answer.startswith("HTTP/1.1 200 OK\r\n"), answer
        answer = snippet.curl("/", *as_json, '{"key": value}')
        assert answer.startswith("HTTP/1.1 400 Bad Request\r\n"), answer
        assert "Invalid JSON document" in answer
        assert snippet.curl("/", "--data", "key=value").startswith("HTTP/1.1 415 ")
        snippet.end()
    assert "Traceback" not in snippet.output


def test_json_is_encoded(tmp_path: Path) -> None:
    with running("json_out.py", tmp_path) as snippet:
        answer = snippet.curl()
        assert answer.startswith("HTTP/1.1 200 OK\r\n"), answer
        assert "\r\nContent-Type: application/json\r\n" in answer
        assert answer.endswith('\r\n\r\n{"key": "value"}')
        snippet.end()


@pytest.mark.parametrize("scheme", ["basic", "digest"])
def test_a_path_is_protected(scheme: str, tmp_path: Path) -> None:
    path = "/protected/area"
    with running(f"auth_{scheme}.py", tmp_path) as snippet:
        assert snippet.curl().endswith("the Blog at /")
        asked = snippet.curl(path)
        assert asked.startswith("HTTP/1.1 401 Unauthorized\r\n")
        assert re.search(rf'(?i)www-authenticate: {scheme} realm="localhost"', asked)
        right = snippet.curl(path, f"--{scheme}", "--user", "jon:secret")
        assert right.endswith("\r\n\r\nHello jon")
        wrong = snippet.curl(path, f"--{scheme}", "--user", "jon:Secret")
        assert wrong.rpartition("HTTP/1.1 ")[2].startswith("401 ")
        snippet.end()
    assert re.search(r'- jon \[.*"GET /protected/area HTTP/1.1" 200', snippet.output)


def test_the_peer_on_a_unix_socket_is_told(tmp_path: Path) -> None:
    address = tmp_path / "site.sock"
    program = [str(SEED / "unix_socket.py"), str(SNIPPETS / "peercreds.ini"), str(address)]
    with subprocess.Popen(  # noqa: S603 - this interpreter
        [sys.executable, *program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "/var/run/cherrypy.sock\n"
            assert process.stdout.readline() == "ready\n"
            command = [str(find_program("curl")), "--silent", "--unix-socket", "site.sock"]
            shown = subprocess.run(  # noqa: S603 - a program that the tests need
                [*command, "http://localhost/"], capture_output=True, cwd=tmp_path, check=True
            )
            process.communicate("", timeout=DEADLINE)
        finally:
            process.kill()
    told = json.loads(shown.stdout)
    user = pwd.getpwuid(os.getuid())
    assert (told["X_REMOTE_UID"], told["X_REMOTE_USER"]) == (str(user.pw_uid), user.pw_name)
    assert {"X_REMOTE_PID", "X_REMOTE_GID", "X_REMOTE_GROUP"} <= told.keys()
    assert process.returncode == 0


@pytest.mark.parametrize("storage", ["", "_in_files", "_in_memcached"])
def test_a_session_counts(storage: str, tmp_path: Path) -> None:
    folder, jar = tmp_path / "site", tmp_path / "jar"
    folder.mkdir()
    options = ["--cookie", str(jar), "--cookie-jar", str(jar)]
    with contextlib.ExitStack() as stack:
        variables = {"SEED_PAGE": str(SNIPPETS / "session_counter.py")}
        if storage == "_in_memcached":
            variables["SEED_MEMCACHED"] = stack.enter_context(memcached.running()).name
        snippet = stack.enter_context(
            running("configure_application_by_file.py", folder, **variables, SEED_CONFIG=storage)
        )
        for count in range(1, 4):
            answer = snippet.curl("/", *options)
            assert answer.endswith(f"\r\n\r\ncount: {count}"), answer
        assert snippet.curl("/").endswith("count: 1")  # another visitor
        snippet.end()
    found = [path for path in (folder / "directory").glob("session-*") if not path.suffix]
    assert len(found) == (2 if storage == "_in_files" else 0)


@pytest.mark.parametrize(
    ("name", "path", "media_type", "text"),
    [
        ("static_file.conf", "/style.css", "text/css", "p { color: red }"),
        ("static_directory.conf", "/static/js/my.js", "text/javascript", "void 0"),
        ("static_root.conf", "/static/js/my.js", "text/javascript", "void 0"),
        ("static_index.conf", "/static/", "text/html", "the index"),
        ("static_index.conf", "/static/js/my.js", "text/javascript", "void 0"),
        ("favicon.py", "/favicon.ico", "image/x-icon", "my favicon"),
        ("favicon_by_file.py", "/favicon.ico", "image/x-icon", "my favicon"),
        ("static_mimetypes.py", "/favicon.ico", "image/x-icon", "PNG"),  # that of CherryPy
    ],
)
def test_files_are_served(name: str, path: str, media_type: str, text: str, tmp_path: Path) -> None:
    """In the folders /home/site and /path/to, which are elsewhere here."""
    files = tmp_path / "files"
    for file, content in {
        "style.css": "p { color: red }",
        "static/js/my.js": "void 0",
        "static/index.html": "the index",
        "myfavicon.ico": "my favicon",
    }.items():
        (files / file).parent.mkdir(parents=True, exist_ok=True)
        (files / file).write_text(content, encoding="ascii")
    site = tmp_path / "site"
    site.mkdir()
    paths = json.dumps({"/home/site": str(files), "/path/to": str(files)})
    with running(name, site, SEED_PATHS=paths) as snippet:
        answer = snippet.ask(path)
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n"), answer
        assert f"Content-Type: {media_type}\r\n".encode() in answer
        assert text.encode() in answer.partition(b"\r\n\r\n")[2]
        if name == "static_directory.conf":
            assert snippet.ask("/static/").startswith(b"HTTP/1.1 404 Not Found\r\n")
        snippet.end()


def test_a_file_is_downloaded(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("1;2", encoding="ascii")
    with running("static_download.py", tmp_path) as snippet:
        answer = snippet.curl(f"/download?filepath={file}")
        assert answer.startswith("HTTP/1.1 200 OK\r\n")
        assert "\r\nContent-Type: application/x-download\r\n" in answer
        assert '\r\nContent-Disposition: attachment; filename="table.csv"\r\n' in answer
        assert answer.endswith("\r\n\r\n1;2")
        snippet.end()
