"""The same bytes and values as from :mod:`json`, by msgspec where it is installed (``[fast]``).

What msgspec does in another way is noticed, and left to the functions that it stands in for. So the
results are always the same; only the time differs.

It is msgspec rather than orjson since it can write the blanks that :mod:`json` writes, and reads
numbers of any size. Both are about as fast.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING, Any

from cherrypy._json import encoding
from cherrypy._json.encoding import Encode
from cherrypy._json.values import exact

if TYPE_CHECKING:  # for type checkers it is always there
    import msgspec
else:
    msgspec = None
    with suppress(ImportError):  # neither of the extras is installed
        msgspec = import_module("msgspec")

__all__ = ["Decode", "encode", "faster", "msgspec"]

Decode = Callable[[bytes], Any]

# Where numbers may be written otherwise than by repr(): 1e16 for 1e+16, 0.00001 for 1e-05. Text
# that looks like them is encoded once more, which costs time and nothing else.
# PERF: a pattern that begins with one byte is found with memchr; 1 us in place of 7 for 1 kB
_EXPONENT = re.compile(rb'e(?<=[0-9]e)-?[0-9]{1,3}(?:[],}]|":|\Z)')
_SMALL = b"0.0000"


def _make_encode() -> Encode:
    compact = msgspec.json.Encoder(enc_hook=exact).encode

    def encode(value: object) -> bytes:
        """Return a value as JSON text, see :func:`cherrypy._json.encoding.encode`."""
        try:
            text: bytes = msgspec.json.format(compact(value), indent=0)
        except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
            return encoding.encode(value)
        if _SMALL in text or _EXPONENT.search(text):
            return encoding.encode(value)
        if text.isascii() and b"\x7f" not in text:
            return text
        # quotes and backslashes are escaped twice by that, which is taken back
        escaped = encode_basestring_ascii(text.decode())[1:-1]
        return escaped.replace('\\"', '"').replace("\\\\", "\\").encode("ascii")

    return encode


encode = encoding.encode if msgspec is None else _make_encode()  # type: ignore[redundant-expr]  # as above


def faster(decode: Decode, *, unique_names: bool) -> Decode:
    """Return a decoder that gives what another one gives, sooner if msgspec is there.

    Args:
        decode: Decides what is valid, and says what is not.
        unique_names: Whether it refuses objects that have a name twice.
    """
    if msgspec is None:
        return decode
    decoder = msgspec.json.Decoder()
    compact = msgspec.json.Encoder().encode

    def decode_fast(text: bytes) -> object:
        try:
            value = decoder.decode(text)
            if not unique_names:
                return value
            # what is encoded again as it came cannot have a name twice
            again = compact(value)
            if again == text or again == msgspec.json.format(text, indent=-1):
                return value
        except (ValueError, RecursionError, msgspec.MsgspecError):
            pass  # the other one says what is wrong, if anything is
        return decode(text)

    return decode_fast
