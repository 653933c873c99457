"""Test cases for CherryPy applications, on a real HTTP server (of cherrypy-server).

A suite mounts its applications in ``setup_server``, and asks for pages::

    class GreeterTest(helper.CPWebCase):
        @staticmethod
        def setup_server():
            cherrypy.tree.mount(Greeter())

        def test_greeting(self):
            self.getPage("/hello?name=Ada")
            self.assertStatus(200)
            self.assertBody("Hello, Ada")

pytest and unittest both run it. The server listens on port 54583 of this machine if it is free,
or else on another one.
"""

import contextlib
import datetime as dt
import gc
import html
import logging
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
import weakref
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any, ClassVar

import cherrypy
from cherrypy._request.request import Request
from cherrypy._runtime.compat import ntob, text_or_bytes
from cherrypy._testing.site import isolated, make_quick, started
from cherrypy.lib import httputil
from cherrypy.process.wspbus import states
from cherrypy.test import webtest

__all__ = [
    "CPProcess",
    "CPWebCase",
    "HTTPSConnection",
    "LocalSupervisor",
    "LocalWSGISupervisor",
    "Supervisor",
    "cherrypy",
    "httputil",
    "log_to_stderr",
    "ntob",
    "serverpem",
    "setup_client",
    "testmain",
    "text_or_bytes",
    "thisdir",
    "webtest",
]

thisdir = str(Path(__file__).resolve().parent)
"""Folder of this module."""

serverpem = str(Path(thisdir) / "test.pem")
"""File with a certificate for ``localhost``, and its key, which is not a secret."""

log = logging.getLogger(__name__)

_HOST = "127.0.0.1"
_PORT = 54583
"""The port that suites name, as it was the only one once."""
_USUAL_PORTS = {"http": 80, "https": 443}
_TRACEBACK = re.compile(r'<pre id="traceback">(.*?)</pre>', re.DOTALL)
_LOOK_AGAIN = 0.02  # seconds between two looks at another process
_PATIENCE = 10.0  # seconds for another process to start, or for the last request to end


def log_to_stderr(msg: str, level: int) -> None:
    """Write a message to standard error: a listener for the channel ``log`` of the engine."""
    sys.stderr.write(f"{logging.getLevelName(level)} {msg}\n")


class Supervisor:
    """Starts and stops a server for tests; keyword arguments become attributes."""

    def __init__(self, **kwargs: object) -> None:
        vars(self).update(kwargs)


class LocalSupervisor(Supervisor):
    """Starts and stops ``cherrypy.engine``, and with it ``cherrypy.server``, in this process."""

    using_apache = False
    using_wsgi = False

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._stack = ExitStack()

    def start(self, modulename: str | None = None) -> None:
        """Start the engine, unless it runs already, and have it serve.

        Args:
            modulename: Name of the module with the tests.

        Raises:
            AttributeError: The distribution that brings the server is not installed.
        """
        log.info("Starting %s for %s", self, modulename)
        make_quick(cherrypy.server)
        if cherrypy.engine.state is not states.STARTED:
            self._stack.enter_context(started())
        self.sync_apps()

    def sync_apps(self) -> None:
        """Do nothing: the server serves the tree itself, so it knows what was mounted."""

    def stop(self) -> None:
        """Stop the engine if this started it."""
        self._stack.close()


class LocalWSGISupervisor(LocalSupervisor):
    """Starts and stops ``cherrypy.server``."""

    using_wsgi = True

    def __str__(self) -> str:
        """Say where it serves."""
        return f"{type(cherrypy.server).__name__} at {cherrypy.server.bind_addr}"

    def get_app(self, app: Callable[..., Any] | None = None) -> Callable[..., Any]:
        """Return the WSGI application that is served, or another one instead."""
        return cherrypy.tree if app is None else app


def setup_client() -> None:
    """Have all test cases ask ``cherrypy.server`` where it listens now."""
    server = cherrypy.server
    if isinstance(server.bound_addr, tuple):
        webtest.WebCase.HOST, webtest.WebCase.PORT = server.bound_addr
    is_encrypted = bool(server.ssl_certificate or server.ssl_context is not None)
    CPWebCase.scheme = "https" if is_encrypted else "http"
    webtest.WebCase.HTTP_CONN = HTTPSConnection if is_encrypted else HTTPConnection
    webtest.WebCase.ssl_context = _client_context(server.ssl_certificate) if is_encrypted else None


def _client_context(certificate: str | None) -> ssl.SSLContext:
    """Make the context of a client that trusts a certificate for any host."""
    context = ssl.create_default_context(cafile=certificate)
    context.check_hostname = False
    if certificate is None:
        context.verify_mode = ssl.CERT_NONE
    return context


def _restore_client() -> Callable[[], None]:
    """Remember where test cases ask; return a function that has them ask there again."""
    places = [(webtest.WebCase, name) for name in ("HOST", "PORT", "HTTP_CONN", "ssl_context")]
    places.append((CPWebCase, "scheme"))
    before = [(holder, name, getattr(holder, name)) for holder, name in places]

    def restore() -> None:
        for holder, name, value in before:
            setattr(holder, name, value)

    return restore


class _ServerErrors(logging.Handler):
    """Keeps the tracebacks that the server logs, for the notes of a failure."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the text of an error."""
        self.texts.append(self.format(record))


class CPWebCase(webtest.WebCase):
    """A test case with a server for the applications that its ``setup_server`` mounts.

    A class starts with an empty tree and the environment ``test_suite``. Everything that it mounts,
    configures and subscribes is gone after it. The static method ``setup_server`` is called before
    the engine starts; without it, no server is started.
    """

    script_name = ""
    """Mount point that stands before the paths that :meth:`getPage` is given."""
    scheme: str = "http"
    """``https`` on a class has it served by TLS, with :data:`serverpem`."""

    available_servers: ClassVar[dict[str, type[LocalSupervisor]]] = {"wsgi": LocalWSGISupervisor}
    default_server = "wsgi"

    supervisor: LocalSupervisor | None = None
    do_gc_test = False
    """Whether :meth:`test_gc` looks for requests that are kept in memory."""
    date_tolerance: float = 2
    """Seconds by which :meth:`assertEqualDates` lets two times differ."""

    _stack: ClassVar[ExitStack | None] = None
    _server_errors: ClassVar[_ServerErrors] = _ServerErrors()

    @classmethod
    def setUpClass(cls) -> None:
        """Set up the class, unless pytest runs it: pytest calls ``setup_class`` itself."""
        super().setUpClass()
        if not cls._is_run_by_pytest():
            cls.setup_class()

    @classmethod
    def tearDownClass(cls) -> None:
        """Tear down the class, unless pytest runs it."""
        if not cls._is_run_by_pytest():
            cls.teardown_class()
        super().tearDownClass()

    @classmethod
    def _is_run_by_pytest(cls) -> bool:
        return f"::{cls.__name__}::" in os.environ.get("PYTEST_CURRENT_TEST", "")

    @classmethod
    def setup_class(cls) -> None:
        """Call ``setup_server``, and start the server; once.

        Raises:
            AttributeError: The distribution that brings the server is not installed.
        """
        setup_server: Callable[[], object] | None = getattr(cls, "setup_server", None)
        if setup_server is None or "_stack" in vars(cls):
            return
        with ExitStack() as stack:
            stack.callback(_restore_client())
            stack.enter_context(isolated())
            cherrypy.log.error_log.addHandler(cls._server_errors)
            cherrypy.tree.apps.clear()
            cherrypy.config.reset()
            cherrypy.config.update(cls._settings(_free_port(stack)))
            cls.supervisor = cls.available_servers[cls.default_server]()
            setup_server()
            stack.callback(cls.supervisor.stop)
            cls.supervisor.start(cls.__module__)
            setup_client()
            cls._stack = stack.pop_all()

    @classmethod
    def _settings(cls, port: int) -> dict[str, object]:
        """Return the settings that ``setup_server`` finds, and may change."""
        settings: dict[str, object] = {
            "environment": "test_suite",
            "server.socket_host": _HOST,
            "server.socket_port": port,
            "server.protocol_version": "HTTP/1.1",
            "server.shutdown_timeout": 1,
        }
        if cls.scheme == "https":
            settings["server.ssl_certificate"] = serverpem
            settings["server.ssl_private_key"] = serverpem
        return settings

    @classmethod
    def teardown_class(cls) -> None:
        """Stop the server, and undo the changes of the class; once."""
        stack = vars(cls).get("_stack")
        if stack is not None:
            del cls._stack
            stack.close()

    def getPage(self, url: str | bytes, *args: Any, **kwargs: Any) -> webtest.Answer:
        """Send a request for a path below :attr:`script_name`; see ``WebCase.getPage``."""
        self._server_errors.texts.clear()
        if self.script_name:
            url = url if isinstance(url, str) else url.decode("latin-1")
            url = httputil.urljoin(self.script_name, url)
        return super().getPage(url, *args, **kwargs)

    def prefix(self) -> str:
        """Return the mount point, without a slash at its end."""
        return self.script_name.rstrip("/")

    def base(self) -> str:
        """Return scheme, host, port and mount point, for URLs that the application makes."""
        port = "" if _USUAL_PORTS.get(self.scheme) == self.PORT else f":{self.PORT}"
        return f"{self.scheme}://{self.HOST}{port}{self.prefix()}"

    def exit(self) -> None:
        """End the whole run of the tests."""
        sys.exit()

    def skip(self, msg: str = "skipped ") -> None:
        """Skip the rest of this test."""
        self.skipTest(msg)

    def notes(self) -> list[str]:
        """Return the notes of a failure, with the errors that the server logged for the request."""
        return [*super().notes(), *self._server_errors.texts]

    def assertErrorPage(
        self, status: int | str, message: str | None = None, pattern: str | None = ""
    ) -> None:
        """Fail if the content is not the error page that CherryPy makes by default.

        Args:
            status: Status code, or code and reason.
            message: Its message; None for the usual one of the status.
            pattern: Text, or regular expression, that has to be found in its traceback; ``""``
                also fits a page without a traceback, None only such a page.
        """
        page = self.body.decode("utf-8")
        code, reason, usual_message = httputil.valid_status(status)
        title = html.escape(f"{code} {reason}", quote=False)
        shown = html.escape(usual_message if message is None else message, quote=False)
        for part in (f"<title>{title}</title>", f"<p>{shown}</p>"):
            if part not in page:
                self._fail(None, f"{part} is not in the error page:\n{page}")
        match = _TRACEBACK.search(page)
        traceback = html.unescape(match[1]) if match else ""
        if pattern is None:
            if traceback:
                self._fail(None, f"there is a traceback in the error page:\n{traceback}")
        elif not _is_found(pattern, traceback):
            self._fail(None, f"nothing in the traceback matches {pattern!r}:\n{traceback}")

    def assertEqualDates(
        self, dt1: dt.datetime, dt2: dt.datetime, seconds: float | None = None
    ) -> None:
        """Fail if two times differ by more than some seconds, :attr:`date_tolerance` if None."""
        tolerance = dt.timedelta(seconds=seconds or self.date_tolerance)
        if abs(dt1 - dt2) > tolerance:
            self._fail(None, f"{dt1!r} and {dt2!r} differ by more than {tolerance}")

    def test_gc(self) -> None:
        """Fail if a request is kept in memory after it was answered, if ``do_gc_test`` is on."""
        if not self.do_gc_test:
            return
        deadline = time.monotonic() + _PATIENCE / 10
        while left := _requests_in_memory():
            if time.monotonic() > deadline:
                self._fail(None, f"these requests are still in memory: {left}")
            time.sleep(_LOOK_AGAIN)  # its thread may not have finished it


def _free_port(stack: ExitStack) -> int:
    """Return port 54583 if it is free, or else another one.

    Args:
        stack: Keeps a claim to the port, so that no other process that runs tests takes it between
            now and the start of the server. It is a socket for datagrams, which has its own ports.
    """
    claim = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    with socket.socket() as probe, contextlib.suppress(OSError):
        if os.name == "posix":  # else connections that were closed just now would be in the way
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        claim.bind((_HOST, _PORT))
        probe.bind((_HOST, _PORT))
        return _PORT
    return webtest.find_free_port(_HOST)


def _is_found(pattern: str, text: str) -> bool:
    """Tell whether a text contains a pattern, as it is or as a regular expression."""
    with contextlib.suppress(re.error):  # "f() takes 1 argument" means itself, thus first as it is
        return pattern in text or re.search(pattern, text) is not None
    return False


def _requests_in_memory() -> list[str]:
    """Return the request lines of all requests to mounted applications that are still there."""
    gc.collect()
    mounted = {id(app) for app in cherrypy.tree.apps.values()}
    requests: list[Any] = [each for each in gc.get_objects() if issubclass(type(each), Request)]
    return [each.request_line for each in requests if id(each.app) in mounted]


def testmain(conf: Mapping[str, object] | None = None) -> None:  # noqa: PT028 - not a test
    """Serve the tree, and run the tests of the script that calls this, with unittest.

    Args:
        conf: Settings, over those of the environment ``test_suite`` and a free port.

    Raises:
        SystemExit: At the end; its code tells whether all went well.
    """
    with ExitStack() as stack:
        stack.callback(_restore_client())
        stack.enter_context(isolated())
        port = _free_port(stack)
        cherrypy.config.update({**CPWebCase._settings(port), **(conf or {})})
        supervisor = LocalWSGISupervisor()
        stack.callback(supervisor.stop)
        supervisor.start()
        setup_client()
        unittest.main()


vars(testmain)["__test__"] = False  # else pytest takes it for a test, by its name


class CPProcess:
    """A site in a process of its own, started as ``python -m cherrypy``.

    Args:
        wait: Whether :meth:`start` waits for the end of the process, and sets ``exit_code``.
        daemonize: Whether the process goes to the background.
        ssl: Whether it is served by TLS.
        socket_host: Address that it listens on; that of ``cherrypy.server`` if None.
        socket_port: Port that it listens on; that of ``cherrypy.server`` if None.

    Attributes:
        config_file: File with its configuration; :meth:`write_conf` writes it.
        error_log: File of its error log.
        access_log: File of its access log.
        pid_file: File with its process id.
        exit_code: Its exit status; None before its end.
    """

    config_template = """\
[global]
server.socket_host: %(host)r
server.socket_port: %(port)s
checker.on: False
log.screen: False
log.error_file: %(error_log)r
log.access_file: %(access_log)r
%(ssl)s
%(extra)s
"""

    def __init__(
        self,
        wait: bool = False,
        daemonize: bool = False,
        ssl: bool = False,
        socket_host: str | None = None,
        socket_port: int | None = None,
    ) -> None:
        self.wait = wait
        self.daemonize = daemonize
        self.ssl = ssl
        self.host = socket_host or cherrypy.server.socket_host or ""
        self.port = socket_port or cherrypy.server.socket_port or 0
        self.exit_code: int | None = None
        folder = tempfile.TemporaryDirectory(prefix="cherrypy-test-")
        weakref.finalize(self, folder.cleanup)
        self.config_file, self.error_log, self.access_log, self.pid_file = (
            str(Path(folder.name) / f"test.{name}")
            for name in ("conf", "error.log", "access.log", "pid")
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._pid = 0

    def write_conf(self, extra: str = "") -> None:
        """Write the configuration.

        Args:
            extra: More lines for its section ``[global]``, and more sections.
        """
        encrypted = (
            f"server.ssl_certificate: {serverpem!r}\nserver.ssl_private_key: {serverpem!r}\n"
        )
        sections = {"ssl": encrypted if self.ssl else "", "extra": extra}
        text = self.config_template % {**vars(self), **sections}
        Path(self.config_file).write_text(text, encoding="utf-8")

    def start(self, imports: str | Iterable[str] | None = None) -> None:
        """Start the process, and wait until it answers, or for its end if ``wait`` is on.

        Args:
            imports: Modules for it to import; it finds those that this process does.

        Raises:
            RuntimeError: The process ended instead.
            TimeoutError: It does not answer.
        """
        names = [imports] if isinstance(imports, str) else list(imports or ())
        command = [sys.executable, "-m", "cherrypy", "-c", self.config_file, "-p", self.pid_file]
        for name in names:
            command += ["-i", name]
        if self.daemonize:
            command.append("-d")
        path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # noqa: PTH109 - as it is
        environment = {**os.environ, "PYTHONPATH": path}
        self._process = subprocess.Popen(command, env=environment)  # noqa: S603 - this interpreter
        if self.wait:
            self.exit_code = self._process.wait()
            return
        self._wait_until(self._answers, f"port {self.port} of {self.host} to answer")
        with contextlib.suppress(TimeoutError):  # the suite may have configured another log
            self._wait_until(self._says_started, f"{self.error_log} to say so", 1)
        if self.daemonize:
            self._process.wait()
            self._wait_until(self._has_pid, f"{self.pid_file} to be written")

    def get_pid(self) -> int:
        """Return the process id; 0 before the start."""
        if self.daemonize or self._process is None:
            return self._pid
        return self._process.pid

    def join(self) -> None:
        """Wait for the process to end."""
        if self.daemonize:
            self._wait_until(self._has_ended, f"process {self._pid} to end")
        elif self._process is not None:
            self.exit_code = self._process.wait()

    def stop(self) -> None:
        """End the process as the system does (SIGTERM), and wait for it."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.get_pid(), signal.SIGTERM)
        self.join()

    def _answers(self) -> bool:
        code = None if self.daemonize or self._process is None else self._process.poll()
        if code is not None:
            self.exit_code = code
            raise RuntimeError(f"the process ended with the status {code}; see {self.error_log}")
        address = (webtest.interface(self.host), self.port)
        with contextlib.suppress(OSError), socket.create_connection(address, timeout=_PATIENCE):
            return True
        return False

    def _says_started(self) -> bool:
        """Tell whether the log says that everything has started, the server included."""
        path = Path(self.error_log)
        return path.exists() and "Bus STARTED" in path.read_text("utf-8", "replace")

    def _has_pid(self) -> bool:
        """Read the process id of a daemon, and tell whether it is there."""
        with contextlib.suppress(FileNotFoundError, ValueError):  # it is not written, or in part
            self._pid = int(Path(self.pid_file).read_text("ascii"))
        return bool(self._pid)

    def _has_ended(self) -> bool:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, 0)
            return False
        return True

    @staticmethod
    def _wait_until(condition: Callable[[], bool], what: str, patience: float = _PATIENCE) -> None:
        deadline = time.monotonic() + patience
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {patience} seconds for {what}")
            time.sleep(_LOOK_AGAIN)
