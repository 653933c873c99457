"""The computations of the scheme Digest, with the worked examples of RFC 7616 section 3.9."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from digest_client import Credentials
from hypothesis import given
from hypothesis import strategies as st

from cherrypy._auth.algorithms import (
    ALGORITHMS,
    Algorithm,
    find_algorithm,
    is_available,
)
from cherrypy._auth.credentials import charsets_of, parse_digest
from cherrypy._auth.digest import (
    hash_message,
    hash_secret,
    hash_user,
    hash_username,
    request_digest,
)
from cherrypy._auth.digest_gate import _checked_algorithms
from cherrypy._auth.targets import is_uri_of

UTF_8 = charsets_of("UTF-8")

EXAMPLE = """username="Mufasa",
       realm="http-auth@example.org",
       uri="/dir/index.html",
       algorithm={algorithm},
       nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
       nc=00000001,
       cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
       qop=auth,
       response="{response}",
       opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
"""


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_example_of_rfc_7616_section_3_9_1(algorithm: str, response: str) -> None:
    text = EXAMPLE.format(algorithm=algorithm, response=response).replace("\n", "")
    credentials = parse_digest(text, UTF_8)
    user = hash_user(
        credentials.algorithm, "Mufasa", "http-auth@example.org", "Circle of Life", "utf-8"
    )
    found = request_digest(
        credentials, hash_secret(credentials, user), hash_message(credentials, "GET")
    )
    assert found == credentials.response


def response_of_section_3_9_2(algorithm: Algorithm) -> tuple[str, str]:
    """Compute the hash of the name, and the response."""
    username = hash_username(algorithm, "Jäsøn Doe", "api@example.org")
    credentials = parse_digest(
        f'username="{username}", realm="api@example.org", uri="/doe.json", algorithm=SHA-512-256, '
        'nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", nc=00000001, '
        'cnonce="NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v", qop=auth, response="", '
        "userhash=true",
        UTF_8,
    )._replace(algorithm=algorithm)
    user = hash_user(algorithm, "Jäsøn Doe", "api@example.org", "Secret, or not?", "utf-8")
    return username, request_digest(credentials, user, hash_message(credentials, "GET"))


def test_the_example_of_rfc_7616_section_3_9_2() -> None:
    """As erratum 4897 corrects it: what is printed there was made by cutting off SHA-512."""

    class Cut(Algorithm):
        def hash(self, data: bytes) -> str:
            return hashlib.sha512(data).hexdigest()[:64]

    assert response_of_section_3_9_2(Cut("", "", 64, "")) == (
        "488869477bf257147b804c45308cd62ac4e25eb717b12b298c79e62dcea254ec",
        "ae66e67d6b427bd3f120414a82e4acff38e8ecd9101d6c861229025f607a79dd",
    )
    assert response_of_section_3_9_2(ALGORITHMS["SHA-512-256"]) == (
        "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b",
        "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5",
    )


def test_sha_512_256_is_no_cut_off_sha_512() -> None:
    """FIPS 180-4 section 5.3.6.2; its example for "abc" in the NIST collection."""
    assert ALGORITHMS["SHA-512-256"].hash(b"abc") == (
        "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"
    )


@given(
    algorithm=st.sampled_from([*ALGORITHMS]),
    qop=st.sampled_from(["auth", "auth-int"]),
    username=st.text(st.characters(codec="ascii", exclude_categories=["Cc"])),
    password=st.text(),
    content=st.binary(max_size=20),
)
def test_a_client_written_after_the_rfc_agrees(
    algorithm: str, qop: str, username: str, password: str, content: bytes
) -> None:
    client = Credentials(
        "n", username, password, algorithm=algorithm, qop=qop, uri="/a?b=ü", content=content
    )
    field = client.field.removeprefix("Digest ")
    credentials = parse_digest(field, UTF_8)
    user = hash_user(credentials.algorithm, credentials.username, "localhost", password)
    secret = hash_secret(credentials, user)
    content_hash = credentials.algorithm.hash(content)
    message = hash_message(credentials, "GET", content_hash)
    assert request_digest(credentials, secret, message) == credentials.response
    answer = hash_message(credentials, "", content_hash)
    assert request_digest(credentials, secret, answer) == client.answer_to("", content)


def test_without_qop() -> None:
    """RFC 2069 section 2.4, with the values that its erratum 749 corrects."""
    credentials = parse_digest(
        'username="Mufasa", realm="testrealm@host.com", response="", '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html"',
        UTF_8,
    )
    user = hash_user(credentials.algorithm, "Mufasa", "testrealm@host.com", "CircleOfLife")
    found = request_digest(credentials, user, hash_message(credentials, "GET"))
    assert found == "1949323746fe6a43ef61f9606e7febea"


def test_a_password_that_a_charset_lacks_matches_no_other() -> None:
    hashes = {
        hash_user(ALGORITHMS["MD5"], "a", "r", password, "iso-8859-1")
        for password in ("€", "?", "", "\ud800")
    }
    assert len(hashes) == 4


def test_algorithms_in_order_of_strength() -> None:
    names = ["MD5", "SHA-256-sess", "SHA-512-256", "SHA-256", "MD5"]
    algorithms = _checked_algorithms(names)
    assert [each.name for each in algorithms] == [
        "SHA-512-256",
        "SHA-256-sess",
        "SHA-256",
        "MD5",
    ]


def test_names_of_algorithms_have_no_case() -> None:
    assert find_algorithm("sha-512-256-SESS") is ALGORITHMS["SHA-512-256-sess"]
    assert find_algorithm("SHA-1") is None


def test_an_algorithm_that_a_machine_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    known = hashlib.new

    def refuse(name: str, data: bytes) -> Any:
        if name == "md5":
            raise ValueError("disabled for FIPS")
        return known(name, data)

    assert is_available(ALGORITHMS["MD5"])
    monkeypatch.setattr(hashlib, "new", refuse)
    assert not is_available(ALGORITHMS["MD5-sess"])
    assert is_available(ALGORITHMS["SHA-256"])


@pytest.mark.parametrize(
    ("uri", "path", "query", "is_same"),
    [
        ("/a", "/a", "", True),
        ("/a?b=c", "/a", "b=c", True),
        ("/%C3%A4", "/\xc3\xa4", "", True),
        ("/%7Ejon", "/~jon", "", True),
        ("/a%2Fb", "/a%2Fb", "", True),  # a server that keeps the slash encoded
        ("/a%2fb", "/a/b", "", True),  # one that does not
        ("http://example.com/a", "/a", "", True),
        ("HTTP://EXAMPLE.com/a?b", "/a", "b", True),
        ("http://example.com", "/", "", True),
        ("/a", "/b", "", False),
        ("/a?b=c", "/a", "", False),
        ("/a", "/a", "b=c", False),
        ("/a?b=c", "/a", "b=d", False),
        ("http://other.example/a", "/a", "", False),
        ("/a/b", "/a%2Fb", "", False),
        ("", "/", "", False),
        ("*", "/", "", False),
        ("a", "/a", "", False),
    ],
)
def test_which_uri_is_meant(uri: str, path: str, query: str, *, is_same: bool) -> None:
    assert is_uri_of(uri, path, query, "example.com") is is_same
