"""The head of a request as octets: request line, field lines, framing. Strict, and without I/O.

Two recipients that understand one message differently are how requests are smuggled past a proxy.
Whatever RFC 9112 does not allow is therefore refused, also where it says that it may be repaired.
"""

import re
from dataclasses import dataclass
from typing import NoReturn

from cherrypy._http.fields import TOKEN

MAX_FIELD_LINES = 200
"""Field lines that one request may have; a browser sends about 15."""

_TOKEN = TOKEN.encode()
_REQUEST_LINE = re.compile(rb"(%b) ([\x21-\x7E]+) HTTP/([0-9])\.([0-9])" % _TOKEN)
_FIELD_LINE = re.compile(rb"(?m)^(%b):([\t\x20-\x7E\x80-\xFF]*)\r\n" % _TOKEN)  # RFC 9112 s.5
_METHOD = re.compile(_TOKEN)
_VERSION = re.compile(rb"HTTP/[0-9]\.[0-9]")
_DIGITS = re.compile(rb"[0-9]{1,18}")
# RFC 3986 s.3.2.2, less sub-delims ("'", "," and so on): no name of a host has them, and what a
# client says here ends up in links
_HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|(?:[0-9A-Za-z._~\-]|%[0-9A-Fa-f]{2})*)(?::[0-9]{0,5})?")
_ABSOLUTE = re.compile(rb"[Hh][Tt][Tt][Pp][Ss]?://([^/?]*)([^?]*)(.*)")
_ONE_ONLY = frozenset({b"Host", b"Content-Length"})


class RequestRefusedError(ValueError):
    """A request that the server answers itself, and whose connection it closes.

    Attributes:
        status: Status code of the answer.
        reason: What is wrong with it, for the client.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes to (RFC 9112 section 3.2); ``authority`` only in absolute-form."""

    path: bytes
    query: bytes
    authority: bytes = b""


@dataclass(frozen=True, slots=True)
class RequestHead:
    """The checked head of one request.

    ``fields`` has names in title case. Lines of one name are joined in order, by commas, and by
    semicolons for ``Cookie``. ``length`` is ``None`` if the content is chunked, else its octets.
    """

    method: bytes
    uri: bytes
    target: Target
    minor_version: int
    fields: dict[bytes, bytes]
    length: int | None
    is_persistent: bool
    expects_continue: bool


def parse_head(head: bytes) -> RequestHead:
    """Read the head of a request.

    Args:
        head: From the method to the empty line, which is included.

    Raises:
        RequestRefusedError: It is malformed, ambiguous, or asks for what the server does not do.

    See: RFC 9112 sections 2 to 6, RFC 9110 sections 7.2, 10.1.1 and 15.
    """
    line, _, block = head.partition(b"\r\n")
    method, uri, minor_version = parse_request_line(line)
    fields = parse_fields(block[:-2])
    target = parse_target(method, uri)
    _check_host(fields, target, minor_version)
    return RequestHead(
        method,
        uri,
        target,
        minor_version,
        fields,
        find_length(fields, minor_version),
        is_persistent(fields, minor_version),
        expects_continue(fields, minor_version),
    )


def parse_request_line(line: bytes) -> tuple[bytes, bytes, int]:
    """Split a request line into method, request target and minor version of HTTP/1.

    Raises:
        RequestRefusedError: 400, or 505 for another major version (RFC 9112 sections 3 and 2.3).
    """
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        bad_request(_line_fault(line))
    method, uri, major, minor = match.groups()
    if major != b"1":
        raise RequestRefusedError(505, "Cannot fulfill request")
    if method.upper() != method:
        bad_request("Malformed method name: methods are case-sensitive, and those known upper case")
    return method, uri, min(int(minor), 1)  # a later HTTP/1.x is served as HTTP/1.1


def parse_target(method: bytes, uri: bytes) -> Target:
    """Split a request target.

    Several slashes at the start of a path become one: ``//host`` in a link or a redirect would
    otherwise lead away from this server.

    Raises:
        RequestRefusedError: 400 for a form that the method does not allow; 501 for CONNECT.

    See: RFC 9112 section 3.2.
    """
    if method == b"CONNECT":
        raise RequestRefusedError(501, "This server is no proxy")
    if b"#" in uri:
        bad_request("Illegal #fragment in Request-URI.")
    if uri.startswith(b"/"):
        path, _, query = uri.partition(b"?")
        return Target(b"/" + path.lstrip(b"/"), query)
    if uri == b"*" and method == b"OPTIONS":
        return Target(b"*", b"")
    match = _ABSOLUTE.fullmatch(uri)
    if match is None or not match[1] or _HOST.fullmatch(match[1]) is None:
        bad_request(
            "Invalid path in Request-URI: request-target must contain origin-form which starts "
            'with absolute-path (URI starting with a slash "/").'
        )
    return Target(b"/" + match[2].lstrip(b"/"), match[3][1:], match[1])


def parse_fields(block: bytes) -> dict[bytes, bytes]:
    """Read field lines.

    Args:
        block: Lines that end in CRLF, without the empty one.

    Raises:
        RequestRefusedError: 400 for what is no field line, and for a second Host or
            Content-Length; 431 for more than ``MAX_FIELD_LINES`` lines.

    See: RFC 9112 section 5; RFC 9110 sections 5.2 and 5.5; RFC 6265 section 5.4.
    """
    lines: list[tuple[bytes, bytes]] = _FIELD_LINE.findall(block)
    count = block.count(b"\n")
    if len(lines) != count or block[-1:] not in {b"", b"\n"}:
        bad_request(_fault(block))
    if count > MAX_FIELD_LINES:
        raise RequestRefusedError(431, f"More than {MAX_FIELD_LINES} header fields")
    fields: dict[bytes, bytes] = {}
    for raw_name, raw_value in lines:
        name, value = raw_name.title(), raw_value.strip(b" \t")
        if name in fields:
            if name in _ONE_ONLY:
                bad_request(f"More than one {name.decode()} header")
            value = fields[name] + (b"; " if name == b"Cookie" else b", ") + value
        fields[name] = value
    return fields


def find_length(fields: dict[bytes, bytes], minor_version: int) -> int | None:
    """Work out how the content of a request is framed.

    Returns:
        Octets of the content, or ``None`` if it is chunked.

    Raises:
        RequestRefusedError: 400 for doubtful framing, 501 for an unknown transfer coding.

    See: RFC 9112 sections 6.1 to 6.3.
    """
    coding = fields.get(b"Transfer-Encoding")
    length = fields.get(b"Content-Length")
    if coding is None:
        return 0 if length is None else _parse_length(length)
    if length is not None:
        bad_request("Content-Length together with Transfer-Encoding")
    if minor_version == 0:
        bad_request("Transfer-Encoding in an HTTP/1.0 request")
    codings = [part.strip(b" \t").lower() for part in coding.split(b",")]
    if codings == [b"chunked"]:
        return None
    if codings[-1] != b"chunked" or codings.count(b"chunked") > 1:
        bad_request("Transfer-Encoding does not end in one chunked coding")
    raise RequestRefusedError(501, "The only known transfer coding is chunked")


def is_persistent(fields: dict[bytes, bytes], minor_version: int) -> bool:
    """Tell whether the client wants to send more on the connection (RFC 9112 section 9.3)."""
    field = fields.get(b"Connection")
    if field is None:
        return minor_version > 0
    options = [option.strip(b" \t") for option in field.lower().split(b",")]
    return b"close" not in options and (minor_version > 0 or b"keep-alive" in options)


def expects_continue(fields: dict[bytes, bytes], minor_version: int) -> bool:
    """Tell whether the client waits for 100 (Continue) before it sends the content.

    Raises:
        RequestRefusedError: 417 for another expectation (RFC 9110 section 10.1.1).
    """
    field = fields.get(b"Expect")
    if field is None or minor_version == 0:
        return False
    if field.lower() != b"100-continue":
        raise RequestRefusedError(417, "The only known one is 100-continue")
    return True


def is_content_free(method: bytes, status: bytes) -> bool:
    """Tell whether a response has no content whatever its fields say.

    Args:
        method: Method of the request.
        status: Status code, with or without a reason phrase.

    See: RFC 9112 section 6.3; for 205, RFC 9110 section 15.3.6.
    """
    return method == b"HEAD" or status[:1] == b"1" or status[:3] in {b"204", b"205", b"304"}


def bad_request(reason: str) -> NoReturn:
    """Refuse a request with 400 (Bad Request)."""
    raise RequestRefusedError(400, reason)


def _parse_length(field: bytes) -> int:
    if _DIGITS.fullmatch(field) is None:
        bad_request("Malformed Content-Length Header.")
    return int(field)


def _check_host(fields: dict[bytes, bytes], target: Target, minor_version: int) -> None:
    """Refuse a doubtful Host field; that of an absolute-form target replaces it.

    See: RFC 9112 sections 3.2 and 3.2.2.
    """
    host = fields.get(b"Host")
    if host is None:
        if minor_version > 0:
            bad_request("HTTP/1.1 requires a 'Host' request header.")
    elif _HOST.fullmatch(host) is None:
        bad_request("Malformed Host header")
    if target.authority:
        fields[b"Host"] = target.authority


# The texts below are those of CherryPy 18.10, which programs know.


def _line_fault(line: bytes) -> str:
    """Say what is wrong with a request line."""
    words = line.split(b" ")
    if len(words) < 3:
        return "Malformed Request-Line"
    if len(words) > 3 or not words[2].startswith(b"HTTP/"):
        return "Malformed Request-Line: bad protocol"
    if _VERSION.fullmatch(words[2]) is None:
        return "Malformed Request-Line: bad version"
    return "Malformed Request-URI" if _METHOD.fullmatch(words[0]) else "Malformed method name"


def _fault(block: bytes) -> str:
    """Say what is wrong with lines of which one is not a field line."""
    bare = block.replace(b"\r\n", b"")
    return "HTTP requires CRLF terminators" if b"\n" in bare else "Illegal header line."
