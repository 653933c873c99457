"""The default dispatcher: which handler answers a path, and with which arguments."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cherrypy
from cherrypy._publishing.objects import PUNCTUATION_TO_UNDERSCORES, Dispatcher
from wsgi_client import Client

if TYPE_CHECKING:
    from log_records import Records

pytestmark = pytest.mark.usefixtures("site")


def told(name: str, *segments: str, **parameters: object) -> str:
    """Say who answered, and with which arguments."""
    given = [repr(segment) for segment in segments]
    given += [f"{key}={value!r}" for key, value in sorted(parameters.items())]
    return f"{name}({', '.join(given)})"


class _Called:
    """A callable object, with a child and an unexposed one."""

    exposed = True

    def __call__(self, *segments: str) -> str:
        return told("called", *segments)

    @cherrypy.expose
    def below(self) -> str:
        return told("called.below")


class _Leaf:
    @cherrypy.expose
    def index(self, **parameters: object) -> str:
        return told("leaf.index", **parameters)

    @cherrypy.expose
    def default(self, *segments: str, **parameters: object) -> str:
        return told("leaf.default", *segments, **parameters)

    @cherrypy.expose
    def named(self, *segments: str) -> str:
        return told("leaf.named", *segments)


class _OnlyIndex:
    @cherrypy.expose
    def index(self) -> str:
        return told("only.index")


class _Greedy:
    """Answers what its children can not, and has a child that is no handler."""

    class _Inner:
        def hidden(self) -> str:
            return "never"

    inner = _Inner()

    @cherrypy.expose
    def default(self, *segments: str) -> str:
        return told("greedy.default", *segments)


@cherrypy.expose
class _ExposedClass:
    def __call__(self) -> str:
        return told("exposed class")


class _Root:
    leaf = _Leaf()
    called = _Called()
    only = _OnlyIndex()
    greedy = _Greedy()
    whole = _ExposedClass()
    number = 7
    text = "no handler"

    @cherrypy.expose
    def index(self) -> str:
        return told("index")

    @cherrypy.expose
    def method(self, *segments: str) -> str:
        return told("method", *segments)

    @cherrypy.expose
    def one(self, argument: str) -> str:
        return told("one", argument)

    @cherrypy.expose(["first.alias", "second-alias", "third"])
    def aliased(self) -> str:
        return told("aliased")

    @cherrypy.expose("only_alias")
    def single(self) -> str:
        return told("single")

    @cherrypy.expose
    def a_b(self) -> str:
        return told("a_b")

    @staticmethod
    @cherrypy.expose
    def static(*segments: str) -> str:
        return told("static", *segments)

    @classmethod
    @cherrypy.expose
    def of_class(cls, *segments: str) -> str:
        return told(f"{cls.__name__}.of_class", *segments)

    @cherrypy.expose
    def _private(self) -> str:
        return "never"

    @cherrypy.expose
    def __str__(self) -> str:
        return "never"

    def hidden(self) -> str:
        return "never"

    def by_hand(self) -> str:
        return told("by_hand")

    by_hand.exposed = True  # type: ignore[attr-defined]  # as applications do it

    lambda_ = cherrypy.expose(lambda _self: told("lambda_"))


def _partial(kind: str, argument: str) -> str:
    return told(kind, argument)


_exposed_partial: Any = functools.partial(_partial, "partial")
_exposed_partial.exposed = True
_Root.partial = staticmethod(_exposed_partial)  # type: ignore[attr-defined]  # found by its URL


@pytest.fixture
def client() -> Client:
    return Client(cherrypy.Application(_Root(), ""))


def answer_of(client: Client, target: str) -> str:
    """Return what is answered, or where a redirect leads, or the status."""
    answer = client.get(target)
    if answer.code == 301:
        return f"-> {answer.field('Location')}"
    return answer.text if answer.code == 200 else answer.status


@pytest.mark.parametrize(
    ("target", "answered"),
    [
        ("/", "index()"),
        ("/index", "index()"),
        ("/method", "method()"),
        ("/method/a/b", "method('a', 'b')"),
        ("/method/", "method()"),
        ("/one/x", "one('x')"),
        ("/leaf/", "leaf.index()"),
        ("/leaf/index", "leaf.index()"),
        ("/leaf/named", "leaf.named()"),
        ("/leaf/named/x", "leaf.named('x')"),
        ("/leaf/other", "leaf.default('other')"),
        ("/leaf/other/more", "leaf.default('other', 'more')"),
        ("/leaf/default", "leaf.default()"),
        ("/leaf/default/x", "leaf.default('x')"),
        ("/leaf/?q=1", "leaf.index(q='1')"),
        ("/leaf/other?q=1", "leaf.default('other', q='1')"),
        ("/called", "called()"),
        ("/called/x", "called('x')"),
        ("/called/below", "called.below()"),  # children come before the rest of the path
        ("/whole", "exposed class()"),
        ("/greedy/inner/hidden", "greedy.default('inner', 'hidden')"),
        ("/greedy/inner", "greedy.default('inner')"),
        ("/static/x", "static('x')"),
        ("/of_class/x", "_Root.of_class('x')"),
        ("/by_hand", "by_hand()"),
        ("/lambda_", "lambda_()"),
        ("/partial/x", "partial('x')"),
    ],
)
def test_the_deepest_match_answers(client: Client, target: str, answered: str) -> None:
    assert answer_of(client, target) == answered


@pytest.mark.parametrize(
    ("target", "answered"),
    [
        ("/aliased", "aliased()"),
        ("/first.alias", "aliased()"),
        ("/first_alias", "aliased()"),
        ("/first-alias", "aliased()"),
        ("/third", "aliased()"),
        ("/only_alias", "single()"),
        ("/single", "single()"),
        ("/a_b", "a_b()"),
        ("/a-b", "a_b()"),
        ("/a.b", "a_b()"),
        ("/a!b", "a_b()"),
        ("/a%20b", "404 Not Found"),  # a blank is no punctuation
        ("/A_B", "404 Not Found"),
    ],
)
def test_names_and_punctuation(client: Client, target: str, answered: str) -> None:
    assert answer_of(client, target) == answered


def test_an_alias_with_a_hyphen_is_found_by_that_name_only_if_a_dot_was_meant(
    client: Client,
) -> None:
    """A hyphen in an alias is in no attribute's name that the translation gives."""
    assert answer_of(client, "/second-alias") == "404 Not Found"


@pytest.mark.parametrize(
    "target",
    [
        "/nobody",
        "/hidden",
        "/number",
        "/text",
        "/_private",
        "/-private",  # becomes _private
        "/.private",
        "/%2Eprivate",
        "/__str__",
        "/__class__",
        "/__init__",
        "/--class--",
        "/only/nobody",
        "/method.__func__",
        "/method/__func__x/../..",
        "/index/__globals__",
    ],
)
def test_only_what_is_exposed_is_reachable(client: Client, target: str) -> None:
    answer = client.get(target)
    assert "never" not in answer.text
    if "method/" not in target:
        assert answer.status == "404 Not Found"


def test_a_property_that_is_not_exposed_is_not_reachable() -> None:
    class Root:
        @property
        def secret(self) -> str:
            return "never"

    assert Client(cherrypy.Application(Root(), "")).get("/secret").code == 404


@pytest.mark.parametrize(
    ("target", "answered"),
    [
        ("//leaf//named", "leaf.named()"),
        ("/leaf//other//more//", "leaf.default('other', 'more')"),
        ("/method//x", "method('x')"),
    ],
)
def test_repeated_slashes_are_one(client: Client, target: str, answered: str) -> None:
    assert answer_of(client, target) == answered


@pytest.mark.parametrize(
    ("target", "answered"),
    [
        ("/method/a%2Fb", "method('a/b')"),
        ("/method/a%2fb/c", "method('a/b', 'c')"),
        ("/leaf%2Fnamed", "404 Not Found"),  # it separates nothing
        ("/method/%C3%A9", "method('é')"),
        ("/method/%E9", "method('é')"),  # no UTF-8, so Latin-1
        ("/method/a%20b", "method('a b')"),
        ("/method/a+b", "method('a+b')"),
        ("/method/a;p=1", "method('a;p=1')"),
        ("/method/.", "method('.')"),
        ("/method/..", "method('..')"),
        ("/method/%00", r"method('\x00')"),
    ],
)
def test_segments_are_decoded(client: Client, target: str, answered: str) -> None:
    assert answer_of(client, target) == answered


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/leaf", "http://localhost/leaf/"),
        ("/only", "http://localhost/only/"),
        ("/leaf?q=1&r=a%20b", "http://localhost/leaf/?q=1&r=a%20b"),
    ],
)
def test_an_index_is_asked_with_a_slash(client: Client, target: str, location: str) -> None:
    assert answer_of(client, target) == f"-> {location}"


@pytest.mark.parametrize(
    ("target", "is_index"),
    [
        ("/", True),
        ("/index", False),
        ("/child/", True),
        ("/child/index", False),
        ("/child/index/", False),
        ("/child/any/", True),  # a default, of which nothing says that it is no folder
        ("/child/any", False),
        ("/page", False),
        ("/page/", False),
    ],
)
def test_is_index(target: str, is_index: object) -> None:
    def tell(self: object, *segments: str) -> str:
        del self, segments
        return repr(cherrypy.request.is_index)

    class Child:
        index = cherrypy.expose(tell)
        default = cherrypy.expose(tell)

    class Root:
        index = cherrypy.expose(tell)
        page = cherrypy.expose(tell)
        child = Child()

    assert Client(cherrypy.Application(Root(), "")).get(target).text == repr(is_index)


# Nodes that look up the rest themselves -----------------------------------------------------------


def test_cp_dispatch_takes_segments_and_gives_a_node() -> None:
    class Song:
        def __init__(self, band: str, title: str) -> None:
            self.names = band, title

        @cherrypy.expose
        def index(self) -> str:
            return told("song", *self.names)

        @cherrypy.expose
        def lyrics(self, *segments: str) -> str:
            return told("lyrics", *self.names, *segments)

    class Root:
        @cherrypy.expose
        def index(self) -> str:
            return told("root")

        def _cp_dispatch(self, vpath: list[str]) -> object:
            if len(vpath) < 2:
                return None
            return Song(vpath.pop(0), vpath.pop(0))

    client = Client(cherrypy.Application(Root(), ""))
    assert answer_of(client, "/") == "root()"
    assert answer_of(client, "/band/title/") == "song('band', 'title')"
    assert answer_of(client, "/band/title") == "-> http://localhost/band/title/"
    assert answer_of(client, "/band/title/lyrics/2") == "lyrics('band', 'title', '2')"
    assert answer_of(client, "/band") == "404 Not Found"


def test_cp_dispatch_sets_parameters_and_gives_itself() -> None:
    class Root:
        def _cp_dispatch(self, vpath: list[str]) -> object:
            cherrypy.request.params["year"] = vpath.pop(0)
            return self

        @cherrypy.expose
        def index(self, year: str = "none") -> str:
            return told("index", year)

        @cherrypy.expose
        def show(self, year: str) -> str:
            return told("show", year)

    client = Client(cherrypy.Application(Root(), ""))
    assert answer_of(client, "/2026/") == "index('2026')"
    assert answer_of(client, "/2026/show") == "show('2026')"
    assert answer_of(client, "/show?year=1") == "show('1')"  # real children come first


def test_cp_dispatch_gives_a_handler() -> None:
    class Root:
        def _cp_dispatch(self, vpath: list[str]) -> object:
            return self.answer if vpath.pop(0) == "go" else None

        @cherrypy.expose
        def answer(self, *segments: str) -> str:
            return told("answer", *segments)

    client = Client(cherrypy.Application(Root(), ""))
    assert answer_of(client, "/go/on/and/on") == "answer('on', 'and', 'on')"
    assert answer_of(client, "/stay") == "404 Not Found"


def test_cp_dispatch_that_takes_nothing_passes_over_a_segment() -> None:
    class Root:
        def _cp_dispatch(self, vpath: list[str]) -> object:
            del vpath
            return self

        @cherrypy.expose
        def default(self, *segments: str) -> str:
            return told("default", *segments)

    assert answer_of(Client(cherrypy.Application(Root(), "")), "/a/b") == "default()"


def test_cp_dispatch_that_adds_segments_is_told(errors: Records) -> None:
    class Root:
        def _cp_dispatch(self, vpath: list[str]) -> object:
            vpath.append("more")
            return self

    assert Client(cherrypy.Application(Root(), "")).get("/a").code == 500
    assert "_cp_dispatch" in errors.text
    assert "added a segment" in errors.text


def test_the_name_of_cp_dispatch_can_be_another_one() -> None:
    class Root:
        def find(self, vpath: list[str]) -> object:
            vpath.clear()
            return self.answer

        @cherrypy.expose
        def answer(self) -> str:
            return told("answer")

    dispatcher = Dispatcher(dispatch_method_name="find")
    app = cherrypy.Application(Root(), "", {"/": {"request.dispatch": dispatcher}})
    assert answer_of(Client(app), "/what/ever") == "answer()"


def test_popargs_as_decorator() -> None:
    @cherrypy.popargs("year", "month")
    class Archive:
        @cherrypy.expose
        def index(self, year: str = "", month: str = "") -> str:
            return told("index", year=year, month=month)

        @cherrypy.expose
        def show(self, year: str = "") -> str:
            return told("show", year=year)

    class Root:
        archive = Archive()

    client = Client(cherrypy.Application(Root(), ""))
    assert answer_of(client, "/archive/") == "index(month='', year='')"
    assert answer_of(client, "/archive/2024/") == "index(month='', year='2024')"
    assert answer_of(client, "/archive/2024") == "-> http://localhost/archive/2024/"
    assert answer_of(client, "/archive/2024/05/") == "index(month='05', year='2024')"
    assert answer_of(client, "/archive/2024/05/31/") == "404 Not Found"
    assert answer_of(client, "/archive/show?year=1") == "show(year='1')"


def test_popargs_as_class_attribute_with_a_handler() -> None:
    class Entry:
        def __init__(self, number: str) -> None:
            self.number = number

        @cherrypy.expose
        def index(self) -> str:
            return told("entry", self.number)

        @cherrypy.expose
        def edit(self) -> str:
            return told("edit", self.number)

    class Root:
        _cp_dispatch = cherrypy.popargs("number", handler=Entry)

    client = Client(cherrypy.Application(Root(), ""))
    assert answer_of(client, "/7/") == "entry('7')"
    assert answer_of(client, "/7/edit") == "edit('7')"


def test_popargs_with_an_instance_as_handler() -> None:
    class Root:
        _cp_dispatch = cherrypy.popargs("number", handler=_OnlyIndex())

    answer = answer_of(Client(cherrypy.Application(Root(), "")), "/7/")
    assert answer == "404 Not Found"  # index takes no number

    class Taking:
        @cherrypy.expose
        def index(self, number: str) -> str:
            return told("taking", number)

    class Other:
        _cp_dispatch = cherrypy.popargs("number", handler=Taking())

    assert answer_of(Client(cherrypy.Application(Other(), "")), "/7/") == "taking('7')"


def test_popargs_refuses_other_keywords() -> None:
    with pytest.raises(TypeError, match="'handlr'"):
        cherrypy.popargs("year", handlr=None)


# The table of translation -------------------------------------------------------------------------


def test_the_translation_can_be_replaced() -> None:
    dispatcher = Dispatcher(translate={ord("-"): "dash"})
    root = _Root()
    root.adashb = cherrypy.expose(lambda: told("adashb"))  # type: ignore[attr-defined]
    client = Client(cherrypy.Application(root, "", {"/": {"request.dispatch": dispatcher}}))
    assert answer_of(client, "/a-b") == "adashb()"
    assert answer_of(client, "/a.b") == "404 Not Found"
    assert answer_of(client, "/a_b") == "a_b()"


def test_the_translation_may_leave_nothing() -> None:
    """No name at all is no attribute."""
    dispatcher = Dispatcher(translate={ord("-"): None})
    client = Client(cherrypy.Application(_Root(), "", {"/": {"request.dispatch": dispatcher}}))
    assert answer_of(client, "/-") == "404 Not Found"


def test_the_translation_can_be_a_text_of_256_characters() -> None:
    table = "".join("_" if chr(n) == "~" else chr(n) for n in range(256))
    dispatcher = Dispatcher(translate=table)  # type: ignore[arg-type]  # what str.maketrans made once
    client = Client(cherrypy.Application(_Root(), "", {"/": {"request.dispatch": dispatcher}}))
    assert answer_of(client, "/a~b") == "a_b()"
    assert answer_of(client, "/%E2%82%AC") == "404 Not Found"


@pytest.mark.parametrize("table", ["too short", b"x" * 256, None, 7])
def test_a_translation_of_another_kind_is_refused(table: Any) -> None:
    with pytest.raises(ValueError, match="translate"):
        Dispatcher(translate=table)


def test_all_ascii_punctuation_becomes_an_underscore() -> None:
    assert "!a-b.c~".translate(PUNCTUATION_TO_UNDERSCORES) == "_a_b_c_"


# Whatever is asked --------------------------------------------------------------------------------


@given(
    st.lists(
        st.one_of(
            st.sampled_from(["leaf", "named", "greedy", "inner", "method", "index", "default"]),
            st.sampled_from(["", ".", "..", "%2F", "_", "__class__", "a.b", "%", "%00", "é", " "]),
            st.text(max_size=4),
        ),
        max_size=5,
    )
)
def test_any_path_is_answered(segments: list[str]) -> None:
    """Whatever the path, there is an answer that is no 5xx, and nothing hidden in it."""
    environ = {
        "PATH_INFO": "/" + "/".join(segments).encode("utf-8", "replace").decode("latin-1"),
        "wsgi.errors": None,
    }
    del environ["wsgi.errors"]
    answer = Client(_ANY, **environ).get("/")
    assert answer.code in {200, 301, 404}
    assert "never" not in answer.text


_ANY = cherrypy.Application(_Root(), "")


def test_a_second_dispatcher_answers_below_a_path() -> None:
    class Other(Dispatcher):
        def __call__(self, path_info: str) -> None:
            super().__call__("/leaf/" + path_info.rpartition("/")[2])

    app = cherrypy.Application(_Root(), "", {"/other": {"request.dispatch": Other()}})
    client = Client(app)
    assert answer_of(client, "/other/named") == "leaf.named()"
    assert answer_of(client, "/other") == "leaf.default('other')"
    assert answer_of(client, "/method/x") == "method('x')"


def test_a_function_can_be_the_dispatcher() -> None:
    """Any callable may dispatch: it sets ``request.handler`` and ``request.config``."""

    def dispatch(path_info: str) -> None:
        cherrypy.request.config = {**cherrypy.config, "response.headers.X-Path": path_info}
        cherrypy.request.handler = lambda: f"dispatched {path_info}"

    app = cherrypy.Application(None, "", {"/": {"request.dispatch": dispatch}})
    answer = Client(app).get("/any/path")
    assert (answer.text, answer.field("X-Path")) == ("dispatched /any/path", "/any/path")
