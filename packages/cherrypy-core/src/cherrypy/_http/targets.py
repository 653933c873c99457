"""Hosts, queries and the joining of URL paths (RFC 3986, RFC 9110 section 7.2)."""

import re
from typing import Any
from urllib.parse import quote, unquote_plus

from cherrypy._http.errors import MalformedTargetError, TooManyFieldsError

MAX_FIELDS = 10_000
"""How many fields a query may have, unless the caller says otherwise."""

_PROTOCOLS = {"HTTP/1.1": (1, 1), "HTTP/1.0": (1, 0), "HTTP/2": (2, 0), "HTTP/3": (3, 0)}
_PROTOCOL = re.compile(r"HTTP/([0-9])\.([0-9])", re.IGNORECASE)
_IMAGE_MAP = re.compile(r"([0-9]{1,9}),([0-9]{1,9})")
_SLASHES = re.compile(r"//+")
_SLASHES_BYTES = re.compile(rb"//+")
_HOST = re.compile(
    r"(\[[0-9A-Fa-f:.]+\]|\[v[0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+;=:]+\]"
    r"|(?:[A-Za-z0-9\-._~!$&'()*+;=]|%[0-9A-Fa-f]{2})*)(?::([0-9]{0,5}))?"
)
_MAX_PORT = 65535
_MAX_HOST = 255 + len(":65535")  # the longest domain name, and a port
_NO_URI_CHARACTER = re.compile(r"[^\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]")
_URI_CHARACTERS = "%:/?#[]@!$&'()*+,;="  # beside letters, digits and "-._~"


def parse_query_string(
    query_string: str,
    keep_blank_values: bool = True,
    encoding: str = "utf-8",
    *,
    max_fields: int | None = MAX_FIELDS,
) -> dict[str, Any]:
    """Read the fields of a query, or the coordinates of a click on an image map.

    Args:
        query_string: Such as ``a=1&b=2``. A semicolon separates as ``&`` does.
        keep_blank_values: Whether fields without a value count.
        encoding: Charset of the bytes that are written as ``%XX``.
        max_fields: Greatest number of fields; None for no limit.

    Returns:
        Values by name: ``str``, or a list of ``str`` if a name occurs more than once. For
        ``120,45`` the integers ``x`` and ``y``.

    Raises:
        UnicodeDecodeError: Bytes are not valid in ``encoding``.
        LookupError: ``encoding`` is not known.
        TooManyFieldsError: There are more than ``max_fields`` fields.

    See: WHATWG URL section 5.1 (application/x-www-form-urlencoded).
    """
    if "," in query_string and (image_map := _IMAGE_MAP.fullmatch(query_string)):
        return {"x": int(image_map[1]), "y": int(image_map[2])}
    query_string = query_string.replace(";", "&")
    if max_fields is not None and query_string.count("&") >= max_fields:
        raise TooManyFieldsError(f"The query has more than {max_fields} fields.")
    is_plain = "%" not in query_string and "+" not in query_string
    fields: dict[str, Any] = {}
    for pair in query_string.split("&"):
        raw_name, _, raw_value = pair.partition("=")
        if not pair or not (raw_value or keep_blank_values):
            continue
        # PERF: most names and many values have nothing to be decoded
        if is_plain:
            name, value = raw_name, raw_value
        else:
            name = unquote_plus(raw_name, encoding, "strict")
            value = unquote_plus(raw_value, encoding, "strict")
        if name not in fields:
            fields[name] = value
        else:
            add_value(fields, name, value)
    return fields


def add_value(fields: dict[str, Any], name: str, value: object) -> None:
    """Add a field to a query or form; several values of one name become a list."""
    if name not in fields:
        fields[name] = value
    elif isinstance(fields[name], list):
        fields[name].append(value)
    else:
        fields[name] = [fields[name], value]


def urljoin(*atoms: str | None) -> str:
    """Join parts of a URL path with one slash between each.

    Args:
        atoms: Parts, with or without slashes around them. Empty ones do not count.

    Returns:
        The path, in which runs of slashes have become one; ``/`` if there is nothing to join.
    """
    path = "/".join(filter(None, atoms)) or "/"
    return _SLASHES.sub("/", path) if "//" in path else path


def urljoin_bytes(*atoms: bytes | None) -> bytes:
    """Join parts of a URL path, given as bytes; see :func:`urljoin`."""
    return _SLASHES_BYTES.sub(b"/", b"/".join([atom for atom in atoms if atom])) or b"/"


def format_uri_reference(text: str) -> str:
    """Write text as a reference to a URI, as the field Location has it.

    Args:
        text: URL, absolute or relative, with any characters. A ``%`` stays as it is, so that
            nothing is percent-encoded twice.

    Returns:
        The URL in ASCII. Characters that a URI cannot have, such as blanks and ``<``, are
        percent-encoded; those beyond ASCII as UTF-8. Lone surrogates become ``?``.

    See: RFC 3986 section 2, RFC 3987 section 3.1.
    """
    if _NO_URI_CHARACTER.search(text) is None:
        return text
    return quote(text, safe=_URI_CHARACTERS, errors="replace")


def protocol_from_http(protocol_str: str) -> tuple[int, int]:
    """Return major and minor version of a protocol.

    Args:
        protocol_str: Such as ``HTTP/1.1``. Servers name the later ones ``HTTP/2``, ``HTTP/3``.

    Raises:
        MalformedTargetError: It is not a version of HTTP.

    See: RFC 9112 section 2.3.
    """
    known = _PROTOCOLS.get(protocol_str)
    if known:
        return known
    match = _PROTOCOL.fullmatch(protocol_str)
    if not match:
        raise MalformedTargetError(
            f"protocol version {protocol_str!r}: expected HTTP/ and two digits, as in HTTP/1.1"
        )
    return int(match[1]), int(match[2])


def parse_host(field: str) -> tuple[str, int | None]:
    """Read a Host field.

    Args:
        field: Such as ``example.org:8080`` or ``[::1]``.

    Returns:
        The host as received, brackets included, and the port; None without a port.

    Raises:
        MalformedTargetError: It is not a host with an optional port from 0 to 65535, or it is
            longer than any name. A comma is refused too: some servers join two Host fields by one.

    See: RFC 9110 section 7.2, RFC 3986 sections 3.2 and 3.2.2.
    """
    if len(field) > _MAX_HOST:
        raise MalformedTargetError(f"host: expected at most {_MAX_HOST} characters")
    match = _HOST.fullmatch(field)
    port = int(match[2]) if match and match[2] else None
    if match is None or (port or 0) > _MAX_PORT:
        raise MalformedTargetError(f"host {field!r}: expected a name or address, and a port")
    return match[1], port
