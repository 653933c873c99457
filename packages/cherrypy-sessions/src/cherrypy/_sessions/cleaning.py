"""Removes expired sessions now and then, in a thread that runs once sessions are used."""

import copy
import os
import threading
from typing import Any, ClassVar, Protocol

from cherrypy.process.plugins import Monitor
from cherrypy.process.wspbus import bus


class Cleanable(Protocol):
    """What cleaning needs of a session."""

    clean_thread: ClassVar[Any]
    clean_freq: float

    def clean_up(self) -> None:
        """Remove expired sessions."""

    def detach(self) -> None:
        """Forget what belongs to one session."""


_mutex = threading.Lock()
_started: dict[object, Monitor] = {}


def start_cleaning(session: Cleanable) -> None:
    """Have the ``clean_up`` of a storage called every ``clean_freq`` minutes from now on.

    Args:
        session: A session of the storage. Storages are different if their class or their
            ``storage_path`` is. Where an application has removed ``clean_thread`` from the class,
            cleaning starts again.
    """
    kind = type(session)
    key = (kind, getattr(session, "storage_path", None))
    if key in _started and kind.clean_thread is not None:
        return
    with _mutex:
        known = _started.get(key)
        if known is not None:
            if kind.clean_thread is not None:
                return
            known.unsubscribe()
            if known.thread is not None:
                known.stop()
        janitor = copy.copy(session)
        janitor.detach()
        monitor = Monitor(bus, janitor.clean_up, session.clean_freq * 60, name="Session cleanup")
        monitor.subscribe()
        monitor.start()
        _started[key] = kind.clean_thread = monitor


def _start_anew() -> None:
    """Begin without threads: a process that was forked has none of its parent's."""
    global _mutex  # noqa: PLW0603 - one that another thread has locked is of no use
    _mutex = threading.Lock()
    _started.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
