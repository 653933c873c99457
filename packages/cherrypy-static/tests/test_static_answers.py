"""Conditions, ranges, methods and what is said of a file (RFC 9110)."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from written_files import MODIFIED, write

import cherrypy
from cherrypy._http.dates import HTTPDate
from cherrypy.testing import Client

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DATE = HTTPDate(MODIFIED)
EARLIER, LATER = HTTPDate(MODIFIED - 1), HTTPDate(MODIFIED + 1)
ETAG = f'"{MODIFIED * 10**9:x}-a"'
NEW = '"new"'


def test_what_is_said_of_a_file(serve: Callable[..., Client]) -> None:
    answer = serve().get("/files/digits.txt")
    assert answer.content == b"0123456789"
    expected = {
        "Content-Type": "text/plain",
        "Content-Length": "10",
        "Last-Modified": DATE,
        "ETag": ETAG,
        "Accept-Ranges": "bytes",
    }
    assert {name: answer.headers[name] for name in expected} == expected
    assert "Cache-Control" not in answer.headers
    assert "Vary" not in answer.headers


def test_head_is_get_without_the_content(serve: Callable[..., Client]) -> None:
    client = serve()
    head, get = client.head("/files/digits.txt"), client.get("/files/digits.txt")
    assert dict(head.headers) == dict(get.headers)
    assert (head.status, head.content) == (200, b"")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"If-None-Match": ETAG}, 304),
        ({"If-None-Match": f"W/{ETAG}"}, 304),  # weak comparison, section 13.1.2
        ({"If-None-Match": f'"x", {ETAG}'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": NEW}, 200),
        ({"If-Modified-Since": DATE}, 304),
        ({"If-Modified-Since": LATER}, 304),
        ({"If-Modified-Since": EARLIER}, 200),
        ({"If-Modified-Since": "nonsense"}, 200),
        ({"If-None-Match": NEW, "If-Modified-Since": DATE}, 200),  # the date does not count
        ({"If-Match": ETAG}, 200),
        ({"If-Match": "*"}, 200),
        ({"If-Match": f"W/{ETAG}"}, 412),  # strong comparison, section 13.1.1
        ({"If-Match": NEW}, 412),
        ({"If-Unmodified-Since": DATE}, 200),
        ({"If-Unmodified-Since": EARLIER}, 412),
        ({"If-Match": ETAG, "If-None-Match": ETAG}, 304),
        ({"If-Match": NEW, "If-None-Match": ETAG}, 412),
        ({"If-None-Match": ETAG, "Range": "bytes=0-1"}, 304),
        ({"If-Match": NEW, "Range": "bytes=0-1"}, 412),
        ({"Range": "bytes=0-1", "If-Range": ETAG}, 206),
        ({"Range": "bytes=0-1", "If-Range": DATE}, 206),
        ({"Range": "bytes=0-1", "If-Range": f"W/{ETAG}"}, 200),
        ({"Range": "bytes=0-1", "If-Range": NEW}, 200),
        ({"Range": "bytes=0-1", "If-Range": EARLIER}, 200),
        ({"Range": "bytes=0-1", "If-Range": LATER}, 200),
        ({"Range": "bytes=99-", "If-Range": NEW}, 200),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_conditions(
    serve: Callable[..., Client], method: str, fields: dict[str, str], status: int
) -> None:
    """RFC 9110 sections 13.1, 13.2.2 and 14.2; a range is for GET only."""
    answer = serve().request(method, "/files/digits.txt", headers=fields)
    assert answer.status == (200 if method == "HEAD" and status == 206 else status)
    if status == 304:
        assert answer.headers["ETag"] == ETAG
        for name in ("Content-Type", "Content-Length", "Last-Modified", "Accept-Ranges"):
            assert name not in answer.headers


def test_a_file_that_was_just_changed_has_weak_validators(
    serve: Callable[..., Client], public: Path
) -> None:
    """RFC 9110 section 8.8.1: another change may follow within the same timestamp."""
    write(public / "digits.txt", modified=time.time())
    client = serve()
    first = client.get("/files/digits.txt")
    etag, date = first.headers["ETag"], first.headers["Last-Modified"]
    assert etag.startswith('W/"')
    assert client.get("/files/digits.txt", headers={"If-None-Match": etag}).status == 304
    for condition in (etag, date):
        fields = {"Range": "bytes=0-1", "If-Range": condition}
        assert client.get("/files/digits.txt", headers=fields).status == 200


def test_nothing_was_changed_in_the_future(serve: Callable[..., Client], public: Path) -> None:
    """RFC 9110 section 8.8.2.1."""
    write(public / "digits.txt", modified=time.time() + 10_000)
    answer = serve().get("/files/digits.txt")
    assert answer.headers["Last-Modified"] == answer.headers["Date"]


def test_a_year_that_http_can_not_write(serve: Callable[..., Client], public: Path) -> None:
    os.utime(public / "digits.txt", (0, -(2**36)))
    answer = serve().get("/files/digits.txt")
    assert answer.status == 200
    assert "Last-Modified" not in answer.headers or answer.headers["Last-Modified"]


def test_a_changed_file_counts_on_the_next_request(
    serve: Callable[..., Client], public: Path
) -> None:
    client = serve()
    first = client.get("/files/digits.txt")
    write(public / "digits.txt", b"abcdefghij", MODIFIED + 5)
    fields = {"If-None-Match": first.headers["ETag"]}
    second = client.get("/files/digits.txt", headers=fields)
    assert (second.status, second.content) == (200, b"abcdefghij")
    (public / "digits.txt").unlink()
    assert client.get("/files/digits.txt", headers=fields).status == 404


@pytest.mark.parametrize(
    ("field", "status", "sent", "content_range"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-2", 206, b"89", "bytes 8-9/10"),
        ("bytes=0-", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=0-1, 2-4", 206, b"01234", "bytes 0-4/10"),  # they touch
        ("bytes=4-8,2-5", 206, b"2345678", "bytes 2-8/10"),  # they overlap
        ("bytes=5-5,99-", 206, b"5", "bytes 5-5/10"),  # only one is there
        ("bytes=10-", 416, None, "bytes */10"),
        ("bytes=-0", 416, None, "bytes */10"),
        ("bytes=3-2", 200, b"0123456789", None),
        ("bytes=x", 200, b"0123456789", None),
        ("bytes=0-3,x", 200, b"0123456789", None),
        ("items=0-3", 200, b"0123456789", None),
        ("", 200, b"0123456789", None),
        ("bytes=" + ",".join(f"{n}-{n}" for n in range(101)), 200, b"0123456789", None),
    ],
)
def test_ranges(
    serve: Callable[..., Client],
    field: str,
    status: int,
    sent: bytes | None,
    content_range: str | None,
) -> None:
    """RFC 9110 sections 14.2, 15.3.7, 15.5.17 and 17.15."""
    answer = serve().get("/files/digits.txt", headers={"Range": field})
    assert answer.status == status
    assert answer.headers.get("Content-Range") == content_range
    if sent is not None:
        assert answer.content == sent


def parts_of(answer: Any) -> list[tuple[str, bytes]]:
    """Take an answer with several ranges apart (RFC 9110 section 14.6)."""
    boundary = answer.headers["Content-Type"].removeprefix("multipart/byteranges; boundary=")
    before, *parts, end = answer.content.split(f"--{boundary}".encode())
    assert (before, end) == (b"\r\n", b"--\r\n")
    found = []
    for part in parts:
        head, _, content = part.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        assert lines[:2] == ["", "Content-type: text/plain"]
        found.append(
            (lines[2].removeprefix("Content-range: bytes "), content.removesuffix(b"\r\n"))
        )
    return found


def test_several_ranges(serve: Callable[..., Client]) -> None:
    answer = serve().get("/files/digits.txt", headers={"Range": "bytes=6-7,0-1,-1"})
    assert answer.status == 206
    assert "Content-Range" not in answer.headers
    assert parts_of(answer) == [("6-7/10", b"67"), ("0-1/10", b"01"), ("9-9/10", b"9")]


def test_a_thousand_ranges_send_no_more_than_the_file(
    serve: Callable[..., Client], public: Path
) -> None:
    """CherryPy sends 100 MB for this."""
    write(public / "large.txt", b"x" * 100_000)
    for field in ("bytes=" + ",".join(["0-"] * 1000), "bytes=" + ",".join(["0-"] * 100)):
        answer = serve().get("/files/large.txt", headers={"Range": field})
        assert answer.status in {200, 206}
        assert len(answer.content) == 100_000


LENGTH = 200_000  # several chunks
POSITIONS = st.integers(0, LENGTH + 10)
RANGES = st.lists(st.tuples(POSITIONS, POSITIONS).map(sorted), min_size=1, max_size=5)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(RANGES)
def test_every_range_is_the_part_of_the_file(
    serve: Callable[..., Client], public: Path, ranges: list[list[int]]
) -> None:
    path = public / "many.txt"
    content = b"".join(b"%06d" % number for number in range(LENGTH // 6)) + b"\r\n--"
    if not path.exists():
        write(path, content)
    field = "bytes=" + ",".join(f"{first}-{last}" for first, last in ranges)
    answer = serve().get("/files/many.txt", headers={"Range": field})
    wanted = {n for first, last in ranges for n in (first, last) if n < len(content)}
    if answer.status == 416:
        assert all(first >= len(content) for first, _ in ranges)
        return
    assert answer.status == 206
    if "Content-Range" in answer.headers:
        parts = [(answer.headers["Content-Range"].removeprefix("bytes "), answer.content)]
    else:
        parts = parts_of(answer)
    sent: set[int] = set()
    for said, octets in parts:
        span, _, length = said.partition("/")
        first, last = map(int, span.split("-"))
        assert int(length) == len(content)
        assert octets == content[first : last + 1]
        assert sent.isdisjoint({first, last})
        sent |= {n for n in wanted if first <= n <= last}
    reachable = {n for a, b in ranges if a < len(content) for n in (a, min(b, len(content) - 1))}
    assert {n for n in reachable if n in wanted} <= sent


def test_ignore_headers_counts(public: Path) -> None:
    """Another tool may have changed what the client asks."""
    config = {
        "/": {
            "tools.staticdir.on": True,
            "tools.staticdir.dir": str(public),
            "tools.ignore_headers.on": True,
        }
    }
    client = Client(cherrypy.Application(None, "", config))
    assert client.get("/digits.txt", headers={"Range": "bytes=0-1"}).status == 200


def test_http_1_0_knows_no_ranges(serve: Callable[..., Client]) -> None:
    answer = serve().get(
        "/files/digits.txt",
        headers={"Range": "bytes=0-1"},
        environ={"SERVER_PROTOCOL": "HTTP/1.0"},
    )
    assert answer.status == 200
    assert "Accept-Ranges" not in answer.headers
