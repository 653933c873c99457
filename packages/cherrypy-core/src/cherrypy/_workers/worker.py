"""One process of a site: it loads the site, starts its plugins, and ends with its supervisor."""

from __future__ import annotations

import os
import signal
import threading
import time
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cherrypy._workers.parts import Parts

try:
    import fcntl
except ImportError:  # Windows, where there are no workers
    fcntl = None  # type: ignore[assignment]


class Worker(NamedTuple):
    """What a new process does before granian serves in it.

    Attributes:
        parts: The site.
        load: Loads it; None if the supervisor has loaded it before.
        supervisor: End of a pipe that is closed when the supervisor is no more.
        leader_file: File whose lock the process with the lead has.
    """

    parts: Parts
    load: Callable[[], None] | None
    supervisor: int
    leader_file: str

    def start(self, ready: int) -> Callable[..., Iterable[bytes]]:
        """Load the site and start its engine.

        Args:
            ready: End of a pipe to tell the supervisor by that the site is ready.

        Returns:
            The WSGI application.
        """
        engine = self.parts.engine
        # What the supervisor has set is inherited; granian handles SIGTERM when it serves.
        signal.signal(signal.SIGTERM, _end)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        _end_with(self.supervisor)
        if self.load is not None:
            self.load()
        self.parts.prepare_worker()
        signal.signal(signal.SIGUSR1, lambda *_: engine.graceful())
        engine.start()
        Finalize(None, engine.exit, exitpriority=0)
        threading.Thread(target=self._seek_lead, name="Worker lead", daemon=True).start()
        os.write(ready, b"1")
        os.close(ready)
        return _several_processes(self.parts.tree)

    def _seek_lead(self) -> None:
        """Wait until no other process has the lead; it is lost only with the process."""
        descriptor = os.open(self.leader_file, os.O_RDWR)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        self.parts.lead()


def _end(_number: int, _frame: object) -> None:
    """End a worker that does not serve yet."""
    raise SystemExit


def _end_with(supervisor: int) -> None:
    """Make the process end when its supervisor does, however that ends."""

    def watch() -> None:
        os.read(supervisor, 1)  # nothing is ever written: this is its end
        while True:  # as a signal is lost if it comes while handlers change
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(1)

    threading.Thread(target=watch, name="Worker end", daemon=True).start()


def _several_processes(application: Callable[..., Any]) -> Callable[..., Any]:
    """Tell an application that other processes serve it as well (PEP 3333)."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        environ["wsgi.multiprocess"] = True
        return application(environ, start_response)

    return answer
