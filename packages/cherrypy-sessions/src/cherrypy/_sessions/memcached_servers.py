"""Memcached servers: which one has a key, and what to do when it cannot be reached."""

import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, TypeVar

from cherrypy._sessions.memcached_protocol import UnexpectedReplyError
from cherrypy.process.wspbus import bus

T = TypeVar("T")

IDLE_SECONDS = 60
"""How long a connection is kept that nobody needs."""

DEFAULT_PORT = 11211


class ServerLostError(Exception):
    """The server that has a key cannot be reached, or does not answer in time."""


class ItemTooLargeError(Exception):
    """The server refuses a value, because it is larger than its limit for an item."""


class _Library(NamedTuple):
    """What is used of pymemcache, which has no types."""

    client: Any
    ring: Any
    server_error: type[Exception]
    unexpected_close: type[Exception]


@cache
def _library() -> _Library:
    """Import pymemcache.

    Raises:
        ModuleNotFoundError: It is not installed; says what to install.
    """
    try:
        from pymemcache import exceptions  # type: ignore[import-untyped]
        from pymemcache.client.base import PooledClient  # type: ignore[import-untyped]
        from pymemcache.client.rendezvous import RendezvousHash  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "pymemcache":
            raise
        raise ModuleNotFoundError(
            "MemcachedSession needs pymemcache: pip install 'cherrypy[memcached_session]'",
            name=error.name,
        ) from None
    return _Library(
        PooledClient,
        RendezvousHash,
        exceptions.MemcacheServerError,
        exceptions.MemcacheUnexpectedCloseError,
    )


class _Node:
    """One server."""

    def __init__(self, name: str, connect_timeout: float, timeout: float) -> None:
        self.name = name
        self.lost_until = 0.0
        """By ``time.monotonic()``; until then nobody tries again."""
        self.client: Any = _library().client(
            parse_server(name),
            connect_timeout=connect_timeout,
            timeout=timeout,
            no_delay=True,
            default_noreply=False,
            pool_idle_timeout=IDLE_SECONDS,
        )


class Servers:
    """Memcached servers that share the keys among them.

    A key belongs to one server, by consistent hashing (rendezvous), whether that can be reached or
    not. If another one stood in for it, processes that see different servers could lock the same
    session twice, and what the lost one has would be outdated when it comes back.

    Args:
        names: The servers: ``host:port``, or the path of a Unix socket.
        connect_timeout: Seconds to wait for a connection.
        timeout: Seconds to wait for an answer.
        retry_after: Seconds for which a server is left alone after it could not be reached.
    """

    def __init__(
        self,
        names: tuple[str, ...],
        connect_timeout: float,
        timeout: float,
        retry_after: float,
    ) -> None:
        self._nodes = {name: _Node(name, connect_timeout, timeout) for name in names}
        self._ring = _library().ring(list(names), hash_function=_score)
        self._library = _library()
        self._only = self._nodes[names[0]] if len(self._nodes) == 1 else None
        self._retry_after = retry_after

    def ask(self, owner: str, action: Callable[[Any], T]) -> T:
        """Do something with the server that has a key.

        Args:
            owner: What decides for a server: the id of the session, so that its record and its lock
                are in the same place.
            action: Called with a client of pymemcache that has one connection, so that the server
                gets all commands in their order. It is called again, with another connection, where
                one was broken.

        Raises:
            ServerLostError: The server cannot be reached.
            ItemTooLargeError: It refuses the value.
        """
        node = self._only or self._nodes[self._ring.get_node(owner)]
        if node.lost_until > time.monotonic():
            raise ServerLostError(node.name)
        pool = node.client.client_pool
        while True:
            # connections that were idle while the server was restarted are all broken
            has_idle = bool(pool.free)
            try:
                with pool.get_and_release(destroy_on_fail=True) as client:
                    return action(client)
            except TimeoutError as error:
                raise self._lose(node, error) from error
            except (OSError, self._library.unexpected_close) as error:
                if not has_idle:
                    raise self._lose(node, error) from error
            except (self._library.server_error, UnexpectedReplyError) as error:
                if "too large" in str(error):
                    raise ItemTooLargeError(node.name) from error
                raise self._lose(node, error) from error

    def _lose(self, node: _Node, error: Exception) -> ServerLostError:
        """Leave a server alone for a while, and tell the log."""
        node.lost_until = time.monotonic() + self._retry_after
        bus.log(
            f"The memcached server {node.name} cannot be used: {type(error).__name__}: {error}",
            level=logging.ERROR,
        )
        return ServerLostError(node.name)


def _score(text: str, seed: int) -> int:
    """Return a number for a server and a key; murmur3 in Python takes twenty times as long."""
    digest = hashlib.blake2b(text.encode(), digest_size=8, salt=seed.to_bytes(8)).digest()
    return int.from_bytes(digest)


def parse_server(name: str) -> tuple[str, int] | str:
    """Return host and port, or the path of a Unix socket.

    Args:
        name: ``host``, ``host:port``, ``[::1]:port``, ``/path`` or ``unix:/path``.

    Raises:
        ValueError: It is none of these.
    """
    path = name.removeprefix("unix:")
    if path.startswith("/"):
        return path
    host, colon, port = name.removeprefix("inet:").rpartition(":")
    if not colon or (port.endswith("]") and "[" in name):  # no port: the colon is one of IPv6
        host, port = name, str(DEFAULT_PORT)
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(
            f"tools.sessions.servers has {name!r}: expected host:port, or the path of a Unix socket"
        )
    return host, int(port)


_known: dict[tuple[Any, ...], Servers] = {}
_mutex = threading.Lock()


def servers_of(
    names: tuple[str, ...], connect_timeout: float, timeout: float, retry_after: float
) -> Servers:
    """Return the servers of a configuration; all that ask for the same share the connections."""
    key = (names, connect_timeout, timeout, retry_after)
    found = _known.get(key)
    if found is None:
        with _mutex:
            found = _known.get(key)
            if found is None:
                found = _known[key] = Servers(*key)
    return found


if hasattr(os, "register_at_fork"):
    # two processes that share a connection would read the answers of each other
    os.register_at_fork(after_in_child=_known.clear)
