"""Hooks: which run when, in which order, and what a failure of one does."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cherrypy
from cherrypy._tools.hooks import HOOK_POINTS, Hook, HookMap
from wsgi_client import Client

if TYPE_CHECKING:
    from log_records import Records

pytestmark = pytest.mark.usefixtures("site")

POINTS_OF_SUCCESS = HOOK_POINTS[:6]


def test_the_points_in_the_order_of_a_request() -> None:
    assert HOOK_POINTS == (
        "on_start_resource",
        "before_request_body",
        "before_handler",
        "before_finalize",
        "on_end_resource",
        "on_end_request",
        "before_error_response",
        "after_error_response",
    )


# Hook and HookMap ---------------------------------------------------------------------------------


def test_a_hook_takes_what_its_callback_says() -> None:
    def callback(**arguments: object) -> object:
        return arguments

    hook = Hook(callback)
    assert (hook.failsafe, hook.priority, hook()) == (False, 50, {})
    callback.failsafe = True  # type: ignore[attr-defined]  # as applications do it
    callback.priority = 7  # type: ignore[attr-defined]
    hook = Hook(callback, a=1)
    assert (hook.failsafe, hook.priority, hook()) == (True, 7, {"a": 1})
    hook = Hook(callback, failsafe=False, priority=9)
    assert (hook.failsafe, hook.priority) == (False, 9)


def test_a_hook_shows_what_it_is() -> None:
    text = repr(Hook(print, priority=9, sep="-"))
    for part in ("Hook(", "callback=<built-in function print>", "priority=9", "sep='-'"):
        assert part in text


def test_hooks_sort_by_priority() -> None:
    hooks = [Hook(print, priority=priority) for priority in (70, 10, 50)]
    assert [hook.priority for hook in sorted(hooks)] == [10, 50, 70]


def test_a_hook_map_runs_by_priority_and_then_by_attachment() -> None:
    ran: list[str] = []
    hooks = HookMap(["point"])
    for name, priority in [("a", 50), ("b", 10), ("c", 50), ("d", None), ("e", 0), ("f", 49.5)]:
        hooks.attach("point", lambda name=name: ran.append(name), priority=priority)
    hooks.run("point")
    assert ran == ["e", "b", "f", "a", "c", "d"]


def test_a_hook_map_knows_its_points() -> None:
    hooks = HookMap(["point"])
    with pytest.raises(KeyError):
        hooks.attach("pont", print)
    hooks.run("pont")  # nothing to be run


@pytest.mark.parametrize("duplicate", [HookMap.copy, copy.copy])
def test_a_copy_of_a_hook_map_is_its_own(duplicate: Any) -> None:
    hooks = HookMap(["point"])
    hooks.attach("point", print)
    other = duplicate(hooks)
    other.attach("point", len)
    assert (len(hooks["point"]), len(other["point"])) == (1, 2)
    assert type(other) is HookMap


@given(
    st.lists(
        st.tuples(
            st.integers(0, 100), st.booleans(), st.sampled_from([None, ValueError, KeyError])
        ),
        max_size=6,
    )
)
def test_after_a_failure_only_failsafe_hooks_run(
    kinds: list[tuple[int, bool, type[Exception] | None]],
) -> None:
    """Every hook up to the first failure runs, then those that are failsafe; a failure is told."""
    ran: list[int] = []
    hooks = HookMap(["point"])

    def run(number: int, failure: type[Exception] | None) -> None:
        ran.append(number)
        if failure is not None:
            raise failure(number)

    for number, (priority, failsafe, failure) in enumerate(kinds):
        hooks.attach("point", run, failsafe, priority, number=number, failure=failure)
    order = sorted(range(len(kinds)), key=lambda number: kinds[number][0])
    failing = [number for number in order if kinds[number][2] is not None]
    if not failing:
        hooks.run("point")
        assert ran == order
        return
    first = order.index(failing[0])
    expected = order[: first + 1] + [number for number in order[first + 1 :] if kinds[number][1]]
    with pytest.raises((ValueError, KeyError)):
        hooks.run("point")
    assert ran == expected


# In a request -------------------------------------------------------------------------------------


def site_of(
    handler: Any = None, failing: str = "", failure: Any = None, **config: object
) -> tuple[Client, list[str]]:
    """Make a site whose hooks write down the stages they run in.

    Args:
        handler: Page handler.
        failing: Hook point at which a hook raises ``failure``.
        failure: Exception to raise.
        **config: Settings for ``/``, with ``__`` for the dot.
    """
    ran: list[str] = []

    def handle() -> str:
        ran.append("HANDLER")
        return handler() if handler is not None else "handled"

    def run(point: str) -> None:
        ran.append(cherrypy.request.stage or "")
        if point == failing:
            raise failure

    handle.exposed = True  # type: ignore[attr-defined]  # that is what publishes it
    settings: dict[str, object] = {
        f"hooks.{point}": Hook(run, point=point) for point in HOOK_POINTS
    }
    settings |= {key.replace("__", "."): value for key, value in config.items()}
    root = type("Root", (), {"index": staticmethod(handle)})()
    return Client(cherrypy.Application(root, "", {"/": settings})), ran


def fails(error: Exception) -> Any:
    def handler() -> str:
        raise error

    return handler


START = ["on_start_resource", "before_request_body", "before_handler"]
END = ["on_end_resource", "on_end_request"]
FAILED = "before_finalize (HTTPError)"
# of an unexpected error, the stage is not changed any more by what answers it
ERROR = ["on_end_resource", "before_error_response", "after_error_response", "on_end_request"]


@pytest.mark.parametrize(
    ("error", "code", "ran"),
    [
        (None, 200, [*START, "HANDLER", "before_finalize", *END]),
        (cherrypy.HTTPError(403), 403, [*START, "HANDLER", FAILED, *END]),
        (cherrypy.HTTPRedirect("/x"), 303, [*START, "HANDLER", FAILED, *END]),
        (cherrypy.NotFound("/x"), 404, [*START, "HANDLER", FAILED, *END]),
        (ValueError("unexpected"), 500, [*START, "HANDLER", *ERROR]),
    ],
)
def test_hooks_run_in_order(error: Exception | None, code: int, ran: list[str]) -> None:
    client, stages = site_of(fails(error) if error is not None else None)
    assert client.get("/").code == code
    assert stages == ran


def test_hooks_run_where_nothing_is_published() -> None:
    client, stages = site_of()
    assert client.get("/nobody").code == 404
    assert stages == [*START, FAILED, *END]


@pytest.mark.parametrize(
    ("point", "error", "code", "ran"),
    [
        ("on_start_resource", cherrypy.HTTPError(403), 403, [START[0], FAILED, *END]),
        ("before_handler", cherrypy.HTTPError(403), 403, [*START, FAILED, *END]),
        ("before_handler", cherrypy.HTTPRedirect("/x"), 303, [*START, FAILED, *END]),
        ("on_start_resource", ValueError(), 500, [START[0], *ERROR]),
        ("before_handler", ValueError(), 500, [*START, *ERROR]),
        ("before_finalize", ValueError(), 500, [*START, "HANDLER", "before_finalize", *ERROR]),
        (
            "on_end_resource",
            ValueError(),
            500,
            [*START, "HANDLER", "before_finalize", *ERROR],
        ),
        (
            "on_end_request",  # the answer is out already
            ValueError(),
            200,
            [*START, "HANDLER", "before_finalize", *END],
        ),
    ],
)
def test_a_hook_fails(point: str, error: Exception, code: int, ran: list[str]) -> None:
    client, stages = site_of(None, point, error)
    assert client.get("/").code == code
    assert stages == ran


@pytest.mark.parametrize("point", ["before_error_response", "after_error_response"])
def test_a_hook_for_errors_fails(point: str, errors: Records) -> None:
    client, _ = site_of(fails(KeyError("first")), point, ValueError("second"))
    answer = client.get("/")
    assert answer.code == 500
    assert "first" in errors.text
    assert "second" in errors.text


def test_a_hook_for_errors_redirects() -> None:
    there = cherrypy.HTTPRedirect("http://localhost/sorry")
    client, _ = site_of(fails(KeyError()), "before_error_response", there)
    answer = client.get("/")
    assert (answer.code, answer.field("Location")) == (303, "http://localhost/sorry")


def test_a_failsafe_hook_runs_after_a_failure_in_a_request() -> None:
    ran: list[str] = []

    class Root:
        @cherrypy.expose
        def index(self) -> str:
            return "never"

    def fail() -> None:
        raise cherrypy.HTTPError(403)

    hooks = {
        "hooks.before_handler.1": Hook(fail, priority=10),
        "hooks.before_handler.2": Hook(lambda: ran.append("safe"), failsafe=True),
        "hooks.before_handler.3": Hook(lambda: ran.append("unsafe"), priority=60),
    }
    assert Client(cherrypy.Application(Root(), "", {"/": hooks})).get("/").code == 403
    assert ran == ["safe"]


@pytest.mark.parametrize("kind", ["function", "hook", "name"])
def test_hooks_are_configured(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    monkeypatch.setattr(HookMap, "called_by_name", lambda: ran.append(kind), raising=False)
    value: object = {
        "function": lambda: ran.append(kind),
        "hook": Hook(lambda: ran.append(kind)),
        "name": "cherrypy._tools.hooks.HookMap.called_by_name",
    }[kind]
    client, _ = site_of()
    client.application.merge({"/": {"hooks.before_handler.own": value}})
    assert client.get("/").code == 200
    assert ran == [kind]


def test_an_unknown_hook_point_is_told(errors: Records) -> None:
    client, _ = site_of(None, hooks__before_handlr=print)
    assert client.get("/").code == 500
    assert "before_handlr" in errors.text


def test_a_request_attaches_hooks_for_what_is_to_come() -> None:
    ran: list[str] = []

    def handler() -> str:
        hooks = cherrypy.request.hooks
        for point in POINTS_OF_SUCCESS:
            hooks.attach(point, lambda point=point: ran.append(point))
        return "handled"

    client, _ = site_of(handler)
    assert client.get("/").text == "handled"
    assert ran == ["before_finalize", "on_end_resource", "on_end_request"]
    ran.clear()
    client.get("/nobody")
    assert ran == []  # the hooks of one request are not those of another


def test_a_hook_attached_by_a_hook_gets_arguments() -> None:
    class Root:
        @cherrypy.expose
        def index(self) -> str:
            return repr(vars(cherrypy.serving.request).get("note"))

    def attach() -> None:
        cherrypy.request.hooks.attach("before_handler", note, priority=5, text="noted")

    def note(text: str) -> None:
        cherrypy.request.note = text

    config = {"/": {"hooks.on_start_resource": attach}}
    assert Client(cherrypy.Application(Root(), "", config)).get("/").text == "'noted'"


def test_hooks_and_tools_run_by_priority_together() -> None:
    ran: list[str] = []
    for name, priority in [("early", 5), ("late", 60)]:
        tool = cherrypy.Tool("before_handler", lambda name=name: ran.append(name), name, priority)
        setattr(cherrypy.tools, name, tool)
    client, _ = site_of()
    client.application.config["/"].update(
        {
            "hooks.before_handler": Hook(lambda: ran.append("hook 50")),
            "hooks.before_handler.b": Hook(lambda: ran.append("hook 1"), priority=1),
            "hooks.before_handler.c": Hook(lambda: ran.append("hook 99"), priority=99),
            "tools.late.on": True,
            "tools.early.on": True,
        }
    )
    client.get("/")
    assert ran == ["hook 1", "early", "hook 50", "late", "hook 99"]


def test_what_a_request_does_to_its_hooks_ends_with_it() -> None:
    """The planned hooks are shared by all requests, so a request gets copies of them."""
    calls: list[object] = []

    def note(level: int) -> None:
        calls.append(level)

    class Root:
        @cherrypy.expose
        def index(self) -> str:
            return "text"

        @cherrypy.expose
        def change(self) -> str:
            for hook in cherrypy.request.hooks["before_finalize"]:
                if hook.callback is note:
                    hook.kwargs["level"] = 9
                    hook.failsafe = True
                    hook.priority = 1
            return "text"

    cherrypy.tools.note = cherrypy.Tool("before_finalize", note)
    app = cherrypy.Application(Root(), "", {"/": {"tools.note.on": True, "tools.note.level": 1}})
    for target in ("/change", "/", "/change"):
        Client(app).get(target)
    assert calls == [9, 1, 9]
