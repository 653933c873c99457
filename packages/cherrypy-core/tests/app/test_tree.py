"""The tree: which application answers for which path."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cherrypy
from cherrypy._app.tree import Tree
from wsgi_client import Client


class _Root:
    def __init__(self, name: str) -> None:
        self.name = name

    @cherrypy.expose
    def default(self, *segments: str) -> str:
        request = cherrypy.request
        return f"{self.name} {request.script_name!r} {request.path_info!r} {segments}"

    @cherrypy.expose
    def index(self) -> str:
        return f"{self.name} index"


def wsgi_application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer by the path that the server, or the tree, has split."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['SCRIPT_NAME']!r} {environ['PATH_INFO']!r}".encode()]


@pytest.fixture
def tree() -> Tree:
    return Tree()


def test_an_application_is_made_of_a_root(tree: Tree) -> None:
    root = _Root("a")
    app = tree.mount(root, "/a", {"/": {"own.key": 1}})
    assert isinstance(app, cherrypy.Application)
    assert (app.root, app.script_name, app.config["/"]["own.key"]) == (root, "/a", 1)
    assert tree.apps == {"/a": app}
    assert repr(app).endswith(", '/a')")


@pytest.mark.parametrize(
    ("script_name", "mount_point"), [("", ""), ("/", ""), ("/a", "/a"), ("/a/", "/a")]
)
def test_mount_points_have_no_slash_at_their_end(
    tree: Tree, script_name: str, mount_point: str
) -> None:
    app = tree.mount(_Root("a"), script_name)
    assert (list(tree.apps), app.script_name) == ([mount_point], mount_point)


def test_an_application_is_mounted_at_its_own_mount_point(tree: Tree) -> None:
    app = cherrypy.Application(_Root("a"), "/a")
    assert tree.mount(app) is app
    assert tree.mount(app, "/a", {"/": {"own.key": 1}}) is app
    assert (tree.apps, app.config["/"]["own.key"]) == ({"/a": app}, 1)
    with pytest.raises(ValueError, match="'/b'"):
        tree.mount(app, "/b")


def test_a_mount_point_has_to_be_known(tree: Tree) -> None:
    with pytest.raises(TypeError, match="script_name"):
        tree.mount(_Root("a"), None)  # type: ignore[arg-type]  # what is tested


def test_no_root_is_needed_where_tools_answer(tree: Tree) -> None:
    tree.mount(None, "", {"/x": {"tools.encode.on": False}})
    assert Client(tree).get("/x").code == 404


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("/", "root index"),
        ("/x", "root '' '/x' ('x',)"),
        ("/a/", "a index"),
        ("/a/x", "a '/a' '/x' ('x',)"),
        ("/a/b/", "ab index"),
        ("/a/b/x/y", "ab '/a/b' '/x/y' ('x', 'y')"),
        ("/a/bc", "a '/a' '/bc' ('bc',)"),
        ("/ab/x", "root '' '/ab/x' ('ab', 'x')"),
        ("/A/x", "root '' '/A/x' ('A', 'x')"),
        ("//a/x", "a '/a' '/x' ('x',)"),
        ("/a//b/x", "ab '/a/b' '/x' ('x',)"),
        ("/a%2Fb/x", "root '' '/a%2Fb/x' ('a/b', 'x')"),
        ("/%C3%A9/x", "é '/é' '/x' ('x',)"),
        ("/graft", "'/graft' ''"),
        ("/graft/", "'/graft' '/'"),
        ("/graft/x/", "'/graft' '/x/'"),
        ("/graft/x%20y", "'/graft' '/x y'"),
    ],
)
def test_the_longest_mount_point_answers(tree: Tree, target: str, text: str) -> None:
    for name, script_name in [("root", ""), ("a", "/a"), ("ab", "/a/b"), ("é", "/é")]:
        tree.mount(_Root(name), script_name)
    tree.graft(wsgi_application, "/graft/")
    assert Client(tree).get(target).text == text


def test_a_mount_point_is_asked_with_a_slash(tree: Tree) -> None:
    tree.mount(_Root("a"), "/a")
    answer = Client(tree).get("/a?q=1")
    assert (answer.code, answer.field("Location")) == (301, "http://localhost/a/?q=1")


def test_where_nothing_is_mounted(tree: Tree) -> None:
    tree.mount(_Root("a"), "/a")
    answer = Client(tree).get("/b")
    assert (answer.status, answer.body) == ("404 Not Found", b"")


def test_one_is_replaced_by_mounting_another_one(tree: Tree) -> None:
    tree.mount(_Root("first"), "/a")
    tree.mount(_Root("second"), "/a")
    assert Client(tree).get("/a/").text == "second index"


def test_the_tree_may_be_mounted_by_a_server(tree: Tree) -> None:
    """With a SCRIPT_NAME, which is a part of the path for the tree."""
    tree.mount(_Root("a"), "/site/a")
    answer = Client(tree, SCRIPT_NAME="/site").get("/a/x")
    assert answer.text == "a '/site/a' '/x' ('x',)"


@pytest.mark.parametrize(
    ("path", "script_name"),
    [
        ("/", ""),
        ("/x", ""),
        ("/a", "/a"),
        ("/a/", "/a"),
        ("/a/x", "/a"),
        ("/ax", ""),
        ("/a/b/c", "/a/b"),
    ],
)
def test_the_mount_point_of_a_path(tree: Tree, path: str, script_name: str) -> None:
    for name in ("", "/a", "/a/b"):
        tree.mount(_Root(name), name)
    assert tree.script_name(path) == script_name


def test_the_mount_point_of_a_path_where_nothing_is_mounted(tree: Tree) -> None:
    tree.mount(_Root("a"), "/a")
    assert tree.script_name("/b") is None
    assert tree.script_name("/") is None


def test_the_mount_point_of_the_request(tree: Tree) -> None:
    names: list[str | None] = []

    class Root:
        @cherrypy.expose
        def index(self) -> str:
            names.append(tree.script_name())
            return ""

    tree.mount(Root(), "/a/b")
    Client(tree).get("/a/b/")
    assert names == ["/a/b"]


SEGMENTS = st.sampled_from(["a", "b", "ab", "é"])
MOUNT_POINTS = st.lists(SEGMENTS, max_size=3).map(lambda names: "".join(f"/{n}" for n in names))


@given(st.sets(MOUNT_POINTS, min_size=1), MOUNT_POINTS)
def test_the_application_is_the_one_with_the_longest_prefix(
    mount_points: set[str], path: str
) -> None:
    tree = Tree()
    for mount_point in mount_points:
        tree.graft(wsgi_application, mount_point)
    fitting = [each for each in mount_points if f"{path}/".startswith(f"{each}/")]
    assert tree.script_name(path) == max(fitting, key=len, default=None)


def test_applications_of_one_tree_have_their_own_configuration_and_log(tree: Tree) -> None:
    one = tree.mount(_Root("one"), "/one", {"/": {"response.headers.X-One": "yes"}})
    two = tree.mount(_Root("two"), "/two")
    client = Client(tree)
    assert client.get("/one/").field("X-One") == "yes"
    assert client.get("/two/").field("X-One") is None
    assert one.log.error_log is not two.log.error_log
