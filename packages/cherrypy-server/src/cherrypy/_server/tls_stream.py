"""TLS of one connection, without waiting: its handshake, and its end."""

import socket
import ssl
import time
from contextlib import suppress
from enum import Enum
from typing import Any, Protocol, runtime_checkable

_HANDSHAKE = 0x16  # the first byte of every connection by TLS (RFC 8446 section 5.1)
_OLD_HANDSHAKE = 0x80  # and by SSL 2, which OpenSSL refuses in its own words


class TLSSocket(Protocol):
    """An encrypted socket: ``ssl.SSLSocket``, or one by pyOpenSSL."""

    def do_handshake(self) -> None:
        """Go through the handshake, as far as it goes without waiting."""

    def pending(self) -> int:
        """Return how many bytes are decrypted already."""

    def unwrap(self) -> Any:
        """Tell the client that nothing more comes."""

    def settimeout(self, timeout: float | None, /) -> None:
        """Set how long a method may wait."""


@runtime_checkable
class TLSAdapter(Protocol):
    """What puts TLS on sockets, and leaves the handshake to :class:`Handshake`."""

    def reload(self) -> bool:
        """Read certificates and keys again."""

    def get_environ(self, sock: Any, /) -> dict[str, object]:
        """Tell what the WSGI environ says of a connection."""


class Progress(Enum):
    """What a handshake has come to."""

    DONE = "done"
    READ = "it waits for the client to send"
    WRITE = "it waits for the client to take"
    PLAIN = "the client speaks HTTP without TLS"
    GONE = "the client has closed the connection"


class HandshakeError(OSError):
    """A handshake that failed; the message says why."""


class Handshake:
    """The beginning of one connection, until requests can be read.

    Args:
        connection: The encrypted socket, as it is after ``wrap``.
        timeout: Seconds that the handshake may take.

    Attributes:
        deadline: When it has to be over, by ``time.monotonic``.
        is_write: It waits for the client to take something.
    """

    def __init__(self, connection: TLSSocket, timeout: float) -> None:
        self._connection = connection
        self._has_begun = False
        self.is_write = False
        self.deadline = time.monotonic() + timeout

    def advance(self) -> Progress:
        """Go on with the handshake, as far as it goes without waiting.

        Raises:
            HandshakeError: It failed, or takes too long; the client has been told, by an alert.
        """
        self._connection.settimeout(0)
        try:
            if not self._has_begun:
                first = peek(self._connection)
                if not first:
                    return Progress.GONE
                if first[0] not in {_HANDSHAKE, _OLD_HANDSHAKE}:
                    return Progress.PLAIN
                self._has_begun = True
            self._connection.do_handshake()
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
            if time.monotonic() > self.deadline:
                raise HandshakeError("it takes too long") from None
            self.is_write = isinstance(error, ssl.SSLWantWriteError)
            return Progress.WRITE if self.is_write else Progress.READ
        except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return Progress.GONE
        except (OSError, ValueError) as error:  # ValueError: OpenSSL cannot read a certificate
            raise HandshakeError(getattr(error, "reason", None) or str(error)) from error
        return Progress.DONE


def peek(connection: TLSSocket) -> bytes:
    """Look at the first byte that has come, encrypted as it is; none at the end.

    Raises:
        BlockingIOError: Nothing has come yet.
    """
    if isinstance(connection, ssl.SSLSocket):
        return socket.socket.recv(connection, 1, socket.MSG_PEEK)
    raw: socket.socket = connection.raw  # type: ignore[attr-defined]  # of PyOpenSSLSocket
    return raw.recv(1, socket.MSG_PEEK)


def send_plain(connection: TLSSocket, data: bytes) -> None:
    """Send bytes as they are, without TLS, as far as that goes without waiting.

    Raises:
        OSError: The client has gone.
    """
    if isinstance(connection, ssl.SSLSocket):
        socket.socket.send(connection, data)
    else:
        connection.raw.send(data)  # type: ignore[attr-defined]  # of PyOpenSSLSocket


def say_goodbye(connection: TLSSocket) -> None:
    """Tell the client that nothing more comes, without waiting for it to say so, too.

    See: RFC 8446 section 6.1, ``close_notify``.
    """
    with suppress(OSError, ValueError):
        connection.settimeout(0)
        connection.unwrap()


def plain_http_answer(product: bytes, date: bytes) -> bytes:
    """Return the answer to a client that speaks HTTP without TLS."""
    content = (
        b"This server speaks HTTPS on this port, and the request came without TLS: use https://\n"
    )
    lines = [
        b"HTTP/1.1 400 Bad Request",
        b"Content-Type: text/plain;charset=utf-8",
        b"Content-Length: %d" % len(content),
        b"Connection: close",
        b"Date: %b" % date,
        b"Server: %b" % product,
        b"",
        content,
    ]
    return b"\r\n".join(lines)
