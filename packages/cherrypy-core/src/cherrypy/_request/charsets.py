"""Charsets of bodies: which a client may choose, and which one decodes."""

from collections.abc import Callable, Iterable
from encodings.aliases import aliases
from typing import TypeVar

from cherrypy._runtime.errors import HTTPError

T = TypeVar("T")

# Modules of the standard library that are charsets, but that no alias leads to.
_WITHOUT_ALIAS = ("cp720", "cp737", "cp874", "koi8_t", "koi8_u")
# ... and those that make octets of octets, or text of text.
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
    """Tell whether a charset that a client declares may be tried.

    The interpreter keeps every spelling of a codec's name that it was ever asked for, so a client
    who invents names, or ways to write them, would fill the memory. And some codecs, such as
    ``idna`` and ``unicode_escape``, are no charsets at all.

    Args:
        name: Value of a ``charset`` parameter (RFC 2046 section 4.1.2).
    """
    return name.lower().replace("-", "_") in _KNOWN


def first_that_decodes(charsets: Iterable[str], decode: Callable[[str], T]) -> tuple[str, T]:
    """Try charsets in turn.

    Args:
        charsets: Names, the preferred one first. Those that Python does not know fail.
        decode: Called with a charset; raises ``UnicodeError`` where that is the wrong one.

    Returns:
        The charset, and what ``decode`` made of it.

    Raises:
        HTTPError: 400, with the list of charsets, if none of them decodes.
    """
    attempted = list(charsets)
    for charset in attempted:
        try:
            return charset, decode(charset)
        except (LookupError, ValueError):  # no such codec, not in it, or no name of a codec
            continue
    raise HTTPError(
        400,
        "The request entity could not be decoded. The following charsets were attempted: "
        f"{attempted!r}",
    )
