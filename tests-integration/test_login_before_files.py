"""Files below session_auth are for those who have logged in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import cherrypy
from wsgi_client import Client

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("tool", ["staticdir", "staticfile"])
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"If_Modified_Since": "Fri, 01 Jan 2100 00:00:00 GMT"},
        {"If_None_Match": "*"},
        {"Range": "bytes=0-1"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_visitor_gets_the_form(
    tmp_path: Path, tool: str, fields: dict[str, str], method: str
) -> None:
    (tmp_path / "a.txt").write_text("secret", encoding="utf-8")
    place = {
        "staticdir": {"tools.staticdir.dir": str(tmp_path)},
        "staticfile": {"tools.staticfile.filename": str(tmp_path / "a.txt")},
    }
    section = {f"tools.{tool}.on": True, "tools.sessions.on": True, "tools.session_auth.on": True}
    app = cherrypy.Application(None, "", {"/s": {**section, **place[tool]}})
    answer = Client(app).ask(method, "/s/a.txt", None, **fields)
    assert answer.code == 200
    assert "secret" not in answer.text
    assert method == "HEAD" or "Log in" in answer.text
    assert answer.field("Last-Modified") is None
