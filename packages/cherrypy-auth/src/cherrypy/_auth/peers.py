"""The gate for peers on Unix sockets: the system says who they are."""

from collections.abc import Iterable, Mapping

from cherrypy._auth.gates import Request, Response, Stage
from cherrypy._runtime.errors import HTTPError

Ids = int | Iterable[int]
Names = str | Iterable[str]


class PeerGate:
    """Lets processes of listed users and groups pass.

    The group of a process is the one it runs with, not all that its user is a member of.

    Args:
        uids: Numbers of users.
        gids: Numbers of groups.
        users: Names of users.
        groups: Names of groups.
        debug: Not used.

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
        self._uids = _checked_ids(uids, "uids")
        self._gids = _checked_ids(gids, "gids")
        self._users = _checked_names(users, "users")
        self._groups = _checked_names(groups, "groups")
        if not (self._uids or self._gids or self._users or self._groups):
            raise ValueError(
                "tools.auth_peercreds: expected at least one of uids, gids, users and groups, "
                "which list who is admitted"
            )

    def stages(self) -> Mapping[str, tuple[Stage, float | None]]:
        """Return what is to be done; see :class:`cherrypy._auth.gates.Gate`."""
        return {"before_handler": (self.admit, None)}

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
            or (user and user in self._users)
            or (group and group in self._groups)
        ):
            raise HTTPError(403, "You are not authorized to access that resource")
        request.login = user or uid


def _checked_ids(ids: Ids, argument: str) -> frozenset[int]:
    checked: frozenset[object] = frozenset([ids] if isinstance(ids, int) else ids)
    for number in checked:
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise ValueError(
                f"tools.auth_peercreds.{argument} = {ids!r}: expected a list of numbers from 0"
            )
    return checked  # type: ignore[return-value]  # as was checked


def _checked_names(names: Names, argument: str) -> frozenset[str]:
    checked: frozenset[object] = frozenset([names] if isinstance(names, str) else names)
    for name in checked:
        if not isinstance(name, str) or not name:
            raise ValueError(
                f"tools.auth_peercreds.{argument} = {names!r}: expected a list of names"
            )
    return checked  # type: ignore[return-value]  # as was checked
