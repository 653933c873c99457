"""The public module of helpers: its names are those of the rules."""

import inspect

import pytest

from cherrypy._http import headers, ranges, status, targets
from cherrypy.lib import httputil


def test_the_very_same_objects() -> None:
    assert httputil.HeaderMap is headers.HeaderMap
    assert httputil.response_codes is status.response_codes
    assert httputil.get_ranges is ranges.get_ranges
    assert httputil.urljoin is targets.urljoin


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("parse_query_string", ["query_string", "keep_blank_values", "encoding"]),
        ("valid_status", ["status"]),
        ("get_ranges", ["headervalue", "content_length"]),
        ("header_elements", ["fieldname", "fieldvalue"]),
        ("HTTPDate", ["timeval", "localtime"]),
        ("urljoin", ["atoms"]),
        ("urljoin_bytes", ["atoms"]),
        ("protocol_from_http", ["protocol_str"]),
        ("decode_TEXT", ["value"]),
        ("decode_TEXT_maybe", ["value"]),
        ("Host", ["ip", "port", "name"]),
        ("HeaderElement", ["value", "params"]),
        ("AcceptElement", ["value", "params"]),
        ("SanitizedHost", ["raw"]),
    ],
)
def test_signatures(name: str, parameters: list[str]) -> None:
    found = inspect.signature(getattr(httputil, name)).parameters.values()
    assert [one.name for one in found if one.kind is not one.KEYWORD_ONLY] == parameters


def test_every_public_name_is_there() -> None:
    assert all(hasattr(httputil, name) for name in httputil.__all__)
