"""Measure sessions against CherryPy 18.10.0: ``python tests-integration/benchmarks/sessions.py``.

A page counts in its session, with each storage. In process the two take turns within each round;
over HTTP each is served by its own server, and asked by wrk over ten connections for ten sessions.
Results go to ``results/``; ``--keep`` also writes the table and the plot of the documentation.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "support")]

from benchmarks import bench  # noqa: E402
from benchmarks.peers import OURS  # noqa: E402

import environments  # noqa: E402 - on the path set just above
import memcached  # noqa: E402 - as above
from repository import ROOT  # noqa: E402 - as above

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

THEIRS = "cherrypy"
THEIR_REQUIREMENTS = (*environments.REFERENCE, "python-memcached==1.62")
STORAGES = {
    "ram": "memory",
    "file": "files (tmpfs)",  # the program, and not what else the disk does
    "disk": "files (disk)",
    "memcached": "memcached",
}
MEMORY_FOLDER = Path("/dev/shm")  # noqa: S108 - files in folders of their own
KEPT_PAGE = ROOT / "docs" / "howto" / "session-storage.md"
KEPT_PLOT = ROOT / "docs" / "howto" / "sessions.png"
BEGIN, END = "<!-- sessions: begin -->", "<!-- sessions: end -->"


class Worker:
    """An interpreter with the page."""

    def __init__(self, name: str, settings: dict[str, Any]) -> None:
        python = Path(sys.executable)
        if name == THEIRS:
            python = environments.environment("benchmark-sessions-cherrypy", THEIR_REQUIREMENTS)
        script = str(HERE / "session_worker.py")
        self._process = subprocess.Popen(  # noqa: S603
            [str(python), "-P", script, json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def order(self, **order: object) -> Any:
        """Have something done; give the answer."""
        assert self._process.stdin  # for the type checker: both are pipes
        assert self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("a worker ended: see standard error")
        return json.loads(line)

    def close(self) -> None:
        """End the interpreter."""
        self._process.communicate()


@contextlib.contextmanager
def workers(storage: str) -> Iterator[dict[str, Worker]]:
    """Run an interpreter for each of the two, with one storage."""
    with contextlib.ExitStack() as stack:
        found = {}
        for name in (OURS, THEIRS):
            settings: dict[str, Any] = {"storage_type": storage}
            if storage in {"file", "disk"}:
                above = MEMORY_FOLDER if storage == "file" and MEMORY_FOLDER.is_dir() else None
                folder = stack.enter_context(tempfile.TemporaryDirectory(dir=above))
                settings = {"storage_type": "file", "storage_path": folder}
            elif storage == "memcached":
                settings["servers"] = [stack.enter_context(memcached.running()).name]
            found[name] = Worker(name, settings)
            stack.callback(found[name].close)
        yield found


def in_process(storage: str, rounds: int) -> dict[str, Any]:
    """Measure one storage; microseconds for a request, by round."""
    with workers(storage) as found:
        rates: dict[str, Any] = {name: {"rounds": []} for name in found}
        repetitions = {}
        for name, worker in found.items():
            warm = worker.order(do="round", repetitions=200)
            repetitions[name] = max(20, int(bench.ROUND_SECONDS * 1e6 / warm))
        for _ in range(rounds):
            for name in random.sample(list(found), len(found)):
                elapsed = found[name].order(do="round", repetitions=repetitions[name])
                rates[name]["rounds"].append(elapsed)
    return rates


def over_http(storage: str, rounds: int, seconds: int) -> dict[str, Any]:
    """Measure one storage over HTTP; requests in a second, by round."""
    with workers(storage) as found, tempfile.TemporaryDirectory() as folder:
        rates: dict[str, Any] = {name: {"rounds": []} for name in found}
        scripts, ports = {}, {}
        for name, worker in found.items():
            cookies = worker.order(do="cookies", number=bench.CONNECTIONS)
            ports[name] = worker.order(do="serve")
            scripts[name] = Path(folder, f"{name}.lua")
            scripts[name].write_text(lua(cookies), "ascii")
            run_wrk(ports[name], scripts[name], 1)
        for _ in range(rounds):
            for name in random.sample(list(found), len(found)):
                rates[name]["rounds"].append(run_wrk(ports[name], scripts[name], seconds))
    return rates


def lua(cookies: list[str]) -> str:
    """Write what makes wrk ask for one session after the other."""
    table = ", ".join(f'"{cookie}"' for cookie in cookies)
    return (
        f"local cookies = {{{table}}}\nlocal i = 0\n"
        "request = function()\n  i = i % #cookies + 1\n"
        '  return wrk.format("GET", "/", {Cookie = cookies[i]})\nend\n'
    )


def run_wrk(port: int, script: Path, seconds: int) -> float:
    """Let wrk ask; give requests in a second."""
    url = f"http://127.0.0.1:{port}/"
    return bench.ask_by_wrk(url, str(script), seconds)


def ratios(found: dict[str, Any], *, is_rate: bool) -> str:
    """Tell how many times faster we are: median, lowest and highest of all rounds."""
    pairs = zip(found[OURS]["rounds"], found[THEIRS]["rounds"], strict=True)
    values = sorted(ours / theirs if is_rate else theirs / ours for ours, theirs in pairs)
    return f"{median(values):.2f} ({values[0]:.2f} to {values[-1]:.2f})"


def table(results: dict[str, Any]) -> str:
    """Write everything that was measured."""
    machine = results["machine"]
    lines = [
        "",
        (
            f"CPython {machine['python']}, {machine['system']}, {machine['processors']} "
            "processors; medians, and in brackets the lowest and highest ratio of all rounds."
        ),
        "",
        "| | this project | CherryPy 18.10.0 | times faster |",
        "|---|---:|---:|---:|",
    ]
    for storage, found in results["in_process"].items():
        ours, theirs = (median(found[name]["rounds"]) for name in (OURS, THEIRS))
        faster = ratios(found, is_rate=False)
        title = f"{STORAGES[storage]}, in process"
        lines.append(f"| {title} | {ours:.0f} µs | {theirs:.0f} µs | {faster} |")
    for storage, found in results["http"].items():
        ours, theirs = (median(found[name]["rounds"]) for name in (OURS, THEIRS))
        faster = ratios(found, is_rate=True)
        title = f"{STORAGES[storage]}, on cheroot"
        lines.append(f"| {title} | {ours:,.0f}/s | {theirs:,.0f}/s | {faster} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="rounds in process (15)")
    parser.add_argument("--http-rounds", type=int, default=5, help="rounds over HTTP (5)")
    parser.add_argument("--http-seconds", type=int, default=2, help="seconds of such a round (2)")
    parser.add_argument("--keep", action="store_true", help="write the page of the documentation")
    chosen = parser.parse_args(arguments)
    results: dict[str, Any] = {"machine": bench.machine(), "in_process": {}, "http": {}}
    for storage in STORAGES:
        print(storage, flush=True)
        results["in_process"][storage] = in_process(storage, chosen.rounds)
        results["http"][storage] = over_http(storage, chosen.http_rounds, chosen.http_seconds)
    bench.RESULTS.mkdir(exist_ok=True)
    source = bench.RESULTS / "sessions.json"
    source.write_text(json.dumps(results, indent=1), "utf-8")
    bench.plot(source, bench.RESULTS / "sessions.png", "session_plot.py")
    print(table(results))
    if chosen.keep:
        before, _, rest = KEPT_PAGE.read_text("utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        text = f"{before}{BEGIN}\n{table(results)}\n\n{END}{after}"
        KEPT_PAGE.write_text(text, "utf-8")
        shutil.copy(bench.RESULTS / "sessions.png", KEPT_PLOT)


if __name__ == "__main__":
    main()
