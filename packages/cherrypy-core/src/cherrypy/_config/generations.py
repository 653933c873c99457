"""The token that every change of configuration replaces, and dicts that replace it.

Whatever is computed from configuration may be kept for as long as ``generation.token`` is the
object that it was when the computation began.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, Self


class Generation:
    """Tells whether configuration has changed since it was last looked at.

    Attributes:
        token: An object without meaning, compared by identity. Whoever derives something from
            configuration reads it *before* reading any configuration and keeps it with the
            result; the result is good for as long as ``token`` is that same object.
    """

    __slots__ = ("token",)

    token: object

    def __init__(self) -> None:
        self.token = object()

    def bump(self) -> None:
        """Say that configuration has changed; to be called after the change."""
        self.token = object()  # one store: atomic, with or without a global lock


generation = Generation()
"""The one generation of this process."""


def followed_by_bump(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method of a mutable type that bumps the generation after each change."""

    @wraps(method)
    def change(*args: object, **kwargs: object) -> object:
        result = method(*args, **kwargs)
        generation.bump()
        return result

    return change


class TrackedDict(dict[str, Any]):
    """A dict whose every change is followed by a new ``generation.token``.

    Copies (``copy()``, the ``copy`` module, pickles) are plain dicts, which nobody watches.
    """

    __slots__ = ()

    def update(self, *others: Any, **values: Any) -> None:
        """Store what a mapping, or an iterable of pairs, has; then the keyword arguments."""
        try:
            super().update(*others, **values)
        finally:  # an iterable that fails half-way has changed something
            generation.bump()

    def __ior__(self, other: Any) -> Self:  # type: ignore[override,misc]  # no overloads
        """Store what a mapping, or an iterable of pairs, has."""
        self.update(other)
        return self

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Return the value of a key, after storing ``default`` if it had none."""
        if key not in self:
            self[key] = default
        return self[key]

    def __reduce_ex__(self, protocol: object) -> tuple[type, tuple[dict[str, Any]]]:
        """Make copies and pickles plain dicts."""
        return dict, (dict(self),)


for _name in ("__delitem__", "__setitem__", "clear", "pop", "popitem"):
    setattr(TrackedDict, _name, followed_by_bump(getattr(dict, _name)))


class SectionedConfig(TrackedDict):
    """A dict of sections, such as ``app.config``: path or name of the section to its settings.

    A mapping is stored as a copy that is tracked too, so that
    ``app.config['/x']['tools.gzip.on'] = True`` is noticed. A section that is tracked already, and
    a value that is not a mapping, are stored as they are.
    """

    __slots__ = ()

    def __init__(
        self,
        sections: Mapping[str, Any] | Iterable[tuple[str, Any]] = (),
        **more: Any,
    ) -> None:
        super().__init__(_tracked_sections(dict(sections, **more)))

    def __setitem__(self, section: str, settings: Any) -> None:
        """Store a tracked copy of the settings as a section."""
        super().__setitem__(section, _tracked(settings))

    def update(self, *others: Any, **sections: Any) -> None:
        """Store tracked copies of sections, each in place of the one of that name.

        To change single settings of sections use ``cherrypy._config.config.merge``.
        """
        super().update(_tracked_sections(dict(*others, **sections)))


def _tracked(settings: Any) -> Any:
    if isinstance(settings, Mapping) and not isinstance(settings, TrackedDict):
        return TrackedDict(settings)
    return settings


def _tracked_sections(sections: dict[str, Any]) -> dict[str, Any]:
    return {name: _tracked(settings) for name, settings in sections.items()}
