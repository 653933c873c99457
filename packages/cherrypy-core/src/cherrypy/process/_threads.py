"""Numbers for the threads that serve requests."""

from __future__ import annotations

import threading
from itertools import count
from typing import TYPE_CHECKING

from cherrypy.process._plugin import SimplePlugin

if TYPE_CHECKING:
    from cherrypy.process.wspbus import Bus


class ThreadManager(SimplePlugin):
    """Tells listeners of the first and the last use of every thread that serves requests.

    Servers publish ``acquire_thread`` in a thread before each request. When the thread has not
    been seen before, ``start_thread`` is published in it with its number: from 1, and no two
    threads have the same at a time. ``stop_thread`` follows with that number, when the thread
    itself publishes ``release_thread``, or when the bus stops; then in the thread that stops it.

    Args:
        bus: The bus to listen to; it gets the four channels.
    """

    __module__ = "cherrypy.process.plugins"

    threads: dict[int, int]
    """Numbers of the threads, by their identifiers (`threading.get_ident`)."""

    def __init__(self, bus: Bus) -> None:
        self.threads = {}
        self._lock = threading.Lock()
        super().__init__(bus)
        for channel in ("acquire_thread", "start_thread", "release_thread", "stop_thread"):
            bus.listeners.setdefault(channel, set())

    def acquire_thread(self) -> None:
        """Number the current thread, unless it has a number."""
        ident = threading.get_ident()
        if ident in self.threads:  # PERF: every request; only the thread itself adds its entry
            return
        with self._lock:
            taken = set(self.threads.values())
            number = next(number for number in count(1) if number not in taken)
            self.threads[ident] = number
        self.bus.publish("start_thread", number)

    def release_thread(self) -> None:
        """Forget the current thread."""
        with self._lock:
            number = self.threads.pop(threading.get_ident(), None)
        if number is not None:
            self.bus.publish("stop_thread", number)

    def stop(self) -> None:
        """Forget every thread."""
        with self._lock:
            numbers = list(self.threads.values())
            self.threads.clear()
        for number in numbers:
            self.bus.publish("stop_thread", number)

    graceful = stop
