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

DEADLINE = 30.0
"""Seconds after which a server that should be there is given up."""

ATTEMPTS = 10
HOST = "127.0.0.1"


class Memcached:
    """A memcached server that can be stopped, and started again on its port.

    Args:
        *options: Options of its command line.
    """

    def __init__(self, *options: str) -> None:
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def name(self) -> str:
        """Host and port."""
        return f"{HOST}:{self.port}"

    def start(self) -> Self:
        """Start it, and wait until it answers.

        Raises:
            RuntimeError: It ends at once.
        """
        is_new = not self.port
        for _ in range(ATTEMPTS):
            if is_new:
                self.port = find_free_port()
            self._process = self._run()
            wait_until(lambda: self._answers() or self._has_ended())
            if not self._has_ended():
                return self
            # another process was faster to take the port, or has not quite left it
        message = f"memcached does not start on {self.name}: see standard error"
        raise RuntimeError(message)

    def _run(self) -> subprocess.Popen[bytes]:
        program = services.find_program("memcached")
        command = [str(program), "-l", HOST, "-p", str(self.port), "-U", "0", *self._options]
        if os.geteuid() == 0:
            command += ["-u", "nobody"]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - a program that the tests need

    def _has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _answers(self) -> bool:
        return accepts(self.port)

    def stop(self) -> None:
        """End it; what it has is lost."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


@contextmanager
def running(*options: str) -> Iterator[Memcached]:
    """Run a memcached server."""
    server = Memcached(*options)
    try:
        yield server.start()
    finally:
        server.stop()


def find_free_port() -> int:
    """Give a port that is free at this moment."""
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        port: int = listening.getsockname()[1]
    return port


def accepts(port: int) -> bool:
    """Tell whether a server on this machine accepts connections at a port."""
    try:
        socket.create_connection((HOST, port), timeout=DEADLINE).close()
    except OSError:
        return False
    return True


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
