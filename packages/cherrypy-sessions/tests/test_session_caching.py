"""The caching tool keeps nothing that was made for one visitor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.lib import caching

if TYPE_CHECKING:
    from collections.abc import Iterator


class Pages:
    """Each tells how often it was made."""

    made = 0

    @cherrypy.expose
    def unused(self) -> str:
        self.made += 1
        return str(self.made)

    @cherrypy.expose
    def used(self) -> str:
        self.made += 1
        return f"{self.made} {cherrypy.session.get('name')}"

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def streamed(self) -> Iterator[str]:
        self.made += 1
        yield f"{self.made} "
        yield str(cherrypy.session.get("name"))


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caching, "shared", caching.SharedCache())


@pytest.mark.parametrize("locking", ["implicit", "early", "explicit"])
@pytest.mark.parametrize(
    ("path", "second"), [("/unused", "1"), ("/used", "2 None"), ("/streamed", "2 None")]
)
def test_what_has_used_the_session_is_made_each_time(
    site: Any, locking: str, path: str, second: str
) -> None:
    client = site(Pages(), {"tools.caching.on": True}, locking=locking, lazy=True)
    client.get(path)
    assert client.get(path).text == second
