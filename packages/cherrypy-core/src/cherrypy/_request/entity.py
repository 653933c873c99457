"""Bodies and their parts: how their content is read, and becomes parameters."""

import contextlib
import io
import itertools
import os
import re
from collections.abc import Callable, Iterator
from typing import IO, Any, Self
from urllib.parse import unquote, unquote_to_bytes

from cherrypy._http.charsets import is_charset
from cherrypy._http.elements import HeaderElement
from cherrypy._http.headers import HeaderMap
from cherrypy._http.targets import add_value
from cherrypy._request.charsets import first_that_decodes
from cherrypy._request.multipart import (
    MAX_DEPTH,
    BoundaryReader,
    ContentReader,
    Limits,
    parse_boundary,
    read_field_lines,
)
from cherrypy._request.readers import BLOCK_SIZE, LineReader, LineSource, Sink, Source
from cherrypy._runtime.errors import HTTPError
from cherrypy._runtime.state import lazy

_LENGTH = re.compile(r"[0-9]{1,18}")
_SET_BY_INIT: Any = None  # as on upstream's classes; instances never have it


class _QuietFile(io.FileIO):
    """A raw file that does not warn when nothing refers to it any more."""

    def __del__(self) -> None:
        self.close()


class SpooledFile(io.BufferedRandom):
    """A temporary file without a name, so that nothing is left of it once it is closed.

    It closes itself when nothing refers to it any more, without a warning: handlers need not close
    uploaded files.
    """

    def __init__(self) -> None:
        # 18 ms (CPython 3.11) that most processes never need: only uploads do
        import tempfile

        with tempfile.TemporaryFile(buffering=0) as file:
            super().__init__(_QuietFile(os.dup(file.fileno()), "rb+"))

    def __del__(self) -> None:
        """Close the file; content that cannot be written any more is not wanted either."""
        with contextlib.suppress(OSError):
            self.close()


def process_urlencoded(entity: "Entity") -> None:
    """Read a body of form fields into ``entity.params``.

    Args:
        entity: A body, or a part, of ``application/x-www-form-urlencoded``. Its ``charset`` is set
            to the one that decodes all of it.

    Raises:
        HTTPError: 413 if there are more fields or bytes than allowed, 400 if no charset fits.

    See: WHATWG URL section 5.1. A semicolon separates fields as ``&`` does.
    """
    content = _read_fields(entity).replace(b";", b"&")
    most = entity.max_fields
    if most is not None and content.count(b"&") >= most:
        raise HTTPError(413, f"The request body has more than {most} fields.")
    pairs = [pair.partition(b"=")[::2] for pair in content.split(b"&") if pair]

    def decode(charset: str) -> list[tuple[str, str]]:
        return [(_decode(name, charset), _decode(value, charset)) for name, value in pairs]

    entity.charset, fields = first_that_decodes(entity.attempt_charsets, decode)
    for name, value in fields:
        add_value(entity.params, name, value)


def process_multipart(entity: "Entity") -> None:
    """Read a multipart body into ``entity.parts``, each of which is processed in turn.

    Args:
        entity: A body of ``multipart/...``, or a part that is one itself.

    Raises:
        HTTPError: 413 if a limit is exceeded, 400 if the body is malformed or
            incomplete. The files of all parts are closed then.

    See: RFC 2046 section 5.1.
    """
    announced: str = entity.content_type.params.get("boundary", "")
    boundary = parse_boundary(announced)
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
            # the rest after the inner parts, up to the boundary of this one
            reader.begin_part(entity.boundary)
            reader.skip_content()
        else:
            reader.skip_all()  # the rest after the last part means nothing, but it has to come
    except BaseException:
        close_files(entity)
        raise
    reader.depth -= 1


def _read_parts(entity: "Entity", reader: BoundaryReader, boundary: bytes) -> None:
    if reader.is_empty():
        return
    reader.begin_part(boundary)
    reader.skip_content()  # the text before the first boundary means nothing
    while not reader.done:
        reader.count("parts")
        reader.begin_part(boundary)
        part = entity.part_class.from_fp(reader, boundary)
        entity.parts.append(part)
        part.process()
        reader.skip_content()  # if it was not read, or not to its end


def process_multipart_form_data(entity: "Entity") -> None:
    """Read a multipart body whose parts are form fields and files into ``entity.params``.

    A part with a file name is itself the value of a parameter, any other part its decoded content.
    Parts without a name stay in ``entity.parts``.

    Args:
        entity: A body, or a part, of ``multipart/form-data``.

    Raises:
        HTTPError: As :func:`process_multipart`, and 400 if no charset fits a field.

    See: RFC 7578.
    """
    process_multipart(entity)
    parts = entity.parts
    _add_parts(entity, [part for part in parts if part.name is not None], closes=True)
    entity.parts = [part for part in parts if part.name is None]


def process_multipart_params(entity: "Entity") -> None:
    """Read a multipart body that is not a form, and make its parts parameters as well.

    They have the names of the parts; parts without a name are in the parameter ``parts``. All of
    them stay in ``entity.parts``.

    Args:
        entity: The body of a request of ``multipart/mixed`` or another subtype.

    Raises:
        HTTPError: As :func:`process_multipart`, and 400 if no charset fits a part.
    """
    process_multipart(entity)
    _add_parts(entity, entity.parts, closes=False)


def _add_parts(entity: "Entity", parts: list["Part"], *, closes: bool) -> None:
    """Make parts parameters of an entity: files as they are, others as text.

    Args:
        entity: The body.
        parts: Those of its parts.
        closes: Whether the parts that have become text are not needed any more.

    Raises:
        HTTPError: 400 if no charset fits one of them. All files are closed then.
    """
    try:
        for part in parts:
            name = "parts" if part.name is None else part.name
            is_read = part.file is not None or isinstance(part.value, bytes)
            if part.filename is not None or not is_read:
                add_value(entity.params, name, part)
            else:
                add_value(entity.params, name, part.fullvalue())
                if closes:
                    close_files(part)
    except BaseException:
        close_files(entity)
        raise


def close_files(entity: "Entity") -> None:
    """Close the temporary files of an entity and of all its parts."""
    file: IO[bytes] | None = entity.file
    if file is not None:
        file.close()
    for part in entity.parts:
        close_files(part)


class Entity(LineReader):
    """A body, or a part of one, with the header fields that describe it (RFC 9110 section 6.4).

    The numbers that begin with ``max_`` are limits of a form or a multipart body. They act before
    anything is kept, by an answer of 413. None is no limit. The limits of a body count for all of
    its parts.

    Args:
        fp: Source of the content.
        headers: The header fields.
        params: Parameters that are known already.
        parts: Parts that are known already.
    """

    __module__ = "cherrypy._cpreqbody"

    # Lists and dictionaries on the class are upstream's interface: applications change them to
    # change the default. Instances work on copies.

    attempt_charsets: list[str] = ["utf-8"]  # noqa: RUF012 - see above
    """Charsets that are tried, in this order. A charset that the client declares comes first."""

    charset: str | None = None
    """The charset that decoded the content; None before."""

    content_type: HeaderElement = _SET_BY_INIT
    """Media type, in ``value``, and its parameters, in ``params`` (RFC 9110 section 8.3)."""

    default_content_type: str = "application/x-www-form-urlencoded"
    """The content type of an entity without such a field."""

    filename: str | None = None
    """File name that the client gave (RFC 6266 section 4.3); not to be trusted as a path."""

    name: str | None = None
    """Name of the form field (RFC 7578 section 4.2)."""

    fp: Any = None
    """Source of the content; has ``read``, and ``readline`` for parts."""

    file: Any = None
    """The content as a file, at its beginning; None if it was small or not read."""

    value: Any = None
    """The content as bytes; None if it is in ``file`` or was not read."""

    headers: HeaderMap = _SET_BY_INIT
    """Header fields."""

    length: int | None = None
    """Number of bytes that was announced; None if it was not, or not as a number."""

    params: dict[str, Any] = _SET_BY_INIT
    """Parameters by name: text, a :class:`Part` for a file, or a list where a name is repeated."""

    parts: list["Part"] = _SET_BY_INIT
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
    """Bytes of all fields of a form; they are held in memory. Files do not count."""

    max_part_headers: int | None = 32
    """Header lines of one part."""

    max_part_header_size: int | None = 8192
    """Bytes of all header lines of one part."""

    def __init__(
        self,
        fp: object,
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
            field: str = headers["Content-Disposition"]
            disposition = HeaderElement.from_str(field).params
            self.name = disposition.get("name")
            self.filename = _parse_filename(disposition)

    def read(self, size: int | None = None, fp_out: Sink | None = None) -> bytes | None:
        """Read bytes.

        Args:
            size: How many at most; all if None.
            fp_out: Where to write them, in blocks; has ``write``.

        Returns:
            The bytes; None if they went to ``fp_out``.
        """
        source: Source = self.fp
        if fp_out is None:
            return source.read() if size is None else source.read(size)
        left = -1 if size is None else size
        while left and (block := source.read(BLOCK_SIZE if left < 0 else min(left, BLOCK_SIZE))):
            fp_out.write(block)
            left -= len(block) if left > 0 else 0
        return None

    def readline(self, size: int | None = None) -> bytes:
        """Read up to and with the next line feed, or up to ``size`` bytes."""
        source: Source = self.fp
        return source.readline() if size is None else source.readline(size)

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

    def read_into_file(self, fp_out: IO[bytes] | None = None) -> IO[bytes]:
        """Read all of the content into a file.

        Args:
            fp_out: File to write to; that of :meth:`make_file` if None.

        Returns:
            The file, at its end.
        """
        with self._writing(fp_out) as file:
            self.read(fp_out=file)
        return file

    @contextlib.contextmanager
    def _writing(self, fp_out: IO[bytes] | None) -> Iterator[IO[bytes]]:
        """Yield a file to write to, a new one if ``fp_out`` is None; close that one on errors."""
        file = self.make_file() if fp_out is None else fp_out
        try:
            yield file
        except BaseException:
            if fp_out is None:
                file.close()
            raise

    def make_file(self) -> IO[bytes]:
        """Open the file that content is written to; override it to choose where.

        Returns:
            A temporary file for bytes, without a name, that is gone when it is closed.
        """
        return SpooledFile()

    def fullvalue(self) -> str:
        """Return the whole content as text, whether it is in memory or in a file.

        Raises:
            HTTPError: 400 if no charset fits.
        """
        file: IO[bytes] | None = self.file
        if file is None:
            value: bytes | None = self.value
            return self.decode_entity(b"" if value is None else value)
        file.seek(0)
        content = file.read()
        file.seek(0)
        return self.decode_entity(content)

    def decode_entity(self, value: bytes) -> str:
        """Decode bytes by the first of ``attempt_charsets`` that fits, and note it in ``charset``.

        Raises:
            HTTPError: 400 if none of them fits.
        """
        self.charset, text = first_that_decodes(self.attempt_charsets, value.decode)
        return text

    def process(self) -> None:
        """Call the processor for the content type, else :meth:`default_proc`."""
        media_type = self.content_type.value
        lower = media_type.lower()
        for key in (media_type, lower, lower.partition("/")[0]):
            if key in self.processors:
                self.processors[key](self)
                return
        self.default_proc()

    def default_proc(self) -> None:
        """Process content of a type without a processor: here, leave it unread for the handler."""

    def _content_type(self) -> HeaderElement:
        elements = self.headers.elements("Content-Type")
        return elements[0] if elements else HeaderElement.from_str(self.default_content_type)

    def _charsets(self) -> list[str]:
        declared: str | None = self.content_type.params.get("charset")
        if declared is None or not is_charset(declared):
            return list(self.attempt_charsets)
        return [declared, *(charset for charset in self.attempt_charsets if charset != declared)]


class Part(Entity):
    """A part of a multipart body (RFC 2046 section 5.1, RFC 7578 section 4).

    Its content is read when it is processed: into ``file`` if it has a file name or is large, else
    into ``value``.

    Args:
        fp: Source of the whole multipart body.
        headers: The header fields of the part.
        boundary: Beginning of the line after the part, the two hyphens included.
    """

    __module__ = "cherrypy._cpreqbody"

    attempt_charsets: list[str] = ["us-ascii", "utf-8"]  # noqa: RUF012 - as in Entity
    default_content_type: str = "text/plain"

    boundary: bytes = _SET_BY_INIT
    """Beginning of the line after the part."""

    maxrambytes: int = 1000
    """Number of bytes up to which content without a file name stays in memory."""

    def __init__(self, fp: object, headers: HeaderMap, boundary: bytes) -> None:
        super().__init__(fp, headers)
        self.boundary = boundary

    @lazy
    def content_reader(self) -> ContentReader:
        """The content of this part alone; ``fp`` has that of all parts."""
        source: Source | BoundaryReader = self.fp
        if isinstance(source, BoundaryReader):
            return ContentReader(source)
        reader = BoundaryReader.by_lines(source, Limits.of(self))
        reader.begin_part(self.boundary)
        return ContentReader(reader)

    @classmethod
    def from_fp(cls, fp: LineSource, boundary: bytes) -> Self:
        """Make an instance of the header fields that are read from ``fp``; its content comes next.

        Args:
            fp: A file, after the boundary before the part; has ``readline(size)``.
            boundary: Beginning of the line after the part.
        """
        return cls(fp, cls.read_headers(fp), boundary)

    @classmethod
    def read_headers(cls, fp: LineSource) -> HeaderMap:
        """Read the header fields of a part, and the empty line after them.

        Args:
            fp: Where to read; has ``readline(size)``.

        Raises:
            HTTPError: 413 if there are too many, 400 if one is malformed.
        """
        limits = fp.limits if isinstance(fp, BoundaryReader) else Limits.of(cls)
        return read_field_lines(fp, limits)

    def read(self, size: int | None = None, fp_out: Sink | None = None) -> bytes | None:
        """Read bytes of this part, see :meth:`Entity.read`."""
        return self.content_reader.read(size, fp_out)

    def readline(self, size: int | None = None) -> bytes:
        """Read a line of this part, see :meth:`Entity.readline`."""
        return self.content_reader.readline(size)

    def read_lines_to_boundary(self, fp_out: IO[bytes] | None = None) -> IO[bytes] | bytes:
        """Read the content of the part and the line with the boundary after it.

        Args:
            fp_out: File to write to. If None, content of more than ``maxrambytes`` bytes is
                written, as it comes, to the file of :meth:`make_file`.

        Returns:
            The file, at its beginning; bytes if the content is not in a file.

        Raises:
            HTTPError: 413 for too many files or too large fields, 400 if the body ends before.
        """
        blocks = self._blocks()
        if fp_out is None:
            held: list[bytes] = []
            size = 0
            for block in blocks:
                held.append(block)
                size += len(block)
                if size > self.maxrambytes:
                    break
            else:
                return b"".join(held)
            self.content_reader.reader.count("files")
            blocks = itertools.chain(held, blocks)
        with self._writing(fp_out) as file:
            for block in blocks:
                file.write(block)
        file.seek(0)
        return file

    def _blocks(self) -> Iterator[bytes]:
        """Yield the content of the part, and count that of a field."""
        reader = self.content_reader.reader
        is_field = self.name is not None and self.filename is None
        for block in self.content_reader.blocks():
            if is_field:
                reader.count("fields_size", len(block))
            yield block
        finish: Callable[[], None] | None = getattr(self.fp, "finish", None)
        if reader.done and reader is not self.fp and finish is not None:
            finish()

    def read_into_file(self, fp_out: IO[bytes] | None = None) -> IO[bytes]:
        """Read the content of the part into a file.

        Args:
            fp_out: File to write to; that of :meth:`make_file` if None.

        Returns:
            The file, at its beginning.
        """
        if fp_out is None:
            self.content_reader.reader.count("files")
        with self._writing(fp_out) as file:
            self.read_lines_to_boundary(fp_out=file)
        return file

    def default_proc(self) -> None:
        """Read the content: into ``file`` if the part has a file name, else by its size."""
        if self.filename:
            self.file = self.read_into_file()
            return
        if self.name is not None:
            self.content_reader.reader.count("fields")
        content = self.read_lines_to_boundary()
        if isinstance(content, bytes):
            self.value = content
        else:
            self.file = content


Entity.part_class = Part


def _read_fields(entity: Entity) -> bytes:
    """Read all of an entity that is a form.

    Raises:
        HTTPError: 413 if it has more bytes than allowed.
    """
    most = entity.max_fields_size
    if most is None or (entity.length or 0) <= most:
        content = entity.read(None if most is None else most + 1) or b""
        if most is None or len(content) <= most:
            return content
    raise HTTPError(413, f"The request body has more than {most} bytes in its fields.")


def _decode(quoted: bytes, charset: str) -> str:
    return unquote_to_bytes(quoted.replace(b"+", b" ")).decode(charset)


def _parse_length(field: str | None) -> int | None:
    """Return the number in a Content-Length field; None if it is not a number."""
    return int(field) if field and _LENGTH.fullmatch(field.strip()) else None


def _parse_filename(parameters: dict[str, str]) -> str | None:
    """Return the file name in a Content-Disposition field (RFC 6266 section 4.3)."""
    extended = parameters.get("filename*")
    if extended is not None:
        charset, _, rest = extended.partition("'")
        _, quote, encoded = rest.partition("'")
        if quote and is_charset(charset):  # RFC 8187 section 3.2
            return unquote(encoded, charset, "replace")
    return parameters.get("filename", extended)
