"""Many who want the same at once: one request makes the answer, the others wait for it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.lib import caching, memory_cache
from wsgi_client import Answer, Client, call_wsgi, make_environ

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.timeout(60), pytest.mark.usefixtures("threads_are_forgotten")]
PATIENCE = 30  # seconds; nothing takes that long, unless it hangs


@pytest.fixture(autouse=True)
def no_cache(site: None) -> Iterator[None]:
    """Begin and end without the cache of the process."""
    del site
    caching.shared.cache = None
    yield
    caching.shared.cache = None


class Waiting(threading.Event):
    """An event that tells when someone begins to wait for it."""

    begun = threading.Semaphore(0)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait, and tell."""
        if not self.is_set():
            Waiting.begun.release()
        return super().wait(timeout)


@pytest.fixture(autouse=True)
def waiting(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """What returns when so many requests wait for the cache."""
    Waiting.begun = threading.Semaphore(0)
    monkeypatch.setattr(memory_cache.threading, "Event", Waiting)  # type: ignore[attr-defined]

    def wait_for(count: int) -> None:
        for _ in range(count):
            assert Waiting.begun.acquire(timeout=PATIENCE)

    return wait_for


class _Slow:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.may_go = threading.Semaphore(0)
        self.calls = 0
        self._lock = threading.Lock()

    def work(self) -> str:
        """Do what takes its time, and return the number of this call."""
        with self._lock:
            self.calls += 1
            number = str(self.calls)
        self.entered.release()
        assert self.may_go.acquire(timeout=PATIENCE)
        return number

    @cherrypy.expose
    def index(self, **_params: str) -> str:
        return self.work()

    @cherrypy.expose
    def varying(self) -> str:
        cherrypy.response.headers["Vary"] = "Accept-Language"
        return self.work()

    @cherrypy.expose
    def private(self) -> str:
        cherrypy.response.headers["Cache-Control"] = "private"
        return self.work()

    @cherrypy.expose
    def fails(self, how: str) -> str:
        number = self.work()
        errors: dict[str, BaseException] = {
            "http": cherrypy.HTTPError(403, number),
            "unexpected": ValueError(number),
            "moved": cherrypy.HTTPRedirect("/", 302),
            "again": cherrypy.InternalRedirect("/quick"),
            "unmodified": cherrypy.HTTPRedirect([], 304),
            "exit": SystemExit(),
        }
        raise errors[how]

    @cherrypy.expose
    def quick(self, **_params: str) -> str:
        return "quick"

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def stream(self) -> Iterator[str]:
        yield "begun "
        yield self.work()


class Crowd:
    """Requests in threads of their own."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self.answers: list[Answer] = []
        self.threads: list[threading.Thread] = []

    def ask(self, target: str, **fields: str) -> None:
        """Send a request in a thread."""

        def run() -> None:
            environ = make_environ("GET", target, None, **fields)
            try:
                self.answers.append(call_wsgi(self.application, environ))
            except SystemExit:
                self.answers.append(Answer("exit"))

        thread = threading.Thread(target=run, daemon=True)
        self.threads.append(thread)
        thread.start()

    def texts(self) -> list[str]:
        """Wait until all are answered, and return the contents."""
        for thread in self.threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
        return sorted(answer.text for answer in self.answers)


def make(root: _Slow, **settings: object) -> Any:
    config: dict[str, object] = {"tools.caching.on": True}
    config["tools.caching.antistampede_timeout"] = PATIENCE
    config |= {f"tools.caching.{name}": value for name, value in settings.items()}
    return cherrypy.Application(root, "", {"/": config})


def test_one_makes_the_answer_for_all(waiting: Callable[[int], None]) -> None:
    root = _Slow()
    crowd = Crowd(make(root))
    crowd.ask("/")
    assert root.entered.acquire(timeout=PATIENCE)
    for _ in range(5):
        crowd.ask("/")
    waiting(5)
    root.may_go.release()
    assert crowd.texts() == ["1"] * 6
    assert sum(answer.field("Age") == "0" for answer in crowd.answers) == 5


def test_nobody_waits_for_an_answer_at_another_url(waiting: Callable[[int], None]) -> None:
    del waiting
    root = _Slow()
    crowd = Crowd(make(root))
    for number in range(3):
        crowd.ask(f"/?{number}=")
    for _ in range(3):
        assert root.entered.acquire(timeout=PATIENCE)
    root.may_go.release(3)
    assert crowd.texts() == ["1", "2", "3"]


def test_who_waited_for_what_depends_on_more_gets_an_answer_of_its_own(
    waiting: Callable[[int], None],
) -> None:
    root = _Slow()
    crowd = Crowd(make(root))
    crowd.ask("/varying", Accept_Language="de")
    assert root.entered.acquire(timeout=PATIENCE)
    for language in ("de", "fr", "de", "fr"):
        crowd.ask("/varying", Accept_Language=language)
    waiting(4)
    root.may_go.release(2)
    assert crowd.texts() == ["1", "1", "1", "2", "2"]


@pytest.mark.parametrize("how", ["http", "unexpected", "moved", "again", "unmodified", "exit"])
def test_nobody_waits_for_an_answer_that_did_not_come(
    waiting: Callable[[int], None], how: str
) -> None:
    root = _Slow()
    crowd = Crowd(make(root))
    crowd.ask(f"/fails?how={how}")
    assert root.entered.acquire(timeout=PATIENCE)
    for _ in range(2):
        crowd.ask(f"/fails?how={how}")
    waiting(2)
    root.may_go.release()
    for _ in range(2):  # both at once, not one after the other
        assert root.entered.acquire(timeout=PATIENCE)
    root.may_go.release(2)
    assert len(crowd.texts()) == 3


def test_nobody_waits_where_the_last_answer_could_not_be_kept(
    waiting: Callable[[int], None],
) -> None:
    del waiting
    root = _Slow()
    application = make(root)
    root.may_go.release()
    assert Client(application).get("/private").text == "1"
    assert root.entered.acquire(timeout=PATIENCE)
    crowd = Crowd(application)
    for _ in range(3):
        crowd.ask("/private")
    for _ in range(3):
        assert root.entered.acquire(timeout=PATIENCE)
    root.may_go.release(3)
    assert crowd.texts() == ["2", "3", "4"]


def test_who_has_waited_long_enough_makes_the_answer_itself() -> None:
    root = _Slow()
    crowd = Crowd(make(root, antistampede_timeout=0.01))
    for _ in range(2):
        crowd.ask("/")
        assert root.entered.acquire(timeout=PATIENCE)
    root.may_go.release(2)
    assert crowd.texts() == ["1", "2"]


def test_waiting_can_be_turned_off() -> None:
    root = _Slow()
    crowd = Crowd(make(root, antistampede_timeout=None))
    for _ in range(3):
        crowd.ask("/")
        assert root.entered.acquire(timeout=PATIENCE)
    root.may_go.release(3)
    assert crowd.texts() == ["1", "2", "3"]
    assert Client(crowd.application).get("/").field("Age") == "0"


def test_what_waits_is_woken_when_all_is_forgotten(waiting: Callable[[int], None]) -> None:
    root = _Slow()
    crowd = Crowd(make(root))
    crowd.ask("/")
    assert root.entered.acquire(timeout=PATIENCE)
    crowd.ask("/")
    waiting(1)
    caching.shared.cache.clear()
    assert root.entered.acquire(timeout=PATIENCE)
    root.may_go.release(2)
    assert crowd.texts() == ["1", "2"]


def test_what_waits_is_woken_by_a_change(waiting: Callable[[int], None]) -> None:
    root = _Slow()
    crowd = Crowd(make(root))
    crowd.ask("/")
    assert root.entered.acquire(timeout=PATIENCE)
    crowd.ask("/")
    waiting(1)
    post = threading.Thread(
        target=call_wsgi, args=(crowd.application, make_environ("POST", "/", b"")), daemon=True
    )
    post.start()
    for _ in range(2):  # the change, and the one that waited
        assert root.entered.acquire(timeout=PATIENCE)
    root.may_go.release(3)
    assert len(crowd.texts()) == 2
    post.join(PATIENCE)
    assert not post.is_alive()


def test_a_stream_is_waited_for(waiting: Callable[[int], None]) -> None:
    root = _Slow()
    crowd = Crowd(make(root))
    crowd.ask("/stream")
    assert root.entered.acquire(timeout=PATIENCE)
    crowd.ask("/stream")
    waiting(1)
    root.may_go.release()
    assert crowd.texts() == ["begun 1", "begun 1"]


def test_nobody_waits_for_a_stream_whose_client_went_away(waiting: Callable[[int], None]) -> None:
    root = _Slow()
    crowd = Crowd(make(root))
    with Client(crowd.application).open("GET", "/stream") as (_, body):
        assert next(body) == b"begun "
        crowd.ask("/stream")
        waiting(1)
    assert root.entered.acquire(timeout=PATIENCE)
    root.may_go.release()
    assert crowd.texts() == ["begun 1"]


def test_nobody_waits_for_a_stream_that_is_replaced(waiting: Callable[[int], None]) -> None:
    root = _Slow()

    def replace() -> None:
        if "X-Replace" in cherrypy.request.headers:
            cherrypy.response.body = b"replaced"

    replace.priority = 101  # type: ignore[attr-defined]
    config = {
        "/": {
            "tools.caching.on": True,
            "tools.caching.antistampede_timeout": PATIENCE,
            "hooks.before_finalize": replace,
        }
    }
    crowd = Crowd(cherrypy.Application(root, "", config))
    assert Client(crowd.application).get("/stream", X_Replace="1").text == "replaced"
    root.may_go.release()
    assert Client(crowd.application).get("/stream").text == "begun 1"
    del waiting


def test_wait() -> None:
    answers = caching.AntiStampedeCache()
    assert answers.wait("key") is None  # the caller is to make it
    assert answers.wait("key", timeout=None) is None
    assert answers.wait("key", timeout=0.01) is None
    answers["key"] = "value"
    assert answers.wait("key") == "value"
    assert dict(answers) == {"key": "value"}


def test_wait_returns_what_another_thread_has_set(waiting: Callable[[int], None]) -> None:
    answers = caching.AntiStampedeCache()
    assert answers.wait("key") is None
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(answers.wait("key", PATIENCE)), daemon=True)
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    waiting(3)
    answers["key"] = "value"
    for thread in threads:
        thread.join(PATIENCE)
    assert found == ["value"] * 3


def test_threads_do_not_disturb_each_other() -> None:
    """All at once: what is counted is what is there."""

    class Root:
        @cherrypy.expose
        def index(self, number: str) -> str:
            return number * 10

    config = {"/": {"tools.caching.on": True, "tools.caching.maxobjects": 4}}
    ours = Client(cherrypy.Application(Root(), "", config))
    wrong: list[str] = []

    def run(seed: int) -> None:
        for step in range(60):
            number = str((step * seed) % 7)
            if step % 11 == seed:
                ours.post(f"/?number={number}")
            answer = ours.get(f"/?number={number}")
            if answer.text != number * 10:
                wrong.append(answer.text)

    threads = [threading.Thread(target=run, args=(seed,), daemon=True) for seed in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    cache = caching.shared.cache
    sizes = [len(variant[2]) for answers in cache.store.values() for variant in answers.values()]
    assert wrong == []
    assert (cache.cursize, len(sizes) <= 4) == (sum(sizes), True)
