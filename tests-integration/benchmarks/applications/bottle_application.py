# mypy: disable-error-code="import-not-found,import-untyped,untyped-decorator"
# Bottle is in an environment of its own.
"""Bottle."""

from __future__ import annotations

from typing import Any

import bottle
from benchmarks.applications.cheroot_server import serve
from benchmarks.scenarios import DOCUMENT, GREETING

__all__ = ["build", "serve"]

bottle.BaseRequest.MEMFILE_MAX = 1_000_000  # its default refuses the form with 100 kB
app = bottle.Bottle()


@app.get("/")
def hello() -> str:
    """Greet."""
    return GREETING.decode()


@app.get("/items/<number>")
def items(number: str) -> str:
    """Tell the parameters of path and query."""
    return f"item {number}, limit {bottle.request.query.limit}"


@app.post("/form")
def form() -> str:
    """Tell the fields of a form."""
    fields = bottle.request.forms
    return f"{fields.name}, {len(fields)} fields"


@app.post("/upload")
def upload() -> str:
    """Tell the size of a file."""
    assert bottle.request.forms.title == "A title"
    sent = bottle.request.files.upload
    return f"{sent.raw_filename}: {len(sent.file.read())}"


@app.get("/document")
def document() -> Any:
    """Send a document."""
    return DOCUMENT


@app.post("/document_in")
def document_in() -> str:
    """Tell what is in a document."""
    sent = bottle.request.json
    return f"{sent['title']}, {len(sent['songs'])} songs"


@app.get("/resources/<number>")
def resource(number: str) -> str:
    """Answer one method."""
    return f"resource {number}"


@app.put("/resources/<number>")
def put_resource(number: str) -> str:
    """Answer another method."""
    return f"put {number}"


@app.get("/old")
def old() -> None:
    """Redirect."""
    bottle.redirect("/", 303)


def build(name: str) -> Any:
    """Give an application."""
    if name == "hello":
        smallest = bottle.Bottle()
        smallest.get("/")(hello)
        return smallest
    return app
