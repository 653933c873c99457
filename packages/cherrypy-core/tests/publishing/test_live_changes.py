"""Whatever changes between two requests counts for the second one.

Plans are kept for as long as nothing changes that they came from. Here, each thing that a plan
comes from is changed, and the very next request has to know.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import cherrypy
from cherrypy._publishing.objects import Dispatcher
from cherrypy._request.request import Request
from cherrypy._request.response import Response
from cherrypy._tools.hooks import Hook
from cherrypy._tools.tool import HandlerTool, Tool
from cherrypy._tools.toolbox import Toolbox
from wsgi_client import Client, call_wsgi, make_environ

pytestmark = pytest.mark.usefixtures("site")

Root = Any
"""A root object; tests change its attributes."""


class _Root:
    """Says which settings and which tools a request got."""

    @cherrypy.expose
    def index(self) -> str:
        return seen()

    @cherrypy.expose
    def page(self) -> str:
        return seen()


class _Leaf:
    exposed = True

    def __init__(self, text: str) -> None:
        self.text = text

    def __call__(self) -> str:
        return self.text


def seen() -> str:
    """Tell the settings of the namespace ``own``, then what the tools and hooks have noted."""
    own = {k: v for k, v in cherrypy.request.config.items() if k.startswith("own.")}
    return f"{own!r} {noted()!r}"


def noted() -> list[object]:
    notes: list[object] = vars(cherrypy.serving.request).setdefault("notes", [])
    return notes


def note(text: object = "noted") -> None:
    """Be a tool: leave a note that the page handler shows."""
    noted().append(text)


def note_loudly(text: object = "noted") -> None:
    noted().append(f"{text}!")


def fresh_root() -> Any:
    """Make a root object of a class of its own, so that the class can be changed too."""

    class OwnRoot(_Root):
        @cherrypy.expose
        def index(self) -> str:
            return seen()

        @cherrypy.expose
        def page(self) -> str:
            return seen()

        @cherrypy.expose
        def default(self, *segments: str) -> str:
            return f"default {segments!r} {seen()}"

    OwnRoot.default.exposed = False  # type: ignore[attr-defined]  # put there by expose
    return OwnRoot()


@pytest.fixture
def root() -> Any:
    return fresh_root()


@pytest.fixture
def app(root: object) -> cherrypy.Application:
    cherrypy.tools.note = Tool("before_handler", note, priority=40)
    return cherrypy.Application(root, "")


class Asker:
    """Asks for one page; each answer comes from a plan that the one before may have left."""

    def __init__(self, app: Any, target: str = "/page") -> None:
        self.client = Client(app)
        self.target = target
        self.ask()

    def ask(self) -> str:
        """Return the answer, or its status if it is no success."""
        answer = self.client.get(self.target)
        return answer.text if answer.code == 200 else answer.status[:3]


# Attributes ---------------------------------------------------------------------------------------


def test_an_attribute_is_added_replaced_and_removed(app: cherrypy.Application, root: Root) -> None:
    page = Asker(app, "/leaf")
    assert page.ask() == "404"
    root.leaf = _Leaf("one")
    assert page.ask() == "one"
    root.leaf = _Leaf("two")
    assert page.ask() == "two"
    del root.leaf
    assert page.ask() == "404"


def test_a_node_is_added_below_a_node(app: cherrypy.Application, root: Root) -> None:
    root.branch = fresh_root()
    page = Asker(app, "/branch/twig/page")
    assert page.ask() == "404"
    root.branch.twig = fresh_root()
    assert page.ask() == "{} []"


def test_a_class_gets_a_method(app: cherrypy.Application, root: Root) -> None:
    page = Asker(app, "/late")

    def late(self: object) -> str:
        return type(self).__name__

    cherrypy.expose(late)
    type(root).late = late
    assert page.ask() == "OwnRoot"
    del type(root).late
    assert page.ask() == "404"


def test_a_handler_is_exposed_and_hidden(app: cherrypy.Application, root: Root) -> None:
    page = Asker(app)
    type(root).page.exposed = False
    assert page.ask() == "404"
    type(root).page.exposed = True
    assert page.ask() == "{} []"


def test_a_default_begins_to_answer_for_missing_children(
    app: cherrypy.Application, root: Root
) -> None:
    page = Asker(app, "/nobody/here")
    assert page.ask() == "404"
    type(root).default.exposed = True
    assert page.ask() == "default ('nobody', 'here') {} []"


def test_an_index_is_replaced(app: cherrypy.Application, root: Root) -> None:
    page = Asker(app, "/")
    root.index = _Leaf("another index")
    assert page.ask() == "another index"


def test_a_cp_dispatch_is_added_and_removed(app: cherrypy.Application, root: Root) -> None:
    page = Asker(app, "/looked/up")
    assert page.ask() == "404"

    def dispatch(self: object, vpath: list[str]) -> _Leaf:
        del self
        return _Leaf(f"dispatched {vpath.pop(0)} {vpath.pop(0)}")

    type(root)._cp_dispatch = dispatch
    assert page.ask() == "dispatched looked up"
    del type(root)._cp_dispatch
    assert page.ask() == "404"


def test_the_root_is_replaced(app: cherrypy.Application) -> None:
    page = Asker(app)
    app.root = fresh_root()
    app.root.page = _Leaf("of another root")
    assert page.ask() == "of another root"
    app.root = None
    assert page.ask() == "404"


# _cp_config ---------------------------------------------------------------------------------------


def holders(root: Root) -> dict[str, Any]:
    """Return everything that can have a ``_cp_config`` on the way to ``/page``."""
    return {"function": type(root).page, "class": type(root), "instance": root}


@pytest.mark.parametrize("holder", ["function", "class", "instance"])
def test_a_cp_config_is_set_replaced_changed_and_removed(
    app: cherrypy.Application, root: Root, holder: str
) -> None:
    page = Asker(app)
    node = holders(root)[holder]
    node._cp_config = {"own.name": "one"}
    assert page.ask() == "{'own.name': 'one'} []"
    node._cp_config = {"own.name": "two"}
    assert page.ask() == "{'own.name': 'two'} []"
    node._cp_config["own.name"] = "three"
    assert page.ask() == "{'own.name': 'three'} []"
    node._cp_config["tools.note.on"] = True
    assert page.ask() == "{'own.name': 'three'} ['noted']"
    node._cp_config["tools.note.on"] = False
    assert page.ask() == "{'own.name': 'three'} []"
    del node._cp_config["own.name"]
    assert page.ask() == "{} []"
    del node._cp_config
    assert page.ask() == "{} []"


@pytest.mark.parametrize(("before", "after"), [(1, True), (1, 1.0), (0, False), ("", b"")])
def test_a_setting_becomes_an_equal_value_of_another_type(
    app: cherrypy.Application, root: Root, before: object, after: object
) -> None:
    page = Asker(app)
    config = type(root).page._cp_config = {"own.value": before}
    assert page.ask() == f"{{'own.value': {before!r}}} []"
    config["own.value"] = after
    assert page.ask() == f"{{'own.value': {after!r}}} []"


def test_a_setting_becomes_another_list_that_is_equal(
    app: cherrypy.Application, root: Root
) -> None:
    page = Asker(app)
    one, two = ["same"], ["same"]
    config = type(root).page._cp_config = {"own.value": one}
    page.ask()
    config["own.value"] = two
    page.ask()
    one.append("of no account")
    assert page.ask() == "{'own.value': ['same']} []"


def test_a_list_in_a_setting_is_changed_in_place(app: cherrypy.Application, root: Root) -> None:
    page = Asker(app)
    values = ["a"]
    type(root).page._cp_config = {
        "own.value": values,
        "tools.note.on": True,
        "tools.note.text": values,
    }
    assert page.ask() == "{'own.value': ['a']} [['a']]"
    values.append("b")
    assert page.ask() == "{'own.value': ['a', 'b']} [['a', 'b']]"


def test_two_settings_change_places(app: cherrypy.Application, root: Root) -> None:
    page = Asker(app)
    config = type(root).page._cp_config = {"own.one": "a", "own.two": "b"}
    page.ask()
    config["own.one"], config["own.two"] = config["own.two"], config["own.one"]
    assert page.ask() == "{'own.one': 'b', 'own.two': 'a'} []"


def test_a_setting_moves_from_the_class_to_the_method(
    app: cherrypy.Application, root: Root
) -> None:
    settings = {"own.name": "moved"}
    type(root)._cp_config = settings
    page, index = Asker(app), Asker(app, "/")
    del type(root)._cp_config
    type(root).page._cp_config = settings
    assert page.ask() == "{'own.name': 'moved'} []"
    assert index.ask() == "{} []"


def test_a_cp_config_of_a_base_class_is_changed(app: cherrypy.Application) -> None:
    class Base:
        _cp_config = {"own.name": "base"}  # noqa: RUF012 - written as applications are

    class Child(Base, _Root):
        pass

    app.root = Child()
    page = Asker(app)
    Base._cp_config["own.name"] = "changed"
    assert page.ask() == "{'own.name': 'changed'} []"


def test_a_cp_config_is_computed(app: cherrypy.Application) -> None:
    """A property makes another dict each time; identities of keys and values tell."""

    class Computed(_Root):
        count = 0

        @property
        def _cp_config(self) -> dict[str, object]:
            self.count += 1
            return {"own.count": 1000 + self.count}

    app.root = Computed()
    page = Asker(app)
    first = app.root.count
    assert page.ask() != page.ask()
    assert app.root.count > first


def test_the_cp_config_of_a_default_is_changed(app: cherrypy.Application, root: Root) -> None:
    default = type(root).default
    default.exposed = True
    page = Asker(app, "/some/thing")
    default._cp_config = {"own.name": "one"}
    assert page.ask() == "default ('some', 'thing') {'own.name': 'one'} []"
    default._cp_config["own.name"] = "two"
    assert page.ask() == "default ('some', 'thing') {'own.name': 'two'} []"


def test_the_cp_config_of_a_node_on_the_way_is_changed(
    app: cherrypy.Application, root: Root
) -> None:
    root.branch = fresh_root()
    root.branch.twig = fresh_root()
    page = Asker(app, "/branch/twig/page")
    root.branch._cp_config = {"own.name": "branch"}
    assert page.ask() == "{'own.name': 'branch'} []"
    root.branch.twig._cp_config = {"own.name": "twig"}
    assert page.ask() == "{'own.name': 'twig'} []"
    del root.branch.twig._cp_config
    assert page.ask() == "{'own.name': 'branch'} []"


def test_the_cp_config_has_a_hook(app: cherrypy.Application, root: Root) -> None:
    page = Asker(app)
    config = type(root).page._cp_config = {"hooks.before_handler": note}
    assert page.ask() == "{} ['noted']"
    config["hooks.before_handler"] = note_loudly
    assert page.ask() == "{} ['noted!']"
    config["hooks.before_handler"] = Hook(note, text="by a hook")
    assert page.ask() == "{} ['by a hook']"


# Decorators ---------------------------------------------------------------------------------------


def test_a_tool_decorator_is_applied_to_a_method_that_is_served(
    app: cherrypy.Application, root: Root
) -> None:
    page = Asker(app)
    cherrypy.tools.note(text="decorated")(type(root).page)
    assert page.ask() == "{} ['decorated']"
    cherrypy.tools.note(text="again")(type(root).page)
    assert page.ask() == "{} ['again']"


def test_a_tool_decorator_is_applied_to_a_class_that_is_served(
    app: cherrypy.Application, root: Root
) -> None:
    page = Asker(app)
    cherrypy.tools.note()(type(root))
    assert page.ask() == "{} ['noted']"


def test_the_config_decorator_is_applied_to_a_method_that_is_served(
    app: cherrypy.Application, root: Root
) -> None:
    page = Asker(app)
    cherrypy.config(**{"own.name": "decorated"})(type(root).page)
    assert page.ask() == "{'own.name': 'decorated'} []"


def test_popargs_is_applied_to_a_class_that_is_served(
    app: cherrypy.Application, root: Root
) -> None:
    page = Asker(app, "/7/number")

    def number(self: object, n: str) -> str:
        del self
        return f"number {n}"

    type(root).number = cherrypy.expose(number)
    assert page.ask() == "404"
    cherrypy.popargs("n")(type(root))
    assert page.ask() == "number 7"


# Tools --------------------------------------------------------------------------------------------


@pytest.fixture
def noting(app: cherrypy.Application, root: Root) -> Asker:
    """Ask for a page for which ``tools.note`` is on."""
    type(root).page._cp_config = {"tools.note.on": True}
    return Asker(app)


def test_a_tool_is_replaced(noting: Asker) -> None:
    quiet, loud = cherrypy.tools.note, Tool("before_handler", note_loudly, name="note")
    assert noting.ask() == "{} ['noted']"
    cherrypy.tools.note = loud
    assert noting.ask() == "{} ['noted!']"
    cherrypy.tools.note = quiet
    assert noting.ask() == "{} ['noted']"


def test_a_tool_is_removed_and_comes_back(noting: Asker) -> None:
    tool = cherrypy.tools.note
    del cherrypy.tools.note
    assert noting.ask() == "500"
    cherrypy.tools.note = tool
    assert noting.ask() == "{} ['noted']"


def test_a_tool_is_added_that_was_missing(app: cherrypy.Application, root: Root) -> None:
    type(root).page._cp_config = {"tools.late.on": True}
    page = Asker(app)
    assert page.ask() == "500"
    cherrypy.tools.late = Tool("before_handler", note)
    assert page.ask() == "{} ['noted']"


def test_a_tool_is_registered_by_decorator(app: cherrypy.Application, root: Root) -> None:
    type(root).page._cp_config = {"tools.registered.on": True}
    page = Asker(app)

    @cherrypy.tools.register("before_handler")
    def registered() -> None:
        note("registered")

    assert page.ask() == "{} ['registered']"


def test_the_function_of_a_tool_is_replaced(noting: Asker) -> None:
    cherrypy.tools.note.callable = note_loudly
    assert noting.ask() == "{} ['noted!']"


def test_the_hook_point_of_a_tool_is_changed(noting: Asker) -> None:
    cherrypy.tools.note._point = "before_finalize"  # after the handler has told
    assert noting.ask() == "{} []"
    cherrypy.tools.note._point = "on_start_resource"
    assert noting.ask() == "{} ['noted']"


def test_the_name_of_a_tool_is_taken_by_another_kind(noting: Asker) -> None:
    cherrypy.tools.note = HandlerTool(lambda: True)
    assert noting.ask() == ""  # it answers in place of the handler


def both_tools(root: Root, priority: float | None = None) -> dict[str, object]:
    """Turn on two tools for ``/page``; the second one runs last by default."""
    cherrypy.tools.loud = Tool("before_handler", note_loudly, priority=60)
    config: dict[str, object] = {"tools.note.on": True, "tools.loud.on": True}
    if priority is not None:
        config["tools.loud.priority"] = priority
    type(root).page._cp_config = config
    return config


def test_the_priority_of_a_tool_is_changed(app: cherrypy.Application, root: Root) -> None:
    both_tools(root)
    page = Asker(app)
    assert page.ask() == "{} ['noted', 'noted!']"
    cherrypy.tools.loud._priority = 10
    assert page.ask() == "{} ['noted!', 'noted']"


def test_the_priority_in_the_configuration_is_changed(
    app: cherrypy.Application, root: Root
) -> None:
    config = both_tools(root, priority=60)
    page = Asker(app)
    config["tools.loud.priority"] = 10
    assert page.ask() == "{} ['noted!', 'noted']"


def test_a_setup_is_overridden_on_the_instance(noting: Asker) -> None:
    tool: Any = cherrypy.tools.note
    tool._setup = lambda: note("own set-up")
    assert noting.ask() == "{} ['own set-up']"
    del tool._setup
    assert noting.ask() == "{} ['noted']"


def test_a_setup_is_overridden_on_the_class(noting: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    class Own(Tool):
        pass

    cherrypy.tools.note = Own("before_handler", note)
    assert noting.ask() == "{} ['noted']"
    monkeypatch.setattr(Own, "_setup", lambda _tool: note("patched"), raising=False)
    cherrypy.config.update({"own.patched": True})  # a class does not tell when it is changed
    assert "['patched']" in noting.ask()


# Toolboxes and namespaces -------------------------------------------------------------------------


def test_a_toolbox_is_added_to_an_application(app: cherrypy.Application, root: Root) -> None:
    type(root).page._cp_config = {"mine.note.on": True}
    page = Asker(app)
    assert page.ask() == "{} []"
    mine = Toolbox("mine")
    mine.note = Tool("before_handler", note)
    app.toolboxes["mine"] = mine
    assert page.ask() == "{} ['noted']"
    del app.toolboxes["mine"]
    assert page.ask() == "{} []"


def test_the_toolboxes_of_an_application_are_replaced(
    app: cherrypy.Application, root: Root
) -> None:
    type(root).page._cp_config = {"mine.note.on": True}
    page = Asker(app)
    mine = Toolbox("mine")
    mine.note = Tool("before_handler", note)
    app.toolboxes = {**app.toolboxes, "mine": mine}
    assert page.ask() == "{} ['noted']"


def test_a_tool_is_added_to_an_own_toolbox(app: cherrypy.Application, root: Root) -> None:
    mine = Toolbox("mine")
    app.toolboxes["mine"] = mine
    page = Asker(app)
    mine.note = Tool("before_handler", note)
    type(root).page._cp_config = {"mine.note.on": True}
    assert page.ask() == "{} ['noted']"
    mine.note = Tool("before_handler", note_loudly)
    assert page.ask() == "{} ['noted!']"


def test_a_request_namespace_is_added_replaced_and_removed(
    app: cherrypy.Application, root: Root
) -> None:
    type(root).page._cp_config = {"counted.steps": 3}
    page = Asker(app)
    assert page.ask() == "{} []"
    Request.namespaces["counted"] = lambda key, value: note(f"{key} {value}")
    assert page.ask() == "{} ['steps 3']"
    Request.namespaces["counted"] = lambda key, value: note((key, value))
    assert page.ask() == "{} [('steps', 3)]"
    del Request.namespaces["counted"]
    assert page.ask() == "{} []"


def test_the_request_class_of_an_application_is_replaced(
    app: cherrypy.Application, root: Root
) -> None:
    class Counted(Request):
        namespaces = Request.namespaces.copy()

    Counted.namespaces["counted"] = lambda key, value: note(f"{key} {value}")
    type(root).page._cp_config = {"counted.steps": 3}
    page = Asker(app)
    app.request_class = Counted
    assert page.ask() == "{} ['steps 3']"
    app.request_class = Request
    assert page.ask() == "{} []"


def test_the_namespaces_of_a_request_class_are_replaced(
    app: cherrypy.Application, root: Root
) -> None:
    class Counted(Request):
        namespaces = Request.namespaces.copy()

    type(root).page._cp_config = {"counted.steps": 3}
    app.request_class = Counted
    page = Asker(app)
    Counted.namespaces = Request.namespaces.copy()
    Counted.namespaces["counted"] = lambda key, value: note(f"{key} {value}")
    assert page.ask() == "{} ['steps 3']"


class _Elsewhere(Dispatcher):
    """Looks up ``/page`` at ``/elsewhere``."""

    def __call__(self, path_info: str) -> None:
        super().__call__(path_info.replace("page", "elsewhere"))


def test_the_dispatcher_of_the_request_class_is_replaced(
    app: cherrypy.Application, root: Root
) -> None:
    root.elsewhere = _Leaf("elsewhere")

    class Own(Request):
        pass

    app.request_class = Own
    page = Asker(app)
    Own.dispatch = _Elsewhere()
    assert page.ask() == "elsewhere"


def test_an_attribute_of_the_request_class_is_changed(app: cherrypy.Application) -> None:
    class Own(Request):
        pass

    app.request_class = Own
    page = Asker(app, "/page?unexpected=1")
    assert "Unexpected" in page.client.get("/page?unexpected=1").text
    Own.show_mismatched_params = False
    assert "Unexpected" not in page.client.get("/page?unexpected=1").text


def test_the_response_class_is_replaced(app: cherrypy.Application) -> None:
    class Signed(Response):
        def finalize(self) -> None:
            self.headers["X-Signed"] = "yes"
            super().finalize()

    page = Asker(app)
    app.response_class = Signed
    assert page.client.get("/page").field("X-Signed") == "yes"


# Sections of the application, and the configuration of the site -----------------------------------


def test_a_section_is_added_changed_replaced_and_removed(app: cherrypy.Application) -> None:
    page = Asker(app)
    app.config["/page"] = {"own.name": "one"}
    assert page.ask() == "{'own.name': 'one'} []"
    app.config["/page"]["own.name"] = "two"
    assert page.ask() == "{'own.name': 'two'} []"
    app.config["/page"].update({"tools.note.on": True})
    assert page.ask() == "{'own.name': 'two'} ['noted']"
    app.config["/page"].pop("own.name")
    assert page.ask() == "{} ['noted']"
    app.config["/page"] = {"own.name": "three"}
    assert page.ask() == "{'own.name': 'three'} []"
    del app.config["/page"]
    assert page.ask() == "{} []"


def test_a_section_is_added_above_the_page(app: cherrypy.Application) -> None:
    page = Asker(app)
    app.config.update({"/": {"own.name": "root"}})
    assert page.ask() == "{'own.name': 'root'} []"
    app.config.setdefault("/page", {})["own.name"] = "page"
    assert page.ask() == "{'own.name': 'page'} []"


def test_the_configuration_of_an_application_is_merged_into(app: cherrypy.Application) -> None:
    page = Asker(app)
    app.merge({"/page": {"own.name": "merged"}})
    assert page.ask() == "{'own.name': 'merged'} []"


def test_the_configuration_of_an_application_is_replaced(app: cherrypy.Application) -> None:
    app.merge({"/page": {"own.name": "old"}})
    page = Asker(app)
    app.config = {"/page": {"own.name": "new"}}
    assert page.ask() == "{'own.name': 'new'} []"
    app.config["/page"]["own.name"] = "newer"
    assert page.ask() == "{'own.name': 'newer'} []"


def test_a_dispatcher_is_configured_and_removed(app: cherrypy.Application, root: Root) -> None:
    root.elsewhere = _Leaf("elsewhere")
    page = Asker(app)
    app.config["/"] = {"request.dispatch": _Elsewhere()}
    assert page.ask() == "elsewhere"
    del app.config["/"]
    assert page.ask() == "{} []"


def test_the_configuration_of_the_site_is_changed(app: cherrypy.Application) -> None:
    page = Asker(app)
    cherrypy.config.update({"own.name": "site"})
    assert page.ask() == "{'own.name': 'site'} []"
    cherrypy.config["own.name"] = "set"
    assert page.ask() == "{'own.name': 'set'} []"
    cherrypy.config["tools.note.on"] = True
    assert page.ask() == "{'own.name': 'set'} ['noted']"
    del cherrypy.config["own.name"]
    assert page.ask() == "{} ['noted']"
    cherrypy.config.pop("tools.note.on")
    assert page.ask() == "{} []"
    cherrypy.config.update({"own.name": "site"})
    cherrypy.config.reset()
    assert page.ask() == "{} []"


def test_a_default_tool_is_turned_off_for_the_site(app: cherrypy.Application, root: Root) -> None:
    root.branch = fresh_root()
    page = Asker(app, "/branch")
    assert page.ask() == "301"
    cherrypy.config.update({"tools.trailing_slash.on": False})
    assert page.ask() == "{} []"


def test_the_environment_of_the_site_is_changed(app: cherrypy.Application) -> None:
    client = Client(app)
    assert "Unexpected query string parameters" in client.get("/page?x=1").text
    cherrypy.config.update({"environment": "staging"})
    assert "Unexpected query string parameters" not in client.get("/page?x=1").text


def test_a_response_header_and_an_error_page_are_configured(app: cherrypy.Application) -> None:
    client = Client(app)
    assert client.get("/page").field("X-Own") is None
    app.config["/page"] = {"response.headers.X-Own": "yes"}
    assert client.get("/page").field("X-Own") == "yes"
    assert client.get("/nobody").text != "own page"
    cherrypy.config.update({"error_page.404": lambda **_values: "own page"})
    assert client.get("/nobody").text == "own page"


def test_a_stream_is_configured(app: cherrypy.Application) -> None:
    client = Client(app)
    assert client.get("/page").field("Content-Length") == "5"
    app.config["/page"] = {"response.stream": True}
    assert client.get("/page").field("Content-Length") is None


# The tree -----------------------------------------------------------------------------------------


def test_applications_are_mounted_and_unmounted() -> None:
    page = Asker(cherrypy.tree, "/blog/page")
    assert page.ask() == "404"
    app = cherrypy.tree.mount(fresh_root(), "/blog", {"/page": {"own.name": "one"}})
    assert page.ask() == "{'own.name': 'one'} []"
    cherrypy.tree.mount(fresh_root(), "/blog", {"/page": {"own.name": "two"}})
    assert page.ask() == "{'own.name': 'two'} []"
    cherrypy.tree.apps["/blog"] = app
    assert page.ask() == "{'own.name': 'one'} []"
    del cherrypy.tree.apps["/blog"]
    assert page.ask() == "404"


# At once, from many threads -----------------------------------------------------------------------


Changer = Callable[[cherrypy.Application, Root, int], None]


def _change_cp_config(_app: cherrypy.Application, root: Root, number: int) -> None:
    type(root).page._cp_config = {"own.name": number}


def _change_cp_config_in_place(_app: cherrypy.Application, root: Root, number: int) -> None:
    vars(type(root).page).setdefault("_cp_config", {})["own.name"] = number


def _grow_cp_config(_app: cherrypy.Application, root: Root, number: int) -> None:
    config = vars(type(root)).get("_cp_config")
    if config is None:
        config = type(root)._cp_config = {}
    config[f"other.{number % 7}"] = number
    config.pop(f"other.{(number - 3) % 7}", None)
    config["own.name"] = number


def _change_section(app: cherrypy.Application, _root: Root, number: int) -> None:
    app.config.setdefault("/page", {})["own.name"] = number


def _add_and_remove_sections(app: cherrypy.Application, _root: Root, number: int) -> None:
    if not number:  # so many that a switch of threads is likely while they are looked at
        app.config.update({f"/filler{n}": {} for n in range(1000)})
    app.config[f"/other{number % 7}"] = {"own.name": -1}
    app.config.pop(f"/other{(number - 3) % 7}", None)
    app.config.setdefault("/page", {})["own.name"] = number


def _change_site(_app: cherrypy.Application, _root: Root, number: int) -> None:
    cherrypy.config.update({"own.name": number})


def _change_tool(_app: cherrypy.Application, _root: Root, number: int) -> None:
    cherrypy.tools.numbered = Tool(
        "before_handler", lambda: cherrypy.request.config.update({"own.name": number})
    )
    cherrypy.config.update({"tools.numbered.on": True})


@pytest.mark.parametrize(
    "change",
    [
        _change_cp_config,
        _change_cp_config_in_place,
        _grow_cp_config,
        _change_section,
        _add_and_remove_sections,
        _change_site,
        _change_tool,
    ],
)
def test_a_change_counts_for_whoever_asks_after_it(
    app: cherrypy.Application, root: Root, change: Changer
) -> None:
    """While threads ask, one changes: nobody fails, and nobody sees less than what was set."""
    reached = 0
    stopped = threading.Event()
    failures: list[str] = []
    asked = [0, 0, 0]

    def keep_asking(place: int) -> None:
        while not stopped.is_set():
            least = reached
            text = call_wsgi(app, make_environ("GET", "/page")).text
            if not text.startswith("{'own.name': ") or int(text[13:].partition("}")[0]) < least:
                failures.append(f"{text[-1200:]} after {least}")
                stopped.set()
            asked[place] += 1

    change(app, root, 0)
    threads = [threading.Thread(target=keep_asking, args=[place]) for place in range(len(asked))]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        while min(asked) < 100 and not stopped.is_set():
            change(app, root, reached + 1)
            reached += 1
            text = call_wsgi(app, make_environ("GET", "/page")).text
            assert text == f"{{'own.name': {reached}}} []"
    finally:
        stopped.set()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(interval)
    assert not failures


# Whatever changes, in whatever order --------------------------------------------------------------


TARGETS = ("/", "/page", "/branch/", "/branch/page", "/branch/any/thing", "/branch", "/nobody")
NAMES = st.sampled_from(["own.name", "own.other"])
VALUES = st.sampled_from([1, True, 1.0, 0, False, "x", ("x",), None])
TEXTS = st.sampled_from(["a", "b"])
NODES = st.sampled_from(["root", "root class", "branch", "index", "page", "default"])
SECTIONS = st.sampled_from(["/", "/page", "/branch", "/branch/page", "/branch/any", "/index"])
TOOLS = st.sampled_from(["note", "loud"])
POINTS = st.sampled_from(["on_start_resource", "before_request_body", "before_handler"])


class LiveSite(RuleBasedStateMachine):
    """An application that is changed in any way, and one that is made of the result."""

    @initialize()
    def begin(self) -> None:
        """Make the site."""
        cherrypy.tools.note = Tool("before_handler", note, priority=40)
        cherrypy.tools.loud = Tool("before_handler", note_loudly, priority=60)
        self.root = fresh_root()
        self.root.branch = fresh_root()
        type(self.root.branch).default.exposed = True
        self.app = cherrypy.Application(self.root, "")

    def node(self, name: str) -> Any:
        """Return what a rule changes."""
        branch = type(self.root.branch)
        return {
            "root": self.root,
            "root class": type(self.root),
            "branch": self.root.branch,
            "index": type(self.root).index,
            "page": branch.page,
            "default": branch.default,
        }[name]

    @rule(node=NODES, name=NAMES, value=VALUES)
    def replace_cp_config(self, node: str, name: str, value: object) -> None:
        """Give a node another ``_cp_config``."""
        self.node(node)._cp_config = {name: value}

    @rule(node=NODES, name=NAMES, value=VALUES)
    def change_cp_config(self, node: str, name: str, value: object) -> None:
        """Change a ``_cp_config`` in place."""
        holder = self.node(node)
        if "_cp_config" not in vars(holder):
            holder._cp_config = {}
        holder._cp_config[name] = value

    @rule(node=NODES)
    def clear_cp_config(self, node: str) -> None:
        """Empty a ``_cp_config`` in place."""
        vars(self.node(node)).get("_cp_config", {}).clear()

    @rule(node=NODES, tool=TOOLS, on=st.booleans(), text=TEXTS)
    def turn_tool_in_cp_config(self, node: str, tool: str, *, on: bool, text: str) -> None:
        """Turn a tool on or off for a node."""
        holder = self.node(node)
        settings = {f"tools.{tool}.on": on, f"tools.{tool}.text": text}
        holder._cp_config = {**vars(holder).get("_cp_config", {}), **settings}

    @rule(section=SECTIONS, name=NAMES, value=VALUES)
    def change_section(self, section: str, name: str, value: object) -> None:
        """Change a section of the application."""
        self.app.config.setdefault(section, {})[name] = value

    @rule(section=SECTIONS, tool=TOOLS, on=st.booleans())
    def turn_tool_in_section(self, section: str, tool: str, *, on: bool) -> None:
        """Turn a tool on or off in a section."""
        self.app.config.setdefault(section, {})[f"tools.{tool}.on"] = on

    @rule(section=SECTIONS)
    def remove_section(self, section: str) -> None:
        """Remove a section of the application."""
        self.app.config.pop(section, None)

    @rule(name=NAMES, value=VALUES)
    def change_site(self, name: str, value: object) -> None:
        """Change the configuration of the site."""
        cherrypy.config.update({name: value})

    @rule()
    def reset_site(self) -> None:
        """Forget the configuration of the site."""
        cherrypy.config.reset()

    @rule(tool=TOOLS, point=POINTS, loud=st.booleans())
    def replace_tool(self, tool: str, point: str, *, loud: bool) -> None:
        """Put another tool in the place of one."""
        setattr(cherrypy.tools, tool, Tool(point, note_loudly if loud else note))

    @rule(tool=TOOLS, priority=st.integers(0, 100))
    def change_priority(self, tool: str, priority: int) -> None:
        """Change the priority of a tool."""
        getattr(cherrypy.tools, tool)._priority = priority

    @rule(exposed=st.booleans())
    def expose_default(self, *, exposed: bool) -> None:
        """Expose or hide a default method."""
        type(self.root).default.exposed = exposed

    @rule(new=st.booleans())
    def replace_branch(self, *, new: bool) -> None:
        """Put another node in the place of one, or the same again."""
        if new:
            self.root.branch = fresh_root()

    def teardown(self) -> None:
        """Forget what the site was told."""
        cherrypy.config.reset()

    @invariant()
    def answers_as_a_fresh_application_would(self) -> None:
        """Compare all answers with those of an application that is made now."""
        answers = self.answers(self.app)
        assert self.answers(self.app) == answers
        sections = {section: dict(settings) for section, settings in self.app.config.items()}
        assert self.answers(cherrypy.Application(self.root, "", sections)) == answers
        self.answers(self.app)  # so that there are plans that the next change could leave behind

    @staticmethod
    def answers(app: cherrypy.Application) -> list[tuple[str, str, str]]:
        """Return all answers of an application."""
        asked = ((target, call_wsgi(app, make_environ("GET", target))) for target in TARGETS)
        return [(target, answer.status, answer.text) for target, answer in asked]


TestLiveSite = LiveSite.TestCase
TestLiveSite.settings = settings(stateful_step_count=20)
