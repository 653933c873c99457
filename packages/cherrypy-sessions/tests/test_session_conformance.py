"""The storages of this distribution, and one of somebody else's, pass the tests for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from cherrypy.lib.session_conformance import SessionConformance
from cherrypy.lib.sessions import FileSession, RamSession, Session

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path


class TestRam(SessionConformance):
    def make(self, id: str | None = None, **settings: Any) -> Session:
        return RamSession(id, **settings)


class TestFiles(SessionConformance):
    folder: Path

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def make(self, id: str | None = None, **settings: Any) -> Session:
        return FileSession(id, storage_path=str(self.folder), **settings)

    def test_the_lock_goes_when_the_session_does(self) -> None:
        session = self.make()
        session.acquire_lock()
        session["n"] = 1
        session.save()
        files = [f"session-{session.id}", f"session-{session.id}.lock"]
        assert sorted(path.name for path in self.folder.iterdir()) == files
        session.acquire_lock()
        session.delete()
        session.save()
        assert list(self.folder.iterdir()) == []


class TestFilesThatArePickled(TestFiles):
    def make(self, id: str | None = None, **settings: Any) -> Session:
        return super().make(id, serializer="pickle", **settings)


class DictSession(Session):
    """The least that a storage has to have."""

    records: ClassVar[dict[str, tuple[dict[str, Any], dt.datetime]]] = {}

    def _exists(self) -> bool:
        return self.id in self.records

    def _load(self) -> tuple[dict[str, Any], dt.datetime] | None:
        return self.records.get(self.id)

    def _save(self, expiration_time: dt.datetime) -> None:
        self.records[self.id] = (self._data, expiration_time)

    def _delete(self) -> None:
        self.records.pop(self.id, None)

    def clean_up(self) -> None:
        for session_id, (_, expires) in list(self.records.items()):
            if expires <= self.now():
                del self.records[session_id]


class TestTheLeast(SessionConformance):
    def make(self, id: str | None = None, **settings: Any) -> Session:
        return DictSession(id, **settings)


def test_a_storage_that_breaks_a_rule_is_told_which_one() -> None:
    class Adopting(DictSession):
        def _exists(self) -> bool:
            return True

    class Suite(SessionConformance):
        def make(self, id: str | None = None, **settings: Any) -> Session:
            return Adopting(id, **settings)

    with pytest.raises(AssertionError, match="an unknown id is replaced"):
        Suite().test_an_id_that_was_not_issued_is_never_adopted()
    with pytest.raises(TypeError, match="has to say how"):
        SessionConformance().make()
