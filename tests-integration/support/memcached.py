"""Memcached servers for tests: real ones, each on a port that the system has chosen."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

import services

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DEADLINE = 30.0
"""Seconds after which a server that should be there is given up."""

HOST = "127.0.0.1"


class Memcached:
    """A memcached server that can be stopped, and started again on its port.

    Args:
        folder: Where it may write the number of its port.
        options: Options of its command line.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self._options = options
        self._port_file = folder / f"memcached-{id(self)}"
        self._process: subprocess.Popen[bytes] | None = None
        self.port = -1

    @property
    def name(self) -> str:
        """Host and port."""
        return f"{HOST}:{self.port}"

    def start(self) -> Self:
        """Start it, and wait until it answers."""
        program = services.find_program("memcached")
        command = [str(program), "-l", HOST, "-p", str(self.port), "-U", "0", *self._options]
        if os.geteuid() == 0:
            command += ["-u", "nobody"]
        environ = {**os.environ, "MEMCACHED_PORT_FILENAME": str(self._port_file)}
        self._process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL)  # noqa: S603 - a program that the tests need
        if self.port < 0:
            wait_until(self._port_file.exists)
            text = self._port_file.read_text("ascii")
            (number,) = [line.split()[-1] for line in text.splitlines() if line[:4] == "TCP "]
            self.port = int(number)
        wait_until(self._answers)
        return self

    def _answers(self) -> bool:
        try:
            socket.create_connection((HOST, self.port), timeout=DEADLINE).close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        """End it; what it has is lost."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Memcached]:
    """Run a memcached server."""
    server = Memcached(folder, *options)
    try:
        yield server.start()
    finally:
        server.stop()


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so.

    Args:
        is_so: A function that tells whether it is.

    Raises:
        TimeoutError: It is not so within the deadline.
    """
    end = time.monotonic() + DEADLINE
    pause = threading.Event()
    while not is_so():
        if time.monotonic() > end:
            message = f"{is_so} is not so after {DEADLINE} s"
            raise TimeoutError(message)
        pause.wait(0.01)
