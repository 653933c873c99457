"""The tools staticdir and staticfile, and each of their settings."""

from __future__ import annotations

import errno
import gzip
import logging
import mimetypes
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from written_files import write

import cherrypy
from cherrypy.lib import static
from cherrypy.testing import Client

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def site(config: dict[str, Any], root: object = None) -> Client:
    app = cherrypy.Application(root, "", config)
    app.log.screen = False
    return Client(app, validate=True)


def file_settings(path: object, **settings: Any) -> dict[str, Any]:
    return {
        "/one": {
            "tools.staticfile.on": True,
            "tools.staticfile.filename": path,
            **{f"tools.staticfile.{name}": value for name, value in settings.items()},
        }
    }


def test_they_are_tools_of_the_toolbox() -> None:
    for name in ("staticdir", "staticfile"):
        tool = getattr(cherrypy.tools, name)
        assert isinstance(tool, cherrypy._cptools.HandlerTool)
        assert (tool._name, tool._point, tool._priority) == (name, "before_handler", 50)
        assert tool.callable is getattr(static, name)
        assert vars(tool)["match"] is None  # one attribute for each argument


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/files/digits.txt", 200),
        ("/files/sub/inner.txt", 200),
        ("/files/a%20b.txt", 200),
        ("/files/nothing.txt", 404),
        ("/files/digits.txt/", 404),
        ("/files/digits.txt/x", 404),
        ("/files/sub", 404),
        ("/files/sub/", 404),
        ("/files/", 404),
        ("/files", 404),
        ("/filesystem", 404),
        ("/digits.txt", 404),
        ("/files/../secret.txt", 404),
        ("/files/%2e%2e/secret.txt", 404),
        ("/files/..%2fsecret.txt", 404),
        ("/files/sub/../digits.txt", 404),
        ("/files/x/..%2Fdigits.txt", 404),
        ("/files/sub%2Finner.txt", 404),
        ("/files/sub%5Cinner.txt", 404),
        ("/files/%252e%252e/secret.txt", 404),
        ("/files/..%5csecret.txt", 404),
        ("/files/%00", 404),
        ("/files/" + "x" * 5000, 404),
        ("/files/" + "x/" * 2500, 404),
        ("/files/%ff%fe", 404),
        ("/files/~root", 404),
    ],
)
def test_what_is_served(serve: Callable[..., Client], path: str, status: int) -> None:
    answer = serve().get(path)
    assert answer.status == status
    assert answer.text != "secret"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_for_the_page_handler(serve: Callable[..., Client], method: str) -> None:
    class Root:
        @cherrypy.expose
        def files(self, *_path: str) -> str:
            return "the handler"

    assert serve(Root()).request(method, "/files/digits.txt").text == "the handler"
    assert serve(Root()).get("/files/nothing.txt").text == "the handler"
    assert serve(Root()).get("/files/digits.txt").text == "0123456789"


def test_the_page_handler_does_not_run_for_a_file(serve: Callable[..., Client]) -> None:
    class Root:
        @cherrypy.expose
        def files(self, *_path: str) -> str:
            raise AssertionError

    assert serve(Root()).get("/files/digits.txt").status == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("digits.txt", 304),
        ("sub/inner.txt", 304),
        ("in.txt", 304),
        ("digits.txt/", 404),
        ("out.txt", 403),
        ("", 404),
    ],
)
def test_what_the_client_has_is_not_opened_needlessly(
    serve: Callable[..., Client], public: Path, path: str, status: int
) -> None:
    """And what may not be served is not told to be current either."""
    (public / "in.txt").symlink_to("digits.txt")
    (public / "out.txt").symlink_to("../secret.txt")
    client = serve(max_age=5)
    etag = client.get("/files/digits.txt").headers["ETag"]
    answer = client.get(f"/files/{path}", headers={"If-None-Match": etag})
    assert answer.status == status
    if status == 304:
        assert (answer.headers["ETag"], answer.headers["Cache-Control"]) == (etag, "max-age=5")


def test_index(serve: Callable[..., Client]) -> None:
    client = serve(index="index.html")
    assert client.get("/files/").text == "0123456789"
    redirect = client.get("/files?a=1")
    assert (redirect.status, redirect.headers["Location"]) == (
        301,
        "http://localhost/files/?a=1",
    )
    assert client.get("/files/sub/").status == 404
    assert serve(index="sub/inner.txt").get("/files/").text == "0123456789"
    assert serve(index="sub").get("/files/").status == 404  # a folder is no index


def test_match(serve: Callable[..., Client]) -> None:
    client = serve(match=r"\.html$")
    assert client.get("/files/page.html").status == 200
    assert client.get("/files/digits.txt").status == 404


@pytest.mark.parametrize(
    "match", [r"^(?!.*\.bak$)", r"^(?!.*\.bak/?$)", r"^/files/(?!db\.)", r"\.(txt|/|%2F)$"]
)
@pytest.mark.parametrize(
    "behind",
    ["", "/", "/.", "//", "/./", "%2F", "%2f", "%2F.", "/x/..", "%2Fx%2F..", "/x/../", "/.."],
)
@pytest.mark.parametrize("before", ["", "./", "x/../", "x%2F..%2F", ".%2f", "sub/../"])
def test_match_is_about_the_file_that_is_served(
    serve: Callable[..., Client], public: Path, match: str, before: str, behind: str
) -> None:
    """However its path is written."""
    write(public / "db.bak", "secret")
    client = serve(match=match)
    answer = client.get(f"/files/{before}db.bak{behind}")
    assert answer.status in {403, 404}
    assert client.get("/files/digits.txt").status == 200


@pytest.mark.parametrize(
    "behind", ["/", "/.", "/./", "%2F", "%2F.", "/x/..", "%2Fx%2f..", "/x/../"]
)
def test_nothing_may_follow_the_name_of_a_file(serve: Callable[..., Client], behind: str) -> None:
    """As for a system that is asked for such a path."""
    assert serve().get(f"/files/digits.txt{behind}").status == 404


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("./digits.txt", "digits.txt"),
        ("%2e/sub/./inner.txt", "sub/inner.txt"),
        ("./sub/", "sub/"),
        ("./a%20b.txt?c=1", "a%20b.txt?c=1"),
    ],
)
def test_dots_before_a_name_are_redirected(
    serve: Callable[..., Client], path: str, canonical: str
) -> None:
    """Other settings may apply there (RFC 3986 section 6.2.2.3)."""
    for method in ("GET", "HEAD"):
        answer = serve().request(method, f"/files/{path}")
        assert answer.status == 301
        assert answer.headers["Location"] == f"http://localhost/files/{canonical}"


SPELLINGS = st.lists(
    st.sampled_from(
        ["/", "//", "/./", "/%2e/", "/../", "/open/../", "%2F", "%2f", "%5C", "/.%2F", "\\"]
    ),
    min_size=3,
    max_size=3,
)


@given(SPELLINGS, st.sampled_from(["", "/", "/.", "%2F", "/x/.."]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_settings_below_a_folder_hold_for_every_spelling(
    served_twice: Client, between: list[str], behind: str
) -> None:
    """However the path of the file is written."""
    first, second, third = between
    answer = served_twice.get(f"{first}files{second}private{third}s.txt{behind}")
    for _ in range(3):
        if answer.status != 301:
            break
        answer = served_twice.get(answer.headers["Location"].removeprefix("http://localhost"))
    assert answer.status in {401, 404}


@pytest.fixture
def served_twice(public: Path) -> Client:
    """Client of a folder, a part of which needs authentication."""

    def refuse() -> None:
        raise cherrypy.HTTPError(401)

    (public / "private").mkdir()
    (public / "open").mkdir()
    write(public / "private/s.txt", "secret")
    config: dict[str, dict[str, object]] = {
        "/files": {"tools.staticdir.on": True, "tools.staticdir.dir": str(public)},
        "/files/private": {"hooks.before_handler": cherrypy._cprequest.Hook(refuse, priority=1)},
    }
    return Client(cherrypy.Application(None, "", config))


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.css", "text/css"),
        ("a.JS", "text/javascript"),
        ("a.ico", "image/x-icon"),
        ("a.tar.gz", "application/x-gzip"),
        ("a.woff2", "font/woff2"),
        ("a.webmanifest", "application/manifest+json"),
        ("a.wasm", "application/wasm"),
        ("a", "application/octet-stream"),
        ("a.unknown-extension", "application/octet-stream"),
        ("a.own", "text/x-own"),
        ("folder.css/a", "application/octet-stream"),
    ],
)
def test_media_types(
    serve: Callable[..., Client], public: Path, name: str, media_type: str
) -> None:
    write(public / name)
    answer = serve(content_types={"own": "text/x-own"}).get(f"/files/{name}")
    assert answer.headers["Content-Type"] == media_type


def test_mimetypes_of_the_application_count(
    serve: Callable[..., Client], public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(public / "a.qq-seed")
    client = serve()
    assert client.get("/files/a.qq-seed").headers["Content-Type"] == "application/octet-stream"
    monkeypatch.setitem(mimetypes.types_map, ".qq-seed", "text/x-seed")
    assert client.get("/files/a.qq-seed").headers["Content-Type"] == "text/x-seed"


def test_a_type_that_the_application_has_set_stays(public: Path) -> None:
    config = {
        "/": {
            "tools.staticdir.on": True,
            "tools.staticdir.dir": str(public),
            "response.headers.Content-Type": "text/x-own",
        }
    }
    write(public / "unknown")
    assert site(config).get("/unknown").headers["Content-Type"] == "text/x-own"
    assert site(config).get("/page.html").headers["Content-Type"] == "text/html"


def test_max_age(serve: Callable[..., Client]) -> None:
    client = serve(max_age=60)
    answer = client.get("/files/digits.txt")
    assert answer.headers["Cache-Control"] == "max-age=60"
    fields = {"If-None-Match": answer.headers["ETag"]}
    again = client.get("/files/digits.txt", headers=fields)
    assert (again.status, again.headers["Cache-Control"]) == (304, "max-age=60")
    assert "Cache-Control" not in client.get("/files/nothing.txt").headers


@pytest.mark.parametrize(
    ("immutable", "name", "expected"),
    [
        (True, "app.3f2a9c1b.js", True),
        (True, "app-3f2a9c1b0d.min.css", True),
        (True, "photo-20260131.jpg", False),  # a date
        (True, "app-3f2a9c1b0d.css", True),
        (True, "app.js", False),
        (True, "deadbeef/app.js", False),
        (True, "2026-01-01.txt", False),
        (r"/v\d+/", "v2/app.js", True),
        (r"/v\d+/", "app.3f2a9c1b.js", False),
        (False, "app.3f2a9c1b.js", False),
    ],
)
def test_immutable(
    serve: Callable[..., Client], public: Path, immutable: Any, name: str, *, expected: bool
) -> None:
    """RFC 8246."""
    write(public / name)
    answer = serve(immutable=immutable, max_age=5).get(f"/files/{name}")
    assert answer.headers["Cache-Control"] == (
        "max-age=31536000, immutable" if expected else "max-age=5"
    )


def test_what_the_application_says_of_caches_stays(public: Path) -> None:
    config = {
        "/": {
            "tools.staticdir.on": True,
            "tools.staticdir.dir": str(public),
            "tools.staticdir.max_age": 60,
            "response.headers.Cache-Control": "no-store",
        }
    }
    assert site(config).get("/digits.txt").headers["Cache-Control"] == "no-store"


def test_hidden_files(serve: Callable[..., Client], public: Path) -> None:
    """RFC 8615 section 3: .well-known is meant to be found."""
    write(public / ".git" / "config")
    paths = ("/files/.hidden", "/files/.git/config", "/files/.well-known/security.txt")
    assert [serve().get(path).status for path in paths] == [200, 200, 200]
    assert [serve(hidden=False).get(path).status for path in paths] == [404, 404, 200]


def test_links_that_leave(
    serve: Callable[..., Client], public: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (public / "out.txt").symlink_to("../secret.txt")
    (public / "in.txt").symlink_to("digits.txt")
    client = serve()
    assert client.get("/files/in.txt").status == 200
    with caplog.at_level(logging.WARNING):
        assert client.get("/files/out.txt").status == 403
    assert "tools.staticdir.follow_links = True" in caplog.text
    assert serve(follow_links=True).get("/files/out.txt").text == "secret"


def test_a_directory_that_is_swapped(serve: Callable[..., Client], public: Path) -> None:
    """As a deployment does that turns a link; the next request sees the new one."""
    new = public.parent / "new"
    write(new / "digits.txt", "new")
    link = public.parent / "current"
    link.symlink_to(public)
    client = serve(dir=str(link))
    assert client.get("/files/digits.txt").text == "0123456789"
    other = public.parent / "next"
    other.symlink_to(new)
    other.replace(link)
    assert client.get("/files/digits.txt").text == "new"
    shutil.rmtree(new)
    assert client.get("/files/digits.txt").status == 404


@pytest.mark.parametrize("error", [errno.EACCES, errno.EPERM])
@pytest.mark.parametrize("path", ["/files/digits.txt", "/one"])
def test_what_may_not_be_read(
    public: Path, monkeypatch: pytest.MonkeyPatch, error: int, path: str
) -> None:
    def refuse(*_arguments: object, **_options: object) -> int:
        raise OSError(error, "no", str(public))

    config = file_settings(str(public / "digits.txt"))
    config["/files"] = {"tools.staticdir.on": True, "tools.staticdir.dir": str(public)}
    client = site(config)
    client.get("/")
    monkeypatch.setattr(os, "open", refuse)
    answer = client.get(path)
    assert answer.status == 403
    assert str(public) not in answer.text


def test_what_is_neither_file_nor_folder(serve: Callable[..., Client], public: Path) -> None:
    os.mkfifo(public / "pipe")
    client = serve()
    answer = client.get("/files/pipe")
    assert answer.status == 404


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dir": "public"}, "tools.staticdir.dir = 'public': expected an absolute path"),
        ({"dir": "a", "root": "b"}, "expected an absolute path, or tools.staticdir.root"),
        ({"match": "("}, "tools.staticdir.match = '(': expected a regular expression"),
        ({"immutable": "("}, "tools.staticdir.immutable = '(': expected a regular expression"),
        ({"max_age": -1}, "tools.staticdir.max_age = -1: expected seconds, from 0 to"),
        ({"max_age": True}, "tools.staticdir.max_age = True: expected seconds"),
        ({"precompressed": ["lzma"]}, "tools.staticdir.precompressed = ['lzma']: expected True"),
        ({"content_types": 7}, "tools.staticdir.content_types = 7: expected media types by"),
        ({"precompressed": 7}, "tools.staticdir.precompressed = 7: expected True or some of br"),
    ],
)
def test_settings_that_make_no_sense(
    serve: Callable[..., Client],
    caplog: pytest.LogCaptureFixture,
    settings: dict[str, Any],
    message: str,
) -> None:
    answer = serve(**settings).get("/files/digits.txt")
    assert answer.status == 500
    assert message in caplog.text


def test_the_directory_is_not_set(caplog: pytest.LogCaptureFixture) -> None:
    assert site({"/": {"tools.staticdir.on": True}}).get("/x").status == 500
    assert "tools.staticdir.dir is not set, but the tool is on" in caplog.text


def test_the_root_may_be_above(public: Path) -> None:
    config = {
        "/": {"tools.staticdir.root": str(public.parent)},
        "/static": {"tools.staticdir.on": True, "tools.staticdir.dir": "public"},
    }
    assert site(config).get("/static/digits.txt").text == "0123456789"


def test_the_home_directory(public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(public.parent))
    config = {"/": {"tools.staticdir.on": True, "tools.staticdir.dir": "~/public"}}
    assert site(config).get("/digits.txt").status == 200


def test_several_directories_one_inside_of_the_other(public: Path) -> None:
    config = {
        "/": {"tools.staticdir.on": True, "tools.staticdir.dir": str(public)},
        "/inner": {"tools.staticdir.dir": str(public / "sub")},
    }
    client = site(config)
    assert client.get("/digits.txt").status == 200
    assert client.get("/inner/inner.txt").status == 200
    assert client.get("/inner/digits.txt").status == 404


@pytest.mark.parametrize("as_class", [True, False])
def test_a_directory_of_an_object(public: Path, *, as_class: bool) -> None:
    """``_cp_config`` and decorators do not say the path; where the object is published does."""

    @cherrypy.tools.staticdir(dir=str(public))
    class Files:
        pass

    class Root:
        pass

    root: Any = Root()
    root.a = Root()
    root.a.files = Files if as_class else Files()
    client = site({}, root)
    for _ in range(2):
        assert client.get("/a/files/digits.txt").text == "0123456789"


def test_handlers_made_of_the_tools(public: Path) -> None:
    class Root:
        files = cherrypy.tools.staticdir.handler(section="/files", dir=str(public))
        one = cherrypy.tools.staticfile.handler(filename=str(public / "digits.txt"))

    client = site({}, Root())
    assert client.get("/files/sub/inner.txt").text == "0123456789"
    assert client.get("/files/nothing").status == 404
    assert client.get("/one").text == "0123456789"


def test_another_function_in_place_of_the_own(
    public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def spy(**settings: Any) -> bool:
        asked.append(settings)
        return static.staticdir(**settings)

    monkeypatch.setattr(cherrypy.tools.staticdir, "callable", spy)
    config = {"/": {"tools.staticdir.on": True, "tools.staticdir.dir": str(public)}}
    assert site(config).get("/digits.txt").text == "0123456789"
    assert asked == [{"dir": str(public), "section": "/"}]


def test_settings_that_change_count_on_the_next_request(public: Path) -> None:
    config = {"/": {"tools.staticdir.on": True, "tools.staticdir.dir": str(public)}}
    app = cherrypy.Application(None, "", config)
    client = Client(app)
    assert client.get("/digits.txt").status == 200
    app.config["/"]["tools.staticdir.dir"] = str(public / "sub")
    assert client.get("/inner.txt").status == 200
    app.config["/"]["tools.staticdir.on"] = False
    assert client.get("/inner.txt").status == 404


def test_the_tool_has_a_priority(public: Path) -> None:
    config = {
        "/": {
            "tools.staticdir.on": True,
            "tools.staticdir.dir": str(public),
            "tools.staticdir.priority": 10,
        }
    }
    seen: list[float] = []

    class Root:
        @cherrypy.expose
        def default(self, *_path: str) -> str:
            seen.extend(hook.priority for hook in cherrypy.request.hooks["before_handler"])
            return ""

    site(config, Root()).get("/nothing")
    assert 10 in seen


def test_one_file(public: Path) -> None:
    client = site(file_settings(public / "digits.txt", max_age=9, match="one"))
    answer = client.get("/one")
    assert (answer.text, answer.headers["Cache-Control"]) == ("0123456789", "max-age=9")
    assert client.get("/one/else").status == 200
    assert client.post("/one", content=b"").status == 404


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({"filename": "digits.txt", "root": "{public}"}, 200),
        ({"filename": "digits.txt"}, 500),
        ({"filename": "{public}/nothing.txt"}, 404),
        ({"filename": "{public}/sub"}, 404),
        ({"filename": "{public}/digits.txt", "match": "two"}, 404),
    ],
)
def test_settings_of_one_file(public: Path, settings: dict[str, str], status: int) -> None:
    values = {name: value.format(public=public) for name, value in settings.items()}
    client = site(file_settings(values.pop("filename"), **values))
    assert client.get("/one").status == status


def test_with_compression_and_the_response_cache(public: Path) -> None:
    """Each client gets what it accepts, and what it is told that it is."""
    write(public / "long.txt", "so long " * 1000)
    config = {
        "/": {
            "tools.staticdir.on": True,
            "tools.staticdir.dir": str(public),
            "tools.caching.on": True,
            "tools.gzip.on": True,
        }
    }
    client = site(config)
    for _ in range(2):
        plain = client.get("/long.txt")
        assert plain.text == "so long " * 1000
        assert "Content-Encoding" not in plain.headers
        coded = client.get("/long.txt", headers={"Accept-Encoding": "gzip"})
        assert coded.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(coded.content) == plain.content
        part = client.get("/long.txt", headers={"Range": "bytes=0-6"})
        assert (part.status, part.text) == (206, "so long")
        fields = {"If-Modified-Since": plain.headers["Last-Modified"]}
        assert client.get("/long.txt", headers=fields).status == 304


class Broken(dict[str, str]):
    """A mapping that fails."""

    def __bool__(self) -> bool:
        raise LookupError


def test_an_error_leaves_no_file_open(serve: Callable[..., Client], public: Path) -> None:
    descriptors = public.parent / "descriptors"
    descriptors.symlink_to("/proc/self/fd")
    client = serve(content_types=Broken())
    assert client.get("/files/digits.txt").status == 500
    before = sorted(os.listdir(descriptors))  # noqa: PTH208 - names
    for _ in range(3):
        client.get("/files/digits.txt")
    assert sorted(os.listdir(descriptors)) == before  # noqa: PTH208 - names


def test_no_session_and_no_cookie_of_a_file(serve: Callable[..., Client]) -> None:
    assert "Set-Cookie" not in serve().get("/files/digits.txt").headers


@pytest.mark.parametrize("name", ["large.bin", "digits.txt"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_no_file_is_left_open(
    serve: Callable[..., Client], public: Path, name: str, method: str
) -> None:
    """However the client asks, and also if it goes away."""
    write(public / "large.bin", b"x" * 300_000)
    client = serve(precompressed=True, index="index.html", listing=True)
    descriptors = public.parent / "descriptors"
    descriptors.symlink_to("/proc/self/fd")
    before = sorted(os.listdir(descriptors))  # noqa: PTH208 - names
    etag = client.get(f"/files/{name}").headers["ETag"]
    for fields in (
        {},
        {"If-None-Match": etag},
        {"If-Match": '"x"'},
        {"Range": "bytes=0-2"},
        {"Range": "bytes=0-2,5-6"},
        {"Range": "bytes=999999-"},
    ):
        client.request(method, f"/files/{name}", headers=fields)
        with client.request(method, f"/files/{name}", headers=fields, stream=True):
            pass  # and nothing is read
    for path in ("", "sub", "sub/", "digits.txt/", "../x", "nothing"):
        client.request(method, f"/files/{path}")
    assert sorted(os.listdir(descriptors)) == before  # noqa: PTH208 - names


HOOKS_THAT_ADD_A_FIELD = {
    "after the tool": {"hooks.before_handler": "later"},
    "before the answer is finished": {"hooks.before_finalize": "later"},
    "of the configuration": {"response.headers.X-Later": "yes"},
}


@pytest.mark.parametrize("conditions", [{}, {"If-Modified-Since": "Thu, 29 Feb 2024 12:00:00 GMT"}])
@pytest.mark.parametrize(
    "settings", HOOKS_THAT_ADD_A_FIELD.values(), ids=HOOKS_THAT_ADD_A_FIELD.keys()
)
def test_what_others_do_to_the_answer_counts(
    public: Path, settings: dict[str, Any], conditions: dict[str, str]
) -> None:
    """A plain answer is finished by the tool itself, unless somebody else has a say in it."""

    def later() -> None:
        cherrypy.response.headers["X-Later"] = "yes"

    later.priority = 90  # type: ignore[attr-defined]  # see Hook
    directory = {"tools.staticdir.on": True, "tools.staticdir.dir": str(public)}
    plain = site({"/files": directory})
    others = {key: later if value == "later" else value for key, value in settings.items()}
    changed = site({"/files": directory | others})
    expected = plain.get("/files/digits.txt", headers=conditions)
    answer = changed.get("/files/digits.txt", headers=conditions)
    assert expected.status == answer.status == (304 if conditions else 200)
    assert answer.headers["X-Later"] == "yes"
    assert answer.text == expected.text
    assert set(answer.headers) == {*expected.headers, "X-Later"}


def test_hooks_after_the_answer_see_its_header_fields(public: Path) -> None:
    seen = []

    def look() -> None:
        seen.append((cherrypy.response.status, cherrypy.response.headers["Content-Type"]))

    settings = {"tools.staticdir.on": True, "tools.staticdir.dir": str(public)}
    client = site({"/files": settings | {"hooks.on_end_resource": look}})
    client.get("/files/digits.txt")
    assert seen == [("200 OK", "text/plain")]


def test_a_file_that_changes_counts_on_the_next_request(
    serve: Callable[..., Client], public: Path
) -> None:
    client = serve()
    first = client.get("/files/digits.txt")
    conditions = {"If-None-Match": first.headers["ETag"]}
    assert client.get("/files/digits.txt", headers=conditions).status == 304
    write(public / "digits.txt", "another content", modified=1_709_208_001)
    second = client.get("/files/digits.txt", headers=conditions)
    assert (second.status, second.text) == (200, "another content")
    assert second.headers["ETag"] != first.headers["ETag"]


def test_a_refusal_is_not_kept(serve: Callable[..., Client], public: Path) -> None:
    """Only a file that is sent is fresh for a while (RFC 9111 section 3)."""
    for client, path in (
        (serve(max_age=60), "/files/digits.txt"),
        (site(file_settings(public / "digits.txt", max_age=60)), "/one"),
    ):
        assert client.get(path).headers["Cache-Control"] == "max-age=60"
        refused = client.get(path, headers={"Range": "bytes=100-"})
        assert refused.status == 416
        assert "Cache-Control" not in refused.headers


def test_a_304_does_not_repeat_what_other_tools_said(public: Path) -> None:
    """As CherryPy has it: of a file that the client has, nothing is told but its validators."""
    config = file_settings(public / "digits.txt")
    config["/one"] |= {"tools.allow.on": True, "tools.allow.methods": ["GET", "HEAD"]}
    client = site(config)
    answer = client.get("/one")
    assert answer.headers["Allow"] == "GET, HEAD"
    fields = {"If-Modified-Since": answer.headers["Last-Modified"]}
    answer = client.get("/one", headers=fields)
    assert answer.status == 304
    assert "Allow" not in answer.headers
