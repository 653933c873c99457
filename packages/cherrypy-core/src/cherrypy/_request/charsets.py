"""Charsets of bodies: which one decodes."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from cherrypy._runtime.errors import HTTPError

T = TypeVar("T")


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
