"""Files as the body of a response: in chunks, or handed to a server that can send them itself."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

import cherrypy
from cherrypy._runtime.iterators import CHUNK_SIZE, FileContent
from cherrypy.testing import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIZE = 3 * CHUNK_SIZE + 5


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"x" * SIZE)
    return path


class Wrapper:
    """``wsgi.file_wrapper`` of a server, which notes what it is given."""

    given: list[Any]
    sends_parts = False

    def __init__(self) -> None:
        self.given = []

    def __call__(self, file: Any, _size: int) -> Iterator[bytes]:
        self.given.append(file)
        return iter([b"sent by the server"])


class Site:
    def __init__(self, path: Path, **options: bool) -> None:
        self.path = path
        self.options = options

    @cherrypy.expose
    def index(self) -> FileContent:
        cherrypy.response.headers["Content-Type"] = "application/octet-stream"
        cherrypy.response.headers["Content-Length"] = str(SIZE)
        return FileContent(self.path.open("rb", buffering=0), SIZE, **self.options)


def test_chunks_and_the_end_of_the_file() -> None:
    file = io.BytesIO(b"x" * SIZE)
    chunks = list(FileContent(file, SIZE - 1))
    assert [len(chunk) for chunk in chunks] == [CHUNK_SIZE] * 3 + [4]
    assert file.closed


def test_a_file_that_is_shorter_than_it_should_be() -> None:
    file = io.BytesIO(b"x" * 10)
    content = FileContent(file, 20)
    assert list(content) == [b"x" * 10]
    assert list(content) == []
    content.close()


def test_a_file_without_close() -> None:
    class Reader:
        def read(self, size: int = -1, /) -> bytes:
            return b"x" * size

    assert list(FileContent(Reader(), 3)) == [b"xxx"]


@pytest.mark.parametrize(
    ("options", "sends_parts", "is_handed_over"),
    [
        ({"is_raw": True, "is_whole": True}, False, True),
        ({"is_raw": True, "is_whole": True}, True, True),
        ({"is_raw": True}, True, True),
        ({"is_raw": True}, False, False),  # some servers would send it from its beginning
        ({"is_whole": True}, True, False),  # the position of the descriptor is not known
    ],
)
def test_what_a_server_gets(
    path: Path, options: dict[str, bool], *, sends_parts: bool, is_handed_over: bool
) -> None:
    wrapper = Wrapper()
    wrapper.sends_parts = sends_parts
    client = Client(cherrypy.Application(Site(path, **options)))
    answer = client.get(environ={"wsgi.file_wrapper": wrapper})
    assert answer.content == (b"sent by the server" if is_handed_over else b"x" * SIZE)
    for file in wrapper.given:
        file.close()


def test_a_request_with_an_end_keeps_its_file(path: Path) -> None:
    ended = []
    app = cherrypy.Application(
        Site(path, is_raw=True, is_whole=True),
        "",
        {"/": {"hooks.on_end_request": lambda: ended.append(True)}},
    )
    wrapper = Wrapper()
    assert Client(app).get(environ={"wsgi.file_wrapper": wrapper}).content == b"x" * SIZE
    assert (wrapper.given, ended) == ([], [True])


def test_without_a_wrapper_it_is_closed_at_the_end(path: Path) -> None:
    with Client(cherrypy.Application(Site(path, is_raw=True))).get(stream=True) as answer:
        assert next(iter(answer)) == b"x" * CHUNK_SIZE


def test_text_is_labelled_and_not_read(path: Path) -> None:
    class Text(Site):
        @cherrypy.expose
        def index(self) -> FileContent:
            content = super().index()
            cherrypy.response.headers["Content-Type"] = "text/plain"
            return content

    wrapper = Wrapper()
    client = Client(cherrypy.Application(Text(path, is_raw=True, is_whole=True)))
    answer = client.get(environ={"wsgi.file_wrapper": wrapper})
    assert answer.headers["Content-Type"] == "text/plain;charset=utf-8"
    assert len(wrapper.given) == 1
    wrapper.given[0].close()


def test_an_object_tells_the_static_tool_its_path() -> None:
    class Node:
        _cp_config: ClassVar[dict[str, Any]] = {"tools.staticdir.dir": "/somewhere"}

        @cherrypy.expose
        def index(self) -> str:
            return str(cherrypy.request.config["tools.staticdir.section"])

    class Root:
        a: Any = type("A", (), {})()

    Root.a.b = Node()
    client = Client(cherrypy.Application(Root()))
    assert [client.get("/a/b/").text for _ in range(2)] == ["/a/b", "/a/b"]
    assert Client(cherrypy.Application(Node())).get("/").text == "/"
