"""The tool auth_basic, asked in process."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cherrypy
from cherrypy.lib import auth_basic
from strategies import wild_text
from wsgi_client import Answer, Client

if TYPE_CHECKING:
    from log_records import Records

USERS = {"jon": "secret", "jün": "pässword €"}


class Root:
    """Pages that say who is logged in."""

    @cherrypy.expose
    def index(self) -> str:
        return f"login {cherrypy.request.login!r}"

    @cherrypy.expose
    def other(self) -> str:
        return f"other {cherrypy.request.login!r}"


def site(**settings: Any) -> Client:
    """Publish it, with settings of the tool; None leaves one out."""
    settings = {
        "on": True,
        "realm": "localhost",
        "checkpassword": auth_basic.checkpassword_dict(USERS),
    } | settings
    config = {f"tools.auth_basic.{k}": v for k, v in settings.items() if v is not None}
    return Client(cherrypy.Application(Root(), "", {"/": config}))


def basic(username: str, password: str, charset: str = "utf-8") -> str:
    octets = f"{username}:{password}".encode(charset)
    return "Basic " + base64.b64encode(octets).decode()


def refused(answer: Answer) -> bool:
    return answer.code == 401 and "not authorized to access that resource" in answer.text


def test_a_request_without_credentials_gets_the_challenge() -> None:
    answer = site().get()
    assert refused(answer)
    assert answer.field("WWW-Authenticate") == 'Basic realm="localhost", charset="UTF-8"'


def test_the_right_password_lets_in() -> None:
    answer = site().get(Authorization=basic("jon", "secret"))
    assert (answer.code, answer.text) == (200, "login 'jon'")
    assert answer.field("WWW-Authenticate") is None
    assert site().get(Authorization="bAsIc  " + basic("jon", "secret")[6:]).code == 200


@pytest.mark.parametrize(
    "field",
    [
        basic("jon", "Secret"),
        basic("jon", ""),
        basic("", ""),
        basic("nobody", "secret"),
        "Bearer abc",
        "Digest username=jon",
    ],
)
def test_anything_else_does_not(field: str) -> None:
    assert refused(site().get(Authorization=field))


@pytest.mark.parametrize("field", ["", "Basic", "Basic ", "Basic ???", "Basic am9u", "Bearer"])
def test_malformed_credentials_are_400(field: str) -> None:
    assert site().get(Authorization=field).code == 400


@given(wild_text() | wild_text().map(lambda text: "Basic " + text))
def test_no_field_makes_an_error_of_ours(field: str) -> None:
    answer = site().get(Authorization=field.encode().decode("latin-1"))
    assert answer.code in {400, 401}


@given(st.binary())
def test_no_octets_make_an_error_of_ours(octets: bytes) -> None:
    answer = site().get(Authorization="Basic " + base64.b64encode(octets).decode())
    assert answer.code in {400, 401}


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1"])
def test_names_in_any_charset_that_is_tried(charset: str) -> None:
    seen = []

    def check(*given: str) -> bool:
        seen.append(given)
        return True

    client = site(checkpassword=check)
    assert client.get(Authorization=basic("jün", "pä", charset)).text == "login 'jün'"
    assert seen == [("localhost", "jün", "pä")]


def test_a_charset_that_can_not_be_named() -> None:
    """RFC 7617 section 2.1: the one that may be is UTF-8."""
    client = site(accept_charset="ISO-8859-1")
    assert client.get().field("WWW-Authenticate") == 'Basic realm="localhost"'
    seen = []
    client = site(accept_charset="ISO-8859-1", checkpassword=lambda *given: seen.append(given))
    assert refused(client.get(Authorization=basic("jün", "pä", "utf-8")))
    assert seen == [("localhost", "jÃ¼n", "pÃ¤")]


def test_each_path_has_its_realm() -> None:
    config = {
        "/": {
            "tools.auth_basic.on": True,
            "tools.auth_basic.realm": 'the "first"',
            "tools.auth_basic.checkpassword": lambda realm, *_: realm == 'the "first"',
        },
        "/other": {
            "tools.auth_basic.realm": "second",
            "tools.auth_basic.checkpassword": lambda realm, *_: realm == "second",
        },
    }
    client = Client(cherrypy.Application(Root(), "", config))
    first, second = client.get(), client.get("/other")
    assert first.field("WWW-Authenticate") == r'Basic realm="the \"first\"", charset="UTF-8"'
    assert second.field("WWW-Authenticate") == 'Basic realm="second", charset="UTF-8"'
    assert client.get("/other", Authorization=basic("a", "b")).text == "other 'a'"


def test_passwords_may_change_while_the_site_runs() -> None:
    users = {"jon": "old"}
    client = site(checkpassword=auth_basic.checkpassword_dict(users))
    assert client.get(Authorization=basic("jon", "old")).code == 200
    users["jon"] = "new"
    assert refused(client.get(Authorization=basic("jon", "old")))
    assert client.get(Authorization=basic("jon", "new")).code == 200
    del users["jon"]
    assert refused(client.get(Authorization=basic("jon", "new")))


def test_hashed_passwords_with_argon2() -> None:
    hashes = {"jon": auth_basic.hash_password("secret")}
    client = site(checkpassword=auth_basic.checkpassword_hashed(hashes))
    assert client.get(Authorization=basic("jon", "secret")).code == 200
    assert refused(client.get(Authorization=basic("jon", "other")))


def test_no_field_of_a_client_becomes_the_login() -> None:
    names = ("X_Remote_User", "Remote_User", "Logon_User", "X_Forwarded_User", "Login")
    fields = dict.fromkeys(names, "evil")
    assert refused(site().get(**fields))
    answer = site().get(Authorization=basic("jon", "secret"), **fields)
    assert answer.text == "login 'jon'"
    assert site(on=False).get(**fields).text == "login None"


def test_the_log_names_the_user(accesses: Records) -> None:
    client = site()
    client.get(Authorization=basic("jün", "pässword €"))
    client.get(Authorization=basic("a b\u2028c", "?"))
    assert accesses.messages[0].startswith("127.0.0.1 - j\\xc3\\xbcn [")
    assert accesses.messages[1].startswith("127.0.0.1 - - [")


def test_a_password_check_that_fails_is_an_error_of_the_application(errors: Records) -> None:
    def fail(*_: object) -> None:
        raise OSError("the database is away")

    assert site(checkpassword=fail).get(Authorization=basic("a", "b")).code == 500
    assert "the database is away" in errors.text


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"realm": None}, "tools.auth_basic.realm = None: expected text of printable characters"),
        ({"realm": "a\r\nb"}, r"tools.auth_basic.realm = 'a\r\nb': expected text"),
        ({"realm": "€"}, "tools.auth_basic.realm = '€': expected text"),
        ({"realm": 5}, "tools.auth_basic.realm = 5: expected text"),
        ({"checkpassword": None}, "tools.auth_basic.checkpassword = None: expected a function"),
        ({"checkpassword": USERS}, "tools.auth_basic.checkpassword = {'jon': "),
        ({"accept_charset": "utf-9"}, "accept_charset = 'utf-9': expected a charset"),
        ({"relm": "a"}, "unexpected keyword argument 'relm'"),
    ],
)
def test_a_mistake_in_the_configuration_lets_nobody_in(
    settings: dict[str, Any], message: str, errors: Records
) -> None:
    answer = site(**settings).get(Authorization=basic("jon", "secret"))
    assert answer.code == 500
    assert message in errors.text


def test_an_empty_realm() -> None:
    assert site(realm="").get().field("WWW-Authenticate") == 'Basic realm="", charset="UTF-8"'


# The tool, used in other ways


def test_as_a_decorator_and_by_a_call() -> None:
    class Pages:
        @cherrypy.expose
        @cherrypy.tools.auth_basic(
            realm="r", checkpassword=auth_basic.checkpassword_dict(USERS), debug=True
        )
        def decorated(self) -> str:
            return str(cherrypy.request.login)

        @cherrypy.expose
        def calling(self) -> str:
            auth_basic.basic_auth("r", auth_basic.checkpassword_dict(USERS))
            return str(cherrypy.request.login)

        @cherrypy.expose
        def by_tool(self) -> str:
            check = auth_basic.checkpassword_dict(USERS)
            cherrypy.tools.auth_basic.callable("r", check)
            return str(cherrypy.request.login)

    client = Client(cherrypy.Application(Pages()))
    for path in ("/decorated", "/calling", "/by_tool"):
        assert refused(client.get(path))
        assert client.get(path, Authorization=basic("jon", "secret")).text == "jon"


def test_it_comes_before_what_is_not_for_everybody() -> None:
    tool = cherrypy.tools.auth_basic
    assert (tool._point, tool._priority) == ("before_handler", 1)


def test_hooks_in_the_order_that_is_configured() -> None:
    asked: list[str] = []

    def early() -> None:
        asked.append("early")

    config = {
        "/": {
            "tools.auth_basic.on": True,
            "tools.auth_basic.realm": "r",
            "tools.auth_basic.checkpassword": lambda *_: asked.append("password"),
            "tools.auth_basic.priority": 60,
            "hooks.before_handler": early,
        }
    }
    Client(cherrypy.Application(Root(), "", config)).get(Authorization=basic("a", "b"))
    assert asked == ["early", "password"]


def test_a_field_that_another_hook_has_set() -> None:
    def from_cookie() -> None:
        cherrypy.request.headers["Authorization"] = basic("jon", "secret")

    def in_the_way() -> None:
        assert cherrypy.request.headers

    check = auth_basic.checkpassword_dict(USERS)
    for hook, code in ((from_cookie, 200), (in_the_way, 401)):
        config = {
            "/": {
                "tools.auth_basic.on": True,
                "tools.auth_basic.realm": "r",
                "tools.auth_basic.checkpassword": check,
                "hooks.before_request_body": hook,
            }
        }
        assert Client(cherrypy.Application(Root(), "", config)).get().code == code


def test_an_application_may_put_another_function_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[dict[str, Any]] = []

    def own(**arguments: Any) -> None:
        given.append(arguments)

    monkeypatch.setattr(cherrypy.tools.auth_basic, "callable", own)
    assert site(checkpassword=5).get().code == 200
    assert given == [{"realm": "localhost", "checkpassword": 5}]


def test_where_tools_are_set_up_for_each_request() -> None:
    """A subclass of Request may do so, or a toolbox with its own way."""

    class OwnTool(type(cherrypy.tools.auth_basic)):  # type: ignore[misc]
        def _setup(self) -> None:
            super()._setup()

    cherrypy.tools.own_basic = OwnTool("before_handler", auth_basic.basic_auth)
    try:
        config = {
            "/": {
                "tools.own_basic.on": True,
                "tools.own_basic.realm": "r",
                "tools.own_basic.checkpassword": auth_basic.checkpassword_dict(USERS),
            }
        }
        client = Client(cherrypy.Application(Root(), "", config))
        assert refused(client.get())
        assert client.get(Authorization=basic("jon", "secret")).text == "login 'jon'"
    finally:
        del cherrypy.tools.own_basic


def test_the_hooks_in_a_log_show_no_secrets(errors: Records) -> None:
    client = site()
    client.application.merge({"/": {"tools.log_hooks.on": True}})
    client.get(Authorization=basic("jon", "secret"))
    assert "BasicGate.admit" in errors.text
    assert "secret" not in errors.text
