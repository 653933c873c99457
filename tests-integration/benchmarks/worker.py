"""One peer in its own interpreter, which does what it is told until its input ends.

Run as a script: ``worker.py MODULE APPLICATION``. Each line of standard input is a JSON object
with what to ``do``; each line of standard output is the JSON object that answers it.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

SUITES = Path(__file__).parents[1]
sys.path[:0] = [str(SUITES), str(SUITES / "support")]

from benchmarks.scenarios import SCENARIOS, Scenario  # noqa: E402 - on the path set just above

from budget import count_calls, measure_memory  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable


class Peer:
    """One application of one peer."""

    def __init__(self, module: str, application: str) -> None:
        self.module: Any = importlib.import_module(f"benchmarks.applications.{module}")
        self.application = self.module.build(application)

    def request(self, scenario: Scenario) -> Callable[[], bytes]:
        """Make a function that puts the request of a scenario to the application once.

        Raises:
            AssertionError: The application does not answer as it should.
        """
        application = self.application
        template = scenario.environ()
        content = scenario.content
        statuses: list[str] = []

        def start_response(status: str, headers: object, exc_info: object = None) -> None:
            del headers, exc_info
            statuses[:] = [status]

        def request() -> bytes:
            environ = template.copy()
            if content:
                environ["wsgi.input"] = io.BytesIO(content)
            answer = application(environ, start_response)
            body = b"".join(answer)
            if hasattr(answer, "close"):
                answer.close()
            return body

        for _ in range(3):  # the first fills caches; the second may be the first from a cache
            body = request()
            if not statuses[0].startswith(scenario.status) or scenario.body not in body:
                raise AssertionError(f"{scenario.name}: {statuses[0]} {body[:500]!r}")
        return request


def main() -> None:
    """Do what standard input says."""
    # What the peers print must not get among the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="ascii")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    peer = Peer(*sys.argv[1:])
    requests: dict[str, Callable[[], bytes]] = {}
    for line in sys.stdin:
        order = json.loads(line)
        name = order.get("scenario")
        if name and name not in requests:
            requests[name] = peer.request(SCENARIOS[name])
        answers.write(json.dumps(do(peer, order, requests)) + "\n")
        answers.flush()
    os._exit(0)  # servers run in threads, and need no further ceremony


def do(peer: Peer, order: dict[str, Any], requests: dict[str, Callable[[], bytes]]) -> object:
    """Carry out one order."""
    if order["do"] == "serve":
        return peer.module.serve(peer.application)
    request = requests[order["scenario"]]
    if order["do"] == "calls":
        calls = count_calls(request)
        memory = measure_memory(request, runs=200)
        return {"python": calls.python, "c": calls.c, "peak_octets": memory.peak_octets}
    repetitions = range(order["repetitions"])
    start = time.perf_counter()
    for _ in repetitions:
        request()
    return (time.perf_counter() - start) / len(repetitions) * 1e6


if __name__ == "__main__":
    main()
