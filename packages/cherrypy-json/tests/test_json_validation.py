"""Values from JSON compared with annotations, and converted."""

from __future__ import annotations

import dataclasses
import sys
import typing
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import wraps
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Optional,
    TypedDict,
    Union,
)
from unittest.mock import patch
from uuid import UUID

import attrs
import msgspec
import pydantic
import pydantic.dataclasses
import pytest

import cherrypy
from cherrypy._json import validation
from cherrypy._json.validation import InvalidValueError, checker_of, format_path
from cherrypy.lib import jsontools

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import Message  # for type checkers alone, as applications have it

    class Later: ...


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Size(Enum):
    SMALL = 1


class Mixed(Enum):
    RED = "red"
    BLUE = 2


@dataclasses.dataclass
class Item:
    name: str
    price: Decimal
    colour: Colour = Colour.RED
    parts: list[Item] = dataclasses.field(default_factory=list)
    by_name: dict[str, Item] = dataclasses.field(default_factory=dict)
    total: int = dataclasses.field(init=False, default=0)

    def __post_init__(self) -> None:
        if self.price < 0:
            raise ValueError("a price is not negative")


@dataclasses.dataclass
class Mistaken:
    name: str

    def __post_init__(self) -> None:
        self.name += 1  # type: ignore[operator]  # that is the mistake


@dataclasses.dataclass
class Normalized:
    """Changes its members when it is made, which is no reason to refuse them."""

    tags: dict[str, Any]

    def __post_init__(self) -> None:
        self.tags = {name.lower(): 0 for name in self.tags}


@dataclasses.dataclass
class Temporary:
    made: dataclasses.InitVar[int] = 0


@dataclasses.dataclass
class Counted:
    total: int = dataclasses.field(init=False)


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


class Other(pydantic.BaseModel):
    number: int


@pydantic.dataclasses.dataclass
class Positive:
    number: Annotated[int, pydantic.Field(gt=0)]


@dataclasses.dataclass
class Holder:
    """Classes of pydantic in one that is not."""

    model: Model
    others: dict[str, Other | None] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Careless:
    positive: Positive


@attrs.define
class Song:
    title: str
    plays: int = attrs.field(init=False, default=0)


class Pair(NamedTuple):
    first: Address
    second: int


Dotted = TypedDict("Dotted", {"a.b": dict[str, int]})


@dataclasses.dataclass(frozen=True)
class Point:
    x: int


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
        (time, "23:59:00", time(23, 59)),
        (timedelta, "PT90S", timedelta(seconds=90)),
        (UUID, ID, UUID(ID)),
        (Decimal, 1.1, Decimal("1.1")),
        (bytes, "AP8=", b"\x00\xff"),
        (Colour, "blue", Colour.BLUE),
        (Size, 1, Size.SMALL),
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
        (Model | Other, {"number": 1}, Other(number=1)),
        (Positive, {"number": 1}, Positive(1)),
        (
            Holder,
            {"model": {"name": "a", "unknown": 1}, "others": {"b": {"number": 2}, "c": None}},
            Holder(Model(name="a"), {"b": Other(number=2), "c": None}),
        ),
        (Song, {"title": "a"}, Song("a")),
        (Pair, [{"city": "Ulm"}, 1], Pair({"city": "Ulm"}, 1)),
        (tuple[()], [], ()),
        (Normalized, {"tags": {"A": [1]}}, Normalized({"a": 0})),
        (set[Point], [{"x": 1}, {"x": 1}], {Point(1)}),
        (Annotated[int, msgspec.Meta(ge=3)], 3, 3),
        ("Item | None", None, None),  # as text, from __future__ import annotations
    ],
)
def test_what_fits_is_converted(annotation: Any, value: Any, result: Any) -> None:
    converted = check(annotation, value)
    assert (converted, type(converted)) == (result, type(result))


@pytest.mark.parametrize(
    ("annotation", "value", "error"),
    [
        (int, True, "$: expected an integer, got true or false"),
        (int, 1.0, "$: expected an integer, got a number"),
        (float, "1", "$: expected a number, got text"),
        (float, 10**400, "$: number out of range"),
        (bool, 1, "$: expected true or false, got an integer"),
        (None, [], "$: expected null, got an array"),
        (str, None, "$: expected text, got null"),
        (list[int], {}, "$: expected an array, got an object"),
        (list[int], [1, "a"], "$[1]: expected an integer, got text"),
        (list[list[int]], [[], [1, None]], "$[1][1]: expected an integer, got null"),
        (tuple[int, str], [1], "$: expected an array of length 2, got 1"),
        (tuple[int, str], [1, 2], "$[1]: expected text, got an integer"),
        (tuple[int, str], "ab", "$: expected an array, got text"),
        (set[Any], [[]], "$[0]: expected a hashable value, got a list"),
        (dict[str, int], [], "$: expected an object, got an array"),
        (dict[str, int], {"a b": "x"}, "$['a b']: expected an integer, got text"),
        (dict[str, int], {"a": 1, "b": 2, "c": "x", "d": "y"}, "$.c: expected an integer"),
        (
            dict[str, dict[str, int]],
            {"a": {}, "b": {"c": 1, "d": 2, "e": None}, "f": {"g": None}},
            "$.b.e: expected an integer, got null",
        ),
        (dict[str, list[int]], {"a": [1], "b": [2, 3], "c": [4, "x"]}, "$.c[1]: expected an int"),
        (int | None, "a", "$: expected an integer or null, got text"),
        (Item | None, {**ITEM, "name": 1}, "$.name: expected text, got an integer"),
        (Literal["a", 1], True, "$: expected an integer or text, got true or false"),
        (Literal["a", 1], "b", "$: invalid enum value 'b'"),
        (Colour, "green", "$: invalid enum value 'green'"),
        (Size, True, "$: expected an integer, got true or false"),
        (datetime, "yesterday", "$: invalid RFC3339 encoded datetime"),
        (date, 5, "$: expected a date, got an integer"),
        (UUID, "x", "$: invalid UUID"),
        (Decimal, "NaN", "$: expected a decimal number"),
        (list[Decimal | None], [None, "-inf"], "$[1]: expected a decimal number"),
        (Decimal, "x", "$: invalid decimal string"),
        (Decimal, True, "$: expected a decimal number, got true"),
        (bytes, "?", "$: invalid base64 encoded string"),
        (bytes, 1, "$: expected text in base64, got an integer"),
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
        (Item, {**ITEM, "parts": [{**ITEM, "x": 1}]}, "$.parts[0].x: is not known here"),
        (
            Item,
            {**ITEM, "by_name": {"a": ITEM, "b": ITEM, "c d": {**ITEM, "price": -1}}},
            "$.by_name['c d']: a price is not negative",
        ),
        (
            Item,
            {**ITEM, "by_name": {"a": ITEM, "b": {**ITEM, "x": 1}}},
            "$.by_name.b.x: is not known here",
        ),
        (tuple[int, Address], [1, {"city": "Ulm", "zip": 1}], "$[1].zip: is not known here"),
        (Pair, [{"city": "Ulm", "zip": 1}, 1], "$[0].zip: is not known here"),
        (Song, {"title": "a", "plays": 1}, "$.plays: is not known here"),
        (set[Point], [{"x": 1, "y": 2}], "$[0].y: is not known here"),
        (Item | list[Item], [{**ITEM, "x": 1}], "$[0].x: is not known here"),
        (Dotted, {"a.b": {"c": "x"}}, "$"),  # a name that is told from a path by nobody
        (Annotated[dict[str, int], msgspec.Meta(min_length=2)], {"a": 1, "b": "x"}, "$['...']: "),
        (Address, {}, "$.city: is missing"),
        (Address, {"city": "Ulm", "zip": 1}, "$.zip: is not known here"),
        (Loose, {"street": "x"}, "$.city: is missing"),
        (Struct, {"name": 1}, "$.name: expected text, got an integer"),
        (Struct, [], "$: expected an object, got an array"),
        (
            list[Struct],
            [{"name": "a", "tags": [1, "x"]}],
            "$[0].tags[1]: expected an integer, got text",
        ),
        (Model, {}, "$.name: Field required"),
        (Model, {"name": "a", "sizes": {"x y": [1, "b"]}}, "$.sizes['x y'][1]: Input should be"),
        (Positive, {"number": 0}, "$.number: Input should be greater than 0"),
        (list[Positive], [{"number": 0}], "$[0].number: Input should be greater than 0"),
        (Holder, {"model": {}}, "$.model.name: Field required"),
        (
            Holder,
            {"model": {"name": "a"}, "others": {"b": None, "c d": {"number": "x"}}},
            "$.others['c d'].number: Input should be a valid integer",
        ),
        (Holder, {"model": {"name": "a"}, "x": 1}, "$.x: is not known here"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(annotation: Any, value: Any, error: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        check(annotation, value)
    assert str(caught.value).startswith(error)


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [
        (complex, "says nothing of JSON"),
        (list[complex], "says nothing of JSON"),
        ("list[complex]", "says nothing of JSON"),
        (dict[int, str], "names in JSON are text"),
        (3, "is not supported"),
        (Mixed, "all str or all int"),
        (Temporary, "InitVar"),
        (Counted, "'total' has init=False, and needs a default"),
        (Careless, "a data class of pydantic inside of"),
        # what could be meant is not always told by the document
        (date | str, r"more than one str-like type.*give each a tag \(msgspec\.Struct\)"),
        (list[Item | Address], "more than one dict-like type.*or use models of pydantic"),
    ],
)
def test_an_annotation_that_cannot_be_compared_is_an_error(annotation: Any, reason: str) -> None:
    with pytest.raises(
        TypeError, match=rf"tools\.json_in\.parameter: .*, parameter 'document': .*{reason}"
    ):
        check(annotation, 1)


def test_a_mistake_in_post_init_is_not_told_to_the_client() -> None:
    with pytest.raises(TypeError, match="concatenate"):
        check(Mistaken, {"name": "a"})


def test_naming_members_takes_a_limited_time() -> None:
    """However many objects are inside of each other on the way to the error."""
    document: Any = {**ITEM, "price": "x"}
    for _ in range(40):
        members = {f"{number}": ITEM for number in range(8)}
        document = {**ITEM, "by_name": {**members, "last": document}}
    with (
        patch.object(msgspec, "convert", wraps=msgspec.convert) as convert,
        pytest.raises(InvalidValueError, match="invalid decimal string"),
    ):
        check(Item, document)
    assert convert.call_count < 70


def test_members_of_large_documents_are_not_named() -> None:
    document = {f"{number}": number for number in range(validation.MAX_SEARCHED // 8)} | {"a": "x"}
    with (
        patch.object(msgspec, "convert", wraps=msgspec.convert) as convert,
        pytest.raises(InvalidValueError, match=r"^\$\['\.\.\.'\]: expected an integer"),
    ):
        check(dict[str, int], document)
    assert convert.call_count == 1


# Which library ------------------------------------------------------------------------------------


@pytest.fixture
def without_msgspec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "msgspec", None)


@pytest.mark.usefixtures("without_msgspec")
def test_models_need_pydantic_alone() -> None:
    assert check(dict[str, Model | None], {"x": {"name": "a"}}) == {"x": Model(name="a")}


@pytest.mark.usefixtures("without_msgspec")
def test_the_error_names_the_extra() -> None:
    with pytest.raises(ImportError, match=r"pip install 'cherrypy-json\[validation\]'"):
        check(int, 1)


@pytest.mark.usefixtures("without_msgspec")
def test_the_error_comes_when_the_program_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the decorator is applied, and where a resource is planned."""
    with pytest.raises(ImportError, match="validation"):

        @cherrypy.tools.json_in(parameter="number")
        def handler(number: int) -> None: ...

    monkeypatch.setitem(sys.modules, "pydantic", None)
    with pytest.raises(ImportError, match="validation"):
        jsontools.JSONInTool()._plan({"parameter": "number"})
    jsontools.JSONInTool()._plan({})  # which needs neither


def test_an_annotation_is_looked_at_when_the_decorator_is_applied() -> None:
    with pytest.raises(TypeError, match=r"parameter 'number': .*complex.* says nothing of JSON"):

        @cherrypy.tools.json_in(parameter="number")
        def handler(number: complex) -> None: ...


def test_an_annotation_may_name_what_is_defined_later() -> None:
    @cherrypy.tools.json_in(parameter="later")
    def handler(later: Later) -> None: ...

    assert handler._cp_config["tools.json_in.parameter"] == "later"  # type: ignore[attr-defined]
    with pytest.raises(NameError):
        checker_of(handler, "later")


def test_a_class_of_handlers_is_not_looked_at() -> None:
    @cherrypy.tools.json_in(parameter="number")
    class Site:
        number: complex

    assert Site._cp_config["tools.json_in.parameter"] == "number"  # type: ignore[attr-defined]


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
