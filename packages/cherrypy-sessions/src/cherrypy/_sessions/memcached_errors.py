"""What can go wrong with memcached; apart from what needs pymemcache, which is an extra."""


class ServerLostError(Exception):
    """The server that has a key can not be reached, or does not answer in time."""


class ItemTooLargeError(Exception):
    """The server refuses a value, because it is larger than its limit for an item."""
