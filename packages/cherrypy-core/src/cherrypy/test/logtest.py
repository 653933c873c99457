"""Assertions about log files, for suites that were written for CherryPy."""

import time
import uuid
from pathlib import Path
from typing import Any

__all__ = ["LogCase"]


class LogCase:
    """Mixin for test cases that look into a log.

    Each assertion looks at the lines between a marker and the next one; by default from the last
    marker on, or at the whole log if there is none.
    """

    interactive = False
    logfile: str | None = None
    """Path of the log."""
    lastmarker: Any = None
    """The marker that was written last."""
    markerPrefix = b"test suite marker: "

    def emptyLog(self) -> None:
        """Make the log empty."""
        self._log.write_bytes(b"")

    def markLog(self, key: object = None) -> None:
        """Write a marker into the log.

        Args:
            key: What it is found by; the time by default.
        """
        self.lastmarker = key = str(time.time()) if key is None else key
        with self._log.open("ab+") as log:
            log.write(self.markerPrefix + str(key).encode("utf-8") + b"\n")

    @property
    def _log(self) -> Path:
        return Path(self.logfile or "")

    def _read_marked_region(self, marker: object = None) -> list[bytes]:
        marker = self.lastmarker if marker is None else marker
        lines = self._log.read_bytes().splitlines(keepends=True)
        if marker is None:
            return lines
        begin = self.markerPrefix + str(marker).encode("utf-8") + b"\n"
        region = lines[lines.index(begin) + 1 :] if begin in lines else []
        ends = [number for number, line in enumerate(region) if line.startswith(self.markerPrefix)]
        return region[: ends[0]] if ends else region

    def assertInLog(self, line: str | bytes, marker: object = None) -> None:
        """Check that a line of the log has some text."""
        data = self._read_marked_region(marker)
        _check(any(_octets(line) in logged for logged in data), f"{line!r} not in log: {data}")

    def assertNotInLog(self, line: str | bytes, marker: object = None) -> None:
        """Check that no line of the log has some text."""
        data = self._read_marked_region(marker)
        _check(not any(_octets(line) in logged for logged in data), f"{line!r} in log: {data}")

    def assertValidUUIDv4(self, marker: object = None) -> None:
        """Check that a line of the log ends with a random UUID."""
        data = self._read_marked_region(marker)
        ends = [line.decode("utf-8").split()[-1] for line in data if line.strip()]
        _check(any(_is_uuid4(end) for end in ends), f"no valid UUIDv4 in log: {data}")

    def assertLog(self, sliceargs: Any, lines: Any, marker: object = None) -> None:
        """Check lines of the log.

        Args:
            sliceargs: Number of a line, or begin and end of several.
            lines: Text that is in each of them.
            marker: Where the log begins.
        """
        data = self._read_marked_region(marker)
        if isinstance(sliceargs, int):
            pairs = [(lines if isinstance(lines, (str, bytes)) else lines[0], data[sliceargs])]
        else:
            found = data[slice(*sliceargs)]
            wanted = [lines] if isinstance(lines, (str, bytes)) else lines
            pairs = list(zip(wanted, found, strict=False))
        for text, logged in pairs:
            _check(_octets(text) in logged, f"{text!r} not in {logged!r}")


def _check(is_right: bool, message: str) -> None:
    if not is_right:
        raise AssertionError(message)


def _octets(text: str | bytes) -> bytes:
    return text.encode("utf-8") if isinstance(text, str) else text


def _is_uuid4(text: str) -> bool:
    try:
        return uuid.UUID(text).version == 4
    except ValueError:
        return False
