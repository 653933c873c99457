"""Classes of requests that applications make, to do a stage of a request in their own way."""

from __future__ import annotations

from typing import Any

import pytest

import cherrypy
from cherrypy._request.request import Request
from wsgi_client import Client

pytestmark = pytest.mark.usefixtures("site")


class Root:
    """Two pages, one of which fails."""

    @cherrypy.expose
    def index(self, **parameters: str) -> str:
        return f"text {parameters}"

    @cherrypy.expose
    def failing(self) -> str:
        raise ValueError


def own_class(stage: str, calls: list[str]) -> type[Request]:
    """Make a class that notes when a stage is done, and does it as its parent does."""

    def do(self: Request, *arguments: Any) -> Any:
        calls.append(stage)
        return getattr(Request, stage)(self, *arguments)

    return type("Own", (Request,), {stage: do})


@pytest.mark.parametrize("pipeline", [False, True])
@pytest.mark.parametrize(
    ("stage", "target", "code"),
    [
        ("run", "/?a=1", 200),
        ("respond", "/?a=1", 200),
        ("process_headers", "/?a=1", 200),
        ("get_resource", "/?a=1", 200),
        ("process_query_string", "/?a=1", 200),
        ("process_query_string", "/", 200),
        ("close", "/?a=1", 200),
        ("handle_error", "/failing", 500),
        ("close", "/nosuch", 404),
    ],
)
def test_a_stage_of_ones_own_is_done(stage: str, target: str, code: int, *, pipeline: bool) -> None:
    """Each time, and the answer is the same as without it."""
    calls: list[str] = []
    app = cherrypy.Application(Root(), "/app")
    if pipeline:
        app.merge({"/": {"wsgi.pipeline": [("nothing", lambda nextapp: nextapp)]}})
    client = Client(app, SCRIPT_NAME="/app")
    usual = client.get(target)
    app.request_class = own_class(stage, calls)
    for _ in range(2):
        answer = client.get(target)
        assert (answer.code, answer.body) == (code, usual.body) or code == 500
    assert calls == [stage] * 2


def test_a_stage_of_ones_own_may_answer() -> None:
    class Own(Request):
        def respond(self, path_info: str) -> None:
            if path_info == "/healthy":
                response = cherrypy.serving.response
                response.body = b"yes"
                response.finalize()
            else:
                super().respond(path_info)

    app = cherrypy.Application(Root(), "")
    app.request_class = Own
    assert Client(app).get("/healthy").text == "yes"
    assert Client(app).get("/").text == "text {}"
