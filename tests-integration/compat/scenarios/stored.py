"""Sessions, by their classes."""

from __future__ import annotations

import tempfile
from typing import Any

from telling import alone, attempt, make, tell

import cherrypy
from cherrypy.lib import sessions


@alone
def run(storage: str, identifier: str | None, steps: list[list[Any]]) -> Any:
    """Do one step after another on a session."""
    with tempfile.TemporaryDirectory() as folder:
        if storage == "file":
            sessions.FileSession.setup(storage_path=folder, clean_freq=0)
            kwargs = {"storage_path": folder}
            cls: Any = sessions.FileSession
        else:
            kwargs, cls = {}, sessions.RamSession
        cherrypy.serving.request.cookie.clear()
        try:
            session = cls(identifier, timeout=5, clean_freq=0, **kwargs)
        except Exception as error:
            return [type(error).__name__]
        first = session.id
        names = {first: "first"}
        found: list[Any] = [identifier == first, session.missing, session.originalid == identifier]
        for name, *args in steps:
            found.append(_step(session, name, args, names))
            found.append(session.locked)
        found.append([session.locked, len(session) if storage == "ram" else None])
        if session.locked:
            session.release_lock()
        return found


def _step(session: Any, name: str, args: list[Any], names: dict[str, str]) -> Any:
    made = [make(arg) for arg in args]
    if name in ("id", "missing", "regenerated", "loaded", "locked", "timeout", "id_observers"):
        value = getattr(session, name)
        return names.setdefault(value, f"id {len(names)}") if name == "id" else tell(value)
    if name == "acquire_lock" and session.locked:
        return "is locked"
    if name == "release_lock" and not session.locked:
        return "is not locked"
    if not session.locked and name not in ("acquire_lock", "release_lock"):
        session.acquire_lock()  # CherryPy's files are not read without it
    return attempt(lambda: _plain(getattr(session, name)(*made)))


def _plain(value: Any) -> Any:
    if type(value).__name__ in ("dict_keys", "dict_values", "dict_items"):
        return sorted(value, key=str)
    return value
