"""Cookies: RFC 6265."""

import time
from http.cookies import BaseCookie, Morsel, SimpleCookie
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cherrypy._http.cookies import (
    MAX_PAIRS,
    CookieTemplate,
    format_set_cookie,
    parse_cookie,
    set_cookie_values,
)
from cherrypy._http.dates import parse_http_date
from strategies import cookie_names, cookie_values, latin_1_text, wild_text


@pytest.mark.parametrize(
    ("field", "cookies", "skipped"),
    [
        ("", {}, []),
        (" ; ;", {}, []),
        ("a=b", {"a": "b"}, []),
        ("a=b; c=d", {"a": "b", "c": "d"}, []),
        (" a = b ;c=d", {"a": "b", "c": "d"}, []),
        ("a=", {"a": ""}, []),
        ('a=""', {"a": ""}, []),
        ("a==; b=2", {"a": "=", "b": "2"}, []),
        ("a:b=1", {"a:b": "1"}, []),
        ("a=b; a=c", {"a": "c"}, []),
        # what used to cost the other cookies too
        ("a(b)=1; c=d", {"c": "d"}, ["a(b)"]),
        ("SM#/#x=1; c=d", {"c": "d"}, ["SM#/#x"]),
        ("__utma=1.2; [x]=3; z=4", {"__utma": "1.2", "z": "4"}, ["[x]"]),
        ("é=1; a=b", {"a": "b"}, ["é"]),
        ("a=b;;c=d", {"a": "b", "c": "d"}, []),
        ("a=b; c; d=e", {"a": "b", "d": "e"}, ["c"]),
        ("=b; c=d", {"c": "d"}, [""]),
        ("secure; a=b", {"a": "b"}, ["secure"]),
        ("path=/x; a=b", {"a": "b"}, ["path"]),  # http.cookies has no place for this name
        ("a=x y; b=2", {"a": "x y", "b": "2"}, []),
        ('a={"x": 1}; b=2', {"a": '{"x": 1}', "b": "2"}, []),
        ("a=1,2, 3; b=2", {"a": "1,2, 3", "b": "2"}, []),
        ('a="b; c=d', {"a": '"b', "c": "d"}, []),
        # a semicolon ends a pair for browsers, so a quoted one must not swallow the next cookie
        ('a="x; id=secret; b=y"', {"a": '"x', "id": "secret", "b": 'y"'}, []),
        # RFC 2965
        ("$Version=1; a=b; $Path=/", {"a": "b"}, []),
        # quoted values
        (r'a="b\"c\\"', {"a": r'b"c' + "\\"}, []),
        (r'a="x\073y\054z"', {"a": "x;y,z"}, []),
        (r'a="\1x\9"', {"a": "1x9"}, []),
        ('a="b\\"', {"a": "b\\"}, []),
        ('a="', {"a": '"'}, []),
        # beyond ASCII
        (r'a="\303\251"', {"a": "é"}, []),
        (r'a="\351"', {"a": "é"}, []),
        ("a=\xc3\xa9", {"a": "é"}, []),
        ("a=\xe9", {"a": "é"}, []),
        ("a=\u20ac", {"a": "\u20ac"}, []),  # no WSGI string
    ],
)
def test_parse_cookie(field: str, cookies: dict[str, str], skipped: list[str]) -> None:
    """RFC 6265 section 4.2.1; what is malformed harms nothing else."""
    parsed = parse_cookie(field)
    assert isinstance(parsed, SimpleCookie)
    assert {name: morsel.value for name, morsel in parsed.items()} == cookies
    assert parsed.skipped == skipped


def test_the_coded_value_is_kept() -> None:
    assert parse_cookie(r'a="b\"c"')["a"].coded_value == r'"b\"c"'


def morsel(**attributes: object) -> "Morsel[str]":
    cookie: SimpleCookie = SimpleCookie({"a": "v"})
    for name, value in attributes.items():
        # as dict does: Python from 3.14 on refuses to store control characters
        dict.__setitem__(cookie["a"], name.replace("_", "-"), value)
    return cookie["a"]


@pytest.mark.parametrize(
    ("attributes", "line"),
    [
        ({}, "a=v"),
        ({"path": "/", "domain": "example.org"}, "a=v; Domain=example.org; Path=/"),
        (
            {"secure": True, "httponly": True, "samesite": "Lax"},
            "a=v; HttpOnly; SameSite=Lax; Secure",
        ),
        ({"secure": False, "httponly": ""}, "a=v"),
        ({"max_age": 0, "version": 1}, "a=v; Max-Age=0; Version=1"),
        ({"max_age": "5"}, "a=v; Max-Age=5"),
        ({"path": None}, "a=v"),
        (
            {"expires": "Sun, 06 Nov 1994 08:49:37 GMT"},
            "a=v; expires=Sun, 06 Nov 1994 08:49:37 GMT",
        ),
        ({"comment": "x y"}, 'a=v; Comment="x y"'),
        ({"comment": "x"}, "a=v; Comment=x"),
        ({"path": "/\r\nx: y"}, "a=v; Path=/x: y"),
        ({"path": "/; Domain=evil.example"}, "a=v; Path=/ Domain=evil.example"),
        ({"path": "/ä%20"}, "a=v; Path=/%C3%A4%20"),
        ({"path": "/\udcff"}, "a=v; Path=/?"),
    ],
)
def test_set_cookie(attributes: dict[str, object], line: str) -> None:
    """RFC 6265 section 4.1."""
    assert format_set_cookie(morsel(**attributes)) == line


@pytest.mark.parametrize(("seconds", "expected"), [(3600, 3600), (0, 0), (1.5, 1)])
def test_expires_in_seconds_from_now(seconds: float, expected: int) -> None:
    before = int(time.time())
    line = format_set_cookie(morsel(expires=seconds))
    date = parse_http_date(line.removeprefix("a=v; expires="))
    assert date is not None
    assert before + expected <= date <= time.time() + seconds


def test_expires_beyond_the_calendar() -> None:
    with pytest.raises(ValueError, match="out of range"):
        format_set_cookie(morsel(expires=10**12))


@pytest.mark.parametrize(
    ("value", "coded"),
    [
        ("", '""'),
        (5, "5"),
        ("x;y,z", r'"x\073y\054z"'),
        ('b"c\\', r'"b\"c\\"'),
        ("é", r'"\351"'),  # as SimpleCookie has it
        ("€", r'"\342\202\254"'),
        ("é€", r'"\303\251\342\202\254"'),
        ("Ã©", r'"\303\203\302\251"'),  # Latin-1 that would be read as UTF-8
        ('é"; \\', r'"\351\"\073 \\"'),
        ("\udcff", '"?"'),
    ],
)
def test_values_of_set_cookie(value: object, coded: str) -> None:
    cookie: SimpleCookie = SimpleCookie()
    cookie["a"] = value  # type: ignore[assignment]  # SimpleCookie takes anything with a text
    assert list(set_cookie_values(cookie)) == [f"a={coded}"]


def test_cookies_are_in_the_order_of_their_names() -> None:
    cookie: SimpleCookie = SimpleCookie({"b": "1", "a": "2"})
    assert list(set_cookie_values(cookie)) == ["a=2", "b=1"]


def test_a_coding_of_ones_own_is_respected() -> None:
    class Quoting(BaseCookie[str]):
        def value_encode(self, val: str) -> tuple[str, str]:
            return val, quote(val)

    assert list(set_cookie_values(Quoting({"a": "é€"}))) == ["a=%C3%A9%E2%82%AC"]
    raw: Morsel[str] = Morsel()
    raw.set("a", "é", "x€;y")
    assert format_set_cookie(raw) == "a=xy"
    # nobody coded it at all
    raw.set("a", "é", "é")
    assert format_set_cookie(raw) == r'a="\351"'


@given(cookie_names(), cookie_values())
@example("a", "Ã©")
@example("a", "\x80")
def test_parse_undoes_format(name: str, value: str) -> None:
    cookie: SimpleCookie = SimpleCookie()
    cookie[name] = value
    (line,) = set_cookie_values(cookie)
    assert line.isascii()
    before, after = f"{name}-before", f"{name}-after"
    parsed = parse_cookie(f"{before}=1; {line}; {after}=2")
    assert [parsed[other].value for other in (before, name, after)] == ["1", value, "2"]
    assert parsed.skipped == []


@given(st.one_of(wild_text(), latin_1_text()))
def test_no_field_breaks_it(field: str) -> None:
    parsed = parse_cookie(field)
    for line in set_cookie_values(parsed):
        assert line.isascii()
        assert not set(line.encode()) & {*range(32), 127}


@given(st.one_of(wild_text(), latin_1_text()))
def test_no_attribute_begins_another(text: str) -> None:
    line = format_set_cookie(morsel(path="/" + text))
    assert line.isascii()
    assert line.isprintable()
    assert line.count(";") == 1


def test_the_number_of_pairs_is_bounded() -> None:
    """Half a megabyte of ``a=1;`` would take a second."""
    cookies = parse_cookie(";".join(f"n{number}=1" for number in range(MAX_PAIRS + 10)))
    assert len(cookies) == MAX_PAIRS
    assert f"n{MAX_PAIRS}" not in cookies


@pytest.mark.parametrize("value", ["abc", "", "a b", 'a"b', "caf\u00e9", "\u2603", "a;b"])
def test_a_template_writes_what_a_cookie_of_its_own_would_be(value: str) -> None:
    attributes: dict[str, Any] = {
        "path": "/a b",
        "max-age": 60,
        "httponly": True,
        "samesite": "Lax",
    }
    ordinary = SimpleCookie()
    ordinary["sid"] = value
    ordinary["sid"].update(attributes)
    template = CookieTemplate("sid", attributes)
    assert template.cookie(value) == ordinary["sid"]
    assert template.field_value(value) == format_set_cookie(ordinary["sid"])
