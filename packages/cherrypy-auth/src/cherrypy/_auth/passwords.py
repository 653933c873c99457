"""Hashes of passwords: making them, and checking passwords against them."""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

PBKDF2_ROUNDS = 600_000
"""Rounds of PBKDF2-HMAC-SHA-256, as OWASP advises (2023)."""

MAX_REMEMBERED = 1000
"""Passwords that are remembered to have been right."""

_SALT_SIZE = 16
_MAX_ROUNDS = 10_000_000
_PBKDF2 = re.compile(r"\$pbkdf2-sha256\$i=([0-9]{1,8})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)")


def hash_password(password: str, scheme: str | None = None) -> str:
    """Hash a password, so that it can be kept.

    Args:
        password: The password.
        scheme: ``argon2``, which is ``argon2id`` of argon2-cffi with its defaults (RFC 9106), or
            ``pbkdf2`` of the standard library, which is allowed in FIPS mode. The first one by
            default, if it is installed.

    Returns:
        Text that has the scheme, its parameters and the salt in it.

    Raises:
        ValueError: There is no such scheme.
        ImportError: argon2-cffi is not installed.
    """
    if scheme not in {None, "argon2", "pbkdf2"}:
        raise ValueError(f"scheme = {scheme!r}: expected 'argon2' or 'pbkdf2'")
    if scheme != "pbkdf2":
        try:
            hashed: str = _argon2().PasswordHasher().hash(password)
        except ImportError:
            if scheme is not None:
                raise
        else:
            return hashed
    salt = secrets.token_bytes(_SALT_SIZE)
    key = _pbkdf2(password, salt, PBKDF2_ROUNDS)
    return f"$pbkdf2-sha256$i={PBKDF2_ROUNDS}${_encode(salt)}${_encode(key)}"


def verify_password(password: str, hashed: str) -> bool:
    """Tell whether a password is the one of which a hash was made.

    Args:
        password: What a user has entered.
        hashed: What :func:`hash_password` has returned, or any hash of argon2.

    Raises:
        ValueError: It is not such a hash.
        ImportError: It is one of argon2, and argon2-cffi is not installed.
    """
    if hashed.startswith("$argon2"):
        return _verify_argon2(password, hashed)
    match = _PBKDF2.fullmatch(hashed)
    if match is None or not 0 < int(match[1]) <= _MAX_ROUNDS:
        raise _unknown_hash()
    try:
        salt, key = _decode(match[2]), _decode(match[3])
    except binascii.Error:
        raise _unknown_hash() from None
    return hmac.compare_digest(_pbkdf2(password, salt, int(match[1])), key)


class HashedPasswords:
    """Checks passwords against hashes; a name that is not there takes as long as one that is.

    An empty password is never right, and neither is any for an empty hash.

    A password that was right is remembered for a while (as a hash with a key of this process), as
    clients send it with each request, and hashes of passwords are slow on purpose.

    Args:
        hashes: Hashes by user name, in a mapping that may change at any time, or a function of
            realm and name that returns a hash, or ``None`` for unknown users.
        remember_seconds: How long a right password is remembered; 0 not to remember.
    """

    def __init__(
        self,
        hashes: Mapping[str, str] | Callable[[str, str], str | None],
        remember_seconds: float = 300,
    ) -> None:
        self._find = hashes if callable(hashes) else lambda _realm, name: hashes.get(name)
        self._remember_seconds = remember_seconds
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._right: dict[bytes, float] = {}
        self._decoy: str | None = None

    def __call__(self, realm: str, username: str, password: str) -> bool:
        """Tell whether a password is right."""
        hashed = self._find(realm, username)
        if not hashed or not password:
            verify_password(password, self._decoy_hash())
            return False
        self._decoy = hashed
        proof = self._proof(hashed, username, password)
        if self._is_remembered(proof):
            return True
        if not verify_password(password, hashed):
            return False
        self._remember(proof)
        return True

    def _decoy_hash(self) -> str:
        """Return a hash that takes as long to check as those of users."""
        if self._decoy is None:
            self._decoy = hash_password(secrets.token_hex())
        return self._decoy

    def _proof(self, *texts: str) -> bytes:
        message = b"".join(
            b"%d:%s" % (len(encoded), encoded)
            for encoded in (text.encode("utf-8", "surrogatepass") for text in texts)
        )
        return hmac.digest(self._key, message, "sha256")

    def _is_remembered(self, proof: bytes) -> bool:
        with self._lock:
            return self._right.get(proof, 0.0) > time.monotonic()

    def _remember(self, proof: bytes) -> None:
        if self._remember_seconds <= 0:
            return
        with self._lock:
            if len(self._right) >= MAX_REMEMBERED:
                del self._right[next(iter(self._right))]
            self._right[proof] = time.monotonic() + self._remember_seconds


def equal_texts(one: str, other: str) -> bool:
    """Tell whether two texts are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(
        one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass")
    )


def _argon2() -> Any:
    try:
        return import_module("argon2")
    except ModuleNotFoundError as error:
        raise ImportError(
            "Hashes of argon2 need argon2-cffi: pip install cherrypy-auth[argon2]"
        ) from error


def _verify_argon2(password: str, hashed: str) -> bool:
    argon2 = _argon2()
    try:
        argon2.PasswordHasher().verify(hashed, password)
    except argon2.exceptions.VerifyMismatchError:
        return False
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        raise _unknown_hash() from None
    return True


def _unknown_hash() -> ValueError:
    # the hash itself stays out of logs
    return ValueError("The hash of a password is neither from hash_password nor from argon2")


def _pbkdf2(password: str, salt: bytes, rounds: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password.encode("utf-8", "surrogatepass"), salt, rounds)


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii").rstrip("=")


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
