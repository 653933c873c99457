"""Code coverage of a running site, by the package coverage; see also ``coverage run -m cherrypy``.

Subscribe it: ``cherrypy.engine.subscribe("start", covercp.start)``.
"""

from importlib import import_module
from typing import Any

from cherrypy._gone import gone

the_coverage: Any = None
"""The measurement, once it has begun."""


def start() -> None:
    """Begin to measure; ``coverage html`` shows what was found.

    Raises:
        ModuleNotFoundError: The package coverage is not installed.
    """
    global the_coverage  # noqa: PLW0603 - as users of it read it
    if the_coverage is None:
        the_coverage = import_module("coverage").Coverage(auto_data=True)
        the_coverage.start()


start.priority = 20  # type: ignore[attr-defined]  # before the server

__getattr__ = gone(__name__, "coverage html", "CoverStats", "get_tree", "serve")
