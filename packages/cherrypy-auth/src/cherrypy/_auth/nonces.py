"""Nonces that any process with the same key recognises: time, random text and a signature."""

import hmac
import re
import secrets
from functools import lru_cache

_NONCE = re.compile(r"([0-9]{1,12}):([0-9a-f]{16})([0-9a-f]{32})")
_RANDOM_SIZE = 8
_SIGNATURE_DIGITS = 32  # of HMAC-SHA-256: 128 bits


def make_nonce(key: bytes, realm: str, seconds: int) -> str:
    """Make a nonce.

    Args:
        key: Secret of all processes that shall recognise it.
        realm: Realm that it is for.
        seconds: When it is made, in seconds since the epoch.

    See: RFC 7616 section 3.3, ``nonce``.
    """
    random = secrets.token_hex(_RANDOM_SIZE)
    return f"{seconds}:{random}{_signature(key, realm, seconds, random)}"


@lru_cache(maxsize=1024)  # PERF: a client uses one nonce for many requests
def issue_time(key: bytes, realm: str, nonce: str) -> int | None:
    """Tell when a nonce was made.

    Returns:
        Seconds since the epoch; ``None`` if it was not made with this key for this realm.
    """
    match = _NONCE.fullmatch(nonce)
    if match is None:
        return None
    seconds = int(match[1])
    expected = f"{seconds}:{match[2]}{_signature(key, realm, seconds, match[2])}"
    return seconds if hmac.compare_digest(expected, nonce) else None


def _signature(key: bytes, realm: str, seconds: int, random: str) -> str:
    message = f"{seconds}:{random}:{realm}".encode()
    return hmac.digest(key, message, "sha256").hex()[:_SIGNATURE_DIGITS]
