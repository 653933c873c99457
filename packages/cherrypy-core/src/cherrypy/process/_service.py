"""What a service manager is told: that the site serves, reloads, stops, and is alive."""

from __future__ import annotations

import logging
import os
import socket
import time
from typing import TYPE_CHECKING

from cherrypy.process._background import BackgroundTask
from cherrypy.process._plugin import SimplePlugin
from cherrypy.process.wspbus import ChannelFailures, states, with_priority

if TYPE_CHECKING:
    from cherrypy.process.wspbus import Bus

_MICROSECONDS = 1_000_000
_LAST = 100  # when all others have reloaded
_FIRST = 5


class ServiceNotifier(SimplePlugin):
    """Tells the service manager how the site is, by the protocol of ``sd_notify(3)``.

    With ``Type=notify`` systemd takes the unit as started when the site serves, not when the
    process is there. With ``WatchdogSec`` it restarts a site that no longer reports: the report is
    sent twice in that time, as long as the bus is started and no listener of the channel ``health``
    raises an exception. Without a service manager this does nothing.

    Args:
        bus: The bus to listen to.
    """

    __module__ = "cherrypy.process.plugins"

    def __init__(self, bus: Bus) -> None:
        super().__init__(bus)
        self._watchdog: BackgroundTask | None = None

    def subscribe(self) -> None:
        """Listen to the bus."""
        super().subscribe()
        self.bus.subscribe("started", self.started)

    def unsubscribe(self) -> None:
        """No longer listen to the bus."""
        super().unsubscribe()
        self.bus.unsubscribe("started", self.started)

    def started(self) -> None:
        """Say that the site serves, and begin to report that it is alive."""
        self._notify(f"READY=1\nMAINPID={os.getpid()}")
        seconds = _watchdog_seconds()
        if seconds and self._watchdog is None and _address() is not None:
            watchdog = BackgroundTask(seconds / 2, self.report, bus=self.bus)
            watchdog.name = "ServiceNotifier"
            self._watchdog = watchdog  # a signal may end the site at any moment, this one too
            watchdog.start()

    def report(self) -> None:
        """Tell the watchdog that the site is alive, unless it is not."""
        if self.bus.state is not states.STARTED:
            return
        try:
            self.bus.publish("health")
        except ChannelFailures:  # it has been logged
            return
        self._notify("WATCHDOG=1")

    @with_priority(_LAST)
    def graceful(self) -> None:
        """Say that the reload is done, which follows as soon as it was begun."""
        now = int(time.monotonic() * _MICROSECONDS)
        self._notify(f"RELOADING=1\nMONOTONIC_USEC={now}")
        self._notify("READY=1")

    @with_priority(_FIRST)
    def stop(self) -> None:
        """Say that the site stops, or that the program is about to run again in this process."""
        if self._watchdog is not None:
            self._watchdog.cancel()
            self._watchdog = None
        now = int(time.monotonic() * _MICROSECONDS)
        self._notify(f"RELOADING=1\nMONOTONIC_USEC={now}" if self.bus.execv else "STOPPING=1")

    def _notify(self, state: str) -> None:
        """Send a message to the service manager, if there is one."""
        try:
            notify_service_manager(state)
        except OSError as error:
            self.bus.log(
                f"NOTIFY_SOCKET {os.environ['NOTIFY_SOCKET']!r} takes no message: {error}",
                level=logging.WARNING,
            )


def notify_service_manager(state: str) -> None:
    """Send a message to the service manager, if there is one (``sd_notify(3)``).

    Args:
        state: Lines such as ``READY=1``.

    Raises:
        OSError: It takes no message.
    """
    address = _address()
    if address is not None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(state.encode("ascii"), address)


def _address() -> str | None:
    """Return where the service manager listens; None if there is none."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path.startswith(("/", "@")) or not hasattr(socket, "AF_UNIX"):
        return None
    return "\0" + path[1:] if path.startswith("@") else path


def _watchdog_seconds() -> float:
    """Return within how many seconds the watchdog expects a report; 0 for no watchdog."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    is_meant = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    if not (is_meant and microseconds.isascii() and microseconds.isdigit()):
        return 0
    return int(microseconds) / _MICROSECONDS
