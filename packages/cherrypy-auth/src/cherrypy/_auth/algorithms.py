"""The hash algorithms of the scheme Digest (RFC 7616 sections 3.3 and 6.1).

No hash object is made before one is needed: where MD5 is not available, importing and using the
others works.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any


def _md5(octets: bytes) -> Any:
    return hashlib.md5(octets)  # noqa: S324 - where configuration asks for it, see DEFAULT


def _sha256(octets: bytes) -> Any:
    return hashlib.sha256(octets)


def _sha512_256(octets: bytes) -> Any:
    return hashlib.new("sha512_256", octets)  # of OpenSSL: hashlib has no function for it


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One value of the parameter ``algorithm``.

    Attributes:
        name: As it stands in a challenge.
        base: The one without ``-sess``: both have the same H(user:realm:password).
        is_session: Whether A1 has the nonces in it, too (``-sess``).
        new: Makes a hash object of octets.
    """

    name: str
    base: str
    is_session: bool
    new: Callable[[bytes], Any]

    def hash(self, octets: bytes) -> str:
        """Hash octets; give the hash in lower-case hexadecimal digits."""
        text: str = self.new(octets).hexdigest()
        return text


_BASES = {"SHA-512-256": _sha512_256, "SHA-256": _sha256, "MD5": _md5}

ALGORITHMS = {
    algorithm.name: algorithm
    for base, new in _BASES.items()
    for algorithm in (
        Algorithm(f"{base}-sess", base, is_session=True, new=new),
        Algorithm(base, base, is_session=False, new=new),
    )
}
"""All of them by name, the strongest first."""

_BY_LOWER_NAME = {name.lower(): algorithm for name, algorithm in ALGORITHMS.items()}
_STRENGTH = list(ALGORITHMS)


def find_algorithm(name: str) -> Algorithm | None:
    """Find an algorithm by its name, in any case; ``None`` if there is none."""
    return _BY_LOWER_NAME.get(name.lower())


def is_available(algorithm: Algorithm) -> bool:
    """Tell whether this machine has a hash algorithm; in FIPS mode, many have no MD5."""
    try:
        algorithm.new(b"")
    except ValueError:  # as hashlib says it
        return False
    return True


def by_strength(algorithms: Iterable[Algorithm]) -> tuple[Algorithm, ...]:
    """Sort algorithms, the strongest first, as challenges have to be (RFC 7616 section 3.7)."""
    return tuple(sorted(set(algorithms), key=lambda algorithm: _STRENGTH.index(algorithm.name)))
