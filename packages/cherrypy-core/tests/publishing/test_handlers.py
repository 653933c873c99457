"""Calling page handlers: which arguments they get, and what is answered where they do not fit."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cherrypy
from cherrypy._publishing.handlers import LateParamPageHandler, PageHandler
from wsgi_client import Client

if TYPE_CHECKING:
    from log_records import Records

pytestmark = pytest.mark.usefixtures("site")


class _Callable:
    exposed = True

    def __call__(self, a: str, b: str = "B") -> str:
        return f"callable {a!r} {b!r}"


class _Root:
    @cherrypy.expose
    def none(self) -> str:
        return "none"

    @cherrypy.expose
    def two(self, a: object, b: object = "B") -> str:
        return f"{a!r} {b!r}"

    @cherrypy.expose
    def rest(self, *rest: str) -> str:
        return repr(rest)

    @cherrypy.expose
    def named(self, **named: object) -> str:
        return repr(dict(sorted(named.items())))

    @cherrypy.expose
    def all(self, a: str, *rest: str, **named: object) -> str:
        return f"{a!r} {rest!r} {dict(sorted(named.items()))!r}"

    @cherrypy.expose
    def keyword_only(self, a: str, *, key: str) -> str:
        return f"{a!r} {key!r}"

    @cherrypy.expose
    def keyword_default(self, *, key: str = "K") -> str:
        return repr(key)

    @cherrypy.expose
    def positional_only(self, a: str, /) -> str:
        return repr(a)

    @cherrypy.expose
    def positional_default(self, a: str = "A", /, **named: object) -> str:
        return f"{a!r} {named!r}"

    @cherrypy.expose
    def type_error(self) -> str:
        return str(1 + "1")  # type: ignore[operator]  # what is tested

    @cherrypy.expose
    def inner_mismatch(self) -> str:
        def inner(_argument: str) -> str:
            return "never"

        return inner()  # type: ignore[call-arg]  # what is tested

    @cherrypy.expose
    def calls_itself_wrongly(self, a: str = "") -> str:
        return self.calls_itself_wrongly(a, a, a)  # type: ignore[call-arg]  # what is tested

    callable = _Callable()


def _partial(first: str, a: str, b: str = "B") -> str:
    return f"{first} {a!r} {b!r}"


_exposed_partial: Any = functools.partial(_partial, "first")
_exposed_partial.exposed = True
_Root.partial = staticmethod(_exposed_partial)  # type: ignore[attr-defined]  # found by its URL


@pytest.fixture
def client() -> Client:
    return Client(cherrypy.Application(_Root(), ""))


def told(text: str) -> str:
    """Return the message of an error page."""
    return text.partition("<p>")[2].partition("</p>")[0]


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("/none", "none"),
        ("/two/x", "'x' 'B'"),
        ("/two/x/y", "'x' 'y'"),
        ("/two?a=x", "'x' 'B'"),
        ("/two/x?b=y", "'x' 'y'"),
        ("/two?b=y&a=x", "'x' 'y'"),
        ("/two?a=1&a=2", "['1', '2'] 'B'"),
        ("/two?a=&b", "'' ''"),
        ("/two?a=%C3%A9+%26", "'é &' 'B'"),
        ("/rest", "()"),
        ("/rest/a/b/c", "('a', 'b', 'c')"),
        ("/named", "{}"),
        ("/named?x=1&y=2", "{'x': '1', 'y': '2'}"),
        ("/named?b%20c=1", "{'b c': '1'}"),  # a name that is no identifier
        ("/named?1,2", "{'x': 1, 'y': 2}"),  # an image map
        ("/all/x/y/z?q=1", "'x' ('y', 'z') {'q': '1'}"),
        ("/all?a=x&q=1", "'x' () {'q': '1'}"),
        ("/keyword_only/x?key=k", "'x' 'k'"),
        ("/keyword_only?a=x&key=k", "'x' 'k'"),
        ("/keyword_default", "'K'"),
        ("/keyword_default?key=k", "'k'"),
        ("/positional_only/x", "'x'"),
        ("/positional_default?a=x", "'A' {'a': 'x'}"),
        ("/callable/x?b=y", "callable 'x' 'y'"),
        ("/partial/x?b=y", "first 'x' 'y'"),
    ],
)
def test_arguments_of_path_and_query(client: Client, target: str, text: str) -> None:
    assert client.get(target).text == text


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("/none/x", "Nothing matches the given URI"),
        ("/none?x=1", "Unexpected query string parameters: x"),
        ("/none?x=1&amp=2&a=3", "Unexpected query string parameters: a, amp, x"),
        ("/two", "Missing parameters: a"),
        ("/two?b=1", "Missing parameters: a"),
        ("/two/x/y/z", "Nothing matches the given URI"),
        ("/two/x?a=y", "Multiple values for parameters: a"),
        ("/two/x/y?a=1&b=2", "Multiple values for parameters: a, b"),
        ("/two/x?c=1", "Unexpected query string parameters: c"),
        ("/two?a=1&self=2", "Unexpected query string parameters: self"),
        ("/named/x", "Nothing matches the given URI"),
        ("/named?self=1", "Unexpected query string parameters: self"),
        ("/all/x?self=1", "Unexpected query string parameters: self"),
        ("/all", "Missing parameters: a"),
        ("/keyword_only/x", "Missing parameters: key"),
        ("/keyword_only/x/y?key=k", "Nothing matches the given URI"),
        ("/positional_only", "Missing parameters: a"),
        ("/positional_only?a=x", "Missing parameters: a"),
        ("/positional_only/y?a=x", "Unexpected query string parameters: a"),
        ("/callable", "Missing parameters: a"),
        ("/callable/x/y/z", "Nothing matches the given URI"),
        ("/partial", "Missing parameters: a"),
        ("/two?%3Cb%3E=1&a=2", "Unexpected query string parameters: &lt;b&gt;"),
    ],
)
def test_what_does_not_fit_path_or_query_is_not_found(
    client: Client, target: str, message: str
) -> None:
    answer = client.get(target)
    assert (answer.code, told(answer.text)) == (404, message)


@pytest.mark.parametrize(
    ("target", "content", "status", "message"),
    [
        ("/two", b"b=1", 404, "Missing parameters: a"),
        ("/two", b"a=1&c=2", 400, "Unexpected body parameters: c"),
        ("/two/x", b"a=1", 400, "Multiple values for parameters: a"),
        ("/two/x?a=2", b"b=1", 404, "Multiple values for parameters: a"),
        ("/none?q=1", b"b=1", 404, "Unexpected query string parameters: q"),
        ("/none?q=1", b"q=1", 400, "Unexpected body parameters: q"),
        ("/named", b"self=1", 400, "Unexpected body parameters: self"),
        ("/none/x", b"a=1", 404, "Nothing matches the given URI"),
    ],
)
def test_what_does_not_fit_the_body_is_a_bad_request(
    client: Client, target: str, content: bytes, status: int, message: str
) -> None:
    answer = client.post(target, content)
    assert (answer.code, told(answer.text)) == (status, message)


@pytest.mark.parametrize(
    ("target", "content", "text"),
    [
        ("/two", b"a=1&b=2", "'1' '2'"),
        ("/two/x", b"b=2", "'x' '2'"),
        ("/two?a=1", b"b=2", "'1' '2'"),
        ("/two?a=1", b"a=2", "['1', '2'] 'B'"),
        ("/named?q=1&q=2", b"q=3&r=4", "{'q': ['1', '2', '3'], 'r': '4'}"),
    ],
)
def test_arguments_of_query_and_body(
    client: Client, target: str, content: bytes, text: str
) -> None:
    assert client.post(target, content).text == text


@pytest.mark.parametrize("target", ["/type_error", "/inner_mismatch", "/calls_itself_wrongly"])
def test_a_type_error_of_the_handler_is_no_mismatch(
    client: Client, target: str, errors: Records
) -> None:
    assert client.get(target).code == 500
    assert "TypeError" in errors.text


def test_the_reason_is_told_only_if_configured(client: Client) -> None:
    cherrypy.config.update({"request.show_mismatched_params": False})
    for target in ("/two", "/none?q=1", "/two/x?a=1"):
        answer = client.get(target)
        assert (answer.code, told(answer.text)) == (404, "Nothing matches the given URI")
    answer = client.post("/none", b"q=1")
    assert answer.code == 400
    assert "q" not in told(answer.text).replace("request", "").split()


def test_a_query_that_can_not_be_decoded_is_not_found(client: Client) -> None:
    answer = client.get("/named?x=%FF")
    assert answer.code == 404
    assert "encoded with 'utf8'" in answer.text


def test_the_charset_of_queries_can_be_configured() -> None:
    app = cherrypy.Application(_Root(), "", {"/": {"request.query_string_encoding": "latin-1"}})
    assert Client(app).get("/named?x=%E9").text == "{'x': 'é'}"


def test_the_number_of_parameters_is_bounded(client: Client) -> None:
    answer = client.get("/named?" + "&".join(f"a{n}" for n in range(100_000)))
    assert answer.code == 400


def test_a_handler_may_be_a_function_of_c() -> None:
    """Some tell nothing of their parameters; a mismatch is then an error of the handler."""
    exposed = type("Exposed", (), {"exposed": True, "__call__": staticmethod(getattr)})
    root = type("Root", (), {"page": exposed()})()
    assert Client(cherrypy.Application(root, "")).get("/page").code in {404, 500}


def test_the_handler_can_be_inspected_and_changed_by_a_tool() -> None:
    def shift() -> None:
        handler = cherrypy.request.handler
        assert isinstance(handler, PageHandler)
        assert list(handler.args) == ["x"]
        assert handler.kwargs == {"b": "y"}
        handler.args = [*handler.args, "z"]
        del cherrypy.request.params["b"]

    cherrypy.tools.shift = cherrypy.Tool("before_handler", shift)
    app = cherrypy.Application(_Root(), "", {"/": {"tools.shift.on": True}})
    assert Client(app).get("/two/x?b=y").text == "'x' 'z'"


def test_parameters_can_be_changed_by_a_tool() -> None:
    cherrypy.tools.upper = cherrypy.Tool(
        "before_handler",
        lambda: cherrypy.request.params.update(a=str(cherrypy.request.params["a"]).upper()),
    )
    app = cherrypy.Application(_Root(), "", {"/": {"tools.upper.on": True}})
    assert Client(app).get("/two?a=x").text == "'X' 'B'"


def test_a_tool_may_replace_the_handler_by_none_or_another_one() -> None:
    def replace(by: object) -> None:
        cherrypy.response.body = b"set by the tool"
        cherrypy.request.handler = by

    cherrypy.tools.replace = cherrypy.Tool("before_handler", replace)
    app = cherrypy.Application(_Root(), "", {"/": {"tools.replace.on": True}})
    for by, text in [(None, "set by the tool"), (lambda: "another", "another")]:
        app.merge({"/": {"tools.replace.by": by}})
        assert Client(app).get("/none").text == text


def test_errors_and_redirects_can_be_handlers() -> None:
    def refuse() -> None:
        cherrypy.request.handler = cherrypy.HTTPError(403, "not you")

    cherrypy.tools.refuse = cherrypy.Tool("before_handler", refuse)
    app = cherrypy.Application(_Root(), "", {"/": {"tools.refuse.on": True}})
    answer = Client(app).get("/none")
    assert (answer.code, told(answer.text)) == (403, "not you")


def test_handlers_can_be_made_by_hand() -> None:
    handler = PageHandler(lambda *args, **kwargs: (args, kwargs), "a", key="value")
    assert handler() == (("a",), {"key": "value"})
    late = LateParamPageHandler(lambda **kwargs: kwargs, own="yes")
    assert late() == {"own": "yes"}


NAMES = st.sampled_from(["a", "b", "key", "rest", "self", "extra"])
HANDLERS = sorted(
    name
    for name, member in vars(_Root).items()
    if inspect.isfunction(member) and name not in {"type_error", "inner_mismatch"}
)


@given(
    st.sampled_from([name for name in HANDLERS if name != "calls_itself_wrongly"]),
    st.lists(st.sampled_from(["x", "y"]), max_size=3),
    st.dictionaries(NAMES, st.just("q"), max_size=3),
    st.dictionaries(NAMES, st.just("f"), max_size=3),
)
def test_a_mismatch_is_answered_exactly_where_python_refuses(
    name: str, segments: list[str], query: dict[str, str], form: dict[str, str]
) -> None:
    """A call with these very arguments decides between 200 and 4xx."""
    target = "/".join(["", name, *segments]) + "?" + "&".join(f"{k}={v}" for k, v in query.items())
    content = "&".join(f"{k}={v}" for k, v in form.items()).encode()
    answer = Client(cherrypy.Application(_Root(), "")).post(target, content)
    try:
        vars(_Root)[name](None, *segments, **{**query, **form})
    except TypeError:
        assert answer.code in {400, 404}
    else:
        assert answer.code == 200


def test_the_keyword_arguments_of_a_handler_are_laid_over_the_parameters() -> None:
    """Whenever they are set, and whatever becomes of the parameters later."""

    def lay_over() -> None:
        cherrypy.request.handler.kwargs = {"b": "own"}

    for point in ("on_start_resource", "before_handler"):
        cherrypy.tools.over = cherrypy.Tool(point, lay_over)
        app = cherrypy.Application(_Root(), "", {"/": {"tools.over.on": True}})
        assert Client(app).get("/two/x?b=y").text == "'x' 'own'"


@pytest.mark.parametrize("tool", [False, True])
def test_a_type_error_of_a_handler_keeps_its_cause(errors: Records, *, tool: bool) -> None:
    """Without it, the log does not tell what went wrong."""

    class Root:
        @cherrypy.expose
        def index(self) -> str:
            raise TypeError("second") from KeyError("first")

    if tool:
        cherrypy.tools.look = cherrypy.Tool("before_handler", lambda: cherrypy.request.handler)
    app = cherrypy.Application(Root(), "", {"/": {"tools.look.on": tool}})
    assert Client(app).get("/").code == 500
    assert "first" in errors.text
    assert "second" in errors.text
