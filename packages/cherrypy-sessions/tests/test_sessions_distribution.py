"""The distribution as it is installed: beside the core of the same version."""

from importlib import import_module
from importlib.metadata import requires, version

import cherrypy
from cherrypy._cptools import SessionTool


def test_it_has_the_version_of_the_core() -> None:
    assert version("cherrypy-sessions") == version("cherrypy-core")


def test_it_requires_nothing_but_the_core() -> None:
    """Extras apart: they are asked for by name."""
    required = [text for text in requires("cherrypy-sessions") or [] if "extra ==" not in text]
    assert required == [f"cherrypy-core=={version('cherrypy-core')}"]


def test_its_modules_are_found_beside_those_of_the_core() -> None:
    names = {import_module(name).__name__ for name in ("cherrypy._http", "cherrypy._sessions")}
    assert names == {"cherrypy._http", "cherrypy._sessions"}


def test_the_tool_is_found_by_its_name() -> None:
    assert isinstance(cherrypy.tools.sessions, SessionTool)
