"""Count calls of functions and methods that have been replaced while requests are answered.

Runs with this project and with CherryPy 18.10.0. Without arguments, all public functions and
methods of ``MODULES`` are replaced at once, by ones that count and call the original. Standard
output is a JSON object: calls by name. Names on standard input, as a JSON list, are replaced one
after the other instead, each alone.
"""

import functools
import importlib
import io
import json
import os
import sys
import tempfile
import types
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cherrypy
from cherrypy.lib import auth_basic

MODULES = (
    *("_cptree", "_cpdispatch", "_cperror", "_cpreqbody", "_cprequest", "_cptools", "_cpconfig"),
    *("_cplogging", "_cpwsgi", "lib.sessions", "lib.static", "lib.jsontools", "lib.caching"),
    *("lib.encoding", "lib.cptools", "lib.auth_basic", "lib.auth_digest"),
)

FORM = "application/x-www-form-urlencoded"
PART = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'
FILE = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\ny\r\n--b--\r\n'
CALLS: tuple[tuple[Any, ...], ...] = (
    *(("/",), ("/", "a=1"), ("/needs",), ("/needs", "a=1"), ("/fail",), ("/error",)),
    *(("/redirect",), ("/internal",), ("/stream",), ("/nowhere",), ("/session",), ("/session",)),
    *(("/json",), ("/cached",), ("/cached",), ("/zipped",), ("/proxied",), ("/basic",)),
    *(("/static/a.txt",), ("/static/b.txt",), ("/file",), ("/rest/",), ("/vh/",)),
    ("/rest/", "", "DELETE"),
    ("/", "", "POST", b"a=1&b=2", FORM),
    ("/", "", "POST", PART + FILE, "multipart/form-data; boundary=b"),
    ("/json", "", "POST", b'{"a":1}', "application/json"),
)


class Rest:
    """Published by its request methods."""

    exposed = True

    def GET(self) -> str:
        """Answer."""
        return "got"


class Root:
    """Something of everything."""

    @cherrypy.expose
    def index(self, **_parameters: object) -> str:
        """Answer with text."""
        return "x"

    @cherrypy.expose
    def needs(self, a: str) -> str:
        """Answer with a parameter."""
        return a

    @cherrypy.expose
    def fail(self) -> None:
        """Fail."""
        raise LookupError

    @cherrypy.expose
    def error(self) -> None:
        """Refuse."""
        raise cherrypy.HTTPError(403, "no")

    @cherrypy.expose
    def redirect(self) -> None:
        """Send the client elsewhere."""
        raise cherrypy.HTTPRedirect("/")

    @cherrypy.expose
    def internal(self) -> None:
        """Answer with another page."""
        raise cherrypy.InternalRedirect("/needs?a=1")

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def stream(self) -> Iterator[str]:
        """Answer in parts."""
        yield "a"

    @cherrypy.expose
    @cherrypy.config(**{"tools.sessions.on": True})
    def session(self) -> str:
        """Answer with a session."""
        cherrypy.session["n"] = cherrypy.session.get("n", 0) + 1
        return str(cherrypy.session["n"])

    @cherrypy.expose
    @cherrypy.config(**{"tools.json_out.on": True, "tools.json_in.on": True})
    def json(self) -> dict[str, int]:
        """Answer with JSON."""
        return {"a": 1}

    @cherrypy.expose
    @cherrypy.config(**{"tools.caching.on": True})
    def cached(self) -> str:
        """Answer once."""
        return "x"

    @cherrypy.expose
    @cherrypy.config(**{"tools.gzip.on": True, "tools.etags.on": True, "tools.etags.autotags": 1})
    def zipped(self) -> str:
        """Answer with much."""
        return "x" * 3000

    @cherrypy.expose
    @cherrypy.config(**{"tools.proxy.on": True})
    def proxied(self) -> str:
        """Answer with a URL."""
        return cherrypy.url("/x")

    @cherrypy.expose
    @cherrypy.config(**{"tools.auth_basic.on": True, "tools.auth_basic.realm": "r"})
    @cherrypy.config(
        **{"tools.auth_basic.checkpassword": auth_basic.checkpassword_dict({"u": "p"})}
    )
    def basic(self) -> str:
        """Answer to a user."""
        return "x"


def send_requests(folder: Path) -> None:
    """Mount applications and send the requests."""
    tree = cherrypy._cptree.Tree()
    static = {
        "/static": {"tools.staticdir.on": True, "tools.staticdir.dir": str(folder)},
        "/file": {
            "tools.staticfile.on": True,
            "tools.staticfile.filename": str(folder / "a.txt"),
        },
    }
    general = {
        "error_page.404": lambda **_values: "our own page",
        "tools.response_headers.on": True,
        "tools.response_headers.headers": [("X-A", "b")],
    }
    tree.mount(Root(), "/", {"/": general, **static})
    methods = cherrypy.dispatch.MethodDispatcher()
    tree.mount(Rest(), "/rest", {"/": {"request.dispatch": methods}})
    hosts = cherrypy.dispatch.VirtualHost(**{"other.example": "/other"})
    tree.mount(Root(), "/vh", {"/": {"request.dispatch": hosts}})
    cache = getattr(cherrypy, "_cache", None)
    if cache is not None:
        cache.clear()
    for call in CALLS:
        send(tree, *call)
    send(tree, "/zipped", fields={"HTTP_ACCEPT_ENCODING": "gzip"})
    send(tree, "/basic", fields={"HTTP_AUTHORIZATION": "Basic dTpw"})


def send(
    tree: Any,
    path: str,
    query: str = "",
    method: str = "GET",
    content: bytes = b"",
    kind: str = "",
    fields: dict[str, str] | None = None,
) -> None:
    """Send a request to an application, and read the answer."""
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(content)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(content),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **(fields or {}),
    }
    chunks = tree(environ, lambda _status, _fields, _error=None: None)
    b"".join(chunks)
    getattr(chunks, "close", lambda: None)()


def find_members() -> dict[str, tuple[Any, str, Any]]:
    """Find what can be replaced: by name, where it is, under which name there, and what it is."""
    found: dict[str, tuple[Any, str, Any]] = {}
    for module_name in MODULES:
        module = importlib.import_module(f"cherrypy.{module_name}")
        for name in dir(module):
            member = getattr(module, name)
            home = getattr(member, "__module__", None) or ""
            if name.startswith("_") or not home.startswith("cherrypy."):
                continue
            if isinstance(member, type):
                for key, method in inherited(member).items():
                    if isinstance(method, (types.FunctionType, classmethod, staticmethod)):
                        found[f"{module_name}.{name}.{key}"] = (member, key, method)
            elif callable(member):
                found[f"{module_name}.{name}"] = (module, name, member)
    return found


def inherited(cls: type) -> dict[str, Any]:
    """Return the attributes of a class as the bodies of its own classes have them."""
    ours = [vars(each) for each in reversed(cls.__mro__) if each.__module__.startswith("cherrypy.")]
    return {name: value for members in ours for name, value in members.items()}


def counting(name: str, function: Any, counts: Counter[str]) -> Any:
    """Wrap what is to be replaced by something that counts."""
    if isinstance(function, (classmethod, staticmethod)):
        return type(function)(counting(name, function.__func__, counts))

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        counts[name] += 1
        return function(*args, **kwargs)

    return wrapper


def main() -> None:
    """Count, and print the counts."""
    cherrypy.config.update({"log.screen": False, "checker.on": False})
    counts: Counter[str] = Counter()
    wanted = json.loads(sys.stdin.read() or "null")
    members = find_members()
    folder = Path(tempfile.mkdtemp())
    (folder / "a.txt").write_text("hello")
    restore: Callable[[], None]
    if wanted is None:
        for name, (owner, key, function) in members.items():
            if function is getattr(owner, key, None) or key in vars(owner):
                setattr(owner, key, counting(name, function, counts))
        send_requests(folder)
    else:
        send_requests(folder)  # so that what is replaced is replaced late
        for name in wanted:
            if name in members:
                owner, key, function = members[name]
                is_own = key in vars(owner)
                setattr(owner, key, counting(name, function, counts))
                send_requests(folder)
                restore = functools.partial(setattr, owner, key, function)
                (restore if is_own else functools.partial(delattr, owner, key))()
    print(json.dumps(counts), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
