"""The process that looks after the workers of a site: starts, reloads and ends them."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.server.mp import MPServer, WorkerProcess

from cherrypy._workers.listening import (
    identity_of,
    open_listening_socket,
    remove_socket_file,
)
from cherrypy._workers.worker import Worker
from cherrypy.process._service import notify_service_manager

if TYPE_CHECKING:
    from collections.abc import Callable

    from cherrypy._workers.parts import Parts
    from cherrypy._workers.settings import WorkerSettings

_LOOK_AGAIN = 0.1  # seconds between two looks for signals while a worker starts
_SECONDS_TO_END = 0.5  # for what a worker does beside its requests, see `shutdown_timeout`


class _State:
    """Whether a worker that was started is ready.

    Attributes:
        is_settled: Set when it is ready, or has ended before.
        is_ready: Which of the two it is.
    """

    def __init__(self) -> None:
        self.is_settled = threading.Event()
        self.is_ready = False


class Supervisor(MPServer):
    """granian with a socket that all workers share, and with reloads that wait for each worker.

    Connections are never lost with a worker then, and a site that no longer loads is not put in
    the place of the one that runs.

    Args:
        parts: The site.
        settings: What holds for its workers.
        count: Number of workers.
        load: Loads the site in a worker; None if this process has loaded it.
        check: Raises an exception if the site can no longer be loaded.
    """

    def __init__(
        self,
        parts: Parts,
        settings: WorkerSettings,
        count: int,
        load: Callable[[], None] | None,
        check: Callable[[], object],
    ) -> None:
        super().__init__(
            "cherrypy",
            address=settings.host,
            port=settings.port,
            interface=Interfaces.WSGI,
            workers=count,
            blocking_threads=settings.threads,
            backlog=settings.backlog,
            http=HTTPModes.auto,
            http1_settings=HTTP1Settings(
                header_read_timeout=int(settings.head_timeout * 1000),
                max_buffer_size=settings.largest_head,
            ),
            websockets=False,
            respawn_failed_workers=True,
            ssl_cert=Path(settings.certificate) if settings.certificate else None,
            ssl_key=Path(settings.private_key) if settings.private_key else None,
            ssl_protocol_min=(
                SSLProtocols.tls13 if settings.is_tls_13_required else SSLProtocols.tls12
            ),
            ssl_ca=Path(settings.client_ca) if settings.client_ca else None,
            ssl_client_verify=settings.client_ca is not None,
            workers_kill_timeout=max(1, round(settings.shutdown_timeout + _SECONDS_TO_END)),
        )
        self._parts = parts
        self._settings = settings
        self._load = load
        self._check = check
        self._listening = open_listening_socket(settings)
        self._socket_identity = identity_of(settings.socket_file or "")
        self._states: WeakKeyDictionary[WorkerProcess, _State] = WeakKeyDictionary()
        self._unready = count  # workers of the first start that are not ready yet

    def run(self) -> None:
        """Serve until a signal ends it.

        Raises:
            SystemExit: Workers ended again and again; the status is 1.
        """
        multiprocessing.set_start_method("fork", force=True)
        alive, self._alive = os.pipe()
        with tempfile.TemporaryDirectory(prefix="cherrypy-workers-") as folder:
            os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder)  # for `tools.metrics`
            leader_file = Path(folder, "lead")
            leader_file.touch()
            worker = Worker(self._parts, self._load, alive, str(leader_file))
            self.on_startup(self._handle_signals)
            self.serve(target_loader=worker.start, wrap_loader=False)

    def _drop_shared_socket(self) -> None:
        """Stop listening; the workers still have the socket, until they end."""
        self._listening.close()
        if self._settings.socket_file is not None:
            remove_socket_file(self._settings.socket_file, self._socket_identity)

    def _handle_signals(self) -> None:
        signal.signal(signal.SIGUSR1, self._pass_on_graceful)

    def _pass_on_graceful(self, number: int, _frame: object) -> None:
        for worker in self.wrks:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.inner.pid, number)

    # What granian does in another way

    def _init_shared_socket(self) -> None:
        is_unix = self._settings.socket_file is not None
        make_holder: Callable[..., SocketHolder] = SocketHolder  # its stub knows no arguments
        descriptor = self._listening.fileno()
        holder = make_holder(descriptor, is_unix, self._settings.backlog)
        vars(self).update(_sso=self._listening, _sfd=descriptor, _ssp=None, _shd=holder)

    def _spawn_worker(  # type: ignore[override]  # as its own subclasses have it
        self, idx: int, target: object, callback_loader: Callable[[int], object]
    ) -> WorkerProcess:
        reading, writing = os.pipe()
        start = partial(_start_in_child, self._alive, callback_loader, writing)
        worker: WorkerProcess = super()._spawn_worker(idx, target, start)
        begin: Callable[[], object] = worker.start
        self._states[worker] = state = _State()

        def begin_and_watch() -> None:
            begin()
            os.close(writing)
            threading.Thread(target=self._watch, args=(state, reading), daemon=True).start()

        vars(worker)["start"] = begin_and_watch
        return worker

    def _watch(self, state: _State, reading: int) -> None:
        """Wait until a worker says that it is ready, or ends."""
        state.is_ready = os.read(reading, 1) == b"1"
        os.close(reading)
        state.is_settled.set()
        if state.is_ready and self._unready:
            self._unready -= 1
            if not self._unready:
                notify_service_manager(f"READY=1\nMAINPID={os.getpid()}")

    def _reload(self, spawn_target: object, target_loader: Callable[[int], object]) -> None:
        """Replace the workers one by one, each when the new one is ready."""
        self.reload_signal = False
        self.main_loop_interrupt.clear()
        try:
            self._check()
        except Exception as error:
            self._say(f"Not reloaded, the site goes on as it is: {error}")
            return
        for index, old in enumerate(list(self.wrks)):
            new = self._spawn_worker(index, spawn_target, target_loader)
            new.interrupt_by_parent = True  # its end is told here
            start: Callable[[], object] = new.start
            start()
            if not self._wait_until_ready(new):
                self._say("Not reloaded, the site goes on as it is: a new worker has ended")
                return
            new.interrupt_by_parent = False
            self.wrks[index] = new
            self._end_worker(old)
        self._say("Reloaded")

    def shutdown(self, exit_code: int = 0) -> None:
        """End all workers, when their requests are finished."""
        notify_service_manager("STOPPING=1")
        super().shutdown(exit_code)  # type: ignore[no-untyped-call]

    def _wait_until_ready(self, worker: WorkerProcess) -> bool:
        """Wait for a worker to be ready; False if it ends, or if this process is to end."""
        state = self._states[worker]
        while not state.is_settled.wait(_LOOK_AGAIN):
            if self.interrupt_signal:
                worker.inner.terminate()
                return False
        return state.is_ready

    def _end_worker(self, worker: WorkerProcess) -> None:
        worker.interrupt_by_parent = True
        worker.inner.terminate()
        worker.inner.join(self.workers_kill_timeout)
        if worker.inner.is_alive():
            self._say(f"Worker {worker.inner.pid} has not ended in time: killing it")
            worker.inner.kill()
            worker.inner.join()

    def _say(self, text: str) -> None:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def _start_in_child(alive: int, start: Callable[[int], object], ready: int) -> object:
    """Run in a new worker: let go of what only the supervisor may hold, and start."""
    os.close(alive)
    return start(ready)
