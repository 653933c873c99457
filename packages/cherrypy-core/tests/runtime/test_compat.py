"""Small helpers that applications still import."""

from __future__ import annotations

import pytest

from cherrypy._request.response import Response
from cherrypy._runtime.compat import ntob, ntou, text_or_bytes, tonative
from cherrypy._runtime.iterators import set_vary_header


def test_text_and_octets() -> None:
    assert ntob("é") == b"\xe9"
    assert ntob("é", "utf-8") == "é".encode()
    assert ntou("é") == "é"
    assert ntou(r"\u20ac x", "escape") == "€ x"
    assert tonative(b"\xe9") == tonative("é") == "é"
    assert tonative("é".encode(), "utf-8") == "é"
    assert isinstance("", text_or_bytes)
    assert isinstance(b"", text_or_bytes)
    for function in (ntob, ntou):
        with pytest.raises(TypeError, match="native str"):
            function(b"octets")  # type: ignore[arg-type]  # what is tested


@pytest.mark.parametrize(
    ("before", "name", "after"),
    [
        ("", "Accept", "Accept"),
        ("Accept", "Cookie", "Accept, Cookie"),
        ("Accept, Cookie", "cookie", "Accept, Cookie"),
        ("*", "Cookie", "*"),
    ],
)
def test_the_vary_field_grows(before: str, name: str, after: str) -> None:
    """RFC 9110 section 12.5.5."""
    response = Response()
    if before:
        response.headers["Vary"] = before
    set_vary_header(response, name)
    assert response.headers["Vary"] == after
