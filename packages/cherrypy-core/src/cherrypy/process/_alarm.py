"""Waiting without polling: one thread sleeps until another one rings."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

_NOT_SET = -1  # what signal.set_wakeup_fd() takes and gives for "no file"


class Alarm:
    """Wakes the thread that waits for it: by another thread, or by a signal.

    A condition or an event would not do. A signal handler runs in the middle of whatever the
    main thread is doing, so it must take no lock that the main thread may hold; a signal that
    arrives just before a lock is waited for does not wake the waiter; and on Windows nothing
    interrupts a thread that waits for a lock. A socket has none of these faults: what was written
    before the reader looks is still there, and the interpreter itself writes to it when a signal
    arrives (``signal.set_wakeup_fd``).

    It is a context manager, to be entered by the thread that is going to wait.
    """

    def __init__(self) -> None:
        import socket

        self._reader, self._writer = socket.socketpair()
        self._writer.settimeout(0)  # a full buffer means that it rings already
        self._wakeup_before: int | None = None

    def __enter__(self) -> Self:
        with contextlib.suppress(ValueError):  # only the main thread hears signals
            self._wakeup_before = signal.set_wakeup_fd(
                self._writer.fileno(), warn_on_full_buffer=False
            )
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._wakeup_before is not None:
            self._give_signals_back(self._wakeup_before)
        self._reader.close()
        self._writer.close()

    @staticmethod
    def _give_signals_back(descriptor: int) -> None:
        """Let the interpreter write to the file it wrote to before."""
        try:
            signal.set_wakeup_fd(descriptor)
        except (OSError, ValueError):  # that file has been closed in the meantime
            signal.set_wakeup_fd(_NOT_SET)

    def ring(self) -> None:
        """Wake the thread that waits; harmless when it no longer does."""
        with contextlib.suppress(OSError):
            self._writer.send(b"\0")

    def wait(self, timeout: float | None) -> bool:
        """Sleep until the alarm rings or a signal has been handled.

        Args:
            timeout: Longest time to sleep, in seconds; None for no limit.

        Returns:
            False when nothing happened before the timeout.
        """
        self._reader.settimeout(timeout)
        try:
            self._reader.recv(4096)  # whatever has been written: one look follows, not many
        except (TimeoutError, BlockingIOError):
            return False
        return True
