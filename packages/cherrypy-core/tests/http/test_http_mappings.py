"""Dictionaries whose keys have a form of their own."""

import copy
import pickle
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cherrypy._http.headers import HeaderMap
from cherrypy._http.mappings import CaseInsensitiveDict, KeyTransformingDict
from strategies import tokens


class Lower(KeyTransformingDict[int]):
    """A mapping with lower-case keys."""

    @staticmethod
    def transform_key(key: str) -> str:
        """Return the key in lower case."""
        return key.lower()


def test_a_subclass_says_how_keys_are_stored() -> None:
    numbers = Lower({"A": 1}, B=2)
    assert dict(numbers) == {"a": 1, "b": 2}
    assert numbers["A"] == numbers["a"] == 1


def test_without_a_transformation_it_is_a_dict() -> None:
    plain: KeyTransformingDict[int] = KeyTransformingDict({"A": 1})
    assert "a" not in plain
    assert plain.get("a") is None
    assert plain["A"] == 1


@pytest.mark.parametrize(
    "made",
    [
        HeaderMap({"content-type": "a", "X-foo": 1}),
        HeaderMap([("CONTENT-TYPE", "b"), ("content-type", "a"), ("x-FOO", 1)]),
        HeaderMap({b"content-type": "a"}, **{"x-foo": 1}),
        HeaderMap(HeaderMap({"Content-Type": "a", "X-Foo": 1})),
        HeaderMap(CaseInsensitiveDict({"Content-Type": "a", "X-Foo": 1})),
    ],
)
def test_every_constructor_normalises(made: HeaderMap) -> None:
    assert list(made.items()) == [("Content-Type", "a"), ("X-Foo", 1)]


def test_every_look_up_ignores_case() -> None:
    headers = HeaderMap({"Content-Type": "a"})
    assert headers["content-type"] == headers["CONTENT-TYPE"] == headers["Content-Type"] == "a"
    assert headers.get("content-TYPE") == headers.get("Content-Type", "b") == "a"
    assert headers.get("x") is None
    assert headers.get("x", 4) == 4
    assert "content-type" in headers
    assert "Content-Type" in headers
    assert "x" not in headers
    assert headers.matching_key_for("content-type") == "Content-Type"


def test_a_missing_name_is_told_as_it_would_be_stored() -> None:
    headers = HeaderMap()
    with pytest.raises(KeyError, match="X-Foo"):
        headers["x-foo"]
    with pytest.raises(KeyError, match="X-Foo"):
        headers["X-Foo"]
    with pytest.raises(KeyError, match="X-Foo"):
        del headers["x-foo"]
    with pytest.raises(KeyError, match="X-Foo"):
        headers.pop("x-foo")
    with pytest.raises(KeyError, match="x-foo"):
        headers.matching_key_for("x-foo")


def test_every_change_ignores_case() -> None:
    headers = HeaderMap({"a-b": 1})
    assert headers.setdefault("A-b", 2) == 1
    assert headers.setdefault("new", 2) == 2
    assert headers.setdefault("none") is None
    assert headers.pop("NONE") is None
    assert headers.pop("none", 7) == 7
    headers.update({"c-d": 3}, q=4)
    headers.update([("e-f", 5)])
    headers |= {"g-h": 6}
    assert dict(headers) == {"A-B": 1, "New": 2, "C-D": 3, "Q": 4, "E-F": 5, "G-H": 6}
    del headers["new"]
    headers["q"] = 0
    assert headers["Q"] == 0
    assert dict(HeaderMap.fromkeys(["x-y"], 1)) == {"X-Y": 1}


def test_unions_are_of_the_same_class() -> None:
    left = HeaderMap({"a": 1, "b": 1})
    for merged in (left | {"B": 2}, {"A": 0, "c": 3} | left):
        assert type(merged) is HeaderMap
    assert left | {"B": 2} == {"A": 1, "B": 2}
    assert {"a": 0, "c": 3} | left == {"A": 1, "C": 3, "B": 1}
    assert left == {"A": 1, "B": 1}
    for other in ("a", 5):
        with pytest.raises(TypeError):
            left | other
        with pytest.raises(TypeError):
            other | left


def test_copies_are_of_the_same_class_with_their_attributes() -> None:
    headers = HeaderMap({"a": [1]})
    headers.protocol = (1, 0)
    for twin in (headers.copy(), copy.copy(headers), pickle.loads(pickle.dumps(headers))):  # noqa: S301
        assert type(twin) is HeaderMap
        assert twin == headers
        assert twin.protocol == (1, 0)
        twin["b"] = 1
    assert "B" not in headers


@pytest.mark.parametrize(
    ("key", "stored"),
    [
        ("abc-d", "Abc-D"),
        (b"abc-d", "Abc-D"),
        (None, "None"),
        ("WWW-authenticate", "Www-Authenticate"),
    ],
)
def test_names_are_kept_in_title_case(key: object, stored: str) -> None:
    assert CaseInsensitiveDict.transform_key(key) == stored


def test_other_keys_are_refused() -> None:
    headers = HeaderMap()
    with pytest.raises(TypeError, match="5: expected a name"):
        headers[5] = "x"  # type: ignore[index]  # that is the point
    with pytest.raises(TypeError, match="expected a name"):
        headers[5]  # type: ignore[index]  # that is the point


@given(st.dictionaries(tokens(), st.integers()), st.sampled_from([str.upper, str.lower, str.title]))
def test_the_case_of_a_name_never_matters(
    items: dict[str, int], change: Callable[[str], str]
) -> None:
    headers = HeaderMap(items)
    for name in items:
        other = change(name)
        assert headers[other] == headers[name] == headers.get(other)
        assert other in headers
    for name in {name.lower() for name in items}:
        del headers[name]
    assert not headers
