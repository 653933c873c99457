"""Values to JSON text, by :mod:`json`."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from cherrypy._json.values import plain, representable
from cherrypy._runtime.iterators import close

Encode = Callable[[Any], bytes]

_encoder = json.JSONEncoder(default=plain, allow_nan=False)


def encode(value: object) -> bytes:
    """Return a value as JSON text in ASCII, which is UTF-8 as well (RFC 8259 section 8.1).

    The bytes are those of ``json.dumps``, for all that it takes but NaN and infinity.

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

    def __init__(self, items: Iterable[Any], encode: Encode) -> None:
        self._items = items
        self._chunks = self._encoded(encode)

    def _encoded(self, encode: Encode) -> Iterator[bytes]:
        before = b"["
        for item in self._items:
            yield before + encode(item)
            before = b", "
        yield b"[]" if before == b"[" else b"]"

    def __iter__(self) -> Iterator[bytes]:
        """Return itself."""
        return self

    def __next__(self) -> bytes:
        """Return the next item, with what separates it from the one before."""
        return next(self._chunks)

    def close(self) -> None:
        """Close what the items come from."""
        close(self._items)
