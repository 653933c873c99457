"""The hash algorithms of the scheme Digest (RFC 7616 sections 3.3 and 6.1).

No hash object is made before one is needed: where MD5 is not available, importing this module and
using the other algorithms works.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Protocol


class Hash(Protocol):
    """A hash object of hashlib."""

    def update(self, data: bytes, /) -> None:
        """Hash more bytes."""

    def hexdigest(self) -> str:
        """Return the hash of all bytes."""


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One value of the parameter ``algorithm``.

    Attributes:
        name: Its name in a challenge.
        base: The name without ``-sess``: both have the same H(user:realm:password).
        digits: Number of hexadecimal digits of its hashes.
    """

    name: str
    base: str
    digits: int
    _hashlib_name: str

    @property
    def is_session(self) -> bool:
        """Whether the nonces are part of A1, too (``-sess``)."""
        return self.name != self.base

    def new(self, data: bytes = b"") -> Hash:
        """Make a hash object.

        Raises:
            ValueError: This machine does not have the algorithm.
        """
        return hashlib.new(self._hashlib_name, data)

    def hash(self, data: bytes) -> str:
        """Hash bytes; return the hash in lower-case hexadecimal digits."""
        return self.new(data).hexdigest()

    def is_hash(self, text: str) -> bool:
        """Tell whether text has the form of a hash, as :meth:`hash` returns it."""
        return len(text) == self.digits and _HEXADECIMAL.fullmatch(text) is not None


_HEXADECIMAL = re.compile("[0-9a-f]+")
_BASES = (("SHA-512-256", 64, "sha512_256"), ("SHA-256", 64, "sha256"), ("MD5", 32, "md5"))

ALGORITHMS = {
    base + suffix: Algorithm(base + suffix, base, digits, hashlib_name)
    for base, digits, hashlib_name in _BASES
    for suffix in ("-sess", "")
}
"""All of them by name, the strongest first, as challenges have to be (RFC 7616 section 3.7)."""

_BY_LOWER_NAME = {name.lower(): algorithm for name, algorithm in ALGORITHMS.items()}


def find_algorithm(name: str) -> Algorithm | None:
    """Find an algorithm by its name, in any case; ``None`` if there is none."""
    return _BY_LOWER_NAME.get(name.lower())


def is_available(algorithm: Algorithm) -> bool:
    """Tell whether this machine has a hash algorithm; in FIPS mode, many have no MD5."""
    try:
        algorithm.new()
    except ValueError:  # as hashlib says it
        return False
    return True
