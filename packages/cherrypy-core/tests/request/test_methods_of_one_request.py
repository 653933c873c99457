"""Methods that a program sets on a request or response object count as those of a class do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.testing import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Site:
    @cherrypy.expose
    def index(self, **fields: str) -> str:
        return f"index {fields}" if fields else "index"

    @cherrypy.expose
    def fail(self) -> None:
        raise LookupError("a secret")


@pytest.fixture
def listen() -> Iterator[Callable[[Callable[[], object]], None]]:
    listeners: list[Callable[[], object]] = []

    def subscribe(listener: Callable[[], object]) -> None:
        listeners.append(listener)
        cherrypy.engine.subscribe("before_request", listener)

    yield subscribe
    for listener in listeners:
        cherrypy.engine.unsubscribe("before_request", listener)


def client(config: dict[str, Any] | None = None) -> Client:
    return Client(cherrypy.Application(Site(), "", {"/": config or {}}))


@pytest.mark.parametrize(
    "name", ["run", "respond", "process_headers", "get_resource", "process_query_string", "close"]
)
def test_a_wrapped_method_is_called_once_and_the_answer_stays(name: str, listen: Any) -> None:
    calls = []

    def wrap() -> None:
        request = cherrypy.request
        original = getattr(request, name)

        def wrapper(*args: object, **kwargs: object) -> object:
            calls.append(name)
            return original(*args, **kwargs)

        setattr(request, name, wrapper)

    listen(wrap)
    answer = client().get("/")
    assert (answer.status, answer.text, calls) == (200, "index", [name])


def test_handle_error_of_one_request_answers(listen: Any) -> None:
    def answer_error() -> None:
        cherrypy.response.status = 503
        cherrypy.response.body = b"later"
        cherrypy.response.finalize()

    listen(lambda: setattr(cherrypy.request, "handle_error", answer_error))
    answer = client().get("/fail")
    assert (answer.status, answer.text) == (503, "later")


def test_respond_that_calls_no_original_runs_no_hook(listen: Any) -> None:
    ended = []

    def respond(path: str) -> None:
        cherrypy.response.body = path.encode()
        cherrypy.response.finalize()

    listen(lambda: setattr(cherrypy.request, "respond", respond))
    config = {"hooks.on_end_resource": lambda: ended.append("resource")}
    assert client(config).get("/some/path").text == "/some/path"
    assert ended == []


def test_respond_that_calls_the_original_ends_after_its_hooks(listen: Any) -> None:
    ended = []

    def wrap() -> None:
        original = cherrypy.request.respond

        def respond(path: str) -> None:
            original(path)
            ended.append("respond")

        setattr(cherrypy.request, "respond", respond)  # noqa: B010  a method, for mypy

    listen(wrap)
    config = {"hooks.on_end_resource": lambda: ended.append("hook")}
    assert client(config).get("/").text == "index"
    assert ended == ["hook", "respond"]


def test_it_counts_for_that_request_alone(listen: Any) -> None:
    first = [True]

    def replace_once() -> None:
        if first.pop() if first else False:
            request: Any = cherrypy.request
            request.get_resource = lambda _path: setattr(request, "handler", lambda: b"replaced")

    listen(replace_once)
    asking = client()
    assert [asking.get("/").text for _ in range(3)] == ["replaced", "index", "index"]


@pytest.mark.parametrize("point", ["on_start_resource", "before_handler", "before_finalize"])
@pytest.mark.parametrize("name", ["finalize", "collapse_body"])
def test_methods_of_a_response_count_at_each_hook_point(point: str, name: str) -> None:
    calls = []

    def wrap() -> None:
        original = getattr(cherrypy.response, name)

        def wrapper() -> object:
            calls.append(name)
            return original()

        setattr(cherrypy.response, name, wrapper)

    answer = client({f"hooks.{point}": wrap}).get("/")
    assert (answer.status, answer.text, calls) == (200, "index", [name])


def test_process_query_string_set_by_a_hook_is_called_without_a_query() -> None:
    def add_field() -> None:
        request: Any = cherrypy.request
        request.process_query_string = lambda: request.params.update(a="1")

    assert client({"hooks.on_start_resource": add_field}).get("/").text == "index {'a': '1'}"


def test_fields_that_a_response_class_translates_count() -> None:
    class Translating(cherrypy._cpwsgi.AppResponse):
        def translate_headers(self, environ: dict[str, Any]) -> Iterator[tuple[str, str]]:
            yield from super().translate_headers(environ)
            yield "X-Added", "here"

    class Shown:
        @cherrypy.expose
        def index(self) -> str:
            headers = cherrypy.request.headers
            return f"{headers.get('Host')} {headers.get('X-Added')}"

    app = cherrypy.Application(Shown())
    app.wsgiapp.response_class = Translating
    assert Client(app).get("/", headers={"Host": "a.example"}).text == "a.example here"
