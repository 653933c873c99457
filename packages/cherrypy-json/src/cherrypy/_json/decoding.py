"""JSON text from outside to values: strictly, and within limits."""

import json
import math
import re
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import accumulate
from typing import Any

from cherrypy._json import fast

MAX_DIGITS = 4300
"""Digits of an integer, as many as Python reads by default: more would take quadratic time."""

SHOWN = 40
"""Characters of a name that an error message shows."""

# possessive, and with or without an end, so that no text takes more than linear time
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_BETWEEN_BRACKETS = ord("\\")  # lies between [ and ], so that one is +1 and the other -1

# only numbers as long as these can be infinite, or have more digits than allowed
_LONG_NUMBER = re.compile(r"[0-9]{200}|[0-9][eE]\+?[0-9]{3}")


class InvalidJSONError(ValueError):
    """Bytes are not a JSON text, or not one that is allowed; the message says why."""


Decode = Callable[[bytes], Any]


def make_decoder(max_depth: int, duplicate_names: str) -> Decode:
    """Return a function that decodes JSON text.

    It raises :class:`InvalidJSONError` for text that is not JSON (RFC 8259 without extensions:
    neither NaN nor a byte order mark), is not UTF-8, is nested too deeply, or has a number that
    Python cannot hold.

    Args:
        max_depth: How many arrays and objects may be inside of each other.
        duplicate_names: What to do where an object has a name twice: ``error``, or ``last`` to
            keep the last value (RFC 8259 section 4 leaves it open, and parsers differ, so that
            what one has checked is not what another one uses).

    Raises:
        ValueError: ``duplicate_names`` has another value.
    """
    if duplicate_names not in {"error", "last"}:
        raise ValueError(
            f"tools.json_in.duplicate_names = {duplicate_names!r}: expected one of 'error', 'last'"
        )
    unique = duplicate_names == "error"
    make = partial(
        json.JSONDecoder,
        parse_constant=_refuse_constant,
        object_pairs_hook=_unique_members if unique else None,
    )
    usual, careful = make(), make(parse_float=_finite, parse_int=_integer)

    def decode_by_json(content: bytes) -> object:
        try:
            text = content.decode("utf-8")
            if text.startswith("\ufeff"):
                raise InvalidJSONError("it begins with a byte order mark (RFC 8259 section 8.1)")
            return (careful if _LONG_NUMBER.search(text) else usual).decode(text)
        except UnicodeDecodeError as error:
            reason = f"it is not UTF-8 (RFC 8259 section 8.1), see byte {error.start}"
        except json.JSONDecodeError as error:
            reason = f"{error.msg} (line {error.lineno}, column {error.colno})"
        except RecursionError:
            reason = "it is nested too deeply"
        raise InvalidJSONError(reason)

    decode = fast.faster(decode_by_json, unique_names=unique)

    def decode_within_limits(content: bytes) -> object:
        # PERF: few documents have so many brackets that it takes a closer look
        if content.count(b"[") + content.count(b"{") > max_depth and depth(content) > max_depth:
            raise InvalidJSONError(f"it is nested more than {max_depth} levels deep")
        return decode(content)

    return decode_within_limits


def depth(content: bytes) -> int:
    """Return how deeply arrays and objects are nested in a JSON text."""
    brackets = _STRING.sub(b"", content).translate(_BRACKETS, _NO_BRACKETS)
    return max(accumulate(map(_BETWEEN_BRACKETS.__sub__, brackets)), default=0)


def _unique_members(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        counts = Counter(name for name, _ in members)
        twice = next(name for name in counts if counts[name] > 1)
        raise InvalidJSONError(f"an object has the name {twice[:SHOWN]!r} twice")
    return found


def _refuse_constant(name: str) -> float:
    raise InvalidJSONError(f"{name} is not a number in JSON (RFC 8259 section 6)")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise InvalidJSONError(f"the number {digits[:SHOWN]} is too large")
    return number


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_DIGITS:
        raise InvalidJSONError(f"a number has more than {MAX_DIGITS} digits")
    return int(digits)
