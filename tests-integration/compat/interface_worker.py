"""Describe the interface of whichever CherryPy this interpreter has, by looking at it.

Run as a script, once for each implementation. Standard input is a JSON object: ``modules`` to
describe (every module that is found, if there are none), and ``names`` that are looked for even
where ``dir()`` does not tell them, as some are made on first use. Standard output is a JSON object
that maps the path of each name (``cherrypy.lib.httputil.HeaderMap.encode``) to what is seen of it,
facet by facet: its kind, its signature, its value, its bases, where it says that it is from, and
what it raises for a wrong argument.

This file imports nothing outside the standard library, and is the same for both sides.
"""

from __future__ import annotations

import contextlib
import enum
import importlib
import inspect
import io
import json
import os
import pkgutil
import re
import sys
import types
import warnings
from typing import Any

Facets = dict[str, Any]
"""What is seen of one name."""

WITH_PRIVATE_NAMES = tuple(
    f"cherrypy._cp{name}"
    for name in (
        *("checker", "compat", "config", "dispatch", "error", "logging", "reqbody"),
        *("request", "server", "tools", "tree", "wsgi", "wsgi_server"),
    )
)
"""Modules of whose names with one underscore applications have imported some."""

LANGUAGE = frozenset(dir(type("Plain", (), {}))) | {
    *("__annotations__", "__slots__", "__match_args__", "__firstlineno__", "__annotate__"),
    *("__static_attributes__", "__annotations_cache__", "__annotate_func__", "__orig_bases__"),
    *("__parameters__", "__protocol_attrs__", "__non_callable_proto_members__"),
    *("__abstractmethods__", "_abc_impl", "_is_protocol", "_is_runtime_protocol"),
}
"""Attributes of every class, or that follow from how it is written."""

OF_OBJECT = ("__init__", "__eq__", "__hash__", "__repr__", "__str__", "__lt__", "__gt__")
"""Those that count where a class defines them."""

NO_VALUE = object()

MOMENT = 1e9
"""A number of seconds above it is a moment, which is another one in each run."""


def module_names() -> list[str]:
    """Find every module of CherryPy but its tests."""
    import cherrypy

    found = ["cherrypy"]
    for module in pkgutil.walk_packages(cherrypy.__path__, "cherrypy.", onerror=lambda _name: None):
        if not module.name.startswith("cherrypy.test.test_"):
            found.append(module.name)  # noqa: PERF401 - the walk imports packages
    return found


class Wanted:
    """The names to look for, by the path of what has them."""

    def __init__(self, paths: list[str]) -> None:
        self._names: dict[str, set[str]] = {}
        for path in paths:
            parent, _, name = path.rpartition(".")
            self._names.setdefault(parent, set()).add(name)

    def names(self, path: str, value: Any) -> list[str]:
        """Name the attributes of something."""
        with contextlib.suppress(AttributeError):  # of a proxy for what there is not now
            return sorted({*dir(value), *self._names.get(path, ())})
        return []


def describe(names: list[str], wanted: Wanted) -> dict[str, Facets]:
    """Describe modules and everything in them."""
    found: dict[str, Facets] = {}
    for name in names:
        try:
            module = importlib.import_module(name)
        except BaseException as error:
            found[name] = {"kind": f"{type(error).__name__} at import"}
            continue
        found[name] = {"kind": "module"}
        for attribute in wanted.names(name, module):
            is_private = name not in WITH_PRIVATE_NAMES or attribute[:2] == "__"
            value = NO_VALUE if attribute[:1] == "_" and is_private else _get(module, attribute)
            if value is not NO_VALUE:
                Description(f"{name}.{attribute}", value, found, wanted).add()
    return found


def _get(owner: Any, name: str) -> Any:
    try:
        return getattr(owner, name)
    except AttributeError:
        return NO_VALUE


class Description:
    """What is seen of one name in a module, and of what is in it."""

    def __init__(self, path: str, value: Any, found: dict[str, Facets], wanted: Wanted) -> None:
        self._path = path
        self._value = value
        self._found = found
        self._wanted = wanted

    def add(self) -> None:
        """Add it to what has been found."""
        value, found, path = self._value, self._found, self._path
        is_cherrypy = str(getattr(value, "__module__", None)).startswith("cherrypy")
        if isinstance(value, types.ModuleType):
            whose = "cherrypy" if value.__name__.startswith("cherrypy") else "another package"
            found[path] = {"kind": f"module of {whose}"}
        elif isinstance(value, type) and not is_cherrypy:
            found[path] = {"kind": "class of another package"}
        elif isinstance(value, type):
            home = f"{value.__module__}.{value.__qualname__}"
            bases = sorted({_class_name(base) for base in value.__mro__[1:-1]})
            found[path] = {
                "kind": "class",
                "home": home,
                "bases": bases,
                "signature": signature(value),
                "refuses": refuses(value),
            }
            self._add_members(value)
        elif callable(value) and not (is_cherrypy or _is_ours(value)):
            found[path] = {"kind": "function of another package"}
        elif type(value).__name__ == "Gone":
            found[path] = {"kind": "name that is gone"}
        elif callable(value):
            found[path] = _described_function(value)
        else:
            found[path] = _described_value(value)
        if _is_ours(value):
            self._add_attributes()

    def _add_members(self, owner: type) -> None:
        for name in self._wanted.names(self._path, owner):
            raw = inspect.getattr_static(owner, name, NO_VALUE)
            if raw is NO_VALUE:
                continue
            path = f"{self._path}.{name}"
            if name in LANGUAGE:
                if name in OF_OBJECT and raw is not inspect.getattr_static(object, name):
                    self._found[path] = {"kind": "member"}
                continue
            home = next((base for base in owner.__mro__ if name in vars(base)), owner)
            if home.__module__.startswith("cherrypy"):
                self._found[path] = _described_member(owner, name, raw)

    def _add_attributes(self) -> None:
        value = self._value
        for name in self._wanted.names(self._path, value):
            method = getattr(type(value), name, None)
            if name[:1] == "_" or (callable(method) and not isinstance(method, type)):
                continue
            path = f"{self._path}.{name}"
            try:
                attribute = getattr(value, name)
            except AttributeError:
                continue
            except Exception as error:
                self._found[path] = {"kind": f"raises {type(error).__name__}"}
                continue
            if isinstance(attribute, (type, types.ModuleType)):
                self._found[path] = {"kind": type(attribute).__name__}
            elif callable(attribute):
                self._found[path] = _described_function(attribute)
            else:
                self._found[path] = _described_value(attribute)


def _is_ours(value: Any) -> bool:
    return not isinstance(value, type) and type(value).__module__.startswith("cherrypy")


def _described_function(value: Any) -> Facets:
    return {"kind": "function", "signature": signature(value), "refuses": refuses(value)}


def _described_value(value: Any) -> Facets:
    text = literal(value)
    if text is None:
        classes = [_class_name(cls) for cls in type(value).__mro__[:-1]]
        return {"kind": "instance", "classes": classes}
    return {"kind": "value", "value": text}


def _described_member(owner: type, name: str, raw: Any) -> Facets:
    try:
        value = getattr(owner, name)
    except Exception:
        return {"kind": "attribute of instances"}
    if isinstance(value, type):
        return {"kind": "class"}
    if isinstance(raw, (staticmethod, classmethod, types.FunctionType)) or inspect.ismethod(value):
        return {"kind": "method", "signature": signature(value)}
    if value is raw and hasattr(type(raw), "__get__") and not callable(raw):
        return {"kind": "attribute of instances"}  # a property, or a slot
    if callable(value):
        return {"kind": "method", "signature": signature(value)}
    return _described_value(value)


def _class_name(cls: type) -> str:
    return (
        cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"
    )


def signature(function: Any) -> list[list[str]] | None:
    """Tell the parameters of something that can be called.

    Returns:
        Name, kind and default of each, the default as text and empty where there is none; None
        where Python does not know them.
    """
    try:
        parameters = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return None
    return [
        [
            parameter.name,
            parameter.kind.name,
            "" if parameter.default is parameter.empty else _default(parameter.default),
        ]
        for parameter in parameters
    ]


def _default(value: Any) -> str:
    if callable(value):
        return f"callable {getattr(value, '__name__', type(value).__name__)}"
    text = literal(value)
    return f"instance of {type(value).__name__}" if text is None else text


def refuses(function: Any) -> str:
    """Tell the exception for arguments that the signature does not have; empty for none."""
    try:
        inspect.signature(function).bind(*range(40), no_such_argument=None)
    except TypeError:
        pass  # so nothing of it runs
    except ValueError:
        return ""
    else:
        return ""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            function(*range(40), no_such_argument=None)
    except Exception as error:
        return type(error).__name__
    return "nothing"


def literal(value: Any) -> str | None:  # noqa: PLR0911 - one line for each kind of value
    """Write a value that is made of plain values; None for any other."""
    if isinstance(value, float) and value > MOMENT:
        return "(moment)"
    if isinstance(value, enum.IntEnum):
        return repr(int(value))
    if value is None or isinstance(value, (bool, int, float, complex)):
        return repr(value)
    if isinstance(value, (str, bytes)):
        return _same_everywhere(repr(value))
    if isinstance(value, re.Pattern):
        return f"re.compile({value.pattern!r}, {value.flags})"
    if isinstance(value, (dict, types.MappingProxyType)):
        pairs = sorted((_written(key), _written(item)) for key, item in value.items())
        return "{" + ", ".join(f"{key}: {item}" for key, item in pairs) + "}"
    if isinstance(value, (set, frozenset)):
        return "{" + ", ".join(sorted(map(_written, value))) + "}"
    if isinstance(value, (list, tuple)):
        kind = "list" if isinstance(value, list) else "tuple"
        return f"{kind}({', '.join(map(_written, value))})"
    return None


def _same_everywhere(text: str) -> str:
    """Leave out what is other in each run, or on each machine."""
    cherrypy = sys.modules["cherrypy"]
    text = re.sub(r" at 0x[0-9a-f]+", "", text)
    text = re.sub(r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT", "(date)", text)
    text = text.replace(os.path.dirname(str(cherrypy.__file__)), "(cherrypy)")  # noqa: PTH120
    return text.replace(cherrypy.__version__, "(version)")


def _written(value: Any) -> str:
    text = literal(value)
    if text is not None:
        return text
    if isinstance(value, type):
        return _class_name(value)
    name = getattr(value, "__qualname__", None)
    return f"<{name}>" if name else f"<{_class_name(type(value))}>"


def main() -> None:
    """Describe what standard input names."""
    asked = json.load(sys.stdin)
    warnings.simplefilter("ignore")
    with contextlib.redirect_stdout(io.StringIO()):  # modules of CherryPy print at import
        found = describe(asked["modules"] or module_names(), Wanted(asked["names"]))
    json.dump(found, sys.stdout)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
