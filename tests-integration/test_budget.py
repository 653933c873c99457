"""How many calls a request takes: exact, the same in every run, and only ever lowered."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SUPPORT = Path(__file__).parent / "support"

COUNT = """\
import json, sys
sys.path.insert(0, {support!r})
import cherrypy
from budget import count_calls
from wsgi_client import make_environ

class Root:
    @cherrypy.expose
    def index(self):
        return "Hello World!"

    @cherrypy.expose
    def path(self, number, name="nobody"):
        return f"{{number}} {{name}}"

cherrypy.log.screen = False  # nobody listens to the access log
cherrypy.tree.mount(Root())
environ = make_environ("GET", {target!r})

def start_response(status, fields, exc_info=None):
    pass

def ask():
    return cherrypy.tree(environ, start_response)

ask()  # fill caches
counts = {{count_calls(ask) for _ in range(5)}}
body = b"".join(ask()).decode()
json.dump([body, *([each.python, each.c] for each in counts)], sys.stdout)
"""


@pytest.mark.parametrize(
    ("target", "body", "budget"),
    [
        ("/", "Hello World!", 44),  # CherryPy 18.10: 670, Flask: 315, Bottle: 80
        ("/path/7?name=me", "7 me", 71),  # CherryPy 18.10: 707, Flask: 366, Bottle: 116
    ],
)
def test_calls_of_a_request(target: str, body: str, budget: int) -> None:
    """GET through ``cherrypy.tree`` with the default tools, Python and C. Only ever lower it."""
    code = COUNT.format(support=str(SUPPORT), target=target)
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - this interpreter
    answer, *counts = json.loads(ran.stdout)
    assert answer == body
    assert len(counts) == 1, f"the number is another one each time: {counts}"
    python, c = counts[0]
    assert python + c <= budget, f"{python} calls of Python, {c} of C"
