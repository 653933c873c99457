"""Applications of another framework beside ours, and ours below it: one WSGI callable for both."""

from __future__ import annotations

import pytest
from flask import Flask, request
from werkzeug.middleware.dispatcher import DispatcherMiddleware

import cherrypy
from wsgi_client import Client


class Root:
    """Our application."""

    @cherrypy.expose
    def index(self, **parameters: str) -> str:
        return f"ours at {cherrypy.request.script_name or '/'} {sorted(parameters.items())}"

    @cherrypy.expose
    def address(self) -> str:
        return cherrypy.url("/x")

    @cherrypy.expose
    def away(self) -> None:
        raise cherrypy.HTTPRedirect("address")

    @cherrypy.expose
    def wrong(self) -> None:
        raise ValueError("wrong")


def flask_application() -> Flask:
    """Make the neighbour."""
    flask = Flask("neighbour")

    @flask.route("/", methods=["GET", "POST"])
    def index() -> str:
        return f"Flask at {request.script_root or '/'} {sorted(request.values.items())}"

    @flask.route("/where/<path:path>")
    def where(path: str) -> str:
        return f"{request.script_root} {path}"

    return flask


@pytest.fixture
def tree() -> cherrypy._cptree.Tree:
    """A tree of its own."""
    tree = cherrypy._cptree.Tree()
    tree.mount(Root(), "/")
    return tree


def test_flask_beside_ours(tree: cherrypy._cptree.Tree) -> None:
    tree.graft(flask_application(), "/flask")
    client = Client(tree)
    assert client.get("/?a=1").text == "ours at / [('a', '1')]"
    assert client.get("/flask/?a=1").text == "Flask at /flask [('a', '1')]"
    assert client.get("/flask/where/a%20b/c").text == "/flask a b/c"
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    assert client.post("/flask/", b"a=1", **form).text == "Flask at /flask [('a', '1')]"
    assert client.get("/flask/none").code == 404
    assert client.get("/flask/none").field("Server") != client.get("/none").field("Server")


def test_an_answer_of_flask_leaves_no_request_of_ours(tree: cherrypy._cptree.Tree) -> None:
    tree.graft(flask_application(), "/flask")
    client = Client(tree)
    client.get("/?a=1")
    client.get("/flask/")
    assert cherrypy.request.app is None


def test_ours_below_flask() -> None:
    """The mount point comes from the server, as with ``script_name=None``."""
    ours = cherrypy.Application(Root(), None)
    client = Client(DispatcherMiddleware(flask_application(), {"/ours": ours}))
    assert client.get("/").text == "Flask at / []"
    assert client.get("/ours/?a=1").text == "ours at /ours [('a', '1')]"
    assert client.get("/ours/address").text == "http://localhost/ours/x"
    assert client.get("/ours/away").field("Location") == "http://localhost/ours/address"
    assert client.get("/ours/none").code == 404
    answer = client.get("/ours/wrong")
    assert (answer.code, "ValueError" in answer.text) == (500, True)


def test_a_whole_tree_below_flask(tree: cherrypy._cptree.Tree) -> None:
    """The mount points of a tree are whole paths, whatever part of it the server has taken."""
    tree.mount(Root(), "/ours/deep")
    client = Client(DispatcherMiddleware(flask_application(), {"/ours": tree}))
    assert client.get("/ours/deep/").text == "ours at /ours/deep []"
    assert client.get("/ours/").code == 404  # is /ours of the application at the root
