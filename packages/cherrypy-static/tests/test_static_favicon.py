"""The default favicon: drawn for this project, and there where a site has none of its own."""

from __future__ import annotations

import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import draw_favicon
import pytest

import cherrypy
from cherrypy._app.tree import Tree
from cherrypy.testing import Client


class Root:
    @cherrypy.expose
    def index(self) -> str:
        return "home"


def client_of(root: Any, config: Any = None, script_name: str = "") -> Client:
    tree = Tree()
    tree.mount(root, script_name, config)
    return Client(tree)


def test_the_file_is_what_is_drawn() -> None:
    """``python tests/draw_favicon.py`` writes it; zlib may compress otherwise, so pixels count."""
    content = draw_favicon.FAVICON.read_bytes()
    assert struct.unpack_from("<3H", content) == (0, 1, len(draw_favicon.SIZES))
    for number, size in enumerate(draw_favicon.SIZES):
        entry = struct.unpack_from("<4B2H2I", content, 6 + 16 * number)
        assert entry[:2] == (size, size)
        length, offset = entry[6:]
        picture = content[offset : offset + length]
        assert picture.startswith(b"\x89PNG\r\n\x1a\n")
        assert picture[16:24] == struct.pack(">2I", size, size)
    assert len(content) < 4000


def test_the_smallest_one_is_drawn_again() -> None:
    rows = draw_favicon.draw(16)
    assert draw_favicon.png(16, rows) in draw_favicon.FAVICON.read_bytes()


def test_a_root_without_favicon_gets_one() -> None:
    client = client_of(Root())
    answer = client.get("/favicon.ico?v=2")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/x-icon")
    assert answer.content == draw_favicon.FAVICON.read_bytes()
    assert answer.headers["Cache-Control"] == "max-age=86400"
    fields = {"If-None-Match": answer.headers["ETag"]}
    assert client.get("/favicon.ico", headers=fields).status == 304
    assert client.head("/favicon.ico").headers["Content-Length"] == str(len(answer.content))
    assert client.get("/").text == "home"
    refused = client.post("/favicon.ico", content=b"")
    assert (refused.status, refused.headers["Allow"]) == (405, "GET, HEAD")


ZIPPED = """
import sys
sys.path[:0] = sys.argv[1:]
import cherrypy
import cherrypy._static
from cherrypy.testing import Client
assert cherrypy._static.__file__.startswith(sys.argv[1])
cherrypy.log.screen = False
cherrypy.tree.mount(type("Root", (), {})())
for _ in range(2):
    answer = Client().get("/favicon.ico")
    print(answer.status, answer.headers["Content-Type"], answer.content.hex())
"""


def test_it_is_served_from_a_zip_file(tmp_path: Path) -> None:
    """As in an application that is one file (zipapp, PEX)."""
    archive = tmp_path / "site.zip"
    entry_points = "[cherrypy.tools]\nstaticfile = cherrypy.lib.static:staticfile_tool\n"
    with zipfile.ZipFile(archive, "w") as zipped:
        for package in ("cherrypy-core", "cherrypy-static"):
            source = Path(__file__).parents[2] / package / "src"
            for path in source.rglob("*"):
                if path.is_file() and "__pycache__" not in path.parts:
                    zipped.write(path, path.relative_to(source))
        zipped.writestr(
            "cherrypy_static-0.dist-info/METADATA", "Name: cherrypy-static\nVersion: 0\n"
        )
        zipped.writestr("cherrypy_static-0.dist-info/entry_points.txt", entry_points)
    run = subprocess.run(  # noqa: S603 - the script above
        [sys.executable, "-S", "-P", "-c", ZIPPED, str(archive)],
        capture_output=True,
        text=True,
        check=False,
    )
    expected = f"200 image/x-icon {draw_favicon.FAVICON.read_bytes().hex()}"
    assert run.stdout.splitlines() == [expected] * 2, run.stderr


def test_a_root_with_a_method_dispatcher() -> None:
    """In CherryPy that is 405."""

    class Resource:
        exposed = True

        def GET(self) -> str:
            return "resource"

    config = {"/": {"request.dispatch": cherrypy.dispatch.MethodDispatcher()}}
    client = client_of(Resource(), config)
    assert client.get("/").text == "resource"
    assert client.get("/favicon.ico").headers["Content-Type"] == "image/x-icon"


def test_only_the_root_of_the_site_has_it() -> None:
    root = Root()
    assert client_of(root, script_name="/app").get("/app/favicon.ico").status == 404
    assert not hasattr(root, "favicon_ico")
    assert client_of(None).get("/favicon.ico").status == 404


def test_an_own_one_stays(tmp_path: Path) -> None:
    class Own(Root):
        @cherrypy.expose
        def favicon_ico(self) -> str:
            return "own"

    assert client_of(Own()).get("/favicon.ico").text == "own"
    picture = tmp_path / "favicon.ico"
    picture.write_bytes(b"picture")
    config = {
        "/favicon.ico": {
            "tools.staticfile.on": True,
            "tools.staticfile.filename": str(picture),
        }
    }
    assert client_of(Root(), config).get("/favicon.ico").content == b"picture"


@pytest.mark.parametrize("root", [object(), type("Slots", (), {"__slots__": ()})(), len])
def test_a_root_that_can_have_none(root: Any) -> None:
    assert client_of(root).get("/favicon.ico").status == 404
