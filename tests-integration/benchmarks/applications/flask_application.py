# mypy: disable-error-code="import-not-found,untyped-decorator,misc"
# Flask is in an environment of its own.
"""Flask."""

from __future__ import annotations

from typing import Any

import flask
from benchmarks.applications.cheroot_server import serve
from benchmarks.scenarios import DOCUMENT, GREETING
from flask.views import MethodView

__all__ = ["build", "serve"]

app = flask.Flask(__name__)


@app.get("/")
def hello() -> str:
    """Greet."""
    return GREETING.decode()


@app.get("/items/<number>")
def items(number: str) -> str:
    """Tell the parameters of path and query."""
    return f"item {number}, limit {flask.request.args['limit']}"


@app.post("/form")
def form() -> str:
    """Tell the fields of a form."""
    fields = flask.request.form
    return f"{fields['name']}, {len(fields)} fields"


@app.post("/upload")
def upload() -> str:
    """Tell the size of a file."""
    assert flask.request.form["title"] == "A title"
    sent = flask.request.files["upload"]
    return f"{sent.filename}: {len(sent.read())}"


@app.get("/document")
def document() -> Any:
    """Send a document."""
    return DOCUMENT


@app.post("/document_in")
def document_in() -> str:
    """Tell what is in a document."""
    sent = flask.request.get_json()
    return f"{sent['title']}, {len(sent['songs'])} songs"


class Resource(MethodView):
    """Answers by method."""

    def get(self, number: str) -> str:
        """Answer one method."""
        return f"resource {number}"

    def put(self, number: str) -> str:
        """Answer another method."""
        return f"put {number}"


app.add_url_rule("/resources/<number>", view_func=Resource.as_view("resource"))


@app.get("/old")
def old() -> Any:
    """Redirect."""
    return flask.redirect("/", 303)


def build(name: str) -> Any:
    """Give an application."""
    if name == "hello":
        smallest = flask.Flask("hello")
        smallest.get("/")(hello)
        return smallest
    return app
