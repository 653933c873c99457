"""The params tool: converts parameters to the types that a handler is annotated with."""

import types
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from cherrypy._runtime.errors import HTTPError
from cherrypy._runtime.messages import Request, Response
from cherrypy._tools.function import tool_function

Convert = Callable[[Any], Any]

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"", "0", "false", "no", "off"})


@tool_function()
def convert_params(
    request: Request,
    _response: Response,
    exception: type[BaseException] = ValueError,
    error: int | str = 400,
) -> None:
    """Convert the parameters of the request to the types that the page handler is annotated with.

    An annotation, such as ``int``, is called with the text. ``bool`` understands true, yes, on, 1
    and their opposites, ``list[int]`` takes repeated parameters, and ``int | None`` makes ``None``
    of an empty text. Parts of the path are not converted.

    Args:
        exception: Class of the errors by which a conversion refuses a text.
        error: Status of the answer then.

    Raises:
        HTTPError: ``error``, if a parameter cannot be converted.
    """
    handler = getattr(request.found_handler, "callable", None) or request.callable
    converters = _converters_of(handler)
    params = request.params
    for name in converters.keys() & params.keys():
        params[name] = _converted(name, params[name], converters[name], exception, error)


def _converted(
    name: str,
    value: object,
    convert: Convert,
    exception: type[BaseException],
    error: int | str,
) -> object:
    try:
        return convert(value)
    except exception as failure:
        raise HTTPError(error, str(failure)) from failure
    except TypeError as failure:
        if isinstance(value, str):
            raise
        kind = "Multiple values" if isinstance(value, list) else "No text"
        raise HTTPError(error, f"{kind} for parameters: {name}") from failure


def _converters_of(handler: object) -> dict[str, Convert]:
    """Return the converters of a handler's parameters, by name."""
    while isinstance(handler, partial):
        handler = handler.func
    if not isinstance(handler, (types.FunctionType, types.MethodType)):
        handler = getattr(handler, "__call__", None)  # noqa: B004 - not asked whether, but how
    function = getattr(handler, "__func__", handler)
    return _converters(function) if isinstance(function, types.FunctionType) else {}


@lru_cache(maxsize=1000)
def _converters(function: types.FunctionType) -> dict[str, Convert]:
    try:
        hints = get_type_hints(function)
    except (AttributeError, NameError, SyntaxError, TypeError):
        # an annotation is for type checkers only: the others still count
        hints = {n: a for n, a in function.__annotations__.items() if not isinstance(a, str)}
    found = {name: _converter(hint) for name, hint in hints.items() if name != "return"}
    return {name: convert for name, convert in found.items() if convert is not None}


def _converter(annotation: object) -> Convert | None:
    """Return the converter of an annotation; ``None`` if the text stays as it is."""
    origin = get_origin(annotation)
    arguments = get_args(annotation)
    if origin is Annotated:
        return _converter(arguments[0])
    if origin in {Union, types.UnionType}:
        return _union_converter(arguments)
    if list in {origin, annotation}:
        return partial(_to_list, _converter(arguments[0]) if arguments else None)
    if origin is not None or annotation in {Any, type(None)} or not callable(annotation):
        return None
    if annotation in _NUMBERS or getattr(annotation, "__module__", "") in _MODULES_OF_NUMBERS:
        return partial(_to_number, annotation)
    convert: Convert = _OWN_WAYS.get(annotation, annotation)
    return convert


def _union_converter(members: tuple[Any, ...]) -> Convert | None:
    others = [member for member in members if member is not type(None)]
    if len(others) != 1:
        return None  # the text does not tell which one is meant
    convert = _converter(others[0])
    if convert is None or len(others) == len(members) or convert is _to_text:
        return convert
    return partial(_to_optional, convert)


def _to_optional(convert: Convert, value: object) -> object:
    return None if value is None or value == "" else convert(value)


def _to_text(value: object) -> object:
    if isinstance(value, list):
        raise TypeError
    return value


def _to_list(convert: Convert | None, value: object) -> list[Any]:
    values = value if isinstance(value, list) else [value]
    return values if convert is None else [convert(each) for each in values]


def _to_bool(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise TypeError
    text = value.strip().lower()
    if text not in _TRUE and text not in _FALSE:
        raise ValueError(f"invalid bool: {value!r}")
    return text in _TRUE


_NUMBERS = (int, float, complex)
_MODULES_OF_NUMBERS = ("decimal", "_decimal", "_pydecimal", "fractions")


def _to_number(kind: Convert, value: object) -> object:
    """Convert text in ASCII digits.

    Python also takes those of other scripts, and underscores between them, which another program
    that sees the same parameter does not take for a number.
    """
    if isinstance(value, str) and not (value.isascii() and "_" not in value):
        raise ValueError(f"invalid number: {value!r}")
    return kind(value)


_OWN_WAYS: dict[Any, Convert] = {bool: _to_bool, str: _to_text}
