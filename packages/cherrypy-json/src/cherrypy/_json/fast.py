"""The same octets and values as :mod:`json` gives, by msgspec where it is installed (``[fast]``).

Whatever msgspec does in another way is noticed, and left to the functions it stands in for. So the
results are the same in any case; only the time differs.

msgspec and not orjson, since it can write the blanks that :mod:`json` writes, and reads numbers of
any size. Both are about as fast.
"""

import re
from collections.abc import Callable
from importlib import import_module
from json.encoder import encode_basestring_ascii
from typing import Any

from cherrypy._json import encoding
from cherrypy._json.values import Value, exact


def _find_msgspec() -> Any:
    try:
        return import_module("msgspec")
    except ImportError:  # the extra is not installed
        return None


msgspec = _find_msgspec()

Encode = Callable[[Value], bytes]
Decode = Callable[[bytes], Any]

# Where numbers may be written otherwise than by repr(): 1e16 for 1e+16, 0.00001 for 1e-05. Text
# that looks like them is encoded once more, which costs time and nothing else.
# PERF: a pattern that begins with one octet is found with memchr; 1 us in place of 7 for 1 kB
_EXPONENT = re.compile(rb'e(?<=[0-9]e)-?[0-9]{1,3}(?:[],}]|":|\Z)')
_SMALL = b"0.0000"


def _make_encode() -> Encode:
    compact = msgspec.json.Encoder(enc_hook=exact).encode

    def encode(value: Value) -> bytes:
        """Return a value as JSON text, see :func:`cherrypy._json.encoding.encode`."""
        try:
            octets: bytes = msgspec.json.format(compact(value), indent=0)
        except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
            return encoding.encode(value)
        if _SMALL in octets or _EXPONENT.search(octets):
            return encoding.encode(value)
        if octets.isascii() and b"\x7f" not in octets:
            return octets
        # quotes and backslashes are escaped twice by that, which is taken back
        text = encode_basestring_ascii(octets.decode())[1:-1]
        return text.replace('\\"', '"').replace("\\\\", "\\").encode("ascii")

    return encode


encode: Encode = encoding.encode if msgspec is None else _make_encode()


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

    def decode_fast(octets: bytes) -> Any:
        try:
            value = decoder.decode(octets)
            if not unique_names:
                return value
            # what is encoded again as it came can have no name twice
            again = compact(value)
            if again == octets or again == msgspec.json.format(octets, indent=-1):
                return value
        except (ValueError, RecursionError, msgspec.MsgspecError):
            pass  # the other one says what is wrong, if anything is
        return decode(octets)

    return decode_fast
