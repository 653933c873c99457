"""Serves files, in the interpreter of one peer; run by ``static_files.py``.

Run as ``static_worker.py PEER FOLDER``. Orders come on standard input, one JSON object a line, and
are answered in the same way: ``{"do": "round", "scenario": ..., "repetitions": ...}`` gives
microseconds for one request in process, ``{"do": "serve"}`` the port of an HTTP server.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.scenarios import make_environ

MODIFIED = "Tue, 14 Nov 2023 22:13:20 GMT"
SCENARIOS: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "4 kB": ("/static/small.css", ()),
    "1 MB": ("/static/large.bin", ()),
    "304": ("/static/small.css", (("If-Modified-Since", MODIFIED),)),
}


def make_application(peer: str, folder: str) -> Any:
    """Make the WSGI application of a peer."""
    if peer.startswith("whitenoise"):

        def nothing(_environ: Any, start_response: Any) -> list[bytes]:
            start_response("404 Not Found", [])
            return []

        return import_module("whitenoise").WhiteNoise(nothing, root=folder, prefix="static")
    cherrypy = import_module("cherrypy")
    cherrypy.config.update({"environment": "embedded", "log.screen": False})
    settings = {"tools.staticdir.on": True, "tools.staticdir.dir": folder}
    cherrypy.tree.mount(None, "", {"/static": settings})
    return cherrypy.tree


def serve(peer: str, application: Any) -> int:
    """Serve from a thread, on a free port, which is returned."""
    if peer in {"ours", "cherrypy", "whitenoise here"}:
        cherrypy = import_module("cherrypy")
        cherrypy.config.update({"engine.autoreload.on": False, "log.screen": False})
        import_module("cherrypy").server.socket_port = free_port()
        if peer == "whitenoise here":
            cherrypy.tree.graft(application, "")
        cherrypy.server.subscribe()
        cherrypy.engine.start()
        return int(cherrypy.server.socket_port)
    server = import_module("cheroot.wsgi").Server(("127.0.0.1", 0), application, numthreads=10)
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()
    return int(server.bind_addr[1])


def free_port() -> int:
    """Return a port that nobody listens on."""
    with import_module("socket").socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def round_us(application: Any, scenario: str, repetitions: int) -> float:
    """Put a request many times; return microseconds for one."""
    path, headers = SCENARIOS[scenario]
    environ = make_environ(path, headers=headers)
    statuses: list[str] = []

    def start_response(status: str, _headers: Any, _exc_info: Any = None) -> None:
        statuses.append(status)

    started = time.perf_counter()
    for _ in range(repetitions):
        body = application(environ.copy(), start_response)
        for _ in body:
            pass
        if hasattr(body, "close"):
            body.close()
    taken = time.perf_counter() - started
    expected = "304" if scenario == "304" else "200"
    if not all(status.startswith(expected) for status in statuses):
        raise RuntimeError(f"{scenario}: {set(statuses)}")
    return taken / repetitions * 1e6


def main(peer: str, folder: str) -> None:
    """Do as ordered until there are no more orders."""
    application = make_application(peer, folder)
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "serve":
            answer: float = serve(peer, application)
        else:
            answer = round_us(application, order["scenario"], order["repetitions"])
        print(json.dumps(answer), flush=True)
    os._exit(0)  # servers are not worth waiting for


if __name__ == "__main__":
    main(*sys.argv[1:])
