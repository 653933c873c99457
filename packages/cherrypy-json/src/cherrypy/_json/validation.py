"""Documents compared with the annotation of a parameter, and converted to what it says.

msgspec does it, or pydantic where an annotation is made of its classes. What is to be done for an
annotation is decided once: the result is a function.
"""

import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from importlib.util import find_spec
from itertools import islice
from typing import Any

from cherrypy._json.fast import msgspec

MAX_ANNOTATIONS = 1000
"""Handlers whose annotation is remembered."""

MAX_ATTEMPTS = 64
"""Conversions that are tried to name the members of objects on the way to an error."""

MAX_SEARCHED = 256 * 1024
"""Bytes of a document in which they are looked for."""

Check = Callable[[Any], Any]
"""Returns the converted value, or raises :class:`InvalidValueError`."""

Place = tuple[str | int, ...]
"""Names of members and positions of items on the way to a value in a document."""

Examine = Callable[[Any, Place], None]
"""Looks for what msgspec passes over in a value that it has converted."""

_PLACE = re.compile(r"(.*?)(?: - at `\$([^`]*)`)?", re.DOTALL)
_STEP = re.compile(r"\[(\d+)\]|\[(\.\.\.)\]|\.([^.\[]+)")
_MISSING = re.compile(r"Object missing required field `(.*)`")
_WORDS = {
    "array": "an array",
    "bool": "true or false",
    "bytes": "text in base64",
    "decimal": "a decimal number",
    "float": "a number",
    "int": "an integer",
    "null": "null",
    "object": "an object",
    "str": "text",
}


class InvalidValueError(ValueError):
    """A value does not fit an annotation.

    Args:
        reason: What is wrong.
        path: Where in the document.
    """

    def __init__(self, reason: str, path: Sequence[str | int] = ()) -> None:
        super().__init__(f"{format_path(path)}: {reason}")
        self.reason = reason
        self.path = path


def format_path(parts: Sequence[str | int]) -> str:
    """Return where something is in a document (RFC 9535): ``$.items[0].price``."""
    return "$" + "".join(
        f".{part}" if isinstance(part, str) and part.isidentifier() else f"[{part!r}]"
        for part in parts
    )


def require_library(*, for_model: bool = True) -> None:
    """Make sure that there is something to compare with.

    Args:
        for_model: Whether pydantic will do.

    Raises:
        ImportError: It is not installed.
    """
    if msgspec is None and not (for_model and find_spec("pydantic")):
        raise ImportError(
            "tools.json_in.parameter needs msgspec (or pydantic, for classes of pydantic): "
            "pip install 'cherrypy-json[validation]'"
        )


@lru_cache(maxsize=MAX_ANNOTATIONS)
def checker_of(handler: Callable[..., Any], parameter: str) -> Check:
    """Return what compares a value with the annotation of a handler's parameter.

    Args:
        handler: A function, or whatever else is called as one; not a bound method.
        parameter: Name of the parameter.

    Raises:
        TypeError: It has no such parameter, no annotation, or one that cannot be compared.
        ImportError: The library that compares is not installed.
    """
    function = inspect.unwrap(handler)
    if not inspect.isfunction(function):
        function = getattr(type(function), "__call__")  # noqa: B004, B009 - not asked whether, but how
    annotations = inspect.get_annotations(function)
    where = f"tools.json_in.parameter: {function.__qualname__}, parameter {parameter!r}"
    if parameter not in annotations:
        raise TypeError(f"{where}: expected an annotation")
    # the others may name what is imported for type checkers alone
    one = types.SimpleNamespace(__annotations__={parameter: annotations[parameter]})
    hint = typing.get_type_hints(one, function.__globals__, include_extras=True)[parameter]
    by_pydantic = _has_model(hint)
    require_library(for_model=by_pydantic)
    try:
        return _by_pydantic(hint) if by_pydantic else _by_msgspec(hint)
    except TypeError as error:
        raise TypeError(f"{where}: {error}") from None


# pydantic -----------------------------------------------------------------------------------------


def _has_model(annotation: object) -> bool:
    """Tell whether an annotation is a class of pydantic, or made of some: ``list[Model]``."""
    return hasattr(annotation, "__pydantic_validator__") or any(
        map(_has_model, typing.get_args(annotation))
    )


@lru_cache(maxsize=MAX_ANNOTATIONS)
def _by_pydantic(annotation: Any) -> Check:
    from pydantic import TypeAdapter, ValidationError  # the application has imported it

    validate = TypeAdapter(annotation).validate_python

    def check(value: object) -> object:
        try:
            return validate(value)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            raise InvalidValueError(first["msg"], first["loc"]) from None

    return check


# msgspec ------------------------------------------------------------------------------------------


def _by_msgspec(annotation: object) -> Check:
    try:
        msgspec.json.Decoder(annotation)
    except TypeError as error:
        hint = ": give each a tag (msgspec.Struct), or use models of pydantic"
        raise TypeError(f"{error}{hint if 'union' in str(error) else ''}") from None
    examine = _examiner(msgspec.inspect.type_info(annotation), {})
    convert = partial(msgspec.convert, type=annotation, dec_hook=_decode_other)

    def check(value: object) -> object:
        try:
            result = convert(value)
        except msgspec.ValidationError as error:
            if isinstance(error.__cause__, TypeError):  # a mistake in __post_init__
                raise error.__cause__ from None
            raise _invalid(error, value, convert) from None
        if examine is not None:
            examine(value, ())
        return result

    return check


def _decode_other(kind: object, value: object) -> object:
    return value if kind is object else _by_pydantic(kind)(value)


def _invalid(error: Exception, document: object, convert: Check) -> InvalidValueError:
    """Say where an error of msgspec is, and what is wrong, in the words of JSON."""
    reason, place = _PLACE.fullmatch(str(error)).groups("")  # type: ignore[union-attr]  # any text
    steps = [int(index) if index else dots or name for index, dots, name in _STEP.findall(place)]
    path = _named(steps, document, str(error), convert) if "..." in steps else steps
    cause = error.__cause__
    if isinstance(cause, InvalidValueError):  # of pydantic
        return InvalidValueError(cause.reason, [*path, *cause.path])
    if missing := _MISSING.fullmatch(reason):
        return InvalidValueError("is missing", [*path, missing[1]])
    if cause is None:  # not what __post_init__ says
        reason = reason[0].lower() + re.sub("`(.*?)`", _in_words, reason[1:])
    return InvalidValueError(reason, path)


def _in_words(kinds: re.Match[str]) -> str:
    return " or ".join(_WORDS.get(kind, f"a {kind}") for kind in kinds[1].split(" | "))


def _named(steps: list[Any], document: object, message: str, convert: Check) -> list[str | int]:
    """Name the members of objects on the way to an error, for which msgspec has ``[...]`` only.

    Such an object is halved again and again: the half that matters makes the same error alone.

    Returns:
        The path; that of msgspec where names cannot be found with certainty and in little time.
    """
    path: list[str | int] = []
    attempts = MAX_ATTEMPTS
    # members may have a dot in their name, and a processor of an application may return anything
    with suppress(LookupError, TypeError, ValueError):
        text = msgspec.json.encode(document)
        if len(text) > MAX_SEARCHED:
            return steps
        inner = document = msgspec.json.decode(text)  # a copy
        for step in steps:
            if step == "...":
                attempts -= len(inner).bit_length()
                if attempts < 0 or not isinstance(inner, dict):
                    break
                members = dict(inner)
                while len(members) > 1:
                    half = dict(islice(members.items(), len(members) // 2))
                    _replace(inner, half)
                    if not _fails(convert, document, message):
                        half = {name: members[name] for name in members if name not in half}
                    members = half
                _replace(inner, members)
                path.extend(members)
            else:
                path.append(step)
            inner = inner[path[-1]]
    return path if _fails(convert, document, message) and len(path) == len(steps) else steps


def _replace(members: dict[str, Any], others: Mapping[str, Any]) -> None:
    members.clear()
    members.update(others)


def _fails(convert: Check, document: object, message: str) -> bool:
    try:
        convert(document)
    except msgspec.ValidationError as error:
        return str(error) == message
    return False


def _examiner(info: Any, classes: dict[Any, Examine]) -> Examine | None:
    """Return what looks for members that a class does not have, and for NaN as a Decimal.

    Args:
        info: A type, as msgspec sees it.
        classes: Those that have been met, as they may be inside of themselves.

    Raises:
        TypeError: msgspec does not treat the type as it has to be treated.
    """
    of = partial(_examiner, classes=classes)
    match type(info).__name__:
        case "CustomType" if info.cls is not object and not _has_model(info.cls):
            raise TypeError(f"{info.cls!r} says nothing of JSON")
        case "DictType" if type(info.key_type).__name__ not in {"StrType", "AnyType"}:
            raise TypeError(f"names in JSON are text, not {info.key_type!r}")
        case "DecimalType":
            return _refuse_nan
        case "UnionType":
            return partial(_examine_by_all, list(filter(None, map(of, info.types))))
        case "DictType" if examine := of(info.value_type):
            return partial(_examine_parts, dict, {}, examine)
        case "ListType" | "VarTupleType" | "SetType" | "FrozenSetType" if examine := of(
            info.item_type
        ):
            return partial(_examine_parts, list, {}, examine)
        case "TupleType" | "NamedTupleType":
            kinds = getattr(info, "item_types", ()) or (f.type for f in getattr(info, "fields", ()))
            return partial(_examine_parts, list, dict(enumerate(map(of, kinds))), None)
        case "DataclassType" | "TypedDictType" if info.cls not in classes:
            members: dict[Any, Examine | None] = {}
            classes[info.cls] = partial(_examine_parts, dict, members, _refuse_unknown)
            members |= {field.name: of(field.type) for field in _fields(info)}
    return classes.get(getattr(info, "cls", None))


def _fields(info: Any) -> list[Any]:
    """Return the fields of a class that documents may have."""
    kind = typing.get_origin(info.cls) or info.cls
    if _has_model(kind):
        raise TypeError(f"{kind!r} is a data class of pydantic inside of what is not of pydantic")
    own = getattr(kind, "__attrs_attrs__", ()) or getattr(kind, "__dataclass_fields__", {}).values()
    internal = {field.name for field in own if not field.init}
    for field in info.fields:
        if field.required and field.name in internal:
            raise TypeError(f"{kind!r}: {field.name!r} has init=False, and needs a default")
    return [field for field in info.fields if field.name not in internal]


def _refuse_nan(value: object, path: Place) -> None:
    if isinstance(value, str) and "n" in value.lower():  # NaN, sNaN, Infinity
        raise InvalidValueError("expected a decimal number", path)


def _refuse_unknown(value: object, path: Place) -> None:
    raise InvalidValueError("is not known here", path)


def _examine_by_all(checks: list[Examine], value: object, path: Place) -> None:
    for examine in checks:  # each looks at values of its own kind only
        examine(value, path)


def _examine_parts(
    kind: Any, known: Mapping[Any, Examine | None], other: Examine | None, value: Any, path: Place
) -> None:
    if isinstance(value, kind):
        for part, inner in value.items() if kind is dict else enumerate(value):
            examine = known.get(part, other)
            if examine is not None:
                examine(inner, (*path, part))
