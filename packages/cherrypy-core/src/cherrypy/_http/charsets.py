"""Charsets that a client may name."""

from encodings.aliases import aliases

WEB_CHARSETS = (
    *("utf-8", "utf8", "utf-16", "utf-16le", "utf-16be", "us-ascii", "ascii", "latin1"),
    *(f"iso-8859-{part}" for part in (*range(1, 12), *range(13, 17))),
    *(f"windows-{page}" for page in range(1250, 1259)),
    *("koi8-r", "koi8-u", "ibm866", "macintosh", "tis-620"),
    *("big5", "gb2312", "gbk", "gb18030", "euc-jp", "shift_jis", "euc-kr"),
)
"""Charsets that a text on the web may have, in lower case, by the names that browsers know.

They are those of the WHATWG Encoding Standard, section 4.2, as far as Python has them. What lets
ASCII bytes mean other characters is left out, as text could turn into markup: utf-7, the
ISO-2022 family, hz, EBCDIC.
"""

# Modules of the standard library that are charsets, but that no alias leads to.
_WITHOUT_ALIAS = ("cp720", "cp737", "cp874", "koi8_t", "koi8_u")
# ... and those that turn bytes into bytes, or text into text.
_NO_CHARSETS = (
    "base64_codec",
    "bz2_codec",
    "hex_codec",
    "quopri_codec",
    "rot_13",
    "uu_codec",
    "zlib_codec",
)
ALIASES = {name: codec for name, codec in aliases.items() if codec not in _NO_CHARSETS}
"""Codecs of the interpreter by their other names, in lower case and with underscores."""
_KNOWN = frozenset(ALIASES) | frozenset(ALIASES.values()) | frozenset(_WITHOUT_ALIAS)


def is_charset(name: str) -> bool:
    """Tell whether a charset that a client names may be looked up.

    The interpreter keeps every spelling of a codec's name that it was ever asked for, so a client
    that invents names, or ways to write them, would fill the memory. And some codecs, such as
    ``idna`` and ``unicode_escape``, are not charsets at all.

    Args:
        name: Name as received, for instance in a ``charset`` parameter (RFC 2046 section 4.1.2).
    """
    return name.lower().replace("-", "_") in _KNOWN
