"""The way from HTTP to WSGI: the environ and the rules of start_response (PEP 3333)."""

import json
import sys
from typing import Any
from wsgiref.validate import validator

import pytest
from live_server import Environ, Serve, StartResponse, WSGIApplication, hello, status_of


def show(environ: Environ, start_response: StartResponse) -> list[bytes]:
    """Answer with the environ."""
    text = json.dumps({name: value for name, value in environ.items() if isinstance(value, str)})
    start_response("200 OK", [("Content-Type", "application/json")])
    return [text.encode()]


def environ_of(answer: bytes) -> dict[str, str]:
    """Read what ``show`` has answered."""
    environ: dict[str, str] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return environ


def test_environ(serve: Serve) -> None:
    site = serve(show)
    environ = environ_of(
        site.get(
            "/a%20b?c=%20d",
            "Content-Type: text/plain",
            "X-Some: one",
            "x-some: two",
            "Cookie: a=1",
            "Cookie: b=2",
            "X_Some: no",
            "Latin: \xe9",
        )
    )
    host, port = site.server.bound_addr
    remote_port = environ.pop("REMOTE_PORT")
    assert int(remote_port) > 0
    assert environ == {
        "ACTUAL_SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "text/plain",
        "HTTP_CONNECTION": "close",
        "HTTP_COOKIE": "a=1; b=2",
        "HTTP_HOST": "x",
        "HTTP_LATIN": "\xe9",
        "HTTP_X_SOME": "one, two",  # without X_Some, which a proxy may not have looked at
        "PATH_INFO": "/a b",
        "QUERY_STRING": "c=%20d",
        "REMOTE_ADDR": "127.0.0.1",
        "REQUEST_METHOD": "GET",
        "REQUEST_URI": "/a%20b?c=%20d",
        "SCRIPT_NAME": "",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": site.httpserver.software,
        "wsgi.url_scheme": "http",
    }
    assert site.httpserver.software.startswith("CherryPy/")


@pytest.mark.parametrize(
    ("target", "path_info"),
    [
        ("/", "/"),
        ("/a%2Fb%2fc", "/a%2Fb%2Fc"),  # an encoded slash splits no segment
        ("/%c3%a9", "/\xc3\xa9"),  # octets as latin-1
        ("/%00", "/\x00"),
        ("/%zz%", "/%zz%"),
        ("//a//b", "/a//b"),
        ("/a;b=1", "/a;b=1"),
        ("http://other/a", "/a"),
    ],
)
def test_path_info(serve: Serve, target: str, path_info: str) -> None:
    environ = environ_of(serve(show).get(target))
    assert (environ["PATH_INFO"], environ["REQUEST_URI"]) == (path_info, target)


def test_the_application_gets_what_pep_3333_asks_for(serve: Serve) -> None:
    """As the validator of the standard library sees it."""

    @validator
    def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
        assert environ["wsgi.version"] == (1, 0)
        assert environ["wsgi.input_terminated"] is environ["wsgi.multithread"] is True
        environ["wsgi.input"].read(1)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"valid"]

    site = serve(application)
    assert b"\r\nvalid\r\n" in site.get()
    assert site.errors == []


def test_length_of_a_whole_body(serve: Serve) -> None:
    """PEP 3333, "Handling the Content-Length Header"."""

    def application(_environ: Environ, start_response: StartResponse) -> tuple[bytes]:
        start_response("200 OK", [])
        return (b"whole",)

    assert b"\r\nContent-Length: 5\r\n" in serve(application).get()


def test_write(serve: Serve) -> None:
    """PEP 3333, "The write() Callable"."""

    def application(_environ: Environ, start_response: StartResponse) -> list[bytes]:
        write = start_response("200 OK", [("Content-Length", "5")])
        write(b"ab")
        write(b"c")
        return [b"de"]

    assert serve(application).get().endswith(b"\r\n\r\nabcde")


def test_an_error_replaces_a_response_that_has_not_been_sent(serve: Serve) -> None:
    """PEP 3333, "The start_response() Callable"."""

    def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
        write = start_response("200 OK", [("Content-Length", "1")])
        if environ["PATH_INFO"] == "/sent":
            write(b"a")
        try:
            environ["missing"]
        except KeyError:
            start_response("503 Busy", [("Content-Length", "4")], sys.exc_info())
        return [b"busy"]

    site = serve(application)
    answer = site.get()
    assert status_of(answer) == 503
    assert answer.endswith(b"\r\n\r\nbusy")
    assert site.get("/sent").endswith(b"\r\n\r\na")
    assert "KeyError" in site.errors[0]


def responding(
    *arguments: object, body: list[Any] | None = None, times: int = 1
) -> WSGIApplication:
    """Make an application that calls start_response in this way."""

    def application(_environ: Environ, start_response: StartResponse) -> list[Any]:
        for _ in range(times):
            start_response(*arguments)
        return [b"abc"] if body is None else body

    return application


@pytest.mark.parametrize(
    ("application", "reason"),
    [
        (responding("200 OK", [], times=0), "start_response"),
        (responding("200 OK", [], times=0, body=[]), "start_response"),
        (responding("200 OK", [], times=2), "second time"),
        (responding("OK", []), "three digits"),
        (responding("200\r\nX: y", []), "three digits"),
        (responding("200 \xe9\n", []), "three digits"),
        (responding("200 O\x00K", []), "CR, LF or NUL"),
        (responding("200 OK", [("X", "a\r\nY: b")]), "CR, LF or NUL"),
        (responding("200 OK", [("X", "a\nY: b")]), "CR, LF or NUL"),
        (responding("200 OK", [("X", "a\rb")]), "CR, LF or NUL"),
        (responding("200 OK", [("X\r\nY", "a")]), "CR, LF or NUL"),
        (responding("200 OK", [("X", "a\0b")]), "CR, LF or NUL"),
        (responding("200 OK", [("X", "\u20ac")]), "latin-1"),
        (responding("200 OK", [("Content-Length", "x")]), "invalid literal"),
        (responding("200 OK", [], body=["text"]), "bytes"),
    ],
)
def test_faults_of_an_application(serve: Serve, application: WSGIApplication, reason: str) -> None:
    """Nothing of the response reaches the wire but 500."""
    site = serve(application)
    answer = site.get()
    assert status_of(answer) == 500
    assert answer.count(b"HTTP/1.1") == 1
    assert len(site.errors) == 1
    assert reason in site.errors[0]


@pytest.mark.parametrize(
    ("body", "sent"), [([b"abcdef"], b"abcde"), ([b"abc", b"def"], b"abcde"), ([b"ab"], b"ab")]
)
def test_content_of_another_length_than_declared(
    serve: Serve, body: list[bytes], sent: bytes
) -> None:
    """RFC 9112 section 6.3: never more than declared; with less, the connection ends."""
    site = serve(responding("200 OK", [("Content-Length", "5")], body=body))
    with site.connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        octets = b""
        while piece := client.recv(1000):
            octets += piece
    assert octets.endswith(b"\r\n\r\n" + sent)
    assert "Content-Length" in site.errors[0]


def test_headers_that_belong_to_the_server(serve: Serve) -> None:
    """A transfer coding of the application is dropped, its Connection: close is obeyed."""
    fields = [("Transfer-Encoding", "chunked"), ("Connection", "close"), ("Date", "never")]
    with serve(responding("200 OK", fields)).connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        octets = b""
        while piece := client.recv(1000):
            octets += piece
    head = octets.partition(b"\r\n\r\n")[0]
    assert b"Transfer-Encoding" not in head
    assert head.count(b"Connection") == head.count(b"Date") == 1
    assert octets.endswith(b"\r\n\r\nabc")


class Closable:
    """A body that counts how often it is closed."""

    def __init__(self, chunks: list[Any]) -> None:
        self.chunks = iter(chunks)
        self.closed = 0

    def __iter__(self) -> "Closable":
        """Iterate over the chunks."""
        return self

    def __next__(self) -> bytes:
        """Give the next chunk; raise those that are exceptions."""
        chunk: bytes | Exception = next(self.chunks)
        if isinstance(chunk, Exception):
            raise chunk
        return chunk

    def close(self) -> None:
        """Count."""
        self.closed += 1


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
@pytest.mark.parametrize("start", [True, False])
@pytest.mark.parametrize("chunks", [[], [b"", b"a", b"b"], [ValueError()], [b"a", ValueError()]])
def test_the_body_is_closed_once(
    serve: Serve, method: bytes, chunks: list[Any], *, start: bool
) -> None:
    body = Closable(chunks)

    def application(_environ: Environ, start_response: StartResponse) -> Any:
        if start:
            start_response("200 OK", [])
        return body

    serve(application).ask(method + b" / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert body.closed == 1


def test_other_gateways_work_with_our_requests(serve: Serve) -> None:
    """Such as cheroot's own, and what others derive from it."""
    from cheroot.wsgi import Gateway_10

    site = serve(hello)
    site.httpserver.gateway = Gateway_10
    for request in (
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab",
    ):
        answer = site.ask(request)
        assert status_of(answer) == 200
        assert answer.endswith(b"\r\n\r\nhello")


def test_fields_with_an_underscore_are_passed_on_if_they_are_wanted(serve: Serve) -> None:
    site = serve(show, keep_underscores=True)
    lines = ("X_Own: 1", "X_Real_Ip: 2", "X-Real-IP: 3", "content_length: 4")
    environ = environ_of(site.get("/", *lines, "TRANSFER_ENCODING: chunked"))
    assert (environ["HTTP_X_OWN"], environ["HTTP_X_REAL_IP"]) == ("1", "3")
    assert not {"CONTENT_LENGTH", "HTTP_CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING"} & {*environ}
