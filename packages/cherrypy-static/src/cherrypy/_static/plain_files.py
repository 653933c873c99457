"""A file that is sent as it is: answers from the WSGI environ alone, for what most requests ask.

That is the whole file, or word that the client has it already. All else is left to
``cherrypy._static.serving``: ranges, other conditions, content codings, and everything that
goes wrong.
"""

import os
import stat
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cherrypy._static.media_types import media_type_of
from cherrypy._static.names import OutsideError
from cherrypy._static.representation import Representation, describe
from cherrypy._static.sources import OpenedFile

Answer = tuple[str, list[tuple[str, str]], Iterable[bytes]]
"""Status, field lines without server and date, and content."""


class PlainFile:
    """One file, by the name under which it is looked up anew for each request.

    Args:
        look: Gives its status without opening it; ``None`` or ``OSError`` if that does not tell.
        open_: Opens it and gives the descriptor.
        name: Its name.
        content_types: Media types by extension.
        cache_control: Value of that field; ``None`` for none.
    """

    __slots__ = ("_content_types", "_lines", "_look", "_name", "_open", "_seen")

    def __init__(
        self,
        look: Callable[[], os.stat_result | None],
        open_: Callable[[], int],
        name: str,
        content_types: Mapping[str, str] | None,
        cache_control: str | None,
    ) -> None:
        self._look = look
        self._open = open_
        self._name = name
        self._content_types = content_types
        self._seen: tuple[int, int, Representation] | None = None
        self._lines = [] if cache_control is None else [("Cache-Control", cache_control)]

    def answer(self, environ: Mapping[str, Any]) -> Answer | None:
        """Answer a GET of HTTP/1.1; ``None`` if it asks for more, or the file is no plain one."""
        try:
            if "HTTP_IF_NONE_MATCH" in environ or "HTTP_IF_MODIFIED_SINCE" in environ:
                return self._answer_current(environ)
            if (
                "HTTP_RANGE" in environ
                or "HTTP_IF_MATCH" in environ
                or "HTTP_IF_UNMODIFIED_SINCE" in environ
            ):
                return None
            descriptor = self._open()
        except (OSError, OutsideError, ValueError):
            return None
        file = OpenedFile(descriptor, os.fstat(descriptor))
        try:
            answer = self._answer_whole(file)
        except BaseException:
            file.close()
            raise
        if answer is None:
            file.close()
        return answer

    def _answer_current(self, environ: Mapping[str, Any]) -> Answer | None:
        """Answer 304, if the client asks for what it was given last, in the words it was given.

        PERF: what nearly all conditional requests are; no dates and no lists of entity tags are
        compared for them.
        """
        status = self._look()
        if status is None or not stat.S_ISREG(status.st_mode):
            return None
        known = self._describe(status)
        etag = known.etag
        if etag is None or not is_what_the_client_has(environ, known):
            return None
        return "304 Not Modified", [*self._lines, ("Etag", etag)], []

    def _describe(self, status: os.stat_result) -> Representation:
        """Make the validators of the file, or give those of the last request, if it is the same."""
        mtime_ns, size = status.st_mtime_ns, status.st_size
        seen = self._seen
        if seen is not None and seen[0] == mtime_ns and seen[1] == size:
            return seen[2]
        known = describe(status, time.time())
        if known.is_strong:
            self._seen = (mtime_ns, size, known)
        return known

    def _answer_whole(self, file: OpenedFile) -> Answer | None:
        """Answer with all of the open file; it is closed unless this returns ``None``."""
        if not stat.S_ISREG(file.status.st_mode):
            return None
        known = self._describe(file.status)
        media_type = media_type_of(self._name, self._content_types)
        if (
            known.etag is None
            or known.date is None
            or media_type.__class__ is not str
            or not (media_type.isascii() and media_type.isprintable())
        ):
            return None
        chunks = file.octets(0, file.length)
        # a file that has become shorter meanwhile is sent as far as it was read
        length = len(chunks[0]) if chunks.__class__ is list and chunks else file.length
        lines = [
            *self._lines,
            ("Content-Type", media_type),
            ("Etag", known.etag),
            ("Last-Modified", known.date),
            ("Accept-Ranges", "bytes"),
            ("Content-Length", str(length)),
        ]
        return "200 OK", lines, chunks


def is_what_the_client_has(environ: Mapping[str, Any], known: Representation) -> bool:
    """Tell whether a request has no condition but the validators that its client was given."""
    if "HTTP_IF_MATCH" in environ or "HTTP_IF_UNMODIFIED_SINCE" in environ:
        return False
    etag = environ.get("HTTP_IF_NONE_MATCH")
    if etag is not None:
        return bool(etag == known.etag)
    date = environ.get("HTTP_IF_MODIFIED_SINCE")
    return date is not None and bool(date == known.date)
