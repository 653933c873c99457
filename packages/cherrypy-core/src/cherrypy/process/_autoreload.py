"""Restarting the program when one of its files changes."""

from __future__ import annotations

import logging
import os
import re
import struct
import sys
import time
from importlib.util import cache_from_source
from pathlib import Path
from typing import TYPE_CHECKING

from cherrypy.process._background import Monitor
from cherrypy.process.wspbus import with_priority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from collections.abc import Set as AbstractSet
    from types import ModuleType

    from cherrypy.process.wspbus import Bus

    # Each step yields the changes since the last one; an empty set if there are none.
    Changes = Iterator[AbstractSet[object]]
    WatchDirectories = Callable[[list[str]], Changes]

_STARTED = time.time()
"""When this program has started, or soon after."""

_HEADER = struct.Struct("<4I")
"""Beginning of a compiled file (PEP 552): magic number, flags, time and size of the source."""


class Autoreloader(Monitor):
    """Restarts the bus when a file of an imported module, or any other given, changes or vanishes.

    With the distribution ``watchfiles`` installed, the system tells when something has changed;
    otherwise the times of the files are compared every ``frequency`` seconds. While a changed
    Python file does not compile, the old program goes on.

    Args:
        bus: The bus to listen to, and to restart.
        frequency: Seconds from one look to the next; 0 or less: never.
        match: Regular expression that names of modules have to match from their beginning.
    """

    __module__ = "cherrypy.process.plugins"

    files: set[str]
    """Further files to watch; may be changed at any time."""

    frequency: float = 1
    match: str = ".*"

    use_watchfiles = True
    """Whether to use watchfiles if it is there. It does not notice changes that another
    machine makes, as on network file systems and in the folders of some virtual machines."""

    def __init__(self, bus: Bus, frequency: float = 1, match: str = ".*") -> None:
        self.mtimes: dict[str, float | None] = {}
        self.files = set()
        self.match = match
        self._seen: tuple[list[str], set[str], str] | None = None
        self._watched: set[str] = set()
        self._changes: Changes | None = None
        self._watch: WatchDirectories | None = None
        super().__init__(bus, self.run, frequency)

    @with_priority(70)
    def start(self) -> None:
        """Start the thread that looks at the files."""
        if self.thread is None:
            self.mtimes = {}
            self._forget()
            self._watch = _find_watchfiles() if self.use_watchfiles else None
            if self.frequency > 0:
                self._look_first()
        super().start()

    def stop(self) -> None:
        """Stop looking at files."""
        super().stop()
        self._forget()

    def _forget(self) -> None:
        self._seen = None
        self._changes = None

    def _look_first(self) -> None:
        """Note the times of all files, so that what changes from now on is noticed.

        It is not the time for a restart, as the bus is starting. So a file that has changed since
        its module was imported is left to the next look, which is then at all files.
        """
        self._may_have_changed()
        for filename in self._watched:
            if _modified(filename) != self._time_of(filename):
                self._seen = None

    def run(self) -> None:
        """Look once; the first look at a file takes it as it was when its module was loaded."""
        if not self._may_have_changed():
            return
        for filename in self._watched:
            if self._has_changed(filename) and _compiles(filename, self.bus):
                self.bus.log(f"Restarting because {filename} changed.")
                self.bus.restart()
                return

    def sysfiles(self) -> set[str]:
        """List the files of the imported modules whose names match.

        Returns:
            Paths; a module that was compiled or packed is represented by its source or archive.
        """
        modules = list(sys.modules.items())
        files = {_file_of(module) for name, module in modules if re.match(self.match, name)}
        return {filename for filename in files if filename is not None}

    def _may_have_changed(self) -> bool:
        """Tell, at little cost, whether the files are worth a look."""
        seen = (list(sys.modules), set(self.files), self.match)
        if seen != self._seen:
            self._seen = seen
            self._watched = self.sysfiles() | seen[1]
            self._changes = self._open_watch()
            return True
        changes = self._changes
        return changes is None or bool(next(changes, True))

    def _open_watch(self) -> Changes | None:
        """Ask the system to report changes; None if it cannot."""
        if self._watch is None:
            return None
        folders = {os.path.dirname(os.path.abspath(filename)) for filename in self._watched}  # noqa: PTH100, PTH120  hundreds of them
        changes = self._watch(sorted(filter(os.path.isdir, folders)))
        try:
            next(changes)  # from here on, nothing is missed
        except OSError as error:  # too many watches, most likely
            self.bus.log(f"Looking for changed files, as watching them failed: {error}")
            return None
        return changes

    def _has_changed(self, filename: str) -> bool:
        """Compare the time of a file with the last one, and keep it."""
        old = self._time_of(filename)
        self.mtimes[filename] = new = _modified(filename)
        return old is not None and new != old

    def _time_of(self, filename: str) -> float | None:
        """Return the time that was kept; at first that of the file that the program has read."""
        if filename not in self.mtimes:
            self.mtimes[filename] = _modified_when_read(filename)
        return self.mtimes[filename]


def _find_watchfiles() -> WatchDirectories | None:
    """Look for the optional distribution watchfiles."""
    try:
        # Only here: it takes tens of milliseconds, and production sites never need it.
        import watchfiles
    except ImportError:
        return None

    def watch(folders: list[str]) -> Changes:
        """Yield changes, waiting at most a few milliseconds for each set."""
        return watchfiles.watch(
            *folders,
            watch_filter=None,
            debounce=1,
            step=1,
            rust_timeout=1,
            yield_on_timeout=True,
            recursive=False,
        )

    return watch


def _modified(filename: str) -> float | None:
    """Look up when a file was modified; None if there is none."""
    try:
        return os.stat(filename).st_mtime  # noqa: PTH116  hundreds of them, every second
    except OSError:
        return None


def _modified_when_read(filename: str) -> float | None:
    """Find out which time a file had when the program read it, even if it was changed since.

    The interpreter notes the time of a source in the file that it compiles it to. It may not be
    allowed to write that file, which is older then; so a source counts as changed only if that
    was after this program has started. A restart, then, is not followed by another one.

    Returns:
        The time; that of the file as it is now where nothing tells of another one; None if there
        is no file.
    """
    try:
        found = os.stat(filename)  # noqa: PTH116  hundreds of them
    except OSError:
        return None
    now = found.st_mtime
    if not _STARTED <= now <= time.time() or not filename.endswith(".py"):
        return now
    if filename == _file_of(sys.modules["__main__"]):
        return _STARTED  # it was read before this module was
    try:
        with open(cache_from_source(filename), "rb") as compiled:  # noqa: PTH123  hundreds of them
            header = compiled.read(_HEADER.size)
    except (OSError, NotImplementedError):  # the interpreter writes none
        return now
    if len(header) < _HEADER.size:
        return now
    _, flags, seconds, size = _HEADER.unpack(header)
    is_same = seconds == int(now) & 0xFFFFFFFF and size == found.st_size & 0xFFFFFFFF
    return now if flags or is_same else float(seconds)


def _compiles(filename: str, bus: Bus) -> bool:
    """Tell whether a changed file can be run; files that are not Python source can."""
    if not filename.endswith(".py"):
        return True
    try:
        source = Path(filename).read_bytes()
    except OSError:  # it has vanished: the program has to cope
        return True
    try:
        compile(source, filename, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        bus.log(
            f"{filename} changed, and does not compile; waiting for its next change.",
            level=logging.ERROR,
            traceback=True,
        )
        return False
    return True


def _file_of(module: ModuleType) -> str | None:
    """Find the file whose change changes a module."""
    # From its dictionary: reading attributes of a lazy module would import it.
    names = getattr(module, "__dict__", {})
    archive = getattr(getattr(names.get("__spec__"), "loader", None), "archive", None)
    if isinstance(archive, str):
        return archive
    filename = names.get("__file__")
    if not isinstance(filename, str):
        return None
    source = filename.removesuffix("c") if filename.endswith(".pyc") else filename
    return os.path.abspath(source if os.path.exists(source) else filename)  # noqa: PTH100, PTH110  hundreds of them
