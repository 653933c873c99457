"""The content of requests, as the client makes it and an application gets it."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cherrypy
from cherrypy._testing.contents import make_content
from cherrypy.testing import Client

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


class Echo:
    """Answers with what it has got."""

    @cherrypy.expose
    def form(self, **fields: Any) -> str:
        """Answer with the parameters."""
        return repr({name: _shown(value) for name, value in sorted(fields.items())})

    @cherrypy.expose
    @cherrypy.config(**{"request.process_request_body": False})
    def raw(self) -> bytes:
        """Answer with the header fields that tell of content, and the content."""
        names = ("Content-Type", "Content-Length", "Transfer-Encoding")
        told = [cherrypy.request.headers.get(name) for name in names]
        content: bytes = cherrypy.request.body.fp.read()
        return f"{told} ".encode() + content


def _shown(value: Any) -> object:
    if isinstance(value, list):
        return [_shown(each) for each in value]
    if isinstance(value, str):
        return value
    return (value.filename, value.content_type.value, value.fullvalue())


@pytest.fixture(scope="module")
def client() -> Client:
    return Client(cherrypy.Application(Echo()), raise_errors=True)


def test_a_form(client: Client) -> None:
    answer = client.post("/form", data={"a": ["1", "é&="], "n": 5, "t": (True, b"x")})
    assert answer.text == repr({"a": ["1", "é&="], "n": "5", "t": ["True", "x"]})


def test_a_form_of_pairs(client: Client) -> None:
    assert client.put("/form", data=[("a", "1"), ("a", "2")]).text == repr({"a": ["1", "2"]})


def test_an_empty_form(client: Client) -> None:
    assert client.post("/raw", data={}).text == (
        "['application/x-www-form-urlencoded', '0', None] "
    )


@pytest.mark.parametrize(
    ("file", "received"),
    [
        (b"bytes", ("file", "application/octet-stream", "bytes")),
        ("text é", ("file", "application/octet-stream", "text é")),
        (("a.txt", b"x"), ("a.txt", "text/plain", "x")),
        (("a.bin", "x", "image/x-thing"), ("a.bin", "image/x-thing", "x")),
        (("a.txt", io.BytesIO(b"read")), ("a.txt", "text/plain", "read")),
        (('q"uote\r\n.txt', b"x"), ("q%22uote%0D%0A.txt", "text/plain", "x")),  # as browsers do
        (("é.txt", b"\r\n--x--\r\n"), ("é.txt", "text/plain", "\r\n--x--\r\n")),
        (("empty", b""), ("empty", "application/octet-stream", "")),
    ],
)
def test_a_file(client: Client, file: Any, received: tuple[str, str, str]) -> None:
    """RFC 7578."""
    assert client.post("/form", files={"f": file}).text == repr({"f": received})


def test_an_open_file(client: Client, tmp_path: Any) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"noted")
    with path.open("rb") as file:
        answer = client.post("/form", files={"f": file})
    assert answer.text == repr({"f": ("notes.txt", "text/plain", "noted")})


def test_files_beside_a_form(client: Client) -> None:
    files = {"f": [("1.txt", b"1"), ("2.txt", b"2")]}
    answer = client.post("/form", data={"a": "b", "c": ["d", "e"]}, files=files)
    assert answer.text == repr(
        {
            "a": "b",
            "c": ["d", "e"],
            "f": [("1.txt", "text/plain", "1"), ("2.txt", "text/plain", "2")],
        }
    )


@pytest.mark.parametrize(
    ("options", "received"),
    [
        ({"json": {"a": [1, None]}}, "['application/json', '16', None] {\"a\": [1, null]}"),
        ({"json": None}, "['application/json', '4', None] null"),
        ({"content": b"abc"}, "[None, '3', None] abc"),
        ({"content": bytearray(b"abc")}, "[None, '3', None] abc"),
        ({"content": "é"}, "[None, '2', None] é"),
        ({"content": iter([b"a", b"", b"bc"])}, "[None, None, 'chunked'] abc"),
        ({"content": [b"a", b"bc"]}, "[None, None, 'chunked'] abc"),
        ({"content": io.BytesIO(b"abc")}, "[None, None, 'chunked'] abc"),
        ({"content": b"x", "headers": {"content-type": "text/x"}}, "['text/x', '1', None] x"),
        ({"json": 1, "headers": {"Content-Type": "a/b"}}, "['a/b', '1', None] 1"),
        ({"content": b"x", "headers": {"Content-Length": None}}, "[None, None, None] x"),
        ({}, "[None, '0', None] "),  # RFC 9110 section 8.6
        ({"content": None, "data": None, "files": None}, "[None, '0', None] "),
    ],
)
def test_any_content(client: Client, options: Any, received: str) -> None:
    assert client.post("/raw", **options).text == received


def test_a_get_has_no_content(client: Client) -> None:
    assert client.get("/raw").text == "[None, None, None] "


def test_pieces_are_taken_as_they_are_read() -> None:
    """So that a test can see that an application refuses before it has read everything."""
    taken = []

    def pieces() -> Any:
        for number in range(1000):
            taken.append(number)
            yield b"x" * 65536

    class Refusing:
        @cherrypy.expose
        @cherrypy.config(**{"request.process_request_body": False})
        def index(self) -> str:
            return str(len(cherrypy.request.body.fp.read(10)))

    assert Client(cherrypy.Application(Refusing())).put("/", content=pieces()).text == "10"
    assert len(taken) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"data": {"a": "1"}, "json": 1},
        {"content": b"", "data": {}},
        {"content": b"", "files": {}},
        {"json": None, "files": {}},
        {"data": "a=1"},  # content=
        {"data": b"a=1"},
        {"params": "a=1"},  # they belong to the URL
        {"content": 5},
        {"content": {"a": "1"}},  # data=
    ],
)
def test_what_makes_no_content(client: Client, options: Any) -> None:
    with pytest.raises(TypeError):
        client.post("/form", **options)


@given(st.lists(st.tuples(TEXT, TEXT)))
def test_a_form_can_be_read_again(pairs: list[tuple[str, str]]) -> None:
    content = make_content({"data": pairs})
    assert parse_qsl((content.whole or b"").decode(), keep_blank_values=True) == pairs


@given(st.lists(st.binary()), st.data())
def test_pieces_are_read_as_a_file(pieces: list[bytes], data: st.DataObject) -> None:
    file = make_content({"content": iter(pieces)}).open()
    read = b""
    for size in data.draw(st.lists(st.integers(1, 10))):
        read += file.read(size)
    assert read + file.read() == b"".join(pieces)
    assert file.read() == b""
