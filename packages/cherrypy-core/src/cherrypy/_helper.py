"""Decorators and functions of the facade, by the import path that applications know."""

from collections.abc import Callable
from typing import Any

from cherrypy._publishing.exposing import expose, popargs
from cherrypy._runtime.overriding import publish
from cherrypy._runtime.urls import url

__all__ = ["classproperty", "expose", "normalize_path", "popargs", "url"]


class classproperty:
    """A property of a class; a decorator for a function that takes the class."""

    def __init__(self, func: Callable[[Any], Any]) -> None:
        self.fget = func

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        return self.fget(owner)


def normalize_path(path: str) -> str:
    """Take the segments ``.`` and ``..`` out of a path, and empty ones where there are some."""
    if "./" not in path:
        return path
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return ("/" if path.startswith("/") else "") + "/".join(kept)


publish(__name__)
