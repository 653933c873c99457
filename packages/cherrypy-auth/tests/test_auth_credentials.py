"""The Authorization field, read: RFC 7617 section 2 and RFC 7616 section 3.4."""

from __future__ import annotations

import base64
import time
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cherrypy._auth.credentials import (
    MalformedCredentialsError,
    charsets_of,
    parse_basic,
    parse_digest,
    parse_parameters,
    split_scheme,
    wsgi_text,
)
from strategies import wild_text

UTF_8 = charsets_of("UTF-8")


def encoded(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


@pytest.mark.parametrize(
    ("octets", "username", "password"),
    [
        (b"Aladdin:open sesame", "Aladdin", "open sesame"),  # RFC 7617 section 2
        ("test:123£".encode(), "test", "123£"),  # RFC 7617 section 2.1
        (b"a:b:c", "a", "b:c"),  # only the first colon separates
        (b":", "", ""),
        ("jün:pä".encode("latin-1"), "jün", "pä"),  # a client that does not know RFC 7617
        (b"j\x75\xcc\x88n:", "jün", ""),  # the other spelling of the same name
    ],
)
def test_basic_credentials(octets: bytes, username: str, password: str) -> None:
    assert parse_basic(encoded(octets), UTF_8) == (username, password)


def test_the_examples_of_rfc_7617_as_they_stand_there() -> None:
    assert parse_basic("QWxhZGRpbjpvcGVuIHNlc2FtZQ==", UTF_8) == ("Aladdin", "open sesame")
    assert parse_basic("dGVzdDoxMjPCow==", UTF_8) == ("test", "123£")


@pytest.mark.parametrize(
    "credentials",
    [
        "",
        "=",
        "QWxhZGRpbg",  # four bytes short of a group
        "QWxhZGRpbg===",
        "QWxh ZGRpbjpvcGVu",
        "QWxhZGRpbjpvcGVuIHNlc2FtZQ== x",
        "jün",
        encoded(b"no colon"),
        encoded(b"a\x00b:c"),  # RFC 7617: no control characters
        encoded(b"a:b\r\nc"),
        encoded(b"a:b\x7f"),
        "a:b",
    ],
)
def test_malformed_basic_credentials(credentials: str) -> None:
    with pytest.raises(MalformedCredentialsError):
        parse_basic(credentials, UTF_8)


@given(st.text(), st.text())
def test_what_a_client_encodes_is_what_is_read(username: str, password: str) -> None:
    try:
        octets = f"{username}:{password}".encode()
        found = parse_basic(encoded(octets), UTF_8)
    except (UnicodeEncodeError, MalformedCredentialsError):
        return
    again = parse_basic(encoded(":".join(found).encode()), UTF_8)
    assert again == found
    if f"{username}{password}".isascii() and ":" not in username:
        assert found == (username, password)


@given(wild_text())
@example("é")
def test_no_text_breaks_the_parser_of_basic(text: str) -> None:
    with suppress(MalformedCredentialsError):
        parse_basic(text, UTF_8)


@pytest.mark.parametrize(
    ("field", "scheme", "rest"),
    [
        ("Basic abc", "basic", "abc"),
        ("BASIC   abc ", "basic", "abc"),
        ("Digest", "digest", ""),
        ("", "", ""),
        (" Basic a b", "basic", "a b"),
    ],
)
def test_scheme(field: str, scheme: str, rest: str) -> None:
    """RFC 9110 section 11.4: no case, one blank or more."""
    assert split_scheme(field) == (scheme, rest)


@pytest.mark.parametrize(
    ("charset", "charsets"),
    [
        ("UTF-8", ("utf-8", "iso-8859-1")),
        ("utf8", ("utf-8", "iso-8859-1")),
        ("ISO-8859-1", ("iso-8859-1",)),
        ("latin1", ("iso-8859-1",)),
        ("koi8-r", ("koi8-r", "iso-8859-1")),
        (None, ("iso-8859-1",)),
        ("", ("iso-8859-1",)),
    ],
)
def test_charsets(charset: str | None, charsets: tuple[str, ...]) -> None:
    assert charsets_of(charset) == charsets


@pytest.mark.parametrize("charset", ["utf-9", "base64"])
def test_what_is_no_charset(charset: str) -> None:
    with pytest.raises(ValueError, match=f"accept_charset = '{charset}': expected a charset"):
        charsets_of(charset)


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("a=1", {"a": "1"}),
        ('A = "x, y" ,b=2', {"a": "x, y", "b": "2"}),
        (", a=1,, b=2,", {"a": "1", "b": "2"}),  # RFC 9110 section 5.6.1.2: empty elements
        (r'a="\"\\"', {"a": '"\\'}),
        ('a=""', {"a": ""}),
        ("uri=/a?b=c", {"uri": "/a?b=c"}),  # some clients do not quote it
        ("username*=UTF-8''a", {"username*": "UTF-8''a"}),
        ("", {}),
    ],
)
def test_parameters(text: str, given: dict[str, str]) -> None:
    assert parse_parameters(text) == given


@pytest.mark.parametrize(
    "text",
    ["a", "a=", 'a="', 'a="x\\', "a=1 b=2", "a=1;b=2", 'a="x"y', "=1", "a=1, A=2", "a b=1", "ä=1"],
)
def test_malformed_parameters(text: str) -> None:
    with pytest.raises(MalformedCredentialsError):
        parse_parameters(text)


@pytest.mark.parametrize(
    "text",
    [
        " " * 200_000 + "x",
        "a" * 200_000,
        "a=1," * 50_000 + ";",
        'a="' + "\\" * 200_001,
        'a="' * 60_000,
        "a=1" + " " * 200_000 + ";",
        "a=1" + ", \t" * 60_000 + ";",
    ],
    ids=range(7),
)
def test_parameters_are_read_in_linear_time(text: str) -> None:
    """A quadratic parser takes minutes for these."""
    before = time.process_time()
    with pytest.raises(MalformedCredentialsError):
        parse_parameters(text)
    assert time.process_time() - before < 5


WHOLE = 'username="jon", realm="r", nonce="n", uri="/", response="d"'
WITH_QOP = WHOLE + ', qop=auth, nc=00000001, cnonce="c"'


@pytest.mark.parametrize(
    "parameters",
    [
        "",
        "username=jon",
        WHOLE.replace('username="jon", ', ""),
        WHOLE.replace('realm="r", ', ""),
        WHOLE.replace('nonce="n", ', ""),
        WHOLE.replace('uri="/", ', ""),
        WHOLE.replace(', response="d"', ""),
        WHOLE + ', realm="other"',  # twice
        WHOLE + ", algorithm=SHA-1",
        WHOLE + ", algorithm=MD5-sess",  # which needs cnonce
        WHOLE + ", nc=00000001",  # without qop
        WHOLE + ", cnonce=c",
        WITH_QOP.replace("qop=auth", "qop=secret"),
        WITH_QOP.replace("00000001", "1"),
        WITH_QOP.replace("00000001", "00000000"),
        WITH_QOP.replace("00000001", "0000000g"),
        WITH_QOP.replace("00000001", "000000001"),
        WITH_QOP.replace(', cnonce="c"', ""),
        WITH_QOP.replace('cnonce="c"', 'cnonce=""'),
        WITH_QOP.replace("nc=00000001, ", ""),
        WITH_QOP + ", username*=UTF-8''jon",  # one of both
        WITH_QOP.replace('username="jon"', "username*=UTF-8''jon") + ", userhash=true",
        WITH_QOP.replace('username="jon"', "username*=ISO-8859-1''jon"),
        WITH_QOP.replace('username="jon"', "username*=UTF-8''%E9"),
        WITH_QOP.replace('username="jon"', "username*=UTF-8''%4"),
        WITH_QOP.replace('username="jon"', "username*=jon"),
    ],
)
def test_malformed_digest_credentials(parameters: str) -> None:
    with pytest.raises(MalformedCredentialsError, match=r"header could not be parsed\.$"):
        parse_digest(parameters, UTF_8)


@pytest.mark.parametrize(
    ("written", "username", "charset"),
    [
        ('username="jon"', "jon", "utf-8"),
        (r'username="a\"b"', 'a"b', "utf-8"),
        ('username="j\xc3\xbcn"', "jün", "utf-8"),
        ('username="j\xfcn"', "jün", "iso-8859-1"),
        ("username*=UTF-8''J%C3%A4s%C3%B8n%20Doe", "Jäsøn Doe", "utf-8"),  # RFC 7616, 3.9.2
        ("username*=utf-8'en'jon", "jon", "utf-8"),
        ("username*=\"UTF-8''jon\"", "jon", "utf-8"),  # quoted, which it should not be
        ('username="jün €"', "jün €", "utf-8"),  # text that is no WSGI string
    ],
)
def test_names_of_users(written: str, username: str, charset: str) -> None:
    credentials = parse_digest(WITH_QOP.replace('username="jon"', written), UTF_8)
    assert (credentials.username, credentials.charset) == (username, charset)


def test_digest_credentials() -> None:
    credentials = parse_digest(
        WITH_QOP.replace("auth", "auth-int") + ", Algorithm=sha-256-SESS, opaque=o, userhash=TRUE",
        UTF_8,
    )
    assert credentials.algorithm.name == "SHA-256-sess"
    assert credentials[1:5] == ("r", "n", "/", "d")
    assert (credentials.qop, credentials.nc, credentials.cnonce) == ("auth-int", "00000001", "c")
    assert (credentials.opaque, credentials.is_hashed) == ("o", True)
    assert parse_digest(WHOLE, UTF_8).qop is None  # as RFC 2069: read, though not let in


@given(wild_text() | st.lists(st.sampled_from(WITH_QOP.split(", ")) | wild_text()).map(", ".join))
def test_no_text_breaks_the_parser_of_digest(text: str) -> None:
    with suppress(MalformedCredentialsError):
        parse_digest(text, UTF_8)


def test_malformed_credentials_are_400() -> None:
    assert MalformedCredentialsError.status == 400


def test_wsgi_text() -> None:
    assert wsgi_text("a\xff") == "a\xff"
    assert wsgi_text("€") == "\xe2\x82\xac"
    assert wsgi_text("\ud800€") == "\xed\xa0\x80\xe2\x82\xac"
