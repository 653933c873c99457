"""Suites on a real server: those written for CherryPy's helper, and the fixture for new ones."""

from __future__ import annotations

import os
import re
import socket
import ssl
import subprocess
import sys
import threading
from http.client import HTTPSConnection
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

import cherrypy
from cherrypy.process.wspbus import states
from cherrypy.test import helper, webtest
from cherrypy.testing import isolated, live_server
from environments import REFERENCE, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent
SUITE = FOLDER / "webcase_suite.py"
PYTEST = (
    "-m",
    "pytest",
    "-q",
    "-p",
    "no:cacheprovider",
    "-c",
    os.devnull,
    "--rootdir",
    str(FOLDER),
)


class Root:
    """Answers."""

    kept: list[object]

    def __init__(self) -> None:
        self.kept = []

    @cherrypy.expose
    def index(self) -> str:
        """Answer with scheme, host and port."""
        return cherrypy.url("/")

    @cherrypy.expose
    def fail(self) -> None:
        """Fail."""
        raise LookupError("of the handler")

    @cherrypy.expose
    def keep(self) -> str:
        """Leak the request."""
        self.kept.append(cherrypy.serving.request)
        return "kept"


def run(python: Path | str, *arguments: str, folder: Path = FOLDER) -> str:
    """Run Python apart from this run of the tests, and give what it writes."""
    hidden = ("PYTEST_", "PYTHONPATH", "WEBTEST_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    kept["WEBTEST_INTERACTIVE"] = "0"  # else CherryPy waits for a key where an assertion fails
    if str(python) == sys.executable:
        kept["PYTHONPATH"] = os.environ.get("PYTHONPATH", "")
    finished = subprocess.run(  # noqa: S603 - an interpreter of ours
        [str(python), *arguments],
        cwd=folder,
        env=kept,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return f"{finished.stdout}{finished.stderr}\nstatus {finished.returncode}"


class TestSuiteForCherryPy:
    """One suite runs, unchanged, under CherryPy 18.10 and under ours."""

    def test_under_ours(self) -> None:
        shown = run(sys.executable, "-W", "error", *PYTEST, str(SUITE))
        assert "25 passed, 1 skipped" in shown, shown

    def test_under_ours_with_unittest(self) -> None:
        """CherryPy starts no server there."""
        shown = run(sys.executable, "-W", "error", str(SUITE))
        assert "Ran 26 tests" in shown, shown
        assert "OK (skipped=1)" in shown, shown

    def test_under_the_reference(self) -> None:
        python = environment("cherrypy-18.10.0-pytest", (*REFERENCE, "pytest==9.2.0"))
        shown = run(python, *PYTEST, "-W", "ignore", str(SUITE))
        assert "25 passed, 1 skipped" in shown, shown


class CaseOfItsOwn(helper.CPWebCase):
    """Set up by hand in the tests below; pytest is not to run it."""

    __test__ = False

    @staticmethod
    def setup_server() -> None:
        """Mount."""
        cherrypy.tree.mount(Root())


class EncryptedCase(CaseOfItsOwn):
    """Served by TLS."""

    scheme = "https"


@pytest.fixture
def case() -> Iterator[helper.CPWebCase]:
    """Give a case whose server runs."""
    with isolated():
        CaseOfItsOwn.setup_class()
        try:
            yield CaseOfItsOwn("test_gc")
        finally:
            CaseOfItsOwn.teardown_class()


def test_a_class_leaves_nothing_behind(case: helper.CPWebCase) -> None:
    port, threads = case.PORT, threading.enumerate()
    case.getPage("/")
    case.assertBody(f"{case.base()}/")
    type(case).teardown_class()
    assert cherrypy.engine.state is states.STOPPED
    assert cherrypy.tree.apps == {}
    assert cherrypy.config.get("environment") is None
    assert port != webtest.WebCase.PORT
    for thread in set(threads) - {threading.main_thread()}:
        thread.join(10)
        assert not thread.is_alive()
    with pytest.raises(ConnectionRefusedError):
        webtest.openURL("/", port=port, raise_subcls=ConnectionRefusedError)


def test_another_port_is_taken_only_if_that_of_cherrypy_is_in_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert helper._PORT == 54583
    port = webtest.find_free_port()  # other tests may use the real one
    monkeypatch.setattr(helper, "_PORT", port)
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with isolated():
            CaseOfItsOwn.setup_class()
            try:
                assert port != CaseOfItsOwn.PORT
            finally:
                CaseOfItsOwn.teardown_class()
    for _ in range(2):  # connections of the first time may be in the way of the second
        with isolated():
            CaseOfItsOwn.setup_class()
            try:
                CaseOfItsOwn("test_gc").getPage("/")
                assert port == CaseOfItsOwn.PORT
            finally:
                CaseOfItsOwn.teardown_class()


def test_a_class_is_set_up_once(case: helper.CPWebCase) -> None:
    """By unittest and pytest both, for example."""
    server = cherrypy.server.httpserver
    type(case).setup_class()
    assert cherrypy.server.httpserver is server


def test_a_failure_notes_the_exception_of_the_server(case: helper.CPWebCase) -> None:
    case.getPage("/fail")
    with pytest.raises(AssertionError) as caught:
        case.assertStatus(200)
    assert any("LookupError: of the handler" in note for note in caught.value.__notes__)
    case.getPage("/")
    assert not any("LookupError" in note for note in case.notes())


def test_tls() -> None:
    EncryptedCase.setup_class()
    try:
        case = EncryptedCase("test_gc")
        case.getPage("/")
        case.assertBody(f"https://127.0.0.1:{case.PORT}/")
        assert case.base() == f"https://127.0.0.1:{case.PORT}"
        case.persistent = True
        case.getPage("/")
        case.assertStatus(200)
        case.doCleanups()
    finally:
        EncryptedCase.teardown_class()
    assert helper.CPWebCase.scheme == "http"


def test_gc_finds_requests_that_are_kept(
    case: helper.CPWebCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    case.getPage("/")
    case.test_gc()  # is off
    case.do_gc_test = True
    case.test_gc()
    case.getPage("/keep")
    monkeypatch.setattr(helper, "_PATIENCE", 0.1)
    with pytest.raises(AssertionError, match="GET /keep"):
        case.test_gc()


def test_a_setup_that_fails_is_undone() -> None:
    class Failing(helper.CPWebCase):
        __test__ = False

        @staticmethod
        def setup_server() -> None:
            cherrypy.tree.mount(Root(), "/left")
            cherrypy.engine.subscribe("start", Root().fail)

    with pytest.raises(Exception, match="of the handler"):
        Failing.setup_class()
    assert "/left" not in cherrypy.tree.apps
    assert cherrypy.engine.state is states.STOPPED
    with live_server():  # and the next one can begin
        pass


SCRIPT = """
import unittest
import cherrypy
from cherrypy.test import helper

class Root:
    @cherrypy.expose
    def index(self):
        return "of a script"

def setup_server():
    cherrypy.tree.mount(Root())

class ScriptTest(helper.CPWebCase):
    def test_page(self):
        self.getPage("/")
        self.assertBody("of a script")

if __name__ == "__main__":
    setup_server()
    helper.testmain({"own.key": 1})
"""


def test_a_script_with_testmain(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    shown = run(sys.executable, "-W", "error", str(script))
    assert "Ran 2 tests" in shown, shown
    assert "status 0" in shown, shown


FAILING = """
import cherrypy
from cherrypy.test import helper

class FailingTest(helper.CPWebCase):
    @staticmethod
    def setup_server():
        class Root:
            @cherrypy.expose
            def index(self):
                raise LookupError("of the handler")
        cherrypy.tree.mount(Root())

    def test_page(self):
        self.getPage("/")
        self.assertStatus(200)
"""


@pytest.mark.parametrize("runner", [PYTEST, ("-m", "unittest")])
def test_a_failure_shows_what_the_handler_raised(tmp_path: Path, runner: tuple[str, ...]) -> None:
    """Nobody is asked for a key, whoever runs the tests."""
    (tmp_path / "test_failing.py").write_text(FAILING)
    shown = run(sys.executable, *runner, "test_failing.py", folder=tmp_path)
    assert "the status is '500 Internal Server Error', not 200" in shown
    assert re.search(r'raise LookupError\("of the handler"\)', shown), shown
    assert "status 1" in shown


class TestLiveServer:
    """``live_server`` and the fixture ``cherrypy_server``."""

    def test_it_serves_the_tree(self) -> None:
        with live_server() as server:
            cherrypy.tree.mount(Root())
            with urlopen(server.url("/")) as answer:  # noqa: S310 - it is http
                assert answer.read().decode() == f"{server.base}/"
            assert server.base == f"http://{server.host}:{server.port}"
            assert server.url("a/b") == server.url("/a/b") == f"{server.base}/a/b"
        assert cherrypy.engine.state is states.STOPPED

    def test_two_in_a_row_have_different_servers(self) -> None:
        servers = []
        for _ in range(2):
            with live_server():
                servers.append(cherrypy.server.httpserver)
        assert servers[0] is not servers[1]

    def test_settings_of_the_site_count_apart_from_the_address(self) -> None:
        with isolated():
            cherrypy.config.update({"server.socket_port": 1, "server.thread_pool": 2})
            cherrypy.config.update({"server.second.socket_port": 1})
            with live_server() as server:
                assert server.port > 1
                assert cherrypy.server.thread_pool == 2
            assert cherrypy.server.socket_port == 1

    def test_a_port_that_is_in_use_fails_the_test_and_not_the_process(self) -> None:
        with live_server() as first:
            code = (
                "from cherrypy.testing import live_server\n"
                f"with live_server(port={first.port}): pass\n"
            )
            shown = run(sys.executable, "-c", code)
        assert "ChannelFailures" in shown
        assert "is in use" in shown
        assert "status 1" in shown

    def test_the_fixture(self, tmp_path: Path) -> None:
        (tmp_path / "test_site.py").write_text(
            "from urllib.request import urlopen\n"
            "import cherrypy\n"
            "def test_live(cherrypy_server):\n"
            "    cherrypy.tree.graft(lambda e, s: (s('200 OK', []), [b'live'])[1])\n"
            "    with urlopen(cherrypy_server.url('/')) as answer:\n"
            "        assert answer.read() == b'live'\n"
            "def test_gone():\n"
            "    assert cherrypy.tree.apps == {}\n"
        )
        plugin = ("-p", "_cherrypy_pytest", "-p", "no:cherrypy")
        shown = run(sys.executable, *PYTEST, "-W", "error", *plugin, folder=tmp_path)
        assert "2 passed" in shown, shown


CHERRYD = """
import getopt, importlib, sys
import cherrypy
from cherrypy.process.plugins import Daemonizer, PIDFile

for option, value in getopt.getopt(sys.argv[1:], "c:p:i:d")[0]:
    if option == "-c":
        cherrypy.config.update(value)
    elif option == "-p":
        PIDFile(cherrypy.engine, value).subscribe()
    elif option == "-i":
        importlib.import_module(value)
    else:
        Daemonizer(cherrypy.engine).subscribe()
cherrypy.engine.signals.subscribe()
cherrypy.engine.start()
cherrypy.engine.block()
"""

PROCESS_SITE = """
import os
import cherrypy

class Root:
    @cherrypy.expose
    def index(self):
        return f"{os.getpid()} {cherrypy.config['own.key']}"

cherrypy.tree.mount(Root())
"""


class TestProcess:
    """``CPProcess``: a site in a process of its own."""

    @pytest.fixture(autouse=True)
    def _modules(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "process_site.py").write_text(PROCESS_SITE)
        # for a core whose `python -m cherrypy` is not there: another portion of the package
        (tmp_path / "cherrypy").mkdir()
        (tmp_path / "cherrypy" / "__main__.py").write_text(CHERRYD)
        monkeypatch.syspath_prepend(str(tmp_path))

    @pytest.mark.parametrize("daemonize", [False, True])
    def test_it_serves_until_it_is_stopped(self, *, daemonize: bool) -> None:
        port = webtest.find_free_port()
        process = helper.CPProcess(daemonize=daemonize, socket_port=port)
        process.write_conf("own.key: 'own'")
        process.start(imports="process_site")
        try:
            _, _, body = webtest.openURL("/", host=process.host, port=process.port)
            assert body.decode() == f"{process.get_pid()} own"
        finally:
            process.stop()
        assert process.exit_code == (None if daemonize else 0)
        assert "Bus EXITED" in Path(process.error_log).read_text("utf-8")
        assert Path(process.access_log).exists()

    def test_by_tls(self) -> None:
        process = helper.CPProcess(ssl=True, socket_port=webtest.find_free_port())
        process.write_conf("own.key: 'own'")
        process.start(["process_site"])
        try:
            context = ssl.create_default_context(cafile=helper.serverpem)
            _, _, body = webtest.openURL(
                "/", port=process.port, http_conn=HTTPSConnection, ssl_context=context
            )
            assert body.decode() == f"{process.get_pid()} own"
        finally:
            process.stop()

    def test_its_end_can_be_waited_for(self) -> None:
        process = helper.CPProcess(wait=True, socket_port=webtest.find_free_port())
        process.write_conf()
        process.start("no_such_module")
        assert process.exit_code

    def test_one_that_ends_instead_of_answering_is_an_error(self) -> None:
        process = helper.CPProcess(socket_port=webtest.find_free_port())
        process.write_conf()
        with pytest.raises(RuntimeError, match="ended"):
            process.start("no_such_module")
