"""Signals of the operating system, as channels of the bus."""

from __future__ import annotations

import functools
import os
import signal as _signal
import sys
from typing import TYPE_CHECKING, Any, ClassVar

from cherrypy.process._daemon import is_daemon
from cherrypy.process.wspbus import ChannelFailures

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from cherrypy.process.wspbus import Bus

_KILLED_BY = 128  # added to the number of a signal: status that shells report for a process it ends


class SignalHandler:
    """Publishes every signal that it handles on the channel of its name, such as ``SIGTERM``.

    By default SIGTERM makes the bus exit, SIGUSR1 publishes ``graceful``, and SIGHUP restarts a
    daemon and makes any other process exit. On Windows Ctrl-Break makes the bus exit. Ctrl-C needs
    no handler: `Bus.block` handles it.

    A second signal that makes the bus exit ends the process at once, with the status 128 plus
    the number of the signal.

    Args:
        bus: The bus to publish on.
    """

    __module__ = "cherrypy.process.plugins"

    handlers: dict[str, Callable[[], object]] = {}  # noqa: RUF012  replaced in each instance
    """Names of signals, and the function that each of them calls; read by `subscribe`."""

    signals: ClassVar[dict[int, str]] = {
        number: number.name for number in _signal.Signals if number.name.startswith("SIG")
    }
    """Names of all signals of this system, by their numbers."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.handlers = {
            "SIGTERM": bus.exit,
            "SIGHUP": self.handle_SIGHUP,
            "SIGUSR1": bus.graceful,
        }
        if sys.platform == "win32":
            self.handlers["SIGBREAK"] = bus.exit
        self._subscribed: list[tuple[str, Callable[[], object]]] = []
        self._previous_handlers: dict[int, Any] = {}
        self._original_pid = os.getpid()

    def subscribe(self) -> None:
        """Handle the signals in ``handlers``, as far as this system has them.

        Only the main thread may do so. Anywhere else it is logged that nothing is handled.
        """
        for name, listener in self.handlers.items():
            if not hasattr(_signal, name):
                continue
            try:
                self.set_handler(name, listener)
            except ValueError as error:
                self.bus.log(f"Not listening for {name}: {error}.")

    def unsubscribe(self) -> None:
        """Stop handling signals, and restore the handlers from before `subscribe`."""
        for name, listener in self._subscribed:
            self.bus.unsubscribe(name, listener)
        self._subscribed.clear()
        for number, handler in self._previous_handlers.items():
            # None stands for a handler that was not set by Python and cannot be put back.
            previous = _signal.SIG_DFL if handler is None else handler
            self.bus.log(f"Restoring {self.signals[number]} handler {previous!r}.")
            _signal.signal(number, previous)
        self._previous_handlers.clear()

    def set_handler(self, signal: int | str, listener: Callable[[], object] | None = None) -> None:
        """Publish a signal on the channel of its name from now on.

        Args:
            signal: Name or number of the signal.
            listener: A listener to subscribe to that channel, called without arguments.

        Raises:
            ValueError: There is no such signal, or this is not the main thread.
            OSError: The system does not let programs handle this signal.
        """
        number = getattr(_signal, signal, None) if isinstance(signal, str) else signal
        if number not in self.signals:
            raise ValueError(f"No such signal: {signal!r}")
        name = self.signals[number]
        if listener is not None:  # first, or a signal may come before there is a listener
            self.bus.subscribe(name, listener)
        try:
            previous = _signal.signal(number, self._handle_signal)
        except (OSError, ValueError):
            if listener is not None:
                self.bus.unsubscribe(name, listener)
            raise
        self._previous_handlers.setdefault(number, previous)
        if listener is not None:
            self._subscribed.append((name, listener))
            self.bus.log(f"Listening for {name}.")

    def _handle_signal(self, signum: int, frame: FrameType | None = None) -> None:
        """Publish a signal; runs in the main thread, in the middle of something else."""
        name = self.signals[signum]
        self.bus.log(f"Caught signal {name}.")
        publish = functools.partial(self.bus.publish, name)
        try:
            if self.bus.exit in self.bus.listeners.get(name, ()):
                self.bus.interrupt(f"Signal {name}", _KILLED_BY + signum, publish)
            else:
                publish()
        except ChannelFailures:  # it has been logged; the main thread goes on
            return

    def handle_SIGHUP(self) -> None:
        """Restart a daemon; exit any other process, since it has lost its terminal."""
        if self._is_daemonized():
            self.bus.log("SIGHUP caught while daemonized. Restarting.")
            self.bus.restart()
        else:
            self.bus.log("SIGHUP caught but not daemonized. Exiting.")
            self.bus.exit()

    def _is_daemonized(self) -> bool:
        """Tell whether this process is a daemon, made by `Daemonizer` or by another program."""
        return is_daemon() or (os.getpid() != self._original_pid and not _has_terminal())


def _has_terminal() -> bool:
    """Tell whether the process reads from a terminal."""
    if sys.__stdin__ is None:
        return False
    try:
        return os.isatty(sys.__stdin__.fileno())
    except (OSError, ValueError):  # it is closed
        return False
