"""A site in several processes: what is honoured, what is refused, and what happens to a worker."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEADLINE = 60.0  # seconds that anything may take at most; nothing waits so long unless it fails
OPENSSL = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -keyout key.pem -out cert.pem"
COMMAND = str(Path(sys.executable).parent / "cherryd")

pytestmark = pytest.mark.timeout(180)

SHOP = """
import os

import cherrypy


def say(what):
    os.write(1, f"{what} {os.getpid()}\\n".encode())


for channel in ("start", "stop", "graceful", "lead"):
    cherrypy.engine.subscribe(channel, lambda channel=channel: say(channel))


class Root:
    @cherrypy.expose
    def index(self):
        return f"VERSION {os.getpid()}"

    @cherrypy.expose
    def about(self):
        request = cherrypy.request
        return f"{request.multiprocess} {request.scheme}"

    @cherrypy.expose
    def slow(self):
        say("slow")
        with open("gate") as gate:
            return gate.read()
"""
CONFIG = """
[global]
engine.autoreload.on: False
log.screen: False
log.access_file: "access.log"
log.error_file: "error.log"
server.socket_port: {port}
{more}
"""


class Site:
    """A site in a folder, and the process that looks after its workers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.write_version("first")

    def write_version(self, version: str) -> None:
        """Write the module, which answers with a word."""
        text = SHOP.replace("VERSION", version)
        (self.folder / "shop.py").write_text(text, encoding="utf-8")

    def configure(self, more: str = "") -> None:
        text = CONFIG.format(port=self.port, more=more)
        (self.folder / "site.conf").write_text(text, encoding="utf-8")

    def start(self, *command: str) -> None:
        """Start it, with its output in a file."""
        with (self.folder / "output").open("wb") as output:
            self.process = subprocess.Popen(  # noqa: S603
                command or (COMMAND, "-c", "site.conf", "shop:Root", "--workers", "2"),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return (self.folder / "output").read_text(encoding="utf-8")

    def wait_for(self, pattern: str, count: int = 1) -> list[str]:
        """Wait until the output matches so often; return the matches."""
        found: list[str] = []

        def matches() -> bool:
            found[:] = re.findall(pattern, self.output)
            return len(found) >= count

        wait_until(matches, lambda: self.output)
        return found

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.send(number)
        assert self.process is not None
        return self.process.wait(DEADLINE)

    def get(self, path: str = "/") -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(condition: Callable[[], object], about: Callable[[], object] = str) -> None:
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, about()
        time.sleep(0.01)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    site.configure()
    yield site
    if site.process is not None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(site.process.pid, signal.SIGKILL)
        site.process.wait()


@contextlib.contextmanager
def asked_all_the_while(site: Site) -> Iterator[list[str]]:
    """Ask by four clients, each request on a connection of its own; none may fail.

    A worker that ends closes the connections on which nothing has arrived yet. Clients ask again
    then, on another one (RFC 9112 section 9.3.1).
    """
    stop = threading.Event()
    answers: list[str] = []

    def ask() -> None:
        while not stop.is_set():
            try:
                answers.append(site.get())
            except (http.client.RemoteDisconnected, ConnectionResetError):
                answers.append(site.get())

    with ThreadPoolExecutor(4) as pool:
        clients = [pool.submit(ask) for _ in range(4)]
        try:
            yield answers
        finally:
            stop.set()
    for client in clients:
        client.result()


def test_plugins_run_in_each_worker_and_one_has_the_lead(site: Site) -> None:
    site.start()
    started = set(site.wait_for(r"start (\d+)", 2))
    (lead,) = site.wait_for(r"lead (\d+)")
    assert lead in started
    assert site.get("/about") == "True http"
    site.send(signal.SIGUSR1)
    assert set(site.wait_for(r"graceful (\d+)", 2)) == started
    assert site.end() == 0
    assert set(site.wait_for(r"stop (\d+)", 2)) == started


def test_a_reload_takes_up_new_code_and_fails_no_request(site: Site) -> None:
    site.start()
    site.wait_for("start", 2)
    with asked_all_the_while(site) as answers:
        wait_until(lambda: len(answers) > 20)
        site.write_version("second")
        site.send(signal.SIGHUP)
        site.wait_for("Reloaded")
        assert site.get().startswith("second ")
        count = len(answers)
        wait_until(lambda: len(answers) > count + 20)
    assert all(answer.startswith("second ") for answer in answers[count + 8 :])
    old = set(site.wait_for(r"start (\d+)", 4)[:2])
    wait_until(lambda: site.wait_for(r"lead (\d+)")[-1] not in old)  # they are gone
    # Each line of the log is whole, whichever process has written it.
    lines = (site.folder / "access.log").read_text(encoding="utf-8").splitlines()
    assert len(lines) >= len(answers)
    assert all(line.startswith("127.0.0.1 - - [") and '" 200 ' in line for line in lines)


def test_code_that_does_not_load_is_not_taken_up(site: Site) -> None:
    site.start()
    site.wait_for("start", 2)
    (site.folder / "shop.py").write_text("1/0\n", encoding="utf-8")
    site.send(signal.SIGHUP)
    site.wait_for("Not reloaded, the site goes on as it is")
    assert "ZeroDivisionError" in site.output
    assert site.get().startswith("first ")
    assert site.end() == 0


def test_a_worker_that_is_killed_comes_back(site: Site) -> None:
    site.start()
    started = set(site.wait_for(r"start (\d+)", 2))
    lead = site.wait_for(r"lead (\d+)")[0]
    os.kill(int(lead), signal.SIGKILL)
    wait_until(lambda: site.get().split()[1] in started - {lead})  # the other one goes on
    third = (set(site.wait_for(r"start (\d+)", 3)) - started).pop()
    wait_until(lambda: site.get().split()[1] == third)
    assert site.wait_for(r"lead (\d+)", 2)[1] != lead
    assert site.end() == 0


def test_workers_that_end_again_and_again_end_the_site(site: Site) -> None:
    site.start()
    started = site.wait_for(r"start (\d+)", 2)
    (site.folder / "shop.py").write_text("import os; os._exit(9)\n", encoding="utf-8")
    for number in started:
        os.kill(int(number), signal.SIGKILL)
    assert site.process is not None
    assert site.process.wait(DEADLINE) == 1
    assert "crash loop" in site.output


def test_sigterm_lets_requests_finish(site: Site) -> None:
    site.configure("server.shutdown_timeout: 30")
    os.mkfifo(site.folder / "gate")
    site.start()
    site.wait_for("start", 2)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(site.get, "/slow")
        site.wait_for(r"slow \d+")
        site.send(signal.SIGTERM)
        (site.folder / "gate").write_text("finished", encoding="utf-8")
        assert slow.result(DEADLINE) == "finished"
    assert site.process is not None
    assert site.process.wait(DEADLINE) == 0


def test_workers_end_with_a_supervisor_that_is_killed(site: Site) -> None:
    site.start()
    site.wait_for("start", 2)
    site.end(signal.SIGKILL)
    site.wait_for("stop", 2)
    socket.create_server(("127.0.0.1", site.port)).close()  # the port is free


def test_the_number_of_the_supervisor_is_in_a_file(site: Site) -> None:
    site.start(COMMAND, "-c", "site.conf", "shop:Root", "--workers", "2", "-p", "site.pid")
    site.wait_for("start", 2)
    assert site.process is not None
    assert int((site.folder / "site.pid").read_text()) == site.process.pid
    assert site.end() == 0
    assert not (site.folder / "site.pid").exists()


@pytest.mark.parametrize("how", ["file", "quickstart"])
def test_configuration_asks_for_workers(site: Site, how: str) -> None:
    if how == "file":
        site.configure("server.workers: 2")
        site.start(COMMAND, "-c", "site.conf", "shop:Root")
    else:
        text = (
            'import cherrypy, shop\ncherrypy.config.update("site.conf")\n'
            'cherrypy.config.update({"server.workers": 2})\n'
            'cherrypy.quickstart(shop.Root())\nprint("the end")\n'
        )
        (site.folder / "program.py").write_text(text, encoding="utf-8")
        site.start(sys.executable, "program.py")
    started = set(site.wait_for(r"start (\d+)", 2))
    assert len(started) == 2
    wait_until(lambda: site.get().split()[1] == min(started))
    wait_until(lambda: site.get().split()[1] == max(started))
    assert site.end() == 0
    assert ("the end" in site.output) is (how == "quickstart")


def test_a_unix_socket(site: Site) -> None:
    site.configure("server.socket_file: 'site.sock'\nserver.socket_mode: 0o600")
    site.start()
    site.wait_for("start", 2)
    path = site.folder / "site.sock"
    assert path.stat().st_mode & 0o777 == 0o600
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(DEADLINE)
        client.connect(str(path))
        client.sendall(b"GET /about HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert b"True http" in b"".join(iter(lambda: client.recv(4096), b""))
    assert site.end() == 0
    assert not path.exists()


def make_certificate(folder: Path, name: str) -> None:
    """Make a certificate for a name, and its key, with the program of OpenSSL."""
    subprocess.run(  # noqa: S603
        [*OPENSSL.split(), "-subj", f"/CN={name}"],
        cwd=folder,
        check=True,
        capture_output=True,
    )


def ask_by_tls(site: Site, version: ssl.TLSVersion) -> tuple[bytes, bytes]:
    """Return an answer, and the certificate of the site."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", site.port), timeout=DEADLINE) as plain,
        context.wrap_socket(plain) as client,
    ):
        client.sendall(b"GET /about HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(4096), b""))
        return answer, client.getpeercert(binary_form=True) or b""


def test_tls_is_served_and_its_certificate_renewed_by_a_reload(site: Site) -> None:
    make_certificate(site.folder, "first.example")
    site.configure("server.ssl_certificate: 'cert.pem'\nserver.ssl_private_key: 'key.pem'")
    site.start()
    site.wait_for("start", 2)
    answer, first = ask_by_tls(site, ssl.TLSVersion.TLSv1_2)
    assert b"True https" in answer
    with pytest.raises((OSError, http.client.HTTPException)):
        site.get()  # plain HTTP gets nothing
    make_certificate(site.folder, "second.example")
    site.send(signal.SIGHUP)
    site.wait_for("Reloaded")
    answer, second = ask_by_tls(site, ssl.TLSVersion.TLSv1_3)
    assert b"True https" in answer
    assert second != first
    assert site.end() == 0


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("server.ssl_ciphers: 'HIGH'", "server.ssl_ciphers = 'HIGH': workers cannot honour it"),
        ("server.ssl_certificate: 'none.pem'", "'none.pem': there is no such file"),
        ("server.ssl_private_key: 'key.pem'", "there is no server.ssl_certificate"),
        ("server.accepted_queue_size: 10", "accepted_queue_size = 10: workers cannot honour it"),
        ("server.keep_underscores: True", "keep_underscores = True: workers cannot honour it"),
        ("server.peercreds: True", "server.peercreds = True"),
        ("server.thread_pool: 0", "server.thread_pool = 0: expected an int from 1"),
        ("engine.exit_delay: 5", "engine.exit_delay = 5: workers end without a delay"),
        ("server.workers: 'many'", "server.workers = 'many': expected"),
        ("server.second.socket_port: 9", "server.second.*: workers listen on one address only"),
        ("tools.sessions.on: True", "tools.sessions.on = True (global config): each of 2 workers"),
        ("[/x]\ntools.sessions.on: True", "tools.sessions.on = True (/, [/x])"),
        ("[/x]\ntools.sessions.on: True\ntools.sessions.storage_type: 'ram'", "(/, [/x])"),
    ],
)
def test_what_workers_cannot_honour_is_refused_by_name(site: Site, setting: str, told: str) -> None:
    site.configure(setting)
    command = [COMMAND, "-c", "site.conf", "shop:Root", "--workers", "2"]
    result = subprocess.run(  # noqa: S603
        command, cwd=site.folder, capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert result.returncode == 2
    assert told in result.stderr
    assert "Traceback" not in result.stderr


BASKET = "    @cherrypy.expose\n    def basket(self):\n        return ''\n"


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("    _cp_config = {'tools.sessions.on': True}\n", "_cp_config of /"),
        (
            f"    @cherrypy.expose\n    @cherrypy.tools.sessions()\n{BASKET}",
            "_cp_config of /basket",
        ),
    ],
)
def test_sessions_in_memory_are_found_where_code_turns_them_on(
    site: Site, where: str, told: str
) -> None:
    with (site.folder / "shop.py").open("a", encoding="utf-8") as file:
        file.write(where)
    command = [COMMAND, "-c", "site.conf", "shop:Root", "--workers", "2"]
    result = subprocess.run(  # noqa: S603
        command, cwd=site.folder, capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert result.returncode == 2
    assert told in result.stderr


SESSIONS = "tools.sessions.on: True\ntools.sessions.storage_path: '.'\n"


@pytest.mark.parametrize(
    "setting",
    [
        f"{SESSIONS}tools.sessions.storage_type: 'file'",
        f"{SESSIONS}tools.sessions.storage_class: cherrypy.lib.sessions.FileSession",
        "server.thread_pool: 3\nserver.socket_timeout: 4\nserver.max_request_body_size: 100",
    ],
)
def test_what_workers_honour(site: Site, setting: str) -> None:
    site.configure(setting)
    site.start()
    site.wait_for("start", 2)
    assert site.get().startswith("first ")
    assert site.end() == 0


def test_metrics_add_up_what_workers_have_counted(site: Site) -> None:
    site.configure("[/]\ntools.metrics.on: True\n[/metrics]\ntools.metrics.show: True")
    site.start()
    site.wait_for("start", 2)
    numbers: list[str] = []
    while len(set(numbers)) < 2 or len(numbers) < 20:
        numbers.append(site.get().split()[1])
    wanted = f'handler="shop.Root.index",method="GET",status="200"}} {len(numbers)}.0'
    wait_until(lambda: wanted in site.get("/metrics"), lambda: site.get("/metrics"))
    assert site.end() == 0


def test_a_cache_in_memory_is_warned_of(site: Site) -> None:
    site.configure("tools.caching.on: True")
    site.start()
    site.wait_for("start", 2)
    assert "each of 2 workers has a cache of its own" in site.output
    assert site.end() == 0


def test_a_port_in_use_is_told(site: Site) -> None:
    with socket.create_server(("127.0.0.1", site.port)):
        site.start()
        assert site.process is not None
        assert site.process.wait(DEADLINE) == 70
    assert f"Port {site.port} on 127.0.0.1 is in use by another program" in site.output
    assert "Traceback" not in site.output


def test_a_program_that_starts_the_engine_itself_has_no_workers(site: Site) -> None:
    text = (
        'import cherrypy, shop\ncherrypy.config.update("site.conf")\n'
        'cherrypy.config.update({"server.workers": 2})\n'
        "cherrypy.tree.mount(shop.Root())\ncherrypy.engine.start()\ncherrypy.engine.block()\n"
    )
    (site.folder / "program.py").write_text(text, encoding="utf-8")
    site.start(sys.executable, "program.py")
    assert site.process is not None
    assert site.process.wait(DEADLINE) == 70
    log = (site.folder / "error.log").read_text(encoding="utf-8")
    assert "server.workers = 2: only cherryd and cherrypy.quickstart start workers" in log
