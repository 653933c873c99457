"""What the command that makes a daemon is told: whether the daemon has started, or why not."""

from __future__ import annotations

import logging
import os
import select
from typing import TYPE_CHECKING

from cherrypy.process.wspbus import states

if TYPE_CHECKING:
    from cherrypy.process.wspbus import Bus

_STARTED = b"\x00"  # no message of a log begins with it
_GIVEN_UP = b"\x01"
_EX_SOFTWARE = 70  # as the bus ends a process whose start has failed
_KILLED_BY = 128  # added to the number of a signal: the status that shells report
_LOOK_AGAIN = 0.5  # seconds; only a process that the daemon has made can keep the pipe open


class StartReport:
    """Writes the errors of a bus that is starting into a pipe, and that it has started.

    Args:
        bus: The bus, in the daemon.
        descriptor: The end of the pipe to write to; closed when the report is complete.
    """

    def __init__(self, bus: Bus, descriptor: int) -> None:
        self.bus = bus
        self._descriptor: int | None = descriptor

    def subscribe(self) -> None:
        """Listen to the bus until it has started, or gives up."""
        self.bus.subscribe("log", self.log)
        self.bus.subscribe("started", self.started)

    def log(self, msg: str, level: int = logging.INFO) -> None:
        """Pass on an error."""
        if level >= logging.ERROR:
            self._write(msg.encode(errors="replace") + b"\n")
        if self.bus.state is states.EXITING:
            self._end(_GIVEN_UP)

    def started(self) -> None:
        """Say that all is well."""
        self._end(_STARTED)

    def _end(self, verdict: bytes) -> None:
        self._write(verdict)
        self.bus.unsubscribe("log", self.log)
        self.bus.unsubscribe("started", self.started)
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _write(self, data: bytes) -> None:
        if self._descriptor is not None:
            try:
                os.write(self._descriptor, data)
            except OSError:  # the command was ended, and nobody waits
                return


def wait_for_start(daemon: int, reading: int, writing: int) -> int:
    """Wait until a daemon has started, or has failed to; its errors go to standard error.

    Args:
        daemon: Process id of the daemon, a child of this process.
        reading: The end of its pipe to read from.
        writing: The other end, which is the daemon's; closed here.

    Returns:
        The status to end with: 0 if it has started, else that of the daemon.
    """
    os.close(writing)
    ended, status = 0, 0
    while not ended:
        ended, status = os.waitpid(daemon, os.WNOHANG)
        ready, _, _ = select.select([reading], [], [], _LOOK_AGAIN)
        if not ready:
            continue
        data = os.read(reading, 65536)
        if not data:  # closed, and it has said nothing: it is about to end
            ended, status = os.waitpid(daemon, 0) if not ended else (ended, status)
            break
        if data.endswith(_STARTED):
            return 0
        os.write(2, data.removesuffix(_GIVEN_UP))
        if data.endswith(_GIVEN_UP):
            return _EX_SOFTWARE
    return shell_status(status) or _EX_SOFTWARE


def shell_status(status: int) -> int:
    """Return the status of a process that has ended as a shell reports it.

    Args:
        status: As `os.waitpid` gives it.
    """
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else _KILLED_BY - code
