"""The caching tool: what is kept, for whom, and for how long (RFC 9111)."""

from __future__ import annotations

import gzip
from datetime import timedelta
from time import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cherrypy
from cherrypy._app import serving
from cherrypy._http.dates import parse_http_date
from cherrypy.lib import caching, memory_cache
from strategies import wild_text
from wsgi_client import Answer, Client

if TYPE_CHECKING:
    from collections.abc import Iterator

MODIFIED = "Thu, 29 Feb 2024 12:00:00 GMT"


@pytest.fixture(autouse=True)
def no_cache(site: None) -> Iterator[None]:
    """Begin and end without the cache of the process."""
    del site
    caching.shared.cache = None
    yield
    caching.shared.cache = None


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return time() + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the cache, and that by which responses are made."""
    clock = Clock()
    for module in (caching, memory_cache, serving):
        monkeypatch.setattr(module, "time", clock)
    return clock


class _Root:
    """Each answer tells how many there were."""

    def __init__(self) -> None:
        self.calls = 0

    def count(self) -> str:
        """Return the number of this call."""
        self.calls += 1
        return str(self.calls)

    @cherrypy.expose
    def index(self, **params: object) -> str:
        return self.count() + "".join(sorted(params))

    @cherrypy.expose
    def other(self) -> str:
        return self.count()

    @cherrypy.expose
    def says(self, name: str, value: str) -> str:
        cherrypy.response.headers[name] = value
        return self.count()

    @cherrypy.expose
    def status(self, code: int) -> str:
        cherrypy.response.status = int(code)
        return self.count()

    @cherrypy.expose
    def varying(self, names: str = "Accept-Language") -> str:
        cherrypy.response.headers["Vary"] = names
        return self.count()

    @cherrypy.expose
    def cookie(self) -> str:
        cherrypy.response.cookie["a"] = "1"
        return self.count()

    @cherrypy.expose
    def error(self) -> str:
        raise cherrypy.HTTPError(404, self.count())

    @cherrypy.expose
    def moved(self) -> str:
        self.count()
        raise cherrypy.HTTPRedirect("/", 301)

    @cherrypy.expose
    def failing(self) -> str:
        raise ZeroDivisionError(self.count())

    @cherrypy.expose
    def validated(self) -> str:
        cherrypy.response.headers["Last-Modified"] = MODIFIED
        cherrypy.response.headers["ETag"] = '"own"'
        return self.count()

    @cherrypy.expose
    def sized(self, size: int) -> str:
        return self.count().ljust(int(size))

    @cherrypy.expose
    def session(self, loaded: str = "") -> str:
        class Session:
            pass

        session: Any = Session()
        session.loaded = bool(loaded)
        cherrypy.serving.session = session
        return self.count()

    @cherrypy.expose
    def uncacheable(self) -> str:
        cherrypy.serving.request.cacheable = False
        return self.count()

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def stream(self, size: int = 2) -> Iterator[str]:
        yield self.count()
        for _ in range(int(size)):
            yield "x"

    @cherrypy.expose
    def state(self) -> str:
        request = cherrypy.request
        return f"{getattr(request, 'cached', None)} {getattr(request, 'cacheable', None)}"


def client(root: object = None, **settings: object) -> Client:
    config = {"tools.caching.on": True}
    config |= {f"tools.caching.{name}": value for name, value in settings.items()}  # type: ignore[misc]
    return Client(cherrypy.Application(root or _Root(), "", {"/": config}))


def is_hit(answer: Answer) -> bool:
    return answer.field("Age") is not None


def test_the_second_answer_is_the_first() -> None:
    ours = client()
    first, second = ours.get(), ours.get()
    assert (first.text, second.text) == ("1", "1")
    assert (first.field("Age"), second.field("Age")) == (None, "0")
    named = {"Age": "0", **dict(first.fields)}
    assert dict(second.fields) == named


def test_the_url_is_the_key() -> None:
    ours = client()
    texts = [ours.get(target).text for target in ("/?a=1", "/?b=1", "/", "/other", "/?a=1")]
    assert texts == ["1a", "2b", "3", "4", "1a"]
    assert ours.get("/?a=1", Host="other.example").text == "5a"
    assert list(caching.shared.cache.store) == [
        *("http://localhost/?a=1", "http://localhost/?b=1", "http://localhost/"),
        *("http://localhost/other", "http://other.example/?a=1"),
    ]


def test_a_folder_without_its_slash_is_another_url() -> None:
    class Root:
        leaf = _Root()

    ours = client(Root())
    assert ours.get("/leaf").field("Location") == "http://localhost/leaf/"
    assert ours.get("/leaf/").text == "1"
    assert ours.get("/leaf").field("Location") == "http://localhost/leaf/"


def test_head_is_answered_with_what_get_has_left() -> None:
    ours = client()
    assert not is_hit(ours.head())  # a handler may answer HEAD without content
    assert not is_hit(ours.get())
    answer = ours.head()
    assert (answer.body, answer.field("Content-Length"), is_hit(answer)) == (b"", "1", True)


def test_age_is_told_in_seconds(clock: Clock) -> None:
    ours = client()
    ours.get()
    clock.ahead = 5
    assert ours.get().field("Age") == "5"
    clock.ahead = -5
    assert ours.get().field("Age") == "0"


def test_an_answer_is_kept_for_the_delay(clock: Clock) -> None:
    ours = client(delay=10)
    ours.get()
    clock.ahead = 9
    assert ours.get().text == "1"
    clock.ahead = 11
    assert ours.get().text == "2"
    assert caching.shared.cache.tot_expires == 1


@pytest.mark.parametrize(
    ("name", "value", "seconds"),
    [
        ("Cache-Control", "max-age=5", 5),
        ("Cache-Control", "max-age=5, s-maxage=7", 7),
        ("Cache-Control", "max-age=100", 10),  # no longer than the delay
        ("Cache-Control", "max-age=99999999999999999999", 10),
        ("Cache-Control", "max-age=0", 0),
        ("Cache-Control", "max-age=x", 0),
        ("Expires", "0", 0),
        ("Expires", MODIFIED, 0),
        ("Expires", "Thu, 29 Feb 2124 12:00:00 GMT", 10),
        ("Cache-Control", "must-revalidate", 10),
    ],
)
def test_an_answer_may_say_how_long_it_is_kept(
    clock: Clock, name: str, value: str, seconds: int
) -> None:
    """RFC 9111 section 4.2.1."""
    ours = client(delay=10)
    target = f"/says?name={name}&value={value}"
    ours.get(target)
    assert is_hit(ours.get(target)) is (seconds > 0)
    if seconds:
        clock.ahead = seconds - 1
        assert is_hit(ours.get(target))
    clock.ahead = seconds + 1
    assert not is_hit(ours.get(target))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Cache-Control", "no-store"),
        ("Cache-Control", "private"),
        ("Cache-Control", 'private="Set-Cookie"'),
        ("Cache-Control", "max-age=100, No-Cache"),
        ("Pragma", "no-cache"),
        ("Vary", "*"),
        ("Set-Cookie", "a=1"),
    ],
)
def test_what_says_so_is_not_kept(name: str, value: str) -> None:
    """RFC 9111 section 3."""
    ours = client()
    target = f"/says?name={name}&value={value}"
    assert [ours.get(target).text for _ in range(3)] == ["1", "2", "3"]


@pytest.mark.parametrize("target", ["/cookie", "/session?loaded=1", "/uncacheable", "/failing"])
def test_what_is_for_one_client_is_not_kept(target: str) -> None:
    ours = client()
    assert not any(is_hit(ours.get(target)) for _ in range(3))


def test_a_session_that_is_not_used_does_not_matter() -> None:
    ours = client()
    ours.get("/session")
    assert is_hit(ours.get("/session"))


@pytest.mark.parametrize(
    ("code", "kept"),
    [
        *((code, True) for code in (200, 203, 404, 410, 501)),
        *((code, False) for code in (201, 202, 206, 302, 403, 500)),
    ],
)
def test_only_some_statuses_are_kept(code: int, *, kept: bool) -> None:
    """RFC 9110 section 15.1."""
    ours = client()
    answers = [ours.get(f"/status?code={code}") for _ in range(2)]
    assert [answer.code for answer in answers] == [code, code]
    assert is_hit(answers[1]) is kept


def test_errors_and_redirects_are_kept() -> None:
    ours = client()
    first, second = ours.get("/error"), ours.get("/error")
    assert (second.status, second.body, is_hit(second)) == ("404 Not Found", first.body, True)
    first, second = ours.get("/moved"), ours.get("/moved")
    assert second.field("Location") == first.field("Location") == "http://localhost/"
    assert (second.code, is_hit(second)) == (301, True)


def test_answers_to_those_who_log_in_are_kept_only_if_they_say_so() -> None:
    """RFC 9111 section 3.5."""
    ours = client()
    assert not any(is_hit(ours.get(Authorization="Basic eA==")) for _ in range(3))
    public = "/says?name=Cache-Control&value=public"
    ours.get(public, Authorization="Basic eA==")
    assert is_hit(ours.get(public))
    named = Client(ours.application, REMOTE_USER="joe")
    assert not any(is_hit(named.get("/other")) for _ in range(3))


# Vary --------------------------------------------------------------------------------------------


def test_each_value_of_a_field_has_an_answer_of_its_own() -> None:
    """RFC 9111 section 4.1."""
    ours = client()
    languages = [None, "de", "fr", "de", None, "fr"]
    texts = [
        ours.get("/varying", **({} if each is None else {"Accept_Language": each})).text
        for each in languages
    ]
    assert texts == ["1", "2", "3", "2", "1", "3"]


def test_the_same_value_of_another_field_is_another_answer() -> None:
    ours = client()
    target = "/varying?names=X-A,+X-B"
    assert ours.get(target, X_A="1", X_B="2").text == "1"
    assert ours.get(target, X_A="2", X_B="1").text == "2"
    assert ours.get(target, X_A="1", X_B="2").text == "1"


def test_an_answer_may_depend_on_more_than_was_known() -> None:
    names = ["X-A"]

    class Root(_Root):
        @cherrypy.expose
        def index(self, **params: object) -> str:
            del params
            cherrypy.response.headers["Vary"] = names[0]
            return self.count()

    ours = client(Root())
    assert ours.get(X_A="1").text == "1"
    names[0] = "x-b"
    assert ours.get(X_A="1", Cache_Control="no-cache").text == "2"
    assert ours.get(X_A="1", X_B="1").text == "3"
    assert ours.get(X_A="1").text == "2"
    assert ours.get(X_A="2").text == "4"  # that of X-A is not forgotten


def test_each_coding_has_an_answer_of_its_own() -> None:
    class Root(_Root):
        @cherrypy.expose
        def index(self, **params: object) -> str:
            del params
            return self.count() * 1000

    application = cherrypy.Application(
        Root(), "", {"/": {"tools.caching.on": True, "tools.gzip.on": True}}
    )
    ours = Client(application)
    for _ in range(2):
        coded, plain = ours.get(Accept_Encoding="gzip"), ours.get()
        assert gzip.decompress(coded.body) == b"1" * 1000
        assert coded.field("Content-Length") == str(len(coded.body))
        assert plain.body == b"2" * 1000
        assert plain.field("Content-Encoding") is None
        assert coded.field("Vary") == plain.field("Vary") == "Accept-Encoding"
    assert (is_hit(coded), is_hit(plain)) == (True, True)


# What the client wants ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "hit"),
    [
        ({"Cache_Control": "max-age=1000"}, True),
        ({"Cache_Control": "max-age=0"}, True),  # it is not older than that
        ({"Cache_Control": "no-store"}, True),
        ({"Cache_Control": 'no-cache="x"'}, False),
        ({"Cache_Control": "No-Cache"}, False),
        ({"Pragma": "no-cache"}, False),
        ({"Pragma": "no-cache", "Cache_Control": "max-age=1000"}, True),  # RFC 9111 section 5.4
    ],
)
def test_a_client_may_want_a_new_answer(fields: dict[str, str], *, hit: bool) -> None:
    """RFC 9111 section 5.2.1."""
    ours = client()
    ours.get()
    answer = ours.get(**fields)
    assert is_hit(answer) is hit
    assert ours.get().text == answer.text  # the new one is kept


def test_a_client_may_want_an_answer_that_is_not_too_old(clock: Clock) -> None:
    ours = client()
    ours.get()
    clock.ahead = 3
    assert ours.get(Cache_Control="max-age=3").text == "1"
    assert ours.get(Cache_Control="max-age=2").text == "2"


def test_a_client_may_want_nothing_to_be_kept() -> None:
    ours = client()
    assert ours.get(Cache_Control="no-store").text == "1"
    assert ours.get().text == "2"


@pytest.mark.parametrize("field", ["max-age=x", "max-age=", "max-age", "max-age=-1"])
def test_a_malformed_age_is_a_bad_request(field: str) -> None:
    answer = client().get(Cache_Control=field)
    assert answer.status == "400 Bad Request"
    assert "Invalid Cache-Control header" in answer.text


@given(wild_text())
def test_no_wish_is_an_unexpected_error(field: str) -> None:
    value = field.encode("utf-8", "replace").decode("latin-1")
    assert client().get("/", Cache_Control=value, Pragma=value).code in {200, 400}


@pytest.mark.parametrize(
    ("target", "fields", "code"),
    [
        ("/validated", {"If_Modified_Since": MODIFIED}, 304),
        ("/validated", {"If_Unmodified_Since": "Wed, 28 Feb 2024 12:00:00 GMT"}, 412),
        ("/validated", {"If_Modified_Since": "Wed, 28 Feb 2024 12:00:00 GMT"}, 200),
        ("/", {"If_Modified_Since": MODIFIED}, 200),
    ],
)
def test_what_is_kept_is_validated(target: str, fields: dict[str, str], code: int) -> None:
    ours = client()
    ours.get(target)
    answer = ours.get(target, **fields)
    assert answer.code == code
    assert caching.shared.cache.tot_non_modified == (code == 304)
    assert ours.get(target).text == "1"


def test_tags_of_what_is_kept_are_compared() -> None:
    application = cherrypy.Application(
        _Root(), "", {"/": {"tools.caching.on": True, "tools.etags.on": True}}
    )
    ours = Client(application)
    ours.get("/validated")
    answer = ours.get("/validated", If_None_Match='"own"')
    assert (answer.code, answer.field("ETag"), answer.field("Age")) == (304, '"own"', "0")


# Changes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "outdates"),
    [
        ("POST", True),
        ("PUT", True),
        ("DELETE", True),
        ("PATCH", True),  # unsafe, too
        ("OPTIONS", False),
        ("TRACE", False),
        ("HEAD", False),
    ],
)
def test_unsafe_methods_outdate_what_is_kept(method: str, *, outdates: bool) -> None:
    """RFC 9111 section 4.4."""
    ours = client()
    ours.get()
    ours.get("/other")
    content = b"" if method in {"POST", "PUT", "PATCH"} else None
    assert is_hit(ours.ask(method, "/", content)) is (method == "HEAD")
    assert is_hit(ours.get()) is not outdates
    assert is_hit(ours.get("/other"))


def test_the_methods_that_outdate_can_be_configured() -> None:
    ours = client(invalid_methods=("DELETE",))
    ours.get()
    assert not is_hit(ours.ask("POST", "/", b""))  # and yet it is not answered from the cache
    assert is_hit(ours.get())
    ours.ask("DELETE", "/")
    assert not is_hit(ours.get())


def test_what_was_answered_while_something_changed_is_not_kept() -> None:
    class Root(_Root):
        @cherrypy.expose
        def index(self, **params: object) -> str:
            if cherrypy.request.method == "POST":
                return ours.get().text  # as another thread might ask just now
            return super().index(**params)

    ours = client(Root())
    assert ours.post().text == "1"
    assert ours.get().text == "2"


def test_what_was_being_made_when_something_changed_is_not_kept() -> None:
    class Root(_Root):
        @cherrypy.expose
        def index(self, **params: object) -> str:
            if cherrypy.request.method == "GET" and not self.calls:
                self.calls = 1
                ours.post()
                return "old"
            return super().index(**params)

    ours = client(Root())
    assert ours.get().text == "old"
    assert ours.get().text == "3"
    assert ours.get().text == "3"


def test_a_reload_does_not_keep_what_is_outdated_either() -> None:
    class Root(_Root):
        @cherrypy.expose
        def index(self, **params: object) -> str:
            if cherrypy.request.headers.get("Cache-Control"):
                ours.post()
                return "old"
            return super().index(**params)

    ours = client(Root())
    assert ours.get(Cache_Control="no-cache").text == "old"
    assert ours.get().text == "2"


# Streams -----------------------------------------------------------------------------------------


def test_a_stream_is_kept_when_it_has_been_sent() -> None:
    ours = client()
    assert ours.get("/stream").text == "1xx"
    answer = ours.get("/stream")
    assert (answer.text, answer.field("Content-Length"), is_hit(answer)) == ("1xx", "3", True)


def test_a_stream_that_was_not_read_to_its_end_is_not_kept() -> None:
    ours = client()
    with ours.open("GET", "/stream") as (_, body):
        assert next(body) == b"1"
    assert not is_hit(ours.get("/stream"))


def test_a_stream_that_is_too_long_is_sent_and_not_kept() -> None:
    ours = client(maxobj_size=10)
    assert ours.get("/stream?size=10").text == "1" + "x" * 10
    assert ours.get("/stream?size=10").text == "2" + "x" * 10
    assert ours.get("/stream?size=9").text == ours.get("/stream?size=9").text


# Limits ------------------------------------------------------------------------------------------


def test_what_is_too_large_is_not_kept() -> None:
    ours = client(maxobj_size=5)
    assert not any(is_hit(ours.get("/sized?size=6")) for _ in range(2))
    ours.get("/sized?size=5")
    assert is_hit(ours.get("/sized?size=5"))


def test_each_path_has_its_own_limits(clock: Clock) -> None:
    config = {
        "/": {"tools.caching.on": True},
        "/sized": {"tools.caching.maxobj_size": 5},
        "/other": {"tools.caching.delay": 5},
    }
    ours = Client(cherrypy.Application(_Root(), "", config))
    assert not any(is_hit(ours.get("/sized?size=6")) for _ in range(2))
    for target in ("/", "/other"):
        ours.get(target)
    clock.ahead = 6
    assert (is_hit(ours.get("/")), is_hit(ours.get("/other"))) == (True, False)
    assert caching.shared.cache.maxobj_size == 100000


def test_the_oldest_go_where_there_is_no_room() -> None:
    ours = client(maxobjects=3, maxsize=100)
    for number in range(4):
        ours.get(f"/?{number}")
    assert [is_hit(ours.get(f"/?{number}")) for number in (3, 2, 1)] == [True, True, True]
    assert not is_hit(ours.get("/?0"))
    ours.get("/sized?size=99")
    assert [is_hit(ours.get(f"/?{number}")) for number in (1, 2)] == [False, False]


def test_answers_that_differ_by_a_field_count_each() -> None:
    ours = client(maxobjects=3)
    for number in range(10):
        ours.get("/varying", Accept_Language=str(number))
    (answers,) = caching.shared.cache.store.values()
    assert len(answers) == 3


def test_what_is_outdated_goes_without_being_asked_for(clock: Clock) -> None:
    ours = client(delay=5)
    for number in range(4):
        ours.get(f"/?{number}")
    assert len(caching.shared.cache.store) == 4
    clock.ahead = 6
    ours.get("/other")
    assert list(caching.shared.cache.store) == ["http://localhost/other"]
    assert caching.shared.cache.cursize == 1


def test_what_is_outdated_is_not_given_before_it_goes(clock: Clock) -> None:
    ours = client(delay=5, expire_freq=1000)
    ours.get()
    clock.ahead = 6
    assert ours.get().text == "2"
    assert caching.shared.cache.tot_expires == 1


def test_a_cache_without_room_keeps_nothing() -> None:
    ours = client(maxobjects=0)
    assert not any(is_hit(ours.get()) for _ in range(2))


def test_answers_that_can_not_be_kept_at_first_may_be_kept_later() -> None:
    ours = client()
    ours.get("/status?code=500")
    (answers,) = caching.shared.cache.store.values()
    assert answers.passes
    caching.shared.cache.put(("200 OK", {}, b"x", time()), 1)  # of another request
    target = "/says?name=Cache-Control&value="
    ours.get(target + "no-store")
    ours.get(target + "public")
    assert is_hit(ours.get(target + "public"))


def test_nothing_is_left_of_what_can_not_be_kept(clock: Clock) -> None:
    ours = client(maxobjects=5)
    for number in range(20):
        ours.get(f"/says?name=X-{number}&value=1")
        ours.get(f"/session?loaded={number + 1}")
    assert len(caching.shared.cache.store) <= 5
    clock.ahead = memory_cache.PASS_SECONDS + 600
    caching.shared.cache.expire_cache()
    assert caching.shared.cache.store == {}


# The cache that applications use -----------------------------------------------------------------


def test_the_cache_can_be_cleared() -> None:
    ours = client()
    ours.get()
    ours.get()
    cache = caching.shared.cache
    assert (cache.tot_puts, cache.tot_gets, cache.tot_hist, cache.cursize) == (1, 2, 1, 1)
    cache.clear()
    assert (cache.store, cache.tot_puts, cache.tot_gets, cache.cursize) == ({}, 0, 0, 0)
    assert ours.get().text == "2"


def test_what_is_kept_can_be_looked_at() -> None:
    ours = client()
    ours.get()
    status, headers, content, made = caching.shared.cache.store["http://localhost/"][()]
    assert (status, content) == ("200 OK", b"1")
    assert headers["Content-Type"] == "text/html;charset=utf-8"
    assert time() - 60 < made <= time()


def test_all_may_be_forgotten_at_any_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = client()
    claim = caching.AntiStampedeCache.value_or_claim

    def forget_and_claim(answers: caching.AntiStampedeCache, *args: Any) -> Any:
        monkeypatch.undo()
        caching.shared.cache.clear()
        return claim(answers, *args)

    monkeypatch.setattr(caching.AntiStampedeCache, "value_or_claim", forget_and_claim)
    assert [ours.get().text for _ in range(2)] == ["1", "1"]


def test_a_class_of_ones_own() -> None:
    kept: dict[str, Any] = {}

    class Own(caching.Cache):
        limit = 0

        def get(self) -> Any:
            return kept.get(cherrypy.url())

        def put(self, obj: Any, size: int) -> None:
            assert size < self.limit
            kept[cherrypy.url()] = obj

        def delete(self) -> None:
            kept.pop(cherrypy.url(), None)

    ours = client(cache_class=Own, limit=7, delay=3)
    assert [ours.get().text for _ in range(2)] == ["1", "1"]
    assert [ours.get("/stream").text for _ in range(2)] == ["2xx", "2xx"]
    assert list(kept) == ["http://localhost/", "http://localhost/stream"]
    assert (type(caching.shared.cache), caching.shared.cache.delay) == (Own, 3)
    ours.post()
    assert ours.get().text == "4"


def test_the_base_class_does_nothing() -> None:
    cache = caching.Cache()
    for method in (cache.get, cache.delete, cache.clear, lambda: cache.put(("", {}, b"", 0.0), 0)):
        with pytest.raises(NotImplementedError):
            method()


def test_the_functions_can_be_used_without_the_tool() -> None:
    class Root(_Root):
        @cherrypy.expose
        def index(self, **params: object) -> Any:
            if caching.get(delay=10):
                return cherrypy.response.body
            cherrypy.request.hooks.attach("before_finalize", caching.tee_output)
            return super().index(**params)

    application = cherrypy.Application(Root())
    ours = Client(application)
    assert [ours.get().text for _ in range(2)] == ["1", "1"]
    caching.shared.cache.clear()
    assert ours.get().text == "2"


def test_the_tool_comes_after_what_refuses() -> None:
    class Root(_Root):
        @cherrypy.expose
        def index(self, **params: object) -> str:
            return super().index(**params)

    def refuse() -> None:
        if "X-Bad" in cherrypy.request.headers:
            raise cherrypy.HTTPError(403)

    config = {"/": {"tools.caching.on": True, "hooks.before_handler": refuse}}
    ours = Client(cherrypy.Application(Root(), "", config))
    assert ours.get().code == 200
    assert ours.get(X_Bad="1").code == 403


def test_a_tool_with_a_function_of_its_own() -> None:
    class Own(caching.CachingTool):
        def _setup(self) -> None:
            super()._setup()
            cherrypy.serving.request.set_up = True

    cherrypy.tools.own_caching = Own("before_handler", caching.get)
    config = {"/": {"tools.own_caching.on": True}}
    ours = Client(cherrypy.Application(_Root(), "", config))
    assert [ours.get().text for _ in range(2)] == ["1", "1"]


def test_handlers_can_see_what_the_tool_does() -> None:
    assert client().get("/state").text == "False True"
    assert client().head("/state").code == 200
    assert client().ask("OPTIONS", "/state").text == "False False"
    assert client(on=False).get("/state").text == "None None"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["GET", "HEAD", "POST", "RELOAD"]),
            st.sampled_from(["/", "/other", "/sized?size=3", "/sized?size=30", "/varying"]),
            st.sampled_from(["de", "fr"]),
        ),
        max_size=25,
    )
)
def test_the_limits_hold_and_no_answer_is_wrong(steps: list[tuple[str, str, str]]) -> None:
    """Whatever happens; an answer is that of the last call for the same URL, or a new one."""
    caching.shared.cache = None
    ours = client(maxobjects=3, maxsize=40, maxobj_size=30)
    latest: dict[object, set[str]] = {}
    for method, target, language in steps:
        fields = {"Accept_Language": language}
        if method == "RELOAD":
            answer = ours.get(target, Cache_Control="no-cache", **fields)
        else:
            answer = ours.ask(method, target, b"" if method == "POST" else None, **fields)
        key = (target, language if target == "/varying" else "")
        if method in {"GET", "RELOAD"}:
            if is_hit(answer):
                assert answer.text in latest[key]
            latest[key] = {answer.text}
        elif method == "POST":
            latest = {known: texts for known, texts in latest.items() if known != key}
        cache = caching.shared.cache
        contents = [variant[2] for answers in cache.store.values() for variant in answers.values()]
        assert cache.cursize == sum(map(len, contents)) <= 40
        assert len(contents) <= 3


# expires -----------------------------------------------------------------------------------------


class _Expiring:
    @cherrypy.expose
    def index(self, **fields: str) -> str:
        cherrypy.response.headers.update(fields)
        return "text"

    @cherrypy.expose
    def error(self) -> None:
        raise cherrypy.HTTPError(404)


def expiring(target: str = "/", protocol: str = "HTTP/1.1", **settings: object) -> Answer:
    config = {"tools.expires.on": True}
    config |= {f"tools.expires.{name}": value for name, value in settings.items()}  # type: ignore[misc]
    application = cherrypy.Application(_Expiring(), "", {"/": config})
    return Client(application, SERVER_PROTOCOL=protocol).get(target)


LONG_AGO = "Sun, 28 Jan 2007 00:00:00 GMT"
NEVER = ("no-cache", "no-cache, must-revalidate", LONG_AGO)


def said(answer: Answer) -> tuple[str | None, str | None, str | None]:
    return answer.field("Pragma"), answer.field("Cache-Control"), answer.field("Expires")


@pytest.mark.parametrize("name", ["ETag", "Last-Modified", "Age"])
def test_expires_is_said_of_what_is_meant_to_be_cached(name: str) -> None:
    assert said(expiring(f"/?{name}=1")) == NEVER
    assert said(expiring("/")) == (None, None, None)
    assert said(expiring("/error")) == (None, None, None)
    assert said(expiring("/", force=True)) == NEVER
    assert said(expiring("/error", force=True)) == NEVER


def test_expires_knows_the_protocol() -> None:
    answer = expiring("/?ETag=1", protocol="HTTP/1.0")
    assert said(answer) == ("no-cache", None, LONG_AGO)


@pytest.mark.parametrize(
    ("secs", "seconds"),
    [(60, 60), (60.5, 60), (-5, -5), (timedelta(days=1), 86400)],
)
def test_expires_in_some_seconds(secs: object, seconds: int) -> None:
    before = int(time())
    pragma, control, moment = said(expiring("/", force=True, secs=secs))
    assert (pragma, control) == (None, None)
    told = parse_http_date(moment or "")
    assert told is not None
    assert before + seconds <= told <= time() + seconds + 1


def test_expires_replaces_what_was_said_only_if_forced() -> None:
    target = "/?Expires=own&Cache-Control=mine"
    assert said(expiring(target, secs=60)) == (None, "mine", "own")
    assert said(expiring(target, secs=0)) == ("no-cache", "mine", "own")
    assert said(expiring(target, secs=0, force=True)) == NEVER


def test_answers_at_long_urls_are_not_kept() -> None:
    """The limits count contents; URLs of clients could take far more memory."""
    root = _Root()
    client = Client(cherrypy.Application(root, "", {"/": {"tools.caching.on": True}}))
    target = "/?" + "a" * caching.MAX_URL_LENGTH
    assert [client.get(target).code for _ in range(2)] == [200, 200]
    assert root.calls == 2
    assert not caching.shared.cache or not caching.shared.cache.store


@pytest.mark.parametrize("way", ["clear", "keys", "url", "store"])
def test_what_an_application_deletes_from_the_store_is_made_anew(way: str) -> None:
    client = Client(cherrypy.Application(_Root(), "", {"/": {"tools.caching.on": True}}))
    first = client.get("/").text
    assert client.get("/").text == first
    cache = cherrypy._cache
    for url in list(cache.store):
        if way == "clear":
            cache.store[url].clear()
        elif way == "keys":
            for key in list(cache.store[url]):
                del cache.store[url][key]
        elif way == "url":
            del cache.store[url]
    if way == "store":
        cache.store.clear()
    second = client.get("/").text
    assert second != first
    assert client.get("/").text == second
    assert cache.cursize == len(second)
