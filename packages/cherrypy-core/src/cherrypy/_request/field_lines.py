"""Field lines inside a body: the headers of a part, and trailers (RFC 2046 section 5.1)."""

import re
from collections.abc import Iterable

from cherrypy._http.fields import is_token
from cherrypy._http.headers import HeaderMap
from cherrypy._runtime.errors import HTTPError

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def parse_field_lines(lines: Iterable[bytes]) -> HeaderMap:
    """Make a map of field lines.

    Args:
        lines: As received, with or without their line ends. A line that begins with a blank
            continues the one before. Octets are UTF-8 (RFC 7578 section 5.1), or else Latin-1.

    Returns:
        Values by name. Those of a repeated field are joined by commas.

    Raises:
        HTTPError: 400 for a line that is no field line, for a control character in it, and for a
            repeated field that says what the content is: nobody could tell which one counts.

    See: RFC 9110 section 5.2, RFC 9112 section 5.2.
    """
    fields: dict[str, str] = {}
    name = ""
    for line in lines:
        text = _decode(line).rstrip("\r\n")
        if _CONTROL.search(text):
            raise HTTPError(400, "There is a control character in a header field of the body.")
        if text[:1] in (" ", "\t") and name:
            fields[name] = f"{fields[name]} {text.strip()}"
            continue
        before, colon, after = text.partition(":")
        name, value = before.rstrip().title(), after.strip()
        if not colon or not is_token(name):
            raise HTTPError(400, "There is a malformed header field in the body.")
        if name not in fields:
            fields[name] = value
        elif name.startswith("Content-"):
            raise HTTPError(400, f"{name} is repeated in the body.")
        else:
            fields[name] = f"{fields[name]}, {value}"
    return HeaderMap.of_canonical(fields)


def _decode(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")
