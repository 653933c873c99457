"""Imports point one way, down: the rules, and that the checker sees each way to break one."""

from __future__ import annotations

import pytest

from layers import RANKS, Module, find_modules, violations

CORE = "cherrypy-core"


def core(name: str, source: str) -> Module:
    return Module(name, CORE, source)


def test_every_import_of_every_distribution() -> None:
    assert violations(find_modules()) == []


def test_the_modules_are_found() -> None:
    """So that an empty list of violations is not one of an empty list of modules."""
    names = {module.name for module in find_modules()}
    assert {"cherrypy", "cherrypy.lib", "cherrypy.process", "cherrypy._http"} <= names
    assert {module.unit for module in find_modules() if module.distribution == CORE} <= set(RANKS)


@pytest.mark.parametrize(
    ("name", "source", "complaint"),
    [
        ("cherrypy._http.a", "from cherrypy._config import b", "not below it"),
        ("cherrypy._http.a", "import cherrypy", "facade"),
        ("cherrypy._http.a", "import cherrypy.process.b", "facade"),  # binds the name cherrypy
        ("cherrypy._app.a", "from cherrypy import HTTPError", "facade"),
        ("cherrypy._app.a", "from cherrypy import _assembly", "facade"),
        ("cherrypy.process.a", "from cherrypy._http import dates", "not below it"),  # same rank
        ("cherrypy._tools.a", "from . import hooks", "is relative"),
        ("cherrypy._tools.a", "from ..lib import cptools", "is relative"),
        ("cherrypy._tools.a", "def f():\n    from cherrypy._app import b", "not below it"),
        ("cherrypy._tools.a", "if TYPE_CHECKING:\n    from cherrypy._app import b", "not below"),
        ("cherrypy._tools.a", "import_module('cherrypy._app.tree')", "not below it"),
        ("cherrypy._tools.a", "importlib.import_module('cherrypy._app')", "not below it"),
        ("cherrypy._http.a", "import multipart", "standard library"),
        ("cherrypy._request.a", "import cheroot", "does not require it"),
        ("cherrypy._unknown.a", "", "has no rank"),
        ("cherrypy.server", "", "has no rank"),  # would replace the object of that name
    ],
)
def test_what_core_may_not(name: str, source: str, complaint: str) -> None:
    (found,) = violations([core(name, source), core("cherrypy._assembly", "")])
    assert found.startswith(name)
    assert complaint in found


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("cherrypy._http.a", "import email.utils, re"),
        ("cherrypy._http.a", "from cherrypy._http import dates"),
        ("cherrypy._request.a", "from cherrypy._http.headers import HeaderMap"),
        ("cherrypy._request.a", "import routes"),
        ("cherrypy._request.a", "import cherrypy._http.dates as dates"),
        ("cherrypy.lib.a", "from cherrypy.process.wspbus import states"),
        ("cherrypy._cptree", "import cherrypy"),
        ("cherrypy.daemon", "from cherrypy import engine"),
        ("cherrypy", "from cherrypy._assembly import tree"),
    ],
)
def test_what_core_may(name: str, source: str) -> None:
    assert violations([core(name, source)]) == []


SESSIONS = [
    Module("cherrypy.lib.sessions", "cherrypy-sessions", ""),
    Module("cherrypy._sessions", "cherrypy-sessions", ""),
]


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("from cherrypy._app.tree import Tree", "is private"),
        ("import cherrypy._config.evaluator", "is private"),
        ("from cherrypy.lib.sessions import Session", "another satellite"),
        ("from cherrypy.lib import sessions", "another satellite"),
        ("import cherrypy._sessions", "another satellite"),
        ("import cheroot", "does not require it"),
    ],
)
def test_what_a_satellite_may_not(source: str, complaint: str) -> None:
    module = Module("cherrypy.lib.static", "cherrypy-static", source)
    (found,) = violations([module, *SESSIONS])
    assert found.startswith("cherrypy.lib.static:1")
    assert complaint in found


@pytest.mark.parametrize(
    "source",
    [
        "import cherrypy",
        "from cherrypy import HTTPError, tools",
        "from cherrypy.lib import httputil",
        "from cherrypy.lib.httputil import HeaderMap",
        "from cherrypy._http.ranges import byte_ranges",
        "from cherrypy._runtime.context import serving",
        "from cherrypy._static.files import find_file",
    ],
)
def test_what_a_satellite_may(source: str) -> None:
    ours = Module("cherrypy._static.files", "cherrypy-static", "")
    module = Module("cherrypy.lib.static", "cherrypy-static", source)
    assert violations([module, ours, *SESSIONS]) == []


@pytest.mark.parametrize(
    "name", ["cherrypy", "cherrypy.lib", "cherrypy.process", "cherrypy._http.a", "cherrypy._auth"]
)
def test_where_a_satellite_may_not_have_a_module(name: str) -> None:
    (found,) = violations([Module(name, "cherrypy-static", "")])
    assert found.startswith(name)


def test_a_cycle_inside_a_unit() -> None:
    modules = [
        core("cherrypy._app.a", "from cherrypy._app import b"),
        core("cherrypy._app.b", "from cherrypy._app.c import x"),
        core("cherrypy._app.c", "def f():\n    import cherrypy._app.a as a"),
    ]
    (found,) = violations(modules)
    assert found.startswith("cycle: ")
    assert all(name in found for name in ("cherrypy._app.a", "cherrypy._app.b", "cherrypy._app.c"))
