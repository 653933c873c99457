"""The current request and response, and the proxies that applications read them through.

One :class:`contextvars.ContextVar` holds them, so that threads, greenlets and tasks each see their
own.  The framework itself never reads it on the request path: there, request and response are
arguments.
"""

import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from cherrypy._runtime.messages import Request, Response, Session

__all__ = [
    "Arrival",
    "Serving",
    "ServingProxy",
    "ThreadData",
    "current",
    "idle",
    "request",
    "response",
    "serving",
    "session",
    "thread_data",
]


class Serving:
    """What one request is served with: its request, its response, and what tools add."""

    __slots__ = ("__dict__", "outer", "request", "response")

    request: "Request"
    response: "Response"
    outer: "Serving"
    """What was current before, and is again when this request ends."""
    session: "Session"
    """The session, where a tool has opened one; absent otherwise."""

    def __init__(
        self, request: "Request", response: "Response", outer: "Serving | None" = None
    ) -> None:
        self.request = request
        self.response = response
        self.outer = outer or self


class Arrival(Serving):
    """What is current while an application makes a request in its own way.

    Args:
        describe: Sets on a new request what the environ says, before anybody else sees it.
        outer: What was current before, and is seen until there is a request.
    """

    __slots__ = ("describe",)

    def __init__(self, describe: Callable[["Request"], None], outer: Serving) -> None:
        super().__init__(outer.request, outer.response, outer)
        self.describe = describe


idle = Serving(None, None)  # type: ignore[arg-type]
"""What is current outside of any request; the assembly fills it with defaults."""

current: ContextVar[Serving] = ContextVar("cherrypy_serving", default=idle)
_get_current = current.get


class _CurrentServing:
    """``cherrypy.serving``: the attributes of whatever request this thread or task serves."""

    def __getattr__(self, name: str) -> Any:
        return getattr(current.get(), name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(current.get(), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(current.get(), name)

    def load(self, request: "Request", response: "Response") -> None:
        """Make ``request`` and ``response`` the current ones of this thread or task."""
        current.set(Serving(request, response))

    def clear(self) -> None:
        """Forget the current request and response of this thread or task."""
        current.set(idle)


serving = _CurrentServing()


class ServingProxy:
    """An attribute of ``serving`` that can be imported once and used in every request.

    Args:
        name: Attribute of ``cherrypy.serving`` that this object stands for.
    """

    __slots__ = ("__attrname__",)

    __attrname__: str

    def __init__(self, name: str) -> None:
        object.__setattr__(self, "__attrname__", name)

    def __getattr__(self, name: str) -> Any:
        # PERF: spelled out, since every `cherrypy.request.x` of every application passes here
        target: object = getattr(_get_current(), self.__attrname__)
        return getattr(target, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(_target(self), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(_target(self), name)

    def __getitem__(self, key: object) -> object:
        target: _Target = getattr(_get_current(), self.__attrname__)  # PERF: as above
        return target[key]

    def __setitem__(self, key: object, value: object) -> None:
        target: _Target = getattr(_get_current(), self.__attrname__)  # PERF: as above
        target[key] = value

    def __delitem__(self, key: object) -> None:
        del _target(self)[key]

    def __contains__(self, key: object) -> bool:
        return key in _target(self)

    def __iter__(self) -> Iterator[object]:
        return iter(_target(self))

    def __len__(self) -> int:
        return len(_target(self))

    def __bool__(self) -> bool:
        return bool(_target(self))

    def __dir__(self) -> list[str]:
        return dir(_target(self))

    def __repr__(self) -> str:
        return f"<proxy of cherrypy.serving.{self.__attrname__}: {_target(self)!r}>"


class _Target(Protocol):
    """What a proxy may stand for; it has what is asked of it, or an error says so."""

    def __getitem__(self, key: object) -> object: ...
    def __setitem__(self, key: object, value: object) -> None: ...
    def __delitem__(self, key: object) -> None: ...
    def __contains__(self, key: object) -> bool: ...
    def __iter__(self) -> Iterator[object]: ...
    def __len__(self) -> int: ...


def _target(proxy: ServingProxy) -> _Target:
    target: _Target = getattr(current.get(), proxy.__attrname__)
    return target


request = ServingProxy("request")
response = ServingProxy("response")
session = ServingProxy("session")
"""The session of the current request, where the sessions tool is on."""


class ThreadData(threading.local):
    """``cherrypy.thread_data``: attributes that each thread has for itself."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...
        def __setattr__(self, name: str, value: object) -> None: ...

    def clear(self) -> None:
        """Remove all attributes of the current thread."""
        self.__dict__.clear()


thread_data = ThreadData()
