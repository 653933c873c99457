"""The gzip tool: content codings (RFC 9110 section 8.4)."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from functools import lru_cache, partial
from importlib import import_module
from itertools import chain
from typing import NamedTuple

from cherrypy._http.errors import MalformedFieldError
from cherrypy._http.negotiation import content_coding_weight, preferred, weights
from cherrypy._runtime.errors import HTTPError
from cherrypy._runtime.iterators import Names, WrappedBody, close, names_of, set_vary_header
from cherrypy._runtime.messages import Request, Response
from cherrypy._tools.function import tool_function

MINIMUM_SIZE = 150
"""Bytes below which gzip gains next to nothing."""

GZIP = 16
"""Makes zlib write and read gzip (RFC 1952) when it is added to the bits of the window."""

SMALL = 16384
"""Bytes up to which content is compressed in little memory."""


class Compressor(NamedTuple):
    """Compresses content piece by piece."""

    compress: Callable[[bytes], bytes]
    """Takes some bytes, and returns the part of the result that is ready."""
    sync: Callable[[], bytes]
    """Returns all that is needed to decode the bytes so far."""
    finish: Callable[[], bytes]
    """Returns the end of the result."""


def _gzip(level: int, size: int | None = None) -> Compressor:
    window, memory = zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL
    if size is not None and size <= SMALL:
        # PERF: nothing to refer to is farther back than the content is long. 80 KiB instead of
        # 256, which took longer to get and give back than 10 kB to compress: 30 us, not 80.
        window, memory = max(9, (size - 1).bit_length()), 6
    made = zlib.compressobj(level, zlib.DEFLATED, window | GZIP, memory)
    return Compressor(made.compress, partial(made.flush, zlib.Z_SYNC_FLUSH), made.flush)


def _brotli(level: int, _size: int | None = None) -> Compressor:
    made = import_module("brotli").Compressor(quality=level)  # of an extra
    return Compressor(made.process, made.flush, made.finish)


def _zstandard(level: int, _size: int | None = None) -> Compressor:
    try:
        zstd = import_module("compression.zstd")  # from Python 3.14 on
    except ImportError:
        zstd = import_module("backports.zstd")  # of an extra
    made = zstd.ZstdCompressor(level)
    return Compressor(made.compress, partial(made.flush, made.FLUSH_BLOCK), made.flush)


CODINGS: dict[str, tuple[Callable[..., Compressor], str]] = {
    "gzip": (_gzip, ""),
    "br": (_brotli, "brotli"),
    "zstd": (_zstandard, "zstd"),
}
"""By coding: a function that makes a compressor from level and (if known) size, and its extra."""


def compress(body: Iterable[bytes], compress_level: int) -> Iterator[bytes]:
    """Compress bytes as gzip (RFC 1952).

    Args:
        body: Bytes in pieces.
        compress_level: From 1, fast, to 9, small; 0 does not compress.
    """
    return iter(_Compressed(body, _gzip(compress_level), is_stream=False))


def decompress(body: bytes) -> bytes:
    """Return the content of gzip. There is no limit to its size: not for data of clients.

    Raises:
        zlib.error: It is not gzip.
    """
    return zlib.decompress(body, zlib.MAX_WBITS | GZIP)


@tool_function()
def gzip(
    request: Request,
    response: Response,
    compress_level: int = 5,
    mime_types: Names = ["text/html", "text/plain"],  # noqa: B006 - upstream's default, never changed
    debug: bool = False,
    codings: Names = ("gzip",),
    minimum_size: int = MINIMUM_SIZE,
) -> None:
    """Compress the body of the response, if the client accepts that.

    Content that is small, has a coding already or is a part of something is sent as it is. A
    stream is compressed piece by piece, and each piece leaves at once.

    Args:
        compress_level: From 1, fast, to 9, small.
        mime_types: Media types that are compressed; ``*`` stands for anything, as in ``text/*``.
        debug: Not used any more.
        codings: Content codings that are offered, the preferred one first: ``gzip``, ``br`` (the
            extra ``brotli``), ``zstd`` (the extra ``zstd``).
        minimum_size: Least number of bytes that are compressed.

    Raises:
        ValueError: One of ``codings`` is not known, or not installed.

    See: RFC 9110 sections 8.4 and 12.5.3.
    """
    if getattr(request, "cached", False):
        return  # as it was sent before, Vary included
    set_vary_header(response, "Accept-Encoding")
    field = request.headers.get("Accept-Encoding")
    if field is None or not _is_compressible(response, names_of(mime_types)):
        return
    try:
        choose = _remembered_choice if len(field) <= _REMEMBERED_LENGTH else choose_coding
        coding = choose(field, names_of(codings))
    except MalformedFieldError:
        return  # a preference that cannot be understood is ignored
    if coding is None:
        # not raised: the error page passes here too
        HTTPError(406, "identity, " + ", ".join(names_of(codings))).set_response()
        set_vary_header(response, "Accept-Encoding")  # which that has dropped
    elif coding != "identity":
        _compress(response, coding, compress_level, minimum_size)


def choose_coding(field: str, codings: tuple[str, ...]) -> str | None:
    """Choose a content coding.

    Args:
        field: Value of Accept-Encoding as received.
        codings: Codings that can be offered, the best for the server first.

    Returns:
        One of them, or ``identity``; ``None`` if the client refuses even that. A coding that is
        accepted is better than ``identity``, unless the client says otherwise.

    Raises:
        MalformedFieldError: A weight is not a decimal number.

    See: RFC 9110 section 12.5.3.
    """
    coding = preferred(field, codings, content_coding_weight)
    identity = content_coding_weight(field, "identity")
    if coding is None:
        return "identity" if identity else None
    is_named = any(value == "identity" for value, _, _ in weights(field))
    if is_named and identity >= content_coding_weight(field, coding):
        return "identity"
    return coding


# PERF: clients differ little; 25 us for a new one
_remembered_choice = lru_cache(256)(choose_coding)
_REMEMBERED_LENGTH = 200  # characters: browsers send less, and more would take memory


def _is_compressible(response: Response, mime_types: tuple[str, ...]) -> bool:
    headers = response.headers
    if not response.body or "Content-Encoding" in headers:
        return False
    if "Content-Range" in headers:
        return False  # the range counts bytes of the content as it is
    return _is_one_of(headers.get("Content-Type") or "", mime_types)


@lru_cache(256)  # PERF: an application has few; 4 us for a new one
def _is_one_of(content_type: str, mime_types: tuple[str, ...]) -> bool:
    media_type = content_type.partition(";")[0].strip().lower()
    return any(fnmatchcase(media_type, pattern.lower()) for pattern in mime_types)


def _compress(response: Response, coding: str, level: int, minimum_size: int) -> None:
    """Compress the body of a response, unless it turns out to be small."""
    body = response.body
    if response.stream:
        response.body = _Compressed(body, _compressor(coding, level), is_stream=True)
    elif isinstance(body, list):
        whole = b"".join(body)
        if len(whole) < minimum_size:
            return
        compressor = _compressor(coding, level, len(whole))
        response.body = [compressor.compress(whole) + compressor.finish()]
    else:
        try:
            chunks = iter(body)
            begin = _begin_of(chunks, minimum_size)
            if sum(map(len, begin)) < minimum_size:
                response.body = begin
                return
            whole_body = chain(begin, chunks)
            compressed = _Compressed(whole_body, _compressor(coding, level), is_stream=False)
            response.body = [b"".join(compressed)]
        finally:
            close(body)
    headers = response.headers
    headers["Content-Encoding"] = coding
    for name in ("Content-Length", "Accept-Ranges", "Content-MD5"):
        headers.pop(name, None)
    etag = headers.get("ETag")
    if etag and not etag.startswith("W/"):
        # not the same bytes for everyone, so not a strong validator: RFC 9110 section 8.8.3.3
        headers["ETag"] = "W/" + etag


def _compressor(coding: str, level: int, size: int | None = None) -> Compressor:
    """Make a compressor for a number of bytes, ``None`` if that is not known."""
    try:
        make, extra = CODINGS[coding]
    except KeyError:
        raise ValueError(
            f"tools.gzip.codings: {coding!r}: expected some of {', '.join(CODINGS)}"
        ) from None
    try:
        return make(level, size)
    except ImportError as error:
        raise ValueError(
            f"tools.gzip.codings: {coding!r} needs an extra: pip install cherrypy-core[{extra}]"
        ) from error


def _begin_of(chunks: Iterator[bytes], minimum_size: int) -> list[bytes]:
    """Read the beginning of a body, or all of it if it is shorter."""
    begin = []
    size = 0
    while size < minimum_size:
        chunk = next(chunks, None)
        if chunk is None:
            break
        begin.append(chunk)
        size += len(chunk)
    return begin


class _Compressed(WrappedBody[bytes]):
    """A body, compressed as it is read."""

    def __init__(self, body: Iterable[bytes], compressor: Compressor, *, is_stream: bool) -> None:
        super().__init__(body)
        self._compressor: Compressor | None = compressor
        self._is_stream = is_stream

    def __next__(self) -> bytes:
        compressor = self._compressor
        if compressor is None:
            raise StopIteration
        for chunk in self.chunks:
            compressed = compressor.compress(chunk)
            if self._is_stream:
                compressed += compressor.sync()
            if compressed:
                return compressed
        self._compressor = None
        return compressor.finish()

    def close(self) -> None:
        """Close the body that is compressed."""
        self._compressor = None
        super().close()
