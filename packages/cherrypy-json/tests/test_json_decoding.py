"""JSON from outside: what is refused, and that it takes no more than linear time and memory."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cherrypy._json.decoding import MAX_DIGITS, InvalidJSONError, depth, make_decoder

decode = make_decoder(5, "error")


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"", "Expecting value (line 1, column 1)"),
        (b'{"a": 1 "b"}', "(line 1, column 9)"),
        (b"[1,\n2", "(line 2, column 2)"),
        (b"{'a': 1}", "(line 1, column 2)"),
        (b"[1] 2", "Extra data (line 1, column 5)"),
        (b'"a\nb"', "Invalid control character at"),
        (b"01", "Extra data"),
        (b"/* no */ 1", "Expecting value"),
        # RFC 8259 section 6
        (b"NaN", "NaN is not a number in JSON"),
        (b"[-Infinity]", "-Infinity is not a number in JSON"),
        # huge numbers
        (b"1e400", "the number 1e400 is too large"),
        (b"-1E+4000", "the number -1E+4000 is too large"),
        (b"9" * 400 + b".5", "is too large"),
        (b"1" * (MAX_DIGITS + 1), "a number has more than 4300 digits"),
        (b"[-" + b"1" * (MAX_DIGITS + 1) + b"]", "a number has more than 4300 digits"),
        # RFC 8259 section 4
        (b'{"a": 1, "b": 2, "a": 3}', "an object has the name 'a' twice"),
        (b'{"b": {"a": 1, "\\u0061": 1}}', "an object has the name 'a' twice"),
        (b'{"' + b"x" * 99 + b'": 1, "' + b"x" * 99 + b'": 1}', f"the name '{'x' * 40}' twice"),
        # RFC 8259 section 8.1
        ('"\u00e9"'.encode("latin-1"), "it is not UTF-8 (RFC 8259 section 8.1), see byte 1"),
        ('{"a": 1}'.encode("utf-16"), "it is not UTF-8"),
        ('{"a": 1}'.encode("utf-16-le"), "Expecting property name"),
        ('{"a": 1}'.encode("utf-32-be"), "Expecting value"),
        (b"\xef\xbb\xbf{}", "it begins with a byte order mark"),
        (b'"\xed\xa0\x80"', "it is not UTF-8"),
        # nesting
        (b"[" * 6 + b"]" * 6, "it is nested more than 5 levels deep"),
        (b'{"a":' * 6 + b"1" + b"}" * 6, "it is nested more than 5 levels deep"),
        (b"[" * 100_000, "it is nested more than 5 levels deep"),
    ],
)
def test_what_is_refused(octets: bytes, reason: str) -> None:
    with pytest.raises(InvalidJSONError) as caught:
        decode(octets)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        (b" null\n", None),
        (b'{"": []}', {"": []}),
        (b"[" * 5 + b"]" * 5, [[[[[]]]]]),
        (b'["[[[[[[", "\\"[[[[[["]', ["[[[[[[", '"[[[[[[']),
        (b"[[],[],[],[],[],[],[]]", [[]] * 7),
        (b"-0.0", 0.0),
        (b"1" * MAX_DIGITS, int("1" * MAX_DIGITS)),
        (b"1e-999", 0.0),
        (b"1" * 300, int("1" * 300)),
        (b"12345678901234567890123", 12345678901234567890123),
        (b"1.5e300", 1.5e300),
        (b'{"a": {"a": 1}, "b": {"a": 1}}', {"a": {"a": 1}, "b": {"a": 1}}),
        ('"\u00e9\U0001f600"'.encode(), "\u00e9\U0001f600"),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
    ],
)
def test_what_is_decoded(octets: bytes, value: Any) -> None:
    assert decode(octets) == value


def test_the_last_of_equal_names_counts_if_asked_for() -> None:
    assert make_decoder(5, "last")(b'{"a": 1, "b": 2, "a": 3}') == {"a": 3, "b": 2}


def test_an_unknown_rule_for_equal_names_is_an_error() -> None:
    with pytest.raises(
        ValueError, match=r"duplicate_names = 'first': expected one of 'error', 'last'"
    ):
        make_decoder(5, "first")


def test_deeper_than_the_interpreter_goes_is_refused() -> None:
    with pytest.raises(InvalidJSONError, match="it is nested too deeply"):
        make_decoder(10**6, "error")(b"[" * 100_000 + b"]" * 100_000)


@pytest.mark.parametrize(
    "octets",
    [
        b'"' + b'\\"' * 500_000,
        b'"' * 1_000_001,
        b"\\" * 1_000_000,
        b'"\\' * 500_000,
        b"[" * 500_000 + b'"' + b"\\\\" * 250_000,
        b"[]" * 500_000,
    ],
)
def test_nesting_is_told_in_linear_time(octets: bytes) -> None:
    """A quadratic one would take hours, and the limit of the test far less."""
    assert depth(octets) >= 0


def _depth_of(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth_of, value), default=0)
    return 0


@given(
    st.recursive(
        st.text('[]{}"\\é,'),
        lambda inner: st.lists(inner) | st.dictionaries(st.text('[]{}"\\', max_size=3), inner),
    )
)
def test_nesting_is_that_of_the_value(value: Any) -> None:
    assert depth(json.dumps(value).encode()) == _depth_of(value)


@given(st.binary())
def test_nothing_else_is_ever_raised(octets: bytes) -> None:
    with suppress(InvalidJSONError):
        decode(octets)
