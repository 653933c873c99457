"""Replays: each nonce count is good for one request (RFC 7616 section 3.4, ``nc``)."""

import threading
from typing import Protocol

MAX_NONCES = 20_000
"""Nonces that are remembered; about 6 MB."""

WINDOW = 128
"""Nonce counts below the greatest one that are still good, each once.

Requests that a client sends at the same time may arrive in another order.
"""


class ReplayStore(Protocol):
    """Remembers nonce counts; one that several processes share has to be given by the site."""

    def advance(self, nonce: str, count: int, expires: float) -> bool:
        """Note a nonce count, if it was not noted before.

        Looking and noting have to be one step, for two requests may come at the same time. A store
        may refuse more than it has seen, such as all that are far below the greatest one.

        Args:
            nonce: A nonce with a valid signature, sent by a user who knew the password.
            count: Its nonce count, from 1.
            expires: When the nonce is not good any more, in seconds since the epoch, so that it can
                be forgotten.

        Returns:
            Whether it is certain that the count was not noted before.
        """


class MemoryReplayStore:
    """Remembers nonce counts in this process.

    If there are more nonces than it keeps, it forgets the oldest, and refuses all that might be one
    of those: their users get a new one, without being asked for their password.

    Args:
        max_nonces: Nonces that are kept.
        window: Counts below the greatest one of a nonce that are good if they were not seen.
    """

    def __init__(self, max_nonces: int = MAX_NONCES, window: int = WINDOW) -> None:
        self.max_nonces = max_nonces
        self.window = window
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[int, int, float]] = {}
        """By nonce: its greatest count; bits, of which bit n is set if the count n below that was
        seen; when it expires."""
        self._forgotten = 0.0  # nonces that expire by then may have been known once

    def advance(self, nonce: str, count: int, expires: float) -> bool:
        """Note a nonce count; see :class:`ReplayStore`."""
        with self._lock:
            known = self._seen.get(nonce)
            if known is None:
                if expires <= self._forgotten:
                    return False
                self._make_room()
            greatest, bits, _ = known or (0, 0, 0.0)
            if count > greatest:
                bits = bits << min(count - greatest, self.window + 1) | 1
                greatest = count
            else:
                below = greatest - count
                if below > self.window or bits >> below & 1:
                    return False
                bits |= 1 << below
            self._seen[nonce] = (greatest, bits & ((2 << self.window) - 1), expires)
        return True

    def _make_room(self) -> None:
        while len(self._seen) >= self.max_nonces:
            oldest = next(iter(self._seen))
            self._forgotten = max(self._forgotten, self._seen.pop(oldest)[2])


process_store = MemoryReplayStore()
"""What all paths of a process remember, unless they are given a store of their own."""
