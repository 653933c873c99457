"""How long to wait for the lock of a session; the names that storages of others use."""

from cherrypy._runtime.overriding import publish
from cherrypy._sessions.waiting import LockChecker, LockTimeout, NeverExpires, Timer

__all__ = ["LockChecker", "LockTimeout", "NeverExpires", "Timer"]

publish(__name__)
