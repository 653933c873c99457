"""The tool auth_peercreds, with an environ as the server makes it for a Unix socket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.lib import auth_peercreds
from wsgi_client import Client

if TYPE_CHECKING:
    from log_records import Records

NUMBERS = {"X_REMOTE_PID": "5", "X_REMOTE_UID": "1000", "X_REMOTE_GID": "100"}
NAMES = {"X_REMOTE_USER": "jon", "X_REMOTE_GROUP": "users", "REMOTE_USER": "jon"}


class Root:
    """A page that says who is logged in."""

    @cherrypy.expose
    def index(self) -> str:
        return f"login {cherrypy.request.login!r}"


def site(environ: dict[str, str], **settings: Any) -> Client:
    """Publish it, with settings of the tool."""
    config = {f"tools.auth_peercreds.{name}": value for name, value in settings.items()}
    app = cherrypy.Application(Root(), "", {"/": {"tools.auth_peercreds.on": True} | config})
    return Client(app, **environ)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"uids": [1000]}, 200),
        ({"uids": 1000}, 200),
        ({"uids": {0, 1000}}, 200),
        ({"gids": (100,)}, 200),
        ({"users": ["jon"]}, 200),
        ({"users": "jon"}, 200),
        ({"groups": ["users"]}, 200),
        ({"uids": [0], "groups": ["users"]}, 200),  # one of them is enough
        ({"uids": [0]}, 403),
        ({"uids": [100]}, 403),  # the number of the group
        ({"gids": [1000]}, 403),
        ({"users": ["jo", "users"]}, 403),
        ({"groups": ["jon"]}, 403),
    ],
    ids=str,
)
def test_who_is_listed_is_admitted(settings: dict[str, Any], code: int) -> None:
    answer = site(NUMBERS | NAMES, **settings).get()
    assert answer.code == code
    if code == 200:
        assert answer.text == "login 'jon'"


def test_numbers_alone() -> None:
    assert site(NUMBERS, uids=[1000]).get().text == "login '1000'"
    assert site(NUMBERS, uids=[1]).get().code == 403


def test_a_user_without_a_name() -> None:
    nameless = {"X_REMOTE_USER": "", "X_REMOTE_GROUP": ""}
    assert site(NUMBERS | nameless, uids=[1000], users=["jon"]).get().text == "login '1000'"
    assert site(NUMBERS | nameless, users=["jon"], groups=["users"]).get().code == 403


def test_what_a_client_says_does_not_count() -> None:
    fields = {f"X_Remote_{name}": "0" for name in ("Pid", "Uid", "Gid", "User", "Group")}
    assert site(NUMBERS | NAMES, uids=[0], users=["0"]).get(**fields).code == 403
    assert site({}, uids=[0]).get(**fields).code == 500  # on TCP: a mistake, see below
    answer = site(NUMBERS | NAMES, uids=[1000]).get(**fields)
    assert answer.text == "login 'jon'"


@pytest.mark.parametrize(
    ("environ", "settings", "message"),
    [
        ({}, {"uids": [0]}, "set server.socket_file, and server.peercreds = True"),
        (NUMBERS, {"users": ["jon"]}, "set server.peercreds_resolve = True"),
        (NUMBERS, {"groups": ["jon"]}, "set server.peercreds_resolve = True"),
        (NUMBERS, {}, "expected at least one of uids, gids, users and groups"),
        (NUMBERS, {"uids": ["0"]}, "tools.auth_peercreds.uids = ['0']: expected a list of numbers"),
        (NUMBERS, {"uids": [True]}, "tools.auth_peercreds.uids = [True]: expected"),
        (NUMBERS, {"gids": [-1]}, "tools.auth_peercreds.gids = [-1]: expected"),
        (NUMBERS, {"users": [0]}, "tools.auth_peercreds.users = [0]: expected a list of names"),
        (NUMBERS, {"groups": [""]}, "tools.auth_peercreds.groups = ['']: expected a list of names"),
    ],
    ids=str,
)
def test_a_mistake_in_the_configuration_lets_nobody_in(
    environ: dict[str, str], settings: dict[str, Any], message: str, errors: Records
) -> None:
    assert site(environ, **settings).get().code == 500
    assert message in errors.text


def test_the_log_names_the_user(accesses: Records) -> None:
    site(NUMBERS | NAMES, uids=[1000]).get()
    site(NUMBERS, uids=[1000]).get()
    assert [line.split(" ")[2] for line in accesses.messages] == ["jon", "1000"]


def test_by_a_call() -> None:
    class Pages:
        @cherrypy.expose
        def index(self) -> str:
            auth_peercreds.peercreds_auth(uids=[1000])
            return str(cherrypy.request.login)

    app = cherrypy.Application(Pages())
    assert Client(app, **NUMBERS).get().text == "1000"
    assert Client(app, **(NUMBERS | {"X_REMOTE_UID": "1"})).get().code == 403
