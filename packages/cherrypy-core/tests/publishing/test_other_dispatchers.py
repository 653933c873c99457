"""Dispatchers by request method, host and route, for XML-RPC, and methods of single handlers."""

from __future__ import annotations

import functools
from typing import Any

import pytest

import cherrypy
from wsgi_client import Answer, Client, call_wsgi, make_environ

pytestmark = pytest.mark.usefixtures("site")


# By request method --------------------------------------------------------------------------------


@cherrypy.expose
class _Song:
    KINDS = ("no", "method")

    def GET(self, *segments: str) -> str:
        return f"GET {segments}"

    @cherrypy.config(**{"response.headers.X-Put": "yes"})
    def PUT(self, *_segments: str, **parameters: str) -> str:
        return f"PUT {parameters}"

    def _SECRET(self) -> str:
        return "never"

    def lower(self) -> str:
        return "never"


class _Container:
    _cp_config = {"response.headers.X-Node": "yes"}  # noqa: RUF012 - written as applications are
    song = _Song()

    class _Hidden:
        def GET(self) -> str:
            return "never"

    hidden = _Hidden()


def by_method(method: str, target: str) -> Answer:
    config = {"/": {"request.dispatch": cherrypy.dispatch.MethodDispatcher()}}
    app = cherrypy.Application(_Container(), "", config)
    content = b"a=1" if method == "PUT" else None
    form = {"Content_Type": "application/x-www-form-urlencoded"} if content else {}
    return call_wsgi(app, make_environ(method, target, content, **form))


@pytest.mark.parametrize(
    ("method", "target", "text"),
    [
        ("GET", "/song", "GET ()"),
        ("GET", "/song/", "GET ()"),
        ("GET", "/song/1/2", "GET ('1', '2')"),
        ("GET", "/song/a%2Fb", "GET ('a/b',)"),
        ("get", "/song", "GET ()"),
        ("PUT", "/song", "PUT {'a': '1'}"),
    ],
)
def test_the_method_answers_that_is_named_as_the_requests(
    method: str, target: str, text: str
) -> None:
    answer = by_method(method, target)
    assert (answer.code, answer.text) == (200, text)
    assert answer.field("Allow") == "GET, HEAD, PUT"
    assert answer.field("X-Node") == "yes"
    assert answer.field("X-Put") == ("yes" if method == "PUT" else None)


def test_head_is_get_without_content() -> None:
    answer = by_method("HEAD", "/song")
    assert (answer.code, answer.body, answer.field("Content-Length")) == (200, b"", "6")


@pytest.mark.parametrize(
    "method",
    ["DELETE", "POST", "OPTIONS", "FOO", "_SECRET", "KINDS", "LOWER", "lower", "GET ", "A-B"],
)
def test_what_an_object_does_not_have_is_not_allowed(method: str) -> None:
    """RFC 9110 section 15.5.6."""
    if method == "POST":
        environ = make_environ(method, "/song", b"")
        config = {"/": {"request.dispatch": cherrypy.dispatch.MethodDispatcher()}}
        answer = call_wsgi(cherrypy.Application(_Container(), "", config), environ)
    else:
        answer = by_method(method, "/song")
    assert answer.code == 405
    assert answer.field("Allow") == "GET, HEAD, PUT"


@pytest.mark.parametrize("target", ["/hidden", "/nobody", "/"])
def test_only_exposed_objects_answer(target: str) -> None:
    answer = by_method("GET", target)
    assert answer.code == 404
    assert "never" not in answer.text


def test_a_subclass_may_dispatch_in_its_own_way() -> None:
    class Own(type(cherrypy.dispatch.MethodDispatcher())):  # type: ignore[misc]  # made at run time
        def find_handler(self, path: str) -> Any:
            return super().find_handler(path.removeprefix("/v1"))

    app = cherrypy.Application(_Container(), "", {"/": {"request.dispatch": Own()}})
    assert Client(app).get("/v1/song/1").text == "GET ('1',)"
    assert Client(app).get("/v1/song/1").field("Allow") == "GET, HEAD, PUT"
    assert call_wsgi(app, make_environ("DELETE", "/v1/song")).code == 405


# Methods of single handlers -----------------------------------------------------------------------


class _Limited:
    @cherrypy.expose(methods=["get", "POST"])
    def page(self, **parameters: str) -> str:
        return f"{cherrypy.request.method} {parameters}"

    @cherrypy.expose(["other.name"], methods=["DELETE"])
    def gone(self) -> str:
        return "gone"


@pytest.mark.parametrize(
    ("method", "target", "code"),
    [
        ("GET", "/page", 200),
        ("HEAD", "/page", 200),
        ("POST", "/page", 200),
        ("DELETE", "/page", 405),
        ("PUT", "/page", 405),
        ("GET", "/gone", 405),
        ("DELETE", "/gone", 200),
        ("DELETE", "/other.name", 200),
    ],
)
def test_a_handler_says_which_methods_it_answers(method: str, target: str, code: int) -> None:
    app = cherrypy.Application(_Limited(), "")
    content = b"" if method in {"POST", "PUT"} else None
    answer = call_wsgi(app, make_environ(method, target, content))
    assert answer.code == code
    if code == 405:
        allowed = {name.strip() for name in (answer.field("Allow") or "").split(",")}
        assert allowed >= ({"GET", "HEAD", "POST"} if target == "/page" else {"DELETE"})
        assert method not in allowed


# By host ------------------------------------------------------------------------------------------


class _Site:
    def __init__(self, name: str) -> None:
        self.name = name

    @cherrypy.expose
    def index(self) -> str:
        return f"{self.name} index {cherrypy.request.path_info}"

    @cherrypy.expose
    def page(self, *segments: str) -> str:
        return f"{self.name} {segments} {cherrypy.url('/x')}"


def hosts(**options: Any) -> Client:
    root = _Site("default")
    root.one = _Site("one")  # type: ignore[attr-defined]  # found by its name in a URL
    domains = {"one.example": "/one", "two.example:8080": "/one"}
    dispatch = cherrypy.dispatch.VirtualHost(**options, **domains)
    return Client(cherrypy.Application(root, "", {"/": {"request.dispatch": dispatch}}))


@pytest.mark.parametrize(
    ("host", "target", "text"),
    [
        ("one.example", "/", "one index /"),
        ("one.example", "/page/a", "one ('a',) http://one.example/x"),
        ("two.example:8080", "/", "one index /"),
        ("two.example", "/", "default index /"),
        ("other.example", "/one/", "one index /one/"),
    ],
)
def test_the_host_chooses_a_part_of_the_tree(host: str, target: str, text: str) -> None:
    assert hosts().get(target, Host=host).text == text


def test_a_proxy_may_say_which_host_was_asked() -> None:
    fields = {"Host": "inner", "X_Forwarded_Host": "one.example"}
    assert hosts().get("/", **fields).text == "one index /"
    assert hosts(use_x_forwarded_host=False).get("/", **fields).text == "default index /"


# By route -----------------------------------------------------------------------------------------


class _City:
    @cherrypy.expose
    def index(self, name: str, **more: str) -> str:
        return f"index {name} {sorted(more.items())}"

    @cherrypy.config(**{"response.headers.X-Update": "yes"})
    @cherrypy.expose
    def update(self, name: str) -> str:
        return f"update {name}"


def routes(**options: Any) -> Client:
    dispatch = cherrypy.dispatch.RoutesDispatcher(**options)
    dispatch.connect(
        name="city",
        route="/city/{name}",
        controller=_City(),
        action="index",
        conditions={"method": ["GET"]},
    )
    dispatch.connect(
        name="update",
        route="/city/{name}",
        controller=_City(),
        action="update",
        conditions={"method": ["POST"]},
    )
    config = {"/": {"request.dispatch": dispatch}, "/city": {"response.headers.X-City": "yes"}}
    return Client(cherrypy.Application(None, "", config))


def test_routes_choose_a_handler() -> None:
    answer = routes().get("/city/hull?a=1")
    assert (answer.text, answer.field("X-City")) == ("index hull [('a', '1')]", "yes")
    answer = routes().post("/city/hull")
    assert (answer.text, answer.field("X-Update")) == ("update hull", "yes")
    assert routes().get("/nobody").code == 404
    assert routes().get("/city/hull/x").code == 404


def test_routes_may_give_all_they_know() -> None:
    text = routes(full_result=True).get("/city/hull").text
    assert text == "index hull [('action', 'index'), ('controller', 'city')]"


# XML-RPC ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["/page", "/page/", "/RPC2/page", "/RPC2/page/"])
def test_paths_of_xml_rpc(target: str) -> None:
    dispatch = cherrypy.dispatch.XMLRPCDispatcher()
    settings = {"request.dispatch": dispatch, "tools.trailing_slash.on": False}
    client = Client(cherrypy.Application(_Site("rpc"), "", {"/": settings}))
    assert client.get(target).text.startswith("rpc ()")


@pytest.mark.parametrize("name", ["__call__", "find_handler"])
@pytest.mark.parametrize("method", [False, True])
def test_a_method_of_the_dispatchers_can_be_replaced(
    monkeypatch: pytest.MonkeyPatch, name: str, *, method: bool
) -> None:
    """As programs do that measure what applications do."""
    paths: list[str] = []
    patched = cherrypy.dispatch.Dispatcher
    dispatcher = patched()
    if method:
        dispatcher = cherrypy.dispatch.MethodDispatcher()
        patched = cherrypy.dispatch.MethodDispatcher if name == "__call__" else patched
    original = getattr(patched, name)

    def measured(self: object, path: str) -> object:
        paths.append(path)
        return original(self, path)

    class Resource:
        exposed = True

        def GET(self) -> str:
            return "text"

    class Root:
        @cherrypy.expose
        def index(self) -> str:
            return "text"

    monkeypatch.setattr(patched, name, measured)
    app = cherrypy.Application(
        Resource() if method else Root(), "", {"/": {"request.dispatch": dispatcher}}
    )
    assert Client(app).get("/").text == "text"
    assert Client(app).get("/").text == "text"
    assert paths == ["/", "/"]


# What a request may evaluate ----------------------------------------------------------------------


class _Measured:
    exposed = True
    GET = staticmethod(lambda: "ok")

    @classmethod
    def PUT(cls) -> str:
        return "put"

    @property
    def TOTAL(self) -> int:
        raise RuntimeError("the database is down")

    @functools.cached_property
    def POST(self) -> Any:
        raise RuntimeError("it is evaluated for POST only")

    @property
    def DELETE(self) -> Any:
        return lambda: "deleted"


@pytest.mark.parametrize(
    ("method", "code", "allow"),
    [
        ("GET", 200, "GET, HEAD, PUT"),
        ("HEAD", 200, "GET, HEAD, PUT"),
        ("PUT", 200, "GET, HEAD, PUT"),
        ("PATCH", 405, "GET, HEAD, PUT"),
        ("TOTAL", 405, "GET, HEAD, PUT"),  # a property of another name is a value
        ("DELETE", 200, "DELETE, GET, HEAD, PUT"),
    ],
)
def test_only_the_method_of_the_request_is_evaluated(method: str, code: int, allow: str) -> None:
    config = {"/": {"request.dispatch": cherrypy.dispatch.MethodDispatcher()}}
    app = cherrypy.Application(_Measured(), "", config)
    content = b"" if method in {"PUT", "PATCH"} else None
    answer = call_wsgi(app, make_environ(method, "/", content))
    assert (answer.code, answer.field("Allow")) == (code, allow)


class _Controller:
    inner = _Container()

    def index(self, **_names: str) -> str:
        return "index"

    def closed(self, **_names: str) -> str:
        return "never"

    closed.exposed = False  # type: ignore[attr-defined]  # as applications say it

    def _secret(self, **_names: str) -> str:
        return "never"


@pytest.mark.parametrize("pattern", ["/c/{action}", "/{controller}/{action}"])
@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/c/index", 200),
        ("/c/_secret", 404),
        ("/c/__init__", 404),
        ("/c/__class__", 404),
        ("/c/__dir__", 404),
        ("/c/closed", 404),
        ("/nobody/title", 404),  # names of the URL have no methods
    ],
)
def test_routes_reach_public_methods_only(pattern: str, path: str, code: int) -> None:
    dispatcher = cherrypy.dispatch.RoutesDispatcher()
    dispatcher.connect("c", pattern, _Controller())
    app = cherrypy.Application(None, "", {"/": {"request.dispatch": dispatcher}})
    assert call_wsgi(app, make_environ("GET", path)).code == code


def test_path_arguments_reach_no_private_names() -> None:
    @cherrypy.popargs("name")
    class Root:
        _inner = _Public()
        inner = _Public()

    app = cherrypy.Application(Root(), "")
    assert call_wsgi(app, make_environ("GET", "/bob/inner/page")).text == "page"
    assert call_wsgi(app, make_environ("GET", "/bob/_inner/page")).code == 404


class _Public:
    @cherrypy.expose
    def page(self, **_names: str) -> str:
        return "page"
