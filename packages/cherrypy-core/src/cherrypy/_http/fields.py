"""Syntax shared by field values: tokens, quoted strings, lists, parameters (RFC 9110 section 5.6).

Every function here reads its input once, from left to right: the patterns use possessive
quantifiers, so that no input makes them try again.
"""

import re

from cherrypy._http.errors import MalformedFieldError

TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # noqa: S105 - not a password
"""Pattern of a token, RFC 9110 section 5.6.2."""

WHITESPACE = " \t"
"""Characters that may stand around the parts of a field value, RFC 9110 section 5.6.3."""

MAX_ELEMENTS = 1000
"""How many elements the list in a field may have."""

CONTROLS = dict.fromkeys([*range(0x20), 0x7F])
"""Translation that deletes every control character."""

_TOKEN = re.compile(TOKEN)
_QUOTED = r'"(?:[^"\\]++|\\.)*+"?+'
_LIST_ELEMENT = re.compile(rf'(?:[^",]++|{_QUOTED})++', re.DOTALL)
_PARAMETER = re.compile(rf'(?:[^";]++|{_QUOTED})++', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])')
_QVALUE = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+")
_TO_ESCAPE = re.compile(r'["\\]')


def is_token(text: str) -> bool:
    """Tell whether a text is a token, such as a field name or a method.

    See: RFC 9110 section 5.6.2.
    """
    return _TOKEN.fullmatch(text) is not None


def split_list(field: str) -> list[str]:
    """Split a field value at the commas that are outside quoted strings.

    Args:
        field: Field value as received, such as ``a, "b, c";d=1``.

    Returns:
        The elements, without whitespace around them. Empty elements are left out. A quoted
        string that does not end reaches to the end of the field.

    Raises:
        MalformedFieldError: There are more than :data:`MAX_ELEMENTS`, empty ones included: a
            client would keep a thread busy for seconds with one field.

    See: RFC 9110 sections 5.6.1 and 17.5.
    """
    elements = _LIST_ELEMENT.findall(field) if '"' in field else field.split(",")
    check_count(elements)
    return [stripped for element in elements if (stripped := element.strip(WHITESPACE))]


def check_count(elements: list[str]) -> None:
    """Refuse a list in a field that is too long to be meant.

    Raises:
        MalformedFieldError: There are more than :data:`MAX_ELEMENTS` elements.
    """
    if len(elements) > MAX_ELEMENTS:
        raise MalformedFieldError(f"A list in a header field has more than {MAX_ELEMENTS} elements")


def split_parameters(element: str) -> tuple[str, list[tuple[str, str]]]:
    """Split a list element into its value and its parameters.

    Args:
        element: Such as ``text/html; charset="utf-8"``.

    Returns:
        The value and pairs of a name in lower case and an unquoted value, in their order.
        Pieces without ``=`` are left out.

    See: RFC 9110 section 5.6.6.
    """
    if ";" not in element:
        return element.strip(), []
    # the blank makes an empty value one that the pattern finds
    pieces = _PARAMETER.findall(" " + element) if '"' in element else element.split(";")
    parameters = []
    for piece in pieces[1:]:
        name, equals, value = piece.partition("=")
        if equals:
            parameters.append((name.strip().lower(), unquote(value.strip())))
    return pieces[0].strip(), parameters


def parse_qvalue(text: str) -> float:
    """Read a weight.

    Args:
        text: Decimal number. More than three digits are tolerated; more than 1 counts as 1.

    Raises:
        MalformedFieldError: It is not a decimal number.

    See: RFC 9110 section 12.4.2.
    """
    if not _QVALUE.fullmatch(text):
        raise MalformedFieldError(f"weight {text!r}: expected a number from 0 to 1, as in q=0.5")
    return min(float(text), 1.0)


def unquote(text: str) -> str:
    r"""Return the text of a quoted string; any other text as it is.

    Only ``\"`` and ``\\`` are taken for quoted pairs: old browsers send file names such as
    ``"C:\song.ogg"``, in which the backslash is meant.

    See: RFC 9110 section 5.6.4.
    """
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
        return _ESCAPED.sub(r"\1", text) if "\\" in text else text
    return text


def quote(text: str) -> str:
    """Write a text as a quoted string; the inverse of :func:`unquote`.

    See: RFC 9110 section 5.6.4.
    """
    return '"' + _TO_ESCAPE.sub(r"\\\g<0>", text) + '"'


def quote_unless_token(text: str) -> str:
    """Write a parameter value: as it is if it is a token, else as a quoted string.

    See: RFC 9110 section 5.6.6.
    """
    return text if is_token(text) else quote(text)


def without_controls(text: str) -> str:
    """Return a text without its control characters, CR, LF, NUL and tab included."""
    return text if text.isprintable() else text.translate(CONTROLS)
