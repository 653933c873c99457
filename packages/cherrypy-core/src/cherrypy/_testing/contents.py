"""The content of a request, made from the values that a test gives."""

import io
import json as json_module
import mimetypes
import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import urlencode

Pairs = Mapping[str, Any] | Iterable[tuple[str, Any]]
"""Values by name; a list or tuple as value stands for several of them."""

FileSource = bytes | str | IO[bytes]
"""The content of a file: bytes, text (UTF-8), or a file that is open for reading."""

File = FileSource | tuple[str, FileSource] | tuple[str, FileSource, str]
"""A file: its content; or file name and content; or file name, content and media type."""

RawContent = bytes | str | Iterable[bytes]
"""Bytes, text (UTF-8), an iterable of bytes, or a file that is open for reading."""

_BLOCK = 65536
_FORM = "application/x-www-form-urlencoded"
_UNKNOWN_TYPE = "application/octet-stream"
_NAME_ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})  # as browsers do


@dataclass(frozen=True)
class Content:
    """The content of a request; it can be sent again only if it is not in pieces.

    Attributes:
        whole: All of it; None if it comes in pieces, or without content.
        pieces: The pieces, whose length is not known.
        media_type: Value of the Content-Type field; None without that field.
    """

    whole: bytes | None = None
    pieces: Iterable[bytes] | None = None
    media_type: str | None = None

    def open(self) -> io.BufferedIOBase:
        """Return it as a file, as a WSGI server does."""
        if self.pieces is not None:
            return io.BufferedReader(_Pieces(iter(self.pieces)))
        return io.BytesIO(self.whole or b"")


class _Pieces(io.RawIOBase):
    """Pieces as a file; a piece is taken when it is asked for."""

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
        TypeError: There are several of them, or the type of one cannot be content.
    """
    given = {
        name: options[name]
        for name in ("content", "json", "data", "files")
        if name in options and (name == "json" or options[name] is not None)
    }
    if len(given) > 1 and list(given) != ["data", "files"]:
        raise TypeError(f"{'= and '.join(given)}=: a request has one content; give one of them")
    if "json" in given:
        document = json_module.dumps(given["json"])
        return Content(document.encode("utf-8"), media_type="application/json")
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
        f"content={content!r}: expected bytes, text, or an iterable of bytes; a form goes into "
        "data=, a document into json="
    )


def _pairs(
    values: Pairs, several: tuple[type[Any], ...] = (list, tuple)
) -> Iterator[tuple[str, Any]]:
    """Yield each value with its name; of a list of values, every item.

    Args:
        values: Values by name.
        several: Types of a value that stands for several.

    Raises:
        TypeError: The values are without names.
    """
    if isinstance(values, (str, bytes)):
        raise TypeError(f"{values!r}: expected values by name; give bytes or text as content=")
    for name, value in values.items() if isinstance(values, Mapping) else values:
        if isinstance(value, several):
            yield from ((name, item) for item in value)
        else:
            yield name, value


def query_of(params: Pairs) -> str:
    """Write parameters as a query string (``a=1&b=2``)."""
    return urlencode([(name, _bytes_of(value)) for name, value in _pairs(params)])


def _bytes_of(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8")


def _multipart(fields: Iterable[tuple[str, Any]], files: Iterable[tuple[str, File]]) -> Content:
    """Write a form with files (RFC 7578)."""
    boundary = uuid.uuid4().hex
    parts = [(_disposition(name), _bytes_of(value)) for name, value in fields]
    for name, file in files:
        file_name, content, media_type = _file(file)
        head = f'{_disposition(name)}; filename="{file_name.translate(_NAME_ESCAPES)}"'
        parts.append((f"{head}\r\nContent-Type: {media_type}", content))
    written = b"".join(
        f"--{boundary}\r\n{head}\r\n\r\n".encode() + content + b"\r\n" for head, content in parts
    )
    return Content(
        written + f"--{boundary}--\r\n".encode("ascii"),
        media_type=f"multipart/form-data; boundary={boundary}",
    )


def _disposition(name: str) -> str:
    return f'Content-Disposition: form-data; name="{name.translate(_NAME_ESCAPES)}"'


def _file(file: File) -> tuple[str, bytes, str]:
    """Return file name, content and media type of a file."""
    if isinstance(file, tuple):
        file_name, source, *rest = file
    else:
        file_name, source, rest = _own_name(file), file, []
    media_type = rest[0] if rest else mimetypes.guess_type(file_name)[0] or _UNKNOWN_TYPE
    return (
        file_name,
        _bytes_of(source if isinstance(source, (str, bytes)) else source.read()),
        media_type,
    )


def _own_name(source: FileSource) -> str:
    name = getattr(source, "name", None)
    return os.path.basename(name) if isinstance(name, str) else "file"  # noqa: PTH119 - of any path
