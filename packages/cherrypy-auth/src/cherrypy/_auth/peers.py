"""The gate for peers on Unix sockets: the system says which user and group they run as."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from cherrypy._auth.gates import Gate, refuse
from cherrypy._runtime.messages import Request, Response

Ids = int | Iterable[int]
Names = str | Iterable[str]
T = TypeVar("T", int, str)


class PeerGate(Gate):
    """Lets processes of listed users and groups pass.

    The arguments are those of :func:`cherrypy.lib.auth_peercreds.peercreds_auth`.

    Raises:
        ValueError: An argument makes no sense, or nobody is listed.
    """

    def __init__(
        self,
        uids: Ids = (),
        gids: Ids = (),
        users: Names = (),
        groups: Names = (),
        debug: bool = False,
    ) -> None:
        super().__init__()
        self._uids = _listed(uids, "uids", _is_id, "numbers from 0")
        self._gids = _listed(gids, "gids", _is_id, "numbers from 0")
        self._users = _listed(users, "users", _is_name, "names")
        self._groups = _listed(groups, "groups", _is_name, "names")
        if not (self._uids or self._gids or self._users or self._groups):
            raise ValueError(
                "tools.auth_peercreds: expected at least one of uids, gids, users and groups, "
                "which list who is admitted"
            )

    def admit(self, request: Request, _response: Response) -> None:
        """Let a request pass, and set its ``login``: the name of the user, or else the number.

        Raises:
            HTTPError: 403, if its peer is not listed.
            ValueError: The server does not tell who the peer is.
        """
        environ = request.wsgi_environ
        uid, gid = environ.get("X_REMOTE_UID"), environ.get("X_REMOTE_GID")
        if uid is None or gid is None:
            raise ValueError(
                "tools.auth_peercreds.on = True, but the server does not tell who its peers are: "
                "set server.socket_file, and server.peercreds = True; no server can on TCP sockets"
            )
        user, group = environ.get("X_REMOTE_USER"), environ.get("X_REMOTE_GROUP")
        if user is None and (self._users or self._groups):
            raise ValueError(
                "tools.auth_peercreds has users or groups, but the server does not tell names: set "
                "server.peercreds_resolve = True, or list uids and gids"
            )
        if not (
            int(uid) in self._uids
            or int(gid) in self._gids
            or user in self._users  # an empty name is in neither
            or group in self._groups
        ):
            refuse(403)
        request.login = user or uid


def _listed(
    values: T | Iterable[T], argument: str, is_valid: Callable[[object], bool], expected: str
) -> frozenset[T]:
    """Return what a setting lists, which may be one value.

    Raises:
        ValueError: A value is not valid.
    """
    listed: frozenset[T] = frozenset([values] if isinstance(values, (int, str)) else values)
    if not all(map(is_valid, listed)):
        raise ValueError(
            f"tools.auth_peercreds.{argument} = {values!r}: expected a list of {expected}"
        )
    return listed


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value != ""
