"""Tools as functions: what a handler or a hook of an application calls by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.lib import caching, cptools, encoding
from wsgi_client import Answer, Client

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("site")

LONG = "The same words again and again. " * 40


def answer_of(
    function: Callable[[], Any],
    method: str = "GET",
    target: str = "/",
    point: str = "before_finalize",
    **fields: str,
) -> Answer:
    """Return the answer to a request at one of whose hook points a function is called."""

    class Root:
        @cherrypy.expose
        def index(self, number: int = 0) -> str:
            cherrypy.response.headers["X-Type"] = type(number).__name__
            return LONG

    application = cherrypy.Application(Root(), "", {"/": {f"hooks.{point}": function}})
    return Client(application).ask(method, target, None, **fields)


def test_allow() -> None:
    refused = answer_of(lambda: cptools.allow("PUT"), point="before_handler")
    assert (refused.code, refused.field("Allow")) == (405, "PUT")
    answered = answer_of(
        lambda: cptools.allow(["GET"], options=True), "OPTIONS", point="before_handler"
    )
    assert (answered.code, answered.body) == (204, b"")


def test_accept() -> None:
    assert (
        answer_of(lambda: cptools.accept("a/b"), Accept="c/d", point="before_handler").code == 406
    )


def test_referer() -> None:
    def refuse() -> None:
        cptools.referer("http://a/", error=410, message="gone")

    assert answer_of(refuse, point="before_handler", Referer="http://b/").code == 410
    assert answer_of(refuse, point="before_handler", Referer="http://a/").code == 200


def test_ignore_headers() -> None:
    def look() -> None:
        cptools.ignore_headers("X-A")
        cptools.response_headers([("X-Seen", str("X-A" in cherrypy.request.headers))])

    assert answer_of(look, X_A="1").field("X-Seen") == "False"


def test_autovary() -> None:
    def look() -> None:
        cptools.autovary()
        cherrypy.request.headers.get("X-A")

    assert answer_of(look, point="before_handler").field("Vary") == "Accept-Charset, X-A"


def test_params() -> None:
    def convert() -> None:
        cptools.convert_params()
        cptools.convert_params()  # what is converted stays as it is

    answer = answer_of(convert, target="/?number=5", point="before_handler")
    assert answer.field("X-Type") == "int"


def test_validate_etags() -> None:
    def check() -> None:
        cptools.validate_etags(autotags=True)

    tag = answer_of(check).field("ETag") or ""
    assert answer_of(check, If_None_Match=tag).code == 304


def test_expires() -> None:
    answer = answer_of(lambda: caching.expires(0, force=True))
    assert answer.field("Cache-Control") == "no-cache, must-revalidate"


def test_gzip() -> None:
    answer = answer_of(lambda: encoding.gzip(9), Accept_Encoding="gzip")
    assert encoding.decompress(answer.body).decode() == LONG


def test_decode() -> None:
    class Root:
        @cherrypy.expose
        def index(self, a: str) -> str:
            return a

    def read_as_latin_1() -> None:
        encoding.decode("iso-8859-1")

    config = {"/": {"hooks.before_request_body": read_as_latin_1}}
    answer = Client(cherrypy.Application(Root(), "", config)).post("/", b"a=%E9")
    assert answer.text == "\xe9"


def test_the_encoder() -> None:
    def wrap() -> None:
        encoding.ResponseEncoder(encoding="utf-16")

    class Root:
        @cherrypy.expose
        def index(self) -> str:
            return "text"

        @cherrypy.expose
        def plain(self) -> str:
            cherrypy.response.headers["Content-Type"] = "application/x-own;charset=ascii"
            return "\xe9"

    config: dict[str, Any] = {"tools.encode.on": False, "hooks.before_handler": wrap}
    ours = Client(cherrypy.Application(Root(), "", {"/": config}))
    assert ours.get().field("Content-Type") == "text/html;charset=utf-16"
    assert ours.get().text == "text"
    failed = ours.get("/plain")
    assert failed.code == 500
    assert "Response body could not be encoded with" in failed.text


def test_the_encoder_without_a_handler() -> None:
    def answer() -> None:
        cherrypy.request.handler = None
        encoder = encoding.ResponseEncoder()
        cherrypy.response.body = encoder()

    assert answer_of(answer, point="before_handler").body == b""


def test_a_charset_is_tried_once() -> None:
    def wrap() -> None:
        encoder = encoding.ResponseEncoder()
        encoder.body = iter(["a"])
        tried = [encoder.encode_stream("ascii"), encoder.encode_stream("ascii")]
        encoder.body = ["a"]
        tried += [encoder.encode_string("utf-8"), encoder.encode_string("utf-8")]
        cherrypy.response.headers["X-Tried"] = str(tried)

    answer = answer_of(wrap, point="before_handler")
    assert answer.field("X-Tried") == "[True, False, True, False]"
