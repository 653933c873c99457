"""What a program reads or sets of a request before its handler is found, and what stays of it.

The sites are those of ``moments``: a tool refuses requests without a pass, others set fields,
encode and compress; pages of errors are configured.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
import moments
from cherrypy._request.request import Request
from wsgi_client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("site", "errors", "hooks_of_all_requests")


@pytest.fixture
def hooks_of_all_requests() -> Iterator[None]:
    """Put back, after a test, the hooks of all requests, which none of these is to change."""
    hooks = Request.hooks
    kept = {point: list(each) for point, each in hooks.items()}
    yield
    for point in list(hooks):
        hooks[point][:] = kept.get(point, [])


PASS = {"X-Pass": "yes", "Accept-Encoding": "gzip", "Cookie": "c=1"}
GRANTED: dict[str, Any] = {"path": "/page", "query": "a=1", "fields": PASS}
REFUSED: dict[str, Any] = {"path": "/page"}
REQUESTS = (
    GRANTED,
    REFUSED,
    {"path": "/failing", "fields": PASS},
    {"path": "/refusing", "fields": PASS},
    {"path": "/moved", "fields": PASS},
    {"path": "/numbers", "fields": PASS},
    {"path": "/page", "content": "b=2", "fields": PASS},
    {"path": "/nosuch", "fields": PASS},
)

EARLY = pytest.mark.parametrize("moment", moments.EARLY)
BEFORE_THE_RESOURCE = pytest.mark.parametrize("moment", moments.EARLY[:-2])
"""Before configuration is applied to the request."""


def outcome(steps: list[list[Any]], *requests: dict[str, Any], **more: Any) -> moments.Outcome:
    """Return what a site with these steps answers, and what ran."""
    return moments.run({"steps": steps, "requests": requests or REQUESTS, **more})


def answers(found: moments.Outcome) -> list[tuple[str, list[Any], str]]:
    """Return the answers, without what is different each time."""
    return [
        (
            answer["status"],
            [pair for pair in answer["headers"] if pair[0] != "Date"],
            moments.tell_content(answer["body"].encode("latin-1")).decode(),
        )
        for answer in (each["answer"] for each in found)
    ]


def seen(found: moments.Outcome, moment: str, name: str) -> list[Any]:
    """Return what was seen of an attribute at a moment, by each request that came there."""
    return [
        item[-1]
        for each in found
        for item in each["trace"]
        if isinstance(item, list) and item[:2] == [moment, name]
    ]


def ran(found: moments.Outcome) -> list[list[Any]]:
    """Return what ran in each request, in order."""
    return [[item for item in each["trace"] if isinstance(item, str)] for each in found]


@functools.cache
def untouched(moment: str) -> moments.Outcome:
    """Return what a site answers that has a way to act at a moment, and does nothing there."""
    return outcome([], devices=[moment])


NAMES = [f"{side}.{name}" for side, names in moments.ATTRIBUTES.items() for name in names]


@pytest.mark.parametrize("name", NAMES)
def test_reading_changes_no_answer(name: str) -> None:
    """At any moment, of any attribute, whatever the answer is."""
    for moment in moments.MOMENTS:
        if moment == "init" and name.startswith("response"):
            continue
        usual = untouched(moment)
        found = outcome([[moment, name, "read"]], devices=[moment])
        assert answers(found) == answers(usual), moment
        assert ran(found) == ran(usual), moment


@EARLY
@pytest.mark.parametrize("again", ["before_handler", "handler", "on_end_request"])
@pytest.mark.parametrize(
    "name",
    ["hooks", "config", "toolmaps", "error_page", "handler", "params", "headers", "cookie", "body"],
)
def test_what_is_read_early_is_as_usual_later(moment: str, name: str, again: str) -> None:
    name = f"request.{name}"
    later = [again, name, "read"]
    devices = [moment, again]
    usual = seen(outcome([later], GRANTED, devices=devices), again, name)
    found = outcome([[moment, name, "read"], later], GRANTED, devices=devices)
    assert seen(found, again, name) == usual


@EARLY
@pytest.mark.parametrize(
    "name", ["headers", "cookie", "header_list", "rfile", "login", "remote", "method", "scheme"]
)
def test_what_the_client_sends_is_there_early(moment: str, name: str) -> None:
    name = f"request.{name}"
    usual = seen(outcome([["handler", name, "read"]], GRANTED), "handler", name)
    assert usual
    if moment != "init":  # which is given the two ends of the connection, and no more
        assert seen(outcome([[moment, name, "read"]], GRANTED), moment, name) == usual


@EARLY
@pytest.mark.parametrize("action", ["attach", "append"])
def test_a_hook_that_is_attached_early_runs_beside_those_of_tools(moment: str, action: str) -> None:
    steps = [
        [moment, action, point, f"mine {point}", 10]
        for point in ("before_handler", "before_finalize", "on_end_request")
    ]
    granted, refused, after = outcome(steps, GRANTED, REFUSED, {**GRANTED, "steps": False})
    usual = outcome([], GRANTED, REFUSED, devices=[moment])
    assert answers([granted, refused]) == answers(usual)
    assert ran([granted, refused]) == [
        [
            "mine before_handler",
            "guard",
            "handler",
            "mine before_finalize",
            "configured hook",
            "mine on_end_request",
        ],
        [
            "mine before_handler",
            "guard",
            "mine before_finalize",
            "configured hook",
            "mine on_end_request",
        ],
    ]
    assert ran([after]) == [["guard", "handler", "configured hook"]]


@EARLY
@pytest.mark.parametrize(
    ("point", "requests"),
    [
        ("on_start_resource", [GRANTED, REFUSED]),
        ("before_request_body", [GRANTED, REFUSED]),
        ("on_end_resource", [GRANTED, REFUSED]),
        ("before_error_response", [REQUESTS[2]]),
        ("after_error_response", [REQUESTS[2]]),
    ],
)
def test_hooks_of_every_point(moment: str, point: str, requests: list[dict[str, Any]]) -> None:
    found = outcome([[moment, "attach", point, "mine", 50]], *requests)
    assert [items.count("mine") for items in ran(found)] == [1] * len(requests)


@pytest.mark.parametrize(
    "moment", [each for each in moments.MOMENTS if each not in moments.OUTSIDE]
)
def test_nothing_of_a_request_is_kept_for_the_next(moment: str) -> None:
    """Whatever is attached or set, wherever the request has come to."""
    usual = outcome([], devices=[moment])
    for name, writes in moments.WRITES.items():
        if moment == "init" and name.startswith("response"):
            continue
        for what in writes:
            outcome([[moment, name, what]])
        found = outcome([], devices=[moment])
        assert answers(found) == answers(usual), name
        assert ran(found) == ran(usual), name


@BEFORE_THE_RESOURCE
def test_pages_of_errors_that_are_set_early_stand_beside_configured_ones(moment: str) -> None:
    failing, refused = outcome([[moment, "page", 500, "mine"]], REQUESTS[2], REFUSED)
    assert failing["answer"]["body"].startswith("page mine: 500 Internal Server Error")
    assert refused["answer"]["body"].startswith("configured page: 401 Unauthorized")


@BEFORE_THE_RESOURCE
def test_a_tool_that_is_switched_off_early_is_switched_on_again(moment: str) -> None:
    """Configuration comes later, and adds to what is there, as in 18.10."""
    found = outcome([[moment, "request.toolmaps", "set"]])
    assert answers(found) == answers(outcome([], devices=[moment]))


@EARLY
def test_parameters_that_are_added_early_reach_the_handler(moment: str) -> None:
    if moment == "init":
        return  # there CherryPy has those of the class, and forgets them
    (found,) = outcome([[moment, "param", "c", "3"]], GRANTED)
    assert answers([found])[0][2].startswith("page é [('a', '1'), ('c', '3')]")


@EARLY
def test_fields_of_the_response_that_are_set_early_are_sent(moment: str) -> None:
    if moment == "init":
        return  # there is no response yet
    found = outcome([[moment, "field", "X-Mine", "1"], [moment, "set-cookie", "mine"]])
    for each in found:
        headers = each["answer"]["headers"]
        assert ["X-Mine", "1"] in headers
        assert ["Set-Cookie", "mine=1"] in headers


@EARLY
@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("HTTPError", "403 Forbidden"),
        ("HTTPRedirect", "303 See Other"),
        ("ValueError", "500 Internal Server Error"),
    ],
)
def test_errors_that_are_raised_early_show_nothing(moment: str, kind: str, status: str) -> None:
    """Neither the page nor a traceback."""
    if moment in {"init", "before_request", "getattr"}:
        return  # no answer of a request yet; and Python asks for attributes where it likes
    (found,) = outcome([[moment, "raise", kind]], GRANTED)
    assert found["answer"]["status"] == status
    assert "handler" not in found["trace"]
    assert "Traceback" not in found["answer"]["body"]


def test_hooks_of_a_plugin_that_listens_are_those_of_each_request() -> None:
    """The listener attaches in each of three requests, and one marker runs in each."""
    attached: list[list[Any]] = [["before_request", "attach", "on_end_request", "mine", 50]]
    found = outcome(attached, GRANTED, GRANTED, GRANTED)
    assert [items.count("mine") for items in ran(found)] == [1, 1, 1]


def test_a_request_that_was_redirected_inside_has_state_of_its_own() -> None:
    """What was attached to the first one does not run for the second."""
    steps: list[list[Any]] = [
        ["dispatcher", "attach", "before_finalize", "mine", 50],
        ["before_handler", "raise", "InternalRedirect"],
    ]
    (found,) = outcome(steps, GRANTED)
    assert found["trace"].count("mine") == 0
    assert answers([found])[0][2].startswith("other page")


def test_an_object_that_is_read_early_is_the_one_that_counts() -> None:
    """Not a copy of it, for what is filled while the request goes on."""
    held: dict[str, Any] = {}
    names = ("hooks", "toolmaps", "error_page", "params", "headers", "cookie")

    dispatch: Any = cherrypy.dispatch

    class Keeping(dispatch.Dispatcher):  # type: ignore[misc]
        def __call__(self, path_info: str) -> None:
            held.update((name, getattr(cherrypy.request, name)) for name in names)
            super().__call__(path_info)

    class Root:
        @cherrypy.expose
        def index(self) -> str:
            same = [name for name in names if getattr(cherrypy.request, name) is held[name]]
            return " ".join(same)

    app = cherrypy.Application(Root(), "", {"/": {"request.dispatch": Keeping()}})
    assert Client(app).get("/").text == " ".join(names)
