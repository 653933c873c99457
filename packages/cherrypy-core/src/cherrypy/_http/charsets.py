"""Charsets that a client may name."""

from encodings.aliases import aliases

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
_ALIASES = {name: codec for name, codec in aliases.items() if codec not in _NO_CHARSETS}
_KNOWN = frozenset(_ALIASES) | frozenset(_ALIASES.values()) | frozenset(_WITHOUT_ALIAS)


def is_charset(name: str) -> bool:
    """Tell whether a charset that a client names may be looked up.

    The interpreter keeps every spelling of a codec's name that it was ever asked for, so a client
    that invents names, or ways to write them, would fill the memory. And some codecs, such as
    ``idna`` and ``unicode_escape``, are not charsets at all.

    Args:
        name: Name as received, for instance in a ``charset`` parameter (RFC 2046 section 4.1.2).
    """
    return name.lower().replace("-", "_") in _KNOWN
