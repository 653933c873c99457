"""Import paths that applications know are real modules, and what is replaced in them counts."""

from __future__ import annotations

import importlib
import pickle
import subprocess
import sys
from typing import Any

import pytest

import cherrypy
from cherrypy.lib import httputil, reprconf
from cherrypy.process import plugins
from wsgi_client import Client

pytestmark = pytest.mark.usefixtures("site")

ALIASES = (
    *("_cptree", "_cpdispatch", "_cperror", "_cpreqbody", "_cprequest", "_cptools", "_cpconfig"),
    *("_cplogging", "_cpwsgi", "_cpchecker", "_cpcompat", "_helper"),
)


@pytest.mark.parametrize("name", ALIASES)
def test_an_import_path_is_a_module_that_the_import_system_has_loaded(name: str) -> None:
    module = importlib.import_module(f"cherrypy.{name}")
    assert module.__spec__ is not None
    assert module.__spec__.origin == module.__file__
    assert getattr(cherrypy, name) is module
    for member in module.__all__:
        assert member in dir(module)
        if (name, member) != ("_cptools", "SessionTool"):  # of another distribution
            assert getattr(module, member) is not None
    assert not hasattr(module, "nothing")


HOOK = """
import importlib.abc, sys
asked = []
class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        asked.append(name)
sys.meta_path.insert(0, Finder())
import cherrypy
print(sorted({name for name in asked if name.startswith("cherrypy._cp")}))
"""


def test_import_hooks_are_asked_during_the_import() -> None:
    command = [sys.executable, "-c", HOOK]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
    expected = sorted(f"cherrypy.{name}" for name in ALIASES if name.startswith("_cp"))
    assert output.strip() == str(expected)


@pytest.mark.parametrize(
    ("cls", "name"),
    [
        (cherrypy.Application, "cherrypy._cptree.Application"),
        (cherrypy.HTTPError, "cherrypy._cperror.HTTPError"),
        (cherrypy.Tool, "cherrypy._cptools.Tool"),
        (cherrypy._cpchecker.Checker, "cherrypy._cpchecker.Checker"),
        (cherrypy._cpreqbody.Entity, "cherrypy._cpreqbody.Entity"),
        (cherrypy._cpreqbody.RequestBody, "cherrypy._cpreqbody.RequestBody"),
        (cherrypy._cprequest.Request, "cherrypy._cprequest.Request"),
        (cherrypy._cptools.CachingTool, "cherrypy._cptools.CachingTool"),
        (httputil.HeaderMap, "cherrypy.lib.httputil.HeaderMap"),
        (reprconf.Config, "cherrypy.lib.reprconf.Config"),
        (plugins.Monitor, "cherrypy.process.plugins.Monitor"),
    ],
)
def test_classes_say_where_applications_find_them(cls: type, name: str) -> None:
    assert f"{cls.__module__}.{cls.__qualname__}" == name
    assert pickle.loads(pickle.dumps(cls)) is cls  # noqa: S301 - our own


class Root:
    @cherrypy.expose
    def index(self) -> str:
        return "index"

    @cherrypy.expose
    def fail(self) -> None:
        raise LookupError


@pytest.fixture
def client() -> Client:
    config = {"/": {"hooks.before_handler": lambda: None, "tools.encode.on": True}}
    client = Client(cherrypy.Application(Root(), "", config))
    assert client.get("/").text == "index"  # what is replaced is replaced later
    return client


def test_a_replaced_function_is_called_until_it_is_put_back(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(cherrypy._cperror, "get_error_page", lambda *_args, **_kwargs: b"page")
        assert client.get("/fail").text == "page"
    assert "LookupError" in client.get("/fail").text


def test_a_replaced_template_is_the_error_page(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sites use that to hide the version."""
    monkeypatch.setattr(cherrypy._cperror, "_HTTPErrorTemplate", "only %(status)s")
    assert client.get("/nowhere").text.startswith("only 404 Not Found")


def test_the_template_of_error_pages_can_be_filled() -> None:
    values = {"status": "404 Not Found", "message": "m", "traceback": "t", "version": "v"}
    assert "404 Not Found" in cherrypy._cperror._HTTPErrorTemplate % {"note": "", **values}


@pytest.mark.parametrize(
    ("cls", "method"),
    [
        (cherrypy.Application, "get_serving"),
        (cherrypy.Application, "release_serving"),
        (cherrypy.Application, "find_config"),
        (cherrypy._cpdispatch.PageHandler, "__call__"),
        (cherrypy._cpdispatch.LateParamPageHandler, "__call__"),
        (cherrypy._cplogging.LogManager, "access"),
        (cherrypy._cprequest.Hook, "__call__"),
        (cherrypy._cprequest.HookMap, "run"),
        (cherrypy._cptools.Tool, "_setup"),
        (cherrypy._cptools.Toolbox, "__exit__"),
        (cherrypy._cpwsgi.AppResponse, "run"),
        (cherrypy._cpwsgi.CPWSGIApp, "tail"),
        (cherrypy._cpwsgi.ExceptionTrapper, "__call__"),
        (cherrypy._cpwsgi.InternalRedirector, "__call__"),
        (cherrypy.lib.encoding.ResponseEncoder, "encode_string"),
    ],
)
def test_a_replaced_method_is_called_until_it_is_put_back(
    cls: Any, method: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[object] = []
    original = getattr(cls, method)

    def replacement(*args: Any, **kwargs: Any) -> Any:
        called.append(method)
        return original(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(cls, method, replacement)
        assert client.get("/").text == "index"
    assert called
    assert not cls.own_methods
