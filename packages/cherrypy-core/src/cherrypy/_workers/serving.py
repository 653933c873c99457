"""Serving a site by several processes."""

from __future__ import annotations

import multiprocessing
import os
import sys
import traceback
from typing import TYPE_CHECKING, Any

from cherrypy._workers.listening import AddressError
from cherrypy._workers.settings import UnsuitableSettings, WorkerSettings, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from cherrypy._workers.parts import Parts

_EX_SOFTWARE = 70  # as of a site whose start has failed


class LoadError(Exception):
    """The site cannot be loaded; the traceback has been written to standard error."""


def serve_by_workers(parts: Parts, count: int, load: Callable[[], None] | None = None) -> None:
    """Serve a site by several processes, until a signal ends them.

    SIGTERM and Ctrl-C end the site when running requests are finished, SIGHUP loads it anew in
    one worker after the other, SIGUSR1 publishes ``graceful`` in each of them.

    Args:
        parts: The site.
        count: Number of processes.
        load: Loads the site in a process; so this process never has its modules, and SIGHUP takes
            up what has changed in them. None if the site is loaded here.

    Raises:
        UnsuitableSettings: granian is not installed, or the site cannot be served by workers.
        LoadError: The site cannot be loaded.
        SystemExit: The address cannot be used (70), or workers end again and again (1).
    """
    if os.name != "posix":
        raise UnsuitableSettings("workers need fork(), which this system does not have")
    try:
        from cherrypy._workers.supervisor import Supervisor  # 60 ms, and brought by an extra
    except ImportError as error:
        raise UnsuitableSettings(
            "workers need granian: pip install 'cherrypy-core[workers]'"
        ) from error
    settings = _examine(parts, count, load)
    for warning in settings.warnings:
        sys.stderr.write(f"{warning}\n")

    def check() -> None:
        if load is not None:
            _examine(parts, count, load)

    try:
        supervisor = Supervisor(parts, settings, count, load, check)
    except AddressError as error:
        sys.stderr.write(f"{error.strerror}\n")
        raise SystemExit(_EX_SOFTWARE) from error
    supervisor.run()


def _examine(parts: Parts, count: int, load: Callable[[], None] | None) -> WorkerSettings:
    """Read the settings of a site; if it has to be loaded for that, in a process that then ends."""
    if load is None:
        return read_settings(parts, count)
    context = multiprocessing.get_context("fork")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_examine_in_child, args=(sending, parts, count, load))
    process.start()
    sending.close()
    try:
        found: Any = receiving.recv()
    except EOFError:
        found = None
    finally:
        receiving.close()
        process.join()
    if isinstance(found, WorkerSettings):
        return found
    if isinstance(found, str):
        raise UnsuitableSettings(found)
    raise LoadError("the site cannot be loaded")


def _examine_in_child(
    sending: Connection, parts: Parts, count: int, load: Callable[[], None]
) -> None:
    found: WorkerSettings | str
    try:
        load()
        found = read_settings(parts, count)
    except UnsuitableSettings as error:
        found = str(error)
    except Exception:
        traceback.print_exc()
        os._exit(1)
    sending.send(found)
    sending.close()
    os._exit(0)  # nothing of the site has started
