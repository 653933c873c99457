"""Certificates that are renewed while the server runs."""

import threading
import time
from collections.abc import Callable
from logging import ERROR, INFO
from pathlib import Path

from cherrypy._server.faults import SettingError
from cherrypy._server.tls_options import TLSOptions

_INTERVAL = 1.0  # seconds between two looks, and for a program to write all of the files

Report = Callable[[str, int], object]
"""Writes one line to the log, at a level of the module ``logging``."""

_State = tuple[tuple[int, int, int] | None, ...]


class Renewal:
    """The files of certificates and keys, which are read again when they have changed.

    They are looked at when a connection begins, and at most once a second: a server without
    clients does nothing. Files that have changed within the last second are left alone, as a
    program may be writing them.

    Args:
        options: What the settings say.
        load: Reads the files, and takes them for new connections.
        report: Writes to the log.
    """

    def __init__(self, options: TLSOptions, load: Callable[[], object], report: Report) -> None:
        pairs = () if options.context is not None else options.pairs
        names = [name for pair in pairs for name in (pair.certificate, pair.key_file)]
        names += [name for name in (options.chain, options.client_ca) if name and pairs]
        self._files = [Path(name) for name in dict.fromkeys(names)]
        self._load = load
        self._report = report
        self._lock = threading.Lock()
        self._looked = time.monotonic()
        self._known = self._state()[0]

    def look(self) -> None:
        """Read the files again if they have changed; a failure is logged, once."""
        now = time.monotonic()
        if now - self._looked < _INTERVAL or not self._files:
            return
        self._looked = now
        state, changed = self._state()
        if state != self._known and not 0 <= time.time() - changed < _INTERVAL:
            self.renew()

    def renew(self) -> bool:
        """Read the files again.

        Returns:
            Whether they can be used. If not, that is logged, and the old ones stay in use.
        """
        with self._lock:
            self._known = self._state()[0]  # before they are read: later changes are seen
            try:
                self._load()
            except SettingError as error:
                self._report(f"{error}. The old certificate stays in use", ERROR)
                return False
            self._report("The certificates of the server have been read again", INFO)
            return True

    def _state(self) -> tuple[_State, float]:
        """Return what tells that a file has changed, and when the last of them did."""
        states: list[tuple[int, int, int] | None] = []
        changed = 0.0
        for file in self._files:
            try:
                found = file.stat()
            except OSError:
                states.append(None)
            else:
                states.append((found.st_mtime_ns, found.st_size, found.st_ino))
                changed = max(changed, found.st_ctime)
        return tuple(states), changed
