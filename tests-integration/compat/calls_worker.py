"""Do drawn things with whichever CherryPy this interpreter has.

Run as a script, once for each implementation. Each line of standard input is a JSON object:
``scenario`` names a function in ``scenarios/``, such as ``plain.call``, and the rest are its
keyword arguments. Each line of standard output is what came of it, in a form that can be compared.

A scenario that is marked ``alone`` runs in a forked child, so that nothing of it is left.

This file and the scenarios import nothing outside the standard library and CherryPy, and are the
same for both sides.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).with_name("scenarios")))

from telling import tell_error

SECONDS = 20
"""After so long a scenario hangs."""


def answer(case: dict[str, Any]) -> Any:
    """Do what a line asks for."""
    arguments = dict(case)
    module, _, name = str(arguments.pop("scenario")).partition(".")
    scenario = getattr(importlib.import_module(module), name)
    if getattr(scenario, "alone", False):
        return _in_child(scenario, arguments)
    return _done(scenario, arguments)


def _done(scenario: Any, arguments: dict[str, Any]) -> Any:
    signal.alarm(SECONDS)
    try:
        return scenario(**arguments)
    except Exception as error:
        if os.environ.get("SHOW_TRACEBACKS"):
            traceback.print_exc()
        return tell_error(error)
    finally:
        signal.alarm(0)


def _in_child(scenario: Any, arguments: dict[str, Any]) -> Any:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            text = json.dumps(_done(scenario, arguments))
            with os.fdopen(writing, "w", encoding="ascii") as pipe:
                pipe.write(text)
        finally:
            os._exit(0)  # the bus may have ended it before
    os.close(writing)
    with os.fdopen(reading, encoding="ascii") as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    return json.loads(text) if text else f"ended with wait status {status}"


def main() -> None:
    """Answer line by line."""
    replies = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # nothing that is printed gets into the answers
    warnings.simplefilter("ignore")
    importlib.import_module("cherrypy").log.screen = False
    for line in sys.stdin:
        replies.write(json.dumps(answer(json.loads(line))) + "\n")
        replies.flush()


if __name__ == "__main__":
    main()
