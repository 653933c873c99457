"""Values from JSON compared with annotations, and converted."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import wraps
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    NewType,
    NotRequired,
    Optional,
    TypedDict,
    Union,
)
from uuid import UUID

import msgspec
import pydantic
import pytest

from cherrypy._json.validation import InvalidValueError, checker_of, format_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import Message  # for type checkers alone, as applications have it


class Colour(Enum):
    RED = "red"
    BLUE = 2


@dataclasses.dataclass
class Item:
    name: str
    price: Decimal
    colour: Colour = Colour.RED
    parts: list[Item] = dataclasses.field(default_factory=list)
    made: dataclasses.InitVar[int] = 0
    total: int = dataclasses.field(init=False, default=0)

    def __post_init__(self, made: int) -> None:
        del made
        if self.price < 0:
            raise ValueError("a price is not negative")


class Address(TypedDict):
    city: str
    street: NotRequired[str]


class Loose(TypedDict, total=False):
    city: typing.Required[str]
    street: str


class Struct(msgspec.Struct):
    name: str
    tags: list[int] = []


class Model(pydantic.BaseModel):
    name: str
    sizes: dict[str, list[int]] = {}


Metres = NewType("Metres", float)


def check(annotation: Any, value: Any) -> Any:
    def handler(document: Any) -> None:
        raise AssertionError(document)

    handler.__annotations__["document"] = annotation
    return checker_of(handler, "document")(value)


ITEM = {"name": "a", "price": "1.50"}
ID = "00000000-0000-0000-0000-000000000001"


@pytest.mark.parametrize(
    ("annotation", "value", "result"),
    [
        (Any, {"a": [1]}, {"a": [1]}),
        (object, 1, 1),
        (None, None, None),
        (bool, False, False),
        (int, 3, 3),
        (float, 3, 3.0),
        (str, "a", "a"),
        (Optional[int], None, None),  # noqa: UP045 - also a way to say it
        (Union[int, str], "a", "a"),  # noqa: UP007 - also a way to say it
        (int | list[int], [1], [1]),
        (list, [1, "a"], [1, "a"]),
        (list[int], [], []),
        (Sequence[int], [1], [1]),
        (set[int], [1, 1], {1}),
        (frozenset[str], ["a"], frozenset("a")),
        (tuple[int, str], [1, "a"], (1, "a")),
        (tuple[int, ...], [1, 2, 3], (1, 2, 3)),
        (dict, {"a": None}, {"a": None}),
        (dict[str, float], {"a": 1}, {"a": 1.0}),
        (Mapping[str, int], {"a": 1}, {"a": 1}),
        (Literal["a", 1], 1, 1),
        (Annotated[int, "of anything"], 1, 1),
        (Metres, 1, 1.0),
        (datetime, "2026-05-04T03:02:01Z", datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)),
        (date, "2026-05-04", date(2026, 5, 4)),
        (time, "23:59", time(23, 59)),
        (UUID, ID, UUID(ID)),
        (Decimal, 1.1, Decimal("1.1")),
        (bytes, "AP8=", b"\x00\xff"),
        (Colour, 2, Colour.BLUE),
        (Item, ITEM, Item("a", Decimal("1.50"))),
        (
            Item,
            {**ITEM, "parts": [ITEM]},
            Item("a", Decimal("1.5"), parts=[Item("a", Decimal("1.5"))]),
        ),
        (list[Item], [ITEM], [Item("a", Decimal("1.50"))]),
        (Address, {"city": "Ulm"}, {"city": "Ulm"}),
        (Loose, {"city": "Ulm", "street": "x"}, {"city": "Ulm", "street": "x"}),
        (Struct, {"name": "a", "tags": [1]}, Struct("a", [1])),
        (list[Struct], [{"name": "a"}], [Struct("a")]),
        (Model, {"name": "a"}, Model(name="a")),
        (dict[str, Model], {"x": {"name": "a"}}, {"x": Model(name="a")}),
        ("Item | None", None, None),  # as text, from __future__ import annotations
    ],
)
def test_what_fits_is_converted(annotation: Any, value: Any, result: Any) -> None:
    converted = check(annotation, value)
    assert (converted, type(converted)) == (result, type(result))


@pytest.mark.parametrize(
    ("annotation", "value", "error"),
    [
        (int, True, "$: expected an integer, got true"),
        (int, 1.0, "$: expected an integer, got a number"),
        (float, "1", "$: expected a number, got text"),
        (float, 10**400, "$: the number is too large"),
        (bool, 1, "$: expected true or false, got an integer"),
        (None, [], "$: expected null, got an array"),
        (str, None, "$: expected text, got null"),
        (list[int], {}, "$: expected an array, got an object"),
        (list[int], [1, "a"], "$[1]: expected an integer, got text"),
        (list[list[int]], [[], [1, None]], "$[1][1]: expected an integer, got null"),
        (tuple[int, str], [1], "$: expected 2 items, got 1"),
        (tuple[int, str], [1, 2], "$[1]: expected text, got an integer"),
        (tuple[int, str], "ab", "$: expected an array, got text"),
        (set[Any], [[]], "$: expected an array of what can be in a set"),
        (dict[str, int], [], "$: expected an object, got an array"),
        (dict[str, int], {"a b": "x"}, "$['a b']: expected an integer, got text"),
        (int | None, "a", "$: expected an integer, got text; or expected null, got text"),
        (Item | None, {**ITEM, "name": 1}, "$.name: expected text, got an integer"),
        (Literal["a", 1], True, "$: expected one of 'a', 1"),
        (Colour, "green", "$: expected one of 'red', 2"),
        (datetime, "yesterday", "$: expected date and time of ISO 8601"),
        (date, 5, "$: expected a date of ISO 8601, got an integer"),
        (UUID, "x", "$: expected a UUID"),
        (Decimal, "NaN", "$: expected a decimal number"),
        (Decimal, "x", "$: expected a decimal number"),
        (Decimal, True, "$: expected a decimal number, got true"),
        (bytes, "?", "$: expected text in base64"),
        (Item, [], "$: expected an object, got an array"),
        (Item, {"name": "a"}, "$.price: is missing"),
        (Item, {**ITEM, "nmae": 1}, "$.nmae: is not known here"),
        (Item, {**ITEM, "total": 1}, "$.total: is not known here"),
        (
            Item,
            {**ITEM, "parts": [ITEM, {**ITEM, "price": []}]},
            "$.parts[1].price: expected a decimal number",
        ),
        (Item, {**ITEM, "price": -1}, "$: a price is not negative"),
        (Address, {}, "$.city: is missing"),
        (Address, {"city": "Ulm", "zip": 1}, "$.zip: is not known here"),
        (Loose, {"street": "x"}, "$.city: is missing"),
        (Struct, {"name": 1}, "$.name: Expected `str`, got `int`"),
        (Struct, [], "$: Expected `object`, got `array`"),
        (
            list[Struct],
            [{"name": "a", "tags": [1, "x"]}],
            "$[0].tags[1]: Expected `int`, got `str`",
        ),
        (Model, {}, "$.name: Field required"),
        (Model, {"name": "a", "sizes": {"x y": [1, "b"]}}, "$.sizes['x y'][1]: Input should be"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(annotation: Any, value: Any, error: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        check(annotation, value)
    assert str(caught.value).startswith(error)


@pytest.mark.parametrize(
    "annotation", [complex, dict[int, str], list[complex], "list[complex]", 3, typing.TypeVar("T")]
)
def test_an_annotation_that_says_nothing_of_json_is_an_error(annotation: Any) -> None:
    with pytest.raises(TypeError, match=r"tools\.json_in\.parameter: .*, parameter 'document': "):
        check(annotation, 1)


def test_a_parameter_without_annotation_is_an_error() -> None:
    with pytest.raises(TypeError, match="parameter 'b': expected an annotation"):
        checker_of(lambda a: a, "b")


def _decorated(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


class Handlers:
    def method(self, number: int, other: Message) -> None: ...

    @_decorated
    def decorated(self, number: int) -> None: ...

    def __call__(self, number: int) -> None: ...


@pytest.mark.parametrize("handler", [Handlers.method, Handlers.decorated, Handlers()])
def test_handlers_are_methods_objects_and_decorated_functions(handler: Any) -> None:
    """And may have other annotations that mean nothing when the program runs."""
    assert checker_of(handler, "number")(5) == 5


@pytest.mark.parametrize(
    ("parts", "path"), [([], "$"), (["a", 0, "b"], "$.a[0].b"), (["a'b", ""], "$[\"a'b\"]['']")]
)
def test_a_path_is_written_as_in_rfc_9535(parts: list[str | int], path: str) -> None:
    assert format_path(parts) == path
