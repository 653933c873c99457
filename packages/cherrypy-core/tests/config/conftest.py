"""A made-up distribution beside the core, whatever is installed."""

from collections.abc import Iterator
from typing import Any

import pytest

from cherrypy._config import extensions
from cherrypy._config.settings import Row, known_settings
from entry_points import Point

SERVER: list[Row] = [
    ("socket_file", "path", None, "File."),
    ("socket_host", "str", "127.0.0.1", "Address."),
    ("socket_port", "int", 8080, "Port."),
    ("socket_timeout", "number, seconds", 10, "Patience."),
    ("thread_pool", "int, threads", 10, "Threads."),
    ("ssl_certificate", "path", None, "File."),
    ("wsgi_version", "tuple", (1, 0), "Version."),
]
SESSIONS: list[Row] = [
    ("timeout", "number, minutes", 60, "Life time."),
    ("locking", "str", "implicit", "When it is locked."),
]
SETTINGS: dict[str, list[Row]] = {
    "server": SERVER,
    "server.*": [("on", "bool", True, "Whether it starts."), *SERVER],
    "tools.sessions": SESSIONS,
}


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, dict[str, Any]]]:
    """The entry points by group, in place of those that are installed."""
    groups: dict[str, dict[str, Any]] = {
        "checks": {},
        "settings": {name: Point(name, rows) for name, rows in SETTINGS.items()},
        "tools": {},
        "servers": {},
    }
    monkeypatch.setattr(extensions, "_cache", groups)
    known_settings.cache_clear()
    yield groups
    known_settings.cache_clear()
