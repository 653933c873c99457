"""Functions that are called repeatedly while a site runs."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from cherrypy.process._plugin import SimplePlugin
from cherrypy.process.wspbus import with_priority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from cherrypy.process.wspbus import Bus


class PerpetualTimer(threading.Timer):
    """A timer that starts again whenever it has gone off, until ``cancel()``.

    A failure is logged on the bus, and the function is called again the next time. Without a bus
    it ends the thread.

    Args:
        *args: As for `threading.Timer`: interval in seconds, function, args, kwargs.
        **kwargs: The same by name, and ``bus`` (optional): the bus to log on.
    """

    __module__ = "cherrypy.process.plugins"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.bus: Bus | None = kwargs.pop("bus", None)
        super().__init__(*args, **kwargs)

    def run(self) -> None:
        """Call the function after every interval."""
        while not self.finished.wait(self.interval):
            _call(self.bus, "perpetual timer", self.function, self.args, self.kwargs)


class BackgroundTask(threading.Thread):
    """A daemon thread that calls a function after every interval, until `cancel`.

    A failure is logged on the bus, and the function is called again the next time. Without a bus
    it ends the thread. Nothing waits for this thread at the end of the process.

    Args:
        interval: Seconds from the end of one call to the next; may be changed while it runs.
        function: What to call.
        args: Its positional arguments.
        kwargs: Its keyword arguments.
        bus: The bus to log on.
    """

    __module__ = "cherrypy.process.plugins"

    def __init__(
        self,
        interval: float,
        function: Callable[..., object],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        bus: Bus | None = None,
    ) -> None:
        super().__init__(daemon=True)
        self.interval = interval
        self.function = function
        self.args = args
        self.kwargs = kwargs or {}
        self.running = False
        self.bus = bus
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Stop calling the function; a running call is not interrupted."""
        self.running = False
        self._cancelled.set()

    def run(self) -> None:
        """Call the function after every interval."""
        self.running = True
        while not self._cancelled.wait(self.interval):
            _call(self.bus, "background task", self.function, self.args, self.kwargs)
        self.running = False


def _call(
    bus: Bus | None,
    task: str,
    function: Callable[..., object],
    args: Iterable[Any],
    kwargs: Mapping[str, Any],
) -> None:
    """Call a function, and log a failure if there is a bus."""
    try:
        function(*args, **kwargs)
    except Exception:
        if bus is None:
            raise
        bus.log(
            f"Error in {task} thread function {function!r}.", level=logging.ERROR, traceback=True
        )


class Monitor(SimplePlugin):
    """Calls a function every so often, in its own thread, while the bus is started.

    Args:
        bus: The bus to listen to.
        callback: The function, called without arguments.
        frequency: Seconds from the end of one call to the next; 0 or less: never.
        name: Name of the thread; None takes the name of the class.
    """

    __module__ = "cherrypy.process.plugins"

    callback: Callable[[], object] | None = None
    frequency: float = 60
    thread: BackgroundTask | None = None

    def __init__(
        self,
        bus: Bus,
        callback: Callable[[], object],
        frequency: float = 60,
        name: str | None = None,
    ) -> None:
        super().__init__(bus)
        self.callback = callback
        self.frequency = frequency
        self.thread = None
        self.name = name
        self._lock = threading.Lock()

    @with_priority(70)
    def start(self) -> None:
        """Start the thread, unless it runs already."""
        if self.frequency <= 0 or self.callback is None:
            return
        name = self._thread_name()
        with self._lock:
            already = self.thread is not None
            if not already:
                thread = BackgroundTask(self.frequency, self.callback, bus=self.bus)
                thread.name = name
                thread.start()
                self.thread = thread
        if already:
            self.bus.log(f"Monitor thread {name!r} already started.")
        else:
            self.bus.log(f"Started monitor thread {name!r}.")

    def stop(self) -> None:
        """Cancel the thread."""
        with self._lock:
            thread, self.thread = self.thread, None
        if thread is None:
            self.bus.log(f"No thread running for {self._thread_name()}.")
            return
        thread.cancel()
        self.bus.log(f"Stopped thread {thread.name!r}.")

    def graceful(self) -> None:
        """Stop, and start with the current ``callback`` and ``frequency``."""
        self.stop()
        self.start()

    def _thread_name(self) -> str:
        return self.name or type(self).__name__
