"""Replays: each nonce count is good for one request (RFC 7616 section 3.4, ``nc``)."""

import threading
from typing import Protocol

MAX_NONCES = 20_000
"""Nonces that are remembered; about 5 MB."""


class ReplayStore(Protocol):
    """Remembers nonce counts; one that several processes share has to be given by the site."""

    def advance(self, nonce: str, count: int, expires: float) -> bool:
        """Note a nonce count, if it is greater than all that were noted for its nonce.

        Looking and noting have to be one step, for two requests may come at the same time.

        Args:
            nonce: A nonce with a valid signature, sent by a user who knew the password.
            count: Its nonce count, from 1.
            expires: When the nonce is good for nothing any more, in seconds since the epoch, so
                that it can be forgotten.

        Returns:
            Whether it was greater, so that the request is none that was seen before.
        """


class MemoryReplayStore:
    """Remembers nonce counts in this process.

    If there are more nonces than it keeps, it forgets the oldest, and admits none any more that
    could be one of those: their users get a new one, without being asked for their password.

    Args:
        max_nonces: Nonces that are kept.
    """

    def __init__(self, max_nonces: int = MAX_NONCES) -> None:
        self.max_nonces = max_nonces
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[int, float]] = {}
        self._forgotten = 0.0  # nonces that expire by then may have been known once

    def advance(self, nonce: str, count: int, expires: float) -> bool:
        """Note a nonce count; see :class:`ReplayStore`."""
        with self._lock:
            known = self._counts.get(nonce)
            if known is None:
                if expires <= self._forgotten:
                    return False
                self._make_room()
            elif count <= known[0]:
                return False
            self._counts[nonce] = (count, expires)
        return True

    def _make_room(self) -> None:
        while len(self._counts) >= self.max_nonces:
            oldest = next(iter(self._counts))
            self._forgotten = max(self._forgotten, self._counts.pop(oldest)[1])


process_store = MemoryReplayStore()
"""What all paths of a process remember, unless they are given a store of their own."""
