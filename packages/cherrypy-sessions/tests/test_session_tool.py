"""The sessions tool: cookie, life of a session in a request, and the locks it leaves free."""

from __future__ import annotations

import re
import secrets
import threading
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.lib.sessions import FileSession, RamSession, Session
from wsgi_client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SESSION_ID = re.compile(r"session_id=([0-9a-f]{40})")
DEADLINE = 20.0


class Pages:
    @cherrypy.expose
    def index(self) -> str:
        cherrypy.session["n"] = cherrypy.session.get("n", 0) + 1
        return str(cherrypy.session["n"])

    @cherrypy.expose
    def unused(self) -> str:
        return "nothing"

    @cherrypy.expose
    def read(self) -> str:
        session = cherrypy.session
        return f"{session.get('n')} {session.missing} {session.originalid}"

    @cherrypy.expose
    def fail(self) -> None:
        cherrypy.session["n"] = -1
        raise ValueError

    @cherrypy.expose
    def refuse(self) -> None:
        cherrypy.session["n"] = 10
        raise cherrypy.HTTPError(403)

    @cherrypy.expose
    def redirect(self) -> None:
        cherrypy.session["n"] = 20
        raise cherrypy.HTTPRedirect("/")

    @cherrypy.expose
    def elsewhere(self) -> None:
        cherrypy.session["n"] = 30
        raise cherrypy.InternalRedirect("/")

    @cherrypy.expose
    def login(self) -> str:
        cherrypy.session.regenerate()
        cherrypy.session["user"] = "ann"
        cherrypy.session.regenerate()
        return str(sorted(cherrypy.session.items()))

    @cherrypy.expose
    def regenerate_by_the_tool(self) -> str:
        cherrypy.tools.sessions.regenerate()
        return "done"

    @cherrypy.expose
    def logout(self) -> str:
        cherrypy.session.delete()
        cherrypy.lib.sessions.expire()
        return "bye"

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def stream(self) -> Iterator[str]:
        cherrypy.session["n"] = 40
        yield "a"
        cherrypy.session["n"] += 1
        yield "b"

    @cherrypy.expose
    def generator(self) -> Iterator[str]:
        cherrypy.session["n"] = 50
        yield "a"

    @cherrypy.expose
    def save_twice(self) -> str:
        cherrypy.session["n"] = 60
        cherrypy.session.save()
        assert not cherrypy.session.locked
        cherrypy.session["n"] += 1
        assert cherrypy.session.locked
        return "saved"

    @cherrypy.expose
    def keep_out(self) -> str:
        cherrypy.session["n"] = 70
        cherrypy.request._sessionsaved = True
        return "not saved"

    @cherrypy.expose
    def locked(self) -> str:
        before = cherrypy.session.locked
        _ = cherrypy.session.get("n")
        return f"{before} {cherrypy.session.locked}"


# ---- the cookie ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "attributes"),
    [
        ({"persistent": False}, ["HttpOnly", "Path=/", "SameSite=Lax"]),
        ({"persistent": False, "httponly": False, "samesite": False}, ["Path=/"]),
        ({"persistent": False, "samesite": "strict"}, ["HttpOnly", "Path=/", "SameSite=Strict"]),
        (
            {"persistent": False, "secure": True, "path": "/app", "domain": "example.com"},
            ["Domain=example.com", "HttpOnly", "Path=/app", "SameSite=Lax", "Secure"],
        ),
        ({"persistent": False, "path_header": "X-Path"}, ["HttpOnly", "Path=/p", "SameSite=Lax"]),
    ],
)
def test_attributes_of_the_cookie(
    site: Any, settings: dict[str, Any], attributes: list[str]
) -> None:
    answer = site(Pages(), **settings).get("/unused", X_Path="/p")
    (line,) = answer.values_of("Set-Cookie")
    first, *rest = line.split("; ")
    assert SESSION_ID.fullmatch(first)
    assert rest == attributes


def test_a_cookie_lasts_as_long_as_the_session(site: Any) -> None:
    (line,) = site(Pages(), timeout=5, name="sid").get("/unused").values_of("Set-Cookie")
    assert line.startswith("sid=")
    assert "; Max-Age=300; " in line
    assert "; expires=" in line


@pytest.mark.parametrize(("secure", "is_secure"), [(None, True), (False, False), (True, True)])
def test_by_https_the_cookie_is_secure(site: Any, secure: object, *, is_secure: bool) -> None:
    client = site(Pages(), secure=secure)
    client.environ["wsgi.url_scheme"] = "https"
    (line,) = client.get("/unused").values_of("Set-Cookie")
    assert line.endswith("; Secure") is is_secure


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"samesite": "sometimes"}, "tools.sessions.samesite = 'sometimes'"),
        ({"locking": "later"}, "tools.sessions.locking = 'later'"),
        ({"storage_type": "disk"}, "tools.sessions.storage_type = 'disk'"),
        ({"storage_class": FileSession}, "tools.sessions.storage_path = ''"),
        ({"storage_class": FileSession, "storage_path": "/dev/null/x"}, "expected a folder"),
        ({"storage_type": "file", "storage_path": ".", "serializer": 5}, "serializer = 5"),
    ],
)
def test_a_wrong_setting_is_an_error_that_names_it(
    site: Any, errors: Any, settings: dict[str, Any], text: str
) -> None:
    assert site(Pages(), **settings).get("/unused").code == 500
    assert text in errors.text


def test_a_storage_by_its_name(site: Any, tmp_path: Path, cookie: Any) -> None:
    client = site(
        Pages(), storage_class="cherrypy.lib.sessions.FileSession", storage_path=str(tmp_path / "s")
    )
    assert client.get("/", Cookie=cookie(client.get("/"))).text == "2"
    assert (tmp_path / "s").stat().st_mode & 0o777 == 0o700
    for path in (tmp_path / "s").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600


# ---- ids -----------------------------------------------------------------------------------------


def test_an_id_that_was_not_issued_is_never_adopted(site: Any) -> None:
    known = "0123456789abcdef0123456789abcdef01234567"
    answer = site(Pages()).get("/read", Cookie=f"session_id={known}")
    assert answer.text == f"None True {known}"
    assert known not in str(answer.fields)


@pytest.mark.parametrize(
    "value",
    [
        "../../etc/passwd",
        '"../../etc/passwd"',
        "a" * 10_000,
        "t\u00e4st".encode().decode("latin-1"),
        "",
        '"\\000\\015\\012"',
        "a; session_id=b; session_id=c",
        "$Version",
        "x.lock",
    ],
)
@pytest.mark.parametrize("storage", ["ram", "file"])
def test_a_hostile_cookie_begins_a_new_session(
    site: Any, cookie: Any, tmp_path: Path, value: str, storage: str
) -> None:
    client = site(Pages(), storage_type=storage, storage_path=str(tmp_path))
    answer = client.get("/", Cookie=f"session_id={value}")
    assert (answer.code, answer.text) == (200, "1")
    assert SESSION_ID.fullmatch(cookie(answer))
    assert client.get("/", Cookie=cookie(answer)).text == "2"


def test_of_two_cookies_the_last_one_counts(site: Any, cookie: Any) -> None:
    """As for all cookies; a plain one beside others is found without reading these."""
    client = site(Pages())
    mine = cookie(client.get("/"))
    assert client.get("/", Cookie=f"session_id=x; {mine}").text == "2"
    assert client.get("/", Cookie=f'a="b; c"; my_{mine}; {mine}; z=1').text == "3"
    assert client.get("/", Cookie=f"{mine}; session_id=x").text == "1"


def test_a_hundred_thousand_ids_and_no_duplicate(monkeypatch: pytest.MonkeyPatch) -> None:
    """At least 160 bits, from ``secrets``."""
    session = RamSession()
    ids = {session.generate_id() for _ in range(100_000)}
    assert len(ids) == 100_000
    assert min(map(len, ids)) * 4 >= 160
    asked: list[int] = []

    def token_hex(octets: int) -> str:
        asked.append(octets)
        return "x"

    monkeypatch.setattr(secrets, "token_hex", token_hex)
    assert session.generate_id() == "x"
    assert asked == [20]


def test_an_own_generator_of_ids_is_asked_again_if_it_repeats_itself() -> None:
    class Numbered(RamSession):
        numbers = iter((1, 1, 2))

        def generate_id(self) -> str:
            return f"number-{next(self.numbers)}"

    first = Numbered()
    first["n"] = 1
    first.save()
    assert (first.id, Numbered().id) == ("number-1", "number-2")


# ---- the end of a request ------------------------------------------------------------------------


@pytest.mark.parametrize("locking", ["implicit", "early"])
@pytest.mark.parametrize(
    ("path", "code", "count"),
    [
        ("/fail", 500, "2"),
        ("/refuse", 403, "11"),
        ("/redirect", 303, "21"),
        ("/elsewhere", 200, "3"),
        ("/stream", 200, "42"),
        ("/generator", 200, "51"),
        ("/save_twice", 200, "62"),
        ("/login", 200, "2"),
        ("/keep_out", 200, "2"),
        ("/lost", 404, "2"),
    ],
)
def test_a_session_is_stored_and_unlocked_however_a_request_ends(
    site: Any, cookie: Any, tmp_path: Path, locking: str, path: str, code: int, count: str
) -> None:
    settings = {"storage_type": "file", "storage_path": str(tmp_path), "lock_timeout": 5}
    client = site(Pages(), locking=locking, **settings)
    mine = cookie(client.get("/"))
    answer = client.get(path, Cookie=mine)
    assert answer.code == code
    assert not FileSession.locks
    if path == "/elsewhere":
        assert answer.text == "2"  # which is before what the first request wanted to store
    if code != 404:
        mine = cookie(answer)
    assert client.get("/", Cookie=mine).text == count
    assert len(list(tmp_path.iterdir())) == 2  # the session, and its lock


@pytest.mark.parametrize("locking", ["implicit", "early", "explicit"])
def test_a_client_that_goes_away_while_it_is_streamed_to(
    site: Any, cookie: Any, locking: str
) -> None:
    client = site(Pages(), locking=locking)
    mine = cookie(client.get("/"))
    with client.open("GET", "/stream", Cookie=mine) as (_, body):
        assert next(body) == b"a"
    assert not RamSession.locks
    assert client.get("/", Cookie=mine).text == "41"


def test_a_login_gives_a_new_id_and_keeps_the_data(site: Any, cookie: Any) -> None:
    client = site(Pages())
    before = cookie(client.get("/"))
    answer = client.get("/login", Cookie=before)
    assert answer.text == "[('n', 1), ('user', 'ann')]"
    assert cookie(answer) != before
    assert client.get("/read", Cookie=before).text.startswith("None True")
    assert client.get("/read", Cookie=cookie(answer)).text.startswith("1 False")
    assert len(RamSession.cache) == 1  # and none was stored for what was asked by the old id


def test_the_tool_can_regenerate(site: Any, cookie: Any) -> None:
    client = site(Pages(), persistent=False, samesite="Strict")
    before = cookie(client.get("/"))
    answer = client.get("/regenerate_by_the_tool", Cookie=before)
    (line,) = answer.values_of("Set-Cookie")
    assert not line.startswith(before)
    assert line.endswith("; HttpOnly; Path=/; SameSite=Strict")


def test_a_logout_leaves_nothing(site: Any, cookie: Any) -> None:
    client = site(Pages())
    answer = client.get("/logout", Cookie=cookie(client.get("/")))
    (line,) = answer.values_of("Set-Cookie")
    assert "Max-Age" not in line
    assert re.search(r"expires=\w+, \d\d \w+ 20", line)
    assert not RamSession.cache


def test_an_unused_session_writes_nothing(site: Any, cookie: Any, tmp_path: Path) -> None:
    client = site(Pages(), storage_type="file", storage_path=str(tmp_path))
    client.get("/unused", Cookie=cookie(client.get("/unused")))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["/unused", "/read", "/locked"])
def test_an_unknown_id_costs_no_memory(site: Any, path: str) -> None:
    """Anybody can send any number of them."""
    client = site(Pages())
    for number in range(10):
        assert client.get(path, Cookie=f"session_id={number}").code == 200
    assert not RamSession.cache


def test_a_session_that_was_emptied_stays(site: Any, cookie: Any) -> None:
    class Emptying(Pages):
        @cherrypy.expose
        def empty(self) -> str:
            cherrypy.session.clear()
            return "empty"

    client = site(Emptying())
    mine = cookie(client.get("/"))
    client.get("/empty", Cookie=mine)
    assert client.get("/read", Cookie=mine).text.startswith("None False")


def test_a_handler_sees_the_cookie_and_may_change_it(site: Any) -> None:
    class Changing(Pages):
        @cherrypy.expose
        def seen(self) -> str:
            morsel = cherrypy.response.cookie["session_id"]
            morsel["path"] = "/changed"
            return f"{morsel.value == cherrypy.session.id} {morsel['samesite']}"

    answer = site(Changing(), persistent=False).get("/seen")
    assert answer.text == "True Lax"
    (line,) = answer.values_of("Set-Cookie")
    assert line.endswith("; HttpOnly; Path=/changed; SameSite=Lax")


@pytest.mark.parametrize("point", ["before_request_body", "before_handler", "before_finalize"])
@pytest.mark.parametrize("path", ["/", "/refuse", "/redirect", "/stream", "/fail", "/lost"])
def test_the_cookie_is_sent_once_whether_or_not_somebody_looks_at_it(
    site: Any, point: str, path: str
) -> None:
    """Beside other cookies, after errors and redirects, and in a stream."""

    def look() -> None:
        cherrypy.response.cookie["other"] = "1"

    plain = site(Pages(), persistent=False).get(path)
    looked_at = site(Pages(), {f"hooks.{point}": look}, persistent=False).get(path)
    names = [line.partition("=")[0] for line in looked_at.values_of("Set-Cookie")]
    assert [line.partition("=")[0] for line in plain.values_of("Set-Cookie")] == ["session_id"]
    assert sorted({*names, "other"}) == ["other", "session_id"]
    assert names.count("session_id") == 1


def test_two_cookies_with_the_id() -> None:
    """By a tool of an application that sends it under another name, too."""

    def send_again() -> None:
        cherrypy.lib.sessions.set_response_cookie(name="other", timeout=None)

    hook = cherrypy._cprequest.Hook(send_again, priority=60)
    config = {"tools.sessions.on": True, "hooks.before_request_body": hook}
    answer = Client(cherrypy.Application(Pages(), "", {"/": config})).get("/")
    first, second = answer.values_of("Set-Cookie")
    assert first.startswith("other=")
    assert second.startswith("session_id=")


def test_a_response_class_with_its_own_cookies_has_this_one(site: Any) -> None:
    class OwnResponse(cherrypy._cprequest.Response):
        def finalize(self) -> None:
            self.headers["X-Cookies"] = ",".join(self.cookie)
            super().finalize()

    application = cherrypy.Application(Pages(), "", {"/": {"tools.sessions.on": True}})
    application.response_class = OwnResponse
    answer = Client(application).get("/")
    assert answer.field("X-Cookies") == "session_id"
    assert len(answer.values_of("Set-Cookie")) == 1


def test_a_cookie_that_another_tool_has_changed_is_read(site: Any, cookie: Any) -> None:
    def change() -> None:
        cherrypy.request.cookie["session_id"] = known[0]

    known = [""]
    hook = cherrypy._cprequest.Hook(change, priority=10)
    client = site(Pages(), {"hooks.before_request_body": hook})
    known[0] = cookie(client.get("/")).partition("=")[2]
    assert client.get("/").text == "2"


def test_when_a_session_is_locked(site: Any) -> None:
    for locking, shown in (
        ("implicit", "False True"),
        ("early", "True True"),
        ("explicit", "False False"),
        ("none", "False False"),
    ):
        client = site(Pages(), locking=locking)
        assert client.get("/locked").text == shown


def test_there_is_no_session_where_the_tool_is_off() -> None:
    with pytest.raises(AttributeError):
        cherrypy.session.get("n")


def test_a_tool_of_ones_own_may_open_the_session(site: Any, cookie: Any) -> None:
    def open_session() -> None:
        cherrypy.lib.sessions.init(clean_freq=0)
        cherrypy.lib.sessions.init(clean_freq=0, name="other")

    config = {
        "hooks.before_request_body": open_session,
        "hooks.before_finalize": cherrypy.lib.sessions.save,
        "hooks.on_end_request": cherrypy.lib.sessions.close,
    }
    client = site(Pages(), {"tools.sessions.on": False, **config})
    assert client.get("/", Cookie=cookie(client.get("/"))).text == "2"


# ---- several requests at once --------------------------------------------------------------------


class Slow:
    """Pages that meet each other."""

    def __init__(self) -> None:
        self.is_inside = threading.Event()
        self.may_leave = threading.Event()

    @cherrypy.expose
    def hold(self) -> str:
        cherrypy.session["held"] = True
        self.is_inside.set()
        assert self.may_leave.wait(DEADLINE)
        return "held"

    @cherrypy.expose
    def login(self) -> str:
        cherrypy.session["user"] = "ann"
        self.is_inside.set()
        assert self.may_leave.wait(DEADLINE)
        cherrypy.session.regenerate()
        return "in"

    @cherrypy.expose
    def index(self) -> str:
        cherrypy.session["n"] = cherrypy.session.get("n", 0) + 1
        return str(cherrypy.session["n"])

    @cherrypy.expose
    def name(self) -> str:
        return str(cherrypy.session.get("user"))

    @cherrypy.expose
    def unused(self) -> str:
        return "no session needed"


def test_who_waits_too_long_is_told_to_come_again(site: Any, cookie: Any) -> None:
    pages = Slow()
    client = site(pages, lock_timeout=0.05)
    mine = cookie(client.get("/"))
    thread = threading.Thread(target=client.get, args=("/hold",), kwargs={"Cookie": mine})
    thread.start()
    assert pages.is_inside.wait(DEADLINE)
    answer = client.get("/", Cookie=mine)
    assert (answer.code, answer.field("Retry-After")) == (503, "1")
    assert client.get("/unused", Cookie=mine).code == 200  # waits for nobody
    pages.may_leave.set()
    thread.join(DEADLINE)
    assert client.get("/", Cookie=mine).text == "2"


def test_a_request_that_has_waited_for_a_login_does_not_undo_it(site: Any, cookie: Any) -> None:
    """It was sent with the id from before, and must not bring that back."""
    pages = Slow()
    client = site(pages)
    mine = cookie(client.get("/"))
    answers: dict[str, Any] = {}

    def ask(path: str) -> None:
        answers[path] = client.get(path, Cookie=mine)

    login = threading.Thread(target=ask, args=("/login",))
    login.start()
    assert pages.is_inside.wait(DEADLINE)
    late = threading.Thread(target=ask, args=("/name",))
    late.start()
    while RamSession.locks.waiting(mine.partition("=")[2]) < 2:
        assert late.is_alive()
    pages.may_leave.set()
    login.join(DEADLINE)
    late.join(DEADLINE)
    assert answers["/login"].text == "in"
    assert answers["/name"].text == "None"
    assert answers["/name"].values_of("Set-Cookie") == []
    assert client.get("/name", Cookie=cookie(answers["/login"])).text == "ann"


@pytest.mark.parametrize("locking", ["implicit", "early"])
@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("storage", ["ram", "file"])
def test_parallel_requests_lose_no_update(
    site: Any, cookie: Any, tmp_path: Path, locking: str, storage: str, *, lazy: bool
) -> None:
    settings = {"storage_type": storage, "storage_path": str(tmp_path)}
    client = site(Pages(), locking=locking, lazy=lazy, **settings)
    mine = cookie(client.get("/"))
    codes: list[int] = []

    def count() -> None:
        codes.extend(client.get("/", Cookie=mine).code for _ in range(20))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    assert codes == [200] * 80
    assert client.get("/", Cookie=mine).text == "82"


def test_a_storage_without_locks_of_its_own_gets_some(site: Any, cookie: Any) -> None:
    class Plain(Session):
        records: dict[str, Any] = {}  # noqa: RUF012 - a test's

        def _exists(self) -> bool:
            return self.id in self.records

        def _load(self) -> Any:
            return self.records.get(self.id)

        def _save(self, expiration_time: Any) -> None:
            self.records[self.id] = (dict(self._data), expiration_time)

        def _delete(self) -> None:
            self.records.pop(self.id, None)

    client = site(Pages(), storage_class=Plain)
    assert client.get("/locked").text == "True True"
    assert client.get("/", Cookie=cookie(client.get("/"))).text == "2"
    assert not Session.locks
