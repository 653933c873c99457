"""Values to JSON, as octets."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from cherrypy._json.values import Value, plain, representable

_encoder = json.JSONEncoder(default=plain, allow_nan=False)


def encode(value: Value) -> bytes:
    """Return a value as JSON text in ASCII, which is UTF-8 as well (RFC 8259 section 8.1).

    The octets are those of ``json.dumps``, for all that it takes but NaN and infinity.

    Args:
        value: What :mod:`json` knows, and what :func:`~cherrypy._json.values.plain` makes known.

    Raises:
        TypeError: It has something that nothing stands for.
        ValueError: It contains itself.
    """
    try:
        text = _encoder.encode(value)
    except (TypeError, ValueError) as error:
        # NaN, infinity or unusual keys: rare, and only a walk through all of it finds them
        try:
            text = _encoder.encode(representable(value))
        except RecursionError:
            raise error from None
    return text.encode("ascii")


class ArrayStream:
    """The items of an iterator as a JSON array, each encoded when it is asked for.

    Args:
        items: What the handler returned; it is closed at the end.
        encode: Encodes one item.
    """

    def __init__(self, items: Iterable[Value], encode: Any) -> None:
        self._items = items
        self._iterator = iter(items)
        self._encode = encode
        self._before = b"["

    def __iter__(self) -> Iterator[bytes]:
        """Return itself."""
        return self

    def __next__(self) -> bytes:
        """Return the next item, with what separates it from the one before."""
        if not self._before:
            raise StopIteration
        for item in self._iterator:
            chunk: bytes = self._before + self._encode(item)
            self._before = b", "
            return chunk
        end = b"[]" if self._before == b"[" else b"]"
        self._before = b""
        return end

    def close(self) -> None:
        """Close what the items come from."""
        close = getattr(self._items, "close", None)
        if close is not None:
            close()
