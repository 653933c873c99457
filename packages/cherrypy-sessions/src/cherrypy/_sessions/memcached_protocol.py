"""Several commands for memcached in one packet, which the library has no method for.

See: https://github.com/memcached/memcached/blob/master/doc/protocol.txt
"""

import socket
from typing import Any

CHUNK_SIZE = 65536
_STORED = {b"STORED": True, b"NOT_STORED": False, b"EXISTS": False, b"NOT_FOUND": None}


class UnexpectedReplyError(Exception):
    """The server says something else than what can follow a command, an error for example."""


class Reply:
    """What a server answers, as it comes.

    Args:
        connection: The connection that it comes by.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._received = b""

    def line(self) -> bytes:
        """Read a line, and return it without its end."""
        while True:
            line, end, rest = self._received.partition(b"\r\n")
            if end:
                self._received = rest
                return line
            self._receive()

    def values(self) -> dict[bytes, tuple[bytes, bytes]]:
        """Read the answer to ``gets``: values and their revisions, by key.

        Raises:
            UnexpectedReplyError: It is something else.
        """
        found = {}
        while (line := self.line()) != b"END":
            match line.split():
                case [b"VALUE", key, _, length, revision]:
                    size = int(length)
                    while len(self._received) < size + 2:
                        self._receive()
                    found[key] = self._received[:size], revision
                    self._received = self._received[size + 2 :]
                case _:
                    raise UnexpectedReplyError(line.decode("latin-1"))
        return found

    def is_stored(self) -> bool | None:
        """Read the answer to a command that stores; ``None`` if there is nothing to replace.

        Raises:
            UnexpectedReplyError: It is something else.
        """
        line = self.line()
        if line not in _STORED:
            raise UnexpectedReplyError(line.decode("latin-1"))
        return _STORED[line]

    def _receive(self) -> None:
        piece = self._connection.recv(CHUNK_SIZE)
        if not piece:
            raise ConnectionResetError("The server has closed the connection")
        self._received += piece


def send(client: Any, *commands: bytes) -> Reply:
    """Send commands, all in one packet.

    Args:
        client: A client of pymemcache, for one connection.
        *commands: What :func:`store`, :func:`gets` and others return.
    """
    if client.sock is None:
        client.version()  # which connects
    client.sock.sendall(b"".join(commands))
    return Reply(client.sock)


def gets(*keys: bytes) -> bytes:
    """Ask for values and their revisions."""
    return b"gets %b\r\n" % b" ".join(keys)


def store(
    how: bytes, key: bytes, value: bytes, expire: int, *, revision: bytes = b"", quiet: bool = False
) -> bytes:
    """Store a value.

    Args:
        how: ``add``, ``set`` or ``cas``.
        key: The key.
        value: The value.
        expire: See :func:`cherrypy._sessions.memcached.expiry_for_memcached`.
        revision: For ``cas``: that of the value whose place is taken.
        quiet: Whether there shall be no answer.
    """
    end = b" noreply" if quiet else b""
    head = b"%b %b 0 %d %d" % (how, key, expire, len(value))
    return b"%b%b%b\r\n%b\r\n" % (head, b" " + revision if revision else b"", end, value)
