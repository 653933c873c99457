"""Validators, conditional requests, compression and the response cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cherrypy

if TYPE_CHECKING:
    from collections.abc import Iterator

LAST_MODIFIED = "Thu, 29 Feb 2024 12:00:00 GMT"
LONG_TEXT = "The same words again and again. " * 40

calls: dict[str, int] = {}


class Handlers:
    """Handlers with and without validators of their own."""

    @cherrypy.expose
    def plain(self) -> str:
        return "plain"

    @cherrypy.expose
    def long(self) -> str:
        return LONG_TEXT

    @cherrypy.expose
    def empty(self) -> str:
        return ""

    @cherrypy.expose
    def generator(self) -> Iterator[str]:
        for _ in range(4):
            yield LONG_TEXT

    @cherrypy.expose
    def tagged(self, tag: str = '"own"') -> str:
        cherrypy.response.headers["ETag"] = tag
        return "tagged"

    @cherrypy.expose
    def modified(self) -> str:
        cherrypy.response.headers["Last-Modified"] = LAST_MODIFIED
        cherrypy.lib.cptools.validate_since()
        return "modified"

    @cherrypy.expose
    def typed(self, media_type: str) -> bytes:
        cherrypy.response.headers["Content-Type"] = media_type
        return LONG_TEXT.encode()

    @cherrypy.expose
    def encoded(self) -> bytes:
        cherrypy.response.headers["Content-Encoding"] = "br"
        return LONG_TEXT.encode()

    @cherrypy.expose
    def varying(self) -> str:
        cherrypy.response.headers["Vary"] = "Accept-Language"
        language = cherrypy.request.headers.get("Accept-Language", "none")
        return f"{self.count()} in {language}"

    @cherrypy.expose
    def counted(self, **params: str) -> str:
        return f"{self.count()} {sorted(params)}"

    @cherrypy.expose
    def private(self) -> str:
        cherrypy.response.headers["Cache-Control"] = "no-store"
        return f"{self.count()} private"

    @cherrypy.expose
    def with_cookie(self) -> str:
        cherrypy.response.cookie["c"] = "1"
        return f"{self.count()} with cookie"

    @cherrypy.expose
    def large(self) -> str:
        return f"{self.count()} " + "x" * 300_000

    @cherrypy.expose
    def failing(self) -> str:
        raise cherrypy.HTTPError(404, f"{self.count()} failed")

    @cherrypy.expose
    def not_ok(self) -> str:
        cherrypy.response.status = 202
        return f"{self.count()} accepted"

    @cherrypy.expose
    def forget(self, how: str) -> str:
        store = cherrypy._cache.store
        for url in [url for url in store if url.endswith("/counted?forget=me")]:
            if how == "clear":
                store[url].clear()
            elif how == "keys":
                for key in list(store[url]):
                    del store[url][key]
            else:
                del store[url]
        return "forgotten"

    @cherrypy.expose
    def redirecting(self) -> str:
        raise cherrypy.HTTPRedirect("/elsewhere", 301)

    @staticmethod
    def count() -> int:
        """Count the calls of one path that were not answered from the cache."""
        path = cherrypy.request.path_info
        calls[path] = calls.get(path, 0) + 1
        return calls[path]


class Section(Handlers):
    """The same handlers under other settings."""

    def __init__(self, settings: dict[str, object]) -> None:
        self._cp_config = settings


def build() -> Any:
    """Mount at the root."""
    root: Any = Handlers()
    root.etags = Section({"tools.etags.on": True})
    root.auto = Section({"tools.etags.on": True, "tools.etags.autotags": True})
    root.gzip = Section({"tools.gzip.on": True})
    root.gzip_types = Section(
        {"tools.gzip.on": True, "tools.gzip.mime_types": ["application/*", "text/plain"]},
    )
    root.gzip_fast = Section({"tools.gzip.on": True, "tools.gzip.compress_level": 1})
    root.gzip_stream = Section({"tools.gzip.on": True, "response.stream": True})
    root.gzip_auto = Section(
        {"tools.gzip.on": True, "tools.etags.on": True, "tools.etags.autotags": True},
    )
    root.expires = Section({"tools.expires.on": True, "tools.expires.secs": 3600})
    root.expires_now = Section({"tools.expires.on": True})
    root.expires_forced = Section(
        {"tools.expires.on": True, "tools.expires.secs": 60, "tools.expires.force": True},
    )
    root.cached = Section({"tools.caching.on": True})
    root.cached_gzip = Section({"tools.caching.on": True, "tools.gzip.on": True})
    root.cached_small = Section({"tools.caching.on": True, "tools.caching.maxobj_size": 10})
    root.cached_not_post = Section(
        {"tools.caching.on": True, "tools.caching.invalid_methods": ("DELETE",)},
    )
    cherrypy.tree.mount(root)
    return cherrypy.tree
