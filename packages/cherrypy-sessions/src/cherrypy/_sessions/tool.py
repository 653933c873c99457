"""What the sessions tool does with a request: open, save and close its session."""

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from cherrypy._runtime.context import Serving, current
from cherrypy._runtime.iterators import is_iterator, set_vary_header
from cherrypy._runtime.names import object_named
from cherrypy._sessions.cookie import expire_cookie, same_site, set_cookie
from cherrypy._sessions.session import OutdatedReading, Session

Request = Any
Response = Any

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods whose handlers may run again (RFC 9110 sections 9.2.1 and 9.2.2)."""

LOCKING = ("implicit", "early", "explicit")

MAX_ID_LENGTH = 255
"""Characters of a cookie beyond which it is no id of ours, and no storage is asked."""


class Opening:
    """Opens the session of a request; made once for each configuration of the tool.

    Args:
        storage_class: The storage.
        settings: What its sessions are made with.
        name: Name of the cookie.
        cookie: Other arguments of :func:`cherrypy._sessions.cookie.set_cookie`.
        locking: See ``tools.sessions.locking``.
        lazy: See ``tools.sessions.lazy``.
    """

    own_storages: ClassVar[set[type[Session]]] = set()
    """Storages that need no lock before the session is used."""

    def __init__(
        self,
        storage_class: type[Session],
        settings: dict[str, Any],
        name: str,
        cookie: dict[str, Any],
        locking: str,
        *,
        lazy: bool,
    ) -> None:
        if locking not in LOCKING:
            raise ValueError(
                f"tools.sessions.locking = {locking!r}: expected one of "
                + ", ".join(map(repr, LOCKING))
            )
        self._storage_class = storage_class
        self._settings = settings
        self._cookie_name = name
        self._cookie_start = f"{name}="
        # one that is plain, and as its name stands there once, the only one
        self._find_cookie = re.compile(
            rf"(?:^|[;\s]){re.escape(name)}=([0-9A-Za-z_-]{{1,{MAX_ID_LENGTH}}})(?:;|$)"
        ).search
        self._cookie = {**cookie, "samesite": same_site(cookie.get("samesite"))}
        self._locking = locking
        self._lazy = lazy
        self.is_locked_first = (
            locking == "implicit" and not lazy and storage_class not in self.own_storages
        )
        """Whether the lock is taken before the handler: storages of others, which were written for
        CherryPy 18, may rely on having it in ``_delete`` and wherever else they look."""
        setup = getattr(storage_class, "setup", None)
        if setup is not None:
            setup(**settings)

    def __call__(self) -> None:
        """Open the session of the current request."""
        serving = current.get()
        request = serving.request
        if "_session_init_flag" in request.__dict__:  # the tool is on twice
            return
        request._session_init_flag = True
        session = self._storage_class(self._received_id(request), **self._settings)
        session._locking = self._locking
        serving.__dict__.update(session=session, session_opening=self)
        if session.id_observers is None:
            session.id_observers = []
        session.id_observers.append(self._observer(serving))
        if self._lazy:
            session._lazy = True
            if self._locking == "implicit" and request.method in SAFE_METHODS:
                session._optimistic = True
        else:
            self.send_cookie(serving, session)

    def _received_id(self, request: Request) -> str | None:
        attributes = request.__dict__
        if "cookie" not in attributes and "headers" not in attributes:
            # PERF: nobody has looked at the cookies, so only this one need be read: 10 us
            field = request.wsgi_environ.get("HTTP_COOKIE")
            if field is None:
                return None
            if field.count(self._cookie_start) == 1:
                match = self._find_cookie(field)
                if match is not None:
                    return str(match[1])
        morsel = request.cookie.get(self._cookie_name)
        if morsel is None:
            return None
        received: str = morsel.value
        return received if len(received) <= MAX_ID_LENGTH else ""

    def send_cookie(self, serving: Serving, session: Session) -> None:
        """Send the id to the client."""
        set_cookie(
            serving.request, serving.response, session.id, name=self._cookie_name, **self._cookie
        )

    def _observer(self, serving: Serving) -> Callable[[str], None]:
        def update_cookie(session_id: str) -> None:
            """Send the new id in the cookie that is about to be sent."""
            if self._cookie_name in serving.response.cookie:
                serving.response.cookie[self._cookie_name] = session_id

        return update_cookie

    def settle_cookie(self, serving: Serving, session: Session) -> None:
        """Decide what the client is told about the session, now that the handler has run."""
        cookie = serving.response.cookie if "cookie" in serving.response.__dict__ else {}
        if session._superseded and not session._stored:
            # another response has told the client a better one, or it may keep what it has
            cookie.pop(self._cookie_name, None)
        elif self._lazy and session.loaded:
            self._tell_caches(serving.response)
            if session._stored and self._cookie_name not in cookie:
                self.send_cookie(serving, session)

    @staticmethod
    def _tell_caches(response: Response) -> None:
        """Say that the response is for one user (RFC 9111 sections 4.1 and 5.2.2.7)."""
        set_vary_header(response, "Cookie")
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "private"

    def expire(self, serving: Serving) -> None:
        """Make the client forget the session."""
        if self._cookie_name not in serving.response.cookie:
            self.send_cookie(serving, serving.__dict__["session"])
        expire_cookie(serving.response, self._cookie_name)


def prepare(
    storages: Mapping[str, Any],
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
    **kwargs: Any,
) -> Opening:
    """Return what opens sessions as one configuration of the tool wants them.

    The arguments after the first one are those of :func:`cherrypy.lib.sessions.init`; that one is
    where the storage is looked up that ``storage_type`` names.

    Raises:
        ValueError: A setting is wrong.
    """
    storage_class = kwargs.pop("storage_class", None)
    if isinstance(storage_class, str):
        storage_class = object_named(storage_class)
    locking = kwargs.pop("locking", "explicit")
    lazy = bool(kwargs.pop("lazy", False))
    samesite = kwargs.pop("samesite", "Lax")
    return Opening(
        storage_class or storage_named(storage_type, storages),
        {"timeout": timeout, "clean_freq": clean_freq, "debug": debug, **kwargs},
        name,
        {
            "timeout": timeout if persistent else None,
            "path": path,
            "path_header": path_header,
            "domain": domain,
            "secure": secure,
            "httponly": httponly,
            "samesite": samesite,
        },
        locking,
        lazy=lazy,
    )


STORAGE_SUFFIX = "Session"


def storage_named(storage_type: str | None, storages: Mapping[str, Any]) -> type[Session]:
    """Return the storage that ``tools.sessions.storage_type`` names, ``ram`` by default.

    Args:
        storage_type: The setting: ``ram`` for ``RamSession``, and so on.
        storages: What ``cherrypy.lib.sessions`` has, where applications put classes of their own.

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


class RepeatableHandler:
    """A page handler that runs again if what it has read in the session was outdated.

    Args:
        handler: The handler.
        session: Its session, locked when it runs again, so that it does so once at most.
    """

    def __init__(self, handler: Callable[..., Any], session: Session) -> None:
        self._handler = handler
        self._session = session

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the handler."""
        session = self._session
        session._repeatable = True
        try:
            return self._handler(*args, **kwargs)
        except OutdatedReading:
            session._optimistic = session._repeatable = False
            return self._handler(*args, **kwargs)
        finally:
            session._repeatable = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._handler, name)


def make_repeatable() -> None:
    """Have the handler of the current request run again if it has read what is outdated."""
    serving = current.get()
    session = serving.__dict__.get("session")
    if session is not None and session._optimistic and serving.request.handler is not None:
        serving.request.handler = RepeatableHandler(serving.request.handler, session)


def save_session() -> None:
    """Store the session of the current request, or see to it when a stream has ended."""
    serving = current.get()
    request = serving.request
    session = serving.__dict__.get("session")
    if session is None or "_sessionsaved" in request.__dict__:
        return
    request._sessionsaved = True
    response = serving.response
    opening = serving.__dict__.get("session_opening")
    if response.stream:
        # what is read and changed while the body is made counts as well
        session._save_at_end = True
        if opening is not None:
            _settle_before_stream(opening, serving, session)
        return
    if is_iterator(response.body):
        response.collapse_body()
    try:
        session.save()
    finally:
        if opening is not None:
            opening.settle_cookie(serving, session)


def _settle_before_stream(opening: Opening, serving: Serving, session: Session) -> None:
    """Decide about the cookie before a stream begins: later it would come too late."""
    if not session._lazy:
        opening.settle_cookie(serving, session)
        return
    if session.loaded and session._data and not session._stored:
        session._stored = True
    opening.settle_cookie(serving, session)
    session._sealed = True


def close_session() -> None:
    """Make sure that the session of the current request is saved, if it is to be, and unlocked."""
    session = current.get().__dict__.get("session")
    if session is None:
        return
    try:
        if session._save_at_end:
            session._save_at_end = False
            session.save()
    finally:
        if session.locked:
            session.release_lock()
