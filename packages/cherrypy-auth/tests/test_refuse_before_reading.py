"""What is refused by its head is refused before its body is read."""

import io
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

import cherrypy
from cherrypy.lib import auth_basic, auth_digest

FORM = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'
RIGHT = "Basic " + b64encode(b"ada:right").decode()
WRONG = "Basic " + b64encode(b"ada:wrong").decode()


class Counting(io.BytesIO):
    """An input that counts how often it is asked."""

    asked = 0

    def read(self, size: int | None = -1) -> bytes:
        """Read, and count."""
        self.asked += 1
        return super().read(size)


class Root:
    @cherrypy.expose
    def index(self, a: str = "") -> str:
        return f"{cherrypy.request.login} {a}"

    @cherrypy.expose(methods=["GET"])
    def listed(self, a: str = "") -> str:
        return a


class Resource:
    exposed = True

    def GET(self) -> str:
        return "got"


def ask(
    settings: dict[str, Any], *fields: str, root: object = None, path: str = "/"
) -> tuple[int, int, str]:
    """Post a form; return the status, how often the content was asked for, and the answer."""
    source = Counting(FORM)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "x",
        "SERVER_PORT": "80",
        "HTTP_HOST": "x",
        "CONTENT_TYPE": "multipart/form-data; boundary=x",
        "CONTENT_LENGTH": str(len(FORM)),
        "wsgi.input": source,
        "wsgi.url_scheme": "http",
    }
    if fields:
        environ["HTTP_AUTHORIZATION"] = fields[0]
    told: list[str] = []
    app = cherrypy.Application(root or Root(), "", {"/": settings})
    body = b"".join(app(environ, lambda status, *_: told.append(status)))
    return int(told[-1][:3]), source.asked, body.decode()


def basic(check: Callable[..., bool] | None = None) -> dict[str, Any]:
    """Return the settings of basic authentication."""
    return {
        "tools.auth_basic.on": True,
        "tools.auth_basic.realm": "x",
        "tools.auth_basic.checkpassword": check or auth_basic.checkpassword_dict({"ada": "right"}),
    }


DIGEST = {
    "tools.auth_digest.on": True,
    "tools.auth_digest.realm": "x",
    "tools.auth_digest.get_ha1": auth_digest.get_ha1_dict_plain({"ada": "right"}),
    "tools.auth_digest.key": "secret",
}


@pytest.mark.parametrize("fields", [(), (WRONG,)])
@pytest.mark.parametrize("settings", [basic(), DIGEST])
def test_a_wrong_password_costs_no_parse(settings: dict[str, Any], fields: tuple[str]) -> None:
    status, asked, _ = ask(settings, *fields)
    assert (status, asked) == (401, 0)


def test_a_right_password_lets_the_form_pass() -> None:
    status, asked, text = ask(basic(), RIGHT)
    assert (status, text) == (200, "ada 1")
    assert asked


def test_methods_that_are_not_allowed() -> None:
    assert ask({}, path="/listed")[:2] == (405, 0)
    settings = {"tools.allow.on": True, "tools.allow.methods": "GET"}
    assert ask(settings)[:2] == (405, 0)
    settings = {"request.dispatch": cherrypy.dispatch.MethodDispatcher()}
    assert ask(settings, root=Resource())[:2] == (405, 0)


def test_an_error_that_a_hook_replaces_has_the_body() -> None:
    def replace() -> None:
        cherrypy.request.handler = lambda: cherrypy.request.params["a"]

    settings: dict[str, Any] = {
        "request.dispatch": cherrypy.dispatch.MethodDispatcher(),
        "hooks.before_handler": replace,
    }
    status, _, text = ask(settings, root=Resource())
    assert (status, text) == (200, "1")


def test_authentication_follows_the_hooks_before_the_body() -> None:
    """They may open the database session that a checkpassword needs."""
    seen: list[str] = []

    def check(_realm: str, user: str, _password: str) -> bool:
        seen.append("check")
        return user == "ada"

    def before() -> None:
        seen.append("before")

    def after() -> None:
        seen.append(f"after {cherrypy.request.login} {cherrypy.request.params}")

    settings = basic(check) | {
        "hooks.before_request_body.x": before,
        "hooks.before_handler.x": after,
    }
    ask(settings, RIGHT)
    assert seen == ["before", "check", "after ada {'a': '1'}"]


def test_a_checkpassword_that_reads_the_body() -> None:
    def check(_realm: str, _user: str, _password: str) -> bool:
        return bool(cherrypy.request.params["a"] == "1")

    assert ask(basic(check), WRONG)[::2] == (200, "ada 1")


@pytest.mark.parametrize("reads_body", [True, False])
def test_a_checkpassword_that_says_so(reads_body: bool) -> None:
    def check(_realm: str, _user: str, _password: str) -> bool:
        return False

    check.reads_body = reads_body  # type: ignore[attr-defined]
    status, asked, _ = ask(basic(check), WRONG)
    assert (status, asked > 0) == (401, reads_body)


def test_a_hook_between_keeps_its_place() -> None:
    """Hooks of one point run in the order of their priorities, whatever they promise."""
    seen: list[str] = []

    def first() -> None:
        seen.append(f"{cherrypy.request.login} {cherrypy.request.params}")

    def attach() -> None:
        cherrypy.request.hooks.attach("before_handler", first, priority=0)

    settings = basic() | {"hooks.before_request_body.x": attach}
    assert ask(settings, RIGHT)[::2] == (200, "ada 1")
    assert seen == ["None {'a': '1'}"]


@pytest.mark.parametrize("point", ["on_start_resource", "before_request_body", "before_handler"])
def test_a_gate_runs_once_where_hooks_are_touched(point: str) -> None:
    checks: list[str] = []
    seen: list[object] = []

    def check(_realm: str, user: str, _password: str) -> bool:
        checks.append(user)
        return True

    def touch() -> None:
        cherrypy.request.hooks.attach("before_handler", lambda: seen.append(cherrypy.request.login))

    settings = basic(check) | {f"hooks.{point}.x": touch}
    assert ask(settings, RIGHT)[0] == 200
    assert checks == ["ada"]
    assert seen == ([] if point == "before_handler" else ["ada"])


def test_a_gate_runs_once_where_its_check_touches_hooks() -> None:
    checks: list[str] = []

    def check(_realm: str, user: str, _password: str) -> bool:
        checks.append(user)
        assert cherrypy.request.hooks["before_handler"]
        return True

    assert ask(basic(check), RIGHT)[0] == 200
    assert checks == ["ada"]


def test_a_gate_that_a_hook_takes_away() -> None:
    def take_away() -> None:
        hooks = cherrypy.request.hooks["before_handler"]
        hooks[:] = [hook for hook in hooks if hook.priority > 1]

    settings = basic() | {"hooks.before_request_body.x": take_away}
    assert ask(settings)[0] == 200
