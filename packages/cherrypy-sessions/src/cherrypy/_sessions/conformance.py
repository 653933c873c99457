"""What every storage of sessions has to do, as tests that anybody can run with theirs."""

import threading
from collections.abc import Callable
from typing import Any

from cherrypy._sessions.session import Session

DEADLINE = 10.0
"""Seconds after which a lock that should be free is taken for one that never will be."""

A_MOMENT = 0.1
"""Seconds in which a lock that should be held is not to be had."""

THREADS, TURNS = 4, 25

HOSTILE_IDS = (
    "",
    ".",
    "..",
    "../../etc/passwd",
    "..\\..\\windows",
    "/etc/passwd",
    "C:\\autoexec.bat",
    "a/b",
    "a b",
    "a\0b",
    "a\r\nset x 0 0 1\r\n1\r\n",
    "x.lock",
    "t\u00e4st",
    "\u2603",
    "a" * 10_000,
)
"""Ids that no storage has issued; what they do to a careless one can be guessed."""


class SessionConformance:
    """Tests for a storage.

    They are to be inherited by a class whose name begins with ``Test``::

        class TestMyStorage(SessionConformance):
            def make(self, id=None, **settings):
                return MySession(id, **settings)

    pytest finds them. Each test makes sessions by :meth:`make`, which has to give sessions of the
    same storage every time; it need not be empty.
    """

    def make(self, id: str | None = None, **settings: object) -> Session:
        """Return a session of the storage that is tested.

        Args:
            id: As for :class:`cherrypy.lib.sessions.Session`.
            **settings: Attributes of the session, such as ``timeout``.

        Raises:
            TypeError: The class that is tested has not overridden this.
        """
        raise TypeError(f"{type(self).__name__} has to say how to make({id!r}, **{settings!r})")

    def store(self, content: dict[str, Any], **settings: Any) -> str:
        """Store a new session, and return its id."""
        session = self.make(**settings)
        session.update(content)
        session.save()
        session_id: str = session.id
        return session_id

    def content(self, session_id: str) -> dict[str, Any]:
        """Return what is stored under an id."""
        session = self.make(session_id)
        return dict(session.items()) if session.id == session_id else {}

    # ---- ids ------------------------------------------------------------------------------------

    def test_a_new_session_has_an_id_of_its_own(self) -> None:
        """And it was not asked for one that is missing."""
        ids = {self.make().id for _ in range(100)}
        expect(len(ids) == 100, "each new session has another id")
        expect(not self.make().missing, "a session without an id from the client is not missing")

    def test_an_id_that_was_not_issued_is_never_adopted(self) -> None:
        """Else somebody could give a victim an id that they know (session fixation)."""
        session = self.make("0123456789abcdef0123456789abcdef01234567")
        expect(session.id != session.originalid, "an unknown id is replaced")
        expect(session.missing, "a session that was asked for and is not there is missing")
        expect(dict(session.items()) == {}, "it has no data")

    def test_hostile_ids_are_unknown_ids(self) -> None:
        """Whatever a client sends, it is neither adopted nor an error."""
        for hostile in HOSTILE_IDS:
            session = self.make(hostile)
            expect(session.id != hostile, f"{hostile[:50]!r} is not adopted")
            expect(session.missing, f"{hostile[:50]!r} is missing")
            expect(session.get("key") is None, f"{hostile[:50]!r} has no data")

    # ---- storing --------------------------------------------------------------------------------

    def test_what_is_stored_is_found_again(self) -> None:
        """Under the same id, by another object."""
        content = {"name": "Ann", "count": 3, "basket": ["figs", "plums"], "none": None}
        session_id = self.store(content)
        expect(self.content(session_id) == content, "the data come back as they were stored")

    def test_a_session_is_stored_as_a_whole(self) -> None:
        """A key that was removed is gone."""
        session_id = self.store({"a": 1, "b": 2})
        session = self.make(session_id)
        del session["a"]
        session["c"] = 3
        session.save()
        expect(self.content(session_id) == {"b": 2, "c": 3}, "what was removed is gone")

    def test_changes_inside_of_a_value_are_stored(self) -> None:
        """A list that was read, and appended to, is still the same value."""
        session_id = self.store({"basket": ["figs"]})
        session = self.make(session_id)
        session["basket"].append("plums")
        session.save()
        expect(self.content(session_id) == {"basket": ["figs", "plums"]}, "the change is stored")

    def test_sessions_do_not_mix(self) -> None:
        """Each id has data of its own."""
        first, second = self.store({"n": 1}), self.store({"n": 2})
        expect(self.content(first) == {"n": 1}, "the first has what was stored in it")
        expect(self.content(second) == {"n": 2}, "the second has what was stored in it")

    def test_an_unused_session_is_not_stored(self) -> None:
        """There is nothing in it, and no one has asked for it."""
        session = self.make()
        session.save()
        expect(self.make(session.id).missing, "nothing was stored")

    def test_a_deleted_session_is_gone(self) -> None:
        """Also if it is saved afterwards, as the tool does at the end of a request."""
        session_id = self.store({"n": 1})
        session = self.make(session_id)
        session.delete()
        session.save()
        expect(self.make(session_id).missing, "a deleted session is gone")

    def test_an_expired_session_has_no_data(self) -> None:
        """Whether it has been removed or not."""
        session_id = self.store({"n": 1}, timeout=-1)
        expect(dict(self.make(session_id).items()) == {}, "an expired session has no data")

    def test_cleaning_removes_the_expired_and_nothing_else(self) -> None:
        """A storage that needs no cleaning has nothing to do for it."""
        expired = self.store({"n": 1}, timeout=-10)
        living = self.store({"n": 2})
        self.make().clean_up()
        expect(self.make(expired).missing, "an expired session is removed")
        expect(self.content(living) == {"n": 2}, "one that lasts stays")

    # ---- a new id -------------------------------------------------------------------------------

    def test_data_move_to_a_new_id(self) -> None:
        """As is done at a login, so that nobody knows the id from before."""
        old_id = self.store({"n": 1})
        session = self.make(old_id)
        session.regenerate()
        session["user"] = "ann"
        session.regenerate()
        session.save()
        expect(session.id != old_id, "the id is a new one")
        expect(self.make(old_id).missing, "the old id is worth nothing")
        expect(self.content(session.id) == {"n": 1, "user": "ann"}, "the data have moved")

    def test_the_lock_moves_to_a_new_id(self) -> None:
        """Nobody else gets in between."""
        session = self.make(self.store({"n": 1}))
        session.acquire_lock()
        old_id = session.id
        session.regenerate()
        expect(session.locked, "the lock is held after regenerate()")
        _run(lambda: _lock_and_release(self.make(old_id)))
        session.save()
        expect(not session.locked, "save() releases the lock")
        _run(lambda: _lock_and_release(self.make(session.id)))

    # ---- locks ----------------------------------------------------------------------------------

    def test_a_lock_keeps_others_out(self) -> None:
        """Until it is released."""
        session_id = self.store({"n": 1})
        first, second = self.make(session_id), self.make(session_id)
        first.acquire_lock()
        acquired = threading.Event()

        def wait_for_it() -> None:
            second.acquire_lock()
            acquired.set()
            second.release_lock()

        thread = threading.Thread(target=wait_for_it, daemon=True)
        thread.start()
        got_in = acquired.wait(A_MOMENT)
        first.release_lock()
        expect(not got_in, "a second one waits for the lock")
        expect(acquired.wait(DEADLINE), "it gets the lock when the first one has released it")
        thread.join(DEADLINE)

    def test_a_lock_can_be_acquired_twice_and_released_twice(self) -> None:
        """An application may do so by hand, beside the tool."""
        session = self.make(self.store({"n": 1}))
        session.acquire_lock()
        session.acquire_lock()
        session.release_lock()
        session.release_lock()
        expect(not session.locked, "the lock is released")
        _run(lambda: _lock_and_release(self.make(session.id)))

    def test_another_thread_may_release_a_lock(self) -> None:
        """A server may close a streamed response elsewhere than it began it."""
        session = self.make(self.store({"n": 1}))
        session.acquire_lock()
        _run(session.save)
        expect(not session.locked, "the lock is released")
        _run(lambda: _lock_and_release(self.make(session.id)))

    def test_no_update_is_lost(self) -> None:
        """Who has the lock reads what the last one has stored."""
        session_id = self.store({"n": 0})

        def count() -> None:
            for _ in range(TURNS):
                session = self.make(session_id)
                session.acquire_lock()
                session["n"] += 1
                session.save()

        _run(*[count] * THREADS)
        expect(self.content(session_id) == {"n": THREADS * TURNS}, "every update counts")


def expect(truth: bool, rule: str) -> None:
    """Fail unless a rule is kept.

    Raises:
        AssertionError: It is not; says which one.
    """
    if not truth:
        raise AssertionError(f"A storage of sessions has to see to it that {rule}.")


def _lock_and_release(session: Session) -> None:
    session.acquire_lock()
    session.release_lock()


def _run(*functions: Callable[[], object]) -> None:
    """Run functions, each in a thread of its own, and wait for them.

    Raises:
        AssertionError: One of them does not come to an end, or has failed.
    """
    failures: list[BaseException] = []

    def run(function: Callable[[], object]) -> None:
        try:
            function()
        except BaseException as error:
            failures.append(error)

    threads = [
        threading.Thread(target=run, args=(function,), daemon=True) for function in functions
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    expect(not any(thread.is_alive() for thread in threads), "nobody waits for ever")
    if failures:
        raise AssertionError("A thread failed") from failures[0]
