"""Profiles of applications, by :mod:`cProfile`; see also ``python -m cProfile -m cherrypy``."""

import cProfile
import io
import pstats
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from cherrypy._gone import Gone
from cherrypy._runtime.text import escape

__all__ = ["ProfileAggregator", "Profiler", "make_app", "serve"]

_numbers = count(1)

serve = Gone("cherrypy.lib.profiler.serve", "cherrypy.quickstart(profiler.Profiler(path))")


class Profiler:
    """Writes a profile of each call to a folder; mounted as an application, it shows them.

    Args:
        path: The folder; ``profile`` in the current one by default.
    """

    def __init__(self, path: str | None = None) -> None:
        self.path = Path(path or "profile")
        self.path.mkdir(parents=True, exist_ok=True)

    def run(self, func: Callable[..., Any], *args: Any, **params: Any) -> Any:
        """Call a function, and write a profile of the call."""
        profile = cProfile.Profile()
        try:
            return profile.runcall(func, *args, **params)
        finally:
            profile.dump_stats(self.path / f"cp_{next(_numbers):04d}.prof")

    def statfiles(self) -> list[str]:
        """Return the names of the profiles in the folder."""
        return sorted(path.name for path in self.path.glob("cp_*.prof"))

    def stats(self, filename: str, sortby: str = "cumulative") -> str:
        """Return a profile as text."""
        text = io.StringIO()
        name = Path(filename).name  # nothing outside of the folder
        pstats.Stats(str(self.path / name), stream=text).sort_stats(sortby).print_stats()
        return text.getvalue()

    def index(self) -> str:
        """Show links to the profiles."""
        links = (f"<li><a href='report?filename={name}'>{name}</a>" for name in self.statfiles())
        return f"<!DOCTYPE html><title>Profiles</title><ul>{''.join(links)}</ul>"

    def report(self, filename: str) -> str:
        """Show a profile."""
        return f"<!DOCTYPE html><title>Profile</title><pre>{escape(self.stats(filename))}</pre>"

    index.exposed = report.exposed = True  # type: ignore[attr-defined]  # publishes them


class ProfileAggregator(Profiler):
    """Writes one profile of all calls so far."""

    def __init__(self, path: str | None = None) -> None:
        super().__init__(path)
        self.profile = cProfile.Profile()
        self.file = self.path / f"cp_{next(_numbers):04d}.prof"

    def run(self, func: Callable[..., Any], *args: Any, **params: Any) -> Any:
        """Call a function, and write the profile anew."""
        try:
            return self.profile.runcall(func, *args, **params)
        finally:
            self.profile.dump_stats(self.file)


class make_app:
    """WSGI middleware that profiles an application.

    Args:
        nextapp: The application.
        path: Folder for the profiles.
        aggregate: Whether there is one profile of all requests, not one of each.
    """

    def __init__(self, nextapp: Any, path: str | None = None, aggregate: bool = False) -> None:
        self.nextapp = nextapp
        self.aggregate = aggregate
        self.profiler = (ProfileAggregator if aggregate else Profiler)(path)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Answer a request (PEP 3333), up to the whole of its body."""
        return self.profiler.run(lambda: list(self.nextapp(environ, start_response)))
