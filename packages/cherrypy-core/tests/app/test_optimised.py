"""Everything behaves the same under ``python -OO``, which drops assertions and docstrings."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import wsgi_client

TOUR = '''\
import json, sys
sys.path.insert(0, {support!r})
import cherrypy
from wsgi_client import call_wsgi, make_environ

class Root:
    """Not to be relied upon."""

    @cherrypy.expose
    def index(self):
        """Say hello."""
        return "hello"

    @cherrypy.expose
    def two(self, a, b="B"):
        return f"{{a}} {{b}}"

    @cherrypy.expose
    def stream(self):
        yield "one "
        yield "two"
    stream._cp_config = {{"response.stream": True}}

    @cherrypy.expose
    def redirect(self, status=303):
        raise cherrypy.HTTPRedirect("/", int(status))

    @cherrypy.expose
    def internal(self):
        raise cherrypy.InternalRedirect("/")

    @cherrypy.expose
    def error(self):
        raise cherrypy.HTTPError(403, "no")

    @cherrypy.expose
    def wrong(self):
        raise ValueError

    @cherrypy.expose
    def nothing(self):
        cherrypy.response.status = 204

    @cherrypy.expose
    @cherrypy.tools.encode(encoding="iso-8859-1")
    def encoded(self):
        return "\\u00e9"

@cherrypy.tools.register("before_handler")
def noted(text="noted"):
    cherrypy.response.headers["X-Note"] = text

cherrypy.log.screen = False
cherrypy.config.update({{"request.show_tracebacks": False}})
cherrypy.tree.mount(Root(), "", {{
    "/two": {{"tools.noted.on": True, "error_page.404": lambda **values: values["message"]}},
}})
cherrypy.tree.mount(Root(), "/app")
answers = []
for method, target, content in [
    ("GET", "/", None), ("HEAD", "/", None), ("GET", "/app/", None), ("GET", "/app", None),
    ("GET", "/two/x?b=y", None), ("GET", "/two", None), ("GET", "/two/x?c=1", None),
    ("POST", "/two", b"a=1&b=2"), ("POST", "/two/x", b"c=2"), ("GET", "/stream", None),
    ("GET", "/redirect", None), ("GET", "/redirect?status=200", None), ("GET", "/internal", None),
    ("GET", "/error", None), ("GET", "/wrong", None), ("GET", "/nothing", None),
    ("GET", "/encoded", None), ("GET", "/nobody", None), ("GET", "/?q=%FF", None),
]:
    form = {{"Content_Type": "application/x-www-form-urlencoded"}} if content else {{}}
    answer = call_wsgi(cherrypy.tree, make_environ(method, target, content, **form))
    fields = [field for field in answer.fields if field[0] != "Date"]
    answers.append([target, answer.status, fields, answer.body.decode("latin-1")])
json.dump(answers, sys.stdout)
'''


def tour(*options: str) -> list[list[object]]:
    """Return the answers to one request of each kind, in an interpreter with these options."""
    support = str(Path(wsgi_client.__file__).parent)
    command = [sys.executable, *options, "-c", TOUR.format(support=support)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - this interpreter
    # the identifiers of errors are another one each time
    output = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "(id)", ran.stdout)
    answers: list[list[object]] = json.loads(output)
    return answers


def test_an_optimised_interpreter_gives_the_same_answers() -> None:
    answers = tour()
    assert [str(answer[1])[:3] for answer in answers] == (
        [
            "200",
            "200",
            "200",
            "301",
            "200",
            "404",
            "404",
            "200",
            "400",
            "200",
            "303",
            "500",
            "200",
            "403",
            "500",
            "204",
            "200",
            "404",
            "404",
        ]
    )
    assert tour("-OO") == answers
