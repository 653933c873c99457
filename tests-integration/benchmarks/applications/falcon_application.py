# mypy: disable-error-code="import-not-found"
# Falcon is in an environment of its own.
"""Falcon."""

from __future__ import annotations

from typing import Any

import falcon
from benchmarks.applications.cheroot_server import serve
from benchmarks.scenarios import DOCUMENT, GREETING

__all__ = ["build", "serve"]


class Hello:
    """Greets."""

    def on_get(self, request: Any, response: Any) -> None:
        """Greet."""
        del request
        response.text = GREETING.decode()


class Items:
    """Tells the parameters of path and query."""

    def on_get(self, request: Any, response: Any, number: str) -> None:
        """Tell them."""
        response.text = f"item {number}, limit {request.get_param('limit')}"


class Form:
    """Tells the fields of a form."""

    def on_post(self, request: Any, response: Any) -> None:
        """Tell them."""
        fields = request.get_media()
        response.text = f"{fields['name']}, {len(fields)} fields"


class Upload:
    """Tells the size of a file."""

    def on_post(self, request: Any, response: Any) -> None:
        """Tell it."""
        for part in request.get_media():
            if part.name == "upload":
                response.text = f"{part.filename}: {len(part.get_data())}"


class Document:
    """Sends a document."""

    def on_get(self, request: Any, response: Any) -> None:
        """Send it."""
        del request
        response.content_type = falcon.MEDIA_JSON
        response.media = DOCUMENT


class DocumentIn:
    """Takes a document."""

    def on_post(self, request: Any, response: Any) -> None:
        """Tell what is in it."""
        sent = request.get_media()
        response.text = f"{sent['title']}, {len(sent['songs'])} songs"


class Resource:
    """Answers by method."""

    def on_get(self, request: Any, response: Any, number: str) -> None:
        """Answer one method."""
        del request
        response.text = f"resource {number}"

    def on_put(self, request: Any, response: Any, number: str) -> None:
        """Answer another method."""
        del request
        response.text = f"put {number}"


class Old:
    """Redirects."""

    def on_get(self, request: Any, response: Any) -> None:
        """Redirect."""
        del request, response
        raise falcon.HTTPSeeOther("/")


def build(name: str) -> Any:
    """Make an application."""
    app = falcon.App(media_type="text/html")
    app.add_route("/", Hello())
    if name == "hello":
        return app
    app.add_route("/items/{number}", Items())
    app.add_route("/form", Form())
    app.add_route("/upload", Upload())
    app.add_route("/document", Document())
    app.add_route("/document_in", DocumentIn())
    app.add_route("/resources/{number}", Resource())
    app.add_route("/old", Old())
    return app
