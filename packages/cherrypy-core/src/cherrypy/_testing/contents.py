"""The content of a request, made of what a test has at hand."""

import io
import json as json_module
import mimetypes
import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import urlencode

Scalar = str | int | float | bool
Pairs = Mapping[str, Any] | Iterable[tuple[str, Any]]
"""Values by name; a list or tuple as value stands for several of them."""

FileSource = bytes | str | IO[bytes]
"""The content of a file: octets, text (UTF-8), or a file that is open for reading."""

File = FileSource | tuple[str, FileSource] | tuple[str, FileSource, str]
"""A file: its content; or file name and content; or file name, content and media type."""

RawContent = bytes | str | Iterable[bytes]
"""Octets, text (UTF-8), an iterable of octets, or a file that is open for reading."""

_BLOCK = 65536
_FORM = "application/x-www-form-urlencoded"
_OCTETS = "application/octet-stream"
_NAME_ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})  # as browsers do


@dataclass(frozen=True)
class Content:
    """The content of a request; it can be sent again only if it is octets.

    Attributes:
        octets: All of it; None if it comes in pieces, or if there is none.
        pieces: The pieces, of which the number of octets is not known.
        media_type: Value of the Content-Type field; None for none.
    """

    octets: bytes | None = None
    pieces: Iterable[bytes] | None = None
    media_type: str | None = None

    def open(self) -> io.BufferedIOBase:
        """Give it as a file, as a WSGI server does."""
        if self.pieces is not None:
            return io.BufferedReader(_Pieces(iter(self.pieces)))
        return io.BytesIO(self.octets or b"")


class _Pieces(io.RawIOBase):
    """Pieces of octets as a file; a piece is taken when it is asked for."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            try:
                self._left = next(self._pieces)
            except StopIteration:
                return 0
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size


def make_content(options: Mapping[str, Any]) -> Content:
    """Make the content of a request.

    Args:
        options: At most one of ``content``, ``json`` and ``data``; ``files`` may stand beside
            ``data``. See :class:`cherrypy.testing.Client`.

    Raises:
        TypeError: There are several of them, or one has a type that makes no content.
    """
    given = {
        name: options[name]
        for name in ("content", "json", "data", "files")
        if name in options and (name == "json" or options[name] is not None)
    }
    if len(given) > 1 and list(given) != ["data", "files"]:
        raise TypeError(f"{'= and '.join(given)}=: a request has one content; give one of them")
    if "json" in given:
        octets = json_module.dumps(given["json"]).encode("utf-8")
        return Content(octets, media_type="application/json")
    if "files" in given:
        return _multipart(_pairs(given.get("data", {})), _pairs(given["files"], (list,)))
    if "data" in given:
        return Content(query_of(given["data"]).encode("ascii"), media_type=_FORM)
    return _raw(given.get("content"))


def _raw(content: RawContent | None) -> Content:
    if content is None:
        return Content()
    if isinstance(content, str):
        return Content(content.encode("utf-8"))
    if isinstance(content, (bytes, bytearray, memoryview)):
        return Content(bytes(content))
    read: Callable[[int], bytes] | None = getattr(content, "read", None)
    if read is not None:
        return Content(pieces=iter(lambda: read(_BLOCK), b""))
    if hasattr(content, "__iter__") and not isinstance(content, Mapping):
        return Content(pieces=content)
    raise TypeError(
        f"content={content!r}: expected octets, text, or an iterable of octets; a form goes into "
        "data=, a document into json="
    )


def _pairs(
    values: Pairs, several: tuple[type[Any], ...] = (list, tuple)
) -> Iterator[tuple[str, Any]]:
    """Give each value with its name; of a list of values every item.

    Args:
        values: Values by name.
        several: Types of values that stand for several.

    Raises:
        TypeError: There are no names.
    """
    if isinstance(values, (str, bytes)):
        raise TypeError(f"{values!r}: expected values by name; give octets or text as content=")
    for name, value in values.items() if isinstance(values, Mapping) else values:
        if isinstance(value, several):
            yield from ((name, item) for item in value)
        else:
            yield name, value


def query_of(params: Pairs) -> str:
    """Write parameters as a query string (``a=1&b=2``)."""
    return urlencode([(name, _text(value)) for name, value in _pairs(params)])


def _text(value: Scalar | bytes) -> str | bytes:
    return value if isinstance(value, (str, bytes)) else str(value)


def _multipart(fields: Iterable[tuple[str, Any]], files: Iterable[tuple[str, File]]) -> Content:
    """Write a form with files (RFC 7578)."""
    boundary = uuid.uuid4().hex
    written = io.BytesIO()
    for name, value in fields:
        text = _text(value)
        octets = text if isinstance(text, bytes) else text.encode("utf-8")
        _write_part(written, boundary, f'name="{_escaped(name)}"', None, octets)
    for name, file in files:
        file_name, octets, media_type = _file(file)
        disposition = f'name="{_escaped(name)}"; filename="{_escaped(file_name)}"'
        _write_part(written, boundary, disposition, media_type, octets)
    written.write(f"--{boundary}--\r\n".encode("ascii"))
    return Content(written.getvalue(), media_type=f"multipart/form-data; boundary={boundary}")


def _write_part(
    written: io.BytesIO, boundary: str, disposition: str, media_type: str | None, octets: bytes
) -> None:
    head = f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n"
    if media_type is not None:
        head += f"Content-Type: {media_type}\r\n"
    written.write(f"{head}\r\n".encode())
    written.write(octets)
    written.write(b"\r\n")


def _escaped(name: str) -> str:
    return name.translate(_NAME_ESCAPES)


def _file(file: File) -> tuple[str, bytes, str]:
    """Give file name, content and media type of a file."""
    if isinstance(file, tuple):
        file_name, source, *rest = file
    else:
        file_name, source, rest = _own_name(file), file, []
    media_type = rest[0] if rest else mimetypes.guess_type(file_name)[0] or _OCTETS
    return file_name, _octets_of(source), media_type


def _own_name(source: FileSource) -> str:
    name = getattr(source, "name", None)
    return os.path.basename(name) if isinstance(name, str) else "file"  # noqa: PTH119 - of any path


def _octets_of(source: FileSource) -> bytes:
    if isinstance(source, str):
        return source.encode("utf-8")
    if isinstance(source, bytes):
        return source
    return source.read()
