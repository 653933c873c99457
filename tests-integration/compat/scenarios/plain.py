"""Functions and objects, by themselves."""

from __future__ import annotations

import copy
from typing import Any

from telling import attempt, find, make, tell, tell_error


def call(path: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Call a function."""
    made = {key: make(value) for key, value in kwargs.items()}
    return attempt(find(path), *[make(value) for value in args], **made)


def sequence(path: str, args: list[Any], steps: list[list[Any]]) -> list[Any]:
    """Make an object, and call its methods one after another.

    A step is the name of a method with arguments; or ``get``, ``set``, ``vars``, ``tell``, ``copy``
    or ``list`` for what the language does.
    """
    try:
        made = find(path)(*[make(value) for value in args])
    except Exception as error:
        return [tell_error(error)]
    found = []
    for name, *given in steps:
        if name == "copy":
            made = copy.copy(made)
        else:
            found.append(_step(made, name, given))
    return found


def _step(made: Any, name: str, given: list[Any]) -> Any:
    if name == "get-attribute":
        return attempt(getattr, made, *given)
    if name == "set-attribute":
        return attempt(setattr, made, given[0], make(given[1]))
    if name == "tell":
        return [tell(made), attempt(str, made)]
    if name == "list":
        return attempt(list, made)
    if name == "compare":
        return [attempt(getattr(made, op), make(given[0])) for op in ("__eq__", "__ne__")]
    return attempt(lambda: getattr(made, name)(*[make(value) for value in given]))


def compare(path: str, left: list[Any], right: list[Any]) -> list[Any]:
    """Compare two objects of a class."""
    cls = find(path)
    try:
        one, other = (cls(*[make(value) for value in args]) for args in (left, right))
    except Exception as error:
        return [tell_error(error)]
    return [
        attempt(lambda: one == other),
        attempt(lambda: one < other),
        attempt(lambda: one > other),
        attempt(lambda: [str(value) for value in sorted([one, other])]),
    ]
