"""The demonstration, started as README says and asked as a visitor would."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit
from xmlrpc.client import Fault, ServerProxy

import pytest

import services
from repository import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

APPLICATION = ROOT / "docs" / "demo" / "app.py"
TIMEOUT = 60  # seconds, on a machine that does other things as well
FORM = "application/x-www-form-urlencoded"


class Demonstration:
    """A demonstration that runs, and what it is asked.

    Args:
        process: The process.
        base: Scheme, host and port.
    """

    def __init__(self, process: subprocess.Popen[str], base: str) -> None:
        self.process = process
        self.base = base

    def get(self, path: str, **fields: str) -> Answer:
        """Get a page; ``_`` stands for ``-`` in the names of header fields."""
        return self.ask("GET", path, fields={k.replace("_", "-"): v for k, v in fields.items()})

    def post(self, path: str, **form: str) -> Answer:
        """Send a form."""
        return self.ask("POST", path, urlencode(form).encode(), {"Content-Type": FORM})

    def ask(
        self,
        method: str,
        path: str,
        content: bytes | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request, and read the answer to its end."""
        connection = self.connect()
        try:
            connection.request(method, path, content, dict(fields or {}))
            response = connection.getresponse()
            return Answer(response, response.read().decode())
        finally:
            connection.close()

    def connect(self) -> http.client.HTTPConnection:
        """Give a connection, which is to be closed."""
        host = urlsplit(self.base)
        return http.client.HTTPConnection(host.hostname or "", host.port, timeout=TIMEOUT)


class Answer:
    """What came back."""

    def __init__(self, response: http.client.HTTPResponse, text: str) -> None:
        self.status = response.status
        self.fields = response.headers
        self.text = text


class Page(HTMLParser):
    """What leads on from a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.resources: list[str] = []
        self.buttons: list[tuple[str, str]] = []
        """Action of the form and value, of each button named ``call``."""
        self.inline: list[str] = []
        """Scripts and event handlers, which the page forbids itself."""
        self._action = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of an element."""
        attributes = {name: value or "" for name, value in attrs}
        self.inline += [name for name in attributes if name.startswith("on") or name == "style"]
        self.resources += [attributes[name] for name in ("src", "action") if name in attributes]
        match tag:
            case "a":
                self.links.append(attributes["href"])
            case "link":
                self.resources.append(attributes["href"])
            case "form":
                self._action = attributes["action"].partition("#")[0]
            case "button" if attributes.get("name") == "call":
                self.buttons.append((self._action, attributes["value"]))
            case "script" | "style":
                self.inline.append(tag)


@contextmanager
def started(*options: str) -> Iterator[subprocess.Popen[str]]:
    """Start the demonstration, and make sure that it ends."""
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-W", "error", str(APPLICATION), *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def address_of(process: subprocess.Popen[str]) -> str:
    """Read where the demonstration says that it is."""
    assert process.stdout is not None
    line = process.stdout.readline()
    said = re.fullmatch(r"The demonstration is at (http://127\.0\.0\.1:\d+) .*\n", line)
    assert said, f"it says {line!r}"
    return said[1]


@pytest.fixture(scope="module")
def demo() -> Iterator[Demonstration]:
    """Give a demonstration that runs on a free port."""
    with started("--port", "0") as process:
        yield Demonstration(process, address_of(process))


@pytest.fixture(scope="module")
def names(demo: Demonstration) -> list[str]:
    """List the examples, as the overview does."""
    return [link for link in Page(demo.get("/").text).links if link != "/"]


CASES = [
    ("/try/publishing/", 200, "Home"),
    ("/try/publishing/songs/", 200, "All songs"),
    ("/try/publishing/songs", 301, "/try/publishing/songs/"),
    ("/try/publishing/songs/news.txt", 200, "The newest song"),
    ("/try/publishing/diary", 404, "was not found"),
    ("/try/parameters/?name=Ada&loud=yes", 200, "HELLO, ADA!"),
    ("/try/parameters/?name=%3Cscript%3E", 200, "Hello, &lt;script&gt;!"),
    ("/try/parameters/basket?fruit=fig&fruit=plum", 200, "2 in the basket: fig, plum"),
    ("/try/parameters/?nmae=Ada", 404, "nmae"),
    ("/try/parameters/bill?prices=12.50&prices=7.50&guests=4", 200, "5.00 for each"),
    ("/try/parameters/bill?prices=much", 400, "400 Bad Request"),
    ("/try/paths/month/2026/05", 200, "Year 2026, month 05"),
    ("/try/paths/AC%2FDC", 200, "AC/DC"),
    ("/try/paths/music/Simone/Pastel-Blues/", 200, "Pastel-Blues by Simone"),
    ("/try/paths/members/Ada/", 200, "Member Ada"),
    ("/try/methods/2", 200, "Feeling Good"),
    ("/try/methods/counter/increase", 405, "405 Method Not Allowed"),
    ("/try/mounting/houses/", 200, "For everybody"),
    ("/try/mounting/roses/latest", 200, "The latest of: Roses"),
    ("/try/mounting/clock/any/path", 200, "mounted at /try/mounting/clock"),
    ("/try/redirects/old", 303, "/try/redirects/here?source=old"),
    ("/try/redirects/older", 301, "/try/redirects/here"),
    ("/try/redirects/inside", 200, "You are here"),
    ("/try/redirects/links", 200, "\n/try/redirects/here\n"),
    ("/try/errors/buy?fruit=figs&count=2", 200, "2 figs, please!"),
    ("/try/errors/buy?fruit=kiwis", 404, "Would you like some figs instead?"),
    ("/try/errors/buy?fruit=figs&count=few", 400, "Please say a number."),
    ("/try/errors/buy?fruit=plums", 409, "There are only 0 plums."),
    ("/try/errors/weigh", 500, "Would you like some figs instead?"),
    ("/try/errors/plain/weigh_in_the_workshop", 500, "ZeroDivisionError"),
    ("/try/json-documents/prices", 200, '[{"fruit": "fig", "price": "0.80"}, '),
    ("/try/sessions/", 200, "Visit number 1"),
    ("/try/sessions/leaflet/", 200, "Your colour is unknown"),
    ("/try/sessions/leaflet/choose?colour=green", 200, "green from now on"),
    ("/try/login/", 200, "The password of ada is engine."),
    ("/try/login/login", 405, "405 Method Not Allowed"),
    ("/try/streaming/buffered", 200, "This answer has a length."),
    ("/try/streaming/file", 200, "So far and yet so near\n"),
    ("/try/streaming/events", 200, "id: 2\ndata: It is "),
    ("/try/files/orchard/", 200, "The orchard"),
    ("/try/files/orchard", 301, "/try/files/orchard/"),
    ("/try/files/orchard/orchard.css", 200, "system-ui"),
    ("/try/files/harvest", 200, "2026,402"),
    ("/try/files/list/", 200, "./tree.5ca1ab1e.svg"),
    ("/try/files/orchard/../app.py", 404, "404 Not Found"),
    ("/try/configuration/", 200, "said by the whole site"),
    ("/try/configuration/hawaii", 200, "said by the application"),
    ("/try/configuration/fiji", 200, "said by the handler"),
    ("/try/configuration/ferry", 200, "120 seats"),
    ("/try/builtin/shelf", 200, "A shelf"),
    ("/try/builtin/rack", 200, "A shelf"),
    ("/try/authentication/", 200, "Welcome to the club"),
    ("/try/authentication/basic/", 401, "You are not authorized"),
    ("/try/authentication/digest/", 401, "You are not authorized"),
    ("/try/caching/crossword", 200, "3 down"),
    ("/try/testing/", 200, "test_it_counts: passed"),
    ("/try/tools/cellar", 503, "Closed today."),
    ("/try/logs/storm", 200, "Written"),
    ("/try/engine/", 200, "state: STARTED"),
    ("/try/engine/ring", 200, "Tea for a visitor\nThe dog barks at a visitor"),
    ("/nowhere", 404, "All examples"),
    ("/publishing?call=99", 404, "All examples"),
]


@pytest.mark.parametrize(("path", "status", "part"), CASES)
def test_what_the_examples_answer(demo: Demonstration, path: str, status: int, part: str) -> None:
    answer = demo.get(path)
    assert answer.status == status
    assert part in answer.text + answer.fields.get("Location", "")


def test_every_page_shows_a_source_and_an_answer(demo: Demonstration, names: list[str]) -> None:
    assert len(names) >= 19
    for name in names:
        answer = demo.get(name)
        assert answer.status == 200, name
        assert "class='keyword'>import </span>cherrypy" in answer.text, name
        page = Page(answer.text)
        requests = [link for link in page.links if link.startswith(f"{name}?call=")]
        for link in requests:
            shown = demo.get(link.partition("#")[0])
            assert shown.status == 200, link
            assert "HTTP/1.1 " in shown.text, link
        for action, number in page.buttons:
            shown = demo.post(action, call=number)
            assert shown.status == 200, (action, number)
            assert "HTTP/1.1 " in shown.text, (action, number)
        assert requests or page.buttons, name


def test_what_changes_something_waits_for_a_button(demo: Demonstration) -> None:
    """A link, and a robot that follows it, asks by GET (RFC 9110 section 9.2.1)."""
    ((_, number), *_) = Page(demo.get("/methods").text).buttons
    assert "Press the button" in demo.get(f"/methods?call={number}").text


def test_pages_need_nothing_from_elsewhere(demo: Demonstration, names: list[str]) -> None:
    for name in ["/", *names]:
        answer = demo.get(name)
        page = Page(answer.text)
        assert all(each.startswith("/") for each in page.resources), name
        assert not page.inline, name
        assert "default-src 'self'" in answer.fields["Content-Security-Policy"]
        for resource in page.resources:
            if resource.endswith((".css", ".svg")):
                assert demo.get(resource).status == 200, resource


def test_what_visitors_send_is_escaped(demo: Demonstration) -> None:
    attack = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E"
    for path in (
        f"/try/parameters/?name={attack}",
        f"/try/parameters/anything?{attack}={attack}",
        f"/try/paths/{attack}",
        f"/try/paths/music/{attack}/{attack}/",
        f"/try/cookies/fill?taste={attack}",
        f"/try/errors/buy?fruit={attack}",
        f"/{attack}",
        f"/publishing?call={attack}",
    ):
        assert "<script" not in demo.get(path).text, path
    assert "<script" not in demo.post("/try/forms/order", fruit="<script>").text
    assert "<script" not in demo.post("/try/methods/", title="<script>").text


def test_a_form(demo: Demonstration) -> None:
    answer = demo.post("/try/forms/order", fruit="figs", gift="yes")
    assert (answer.status, answer.text) == (200, "figs, wrapped as a gift")
    assert demo.post("/try/forms/order", fruit="figs", color="red").status == 400


def test_a_file(demo: Demonstration) -> None:
    content = (
        b"--limit\r\n"
        b'Content-Disposition: form-data; name="document"; filename="<a>.txt"\r\n'
        b"Content-Type: text/plain\r\n"
        b"\r\n"
        b"0123456789\r\n"
        b"--limit--\r\n"
    )
    fields = {"Content-Type": "multipart/form-data; boundary=limit"}
    answer = demo.ask("POST", "/try/forms/upload", content, fields)
    assert answer.status == 200
    digest = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882"
    assert answer.text == f"&lt;a&gt;.txt: 10 octets of text/plain, SHA-256 {digest}"


def test_a_body_that_is_too_large_is_refused(demo: Demonstration) -> None:
    connection = demo.connect()
    try:
        connection.putrequest("POST", "/try/forms/raw")
        connection.putheader("Content-Length", str(11 * 1024 * 1024))
        connection.endheaders()  # and nothing more: it is refused before it is sent
        assert connection.getresponse().status == 413
    finally:
        connection.close()


def test_cookies(demo: Demonstration) -> None:
    filled = demo.get("/try/cookies/fill?taste=sour").fields["Set-Cookie"]
    assert "HttpOnly" in filled
    cookie, *_ = filled.partition(";")
    assert demo.get("/try/cookies/", Cookie=cookie).text == "You like it sour"
    assert "Max-Age=0" in demo.get("/try/cookies/empty").fields["Set-Cookie"]


def test_a_collection(demo: Demonstration) -> None:
    song = demo.post("/try/methods/", title="Mississippi Goddam")
    assert song.status == 201
    path = urlsplit(song.fields["Location"]).path
    assert demo.get(path).text == "Mississippi Goddam"
    changed = demo.ask("PUT", path, b"title=Four+Women", {"Content-Type": FORM})
    assert (changed.status, demo.get(path).text) == (200, "Four Women")
    assert demo.ask("DELETE", path).status == 204
    assert demo.get(path).status == 404
    refused = demo.ask("PATCH", path, b"?")
    assert (refused.status, refused.fields["Allow"]) == (405, "DELETE, GET, HEAD, POST, PUT")


def test_what_the_client_wishes(demo: Demonstration) -> None:
    text = demo.get("/try/builtin/book", Accept="text/plain, */*;q=0.1")
    assert (text.fields["Content-Type"], text.text) == ("text/plain;charset=utf-8", "A book")
    assert demo.get("/try/builtin/book", Accept="image/png").status == 406
    assert demo.get("/try/builtin/picture", Referer="http://thief.example/").status == 403
    for_members = demo.get("/try/mounting/houses/", Host="intranet.example")
    assert for_members.text.startswith("For members only.")
    visitor = demo.get("/try/builtin/visitor", X_Forwarded_For="192.0.2.7")
    assert visitor.text == f"192.0.2.7, at {demo.base}"


def test_members_are_let_in(demo: Demonstration) -> None:
    right = demo.get("/try/authentication/basic/", Authorization="Basic YWRhOmFuYWx5dGljYWw=")
    assert (right.status, right.text) == (200, "Hello ada")
    wrong = demo.get("/try/authentication/basic/", Authorization="Basic YWRhOmd1ZXNz")
    assert wrong.status == 401


def test_errors_for_programs(demo: Demonstration) -> None:
    problem = demo.get("/try/errors/api/buy?fruit=plums", Accept="application/json")
    assert problem.fields["Content-Type"] == "application/problem+json"
    assert json.loads(problem.text)["detail"] == "There are only 0 plums."


def test_what_the_client_has_already(demo: Demonstration) -> None:
    etag = demo.get("/try/caching/headline").fields["ETag"]
    assert demo.get("/try/caching/headline", If_None_Match=etag).status == 304
    first, second = (demo.get("/try/caching/weather").text for _ in range(2))
    assert first == second
    article = demo.get("/try/caching/article")
    assert int(article.fields["Content-Length"]) > 5000
    compressed = demo.ask("HEAD", "/try/caching/article", fields={"Accept-Encoding": "gzip"})
    assert compressed.fields["Content-Encoding"] == "gzip"
    assert int(compressed.fields["Content-Length"]) < 500


def test_files(demo: Demonstration) -> None:
    picture = demo.ask("HEAD", "/try/files/orchard/tree.5ca1ab1e.svg")
    assert picture.fields["Content-Type"] == "image/svg+xml"
    assert picture.fields["Cache-Control"] == "max-age=31536000, immutable"
    part = demo.get("/try/files/orchard/orchard.css", Range="bytes=0-3")
    assert (part.status, part.text) == (206, "body")
    saved = demo.get("/try/files/harvest").fields["Content-Disposition"]
    assert saved.endswith("filename*=UTF-8''R%C3%A9colte%202026.csv")
    favicon = demo.ask("HEAD", "/favicon.ico")
    assert (favicon.status, favicon.fields["Content-Type"]) == (200, "image/x-icon")


def test_remote_calls(demo: Demonstration) -> None:
    with ServerProxy(f"{demo.base}/try/remote-calls/") as calculator:
        assert calculator.add(2, 3) == 5
        with pytest.raises(Fault, match="division by zero"):
            calculator.divide(1, 0)


def test_hooks_and_tools_leave_their_marks(demo: Demonstration) -> None:
    assert demo.get("/try/tools/").fields["X-Duration"].endswith(" ms")
    assert demo.get("/try/tools/minerals").fields["X-Duration"].endswith(" us")
    points = demo.get("/try/hooks/lost").fields["X-Points"]
    assert points.endswith("before_handler > before_error_response > after_error_response")


def test_the_log_of_requests(demo: Demonstration) -> None:
    demo.get("/try/parameters/?name=logged")
    assert '"GET /try/parameters/?name=logged HTTP/1.1" 200' in demo.get("/try/logs/read").text


def test_a_stream_is_sent_as_it_is_made(demo: Demonstration) -> None:
    connection = demo.connect()
    try:
        connection.request("GET", "/try/streaming/countdown")
        response = connection.getresponse()
        assert response.headers["Content-Length"] is None
        assert response.readline() == b"5 ...\n"
        assert not response.isclosed()  # there is more to come
        assert response.read().endswith(b"Lift-off!\n")
    finally:
        connection.close()


def browse(url: str, profile: Path, *options: str) -> str:
    """Let Chromium show a page; return what it prints."""
    program = services.find_program("chromium")
    assert program is not None, "the test command installs it"
    command = [
        str(program),
        "--headless",
        "--no-sandbox",  # tests may run as root
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        f"--user-data-dir={profile}",
        *options,
        url,
    ]
    run = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=True)  # noqa: S603
    return run.stdout


def test_a_browser_shows_it(demo: Demonstration, tmp_path: Path) -> None:
    picture = tmp_path / "page.png"
    browse(f"{demo.base}/forms", tmp_path / "one", f"--screenshot={picture}")
    assert picture.read_bytes().startswith(b"\x89PNG\r\n")
    page = browse(f"{demo.base}/try/errors/plain/buy?fruit=kiwis", tmp_path / "two", "--dump-dom")
    assert "<h1>404 Not Found</h1>" in page


def test_documents_of_json(demo: Demonstration) -> None:
    fields = {"Content-Type": "application/json", "Accept": "application/json"}

    def ask(path: str, content: bytes) -> tuple[int, dict[str, object]]:
        answer = demo.ask("POST", f"/try/json-documents/{path}", content, fields)
        return answer.status, json.loads(answer.text)

    status, document = ask("order", b'{"fruit": "fig", "count": 3, "wanted": "2026-05-04"}')
    assert (status, document["total"]) == (200, "2.40")
    status, problem = ask("order", b'{"fruit": "fig", "count": "three"}')
    assert status == 422
    assert problem["detail"] == "Invalid value at $.count: expected an integer, got text."
    assert ask("echo", b'{"a": 1, "a": NaN}')[0] == 400
    assert ask("echo", b"[null]") == (200, {"received": [None]})


def test_a_script_sends_a_document(demo: Demonstration, tmp_path: Path) -> None:
    url = f"{demo.base}/try/json-documents/page"
    # the clock of the browser only goes on while no answer is awaited
    page = browse(url, tmp_path / "three", "--dump-dom", "--virtual-time-budget=5000")
    assert 'POST order {"fruit":"fig","count":3}' in page
    assert '"total": "2.40"' in page


def test_interrupting_it_ends_it() -> None:
    """Ctrl-C: the exit code is 0, and nothing is said beyond the one line."""
    with started("--port", "0") as process:
        address_of(process)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=TIMEOUT)
        assert (process.returncode, output, errors) == (0, "", "")


def test_a_port_in_use_is_told_in_one_line(demo: Demonstration) -> None:
    port = str(urlsplit(demo.base).port)
    with started("--port", port) as process:
        output, errors = process.communicate(timeout=TIMEOUT)
        assert output == ""
        (line,) = errors.splitlines()
        assert f"Port {port} on 127.0.0.1 is in use" in line
        assert process.returncode > 0
