"""The xmlrpc tool and the controller whose methods clients of XML-RPC call."""

from __future__ import annotations

import xmlrpc.client
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cherrypy
from cherrypy.lib.toolset import XMLRPCController
from wsgi_client import Answer, Client

pytestmark = pytest.mark.usefixtures("site")


class _Sub:
    @cherrypy.expose
    def two(self, *args: object) -> str:
        return f"two {args}"

    def hidden(self) -> str:
        return "never"


class _Controller(XMLRPCController):
    sub = _Sub()
    _inner = _Sub()

    @cherrypy.expose
    def add(self, a: int, b: int) -> int:
        return a + b

    @cherrypy.expose
    def echo(self, *values: Any) -> Any:
        return list(values)

    @cherrypy.expose
    def nothing(self) -> None:
        return None

    @cherrypy.expose
    def own_fault(self, how: str) -> xmlrpc.client.Fault:
        fault = xmlrpc.client.Fault(3, "own")
        if how == "return":
            return fault
        raise fault

    @cherrypy.expose
    def fails(self) -> None:
        raise ValueError("bad <x>")

    @cherrypy.expose
    def missing(self) -> None:
        raise cherrypy.HTTPError(404, "no such thing")

    def hidden(self) -> str:
        return "never"


def send(content: bytes, controller: object = None, target: str = "/") -> Answer:
    application = cherrypy.Application(controller or _Controller())
    return Client(application).post(target, content, Content_Type="text/xml")


def call(method: str, *args: Any, controller: object = None) -> Any:
    """Call a method, and return its result.

    Raises:
        Fault: The method was answered with one.
    """
    content = xmlrpc.client.dumps(args, method).encode()
    answer = send(content, controller)
    assert answer.status == "200 OK"
    assert answer.field("Content-Length") == str(len(answer.body))
    (result,), _ = xmlrpc.client.loads(answer.body)
    return result


def test_an_exposed_method_is_called() -> None:
    assert call("add", 1, 2) == 3
    assert call("sub.two", "x", 1) == "two ('x', 1)"
    values: list[Any] = ["\u20ac\xe9", [1.5, True], {"a": "b"}]
    assert call("echo", *values) == values
    answer = send(xmlrpc.client.dumps(("\u20ac",), "echo").encode())
    assert answer.field("Content-Type") == "text/xml;charset=utf-8"
    assert "\u20ac" in answer.text


@pytest.mark.parametrize(
    "name",
    [
        *("hidden", "nosuch", "sub", "sub.hidden", "_inner.two", "__class__", "default"),
        *("add.__call__", "sub..two", "_cp_config", "add.__func__"),
    ],
)
def test_nothing_else_is_called(name: str) -> None:
    with pytest.raises(xmlrpc.client.Fault) as caught:
        call(name)
    assert caught.value.faultCode == 1
    assert caught.value.faultString == f'method "{name}" is not supported'


@pytest.mark.parametrize("content", [b"not xml", b"", b"<a/>", b"<methodCall/>", b"\xff\xfe"])
def test_a_body_without_a_call_is_answered_with_a_fault(content: bytes) -> None:
    answer = send(content)
    with pytest.raises(xmlrpc.client.Fault, match='method "ERRORMETHOD" is not supported'):
        xmlrpc.client.loads(answer.body)


def test_an_error_is_a_fault() -> None:
    with pytest.raises(xmlrpc.client.Fault) as caught:
        call("fails")
    assert (caught.value.faultCode, caught.value.faultString) == (1, "bad <x>")
    with pytest.raises(xmlrpc.client.Fault, match="missing 1 required positional argument"):
        call("add", 1)
    with pytest.raises(xmlrpc.client.Fault, match="cannot marshal None unless allow_none"):
        call("nothing")


@pytest.mark.parametrize("how", ["return", "raise"])
def test_a_fault_is_sent_as_it_is(how: str) -> None:
    with pytest.raises(xmlrpc.client.Fault) as caught:
        call("own_fault", how)
    assert (caught.value.faultCode, caught.value.faultString) == (3, "own")


def test_an_http_error_stays_one() -> None:
    answer = send(xmlrpc.client.dumps((), "missing").encode())
    assert (answer.code, "no such thing" in answer.text) == (404, True)


def test_charset_and_none_can_be_configured() -> None:
    class Configured(_Controller):
        _cp_config: ClassVar[dict[str, Any]] = {
            "tools.xmlrpc.on": True,
            "tools.xmlrpc.allow_none": True,
            "tools.xmlrpc.encoding": "iso-8859-1",
        }

    assert call("nothing", controller=Configured()) is None
    assert call("echo", "\xe9\u20ac", controller=Configured()) == ["\xe9\u20ac"]
    answer = send(xmlrpc.client.dumps(("\xe9",), "echo").encode(), Configured())
    assert answer.field("Content-Type") == "text/xml;charset=iso-8859-1"
    assert b"<?xml version='1.0' encoding='iso-8859-1'?>" in answer.body
    assert b"\xe9" in answer.body
    with pytest.raises(xmlrpc.client.Fault, match="bad"):
        call("fails", controller=Configured())


def test_clients_that_address_rpc2_are_served() -> None:
    dispatch = cherrypy.dispatch.XMLRPCDispatcher()
    application = cherrypy.Application(_Controller(), "", {"/": {"request.dispatch": dispatch}})
    content = xmlrpc.client.dumps((1, 2), "add").encode()
    answer = Client(application).post("/RPC2/", content, Content_Type="text/xml")
    assert xmlrpc.client.loads(answer.body) == ((3,), None)


Values = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(-(2**31), 2**31 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text("abc <>&]'\"\xe9\u20ac\U0001f600"),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.lists(Values, max_size=3))
def test_what_is_sent_comes_back(values: list[Any]) -> None:
    assert call("echo", *values) == values


@given(st.binary(max_size=60))
def test_no_content_is_an_error_of_http(content: bytes) -> None:
    assert send(content).code == 200


# Settings of the method that is called -----------------------------------------------------------


def _refuse() -> None:
    raise cherrypy.HTTPError(401, "not for you")


def _answer_itself() -> bool:
    cherrypy.response.body = b"the tool"
    return True


class _Inner:
    _cp_config: ClassVar[dict[str, Any]] = {"tools.refuse.on": True}

    @cherrypy.expose
    def below(self) -> str:
        return "SECRET"


class _Guarded(XMLRPCController):
    inner = _Inner()

    @cherrypy.expose
    @cherrypy.config(**{"tools.refuse.on": True})
    def by_tool(self) -> str:
        return "SECRET"

    @cherrypy.expose
    def by_section(self) -> str:
        return "SECRET"

    @cherrypy.expose
    @cherrypy.config(**{"tools.answers.on": True})
    def by_handler(self) -> str:
        return "SECRET"

    @cherrypy.expose
    @cherrypy.config(**{"tools.late.on": True, "response.headers.X-Own": "yes"})
    def with_late(self) -> str:
        return "late"

    @cherrypy.expose
    def free(self) -> str:
        return "free"


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch) -> Client:
    tools = cherrypy.tools
    early = cherrypy.Tool("on_start_resource", _refuse)
    monkeypatch.setattr(tools, "refuse", early, raising=False)
    answers = cherrypy._cptools.HandlerTool(_answer_itself)
    monkeypatch.setattr(tools, "answers", answers, raising=False)

    def mark() -> None:
        cherrypy.response.headers["X-Late"] = "yes"

    monkeypatch.setattr(tools, "late", cherrypy.Tool("before_finalize", mark), raising=False)

    class Root:
        service = _Guarded()

    config: dict[str, dict[str, Any]] = {
        "/": {"request.dispatch": cherrypy.dispatch.XMLRPCDispatcher()},
        "/service/by_section": {"tools.refuse.on": True},
    }
    return Client(cherrypy.Application(Root(), "", config))


@pytest.mark.parametrize("path", ["/service/", "/RPC2/service/"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("by_tool", "not for you"),
        ("by_section", "not for you"),
        ("inner.below", "not for you"),
        ("by_handler", "the tool"),
        ("with_late", "<string>late</string>"),
        ("free", "<string>free</string>"),
    ],
)
def test_settings_of_the_method_count(guarded: Client, path: str, name: str, text: str) -> None:
    content = xmlrpc.client.dumps((), name).encode()
    answer = guarded.ask("POST", path, content, Content_Type="text/xml")
    assert "SECRET" not in answer.text
    assert text in answer.text
    assert answer.field("X-Late") == answer.field("X-Own")
    assert answer.field("X-Late") == ("yes" if name == "with_late" else None)
