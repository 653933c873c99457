"""What applications on PyPI rely on, found by running them: each test says what they do."""

from __future__ import annotations

import logging

import pytest

import cherrypy
from wsgi_client import Client

pytestmark = pytest.mark.usefixtures("site")


def test_a_filter_edits_the_text_of_a_record() -> None:
    """It reads ``record.msg``, cuts off the time and stores the rest."""
    seen: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            record.msg = record.msg[23:].strip()
            seen.append(record.getMessage())

    handler = Handler()
    cherrypy.log.error_log.addHandler(handler)
    try:
        cherrypy.log.error("100% of it", "CTX")
    finally:
        cherrypy.log.error_log.removeHandler(handler)
    assert seen == ["CTX 100% of it"]


@pytest.mark.parametrize(
    ("path", "found", "sent"),
    [
        ("/own", "application/x", "application/x"),
        ("/plain", "text/html", "text/html;charset=utf-8"),  # what is text is sent as UTF-8
        ("/text", "text/plain;charset=latin-1", "text/plain;charset=utf-8"),
        ("/none", "text/html", "text/html;charset=utf-8"),
    ],
)
def test_an_error_page_takes_the_form_of_the_content_type(path: str, found: str, sent: str) -> None:
    """A function reads what the handler or a tool has set, and writes JSON, HTML or text."""

    def page(**_values: str) -> str:
        return f"{cherrypy.response.headers['Content-Type']} é"

    class Root:
        @cherrypy.expose
        def own(self) -> None:
            cherrypy.response.headers["Content-Type"] = "application/x"
            raise cherrypy.HTTPError(400)

        @cherrypy.expose
        def text(self) -> None:
            cherrypy.response.headers["Content-Type"] = "text/plain;charset=latin-1"
            raise cherrypy.HTTPError(400)

        @cherrypy.expose
        def plain(self) -> None:
            raise cherrypy.NotFound

    config = {"/": {"error_page.default": page}}
    answer = Client(cherrypy.Application(Root(), "", config)).get(path)
    assert answer.body.decode() == f"{found} é"
    assert answer.field("Content-Type") == sent


def test_a_toolbox_is_added_to_all_applications() -> None:
    """By ``Application.toolboxes.update()``, after applications were mounted."""

    class Root:
        @cherrypy.expose
        def index(self) -> str:
            return "page"

    calls: list[str] = []
    client = Client(cherrypy.Application(Root(), "", {"/": {"late.mine.on": True}}))
    late = cherrypy._cptools.Toolbox("late")
    late.mine = cherrypy.Tool("before_handler", lambda: calls.append("ran"))
    cherrypy.Application.toolboxes.update(late=late)
    try:
        assert client.get("/").code == 200
    finally:
        del cherrypy.Application.toolboxes["late"]
    assert calls == ["ran"]


def test_a_plugin_attaches_hooks_to_all_requests() -> None:
    """By ``cherrypy.request.hooks.attach()`` where no request is served, when it starts."""
    calls: list[str] = []

    def note() -> None:
        calls.append(cherrypy.request.path_info)

    class Root:
        @cherrypy.expose
        def index(self) -> str:
            return "page"

        @cherrypy.expose
        def fail(self) -> None:
            raise ValueError

    client = Client(cherrypy.Application(Root()))
    client.get("/")
    for point in ("before_finalize", "before_error_response", "on_end_request"):
        cherrypy.request.hooks.attach(point, note)
    try:
        client.get("/")
        client.get("/fail")
        assert calls == ["/", "/", "/fail", "/fail"]
        assert len(cherrypy._cprequest.Request.hooks["before_finalize"]) == 1
    finally:
        for point in ("before_finalize", "before_error_response", "on_end_request"):
            cherrypy.request.hooks[point].clear()
    client.get("/")
    assert len(calls) == 4


@pytest.mark.parametrize("mount_point", ["", "/app"])
def test_the_charset_of_paths_is_configured(mount_point: str) -> None:
    """With ``request.uri_encoding`` a backup program passes any octets of file names."""

    class Root:
        @cherrypy.expose
        def default(self, *segments: str) -> bytes:
            return repr((segments, cherrypy.request.path_info)).encode()

    config = {
        "/": {"request.uri_encoding": "ISO-8859-1"},
        "/utf": {"request.uri_encoding": "utf-8"},
    }
    tree = cherrypy._cptree.Tree()
    tree.mount(Root(), mount_point, config)
    client = Client(tree)
    assert client.get(f"{mount_point}/%C3%A9").text == "(('Ã©',), '/Ã©')"
    assert client.get(f"{mount_point}/utf/%C3%A9").text == "(('utf', 'é'), '/utf/é')"
