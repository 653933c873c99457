"""Which sessions may have expired, found without looking at the others."""

from collections.abc import Iterator

BUCKET_SECONDS = 60


class ExpiryIndex:
    """Ids of sessions by the minute in which they expire, at the earliest.

    A session that is used again stays where it is: whoever finds its minute over looks at the
    session, and adds it again if it lasts longer. So using a session costs nothing here.
    """

    def __init__(self) -> None:
        self._buckets: dict[int, set[str]] = {}
        self.removed = 0
        """Sessions that were removed since the memory of their table was given back."""

    def add(self, session_id: str, expires: float) -> None:
        """Add a session.

        Args:
            session_id: Its id.
            expires: When it expires, in seconds since the epoch.
        """
        bucket = int(expires // BUCKET_SECONDS)
        ids = self._buckets.get(bucket)
        if ids is None:
            ids = self._buckets[bucket] = set()
        ids.add(session_id)

    def take(self, now: float) -> Iterator[set[str]]:
        """Remove the ids whose time may be over, and yield them, a minute at a time.

        Args:
            now: The present moment, in seconds since the epoch.
        """
        for bucket in sorted(self._buckets):
            if bucket * BUCKET_SECONDS > now:
                return
            yield self._buckets.pop(bucket)
