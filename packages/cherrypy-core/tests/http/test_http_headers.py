"""Header fields coming in and going out: RFC 9110 section 5, PEP 3333."""

from http.cookies import SimpleCookie
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cherrypy._http.field_names import KNOWN_NAMES
from cherrypy._http.fields import is_token
from cherrypy._http.headers import (
    HeaderMap,
    Host,
    SanitizedHost,
    decode_TEXT,
    decode_TEXT_maybe,
    field_lines,
    headers_from_environ,
)
from strategies import field_values, latin_1_text, tokens, wild_text


class Loud(str):
    """Text that says something else when it is asked for its text."""

    __slots__ = ()

    def __str__(self) -> str:
        """Shout."""
        return self.upper()


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ("text/html", ["text/html"]),
        ("", [""]),
        (5, ["5"]),
        (None, ["None"]),
        (True, ["True"]),
        (b"x\xff", ["x\xff"]),
        (Loud("red"), ["red"]),
        ("é", ["é"]),
        ("€", ["=?utf-8?b?4oKs?="]),
        ("日本" * 30, ["=?utf-8?b?" + "5pel5pys" * 30 + "?="]),
        ("=?utf-8?b?4oKs?=", ["=?utf-8?b?4oKs?="]),
        ("\udcff", ["=?utf-8?b?Pw==?="]),
        ("a\tb", ["a\tb"]),
        ("a\r\nSet-Cookie: b", ["aSet-Cookie: b"]),
        (b"a\r\nSet-Cookie: b", ["aSet-Cookie: b"]),
        ("a\0\x0b\x0c\x1f\x7fb", ["ab"]),
        ("€\r\nb", ["=?utf-8?b?4oKsYg==?="]),
        (["a", "b\r\n", 3], ["a", "b", "3"]),
        (("a", b"b"), ["a", "b"]),
        ([], []),
    ],
)
def test_values_on_the_wire(value: object, lines: list[str]) -> None:
    """One line for each item, no control character but tab, Latin-1 or an encoded word."""
    headers = HeaderMap({"x-y": value})
    assert field_lines(headers) == [("X-Y", line) for line in lines]
    assert headers.output() == [(b"X-Y", line.encode("latin-1")) for line in lines]


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("x-foo", ["x-foo"]),
        (b"x-foo", ["x-foo"]),
        ("a\r\nb: c", ["abc"]),
        ("a b", ["ab"]),
        ("a:b", ["ab"]),
        ("é", []),
        ("€", []),
        ("", []),
        ("\0", []),
    ],
)
def test_names_on_the_wire(name: str | bytes, sent: list[str]) -> None:
    """RFC 9110 section 5.1: a name is a token."""
    pairs = [(name, "v"), (name, "w")]  # pairs may repeat a name
    expected = [(name.encode(), value) for value in (b"v", b"w") for name in sent]
    assert list(HeaderMap.encode_header_items(pairs)) == expected


def test_lines_of_a_plain_dict_and_cookies() -> None:
    cookie: SimpleCookie = SimpleCookie({"b": "2", "a": "1"})
    cookie["a"]["path"] = "/"
    lines = field_lines({"Content-Type": "a", "x": "b"}, cookie)
    assert lines == [
        ("Content-Type", "a"),
        ("x", "b"),
        ("Set-Cookie", "a=1; Path=/"),
        ("Set-Cookie", "b=2"),
    ]
    assert field_lines({}, SimpleCookie()) == []


def test_encode_header_item() -> None:
    assert HeaderMap.encode_header_item("é\n") == b"\xe9"
    assert HeaderMap.encode_header_item(b"\xe9\n") == b"\xe9"
    assert HeaderMap.encode_header_item(3) == b"3"


def test_encodings_can_be_chosen() -> None:
    class Utf8(HeaderMap):
        encodings = ["us-ascii", "utf-8"]  # noqa: RUF012 - as applications do it

    class Utf16(HeaderMap):
        encodings = ["utf-16-le"]  # noqa: RUF012 - as applications do it

    assert Utf8.encode("é") == b"\xc3\xa9"
    assert field_lines(Utf8({"a": "é"})) == [("A", "\xc3\xa9")]
    assert field_lines(Utf16({"a": "éa"})) == [("A", "\xe9a")]  # no NUL in it


def test_without_encoded_words_it_is_an_error() -> None:
    class Plain(HeaderMap):
        use_rfc_2047 = False

    class Old(HeaderMap):
        protocol = (1, 0)

    for kind in (Plain, Old):
        with pytest.raises(ValueError, match="Could not encode header part '€' using any of"):
            kind.encode("€")
        with pytest.raises(ValueError, match="Could not encode"):
            field_lines(kind({"a": "€"}))


def test_elements_and_values() -> None:
    headers = HeaderMap({"Accept-Charset": "utf-8;q=0, *;q=0.5", "x": "a;q=0.1, c"})
    assert [str(element) for element in headers.elements("accept-CHARSET")] == [
        "*;q=0.5",
        "utf-8;q=0",
    ]
    assert headers.values("accept-charset") == ["*", "utf-8"]
    assert headers.values("x") == ["c", "a"]
    assert headers.values("nope") == []
    assert headers.elements("nope") == []
    assert list(headers.values()) == ["utf-8;q=0, *;q=0.5", "a;q=0.1, c"]


def test_elements_of_a_field_in_several_lines() -> None:
    """RFC 9110 section 5.3."""
    assert HeaderMap({"Vary": ["Accept", "Cookie, Origin"]}).values("vary") == [
        "Origin",
        "Cookie",
        "Accept",
    ]


@given(
    st.dictionaries(
        st.one_of(tokens(), wild_text()),
        st.one_of(latin_1_text(), wild_text(), st.lists(wild_text()), st.integers(), st.binary()),
    )
)
def test_no_value_begins_another_line(items: dict[str, Any]) -> None:
    for name, value in field_lines(HeaderMap(items)):
        assert is_token(name)
        assert type(value) is str
        assert not set(value.encode("latin-1")) & {*range(9), *range(10, 32), 127}


@given(st.dictionaries(tokens().map(str.title), field_values()))
def test_what_goes_out_comes_in(items: dict[str, str]) -> None:
    """Fields of one side are the fields of the other, where WSGI can tell them apart."""
    lines = field_lines(HeaderMap(items))
    assert dict(lines) == items
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in lines}
    received = headers_from_environ(environ)
    for key in ("HTTP_HOST", "HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"):
        environ.pop(key, None)
    environ.pop("HTTP_REMOTE_ADDR", None)
    environ.pop("HTTP_REMOTE_HOST", None)
    for key, value in environ.items():
        if "=?" not in value:
            assert received[key[5:].replace("_", "-")] == value


def test_fields_of_an_environ() -> None:
    """PEP 3333, "environ Variables"; CherryPy shows the address of the client as a field too."""
    environ = {
        "REQUEST_METHOD": "GET",
        "wsgi.version": (1, 0),
        "PROGRAM": "x",
        "http_low": "x",
        "HTTP_X_FOO_BAR": " a b\t",
        "HTTP_ACCEPT": "*/*",
        "HTTP_HOST": "example.org:8080",
        "HTTP_X": "=?utf-8?b?4oKs?= 5",
        "HTTP_CGI_AUTHORIZATION": "Basic x",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "0",
        "REMOTE_ADDR": "192.0.2.1",
        "REMOTE_HOST": "client.example",
    }
    headers = headers_from_environ(environ)
    assert type(headers) is HeaderMap
    assert headers == {
        "X-Foo-Bar": "a b",
        "Accept": "*/*",
        "Host": "example.org:8080",
        "X": "€ 5",
        "Authorization": "Basic x",
        "Content-Type": "text/plain",
        "Content-Length": "0",
        "Remote-Addr": "192.0.2.1",
        "Remote-Host": "client.example",
    }


def test_empty_content_fields_are_none() -> None:
    """PEP 3333: these two "may be empty or absent"."""
    assert headers_from_environ({"CONTENT_TYPE": "", "CONTENT_LENGTH": ""}) == {}


def test_a_client_cannot_pose_as_the_server() -> None:
    environ = {
        "HTTP_REMOTE_ADDR": "127.0.0.1",
        "HTTP_REMOTE_HOST": "localhost",
        "HTTP_CONTENT_LENGTH": "8",
        "HTTP_CONTENT_TYPE": "text/html",
    }
    assert headers_from_environ(environ) == {}
    environ |= {"REMOTE_ADDR": "192.0.2.1", "CONTENT_LENGTH": "3"}
    assert headers_from_environ(environ) == {"Remote-Addr": "192.0.2.1", "Content-Length": "3"}


@pytest.mark.parametrize(
    ("field", "host"),
    [
        ("example.org:8080", "example.org:8080"),
        ("[::1]:80", "[::1]:80"),
        ("a\r\nb", "ab"),
        ("a/<b> c", "abc"),
        ("h\0x", "hx"),
        ("h\\x@y?z#", "hxyz"),
        ("é", ""),
        ("=?utf-8?q?=0D=0Aa:_b?=", "=utf-8q=0D=0Aa:_b="),  # encoded words are for text, not hosts
        ("", ""),
    ],
)
def test_host_is_sanitized(field: str, host: str) -> None:
    assert headers_from_environ({"HTTP_HOST": field})["Host"] == host


def test_sanitized_host_keeps_what_was_received() -> None:
    assert type(SanitizedHost("example.org")) is str
    sanitized = SanitizedHost("a\r\nb")
    assert isinstance(sanitized, SanitizedHost)
    assert (sanitized, sanitized.raw) == ("ab", "a\r\nb")
    assert SanitizedHost.dangerous.search("\n")
    assert SanitizedHost.dangerous.search("\r")


def test_known_names_are_spelt_as_the_map_spells_them() -> None:
    for name in KNOWN_NAMES:
        assert name == name.title()
        assert is_token(name)


def test_decode_text() -> None:
    assert decode_TEXT("=?utf-8?b?4oKs?=") == decode_TEXT_maybe("=?utf-8?b?4oKs?=") == "€"
    assert decode_TEXT("a") == decode_TEXT_maybe("a") == "a"


def test_host() -> None:
    host = Host("192.0.2.1", 80)
    assert (host.ip, host.port, host.name) == ("192.0.2.1", 80, "192.0.2.1")
    assert repr(Host("192.0.2.1", 80, "n")) == "httputil.Host('192.0.2.1', 80, 'n')"
    assert Host("192.0.2.1", 80, "").name == ""
    assert (Host.ip, Host.port, Host.name) == ("0.0.0.0", 80, "unknown.tld")  # noqa: S104 - not bound
