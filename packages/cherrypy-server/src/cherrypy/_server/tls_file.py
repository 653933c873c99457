"""Files that are sent by TLS to clients that are slower than the disk."""

import os
import ssl
from typing import Any

from cherrypy._server.file_sender import Transfer

_BLOCK = 65536  # bytes of the file that are read at a time
_AT_ONCE = 1 << 18  # bytes for one client before the next one is served


class EncryptedTransfer(Transfer):
    """A response whose content is a file, for a client by TLS, as far as it has not been sent.

    The system cannot encrypt, so the file is read in blocks. A block is offered again, as it is,
    until the client has taken it: TLS demands that.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._block = memoryview(b"")

    @property
    def left(self) -> int:
        """Bytes of the file that have not been read."""
        return self._left

    @property
    def is_complete(self) -> bool:
        """Whether everything has been sent."""
        return not (self._block or self._head or self._left)

    def advance(self) -> bool:
        """Send what the client takes without waiting, at most ``_AT_ONCE`` bytes.

        Returns:
            Whether it took anything.

        Raises:
            OSError: The connection broke, or the file cannot be read.
            EOFError: The file has become shorter.
        """
        allowed = _AT_ONCE
        timeout = self.socket.gettimeout()
        self.socket.settimeout(0)
        try:
            while allowed > 0 and not self.is_complete:
                if not self._block:
                    self._block = self._read()
                sent = self.socket.send(self._block)
                self._count(sent)
                self._block = self._block[sent:]
                allowed -= sent
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return allowed < _AT_ONCE
        finally:
            self.socket.settimeout(timeout)
        return True

    def _read(self) -> memoryview:
        """Read the next block of the file; the head goes before the first one."""
        head = bytes(self._head)
        content = os.pread(self._descriptor, min(self._left, _BLOCK), self._position)
        if self._left and not content:
            raise EOFError(f"the file lacks {self._left} bytes of the Content-Length")
        self._head = memoryview(b"")
        self._position += len(content)
        self._left -= len(content)
        return memoryview(head + content)
