"""``cherryd`` and ``python -m cherrypy``, as processes that are asked over HTTP."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

DEADLINE = 30.0  # seconds that anything may take at most; nothing waits so long unless it fails
COMMAND = shutil.which("cherryd", path=str(Path(sys.executable).parent)) or "cherryd"

SHOP = """
import os

import cherrypy


class Root:
    @cherrypy.expose
    def index(self):
        config = cherrypy.request.config
        return " ".join(map(str, (os.getpid(), config.get("greeting"), config.get("environment"))))


class Broken:
    def __init__(self):
        import nothing_of_that_name


class Holder:
    root = Root()


application = cherrypy.Application(Root(), "/", {"/": {"greeting": "of the application"}})
"""
MOUNTING = """
import cherrypy
from shop import Root

cherrypy.tree.mount(Root(), "{at}", {{"/": {{"greeting": "of the module"}}}})
"""
CONFIG = """
[global]
environment_of_the_test: True
engine.autoreload.on: False

[/]
greeting: "of the file"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with modules and a configuration file."""
    (tmp_path / "shop.py").write_text(SHOP, encoding="utf-8")
    (tmp_path / "mounting.py").write_text(MOUNTING.format(at=""), encoding="utf-8")
    (tmp_path / "second.py").write_text(MOUNTING.format(at="/second"), encoding="utf-8")
    (tmp_path / "site.conf").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "more.conf").write_text("[/]\ngreeting: 'of another'\n", encoding="utf-8")
    return tmp_path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def get(port: int, path: str = "/") -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


@contextlib.contextmanager
def running(
    folder: Path,
    *options: str,
    command: tuple[str, ...] = (COMMAND,),
    begun: bytes = rb"Bus STARTED",
) -> Iterator[tuple[Any, int]]:
    """Start the command on a free port, and kill what is left of it."""
    port = free_port()
    process = subprocess.Popen(  # noqa: S603
        [*command, *options, "--port", str(port)],
        cwd=folder,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        wait_for(process, begun)
        yield process, port
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait_for(process: Any, text: bytes) -> bytes:
    """Read what a process writes until a text comes, a regular expression."""
    output = b""
    end = time.monotonic() + DEADLINE
    while not re.search(text, output):
        piece = read_within(process, end - time.monotonic())
        if not piece:
            pytest.fail(f"{text!r} never came: {output.decode()}")
        output += piece
    return output


def read_within(process: Any, seconds: float) -> bytes:
    """Read what a process writes next; nothing if nothing comes in time."""
    ready, _, _ = select.select([process.stdout], [], [], max(seconds, 0))
    return os.read(process.stdout.fileno(), 65536) if ready else b""


def end(process: Any, number: signal.Signals = signal.SIGTERM) -> str:
    process.send_signal(number)
    output, _ = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0, output
    text: str = output.decode()
    assert "Traceback" not in text
    return text


@pytest.mark.parametrize(
    ("command", "number"),
    [((COMMAND,), signal.SIGTERM), ((sys.executable, "-m", "cherrypy"), signal.SIGINT)],
)
def test_it_serves_until_a_signal_ends_it(
    folder: Path, command: tuple[str, ...], number: signal.Signals
) -> None:
    with running(folder, "shop:Root", command=command) as (process, port):
        assert get(port) == f"{process.pid} None None"
        assert "Bus EXITED" in end(process, number)


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        (["-i", "mounting"], "of the module None"),
        (["--import", "mounting", "--config", "site.conf"], "of the file None"),
        (["-i", "mounting", "-c", "site.conf", "-c", "more.conf"], "of another None"),
        (["-i", "mounting", "-e", "staging"], "of the module staging"),
        (["-i", "mounting", "-i", "second", "-c", "site.conf"], "of the module None"),  # for whom?
        (["shop:Root", "-c", "site.conf"], "of the file None"),
        (["shop:application"], "of the application None"),
        (["shop:Holder.root", "--no-reload", "--host", "127.0.0.1"], "None None"),
    ],
)
def test_what_is_served(folder: Path, options: list[str], answer: str) -> None:
    with running(folder, *options) as (process, port):
        assert get(port).partition(" ")[2] == answer
        end(process)


def test_modules_are_looked_for_in_further_folders(folder: Path) -> None:
    inner = folder / "inner"
    inner.mkdir()
    (folder / "shop.py").rename(inner / "shop.py")
    with running(folder, "-P", "inner", "shop:Root") as (process, port):
        assert get(port).endswith(" None None")
        end(process)


def test_the_number_of_the_process_is_in_a_file(folder: Path) -> None:
    with running(folder, "shop:Root", "-p", "site.pid") as (process, _):
        assert int((folder / "site.pid").read_text()) == process.pid
        end(process)
    assert not (folder / "site.pid").exists()


def test_a_daemon(folder: Path) -> None:
    """It has no terminal, and its number is in the file; the first process ends with success."""
    port = free_port()
    told = folder / "told"
    os.mkfifo(told)
    (folder / "telling.py").write_text(
        "import cherrypy\n\n\ndef tell(text):\n    with open('told', 'w') as file:\n"
        "        file.write(text)\n\n\n"
        "cherrypy.engine.subscribe('start', lambda: tell('started'), 90)\n"
        "cherrypy.engine.subscribe('exit', lambda: tell('ended'), 90)\n",
        encoding="utf-8",
    )
    options = ["-i", "telling", "shop:Root", "-d", "-p", "site.pid", "--port", str(port)]
    with subprocess.Popen(  # noqa: S603
        [COMMAND, *options], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as run:
        assert told.read_text() == "started"  # the daemon waits for this, and the command for it
        assert run.communicate(timeout=DEADLINE)[0] == b""
        assert run.returncode == 0
    number = int((folder / "site.pid").read_text())
    try:
        assert get(port) == f"{number} None None"
        os.kill(number, signal.SIGTERM)
        assert told.read_text() == "ended"
    except BaseException:
        os.kill(number, signal.SIGKILL)
        raise
    assert not (folder / "site.pid").exists()


def test_a_changed_source_is_loaded_again(folder: Path) -> None:
    with running(folder, "shop:Root", "--reload", "-c", "site.conf") as (process, port):
        assert get(port).endswith(" of the file None")
        source = SHOP.replace('config.get("greeting")', '"changed"')
        output = b""
        end_of_test = time.monotonic() + DEADLINE
        while b"Restarting because" not in output:
            # again and again, as it may not have looked at the file yet
            assert time.monotonic() < end_of_test, output
            (folder / "shop.py").write_text(source, encoding="utf-8")
            output += read_within(process, 0.5)
        if b"Bus STARTED" not in output:
            wait_for(process, rb"Bus STARTED")
        assert get(port).endswith(" changed None")
        end(process)


def test_several_processes(folder: Path) -> None:
    options = ["shop:Root", "-c", "site.conf", "--workers", "2"]
    both = rb"Started worker-\d(?s:.*)Started worker-\d"
    with running(folder, *options, begun=both) as (process, port):
        deadline = time.monotonic() + DEADLINE
        numbers: set[int] = set()
        while len(numbers) < 2 and time.monotonic() < deadline:
            number, _, rest = get(port).partition(" ")
            assert rest == "of the file None"
            numbers.add(int(number))
        assert len(numbers) == 2
        assert process.pid not in numbers
        assert end(process).count("Bus EXITED") == 2


def test_an_error_of_the_application_is_shown_with_its_traceback(folder: Path) -> None:
    run = subprocess.run(  # noqa: S603
        [COMMAND, "shop:Broken"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert "ModuleNotFoundError: No module named 'nothing_of_that_name'" in run.stderr


# What operators see


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.conf", "greeting: 'x'\n", "'a.conf', line 1: \"greeting: 'x'\" belongs to no section"),
        ("a.conf", "[global\n", "'a.conf', line 1: '[global' belongs to no section"),
        ("a.conf", "[global]\nserver.thread_pool: many\n", "(a.conf, line 2, [global])"),
        ("a.conf", "[global]\nx: 1\nx: 2\n", "option 'x'"),
        ("a.conf", "[/]\n  lost\n", "a.conf"),
        ("", "", "cannot be read: Is a directory"),
        ("missing/a.conf", "", "there is no configuration file"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_told_in_one_line(
    folder: Path, name: str, content: str, told: str
) -> None:
    if content:
        (folder / name).write_text(content, encoding="utf-8")
    result = subprocess.run(  # noqa: S603
        [COMMAND, "-c", name or str(folder), "shop:Root"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert result.returncode == 2
    assert result.stderr.startswith("cherryd: error: ")
    assert told in result.stderr
    assert result.stderr.count("\n") == 1


def test_without_arguments_it_shows_its_help(folder: Path) -> None:
    result = subprocess.run(  # noqa: S603
        [COMMAND], cwd=folder, capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert result.returncode == 2
    assert "usage: cherryd" in result.stdout
    assert "--workers" in result.stdout
    assert not result.stderr


@contextlib.contextmanager
def daemon(folder: Path, port: int, *options: str) -> Iterator[int]:
    """Start a daemon, and kill it if it is still there at the end."""
    result = start_daemon(folder, port, *options)
    assert (result.returncode, result.stderr) == (0, "")
    number = int((folder / "site.pid").read_text())
    try:
        yield number
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


def start_daemon(folder: Path, port: int, *options: str) -> subprocess.CompletedProcess[str]:
    command = [COMMAND, "shop:Root", "-c", "site.conf", "--port", str(port), "-d", *options]
    return subprocess.run(  # noqa: S603
        command, cwd=folder, capture_output=True, text=True, timeout=DEADLINE, check=False
    )


def test_the_command_ends_when_the_daemon_serves_or_tells_why_it_does_not(folder: Path) -> None:
    port = free_port()
    with daemon(folder, port, "-p", "site.pid") as number:
        assert get(port).startswith(f"{number} ")  # at once
        taken = start_daemon(folder, port, "-p", "second.pid")
        assert taken.returncode == 70
        assert f"Port {port} on 127.0.0.1 is in use by another program" in taken.stderr
        assert taken.stderr.count("\n") == 1
        second = start_daemon(folder, free_port(), "-p", "site.pid")
        assert second.returncode == 70
        assert f"is that of process {number}, which runs" in second.stderr
        assert int((folder / "site.pid").read_text()) == number
        assert get(port).startswith(f"{number} ")
        assert not (folder / "second.pid").exists()


def test_a_daemon_refuses_nobody_while_it_restarts(folder: Path) -> None:
    port = free_port()
    stop = threading.Event()
    answers: list[str] = []

    def ask() -> None:
        while not stop.is_set():
            try:
                answers.append(get(port).partition(" ")[0])
            except (http.client.RemoteDisconnected, ConnectionResetError):
                # Closed before anything had arrived: clients ask again (RFC 9112 section 9.3.1).
                answers.append(get(port).partition(" ")[0])

    def wait_for_more() -> None:
        target, deadline = len(answers) + 30, time.monotonic() + DEADLINE
        while len(answers) < target and not failed.is_set():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    failed = threading.Event()
    with daemon(folder, port, "-p", "site.pid") as number:
        with ThreadPoolExecutor(4) as pool:
            clients = [pool.submit(ask) for _ in range(4)]
            for client in clients:
                client.add_done_callback(lambda _: failed.set())
            try:
                for _ in range(3):
                    wait_for_more()
                    os.kill(number, signal.SIGHUP)
                wait_for_more()
            finally:
                stop.set()
        for client in clients:
            client.result()  # or what it was refused with
        assert set(answers) == {str(number)}


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=DEADLINE).close()
    except ConnectionError:
        return False
    return True


def test_a_restart_with_another_port_leaves_the_old_one(folder: Path) -> None:
    """What the program before has passed on, and nobody takes, is closed."""
    first, second = free_port(), free_port()
    address = folder / "address.conf"
    address.write_text(f"[global]\nserver.socket_port: {first}\n", encoding="utf-8")
    command = [COMMAND, "shop:Root", "-c", "address.conf", "-d", "-p", "site.pid"]
    subprocess.run(command, cwd=folder, timeout=DEADLINE, check=True)  # noqa: S603
    number = int((folder / "site.pid").read_text())
    try:
        assert get(first).startswith(f"{number} ")
        address.write_text(f"[global]\nserver.socket_port: {second}\n", encoding="utf-8")
        os.kill(number, signal.SIGHUP)
        deadline = time.monotonic() + DEADLINE
        while True:
            with contextlib.suppress(OSError):
                assert get(second).startswith(f"{number} ")
                break
            assert time.monotonic() < deadline
            time.sleep(0.01)
        while is_open(first):
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        os.kill(number, signal.SIGKILL)
