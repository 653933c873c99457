"""Values from JSON compared with an annotation, and converted to what it says.

What is compared with an annotation is decided once for each of them: the result is a function.
"""

import base64
import binascii
import dataclasses
import inspect
import sys
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

MAX_ANNOTATIONS = 1000
"""Handlers whose annotation is remembered."""

Check = Callable[[Any], Any]
"""Returns the converted value, or raises :class:`InvalidValueError`."""


class InvalidValueError(ValueError):
    """A value is not what an annotation says.

    Args:
        reason: What is wrong.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path: list[str | int] = []

    def within(self, part: str | int) -> typing.Self:
        """Say in which member or item it was found; the innermost first."""
        self.path.insert(0, part)
        return self

    def __str__(self) -> str:
        return f"{format_path(self.path)}: {self.reason}"


def format_path(parts: Sequence[str | int]) -> str:
    """Return where something is in a document (RFC 9535): ``$.items[0].price``."""
    text = "$"
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part.isidentifier():
            text += f".{part}"
        else:
            text += f"[{part!r}]"
    return text


@lru_cache(maxsize=MAX_ANNOTATIONS)
def checker_of(handler: Callable[..., Any], parameter: str) -> Check:
    """Return what compares a value with the annotation of a handler's parameter.

    Args:
        handler: A function, or whatever else is called as one; not a bound method.
        parameter: Name of the parameter.

    Raises:
        TypeError: It has no such parameter, no annotation, or one that says nothing of JSON.
    """
    function = inspect.unwrap(handler)
    if not inspect.isfunction(function):
        function = getattr(type(function), "__call__")  # noqa: B004, B009 - not asked whether, but how
    annotations = inspect.get_annotations(function)
    where = f"{function.__qualname__}, parameter {parameter!r}"
    if parameter not in annotations:
        raise TypeError(f"tools.json_in.parameter: {where}: expected an annotation")
    # the others may name what is imported for type checkers alone
    one = types.SimpleNamespace(__annotations__={parameter: annotations[parameter]})
    hints = typing.get_type_hints(one, function.__globals__, include_extras=True)
    try:
        return _Checks().of(hints[parameter])
    except TypeError as error:
        raise TypeError(f"tools.json_in.parameter: {where}: {error}") from None


class _Checks:
    """The checks of one annotation; a class that has itself in it is met twice."""

    def __init__(self) -> None:
        self._of_class: dict[Any, Check] = {}

    def of(self, annotation: Any) -> Check:
        """Return the check of an annotation.

        Raises:
            TypeError: It says nothing of JSON.
        """
        annotation = _unaliased(annotation)
        origin = typing.get_origin(annotation)
        arguments = typing.get_args(annotation)
        if origin in (typing.Union, types.UnionType):
            return partial(_one_of, [self.of(argument) for argument in arguments])
        if origin is typing.Literal:
            return partial(_literal, arguments)
        container = _container(origin or annotation)
        if container is not None:
            return self._of_container(container, arguments)
        if annotation in _SIMPLE:
            return _SIMPLE[annotation]
        if isinstance(annotation, type):
            return self._of_type(annotation)
        raise TypeError(f"{annotation!r} says nothing of JSON")

    def _of_container(self, container: type, arguments: tuple[Any, ...]) -> Check:
        if container is dict:
            names, values = arguments or (str, Any)
            if names is not str:
                raise TypeError(f"names in JSON are text, not {names!r}")
            return partial(_mapping, self.of(values))
        if container is tuple and arguments and arguments[-1] is not Ellipsis:
            return partial(_tuple, [self.of(argument) for argument in arguments])
        return partial(_array, container, self.of(arguments[0] if arguments else Any))

    def _of_type(self, kind: type) -> Check:
        if issubclass(kind, Enum):
            return partial(_enum, kind)
        if hasattr(kind, "__struct_fields__"):
            return partial(_struct, kind)
        if hasattr(kind, "model_validate"):
            return partial(_model, kind)
        if kind in self._of_class:
            return self._of_class[kind]
        if not (dataclasses.is_dataclass(kind) or typing.is_typeddict(kind)):
            raise TypeError(f"{kind.__qualname__} says nothing of JSON")
        members: dict[str, Check] = {}
        required: list[str] = []
        make: Callable[..., Any] = kind
        check = self._of_class[kind] = partial(_object, make, members, required)
        hints = typing.get_type_hints(kind, include_extras=True)
        if dataclasses.is_dataclass(kind):
            fields = [field for field in dataclasses.fields(kind) if field.init]
            members.update((field.name, self.of(hints[field.name])) for field in fields)
            required.extend(field.name for field in fields if not _has_default(field))
        else:
            members.update((name, self.of(hint)) for name, hint in hints.items())
            required.extend(name for name, hint in hints.items() if _is_required(kind, name, hint))
        return check


def _unaliased(annotation: Any) -> Any:
    """Return what an annotation says without decoration: ``Annotated``, ``NewType`` and aliases."""
    while True:
        if typing.get_origin(annotation) in (typing.Annotated, typing.Required, typing.NotRequired):
            annotation = typing.get_args(annotation)[0]
        elif isinstance(annotation, typing.NewType):
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":  # since Python 3.12
            annotation = annotation.__value__
        else:
            return annotation


def _container(kind: Any) -> type | None:
    for container, kinds in _CONTAINERS.items():
        if kind in kinds:
            return container
    return None


def _has_default(field: "dataclasses.Field[Any]") -> bool:
    return (
        field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
    )


def _is_required(kind: Any, name: str, hint: Any) -> bool:
    """Tell whether a member of a TypedDict has to be there.

    The class itself does not know it where annotations are text, as they are with
    ``from __future__ import annotations``.
    """
    origin = typing.get_origin(hint)
    if origin in (typing.Required, typing.NotRequired):
        return origin is typing.Required
    return name in kind.__required_keys__


# What is compared ---------------------------------------------------------------------------------


def _expected(what: str, value: Any) -> InvalidValueError:
    return InvalidValueError(f"expected {what}, got {_in_words(value)}")


def _in_words(value: Any) -> str:  # noqa: PLR0911 - of JSON
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return "text"
        case int():
            return "an integer"
        case float():
            return "a number"
        case list():
            return "an array"
    return "an object"


def _anything(value: Any) -> Any:
    return value


def _null(value: Any) -> None:
    if value is not None:
        raise _expected("null", value)


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _expected("true or false", value)
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _expected("an integer", value)
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _expected("a number", value)
    try:
        return float(value)
    except OverflowError:
        raise InvalidValueError("the number is too large") from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _expected("text", value)
    return value


def _from_text(parse: Callable[[str], Any], what: str, value: Any) -> Any:
    try:
        return parse(_text(value))
    except InvalidValueError:
        raise _expected(what, value) from None
    except ValueError:
        raise InvalidValueError(f"expected {what}") from None


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise _expected("a decimal number", value)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise InvalidValueError("expected a decimal number") from None
    if not number.is_finite():
        raise InvalidValueError("expected a decimal number")
    return number


def _octets(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError from error


def _literal(allowed: tuple[Any, ...], value: Any) -> Any:
    for each in allowed:
        if type(each) is type(value) and each == value:
            return value
    raise InvalidValueError("expected one of " + ", ".join(map(repr, allowed)))


def _enum(kind: type[Enum], value: Any) -> Enum:
    for member in kind:
        if type(member.value) is type(value) and member.value == value:
            return member
    allowed = ", ".join(repr(member.value) for member in kind)
    raise InvalidValueError(f"expected one of {allowed}")


def _one_of(checks: list[Check], value: Any) -> Any:
    errors: list[InvalidValueError] = []
    for check in checks:
        try:
            return check(value)
        except InvalidValueError as error:
            errors.append(error)
    # the one that got furthest was probably meant
    deepest = max(errors, key=lambda error: len(error.path))
    if deepest.path:
        raise deepest
    raise InvalidValueError("; or ".join(dict.fromkeys(error.reason for error in errors)))


def _array(container: type, check: Check, value: Any) -> Any:
    if not isinstance(value, list):
        raise _expected("an array", value)
    items = [_item(check, position, item) for position, item in enumerate(value)]
    if container is list:
        return items
    try:
        return container(items)
    except TypeError:
        raise InvalidValueError("expected an array of what can be in a set") from None


def _tuple(checks: list[Check], value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise _expected("an array", value)
    if len(value) != len(checks):
        raise InvalidValueError(f"expected {len(checks)} items, got {len(value)}")
    return tuple(map(_item, checks, range(len(value)), value))


def _mapping(check: Check, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _expected("an object", value)
    return {name: _item(check, name, member) for name, member in value.items()}


def _item(check: Check, part: str | int, value: Any) -> Any:
    try:
        return check(value)
    except InvalidValueError as error:
        raise error.within(part) from None


def _object(
    make: Callable[..., Any],
    members: Mapping[str, Check],
    required: Sequence[str],
    value: Any,
) -> Any:
    if not isinstance(value, dict):
        raise _expected("an object", value)
    for name in required:
        if name not in value:
            raise InvalidValueError("is missing").within(name)
    for name in value:
        if name not in members:
            raise InvalidValueError("is not known here").within(name)
    arguments = {name: _item(members[name], name, member) for name, member in value.items()}
    try:
        return make(**arguments)
    except ValueError as error:  # what __post_init__ says
        raise InvalidValueError(str(error)) from None


# Classes of other libraries, which are never imported here ----------------------------------------


def _struct(kind: type, value: Any) -> Any:
    """Convert to a class of msgspec, which says where the error is at the end of its message."""
    msgspec = sys.modules["msgspec"]  # whoever made the class has imported it
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$")
        return _raise_at(place.removesuffix("`"), reason)


def _raise_at(place: str, reason: str) -> typing.NoReturn:
    invalid = InvalidValueError(reason)
    for part in place.replace("[", ".[").split(".")[1:]:
        inner = part.strip("[]")
        invalid.path.append(int(inner) if part.startswith("[") and inner.isdigit() else inner)
    raise invalid


def _model(kind: Any, value: Any) -> Any:
    """Convert to a class of pydantic."""
    try:
        return kind.model_validate(value)
    except ValueError as error:
        if not hasattr(error, "errors"):
            raise
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        invalid = InvalidValueError(first["msg"])
        invalid.path.extend(first["loc"])
        raise invalid from None


_SIMPLE: Mapping[Any, Check] = {
    Any: _anything,
    object: _anything,
    None: _null,
    type(None): _null,
    bool: _boolean,
    int: _integer,
    float: _number,
    str: _text,
    Decimal: _decimal,
    bytes: partial(_from_text, _octets, "text in base64"),
    datetime: partial(_from_text, datetime.fromisoformat, "date and time of ISO 8601"),
    date: partial(_from_text, date.fromisoformat, "a date of ISO 8601"),
    time: partial(_from_text, time.fromisoformat, "a time of ISO 8601"),
    UUID: partial(_from_text, UUID, "a UUID"),
}

_CONTAINERS: Mapping[type, tuple[Any, ...]] = {
    list: (list, Sequence),
    tuple: (tuple,),
    set: (set, AbstractSet),
    frozenset: (frozenset,),
    dict: (dict, Mapping),
}
