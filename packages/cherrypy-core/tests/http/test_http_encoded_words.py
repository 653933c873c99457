"""Encoded words: RFC 2047."""

import encodings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cherrypy._http.encoded_words import decode_encoded_words, format_encoded_word
from strategies import wild_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("", ""),
        ("=?utf-8?b?4oKs?=", "€"),
        ("=?UTF-8?Q?=E2=82=AC_5?=", "€ 5"),
        ("=?iso-8859-1?q?=E9?=", "é"),
        ("=?utf-8*en?q?a?=", "a"),  # with a language, RFC 2231
        ("=?utf-8?b?YQ?=", "a"),  # without padding
        ("=?utf-8?q??=", ""),
        ("=?utf-8?q?a b?=", "a b"),  # not allowed, but sent
        ("a =?utf-8?q?b?= c", "a b c"),
        ("=?utf-8?q?b?=x", "bx"),
        ("=?utf-8?q?a?= \t=?utf-8?q?b?= c", "ab c"),  # no whitespace between encoded words
        ("=?utf-8?q?a?= x =?utf-8?q?b?=", "a x b"),
        ("é =?utf-8?q?b?=", "é b"),
    ],
)
def test_decode(text: str, expected: str) -> None:
    """RFC 2047 sections 2 and 6.2."""
    assert decode_encoded_words(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "=?bogus?q?a?=",
        "=?utf-8?x?a?=",
        "=?utf-8?q?=FF?=",  # not UTF-8
        "=?utf-8?b?a?=",  # not base64
        "=?utf-8?q?é?=",
        "=?utf-16?b?4oKs?=",  # half a character
        "=?utf-8?q?a",
        "a=?b",
        "=??q?a?=",
        "=?rot13?q?abc?=",  # codecs that are no charsets
        "=?unicode_escape?q?=5Cz?=",
        "=?idna?q?a?=",
        "=?undefined?q?a?=",
    ],
)
def test_what_cannot_be_decoded_stays(text: str) -> None:
    assert decode_encoded_words(text) == text
    assert decode_encoded_words(f"{text} =?utf-8?q?b?=") == f"{text} b"


def test_no_control_character_comes_in_by_an_encoded_word() -> None:
    assert decode_encoded_words("=?utf-8?q?x=0D=0Aa:_b=00?=") == "xa: b"


def test_unknown_charsets_are_not_remembered() -> None:
    """The interpreter keeps each name that it was asked for: clients must not choose them."""
    decode_encoded_words("=?charset-of-a-stranger?q?a?=")
    known = getattr(encodings, "_cache", {})
    assert not [name for name in known if "stranger" in name]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_decode_undoes_format(text: str) -> None:
    assert decode_encoded_words(format_encoded_word(text)) == text


def test_lone_surrogates_are_replaced() -> None:
    assert decode_encoded_words(format_encoded_word("\udcffa")) == "?a"


@given(wild_text())
def test_no_text_breaks_it(text: str) -> None:
    decode_encoded_words(text)
