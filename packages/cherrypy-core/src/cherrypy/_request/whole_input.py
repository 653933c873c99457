"""The input of a server as a file that fails where the content of the request is incomplete.

PEP 3333 lets a server end ``wsgi.input`` early when the client has gone, so that a part looks like
the whole. Our own server raises errors instead; for all others this module does.
"""

from collections.abc import Callable, Iterator
from sys import maxsize
from typing import Any, Protocol

from cherrypy._http.errors import ContentError

_DIGITS = 18  # of a length that is believed


class Input(Protocol):
    """``wsgi.input`` of a server (PEP 3333)."""

    def read(self, size: int = -1, /) -> bytes:
        """Read bytes."""

    def readline(self, size: int = -1, /) -> bytes:
        """Read a line, or a part of it."""


class WholeInput:
    """``wsgi.input`` of one request, up to the length that was announced.

    Every method that reads raises ``ContentError`` if the content ends before its length, if its
    transfer coding is broken, or if the connection is.

    Args:
        source: The input of the server.
        length: Number of bytes that were announced; None if only the end of ``source`` tells.
    """

    raises_if_incomplete = True

    def __init__(self, source: Input, length: int | None) -> None:
        self._source = source
        self._length = length
        self._left = maxsize if length is None else length

    def read(self, size: int | None = -1) -> bytes:
        """Read at most ``size`` bytes, fewer only at the end; all if None or negative."""
        if self._length is None and (size is None or size < 0):
            return self._ask(lambda _: self._source.read(), -1)
        return self._gather(self._source.read, size)

    def readline(self, size: int | None = -1) -> bytes:
        """Read up to and with the next line feed, or up to ``size`` bytes."""
        if self._length is None and (size is None or size < 0):
            return self._ask(lambda _: self._source.readline(), -1)
        return self._gather(self._source.readline, size, end=b"\n")

    def readlines(self, hint: int | None = -1) -> list[bytes]:
        """Read lines until they have ``hint`` bytes together, or all."""
        lines: list[bytes] = []
        left = maxsize if hint is None or hint <= 0 else hint
        while left > 0 and (line := self.readline()):
            lines.append(line)
            left -= len(line)
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

    def __getattr__(self, name: str) -> object:
        """Return what else the input of the server has, such as trailers."""
        found: object = getattr(self._source, name)
        return found

    def _gather(
        self, take: Callable[[int], bytes], size: int | None, end: bytes | None = None
    ) -> bytes:
        """Join pieces until ``size`` bytes are there, or one has ``end`` at its end.

        Raises:
            ContentError: The content ends before.
        """
        left = self._left if size is None or size < 0 else min(size, self._left)
        pieces: list[bytes] = []
        while left > 0:
            piece = self._ask(take, left)
            if not piece:
                self._check_end()
                break
            pieces.append(piece)
            left -= len(piece)
            if self._length is not None:
                self._left -= len(piece)
            if end and piece.endswith(end):
                break
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _check_end(self) -> None:
        if self._length is not None:
            come = self._length - self._left
            raise ContentError(f"The request body ended after {come} of {self._length} bytes.")

    def _ask(self, read: Callable[[int], bytes], size: int) -> bytes:
        """Read from the server.

        Raises:
            ContentError: Reading failed.
            Exception: It failed in a way that says nothing of the client.
        """
        try:
            return read(size)
        except ContentError:
            raise
        except Exception as error:
            answer = answer_to(error)
            if answer is None:
                raise
            raise ContentError(answer[1], answer[0]) from error


def answer_to(error: Exception) -> tuple[int, str] | None:
    """Tell how to answer an error that reading from a server gave.

    Errors of our server have the answer in ``status`` and ``reason``; that of cheroot is known by
    its name, since the core does not import cheroot.

    Returns:
        Status code and what is wrong, for the client: 413 if the server says that the body is too
        large, 408 if the client took too long, 400 if the connection or the transfer coding broke;
        None for any other error.
    """
    status: object = getattr(error, "status", None)
    if isinstance(status, int) and 400 <= status < 500:
        reason: object = getattr(error, "reason", None)
        return status, str(reason or "")
    if type(error).__name__ == "MaxSizeExceeded":
        limit: object = error.args[1] if len(error.args) > 1 else "unknown"
        return 413, f"Maximum request length: {limit}"
    if isinstance(error, OSError) and error.args[:1] == ("Request Entity Too Large",):
        return 413, ""
    if isinstance(error, TimeoutError):
        return 408, "The request body did not come in time."
    if isinstance(error, (OSError, ValueError)):
        return 400, "The request body could not be read."
    return None


def guard_input(environ: dict[str, Any]) -> None:
    """Replace ``wsgi.input`` of a request that has content by one that fails where that is cut.

    Nothing is done for the input of a server that says by an attribute ``raises_if_incomplete``
    that it does so itself, nor where there is neither a length nor a transfer coding.
    """
    source: Input | None = environ.get("wsgi.input")
    if source is None or hasattr(source, "raises_if_incomplete"):
        return
    length = None
    if "HTTP_TRANSFER_ENCODING" not in environ:  # which makes the length void, RFC 9112 s. 6.3
        announced: str = environ.get("CONTENT_LENGTH") or ""
        if not (announced.isascii() and announced.isdigit() and len(announced) <= _DIGITS):
            return
        length = int(announced)
    environ["wsgi.input"] = WholeInput(source, length)
