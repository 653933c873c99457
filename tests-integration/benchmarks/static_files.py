"""Compare how fast files are served: CherryPy 18.10.0, WhiteNoise, and nginx if it is installed.

Run as a script. A file of 4 kB, one of 1 MB and a 304, in process and over HTTP with wrk, ten
connections, all peers taking turns within each round. The servers have one processor, wrk another,
where there are two. WhiteNoise is measured on cheroot, and on the server of this project.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "support")]

from benchmarks.static_worker import MODIFIED, SCENARIOS, free_port  # noqa: E402

import environments  # noqa: E402 - on the path set just above

if TYPE_CHECKING:
    from collections.abc import Iterator

WHITENOISE = ("whitenoise==6.11.0", "cheroot==11.1.2")
OURS = "ours"
PEERS = (OURS, "cherrypy", "whitenoise", "whitenoise here")

NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 100; }}
http {{
    access_log off;
    sendfile on;
    client_body_temp_path {folder}/body;
    server {{
        listen 127.0.0.1:{port};
        location /static/ {{ alias {files}/; }}
    }}
}}
"""


class Worker:
    """The interpreter of one peer."""

    def __init__(self, peer: str, files: Path) -> None:
        environ = dict(os.environ)
        python = Path(sys.executable)
        if peer in {"cherrypy", "whitenoise"}:
            environ = {k: v for k, v in environ.items() if not k.startswith("PYTHON")}
            python = (
                environments.environment("benchmark-whitenoise", WHITENOISE)
                if peer == "whitenoise"
                else Path(
                    environ.get("CHERRYPY_REFERENCE_PYTHON") or environments.reference_python()
                )
            )
        elif peer == "whitenoise here":  # its module, beside this project
            other = environments.environment("benchmark-whitenoise", WHITENOISE)
            (packages,) = other.parents[1].glob("lib/python*/site-packages")
            link = files.parent / "with-whitenoise"
            link.mkdir(exist_ok=True)
            (link / "whitenoise").symlink_to(packages / "whitenoise")
            environ["PYTHONPATH"] = str(link)
        self.process = subprocess.Popen(  # noqa: S603 - an interpreter
            [str(python), str(HERE / "static_worker.py"), peer, str(files)],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        pin(self.process.pid, 0)

    def order(self, **order: Any) -> float:
        """Have something done."""
        assert self.process.stdin  # for the type checker: both are pipes
        assert self.process.stdout
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        answer: float = json.loads(self.process.stdout.readline())
        return answer

    def close(self) -> None:
        """End it."""
        self.process.communicate()


def pin(process: int, number: int) -> None:
    """Give a process one of the processors."""
    processors = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(process, {processors[number % len(processors)]})


def write_files(folder: Path) -> Path:
    """Write what is served."""
    files = folder / "files"
    files.mkdir()
    for name, size in (("small.css", 4096), ("large.bin", 1_000_000)):
        (files / name).write_bytes(os.urandom(size))
        os.utime(files / name, (1_700_000_000, 1_700_000_000))
    return files


@contextlib.contextmanager
def nginx(folder: Path, files: Path) -> Iterator[dict[str, int]]:
    """Run nginx, if it is there; give its port."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        yield {}
        return
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, files=files, port=port), "ascii")
    folder.chmod(0o755)
    process = subprocess.Popen([program, "-c", str(config)], stderr=subprocess.DEVNULL)  # noqa: S603
    pin(process.pid, 0)
    try:
        yield {"nginx": port}
    finally:
        process.terminate()
        process.wait()


def rate(port: int, scenario: str, seconds: int) -> float:
    """Let wrk ask for some seconds; return requests per second."""
    path, fields = SCENARIOS[scenario]
    command = ["wrk", "-t1", "-c10", f"-d{seconds}s", f"http://127.0.0.1:{port}{path}"]
    if fields:
        command += ["-H", f"If-Modified-Since: {MODIFIED}"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    if "Non-2xx" in run.stdout and scenario != "304":
        raise RuntimeError(run.stdout)
    found = re.search(r"Requests/sec:\s+([\d.]+)", run.stdout)
    if found is None:
        raise RuntimeError(run.stdout)
    return float(found[1])


def show(title: str, rounds: list[dict[str, float]], unit: str, *, less_is_more: bool) -> None:
    """Print medians, and how many times as fast ours is, with the range of all rounds."""
    print(f"\n{title}")
    for name in rounds[0]:
        values = [each[name] for each in rounds]
        ratios = sorted(
            each[name] / each[OURS] if less_is_more else each[OURS] / each[name] for each in rounds
        )
        print(
            f"  {name:16} {median(values):10.1f} {unit}   ours is {median(ratios):5.2f} times as "
            f"fast ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=2, help="for each answer of wrk")
    chosen = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        files = write_files(folder)
        workers = {}
        for peer in PEERS:
            workers[peer] = Worker(peer, files)
            stack.callback(workers[peer].close)
        for scenario in SCENARIOS:
            repetitions = 200 if scenario == "1 MB" else 2000
            rounds = [
                {
                    peer: workers[peer].order(
                        do="round", scenario=scenario, repetitions=repetitions
                    )
                    for peer in PEERS
                    if peer != "whitenoise here"
                }
                for _ in range(chosen.rounds)
            ]
            show(f"{scenario}, in process", rounds, "us", less_is_more=True)
        ports = {peer: int(workers[peer].order(do="serve")) for peer in PEERS}
        ports |= stack.enter_context(nginx(folder, files))
        pin(0, 1)
        for scenario in SCENARIOS:
            rounds = [
                {name: rate(port, scenario, chosen.seconds) for name, port in ports.items()}
                for _ in range(chosen.rounds)
            ]
            show(f"{scenario}, over HTTP", rounds, "requests/s", less_is_more=False)


if __name__ == "__main__":
    main()
