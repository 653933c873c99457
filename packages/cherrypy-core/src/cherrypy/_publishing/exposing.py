"""Marking what is published: ``expose`` and ``popargs``."""

from collections.abc import Callable, Iterable
from sys import _getframe
from typing import Any, Protocol, TypeVar, overload

from cherrypy._runtime.context import current

F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C")
Aliases = str | Iterable[str]

_DOT_TO_UNDERSCORE = str.maketrans(".", "_")


@overload
def expose(func: F, alias: Aliases | None = None, *, methods: Iterable[str] | None = None) -> F: ...
@overload
def expose(
    func: Aliases | None = None,
    alias: Aliases | None = None,
    *,
    methods: Iterable[str] | None = None,
) -> Callable[[F], F]: ...
def expose(
    func: Callable[..., Any] | Aliases | None = None,
    alias: Aliases | None = None,
    *,
    methods: Iterable[str] | None = None,
) -> object:
    """Publish a function, a method or a class; used as ``@expose`` or ``@expose(...)``.

    Args:
        func: What is published, or one alias or several for it.
        alias: Other names under which it is published as well; a dot in a name stands for itself.
        methods: Request methods that are answered, such as ``["GET", "POST"]``; others get 405
            with ``Allow``. ``HEAD`` goes where ``GET`` goes, ``OPTIONS`` is answered for the
            handler. All by default. It is the same as to turn on ``tools.allow``, so for a class
            it is for all that is below.

    Returns:
        What was published, or a decorator where only aliases were given.
    """
    config = {} if methods is None else _allow(methods)
    namespace = _getframe(1).f_locals

    def publish(published: F, names: Aliases | None) -> F:
        published.exposed = True  # type: ignore[attr-defined]  # that is what publishes it
        if config:
            published._cp_config = {**getattr(published, "_cp_config", {}), **config}  # type: ignore[attr-defined]
        for name in (names,) if isinstance(names, str) else names or ():
            namespace[name.translate(_DOT_TO_UNDERSCORE)] = published
        return published

    if callable(func):
        return publish(func, alias)
    return lambda published: publish(published, alias if func is None else func)


def _allow(methods: Iterable[str]) -> dict[str, Any]:
    """Return the configuration that allows some request methods only."""
    names = (methods,) if isinstance(methods, str) else methods
    return {
        "tools.allow.on": True,
        "tools.allow.methods": tuple(name.upper() for name in names),
        "tools.allow.options": True,
    }


class PathArguments(Protocol):
    """What ``popargs`` makes: the decorator of a class, or its method ``_cp_dispatch``."""

    @overload
    def __call__(self, cls: type[C], /) -> type[C]: ...
    @overload
    def __call__(self, cls: object = None, vpath: list[str] | None = None) -> object: ...


def popargs(*args: str, **kwargs: object) -> PathArguments:
    """Take path segments as named parameters, before the rest of the path is looked up.

    Used as the decorator of a class, ``@popargs('year', 'month')``, or in its body,
    ``_cp_dispatch = popargs('year')``.

    Args:
        *args: Names that the next segments get, one each.
        **kwargs: Only ``handler``: what the rest of the path is looked up in, in place of the
            instance: an object, or a class or function that is called with the parameters and
            returns one.

    Raises:
        TypeError: Another keyword argument was given.
    """
    handler = kwargs.pop("handler", None)
    if kwargs:
        raise TypeError(f"popargs() got an unexpected keyword argument {next(iter(kwargs))!r}")

    def dispatch(cls: object = None, vpath: list[str] | None = None) -> object:
        if isinstance(cls, type):
            cls._cp_dispatch = dispatch  # type: ignore[attr-defined]  # that is what dispatches
            return cls
        left = [] if vpath is None else vpath
        taken = {name: left.pop(0) for name, _ in zip(args, left[:], strict=False)}
        if callable(handler):
            return handler(**taken)
        current.get().request.params.update(taken)
        if handler is not None:
            return handler
        if not left:
            return cls
        name = left.pop(0)
        return None if name.startswith("_") else getattr(cls, name, None)

    return dispatch  # type: ignore[return-value]  # a class as its decorator, or what is found
