"""What applications that were written for CherryPy 18 do with static files."""

from __future__ import annotations

import importlib
import mimetypes
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.lib.static import serve_fileobj
from cherrypy.testing import Client

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def client_of(root: object) -> Client:
    app = cherrypy.Application(root, "")
    app.log.screen = False
    return Client(app, validate=True)


def section() -> str:
    settings: dict[str, Any] = cherrypy.serving.request.toolmaps["tools"]["staticdir"]
    return str(settings["section"])


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/style.css", "css"),
        ("/none.txt", "default of /"),
        ("/parts/style.css", "css"),
        ("/parts/none.txt", "default of /parts"),
        ("/parts/below/none.css", "default of /parts"),
        ("/parts/files/style.css", "css"),
        ("/parts/files/none.css", "files of /parts/files"),
    ],
)
def test_the_tool_as_a_decorator_of_a_handler(tmp_path: Path, path: str, text: str) -> None:
    """An application decorates ``default``, which answers where there is no file."""
    (tmp_path / "style.css").write_text("css")

    class Pages:
        @cherrypy.expose
        @cherrypy.tools.staticdir(dir=str(tmp_path), match=r"\.css$")
        def default(self, *_segments: str) -> str:
            return f"default of {section()}"

        @cherrypy.expose
        @cherrypy.tools.staticdir(dir=str(tmp_path), match=r"\.css$")
        def files(self, *_segments: str) -> str:
            return f"files of {section()}"

    root: Any = Pages()
    root.parts = Pages()
    answer = client_of(root).get(path)
    assert (answer.status, answer.text) == (200, text)


def test_names_that_applications_import_from_the_module() -> None:
    """One adds media types, another one asks for them."""
    module = importlib.import_module("cherrypy.lib.static")
    assert vars(module)["mimetypes"] is mimetypes
    for name in ("cptools", "file_generator_limited", "httputil", "ntob", "os", "re", "stat"):
        assert hasattr(module, name), name


@pytest.mark.parametrize(
    ("extension", "media_type"),
    [
        (".gz", "application/x-gzip"),
        (".bz2", "application/x-bzip2"),
        (".ico", "image/x-icon"),
        (".dwg", "image/x-dwg"),
    ],
)
def test_media_types_that_applications_look_up_in_the_module(
    extension: str, media_type: str
) -> None:
    """As one does that sends archives by ``serve_fileobj``."""
    assert vars(cherrypy.lib.static)["mimetypes"].types_map[extension] == media_type


def serving(make: Callable[[], Any]) -> Client:
    class Root:
        @cherrypy.expose
        def index(self) -> Any:
            return serve_fileobj(make(), "text/csv", "attachment", name="data.csv")

    return client_of(Root())


@pytest.mark.parametrize(
    ("make", "content"),
    [
        (lambda: b"a,b\n", b"a,b\n"),
        (lambda: b"", b""),
        (lambda: [b"a", b"b"], b"ab"),
        (lambda: (b"a", b"b"), b"ab"),
        (lambda: iter([b"a", b"b"]), b"ab"),
        (lambda: None, b""),
    ],
)
def test_what_is_no_file_is_served_as_a_body(make: Callable[[], Any], content: bytes) -> None:
    """An application has made a table, and gives it to ``serve_fileobj`` as it is."""
    client = serving(make)
    answer = client.get()
    assert (answer.status, answer.content) == (200, content)
    assert answer.headers["Content-Length"] == str(len(content))
    assert answer.headers["Content-Type"] == "text/csv;charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="data.csv"'
    assert client.request("HEAD", "/").headers["Content-Length"] == str(len(content))


def test_a_part_of_octets() -> None:
    answer = serving(lambda: b"a,b\n").get(headers={"Range": "bytes=1-"})
    assert (answer.status, answer.content) == (206, b",b\n")
