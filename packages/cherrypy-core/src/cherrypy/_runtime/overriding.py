"""Classes that know which of their methods have been replaced.

The request path does the ordinary work of some public methods without calling them. Where a
subclass has its own, or another program has patched the class, as those do that monitor
applications, the methods are called.
"""

from typing import ClassVar

from cherrypy._config.generations import generation

__all__ = ["ClassAttribute", "Overridable", "Shortened", "ShortenedInstances"]


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
            type.__setattr__(cls, "ordinary", {key: getattr(cls, key) for key in cls.shortened})
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
        own = {name for name, value in cls.ordinary.items() if getattr(cls, name) is not value}
        type.__setattr__(cls, "own_methods", frozenset(own))
        subclasses: list[Overridable] = cls.__subclasses__()  # type: ignore[assignment]
        for subclass in subclasses:
            subclass._compare()


class ClassAttribute:
    """A descriptor that also decides what is done when its attribute is set on the class."""

    def set_on_class(self, owner: Any, value: Any) -> None:
        """Keep a value for all instances of a class."""
        raise TypeError(f"an attribute of {owner.__name__} cannot be set to {value!r}")


class Shortened(metaclass=Overridable):
    """Base of a family, as type checkers see it."""

    shortened: ClassVar[tuple[str, ...]] = ()
    """Names whose ordinary meaning the request path knows."""
    own_methods: ClassVar[frozenset[str]]
    """Those of them that this class does in its own way."""


class ShortenedInstances(Shortened):
    """Base of a family whose instances tell, too, when one of the names is set on them."""

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        if name in self.shortened:
            generation.bump()
