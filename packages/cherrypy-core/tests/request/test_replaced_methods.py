"""What a subclass or another program has replaced counts, whenever it was replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy._http.cookies import CookieTemplate
from cherrypy._publishing.methods import MethodDispatcher
from cherrypy._publishing.objects import Dispatcher
from cherrypy._request.request import Request
from cherrypy._request.response import Response
from cherrypy._runtime.state import set_late_cookie
from cherrypy._tools.hooks import HookMap
from cherrypy._tools.tool import HandlerTool, Tool
from wsgi_client import Client, call_wsgi, make_environ

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("site")


def refuse(*_args: object, **_kwargs: object) -> Any:
    raise cherrypy.HTTPError(403)


class Root:
    @cherrypy.expose
    def index(self) -> str:
        return "secret"


class Resource:
    exposed = True

    def GET(self) -> str:
        return "secret"


@pytest.mark.parametrize("name", ["get_serving", "find_config"])
def test_methods_of_an_application(name: str) -> None:
    app = cherrypy.Application(Root())
    client = Client(app)
    assert client.get("/").code == 200
    if name == "find_config":
        setattr(app, name, lambda _path, _key, _default=None: refuse)
    else:
        ordinary = app.get_serving

        def guarded(*args: Any) -> Any:
            serving = ordinary(*args)
            cherrypy.request.hooks.attach("before_handler", refuse)
            return serving

        setattr(app, name, guarded)
    assert client.get("/").code == 403


@pytest.mark.parametrize(
    ("dispatch", "root"), [(Dispatcher(), Root()), (MethodDispatcher(), Resource())]
)
def test_find_handler_of_one_dispatcher(dispatch: Dispatcher, root: object) -> None:
    client = Client(cherrypy.Application(root, config={"/": {"request.dispatch": dispatch}}))
    assert client.get("/").code == 200
    dispatch.find_handler = refuse  # type: ignore[method-assign]  # as programs do
    assert client.get("/").code == 403


@pytest.mark.parametrize("name", ["_setup", "_merged_args"])
def test_methods_of_all_tools(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    class Own(Tool):
        """A tool of an application."""

    cherrypy.tools.own = Own("before_handler", lambda: None)
    try:
        client = Client(cherrypy.Application(Root(), config={"/": {"tools.own.on": True}}))
        assert client.get("/").code == 200
        for owner in (Tool, Own):
            with monkeypatch.context() as patched:
                patched.setattr(owner, name, refuse)
                assert client.get("/").code == 403
            assert client.get("/").code == 200
    finally:
        del cherrypy.tools.own


def test_the_hook_point_of_a_handler_tool() -> None:
    order: list[str] = []

    def gate() -> bool:
        order.append("gate")
        raise cherrypy.HTTPError(403)

    tool = HandlerTool(gate)
    tool._point = "on_start_resource"
    cherrypy.tools.gate = tool
    try:
        config = {
            "/": {
                "tools.gate.on": True,
                "hooks.before_request_body": lambda: order.append("body"),
            }
        }
        assert Client(cherrypy.Application(Root(), config=config)).get("/").code == 403
    finally:
        del cherrypy.tools.gate
    assert order == ["gate"]


def test_a_function_that_a_property_of_a_tool_gives() -> None:
    functions: list[Callable[..., Any]] = [lambda: None]

    class Changing(Tool):
        callable = property(lambda _self: functions[-1], lambda _self, _value: None)

    cherrypy.tools.changing = Changing("before_handler", lambda: None)
    try:
        client = Client(cherrypy.Application(Root(), config={"/": {"tools.changing.on": True}}))
        assert client.get("/").code == 200
        functions.append(refuse)
        assert client.get("/").code == 403
    finally:
        del cherrypy.tools.changing


def test_hooks_that_are_set_on_the_class() -> None:
    before = Request.hooks
    client = Client(cherrypy.Application(Root()))
    assert client.get("/").code == 200
    hooks = HookMap(before)
    hooks.attach("before_handler", refuse)
    try:
        Request.hooks = hooks  # type: ignore[assignment]  # as 18.10 allows
        assert client.get("/").code == 403
        Request.hooks["before_handler"].clear()
        assert client.get("/").code == 200
    finally:
        Request.hooks = before  # type: ignore[assignment]  # as above


def test_the_way_in_which_a_class_joins_its_body() -> None:
    class Loud(Response):
        def collapse_body(self) -> bytes:
            content = super().collapse_body().upper()
            self.body = content
            return content

    app = cherrypy.Application(Root())
    app.response_class = Loud
    assert Client(app).get("/").text == "SECRET"


def test_a_response_that_is_finalized_twice() -> None:
    class Moved:
        @cherrypy.expose
        def index(self) -> str:
            raise cherrypy.HTTPRedirect("/elsewhere")

    def finalize() -> None:
        cherrypy.response.finalize()

    config = {"/": {"hooks.on_end_resource": finalize}}
    answer = Client(cherrypy.Application(Moved(), config=config)).get("/")
    assert (answer.code, answer.field("Location")) == (303, "http://localhost/elsewhere")


def test_a_late_cookie_of_a_response_that_is_finalized_twice() -> None:
    template = CookieTemplate("id", {"path": "/"})

    class Remembering:
        @cherrypy.expose
        def index(self) -> str:
            set_late_cookie(cherrypy.serving.response, template, "abc")
            return "x"

    def finalize() -> None:
        cherrypy.response.finalize()

    config = {"/": {"hooks.on_end_resource": finalize}}
    answer = Client(cherrypy.Application(Remembering(), config=config)).get("/")
    assert [name for name, _ in answer.fields].count("Set-Cookie") == 1


@pytest.mark.parametrize("missing", ["QUERY_STRING", "SCRIPT_NAME", "SERVER_PROTOCOL"])
def test_what_a_constructor_sets_stays_where_the_environ_is_short(missing: str) -> None:
    """PEP 3333 lets a server leave out what is empty."""

    class Own(Request):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.params["early"] = "kept"

    class Early:
        @cherrypy.expose
        def index(self, early: str = "lost") -> str:
            return early

    app = cherrypy.Application(Early())
    app.request_class = Own
    environ = make_environ()
    del environ[missing]
    assert call_wsgi(app, environ).text == "kept"
