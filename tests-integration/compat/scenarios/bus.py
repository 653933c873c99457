"""The bus, and the plugins that it brings."""

from __future__ import annotations

import io
from typing import Any

from telling import alone, attempt, make, tell

from cherrypy.process import plugins, wspbus


class Listener:
    """Something that listens, and tells that it was called."""

    def __init__(self, name: str, seen: list[Any], does: str, priority: int | None) -> None:
        self.__name__ = name
        self.name = name
        self.seen = seen
        self.does = does
        if priority is not None:
            self.priority = priority

    def __call__(self, *args: Any, **kwargs: Any) -> str:
        self.seen.append([self.name, tell(args), tell(kwargs)])
        if self.does in ("ValueError", "KeyError", "OSError"):
            raise {"ValueError": ValueError, "KeyError": KeyError, "OSError": OSError}[self.does](
                self.name
            )
        if self.does == "SystemExit":
            raise SystemExit(3)
        if self.does == "KeyboardInterrupt":
            raise KeyboardInterrupt
        return self.name


@alone
def run(listeners: list[Any], steps: list[list[Any]]) -> Any:
    """Do one step after another on a new bus.

    Args:
        listeners: Name, what it does, and its priority as an attribute, of each.
        steps: Name of the method and arguments; ``{"var": name}`` is a listener.
    """
    seen: list[Any] = []
    bus = wspbus.Bus()
    known = {name: Listener(name, seen, does, own) for name, does, own in listeners}
    log: list[Any] = []
    bus.subscribe("log", lambda msg, level: log.append([msg.partition("\n")[0], level]))
    found = []
    for name, *args in steps:
        seen.append(["step", name])
        try:
            made = [make(arg, known) for arg in args]
            result = _attempt(getattr(bus, name), *made)
            if name == "subscribe" and "raises" not in result:
                result = "None"  # here it returns the listener, so that it can be a decorator
            found.append([result, str(bus.state)])
        except AttributeError as error:
            found.append([str(error), ""])
    return [found, seen, log]


def _attempt(function: Any, *args: Any) -> Any:
    try:
        return attempt(function, *args)
    except (SystemExit, KeyboardInterrupt) as error:
        return {"raises": type(error).__name__, "code": getattr(error, "code", None)}


def failures(errors: list[str]) -> Any:
    """Collect errors of listeners."""
    found = wspbus.ChannelFailures()
    for error in errors:
        try:
            raise ValueError(error)
        except ValueError:
            found.handle_exception()
    return [str(found), repr(found), bool(found), attempt(found.get_instances)]


def plugin(channels: list[str], steps: list[str]) -> Any:
    """Subscribe a plugin that listens to some channels, and ask the bus."""
    seen: list[str] = []
    bus = wspbus.Bus()

    class Plugin(plugins.SimplePlugin):
        pass

    for channel in channels:
        method = lambda self, *args, channel=channel: seen.append(channel)  # noqa: E731
        setattr(Plugin, channel, method)
    found = []
    made = Plugin(bus)
    for step in steps:
        if step in ("subscribe", "unsubscribe"):
            found.append(attempt(getattr(made, step)))
        else:
            found.append(attempt(bus.publish, step))
    told = {name: len(some) for name, some in bus.listeners.items() if name != "log"}
    return [found, seen, sorted(told.items())]


def threads(steps: list[str]) -> Any:
    """Tell the thread manager of threads."""
    seen: list[Any] = []
    bus = wspbus.Bus()
    for channel in ("start_thread", "stop_thread"):
        bus.subscribe(channel, lambda index, channel=channel: seen.append([channel, index]))
    manager = plugins.ThreadManager(bus)
    manager.subscribe()
    found = [attempt(bus.publish, step) for step in steps]
    return [found, seen, len(manager.threads)]


def drop(uid: Any, gid: Any, umask: Any) -> Any:
    """Make a plugin that drops privileges, and ask it for what it was given."""
    made = attempt(plugins.DropPrivileges, wspbus.Bus(), make(umask), make(uid), make(gid))
    if "raises" in str(made):
        return made
    plugin = plugins.DropPrivileges(wspbus.Bus(), make(umask), make(uid), make(gid))
    return [tell(plugin.uid), tell(plugin.gid), tell(plugin.umask)]


def log_to(text: str, level: int, traceback: bool) -> Any:
    """Log a line."""
    bus = wspbus.Bus()
    stream = io.StringIO()
    bus.subscribe("log", lambda msg, level: stream.write(f"{level} {msg}\n"))
    try:
        raise ValueError(text)
    except ValueError:
        found = attempt(bus.log, text, level, traceback)
    return [found, [line for line in stream.getvalue().splitlines() if 'File "' not in line][:3]]
