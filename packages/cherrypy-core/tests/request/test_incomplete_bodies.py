"""Content that breaks off is an error for every reader, under any server (RFC 9112 section 8)."""

import io
import logging
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cherrypy
from cherrypy._http.errors import ContentError
from cherrypy._request.whole_input import WholeInput, guard_input

Environ = dict[str, Any]
Read = Callable[[Any], bytes]


def ways_of_reading() -> st.SearchStrategy[Read]:
    """Draw a way to read a file to its end."""
    sizes = st.integers(1, 9)
    whole: list[Read] = [
        lambda file: file.read(),
        lambda file: file.read(1000),
        b"".join,
        lambda file: b"".join(file.readlines()),
        lambda file: b"".join(iter(file.readline, b"")),
    ]
    return st.one_of(
        st.sampled_from(whole),
        sizes.map(lambda size: lambda file: b"".join(iter(lambda: file.read(size), b""))),
        sizes.map(lambda size: lambda file: b"".join(iter(lambda: file.readline(size), b""))),
    )


class ShortReads(io.BytesIO):
    """An input that gives less than it is asked for, as that of some servers."""

    def read(self, size: int | None = -1) -> bytes:
        """Read at most two bytes."""
        return super().read(2 if size is None or size < 0 else min(size, 2))


class Failing(io.BytesIO):
    """An input whose transfer coding breaks off, in the way of another server."""

    def read(self, size: int | None = -1) -> bytes:
        """Fail."""
        raise OSError("chunk is missing its terminator")

    readline = read


@given(
    text=st.text("ab\n", min_size=1, max_size=20).map(str.encode),
    cut=st.integers(0, 20),
    read_all=ways_of_reading(),
    kind=st.sampled_from([io.BytesIO, ShortReads]),
)
def test_input_that_is_cut_anywhere(
    text: bytes, cut: int, read_all: Read, kind: type[io.BytesIO]
) -> None:
    file = WholeInput(kind(text[:cut]), len(text))
    if cut >= len(text):
        assert read_all(file) == text
        assert file.read(1) == b""
    else:
        for _ in range(2):
            with pytest.raises(ContentError):
                read_all(file)


def test_nothing_is_read_beyond_the_length() -> None:
    """Some servers hand over the connection itself, with the next request on it."""
    connection = io.BytesIO(b"a\nb" + b"GET / HTTP/1.1\r\n")
    assert list(WholeInput(connection, 3)) == [b"a\n", b"b"]
    assert connection.read(3) == b"GET"


@pytest.mark.parametrize("announced", ["", "x", "-3", "1" * 19])
def test_input_without_a_length_stays(announced: str) -> None:
    source = io.BytesIO(b"abc")
    environ: Environ = {"wsgi.input": source, "CONTENT_LENGTH": announced}
    guard_input(environ)
    assert environ["wsgi.input"] is source


class Root:
    @cherrypy.expose
    @cherrypy.config(**{"request.process_request_body": False})
    def raw(self, way: str) -> bytes:
        return WAYS[way](cherrypy.request)

    @cherrypy.expose
    def processed(self, way: str) -> bytes:
        return WAYS[way](cherrypy.request)

    @cherrypy.expose
    @cherrypy.config(**{"request.process_request_body": False, "response.stream": True})
    def streamed(self, way: str) -> Iterable[bytes]:
        yield WAYS[way](cherrypy.request)

    @cherrypy.expose
    @cherrypy.config(**{"request.process_request_body": False})
    def swallowed(self, way: str) -> bytes:
        try:
            return WAYS[way](cherrypy.request)
        except OSError:
            return b"gone"


WAYS: dict[str, Callable[[Any], bytes]] = {
    "rfile": lambda request: request.rfile.read(),
    "environ": lambda request: request.wsgi_environ["wsgi.input"].read(),
    "fp": lambda request: request.body.fp.read(),
    "body": lambda request: request.body.read(),
    "sized": lambda request: request.body.read(100),
    "line": lambda request: b"".join(iter(request.body.readline, b"")),
    "lines": lambda request: b"".join(request.body.readlines()),
    "iteration": lambda request: b"".join(request.body),
    "file": lambda request: request.body.read_into_file(io.BytesIO()).getvalue(),
}


def ask(path: str, source: io.BytesIO, *, length: int | None, kind: str = "text/x-log") -> str:
    """Send a POST through the tree as a WSGI server would; return the status."""
    environ: Environ = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": path.partition("?")[0],
        "QUERY_STRING": path.partition("?")[2],
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "x",
        "SERVER_PORT": "80",
        "HTTP_HOST": "x",
        "CONTENT_TYPE": kind,
        "wsgi.input": source,
        "wsgi.url_scheme": "http",
    }
    if length is None:
        environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    else:
        environ["CONTENT_LENGTH"] = str(length)
    told: list[str] = []
    tree = cherrypy._cptree.Tree()
    tree.mount(Root())
    tree.graft(grafted, "/grafted")
    body = tree(environ, lambda status, *_: told.append(status))
    b"".join(body)
    getattr(body, "close", lambda: None)()
    return told[-1][:3]


def grafted(environ: Environ, start_response: Callable[..., object]) -> list[bytes]:
    content = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(content)))])
    return [content]


@pytest.mark.parametrize(
    ("handler", "way"),
    [
        *(("raw", way) for way in WAYS),
        *(("streamed", way) for way in WAYS),
        *(("processed", way) for way in WAYS if way not in {"rfile", "environ"}),
    ],
)
def test_handlers(handler: str, way: str, caplog: pytest.LogCaptureFixture) -> None:
    path = f"/{handler}?way={way}"
    with caplog.at_level(logging.DEBUG):
        assert ask(path, io.BytesIO(b"a\nb"), length=3) == "200"
        assert ask(path, io.BytesIO(b"a\nb"), length=4) == "400"
        assert ask(path, io.BytesIO(), length=4) == "400"
        assert ask(path, Failing(), length=None) == "400"
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("way", WAYS)
def test_handlers_see_an_error_of_the_system(way: str) -> None:
    assert ask(f"/swallowed?way={way}", io.BytesIO(b"abc"), length=9) == "200"


def test_applications_that_are_grafted() -> None:
    assert ask("/grafted", io.BytesIO(b"abc"), length=3) == "200"
    assert ask("/grafted", io.BytesIO(b"abc"), length=4) == "400"
    assert ask("/grafted", Failing(), length=None) == "400"


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("application/x-www-form-urlencoded", b"a=1&b=2"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n',
        ),
    ],
)
def test_forms_that_are_cut_anywhere(kind: str, content: bytes) -> None:
    for cut in range(len(content)):
        source = io.BytesIO(content[:cut])
        assert ask("/processed?way=body", source, length=len(content), kind=kind) == "400"
