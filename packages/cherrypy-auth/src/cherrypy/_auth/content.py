"""The content of a request, kept so that it can be hashed before it is read (``auth-int``)."""

from typing import Any

from cherrypy._runtime.errors import HTTPError

_BLOCK_SIZE = 65536
_IN_MEMORY = 1024 * 1024  # octets; what is larger goes to a temporary file


def spool(source: Any, length: int | None, limit: int | None, content_hash: Any) -> Any:
    """Read content to its end, and hash it on the way.

    Args:
        source: What it is read from.
        length: Octets that it has; ``None`` if it ends where nothing more comes.
        limit: Octets that it may have; ``None`` for any number.
        content_hash: Hash object of hashlib.

    Returns:
        A file from which the content can be read; it has no name, and goes when it is closed.

    Raises:
        HTTPError: 413 if there is more than allowed, 400 if there is less than ``length``.
    """
    # 18 ms (CPython 3.11), where a site asks for auth-int only
    from tempfile import SpooledTemporaryFile

    if limit is not None and length is not None and length > limit:
        raise _too_large(limit)
    file: Any = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - the request closes it
    try:
        _copy(source, file, length, limit, content_hash)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _copy(source: Any, file: Any, length: int | None, limit: int | None, content_hash: Any) -> None:
    received = 0
    while length is None or received < length:
        block = source.read(_BLOCK_SIZE if length is None else min(_BLOCK_SIZE, length - received))
        if not block:
            break
        received += len(block)
        if limit is not None and received > limit:
            raise _too_large(limit)
        content_hash.update(block)
        file.write(block)
    if length is not None and received < length:
        raise HTTPError(400, "The request body is shorter than its Content-Length.")


def _too_large(limit: int) -> HTTPError:
    return HTTPError(413, f"Maximum request length: {limit}")
