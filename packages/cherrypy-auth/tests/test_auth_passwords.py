"""Hashes of passwords."""

from __future__ import annotations

import sys
import time
from typing import Any

import pytest

from cherrypy._auth import passwords
from cherrypy._auth.passwords import HashedPasswords, hash_password, verify_password
from cherrypy.lib import auth_basic

RIGHT = "pässwörd €"


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make hashes fast."""
    monkeypatch.setattr(passwords, "PBKDF2_ROUNDS", 10)


@pytest.mark.parametrize(
    ("scheme", "start"),
    [(None, "$argon2id$"), ("argon2", "$argon2id$"), ("pbkdf2", "$pbkdf2-sha256$i=10$")],
)
def test_a_hash_is_that_of_one_password(scheme: str | None, start: str) -> None:
    hashed = hash_password(RIGHT, scheme)
    assert hashed.startswith(start)
    assert hashed != hash_password(RIGHT, scheme)  # another salt
    assert verify_password(RIGHT, hashed)
    assert not verify_password("other", hashed)
    assert not verify_password("", hashed)


def test_a_test_vector_of_pbkdf2() -> None:
    """RFC 7914 section 11: P="passwd", S="salt", c=1, the first 32 bytes."""
    hashed = "$pbkdf2-sha256$i=1$c2FsdA$VawEblY5Zpzj+XcxBsARKDvhpeOc8K8iDUZS/FaDvLc"
    assert not verify_password("password", hashed)
    derived = bytes.fromhex("55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc")
    right = "$pbkdf2-sha256$i=1$c2FsdA$" + passwords._encode(derived)
    assert verify_password("passwd", right)


@pytest.mark.parametrize(
    "hashed",
    [
        "",
        "secret",
        "$pbkdf2-sha256$i=0$c2FsdA$c2FsdA",
        "$pbkdf2-sha256$i=99999999$c2FsdA$c2FsdA",
        "$pbkdf2-sha256$i=1$c2FsdAAAA$c2FsdA",
        "$argon2id$nonsense",
        "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$",
    ],
)
def test_other_texts_are_not_hashes(hashed: str) -> None:
    """The message does not tell it: it may be a password that somebody forgot to hash."""
    with pytest.raises(ValueError, match=r"^The hash of a password is neither") as failure:
        verify_password("secret", hashed)
    assert "secret" not in str(failure.value)


def test_an_unknown_scheme() -> None:
    with pytest.raises(ValueError, match="scheme = 'md5': expected 'argon2' or 'pbkdf2'"):
        hash_password("a", "md5")


def test_without_argon2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "argon2", None)
    assert hash_password("a").startswith("$pbkdf2-sha256$")
    with pytest.raises(ImportError, match=r"pip install cherrypy-auth\[argon2\]"):
        hash_password("a", "argon2")
    with pytest.raises(ImportError, match=r"pip install cherrypy-auth\[argon2\]"):
        verify_password("a", "$argon2id$")


class Counted:
    """Counts what is verified, in place of doing it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.verified: list[tuple[str, str]] = []
        monkeypatch.setattr(passwords, "verify_password", self)

    def __call__(self, password: str, hashed: str) -> bool:
        self.verified.append((password, hashed))
        return hashed == "hash of " + password


def test_a_right_password_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = {"jon": "hash of secret", "ann": "hash of secret"}
    check = HashedPasswords(hashes)
    counted = Counted(monkeypatch)
    assert check("r", "jon", "secret")
    assert check("r", "jon", "secret")
    assert len(counted.verified) == 1
    assert not check("r", "jon", "other")
    assert not check("r", "jon", "other")  # a wrong one is not
    assert len(counted.verified) == 3
    assert check("r", "ann", "secret")  # it is remembered of one user
    assert len(counted.verified) == 4
    hashes["jon"] = "hash of new"  # and of one hash
    assert not check("r", "jon", "secret")
    assert check("r", "jon", "new")


def test_it_is_forgotten_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    counted = Counted(monkeypatch)
    check = HashedPasswords({"jon": "hash of secret"}, remember_seconds=60)
    for moment, times in ((100.0, 1), (159.0, 1), (160.0, 2), (200.0, 2)):
        now[0] = moment
        assert check("r", "jon", "secret")
        assert len(counted.verified) == times


def test_nothing_is_remembered_where_that_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted(monkeypatch)
    check = HashedPasswords({"jon": "hash of secret"}, remember_seconds=0)
    assert check("r", "jon", "secret")
    assert check("r", "jon", "secret")
    assert len(counted.verified) == 2


def test_not_more_is_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "MAX_REMEMBERED", 2)
    counted = Counted(monkeypatch)
    check = HashedPasswords(dict.fromkeys("abc", "hash of secret"))
    assert all(check("r", name, "secret") for name in "abcc")
    assert len(counted.verified) == 3
    assert check("r", "a", "secret")  # the oldest one went
    assert len(counted.verified) == 4


def test_an_unknown_user_takes_as_long_as_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same work is done: a hash of the same kind is verified."""
    counted = Counted(monkeypatch)
    check = auth_basic.checkpassword_hashed({"jon": "hash of secret"})
    assert not check("r", "nobody", "secret")  # nobody was found before: one is made
    assert counted.verified[-1][1].startswith("$argon2")
    check("r", "jon", "wrong")
    assert not check("r", "nobody", "secret")
    assert counted.verified[-1] == ("secret", "hash of secret")


def test_hashes_from_a_function() -> None:
    def find(realm: str, username: str) -> str | None:
        return hash_password("secret", "pbkdf2") if (realm, username) == ("r", "jon") else None

    check = auth_basic.checkpassword_hashed(find)
    assert check("r", "jon", "secret")
    assert not check("other", "jon", "secret")


@pytest.mark.parametrize("hashed", ["", None, "of an empty password"])
def test_an_account_without_a_password_lets_nobody_in(hashed: Any) -> None:
    if hashed:
        hashed = hash_password("", "pbkdf2")
    check = auth_basic.checkpassword_hashed({"closed": hashed})
    for password in ("", "-", "None", str(hashed)):
        assert not check("r", "closed", password)


@pytest.mark.parametrize(
    ("username", "password", "is_right"),
    [
        ("jon", "secret", True),
        ("jon", "Secret", False),
        ("jon", "", False),
        ("jün", "päss €", True),
        ("empty", "", False),  # as CherryPy 18: no password is no password
        ("empty", "-", False),
        ("nobody", "", False),
        ("nobody", "-", False),
        ("nobody", None, False),
    ],
)
def test_passwords_in_a_dict(username: str, password: Any, *, is_right: bool) -> None:
    check = auth_basic.checkpassword_dict({"jon": "secret", "jün": "päss €", "empty": ""})
    assert check("realm", username, password) is is_right
