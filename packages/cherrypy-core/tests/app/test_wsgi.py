"""Applications as WSGI callables (PEP 3333), and the middleware around them."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy._app.answering import AppResponse
from cherrypy._app.middleware import ExceptionTrapper, InternalRedirector, VirtualHost
from cherrypy._app.pipeline import CPWSGIApp
from cherrypy._request.request import Request
from cherrypy._runtime.context import current, idle
from wsgi_client import Client, call_wsgi, make_environ

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from log_records import Records

pytestmark = pytest.mark.usefixtures("site")


class Body:
    """A body that knows whether it was closed."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = iter(chunks or (b"one ", b"two"))
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self.chunks)

    def close(self) -> None:
        self.closed += 1


class _Root:
    """One page for each kind of response."""

    @cherrypy.expose
    def index(self) -> str:
        return "text"

    @cherrypy.expose
    def octets(self) -> bytes:
        return b"octets"

    @cherrypy.expose
    def nothing(self) -> None:
        pass

    @cherrypy.expose
    def pieces(self) -> list[str]:
        return ["one ", "two"]

    @cherrypy.expose
    def generator(self) -> Iterator[str]:
        yield "one "
        yield "two"

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def stream(self) -> Iterator[str]:
        yield "one "
        yield "two"

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def body(self) -> Body:
        return Body()

    @cherrypy.expose
    def status(self, code: str) -> str:
        cherrypy.response.status = int(code)
        return "content"

    @cherrypy.expose
    def cookies(self) -> str:
        cherrypy.response.cookie["a"] = "1"
        cherrypy.response.cookie["b"] = "2"
        return "cookies"

    @cherrypy.expose
    def missing(self) -> str:
        raise cherrypy.NotFound

    @cherrypy.expose
    def redirect(self, status: str = "303") -> str:
        raise cherrypy.HTTPRedirect("/", int(status))

    @cherrypy.expose
    def internal(self) -> str:
        raise cherrypy.InternalRedirect("/octets")

    @cherrypy.expose
    def internal_to_stream(self) -> str:
        raise cherrypy.InternalRedirect("/stream")

    @cherrypy.expose
    def wrong(self) -> str:
        raise ValueError("wrong")

    @cherrypy.expose
    def wrong_type(self) -> int:
        return 7

    @cherrypy.expose
    def echo(self, **parameters: object) -> str:
        return repr(parameters)


@pytest.fixture
def app() -> cherrypy.Application:
    return cherrypy.Application(_Root(), "")


KINDS: list[tuple[str, int, str | None]] = [
    ("/", 200, "text"),
    ("/octets", 200, "octets"),
    ("/nothing", 200, ""),
    ("/pieces", 200, "one two"),
    ("/generator", 200, "one two"),
    ("/stream", 200, "one two"),
    ("/body", 200, "one two"),
    ("/status/201", 201, "content"),
    ("/status/202", 202, "content"),
    ("/status/204", 204, ""),
    ("/status/205", 205, ""),
    ("/status/299", 299, "content"),
    ("/status/304", 304, ""),
    ("/status/404", 404, "content"),
    ("/cookies", 200, "cookies"),
    ("/missing", 404, None),
    ("/nobody", 404, None),
    ("/redirect", 303, None),
    ("/redirect?status=301", 301, None),
    ("/redirect?status=304", 304, ""),
    ("/redirect?status=305", 305, ""),
    ("/redirect?status=307", 307, None),
    ("/redirect?status=200", 500, None),
    ("/internal", 200, "octets"),
    ("/internal_to_stream", 200, "one two"),
    ("/wrong", 500, None),
    ("/wrong_type", 500, None),
    ("/status/600", 500, None),
    ("/status/x", 500, None),
    ("/echo?a=1", 200, "{'a': '1'}"),
]


def _piped(app: cherrypy.Application) -> cherrypy.Application:
    """Put middleware into the pipeline, so that no short cut is taken."""
    app.merge({"/": {"wsgi.pipeline": [("nothing", lambda nextapp: nextapp)]}})
    return app


def _of_own_class(app: cherrypy.Application) -> cherrypy.Application:
    class Own(Request):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)

    app.request_class = Own
    return app


def _in_tree(app: cherrypy.Application) -> Any:
    cherrypy.tree.mount(app)
    return cherrypy.tree


WAYS: dict[str, Callable[[cherrypy.Application], Any]] = {
    "directly": lambda app: app,
    "through a pipeline": _piped,
    "with an own request class": _of_own_class,
    "through the tree": _in_tree,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("kind", KINDS, ids=[kind[0] for kind in KINDS])
def test_every_kind_of_response_is_what_pep_3333_demands(
    app: cherrypy.Application, way: str, method: str, kind: tuple[str, int, str | None]
) -> None:
    """``wsgiref.validate`` is around each of them."""
    target, code, text = kind
    answer = Client(WAYS[way](app)).ask(method, target)
    assert answer.code == code
    if method == "HEAD":
        assert answer.body == b""
    elif text is not None:
        assert answer.text == text
    assert cherrypy.request.app is None  # nothing is left behind


def test_posts_are_validated_too(app: cherrypy.Application) -> None:
    assert Client(app).post("/echo", b"a=1&b=2").text == "{'a': '1', 'b': '2'}"


@pytest.mark.parametrize(
    "key",
    [
        *("SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "SERVER_PROTOCOL", "SERVER_NAME"),
        *("SERVER_PORT", "REMOTE_ADDR", "REMOTE_PORT", "CONTENT_TYPE", "CONTENT_LENGTH"),
        *("wsgi.url_scheme", "wsgi.errors", "wsgi.multithread", "wsgi.multiprocess"),
        *("wsgi.run_once", "wsgi.version", "wsgi.input"),
    ],
)
@pytest.mark.parametrize("way", WAYS)
def test_what_a_server_may_leave_out(app: cherrypy.Application, way: str, key: str) -> None:
    environ = make_environ("GET", "/echo?a=1")
    environ.pop(key, None)
    expected = {"PATH_INFO": "text", "QUERY_STRING": "{}"}.get(key, "{'a': '1'}")
    if key == "PATH_INFO":
        environ["QUERY_STRING"] = ""
    assert call_wsgi(WAYS[way](app), environ).text == expected


def test_the_environ_of_the_server_is_left_alone(app: cherrypy.Application) -> None:
    cherrypy.tree.mount(app, "")
    cherrypy.tree.mount(_Root(), "/other")
    environ = make_environ("GET", "/other/echo?a=1")
    before = dict(environ)
    call_wsgi(cherrypy.tree, environ)
    assert environ == before


# Mount points -------------------------------------------------------------------------------------


class _Where:
    @cherrypy.expose
    def default(self, *segments: str) -> str:
        return f"{cherrypy.request.script_name} {segments} {cherrypy.url('/x')}"


@pytest.mark.parametrize(
    ("script_name", "path", "text"),
    [
        ("", "/a", " ('a',) http://localhost/x"),
        ("/site", "/a", "/site ('a',) http://localhost/site/x"),
        ("/site/", "/a", "/site ('a',) http://localhost/site/x"),
        ("/a/b", "/c/d", "/a/b ('c', 'd') http://localhost/a/b/x"),
    ],
)
def test_a_script_name_of_none_is_taken_from_the_environ(
    script_name: str, path: str, text: str
) -> None:
    app = cherrypy.Application(_Where(), None)
    assert app.script_name is None
    environ = {**make_environ("GET", path), "SCRIPT_NAME": script_name}
    assert call_wsgi(app, environ).text == text


def test_a_mounted_application_may_be_called_by_the_server_itself() -> None:
    app = cherrypy.Application(_Where(), "/app")
    assert Client(app).get("/app/a").text == "/app ('a',) http://localhost/app/x"
    split = Client(app, SCRIPT_NAME="/app")
    assert split.get("/a").text == "/app ('a',) http://localhost/app/x"


@pytest.mark.parametrize("environ", [{"SCRIPT_NAME": "/app"}, {"SCRIPT_NAME": ""}])
def test_internal_redirects_stay_in_a_mounted_application(environ: dict[str, str]) -> None:
    client = Client(cherrypy.Application(_Root(), "/app"), **environ)
    prefix = "" if environ["SCRIPT_NAME"] else "/app"
    assert client.get(f"{prefix}/internal").text == "octets"


# Nested calls -------------------------------------------------------------------------------------


def test_a_handler_may_call_another_application(app: cherrypy.Application) -> None:
    class Outer:
        @cherrypy.expose
        def page(self, target: str) -> str:
            inner = call_wsgi(app, make_environ("GET", f"/{target}"))
            return f"{inner.text}|{cherrypy.request.path_info}|{cherrypy.request.app.root.name}"

        name = "outer"

    client = Client(cherrypy.Application(Outer(), ""))
    for target, text in [("octets", "octets"), ("stream", "one two"), ("internal", "octets")]:
        assert client.get(f"/page/{target}").text == f"{text}|/page/{target}|outer"
    assert client.get("/page/wrong").text.endswith("|/page/wrong|outer")


def test_between_the_pieces_of_an_inner_response_the_outer_request_is_current(
    app: cherrypy.Application,
) -> None:
    class Outer:
        @cherrypy.expose
        def page(self) -> str:
            paths = []
            body = app(make_environ("GET", "/stream"), lambda *_: None)
            paths.append(cherrypy.request.path_info)
            paths.extend(cherrypy.request.path_info for _ in body)
            body.close()  # type: ignore[attr-defined]  # as PEP 3333 demands
            paths.append(cherrypy.request.path_info)
            return repr(paths)

    text = Client(cherrypy.Application(Outer(), "")).get("/page").text
    assert text == repr(["/page"] * 4)


def test_an_application_may_be_wrapped_in_its_own_middleware(app: cherrypy.Application) -> None:
    """A generator in between closes late, or in another context."""

    def middleware(environ: Any, start_response: Any) -> Iterator[bytes]:
        body = app(environ, start_response)
        try:
            for piece in body:
                yield piece.upper()
        finally:
            getattr(body, "close", lambda: None)()

    assert Client(middleware).get("/stream").text == "ONE TWO"
    assert Client(middleware).get("/").text == "TEXT"
    assert cherrypy.request.app is None


# What is left when something fails ----------------------------------------------------------------


class GoneError(OSError):
    """The client has gone away."""


def refuse(*_arguments: object) -> None:
    raise GoneError


@pytest.mark.parametrize("way", WAYS)
def test_start_response_fails(app: cherrypy.Application, way: str, errors: Records) -> None:
    """What the handler opened is closed, and the request ends."""
    bodies: list[Body] = []
    ended: list[str] = []

    def opened() -> Body:
        bodies.append(Body())
        return bodies[-1]

    app.root.opened = cherrypy.expose(opened)
    app.merge(
        {
            "/": {"hooks.on_end_request": lambda: ended.append("ended")},
            "/opened": {"response.stream": True},
        }
    )
    with pytest.raises(GoneError):
        WAYS[way](app)(make_environ("GET", "/opened"), refuse)
    assert [body.closed for body in bodies] == [1]
    assert ended == ["ended"]
    assert cherrypy.request.app is None
    assert errors.text


@pytest.mark.parametrize("channel", ["before_request", "acquire_thread", "after_request"])
@pytest.mark.parametrize("way", WAYS)
def test_a_listener_of_the_bus_fails(app: cherrypy.Application, way: str, channel: str) -> None:
    def fail(*_arguments: object) -> None:
        raise ValueError("listener")

    application = WAYS[way](app)
    cherrypy.engine.subscribe(channel, fail)
    answer = call_wsgi(application, make_environ())
    cherrypy.engine.unsubscribe(channel, fail)
    assert answer.code == (200 if channel == "after_request" else 500)
    assert current.get() is idle
    assert call_wsgi(application, make_environ()).text == "text"


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_the_end_of_the_process_passes_through(
    app: cherrypy.Application, error: type[BaseException]
) -> None:
    def end() -> str:
        raise error

    app.root.ending = cherrypy.expose(end)
    with pytest.raises(error):
        call_wsgi(app, make_environ("GET", "/ending"))
    assert current.get() is idle


def test_an_error_is_raised_if_configured(app: cherrypy.Application) -> None:
    """``request.throw_errors`` is for debuggers; at the edge of WSGI it is a bare 500."""
    app.merge({"/": {"request.throw_errors": True}})
    answer = call_wsgi(app, make_environ("GET", "/wrong"))
    assert (answer.code, answer.text) == (500, "Unrecoverable error in the server.")


def test_exceptions_to_be_thrown_are_configured(app: cherrypy.Application) -> None:
    app.merge({"/": {"request.throws": (ValueError,)}})
    assert (
        call_wsgi(app, make_environ("GET", "/wrong")).text == "Unrecoverable error in the server."
    )


@pytest.mark.parametrize("way", WAYS)
def test_no_request_outlives_its_end(app: cherrypy.Application, way: str) -> None:
    cherrypy.log.error_log.propagate = False  # a record keeps the traceback, and so the request
    seen: list[weakref.ref[object]] = []
    app.merge(
        {"/": {"hooks.before_handler": lambda: seen.append(weakref.ref(cherrypy.serving.request))}}
    )
    application = WAYS[way](app)
    for target, *_ in KINDS:
        call_wsgi(application, make_environ("GET", target))
    gc.collect()
    assert len(seen) >= len(KINDS) - 2
    assert [reference for reference in seen if reference() is not None] == []


def test_no_request_outlives_its_end_where_bodies_are_closed_by_another_thread(
    app: cherrypy.Application,
) -> None:
    """Some servers call the application in one thread, and send the body in another one."""
    cherrypy.log.error_log.propagate = False  # a record keeps the traceback, and so the request
    seen: list[weakref.ref[object]] = []
    app.merge(
        {"/": {"hooks.before_handler": lambda: seen.append(weakref.ref(cherrypy.serving.request))}}
    )
    texts = []

    def send(body: Iterable[bytes]) -> None:
        texts.append(b"".join(body))
        body.close()  # type: ignore[attr-defined]  # as PEP 3333 demands
        assert current.get() is idle

    for _ in range(5):
        thread = threading.Thread(
            target=send, args=[app(make_environ("GET", "/stream"), lambda *_: None)]
        )
        thread.start()
        thread.join()
    del thread
    gc.collect()
    assert texts == [b"one two"] * 5
    assert current.get() is idle
    assert [reference for reference in seen if reference() is not None] == []


# The pipeline and its middleware ------------------------------------------------------------------


def suffixing(suffix: str) -> Callable[[Any], Any]:
    """Make middleware that adds to the end of the content."""

    def middleware(nextapp: Any) -> Any:
        def call(environ: Any, start_response: Any) -> list[bytes]:
            answer = call_wsgi(nextapp, environ)
            fields = [field for field in answer.fields if field[0] != "Content-Length"]
            start_response(answer.status, fields)
            return [*answer.pieces, suffix.encode()]

        return call

    return middleware


def test_the_pipeline_is_configured_outermost_first(app: cherrypy.Application) -> None:
    pipeline = [("outer", suffixing(" outer")), ("inner", suffixing(" inner"))]
    app.merge({"/": {"wsgi.pipeline": pipeline}})
    assert Client(app).get("/").text == "text inner outer"


def test_the_pipeline_changes_while_it_is_used(app: cherrypy.Application) -> None:
    assert Client(app).get("/").text == "text"
    app.wsgiapp.pipeline.append(("late", suffixing(" late")))
    app.wsgiapp.head = None  # as in CherryPy, since the list does not tell
    assert Client(app).get("/").text == "text late"
    app.wsgiapp.pipeline = []
    assert Client(app).get("/").text == "text"


def test_middleware_is_given_its_configuration(app: cherrypy.Application) -> None:
    got: list[dict[str, object]] = []

    def middleware(nextapp: Any, **arguments: object) -> Any:
        got.append(arguments)
        return nextapp

    app.merge({"/": {"wsgi.pipeline": [("mine", middleware)], "wsgi.mine.option": "value"}})
    assert Client(app).get("/").text == "text"
    assert got == [{"option": "value"}]


def test_the_response_class_is_configured(app: cherrypy.Application) -> None:
    class Marked(AppResponse):
        def run(self) -> None:
            super().run()
            assert self.serving is not None
            lines: Any = self.serving.response.header_list
            lines.append(("X-Marked", "yes"))

    app.merge({"/": {"wsgi.response_class": Marked}})
    for target, *_ in KINDS[:5]:
        assert Client(app).get(target).field("X-Marked") == "yes"


def test_a_pipeline_may_be_given_to_the_wsgi_application(app: cherrypy.Application) -> None:
    wsgiapp = CPWSGIApp(app, [("suffix", suffixing("!"))])
    assert Client(wsgiapp).get("/").text == "text!"
    assert Client(CPWSGIApp(app)).get("/").text == "text"


def test_the_exception_trapper_answers_for_any_application(errors: Records) -> None:
    def failing(_environ: object, _start_response: object) -> list[bytes]:
        raise ValueError("of another framework")

    answer = Client(ExceptionTrapper(failing)).get("/")
    assert (answer.code, answer.text) == (500, "Unrecoverable error in the server.")
    assert "of another framework" in errors.text

    def ending(_environ: object, _start_response: object) -> list[bytes]:
        raise SystemExit

    with pytest.raises(SystemExit):
        call_wsgi(ExceptionTrapper(ending), make_environ())
    with pytest.raises(ValueError, match="another"):
        call_wsgi(ExceptionTrapper(failing, throws=(ValueError,)), make_environ())


@pytest.mark.parametrize("pieces", [0, 2])
def test_the_exception_trapper_answers_for_generators(errors: Records, pieces: int) -> None:
    closed: list[bool] = []

    def failing(_environ: object, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        try:
            for _ in range(pieces):
                yield b"piece"
            raise ValueError("of another framework")
        finally:
            closed.append(True)

    started: list[tuple[str, bool]] = []

    def start_response(status: str, _fields: object, exc_info: object = None) -> None:
        started.append((status, exc_info is not None))

    answer = ExceptionTrapper(failing)(make_environ(), start_response)
    assert list(answer) == [b"piece"] * pieces + [b"Unrecoverable error in the server."]
    assert started == [("200 OK", False), ("500 Internal Server Error", True)]
    assert closed == [True]
    assert "of another framework" in errors.text


def test_the_exception_trapper_closes_generators() -> None:
    closed: list[bool] = []

    def endless(_environ: object, _start_response: object) -> Iterator[bytes]:
        try:
            while True:
                yield b"piece"
        finally:
            closed.append(True)

    start_response: Any = None
    answer: Any = ExceptionTrapper(endless)(make_environ(), start_response)
    assert next(iter(answer)) == b"piece"
    answer.close()
    assert closed == [True]

    def failing(_environ: object, _start_response: object) -> Iterator[bytes]:
        yield b"piece"
        raise KeyError

    answer = ExceptionTrapper(failing, throws=(KeyError,))(make_environ(), start_response)
    with pytest.raises(KeyError):
        list(answer)


def test_virtual_hosts_choose_an_application() -> None:
    def named(name: str) -> Any:
        return cherrypy.Application(
            type("Root", (), {"index": staticmethod(cherrypy.expose(lambda: name))})(), ""
        )

    domains = {"one.example": named("one"), "two.example:8080": named("two")}
    client = Client(VirtualHost(named("default"), domains))
    assert client.get("/", Host="one.example").text == "one"
    assert client.get("/", Host="two.example:8080").text == "two"
    assert client.get("/", Host="two.example").text == "default"
    assert client.get("/", Host="a", X_Forwarded_Host="one.example").text == "one"
    own = Client(VirtualHost(named("default"), domains, use_x_forwarded_host=False))
    assert own.get("/", Host="a", X_Forwarded_Host="one.example").text == "default"


# Internal redirects -------------------------------------------------------------------------------


class _Redirecting:
    @cherrypy.expose
    def index(self, **query: object) -> str:
        request = cherrypy.request
        previous = request.prev.path_info if request.prev is not None else None
        return f"index {query} {request.method} {previous} {request.query_string!r}"

    @cherrypy.expose
    def to(self, target: str, query: str = "", **_more: object) -> str:
        cherrypy.response.headers["X-First"] = "dropped"
        cherrypy.response.cookie["first"] = "dropped"
        cherrypy.response.status = 201
        raise cherrypy.InternalRedirect(target, query)

    @cherrypy.expose
    def loop(self) -> str:
        raise cherrypy.InternalRedirect("/loop")

    @cherrypy.expose
    def ping(self, n: str = "0") -> str:
        raise cherrypy.InternalRedirect("/pong", f"n={n}")

    @cherrypy.expose
    def pong(self, n: str) -> str:
        raise cherrypy.InternalRedirect(f"/ping?n={int(n) + 1}" if int(n) < 3 else "/")

    @cherrypy.expose
    def again(self, n: str = "0") -> str:
        if int(n) < 3:
            raise cherrypy.InternalRedirect("/again", f"n={int(n) + 1}")
        return f"again {n}"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("/to?target=/", "index {} GET /to ''"),
        ("/to?target=/%3Fa=1", "index {'a': '1'} GET /to 'a=1'"),
        ("/to?target=/&query=a=1", "index {'a': '1'} GET /to 'a=1'"),
        ("/to?target=/%3Fa=1&query=b=2", "index {'a': '1'} GET /to 'a=1'"),
        ("/again", "again 3"),
        ("/ping", "index {} GET /pong ''"),
    ],
)
def test_internal_redirects(way: str, target: str, text: str) -> None:
    answer = Client(WAYS[way](cherrypy.Application(_Redirecting(), ""))).get(target)
    assert (answer.code, answer.text) == (200, text)
    assert answer.field("X-First") is None
    assert answer.field("Set-Cookie") is None


def test_an_internal_redirect_of_a_post_is_a_get_without_content() -> None:
    client = Client(cherrypy.Application(_Redirecting(), ""))
    assert client.post("/to", b"target=/&more=1").text == "index {} GET /to ''"


@pytest.mark.parametrize("way", WAYS)
def test_an_internal_redirect_in_a_circle_is_an_error(way: str, errors: Records) -> None:
    answer = Client(WAYS[way](cherrypy.Application(_Redirecting(), ""))).get("/loop")
    assert (answer.code, answer.text) == (500, "Unrecoverable error in the server.")
    assert "/loop" in errors.text
    assert current.get() is idle


def test_a_circle_may_be_allowed() -> None:
    times: list[int] = []

    def redirecting(_environ: Any, start_response: Any) -> list[bytes]:
        times.append(1)
        if len(times) < 4:
            raise cherrypy.InternalRedirect("/same")
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"at last"]

    assert Client(InternalRedirector(redirecting, recursive=True)).get("/same").text == "at last"


def test_an_internal_redirect_may_come_from_a_hook() -> None:
    def redirect() -> None:
        if cherrypy.request.path_info != "/":
            raise cherrypy.InternalRedirect("/")

    for point in ("on_start_resource", "before_handler", "before_finalize"):
        app = cherrypy.Application(_Redirecting(), "", {"/": {f"hooks.{point}": redirect}})
        assert Client(app).get("/again?n=9").text == "index {} GET /again ''"


def test_an_internal_redirect_keeps_head() -> None:
    client = Client(cherrypy.Application(_Root(), ""))
    answer = client.head("/internal")
    assert (answer.code, answer.body, answer.field("Content-Length")) == (200, b"", "6")


def test_each_request_of_an_internal_redirect_ends() -> None:
    ended: list[str] = []
    hook = {"hooks.on_end_request": lambda: ended.append(cherrypy.request.path_info)}
    app = cherrypy.Application(_Redirecting(), "", {"/": hook})
    Client(app).get("/ping?n=3")
    assert ended == ["/ping", "/pong", "/"]
