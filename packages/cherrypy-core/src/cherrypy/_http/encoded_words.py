"""Encoded words, by which a field carries text beyond Latin-1 (RFC 2047).

RFC 9110 no longer mentions them; CherryPy sends and reads them, and so do we.
"""

import binascii
import re
from base64 import b64encode

from cherrypy._http.charsets import is_charset
from cherrypy._http.fields import without_controls

_ENCODED_WORD = re.compile(r"=\?([^?=\s]++)\?([bBqQ])\?([^?]*+)\?=")


def decode_encoded_words(text: str) -> str:
    """Replace the encoded words in a field value by their text.

    Args:
        text: Field value as received, such as ``=?utf-8?b?4oKs?= 5``.

    Returns:
        The text. Whitespace between two encoded words is dropped. Control characters in an
        encoded word are dropped: they could not have been sent openly. A word in an unknown
        charset or with bytes that are not valid in it stays as it is.

    See: RFC 2047 sections 2 and 6.2.
    """
    decoded: list[str] = []
    position = 0
    for match in _ENCODED_WORD.finditer(text):
        word = _decode_word(*match.groups())
        if word is None:
            continue
        between = text[position : match.start()]
        if between and not (decoded and between.isspace()):
            decoded.append(between)
        decoded.append(word)
        position = match.end()
    return "".join(decoded) + text[position:] if decoded else text


def _decode_word(charset: str, encoding: str, encoded: str) -> str | None:
    """Return the text of one encoded word; None if it cannot be decoded."""
    charset = charset.partition("*")[0]  # a language may follow: RFC 2231 section 5
    if not is_charset(charset) or not encoded.isascii():
        return None
    try:
        if encoding in "bB":
            content = binascii.a2b_base64(encoded + "=" * (-len(encoded) % 4))
        else:
            content = binascii.a2b_qp(encoded, header=True)
        return without_controls(content.decode(charset))
    except ValueError:  # of which UnicodeDecodeError and binascii.Error are kinds
        return None


def format_encoded_word(text: str) -> str:
    """Write any text as one encoded word in UTF-8; lone surrogates become ``?``.

    It may be longer than the 75 characters of RFC 2047: a field value cannot be folded.

    See: RFC 2047 section 2.
    """
    return f"=?utf-8?b?{b64encode(text.encode('utf-8', 'replace')).decode('ascii')}?="
