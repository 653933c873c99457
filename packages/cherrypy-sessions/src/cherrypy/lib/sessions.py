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
from functools import partial
from typing import Any

from cherrypy._runtime.context import current
from cherrypy._runtime.iterators import is_iterator  # noqa: F401
from cherrypy._sessions.cookie import same_site, set_cookie
from cherrypy._sessions.files import FileSession
from cherrypy._sessions.memcached import MemcachedSession
from cherrypy._sessions.ram import RamSession
from cherrypy._sessions.serializer import dump_safely, load_safely
from cherrypy._sessions.session import Session
from cherrypy._sessions.tool import (
    Opening,
    close_session,
    make_repeatable,
    prepare,
    save_session,
)
from cherrypy._sessions.waiting import LockTimeout, SessionConflict, SessionUnavailable
from cherrypy.lib import httputil, locking  # noqa: F401
from cherrypy.lib.toolset import SessionTool

__all__ = [
    "FileSession",
    "LockTimeout",
    "MemcachedSession",
    "RamSession",
    "Session",
    "SessionConflict",
    "SessionUnavailable",
    "close",
    "dump_safely",
    "expire",
    "init",
    "load_safely",
    "locking",
    "repeatable",
    "save",
    "session_tool",
    "set_response_cookie",
]

missing = object()
"""A default that is no value; for applications that take it from here."""

Opening.own_storages.update((RamSession, FileSession, MemcachedSession))


def init(
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
    prepare(
        globals(),
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
    )()


init.planned = partial(prepare, globals())  # type: ignore[attr-defined]  # once for each configuration


def save() -> None:
    """Store the session of the current request now, once; the sessions tool does it at the end."""
    save_session()


save.failsafe = True  # type: ignore[attr-defined]  # see Hook


def close() -> None:
    """Unlock the session of the current request, if that is locked still."""
    close_session()


close.failsafe = True  # type: ignore[attr-defined]  # see Hook
close.priority = 90  # type: ignore[attr-defined]  # as above


def repeatable() -> None:
    """Have the handler run again if it has read without a lock what is outdated by now.

    The sessions tool does that where ``tools.sessions.lazy`` is on.
    """
    make_repeatable()


def expire() -> None:
    """Make the client forget the cookie of the session; what is stored stays until it expires."""
    serving = current.get()
    opening: Opening = serving.__dict__["session_opening"]
    opening.expire(serving)


def set_response_cookie(
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
        path: Path of the cookie; ``/`` by default.
        path_header: Header field of the request that has the path of the cookie.
        name: Name of the cookie.
        timeout: Minutes for which the browser keeps it; ``None``: until it is closed.
        domain: Domain of the cookie; by default it is for this host alone.
        secure: Whether it is sent by HTTPS only; by default if the request came that way.
        httponly: Whether it is kept from scripts.
        samesite: ``Lax``, ``Strict``, ``'None'``, or ``False`` for no such attribute.
    """
    serving = current.get()
    set_cookie(
        serving.request,
        serving.response,
        serving.__dict__["session"].id,
        name=name,
        timeout=timeout,
        path=path,
        path_header=path_header,
        domain=domain,
        secure=secure,
        httponly=httponly,
        samesite=same_site(samesite),
    )


session_tool = SessionTool()
