"""``cherrypy.lib.auth_digest`` beside its tool: what applications of CherryPy 18 call."""

from __future__ import annotations

import time
from typing import Any

import pytest
from digest_client import Credentials, digest

import cherrypy
from cherrypy.lib.auth_digest import (
    H,
    HttpDigestAuthorization,
    synthesize_nonce,
    valid_algorithms,
    valid_qops,
    www_authenticate,
)

KEY = "a565c27146791cfb"


def test_modules_are_attributes_of_lib() -> None:
    assert cherrypy.lib.auth_basic.basic_auth is not None
    assert cherrypy.lib.auth_digest.H is H
    assert cherrypy.lib.auth_peercreds.peercreds_auth is not None


def test_constants() -> None:
    assert {"MD5", "MD5-sess"} <= set(valid_algorithms)
    assert valid_qops == ("auth", "auth-int")
    assert H("a:b") == digest("MD5", "a", "b")


def test_an_authorization_field() -> None:
    nonce = synthesize_nonce("localhost", KEY)
    credentials = Credentials(nonce, more=', opaque="o"')
    found = HttpDigestAuthorization(credentials.field, "GET")
    assert vars(found) | {
        "username": "jon",
        "realm": "localhost",
        "nonce": nonce,
        "uri": "/",
        "algorithm": "MD5",
        "qop": "auth",
        "nc": "00000001",
        "cnonce": "0a4f113b",
        "opaque": "o",
        "http_method": "GET",
        "debug": False,
    } == vars(found)
    ha1 = digest("MD5", "jon", "localhost", "secret")
    assert found.request_digest(ha1) == found.response
    assert found.HA2() == found.HA2("body") == digest("MD5", "GET", "/")
    assert found.errmsg("x") == "Digest Authorization header: x"
    assert found.validate_nonce("localhost", KEY)
    assert not found.validate_nonce("localhost", "other")
    assert not found.validate_nonce("other", KEY)


@pytest.mark.parametrize("body", ["a body", b"a body"])
def test_an_authorization_field_with_content(body: Any) -> None:
    credentials = Credentials("n", qop="auth-int", algorithm="SHA-256-sess", content=b"a body")
    found = HttpDigestAuthorization(credentials.field, "GET")
    ha1 = digest("SHA-256", "jon", "localhost", "secret")
    assert found.request_digest(ha1, body) == found.response
    assert found.request_digest(ha1) != found.response


def test_the_age_of_a_nonce() -> None:
    now = int(time.time())
    for age, is_stale in ((0, False), (590, False), (601, True)):
        nonce = synthesize_nonce("localhost", KEY, now - age)
        found = HttpDigestAuthorization(Credentials(nonce).field, "GET")
        assert found.is_nonce_stale() is is_stale
        assert found.is_nonce_stale(max_age_seconds=10_000) is False
    for nonce in ("x", "", "²:1", "9" * 5000):
        HttpDigestAuthorization(Credentials(nonce).field, "GET").is_nonce_stale()


@pytest.mark.parametrize("field", ["Basic abc", "", "Digests a=b"])
def test_a_field_of_another_scheme(field: str) -> None:
    assert not HttpDigestAuthorization.matches(field)
    with pytest.raises(ValueError, match='Authorization scheme is not "Digest"'):
        HttpDigestAuthorization(field, "GET")


def test_a_malformed_field() -> None:
    assert HttpDigestAuthorization.matches("digest x")
    with pytest.raises(ValueError, match="could not be parsed"):
        HttpDigestAuthorization("Digest x", "GET")


@pytest.mark.parametrize(
    ("options", "rest"),
    [
        ({}, 'algorithm=MD5, qop="auth", charset=UTF-8'),
        ({"stale": True}, 'algorithm=MD5, qop="auth", stale=true, charset=UTF-8'),
        ({"accept_charset": "ISO-8859-1"}, 'algorithm=MD5, qop="auth"'),
        ({"algorithm": "sha-256"}, 'algorithm=SHA-256, qop="auth", charset=UTF-8'),
        ({"qop": "auth-int"}, 'algorithm=MD5, qop="auth-int", charset=UTF-8'),
    ],
    ids=str,
)
def test_a_challenge(options: dict[str, Any], rest: str) -> None:
    found = www_authenticate('the "realm"', KEY, nonce="n", **options)
    assert found == rf'Digest realm="the \"realm\"", nonce="n", {rest}'


def test_a_challenge_with_a_new_nonce() -> None:
    found = www_authenticate("r", KEY)
    nonce = found.partition('nonce="')[2].partition('"')[0]
    assert HttpDigestAuthorization(Credentials(nonce).field, "GET").validate_nonce("r", KEY)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"qop": "x"}, "Unsupported value for qop: 'x'"),
        ({"algorithm": "SHA-1"}, "Unsupported value for algorithm: 'SHA-1'"),
        ({"key": ""}, "key is empty"),
    ],
    ids=str,
)
def test_a_challenge_that_makes_no_sense(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        www_authenticate("r", **({"key": KEY} | options))
