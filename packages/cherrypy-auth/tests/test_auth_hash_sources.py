"""Where hashes of users come from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from digest_client import digest

from cherrypy._auth.algorithms import ALGORITHMS
from cherrypy._auth.hash_sources import HashSource, parse_htdigest, source_of
from cherrypy.lib import auth_digest

if TYPE_CHECKING:
    from pathlib import Path

MD5, SHA_256, SHA_512 = (ALGORITHMS[name] for name in ("MD5", "SHA-256", "SHA-512-256"))


def test_plain_passwords_give_hashes_of_any_algorithm() -> None:
    users = {"jon": "secret", "jün": "pä", "empty": ""}
    source = auth_digest.get_ha1_dict_plain(users)
    assert source("r", "jon") == digest("MD5", "jon", "r", "secret")
    assert source("r", "nobody") is None
    assert source("r", "empty") is None
    assert source.find("r", "empty", MD5, "utf-8") is None
    for algorithm in ALGORITHMS.values():
        expected = digest(algorithm.name, "jün", "r", "pä")
        assert source.find("r", "jün", algorithm, "utf-8") == expected
    assert source.find("r", "jün", MD5, "iso-8859-1") != source.find("r", "jün", MD5, "utf-8")
    users["jon"] = "new"
    assert source("r", "jon") == digest("MD5", "jon", "r", "new")


def test_hashes_in_a_dict() -> None:
    users: dict[str, Any] = {"jon": "0" * 32, "ann": {"SHA-256": "1" * 64, "MD5": "2" * 32}}
    source = auth_digest.get_ha1_dict(users)
    assert source("r", "jon") == "0" * 32
    assert source("r", "nobody") is None
    assert source.find("r", "jon", MD5, "utf-8") == "0" * 32
    assert source.find("r", "ann", MD5, "utf-8") == "2" * 32
    assert source.find("r", "ann", ALGORITHMS["SHA-256-sess"], "utf-8") == "1" * 64
    assert source.find("r", "ann", SHA_512, "utf-8") is None
    assert source.default_algorithm() is MD5


def test_names_are_found_by_their_hashes() -> None:
    users = {"jon": "a", "Jäsøn Doe": "b"}
    sources: list[HashSource] = [
        auth_digest.get_ha1_dict_plain(users),
        auth_digest.get_ha1_dict(users),
    ]
    for source in sources:
        found = digest("SHA-256", "Jäsøn Doe", "r")
        assert source.find_name("r", found, SHA_256) == "Jäsøn Doe"
        assert source.find_name("r", found.upper(), SHA_256) == "Jäsøn Doe"
        assert source.find_name("other", found, SHA_256) is None
        assert source.find_name("r", found, MD5) is None
    users["new"] = "c"
    for source in sources:
        assert source.find_name("r", digest("SHA-256", "new", "r"), SHA_256) == "new"
    del users["new"]
    for source in sources:
        assert source.find_name("r", digest("SHA-256", "new", "r"), SHA_256) is None


def test_an_htdigest_file(tmp_path: Path) -> None:
    path = tmp_path / "users"
    path.write_text(f"jon:r:{'0' * 32}\njon:r:{'1' * 64}\njon:s:{'2' * 32}\njün:a:b:{'3' * 32}\n")
    source = auth_digest.get_ha1_file_htdigest(path)
    assert source("r", "jon") == "0" * 32
    assert source("s", "jon") == "2" * 32
    assert source("t", "jon") is None
    assert source.find("r", "jon", SHA_256, "utf-8") == "1" * 64
    assert source.find("s", "jon", SHA_256, "utf-8") is None
    assert source.find("a:b", "jün", MD5, "utf-8") == "3" * 32
    assert source.find_name("r", digest("MD5", "jon", "r"), MD5) == "jon"
    assert source.find_name("t", digest("MD5", "jon", "t"), MD5) is None
    assert source.default_algorithm() is MD5


def test_lines_of_another_form_do_not_count() -> None:
    found = parse_htdigest(
        b"# comment\n\njon:r\n:\njon:r:1234\r\n" + "j\xfcn:r:5".encode("latin-1")
    )
    assert found == {("r", "jon"): {4: "1234"}, ("r", "jün"): {1: "5"}}


def test_an_htdigest_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    """Even within the same tick of the clock; and not when it does not change."""
    path = tmp_path / "users"
    path.write_text("jon:r:old\n")
    source = auth_digest.get_ha1_file_htdigest(str(path))
    assert source("r", "jon") == "old"
    status = path.stat()
    path.write_text("jon:r:new\n")  # as long as before
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert source("r", "jon") == "new"
    os.utime(path, (1_000_000_000, 1_000_000_000))  # long ago
    assert source("r", "jon") == "new"
    known = source._index()
    assert source._index() is known
    replacement = tmp_path / "replacement"
    replacement.write_text("jon:r:third\n")
    replacement.replace(path)
    assert source("r", "jon") == "third"
    path.unlink()
    with pytest.raises(FileNotFoundError, match="users"):
        source("r", "jon")


def test_a_function_of_the_application() -> None:
    source = source_of(lambda realm, name: f"{realm} {name}", (), userhash=False)
    assert source.find("r", "jon", MD5, "utf-8") == "r jon"
    assert source.default_algorithm() is MD5
    assert source_of(lambda *_: 5, (), userhash=False).find("r", "jon", MD5, "utf-8") is None


def test_a_function_that_asks_for_the_algorithm() -> None:
    def find(realm: str, name: str, algorithm: str) -> str:
        return f"{realm} {name} {algorithm}"

    source = source_of(find, (SHA_256, MD5), userhash=False)
    assert source.find("r", "jon", ALGORITHMS["SHA-256-sess"], "utf-8") == "r jon SHA-256"


@pytest.mark.parametrize(
    ("function", "algorithms", "userhash", "message"),
    [
        ({}, (), False, "get_ha1 = {}: expected a function of realm and user name"),
        (None, (), False, "get_ha1 = None: expected a function"),
        (lambda _realm, _name: None, (SHA_256, MD5), False, "has no parameter 'algorithm'"),
        (max, (SHA_256, MD5), False, "has no parameter 'algorithm'"),
        (lambda _realm, _name: None, (), True, "userhash = True: expected False"),
    ],
)
def test_other_objects_are_not_sources(
    function: Any, algorithms: Any, message: str, *, userhash: bool
) -> None:
    with pytest.raises(ValueError, match=message):
        source_of(function, algorithms, userhash=userhash)
