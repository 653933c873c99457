"""Hooks of all requests: whichever way they are changed, the next request runs what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import cherrypy
from cherrypy._request.request import Request
from cherrypy._tools.hooks import Hook, HookMap
from wsgi_client import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.usefixtures("site")


def refuse() -> None:
    raise cherrypy.HTTPError(403)


def allow() -> None:
    """Do nothing."""


class Root:
    @cherrypy.expose
    def index(self) -> str:
        return "ok"


@pytest.fixture(name="hooks")
def _hooks() -> Iterator[HookMap]:
    shared = Request.hooks
    before = {point: list(hooks) for point, hooks in shared.items()}
    yield shared
    shared.clear()
    shared.update(before)


POINT = "before_handler"


def grow_anew(hooks: HookMap) -> None:
    hooks[POINT] = []
    hooks[POINT].append(Hook(refuse))


def clear_all(hooks: HookMap) -> None:
    hooks.clear()
    hooks.update(HookMap([POINT]))


CHANGES: dict[str, Callable[[HookMap], object]] = {
    "append": lambda hooks: hooks[POINT].append(Hook(refuse)),
    "attach": lambda hooks: hooks.attach(POINT, refuse),
    "extend": lambda hooks: hooks[POINT].extend([Hook(refuse)]),
    "insert": lambda hooks: hooks[POINT].insert(0, Hook(refuse)),
    "+=": lambda hooks: hooks[POINT].__iadd__([Hook(refuse)]),
    "item": lambda hooks: hooks[POINT].__setitem__(0, Hook(refuse)),
    "slice": lambda hooks: hooks[POINT].__setitem__(slice(0, 0), [Hook(refuse)]),
    "a new list": lambda hooks: hooks.__setitem__(POINT, [Hook(refuse)]),
    "update": lambda hooks: hooks.update({POINT: [Hook(refuse)]}),
    "|=": lambda hooks: hooks.__ior__({POINT: [Hook(refuse)]}),
    "another callback": lambda hooks: setattr(hooks[POINT][0], "callback", refuse),
    "a new list that grows": grow_anew,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_counts_on_the_next_request(
    hooks: HookMap, change: Callable[[HookMap], object]
) -> None:
    hooks.attach(POINT, allow)
    client = Client(cherrypy.Application(Root()))
    assert client.get("/").code == 200
    change(hooks)
    assert client.get("/").code == 403


REMOVALS: dict[str, Callable[[HookMap], object]] = {
    "clear": lambda hooks: hooks[POINT].clear(),
    "pop": lambda hooks: hooks[POINT].pop(),
    "del": lambda hooks: hooks[POINT].__delitem__(0),
    "remove": lambda hooks: hooks[POINT].remove(hooks[POINT][0]),
    "*=": lambda hooks: hooks[POINT].__imul__(0),
    "pop of the point": lambda hooks: (hooks.pop(POINT), hooks.setdefault(POINT, [])),
    "clear of all": clear_all,
}


@pytest.mark.parametrize("change", REMOVALS.values(), ids=REMOVALS)
def test_every_removal_counts_on_the_next_request(
    hooks: HookMap, change: Callable[[HookMap], object]
) -> None:
    hooks.attach(POINT, refuse)
    client = Client(cherrypy.Application(Root()))
    assert client.get("/").code == 403
    change(hooks)
    assert client.get("/").code == 200


@pytest.mark.parametrize(
    "method", ["run", "respond", "process_headers", "get_resource", "process_query_string", "close"]
)
def test_a_method_that_is_replaced_on_the_class_is_called(
    monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    client = Client(cherrypy.Application(Root()))
    assert client.get("/").code == 200
    ordinary = getattr(Request, method)
    called: list[str] = []

    def replacement(self: object, *args: object) -> object:
        called.append(method)
        return ordinary(self, *args)

    monkeypatch.setattr(Request, method, replacement)
    assert client.get("/").code == 200
    assert called == [method]
    monkeypatch.undo()
    assert client.get("/").code == 200
    assert called == [method]


def test_the_order_is_that_of_the_priorities_when_they_change(hooks: HookMap) -> None:
    order: list[int] = []
    for number in (1, 2):
        hooks.attach(POINT, lambda number=number: order.append(number), priority=number)
    client = Client(cherrypy.Application(Root()))
    client.get("/")
    hooks[POINT][0].priority = 3
    client.get("/")
    assert order == [1, 2, 2, 1]
