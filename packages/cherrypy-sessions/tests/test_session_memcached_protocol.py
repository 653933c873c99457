"""What is sent to memcached in one packet, and how its answer is read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cherrypy._sessions.memcached_protocol import Reply, UnexpectedReplyError, gets, store


class Pieces:
    """A connection by which an answer comes in pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)

    def recv(self, _size: int) -> bytes:
        """Return the next piece; nothing when the server has closed the connection."""
        return self.pieces.pop(0) if self.pieces else b""


def reply(*pieces: bytes) -> Reply:
    connection: Any = Pieces(*pieces)
    return Reply(connection)


@given(st.dictionaries(st.sampled_from([b"a", b"b", b"c"]), st.binary()), st.data())
def test_values_are_read_however_they_come(values: dict[bytes, bytes], data: Any) -> None:
    """What an application stores may look like the end of an answer."""
    values = {key: value + b"\r\nEND\r\n" for key, value in values.items()}
    lines = (b"VALUE %b 0 %d 7\r\n%b\r\n" % (k, len(v), v) for k, v in values.items())
    answer = b"".join(lines) + b"END\r\nSTORED\r\n"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(answer)))))
    ends = zip([0, *cuts], [*cuts, len(answer)], strict=True)
    read = reply(*(answer[begin:end] for begin, end in ends if begin < end))
    assert read.values() == {key: (value, b"7") for key, value in values.items()}
    assert read.is_stored()


@pytest.mark.parametrize(
    ("line", "is_stored"),
    [(b"STORED", True), (b"NOT_STORED", False), (b"EXISTS", False), (b"NOT_FOUND", None)],
)
def test_whether_a_value_is_stored(line: bytes, *, is_stored: bool | None) -> None:
    assert reply(line + b"\r\n").is_stored() is is_stored


@pytest.mark.parametrize("line", [b"SERVER_ERROR out of memory", b"ERROR", b"VALUE a", b""])
def test_anything_else_is_an_error(line: bytes) -> None:
    with pytest.raises(UnexpectedReplyError):
        reply(line + b"\r\n").values()
    with pytest.raises(UnexpectedReplyError):
        reply(line + b"\r\n").is_stored()


def test_a_closed_connection_is_an_error() -> None:
    with pytest.raises(ConnectionResetError):
        reply(b"VALUE a 0 5 1\r\nab").values()


def test_commands() -> None:
    assert gets(b"a", b"b") == b"gets a b\r\n"
    assert store(b"add", b"k", b"xy", 5, quiet=True) == b"add k 0 5 2 noreply\r\nxy\r\n"
    assert store(b"cas", b"k", b"", -1, revision=b"9") == b"cas k 0 -1 0 9\r\n\r\n"
