"""Bodies and the parts of them: what is in them, and how it becomes parameters."""

import contextlib
import io
import os
import re
from collections.abc import Callable, Iterator
from typing import Any, Self
from urllib.parse import unquote, unquote_to_bytes

from cherrypy._http.charsets import is_charset
from cherrypy._http.elements import HeaderElement
from cherrypy._http.headers import HeaderMap
from cherrypy._request.charsets import first_that_decodes
from cherrypy._request.multipart import (
    MAX_DEPTH,
    BoundaryReader,
    ContentReader,
    Limits,
    parse_boundary,
    read_field_lines,
)
from cherrypy._request.readers import BLOCK_SIZE
from cherrypy._runtime.errors import HTTPError
from cherrypy._runtime.state import lazy

_LENGTH = re.compile(r"[0-9]{1,18}")


class _QuietFile(io.FileIO):
    """A raw file that gives no warning when nobody refers to it any more."""

    def __del__(self) -> None:
        self.close()


class SpooledFile(io.BufferedRandom):
    """A temporary file that has no name, so that nothing is left of it once it is closed.

    It closes itself when nobody refers to it any more, and warns of nothing then: handlers need
    not close what was uploaded to them.
    """

    def __init__(self) -> None:
        # 18 ms (CPython 3.11) that most processes never need: only uploads do
        import tempfile

        with tempfile.TemporaryFile(buffering=0) as file:
            super().__init__(_QuietFile(os.dup(file.fileno()), "rb+"))

    def __del__(self) -> None:
        """Close the file; what could not be written any more is not wanted either."""
        with contextlib.suppress(OSError):
            self.close()


def process_urlencoded(entity: "Entity") -> None:
    """Read a body of form fields into ``entity.params``.

    Args:
        entity: A body, or a part, of ``application/x-www-form-urlencoded``. Its ``charset`` is set
            to the one that decodes all of it.

    Raises:
        HTTPError: 413 if there are more fields or octets than allowed, 400 if no charset fits.

    See: WHATWG URL section 5.1. A semicolon separates fields as ``&`` does.
    """
    octets = _read_fields(entity).replace(b";", b"&")
    most = entity.max_fields
    if most is not None and octets.count(b"&") >= most:
        raise HTTPError(413, f"The request body has more than {most} fields.")
    pairs = [pair.partition(b"=")[::2] for pair in octets.split(b"&") if pair]

    def decode(charset: str) -> list[tuple[str, str]]:
        return [
            (_decode_octets(name, charset), _decode_octets(value, charset)) for name, value in pairs
        ]

    entity.charset, fields = first_that_decodes(entity.attempt_charsets, decode)
    for name, value in fields:
        _add_param(entity.params, name, value)


def process_multipart(entity: "Entity") -> None:
    """Read a multipart body into ``entity.parts``, each of which is processed in turn.

    Args:
        entity: A body of ``multipart/...``, or a part that is one itself.

    Raises:
        HTTPError: 413 if there is more of something than allowed, 400 if the body is malformed or
            incomplete. The files of all parts are closed then.

    See: RFC 2046 section 5.1.
    """
    boundary = parse_boundary(str(entity.content_type.params.get("boundary", "")))
    if isinstance(entity, Part):
        reader = entity.content_reader.reader
    else:
        reader = BoundaryReader.by_blocks(entity.fp, Limits.of(entity))
    if reader.depth >= MAX_DEPTH:
        raise HTTPError(400, f"More than {MAX_DEPTH} multipart bodies are nested.")
    reader.depth += 1
    try:
        _read_parts(entity, reader, boundary)
        if isinstance(entity, Part):
            # what follows the inner parts, up to the boundary of this one
            reader.begin_part(entity.boundary)
            reader.skip_content()
        else:
            reader.skip_all()  # what follows the last part means nothing, but it has to come
    except BaseException:
        close_files(entity)
        raise
    reader.depth -= 1


def _read_parts(entity: "Entity", reader: BoundaryReader, boundary: bytes) -> None:
    if reader.is_empty():
        return
    reader.begin_part(boundary)
    reader.skip_content()  # what is before the first boundary means nothing
    while not reader.done:
        reader.count_part()
        reader.begin_part(boundary)
        part = entity.part_class.from_fp(reader, boundary)
        entity.parts.append(part)
        part.process()
        reader.skip_content()  # if it was not read, or not to its end


def process_multipart_form_data(entity: "Entity") -> None:
    """Read a multipart body whose parts are form fields and files into ``entity.params``.

    A part with a file name is a parameter itself; of the others, it is the decoded content. Parts
    without a name stay in ``entity.parts``.

    Args:
        entity: A body, or a part, of ``multipart/form-data``.

    Raises:
        HTTPError: As :func:`process_multipart`, and 400 if no charset fits a field.

    See: RFC 7578.
    """
    process_multipart(entity)
    parts, entity.parts = entity.parts, []
    try:
        for part in parts:
            if part.name is None:
                entity.parts.append(part)
            elif part.filename is not None or (part.file is None and part.value is None):
                _add_param(entity.params, part.name, part)
            else:
                _add_param(entity.params, part.name, part.fullvalue())
                close_files(part)
    except BaseException:
        for part in parts:
            close_files(part)
        raise


def close_files(entity: "Entity") -> None:
    """Close the temporary files of an entity and of all its parts."""
    if entity.file is not None:
        entity.file.close()
    for part in entity.parts:
        close_files(part)


class Entity:
    """A body, or a part of one, with the header fields that describe it (RFC 9110 section 6.4).

    The numbers that begin with ``max_`` are limits of what a form or a multipart body may hold.
    They act before anything is kept; what is beyond them is answered with 413. None is no limit.
    For all parts of a body, those of the body count.

    Args:
        fp: Where the octets are read from.
        headers: The header fields.
        params: Parameters that are known already.
        parts: Parts that are known already.
    """

    # Lists and dictionaries on the class are upstream's interface: applications change them to
    # change the default. Instances work on copies.

    attempt_charsets: list[str] = ["utf-8"]  # noqa: RUF012 - see above
    """Charsets that are tried, in this order. A charset that the client declares comes first."""

    charset: str | None = None
    """The charset that decoded the content; None before."""

    content_type: HeaderElement = None  # type: ignore[assignment]  # every instance has one
    """Media type, in ``value``, and its parameters, in ``params`` (RFC 9110 section 8.3)."""

    default_content_type: str = "application/x-www-form-urlencoded"
    """The content type of an entity without such a field."""

    filename: str | None = None
    """File name that the client gave (RFC 6266 section 4.3); not to be trusted as a path."""

    name: str | None = None
    """Name of the form field (RFC 7578 section 4.2)."""

    fp: Any = None
    """Where the octets are read from; has ``read``, and ``readline`` for parts."""

    file: Any = None
    """The content as a file, at its beginning; None if it was small or not read."""

    value: Any = None
    """The content as octets; None if it is in ``file`` or was not read."""

    headers: HeaderMap = None  # type: ignore[assignment]  # every instance has them
    """Header fields."""

    length: int | None = None
    """Octets that were announced; None if none were, or not as a number."""

    params: dict[str, Any] = None  # type: ignore[assignment]  # every instance has them
    """Parameters by name: text, a :class:`Part` for a file, or a list where a name is repeated."""

    parts: list["Part"] = None  # type: ignore[assignment]  # every instance has them
    """Parts of a multipart body; of ``multipart/form-data``, those without a name."""

    part_class: type["Part"]
    """Class of the parts of a multipart body. :class:`Part` or a subclass of it."""

    processors: dict[str, Callable[[Any], object]] = {  # noqa: RUF012 - see above
        "application/x-www-form-urlencoded": process_urlencoded,
        "multipart/form-data": process_multipart_form_data,
        "multipart": process_multipart,
    }
    """Functions that read an entity, by media type or by the first half of it."""

    max_parts: int | None = 1000
    """Parts of a multipart body, nested ones included."""

    max_files: int | None = 200
    """Parts that are written to a file; each one keeps a file descriptor."""

    max_fields: int | None = 10_000
    """Fields of a form."""

    max_fields_size: int | None = 10 * 1024 * 1024
    """Octets of all fields of a form; they are held in memory. Files do not count."""

    max_part_headers: int | None = 32
    """Header lines of one part."""

    max_part_header_size: int | None = 8192
    """Octets of all header lines of one part."""

    def __init__(
        self,
        fp: Any,
        headers: HeaderMap,
        params: dict[str, Any] | None = None,
        parts: list["Part"] | None = None,
    ) -> None:
        self.processors = self.processors.copy()
        self.fp = fp
        self.headers = headers
        self.params = {} if params is None else params
        self.parts = [] if parts is None else parts
        self.content_type = self._content_type()
        self.attempt_charsets = self._charsets()
        if "Transfer-Encoding" not in headers:  # which makes the length void, RFC 9112 section 6.3
            self.length = _parse_length(headers.get("Content-Length"))
        if "Content-Disposition" in headers:
            disposition = HeaderElement.from_str(headers["Content-Disposition"]).params
            self.name = disposition.get("name")
            self.filename = _parse_filename(disposition)

    def read(self, size: int | None = None, fp_out: Any = None) -> bytes | None:
        """Read octets.

        Args:
            size: How many at most; all there are if None.
            fp_out: Where to write them, in blocks; has ``write(octets)``.

        Returns:
            The octets; None if they went to ``fp_out``.
        """
        if fp_out is None:
            octets: bytes = self.fp.read() if size is None else self.fp.read(size)
            return octets
        left = -1 if size is None else size
        while left and (block := self.fp.read(BLOCK_SIZE if left < 0 else min(left, BLOCK_SIZE))):
            fp_out.write(block)
            left -= len(block) if left > 0 else 0
        return None

    def readline(self, size: int | None = None) -> bytes:
        """Read up to and with the next line feed, or up to ``size`` octets."""
        line: bytes = self.fp.readline() if size is None else self.fp.readline(size)
        return line

    def readlines(self, sizehint: int | None = None) -> list[bytes]:
        """Read lines, until they have ``sizehint`` octets together if it is given."""
        lines = []
        octets = 0
        while line := self.readline():
            lines.append(line)
            octets += len(line)
            if sizehint is not None and octets >= sizehint:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        """Iterate over the lines."""
        return self

    def __next__(self) -> bytes:
        """Return the next line."""
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def next(self) -> bytes:
        """Return the next line, as ``next(entity)`` does."""
        return self.__next__()

    def read_into_file(self, fp_out: Any = None) -> Any:
        """Read all octets into a file.

        Args:
            fp_out: File to write to; that of :meth:`make_file` if None.

        Returns:
            The file, at its end.
        """
        file = self.make_file() if fp_out is None else fp_out
        try:
            self.read(fp_out=file)
        except BaseException:
            if fp_out is None:
                file.close()
            raise
        return file

    def make_file(self) -> Any:
        """Open the file that content is written to; override it to choose where.

        Returns:
            A temporary file for octets, without a name, that is gone when it is closed.
        """
        return SpooledFile()

    def fullvalue(self) -> str:
        """Return the whole content as text, whether it is in memory or in a file.

        Raises:
            HTTPError: 400 if no charset fits.
        """
        if self.file is None:
            return self.decode_entity(b"" if self.value is None else self.value)
        self.file.seek(0)
        octets = self.file.read()
        self.file.seek(0)
        return self.decode_entity(octets)

    def decode_entity(self, value: bytes) -> str:
        """Decode octets by the first of ``attempt_charsets`` that fits, and note it in ``charset``.

        Raises:
            HTTPError: 400 if none does.
        """
        self.charset, text = first_that_decodes(self.attempt_charsets, value.decode)
        return text

    def process(self) -> None:
        """Call the processor for the content type; :meth:`default_proc` if there is none."""
        media_type = self.content_type.value
        lower = media_type.lower()
        for key in (media_type, lower, lower.partition("/")[0]):
            if key in self.processors:
                self.processors[key](self)
                return
        self.default_proc()

    def default_proc(self) -> None:
        """Process content that no processor is for: here, leave it unread for the handler."""

    def _content_type(self) -> HeaderElement:
        elements = self.headers.elements("Content-Type")
        return elements[0] if elements else HeaderElement.from_str(self.default_content_type)

    def _charsets(self) -> list[str]:
        declared = self.content_type.params.get("charset")
        if declared is None or not is_charset(declared):
            return list(self.attempt_charsets)
        return [declared, *(charset for charset in self.attempt_charsets if charset != declared)]


class Part(Entity):
    """A part of a multipart body (RFC 2046 section 5.1, RFC 7578 section 4).

    Its octets are read when it is processed: into ``file`` if it has a file name or is large, else
    into ``value``.

    Args:
        fp: Where the octets of the whole multipart body are read from.
        headers: The header fields of the part.
        boundary: What the line after the part begins with, the two hyphens included.
    """

    attempt_charsets: list[str] = ["us-ascii", "utf-8"]  # noqa: RUF012 - as in Entity
    default_content_type: str = "text/plain"

    boundary: bytes = None  # type: ignore[assignment]  # every instance has one
    """What the line after the part begins with."""

    maxrambytes: int = 1000
    """Octets up to which content without a file name stays in memory."""

    def __init__(self, fp: Any, headers: HeaderMap, boundary: bytes) -> None:
        super().__init__(fp, headers)
        self.boundary = boundary
        self.file = None
        self.value = None

    @lazy
    def content_reader(self) -> ContentReader:
        """The octets of this part alone; ``fp`` has those of all parts."""
        if isinstance(self.fp, BoundaryReader):
            return ContentReader(self.fp)
        reader = BoundaryReader.by_lines(self.fp, Limits.of(self))
        reader.begin_part(self.boundary)
        return ContentReader(reader)

    @classmethod
    def from_fp(cls, fp: Any, boundary: bytes) -> Self:
        """Make an instance of what is read from ``fp``: header fields, then content.

        Args:
            fp: A file, after the boundary before the part; has ``readline(size)``.
            boundary: What the line after the part begins with.
        """
        return cls(fp, cls.read_headers(fp), boundary)

    @classmethod
    def read_headers(cls, fp: Any) -> HeaderMap:
        """Read the header fields of a part, and the empty line after them.

        Args:
            fp: Where to read; has ``readline(size)``.

        Raises:
            HTTPError: 413 if there are too many, 400 if one is malformed.
        """
        limits = fp.limits if isinstance(fp, BoundaryReader) else Limits.of(cls)
        return read_field_lines(fp, limits)

    def read(self, size: int | None = None, fp_out: Any = None) -> bytes | None:
        """Read octets of this part, see :meth:`Entity.read`."""
        return self.content_reader.read(size, fp_out)

    def readline(self, size: int | None = None) -> bytes:
        """Read a line of this part, see :meth:`Entity.readline`."""
        return self.content_reader.readline(size)

    def read_lines_to_boundary(self, fp_out: Any = None) -> Any:
        """Read the content of the part and the line with the boundary after it.

        Args:
            fp_out: File to write to. If None, content of more than ``maxrambytes`` octets is
                written, as it comes, to the file of :meth:`make_file`.

        Returns:
            The file, at its beginning, or octets if the content is in none.

        Raises:
            HTTPError: 413 for too many files or too large fields, 400 if the body ends before.
        """
        reader = self.content_reader.reader
        is_field = self.name is not None and self.filename is None
        file = fp_out
        held: list[bytes] = []
        size = 0
        try:
            for block in self.content_reader.blocks():
                size += len(block)
                if is_field:
                    reader.count_field_octets(len(block))
                if file is None and size > self.maxrambytes:
                    reader.count_file()
                    file = self.make_file()
                    for held_block in held:
                        file.write(held_block)
                    held.clear()
                if file is None:
                    held.append(block)
                else:
                    file.write(block)
        except BaseException:
            if file is not None and fp_out is None:
                file.close()
            raise
        if reader.done and reader is not self.fp and hasattr(self.fp, "finish"):
            self.fp.finish()
        if file is None:
            return b"".join(held)
        file.seek(0)
        return file

    def read_into_file(self, fp_out: Any = None) -> Any:
        """Read the content of the part into a file.

        Args:
            fp_out: File to write to; that of :meth:`make_file` if None.

        Returns:
            The file, at its beginning.
        """
        if fp_out is not None:
            self.read_lines_to_boundary(fp_out=fp_out)
            return fp_out
        self.content_reader.reader.count_file()
        file = self.make_file()
        try:
            self.read_lines_to_boundary(fp_out=file)
        except BaseException:
            file.close()
            raise
        return file

    def default_proc(self) -> None:
        """Read the content: into ``file`` if the part has a file name, else by its size."""
        if self.filename:
            self.file = self.read_into_file()
            return
        if self.name is not None:
            self.content_reader.reader.count_field()
        content = self.read_lines_to_boundary()
        if isinstance(content, bytes):
            self.value = content
        else:
            self.file = content


Entity.part_class = Part


def _read_fields(entity: Entity) -> bytes:
    """Read all octets of an entity that is a form.

    Raises:
        HTTPError: 413 if there are more than allowed.
    """
    most = entity.max_fields_size
    octets = b""
    if most is None or (entity.length or 0) <= most:
        octets = entity.read(None if most is None else most + 1) or b""
        if most is None or len(octets) <= most:
            return octets
    raise HTTPError(413, f"The request body has more than {most} octets in its fields.")


def _decode_octets(octets: bytes, charset: str) -> str:
    return unquote_to_bytes(octets.replace(b"+", b" ")).decode(charset)


def _add_param(params: dict[str, Any], name: str, value: object) -> None:
    """Add a parameter; values of the same name become a list."""
    if name not in params:
        params[name] = value
    elif isinstance(params[name], list):
        params[name].append(value)
    else:
        params[name] = [params[name], value]


def _parse_length(field: str | None) -> int | None:
    """Return what a Content-Length field says, None if that is no number of octets."""
    return int(field) if field and _LENGTH.fullmatch(field.strip()) else None


def _parse_filename(parameters: dict[str, str]) -> str | None:
    """Return the file name that a Content-Disposition field gives (RFC 6266 section 4.3)."""
    extended = parameters.get("filename*")
    if extended is not None:
        charset, _, rest = extended.partition("'")
        _, quote, encoded = rest.partition("'")
        if quote and is_charset(charset):  # RFC 8187 section 3.2
            return unquote(encoded, charset, "replace")
    return parameters.get("filename", extended)
