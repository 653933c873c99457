"""Sessions: data that a site keeps for each of its visitors, whom a cookie tells apart.

Turn on the tool ``sessions`` for a part of the site, and use ``cherrypy.session`` as a dict in
what it publishes. See ``docs/tutorials/sessions.md``.
"""

# some of these are here only for applications that take them from here
import datetime  # noqa: F401, ICN001 - its name here
import os  # noqa: F401
import pickle  # noqa: F401
import threading  # noqa: F401
import time  # noqa: F401
from typing import Any, ClassVar, cast

from cherrypy._runtime.context import current
from cherrypy._runtime.iterators import is_iterator
from cherrypy._runtime.messages import Request, Response
from cherrypy._runtime.overriding import publish
from cherrypy._sessions.cookie import SessionCookie
from cherrypy._sessions.files import FileSession
from cherrypy._sessions.memcached import MemcachedSession
from cherrypy._sessions.opening import LOCKING, OPENING, SAVED, Opening
from cherrypy._sessions.ram import RamSession
from cherrypy._sessions.serializer import dump_safely, load_safely
from cherrypy._sessions.session import Session
from cherrypy._sessions.waiting import LockTimeout, SessionConflict, SessionUnavailable
from cherrypy._tools.function import ToolFunction, tool_function
from cherrypy._tools.hooks import Hook
from cherrypy._tools.tool import Arguments, PlannedHooks, Tool
from cherrypy.lib import httputil, locking  # noqa: F401

__all__ = [
    "FileSession",
    "LockTimeout",
    "MemcachedSession",
    "RamSession",
    "Session",
    "SessionConflict",
    "SessionTool",
    "SessionUnavailable",
    "close",
    "dump_safely",
    "expire",
    "init",
    "load_safely",
    "locking",
    "save",
    "session_tool",
    "set_response_cookie",
]

missing = object()
"""A default that stands for no value; for applications that take it from here."""

Opening.storages = globals()


@tool_function(prepare=Opening)
def init(
    request: Request,
    response: Response,
    /,
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
) -> None:
    """Open the session of the current request; the sessions tool does that.

    Args:
        request: The request.
        response: The response.
        storage_type: ``ram``, ``file`` or ``memcached``, or ``mine`` for a class that somebody has
            put here as ``MineSession``; ``storage_class`` is better.
        path: Path of the cookie; ``/`` by default.
        path_header: Header field of the request that has the path of the cookie.
        name: Name of the cookie.
        timeout: Minutes after its last use until which a session lasts.
        domain: Domain of the cookie; by default it is for this host alone.
        secure: Whether the cookie is sent by HTTPS only; by default if the request came that way.
        clean_freq: Minutes between two removals of expired sessions.
        persistent: Whether the cookie outlives the browser, for ``timeout`` minutes.
        httponly: Whether the cookie is kept from scripts.
        debug: Not used any more.
        **kwargs: ``storage_class``, ``locking``, ``lazy``, ``samesite``, and whatever the storage
            takes.

    Raises:
        ValueError: A setting is wrong.
    """
    Opening(
        storage_type,
        path,
        path_header,
        name,
        timeout,
        domain,
        secure,
        clean_freq,
        persistent,
        httponly,
        debug,
        **kwargs,
    ).function(request, response)


@tool_function(failsafe=True)
def save(request: Request, response: Response) -> None:
    """Store the session of the current request, once; the sessions tool does it at the end.

    Where the response is a stream, that is when the stream has ended: what is read and changed
    while the content is made counts as well.
    """
    serving = current.get()
    session: Any = getattr(serving, "session", None)
    if session is None or getattr(request, SAVED, False):
        return
    setattr(serving.request, SAVED, True)
    opening: Opening | None = getattr(request, OPENING, None)
    if response.stream:
        request.hooks.attach("on_end_request", session.save, failsafe=True)
        if opening is not None:
            opening.settle_before_stream(request, response, session)
        return
    if is_iterator(response.body):
        response.collapse_body()
    try:
        session.save()
    finally:
        if opening is not None:
            opening.settle(request, response, session)


@tool_function(failsafe=True, priority=90)
def close(request: Request, response: Response) -> None:
    """Unlock the session of the current request, if that is locked still."""
    del request, response
    session: Any = getattr(current.get(), "session", None)
    if session is not None and getattr(session, "locked", False):
        session.release_lock()


@tool_function()
def expire(request: Request, response: Response) -> None:
    """Make the client forget the cookie of the session; what is stored stays until it expires."""
    session = cast("Session", current.get().session)
    opening: Opening = getattr(current.get().request, OPENING)
    opening.expire(request, response, session)


@tool_function()
def set_response_cookie(
    request: Request,
    response: Response,
    path: str | None = None,
    path_header: str | None = None,
    name: str = "session_id",
    timeout: float | None = 60,
    domain: str | None = None,
    secure: bool | None = None,
    httponly: bool = True,
    samesite: str | bool | None = "Lax",
) -> None:
    """Send the id of the current session to the client; the sessions tool does that.

    Args:
        request: The request.
        response: The response.
        path: Path of the cookie; ``/`` by default.
        path_header: Header field of the request that has the path of the cookie.
        name: Name of the cookie.
        timeout: Minutes for which the browser keeps it; ``None``: until it is closed.
        domain: Domain of the cookie; by default it is for this host alone.
        secure: Whether it is sent by HTTPS only; by default if the request came that way.
        httponly: Whether it is kept from scripts.
        samesite: ``Lax``, ``Strict``, ``'None'``, or ``False`` for no such attribute.
    """
    cookie = SessionCookie(path, path_header, name, timeout, domain, secure, httponly, samesite)
    cookie.send(request, response, current.get().session.id)


def _lock(request: Request, response: Response) -> None:
    """Lock the session of the current request."""
    del request, response
    session = current.get().session
    if not getattr(session, "locked", False):  # a tool has used it; some cannot be locked twice
        session.acquire_lock()


class SessionTool(Tool):
    """Opens the session of each request, and stores and unlocks it at the end."""

    __module__ = "cherrypy._cptools"

    lock_points: ClassVar[dict[str, tuple[str, float] | None]] = {
        "implicit": ("before_handler", 50),
        "early": ("before_request_body", 60),
        "explicit": None,
        "none": None,
    }
    """Hook point and priority at which the session is locked, by ``tools.sessions.locking``.

    In the ``implicit`` way the storages of this distribution lock themselves instead, when the
    session is first used.
    """

    cookie_settings: ClassVar[tuple[str, ...]] = (
        *("path", "path_header", "name", "timeout", "domain", "secure", "httponly", "samesite"),
    )
    """Settings that concern the cookie."""

    def __init__(self) -> None:
        super().__init__("before_request_body", init)

    def _plan(self, arguments: Arguments) -> PlannedHooks:
        """Say which hooks the tool attaches.

        Raises:
            ValueError: A setting is wrong, ``locking`` for example.
        """
        way = arguments.get("locking", "implicit")
        if way not in self.lock_points:
            expected = ", ".join(map(repr, LOCKING))
            raise ValueError(f"tools.sessions.locking = {way!r}: expected one of {expected}")
        if self.callable is init:
            arguments = {**arguments, "locking": way}
        begin = self._hook(self.callable, arguments)
        place = self.lock_points[way]
        opening = begin.callback
        if way == "implicit" and isinstance(opening, Opening) and not opening.is_locked_first:
            place = None
        planned = [("before_request_body", begin)]
        if place is not None:
            planned.append((place[0], Hook(ToolFunction(_lock, priority=place[1]))))
        return [*planned, ("before_finalize", Hook(save)), ("on_end_request", Hook(close))]

    def regenerate(self) -> None:
        """Give the session of the current request a new id, and send that to the client."""
        current.get().session.regenerate()
        settings = self._merged_args()
        cookie = {name: settings[name] for name in self.cookie_settings if name in settings}
        if not settings.get("persistent", True):
            cookie["timeout"] = None
        set_response_cookie(**cookie)


session_tool = SessionTool()

publish(__name__)
