"""Classes and modules that know what has been replaced in them.

The request path does the ordinary work of some public methods without calling them. Where a
subclass has its own, or another program has patched the class, as those do that monitor
applications, the methods are called.
"""

import sys
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

from cherrypy._config.generations import generation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "ClassAttribute",
    "Overridable",
    "PublicModule",
    "Shortened",
    "ShortenedInstances",
    "publish",
]


class Overridable(type):
    """Metaclass that keeps the names of replaced attributes in ``own_methods``.

    A class whose body has ``shortened``, a tuple of names, begins a family: what the names stand
    for there is the ordinary meaning. The subclasses in the family are compared with it when they
    are made, and all of them whenever one of the names is set or deleted on a class.
    """

    shortened: tuple[str, ...]
    own_methods: frozenset[str]
    ordinary: dict[str, object]

    def __init__(
        cls, name: str, bases: tuple[type, ...], members: dict[str, object], **kwargs: object
    ) -> None:
        super().__init__(name, bases, members, **kwargs)
        if "shortened" in members:
            type.__setattr__(cls, "ordinary", {key: _defined(cls, key) for key in cls.shortened})
        cls._compare()

    def __setattr__(cls, name: str, value: object) -> None:
        kept_by = cls.__dict__.get(name)
        if isinstance(kept_by, ClassAttribute):
            kept_by.set_on_class(cls, value)
            generation.bump()
            return
        super().__setattr__(name, value)
        if name in cls.shortened:
            cls._compare()
            generation.bump()

    def __delattr__(cls, name: str) -> None:
        super().__delattr__(name)
        if name in cls.shortened:
            cls._compare()
            generation.bump()

    def _compare(cls) -> None:
        """Find out which names have another meaning, here and in all subclasses."""
        own = {name for name, value in cls.ordinary.items() if _defined(cls, name) is not value}
        type.__setattr__(cls, "own_methods", frozenset(own))
        subclasses: list[Overridable] = cls.__subclasses__()  # type: ignore[assignment]
        for subclass in subclasses:
            subclass._compare()


def _defined(cls: type, name: str) -> object:
    """Return an attribute as the body of a class has it, not bound."""
    bodies: Iterator[Mapping[str, object]] = map(vars, cls.__mro__)
    return next(body[name] for body in bodies if name in body)


class ClassAttribute:
    """A descriptor that also decides what is done when its attribute is set on the class."""

    def set_on_class(self, owner: Any, value: Any) -> None:
        """Keep a value for all instances of a class."""
        raise TypeError(f"an attribute of {owner.__name__} cannot be set to {value!r}")


class Shortened(metaclass=Overridable):
    """Base of a family, as type checkers see it."""

    shortened: ClassVar[tuple[str, ...]] = ()
    """Names whose ordinary meaning the request path knows."""
    own_methods: frozenset[str]
    """Those of them that this class, or the instance, does in its own way."""


class ShortenedInstances(Shortened):
    """Base of a family whose instances tell, too, when one of the names is set on them."""

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        if name in self.shortened:
            generation.bump()


class PublicModule(ModuleType):
    """A module by whose names applications and monitoring agents know what others define.

    What is replaced here is replaced in every module that has it, so that it is used.
    """

    __all__: list[str]

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.__all__})

    def __setattr__(self, name: str, value: object) -> None:
        replaced: object = getattr(self, name, None) if name in self.__all__ else None
        super().__setattr__(name, value)
        if replaced is value or not (callable(replaced) or isinstance(replaced, str)):
            return
        for module in list(sys.modules.values()):
            if module.__name__.startswith("cherrypy.") and not isinstance(module, PublicModule):
                members: dict[str, object] = vars(module)
                for key, member in list(members.items()):
                    if member is replaced:
                        members[key] = value
        generation.bump()


def publish(module_name: str, *lazy_homes: str) -> None:
    """Make a module the one that the names in it are known by.

    Its classes say that they are from there: tracebacks, pickles and error trackers show it.

    Args:
        module_name: Name of a module that is being imported, with ``__all__``.
        *lazy_homes: Modules that have the rest of ``__all__``, imported when that is first used.
    """
    module = sys.modules[module_name]
    members: dict[str, object] = vars(module)
    module.__class__ = PublicModule
    if lazy_homes:
        members["__getattr__"] = partial(_load, module, lazy_homes)
    names: list[str] = module.__all__
    for name in names:
        member = members.get(name)
        if isinstance(member, type) and member.__module__.startswith("cherrypy."):
            home = sys.modules[member.__module__]
            if not isinstance(home, PublicModule) or name not in home.__all__:
                member.__module__ = module_name
                member.__name__ = member.__qualname__ = name


def _load(module: ModuleType, homes: tuple[str, ...], name: str) -> object:
    """Return a member of a module, and keep it there."""
    members: dict[str, object] = vars(module)
    names: list[str] = module.__all__
    if name in names:
        for home in map(import_module, homes):
            found: dict[str, object] = vars(home)
            if name in found:
                members[name] = found[name]
                return found[name]
    raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
