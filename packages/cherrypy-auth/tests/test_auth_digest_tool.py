"""The tool auth_digest, asked in process."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from digest_client import Credentials, digest, parameters
from hypothesis import given
from hypothesis import strategies as st

import cherrypy
from cherrypy._auth import content
from cherrypy._auth.replay import WINDOW
from cherrypy.lib import auth_digest
from strategies import wild_text
from wsgi_client import Answer, Client

if TYPE_CHECKING:
    from pathlib import Path

    from log_records import Records

USERS = {"jon": "secret", "jün": "pässword €", 'a"b\\c': "x"}
KEY = "a565c27146791cfb"
NAMES = ["SHA-512-256-sess", "SHA-512-256", "SHA-256-sess", "SHA-256", "MD5-sess", "MD5"]


class Root:
    """Pages that say who is logged in."""

    @cherrypy.expose
    def index(self, **_params: str) -> str:
        return f"login {cherrypy.request.login!r}"

    @cherrypy.expose
    def page(self, *_path: str) -> str:
        return "page"

    @cherrypy.expose
    def elsewhere(self) -> None:
        raise cherrypy.InternalRedirect("/?from=elsewhere")

    @cherrypy.expose
    def echo(self) -> bytes:
        return cherrypy.request.body.read() or b""

    @cherrypy.expose
    def form(self, **fields: Any) -> str:
        return repr(fields)

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def stream(self) -> Any:
        yield "streamed"

    @cherrypy.expose
    def away(self) -> None:
        raise cherrypy.HTTPRedirect("/")


def application(**settings: Any) -> cherrypy.Application:
    settings = {
        "on": True,
        "realm": "localhost",
        "get_ha1": auth_digest.get_ha1_dict_plain(USERS),
        "key": KEY,
    } | settings
    config = {f"tools.auth_digest.{k}": v for k, v in settings.items() if v is not None}
    return cherrypy.Application(Root(), "", {"/": config})


class Visitor:
    """A client that knows a password, of a site with these settings."""

    def __init__(self, **settings: Any) -> None:
        self.client = Client(application(**settings))

    def challenges(self, target: str = "/") -> list[dict[str, str]]:
        """Ask without credentials, and return the parameters of what comes."""
        answer = self.client.get(target)
        assert answer.code == 401
        return [parameters(value) for value in answer.values_of("WWW-Authenticate")]

    def credentials(self, **parts: Any) -> Credentials:
        """Return credentials for a new nonce."""
        return Credentials(self.challenges()[0]["nonce"], **parts)

    def send(self, credentials: Credentials, content: bytes | None = None, **fields: str) -> Answer:
        """Send a request with credentials."""
        return self.client.ask(
            credentials.method, credentials.uri, content, Authorization=credentials.field, **fields
        )


def is_stale(answer: Answer) -> bool:
    """Tell whether an answer refuses nothing but the nonce."""
    assert answer.code == 401
    (challenge,) = answer.values_of("WWW-Authenticate")
    return parameters(challenge).get("stale") == "true"


def test_the_challenge() -> None:
    """RFC 7616 section 3.3: what is quoted, and what is not."""
    answer = Client(application()).get()
    assert answer.code == 401
    assert "not authorized to access that resource" in answer.text
    assert re.fullmatch(
        r'Digest realm="localhost", nonce="[0-9]+:[0-9a-f]{48}", algorithm=MD5, qop="auth", '
        r"charset=UTF-8",
        answer.field("WWW-Authenticate") or "",
    )


def test_a_client_with_the_password_is_let_in() -> None:
    visitor = Visitor()
    credentials = visitor.credentials()
    answer = visitor.send(credentials)
    assert (answer.code, answer.text) == (200, "login 'jon'")
    assert answer.field("Authentication-Info") == (
        f'rspauth="{credentials.answer_to("", b"")}", qop=auth, cnonce="0a4f113b", nc=00000001'
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("qop", ["auth", "auth-int"])
def test_every_algorithm(name: str, qop: str) -> None:
    visitor = Visitor(algorithms=name, qop=qop)
    (challenge,) = visitor.challenges()
    assert (challenge["algorithm"], challenge["qop"]) == (name, qop)
    for username, password in USERS.items():
        credentials = visitor.credentials(
            algorithm=name, qop=qop, username=username, password=password
        )
        answer = visitor.send(credentials)
        assert (answer.code, answer.text) == (200, f"login {username!r}")
        proof = parameters(answer.field("Authentication-Info") or "")
        content = f"login {username!r}".encode()
        assert proof["rspauth"] == credentials.answer_to("", content)
        wrong = dataclasses.replace(credentials, password="other", nc="00000002")  # noqa: S106
        assert not is_stale(visitor.send(wrong))


def test_the_strongest_challenge_comes_first() -> None:
    visitor = Visitor(algorithms=["MD5", "SHA-512-256", "SHA-256"])
    challenges = visitor.challenges()
    assert [each["algorithm"] for each in challenges] == ["SHA-512-256", "SHA-256", "MD5"]
    for each in challenges:
        answer = visitor.send(Credentials(each["nonce"], algorithm=each["algorithm"]))
        assert answer.code == (200 if each is challenges[0] else 401)  # it is one nonce, used up
    for each in challenges:
        assert visitor.send(visitor.credentials(algorithm=each["algorithm"])).code == 200


def test_an_algorithm_that_was_not_offered() -> None:
    visitor = Visitor(algorithms="SHA-256")
    for name in ("MD5", "SHA-256-sess", "SHA-512-256"):
        assert not is_stale(visitor.send(visitor.credentials(algorithm=name)))
    assert visitor.send(visitor.credentials(algorithm=None)).code == 401  # which means MD5


def test_without_algorithm_md5_is_meant() -> None:
    visitor = Visitor()
    assert visitor.send(visitor.credentials(algorithm=None)).code == 200


@pytest.mark.parametrize(
    "says",
    [
        {"response": '"0123456789abcdef0123456789abcdef"'},
        {"response": '""'},
        {"response": '"é"'},
        {"username": '"ann"'},
        {"username": '"nobody"'},
        {"realm": '"other"'},
        {"nonce": '"other"'},
        {"nc": "00000002"},
        {"cnonce": '"other"'},
        {"qop": "auth-int"},
        {"userhash": "true"},
    ],
    ids=str,
)
def test_credentials_that_were_changed_are_refused(says: dict[str, str]) -> None:
    visitor = Visitor()
    assert not is_stale(visitor.send(visitor.credentials(says=says)))


def test_a_truncated_response_is_refused() -> None:
    visitor = Visitor()
    credentials = visitor.credentials()
    whole = credentials.answer_to("GET", b"")
    for length in range(32):
        says = {"response": f'"{whole[:length]}"'}
        assert visitor.send(dataclasses.replace(credentials, says=says)).code == 401
    assert visitor.send(credentials).code == 200


@given(st.data())
def test_truncated_credentials_are_refused(data: st.DataObject) -> None:
    visitor = Visitor()
    field = visitor.credentials().field
    length = data.draw(st.integers(0, len(field) - 1))
    assert visitor.client.get(Authorization=field[:length]).code in {400, 401}


@given(st.data())
def test_credentials_with_one_other_character_are_refused(data: st.DataObject) -> None:
    visitor = Visitor(algorithms="SHA-256")  # the one that is not meant where none is named
    field = visitor.credentials(algorithm="SHA-256").field
    position = data.draw(st.integers(0, len(field) - 1))
    character = data.draw(st.sampled_from('\x00 ",=\\aA0é'))
    changed = field[:position] + character + field[position + 1 :]
    code = visitor.client.get(Authorization=changed).code
    # what means the same may pass: the case of names, and blanks between parameters
    meant = re.sub(r"[\s,]+", " ", changed.lower()) == re.sub(r"[\s,]+", " ", field.lower())
    assert code in {400, 401} or (code == 200 and meant)


def test_parameters_in_another_order_mean_the_same() -> None:
    visitor = Visitor()
    _, _, rest = visitor.credentials().field.partition(" ")
    backwards = "Digest " + ", ".join(reversed(rest.split(", ")))
    assert visitor.client.get(Authorization=backwards).code == 200


@given(wild_text() | wild_text().map(lambda text: "Digest " + text))
def test_no_field_makes_an_error_of_ours(field: str) -> None:
    answer = Client(application()).get(Authorization=field.encode().decode("latin-1"))
    assert answer.code in {400, 401}


@given(
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            ("username", "realm", "nonce", "uri", "response", "qop", "nc", "cnonce", "algorithm"),
            wild_text(),
        )
        | {"username*": wild_text(), "userhash": wild_text(), "stale": wild_text()},
    )
)
def test_no_value_makes_an_error_of_ours(says: dict[str, str]) -> None:
    visitor = Visitor(algorithms=NAMES, qop="auth, auth-int", userhash=True)
    answer = visitor.send(visitor.credentials(algorithm="SHA-256", says=says))
    is_harmless = says.keys() <= {"userhash", "stale"}  # what is not "true" means nothing
    assert answer.code in ({200, 400, 401} if is_harmless else {400, 401})


# Replays


def test_a_replay_is_refused() -> None:
    visitor = Visitor()
    credentials = visitor.credentials()
    assert visitor.send(credentials).code == 200
    assert is_stale(visitor.send(credentials))


def test_requests_at_the_same_time_may_arrive_in_any_order() -> None:
    """A browser sends several at once, on several connections; each counts once."""
    visitor = Visitor()
    credentials = visitor.credentials()
    counts = [f"{count:08x}" for count in (3, 1, 5, 2, 100, 4, 50)]
    requests = [dataclasses.replace(credentials, nc=nc) for nc in counts]
    assert [visitor.send(request).code for request in requests] == [200] * len(requests)
    assert all(is_stale(visitor.send(request)) for request in requests)


def test_a_count_that_comes_very_late_is_refused() -> None:
    """Since it cannot be told from a replay. A browser repeats it with a new nonce by itself."""
    visitor = Visitor()
    credentials = visitor.credentials()
    for count, code in ((1000, 200), (1000 - WINDOW, 200), (1000 - WINDOW - 1, 401), (1001, 200)):
        assert visitor.send(dataclasses.replace(credentials, nc=f"{count:08X}")).code == code


def test_a_wrong_password_uses_no_count_up() -> None:
    visitor = Visitor()
    credentials = visitor.credentials()
    wrong = dataclasses.replace(credentials, password="?", nc="00000009")  # noqa: S106
    assert visitor.send(wrong).code == 401
    assert visitor.send(credentials).code == 200


def test_processes_share_the_key_and_may_share_what_they_have_seen() -> None:
    class Shared:
        def __init__(self) -> None:
            self.seen: dict[str, int] = {}
            self.expires: set[float] = set()

        def advance(self, nonce: str, count: int, expires: float) -> bool:
            self.expires.add(expires)
            is_new = count > self.seen.get(nonce, 0)
            self.seen[nonce] = max(count, self.seen.get(nonce, 0))
            return is_new

    alone = [Visitor(replay_store=auth_digest.MemoryReplayStore()) for _ in range(2)]
    credentials = alone[0].credentials()
    assert [visitor.send(credentials).code for visitor in (*alone, *alone)] == [200, 200, 401, 401]
    store = Shared()
    together = [Visitor(replay_store=store) for _ in range(2)]
    before = time.time()
    credentials = together[0].credentials()
    assert [visitor.send(credentials).code for visitor in together] == [200, 401]
    (expires,) = store.expires
    assert 598 < expires - before < 602
    assert is_stale(Visitor(key="other").send(credentials))


def test_a_redirect_inside_asks_once() -> None:
    visitor = Visitor()
    answer = visitor.send(visitor.credentials(uri="/elsewhere"))
    assert (answer.code, answer.text) == (200, "login 'jon'")
    assert answer.field("Authentication-Info")


def test_a_redirect_inside_leads_to_no_other_realm() -> None:
    app = application()
    app.merge({"/elsewhere": {"tools.auth_digest.on": False}})
    assert Client(app).get("/elsewhere").code == 401
    app = application(on=False)
    app.merge({"/elsewhere": {"tools.auth_digest.on": True, "tools.auth_digest.realm": "other"}})
    visitor = Visitor()
    visitor.client = Client(app)
    nonce = visitor.challenges("/elsewhere")[0]["nonce"]
    credentials = Credentials(nonce, realm="other", uri="/elsewhere")
    assert visitor.send(credentials).text == "login None"
    app.merge({"/": {"tools.auth_digest.on": True}})
    assert visitor.send(dataclasses.replace(credentials, nc="00000002")).code == 401


# Nonces


def test_an_expired_nonce(monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = Visitor(nonce_lifetime=60)
    credentials = visitor.credentials()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 58)
    assert visitor.send(credentials).code == 200
    monkeypatch.setattr(time, "time", lambda: now + 61)
    assert is_stale(visitor.send(dataclasses.replace(credentials, nc="00000002")))
    wrong = dataclasses.replace(credentials, password="?", nc="00000002")  # noqa: S106
    assert not is_stale(visitor.send(wrong))  # so that the user is asked


def test_the_next_nonce_comes_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = Visitor()
    credentials = visitor.credentials()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 400)
    found = parameters(visitor.send(credentials).field("Authentication-Info") or "")
    following = Credentials(found["nextnonce"])
    answer = visitor.send(following)
    assert answer.code == 200
    assert "nextnonce" not in (answer.field("Authentication-Info") or "")


def test_a_nonce_of_another_realm() -> None:
    nonce = Visitor(realm="other").challenges()[0]["nonce"]
    assert Visitor().send(Credentials(nonce)).code == 401
    assert Visitor().send(Credentials(nonce, realm="other")).code == 401


# The quality of protection


def test_a_response_without_qop_is_refused() -> None:
    """Whoever strips it could replay the response to whatever else has the same URI."""
    visitor = Visitor()
    assert not is_stale(visitor.send(visitor.credentials(qop=None)))


def test_a_response_of_another_quality_is_refused() -> None:
    assert Visitor().send(Visitor().credentials(qop="auth-int")).code == 401
    visitor = Visitor(qop=["auth-int"])
    assert visitor.send(visitor.credentials(qop="auth")).code == 401
    visitor = Visitor(qop=["auth-int", "auth"])
    assert visitor.challenges()[0]["qop"] == "auth, auth-int"
    assert visitor.send(visitor.credentials(qop="auth")).code == 200
    assert visitor.send(visitor.credentials(qop="auth-int")).code == 200


def post(visitor: Visitor, sent: bytes, signed: bytes, uri: str = "/echo", **fields: str) -> Answer:
    credentials = visitor.credentials(qop="auth-int", method="POST", uri=uri, content=signed)
    return visitor.send(credentials, sent, **fields)


def test_with_auth_int_the_content_counts() -> None:
    visitor = Visitor(qop="auth-int")
    answer = post(visitor, b"abc", b"abc", Content_Type="text/plain")
    assert (answer.code, answer.body) == (200, b"abc")
    assert post(visitor, b"abd", b"abc", Content_Type="text/plain").code == 401
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    assert post(visitor, b"a=1", b"a=1", "/form", **form).text == "{'a': '1'}"
    assert post(visitor, b"a=2", b"a=1", "/form", **form).code == 401
    large = bytes(3_000_000)
    assert post(visitor, large, large, Content_Type="text/plain").body == large
    assert post(visitor, b"", b"", Content_Type="text/plain").code == 200


def test_with_auth_int_a_body_of_unknown_length() -> None:
    visitor = Visitor(qop="auth-int")
    chunked = {"Content_Type": "text/plain", "Transfer_Encoding": "chunked"}
    for signed, code in ((b"abc", 200), (b"abd", 401)):
        credentials = visitor.credentials(
            qop="auth-int", method="POST", uri="/echo", content=signed
        )
        environ = {"wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
        client = Client(visitor.client.application, **environ)
        answer = client.ask("POST", "/echo", b"abc", Authorization=credentials.field, **chunked)
        assert answer.code == code


def test_with_auth_int_the_limits_count() -> None:
    visitor = Visitor(qop="auth-int")
    visitor.client.application.merge({"/": {"request.body.maxbytes": 5}})
    text = {"Content_Type": "text/plain"}
    assert post(visitor, b"12345", b"12345", **text).code == 200
    assert post(visitor, b"123456", b"123456", **text).code == 413


@pytest.mark.parametrize(
    ("sent", "length", "limit", "code"),
    [(b"abc", 4, None, 400), (b"abc", None, 2, 413), (b"abc", 3, 2, 413)],
)
def test_content_that_is_too_short_or_too_long(
    sent: bytes, length: int | None, limit: int | None, code: int
) -> None:
    with pytest.raises(cherrypy.HTTPError) as failure:
        content.spool(io.BytesIO(sent), length, limit, hashlib.sha256())
    assert failure.value.code == code


def test_content_that_is_kept_is_closed() -> None:
    visitor = Visitor(qop="auth-int")
    kept: list[Any] = []

    def look() -> None:
        kept.append(cherrypy.request.digest_content.file)

    visitor.client.application.merge({"/": {"hooks.before_handler": look}})
    assert post(visitor, b"abc", b"abc", Content_Type="text/plain").code == 200
    assert kept[0].closed


def test_a_stream_is_not_read_to_prove_something() -> None:
    visitor = Visitor(qop="auth-int")
    answer = visitor.send(visitor.credentials(qop="auth-int", uri="/stream"))
    assert (answer.code, answer.text) == (200, "streamed")
    assert answer.field("Authentication-Info") is None


def test_auth_int_counts_what_is_sent() -> None:
    """RFC 7616 section 3.5: the content after its coding."""
    visitor = Visitor(qop="auth-int")
    visitor.client.application.merge({"/": {"tools.gzip.on": True, "tools.gzip.minimum_size": 1}})
    credentials = visitor.credentials(qop="auth-int")
    answer = visitor.send(credentials, Accept_Encoding="gzip")
    assert answer.field("Content-Encoding") == "gzip"
    proof = parameters(answer.field("Authentication-Info") or "")
    assert proof["rspauth"] == credentials.answer_to("", answer.body)


def test_other_answers_prove_it_too() -> None:
    visitor = Visitor()
    for uri, code in (("/away", 303), ("/nothing/here", 404)):
        answer = visitor.send(visitor.credentials(uri=uri))
        assert answer.code == code
        assert answer.field("Authentication-Info")


# The URI


@pytest.mark.parametrize(
    ("target", "uri"),
    [
        ("/", "/other"),
        ("/", "/?a=b"),
        ("/?a=b", "/"),
        ("/?a=b", "/?a=c"),
        ("/page", "/"),
        ("/", "http://other.example/"),
        ("/", "*"),
    ],
)
def test_credentials_for_another_uri_are_400(target: str, uri: str) -> None:
    """RFC 7616 section 3.4.6."""
    visitor = Visitor()
    field = visitor.credentials(uri=uri).field
    answer = visitor.client.get(target, Authorization=field)
    assert answer.code == 400
    assert "The credentials are for another URI." in answer.text


@pytest.mark.parametrize(
    ("target", "uri"),
    [
        ("/?a=b", "/?a=b"),
        ("/page/%C3%A4", "/page/%C3%A4"),
        ("/page/%C3%A4", "/page/ä"),
        ("/page/~x", "/page/%7Ex"),
        ("/page", "http://localhost/page"),
    ],
)
def test_the_same_uri_in_other_letters(target: str, uri: str) -> None:
    visitor = Visitor()
    field = visitor.credentials(uri=uri).field
    assert visitor.client.get(target, Authorization=field).code == 200


def test_what_the_server_says_that_was_asked_for() -> None:
    """RFC 9112 section 3.2: the request target, which a proxy in between may have rewritten."""
    visitor = Visitor()
    client = Client(visitor.client.application, REQUEST_URI="/outside/page?x")
    field = visitor.credentials(uri="/outside/page?x").field
    assert client.get("/page", Authorization=field).code == 200


def test_a_proxy_that_takes_a_prefix_off() -> None:
    visitor = Visitor()
    visitor.client.application.merge(
        {"/": {"tools.proxy.on": True, "tools.proxy.base": "https://www.example/app"}}
    )
    field = visitor.credentials(uri="/app/page").field
    assert visitor.client.get("/page", Authorization=field).code == 200
    field = visitor.credentials(uri="/other/page").field
    assert visitor.client.get("/page", Authorization=field).code == 400


# Users


def test_a_hash_in_place_of_the_name() -> None:
    visitor = Visitor(userhash=True, algorithms="SHA-256")
    assert visitor.challenges()[0]["userhash"] == "true"
    for username, password in USERS.items():
        parts = {"username": username, "password": password, "algorithm": "SHA-256"}
        answer = visitor.send(visitor.credentials(userhash=True, **parts))
        assert answer.text == f"login {username!r}"
        assert visitor.send(visitor.credentials(**parts)).code == 200  # or the name itself
    unknown = visitor.credentials(username="nobody", userhash=True, algorithm="SHA-256")
    assert visitor.send(unknown).code == 401


def test_a_name_in_a_parameter_of_its_own() -> None:
    visitor = Visitor()
    credentials = visitor.credentials(username="jün", password=USERS["jün"])
    text = credentials.field.encode("latin-1").decode()
    field = text.replace('username="jün"', "username*=UTF-8''j%C3%BCn")
    assert visitor.client.get(Authorization=field).text == "login 'jün'"


def test_a_client_that_knows_latin_1_only() -> None:
    visitor = Visitor()
    nonce = visitor.challenges()[0]["nonce"]

    def md5(*parts: str) -> str:
        return hashlib.md5(":".join(parts).encode("latin-1")).hexdigest()  # noqa: S324

    users = {"jün": "pä"}
    visitor = Visitor(get_ha1=auth_digest.get_ha1_dict_plain(users))
    secret = md5("jün", "localhost", "pä")
    response = md5(secret, nonce, "00000001", "c", "auth", md5("GET", "/"))
    field = (
        f'Digest username="jün", realm="localhost", nonce="{nonce}", uri="/", '
        f'response="{response}", qop=auth, nc=00000001, cnonce="c"'
    )
    assert visitor.client.get(Authorization=field).text == "login 'jün'"


@pytest.mark.parametrize("name", ["MD5", "SHA-256"])
def test_users_of_all_sources(name: str, tmp_path: Any) -> None:
    found = digest(name, "jon", "localhost", "secret")
    path = tmp_path / "users"
    path.write_text(f"jon:localhost:{found}\n")
    for source in (
        auth_digest.get_ha1_dict({"jon": found}),
        auth_digest.get_ha1_dict({"jon": {name: found}}),
        auth_digest.get_ha1_file_htdigest(path),
        lambda realm, user: found if (realm, user) == ("localhost", "jon") else None,
    ):
        visitor = Visitor(get_ha1=source, algorithms=name)
        assert visitor.send(visitor.credentials(algorithm=name)).code == 200
        wrong = visitor.credentials(algorithm=name, password="?")  # noqa: S106
        assert visitor.send(wrong).code == 401


BLANK = digest("MD5", "closed", "localhost", "")


@pytest.mark.parametrize("store", ["plain", "hashes", "mapping", "file", "function"])
@pytest.mark.parametrize("entry", ["", None, "!", "x" * 32, "A" * 32, "0" * 64, BLANK])
def test_an_account_without_a_password_lets_nobody_in(
    store: str, entry: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is how accounts are closed. Whatever a client makes its response of, it is refused."""
    path = tmp_path / "users"
    path.write_text("" if entry is None else f"closed:localhost:{entry}\n")
    sources: dict[str, Any] = {
        "plain": auth_digest.get_ha1_dict_plain({"closed": entry and ""}),
        "hashes": auth_digest.get_ha1_dict({"closed": entry}),
        "mapping": auth_digest.get_ha1_dict({"closed": {"MD5": entry}}),
        "file": auth_digest.get_ha1_file_htdigest(path),
        # a function may know a user with an empty password, if it says so by the hash of one
        "function": lambda _realm, _name: None if entry == BLANK else entry,
    }
    visitor = Visitor(get_ha1=sources[store])
    for secret in ("", str(entry), BLANK, "0" * 32):
        monkeypatch.setattr(Credentials, "secret_hash", secret)
        assert visitor.send(visitor.credentials(username="closed")).code == 401


def test_no_field_of_a_client_becomes_the_login() -> None:
    visitor = Visitor()
    answer = visitor.send(visitor.credentials(), X_Remote_User="evil", Remote_User="evil")
    assert answer.text == "login 'jon'"


def test_the_log_names_the_user(accesses: Records) -> None:
    visitor = Visitor()
    visitor.send(visitor.credentials())
    assert [line[: line.index("[")] for line in accesses.messages] == [
        "127.0.0.1 - - ",
        "127.0.0.1 - jon ",
    ]


# Machines without MD5


@pytest.fixture
def no_md5(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse MD5, as a machine in FIPS mode does."""
    known = hashlib.new

    def refuse(*_arguments: object, **_options: object) -> None:
        raise ValueError("[digital envelope routines] unsupported")

    def new(name: str, *arguments: Any, **options: Any) -> Any:
        return refuse() if name.lower() == "md5" else known(name, *arguments, **options)

    monkeypatch.setattr(hashlib, "md5", refuse)
    monkeypatch.setattr(hashlib, "new", new)


@pytest.mark.usefixtures("no_md5")
def test_where_there_is_no_md5(errors: Records) -> None:
    visitor = Visitor()  # with passwords at hand, it takes what there is
    assert visitor.challenges()[0]["algorithm"] == "SHA-256"
    assert visitor.send(visitor.credentials(algorithm="SHA-256")).code == 200
    nonce = auth_digest.synthesize_nonce("localhost", KEY)
    assert Visitor().send(Credentials(nonce, algorithm="SHA-256")).code == 200
    asked = Client(application(algorithms=["SHA-256", "MD5"])).get()
    assert asked.code == 500
    assert "MD5 is not available on this machine" in errors.text


def test_no_md5_object_is_made_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    known = hashlib.new

    def new(name: str, *arguments: Any) -> Any:
        made.append(name)
        return known(name, *arguments)

    monkeypatch.setattr(hashlib, "new", new)
    for name in ("SHA-256", "SHA-512-256"):
        visitor = Visitor(algorithms=name)
        assert visitor.send(visitor.credentials(algorithm=name)).code == 200
        assert visitor.client.get(Authorization="Digest username=jon").code == 400
        field = f'Digest username="jon", realm="localhost", nonce="{"0" * 50}", uri="/", '
        field += 'response="", qop=auth, nc=00000001, cnonce=c, algorithm='
        assert visitor.client.get(Authorization=field + "MD5").code == 401
        assert visitor.client.get(Authorization=field + name).code == 401
    assert set(made) == {"sha256", "sha512_256"}


# Mistakes in the configuration


def find_nobody(_realm: str, _username: str) -> None:
    """Know no user."""


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"realm": None}, "tools.auth_digest.realm = None: expected text"),
        ({"get_ha1": None}, "tools.auth_digest.get_ha1 = None: expected a function"),
        ({"key": None}, "tools.auth_digest.key is NoneType: expected secret text"),
        ({"key": ""}, "tools.auth_digest.key is empty: expected secret text"),
        ({"algorithms": "SHA-1"}, "tools.auth_digest.algorithms = 'SHA-1': expected some of MD5"),
        ({"algorithms": []}, "tools.auth_digest.algorithms = []: expected at least one"),
        ({"qop": "secret"}, "tools.auth_digest.qop = 'secret': expected 'auth', 'auth-int'"),
        ({"qop": []}, "tools.auth_digest.qop = []: expected"),
        ({"nonce_lifetime": 0}, "tools.auth_digest.nonce_lifetime = 0: expected a number"),
        ({"accept_charset": "?"}, "accept_charset = '?': expected a charset"),
        (
            {"get_ha1": find_nobody, "algorithms": ["SHA-256", "MD5"]},
            "tools.auth_digest.algorithms = ['SHA-256', 'MD5']: expected one",
        ),
    ],
)
def test_a_mistake_in_the_configuration_lets_nobody_in(
    settings: dict[str, Any], message: str, errors: Records
) -> None:
    nonce = auth_digest.synthesize_nonce("localhost", KEY)
    answer = Client(application(**settings)).get(Authorization=Credentials(nonce).field)
    assert answer.code == 500
    assert message in errors.text


def test_where_tools_are_set_up_for_each_request() -> None:
    class OwnTool(type(cherrypy.tools.auth_digest)):  # type: ignore[misc]
        def _setup(self) -> None:
            super()._setup()

    own = OwnTool("before_handler", auth_digest.digest_auth)
    cherrypy.tools.own_digest = own
    try:
        visitor = Visitor(on=False)
        settings = visitor.client.application.config["/"]
        own_settings = {
            name.replace("auth_digest", "own_digest"): value for name, value in settings.items()
        }
        visitor.client.application.merge({"/": own_settings | {"tools.own_digest.on": True}})
        answer = visitor.send(visitor.credentials())
        assert answer.text == "login 'jon'"
        assert answer.field("Authentication-Info")
    finally:
        del cherrypy.tools.own_digest


def test_an_application_may_put_another_function_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cherrypy.tools.auth_digest, "callable", lambda **_arguments: None)
    answer = Client(application()).get()
    assert (answer.code, answer.field("Authentication-Info")) == (200, None)


# Called by the application


def test_by_a_call() -> None:
    class Pages:
        @cherrypy.expose
        def index(self, **_: str) -> str:
            source = auth_digest.get_ha1_dict_plain(USERS)
            auth_digest.digest_auth("localhost", source, KEY, qop="auth, auth-int")
            return str(cherrypy.request.login)

    visitor = Visitor()
    visitor.client = Client(cherrypy.Application(Pages()))
    assert visitor.send(visitor.credentials()).text == "jon"
    # nobody has kept the content, so that what is signed can not be compared
    assert visitor.send(visitor.credentials(qop="auth-int")).code == 401
