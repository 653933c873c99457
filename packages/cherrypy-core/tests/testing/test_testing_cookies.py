"""The cookies that the client keeps (RFC 6265 section 5)."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cherrypy._testing.cookies import parse_set_cookie
from cherrypy.testing import Cookie, CookieJar

HOST, PATH = "www.example.com", "/shop/list"


@pytest.mark.parametrize(
    ("field", "cookie"),
    [
        ("a=1", Cookie("a", "1", HOST, path="/shop")),
        (" a = 1 ", Cookie("a", "1", HOST, path="/shop")),
        ('a="1;2"', Cookie("a", '"1', HOST, path="/shop")),  # a semicolon ends it, quoted or not
        ("a=b=c", Cookie("a", "b=c", HOST, path="/shop")),
        ("a=; Path=/", Cookie("a", "", HOST)),
        ("a=1; path=shop", Cookie("a", "1", HOST, path="/shop")),  # not absolute: as if not there
        ("a=1; SECURE; HttpOnly; SameSite=Lax; Path=/", Cookie("a", "1", HOST, is_secure=True)),
        ("a=1; Path=/; Domain=.Example.com", Cookie("a", "1", "example.com", True)),
        ("a=1; Path=/; Domain=", Cookie("a", "1", HOST)),
        ("a=1; Path=/; Domain=other.com", None),
        ("a=1; Path=/; Domain=ww.example.com", None),
        ("a=1; Path=/; Max-Age=0", Cookie("a", "1", HOST, expires=0)),
        ("a=1; Path=/; Max-Age=-5", Cookie("a", "1", HOST, expires=0)),
        ("a=1; Path=/; Max-Age=soon", Cookie("a", "1", HOST)),
        (
            "a=1; Path=/; Expires=Thu, 01 Jan 1970 00:01:00 GMT",
            Cookie("a", "1", HOST, expires=60),
        ),
        ("a=1; Path=/; expires=Thu, 01-Jan-1970 00:01:00 GMT", Cookie("a", "1", HOST, expires=60)),
        ("a=1; Path=/; Expires=tomorrow", Cookie("a", "1", HOST)),
        (
            "a=1; Path=/; Max-Age=0; Expires=Fri, 31 Dec 9999 00:00:00 GMT",
            Cookie("a", "1", HOST, expires=0),
        ),
        ("a", None),
        ("=1", None),
        ("", None),
    ],
)
def test_set_cookie(field: str, cookie: Cookie | None) -> None:
    """RFC 6265 sections 5.2 and 5.3."""
    assert parse_set_cookie(field, HOST, PATH) == cookie


@pytest.mark.parametrize(
    ("field", "scheme", "host", "path", "sent"),
    [
        ("a=1; Path=/", "http", HOST, "/", True),
        ("a=1; Path=/", "http", "example.com", "/", False),
        ("a=1; Path=/", "http", f"x.{HOST}", "/", False),  # without Domain: that host only
        ("a=1; Path=/; Domain=example.com", "http", "example.com", "/", True),
        ("a=1; Path=/; Domain=example.com", "http", "other.example.com", "/", True),
        ("a=1; Path=/; Domain=example.com", "http", "counterexample.com", "/", False),
        ("a=1", "http", HOST, "/shop", True),
        ("a=1", "http", HOST, "/shop/", True),
        ("a=1", "http", HOST, "/shopping", False),
        ("a=1", "http", HOST, "/", False),
        ("a=1; Path=/shop/", "http", HOST, "/shop", False),
        ("a=1; Path=/; Secure", "http", HOST, "/", False),
        ("a=1; Path=/; Secure", "https", HOST, "/", True),
        ("a=1; Path=/; Max-Age=0", "http", HOST, "/", False),
        ("a=1; Path=/; Max-Age=60", "http", HOST, "/", True),
    ],
)
def test_which_requests_have_a_cookie(
    field: str, scheme: str, host: str, path: str, *, sent: bool
) -> None:
    """RFC 6265 section 5.4."""
    jar = CookieJar()
    jar.store(field, HOST, PATH)
    assert jar.field(scheme, host, path) == ("a=1" if sent else "")


def test_an_address_has_no_subdomains() -> None:
    jar = CookieJar()
    jar.store("a=1; Domain=0.0.1", "127.0.0.1", "/")
    assert dict(jar) == {}


def test_a_cookie_replaces_the_one_of_the_same_name_and_path() -> None:
    jar = CookieJar()
    for field in ("a=1; Path=/", "b=2; Path=/", "a=3; Path=/", "a=4; Path=/deep/er"):
        jar.store(field, HOST, "/")
    assert jar.field("http", HOST, "/deep/er/x") == "a=4; a=3; b=2"


def test_a_cookie_is_removed_by_one_that_has_expired() -> None:
    jar = CookieJar()
    jar.store("a=1; Path=/", HOST, "/")
    jar.store("a=; Path=/; Max-Age=0", HOST, "/")
    assert "a" not in jar


def test_a_cookie_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    jar = CookieJar()
    now = time.time()
    jar.store("a=1; Max-Age=60", HOST, "/")
    monkeypatch.setattr(time, "time", lambda: now + 61)
    assert dict(jar) == {}


def test_it_is_a_mapping() -> None:
    jar = CookieJar({"a": "1"})
    jar["b"] = "2"
    assert dict(jar) == {"a": "1", "b": "2"}
    assert len(jar) == 2
    assert jar.field("http", "any.host", "/") == "a=1; b=2"
    del jar["a"]
    with pytest.raises(KeyError):
        del jar["a"]
    assert jar.get("a") is None
    assert repr(jar) == "CookieJar({'b': '2'})"


@given(st.text(), st.sampled_from(["localhost", "a.b", "127.0.0.1", "::1"]))
def test_no_field_is_an_error(field: str, host: str) -> None:
    jar = CookieJar()
    jar.store(field, host, "/x")
    jar.field("https", host, "/x")


@given(st.text("abc/", max_size=6).map("/{}".format), st.text("abc/", max_size=6).map("/{}".format))
def test_the_default_path_covers_where_the_cookie_came_from(path: str, other: str) -> None:
    jar = CookieJar()
    jar.store("a=1", HOST, path)
    assert jar.field("http", HOST, path) == "a=1"
    is_beside = not other.startswith(path.rpartition("/")[0])
    assert not (is_beside and jar.field("http", HOST, other))
