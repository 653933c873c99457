"""Cookie and Set-Cookie (RFC 6265)."""

import re
import time
from http.cookies import BaseCookie, CookieError, Morsel, SimpleCookie
from typing import Any
from urllib.parse import quote

from cherrypy._http.dates import HTTPDate
from cherrypy._http.fields import WHITESPACE

_OCTAL_OR_ESCAPED = re.compile(r"\\(?:([0-3][0-7][0-7])|(.))", re.DOTALL)
_PLAIN_VALUE = re.compile(r"[!#$%&'*+\-.^_`|~:0-9A-Za-z]+")
_NOT_IN_NAME = re.compile(r"[^!#$%&'*+\-.^_`|~:0-9A-Za-z]+")
_NOT_IN_ATTRIBUTE = re.compile(r"[\x00-\x1f\x7f;]+")
_NOT_IN_CODED_VALUE = re.compile(r"[\x00-\x1f\x7f-\U0010ffff;]+")
MAX_PAIRS = 1000
"""How many pairs of a Cookie field are read; browsers keep fewer than 200 for a site."""

_ASCII = "".join(map(chr, range(0x20, 0x7F)))

# The attributes in the order of upstream's lines, that of their names.
_ATTRIBUTES = (
    ("comment", "Comment"),
    ("domain", "Domain"),
    ("expires", "expires"),
    ("httponly", "HttpOnly"),
    ("max-age", "Max-Age"),
    ("partitioned", "Partitioned"),
    ("path", "Path"),
    ("samesite", "SameSite"),
    ("secure", "Secure"),
    ("version", "Version"),
)
_FLAGS = frozenset({"httponly", "partitioned", "secure"})
_LEGACY = frozenset({"$version", "$path", "$domain", "$port"})


class ParsedCookie(SimpleCookie):
    """The cookies of a request.

    Attributes:
        skipped: Names of the pairs that were left out, each as it was received.
    """

    def __init__(self) -> None:
        super().__init__()
        self.skipped: list[str] = []


def parse_cookie(field: str) -> ParsedCookie:
    r"""Read a Cookie field; a malformed pair harms nothing else.

    Args:
        field: Field value as a WSGI string, such as ``name="V\303\244in\303\266"; id=5``.

    Returns:
        Cookies by name. Bytes beyond ASCII, openly or as ``\ooo`` in a quoted value, are read as
        UTF-8 if they are UTF-8, else as Latin-1. A pair without ``=``, or with a name that is
        malformed or reserved (``path``, ``secure``, ...), is left out and told in ``skipped``. Of
        equal names the last one counts. A semicolon always ends a pair, quoted or not. Only the
        first :data:`MAX_PAIRS` pairs are read.

    See: RFC 6265 sections 4.2.1 and 5.4.
    """
    cookies = ParsedCookie()
    for pair in field.split(";", MAX_PAIRS)[:MAX_PAIRS]:
        name, equals, coded = (part.strip(WHITESPACE) for part in pair.partition("="))
        if not name and not equals:
            continue
        if name.lower() in _LEGACY:  # RFC 2965: they tell how to read the cookies beside them
            continue
        if not equals or not _store(cookies, name, coded):
            cookies.skipped.append(name)
    return cookies


def _store(cookies: ParsedCookie, name: str, coded: str) -> bool:
    """Store a cookie, and tell whether http.cookies has a place for its name and value."""
    morsel: Morsel[str] = Morsel()
    try:
        morsel.set(name, _decode_value(coded), coded)
        cookies[name] = morsel
    except CookieError:
        return False
    return True


def _decode_value(coded: str) -> str:
    """Return what a value in a Cookie field means."""
    if len(coded) > 1 and coded[0] == coded[-1] == '"':
        coded = _OCTAL_OR_ESCAPED.sub(_unescape, coded[1:-1])
    if coded.isascii():
        return coded
    try:
        return coded.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return coded


def _unescape(match: re.Match[str]) -> str:
    octal, character = match.groups()
    return chr(int(octal, 8)) if octal else character


def _encode_value(value: str) -> str:
    """Write a value that is beyond ASCII so that :func:`parse_cookie` finds it again.

    Latin-1 text is written in Latin-1, as SimpleCookie has it, unless that could be read as UTF-8.
    """
    try:
        value.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return _quoted(value)
    except UnicodeEncodeError:
        pass
    return _quoted(value.encode("utf-8", "replace").decode("latin-1"))


def set_cookie_values(cookie: BaseCookie[Any]) -> list[str]:
    r"""Write the values of the Set-Cookie fields that set cookies.

    Args:
        cookie: Cookies by name; ``expires`` may be a number of seconds from now, or a text.

    Returns:
        One value for each cookie, by name, in ASCII: non-ASCII text in a value is written as
        ``\ooo``, in an attribute as ``%XX``. Control characters and semicolons that would end a
        field or an attribute are left out.

    See: RFC 6265 section 4.1.
    """
    return [format_set_cookie(morsel) for _, morsel in sorted(cookie.items())]


def format_set_cookie(morsel: Morsel[Any]) -> str:
    """Write the value of the Set-Cookie field that sets one cookie.

    Args:
        morsel: The cookie with its attributes.

    Raises:
        ValueError: ``expires`` leads beyond the year 9999.

    See: :func:`set_cookie_values`.
    """
    name = _NOT_IN_NAME.sub("", str(morsel.key))
    return f"{name}={_coded_value(morsel)}{_format_attributes(morsel)}"


def _format_attributes(morsel: Morsel[Any]) -> str:
    """Write the attributes of a cookie, each after a semicolon."""
    parts = [""]
    for name, label in _ATTRIBUTES:
        value = morsel.get(name)
        if value is None or value == "":  # PERF: as most of them are
            continue
        if name in _FLAGS:
            if value:
                parts.append(label)
        elif value.__class__ is str and _PLAIN_VALUE.fullmatch(value):  # PERF: as most are
            parts.append(f"{label}={value}")
        else:
            parts.append(f"{label}={_attribute(name, value)}")
    return "; ".join(parts)


class CookieTemplate:
    """Cookies that are set many times, and differ in their values alone.

    Args:
        name: Name of the cookies.
        attributes: Their attributes, as a ``Morsel`` has them; ``expires`` as text.
    """

    def __init__(self, name: str, attributes: dict[str, Any]) -> None:
        self.name = name
        self._attributes = attributes
        self._written = _format_attributes(self.cookie(""))

    def cookie(self, value: str) -> Morsel[str]:
        """Return a cookie with a value."""
        morsel: Morsel[str] = Morsel()
        morsel.set(self.name, value, _quoted(value))
        morsel.update(self._attributes)
        return morsel

    def field_value(self, value: str) -> str:
        """Return the value of the Set-Cookie field that sets a cookie with a value."""
        if _PLAIN_VALUE.fullmatch(value):
            return f"{self.name}={value}{self._written}"
        return format_set_cookie(self.cookie(value))


def _coded_value(morsel: Morsel[Any]) -> str:
    """Return the coded value of a cookie in ASCII."""
    value, coded = morsel.value, str(morsel.coded_value)
    if value == coded and _PLAIN_VALUE.fullmatch(coded):  # PERF: as most are
        return coded
    # Applications that code values in their own way are left alone; SimpleCookie cannot do this.
    if isinstance(value, str) and not value.isascii() and coded in {value, _quoted(value)}:
        return _encode_value(value)
    return _NOT_IN_CODED_VALUE.sub("", coded)


def _quoted(value: str) -> str:
    """Return a value as SimpleCookie codes it: of Latin-1 text, in ASCII."""
    coded: str = SimpleCookie().value_encode(value)[1]
    return coded


def _attribute(name: str, value: object) -> str:
    """Return an attribute value that cannot end its attribute."""
    if isinstance(value, (int, float)):
        return HTTPDate(time.time() + value) if name == "expires" else str(int(value))
    text = _NOT_IN_ATTRIBUTE.sub("", str(value))
    if not text.isascii():
        text = quote(text, safe=_ASCII, errors="replace")
    return f'"{text}"' if name == "comment" and not _PLAIN_VALUE.fullmatch(text) else text
