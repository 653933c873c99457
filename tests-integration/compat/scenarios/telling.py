"""Values and errors as JSON, so that those of two processes can be compared."""

from __future__ import annotations

import io
import re
import types
from functools import reduce
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

OF_PYTHON = frozenset(
    {"KeyError", "IndexError", "UnicodeDecodeError", "UnicodeEncodeError", "SyntaxError"}
)
"""Errors of the language, whose text tells how a function is written."""

OF_CONFIG_PARSER = "configparser"
"""Its errors name the file, which these scenarios have not."""

MAPPINGS = frozenset({"HeaderMap", "CaseInsensitiveDict", "NamespaceSet"})
"""Classes of dictionaries that applications know by their names."""

MOST_ITEMS = 50


def alone(scenario: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a scenario that changes what others would see."""
    scenario.alone = True  # type: ignore[attr-defined]
    return scenario


def make(drawn: Any, variables: dict[str, Any] | None = None) -> Any:  # noqa: PLR0911
    """Make the value that was drawn.

    JSON stands for itself, but for objects with one key: ``bytes`` (text, a character for each),
    ``tuple``, ``set``, ``dict`` (pairs), ``file`` (as ``bytes``), ``name`` (a path of CherryPy) and
    ``var`` (a variable).
    """
    if isinstance(drawn, list):
        return [make(item, variables) for item in drawn]
    if not isinstance(drawn, dict):
        return drawn
    ((kind, value),) = drawn.items()
    if kind == "bytes":
        return value.encode("latin-1")
    if kind == "file":
        return io.BytesIO(value.encode("latin-1"))
    if kind == "name":
        return find(value)
    if kind == "var":
        return (variables or {})[value]
    if kind == "dict":
        return {make(key, variables): make(item, variables) for key, item in value}
    return {"tuple": tuple, "set": set}[kind](make(item, variables) for item in value)


def find(path: str) -> Any:
    """Find a name of CherryPy, importing modules on the way."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        try:
            module = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        return reduce(getattr, parts[length:], module)
    raise ModuleNotFoundError(path)


def tell(value: Any) -> Any:  # noqa: PLR0911 - one line for each kind of value
    """Tell a value."""
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)
    if isinstance(value, str):
        return re.sub(r" at 0x[0-9a-f]+", "", str(value))
    if isinstance(value, (bytes, bytearray)):
        return {"bytes": bytes(value).decode("latin-1")}
    if isinstance(value, BaseException):
        return tell_error(value)
    if isinstance(value, dict):
        items = sorted(([tell(key), tell(item)] for key, item in value.items()), key=str)
        return {_name(value) if _name(value) in MAPPINGS else "dict": items}
    if isinstance(value, (list, tuple)):
        return {_name(value): [tell(item) for item in value]}
    if isinstance(value, (set, frozenset)):
        return {_name(value): sorted((tell(item) for item in value), key=str)}
    if isinstance(value, type):
        return {"class": value.__name__}
    if isinstance(value, types.GeneratorType) or hasattr(value, "__next__"):
        return {"iterator": [tell(item) for item, _ in zip(value, range(MOST_ITEMS), strict=False)]}
    if callable(value) and hasattr(value, "__name__"):
        return {"function": value.__name__}
    if hasattr(value, "value") and hasattr(value, "params"):  # an element of a header field
        return {_name(value): [value.value, tell(value.params), str(value)]}
    if type(value).__module__.startswith("cherrypy"):
        return {"instance": _name(value)}
    return {_name(value): re.sub(r" at 0x[0-9a-f]+", "", repr(value))}


def _name(value: Any) -> str:
    for cls in type(value).__mro__:
        if not cls.__name__.startswith("_"):
            return cls.__name__
    return "object"


def tell_error(error: BaseException) -> Any:
    """Tell an exception: its class, and its text where CherryPy has written it."""
    name = type(error).__name__
    if isinstance(error, (AttributeError, TypeError)):  # for an argument of another type
        return {"raises": "TypeError or AttributeError"}
    if name in OF_PYTHON or type(error).__module__ == OF_CONFIG_PARSER:
        return {"raises": name}
    return {"raises": name, "text": re.sub(r" at 0x[0-9a-f]+", "", str(error))}


def attempt(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function, and tell what it returns or raises."""
    try:
        return tell(function(*args, **kwargs))
    except Exception as error:
        return tell_error(error)
