"""A file that is sent as it is: what most requests ask for, answered from the WSGI environ alone.

That is the whole file, or word that the client has it already. All else is left to
``cherrypy._static.answers``: ranges, other conditions, and whatever is rare.
"""

import os
import stat
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cherrypy._static.media_types import media_type_of
from cherrypy._static.names import OutsideError
from cherrypy._static.representation import describe
from cherrypy._static.sources import OpenedFile

Environ = Mapping[str, Any]
Lines = list[tuple[str, str]]
"""Header field lines."""
Answer = tuple[str, Lines, Iterable[bytes]]
"""Status, field lines without server and date, and content."""
Answerer = Callable[[Environ], Answer | None]
"""Answers a GET of HTTP/1.1 from its environ; ``None`` if it does not."""

_READABLE = stat.S_IFREG | stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
_READABLE_MASK = 0o170000 | stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH


def plain_answer(
    environ: Environ,
    file: OpenedFile,
    name: str,
    content_types: Mapping[str, str] | None,
    lines: Lines,
) -> Answer | None:
    """Answer a GET of HTTP/1.1 with a regular file that is open.

    Args:
        environ: WSGI environ.
        file: The file. It is closed, or will be with the content, unless there is no answer.
        name: Its name.
        content_types: Media types by extension.
        lines: Field lines to begin with.

    Returns:
        The answer; ``None`` if it is no plain one.
    """
    if is_conditional(environ):
        current = not_modified(environ, file.status, lines)
        if current is not None:
            file.close()
        return current
    return None if asks_for_more(environ) else _whole(file, name, content_types, lines)


def _whole(
    file: OpenedFile, name: str, content_types: Mapping[str, str] | None, lines: Lines
) -> Answer | None:
    """Answer with all octets of a file; it stays open if there is no answer."""
    known = describe(file.status, time.time())
    media_type = media_type_of(name, content_types)
    if (
        known.etag is None
        or known.date is None
        or media_type.__class__ is not str
        or not (media_type.isascii() and media_type.isprintable())
    ):
        return None
    chunks = file.octets(0, file.length)
    # a file that has become shorter meanwhile is sent as far as it was read
    length = file.length
    if chunks.__class__ is list:
        length = len(chunks[0]) if chunks else 0
    lines = [
        *lines,
        ("Content-Type", media_type),
        ("Etag", known.etag),
        ("Last-Modified", known.date),
        ("Accept-Ranges", "bytes"),
        ("Content-Length", str(length)),
    ]
    return "200 OK", lines, chunks


def not_modified(environ: Environ, status: os.stat_result, lines: Lines) -> Answer | None:
    """Answer 304, if the client asks for what it was given last, in the words it was given.

    PERF: what nearly all conditional requests are; no dates and no lists of entity tags are
    compared for them.
    """
    if "HTTP_IF_MATCH" in environ or "HTTP_IF_UNMODIFIED_SINCE" in environ:
        return None
    known = describe(status, time.time())
    etag = known.etag
    if etag is None:
        return None
    asked = environ.get("HTTP_IF_NONE_MATCH")
    if asked != etag if asked is not None else environ["HTTP_IF_MODIFIED_SINCE"] != known.date:
        return None
    return "304 Not Modified", [*lines, ("Etag", etag)], []


def is_conditional(environ: Environ) -> bool:
    """Tell whether a request says what the client has."""
    return "HTTP_IF_NONE_MATCH" in environ or "HTTP_IF_MODIFIED_SINCE" in environ


def asks_for_more(environ: Environ) -> bool:
    """Tell whether a request is for a part of a file, or has conditions of a rare kind."""
    return (
        "HTTP_RANGE" in environ
        or "HTTP_IF_MATCH" in environ
        or "HTTP_IF_UNMODIFIED_SINCE" in environ
    )


class FileShortcut:
    """Answers the next requests for a file that was sent plainly; it is looked up anew each time.

    Args:
        look: Gives its status without opening it; ``None`` or ``OSError`` if that does not tell.
        open_: Opens it and gives the descriptor.
        name: Its name.
        content_types: Media types by extension.
        lines: Field lines to begin with.
    """

    __slots__ = ("_content_types", "_lines", "_look", "_name", "_open")

    def __init__(
        self,
        look: Callable[[], os.stat_result | None],
        open_: Callable[[], int],
        name: str,
        content_types: Mapping[str, str] | None,
        lines: Lines,
    ) -> None:
        self._look = look
        self._open = open_
        self._name = name
        self._content_types = content_types
        self._lines = lines

    def answer(self, environ: Environ) -> Answer | None:
        """Answer a GET of HTTP/1.1; ``None`` leaves it to the whole way, with nothing open."""
        try:
            if is_conditional(environ):
                status = self._look()
                # whether a file may be read that not everybody may read shows when it is opened
                if status is None or status.st_mode & _READABLE_MASK != _READABLE:
                    return None
                return not_modified(environ, status, self._lines)
            if asks_for_more(environ):
                return None
            file = OpenedFile.of(self._open())
        except (OSError, OutsideError, ValueError):
            return None
        answer = None
        try:
            if stat.S_ISREG(file.status.st_mode):
                answer = _whole(file, self._name, self._content_types, self._lines)
        finally:
            if answer is None:
                file.close()
        return answer
