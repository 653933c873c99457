"""Modules that CherryPy 18 had: each can be imported, and serves its users or says what to do."""

from __future__ import annotations

import importlib
import runpy
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import cherrypy
from cherrypy import _cpreqbody
from cherrypy.lib import covercp, gctools, headers, profiler
from cherrypy.test.logtest import LogCase


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("_cpmodpy", ["ModPythonServer", "handler", "setup"]),
        ("_cpnative_server", ["CPHTTPServer", "NativeGateway"]),
        ("scaffold", ["Root", "root"]),
        ("process.win32", ["ConsoleCtrlHandler", "Win32Bus"]),
        ("lib.covercp", ["CoverStats", "serve"]),
        ("lib.gctools", ["ReferrerTree", "get_context"]),
        ("lib.profiler", ["serve"]),
    ],
)
def test_a_name_that_is_gone_can_be_imported_and_not_used(module: str, names: list[str]) -> None:
    full_name = f"cherrypy.{module}"
    imported = importlib.import_module(full_name)
    for name in names:
        found: Any = getattr(imported, name)
        with pytest.raises(NotImplementedError, match=f"{full_name}.{name} is not part of"):
            found()
        with pytest.raises(NotImplementedError):
            type("Sub", (), {"__init_subclass__": found.__mro_entries__(())})
    assert not hasattr(imported, "something_else")


def test_a_class_that_is_gone_has_no_subclasses() -> None:
    from cherrypy import scaffold

    with pytest.raises(NotImplementedError, match="first-steps"):

        class Root(scaffold.Root):  # type: ignore[misc,valid-type]  # that is what is tested
            pass


def test_the_tutorials_can_be_imported() -> None:
    tutorial = importlib.import_module("cherrypy.tutorial.tut01_helloworld")
    with pytest.raises(NotImplementedError, match="tutorials/first-steps"):
        tutorial.HelloWorld()


def test_a_program_that_is_gone_says_so() -> None:
    with pytest.raises(SystemExit, match="tutorials/first-steps"):
        runpy.run_module("cherrypy.tutorial.tut02_expose_methods", run_name="__main__")


def test_profiler(tmp_path: Path) -> None:
    profiles = profiler.Profiler(str(tmp_path))
    assert profiles.run(max, 1, 2) == 2
    (name,) = profiles.statfiles()
    assert "function calls" in profiles.stats(name)
    assert name in profiles.index()
    assert "<pre>" in profiles.report(f"../{tmp_path.name}/{name}")


@pytest.mark.parametrize(("aggregate", "files"), [(False, 2), (True, 1)])
def test_profiles_of_requests(tmp_path: Path, *, aggregate: bool, files: int) -> None:
    def application(_environ: object, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b"x"]

    app = profiler.make_app(application, str(tmp_path), aggregate)
    for _ in range(2):
        assert app({}, lambda _status, _fields: None) == [b"x"]
    assert len(app.profiler.statfiles()) == files


def test_coverage_begins_once(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[object] = []

    class Coverage:
        def __init__(self, **_settings: object) -> None:
            pass

        def start(self) -> None:
            begun.append(self)

    module = ModuleType("coverage")
    module.Coverage = Coverage  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "coverage", module)
    monkeypatch.setattr(covercp, "the_coverage", None)
    covercp.start()
    covercp.start()
    assert begun == [covercp.the_coverage]


class Leaked:
    pass


def test_gctools() -> None:
    leaked = Leaked()
    assert gctools.get_instances(Leaked) == [leaked]
    root = gctools.GCRoot()
    root.classes = [(Leaked, 0, 0, "Leaks.")]  # type: ignore[misc]  # an instance may have its own
    assert root.index() == "Hello, world!"
    assert "1 Leaked, expected 0 to 0: Leaks." in root.stats()


def test_parse_header() -> None:
    line = 'form-data; name="a;b"; filename=c'
    assert headers.parse_header(line) == ("form-data", {"name": "a;b", "filename": "c"})


@pytest.mark.parametrize(
    ("path", "normal"),
    [("", ""), ("a//b", "a//b"), ("a//b/../c", "a/c"), ("/a/./", "/a"), ("../x", "x")],
)
def test_normalize_path(path: str, normal: str) -> None:
    assert cherrypy._helper.normalize_path(path) == normal


def test_helper_has_the_names_of_the_facade() -> None:
    class Site:
        name = cherrypy._helper.classproperty(lambda cls: cls.__name__)

    assert Site.name == "Site"
    assert cherrypy._helper.expose is cherrypy.expose
    assert cherrypy._helper.url is cherrypy.url


def test_environ_of_bytes() -> None:
    environ = {"wsgi.url_encoding": "utf-8", "PATH_INFO": "/é", "X": "é", "n": 1}
    assert cherrypy.wsgi.downgrade_wsgi_ux_to_1x(environ) == {
        b"wsgi.url_encoding": b"utf-8",
        b"PATH_INFO": "/é".encode(),
        b"X": b"\xe9",
        b"n": 1,
    }


def test_time_of_a_log_line() -> None:
    assert str(cherrypy._cplogging.LazyRfc3339UtcTime()).endswith("Z")


def test_bytes_of_a_form() -> None:
    assert _cpreqbody.unquote_plus(b"a+b%20c%zz%FF") == b"a b c%zz\xff"


def test_old_process_multipart() -> None:
    read: list[object] = []

    class Body:
        processors = {"multipart": read.append}  # noqa: RUF012 - as that of an entity

    body = Body()
    _cpreqbody._old_process_multipart(body)
    assert read == [body]


def test_log_case(tmp_path: Path) -> None:
    case = LogCase()
    case.logfile = str(tmp_path / "log")
    case.emptyLog()

    def write(text: str) -> None:
        with Path(str(case.logfile)).open("a") as log:
            log.write(text)

    write("before\n")
    case.assertInLog("before")
    case.markLog("first")
    write("one\ntwo 8b2c0c7e-9d3f-4a57-b6e5-3f6f4a1f3c55\n")
    case.assertInLog(b"one")
    case.assertNotInLog("before")
    case.assertLog(-1, "two")
    case.assertLog((0, 2), ["one", "two"])
    case.assertValidUUIDv4()
    case.markLog("second")
    case.assertNotInLog("one")
    case.assertInLog("one", marker="first")
    for check in (case.assertInLog, lambda text: case.assertNotInLog(text, "first")):
        with pytest.raises(AssertionError):
            check("one")
    with pytest.raises(AssertionError):
        case.assertValidUUIDv4()
