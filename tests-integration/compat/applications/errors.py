"""Errors of every kind, and the pages that tell of them."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cherrypy
from cherrypy.lib import static

if TYPE_CHECKING:
    from collections.abc import Iterator


ALL_HEADERS = (
    "Accept-Ranges",
    "Age",
    "Allow",
    "Cache-Control",
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-Location",
    "Content-MD5",
    "Content-Range",
    "ETag",
    "Expires",
    "Last-Modified",
    "Location",
    "Retry-After",
    "Vary",
    "WWW-Authenticate",
    "X-Own",
)


def set_every_header() -> None:
    """Set what a handler may have set before it changes its mind."""
    for name in ALL_HEADERS:
        cherrypy.response.headers[name] = "1"
    cherrypy.response.headers["Content-Type"] = "text/plain"
    cherrypy.response.cookie["seen"] = "yes"


PAGE = Path(tempfile.mkdtemp()) / "error.html"
PAGE.write_text("a page from a file")
os.utime(PAGE, (1.6e9, 1.6e9))


class Raising:
    """Handlers that fail."""

    @cherrypy.expose
    def http(self, status: str, message: str | None = None) -> None:
        raise cherrypy.HTTPError(int(status) if status.isdigit() else status, message)

    @cherrypy.expose
    def unexpected(self, **params: str) -> None:
        raise ZeroDivisionError("division by <zero>")

    @cherrypy.expose
    def not_found(self, path: str | None = None) -> None:
        raise cherrypy.NotFound(path)

    @cherrypy.expose
    def after_headers(self, status: str) -> None:
        set_every_header()
        raise cherrypy.HTTPError(int(status))

    @cherrypy.expose
    def unexpected_after_headers(self) -> None:
        set_every_header()
        raise ZeroDivisionError

    @cherrypy.expose
    def status(self, status: str) -> str:
        cherrypy.response.status = int(status) if status.isdigit() else status
        return "body"

    @cherrypy.expose
    def handled(self) -> str:
        with cherrypy.HTTPError.handle(ValueError, 400, "not a number"):
            int("x")
        return "not reached"

    @cherrypy.expose
    def handled_plain(self) -> str:
        with cherrypy.HTTPError.handle(ValueError):
            int("x")
        return "not reached"

    @cherrypy.expose
    def inspected(self, status: str) -> str:
        try:
            raise cherrypy.HTTPError(status, "said")
        except cherrypy.HTTPError as error:
            return json.dumps([error.status, error.code, error.reason, error.args, str(error)])

    @cherrypy.expose
    def as_handler(self) -> str:
        cherrypy.request.handler = cherrypy.HTTPError(418, "teapot")
        return "too late"

    @cherrypy.expose
    def unicode(self) -> None:
        raise cherrypy.HTTPError(400, "caf\u00e9 \u20ac <b>")

    @cherrypy.expose
    def system_exit(self) -> None:
        raise SystemExit(3)

    @cherrypy.expose
    def keyboard(self) -> None:
        raise KeyboardInterrupt

    @cherrypy.expose
    def missing(self, needed: str) -> str:
        return needed

    @cherrypy.expose
    def quotes(self) -> None:
        raise cherrypy.HTTPError(409, 'it\'s "quoted" & <b>')

    @cherrypy.expose
    def download(self) -> None:
        cherrypy.response.headers["Content-Disposition"] = "attachment"
        cherrypy.response.headers["ETag"] = '"e"'
        raise cherrypy.HTTPError(409)

    @cherrypy.expose
    def late(self) -> Iterator[bytes]:
        raise ZeroDivisionError
        yield b"never"

    late._cp_config = {"response.stream": True}

    @cherrypy.expose
    def late_error(self) -> Iterator[bytes]:
        yield b""
        raise cherrypy.HTTPError(409, "too late for hooks")

    late_error._cp_config = {"response.stream": True}


class Section(Raising):
    """The same handlers under other settings."""

    def __init__(self, settings: dict[str, object]) -> None:
        self._cp_config = settings


def page(status: str, message: str, traceback: str, version: str) -> str:
    """Make a page of what is known."""
    del version
    return f"{status}|{message}|{'Traceback' in (traceback or '')}|\u00e9"


def octets(**known: str) -> bytes:
    """Return bytes."""
    return b"octets for " + known["status"].encode()


def pieces(**known: str) -> Iterator[bytes]:
    """Return an iterator."""
    yield b"pieces for "
    yield known["status"].encode()


def as_list(**_known: str) -> list[str]:
    """Return what is not supported."""
    return ["a", "b"]


def as_lines(**known: str) -> list[bytes]:
    """Return a list of octets."""
    return [b"lines for ", known["status"].encode()]


def served(**_known: str) -> Any:
    """Return a file as handlers do."""
    return static.serve_file(str(PAGE))


def downloaded(**_known: str) -> Any:
    """Return a file that browsers save."""
    return static.serve_download(str(PAGE), "error.html")


def opened(**_known: str) -> Any:
    """Return an open file."""
    return static.serve_fileobj(PAGE.open("rb"), "text/plain")


def nothing(**_known: str) -> None:
    """Return nothing."""


def broken(**_known: str) -> str:
    """Fail."""
    raise ValueError("the page is broken")


def redirecting(**_known: str) -> str:
    """Try to redirect."""
    raise cherrypy.HTTPRedirect("/elsewhere")


def json_page(**known: str) -> str:
    """Answer in another format."""
    cherrypy.response.headers["Content-Type"] = "application/json"
    return json.dumps({"error": known["status"], "message": known["message"]})


def other_status(**_known: str) -> str:
    """Change the status."""
    cherrypy.response.status = "222 Changed"
    return "changed"


def own_response() -> None:
    """Answer in place of everything."""
    cherrypy.response.status = 555
    cherrypy.response.body = b"own response"


def broken_response() -> None:
    """Fail in place of everything."""
    raise ValueError("own response is broken")


class Root(Raising):
    """The tree, one branch for each way to tell of errors."""

    silent = Section({"request.show_tracebacks": False})
    callable = Section({"error_page.404": page, "error_page.500": page, "error_page.403": page})
    both = Section({"error_page.default": page, "error_page.404": octets})
    octets = Section({"error_page.default": octets})
    pieces = Section({"error_page.default": pieces})
    as_list = Section({"error_page.default": as_list})
    as_lines = Section({"error_page.default": as_lines})
    served = Section({"error_page.default": served})
    downloaded = Section({"error_page.default": downloaded})
    opened = Section({"error_page.default": opened})
    nothing = Section({"error_page.default": nothing})
    broken = Section({"error_page.default": broken})
    redirecting = Section({"error_page.default": redirecting})
    json = Section({"error_page.default": json_page})
    other_status = Section({"error_page.default": other_status})
    absent = Section({"error_page.default": "/no/such/file.html"})
    own = Section({"request.error_response": own_response})
    own_broken = Section({"request.error_response": broken_response})
    thrown = Section({"request.throw_errors": True})
    throws = Section({"request.throws": (ZeroDivisionError,)})
    redirected = Section(
        {
            "tools.err_redirect.on": True,
            "tools.err_redirect.url": "/target",
            "tools.err_redirect.internal": False,
        },
    )
    redirected_inside = Section(
        {"tools.err_redirect.on": True, "tools.err_redirect.url": "/target"},
    )

    @cherrypy.expose
    def target(self) -> str:
        return "target of the error"


def build() -> Any:
    """Mount at the root, with a template in a temporary folder."""
    folder = Path(tempfile.mkdtemp())
    template = folder / "page.html"
    template.write_text("<%(status)s|%(message)s|%(traceback)s> 100%% \u00e9", encoding="utf-8")
    lines = folder / "lines.html"
    lines.write_bytes(b"%(status)s\r\n%(message)s\r\n")
    bad_template = folder / "bad.html"
    bad_template.write_text("%(nosuch)s", encoding="utf-8")
    root: Any = Root()
    root.file = Section(
        {"error_page.default": str(template), "request.show_tracebacks": False},
    )
    root.lines = Section({"error_page.default": str(lines)})
    root.bad_file = Section({"error_page.default": str(bad_template)})
    root.section = Raising()
    pages = {"/section": {"error_page.404": page}, "/hostless": {"error_page.400": page}}
    cherrypy.tree.mount(root, "", pages)
    return cherrypy.tree
