"""A file that was asked for before is answered as it was the first time.

A tool remembers the files that it has sent, and finishes the next responses itself where nothing
else has a say in them. Three sites serve the same directory: an ordinary one, one that writes an
access log, and one where a hook that does nothing keeps the tool from finishing a response.
Whatever happens to the files between requests, all of them give the same answers.
"""

from __future__ import annotations

import errno
import gc
import os
import shutil
import subprocess
import sys
import tempfile
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis.strategies as st
import pytest
from hypothesis import example, given
from written_files import MODIFIED, write

import cherrypy
from cherrypy._static import serving
from cherrypy.testing import Client, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAMES = ("a.txt", "a.txt", "sub/c.css")
CONTENTS = (b"", b"0123456789", b"x" * 70_000)
SECRET = b"9876543210"  # of the same length, so that validators can be the same


@contextmanager
def sites(public: Path, root: object = None, **settings: Any) -> Iterator[list[Client]]:
    """Give clients of a site without and with an access log, and of one that finishes nothing."""
    config = {
        "/files": {
            "tools.staticdir.on": True,
            "tools.staticdir.dir": str(public),
            **{f"tools.staticdir.{name}": value for name, value in settings.items()},
        },
        "/one": {
            "tools.staticfile.on": True,
            "tools.staticfile.filename": str(public / "a.txt"),
        },
    }
    apps = [cherrypy.Application(root, "", config) for _ in range(3)]
    for app in apps:
        app.log.access_log.disabled = True  # pytest listens to all logs
    apps[1].log.access_log.disabled = False
    apps[1].log.access_file = os.devnull
    apps[2].config["/"] = {"hooks.before_finalize": lambda: None}
    try:
        yield [Client(app, validate=True) for app in apps]
    finally:
        apps[1].log.access_file = ""
        for app in apps:
            app.log.access_log.disabled = False


def told(answer: Response) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return what a client is told, in no order, and without the date."""
    fields = sorted((k.lower(), v) for k, v in answer.headers.items() if k.lower() != "date")
    return answer.status, fields, answer.content


def change(public: Path, name: str, how: str, content: bytes, modified: int) -> None:
    """Do something to a file."""
    path = public / name
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)
    if how == "write":
        write(path, content, modified)
    elif how == "link inside":
        path.symlink_to(public / "target.txt")
    elif how == "link outside":
        path.symlink_to(public.parent / "secret.txt")
    elif how == "folder":
        path.mkdir()
        os.utime(path, (modified, modified))
    elif how == "link the folder":
        if path.parent != public:
            shutil.rmtree(path.parent)
            path.parent.symlink_to(public.parent)
        write(public.parent / path.name, SECRET, modified)


def unlink_folder(folder: Path) -> None:
    if folder.is_symlink():
        folder.unlink()
    folder.mkdir(exist_ok=True)


CONDITIONS = ("none", "etag", "etag", "date", "date", "other etag", "any", "range", "match")
STEPS = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from(
        (
            *("ask", "ask", "ask", "write", "remove"),
            *("link inside", "link outside", "folder", "link the folder"),
        )
    ),
    st.sampled_from(CONDITIONS),
    st.sampled_from(CONTENTS),
    st.sampled_from((MODIFIED, MODIFIED + 1)),
)
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "max_age": st.just(60),
        "immutable": st.just(value=True),
        "follow_links": st.booleans(),
        "match": st.sampled_from((r"\.txt$", "")),
        "content_types": st.just({"txt": "text/x-own", "css": "text/ü"}),
        "precompressed": st.booleans(),
        "hidden": st.booleans(),
    },
)


def condition_fields(kind: str, last: Response | None) -> dict[str, str]:
    """Make the header fields of a condition, with the validators that were told last."""
    headers: Any = {} if last is None else last.headers
    etag = headers.get("ETag", '"none"')
    made: dict[str, dict[str, str]] = {
        "etag": {"If-None-Match": etag},
        "date": {"If-Modified-Since": headers.get("Last-Modified", "nonsense")},
        "other etag": {"If-None-Match": '"other"'},
        "any": {"If-None-Match": "*"},
        "range": {"Range": "bytes=1-3"},
        "match": {"If-Match": etag, "If-None-Match": etag},
    }
    return made.get(kind, {})


def _asked_then(name: str, how: str) -> list[tuple[str, str, str, bytes, int]]:
    return [
        (name, "ask", "none", b"", MODIFIED),
        (name, "ask", "none", b"", MODIFIED),
        (name, how, "etag", b"", MODIFIED),
    ]


@example(steps=_asked_then("a.txt", "link outside"), settings={})
@example(steps=_asked_then("sub/c.css", "link the folder"), settings={})
@given(steps=st.lists(STEPS, min_size=2, max_size=30), settings=SETTINGS)
def test_all_sites_give_the_same_answers(
    steps: list[tuple[str, str, str, bytes, int]], settings: dict[str, Any]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        public = Path(folder) / "public"
        write(public.parent / "secret.txt", SECRET)
        for name in (*NAMES, "target.txt"):
            write(public / name)
        last: dict[str, Response] = {}
        with sites(public, **settings) as clients:
            for name, how, condition, content, modified in steps:
                if how != "ask":
                    unlink_folder(public / "sub")
                    change(public, name, how, content, modified)
                for path in (f"/files/{name}", "/one"):
                    fields = condition_fields(condition, last.get(path))
                    answers = [client.get(path, headers=fields) for client in clients]
                    assert told(answers[0]) == told(answers[1]) == told(answers[2])
                    if "ETag" in answers[2].headers:
                        last[path] = answers[2]


SYSTEM_CALLS = ("open", "stat", "lstat", "fstat", "read", "close")


@pytest.mark.parametrize("with_log", [False, True])
@pytest.mark.parametrize(
    ("path", "condition", "expected"),
    [
        ("/files/a.txt", "none", ["open", "fstat", "read", "close"]),
        ("/files/a.txt", "etag", ["lstat"]),
        ("/files/a.txt", "date", ["lstat"]),
        ("/files/sub/c.css", "none", ["open", "open", "close", "fstat", "read", "close"]),
        ("/files/sub/c.css", "etag", ["open", "stat", "close"]),
        ("/one", "none", ["open", "fstat", "read", "close"]),
        ("/one", "etag", ["stat"]),
    ],
)
def test_the_system_is_asked_as_little_as_possible(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    condition: str,
    expected: list[str],
    *,
    with_log: bool,
) -> None:
    """A file that the client has already is not opened."""
    asked: list[str] = []

    def noting(name: str) -> Callable[..., Any]:
        function = getattr(os, name)

        def call(*arguments: Any, **options: Any) -> Any:
            asked.append(name)
            return function(*arguments, **options)

        return call

    for name in ("a.txt", "sub/c.css"):
        write(tmp_path / name)
    for tool in ("staticdir", "staticfile"):
        getattr(cherrypy.tools, tool)  # plans are made anew when a tool is loaded
    with sites(tmp_path) as clients:
        client = clients[with_log]
        for name in SYSTEM_CALLS:
            monkeypatch.setattr(os, name, noting(name))
        fields = condition_fields(condition, client.get(path))
        asked.clear()
        answer = client.get(path, headers=fields)
        monkeypatch.undo()
    assert answer.status == (200 if condition == "none" else 304)
    assert asked == expected


@pytest.mark.parametrize(
    ("name", "how"), [("a.txt", "link outside"), ("sub/c.css", "link the folder")]
)
def test_a_client_is_told_nothing_of_a_file_outside(tmp_path: Path, name: str, how: str) -> None:
    """Not even that it is like the one that the client has, by its date and its length."""
    public = tmp_path / "public"
    write(tmp_path / "secret.txt", SECRET)
    for each in (*NAMES, "target.txt"):
        write(public / each)
    with sites(public) as clients:
        answers = [client.get(f"/files/{name}") for client in clients for _ in range(2)]
        change(public, name, how, b"", MODIFIED)
        for client in clients:
            for condition in ("etag", "date"):
                fields = condition_fields(condition, answers[0])
                assert client.get(f"/files/{name}", headers=fields).status == 403


@pytest.mark.parametrize("path", ["/one/{}", "/one/{}/x%2Fy", "/one/./{}"])
def test_no_number_of_paths_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Clients can write the path of a file in any number of ways."""
    monkeypatch.setattr(serving, "MAX_PLAIN_FILES", 10)
    write(tmp_path / "a.txt")
    with sites(tmp_path) as (client, *_):

        def ask(first: int) -> int:
            for number in range(first, first + 300):
                assert client.get(path.format(number)).status == 200
            gc.collect()
            return tracemalloc.get_traced_memory()[0]

        ask(0)
        tracemalloc.start()
        grown = -ask(1000) + ask(2000)
        tracemalloc.stop()
    assert grown < 30_000


def test_threads_that_drop_what_others_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "MAX_PLAIN_FILES", 1)
    interval = sys.getswitchinterval()
    names = [f"{number}.txt" for number in range(4)]
    for name in (*names, "a.txt"):
        write(tmp_path / name, name)
    with sites(tmp_path) as (client, *_):

        def ask(name: str) -> set[str]:
            return {client.get(f"/files/{name}").text for _ in range(300)}

        sys.setswitchinterval(1e-6)
        try:
            with ThreadPoolExecutor(4) as pool:
                assert list(pool.map(ask, names)) == [{name} for name in names]
        finally:
            sys.setswitchinterval(interval)


class _Types(dict[str, str]):
    """Media types that depend on the request."""

    def __contains__(self, extension: object) -> bool:
        return True

    def __getitem__(self, extension: str) -> str:
        return f"text/x-{cherrypy.request.headers['Accept-Language']}"


def test_media_types_may_depend_on_the_request(tmp_path: Path) -> None:
    write(tmp_path / "a.txt")
    with sites(tmp_path, content_types=_Types(any="")) as (client, *_):
        for language in ("de", "de", "fr"):
            answer = client.get("/files/a.txt", headers={"Accept-Language": language})
            assert answer.headers["Content-Type"] == f"text/x-{language}"


@pytest.mark.parametrize("failing", ["fstat", "read"])
def test_what_fails_is_closed_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """As a network file system does, for files that somebody has removed at the server."""
    write(tmp_path / "a.txt")

    def fail(*_: object) -> Any:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with sites(tmp_path) as clients:
        for client in clients:
            client.application.config["/files"]["error_page.500"] = lambda **_: "own page"  # type: ignore[attr-defined]
            client.get("/files/a.txt")
            client.get("/files/a.txt")
        before = len(list(Path("/proc/self/fd").iterdir()))
        with monkeypatch.context() as patch:
            patch.setattr(os, failing, fail)
            answers = [client.get("/files/a.txt") for client in clients for _ in range(5)]
        assert {(answer.status, answer.text) for answer in answers} == {(500, "own page")}
        assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_what_may_not_be_read_is_refused_whatever_the_client_has() -> None:
    """RFC 9110 section 13.2.1: conditions count only where the answer would be 200 without."""
    user = 65534 if os.geteuid() == 0 else os.geteuid()
    script = """
import os, sys
from pathlib import Path
import cherrypy
from cherrypy.testing import Client

public, user = Path(sys.argv[1]), int(sys.argv[2])
cherrypy.log.screen = False
app = cherrypy.Application(None, "", {
    "/files": {"tools.staticdir.on": True, "tools.staticdir.dir": str(public)},
    "/one": {"tools.staticfile.on": True, "tools.staticfile.filename": str(public / "one.txt")},
})
client = Client(app)
names = {"/files/a.txt": "a.txt", "/files/sub/b.txt": "sub/b.txt", "/one": "one.txt"}
for path in names:
    client.get(path)  # what is imported for it may be root's
os.seteuid(user)
for path, name in names.items():
    fields = {"If-None-Match": client.get(path).headers["ETag"]}
    found = [client.get(path, headers=fields).status for _ in range(2)]
    (public / name).chmod(0)
    found += [client.get(path, headers=fields).status, client.get(path).status]
    print(*found)
"""
    with tempfile.TemporaryDirectory() as folder:
        public = Path(folder) / "public"
        for name in ("a.txt", "sub/b.txt", "one.txt"):
            os.chown(write(public / name), user, -1)
        Path(folder).chmod(0o755)
        run = subprocess.run(  # noqa: S603 - the script above
            [sys.executable, "-c", script, str(public), str(user)],
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.stdout.splitlines() == ["304 304 403 403"] * 3, run.stderr
