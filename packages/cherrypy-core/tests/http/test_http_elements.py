"""Elements of lists and their weights: RFC 9110 sections 5.6 and 12.4.2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cherrypy._http.elements import AcceptElement, HeaderElement, header_elements
from cherrypy._http.errors import MalformedFieldError
from strategies import field_values, tokens, wild_text


@pytest.mark.parametrize(
    ("name", "field", "elements"),
    [
        ("Accept", None, []),
        ("Accept", "", []),
        ("Accept", "a;q=0.1, b;q=0.9, c, d;q=0.9;x=y", ["c", "d;q=0.9;x=y", "b;q=0.9", "a;q=0.1"]),
        ("Accept", "a,,b", ["b", "a"]),  # no empty elements
        (
            "Accept",
            "text/*;q=0.3, text/html;q=0.7, */*;q=0.5",
            ["text/html;q=0.7", "*/*;q=0.5", "text/*;q=0.3"],
        ),
        ("Accept", "text/html;level=1;q=0.4", ["text/html;level=1;q=0.4"]),
        ("Accept", "a; q = 0.3, b", ["b", "a;q=0.3"]),
        ("Accept", "a;Q=0.3, b", ["b", "a;q=0.3"]),
        ("Accept", 'a;t=";q=0.3", b', ["b", 'a;t=";q=0.3"']),  # no weight inside a quoted string
        ("accept-charset", "utf-8;q=0, *;q=0.5", ["*;q=0.5", "utf-8;q=0"]),
        ("TE", "a;q=0.1, b", ["b", "a;q=0.1"]),
        ("Te", "a;q=0.9, b;q=0.1", ["a;q=0.9", "b;q=0.1"]),
        ("Expect", "a;q=0.1, b;q=0.9", ["b;q=0.9", "a;q=0.1"]),  # by value
        ("X", "a;x=1, a;x=2, a", ["a", "a;x=2", "a;x=1"]),
        ("X", "a, B, c", ["c", "a", "B"]),
        ("X", 'a; b=c; d="x, y"; e', ['a;b=c;d="x, y"']),
        ("X", "x;q=0.5;q=0.7", ["x;q=0.7"]),
    ],
)
def test_header_elements(name: str, field: str | None, elements: list[str]) -> None:
    assert [str(element) for element in header_elements(name, field)] == elements


def test_only_fields_with_weights_have_them() -> None:
    assert isinstance(header_elements("Accept-Foo", "a;q=0.5")[0], AcceptElement)
    assert isinstance(header_elements("TE", "a")[0], AcceptElement)
    (element,) = header_elements("Cache-Control", "a;q=x")
    assert type(element) is HeaderElement
    assert element.params == {"q": "x"}


@pytest.mark.parametrize("weight", ["x", "", "-1", "nan"])
def test_a_malformed_weight_is_the_error_of_the_client(weight: str) -> None:
    element = AcceptElement.from_str(f"a;q={weight}")
    with pytest.raises(MalformedFieldError, match="Malformed HTTP header: `a;q=") as caught:
        _ = element.qvalue
    assert caught.value.status == 400
    with pytest.raises(MalformedFieldError):
        header_elements("Accept", f"b, a;q={weight}")


def test_the_weight_may_be_given_by_hand() -> None:
    assert AcceptElement("a").qvalue == 1.0
    assert AcceptElement("a", {"q": "0.3"}).qvalue == 0.3
    assert AcceptElement("a", {"q": 0.3}).qvalue == 0.3
    weight = AcceptElement.from_str("a;q=0.1;x=y").params["q"]
    assert (weight.value, weight.params) == ("0.1", {"x": "y"})


def test_order() -> None:
    assert HeaderElement("a") < HeaderElement("b")
    assert not HeaderElement("a", {"x": "1"}) < HeaderElement("a", {"x": "2"})
    assert AcceptElement("b", {"q": "0.1"}) < AcceptElement("a")
    assert AcceptElement("a") < AcceptElement("b")
    assert AcceptElement("b", {"q": "0.1"}) < HeaderElement("a")


def test_texts() -> None:
    assert str(HeaderElement("a", {"b": "c", "d": None})) == "a;b=c;d=None"
    assert bytes(HeaderElement("a", {"b": "é"})) == b'a;b="\xe9"'
    assert repr(HeaderElement("a", {"b": "c"})) == "HeaderElement('a', {'b': 'c'})"
    assert HeaderElement.parse('text/html; charset="utf-8"') == ("text/html", {"charset": "utf-8"})


@given(tokens(), st.dictionaries(tokens().map(str.lower), field_values(), max_size=3))
def test_parse_undoes_format(value: str, params: dict[str, str]) -> None:
    again = HeaderElement.from_str(str(HeaderElement(value, params)))
    assert (again.value, again.params) == (value, params)


@given(st.sampled_from(["Accept", "X"]), wild_text())
def test_no_field_breaks_it(name: str, field: str) -> None:
    try:
        elements = header_elements(name, field)
    except MalformedFieldError:
        return
    weights = [element.qvalue for element in elements if isinstance(element, AcceptElement)]
    assert weights == sorted(weights, reverse=True)
