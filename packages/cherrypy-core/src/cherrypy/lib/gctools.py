"""A search for objects of requests that stay in memory, by :mod:`gc`."""

import gc
from typing import Any, ClassVar

from cherrypy._gone import gone
from cherrypy._runtime.context import current

__getattr__ = gone(
    __name__,
    "gc.get_referrers(), or the package objgraph",
    *("ReferrerTree", "RequestCounter", "get_context", "request_counter"),
)


def get_instances(cls: type) -> list[Any]:
    """Return the objects of a class that are in memory."""
    return [each for each in gc.get_objects() if isinstance(each, cls)]


class GCRoot:
    """A page handler that tells how many requests and responses are in memory."""

    classes: ClassVar[list[tuple[type, int, int, str]]] = []
    """More classes: the class, least and greatest number of objects, and what is wrong if not."""

    def index(self) -> str:
        """Say that it is there."""
        return "Hello, world!"

    def stats(self) -> str:
        """Compare what is in memory with what should be."""
        gc.collect()
        serving = current.get()
        classes = [(type(each), 1, 2, "Is kept.") for each in (serving.request, serving.response)]
        lines = [
            f"{len(found)} {cls.__name__}, expected {least} to {most}: {message}"
            for cls, least, most, message in [*classes, *self.classes]
            if not least <= len(found := get_instances(cls)) <= most
        ]
        return "\n".join(lines)

    index.exposed = stats.exposed = True  # type: ignore[attr-defined]  # publishes them
