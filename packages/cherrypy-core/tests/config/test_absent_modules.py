"""Imports of what is not there say what to do."""

from __future__ import annotations

import sys

import pytest

import cherrypy
from cherrypy._config import extensions
from cherrypy._config.extensions import explain_object


@pytest.mark.parametrize(
    ("installed", "hint"),
    [
        ({}, "cherrypy.session needs cherrypy-sessions: pip install cherrypy-sessions"),
        ({"sessions": None}, "cherrypy.session is there when tools.sessions is on"),
    ],
)
def test_an_import_of_the_session_says_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, installed: dict[str, None], hint: str
) -> None:
    monkeypatch.setattr(extensions, "extensions", lambda _group: installed)
    monkeypatch.delitem(vars(cherrypy), "session", raising=False)
    monkeypatch.delitem(sys.modules, "cherrypy.lib.sessions", raising=False)
    with pytest.raises(ImportError, match=hint):
        __import__("cherrypy", fromlist=["session"])


def test_an_import_of_the_server_names_its_distribution() -> None:
    hint = "cherrypy.server needs cherrypy-server: pip install cherrypy-server"
    assert explain_object("cherrypy.server") == hint


def test_any_other_name_is_a_plain_error() -> None:
    assert explain_object("cherrypy.nothing") == ""
