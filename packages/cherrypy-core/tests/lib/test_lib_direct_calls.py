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


def test_flatten() -> None:
    def nest() -> None:
        cherrypy.response.body = [b"a", (b"b", [b"c"])]
        cptools.flatten()

    assert answer_of(nest).body == b"abc"


def test_trailing_slash() -> None:
    def demand() -> None:
        cherrypy.request.is_index = False
        cptools.trailing_slash(extra=True, status=308)

    answer = answer_of(demand, target="/index/", point="before_handler")
    assert (answer.code, answer.field("Location")) == (308, "http://localhost/index")


def test_redirect() -> None:
    def leave() -> None:
        cptools.redirect("/elsewhere", internal=False)

    answer = answer_of(leave, point="before_handler")
    assert (answer.code, answer.field("Location")) == (303, "http://localhost/elsewhere")


def test_proxy() -> None:
    def believe() -> None:
        cptools.proxy("https://example.com")
        cherrypy.response.headers["X-Base"] = cherrypy.request.base

    assert answer_of(believe).field("X-Base") == "https://example.com"


def test_validate_since() -> None:
    def check() -> None:
        cherrypy.response.headers["Last-Modified"] = "Sun, 28 Jan 2007 00:00:00 GMT"
        cptools.validate_since()

    assert answer_of(check, If_Modified_Since="Sun, 28 Jan 2007 00:00:00 GMT").code == 304


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


class Shouting(encoding.ResponseEncoder):
    """An encoder that wraps the handler in its own way."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        handler = self.oldhandler
        assert handler is not None
        return handler(*args, **kwargs).upper().encode()


class Wide(encoding.ResponseEncoder):
    """An encoder that sets up itself in its own way."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.encoding = "utf-16"


class Failing(encoding.ResponseEncoder):
    """An encoder that only has other settings: it need not wrap anything."""

    encoding = "ascii"


@pytest.mark.parametrize("tool", ["encode", "own"])
@pytest.mark.parametrize(
    ("encoder", "status", "content"),
    [
        (Shouting, 200, "T\xc9XT".encode()),
        (Wide, 200, "t\xe9xt".encode("utf-16")),
        (Failing, 406, None),
    ],
)
def test_an_encoder_of_an_application(
    encoder: type, status: int, content: bytes | None, tool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Put in the place of the one of the tool, or made a tool of its own."""

    class Root:
        @cherrypy.expose
        def index(self) -> str:
            return "t\xe9xt"

    if tool == "encode":
        monkeypatch.setattr(cherrypy.tools.encode, "callable", encoder)
    else:
        own = cherrypy.Tool("before_handler", encoder, priority=70)
        monkeypatch.setattr(cherrypy.tools, "own", own, raising=False)
    config = {"/": {"tools.encode.on": False, f"tools.{tool}.on": True}}
    answer = Client(cherrypy.Application(Root(), "", config)).get()
    assert answer.code == status
    assert content is None or answer.body == content


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
