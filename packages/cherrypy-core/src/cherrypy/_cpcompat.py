"""Text and bytes for programs that ran on Python 2, by the import path that applications know."""

from typing import Any

from cherrypy._runtime.compat import (
    IS_PYPY,
    IS_WINDOWS,
    assert_native,
    ntob,
    ntou,
    text_or_bytes,
    tonative,
)
from cherrypy._runtime.overriding import publish

__all__ = [
    "IS_PYPY",
    "IS_WINDOWS",
    "HTTPSConnection",
    "assert_native",
    "ntob",
    "ntou",
    "text_or_bytes",
    "tonative",
]

publish(__name__)


def __getattr__(name: str) -> Any:
    if name == "HTTPSConnection":  # which most programs do not need
        from http.client import HTTPSConnection

        return HTTPSConnection
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
