"""Tools and toolboxes: how they are made, turned on, given arguments, and replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy._tools.tool import ErrorTool, HandlerTool, HandlerWrapperTool, Tool
from cherrypy._tools.toolbox import Toolbox
from wsgi_client import Answer, Client

if TYPE_CHECKING:
    from log_records import Records

pytestmark = pytest.mark.usefixtures("site")


def note(text: object = "noted", *, twice: bool = False) -> None:
    """Leave a note that the page handler shows."""
    notes: list[object] = vars(cherrypy.serving.request).setdefault("notes", [])
    notes.extend([text] * (1 + twice))


def notes() -> str:
    return repr(vars(cherrypy.serving.request).get("notes", []))


class _Root:
    @cherrypy.expose
    def index(self) -> str:
        return notes()


def ask(config: dict[str, object] | None = None, root: object = None, target: str = "/") -> Answer:
    """Ask a new application whose section ``/`` has these settings."""
    app = cherrypy.Application(root or _Root(), "", {"/": config or {}})
    return Client(app).get(target)


@pytest.fixture
def tool() -> Any:
    cherrypy.tools.note = Tool("before_handler", note)
    return cherrypy.tools.note


# Tool ---------------------------------------------------------------------------------------------


def test_a_tool_knows_what_it_was_made_of() -> None:
    tool = Tool("before_handler", note, "name", 30)
    assert (tool._point, tool.callable, tool._name, tool._priority) == (
        "before_handler",
        note,
        "name",
        30,
    )
    assert Tool("before_handler", note)._priority == 50


def test_the_parameters_of_its_function_are_attributes(tool: Any) -> None:
    assert tool.text is None
    assert tool.twice is None
    with pytest.raises(AttributeError):
        _ = tool.thrice


def test_a_tool_gets_its_name_from_the_toolbox(tool: Any) -> None:
    assert (tool._name, tool.namespace) == ("note", "tools")
    named = Tool("before_handler", note, "other")
    cherrypy.tools.stored_as = named
    assert named._name == "other"


@pytest.mark.parametrize("read", [True, False])
def test_on_is_no_attribute(tool: Any, *, read: bool) -> None:
    """It says nothing of a tool that is on for one path and off for another."""
    use = (lambda: tool.on) if read else (lambda: setattr(tool, "on", True))
    with pytest.raises(AttributeError, match="on"):
        use()


@pytest.mark.parametrize(
    ("config", "noted"),
    [
        ({}, "[]"),
        ({"tools.note.on": False}, "[]"),
        ({"tools.note.text": "not on"}, "[]"),
        ({"tools.note.on": True}, "['noted']"),
        ({"tools.note.on": 1}, "['noted']"),
        ({"tools.note.on": True, "tools.note.text": "t"}, "['t']"),
        ({"tools.note.on": True, "tools.note.twice": True}, "['noted', 'noted']"),
        ({"tools.note.on": True, "tools.note.text": None}, "[None]"),
    ],
)
def test_a_tool_is_turned_on_by_configuration(
    tool: Any, config: dict[str, object], noted: str
) -> None:
    del tool
    assert ask(config).text == noted


def test_an_argument_that_the_function_does_not_take_is_an_error(
    tool: Any, errors: Records
) -> None:
    del tool
    assert ask({"tools.note.on": True, "tools.note.txet": "x"}).code == 500
    assert "txet" in errors.text


def test_a_tool_that_nobody_has_is_an_error_that_names_it(errors: Records) -> None:
    assert ask({"tools.nobody_has_it.on": True}).code == 500
    assert "nobody_has_it" in errors.text


def test_a_tool_of_another_distribution_that_is_not_installed_names_it(
    errors: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cherrypy._tools.toolbox.find_extension", lambda _group, _name: None)
    monkeypatch.delattr(cherrypy.tools, "sessions", raising=False)  # which another test has found
    assert ask({"tools.sessions.on": True}).code == 500
    assert "pip install cherrypy-sessions" in errors.text
    assert not hasattr(cherrypy.tools, "sessions")


def test_a_tool_is_turned_on_by_decorator(tool: Tool) -> None:
    class Root(_Root):
        @cherrypy.expose
        @tool(text="method")
        def page(self) -> str:
            return notes()

        @tool()
        @cherrypy.expose
        def other(self) -> str:
            return notes()

    assert ask(root=Root(), target="/page").text == "['method']"
    assert ask(root=Root(), target="/other").text == "['noted']"
    assert ask(root=Root()).text == "[]"


def test_a_decorated_class_turns_the_tool_on_for_all_of_it(tool: Tool) -> None:
    @tool(text="class")
    class Root(_Root):
        @cherrypy.expose
        def page(self) -> str:
            return notes()

        @cherrypy.expose
        @tool(text="method")
        def own(self) -> str:
            return notes()

    assert ask(root=Root()).text == "['class']"
    assert ask(root=Root(), target="/page").text == "['class']"
    assert ask(root=Root(), target="/own").text == "['method']"
    assert ask().text == "[]"  # the base class is left alone


def test_a_decorator_keeps_what_the_settings_were(tool: Tool) -> None:
    @tool(text="t")
    @cherrypy.config(**{"own.key": 1})
    def handler() -> None:
        pass

    assert handler._cp_config == {  # type: ignore[attr-defined]  # put there by the decorators
        "own.key": 1,
        "tools.note.on": True,
        "tools.note.text": "t",
    }


def test_a_decorator_takes_no_positional_arguments(tool: Any) -> None:
    """That is how a decorator without parentheses shows itself."""
    with pytest.raises(TypeError, match=r"'note' Tool does not accept positional arguments"):
        tool(lambda: None)


def test_a_tool_can_be_called(tool: Any) -> None:
    class Root:
        @cherrypy.expose
        def index(self) -> str:
            tool.callable(text="called")
            return notes()

    assert ask(root=Root()).text == "['called']"


@pytest.mark.parametrize(
    ("priority", "of_function", "configured", "is_first"),
    [
        (50, None, None, False),
        (10, None, None, True),
        (90, 10, None, True),  # that of the function
        (10, 90, None, False),
        (90, 90, 10, True),  # that of the configuration
        (10, 10, 90, False),
    ],
)
def test_priorities(
    priority: int, of_function: int | None, configured: int | None, *, is_first: bool
) -> None:
    def run() -> None:
        note("tested")

    if of_function is not None:
        run.priority = of_function  # type: ignore[attr-defined]  # as applications do it
    cherrypy.tools.tested = Tool("before_handler", run, priority=priority)
    cherrypy.tools.other = Tool("before_handler", lambda: note("other"), priority=40)
    config: dict[str, object] = {"tools.tested.on": True, "tools.other.on": True}
    if configured is not None:
        config["tools.tested.priority"] = configured
    expected = ["tested", "other"] if is_first else ["other", "tested"]
    assert ask(config).text == repr(expected)


def test_a_failsafe_tool_runs_after_a_failure() -> None:
    ran = []

    def safe() -> None:
        ran.append("safe")

    def fail() -> None:
        raise cherrypy.HTTPError(403)

    safe.failsafe = True  # type: ignore[attr-defined]  # as applications do it
    cherrypy.tools.fail = Tool("before_handler", fail, priority=1)
    cherrypy.tools.safe = Tool("before_handler", safe)
    cherrypy.tools.unsafe = Tool("before_handler", lambda: ran.append("unsafe"))
    config: dict[str, object] = dict.fromkeys(
        ["tools.fail.on", "tools.safe.on", "tools.unsafe.on"], True
    )
    assert ask(config).code == 403
    assert ran == ["safe"]


@pytest.mark.parametrize("point", ["on_start_resource", "before_request_body", "before_handler"])
def test_hook_points(point: str) -> None:
    cherrypy.tools.staged = Tool(point, lambda: note(cherrypy.request.stage))
    assert ask({"tools.staged.on": True}).text == repr([point])


# Other kinds --------------------------------------------------------------------------------------


def test_a_handler_tool_may_answer_in_place_of_the_handler() -> None:
    def answer(when: str = "") -> bool:
        if cherrypy.request.query_string != when:
            return False
        cherrypy.response.body = b"the tool"
        return True

    cherrypy.tools.answer = HandlerTool(answer)

    class Root:
        @cherrypy.expose
        def index(self, **_query: str) -> str:
            return "the handler"

    app = cherrypy.Application(
        Root(), "", {"/": {"tools.answer.on": True, "tools.answer.when": "q"}}
    )
    assert Client(app).get("/?q").text == "the tool"
    assert Client(app).get("/?r").text == "the handler"


def test_a_handler_tool_is_a_handler() -> None:
    def answer(kind: str, extra: str = "") -> bool:
        cherrypy.response.body = f"{kind}{extra}".encode()
        return kind != "nothing"

    cherrypy.tools.answer = tool = HandlerTool(answer)

    class Root:
        some = tool.handler("some", extra="!")
        nothing = tool.handler("nothing")

    client = Client(cherrypy.Application(Root(), ""))
    assert client.get("/some").text == "some!"
    assert client.get("/some/path/below?q=1").text == "some!"
    assert client.get("/nothing").code == 404


def test_a_handler_wrapper_tool_wraps_the_handler() -> None:
    def wrap(inner: Any, *args: Any, **kwargs: Any) -> Any:
        return f"<{inner(*args, **kwargs)}>"

    cherrypy.tools.wrap = HandlerWrapperTool(wrap)
    cherrypy.tools.wrap_again = HandlerWrapperTool(wrap, priority=60)
    assert ask({"tools.wrap.on": True}).text == "<[]>"
    assert ask({"tools.wrap.on": True, "tools.wrap_again.on": True}).text == "<<[]>>"


def test_a_handler_wrapper_tool_sees_the_errors_of_the_handler() -> None:
    def forgive(inner: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return inner(*args, **kwargs)
        except cherrypy.HTTPError as error:
            return f"forgiven {error.code}"

    cherrypy.tools.forgive = HandlerWrapperTool(forgive)
    assert ask({"tools.forgive.on": True}, target="/nobody").text == "forgiven 404"
    assert ask({"tools.forgive.on": True}, target="/?unexpected=1").text == "forgiven 404"


def test_a_handler_wrapper_tool_is_a_decorator() -> None:
    upper = HandlerWrapperTool(lambda inner, *args, **kwargs: inner(*args, **kwargs).upper())
    cherrypy.tools.upper = upper

    class Root:
        @cherrypy.expose
        @cherrypy.tools.upper()
        def index(self) -> str:
            return "shout"

    assert ask(root=Root()).text == "SHOUT"


def test_an_error_tool_answers_unexpected_errors() -> None:
    def sorry(text: str = "sorry") -> None:
        cherrypy.response.status = 503
        cherrypy.response.body = text.encode()

    cherrypy.tools.sorry = ErrorTool(sorry)

    class Root:
        @cherrypy.expose
        def index(self) -> str:
            raise ValueError

        @cherrypy.expose
        def refused(self) -> str:
            raise cherrypy.HTTPError(403)

    config: dict[str, object] = {"tools.sorry.on": True, "tools.sorry.text": "very sorry"}
    answer = ask(config, Root())
    assert (answer.code, answer.text) == (503, "very sorry")
    assert ask(config, Root(), "/refused").code == 403


# Tools that set themselves up ---------------------------------------------------------------------


class _Own(Tool):
    """Has a set-up of its own, as many applications have."""

    def __init__(self) -> None:
        super().__init__("before_handler", note)

    def _setup(self) -> None:
        settings = self._merged_args()
        times = settings.pop("times", 1)
        for _ in range(times):
            cherrypy.request.hooks.attach("before_handler", self.callable, **settings)


def test_a_setup_of_ones_own() -> None:
    cherrypy.tools.own = _Own()
    assert ask({"tools.own.on": True}).text == "['noted']"
    config = {"tools.own.on": True, "tools.own.times": 3, "tools.own.text": "t"}
    assert ask(config).text == "['t', 't', 't']"


def test_a_setup_of_ones_own_that_calls_the_one_above() -> None:
    class Both(Tool):
        def _setup(self) -> None:
            super()._setup()
            cherrypy.request.hooks.attach("before_handler", note, priority=90, text="second")

    cherrypy.tools.both = Both("before_handler", note)
    config: dict[str, object] = {"tools.both.on": True, "tools.both.text": "first"}
    assert ask(config).text == "['first', 'second']"


def test_merged_args_can_be_overridden() -> None:
    class Defaulting(Tool):
        def _merged_args(self, d: Any = None) -> dict[str, Any]:
            return {"text": "by default", **super()._merged_args(d)}

    cherrypy.tools.defaulting = Defaulting("before_handler", note)
    assert ask({"tools.defaulting.on": True}).text == "['by default']"
    config: dict[str, object] = {"tools.defaulting.on": True, "tools.defaulting.text": "set"}
    assert ask(config).text == "['set']"


def test_merged_args_are_those_of_the_request() -> None:
    class Root:
        @cherrypy.expose
        def index(self) -> str:
            merged = cherrypy.tools.note._merged_args
            return f"{merged()!r} {merged({'twice': True, 'text': 'default'})!r}"

    cherrypy.tools.note = Tool("before_handler", note)
    config: dict[str, object] = {"tools.note.on": True, "tools.note.text": "t"}
    assert ask(config, Root()).text == "{'text': 't'} {'twice': True, 'text': 't'}"
    assert ask({}, Root()).text == "{} {'twice': True, 'text': 'default'}"


def test_a_setup_may_replace_the_handler_and_the_error_response() -> None:
    class Maintenance(Tool):
        def _setup(self) -> None:
            cherrypy.request.handler = lambda: "back soon"

    cherrypy.tools.maintenance = Maintenance(None, note)
    assert ask({"tools.maintenance.on": True}).text == "back soon"


def test_a_tool_with_a_setup_of_its_own_is_encoded_and_redirected_as_any() -> None:
    """Tools that can not be planned change nothing for those that can."""
    cherrypy.tools.own = _Own()

    class Root:
        leaf = _Root()

        @cherrypy.expose
        def index(self) -> str:
            return "é"

    answer = ask({"tools.own.on": True}, Root())
    assert (answer.text, answer.field("Content-Type")) == ("é", "text/html;charset=utf-8")
    assert ask({"tools.own.on": True}, Root(), "/leaf").code == 301


# Toolboxes ----------------------------------------------------------------------------------------


def test_an_own_toolbox_has_its_own_namespace() -> None:
    mine = Toolbox("mine")
    mine.note = Tool("before_handler", note)
    assert mine.note.namespace == "mine"

    class Root:
        @cherrypy.expose
        @mine.note(text="decorated")
        def index(self) -> str:
            return notes()

        @cherrypy.expose
        def page(self) -> str:
            return notes()

    app = cherrypy.Application(Root(), "", {"/page": {"mine.note.on": True}})
    app.toolboxes["mine"] = mine
    client = Client(app)
    assert client.get("/").text == "['decorated']"
    assert client.get("/page").text == "['noted']"


def test_a_toolbox_has_what_was_registered() -> None:
    @cherrypy.tools.register("before_handler", priority=20)
    def registered(text: str = "registered") -> None:
        note(text)

    @cherrypy.tools.register("before_handler", name="under_a_name")
    def other() -> None:
        note("other")

    assert cherrypy.tools.registered._priority == 20
    assert not hasattr(cherrypy.tools, "other")
    registered()  # it is the function still
    config: dict[str, object] = {"tools.registered.on": True, "tools.under_a_name.on": True}
    assert ask(config).text == "['registered', 'other']"


@pytest.mark.parametrize("name", ["group", "populate", "items", "merge", "tools", "tool"])
def test_a_tool_may_have_almost_any_name(name: str) -> None:
    setattr(cherrypy.tools, name, Tool("before_handler", note))
    assert ask({f"tools.{name}.on": True}).text == "['noted']"


def test_a_setting_that_names_no_argument_is_an_error(errors: Records) -> None:
    assert ask({"tools.note": True}).code == 500
    assert "tools.note.on" in errors.text


def test_a_toolbox_with_a_way_of_its_own_to_set_up() -> None:
    class Counting(Toolbox):
        """Turns on each tool that has any setting."""

        def __exit__(self, *exception: object) -> None:
            for name in cherrypy.request.toolmaps[self.namespace]:
                getattr(self, name)._setup()

    mine = Counting("mine")
    mine.note = Tool("before_handler", note)
    app = cherrypy.Application(_Root(), "", {"/": {"mine.note.text": "not on, and yet"}})
    app.toolboxes["mine"] = mine
    assert Client(app).get("/").text == "['not on, and yet']"


def test_the_settings_of_tools_are_known_to_the_request() -> None:
    class Root:
        @cherrypy.expose
        def index(self) -> str:
            cherrypy.request.toolmaps["tools"]["note"]["changed"] = True
            return repr(cherrypy.request.toolmaps["tools"]["note"])

    cherrypy.tools.note = Tool("before_handler", note)
    app = cherrypy.Application(Root(), "", {"/": {"tools.note.on": True, "tools.note.text": "t"}})
    expected = "{'on': True, 'text': 't', 'changed': True}"
    assert Client(app).get("/").text == expected
    assert Client(app).get("/").text == expected  # what a request changes, it changes for itself


# Those that are on by default ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["log_tracebacks", "log_headers", "trailing_slash", "encode"])
def test_tools_that_are_on_by_default(name: str) -> None:
    assert cherrypy.config[f"tools.{name}.on"] is True
    assert isinstance(getattr(cherrypy.tools, name), Tool)


def test_tracebacks_and_headers_are_logged(errors: Records) -> None:
    class Root:
        @cherrypy.expose
        def index(self) -> str:
            raise KeyError("what went wrong")

    app = cherrypy.Application(Root(), "")
    assert Client(app).get("/", X_Thing="thing").code == 500
    assert "what went wrong" in errors.text
    assert "Request Headers:" in errors.text
    assert "thing" in errors.text
    errors.kept.clear()
    app.merge({"/": {"tools.log_tracebacks.on": False, "tools.log_headers.on": False}})
    assert Client(app).get("/").code == 500
    assert errors.text == ""


def test_a_header_can_not_forge_a_line_of_the_error_log(errors: Records) -> None:
    """An encoded word may hold a line break; what it says is no line of ours."""

    class Root:
        @cherrypy.expose
        def index(self) -> str:
            raise KeyError

    forged = "=?utf-8?q?a=0D=0A[01/Jan/2026:00:00:00]_ENGINE_Forged?="
    Client(cherrypy.Application(Root(), "")).get("/", X_Evil=forged)
    lines = [line for message in errors.messages for line in message.splitlines()]
    assert not [line for line in lines if line.startswith("[01/Jan/2026")]


@pytest.mark.parametrize("names", [("own", "plain"), ("plain", "own")])
def test_tools_of_equal_priority_run_in_the_order_of_the_configuration(
    names: tuple[str, str],
) -> None:
    """Also where one of them is set up for each request, as its class says."""
    calls: list[str] = []

    class Own(cherrypy.Tool):
        def _setup(self) -> None:
            cherrypy.request.hooks.attach("before_handler", self.callable)

    cherrypy.tools.own = Own("before_handler", lambda: calls.append("own"))
    cherrypy.tools.plain = cherrypy.Tool("before_handler", lambda: calls.append("plain"))

    class Root:
        @cherrypy.expose
        def index(self) -> str:
            return "text"

    config = {f"tools.{name}.on": True for name in names}
    assert Client(cherrypy.Application(Root(), "", {"/": config})).get("/").text == "text"
    assert calls == [*names]
