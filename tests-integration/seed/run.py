"""Run a snippet of the documentation, as it is written, in this process.

Run as a script: ``run.py SNIPPET REPORT``, in a folder of its own. What the snippet leaves open is
supplied: ``Blog``, ``Forum``, ``myapp``, their configuration, ``key`` and ``value``. If it makes
classes or settings and starts nothing, its ``Root``, or else a ``Blog``, is served. Whatever port
it asks for, the system chooses a free one. When the server has started, one line of JSON is written
to the file descriptor REPORT: where it listens, and the port that the snippet had configured.

A snippet that is a configuration file is that of a ``Blog``. The page handler ``download``, which
stands alone, becomes one of the root. Where ``SEED_PATHS`` is set, it is a JSON object that maps
folders of which a snippet speaks to where they are.

The environment variable ``SEED_PAGE`` is the path of a snippet with a page handler: what is called
``myapp`` has it then, and shows the count that it keeps in the session. ``SEED_MEMCACHED`` is where
memcached listens, in place of ``localhost:11211``. ``SEED_ELLIPSIS`` is an expression that stands
for each ``...`` that is a statement: what the documentation has left out.
"""

from __future__ import annotations

import ast
import importlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cherrypy

if TYPE_CHECKING:
    from types import CodeType

SUPPLIED_CONFIG = {"/": {"response.headers.X-Configured": "yes"}}


class Protected:
    """Pages that snippets protect."""

    @cherrypy.expose
    def area(self) -> str:
        """Say who is here."""
        return f"Hello {cherrypy.request.login}"


class Blog:
    """An application, in place of the one that a snippet speaks of."""

    protected = Protected()

    @cherrypy.expose
    def index(self) -> str:
        """Say whose page it is."""
        return f"the {type(self).__name__} at {cherrypy.request.script_name or '/'}"

    @cherrypy.expose
    def long(self) -> str:
        """Say much."""
        return "and on " * 2000 + "and on"


class Forum(Blog):
    """Another application."""


class Handling:
    """Runs a snippet in its page handler, with the names that a handler would have."""

    def __init__(self, code: CodeType) -> None:
        self.code = code

    @cherrypy.expose
    def index(self, key: str, value: str) -> str:
        """Run the snippet."""
        exec(self.code, {"cherrypy": cherrypy, "key": key, "value": value})  # noqa: S102 - what this file is for
        return "handled"


class Counting:
    """Has the page handler of a snippet, which returns nothing, and shows what it has done."""

    def __init__(self, path: str) -> None:
        names: dict[str, Any] = {}
        exec(read_snippet(Path(path)), names)  # noqa: S102 - what this file is for
        self.handler = names["index"]
        assert self.handler.exposed

    @cherrypy.expose
    def index(self) -> str:
        """Run the snippet."""
        self.handler(self)
        return f"count: {cherrypy.session['count']}"


class _Filled(ast.NodeTransformer):
    """Puts a statement in the place of each ``...``."""

    def __init__(self, source: str) -> None:
        self.statement = ast.parse(source).body[0]

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        is_left_out = isinstance(node.value, ast.Constant) and node.value.value is ...
        return self.statement if is_left_out else node


def read_snippet(path: Path) -> CodeType:
    """Compile a snippet."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    if statement := os.environ.get("SEED_ELLIPSIS"):
        tree = ast.fix_missing_locations(_Filled(statement).visit(tree))
    return compile(tree, str(path), "exec")


def let_the_system_choose_a_port(report: int) -> None:
    """Have a free port taken when the engine starts, and tell which one it is."""
    configured: list[Any] = []

    def choose() -> None:
        configured.append(cherrypy.server.socket_port)
        cherrypy.server.socket_port = 0

    def tell() -> None:
        cherrypy.engine.unsubscribe("main", tell)
        host, port = cherrypy.server.bound_addr
        told = {"host": host, "port": port, "configured_port": configured[0]}
        with os.fdopen(report, "w") as file:
            json.dump(told, file)
            file.write("\n")

    cherrypy.engine.subscribe("start", choose, priority=1)
    cherrypy.engine.subscribe("main", tell)  # which is when everything has started


def move_folders(folders: dict[str, str]) -> None:
    """Have files opened in other folders than the snippet says."""
    if folders:  # it looks at what os.open can do before that is another function
        importlib.import_module("cherrypy.lib.static")
    opened = os.open

    def open_moved(path: Any, *arguments: Any, **options: Any) -> int:
        for said, real in folders.items():
            if isinstance(path, str) and path.startswith(f"{said}/"):
                path = real + path.removeprefix(said)
        return opened(path, *arguments, **options)

    os.open = open_moved


def main(path: Path, report: int) -> None:
    """Run a snippet, and serve until a signal ends it."""
    move_folders(json.loads(os.environ.get("SEED_PATHS", "{}")))
    let_the_system_choose_a_port(report)
    if path.suffix == ".conf":
        cherrypy.quickstart(Blog(), "/", str(path))
        return
    code = read_snippet(path)
    if "key" in code.co_names and "class" not in path.read_text(encoding="utf-8"):
        cherrypy.quickstart(Handling(code))
        return
    names: dict[str, Any] = {
        "__name__": "__main__",
        "cherrypy": cherrypy,
        "Blog": Blog,
        "Forum": Forum,
        "blog_conf": SUPPLIED_CONFIG,
        "forum_conf": SUPPLIED_CONFIG,
        "myapp": Counting(page) if (page := os.environ.get("SEED_PAGE")) else Blog(),
    }
    if server := os.environ.get("SEED_MEMCACHED"):
        cherrypy.lib.sessions.MemcachedSession.servers = [server]
    exec(code, names)  # noqa: S102 - what this file is for
    if "download" in names:
        Blog.download = names["download"]  # type: ignore[attr-defined]
    if cherrypy.engine.state == cherrypy.engine.states.STOPPED:
        cherrypy.quickstart(names.get("Root", Blog)())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
