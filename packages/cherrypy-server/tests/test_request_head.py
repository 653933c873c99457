"""The head of a request: what is understood, and what is refused (RFC 9110, RFC 9112)."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cherrypy._server.request_head import (
    MAX_FIELD_LINES,
    RequestHead,
    RequestRefusedError,
    Target,
    is_content_free,
    parse_fields,
    parse_head,
    parse_request_line,
    parse_target,
)


def head(*lines: str, first: str = "GET / HTTP/1.1", host: str | None = "x") -> bytes:
    """Write the head of a request."""
    all_lines = [first, *([f"Host: {host}"] if host is not None else []), *lines, "", ""]
    return "\r\n".join(all_lines).encode("latin-1")


def refusal(octets: bytes) -> int:
    """Give the status code with which a head is refused."""
    with pytest.raises(RequestRefusedError) as caught:
        parse_head(octets)
    return caught.value.status


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"GET / HTTP/1.1", (b"GET", b"/", 1)),
        (b"GET /a?b HTTP/1.0", (b"GET", b"/a?b", 0)),
        (b"M-SEARCH * HTTP/1.1", (b"M-SEARCH", b"*", 1)),
        (b"GET / HTTP/1.9", (b"GET", b"/", 1)),  # served as the highest version that is known
    ],
)
def test_request_line(line: bytes, expected: tuple[bytes, bytes, int]) -> None:
    """RFC 9112 section 3."""
    assert parse_request_line(line) == expected


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"", 400),
        (b"GET", 400),
        (b"GET /", 400),  # HTTP/0.9
        (b"GET  / HTTP/1.1", 400),
        (b"GET / HTTP/1.1 ", 400),
        (b"GET /a b HTTP/1.1", 400),
        (b"GET\t/ HTTP/1.1", 400),
        (b" GET / HTTP/1.1", 400),
        (b"G(T / HTTP/1.1", 400),
        (b"get / HTTP/1.1", 400),
        (b"GET / http/1.1", 400),
        (b"GET / HTTP/1.10", 400),
        (b"GET / HTTP/1", 400),
        (b"GET /\x00 HTTP/1.1", 400),
        (b"GET /\xc3\xa9 HTTP/1.1", 400),  # has to be percent-encoded
        (b"GET / HTTP/2.0", 505),
        (b"PRI * HTTP/2.0", 505),
        (b"GET / HTTP/0.9", 505),
    ],
)
def test_malformed_request_line(line: bytes, status: int) -> None:
    """RFC 9112 sections 2.3 and 3."""
    with pytest.raises(RequestRefusedError) as caught:
        parse_request_line(line)
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        (b"/", Target(b"/", b"")),
        (b"/a/b?c?d=/", Target(b"/a/b", b"c?d=/")),
        (b"/a?", Target(b"/a", b"")),
        (b"//evil/a", Target(b"/evil/a", b"")),  # no link away from here can be made of it
        (b"http://h:8/a?b", Target(b"/a", b"b", b"h:8")),
        (b"HTTPS://h", Target(b"/", b"", b"h")),
        (b"http://h?b", Target(b"/", b"b", b"h")),
        (b"http://[::1]:8/", Target(b"/", b"", b"[::1]:8")),
    ],
)
def test_target(uri: bytes, expected: Target) -> None:
    """RFC 9112 section 3.2."""
    assert parse_target(b"GET", uri) == expected


@pytest.mark.parametrize(
    ("method", "uri", "status"),
    [
        (b"GET", b"*", 400),
        (b"GET", b"a", 400),
        (b"GET", b"?a", 400),
        (b"GET", b"/a#b", 400),
        (b"GET", b"ftp://h/", 400),
        (b"GET", b"http:///a", 400),
        (b"GET", b"http://user@h/", 400),  # RFC 9110 section 4.2.4
        (b"CONNECT", b"h:80", 501),
    ],
)
def test_malformed_target(method: bytes, uri: bytes, status: int) -> None:
    """RFC 9112 section 3.2."""
    with pytest.raises(RequestRefusedError) as caught:
        parse_target(method, uri)
    assert caught.value.status == status


def test_target_of_the_server_itself() -> None:
    """RFC 9112 section 3.2.4."""
    assert parse_target(b"OPTIONS", b"*") == Target(b"*", b"")


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (b"", {}),
        (b"A: b\r\n", {b"A": b"b"}),
        (b"a-b:c\r\n", {b"A-B": b"c"}),
        (b"A:  b c \t\r\n", {b"A": b"b c"}),
        (b"A:\r\n", {b"A": b""}),
        (b"A: \xe9\r\n", {b"A": b"\xe9"}),
        (b"A: b\r\nB: c\r\na: d\r\n", {b"A": b"b, d", b"B": b"c"}),  # RFC 9110 section 5.3
        (b"Cookie: a=1\r\nCookie: b=2\r\n", {b"Cookie": b"a=1; b=2"}),
        (b"!#$%&'*+.^_`|~-9z: 1\r\n", {b"!#$%&'*+.^_`|~-9Z": b"1"}),
    ],
)
def test_fields(block: bytes, expected: dict[bytes, bytes]) -> None:
    """RFC 9112 section 5."""
    assert parse_fields(block) == expected


@pytest.mark.parametrize(
    "block",
    [
        b"A : b\r\n",  # a blank before the colon
        b"A\t: b\r\n",
        b": b\r\n",  # an empty name
        b"A\r\n",  # no colon
        b" A: b\r\n",  # a folded line, with nothing before it
        b"A: b\r\n c\r\n",  # a folded line
        b"A: b\r\n\tc\r\n",
        b"A: b\x00c\r\n",
        b"A: b\rc\r\n",
        b"A: b\nC: d\r\n",
        b"A: b\n",
        b"A: b\r\n\nC: d\r\n",
        b"A: b\x7f\r\n",
        b"A(: b\r\n",
        b"\xe9: b\r\n",
        b"A: b",
        b"A: b\r\n\r\nC: d\r\n",
        b"Host: a\r\nhost: a\r\n",
        b"Content-Length: 1\r\nContent-Length: 1\r\n",
    ],
)
def test_malformed_fields(block: bytes) -> None:
    """RFC 9112 sections 5.1, 5.2 and 6.3; RFC 9110 section 5.5."""
    with pytest.raises(RequestRefusedError) as caught:
        parse_fields(block)
    assert caught.value.status == 400


def test_number_of_fields() -> None:
    """RFC 6585 section 5."""
    assert len(parse_fields(b"".join(b"A%d: b\r\n" % n for n in range(MAX_FIELD_LINES)))) == 200
    assert refusal(head(*[f"A{n}: b" for n in range(MAX_FIELD_LINES)])) == 431


@pytest.mark.parametrize(
    ("lines", "length"),
    [
        ([], 0),
        (["Content-Length: 0"], 0),
        (["Content-Length: 007"], 7),
        (["Transfer-Encoding: chunked"], None),
        (["Transfer-Encoding: Chunked "], None),
    ],
)
def test_framing(lines: list[str], length: int | None) -> None:
    """RFC 9112 section 6.3."""
    assert parse_head(head(*lines)).length == length


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["Content-Length:"], 400),
        (["Content-Length: +3"], 400),
        (["Content-Length: -3"], 400),
        (["Content-Length: 0_3"], 400),
        (["Content-Length: 0x3"], 400),
        (["Content-Length: 3, 3"], 400),
        (["Content-Length: 3 3"], 400),
        (["Content-Length: \xb3"], 400),  # a digit for str.isdigit
        (["Content-Length: 99999999999999999999"], 400),
        (["Content-Length: 3", "Content-Length: 4"], 400),
        (["Content-Length: 3", "Transfer-Encoding: chunked"], 400),
        (["Transfer-Encoding:"], 400),
        (["Transfer-Encoding: identity"], 400),
        (["Transfer-Encoding: chunked, gzip"], 400),
        (["Transfer-Encoding: chunked, chunked"], 400),
        (["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], 400),
        (["Transfer-Encoding: xchunked"], 400),
        (["Transfer-Encoding: \x0bchunked"], 400),
        (["Transfer-Encoding: gzip, chunked"], 501),
    ],
)
def test_doubtful_framing(lines: list[str], status: int) -> None:
    """RFC 9112 sections 6.1 and 6.3."""
    assert refusal(head(*lines)) == status


def test_chunked_content_in_http_1_0() -> None:
    """RFC 9112 section 6.1."""
    assert refusal(head("Transfer-Encoding: chunked", first="POST / HTTP/1.0")) == 400


@pytest.mark.parametrize("host", ["", "a", "a.b:80", "a:", "[::1]", "[::1]:8", "a_b", "xn--a~1"])
def test_host(host: str) -> None:
    """RFC 9112 section 3.2."""
    assert parse_head(head(host=host)).fields[b"Host"] == host.encode()


@pytest.mark.parametrize(
    "host", ["a b", "a/b", "a@b", "a:b", "a:123456", "::1", "[a", "a,b", "a'b", "\xe9", "<a>", "%"]
)
def test_malformed_host(host: str) -> None:
    """RFC 9112 section 3.2."""
    assert refusal(head(host=host)) == 400


def test_absent_host() -> None:
    """RFC 9112 section 3.2: HTTP/1.1 needs one, HTTP/1.0 does not."""
    assert refusal(head(host=None)) == 400
    assert b"Host" not in parse_head(head(host=None, first="GET / HTTP/1.0")).fields


def test_absolute_form_replaces_host() -> None:
    """RFC 9112 section 3.2.2."""
    parsed = parse_head(head(first="GET http://other/a HTTP/1.1"))
    assert (parsed.fields[b"Host"], parsed.target.path) == (b"other", b"/a")


@pytest.mark.parametrize(
    ("version", "lines", "stays_open"),
    [
        (1, [], True),
        (1, ["Connection: close"], False),
        (1, ["Connection: Close"], False),
        (1, ["Connection: TE, close"], False),
        (1, ["Connection: TE", "Connection: close"], False),
        (1, ["Connection: closed"], True),
        (0, [], False),
        (0, ["Connection: keep-alive"], True),
        (0, ["Connection: Keep-Alive"], True),
        (0, ["Connection: keep-alive, close"], False),
    ],
)
def test_persistence(version: int, lines: list[str], *, stays_open: bool) -> None:
    """RFC 9112 section 9.3."""
    assert parse_head(head(*lines, first=f"GET / HTTP/1.{version}")).is_persistent is stays_open


def test_expectations() -> None:
    """RFC 9110 section 10.1.1."""
    assert parse_head(head("Expect: 100-Continue")).expects_continue
    assert not parse_head(head()).expects_continue
    old = head("Expect: 100-continue", first="POST / HTTP/1.0")
    assert not parse_head(old).expects_continue
    assert refusal(head("Expect: a-miracle")) == 417


@pytest.mark.parametrize(
    ("method", "status", "expected"),
    [
        (b"GET", b"200 OK", False),
        (b"HEAD", b"200 OK", True),
        (b"GET", b"101 Switching Protocols", True),
        (b"GET", b"204 No Content", True),
        (b"GET", b"304 Not Modified", True),
        (b"GET", b"404 Not Found", False),
    ],
)
def test_responses_without_content(method: bytes, status: bytes, *, expected: bool) -> None:
    """RFC 9112 section 6.3."""
    assert is_content_free(method, status) is expected


NAMES = st.text("abcXYZ-_!9", min_size=1, max_size=8)
VALUES = st.text(
    st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=20
)


@given(
    st.dictionaries(NAMES.map(str.title), VALUES.map(lambda text: text.strip(" \t")), max_size=9)
)
def test_parsing_undoes_writing(fields: dict[str, str]) -> None:
    block = "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode("latin-1")
    expected = {name.encode(): value.encode("latin-1") for name, value in fields.items()}
    assert parse_fields(block) == expected


PIECES = st.sampled_from(
    b"GET| |/|HTTP/1.1|\r\n|\n|\r|:|Host|x|\0|\t|Content-Length|Transfer-Encoding|chunked|1|,|"
    b"\xff|http://".split(b"|")
)


@given(st.lists(st.one_of(PIECES, st.binary(max_size=3)), max_size=30).map(b"".join))
@example(b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n")
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    try:
        parsed = parse_head(octets + b"\r\n\r\n")
    except RequestRefusedError as refused:
        assert 400 <= refused.status <= 505  # noqa: PT017 - either outcome is right
    else:
        assert isinstance(parsed, RequestHead)
        assert b"\n" not in parsed.uri + b"".join(parsed.fields) + b"".join(parsed.fields.values())
