"""The content of a request as ``wsgi.input``: lengths, chunks, lines (PEP 3333, RFC 9112)."""

import io
from collections.abc import Callable

import pytest
from cheroot.errors import MaxSizeExceeded
from hypothesis import given
from hypothesis import strategies as st

from cherrypy._server.content import (
    ChunkedContent,
    ClientGoneError,
    ClientTimeoutError,
    Content,
    ContentTooLargeError,
    IncompleteContentError,
    SizedContent,
)
from cherrypy._server.request_head import RequestRefusedError

NEXT = b"GET / HTTP/1.1\r\n"  # the next request on the connection: never to be touched


def sized(content: bytes) -> Content:
    return SizedContent(io.BytesIO(content + NEXT), len(content))


def chunked(content: bytes, size: int = 3) -> Content:
    pieces = [content[start : start + size] for start in range(0, len(content), size)]
    coded = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return ChunkedContent(io.BytesIO(coded + b"0\r\n\r\n" + NEXT), 0)


KINDS = pytest.mark.parametrize("kind", [sized, chunked])
Kind = Callable[[bytes], Content]
TEXT = b"one\ntwo\n\nthree"


@KINDS
def test_reading_all(kind: Kind) -> None:
    content = kind(TEXT)
    assert (content.read(), content.read(), content.is_complete) == (TEXT, b"", True)


@KINDS
def test_reading_in_parts(kind: Kind) -> None:
    content = kind(TEXT)
    assert [content.read(0), content.read(5), content.read(5), content.read(50)] == [
        b"",
        TEXT[:5],
        TEXT[5:10],
        TEXT[10:],
    ]
    assert content.read(1) == b""


@KINDS
def test_lines(kind: Kind) -> None:
    lines = [b"one\n", b"two\n", b"\n", b"three"]
    content = kind(TEXT)
    assert [content.readline() for _ in range(5)] == [*lines, b""]
    assert list(kind(TEXT)) == lines
    assert kind(TEXT).readlines() == lines
    assert kind(TEXT).readlines(5) == lines[:2]
    content = kind(TEXT)
    assert [content.readline(2), content.readline(-1), content.readline(0)] == [b"on", b"e\n", b""]


@KINDS
def test_empty_content(kind: Kind) -> None:
    content = kind(b"")
    assert (content.read(), content.readline(), content.is_complete) == (b"", b"", True)


@KINDS
@given(content=st.binary(max_size=40), sizes=st.lists(st.integers(0, 9), max_size=30))
def test_any_cut_gives_the_same_octets(kind: Kind, content: bytes, sizes: list[int]) -> None:
    whole = kind(content)
    read = [whole.readline(size) if size % 2 else whole.read(size) for size in sizes]
    assert b"".join([*read, whole.read()]) == content
    assert whole.is_complete


@KINDS
def test_discarding(kind: Kind) -> None:
    content = kind(TEXT)
    content.read(2)
    assert content.discard(50)
    assert content.read() == b""
    assert not kind(b"x" * 100).discard(50)


def test_content_that_ends_early() -> None:
    """RFC 9112 section 8: what has come is not the whole, and an early end would hide that."""
    content = SizedContent(io.BytesIO(b"abc"), 5)
    for _ in range(2):
        with pytest.raises(IncompleteContentError) as caught:
            content.read()
        assert isinstance(caught.value, OSError)
        assert (caught.value.status, content.is_complete, content.is_short(100)) == (
            400,
            False,
            False,
        )
    assert not content.discard(10)


def ways_of_reading() -> st.SearchStrategy[Callable[[Content], bytes]]:
    """Draw a way to read content to its end."""
    sizes = st.integers(1, 9)
    return st.one_of(
        st.sampled_from(
            [
                lambda content: content.read(),
                lambda content: content.read(-1),
                lambda content: content.read(None),
                lambda content: content.read(1000),
                b"".join,
                lambda content: b"".join(content.readlines()),
                lambda content: b"".join(iter(content.readline, b"")),
            ]
        ),
        sizes.map(lambda size: lambda content: b"".join(iter(lambda: content.read(size), b""))),
        sizes.map(lambda size: lambda content: b"".join(iter(lambda: content.readline(size), b""))),
        sizes.map(
            lambda size: (
                lambda content: b"".join(
                    line for lines in iter(lambda: content.readlines(size), []) for line in lines
                )
            )
        ),
    )


@given(
    text=st.text("ab\n", min_size=1, max_size=20).map(str.encode),
    sizes=st.lists(st.integers(1, 5), min_size=20, max_size=20),
    is_sized=st.booleans(),
    read_all=ways_of_reading(),
    data=st.data(),
)
def test_content_that_is_cut_anywhere(
    text: bytes,
    sizes: list[int],
    is_sized: bool,
    read_all: Callable[[Content], bytes],
    data: st.DataObject,
) -> None:
    """However it is framed and read: a part is an error, and the whole is the whole."""
    sent = text
    if not is_sized:
        sent, start = b"", 0
        for size in sizes:
            if piece := text[start : start + size]:
                sent += b"%x\r\n%b\r\n" % (len(piece), piece)
            start += size
        sent += b"0\r\n\r\n"
    cut = data.draw(st.integers(0, len(sent)), "cut")
    connection = io.BytesIO(sent[:cut])
    content: Content = (
        SizedContent(connection, len(text)) if is_sized else ChunkedContent(connection, 0)
    )
    if cut == len(sent):
        assert (read_all(content), content.is_complete) == (text, True)
        return
    for _ in range(2):  # and it stays one
        with pytest.raises(ConnectionError) as caught:
            read_all(content)
        assert getattr(caught.value, "status", None) == 400
    assert not content.is_complete
    assert not content.discard(100)


@pytest.mark.parametrize(
    "coded",
    [
        b"3\r\nabc\r\n0\r\n\r\n",
        b"3;name=value\r\nabc\r\n0\r\n\r\n",
        b'3 ;a="b;c"\r\nabc\r\n0;last\r\n\r\n',
        b"0003\r\nabc\r\n000\r\n\r\n",
        b"2\r\nab\r\n1\r\nc\r\n0\r\nX-Trailer: 1\r\nY: 2\r\n\r\n",
    ],
)
def test_chunked_coding(coded: bytes) -> None:
    """RFC 9112 section 7.1."""
    connection = io.BytesIO(coded + NEXT)
    content = ChunkedContent(connection, 0)
    assert (content.read(), content.is_complete) == (b"abc", True)
    assert connection.read() == NEXT


@pytest.mark.parametrize(
    "coded",
    [
        b"",
        b"\r\n",
        b"x\r\n",
        b"0x3\r\nabc\r\n0\r\n\r\n",
        b"0_3\r\nabc\r\n0\r\n\r\n",
        b"+3\r\nabc\r\n0\r\n\r\n",
        b"-1\r\nabc\r\n0\r\n\r\n",
        b" 3\r\nabc\r\n0\r\n\r\n",
        b"3\nabc\r\n0\r\n\r\n",  # LF alone
        b"3\r\nabc\n0\r\n\r\n",
        b"3\r\nabcd\r\n0\r\n\r\n",  # longer than it says
        b"3;a\x00\r\nabc\r\n0\r\n\r\n",
        b"3;a\rb\r\nabc\r\n0\r\n\r\n",
        b"ffffffffffffffff\r\nabc",
        b"3;" + b"x" * 5000 + b"\r\nabc\r\n0\r\n\r\n",
        b"3\r\nab",  # the client has gone
        b"3\r\nabc\r\n",
        b"3\r\nabc\r\n0\r\n",
        b"0\r\nno field\r\n\r\n",
        b"0\r\n" + b"A: b\r\n" * 20000 + b"\r\n",
    ],
)
def test_malformed_chunked_coding(coded: bytes) -> None:
    """RFC 9112 section 7.1; once it is refused, nothing more is read."""
    content = ChunkedContent(io.BytesIO(coded), 0)
    for _ in range(2):
        with pytest.raises(RequestRefusedError) as caught:
            content.read()
        assert caught.value.status == 400
    assert not content.is_complete
    assert not content.discard(10)


def test_limit_of_chunked_content() -> None:
    """RFC 9110 section 15.5.14; told before the chunk that is too much is read."""
    coded = b"3\r\nabc\r\n8\r\n"
    content = ChunkedContent(io.BytesIO(coded), 10)
    assert content.read(3) == b"abc"
    with pytest.raises(ContentTooLargeError) as caught:
        content.read()
    assert caught.value.status == 413
    assert isinstance(caught.value, MaxSizeExceeded)


@pytest.mark.parametrize("length", [None, 3])
def test_the_client_is_told_to_continue_once(length: int | None) -> None:
    """RFC 9110 section 10.1.1."""
    told: list[bool] = []

    def tell() -> None:
        told.append(True)

    connection = io.BytesIO(b"abc" if length else b"3\r\nabc\r\n0\r\n\r\n")
    content: Content = (
        SizedContent(connection, length, tell) if length else ChunkedContent(connection, 0, tell)
    )
    content.read(0)
    assert told == []
    content.read(1)
    content.read()
    assert told == [True]


def test_nobody_waits_for_the_server_to_ask_for_nothing() -> None:
    told: list[bool] = []
    SizedContent(io.BytesIO(), 0, lambda: told.append(True)).read()
    assert told == []


class Broken:
    """A connection that fails."""

    def __init__(self, error: OSError) -> None:
        self.error = error

    def read(self, _size: int, /) -> bytes:
        """Fail."""
        raise self.error

    readline = read


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionResetError("reset"), ClientGoneError),
        (OSError("cannot read from timed out object"), ClientGoneError),
        (TimeoutError("timed out"), ClientTimeoutError),
    ],
)
def test_broken_connection(error: OSError, expected: type[OSError]) -> None:
    for content in (SizedContent(Broken(error), 3), ChunkedContent(Broken(error), 0)):
        with pytest.raises(expected):
            content.read()
        assert not content.discard(10)
