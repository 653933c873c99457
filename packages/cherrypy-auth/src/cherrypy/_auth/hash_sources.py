"""Where the hashes of users come from that the scheme Digest compares with.

A source is any callable of realm and name. Those here can do more: they know for which algorithms
they have hashes, and who is meant by the hash of a name.
"""

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from cherrypy._auth.algorithms import ALGORITHMS, Algorithm, is_available
from cherrypy._auth.digest import hash_user, hash_username

_NOBODY = "nobody"
_MD5 = ALGORITHMS["MD5"]
_SHA_256 = ALGORITHMS["SHA-256"]
_RACY_SECONDS = 2  # a file that changed so recently may change again within the same time stamp


class HashSource(Protocol):
    """What the Digest tool asks for hashes."""

    def default_algorithm(self) -> Algorithm:
        """Say which algorithm is meant where none is configured."""

    def find(self, realm: str, username: str, algorithm: Algorithm, charset: str) -> str | None:
        """Find H(user:realm:password) in hexadecimal digits; ``None`` for unknown users.

        Args:
            realm: Realm that is asked for.
            username: Name of the user.
            algorithm: Algorithm of the hash.
            charset: In which the client encoded the name, and so the password.
        """

    def find_name(self, realm: str, name_hash: str, algorithm: Algorithm) -> str | None:
        """Find the user of whose name a hash was sent (``userhash``)."""


class NameHashes:
    """Users by the hashes of their names, made anew when there are other users."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], tuple[list[str], dict[str, str]]] = {}

    def find(
        self, names: Iterable[str], realm: str, name_hash: str, algorithm: Algorithm
    ) -> str | None:
        """Find the one of some names that has a hash."""
        current = list(names)
        key = (realm, algorithm.base)
        with self._lock:
            known = self._known.get(key)
            if known is None or known[0] != current:
                hashes = {hash_username(algorithm, name, realm): name for name in current}
                known = self._known[key] = (current, hashes)
        return known[1].get(name_hash.lower())


class PlainPasswords:
    """Passwords in a dict, which may change at any time: hashes of any algorithm are made of them.

    Args:
        passwords: Passwords by user name.
    """

    def __init__(self, passwords: Mapping[str, str]) -> None:
        self._passwords = passwords
        self._names = NameHashes()

    def __call__(self, realm: str, username: str) -> str | None:
        """Return H(user:realm:password) with MD5, or ``None`` for unknown users."""
        return self.find(realm, username, _MD5, "utf-8")

    def default_algorithm(self) -> Algorithm:
        """MD5, which all clients know; SHA-256 on a machine that has no MD5."""
        return _MD5 if is_available(_MD5) else _SHA_256

    def find(self, realm: str, username: str, algorithm: Algorithm, charset: str) -> str | None:
        """Make the hash of a user; see :class:`HashSource`."""
        password = self._passwords.get(username)
        # as much work for a name that is not there
        hashed = _NOBODY if password is None else password
        found = hash_user(algorithm, username, realm, hashed, charset)
        return None if password is None else found

    def find_name(self, realm: str, name_hash: str, algorithm: Algorithm) -> str | None:
        """Find a user by the hash of the name; see :class:`HashSource`."""
        return self._names.find(self._passwords, realm, name_hash, algorithm)


class KnownHashes:
    """Hashes in a dict, which may change at any time.

    Args:
        hashes: Hashes by user name; or for each name a mapping of algorithms to hashes, such as
            ``{"SHA-256": "...", "MD5": "..."}``.
    """

    def __init__(self, hashes: Mapping[str, Any]) -> None:
        self._hashes = hashes
        self._names = NameHashes()

    def __call__(self, _realm: str, username: str) -> Any:
        """Return what the dict has for a user."""
        return self._hashes.get(username)

    def default_algorithm(self) -> Algorithm:
        """MD5, which is what CherryPy 18 knows."""
        return _MD5

    def find(self, _realm: str, username: str, algorithm: Algorithm, _charset: str) -> str | None:
        """Find the hash of a user; see :class:`HashSource`."""
        found = self._hashes.get(username)
        if isinstance(found, Mapping):
            found = found.get(algorithm.base)
        return found if isinstance(found, str) else None

    def find_name(self, realm: str, name_hash: str, algorithm: Algorithm) -> str | None:
        """Find a user by the hash of the name; see :class:`HashSource`."""
        return self._names.find(self._hashes, realm, name_hash, algorithm)


_Stamp = tuple[int, int, int]
_Index = dict[tuple[str, str], dict[int, str]]


class HtdigestFile:
    """A file as Apache's ``htdigest`` writes it, with lines ``user:realm:hash``.

    It is looked at for each request, and read again when it has changed. Lines of another form do
    not count. A user may have several lines for a realm, with hashes of different length.

    Args:
        filename: Path of the file; it need not be there before it is needed.
    """

    def __init__(self, filename: str | os.PathLike[str]) -> None:
        self.filename = filename
        self._names = NameHashes()
        self._read: tuple[_Stamp | None, _Index] = (None, {})  # replaced as a whole

    def __call__(self, realm: str, username: str) -> str | None:
        """Return the hash of a user; the one with MD5, if there are several."""
        return _shortest(self._index().get((realm, username), {}))

    def default_algorithm(self) -> Algorithm:
        """MD5, which is what ``htdigest`` writes."""
        return _MD5

    def find(self, realm: str, username: str, algorithm: Algorithm, _charset: str) -> str | None:
        """Find the hash of a user; see :class:`HashSource`."""
        by_length = self._index().get((realm, username), {})
        return by_length.get(32 if algorithm.base == "MD5" else 64)

    def find_name(self, realm: str, name_hash: str, algorithm: Algorithm) -> str | None:
        """Find a user by the hash of the name; see :class:`HashSource`."""
        names = [name for of_realm, name in self._index() if of_realm == realm]
        return self._names.find(names, realm, name_hash, algorithm)

    def _index(self) -> _Index:
        status = os.stat(self.filename)  # noqa: PTH116 - PERF: once for each request
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        known, index = self._read
        if stamp == known:
            return index
        with open(self.filename, "rb") as file:  # noqa: PTH123 - as above
            index = parse_htdigest(file.read())
        is_settled = time.time() - status.st_mtime > _RACY_SECONDS
        self._read = (stamp if is_settled else None, index)
        return index


def parse_htdigest(content: bytes) -> _Index:
    """Read the lines of an ``htdigest`` file.

    Returns:
        Hashes by realm and name, and then by their number of digits.
    """
    index: _Index = {}
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("iso-8859-1")
    for line in text.splitlines():
        username, _, rest = line.strip().partition(":")
        realm, colon, found = rest.rpartition(":")
        if colon:
            index.setdefault((realm, username), {})[len(found)] = found
    return index


def _shortest(by_length: dict[int, str]) -> str | None:
    return by_length[min(by_length)] if by_length else None


class CallableSource:
    """A function of the application that gives hashes.

    Args:
        function: Called with realm and name; with the name of the algorithm, too, if it has a
            parameter ``algorithm``. It returns ``None`` for unknown users.
        takes_algorithm: Whether it has that.
    """

    def __init__(self, function: Callable[..., Any], *, takes_algorithm: bool) -> None:
        self._function = function
        self._takes_algorithm = takes_algorithm

    def default_algorithm(self) -> Algorithm:
        """MD5, which is what CherryPy 18 asks for."""
        return _MD5

    def find(self, realm: str, username: str, algorithm: Algorithm, _charset: str) -> str | None:
        """Ask the function; see :class:`HashSource`."""
        if self._takes_algorithm:
            found = self._function(realm, username, algorithm=algorithm.base)
        else:
            found = self._function(realm, username)
        return found if isinstance(found, str) else None

    def find_name(self, _realm: str, _name_hash: str, _algorithm: Algorithm) -> str | None:
        """Find nobody: which users there are is not known."""
        return None


def source_of(get_ha1: Any, algorithms: tuple[Algorithm, ...], *, userhash: bool) -> HashSource:
    """Make a source of what the configuration has.

    Args:
        get_ha1: A source, or a function.
        algorithms: Those that are configured.
        userhash: Whether clients may send hashes of names.

    Raises:
        ValueError: It is no function, or can not do what the other settings ask for.
    """
    if isinstance(get_ha1, (PlainPasswords, KnownHashes, HtdigestFile)):
        return get_ha1
    if not callable(get_ha1):
        raise ValueError(  # noqa: TRY004 - a setting, and its value
            f"tools.auth_digest.get_ha1 = {get_ha1!r}: expected a function of realm and user name, "
            "as auth_digest.get_ha1_dict_plain(passwords) makes one"
        )
    if userhash:
        raise ValueError(
            "tools.auth_digest.userhash = True: expected False, as tools.auth_digest.get_ha1 is a "
            "function, which does not tell what users there are"
        )
    takes_algorithm = _takes_algorithm(get_ha1)
    if not takes_algorithm and len({algorithm.base for algorithm in algorithms}) > 1:
        names = [algorithm.name for algorithm in algorithms]
        raise ValueError(
            f"tools.auth_digest.algorithms = {names!r}: expected one, as the function "
            "tools.auth_digest.get_ha1 has no parameter 'algorithm' that says which hash is wanted"
        )
    return CallableSource(get_ha1, takes_algorithm=takes_algorithm)


def _takes_algorithm(function: Callable[..., Any]) -> bool:
    import inspect

    try:
        return "algorithm" in inspect.signature(function).parameters
    except (TypeError, ValueError):  # a callable of C
        return False
