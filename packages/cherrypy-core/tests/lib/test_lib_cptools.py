"""The tools of cherrypy.lib.cptools that need no page of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cherrypy
from cherrypy.lib import cptools
from wsgi_client import Client, call_wsgi, make_environ

if TYPE_CHECKING:
    from collections.abc import Iterator

    from log_records import Records

pytestmark = pytest.mark.usefixtures("site")

BAD_METHOD = "Specified method is invalid for this resource"


class _Root:
    @cherrypy.expose
    def index(self, **params: object) -> str:
        return f"index {sorted(params)}"

    @cherrypy.expose
    def page(self) -> str:
        return "page"

    @cherrypy.expose
    def seen(self) -> str:
        fields = cherrypy.request.headers
        return " ".join(sorted(name for name in fields if name != "Remote-Addr"))

    @cherrypy.expose
    def missing(self) -> None:
        raise cherrypy.HTTPError(404)

    @cherrypy.expose
    def failing(self) -> None:
        raise ZeroDivisionError

    @cherrypy.expose
    def accepted(self) -> str:
        offers = ["text/html", "application/json", "text/plain"]
        return str(cherrypy.tools.accept.callable(offers))

    @cherrypy.expose
    def accepted_nothing(self) -> str:
        return str(cherrypy.tools.accept.callable(None))

    @cherrypy.expose
    def nested(self) -> object:
        return [b"a", [b"b", iter([b"c", (b"d", iter([b"e"]))])], "f", [], "\xe9"]

    @cherrypy.expose
    def nested_text(self) -> Iterator[object]:
        yield "a"
        yield ["b", iter(["c"])]


def client(**settings: object) -> Client:
    """Return a client of a fresh application in which a tool is set as said."""
    config = {f"tools.{name.replace('__', '.')}": value for name, value in settings.items()}
    return Client(cherrypy.Application(_Root(), "", {"/": config}))


# accept ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "chosen"),
    [
        (None, "text/html"),  # no wish
        ("", "text/html"),
        ("application/json", "application/json"),
        ("*/*", "text/html"),
        ("text/*;q=0.2, text/plain", "text/plain"),
        ("application/*", "application/json"),
        ("application/json;q=0.1, text/html;q=0.1", "text/html"),  # what the server likes better
        ("text/html;level=1", "text/html"),  # better without the parameter than nothing
        ("*/*;q=0.1, text/html;q=0", "application/json"),  # refused by name
        ("TEXT/PLAIN", "text/plain"),
    ],
)
def test_accept_chooses_the_media_type_of_the_greatest_weight(
    field: str | None, chosen: str
) -> None:
    """RFC 9110 section 12.5.1."""
    answer = client().get("/accepted", **({} if field is None else {"Accept": field}))
    assert answer.text == chosen
    assert answer.field("Vary") == "Accept"


def test_accept_has_nothing_to_choose_from() -> None:
    answer = client(accept__on=True).get("/accepted_nothing", Accept="image/png")
    assert (answer.status, answer.text, answer.field("Vary")) == ("200 OK", "None", None)


def test_accept_refuses_what_the_resource_does_not_have() -> None:
    answer = client(accept__on=True, accept__media=["text/html", "application/json"]).get(
        "/page", Accept="image/png, text/*;q=0"
    )
    assert answer.status == "406 Not Acceptable"
    assert (
        "Your client sent this Accept header: image/png, text/*;q=0. But this resource only "
        "emits these media types: text/html, application/json." in answer.text
    )


def test_accept_takes_a_single_media_type() -> None:
    one = client(accept__on=True, accept__media="Text/HTML")
    assert one.get("/page", Accept="text/html").code == 200
    assert one.get("/page", Accept="text/html").field("Vary") is None
    assert one.get("/page", Accept="text/plain").code == 406


def test_accept_answers_a_malformed_weight_with_400() -> None:
    answer = client(accept__on=True, accept__media="text/html").get("/page", Accept="text/*;q=x")
    assert answer.status == "400 Bad Request"


# allow -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("methods", "allow"),
    [
        (None, "GET, HEAD"),
        ("get", "GET, HEAD"),
        (["PUT", "GET"], "PUT, GET, HEAD"),
        (["HEAD", "GET"], "HEAD, GET"),
        ("POST", "POST"),
    ],
)
def test_allow_refuses_other_methods(methods: object, allow: str) -> None:
    """RFC 9110 section 15.5.6."""
    ours = client(allow__on=True, allow__methods=methods)
    answer = ours.ask("DELETE", "/page")
    assert (answer.status, answer.field("Allow")) == ("405 Method Not Allowed", allow)
    assert BAD_METHOD in answer.text
    admitted = ours.ask(allow.split(", ", maxsplit=1)[0], "/page", b"")
    assert (admitted.status, admitted.field("Allow")) == ("200 OK", allow)


def test_methods_are_case_sensitive() -> None:
    """RFC 9110 section 9.1."""
    config = {"/": {"tools.allow.on": True}}
    environ = make_environ("get", "/page")
    assert call_wsgi(cherrypy.Application(_Root(), "", config), environ).code == 405


def test_options_is_a_method_like_others_by_default() -> None:
    assert client(allow__on=True).ask("OPTIONS", "/page").code == 405


def test_allow_answers_options_where_it_is_told_to() -> None:
    """RFC 9110 section 9.3.7."""
    answer = client(allow__on=True, allow__options=True).ask("OPTIONS", "/page")
    assert (answer.status, answer.body) == ("204 No Content", b"")
    assert answer.field("Allow") == "GET, HEAD, OPTIONS"


class _Exposed:
    @cherrypy.expose(methods=["get", "PUT"])
    def page(self) -> str:
        return cherrypy.request.method

    @cherrypy.expose(["a.b"], methods=["POST", "OPTIONS"])
    def form(self) -> str:
        return cherrypy.request.method

    @cherrypy.expose(methods="POST")
    def index(self) -> str:
        return cherrypy.request.method

    @cherrypy.expose(methods=["GET"])
    @cherrypy.tools.response_headers(headers=[("X-Both", "1")])
    def both(self) -> str:
        return "both"

    @cherrypy.expose
    def free(self) -> str:
        return cherrypy.request.method


@pytest.mark.parametrize(
    ("method", "target", "status", "allow", "body"),
    [
        ("GET", "/page", "200 OK", "GET, PUT, HEAD, OPTIONS", "GET"),
        ("HEAD", "/page", "200 OK", "GET, PUT, HEAD, OPTIONS", ""),
        ("PUT", "/page", "200 OK", "GET, PUT, HEAD, OPTIONS", "PUT"),
        ("OPTIONS", "/page", "204 No Content", "GET, PUT, HEAD, OPTIONS", ""),
        ("POST", "/page", "405 Method Not Allowed", "GET, PUT, HEAD, OPTIONS", None),
        ("GET", "/a.b", "405 Method Not Allowed", "POST, OPTIONS", None),
        ("POST", "/a.b", "200 OK", "POST, OPTIONS", "POST"),
        ("OPTIONS", "/form", "200 OK", "POST, OPTIONS", "OPTIONS"),  # the handler's own
        ("GET", "/", "405 Method Not Allowed", "POST, OPTIONS", None),
        ("POST", "/", "200 OK", "POST, OPTIONS", "POST"),
        ("GET", "/both", "200 OK", "GET, HEAD, OPTIONS", "both"),
        ("DELETE", "/free", "200 OK", None, "DELETE"),
    ],
)
def test_expose_takes_the_methods_that_are_answered(
    method: str, target: str, status: str, allow: str | None, body: str | None
) -> None:
    answer = Client(cherrypy.Application(_Exposed())).ask(method, target, b"")
    assert (answer.status, answer.field("Allow")) == (status, allow)
    if body is not None:
        assert answer.text == body


def test_methods_of_expose_add_to_the_configuration_of_a_handler() -> None:
    answer = Client(cherrypy.Application(_Exposed())).get("/both")
    assert answer.field("X-Both") == "1"


@cherrypy.expose(methods=["GET"])
class _ExposedClass:
    def __call__(self) -> str:
        return "called"


def test_a_class_can_be_exposed_for_some_methods() -> None:
    class Root:
        whole = _ExposedClass()

    ours = Client(cherrypy.Application(Root()))
    assert ours.get("/whole").text == "called"
    assert ours.ask("DELETE", "/whole").code == 405


# referer -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "field", "code"),
    [
        ({}, "http://example.com/x", 200),
        ({}, "http://other.example/", 403),
        ({}, "x http://example.com/", 403),  # it has to begin so
        ({}, None, 403),
        ({"accept_missing": True}, None, 200),
        ({"accept": False}, "http://example.com/x", 403),
        ({"accept": False}, "http://other.example/", 200),
        ({"error": "409 Not from there", "message": "Go away"}, None, 409),
    ],
)
def test_referer_admits_by_pattern(
    settings: dict[str, object], field: str | None, code: int
) -> None:
    named = {f"referer__{name}": value for name, value in settings.items()}
    ours = client(referer__on=True, referer__pattern=r"http://example\.com/", **named)
    answer = ours.get("/page", **({} if field is None else {"Referer": field}))
    assert answer.code == code
    if code != 200:
        assert str(settings.get("message", "Forbidden Referer header.")) in answer.text


# redirect ----------------------------------------------------------------------------------------


def test_redirect_handles_the_request_again() -> None:
    class Root:
        @cherrypy.expose
        @cherrypy.tools.redirect(url="/other?a=1")
        def here(self) -> str:
            return "here"

        @cherrypy.expose
        def other(self, a: str) -> str:
            return f"other {a}"

    answer = Client(cherrypy.Application(Root())).get("/here")
    assert (answer.status, answer.text) == ("200 OK", "other 1")


def test_redirect_sends_the_client_elsewhere() -> None:
    ours = client(redirect__on=True, redirect__internal=False, redirect__url="/page?x")
    answer = ours.get("/seen")
    assert (answer.code, answer.field("Location")) == (303, "http://localhost/page?x")


def test_err_redirect_answers_unexpected_errors() -> None:
    ours = client(err_redirect__on=True, err_redirect__url="/page")
    assert ours.get("/failing").text == "page"
    assert ours.get("/missing").code == 404
    elsewhere = client(
        err_redirect__on=True, err_redirect__url="/page", err_redirect__internal=False
    )
    assert elsewhere.get("/failing").field("Location") == "http://localhost/page"


# trailing_slash ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "target", "code", "location"),
    [
        ({}, "/leaf?q=1", 301, "http://localhost/leaf/?q=1"),
        ({"status": 307}, "/leaf", 307, "http://localhost/leaf/"),
        ({"missing": False}, "/leaf", 200, None),
        ({}, "/leaf/", 200, None),
        ({}, "/leaf/page/", 200, None),
        ({"extra": True}, "/leaf/page/?q=%2F", 301, "http://localhost/leaf/page?q=%2F"),
        ({"extra": True}, "/leaf/page", 200, None),
        ({"extra": True}, "/leaf/", 200, None),
    ],
)
def test_trailing_slash_redirects(
    settings: dict[str, object], target: str, code: int, location: str | None
) -> None:
    class Leaf(_Root):
        @cherrypy.expose
        def page(self, **params: object) -> str:
            return f"page {params}"

    class Root:
        leaf = Leaf()

    config = {f"tools.trailing_slash.{name}": value for name, value in settings.items()}
    answer = Client(cherrypy.Application(Root(), "", {"/": config})).get(target)
    assert (answer.code, answer.field("Location")) == (code, location)


# Header fields -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "left"),
    [
        (("Range",), "Accept Host X-Foo"),
        (["x-foo", "accept"], "Host Range"),
        ("X-Foo", "Accept Host Range"),
        ((), "Accept Host Range X-Foo"),
    ],
)
def test_ignore_headers(headers: object, left: str) -> None:
    ours = client(ignore_headers__on=True, ignore_headers__headers=headers)
    assert ours.get("/seen", Range="bytes=0-1", X_Foo="2", Accept="*/*").text == left


def test_ignore_headers_ignores_ranges_by_default() -> None:
    answer = client(ignore_headers__on=True).get("/seen", Range="bytes=0-1")
    assert answer.text == "Host"


def test_response_headers_are_set_for_every_answer() -> None:
    pairs = [("X-A", "1"), ("Content-Language", "fr"), ("X-A", "2")]
    ours = client(response_headers__on=True, response_headers__headers=pairs)
    for target in ("/page", "/missing", "/failing", "/nosuch"):
        answer = ours.get(target)
        assert (answer.field("X-A"), answer.field("Content-Language")) == ("2", "fr")
    assert client(response_headers__on=True).get("/page").text == "page"


@pytest.mark.parametrize(
    ("ignore", "vary"),
    [
        (None, "Accept, Accept-Charset, Accept-Language, X-Four, X-One, X-Own, X-Three, X-Two"),
        # what the handler named itself stays
        (["x-one", "accept", "X-FOUR", "X-OWN", "Host", "Content-Type"],
         "Accept-Charset, Accept-Language, X-Own, X-Three, X-Two"),
    ],
)  # fmt: skip
def test_autovary_names_the_fields_that_were_looked_at(ignore: list[str] | None, vary: str) -> None:
    """RFC 9110 section 12.5.5."""

    class Root:
        @cherrypy.expose
        def index(self) -> str:
            fields: Any = cherrypy.request.headers
            assert "X-Two" not in fields
            with pytest.raises(KeyError):
                fields["x-three"]
            looked_at = [
                fields.get("X-One"),
                fields.pop("X-Four", None),
                fields.elements("Accept"),
                fields.values("Accept-Language"),
                fields.get("Content-Type"),
                fields.get("Host"),
            ]
            assert len(looked_at) == 6
            cherrypy.response.headers["Vary"] = "X-Own"
            return "text"

    config = {"/": {"tools.autovary.on": True, "tools.autovary.ignore": ignore}}
    assert Client(cherrypy.Application(Root(), "", config)).get().field("Vary") == vary


def test_autovary_counts_cookies() -> None:
    class Root:
        @cherrypy.expose
        @cherrypy.tools.autovary()
        def index(self) -> bytes:
            cherrypy.response.headers["Content-Type"] = "image/png"
            return cherrypy.request.cookie["a"].value.encode()

    answer = Client(cherrypy.Application(Root())).get("/", Cookie="a=1")
    assert (answer.body, answer.field("Vary")) == (b"1", "Cookie")


def test_autovary_does_not_count_what_describes_the_content() -> None:
    class Root:
        @cherrypy.expose
        @cherrypy.tools.autovary()
        @cherrypy.tools.decode()
        def index(self) -> str:
            return "text"

    answer = Client(cherrypy.Application(Root())).get("/")
    assert answer.field("Vary") == "Accept-Charset"


def test_a_monitored_map_is_a_header_map() -> None:
    fields = cptools.MonitoredHeaderMap({"Host": "a", "x-set": "1"})
    assert fields["HOST"] == "a"
    assert fields.setdefault("X-New", "2") == "2"
    assert fields.accessed_headers == {"Host", "X-New"}


# flatten -----------------------------------------------------------------------------------------


def test_flatten_makes_one_iterable() -> None:
    plain = client(flatten__on=True, encode__on=False)
    assert client(flatten__on=True).get("/nested").text == "abcdef\xe9"
    assert client(flatten__on=True).get("/nested_text").text == "abc"
    assert plain.get("/nested_text").text == "abc"


Nested = st.recursive(
    st.binary(max_size=3), lambda inner: st.lists(inner, max_size=3), max_leaves=20
)


def leaves(body: object) -> list[bytes]:
    return [body] if isinstance(body, bytes) else [x for each in body for x in leaves(each)]  # type: ignore[attr-defined]


@given(st.lists(Nested, max_size=4))
def test_flatten_keeps_the_order(body: list[object]) -> None:
    def lazily(part: object) -> object:
        return part if isinstance(part, bytes) else (lazily(each) for each in part)  # type: ignore[attr-defined]

    for given_body in (body, lazily(body)):
        assert list(_flattened(given_body)) == leaves(body)


def test_flatten_goes_to_any_depth() -> None:
    body: list[object] = [b"x"]
    for _ in range(5000):
        body = [body]
    assert b"".join(_flattened(body)) == b"x"


def test_flatten_closes_what_it_has_begun() -> None:
    closed = []

    def inner(name: str) -> Iterator[bytes]:
        try:
            yield name.encode()
            yield b"never"
        finally:
            closed.append(name)

    def outer() -> Iterator[object]:
        try:
            yield inner("inner")
        finally:
            closed.append("outer")

    body = _flattened(outer())
    assert next(body) == b"inner"
    body.close()
    assert closed == ["inner", "outer"]


def _flattened(body: object) -> Any:
    response = cherrypy.response
    response.body = body
    cptools.flatten()
    return response.body


# Logs --------------------------------------------------------------------------------------------


def test_log_hooks_writes_them_in_order(errors: Records) -> None:
    class Root:
        @cherrypy.expose
        @cherrypy.tools.log_hooks()
        @cherrypy.tools.expires(secs=3)
        def index(self) -> str:
            return "x"

    Client(cherrypy.Application(Root())).get()
    lines = errors.messages[-1].splitlines()
    assert lines[0].endswith("HTTP ")
    assert lines[1:4] == [
        "Request Hooks for http://localhost/:",
        "    on_start_resource:",
        "    before_request_body:",
    ]
    points = [line.strip(" :") for line in lines[2:] if not line.startswith("        ")]
    assert points == [
        *("on_start_resource", "before_request_body", "before_handler", "before_finalize"),
        *("on_end_resource", "on_end_request", "before_error_response", "after_error_response"),
    ]
    shown = [line.split("callback=")[1] for line in lines if "callback=" in line]
    functions = [text.partition(">")[0] for text in shown if text.startswith("<tool function")]
    assert [text.split()[-1] for text in functions] == [
        *("trailing_slash", "encode_handler", "expires", "log_hooks", "log_traceback"),
        "log_request_headers",
    ]
    assert any("priority=50, secs=3)" in line for line in lines)


def test_unexpected_errors_are_logged_with_traceback_and_fields(errors: Records) -> None:
    client().get("/failing", X_Foo="2")
    traceback, fields = errors.kept
    assert traceback.exc_info is not None
    assert (traceback.levelname, traceback.exc_info[0]) == ("ERROR", ZeroDivisionError)
    assert fields.levelname == "INFO"
    assert fields.getMessage().splitlines()[1:] == [
        "Request Headers:",
        "  Remote-Addr: 127.0.0.1",
        "  Host: localhost",
        "  X-Foo: 2",
    ]


def test_logs_of_errors_can_be_turned_off(errors: Records) -> None:
    client(log_tracebacks__on=False, log_headers__on=False).get("/failing")
    client(log_headers__on=False, log_tracebacks__severity=10).get("/missing")
    assert errors.kept == []
