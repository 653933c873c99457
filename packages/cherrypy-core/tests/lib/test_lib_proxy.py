"""The proxy tool: what a reverse proxy says of a request, and who believes it (RFC 7239)."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import cherrypy
from cherrypy._request.parts import DEFAULT_HOSTS
from cherrypy.lib.proxy import find_address, trusted_proxies
from strategies import wild_text
from wsgi_client import Client

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.usefixtures("site")

FRONT = {
    "X_Forwarded_Host": "front.example",
    "X_Forwarded_For": "10.0.0.1",
    "X_Forwarded_Proto": "https",
}


class _Root:
    @cherrypy.expose
    def index(self) -> str:
        request = cherrypy.request
        return f"{request.base} {request.scheme} {request.remote.ip} {request.remote.port}"


def told(settings: Mapping[str, object], fields: Mapping[str, str], peer: str = "127.0.0.1") -> str:
    config = {"tools.proxy.on": True}
    config |= {f"tools.proxy.{name}": value for name, value in settings.items()}  # type: ignore[misc]
    application = cherrypy.Application(_Root(), "", {"/": config})
    return Client(application, REMOTE_ADDR=peer).get("/", **fields).text


PLAIN = "http://localhost http 127.0.0.1 54321"


@pytest.mark.parametrize(
    ("settings", "fields", "expected"),
    [
        ({}, {}, PLAIN),
        ({}, FRONT, "https://front.example http 10.0.0.1 54321"),
        ({}, {"X_Forwarded_Host": "a.example, b.example"}, "http://a.example http 127.0.0.1 54321"),
        ({}, {"X_Forwarded_Host": "a.example:8443"}, "http://a.example:8443 http 127.0.0.1 54321"),
        ({}, {"X_Forwarded_Host": "https://a.example"}, "https://a.example http 127.0.0.1 54321"),
        ({}, {"X_Forwarded_Proto": "https"}, "https://localhost http 127.0.0.1 54321"),
        ({}, {"X_Forwarded_Proto": "HTTPS, http"}, "https://localhost http 127.0.0.1 54321"),
        ({}, {"X_Forwarded_For": "10.0.0.1, 10.0.0.2"}, "http://localhost http 10.0.0.1 54321"),
        ({}, {"X_Forwarded_For": "2001:DB8::1"}, "http://localhost http 2001:db8::1 54321"),
        ({}, {"X_Forwarded_For": "10.0.0.1:81"}, "http://localhost http 10.0.0.1 81"),
        ({}, {"X_Forwarded_For": "[2001:db8::1]:81"}, "http://localhost http 2001:db8::1 81"),
        ({"scheme": "X-Forwarded-Ssl"}, {"X_Forwarded_Ssl": "on"},
         "https://localhost http 127.0.0.1 54321"),
        ({"scheme": "Front-End-Https"}, {"Front_End_Https": "On"},
         "https://localhost http 127.0.0.1 54321"),
        ({"scheme": "X-Forwarded-Ssl"}, {"X_Forwarded_Ssl": "off"}, PLAIN),
        ({"local": "Origin"}, {"Origin": "http://a.example:1"},
         "http://a.example:1 http 127.0.0.1 54321"),
        ({"local": "X-Host", "remote": "X-Real-Ip", "scheme": "X-Scheme"},
         {"X_Host": "own.example", "X_Real_Ip": "10.0.0.9", "X_Scheme": "https"},
         "https://own.example http 10.0.0.9 54321"),
        ({"local": "X-Host", "remote": "X-Real-Ip", "scheme": "X-Scheme"}, FRONT, PLAIN),
        ({"local": "", "remote": None, "scheme": ""}, FRONT, PLAIN),
        ({"base": "https://base.example"}, {}, "https://base.example http 127.0.0.1 54321"),
        ({"base": "https://base.example/"}, {"X_Forwarded_Proto": "http"},
         "https://base.example http 127.0.0.1 54321"),
        ({"base": "https://base.example/"}, FRONT, "https://front.example http 10.0.0.1 54321"),
        ({"base": "https://base.example/", "local": ""}, FRONT,
         "https://base.example http 10.0.0.1 54321"),
        ({"base": "https://base.example"}, {"X_Forwarded_Host": "a b"},
         "https://base.example http 127.0.0.1 54321"),
        ({}, {"X_Forwarded_Host": "a.example/portal/"},
         "http://a.example/portal http 127.0.0.1 54321"),
        ({"local": "Origin"}, {"Origin": "https://a.example:1/%C3%A9/b;c=d/"},
         "https://a.example:1/%C3%A9/b;c=d http 127.0.0.1 54321"),
        ({"base": "base.example"}, {}, "http://base.example http 127.0.0.1 54321"),
        ({"base": "base.example"}, {"X_Forwarded_Proto": "https"},
         "https://base.example http 127.0.0.1 54321"),
        ({}, {"Forwarded": "for=10.0.0.1;host=front.example;proto=https"}, PLAIN),
        ({"forwarded": True}, {"Forwarded": "for=10.0.0.1;host=front.example;proto=https"},
         "https://front.example http 10.0.0.1 54321"),
        ({"forwarded": True}, {"Forwarded": 'For="[2001:db8::1]:99" , for=10.0.0.2'},
         "http://localhost http 2001:db8::1 99"),
        ({"forwarded": True}, FRONT, PLAIN),
    ],
)  # fmt: skip
def test_fields_are_taken_as_they_come_by_default(
    settings: Mapping[str, object], fields: Mapping[str, str], expected: str
) -> None:
    assert told(settings, fields) == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"X_Forwarded_For": "nonsense"},
        {"X_Forwarded_For": "unknown"},
        {"X_Forwarded_For": "999.0.0.1"},
        {"X_Forwarded_For": "<script>"},
        {"X_Forwarded_For": ""},
        {"X_Forwarded_Host": "a b<>"},
        {"X_Forwarded_Host": "/b"},
        {"X_Forwarded_Host": "a//b"},
        {"X_Forwarded_Host": "a/b//"},
        {"X_Forwarded_Host": "https://a/b?c"},
        {"X_Forwarded_Host": "https://a/b c"},
        {"X_Forwarded_Host": "https://a/%zz"},
        {"X_Forwarded_Host": "https://"},
        {"X_Forwarded_Host": ":80"},
        {"X_Forwarded_Host": "a:port"},
        {"X_Forwarded_Host": "user@a"},
        {"X_Forwarded_Host": "javascript://a"},
        {"X_Forwarded_Proto": "ftp"},
        {"X_Forwarded_Proto": '""'},
    ],
)
def test_what_is_no_address_host_or_scheme_never_counts(fields: Mapping[str, str]) -> None:
    assert told({}, fields) == PLAIN
    longer = {name: f"{value}, 10.0.0.1" for name, value in fields.items() if value}
    assert told({}, longer) == PLAIN
    assert told({"trusted": "127.0.0.1"}, fields) == PLAIN


def test_a_zone_is_no_part_of_an_address() -> None:
    assert told({}, {"X_Forwarded_For": "fe80::1%<script>"}).split()[2] == "fe80::1"


TRUSTED = {"trusted": ["10.0.0.0/8", "127.0.0.1", "2001:db8::/32"]}


@pytest.mark.parametrize(
    ("fields", "peer", "expected"),
    [
        # nobody else is believed
        (FRONT, "192.0.2.1", "http://localhost http 192.0.2.1 54321"),
        ({}, "10.0.0.9", "http://localhost http 10.0.0.9 54321"),
        # the nearest that is no proxy, whatever the client claims before it
        ({"X_Forwarded_For": "192.0.2.1"}, "10.0.0.9", "http://localhost http 192.0.2.1 54321"),
        ({"X_Forwarded_For": "203.0.113.5, 192.0.2.1, 10.0.0.2"}, "10.0.0.9",
         "http://localhost http 192.0.2.1 54321"),
        ({"X_Forwarded_For": "192.0.2.1, 2001:db8::5"}, "::ffff:10.0.0.9",
         "http://localhost http 192.0.2.1 54321"),
        ({"X_Forwarded_For": "10.0.0.3, 10.0.0.2"}, "10.0.0.9",
         "http://localhost http 10.0.0.3 54321"),
        # someone hides: the nearest that is known
        ({"X_Forwarded_For": "192.0.2.1, unknown, 10.0.0.2"}, "10.0.0.9",
         "http://localhost http 10.0.0.2 54321"),
        # with as many values as addresses, those of the client's own hop
        ({"X_Forwarded_For": "203.0.113.5, 192.0.2.1, 10.0.0.2",
          "X_Forwarded_Proto": "http, https, http",
          "X_Forwarded_Host": "evil.example, front.example, inner.example"}, "10.0.0.9",
         "https://front.example https 192.0.2.1 54321"),
        # otherwise those of the nearest proxy
        ({"X_Forwarded_For": "203.0.113.5, 192.0.2.1, 10.0.0.2",
          "X_Forwarded_Proto": "https",
          "X_Forwarded_Host": "evil.example, front.example"}, "10.0.0.9",
         "https://front.example https 192.0.2.1 54321"),
        ({"X_Forwarded_Proto": "https"}, "10.0.0.9", "https://localhost https 10.0.0.9 54321"),
        ({"X_Forwarded_For": "192.0.2.1:8, 10.0.0.2:9"}, "10.0.0.9",
         "http://localhost http 192.0.2.1 8"),
    ],
)  # fmt: skip
def test_only_trusted_proxies_are_believed(
    fields: Mapping[str, str], peer: str, expected: str
) -> None:
    assert told(TRUSTED, fields, peer) == expected


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("for=192.0.2.1;proto=https;host=front.example, for=10.0.0.2;host=inner.example",
         "https://front.example https 192.0.2.1 54321"),
        ("for=203.0.113.5;host=evil.example, for=192.0.2.1",
         "http://localhost http 192.0.2.1 54321"),
        ("for=192.0.2.1;host=evil.example, for=_secret;host=front.example",
         "http://front.example http 10.0.0.9 54321"),
        ('for="[2001:db8:1::9]:55", For="[2001:db8::5]"', "http://localhost http 2001:db8:1::9 55"),
        ("proto=https", "https://localhost https 10.0.0.9 54321"),
    ],
)  # fmt: skip
def test_forwarded_is_believed_of_trusted_proxies(field: str, expected: str) -> None:
    """RFC 7239 section 4."""
    assert told(TRUSTED | {"forwarded": True}, {"Forwarded": field}, "10.0.0.9") == expected


def test_a_peer_on_a_unix_socket_is_trusted_by_name() -> None:
    fields = {"X_Forwarded_For": "192.0.2.1"}
    assert told({"trusted": "unix"}, fields, "") == "http://localhost http 192.0.2.1 54321"
    assert told(TRUSTED, fields, "") == "http://localhost http  54321"
    assert told({"trusted": "unix"}, fields, "192.0.2.9").split()[2] == "192.0.2.9"


def test_a_proxy_that_is_no_address_is_an_error_that_names_the_setting() -> None:
    with pytest.raises(ValueError, match=r"tools\.proxy\.trusted: '10\.0\.0\.1/8': expected"):
        trusted_proxies(("10.0.0.1/8",))


def test_urls_and_redirects_begin_with_the_forwarded_base() -> None:
    class Root:
        @cherrypy.expose
        def index(self) -> None:
            raise cherrypy.HTTPRedirect("/other")

    config = {"/": {"tools.proxy.on": True}}
    answer = Client(cherrypy.Application(Root(), "", config)).get("/", **FRONT)
    assert answer.field("Location") == "https://front.example/other"


def test_the_default_hosts_stay_as_they_are() -> None:
    request = cherrypy.request
    before = repr(request.remote)
    request.headers["X-Forwarded-For"] = "10.0.0.1"
    try:
        cherrypy.tools.proxy.callable()
        assert request.remote.ip == "10.0.0.1"
        assert repr(DEFAULT_HOSTS[1]) == before
    finally:
        for name in ("remote", "base", "headers"):
            delattr(request, name)


@given(text=wild_text(), trusted=st.booleans())
@example(text="10.0.0.1%eth0", trusted=False)
def test_no_field_makes_anything_but_an_address_the_client(text: str, *, trusted: bool) -> None:
    value = text.encode("utf-8", "replace").decode("latin-1")
    names = ("X_Forwarded_For", "X_Forwarded_Host", "X_Forwarded_Proto", "Forwarded")
    for forwarded in (False, True):
        settings: dict[str, object] = {"forwarded": forwarded}
        if trusted:
            settings["trusted"] = "127.0.0.1"
        base, scheme, address, port = told(settings, dict.fromkeys(names, value)).split(" ")
        assert base.startswith(("http://", "https://"))
        assert scheme in {"http", "https"}
        assert str(ip_address(address)) == address
        assert port.isdigit()


@given(st.ip_addresses())
def test_every_address_is_found(address: object) -> None:
    found = find_address(str(address))
    assert found in {address, getattr(address, "ipv4_mapped", None)}


@given(st.lists(st.ip_addresses(v=4), min_size=1, max_size=6))
def test_a_client_can_not_choose_its_address(addresses: list[object]) -> None:
    """Whatever it puts before, the proxy adds where the request came from."""
    field = ", ".join([*map(str, addresses), "192.0.2.7"])
    assert told({"trusted": "127.0.0.1"}, {"X_Forwarded_For": field}).split()[2] == "192.0.2.7"
