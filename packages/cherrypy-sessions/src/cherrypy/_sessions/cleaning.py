"""Removes expired sessions now and then, in a thread that runs once sessions are used."""

import copy
import os
import threading
from typing import Any

from cherrypy.process.plugins import Monitor
from cherrypy.process.wspbus import bus

_mutex = threading.Lock()
_started: dict[object, Monitor] = {}


def start_cleaning(session: Any) -> None:
    """Have the ``clean_up`` of a storage called every ``clean_freq`` minutes from now on.

    Args:
        session: A session of the storage. Storages are different if their class or their
            ``storage_path`` is.
    """
    kind = type(session)
    # a process that was forked has no thread of its parent's
    key = (kind, getattr(session, "storage_path", None), os.getpid())
    if key in _started:
        return
    with _mutex:
        if key in _started:
            return
        janitor = copy.copy(session)
        janitor.__dict__.update(_data={}, id_observers=[], locked=False, loaded=False)
        monitor = Monitor(bus, janitor.clean_up, session.clean_freq * 60, name="Session cleanup")
        monitor.subscribe()
        monitor.start()
        _started[key] = kind.clean_thread = monitor
