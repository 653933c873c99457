"""The peers, and the conversation with the interpreter of each."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import environments

if TYPE_CHECKING:
    from types import TracebackType

CHEROOT = "cheroot==11.1.2"
WORKER = Path(__file__).with_name("worker.py")


@dataclasses.dataclass(frozen=True)
class Peer:
    """Something to compare with."""

    name: str
    title: str
    module: str
    """The module in ``peers/`` that has its applications."""
    scenarios: frozenset[str]
    """What it can do by itself."""
    requirements: tuple[str, ...] | None
    """What its environment holds; None for the interpreter that runs this."""

    def environ(self) -> dict[str, str]:
        """Give its environment variables: nothing of ours can be imported by the others."""
        if self.requirements is None:
            return dict(os.environ)
        return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

    def python(self) -> Path:
        """Give its interpreter, made with its environment if need be."""
        if self.requirements is None:
            return Path(sys.executable)
        return environments.environment(f"benchmark-{self.name}", self.requirements)


WITHOUT_FRAMEWORK = frozenset({"hello", "path", "form", "not_found", "redirect"})
EVERY_FRAMEWORK = WITHOUT_FRAMEWORK | {"multipart", "method", "json_in", "json_out"}
WHAT_A_FUNCTION_DOES = WITHOUT_FRAMEWORK | {"gzip"}
EVERYTHING = EVERY_FRAMEWORK | {"configured", "gzip", "cached", "logged", "logged_by_logging"}

OURS = "ours"
PEERS = {
    peer.name: peer
    for peer in (
        Peer(OURS, "this project", "cherrypy_application", EVERYTHING, None),
        Peer(
            "cherrypy",
            "CherryPy 18.10.0",
            "cherrypy_application",
            EVERYTHING,
            environments.REFERENCE,
        ),
        Peer(
            "bottle",
            "Bottle 0.13.4",
            "bottle_application",
            EVERY_FRAMEWORK,
            ("bottle==0.13.4", CHEROOT),
        ),
        Peer(
            "flask",
            "Flask 3.1.3",
            "flask_application",
            EVERY_FRAMEWORK,
            ("flask==3.1.3", CHEROOT),
        ),
        Peer(
            "falcon",
            "Falcon 4.4.0",
            "falcon_application",
            EVERY_FRAMEWORK,
            ("falcon==4.4.0", CHEROOT),
        ),
        Peer("bare", "WSGI function", "bare_application", WHAT_A_FUNCTION_DOES, (CHEROOT,)),
    )
}


class Worker:
    """The interpreter of one peer with one of its applications, alive until it is closed."""

    def __init__(self, peer: Peer, application: str) -> None:
        command = [str(peer.python()), "-P", str(WORKER), peer.module, application]
        self._title = f"{peer.title} ({application})"
        self._process = subprocess.Popen(  # noqa: S603
            command,
            env=peer.environ(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        """Give the worker."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the interpreter."""
        self.close()

    def close(self) -> None:
        """End the interpreter."""
        self._process.communicate()

    def _order(self, **order: object) -> Any:
        assert self._process.stdin  # for the type checker: both are pipes
        assert self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._title} ended while it should {order}: see standard error")
        return json.loads(line)

    def round_us(self, scenario: str, repetitions: int) -> float:
        """Put the request of a scenario many times.

        Returns:
            Microseconds for one request, on average.
        """
        microseconds: float = self._order(
            do="round",
            scenario=scenario,
            repetitions=repetitions,
        )
        return microseconds

    def calls(self, scenario: str) -> dict[str, int]:
        """Count the calls of one request: ``python``, ``c``, and ``peak_octets`` of memory."""
        counts: dict[str, int] = self._order(do="calls", scenario=scenario)
        return counts

    def serve(self) -> int:
        """Start the HTTP server; give its port on 127.0.0.1."""
        port: int = self._order(do="serve")
        return port
