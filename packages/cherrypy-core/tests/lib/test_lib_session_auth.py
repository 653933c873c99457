"""The session_auth tool: a form to log in, and who is logged in kept in the session."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cherrypy
from cherrypy.lib.cptools import SessionAuth
from wsgi_client import Answer, Client

pytestmark = pytest.mark.usefixtures("site")


class Session(dict[str, Any]):
    """As much of a session as the tool uses."""

    regenerated = 0

    def regenerate(self) -> None:
        """Count it."""
        self.regenerated += 1


def check(username: str, password: str) -> str | None:
    return None if (username, password) == ("joe", "secret") else "Wrong <name> or password"


class _Root:
    @cherrypy.expose
    def index(self, **params: object) -> str:
        return f"index {cherrypy.request.login} {sorted(params)}"

    @cherrypy.expose
    def page(self) -> str:
        return f"page {cherrypy.request.login}"


class Visitor:
    """A visitor with a session."""

    def __init__(self, session: Session | None = None, **settings: object) -> None:
        self.session = Session() if session is None else session
        config = {"tools.session_auth.on": True, "hooks.before_request_body": self._open}
        config["tools.session_auth.check_username_and_password"] = check
        config |= {f"tools.session_auth.{name}": value for name, value in settings.items()}
        self.client = Client(cherrypy.Application(_Root(), "/app", {"/": config}))

    def _open(self) -> None:
        cherrypy.serving.session = self.session

    def get(self, target: str) -> Answer:
        """Send a GET."""
        return self.client.get("/app" + target)

    def post(self, target: str, /, **form: str) -> Answer:
        """Send a form."""
        return self.client.post("/app" + target, urlencode(form).encode())


def fields(answer: Answer) -> dict[str, str]:
    """Return the fields of the form in a page."""
    assert 'method="post" action="do_login"' in answer.text
    inputs = re.findall(r"<input([^>]*)>", answer.text)
    found = [dict(re.findall(r'(\w+)="([^"]*)"', attributes)) for attributes in inputs]
    return {field["name"]: html.unescape(field.get("value", "")) for field in found}


def test_a_form_is_shown_in_place_of_any_page() -> None:
    visitor = Visitor()
    for target in ("/", "/page"):
        answer = visitor.get(target)
        assert answer.code == 200
        assert (answer.field("Content-Type") or "").startswith("text/html")
        assert fields(answer) == {
            "username": "",
            "password": "",
            "from_page": f"http://localhost/app{target}",
        }
    assert fields(visitor.get("/?a=1&b=2"))["from_page"] == "http://localhost/app/?a=1&b=2"
    assert fields(visitor.get("/login_screen"))["from_page"] == ".."
    assert visitor.session == {}  # nothing is kept of those who only look


def test_login_and_logout() -> None:
    visitor = Visitor()
    answer = visitor.post("/do_login", username="joe", password="secret", from_page="/app/page")  # noqa: S106
    assert (answer.code, answer.field("Location")) == (303, "http://localhost/app/page")
    assert visitor.session == {"username": "joe"}
    assert visitor.session.regenerated == 1
    assert visitor.get("/page").text == "page joe"
    assert visitor.get("/?a=1").text == "index joe ['a']"
    answer = visitor.post("/do_logout", from_page="/app/")
    assert (answer.code, answer.field("Location")) == (303, "http://localhost/app/")
    assert visitor.session == {}
    assert "password" in fields(visitor.get("/page"))


def test_a_wrong_password_shows_the_form_again() -> None:
    visitor = Visitor()
    answer = visitor.post("/do_login", username='j"o<e', password="no", from_page='/x?"&<')  # noqa: S106
    assert answer.code == 200
    assert "Wrong &lt;name&gt; or password" in answer.text
    assert fields(answer) == {"username": 'j"o<e', "password": "", "from_page": '/x?"&<'}
    assert "<e" not in answer.text
    assert (visitor.session, visitor.session.regenerated) == ({}, 0)


def test_nobody_can_log_in_before_a_check_is_configured() -> None:
    answer = Visitor(check_username_and_password=SessionAuth().check_username_and_password).post(
        "/do_login",
        username="login",
        password="password",  # noqa: S106
    )
    assert answer.code == 200
    assert "check_username_and_password is not set" in answer.text


@pytest.mark.parametrize("target", ["/do_login", "/do_logout", "/page/do_login"])
def test_login_and_logout_have_to_be_posted(target: str) -> None:
    answer = Visitor(Session(username="joe")).get(target + "?username=joe&password=secret")
    assert (answer.status, answer.field("Allow")) == ("405 Method Not Allowed", "POST")


@pytest.mark.parametrize(
    "form",
    [{"username": "joe"}, {"password": "secret"}, {}, {"username": "joe", "Password": "secret"}],
)
def test_an_incomplete_form_is_a_bad_request(form: dict[str, str]) -> None:
    assert Visitor().post("/do_login", **form).status == "400 Bad Request"


def test_other_fields_of_the_form_do_not_matter() -> None:
    form = {"username": "joe", "password": "secret", "self": "x", "more": "y"}
    answer = Visitor().post("/do_login", **form)
    assert (answer.code, answer.field("Location")) == (303, "http://localhost/")


@pytest.mark.parametrize(
    ("from_page", "location"),
    [
        ("..", "http://localhost/"),
        ("", "http://localhost/app/do_login"),
        ("page?a=1", "http://localhost/app/page?a=1"),
        ("http://localhost/app/x", "http://localhost/app/x"),
        ("https://localhost/", "http://localhost/"),
        ("http://localhost:81/", "http://localhost/"),
        ("http://evil.example/", "http://localhost/"),
        ("//evil.example/", "http://localhost/"),
        (" //evil.example/", "http://localhost/"),
        ("/\t/evil.example/", "http://localhost/"),
        ("\\\\evil.example", "http://localhost/"),
        ("http://localhost@evil.example/", "http://localhost/"),
        ("javascript:alert(1)", "http://localhost/"),
    ],
)
def test_only_pages_of_this_site_follow_a_login(from_page: str, location: str) -> None:
    form = {"username": "joe", "password": "secret", "from_page": from_page}
    answer = Visitor().post("/do_login", **form)
    assert (answer.code, answer.field("Location")) == (303, location)


@given(st.text(st.characters(max_codepoint=0x7F), max_size=30))
def test_a_login_never_leads_away(from_page: str) -> None:
    form = {"username": "joe", "password": "secret"}
    answer = Visitor().post("/do_login", **form, from_page=from_page)
    assert answer.code == 303
    assert (answer.field("Location") or "").startswith("http://localhost/")


def test_any_attribute_can_be_replaced() -> None:
    calls: list[tuple[str, str]] = []
    visitor = Visitor(
        session_key="user",
        anonymous=lambda: None,
        on_login=lambda name: calls.append(("login", name)),
        on_check=lambda name: calls.append(("check", name)),
        on_logout=lambda name: calls.append(("logout", name)),
        login_screen=lambda from_page="..", username="", error_msg="", **_: (
            f"{from_page}|{username}|{error_msg}\xe9"
        ),
    )
    assert visitor.get("/page").text == "http://localhost/app/page||\xe9"
    assert visitor.get("/page").field("Content-Type") == "text/html;charset=utf-8"
    assert visitor.post("/do_login", username="x", password="y").text.startswith("..|x|Wrong")  # noqa: S106
    visitor.post("/do_login", username="joe", password="secret")  # noqa: S106
    visitor.get("/page")
    assert visitor.session == {"user": "joe"}
    visitor.post("/do_logout")
    assert calls == [("login", "joe"), ("check", "joe"), ("logout", "joe")]
    visitor.post("/do_logout")  # who is not logged in
    assert len(calls) == 3


def test_those_who_do_not_log_in_can_have_a_name() -> None:
    visitor = Visitor(anonymous=lambda: "guest")
    assert visitor.get("/page").text == "page guest"
    assert visitor.session == {"username": "guest"}


def test_without_sessions_the_error_names_the_setting(errors: Any) -> None:
    config = {"/": {"tools.session_auth.on": True}}
    answer = Client(cherrypy.Application(_Root(), "", config)).get()
    assert answer.code == 500
    assert "set tools.sessions.on = True for the same paths" in errors.text


def test_the_form_may_be_empty() -> None:
    """Callers of CherryPy 18 pass None, too."""
    page = SessionAuth().login_screen(None, username=None, error_msg=None).decode()
    assert page == SessionAuth().login_screen("").decode()
    assert "None" not in page


def test_quotes_are_escaped_in_attributes_and_nowhere_else() -> None:
    page = SessionAuth().login_screen("/", "\"a' <b>", 'it\'s "wrong" <b>').decode()
    assert 'value="&quot;a&#x27; &lt;b&gt;"' in page
    assert 'it\'s "wrong" &lt;b&gt;' in page
