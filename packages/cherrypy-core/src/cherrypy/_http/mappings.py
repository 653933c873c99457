"""Dictionaries that look up their keys in a form of their own."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self, TypeVar

V = TypeVar("V")

_MISSING: Any = object()
_dict_get: Callable[..., Any] = dict.get
_dict_contains: Callable[[Any, object], bool] = dict.__contains__
_dict_update: Callable[..., None] = dict.update


class KeyTransformingDict(dict[str, V]):
    """A dictionary that stores its keys in a form of its own.

    The method ``transform_key`` of a subclass defines the form; to transform a key twice must be
    the same as once. Subscription with a key in that form is as fast as that of a ``dict``: only
    other keys come to ``__missing__``.
    """

    def __init__(self, other: object = (), /, **more: V) -> None:
        super().__init__()
        if other or more:
            self.update(other, **more)

    @staticmethod
    def transform_key(key: Any) -> Any:
        """Return the form in which a key is stored; as it is, unless a subclass says more."""
        return key

    def __missing__(self, key: str) -> V:
        """Look again for a key in the form in which it is stored."""
        stored = self.transform_key(key)
        value: V = _dict_get(self, stored, _MISSING)
        if value is _MISSING:
            raise KeyError(stored)
        return value

    def __setitem__(self, key: str, value: V) -> None:
        """Store a value under the transformed key."""
        super().__setitem__(self.transform_key(key), value)

    def __delitem__(self, key: str) -> None:
        """Delete the item of the transformed key."""
        super().__delitem__(self.transform_key(key))

    def __contains__(self, key: object) -> bool:
        """Tell whether there is an item of the transformed key."""
        return _dict_contains(self, key) or _dict_contains(self, self.transform_key(key))

    if not TYPE_CHECKING:  # their types are those of dict

        def get(self, key: str, default: object = None, /) -> object:
            """Return the value of a key, or the default."""
            value = _dict_get(self, key, _MISSING)
            return _dict_get(self, self.transform_key(key), default) if value is _MISSING else value

        def pop(self, key: str, /, *default: object) -> object:
            """Remove a key and return its value, or the default if one is given."""
            return super().pop(self.transform_key(key), *default)

        def __ior__(self, other: object) -> Self:
            """Update this map."""
            self.update(other)
            return self

    def setdefault(self, key: str, default: Any = None, /) -> V:
        """Return the value of a key; store the default first if the key is missing."""
        return super().setdefault(self.transform_key(key), default)

    def update(self, other: Any = (), /, **more: V) -> None:
        """Store every item of a mapping, of pairs, and of the keyword arguments."""
        if type(other) is type(self) and not more:
            super().update(other)
        else:
            transform = self.transform_key
            super().update((transform(key), value) for key, value in dict(other, **more).items())

    def copy(self) -> Self:
        """Return a copy of the same class, instance attributes included."""
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__)
        _dict_update(twin, self)
        return twin

    def __or__(self, other: object) -> Any:
        """Return a copy that is updated with another mapping."""
        if not isinstance(other, dict):
            return NotImplemented
        merged = self.copy()
        merged.update(other)
        return merged

    def __ror__(self, other: object) -> Any:
        """Return a map of this class: another mapping, updated with this one."""
        if not isinstance(other, dict):
            return NotImplemented
        merged = self.copy()
        merged.clear()
        merged.update(other)
        _dict_update(merged, self)
        return merged

    def matching_key_for(self, key: str) -> str:
        """Return the stored form of a key.

        Raises:
            KeyError: The key is not in the map.
        """
        stored: str = self.transform_key(key)
        if not _dict_contains(self, stored):
            raise KeyError(key)
        return stored


class CaseInsensitiveDict(KeyTransformingDict[V]):
    """A dictionary of names whose case does not matter; they are kept in title case."""

    @staticmethod
    def transform_key(key: Any) -> str:
        """Return a name in title case, such as ``Content-Type``.

        Args:
            key: Name, as ``str`` or as Latin-1 bytes. ``None`` counts as ``"None"``.

        Raises:
            TypeError: The key is of another type.
        """
        if isinstance(key, str):
            return key.title()
        if isinstance(key, bytes):
            return key.decode("latin-1").title()
        if key is None:
            return "None"
        raise TypeError(f"{key!r}: expected a name as str")
