"""Request targets, hosts and queries: RFC 9112 section 3.2, RFC 3986."""

import contextlib
from typing import Any
from urllib.parse import quote_plus, unquote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cherrypy._http.errors import MalformedTargetError, TooManyFieldsError
from cherrypy._http.targets import (
    format_uri_reference,
    parse_host,
    parse_query_string,
    protocol_from_http,
    urljoin,
    urljoin_bytes,
)
from strategies import latin_1_text, wild_text


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("", {}),
        ("&", {}),
        ("&&a=1&&", {"a": "1"}),
        ("a=1", {"a": "1"}),
        ("a=1&a=2", {"a": ["1", "2"]}),
        ("a=1&b=0&a=2&a=3", {"a": ["1", "2", "3"], "b": "0"}),
        ("a", {"a": ""}),
        ("a=", {"a": ""}),
        ("a=1&a", {"a": ["1", ""]}),
        ("=b", {"": "b"}),
        ("a=b=c", {"a": "b=c"}),
        ("a=1;b=2", {"a": "1", "b": "2"}),
        ("a=%20b+c", {"a": " b c"}),
        ("+=+", {" ": " "}),
        ("%61=%E2%82%AC", {"a": "€"}),
        ("a=%", {"a": "%"}),
        ("a=%zz", {"a": "%zz"}),
        ("a=%00", {"a": "\0"}),
        ("a=é&€=1", {"a": "é", "€": "1"}),
        ("a[]=1&a[]=2", {"a[]": ["1", "2"]}),
        # image maps
        ("1,2", {"x": 1, "y": 2}),
        ("01,002", {"x": 1, "y": 2}),
        # and what is none
        ("-1,2", {"-1,2": ""}),
        ("1,2,3", {"1,2,3": ""}),
        ("1,2&a=3", {"1,2": "", "a": "3"}),
        ("1, 2", {"1, 2": ""}),
        ("12,", {"12,": ""}),
        ("٣,4", {"٣,4": ""}),
        ("1,2\n", {"1,2\n": ""}),
        ("1," + "9" * 5000, {"1," + "9" * 5000: ""}),
    ],
)
def test_parse_query_string(query: str, fields: dict[str, Any]) -> None:
    assert parse_query_string(query) == fields


def test_fields_without_a_value_may_be_dropped() -> None:
    query = "a=1&b=&c&a"
    assert parse_query_string(query, keep_blank_values=False) == {"a": "1"}


def test_the_charset_of_a_query() -> None:
    assert parse_query_string("a=%E9", encoding="latin-1") == {"a": "é"}
    for query in ("a=%FF", "%FF=a"):
        with pytest.raises(UnicodeDecodeError):
            parse_query_string(query)
    with pytest.raises(LookupError):
        parse_query_string("a=%E9", encoding="nope")


def test_the_number_of_fields_is_limited() -> None:
    assert parse_query_string("a=1&b=2", max_fields=2) == {"a": "1", "b": "2"}
    for query in ("a=1&b=2&c=3", "a;a;a"):
        with pytest.raises(TooManyFieldsError, match="more than 2 fields") as caught:
            parse_query_string(query, max_fields=2)
        assert caught.value.status == 400
    with pytest.raises(TooManyFieldsError, match="more than 10000 fields"):
        parse_query_string("&" * 10_000)
    assert parse_query_string("&" * 20_000, max_fields=None) == {}


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


@given(st.dictionaries(names, st.one_of(names, st.lists(names, min_size=2))))
def test_parse_undoes_format(fields: dict[str, str | list[str]]) -> None:
    assert parse_query_string(urlencode(fields, doseq=True)) == fields


@given(st.one_of(wild_text(), latin_1_text()))
def test_no_query_raises_anything_else(query: str) -> None:
    try:
        parse_query_string(query)
    except UnicodeDecodeError:
        assert "%" in query
    assert parse_query_string(f"a={quote_plus(query, errors='replace')}").keys() == {"a"}


@pytest.mark.parametrize(
    ("atoms", "joined"),
    [
        ((), "/"),
        (("",), "/"),
        (("/",), "/"),
        (("//",), "/"),
        ((None,), "/"),
        (("/a", "b"), "/a/b"),
        (("a", "b"), "a/b"),
        (("", "b"), "b"),
        (("/a", "", "b"), "/a/b"),
        (("/a/", "/b/"), "/a/b/"),
        (("a//b", "c"), "a/b/c"),
        (("/a/", ""), "/a/"),
        (("/a", None), "/a"),
        (("/a//", "///b"), "/a/b"),
    ],
)
def test_urljoin(atoms: tuple[str | None, ...], joined: str) -> None:
    assert urljoin(*atoms) == joined
    octets = [atom if atom is None else atom.encode() for atom in atoms]
    assert urljoin_bytes(*octets) == joined.encode()


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("http://u@h:80/a;b/c?d=e&f=g#h", "http://u@h:80/a;b/c?d=e&f=g#h"),
        ("http://[::1]/$-_.~!*'(),+@", "http://[::1]/$-_.~!*'(),+@"),
        ("/é?€", "/%C3%A9?%E2%82%AC"),
        ("/%C3%A9%2F%", "/%C3%A9%2F%"),  # is encoded already
        ('/a b"<>\\^`{|}', "/a%20b%22%3C%3E%5C%5E%60%7B%7C%7D"),
        ("/\0\x7f\t", "/%00%7F%09"),
        ("/\udcff", "/?"),
        ("", ""),
    ],
)
def test_format_uri_reference(text: str, reference: str) -> None:
    """RFC 3986 section 2: what no URI may have is percent-encoded."""
    assert format_uri_reference(text) == reference


@given(st.text())
def test_a_uri_reference_is_printable_ascii(text: str) -> None:
    reference = format_uri_reference(text)
    assert not reference or (reference.isascii() and reference.isprintable())
    assert " " not in reference
    assert format_uri_reference(reference) == reference
    if "%" not in text:
        assert unquote(reference, errors="replace") == text.encode("utf-8", "replace").decode()


@pytest.mark.parametrize(
    ("protocol", "version"),
    [
        ("HTTP/1.1", (1, 1)),
        ("HTTP/1.0", (1, 0)),
        ("http/1.1", (1, 1)),
        ("HTTP/2", (2, 0)),
        ("HTTP/2.0", (2, 0)),
        ("HTTP/3", (3, 0)),
    ],
)
def test_protocol_from_http(protocol: str, version: tuple[int, int]) -> None:
    assert protocol_from_http(protocol) == version


@pytest.mark.parametrize(
    "protocol",
    ["", "xx", "HTTP/11.1", "HTTP/1.1x", "HTTP/1.1\n", "XXXX/1.1", "HTTP/1", "HTTP/\u0661.\u0661"],
)
def test_no_protocol(protocol: str) -> None:
    """RFC 9112 section 2.3."""
    with pytest.raises(MalformedTargetError, match=r"as in HTTP/1\.1") as caught:
        protocol_from_http(protocol)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("field", "host", "port"),
    [
        ("", "", None),
        ("example.org", "example.org", None),
        ("example.org:", "example.org", None),
        ("example.org:0", "example.org", 0),
        ("Example.Org:65535", "Example.Org", 65535),
        ("my_host", "my_host", None),
        ("192.0.2.1:80", "192.0.2.1", 80),
        ("[::1]", "[::1]", None),
        ("[2001:db8::1]:8080", "[2001:db8::1]", 8080),
        ("[::ffff:192.0.2.1]", "[::ffff:192.0.2.1]", None),
        ("[v1.a:b]:1", "[v1.a:b]", 1),
        ("a%20b", "a%20b", None),
    ],
)
def test_parse_host(field: str, host: str, port: int | None) -> None:
    """RFC 9110 section 7.2, RFC 3986 section 3.2."""
    assert parse_host(field) == (host, port)


@pytest.mark.parametrize(
    "field",
    [
        *("a b", "a/b", "a@b", "a?b", "a#b", "a\\b", "a<b", 'a"b', "a\n", "a\0", "é", "a%2"),
        *("a:b", "a:80:80", "a:65536", "a:٨٠", "a:999999", "::1", "[::1", "[::1]80", "[a b]"),
        "a,a",  # two Host fields that a server joined
    ],
)
def test_no_host(field: str) -> None:
    with pytest.raises(MalformedTargetError, match="expected a name or address"):
        parse_host(field)


def test_a_host_is_no_longer_than_any_name() -> None:
    """Hosts are remembered, so their length is what a client can make the process hold."""
    assert parse_host("a" * 255 + ":65535") == ("a" * 255, 65535)
    with pytest.raises(MalformedTargetError, match="at most 261"):
        parse_host("a" * 262)


@given(wild_text())
def test_no_text_raises_anything_else(text: str) -> None:
    for call in (parse_host, protocol_from_http):
        with contextlib.suppress(MalformedTargetError):
            call(text)
