"""Hooks: callbacks that run at named points of a request's life."""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, Self

from cherrypy._config.generations import followed_by_bump, generation
from cherrypy._runtime.overriding import Overridable
from cherrypy._tools.function import ToolFunction

HOOK_POINTS = (
    "on_start_resource",
    "before_request_body",
    "before_handler",
    "before_finalize",
    "on_end_resource",
    "on_end_request",
    "before_error_response",
    "after_error_response",
)
"""The points at which hooks run, in the order of a request."""

DEFAULT_PRIORITY = 50

ReportFailure = Callable[[], None]


class Hook(metaclass=Overridable):
    """A callback at a hook point, with the arguments it is to be called with.

    Args:
        callback: What is called.
        failsafe: Whether it runs even if a hook before it failed; the attribute ``failsafe`` of
            the callback by default, and false without one.
        priority: Place in the order, lowest first, usually 0 to 100; the attribute ``priority`` of
            the callback by default, and 50 without one.
        **kwargs: Keyword arguments for the callback.
    """

    __slots__ = (
        *("__dict__", "callback", "failsafe", "is_planned", "kwargs", "priority", "with_request"),
    )

    shortened = ("__call__",)

    callback: Callable[..., Any]
    failsafe: bool
    priority: float
    kwargs: dict[str, Any]
    with_request: Callable[..., Any] | None
    """The same function with request and response as arguments, where the callback has one."""
    is_planned: bool
    """Whether a resource plan has been made of this hook, so that changing it makes new ones."""

    def __init__(
        self,
        callback: Callable[..., Any],
        failsafe: bool | None = None,
        priority: float | None = None,
        **kwargs: object,
    ) -> None:
        object.__setattr__(self, "is_planned", False)
        self.callback = callback
        if failsafe is None:
            failsafe = getattr(callback, "failsafe", False)
        self.failsafe = failsafe
        if priority is None:
            priority = getattr(callback, "priority", DEFAULT_PRIORITY)
        self.priority = priority
        self.kwargs = kwargs

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        if name == "callback":
            function = value.function if isinstance(value, ToolFunction) else None
            object.__setattr__(self, "with_request", function)
        if self.is_planned:
            generation.bump()

    def note_plan(self) -> None:
        """Have every change of this hook, from now on, make resource plans anew."""
        object.__setattr__(self, "is_planned", True)

    def __lt__(self, other: "Hook") -> bool:
        return self.priority < other.priority

    def __call__(self) -> object:
        """Call the callback with its arguments."""
        return self.callback(**self.kwargs)

    def run(self, request: object, response: object) -> None:
        """Call the callback for a request that is at hand."""
        if self.with_request is not None:
            self.with_request(request, response, **self.kwargs)
        else:
            self()

    def copy(self) -> "Hook":
        """Return a hook that one request can change, and what it is called with."""
        duplicate = self.__class__.__new__(self.__class__)  # PERF: a tenth of what copy() takes
        store = object.__setattr__
        store(duplicate, "is_planned", False)
        store(duplicate, "callback", self.callback)
        store(duplicate, "failsafe", self.failsafe)
        store(duplicate, "priority", self.priority)
        store(duplicate, "kwargs", self.kwargs.copy())
        store(duplicate, "with_request", self.with_request)
        if self.__dict__:
            duplicate.__dict__.update(self.__dict__)
        return duplicate

    def __repr__(self) -> str:
        arguments = "".join(f", {name}={value!r}" for name, value in self.kwargs.items())
        return (
            f"cherrypy._cprequest.Hook(callback={self.callback!r}, failsafe={self.failsafe!r}, "
            f"priority={self.priority!r}{arguments})"
        )


class HookMap(dict[str, list[Hook]], metaclass=Overridable):
    """The hooks of a request, by hook point.

    Args:
        points: Names of hook points to begin with.
    """

    shortened = ("run", "run_hooks")

    def __init__(self, points: Iterable[str] = (), *a: Any, **kw: Any) -> None:
        super().__init__(*a, **kw)
        for point in points:
            self[point] = []

    def attach(
        self,
        point: str,
        callback: Callable[..., Any],
        failsafe: bool | None = None,
        priority: float | None = None,
        **kwargs: object,
    ) -> None:
        """Add a hook at a hook point; the arguments are those of :class:`Hook`.

        Raises:
            KeyError: There is no such hook point.
        """
        self[point].append(Hook(callback, failsafe, priority, **kwargs))

    def run(self, point: str) -> None:
        """Run the hooks of a point in the order of their priorities."""
        self.run_hooks(in_order(self.get(point, ())))

    @classmethod
    def run_hooks(cls, hooks: Iterable[Hook]) -> None:
        """Run hooks in the order given; after a failure only those that are failsafe.

        Raises:
            Exception: The last failure; the ones before it are its ``__context__``.
        """
        iterator = iter(hooks)
        for hook in iterator:
            try:
                hook()
            except Exception:
                cls.run_hooks(other for other in iterator if other.failsafe)
                raise

    def copy(self) -> Self:
        """Return a map with the same hooks, to which others can be attached."""
        duplicate = self.__class__()
        for point, hooks in self.items():
            duplicate[point] = hooks[:]
        return duplicate

    __copy__ = copy

    def __repr__(self) -> str:
        return f"cherrypy._cprequest.HookMap(points={list(self)!r})"


class SharedHooks(HookMap):
    """The hooks of all requests. Resource plans are made anew when anything about them changes.

    Args:
        points: Names of hook points to begin with.
    """

    def __setitem__(self, point: str, hooks: Iterable[Hook]) -> None:
        """Replace the hooks of a point."""
        super().__setitem__(point, _SharedList(hooks))
        generation.bump()

    def setdefault(self, point: str, hooks: Iterable[Hook] = ()) -> list[Hook]:
        """Return the hooks of a point, after setting them if there were none."""
        if point not in self:
            self[point] = hooks
        return self[point]

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Replace the hooks of several points."""
        changes: dict[str, list[Hook]] = dict(*args, **kwargs)
        for point, hooks in changes.items():
            self[point] = hooks

    def __ior__(self, other: object) -> Self:  # type: ignore[override, misc]  # no overloads
        """Replace the hooks of several points."""
        self.update(other)
        return self


class _SharedList(list[Hook]):
    """The hooks of all requests at one point."""


for _name in ("__delitem__", "clear", "pop", "popitem"):
    setattr(SharedHooks, _name, followed_by_bump(getattr(dict, _name)))
for _name in (
    *("__delitem__", "__iadd__", "__imul__", "__setitem__", "append", "clear", "extend"),
    *("insert", "pop", "remove", "reverse", "sort"),
):
    setattr(_SharedList, _name, followed_by_bump(getattr(list, _name)))


def in_order(hooks: Iterable[Hook]) -> list[Hook]:
    """Sort hooks by priority; equal ones stay as they were attached."""
    return sorted(hooks, key=attrgetter("priority"))


def run_planned(hooks: Iterable[Hook], request: object, response: object) -> None:
    """Run hooks that are in order already, for a request that is at hand.

    The rule for failures is that of :meth:`HookMap.run_hooks`.
    """
    iterator = iter(hooks)
    for hook in iterator:
        try:
            hook.run(request, response)
        except Exception:
            run_planned((other for other in iterator if other.failsafe), request, response)
            raise
