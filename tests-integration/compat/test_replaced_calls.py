"""What a program puts in place of functions and methods of CherryPy 18 is called here, too.

Monitoring agents and applications replace them. Which of them 18.10.0 calls is found by asking it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from environments import reference_python
from repository import sources

SCRIPT = Path(__file__).parent.parent / "support" / "replaced_calls.py"

EXTENSION_POINTS = ("_setup", "_merged_args")
"""Names with an underscore that applications use all the same."""

ONLY_ONCE = {
    "lib.caching.MemoryCache.__init__",
    "lib.caching.MemoryCache.expire_cache",
}
"""Called for the first request of a process, which both have had before."""

NOT_CALLED = {
    "_cpdispatch.getargspec": "the signature is asked for",
    "_cperror.HTTPError.handle": "for applications; other means are used inside",
    "_cperror.ntob": "only re-exported there",
    "_cperror.tonative": "only re-exported there",
    "_cplogging.NullHandler.createLock": "a handler of logging",
    "_cplogging.NullHandler.handle": "a handler of logging",
    "_cplogging.LazyRfc3339UtcTime.__str__": "the time of a log line is made if it is asked for",
    "_cpreqbody.unquote_plus": "fields are decoded at once",
    "_cpreqbody.Entity.readline": "multipart bodies are read in blocks",
    "_cpreqbody.SizedReader.finish": "trailers are read by the server",
    "_cpreqbody.SizedReader.readline": "multipart bodies are read in blocks",
    "_cprequest.Hook.__lt__": "hooks are sorted by their priorities, once for a configuration",
    "_cprequest.HookMap.attach": "hooks are attached once for a configuration",
    "_cprequest.HookMap.copy": "hooks are copied where a request changes them",
    "_cprequest.ntob": "only re-exported there",
    "_cptools.HandlerTool.handler": "made once",
    "_cptools.expose": "only re-exported there",
    "_cpwsgi.AppResponse.recode_path_qs": "the environ is read directly",
    "_cpwsgi.is_closable_iterator": "only re-exported there",
    "lib.auth_basic.ntou": "only re-exported there",
    "lib.auth_basic.tonative": "only re-exported there",
    "lib.caching.AntiStampedeCache.wait": "waiting has locks of its own",
    "lib.cptools.validate_since": "static files and the cache have parsed the dates already",
    "lib.encoding.compress": "gzip compresses whole bodies in one step",
    "lib.encoding.set_vary_header": "only re-exported there",
    "lib.jsontools.ntou": "only re-exported there",
    "lib.sessions.set_response_cookie": "the tool makes the cookie once for a configuration",
    "lib.static.serve_file": "the static tools serve files that they have opened already",
}
"""What 18.10 calls and we do not, and why."""


@cache
def calls_by_cherrypy() -> dict[str, int]:
    found = run(str(reference_python()), "", {})
    return {name: count for name, count in found.items() if is_public(name)}


def run(python: str, wanted: str, variables: dict[str, str]) -> dict[str, int]:
    done = subprocess.run(  # noqa: S603
        [python, "-P", str(SCRIPT)],
        input=wanted,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **variables},
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout)
    return found


def is_public(name: str) -> bool:
    last = name.rpartition(".")[2]
    if last in ("__new__", "__del__") or "file_generator" in name:  # of the language, not of it
        return False
    return last[:1] != "_" or last[:2] == "__" or last in EXTENSION_POINTS


def test_what_is_replaced_is_called() -> None:
    expected = set(calls_by_cherrypy()) - ONLY_ONCE
    path = os.pathsep.join(map(str, sources()))
    ours = run(sys.executable, json.dumps(sorted(expected)), {"PYTHONPATH": path})
    assert expected - set(ours) == expected & set(NOT_CALLED)
    assert set(NOT_CALLED) <= expected


def test_cherrypy_was_asked() -> None:
    assert len(calls_by_cherrypy()) > 100
