"""Content negotiation: RFC 9110 section 12."""

import pytest
from hypothesis import given

from cherrypy._http.errors import MalformedFieldError
from cherrypy._http.negotiation import (
    content_coding_weight,
    media_type_weight,
    preferred,
    weights,
)
from strategies import wild_text

RFC_EXAMPLE = ", ".join(
    [
        *("text/*;q=0.3", "text/plain;q=0.7", "text/plain;format=flowed"),
        *("text/plain;format=fixed;q=0.4", "*/*;q=0.5"),
    ]
)


@pytest.mark.parametrize(
    ("field", "media_type", "weight"),
    [
        # RFC 9110 section 12.5.1, table 5
        (RFC_EXAMPLE, "text/plain;format=flowed", 1.0),
        (RFC_EXAMPLE, "text/plain", 0.7),
        (RFC_EXAMPLE, "text/html", 0.3),
        (RFC_EXAMPLE, "image/jpeg", 0.5),
        (RFC_EXAMPLE, "text/plain;format=fixed", 0.4),
        (RFC_EXAMPLE, "Text/Plain; Format=FIXED", 0.4),
        ("text/html;level=1", "text/html;level=1;charset=utf-8", 1.0),
        ("text/html", "text/html;charset=utf-8", 1.0),
        ("text/html;q=0, */*", "text/html", 0.0),
        ("text/html", "text/plain", 0.0),
        ("*;q=0.2", "a/b", 0.2),  # old Java clients
        ("", "a/b", 0.0),
    ],
)
def test_media_type_weight(field: str, media_type: str, weight: float) -> None:
    """The most specific range counts."""
    assert media_type_weight(field, media_type) == weight


@pytest.mark.parametrize(
    ("field", "coding", "weight"),
    [
        ("gzip", "gzip", 1.0),
        ("x-gzip;q=0.5", "gzip", 0.5),  # RFC 9110 section 8.4.1.3
        ("GZIP", "gzip", 1.0),
        ("gzip", "br", 0.0),
        ("gzip", "identity", 1.0),
        ("*;q=0.5", "br", 0.5),
        ("gzip;q=0, *", "gzip", 0.0),
        ("", "gzip", 0.0),
        ("", "identity", 1.0),
        ("identity;q=0", "identity", 0.0),
        ("*;q=0", "identity", 0.0),
        ("*;q=0, identity;q=0.5", "identity", 0.5),
    ],
)
def test_content_coding_weight(field: str, coding: str, weight: float) -> None:
    """RFC 9110 section 12.5.3."""
    assert content_coding_weight(field, coding) == weight


def test_weights() -> None:
    assert weights('Text/HTML;Level=1;q=0.5;ext="a,b", b') == [
        ("text/html", (("level", "1"),), 0.5),
        ("b", (), 1.0),
    ]


@pytest.mark.parametrize("weigh", [media_type_weight, content_coding_weight])
def test_a_malformed_weight_is_the_error_of_the_client(weigh: object) -> None:
    assert callable(weigh)
    with pytest.raises(MalformedFieldError):
        weigh("a;q=x", "a")


@pytest.mark.parametrize(
    ("field", "chosen"),
    [
        (None, "text/html"),  # no field: whatever the server likes best
        ("*/*", "text/html"),
        ("application/json", "application/json"),
        ("text/*;q=0.1, application/json;q=0.2", "application/json"),
        ("text/html;q=0, */*;q=0.1", "application/json"),
        ("image/png", None),
        ("*/*;q=0", None),
    ],
)
def test_preferred(field: str | None, chosen: str | None) -> None:
    assert preferred(field, ["text/html", "application/json"], media_type_weight) == chosen


@given(wild_text(), wild_text())
def test_no_field_raises_anything_else(field: str, offer: str) -> None:
    for weigh in (media_type_weight, content_coding_weight):
        try:
            weight = weigh(field, offer)
        except MalformedFieldError:
            continue
        assert 0.0 <= weight <= 1.0
