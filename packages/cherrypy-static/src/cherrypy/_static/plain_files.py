"""What most requests for a file need: all of it, or the word that the client has it already."""

import os
import re
import stat
from collections.abc import Mapping
from io import FileIO
from typing import Any

from cherrypy._runtime.iterators import CHUNK_SIZE, FileContent
from cherrypy._runtime.messages import Request, Response
from cherrypy._runtime.state import made
from cherrypy._static.media_types import DEFAULT_TYPE, UNKNOWN, extension_of, type_of_extension
from cherrypy._static.names import OutsideError
from cherrypy._static.opening import Way
from cherrypy._static.representation import SETTLED_AFTER, settled_lines, settled_validators

HTTP_1_1 = (1, 1)
Lines = list[tuple[str, str]]
"""Header field lines."""

_KIND = 0o170000  # of a file; for ``stat.S_IFMT`` without a call
_KIND_AND_READERS = _KIND | stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
_READ_BY_ALL = stat.S_IFREG | stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
_SAFE = re.compile("[ -~]+")  # a field value that is sent as it is


class PlainFile:
    """A file that is likely to be asked for again by the same path.

    It is looked up anew for each request. What follows from its path is known, and its header
    fields are written without the map of a response. Whatever is rare is left to the ordinary way:
    ranges, other conditions, links, a file that has just changed, errors.

    Args:
        way: How to get at it.
        name: Its name.
        content_types: Media types by extension.
        cache_control: Value of Cache-Control; ``None`` for none.
    """

    __slots__ = ("_content_types", "_extension", "_lines", "_safe_type", "_way")

    def __init__(
        self,
        way: Way,
        name: str,
        content_types: Mapping[str, str] | None,
        cache_control: str | None,
    ) -> None:
        self._way = way
        self._extension = extension_of(name)
        self._content_types = content_types
        self._lines: Lines = [] if cache_control is None else [("Cache-Control", cache_control)]
        self._safe_type = UNKNOWN  # the last media type that was found to be safe to send

    def finish(self, request: Request, response: Response) -> bool:
        """Finish the response to a GET, where the response allows that (``may_finish``).

        Returns:
            Whether that is done. If it is not, nothing has happened.
        """
        environ = request.wsgi_environ
        if (
            made(request, "headers") is not None  # they may have been changed
            or request.protocol < HTTP_1_1
            or "HTTP_IF_MATCH" in environ
            or "HTTP_IF_UNMODIFIED_SINCE" in environ
        ):
            return False
        try:
            if "HTTP_IF_NONE_MATCH" in environ or "HTTP_IF_MODIFIED_SINCE" in environ:
                return self._finish_current(environ, response)
            return "HTTP_RANGE" not in environ and self._finish_whole(response)
        except (OSError, OutsideError, ValueError):  # the ordinary way finds out the reason
            return False

    def _finish_current(self, environ: Mapping[str, Any], response: Response) -> bool:
        """Answer 304 if the client repeats the words that it was given last.

        A file that everybody may read is not opened for that.
        """
        look = self._way.look
        if look is None:
            return False
        status = look()
        if (
            status.st_mode & _KIND_AND_READERS != _READ_BY_ALL
            or response.time - status.st_mtime < SETTLED_AFTER
        ):
            return False
        known = settled_validators(status.st_mtime_ns, status.st_size)
        is_current: bool
        if "HTTP_IF_NONE_MATCH" in environ:
            is_current = environ["HTTP_IF_NONE_MATCH"] == known.etag
        else:
            is_current = environ["HTTP_IF_MODIFIED_SINCE"] == known.date
        if is_current:
            response.finish_with("304 Not Modified", [*self._lines, ("Etag", known.etag)], [])
        return is_current

    def _finish_whole(self, response: Response) -> bool:
        """Answer with the whole file."""
        media_type = type_of_extension(self._extension, self._content_types) or (
            UNKNOWN if response.content_type == DEFAULT_TYPE else ""
        )
        if media_type is not self._safe_type:
            if media_type.__class__ is not str or not _SAFE.fullmatch(media_type):
                return False
            self._safe_type = media_type
        descriptor = self._way.open()
        try:
            status = os.fstat(descriptor)
            size = status.st_size
            if (
                status.st_mode & _KIND != stat.S_IFREG
                or response.time - status.st_mtime < SETTLED_AFTER
            ):
                return False
            chunks: Any
            if size > CHUNK_SIZE:
                chunks = FileContent(FileIO(descriptor), size, is_raw=True, is_whole=True)
                descriptor = -1
            else:
                content = os.read(descriptor, size)
                if len(content) != size:  # it is being changed
                    return False
                chunks = [content] if content else []
        finally:
            if descriptor >= 0:
                os.close(descriptor)
        shared = settled_lines(status.st_mtime_ns, size)
        lines = [*self._lines, ("Content-Type", media_type), *shared]
        response.finish_with("200 OK", lines, chunks)
        return True
