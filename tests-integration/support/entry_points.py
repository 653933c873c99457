"""Entry points of distributions that are not installed."""

from typing import Any


class Point:
    """Stands for an entry point of an installed distribution."""

    dist = None

    def __init__(self, name: str, value: Any, group: str = "") -> None:
        self.name = name
        self.value = value
        self.group = group

    def load(self) -> Any:
        """Return the object, or raise it if it is an error."""
        if isinstance(self.value, Exception):
            raise self.value
        return self.value
