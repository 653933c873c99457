"""What other distributions bring: looked up when it is first asked for, and not before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import cherrypy
from cherrypy._config import extensions
from cherrypy._tools.tool import Tool
from entry_points import Point
from wsgi_client import Client

pytestmark = pytest.mark.usefixtures("site")


def note() -> None:
    cherrypy.response.headers["X-Note"] = "noted"


class _Own(Tool):
    def __init__(self) -> None:
        super().__init__("before_handler", note)


class _Distribution:
    """Stands for an installed distribution."""

    entry_points = (
        Point("ready", Tool("before_handler", note), "cherrypy.tools"),
        Point("made", _Own, "cherrypy.tools"),
        Point("broken", ImportError("its module is broken"), "cherrypy.tools"),
        Point("nobody", note, "console_scripts"),
    )


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Pretend that a distribution is installed; return a word for each time that is looked up."""
    times: list[str] = []

    def distributions() -> list[_Distribution]:
        times.append("asked")
        return [_Distribution()]

    monkeypatch.setattr("importlib.metadata.distributions", distributions)
    monkeypatch.setattr(extensions, "_cache", {})
    return times


@pytest.mark.parametrize("name", ["ready", "made"])
def test_a_tool_of_another_distribution_is_found(asked: list[str], name: str) -> None:
    class Root:
        @cherrypy.expose
        def index(self) -> str:
            return ""

    app = cherrypy.Application(Root(), "", {"/": {f"tools.{name}.on": True}})
    assert Client(app).get("/").field("X-Note") == "noted"
    assert Client(app).get("/").field("X-Note") == "noted"
    assert isinstance(getattr(cherrypy.tools, name), Tool)
    assert asked == ["asked"]  # once


def test_tools_of_the_core_are_not_looked_for(asked: list[str]) -> None:
    assert isinstance(cherrypy.tools.gzip, Tool)
    assert not hasattr(cherrypy.tools, "_private")
    assert asked == []


def test_a_broken_module_is_told(asked: list[str]) -> None:
    with pytest.raises(ImportError, match="its module is broken"):
        _ = cherrypy.tools.broken
    assert asked == ["asked"]


def test_what_nobody_brings(asked: list[str]) -> None:
    with pytest.raises(AttributeError, match="nobody"):
        _ = cherrypy.tools.nobody
    assert extensions.find_extension("servers", "cheroot") is None
    assert asked == ["asked"]


@pytest.mark.parametrize(
    ("name", "distribution"),
    [
        ("sessions", "cherrypy-sessions"),
        ("auth_basic", "cherrypy-auth"),
        ("auth_digest", "cherrypy-auth"),
        ("auth_peercreds", "cherrypy-auth"),
        ("staticdir", "cherrypy-static"),
        ("staticfile", "cherrypy-static"),
        ("json_in", "cherrypy-json"),
        ("json_out", "cherrypy-json"),
    ],
)
def test_what_is_missing_names_the_distribution(
    asked: list[str], name: str, distribution: str
) -> None:
    del asked
    toolbox = cherrypy._cptools.Toolbox("tools")  # one that has found nothing yet
    with pytest.raises(AttributeError, match=f"pip install {distribution}"):
        getattr(toolbox, name)


def test_quickstart_without_a_server_names_the_distribution(
    asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And starts nothing."""
    del asked
    monkeypatch.setattr("cherrypy._assembly.default_server._server", None)
    with pytest.raises(AttributeError, match="pip install cherrypy-server"):
        cherrypy.quickstart(None)
    with pytest.raises(AttributeError, match="pip install cherrypy-server"):
        _ = cherrypy.server
    assert cherrypy.engine.state == cherrypy.engine.states.STOPPED


CORE_ALONE = """
import sys
sys.path[:] = [sys.argv[1], *(p for p in sys.path if "site-packages" not in p)]
import cherrypy
try:
    exec(sys.argv[2])
except (AttributeError, ImportError) as error:
    print(type(error).__name__, error)
print(hasattr(cherrypy, "session"), hasattr(cherrypy.lib, "sessions"))
"""


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("import cherrypy.lib.sessions", "ModuleNotFoundError cherrypy.lib.sessions needs"),
        ("from cherrypy.lib import static", "pip install cherrypy-static"),
        ("from cherrypy.lib.jsontools import json_in", "pip install cherrypy-json"),
        ("import cherrypy.lib.auth_basic", "pip install cherrypy-auth"),
        ("cherrypy.lib.auth_digest", "AttributeError module 'cherrypy.lib' has no attribute"),
        ("cherrypy.session", "cherrypy-sessions to be installed"),
        ("cherrypy._cpserver", "pip install cherrypy-server"),
        ("import cherrypy.lib.nothing", "No module named 'cherrypy.lib.nothing'"),
        ("cherrypy.nothing", "module 'cherrypy' has no attribute 'nothing'"),
    ],
)
def test_modules_that_are_missing_name_the_distribution(statement: str, message: str) -> None:
    """With core alone; and nothing fails that only asks whether they are there."""
    folder = str(Path(cherrypy.__file__).parent.parent)
    command = [sys.executable, "-I", "-S", "-c", CORE_ALONE, folder, statement]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
    assert message in output
    assert output.endswith("False False\n")
