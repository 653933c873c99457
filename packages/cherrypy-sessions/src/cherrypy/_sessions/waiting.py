"""How long to wait for a lock, and what is raised when that was in vain."""

import datetime as dt
import time
from typing import Self

from cherrypy._runtime.context import current
from cherrypy._runtime.errors import HTTPError

DEFAULT_LOCK_TIMEOUT = 60
"""Seconds that a request waits for another one of the same session."""

Timeout = float | dt.timedelta | None
"""Seconds or a timedelta; ``None`` for no limit."""


class SessionUnavailable(HTTPError):
    """The session cannot be read or written now.

    Unless it is caught, the client is answered 503 and may try again.
    """

    def __init__(self, message: str = "The session storage cannot be used now.") -> None:
        super().__init__(503, message)

    def set_response(self) -> None:
        """Answer 503, and say when it is worth trying again (RFC 9110 section 10.2.3)."""
        super().set_response()
        current.get().response.headers["Retry-After"] = "1"


class LockTimeout(SessionUnavailable):
    """The session stayed locked by another request for all of ``tools.sessions.lock_timeout``."""

    def __init__(self, message: str = "The session is in use by another request.") -> None:
        super().__init__(message)


class SessionConflict(SessionUnavailable):
    """Another request has changed what this one was about to change, and had no lock against it."""

    def __init__(
        self, message: str = "The session was changed by another request meanwhile."
    ) -> None:
        super().__init__(message)


class NeverExpires:
    """A timer that waits for ever."""

    def expired(self) -> bool:
        """Tell that it is not over."""
        return False


class Timer:
    """A timer that expires at a moment.

    Args:
        expiration: The moment, by ``time.monotonic()``.
    """

    def __init__(self, expiration: float) -> None:
        self.expiration = expiration

    @classmethod
    def after(cls, elapsed: float | dt.timedelta) -> Self:
        """Return a timer that expires after some seconds, or a timedelta, from now on."""
        return cls(time.monotonic() + _seconds(elapsed))

    def expired(self) -> bool:
        """Tell whether the moment has come."""
        return time.monotonic() >= self.expiration


class LockChecker:
    """Tells whoever waits for the lock of a session when to give up.

    Args:
        session_id: Id of the session.
        timeout: Seconds or a timedelta; ``None`` to wait for ever.

    Raises:
        ValueError: ``timeout`` is none of these.
    """

    def __init__(self, session_id: str, timeout: Timeout) -> None:
        self.session_id = session_id
        seconds = lock_seconds(timeout)
        self.timer = NeverExpires() if seconds is None else Timer.after(seconds)

    def expired(self) -> bool:
        """Return false.

        Raises:
            LockTimeout: The time is over.
        """
        if self.timer.expired():
            raise LockTimeout
        return False


def lock_seconds(timeout: Timeout) -> float | None:
    """Return a ``lock_timeout`` in seconds; ``None`` for no limit.

    Raises:
        ValueError: It is neither a number from 0 on, nor a timedelta, nor ``None``.
    """
    if timeout is None:
        return None
    if type(timeout) in {int, float} and timeout >= 0:  # type: ignore[operator]  # PERF: as most are
        return timeout  # type: ignore[return-value]  # as above
    given: object = timeout
    if not isinstance(given, (int, float, dt.timedelta)) or not _seconds(given) >= 0:
        raise ValueError(
            f"tools.sessions.lock_timeout = {timeout!r}: expected seconds from 0 on, a timedelta, "
            "or None to wait without limit"
        )
    return _seconds(timeout)


def _seconds(elapsed: float | dt.timedelta) -> float:
    return elapsed.total_seconds() if isinstance(elapsed, dt.timedelta) else elapsed
