"""Syntax of field values: RFC 9110 section 5.6."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cherrypy._http.conditions import entity_tags
from cherrypy._http.errors import MalformedFieldError, ProtocolError
from cherrypy._http.fields import (
    MAX_ELEMENTS,
    is_token,
    parse_qvalue,
    quote,
    quote_unless_token,
    split_list,
    split_parameters,
    unquote,
    without_controls,
)
from strategies import field_values, latin_1_text, tokens, wild_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Content-Type", True),
        ("x_y.z~!", True),
        ("", False),
        ("a b", False),
        ("a:b", False),
        ("a\n", False),  # "$" of a pattern would let it pass
        ("é", False),
        ('"', False),
    ],
)
def test_token(text: str, *, expected: bool) -> None:
    """RFC 9110 section 5.6.2."""
    assert is_token(text) is expected


@pytest.mark.parametrize(
    ("field", "elements"),
    [
        ("", []),
        (" , ,, ", []),  # a recipient has to ignore empty elements
        ("a", ["a"]),
        ("a ,\tb", ["a", "b"]),
        ('"a,b",c', ['"a,b"', "c"]),
        (r'"a\",b", c', [r'"a\",b"', "c"]),  # an escaped quote does not end the string
        (r'a="\\", b', [r'a="\\"', "b"]),  # an escaped backslash does not escape the quote
        ('a="b, c', ['a="b, c']),  # a string that does not end
        ('a="b\\', ['a="b\\']),
        ('a=b"c,d"e, f', ['a=b"c,d"e', "f"]),
    ],
)
def test_split_list(field: str, elements: list[str]) -> None:
    """RFC 9110 section 5.6.1."""
    assert split_list(field) == elements


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ("", ("", [])),
        ("text/html", ("text/html", [])),
        ("text/html ; Charset=utf-8", ("text/html", [("charset", "utf-8")])),
        ('a;b="c;d"; e = f', ("a", [("b", "c;d"), ("e", "f")])),
        ("a;b;c=d", ("a", [("c", "d")])),  # no value, no parameter
        ("a;b=c=d", ("a", [("b", "c=d")])),
        (";b=c", ("", [("b", "c")])),
        (';b="c"', ("", [("b", "c")])),
        ("a;b=1;b=2", ("a", [("b", "1"), ("b", "2")])),
        (r'a;b="x\"y\\"', ("a", [("b", 'x"y\\')])),
        (r'a;filename="C:\new\song"', ("a", [("filename", r"C:\new\song")])),
        ('a="b;c"', ('a="b;c"', [])),
    ],
)
def test_split_parameters(element: str, expected: tuple[str, list[tuple[str, str]]]) -> None:
    """RFC 9110 section 5.6.6."""
    assert split_parameters(element) == expected


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("0", 0.0),
        ("1", 1.0),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1.", 1.0),
        ("0.12345", 0.12345),
        ("2", 1),
    ],
)
def test_qvalue(text: str, weight: float) -> None:
    """RFC 9110 section 12.4.2, and what may be tolerated."""
    assert parse_qvalue(text) == weight


@pytest.mark.parametrize(
    "text", ["", ".", "x", "-1", "+1", "nan", "inf", "1e-1", "1_0", "٣", "0.5 ", '"0.5"', "0.5\n"]
)
def test_qvalue_that_is_no_decimal_number(text: str) -> None:
    """``float`` takes most of these: not a number cannot be sorted, infinity outdoes all."""
    with pytest.raises(MalformedFieldError, match="expected a number from 0 to 1") as caught:
        parse_qvalue(text)
    assert caught.value.status == 400


def test_protocol_errors_are_value_errors() -> None:
    """Applications that catch upstream's ValueError catch ours."""
    assert issubclass(ProtocolError, ValueError)


@given(field_values())
def test_unquote_undoes_quote(text: str) -> None:
    assert unquote(quote(text)) == text
    assert unquote(quote_unless_token(text)) == text


@given(st.lists(st.tuples(tokens(), field_values()), max_size=4), st.sampled_from([";", " ; "]))
def test_parse_undoes_format(parameters: list[tuple[str, str]], separator: str) -> None:
    text = separator.join(
        ["a/b", *(f"{name}={quote_unless_token(value)}" for name, value in parameters)]
    )
    expected = [(name.lower(), value) for name, value in parameters]
    assert split_parameters(text) == ("a/b", expected)
    assert split_list(f"{text}, x") == [text, "x"]


@given(wild_text())
def test_no_text_breaks_them(text: str) -> None:
    for element in split_list(text):
        assert element == element.strip(" \t") != ""
        split_parameters(element)
    unquote(text)


@given(latin_1_text())
def test_without_controls(text: str) -> None:
    assert without_controls(text) == "".join(c for c in text if c >= " " and c != "\x7f")


@pytest.mark.parametrize("element", ["a,", "*,", '"a",', ","])
def test_the_number_of_elements_is_bounded(element: str) -> None:
    """A field of half a megabyte would keep a thread busy for seconds."""
    assert len(split_list(element * (MAX_ELEMENTS - 1))) in {0, MAX_ELEMENTS - 1}
    with pytest.raises(MalformedFieldError, match=str(MAX_ELEMENTS)):
        split_list("a," * MAX_ELEMENTS + element)
    with pytest.raises(MalformedFieldError, match=str(MAX_ELEMENTS)):
        entity_tags("a," * MAX_ELEMENTS + '"a"')
