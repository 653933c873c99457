"""Opens the session of a request, and tells the client of it."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from cherrypy._runtime.context import current
from cherrypy._runtime.iterators import set_vary_header
from cherrypy._runtime.messages import Request, Response
from cherrypy._runtime.names import object_named
from cherrypy._runtime.state import sent_cookies, sets_cookies
from cherrypy._sessions.cookie import SessionCookie
from cherrypy._sessions.files import FileSession
from cherrypy._sessions.memcached import MemcachedSession
from cherrypy._sessions.ram import RamSession
from cherrypy._sessions.session import Session
from cherrypy._tools.function import ToolFunction

LOCKING = ("implicit", "early", "explicit", "none")

MAX_ID_LENGTH = 255
"""Characters of a cookie beyond which it cannot be an id of ours, and no storage is asked."""

STORAGE_SUFFIX = "Session"

OWN_STORAGES = frozenset({RamSession, FileSession, MemcachedSession})
"""Storages that need no lock before the session is used."""


OPENED = "_session_init_flag"
OPENING = "_session_opening"
SAVED = "_sessionsaved"
"""Attributes by which a request knows how far its session is, and what has opened it."""


class Opening(ToolFunction[[], None]):
    """Opens sessions as one configuration of the sessions tool wants them.

    The arguments are those of :func:`cherrypy.lib.sessions.init`.

    Raises:
        ValueError: A setting is wrong.
    """

    storages: ClassVar[Mapping[str, Any]] = {}
    """What ``storage_type`` names: what is in ``cherrypy.lib.sessions``, where applications put
    classes of their own."""

    def __init__(
        self,
        storage_type: str | None = None,
        path: str | None = None,
        path_header: str | None = None,
        name: str = "session_id",
        timeout: float = 60,
        domain: str | None = None,
        secure: bool | None = None,
        clean_freq: float = 5,
        persistent: bool = True,
        httponly: bool = True,
        debug: bool = False,
        *,
        storage_class: Any = None,
        locking: str = "explicit",
        lazy: bool = False,
        samesite: str | bool | None = "Lax",
        **settings: object,
    ) -> None:
        super().__init__(self._open)
        if locking not in LOCKING:
            expected = ", ".join(map(repr, LOCKING))
            raise ValueError(f"tools.sessions.locking = {locking!r}: expected one of {expected}")
        if isinstance(storage_class, str):
            storage_class = object_named(storage_class)
        self._storage_class = storage_class or storage_named(storage_type, self.storages)
        self._settings = {
            "timeout": timeout,
            "clean_freq": clean_freq,
            "debug": debug,
            **settings,
            "locking": locking,
        }
        lifetime = timeout if persistent else None
        self._cookie = SessionCookie(
            path, path_header, name, lifetime, domain, secure, httponly, samesite
        )
        # one that is plain, and as its name stands there once, the only one
        self._find_cookie = re.compile(
            rf"(?:^|[;\s]){re.escape(name)}=([0-9A-Za-z_-]{{1,{MAX_ID_LENGTH}}})(?:;|$)"
        ).search
        self._lazy = bool(lazy) or locking == "none"
        self.is_locked_first = (
            locking == "implicit" and not lazy and self._storage_class not in OWN_STORAGES
        )
        """Whether the lock is taken before the handler: storages of others, which were written for
        CherryPy 18, may rely on having it in ``_delete`` and wherever else they look."""
        setup = getattr(self._storage_class, "setup", None)
        if setup is not None:
            setup(**self._settings)

    def _open(self, request: Request, response: Response) -> None:
        """Open the session of a request, unless that was done."""
        serving = current.get()
        if getattr(serving.request, OPENED, False):  # the tool is on twice
            return
        setattr(serving.request, OPENED, True)
        setattr(serving.request, OPENING, self)
        session = self._storage_class(self._received_id(request), **self._settings)
        serving.session = session
        if session.id_observers is None:
            session.id_observers = []
        session.id_observers.append(partial(self._update_cookie, response))
        if not self._lazy:
            self._cookie.send(request, response, session.id)

    def _received_id(self, request: Request) -> str | None:
        field = sent_cookies(request)
        # PERF: the only cookie that matters is read, and not all of them: 10 us
        if field is not None:
            count = field.count(self._cookie.name)
            if not count:
                return None
            match = self._find_cookie(field) if count == 1 else None
            if match is not None:
                return str(match[1])
        morsel = request.cookie.get(self._cookie.name)
        if morsel is None:
            return None
        received: str = morsel.value
        return received if len(received) <= MAX_ID_LENGTH else ""

    def _update_cookie(self, response: Response, session_id: str) -> None:
        """Send a new id in the cookie that is about to be sent."""
        if self._cookie.name in response.cookie:
            response.cookie[self._cookie.name] = session_id

    def settle(self, request: Request, response: Response, session: Session) -> None:
        """Decide what the client is told about the session, now that the handler has run."""
        if session.leaves_cookie:
            response.cookie.pop(self._cookie.name, None)
        elif self._lazy and session.loaded:
            # RFC 9111 sections 4.1 and 5.2.2.7: the response is for one user
            set_vary_header(response, "Cookie")
            response.headers.setdefault("Cache-Control", "private")
            is_sent = sets_cookies(response) and self._cookie.name in response.cookie
            if session.is_stored and not is_sent:
                self._cookie.send(request, response, session.id)

    def settle_before_stream(self, request: Request, response: Response, session: Session) -> None:
        """Decide about the cookie before a stream begins: later it would come too late."""
        if self._lazy:
            session.seal()
        self.settle(request, response, session)

    def expire(self, request: Request, response: Response, session: Session) -> None:
        """Make the client forget the session."""
        if self._cookie.name not in response.cookie:
            self._cookie.send(request, response, session.id)
        self._cookie.expire(response)


def storage_named(storage_type: str | None, storages: Mapping[str, Any]) -> type[Session]:
    """Return the storage that ``tools.sessions.storage_type`` names, ``ram`` by default.

    Args:
        storage_type: The setting: ``ram`` for ``RamSession``, and so on.
        storages: Classes by name, among other objects.

    Raises:
        ValueError: There is none.
    """
    found = storages.get(str(storage_type or "ram").title() + STORAGE_SUFFIX)
    if not isinstance(found, type):
        known = sorted(
            name.removesuffix(STORAGE_SUFFIX).lower()
            for name, value in storages.items()
            if isinstance(value, type) and name.endswith(STORAGE_SUFFIX) and name != STORAGE_SUFFIX
        )
        raise ValueError(  # noqa: TRY004 - it is the name that is wrong
            f"tools.sessions.storage_type = {storage_type!r}: expected one of "
            f"{', '.join(map(repr, known))}; for others set tools.sessions.storage_class"
        )
    return found
