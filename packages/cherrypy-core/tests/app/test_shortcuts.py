"""Paths that a tool answers without a request: only while nothing else has a say in the answer.

The tool here tells in which way it was asked, which a tool of users never would. Each thing that a
shortcut rests on is changed, and the very next request has to go the whole way.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy._app import shortcuts
from cherrypy._runtime.context import current
from cherrypy._tools.hooks import Hook
from cherrypy._tools.tool import HandlerTool
from wsgi_client import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.usefixtures("site")

Root = Any
"""A root object; tests change its attributes."""
Changed = Any
"""An application whose site is changed."""

WHOLE, SHORT = b"the whole way", b"the short way"
LINES = [("Content-Type", "text/plain"), ("Content-Length", str(len(WHOLE)))]


class Stage:
    """Answers every path that does not begin with ``/other``."""

    __name__ = "answering"

    def __call__(self) -> None:
        serving = current.get()
        self.with_request(serving.request, serving.response)

    def with_request(self, request: Any, response: Any) -> None:
        if request.path_info.startswith("/other"):
            return
        request.handler = None
        if response.may_finish(request, self):
            response.finish_with("200 OK", LINES, [WHOLE])
        else:
            response.body = WHOLE

    def offer_shortcut(self, path: str) -> Callable[[Any], Any] | None:
        if path == "/never":
            return None
        return lambda environ: None if "HTTP_X_MORE" in environ else ("200 OK", LINES, [SHORT])


class AnsweringTool(HandlerTool):
    def _plan(self, arguments: Any) -> Any:
        del arguments
        return [("before_handler", Hook(Stage()))]


class Plain:
    """A root that publishes one page."""

    @cherrypy.expose
    def other(self) -> str:
        return "a page"


@pytest.fixture
def app() -> Iterator[cherrypy.Application]:
    cherrypy.tools.answering = AnsweringTool(lambda: False)
    app = cherrypy.Application(Plain(), "", {"/": {"tools.answering.on": True}})
    app.log.access_log.disabled = True  # pytest listens to all logs
    yield app
    app.log.access_log.disabled = False


def test_the_first_request_goes_the_whole_way(app: cherrypy.Application) -> None:
    client = Client(app)
    first, second, third = (client.get("/a") for _ in range(3))
    assert (first.body, second.body, third.body) == (WHOLE, SHORT, SHORT)
    assert first.status == second.status
    assert [name for name, _ in first.fields] == [name for name, _ in second.fields]
    assert first.field("Server") == second.field("Server")
    assert client.get("/b").body == WHOLE
    assert client.get("/other").text == "a page"


class WithDefault(Plain):
    """A root with a page for whatever is not there."""

    @cherrypy.expose
    def default(self, *segments: str) -> str:
        return "/".join(segments)


class WithFolder:
    """A root with something at the path, which publishes nothing there."""

    a = Plain()


@pytest.mark.parametrize(
    "root", [None, Plain(), Plain, WithDefault(), WithFolder(), ModuleType("pages")]
)
def test_roots_of_any_kind(app: cherrypy.Application, root: object) -> None:
    app.root = root
    client = Client(app)
    assert [client.get("/a").body for _ in range(2)] == [WHOLE, SHORT]


@pytest.mark.parametrize(
    ("method", "target", "fields"),
    [
        ("HEAD", "/a", {}),
        ("POST", "/a", {}),
        ("GET", "/a?version=2", {}),
        ("GET", "/a", {"Host": "other.example"}),
        ("GET", "/a", {"X_More": "1"}),
    ],
)
def test_other_requests_go_the_whole_way(
    app: cherrypy.Application, method: str, target: str, fields: dict[str, str]
) -> None:
    client = Client(app)
    client.get("/a")
    answer = client.ask(method, target, b"" if method == "POST" else None, **fields)
    assert answer.body == (b"" if method == "HEAD" else WHOLE)
    assert client.get("/a").body == SHORT


@pytest.mark.parametrize(
    "environ",
    [
        {"SERVER_PROTOCOL": "HTTP/1.0"},
        {"ACTUAL_SERVER_PROTOCOL": "HTTP/1.0"},
        {"HTTP_HOST": "not a host"},
        {"SCRIPT_NAME": "/mounted"},
    ],
)
def test_what_the_server_says_counts(app: cherrypy.Application, environ: dict[str, str]) -> None:
    Client(app).get("/a")
    assert Client(app, **environ).get("/a").body != SHORT


def test_a_server_may_leave_out_what_is_empty(app: cherrypy.Application) -> None:
    Client(app).get("/a")
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/a", "HTTP_HOST": "127.0.0.1"}
    content = app(environ, lambda *_: None)
    assert list(content) == [WHOLE]


def _set_setting(app: Changed) -> None:
    app.config["/a"] = {"tools.response_headers.on": True}


def _switch_off(app: Changed) -> None:
    app.config["/"]["tools.answering.on"] = False


def _hook(app: Changed) -> None:
    app.config["/"]["hooks.before_finalize"] = lambda: None


def _publish(app: Changed) -> None:
    app.root.a = cherrypy.expose(lambda: "x")


def _configure_root(app: Changed) -> None:
    app.root._cp_config = {"tools.answering.on": False}


def _publish_default(app: Changed) -> None:
    app.root.default = cherrypy.expose(lambda *_: "x")


def _replace_root(app: Changed) -> None:
    app.root = Plain()


def _listen(app: Changed) -> None:
    app.log.access_log.disabled = False


def _log_in_an_own_way(app: Changed) -> None:
    app.log.access = lambda: None


def _subscribe_before(_app: Changed) -> None:
    cherrypy.engine.subscribe("before_request", lambda: None)


def _subscribe_after(_app: Changed) -> None:
    cherrypy.engine.subscribe("after_request", lambda: None)


def _want_threads(_app: Changed) -> None:
    cherrypy.engine.subscribe("acquire_thread", lambda: None)


def _replace_tool(_app: Changed) -> None:
    cherrypy.tools.answering = AnsweringTool(lambda: False)


def _replace_response(app: Changed) -> None:
    app.response_class = type("Response", (cherrypy._cprequest.Response,), {})


def _replace_request(app: Changed) -> None:
    app.request_class = type("Request", (cherrypy._cprequest.Request,), {})


def _dispatch_by_method(app: Changed) -> None:
    app.config["/"]["request.dispatch"] = cherrypy.dispatch.MethodDispatcher()


def _configure_site(_app: Changed) -> None:
    cherrypy.config.update({"response.headers.X-Site": "1"})


@pytest.mark.parametrize(
    "change",
    [
        _set_setting,
        _switch_off,
        _hook,
        _publish,
        _configure_root,
        _publish_default,
        _replace_root,
        _listen,
        _log_in_an_own_way,
        _subscribe_before,
        _subscribe_after,
        _want_threads,
        _replace_tool,
        _replace_response,
        _replace_request,
        _dispatch_by_method,
        _configure_site,
    ],
)
def test_a_change_counts_at_once(
    app: cherrypy.Application, change: Callable[[Changed], None]
) -> None:
    client = Client(app)
    assert [client.get("/a").body for _ in range(2)] == [WHOLE, SHORT]
    change(app)
    assert client.get("/a").body != SHORT


def test_what_has_changed_is_kept_anew(app: cherrypy.Application) -> None:
    client = Client(app)
    assert [client.get("/a").body for _ in range(2)] == [WHOLE, SHORT]
    app.root = Plain()
    assert [client.get("/a").body for _ in range(3)] == [WHOLE, SHORT, SHORT]
    app.root.a = Plain()
    assert [client.get("/a").body for _ in range(3)] == [WHOLE, SHORT, SHORT]


@pytest.mark.parametrize(
    ("owner", "name", "value"),
    [
        (cherrypy._cprequest.Request, "dispatch", cherrypy.dispatch.Dispatcher()),
        (cherrypy._cprequest.Request, "methods_with_bodies", ("GET", "POST")),
        (cherrypy._cprequest.Request.dispatch, "translate", {}),
        (cherrypy.Application, "request_class", type("R", (cherrypy._cprequest.Request,), {})),
        (cherrypy.Application, "response_class", type("R", (cherrypy._cprequest.Response,), {})),
    ],
)
def test_a_change_for_all_sites_counts_at_once(
    app: cherrypy.Application, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, value: Any
) -> None:
    client = Client(app)
    assert [client.get("/a").body for _ in range(2)] == [WHOLE, SHORT]
    monkeypatch.setattr(owner, name, value)
    assert client.get("/a").body != SHORT


def _look_up(_root: Any, name: str = "") -> None:
    raise LookupError(name, cherrypy.request.path_info)


@pytest.mark.parametrize(
    ("name", "member"),
    [("__getattr__", _look_up), ("a", property(_look_up))],
)
def test_a_class_may_begin_to_notice(app: cherrypy.Application, name: str, member: Any) -> None:
    class Root:
        pass

    app.root = Root()
    client = Client(app)
    assert [client.get("/a").body for _ in range(2)] == [WHOLE, SHORT]
    setattr(Root, name, member)
    assert [client.get("/a").code for _ in range(2)] == [500] * 2


def test_hooks_that_may_refuse_are_run(app: cherrypy.Application) -> None:
    """What leaves the response as it is can still refuse the next request."""

    def guard() -> None:
        if "X-Key" not in cherrypy.request.headers:
            raise cherrypy.HTTPError(403)

    guard.leaves_response = True  # type: ignore[attr-defined]  # see ResourcePlan
    cherrypy.tools.guard = cherrypy.Tool("before_handler", guard, priority=65)
    app.config["/"]["tools.guard.on"] = True
    client = Client(app)
    assert [client.get("/a", X_Key="1").body for _ in range(2)] == [WHOLE] * 2
    assert client.get("/a").code == 403


def test_own_applications_go_the_whole_way(app: cherrypy.Application) -> None:
    class Application(cherrypy.Application):
        @property
        def root(self) -> Any:
            return Plain()

        @root.setter
        def root(self, value: Any) -> None:
            pass

    own = Application(None, "", dict(app.config))
    own.log.access_log.disabled = True
    client = Client(own)
    assert [client.get("/a").body for _ in range(3)] == [WHOLE] * 3
    own.log.access_log.disabled = False


def test_errors_are_left_to_the_whole_way(
    app: cherrypy.Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There they are answered and logged as the site wants it."""

    def failing(_environ: Any) -> Any:
        raise OSError

    monkeypatch.setattr(Stage, "offer_shortcut", lambda *_: failing)
    client = Client(app)
    assert [client.get("/a").body for _ in range(2)] == [WHOLE] * 2


def test_middleware_is_called(app: cherrypy.Application) -> None:
    client = Client(app)
    assert [client.get("/a").body for _ in range(2)] == [WHOLE, SHORT]
    seen = []

    def middleware(application: Any) -> Any:
        def call(environ: Any, start_response: Any) -> Any:
            seen.append(environ["PATH_INFO"])
            return application(environ, start_response)

        return call

    app.wsgiapp.pipeline = [("own", middleware)]
    client.get("/a")
    assert seen == ["/a"]


def test_another_mount_point_counts_at_once(app: cherrypy.Application) -> None:
    client = Client(cherrypy.tree)
    cherrypy.tree.mount(app)
    assert [client.get("/a").body for _ in range(2)] == [WHOLE, SHORT]
    cherrypy.tree.mount(Plain(), "/a")
    assert client.get("/a/other").text == "a page"
    assert client.get("/a").code == 404


def _hooked(point: str) -> dict[str, Any]:
    return {f"hooks.{point}": lambda: None}


@pytest.mark.parametrize(
    "settings",
    [
        _hooked("on_start_resource"),
        _hooked("before_request_body"),
        _hooked("before_handler"),
        _hooked("before_finalize"),
        _hooked("on_end_resource"),
        _hooked("on_end_request"),
        {"tools.log_hooks.on": True},
        {"tools.gzip.on": True},
        {"response.headers.X-Own": "1"},
        {"response.stream": True},
        {"request.process_request_body": False},
        {"request.dispatch": cherrypy.dispatch.Dispatcher()},
    ],
)
def test_what_else_is_configured_keeps_the_whole_way(
    app: cherrypy.Application, settings: dict[str, Any]
) -> None:
    app.config["/"].update(settings)
    client = Client(app)
    assert [client.get("/a").body for _ in range(3)] == [WHOLE] * 3


@pytest.mark.parametrize(
    "settings",
    [
        _hooked("before_error_response"),
        {"request.show_tracebacks": False, "request.show_mismatched_params": False},
        {"error_page.404": lambda **_: "x"},
        {"environment": "production"},
    ],
)
def test_what_concerns_errors_does_not(app: cherrypy.Application, settings: dict[str, Any]) -> None:
    app.config["/"].update(settings)
    client = Client(app)
    assert [client.get("/a").body for _ in range(2)] == [WHOLE, SHORT]


class Dispatching:
    def __init__(self) -> None:
        self.asked: list[Any] = []

    def _cp_dispatch(self, vpath: list[str]) -> None:
        self.asked.append(list(vpath))
        vpath.pop(0)


class Answering:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> None:
        self.asked.append(name)


class Listening:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def __getattribute__(self, name: str) -> Any:
        if name != "asked":
            self.asked.append(name)
        return object.__getattribute__(self, name)


class Module(ModuleType):
    def __init__(self) -> None:
        super().__init__("pages")
        self.asked: list[str] = []
        self.__dict__["__getattr__"] = self.look_up

    def look_up(self, name: str) -> None:
        self.asked.append(name)


class Computing:
    def __init__(self) -> None:
        self.asked: list[str] = []

    @property
    def a(self) -> None:
        self.asked.append(cherrypy.request.path_info)


@pytest.mark.parametrize("make", [Dispatching, Answering, Listening, Module, Computing])
def test_objects_that_notice_are_asked_as_ever(
    app: cherrypy.Application, make: Callable[[], Any]
) -> None:
    """The same number of times for each request, and while it is the current one."""
    app.root = root = make()
    client = Client(app)
    counts = []
    for _ in range(3):
        before = len(root.asked)
        assert client.get("/a").body == WHOLE
        counts.append(len(root.asked) - before)
    assert counts[0] == counts[1] == counts[2] > 0


def test_configured_objects_go_the_whole_way(app: cherrypy.Application) -> None:
    """What is in ``_cp_config`` may change in place."""
    config: dict[str, Any] = {"own": 1}
    app.root._cp_config = config
    client = Client(app)
    assert [client.get("/a").body for _ in range(3)] == [WHOLE] * 3
    config["tools.answering.on"] = False
    app.config["/"].clear()
    assert client.get("/a").code == 404


def test_a_redirect_after_the_answer_is_no_answer(app: cherrypy.Application) -> None:
    """The tool trailing_slash comes after tools that answer."""
    app.root.a = Plain()
    app.root.a.index = cherrypy.expose(lambda: "index")
    client = Client(app)
    assert [client.get("/a").code for _ in range(3)] == [301] * 3


def test_a_tool_may_offer_nothing(app: cherrypy.Application) -> None:
    client = Client(app)
    assert [client.get("/never").body for _ in range(3)] == [WHOLE] * 3


def test_own_classes_go_the_whole_way(app: cherrypy.Application) -> None:
    class Request(cherrypy._cprequest.Request):  # type: ignore[misc]  # an alias, made late
        def run(self, *arguments: Any, **keywords: Any) -> Any:
            return super().run(*arguments, **keywords)

    app.request_class = Request
    client = Client(app)
    assert [client.get("/a").body for _ in range(3)] == [WHOLE] * 3


def test_long_paths_are_not_kept(app: cherrypy.Application) -> None:
    client = Client(app)
    longest = "/" + "a" * (shortcuts.MAX_PATH - 1)
    assert [client.get(longest).body for _ in range(2)] == [WHOLE, SHORT]
    assert [client.get(longest + "a").body for _ in range(3)] == [WHOLE] * 3


def test_no_more_are_kept_than_the_limit(
    app: cherrypy.Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shortcuts, "MAX_SHORTCUTS", 2)
    client = Client(app)
    for path in ("/a", "/b", "/c"):
        client.get(path)
    bodies = [client.get(path).body for path in ("/a", "/b", "/c", "/c")]
    assert bodies == [SHORT, SHORT, WHOLE, WHOLE]


def test_errors_of_start_response_close_the_content(
    app: cherrypy.Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Content:
        closed = False

        def __iter__(self) -> Any:
            return iter([b""])

        def close(self) -> None:
            self.closed = True

    content = Content()
    monkeypatch.setattr(
        Stage, "offer_shortcut", lambda *_: lambda _environ: ("200 OK", [], content)
    )
    Client(app).get("/a")
    statuses = []

    def start_response(status: str, lines: Any, exc_info: Any = None) -> None:
        del lines
        statuses.append(status)
        if exc_info is None:
            raise OSError("gone")

    environ = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/a", "QUERY_STRING": ""}
    host = {"HTTP_HOST": "localhost", "SERVER_PROTOCOL": "HTTP/1.1"}
    Client(app, **host).get("/b")
    app({**environ, **host}, start_response)
    assert statuses == ["200 OK", "500 Internal Server Error"]
    assert content.closed
