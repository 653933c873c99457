"""Files: directories, single files, downloads, ranges, conditions and odd names."""

from __future__ import annotations

import atexit
import io
import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cherrypy
from cherrypy.lib.static import serve_download, serve_file, serve_fileobj

if TYPE_CHECKING:
    from collections.abc import Iterator

MODIFIED = 1709208000  # Thu, 29 Feb 2024 12:00:00 GMT
DIGITS = "0123456789"
FILES = {
    "digits.txt": DIGITS,
    "page.html": "<p>A page</p>",
    "index.html": "<p>The index</p>",
    "style.css": "p { color: red }",
    "script.js": "void 0;",
    "data.json": "{}",
    "picture.png": "\x89PNG",
    "drawing.svg": "<svg/>",
    "archive.tar.gz": "\x1f\x8b",
    "archive.zip": "PK",
    "table.csv": "a,b",
    "no-extension": "plain",
    "unknown.qqq": "?",
    "UPPER.TXT": "upper",
    "empty.txt": "",
    ".hidden": "hidden",
    "with space.txt": "a space",
    "caf\xe9.txt": "an accent",
    "percent%41.txt": "a percent sign",
    "plus+plus.txt": "a plus",
    "semi;colon.txt": "a semicolon",
    "back\\slash.txt": "a backslash",
    "sub/inner.txt": "in a folder",
    "sub/index.html": "<p>The index of a folder</p>",
    "sub/deep/leaf.txt": "deep",
    "bare/only.txt": "no index here",
    ".well-known/security.txt": "Contact: us",
}


def make_files() -> Path:
    """Write files with known dates; what is beside the directory must never be seen."""
    top = Path(tempfile.mkdtemp(prefix="compat-static-"))
    owner = os.getpid()
    atexit.register(lambda: owner == os.getpid() and shutil.rmtree(top))
    for folder in ("public", "public-not"):
        for name, content in FILES.items():
            path = top / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode("latin-1"))
            os.utime(path, (MODIFIED, MODIFIED))
    (top / "secret.txt").write_text("secret", "ascii")
    (top / "public" / "outside.txt").symlink_to(top / "secret.txt")
    (top / "public" / "inside.txt").symlink_to(top / "public" / "digits.txt")
    (top / "public" / "dangling.txt").symlink_to(top / "nowhere")
    return top


class Unseekable(io.RawIOBase):
    """What comes from a network: it can only be read."""

    def __init__(self) -> None:
        self._content = io.BytesIO(DIGITS.encode())

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._content.read(size)


class Root:
    """Handlers that send files, beside the directories that tools send."""

    def __init__(self, top: Path) -> None:
        self.top = top
        zipped = io.BytesIO()
        with zipfile.ZipFile(zipped, "w") as archive:
            archive.writestr("member.txt", DIGITS)
        self.zipped = zipped

    @cherrypy.expose
    def index(self) -> str:
        return "the handler"

    @cherrypy.expose
    def send(self, name: str = "digits.txt", **options: str) -> Any:
        return serve_file(str(self.top / "public" / name), **options)

    @cherrypy.expose
    def relative(self) -> Any:
        return serve_file("digits.txt")

    @cherrypy.expose
    def download(self, name: str = "digits.txt", as_name: str | None = None) -> Any:
        return serve_download(str(self.top / "public" / name), as_name)

    @cherrypy.expose
    def object(self, **options: str) -> Any:
        return serve_fileobj((self.top / "public" / "digits.txt").open("rb"), **options)

    @cherrypy.expose
    def memory(self, **options: str) -> Any:
        return serve_fileobj(io.BytesIO(DIGITS.encode()), **options)

    @cherrypy.expose
    def member(self, **options: str) -> Any:
        return serve_fileobj(zipfile.ZipFile(self.zipped).open("member.txt"), **options)

    @cherrypy.expose
    def unseekable(self, **options: str) -> Any:
        return serve_fileobj(Unseekable(), **options)

    @cherrypy.expose
    def fallback(self, *path: str) -> str:
        return f"the handler answers for {'/'.join(path)}"

    @cherrypy.expose
    def pieces(self) -> Iterator[bytes]:
        yield from serve_file(str(self.top / "public" / "digits.txt"))


def without_etag() -> None:
    """Leave out what CherryPy does not send: ``[validators]`` shows it."""
    cherrypy.response.headers.pop("ETag", None)


def build() -> Any:
    """Mount at the root, and once more below it with ETags left in."""
    top = make_files()
    public = str(top / "public")
    cherrypy.tools.without_etag = cherrypy.Tool("before_finalize", without_etag, priority=95)
    staticdir = {"tools.staticdir.on": True, "tools.staticdir.dir": public}
    root: Any = Root(top)
    root.tools_handler = cherrypy.tools.staticdir.handler(section="tools_handler", dir=public)
    root.file_handler = cherrypy.tools.staticfile.handler(filename=str(top / "secret.txt"))
    root.by_class = type("ByClass", (), {"_cp_config": staticdir})()
    config = {
        "/": {
            "tools.without_etag.on": True,
            "tools.staticdir.root": str(top),
            "request.show_tracebacks": False,
        },
        "/files": staticdir,
        "/files/sub/deep": {"response.headers.X-Deep": "yes"},
        "/indexed": {**staticdir, "tools.staticdir.index": "index.html"},
        "/rooted": {"tools.staticdir.on": True, "tools.staticdir.dir": "public"},
        "/matched": {**staticdir, "tools.staticdir.match": r"\.(css|js)$"},
        "/typed": {
            **staticdir,
            "tools.staticdir.content_types": {"txt": "text/x-own", "qqq": "application/x-qqq"},
        },
        "/no_dir": {"tools.staticdir.on": True},
        "/missing": {**staticdir, "tools.staticdir.dir": str(top / "nowhere")},
        "/fallback": staticdir,
        "/gzipped": {**staticdir, "tools.gzip.on": True},
        "/etagged": {**staticdir, "tools.etags.on": True, "tools.etags.autotags": True},
        "/streamed": {**staticdir, "response.stream": True},
        "/one": {
            "tools.staticfile.on": True,
            "tools.staticfile.filename": str(top / "public" / "digits.txt"),
        },
        "/one_rooted": {
            "tools.staticfile.on": True,
            "tools.staticfile.root": public,
            "tools.staticfile.filename": "style.css",
        },
        "/one_relative": {"tools.staticfile.on": True, "tools.staticfile.filename": "style.css"},
        "/one_typed": {
            "tools.staticfile.on": True,
            "tools.staticfile.filename": str(top / "public" / "unknown.qqq"),
            "tools.staticfile.content_types": {"qqq": "application/x-qqq"},
        },
        "/one_matched": {
            "tools.staticfile.on": True,
            "tools.staticfile.filename": str(top / "public" / "digits.txt"),
            "tools.staticfile.match": "nothing",
        },
        "/one_missing": {
            "tools.staticfile.on": True,
            "tools.staticfile.filename": str(top / "nowhere.txt"),
        },
        "/one_folder": {
            "tools.staticfile.on": True,
            "tools.staticfile.filename": public,
        },
    }
    cherrypy.tree.mount(root, "", config)
    cherrypy.tree.mount(None, "/bare", {"/": {**staticdir, "request.show_tracebacks": False}})
    relative = {"tools.staticdir.on": True, "tools.staticdir.dir": "public"}
    cherrypy.tree.mount(None, "/rootless", {"/": {**relative, "request.show_tracebacks": False}})
    return cherrypy.tree
