"""A bus that ties the parts of a site together: states, and channels that they listen to.

The parts of a site (servers, threads, files of a daemon) do not know each other. Each part
subscribes *listeners* to *channels* of a `Bus`, and any code may *publish* on a channel. The
channels ``start``, ``stop``, ``exit`` and ``graceful`` follow the life of the process, which the
bus keeps in its ``state``::

                           start()
             ┌─────────── STARTING ──────────┐
             │                               ▼
          STOPPED                         STARTED
           │ ▲                               │
           │ └─────────── STOPPING ◀─────────┘
           │               stop()
           ▼
        EXITING     exit(): stop(), then the channel "exit"

The states STARTING and STOPPING last as long as the listeners run. The channel ``started`` comes
when the start is complete. The bus does not know HTTP.
"""

from __future__ import annotations

import atexit
import contextlib
import enum
import functools
import logging
import math
import os
import shlex
import sys
import threading
import time
import traceback as tracebacks
import warnings
from typing import TYPE_CHECKING, Any, TypeVar, overload

from cherrypy.process import _handover
from cherrypy.process._alarm import Alarm
from cherrypy.process._restart import (
    close_on_exec,
    flush_output,
    interpreter_command,
    replace_process,
    restart_problem,
)
from cherrypy.process._tracebacks import format_exception

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Listener = Callable[..., Any]
    ListenerT = TypeVar("ListenerT", bound=Listener)

__all__ = ["Bus", "ChannelFailures", "bus", "states"]

_EX_SOFTWARE = 70  # status of a process that ended because of an internal error, see sysexits.h
_EX_INTERRUPTED = 130  # status that shells give to a process that ended by Ctrl-C
_DEFAULT_PRIORITY = 50
_CHANNELS = ("start", "stop", "exit", "graceful", "log", "main")


class State(enum.Enum):
    """One state of a bus; the module's ``states`` has them as attributes."""

    STOPPED = enum.auto()
    STARTING = enum.auto()
    STARTED = enum.auto()
    STOPPING = enum.auto()
    EXITING = enum.auto()

    def __repr__(self) -> str:
        """Return the name as it is written in code."""
        return f"states.{self.name}"

    __str__ = __repr__


states = State


class ChannelFailures(Exception):
    """The exceptions of the failed listeners of one publication, in the order in which they ran."""

    delimiter = "\n"

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._exceptions: list[BaseException] = []

    def handle_exception(self) -> None:
        """Add the exception that is being handled."""
        error = sys.exception()
        if error is not None:
            self._exceptions.append(error)

    def get_instances(self) -> list[BaseException]:
        """Return a new list of the exceptions."""
        return self._exceptions[:]

    def __str__(self) -> str:
        """Return the representations of the exceptions, one per line."""
        return self.delimiter.join(map(repr, self._exceptions))

    __repr__ = __str__

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self._exceptions)


class Bus:
    """One process as its parts see it: its state, and the channels that they share.

    All methods may be called from any thread and from signal handlers. Listeners run in the
    thread that publishes.
    """

    states = states
    execv = False
    """Whether `block` replaces the process by a new run of the program; `restart` sets it."""

    max_cloexec_files = 20000
    """Files with a smaller number are not passed on by a restart; 0 leaves every file as it is."""

    drain_timeout: float | None = 60.0
    """Seconds for which `block` waits at the end for threads to finish; None for no limit."""

    exit_delay: float = 0
    """Seconds for which the site goes on serving after a signal that ends it, see `is_leaving`."""

    restart_command: Sequence[str] | None = None
    """Program and arguments that a restart runs; None repeats the interpreter's command line."""

    def __init__(self) -> None:
        self.listeners: dict[str, set[Listener]] = {channel: set() for channel in _CHANNELS}
        self._ranks: dict[tuple[str, Listener], tuple[float, float]] = {}
        self._subscriptions = 0
        self._lock = threading.RLock()  # a signal handler may run inside, in the same thread
        self._state = states.STOPPED
        self._alarms: list[Alarm] = []
        self._exit_under_way = False
        self._starter: threading.Thread | None = None  # the thread in which `start` runs
        self._interrupted = False
        self._leaving: threading.Timer | None = None
        self._pid = 0
        self._working_directory: str | None = None
        with contextlib.suppress(OSError):  # it has been removed
            self._working_directory = os.getcwd()  # noqa: PTH109  os.chdir() takes it again

    # The state and waiting for it

    @property
    def state(self) -> State:
        """The state of the bus; setting it wakes the threads that wait for it."""
        return self._state

    @state.setter
    def state(self, state: State) -> None:
        self._state = state
        self._wake_all()

    def _wake_all(self) -> None:
        """Make every waiting thread check its condition again."""
        with self._lock:
            for alarm in tuple(self._alarms):
                alarm.ring()

    def wait(
        self, state: State | Iterable[State], interval: float = 0.1, channel: str | None = None
    ) -> None:
        """Wait until the bus is in a state, or in one of several.

        The thread sleeps until the state changes. In the main thread signals are handled in the
        meantime.

        Args:
            state: The state, or all that end the wait.
            interval: Seconds from one publication on ``channel`` to the next; without a
                listener there, nothing is done between changes of state.
            channel: A channel to publish on in the meantime.
        """
        wanted = {state} if isinstance(state, State) else set(state)
        self._wait_until(lambda: self._state in wanted, interval, channel)

    def _wait_until(
        self,
        condition: Callable[[], bool],
        interval: float,
        channel: str | None = None,
        deadline: float = math.inf,
    ) -> None:
        """Wait for a condition; code that changes it calls `_wake_all`.

        Args:
            condition: What to wait for.
            interval: Seconds between two publications on the channel.
            channel: A channel to publish on in the meantime, if it has listeners.
            deadline: Value of ``time.monotonic()`` at which to give up.
        """
        if condition():
            return
        with Alarm() as alarm:
            with self._lock:
                self._alarms.append(alarm)
            try:
                while not condition() and (left := deadline - time.monotonic()) > 0:
                    heard = channel is not None and bool(self.listeners.get(channel))
                    longest = min(left, interval) if heard else left
                    rang = alarm.wait(None if longest == math.inf else longest)
                    if heard and not rang and channel is not None:
                        self.publish(channel)
            finally:
                with self._lock:
                    self._alarms.remove(alarm)

    # Channels

    @overload
    def subscribe(
        self, channel: str, callback: None = None, priority: float | None = None
    ) -> Callable[[ListenerT], ListenerT]: ...

    @overload
    def subscribe(
        self, channel: str, callback: ListenerT, priority: float | None = None
    ) -> ListenerT: ...

    def subscribe(
        self, channel: str, callback: Listener | None = None, priority: float | None = None
    ) -> Listener:
        """Add a listener to a channel, which is made if it is new.

        Args:
            channel: Name of the channel.
            callback: The listener, called with what is published; None to get a decorator.
            priority: Listeners of lower numbers run first, those of the same number in the
                order of their subscription. None takes ``callback.priority``, or else 50.

        Returns:
            The listener, or the decorator.
        """
        if callback is None:
            return functools.partial(self._decorate, channel, priority)
        if priority is None:
            priority = _own_priority(callback)
        with self._lock:
            self._subscriptions += 1
            self._ranks[channel, callback] = (priority, self._subscriptions)
            self.listeners.setdefault(channel, set()).add(callback)
            self._wake_all()  # a thread that waits may have to publish from now on
        return callback

    def _decorate(self, channel: str, priority: float | None, callback: ListenerT) -> ListenerT:
        """Subscribe the function below a decorator."""
        return self.subscribe(channel, callback, priority)

    def unsubscribe(self, channel: str, callback: Listener) -> None:
        """Remove a listener from a channel; nothing happens if it is not there.

        Args:
            channel: Name of the channel.
            callback: The listener.
        """
        with self._lock:
            self.listeners.get(channel, set()).discard(callback)
            self._ranks.pop((channel, callback), None)

    def publish(self, channel: str, *args: object, **kwargs: object) -> list[Any]:
        """Call the listeners of a channel, in the order of their priorities.

        A listener that fails is reported on the channel ``log``, and the others still run.

        Args:
            channel: Name of the channel; without listeners nothing happens.
            *args: Passed to each listener.
            **kwargs: Passed to each listener.

        Returns:
            What the listeners returned, in the order in which they ran.

        Raises:
            ChannelFailures: At least one listener failed; raised after all have run.
            KeyboardInterrupt: At once, if a listener raises it.
            SystemExit: At once, if a listener raises it. If listeners have failed before, a
                status of success becomes 1.
        """
        listeners = self.listeners.get(channel)
        if not listeners:  # PERF: every request publishes on channels without listeners
            return []
        output = []
        failures: ChannelFailures | None = None
        for listener in self._in_order(channel, listeners):
            try:
                output.append(listener(*args, **kwargs))
            except SystemExit as error:
                if failures is not None and not error.code:
                    error.code = 1
                raise
            except Exception:
                failures = failures or ChannelFailures()
                failures.handle_exception()
                if channel != "log":
                    self.log(
                        f"Error in {channel!r} listener {listener!r}",
                        level=logging.ERROR,
                        traceback=True,
                    )
        if failures is not None:
            raise failures
        return output

    def _in_order(self, channel: str, listeners: set[Listener]) -> Iterable[Listener]:
        """Copy and sort listeners; those that were added to the set directly come last."""
        if len(listeners) == 1:
            return tuple(listeners)
        ranks = self._ranks
        return sorted(
            listeners,
            key=lambda listener: (
                ranks.get((channel, listener)) or (_own_priority(listener), math.inf)
            ),
        )

    def log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """Publish a message on the channel ``log``.

        A listener that fails to log stops nothing: what it raised is written to standard error.

        Args:
            msg: The text.
            level: Severity, as in `logging`.
            traceback: Whether to add the traceback of the exception that is being handled.
        """
        error = sys.exception()
        if traceback and error is not None:
            msg = f"{msg}\n{format_exception(error)}"
        try:
            self.publish("log", msg, level)
        except ChannelFailures as failures:
            for failure in failures.get_instances():
                _report(failure, msg)

    # The life of the process

    def start(self) -> None:
        """Publish on ``start``: the parts of the site begin to work.

        If a listener fails, or Ctrl-C comes meanwhile, everything is stopped again and the process
        ends with the status 70. It goes on if this is not its main thread: it is a program that has
        more to do than to run this bus.

        Raises:
            ChannelFailures: A listener failed; raised only if the process does not end.
            KeyboardInterrupt: As above.
        """
        self._interrupted = False
        self._watch_end_of_process()
        self._starter = threading.current_thread()
        self.state = states.STARTING
        self.log("Bus STARTING")
        try:
            self.publish("start")
        except KeyboardInterrupt:
            self.log("Keyboard Interrupt: shutting down bus")
            self.exit()
            raise
        except Exception:
            self.log(
                "Shutting down due to error in start listener:",
                level=logging.ERROR,
                traceback=True,
            )
            if self._state is not states.EXITING:
                self.exit()
            raise
        finally:
            self._starter = None
        _handover.close_unclaimed()
        self._pid = os.getpid()  # a listener may have gone on in a child, as a daemon does
        self.state = states.STARTED
        self.log("Bus STARTED")
        self.publish("started")

    def refuse_to_start(self, reason: str) -> None:
        """Log in one line why a part of the site cannot start, and end the process, status 70.

        It returns if the bus is not starting, or if a thread starts it; the caller then raises.

        Args:
            reason: What is wrong, where, and what to do.
        """
        if self._state is states.STARTING:
            self.log(reason, level=logging.ERROR)
            self.exit()  # does not return: else the bus would add two tracebacks

    def stop(self) -> None:
        """Publish on ``stop``: the parts of the site finish and release what they hold.

        Raises:
            ChannelFailures: A listener failed; the state is left at STOPPING.
        """
        self.state = states.STOPPING
        self.log("Bus STOPPING")
        self.publish("stop")
        self.state = states.STOPPED
        self.log("Bus STOPPED")

    def exit(self) -> None:
        """Stop, then publish on ``exit``: the process is about to end.

        The process itself ends when its main thread does, which `block` waits for. It ends here,
        with the status 70, if a listener fails, or if the bus had not finished starting: the site
        may be in any state then. It goes on after a `start` that has failed in another thread.

        While one thread runs this, the same call from another thread returns at once.
        """
        with self._lock:
            if self._exit_under_way:
                return
            self._exit_under_way = True
        try:
            clean = self._state is not states.STARTING
            try:
                self.stop()
            except Exception:
                clean = False
            self.state = states.EXITING
            self.log("Bus EXITING")
            try:
                self.publish("exit")
                self.log("Bus EXITED")
            except ChannelFailures:
                clean = False
            if not clean and not self._is_started_by_thread():
                _end_process()
        finally:
            self._exit_under_way = False
            self._wake_all()

    def _is_started_by_thread(self) -> bool:
        """Tell whether a start is under way, and the main thread does not take part in it."""
        main = threading.main_thread()
        return self._starter not in {None, main} and threading.current_thread() is not main

    def restart(self) -> None:
        """Exit, and make `block` run the program again in the same process.

        Where that is impossible (a frozen application, an interactive interpreter, Python embedded
        in another program), an error is logged and everything goes on. Set ``restart_command``
        to the command to run there, or replace ``_do_execv``. While the bus is starting, the
        restart waits until it has started.
        """
        problem = self._restart_problem()
        if problem is not None:
            self.log(problem, level=logging.ERROR)
            return
        if self._state is states.STARTING:
            self.subscribe("started", self._restart_after_start)
            return
        self.execv = True
        self.exit()

    def _restart_after_start(self) -> None:
        self.unsubscribe("started", self._restart_after_start)
        self.restart()

    # Sockets that a restart keeps

    def keep_socket(self, address: object, listening: socket.socket) -> bool:
        """Keep a listening socket for the program that is about to run in this process.

        Servers call this when they stop, so that connections wait for the new program instead of
        being refused. They would never be answered where another command, or another process,
        takes its place: nothing is kept then.

        Args:
            address: Where the server was told to listen: host and port, or a file.
            listening: The socket; it is duplicated, and the server may close it.

        Returns:
            Whether this is a restart that keeps sockets.
        """
        if not self.execv or self.restart_command is not None or os.name != "posix":
            return False
        _handover.keep(address, listening)
        return True

    def has_socket(self, address: object) -> bool:
        """Tell whether a socket for an address is kept, or is there from before a restart."""
        return _handover.is_kept(address)

    def take_socket(self, address: object, family: int) -> socket.socket | None:
        """Take over the socket that a server listened on before a restart.

        Args:
            address: Where this server is told to listen.
            family: Address family, such as ``socket.AF_INET``.

        Returns:
            The socket, which listens; None if there is none. What nobody has taken when the bus
            has started is closed.
        """
        return _handover.take(address, family)

    def graceful(self) -> None:
        """Publish on ``graceful``: the parts of the site take up what has changed.

        Raises:
            ChannelFailures: A listener failed.
        """
        self.log("Bus graceful")
        self.publish("graceful")

    def block(self, interval: float = 0.1) -> None:
        """Wait until the bus exits, then for other threads; the last call of a main thread.

        Ctrl-C makes the bus exit, and so does `SystemExit` from a listener of ``main``. A second
        Ctrl-C ends the process at once, with the status 130.

        Threads that are not daemons get ``drain_timeout`` seconds to finish. One that does not is
        reported, and the process ends without it when its main thread does, with the status 70.
        After `restart` the process is replaced instead.

        Args:
            interval: Seconds from one publication on ``main`` to the next, as long as there
                are listeners.

        Raises:
            ChannelFailures: A listener of ``main`` failed.
            SystemExit: A listener of ``main`` raised it; raised again when the bus has exited.
        """
        while True:
            try:
                self.wait(states.EXITING, interval, "main")
                self._drain(interval)
            except KeyboardInterrupt:
                self.interrupt("Keyboard Interrupt", _EX_INTERRUPTED)
            except SystemExit:
                self.log("SystemExit raised: shutting down bus")
                self.exit()
                self._drain(interval)
                raise
            else:
                break
        if self.execv:
            self._do_execv()

    @property
    def is_leaving(self) -> bool:
        """Whether the site is about to end, and load balancers should send nobody here any more."""
        return self._leaving is not None or self._state in {states.STOPPING, states.EXITING}

    def interrupt(
        self, reason: str, status: int, react: Callable[[], object] | None = None
    ) -> None:
        """Exit at a request from outside; the second time, end the process without waiting.

        Signal handlers call this. `start` resets the count.

        Args:
            reason: What happened, for the log, such as ``Signal SIGTERM``.
            status: Status of a process that is ended the second time.
            react: Called to make the bus exit; None calls `exit`.
        """
        if self._interrupted:
            self._end_at_once(reason, status)
        self._interrupted = True
        try:
            if react is not None and self.exit_delay > 0 and self._state is states.STARTED:
                self.log(f"{reason}: shutting down bus in {self.exit_delay} seconds")
                self._leaving = threading.Timer(self.exit_delay, self._leave, [reason, react])
                self._leaving.daemon = True
                self._leaving.start()
                return
            self.log(f"{reason}: shutting down bus")
            if self._state is not states.EXITING:
                (react or self.exit)()
        except KeyboardInterrupt:
            self._end_at_once("Keyboard Interrupt", _EX_INTERRUPTED)

    def _leave(self, reason: str, react: Callable[[], object]) -> None:
        """Exit, `exit_delay` after the signal."""
        self.log(f"{reason}: shutting down bus")
        with contextlib.suppress(ChannelFailures):  # it has been logged
            react()
        self._leaving = None

    def _end_at_once(self, reason: str, status: int) -> None:
        self.log(f"{reason} again: ending at once", level=logging.WARNING)
        os._exit(status)

    def _drain(self, interval: float) -> None:
        """Wait for another thread's `exit`, and for threads that the process would wait for."""
        self.log("Waiting for child threads to terminate...")
        limit = math.inf if self.drain_timeout is None else self.drain_timeout
        deadline = time.monotonic() + limit
        self._wait_until(lambda: not self._exit_under_way, interval, deadline=deadline)
        announced: set[threading.Thread] = set()
        while (threads := _threads_to_wait_for()) and time.monotonic() < deadline:
            thread = threads[0]
            if thread not in announced:
                announced.add(thread)
                self.log(f"Waiting for thread {thread.name}.")
            # In slices: nothing interrupts a join on Windows, and anywhere a signal can come
            # too early to interrupt it.
            thread.join(max(0.0, min(interval, deadline - time.monotonic())))
        if threads:
            self._give_up(threads)

    def _give_up(self, threads: Iterable[threading.Thread]) -> None:
        """Report threads that do not end, and keep them from keeping the process alive."""
        for thread in threads:
            self.log(
                f"Thread {thread.name} has not ended after {self.drain_timeout} seconds "
                f"(engine.drain_timeout); the process ends without it. It is here:\n"
                f"{_where(thread)}",
                level=logging.ERROR,
            )
        if threading.current_thread() is threading.main_thread():
            threading.Thread(
                target=_end_after_main_thread, name="Bus end of process", daemon=True
            ).start()

    def start_with_callback(
        self,
        func: Callable[..., object],
        args: tuple[Any, ...] | None = None,
        kwargs: Mapping[str, Any] | None = None,
    ) -> threading.Thread:
        """Start, and call a function in a new thread as soon as the bus has started.

        Args:
            func: The function; it is not called if the bus exits instead.
            args: Its positional arguments.
            kwargs: Its keyword arguments.

        Returns:
            The thread.
        """
        call = functools.partial(func, *(args or ()), **(kwargs or {}))
        thread = threading.Thread(target=self._call_when_started, args=(call,))
        thread.name = f"Bus Callback {thread.name}"
        thread.start()
        self.start()
        return thread

    def _call_when_started(self, call: Callable[[], object]) -> None:
        self.wait((states.STARTED, states.EXITING))
        if self._state is not states.EXITING:
            call()

    def _watch_end_of_process(self) -> None:
        """Make the bus exit if the process ends before it."""
        self._pid = os.getpid()
        atexit.unregister(self._clean_exit)
        atexit.register(self._clean_exit)

    def _clean_exit(self) -> None:
        """Exit at the end of a process whose main thread did not wait for the bus."""
        if self._state is states.EXITING or os.getpid() != self._pid:
            return
        try:
            warnings.warn(
                f"The main thread ends while the bus is in the state {self._state}; it exits now. "
                f"Call bus.block() after bus.start(), or bus.exit() before the end.",
                RuntimeWarning,
                stacklevel=2,
            )
        finally:
            self.exit()

    # Restarting the program

    def _restart_problem(self) -> str | None:
        """Return what keeps `_do_execv` of this class from working."""
        replaced = "_do_execv" in vars(self) or type(self)._do_execv is not Bus._do_execv
        if replaced or self.restart_command:
            return None
        problem = restart_problem()
        if problem is None:
            return None
        return f"Cannot restart: {problem}. Restart it by hand, or set engine.restart_command."

    def _do_execv(self) -> None:
        """Replace the process by a new run of the program; this does not return.

        The process id stays, and so do the options of the interpreter. The program starts in
        the working directory in which this bus was made. Files are not passed on, except the three
        standard ones, sockets from the service manager, and those that servers have kept.

        Raises:
            OSError: The program can no longer be run.
        """
        problem = self._restart_problem()
        if problem is not None:
            self.log(problem, level=logging.ERROR)
            return
        command = list(self.restart_command or interpreter_command())
        self.log(f"Re-spawning {shlex.join(command)}")
        if self._working_directory is not None:
            try:
                os.chdir(self._working_directory)
            except OSError:
                self.log("Restarting in another directory:", logging.WARNING, traceback=True)
        if self.max_cloexec_files:
            close_on_exec(self.max_cloexec_files)
        _handover.pass_on()
        replace_process(command)


def with_priority(priority: int) -> Callable[[ListenerT], ListenerT]:
    """Give a method the place at which the bus calls it; lower numbers come first."""

    def mark(method: ListenerT) -> ListenerT:
        vars(method)["priority"] = priority
        return method

    return mark


def _own_priority(listener: Listener) -> float:
    """Return the priority that a listener has as an attribute."""
    priority: float = getattr(listener, "priority", _DEFAULT_PRIORITY)
    return priority


def _report(failure: BaseException, msg: str) -> None:
    """Write to standard error that a message could not be logged."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):  # closed, or nobody reads it
            text = "".join(tracebacks.format_exception(failure))
            sys.stderr.write(f"The bus could not log {msg!r}:\n{text}")


def _threads_to_wait_for() -> list[threading.Thread]:
    """List the other threads that keep the process alive."""
    own = (threading.current_thread(), threading.main_thread())
    return [thread for thread in threading.enumerate() if not thread.daemon and thread not in own]


def _where(thread: threading.Thread) -> str:
    """Show what a thread is doing."""
    frame = sys._current_frames().get(thread.ident or 0)
    return "".join(tracebacks.format_stack(frame)) if frame is not None else "(it has just ended)"


def _end_after_main_thread() -> None:
    """End the process after its main thread, if other threads do not end."""
    threading.main_thread().join()
    if _threads_to_wait_for():
        _end_process()


def _end_process() -> None:
    """End the process with the status 70, without waiting for threads."""
    flush_output()
    os._exit(_EX_SOFTWARE)


bus = Bus()
