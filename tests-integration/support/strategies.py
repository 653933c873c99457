"""Strategies of hypothesis for what HTTP is made of, for every suite."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

TOKEN_CHARACTERS = "!#$%&'*+-.^_`|~" + string.digits + string.ascii_letters
"""RFC 9110 section 5.6.2."""

SYNTAX_CHARACTERS = "\"\\,;=?*/()<>[]{}@: \t-_.%&+#$'aAqQ019zZ\x00\r\n\x7f\x80é\xff€\U0001f600"
"""What means something to one parser or another, and what ought to be in no field."""


def tokens() -> SearchStrategy[str]:
    """Give tokens (RFC 9110 section 5.6.2)."""
    return st.text(TOKEN_CHARACTERS, min_size=1, max_size=12)


def latin_1_text() -> SearchStrategy[str]:
    """Give WSGI strings: text that holds octets (PEP 3333)."""
    return st.text(st.characters(max_codepoint=0xFF), max_size=30)


def field_values() -> SearchStrategy[str]:
    """Give field values that are allowed, without whitespace around them (RFC 9110 section 5.5)."""
    allowed = [chr(octet) for octet in [0x09, *range(0x20, 0x7F), *range(0xA1, 0x100)]]
    return st.text(allowed, max_size=30).map(lambda value: value.strip(" \t"))


def wild_text() -> SearchStrategy[str]:
    """Give text that tries to break a parser."""
    return st.one_of(
        st.text(SYNTAX_CHARACTERS, max_size=40),
        st.text(max_size=20),
        st.lists(
            st.sampled_from(
                [
                    "=?",
                    "?=",
                    "utf-8",
                    "?q?",
                    "?b?",
                    "W/",
                    '"',
                    "\\",
                    ";q=",
                    "bytes=",
                    ", ",
                    "=",
                    "a",
                ]
            ),
            max_size=12,
        ).map("".join),
    )


def entity_tags() -> SearchStrategy[str]:
    """Give entity tags, strong and weak (RFC 9110 section 8.8.3)."""
    characters = [chr(octet) for octet in [0x21, *range(0x23, 0x7F), *range(0x80, 0x100)]]
    opaque = st.text(characters, max_size=12).map('"{}"'.format)
    return st.one_of(opaque, opaque.map("W/{}".format))


def timestamps() -> SearchStrategy[int]:
    """Give seconds since the epoch that an HTTP-date can tell: years 1 to 9999."""
    return st.integers(-62_135_596_800, 253_402_300_799)


def lengths() -> SearchStrategy[int]:
    """Give sizes of representations in octets."""
    return st.one_of(st.integers(0, 20), st.integers(0, 2**40))


def range_specs() -> SearchStrategy[str]:
    """Give single ranges, satisfiable or not, some of them the wrong way around."""
    positions = st.integers(0, 30).map(str)
    return st.one_of(
        st.tuples(positions, positions).map("-".join),
        positions.map("{}-".format),
        positions.map("-{}".format),
    )


def cookie_names() -> SearchStrategy[str]:
    """Give names that http.cookies has a place for."""
    attributes = {
        *("comment", "domain", "expires", "httponly", "max-age", "partitioned", "path"),
        *("samesite", "secure", "version"),
    }
    legacy = {"$version", "$path", "$domain", "$port"}
    return tokens().filter(lambda name: name.lower() not in attributes | legacy)


def cookie_values() -> SearchStrategy[str]:
    """Give values of cookies: any text that can be encoded, without control characters."""
    controls = [chr(octet) for octet in [*range(0x20), 0x7F]]
    return st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters=controls), max_size=20
    )
