"""The tools of the core: their names, where they act, and what their distributions bring."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest

import cherrypy
from cherrypy._tools.tool import ErrorTool, Tool
from cherrypy.lib import toolset
from cherrypy.lib.toolset import SessionAuthTool, SessionTool
from wsgi_client import Client

pytestmark = pytest.mark.usefixtures("site")


@pytest.mark.parametrize(
    ("name", "point", "priority"),
    [
        ("accept", "on_start_resource", 50),
        ("allow", "on_start_resource", 50),
        ("autovary", "on_start_resource", 0),
        ("redirect", "on_start_resource", 50),
        ("response_headers", "on_start_resource", 50),
        ("decode", "before_request_body", 50),
        ("ignore_headers", "before_request_body", 50),
        ("proxy", "before_request_body", 30),
        ("referer", "before_request_body", 50),
        ("params", "before_handler", 15),
        ("caching", "before_handler", 50),
        ("session_auth", "before_handler", 50),
        ("trailing_slash", "before_handler", 60),
        ("encode", "before_handler", 70),
        ("expires", "before_finalize", 50),
        ("flatten", "before_finalize", 50),
        ("etags", "before_finalize", 75),
        ("gzip", "before_finalize", 80),
        ("log_headers", "before_error_response", 50),
        ("log_tracebacks", "before_error_response", 50),
        ("log_hooks", "on_end_request", 100),
        ("cpstats", "on_end_request", 50),
        ("err_redirect", None, 50),
        ("xmlrpc", None, 50),
    ],
)
def test_points_and_priorities(name: str, point: str | None, priority: int) -> None:
    """Applications order their own tools by them."""
    tool = getattr(cherrypy.tools, name)
    assert isinstance(tool, Tool)
    assert (tool._name, tool._point, tool._priority) == (name, point, priority)
    assert tool.__doc__


@pytest.mark.parametrize(
    ("name", "arguments", "own"),
    [
        ("accept", "debug media", ""),
        ("allow", "debug methods", "options"),
        ("autovary", "debug ignore", ""),
        ("caching", "debug invalid_methods", ""),
        ("cpstats", "debug slow_queries slow_queries_count uriset", ""),
        ("decode", "default_encoding encoding", ""),
        ("encode", "", ""),
        ("err_redirect", "debug internal url", ""),
        ("etags", "autotags debug", ""),
        ("expires", "debug force secs", ""),
        ("flatten", "debug", ""),
        ("gzip", "compress_level debug mime_types", "codings minimum_size"),
        ("ignore_headers", "debug headers", ""),
        ("log_headers", "debug", ""),
        ("log_hooks", "debug", ""),
        ("log_tracebacks", "debug severity", ""),
        ("params", "error exception", ""),
        ("proxy", "base debug local remote scheme", "forwarded trusted"),
        ("redirect", "debug internal url", ""),
        ("referer", "accept accept_missing debug error message pattern", ""),
        ("response_headers", "debug headers", ""),
        ("session_auth", "", ""),
        ("trailing_slash", "debug extra missing status", ""),
        ("xmlrpc", "", ""),
    ],
)
def test_arguments_can_be_looked_up(name: str, arguments: str, own: str) -> None:
    """As attributes of the tool that are ``None``: those of CherryPy 18.10.0, and our own."""
    tool = getattr(cherrypy.tools, name)
    attributes = {key: value for key, value in vars(tool).items() if key[:1] != "_"}
    del attributes["callable"]
    attributes.pop("namespace", None)
    assert attributes == dict.fromkeys([*arguments.split(), *own.split()])


def test_classes_of_tools() -> None:
    assert isinstance(cherrypy.tools.err_redirect, ErrorTool)
    assert isinstance(cherrypy.tools.session_auth, SessionAuthTool)


def test_a_tool_that_hardly_any_site_uses_is_not_imported_with_the_others() -> None:
    program = (
        "import sys, cherrypy\n"
        "heavy = {'cherrypy.lib.cpstats', 'xmlrpc.client', 'hashlib', 'json', 'brotli'}\n"
        "print(sorted(heavy & sys.modules.keys()), hasattr(cherrypy.tools, 'cpstats'))"
    )
    run = subprocess.run(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[] True"


def test_a_tool_that_nobody_brings_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no tool 'nosuch'"):
        _ = cherrypy.tools.nosuch


# SessionTool -------------------------------------------------------------------------------------


class FakeSession(dict[str, Any]):
    """Notes what is done with it."""

    def __init__(self, done: list[object]) -> None:
        super().__init__()
        self.done = done

    def acquire_lock(self) -> None:
        """Note it."""
        self.done.append("lock")

    def regenerate(self) -> None:
        """Note it."""
        self.done.append("regenerate")


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What is done with a module in place of ``cherrypy.lib.sessions``."""
    done: list[object] = []
    module: Any = ModuleType("cherrypy.lib.sessions")

    def init(**settings: object) -> None:
        done.append(("init", cherrypy.request.stage, settings))
        cherrypy.serving.session = FakeSession(done)

    def save() -> None:
        done.append("save")

    def close() -> None:
        done.append("close")

    save.failsafe = True  # type: ignore[attr-defined]
    close.failsafe = True  # type: ignore[attr-defined]
    close.priority = 90  # type: ignore[attr-defined]
    module.init, module.save, module.close = init, save, close
    module.set_response_cookie = lambda **settings: done.append(("cookie", settings))
    monkeypatch.setitem(sys.modules, "cherrypy.lib.sessions", module)
    return done


class _Root:
    def __init__(self, done: list[object]) -> None:
        self.done = done

    @cherrypy.expose
    def index(self) -> str:
        self.done.append("handler")
        return ""

    @cherrypy.expose
    def fails(self) -> None:
        raise ValueError

    @cherrypy.expose
    def regenerates(self) -> str:
        tool: Any = cherrypy.tools.fake_sessions
        tool.regenerate()
        return ""


def ask(done: list[object], target: str = "/", tool: Any = None, **settings: object) -> int:
    cherrypy.tools.fake_sessions = tool or SessionTool()
    config = {"tools.fake_sessions.on": True}
    config |= {f"tools.fake_sessions.{name}": value for name, value in settings.items()}  # type: ignore[misc]
    return Client(cherrypy.Application(_Root(done), "", {"/": config})).get(target).code


BEGUN: tuple[str, str, dict[str, object]] = (
    *("init", "before_request_body"),
    {"locking": "implicit"},
)


@pytest.mark.parametrize(
    ("locking", "steps"),
    [
        ("implicit", ["init", "handler", "save", "close"]),  # locks itself when it is first used
        ("early", ["init", "lock", "handler", "save", "close"]),
        ("explicit", ["init", "handler", "save", "close"]),
        (None, ["init", "handler", "save", "close"]),
    ],
)
def test_sessions_are_opened_locked_saved_and_closed(
    done: list[object], locking: str | None, steps: list[str]
) -> None:
    settings: dict[str, Any] = {} if locking is None else {"locking": locking, "timeout": 5}
    assert ask(done, **settings) == 200
    assert [step[0] if isinstance(step, tuple) else step for step in done] == steps
    assert done[0] == ("init", "before_request_body", {"locking": "implicit", **settings})


def test_sessions_are_closed_when_something_fails(done: list[object]) -> None:
    assert ask(done, "/fails") == 500
    assert done == [BEGUN, "close"]


def test_a_session_can_be_regenerated(done: list[object]) -> None:
    assert ask(done, "/regenerates", name="sid", timeout=5, storage="x") == 200
    assert done[1:3] == ["regenerate", ("cookie", {"name": "sid", "timeout": 5})]


def test_an_unknown_way_to_lock_is_an_error_that_names_the_setting(
    done: list[object],
    errors: Any,
) -> None:
    assert ask(done, locking="never") == 500
    assert "tools.fake_sessions.locking" in errors.text or "tools.sessions.locking" in errors.text
    assert "expected one of 'implicit', 'early', 'explicit'" in errors.text


def test_a_subclass_may_set_up_in_its_own_way(done: list[object]) -> None:
    class Own(SessionTool):
        def _setup(self) -> None:
            done.append("own")
            super()._setup()

    assert ask(done, tool=Own()) == 200
    assert done[:2] == ["own", BEGUN]


def test_the_function_of_the_tool_can_be_replaced(done: list[object]) -> None:
    tool = SessionTool()

    def own(**settings: object) -> None:
        done.append(("own", settings))
        cherrypy.serving.session = FakeSession(done)

    tool.callable = own
    assert ask(done, tool=tool, a=1) == 200
    assert done[0] == ("own", {"a": 1})


def test_without_its_distribution_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr(toolset, "import_module", missing)
    tool = SessionTool()  # needs nothing yet
    with pytest.raises(ModuleNotFoundError, match="pip install cherrypy-sessions"):
        tool.callable()
    monkeypatch.setattr(toolset, "import_module", lambda _name: missing("pymemcache"))
    with pytest.raises(ModuleNotFoundError) as caught:
        tool.callable()
    assert caught.value.name == "pymemcache"
