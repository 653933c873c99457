"""Conditional requests: RFC 9110 sections 8.8 and 13."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cherrypy._http.conditions import (
    entity_tags as parse_entity_tags,
)
from cherrypy._http.conditions import (
    failed_precondition,
    if_match,
    if_modified_since,
    if_none_match,
    if_range,
    if_unmodified_since,
    is_weak,
)
from strategies import entity_tags, wild_text

CHANGED = 784111777
BEFORE, THEN, LATER = (f"Sun, 06 Nov 1994 08:49:{second} GMT" for second in (36, 37, 38))


@pytest.mark.parametrize(
    ("field", "etag", "matches"),
    [
        ('"a"', '"a"', True),
        ('"x", W/"a"', '"a"', True),  # weak comparison ignores W/
        ('"a"', 'W/"a"', True),
        ('"a,b"', '"a,b"', True),  # a comma inside the tag
        (r'"a\", "b"', '"b"', True),  # a backslash is no escape
        ('"a b", "c"', '"c"', True),  # a blank is not allowed, but met
        ('"x""a"', '"a"', True),  # no comma, which is not allowed either
        (" * ", '"a"', True),
        ("*", "", True),
        ("a, b", "b", True),  # applications that forget the quotes
        ('"A"', '"a"', False),
        ("", '"a"', False),
        ('"ab"', '"a"', False),
        ('"*"', '"a"', False),
        ('"a', '"a"', False),
        ('w/"a"', 'W/"b"', False),
    ],
)
def test_if_none_match(field: str, etag: str, *, matches: bool) -> None:
    """RFC 9110 section 13.1.2."""
    assert if_none_match(field, etag) is matches


@pytest.mark.parametrize(
    ("field", "etag", "matches"),
    [
        ('"a"', '"a"', True),
        ('"x" , "a"', '"a"', True),
        ("*", '"a"', True),
        ("*", 'W/"a"', True),
        ('W/"a"', 'W/"a"', False),  # strong comparison: a weak tag equals nothing
        ('W/"a"', '"a"', False),
        ('"a"', 'W/"a"', False),
        ('"b"', '"a"', False),
        ("", "", False),
    ],
)
def test_if_match(field: str, etag: str, *, matches: bool) -> None:
    """RFC 9110 section 13.1.1."""
    assert if_match(field, etag) is matches


@pytest.mark.parametrize(
    ("field", "modified"),
    [(BEFORE, True), (THEN, False), (LATER, False), ("yesterday", True), ("", True)],
)
@pytest.mark.parametrize("changed", [CHANGED, CHANGED + 0.9])
def test_if_modified_since(field: str, changed: float, *, modified: bool) -> None:
    """RFC 9110 section 13.1.3: what is no date is ignored."""
    assert if_modified_since(field, changed) is modified


@pytest.mark.parametrize(
    ("field", "unmodified"),
    [(BEFORE, False), (THEN, True), (LATER, True), ("yesterday", True), ("", True)],
)
@pytest.mark.parametrize("changed", [CHANGED, CHANGED + 0.9])
def test_if_unmodified_since(field: str, changed: float, *, unmodified: bool) -> None:
    """RFC 9110 section 13.1.4: what is no date is ignored."""
    assert if_unmodified_since(field, changed) is unmodified


@pytest.mark.parametrize(
    ("field", "etag", "changed", "follow"),
    [
        ('"a"', '"a"', CHANGED, True),
        (' "a" ', '"a"', None, True),
        ('"b"', '"a"', CHANGED, False),
        ('W/"a"', 'W/"a"', CHANGED, False),
        ('"a"', None, CHANGED, False),
        ("", "", CHANGED, False),
        (THEN, '"a"', CHANGED, True),
        (THEN, None, CHANGED + 0.5, True),
        (LATER, '"a"', CHANGED, False),  # exactly, not "since"
        (THEN, '"a"', None, False),
        ("yesterday", '"a"', CHANGED, False),
    ],
)
def test_if_range(field: str, etag: str | None, changed: float | None, *, follow: bool) -> None:
    """RFC 9110 section 13.1.5."""
    assert if_range(field, etag, changed) is follow


MATCH, OTHER = '"a"', '"b"'


@pytest.mark.parametrize(
    ("headers", "get", "put"),
    [
        ({}, None, None),
        ({"If-Match": MATCH}, None, None),
        ({"If-Match": OTHER}, 412, 412),
        ({"If-Match": MATCH, "If-Unmodified-Since": BEFORE}, None, None),  # only the first counts
        ({"If-Unmodified-Since": BEFORE}, 412, 412),
        ({"If-Unmodified-Since": THEN}, None, None),
        ({"If-None-Match": MATCH}, 304, 412),
        ({"If-None-Match": "*"}, 304, 412),
        ({"If-None-Match": OTHER}, None, None),
        ({"If-None-Match": OTHER, "If-Modified-Since": THEN}, None, None),  # only the first
        ({"If-Modified-Since": THEN}, 304, None),  # ignored but for GET and HEAD
        ({"If-Modified-Since": BEFORE}, None, None),
        ({"If-Match": OTHER, "If-None-Match": MATCH}, 412, 412),
        ({"If-Match": MATCH, "If-None-Match": MATCH}, 304, 412),
    ],
)
def test_order_of_evaluation(headers: dict[str, str], get: int | None, put: int | None) -> None:
    """RFC 9110 section 13.2.2."""
    for method, expected in (("GET", get), ("HEAD", get), ("PUT", put), ("DELETE", put)):
        assert failed_precondition(method, headers, MATCH, CHANGED) == expected


def test_without_validators() -> None:
    dates = {"If-Unmodified-Since": BEFORE, "If-Modified-Since": THEN}
    assert failed_precondition("GET", dates, None, None) is None
    assert failed_precondition("PUT", {"If-Match": MATCH}, None, None) == 412
    assert failed_precondition("PUT", {"If-Match": "*"}, None, None) is None
    assert failed_precondition("GET", {"If-None-Match": MATCH}, None, None) is None


@given(st.lists(entity_tags(), min_size=1))  # a tag may hold "\": it is not an escape
def test_every_listed_tag_matches(tags: list[str]) -> None:
    field = ", ".join(tags)
    assert parse_entity_tags(field) == tags
    for tag in tags:
        assert if_none_match(field, tag)
        assert if_match(field, tag) is not is_weak(tag)


@given(wild_text(), wild_text())
def test_no_text_breaks_them(field: str, etag: str) -> None:
    names = ("If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since")
    for name in names:
        assert failed_precondition("GET", {name: field}, etag, 0) in {None, 304, 412}
    if_range(field, etag, 0)
