"""The default favicon, as far as core knows of it: where it is published, and by whom."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

import cherrypy
from cherrypy._app import favicon
from cherrypy._app.favicon import DefaultFavicon, FaviconOnly, add_favicon
from cherrypy._app.tree import Tree
from cherrypy.testing import Client


def client_of(root: object, script_name: str = "") -> Client:
    tree = Tree()
    tree.mount(root, script_name)
    return Client(tree)


def provide(monkeypatch: pytest.MonkeyPatch, tool: object) -> None:
    monkeypatch.setattr(favicon, "find_extension", lambda _group, _name: tool)


def test_the_static_file_tool_sends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    provide(monkeypatch, SimpleNamespace(serve_favicon=lambda: b"picture"))
    assert client_of(FaviconOnly()).get("/favicon.ico?v=2").content == b"picture"
    assert client_of(FaviconOnly()).get("/").status == 404


@pytest.mark.parametrize("tool", [None, object()])
def test_without_the_distribution_there_is_none(
    monkeypatch: pytest.MonkeyPatch, tool: object
) -> None:
    provide(monkeypatch, tool)
    assert client_of(FaviconOnly()).get("/favicon.ico").status == 404


def test_a_root_gets_it_at_the_root_of_the_site_only() -> None:
    root: Any = SimpleNamespace()
    Tree().mount(root, "/app")
    assert not hasattr(root, "favicon_ico")
    Tree().mount(root)
    assert isinstance(root.favicon_ico, DefaultFavicon)


def test_an_own_one_stays() -> None:
    root: Any = SimpleNamespace(favicon_ico=None)
    add_favicon(root)
    assert root.favicon_ico is None


@pytest.mark.parametrize("root", [None, object(), len, 7])
def test_what_can_have_none(root: object) -> None:
    add_favicon(root)


def test_a_method_dispatcher_finds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    provide(monkeypatch, SimpleNamespace(serve_favicon=lambda: b"picture"))
    config = {"/": {"request.dispatch": cherrypy.dispatch.MethodDispatcher()}}
    tree = Tree()
    tree.mount(SimpleNamespace(exposed=True), "", config)
    assert Client(tree).get("/favicon.ico").content == b"picture"
