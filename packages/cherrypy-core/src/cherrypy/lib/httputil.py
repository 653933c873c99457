"""Helpers for HTTP that applications use; the rules themselves are pure functions elsewhere."""

from cherrypy._http.dates import HTTPDate
from cherrypy._http.elements import AcceptElement, HeaderElement, header_elements
from cherrypy._http.headers import HeaderMap, Host, SanitizedHost, decode_TEXT, decode_TEXT_maybe
from cherrypy._http.mappings import CaseInsensitiveDict, KeyTransformingDict
from cherrypy._http.ranges import get_ranges
from cherrypy._http.status import response_codes, valid_status
from cherrypy._http.targets import (
    parse_query_string,
    protocol_from_http,
    urljoin,
    urljoin_bytes,
)
from cherrypy._runtime.compat import ntob, ntou
from cherrypy._runtime.overriding import publish
from cherrypy.lib.headers import parse_header

__all__ = [
    "AcceptElement",
    "CaseInsensitiveDict",
    "HTTPDate",
    "HeaderElement",
    "HeaderMap",
    "Host",
    "KeyTransformingDict",
    "SanitizedHost",
    "decode_TEXT",
    "decode_TEXT_maybe",
    "get_ranges",
    "header_elements",
    "ntob",
    "ntou",
    "parse_header",
    "parse_query_string",
    "protocol_from_http",
    "response_codes",
    "urljoin",
    "urljoin_bytes",
    "valid_status",
]

publish(__name__)
