"""The arguments of tools, as the signatures of their functions tell them."""

import collections.abc
import inspect
import os
import types
import typing
from collections.abc import Callable

from cherrypy._config.settings import Setting

_KINDS: dict[object, str] = {
    bool: "bool",
    float: "number",
    int: "int",
    os.PathLike: "path",
    str: "str",
    type: "class",
    **dict.fromkeys((list, tuple, collections.abc.Sequence), "list"),
    **dict.fromkeys((set, frozenset, collections.abc.Iterable, collections.abc.Set), "iterable"),
    **dict.fromkeys((dict, collections.abc.Mapping), "mapping"),
    collections.abc.Callable: "callable",
}


def arguments_of(prefix: str, function: Callable[..., object]) -> tuple[dict[str, Setting], bool]:
    """Return the arguments of a tool as settings by name, and whether it takes others too.

    Args:
        prefix: First part of the keys, such as ``tools.gzip``.
        function: What the tool calls.
    """
    try:
        parameters = _signature(function).parameters.values()
    except (NameError, TypeError, ValueError):  # written in C, for example
        return {}, True
    found: dict[str, Setting] = {}
    for parameter in parameters:
        if parameter.kind in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}:
            default = None if parameter.default is parameter.empty else parameter.default
            kind = kind_of(parameter.annotation)
            found[parameter.name] = Setting(f"{prefix}.{parameter.name}", kind, default, "")
    return found, any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)


def kind_of(annotation: object) -> str:
    """Return the kind of values that an annotation admits: ``str or list``."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return kind_of(typing.get_args(annotation)[0])
    if origin not in {typing.Union, types.UnionType}:
        return _KINDS.get(origin or annotation, "any")
    parts = [part for part in typing.get_args(annotation) if part is not types.NoneType]
    kinds = list(dict.fromkeys(kind_of(part) for part in parts))
    if "any" in kinds or not kinds:
        return "any"
    if "path" in kinds and "str" in kinds:
        kinds.remove("str")
    return " or ".join(kinds)


def _signature(function: Callable[..., object]) -> inspect.Signature:
    try:
        return inspect.signature(function, eval_str=True)
    except NameError:  # a type is imported for type checkers only
        return inspect.signature(function)
