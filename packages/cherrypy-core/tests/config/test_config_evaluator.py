"""Values of config files: what they can be, and that what they can not be never runs."""

import contextlib
import datetime as dt
import logging
import operator
import os.path
import sys
import types
import warnings
from collections.abc import Iterator
from email.mime.text import MIMEText
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cherrypy._config.evaluator import REFUSED_BUILTINS, attributes, modules, unrepr


class Thing:
    """Has attributes and methods."""

    x = 1
    _hidden = 2

    def method(self, *args: object, **kwargs: object) -> tuple[Any, ...]:
        """Give back the arguments."""
        return args, kwargs


class Tripwire(types.ModuleType):
    """A module that is importable for one test, and counts what is done with it."""

    def __init__(self) -> None:
        super().__init__("tripwire")
        self.fired = 0
        self.thing = Thing()
        self.numbers = [1, 2, 3]
        self.table = {"a": 1, "l": [1, 2]}
        self.hole: Any = None

    def fire(self, *_args: object, **_kwargs: object) -> int:
        """Count a call."""
        self.fired += 1
        return 0


@pytest.fixture
def tripwire(monkeypatch: pytest.MonkeyPatch) -> Tripwire:
    """The module ``tripwire``."""
    module = Tripwire()
    monkeypatch.setitem(sys.modules, "tripwire", module)
    return module


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary(),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner)
        | st.sets(st.integers() | st.text())
        | st.frozensets(st.booleans())
    ),
    max_leaves=10,
)


@given(plain)
@example(value="; not a comment")
@example(value=["# nor this", "\u2028;"])
def test_unrepr_undoes_repr(value: object) -> None:
    result = unrepr(repr(value))
    assert result == value
    assert type(result) is type(value)
    assert unrepr(f"{value!r} ; a comment, it's one") == value
    assert unrepr(f"{value!r} # another; it's one") == value


@pytest.mark.parametrize("value", [None, ""])
def test_nothing_stands_for_itself(value: str | None) -> None:
    assert unrepr(value) is value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("...", ...),
        ("u'x'", "x"),
        (r"r'\d'", r"\d"),
        ("'a' 'b'", "ab"),
        ("1_000", 1000),
        ("0x10", 16),
        ("1, 2", (1, 2)),
        ("[\n1,\n2]", [1, 2]),
        ("  1\n", 1),
        ("[*(1, 2), 3]", [1, 2, 3]),
        ("{1, 2}", {1, 2}),
        ("{'a': 1, **{'b': 2}}", {"a": 1, "b": 2}),
        ("int", int),
        ("int('3')", 3),
        ("dict(a=1, **{'b': 2})", {"a": 1, "b": 2}),
        ("set()", set()),
        ("None", None),
        ("os.path.join('a', 'b')", os.path.join("a", "b")),  # noqa: PTH118 - the same call
        ("os", os),
        ("logging.DEBUG", logging.DEBUG),
        ("email.mime.text.MIMEText", MIMEText),
        ("datetime.timedelta(days=1)", dt.timedelta(days=1)),
        ("datetime.datetime(2020, 1, 1).year", 2020),
        ("'a'.upper()", "A"),
        ("'abc'[1]", "b"),
        ("'abc'[:2]", "ab"),
        ("'abcdef'[1:5:2]", "bd"),
        ("{'a': 1}['a']", 1),
        ("tripwire.thing.x", 1),
        ("tripwire.thing._hidden", 2),
        ("tripwire.thing.method(1, *[2], a=3, **{'b': 4})", ((1, 2), {"a": 3, "b": 4})),
        ("os.path.basename(os.__file__)", "os.py"),
        ("os.__name__ + open.__name__", "osopen"),
        ("__import__('os').sep", os.sep),
        ("__main__.__name__", "__main__"),
        ("tripwire.numbers[-1]", 3),
        ("tripwire.table['l'][1]", 2),
        ("+1", 1),
        ("~1", -2),
        ("not 1", False),
        ("60 * 60 - 1", 3599),
        ("7 / 2, 7 // 2, 7 % 4, 2 ** 8", (3.5, 3, 3, 256)),
        ("1 << 3, 8 >> 1, 5 | 2, 5 & 4, 5 ^ 1", (8, 4, 7, 4, 4)),
        ("'a' * 3 + 'b'", "aaab"),
        ("'%s.log' % 'x'", "x.log"),
        ("1 < 2 < 3, 1 < 2 > 3, 1 != 2, 2 >= 2, 1 <= 0", (True, False, True, True, False)),
        ("1 in [1], 1 not in [1], None is None, None is not None", (True, False, True, False)),
        ("1 and 0 and tripwire.fire()", 0),
        ("0 or 2 or tripwire.fire()", 2),
        ("1 and 2", 2),
        ("0 or ''", ""),
        ("1 if True else tripwire.fire()", 1),
        ("tripwire.fire() if False else 2", 2),
        ("3 < 1 < tripwire.fire()", False),
    ],
)
def test_accepted(tripwire: Tripwire, text: str, value: object) -> None:
    assert unrepr(text) == value
    assert tripwire.fired == 0


def test_every_operator_that_python_has(tripwire: Tripwire) -> None:
    class Matrix:
        def __matmul__(self, other: object) -> object:
            return "product", other

    tripwire.hole = Matrix()
    assert unrepr("tripwire.hole @ 2") == ("product", 2)


numbers = st.integers(min_value=0, max_value=20).map(str)
expressions = st.recursive(
    numbers | st.sampled_from(["True", "False"]),
    lambda inner: (
        st.tuples(
            inner,
            st.sampled_from(
                ["+", "-", "*", "&", "|", "^", "<", "<=", ">", ">=", "==", "!=", "and", "or"]
            ),
            inner,
        ).map(lambda parts: f"({' '.join(parts)})")
        | inner.map("(- {})".format)
        | inner.map("(not {})".format)
        | st.tuples(inner, inner, inner).map(lambda parts: "({} if {} else {})".format(*parts))
        | st.tuples(inner, inner, inner).map(lambda parts: "({} < {} <= {})".format(*parts))
        | st.tuples(inner, inner).map(lambda parts: "[{}, {}][-1]".format(*parts))
    ),
    max_leaves=12,
)


@given(expressions)
def test_an_expression_means_what_it_means_in_python(text: str) -> None:
    assert unrepr(text) == eval(text, {"__builtins__": {}})  # noqa: S307 - made above


REFUSED = [
    "lambda: HOLE",
    "[HOLE for x in (1,)]",
    "{HOLE for x in (1,)}",
    "{HOLE: 1 for x in (1,)}",
    "list(HOLE for x in (1,))",
    "f'{HOLE}'",
    "(y := HOLE)",
    "(yield HOLE)",
    "(yield from HOLE)",
    "await_(HOLE) if (await HOLE) else 1",
    *(f"{name}(HOLE)" for name in sorted(REFUSED_BUILTINS)),
]
PLACES = ["{}", "[tripwire.fire(), {}]", "tripwire.fire({})", "tripwire.fire() + {}", "1 or {}"]


@pytest.mark.parametrize("refused", REFUSED)
@pytest.mark.parametrize("place", PLACES)
def test_what_is_refused_runs_nothing(tripwire: Tripwire, refused: str, place: str) -> None:
    text = place.format("(" + refused.replace("HOLE", "tripwire.fire()") + ")")
    with pytest.raises(TypeError, match="not allowed"):
        unrepr(text)
    assert tripwire.fired == 0


@pytest.mark.parametrize(
    "text",
    [
        "xx yy",
        "   ",
        "x = 1",
        "1\n2",
        "import os",
        "d:e",
        "`1`",
        "x := 1",
        "1 +",
        "['a;b'",
        "'a ; b",
        "a\x00b",
        "\ud800",
    ],
)
def test_what_is_no_expression(text: str) -> None:
    with pytest.raises(SyntaxError):
        unrepr(text)


def test_what_is_nested_too_deeply() -> None:
    with pytest.raises(SyntaxError):
        unrepr("(" * 10_000 + "1" + ")" * 10_000)


@pytest.mark.parametrize("value", [3, b"1", [1]])
def test_what_is_no_text(value: Any) -> None:
    with pytest.raises(TypeError, match="expected a str"):
        unrepr(value)


@pytest.mark.parametrize("text", ["dict(a=1, **{'a': 2})", "dict(**{'a': 2}, a=1)"])
def test_a_keyword_that_is_given_twice(text: str) -> None:
    with pytest.raises(TypeError, match="multiple values for keyword argument 'a'"):
        unrepr(text)


@pytest.mark.parametrize("text", ["localhost", "localhost.x", "Grün", "__file__"])
def test_text_needs_quotes(text: str) -> None:
    with pytest.raises(TypeError, match="text needs quotes"):
        unrepr(text)


ERRORS = (SyntaxError, TypeError, ArithmeticError, AttributeError, LookupError, ValueError)


@given(st.text("()[]{}.,;:#'\"\\ \n\t=+-*/%<>!&|^~@`$?0123456789ax_\x00é", max_size=30))
def test_any_text_is_a_value_or_one_of_its_errors(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as "invalid escape sequence"
        with contextlib.suppress(*ERRORS):
            unrepr(text)


@pytest.fixture
def module_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that modules are imported from; they are forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in ("filter", "needy", "parcel", "parcel.needy"):
        sys.modules.pop(name, None)


def test_a_module_comes_before_a_builtin(module_folder: Path) -> None:
    (module_folder / "filter.py").write_text("mine = 1\n", encoding="utf-8")
    assert unrepr("filter.mine") == 1


def test_a_module_that_misses_another_is_not_said_to_be_missing(module_folder: Path) -> None:
    (module_folder / "needy.py").write_text("import nowhere_to_be_found\n", encoding="utf-8")
    with pytest.raises(ModuleNotFoundError, match="nowhere_to_be_found"):
        unrepr("needy.x")
    package = module_folder / "parcel"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "needy.py").write_text("import nowhere_to_be_found\n", encoding="utf-8")
    with pytest.raises(ModuleNotFoundError, match="nowhere_to_be_found"):
        unrepr("parcel.needy.x")


@pytest.mark.parametrize("text", ["os.nope", "email.nope", "None.x", "xml.dom.nope"])
def test_an_attribute_that_is_not_there(text: str) -> None:
    with pytest.raises(AttributeError, match="has no attribute"):
        unrepr(text)


def test_errors_of_what_is_called_pass_through() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        unrepr("int('x')")
    with pytest.raises(ZeroDivisionError):
        unrepr("1 / 0")


def test_modules() -> None:
    assert modules("os.path") is os.path
    assert modules("xml.dom.minidom").__name__ == "xml.dom.minidom"
    with pytest.raises(ModuleNotFoundError):
        modules("os.nope")
    with pytest.raises(ValueError, match="Empty module name"):
        modules("")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("os.path.join", os.path.join),
        ("operator.add", operator.add),
        ("datetime.date.max", dt.date.max),
        ("email.mime.text.MIMEText", MIMEText),
    ],
)
def test_attributes(name: str, value: object) -> None:
    assert attributes(name) == value


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("os.nope", AttributeError),
        ("nope.x", ModuleNotFoundError),
        ("os", ValueError),
        ("", ValueError),
        (".x", ValueError),
    ],
)
def test_attributes_that_are_not_there(name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        attributes(name)
