"""Where the hashes of users come from that the scheme Digest compares with.

An application may give a function of realm and name. The stores here can do more: they have hashes
for several algorithms, and find the user whose name was sent as a hash.
"""

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping

from cherrypy._auth.algorithms import ALGORITHMS, Algorithm, is_available
from cherrypy._auth.digest import hash_user, hash_username

_MD5 = ALGORITHMS["MD5"]
_SHA_256 = ALGORITHMS["SHA-256"]
_RACY_SECONDS = 2  # a file that changed so recently may change again within the same time stamp


class HashSource:
    """Finds the hashes of users for the Digest tool."""

    def default_algorithm(self) -> Algorithm:
        """Return the algorithm that counts where none is configured: MD5, as in CherryPy 18."""
        return _MD5

    def find(self, realm: str, username: str, algorithm: Algorithm, charset: str) -> str | None:
        """Find H(user:realm:password) in hexadecimal digits; ``None`` for unknown users.

        Args:
            realm: Realm that is asked for.
            username: Name of the user.
            algorithm: Algorithm of the hash.
            charset: In which the client encoded the name, and so the password.
        """
        raise NotImplementedError

    def find_name(self, realm: str, name_hash: str, algorithm: Algorithm) -> str | None:
        """Find the user of whose name a hash was sent (``userhash``)."""
        raise NotImplementedError


class FunctionSource(HashSource):
    """Asks a function of the application, which does not tell what users there are.

    Args:
        function: Called with realm and name; with the name of the algorithm, too, if it has a
            parameter ``algorithm``. It returns ``None`` for unknown users.
        takes_algorithm: Whether it has that parameter.
    """

    def __init__(self, function: Callable[..., object], *, takes_algorithm: bool) -> None:
        self._function = function
        self._takes_algorithm = takes_algorithm

    def find(self, realm: str, username: str, algorithm: Algorithm, _charset: str) -> str | None:
        """Ask the function; see :class:`HashSource`."""
        more = {"algorithm": algorithm.base} if self._takes_algorithm else {}
        found = self._function(realm, username, **more)
        return found if isinstance(found, str) else None


class Store(HashSource):
    """Hashes of users who are all known here. An account with an empty password lets nobody in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: dict[tuple[str, str], tuple[list[str], dict[str, str]]] = {}

    def find(self, realm: str, username: str, algorithm: Algorithm, charset: str) -> str | None:
        """Find the hash of a user; see :class:`HashSource`."""
        found = self._look_up(realm, username, algorithm, charset)
        blank = hash_user(algorithm, username, realm, "", charset)
        return found if isinstance(found, str) and found != blank else None

    def find_name(self, realm: str, name_hash: str, algorithm: Algorithm) -> str | None:
        """Find a user by the hash of the name; see :class:`HashSource`."""
        names = list(self._usernames(realm))
        key = (realm, algorithm.base)
        with self._lock:
            known = self._names.get(key)
            if known is None or known[0] != names:  # made anew when there are other users
                hashes = {hash_username(algorithm, name, realm): name for name in names}
                known = self._names[key] = (names, hashes)
        return known[1].get(name_hash.lower())

    def _look_up(self, realm: str, username: str, algorithm: Algorithm, charset: str) -> object:
        """Return what the store has for a user; only text counts."""
        raise NotImplementedError

    def _usernames(self, realm: str) -> Iterable[str]:
        raise NotImplementedError


class PlainPasswords(Store):
    """Passwords in a dict, which may change at any time: hashes of any algorithm are made of them.

    Args:
        passwords: Passwords by user name.
    """

    def __init__(self, passwords: Mapping[str, str]) -> None:
        super().__init__()
        self._passwords = passwords

    def __call__(self, realm: str, username: str) -> str | None:
        """Return H(user:realm:password) with MD5, or ``None`` for unknown users."""
        return self.find(realm, username, _MD5, "utf-8")

    def default_algorithm(self) -> Algorithm:
        """MD5, which all clients know; SHA-256 on a machine that does not have MD5."""
        return _MD5 if is_available(_MD5) else _SHA_256

    def _look_up(self, realm: str, username: str, algorithm: Algorithm, charset: str) -> str:
        # as much work for a name that is not there
        password = self._passwords.get(username) or ""
        return hash_user(algorithm, username, realm, password, charset)

    def _usernames(self, _realm: str) -> Iterable[str]:
        return self._passwords


class KnownHashes(Store):
    """Hashes in a dict, which may change at any time.

    Args:
        hashes: Hashes by user name; or for each name a mapping of algorithms to hashes, such as
            ``{"SHA-256": "...", "MD5": "..."}``.
    """

    def __init__(self, hashes: Mapping[str, str | Mapping[str, str]]) -> None:
        super().__init__()
        self._hashes = hashes

    def __call__(self, _realm: str, username: str) -> str | Mapping[str, str] | None:
        """Return what the dict has for a user."""
        return self._hashes.get(username)

    def _look_up(self, _realm: str, username: str, algorithm: Algorithm, _charset: str) -> object:
        found = self._hashes.get(username)
        return found.get(algorithm.base) if isinstance(found, Mapping) else found

    def _usernames(self, _realm: str) -> Iterable[str]:
        return self._hashes


_Stamp = tuple[int, int, int]
_Index = dict[tuple[str, str], dict[int, str]]


class HtdigestFile(Store):
    """A file as Apache's ``htdigest`` writes it, with lines ``user:realm:hash``.

    It is looked at for each request, and read again when it has changed. Lines of another form do
    not count. A user may have several lines for a realm, with hashes of different length.

    Args:
        filename: Path of the file; it need not be there before it is needed.
    """

    def __init__(self, filename: str | os.PathLike[str]) -> None:
        super().__init__()
        self.filename = filename
        self._read: tuple[_Stamp | None, _Index] = (None, {})  # replaced as a whole

    def __call__(self, realm: str, username: str) -> str | None:
        """Return the hash of a user; the one with MD5, if there are several."""
        by_length = self._index().get((realm, username))
        return by_length[min(by_length)] if by_length else None

    def _look_up(
        self, realm: str, username: str, algorithm: Algorithm, _charset: str
    ) -> str | None:
        return self._index().get((realm, username), {}).get(algorithm.digits)

    def _usernames(self, realm: str) -> Iterable[str]:
        return [name for of_realm, name in self._index() if of_realm == realm]

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
        if colon and found:
            index.setdefault((realm, username), {})[len(found)] = found
    return index


def source_of(
    get_ha1: object, algorithms: tuple[Algorithm, ...], *, userhash: bool = False
) -> HashSource:
    """Make a source of what the configuration has.

    Args:
        get_ha1: A source, or a function.
        algorithms: Those that are configured.
        userhash: Whether clients may send hashes of names.

    Raises:
        ValueError: It is not a function, or cannot do what the other settings ask for.
    """
    if isinstance(get_ha1, HashSource):
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
    return FunctionSource(get_ha1, takes_algorithm=takes_algorithm)


def _takes_algorithm(function: Callable[..., object]) -> bool:
    import inspect

    try:
        return "algorithm" in inspect.signature(function).parameters
    except (TypeError, ValueError):  # a callable of C
        return False
