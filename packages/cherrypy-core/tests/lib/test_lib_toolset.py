"""The tools of the core: their names, where they act, and what their distributions bring."""

from __future__ import annotations

import subprocess
import sys

import pytest

import cherrypy
from cherrypy._tools.tool import ErrorTool, Tool
from cherrypy.lib.toolset import SessionAuthTool

pytestmark = pytest.mark.usefixtures("site")


@pytest.mark.parametrize(
    ("name", "point", "priority"),
    [
        ("accept", "on_start_resource", 50),
        ("allow", "on_start_resource", 50),
        ("autovary", "on_start_resource", 0),
        ("redirect", "on_start_resource", 50),
        ("response_headers", "on_start_resource", 50),
        ("decode", "before_request_body", 50),
        ("ignore_headers", "before_request_body", 50),
        ("proxy", "before_request_body", 30),
        ("referer", "before_request_body", 50),
        ("params", "before_handler", 15),
        ("caching", "before_handler", 50),
        ("session_auth", "before_handler", 50),
        ("trailing_slash", "before_handler", 60),
        ("encode", "before_handler", 70),
        ("expires", "before_finalize", 50),
        ("flatten", "before_finalize", 50),
        ("etags", "before_finalize", 75),
        ("gzip", "before_finalize", 80),
        ("log_headers", "before_error_response", 50),
        ("log_tracebacks", "before_error_response", 50),
        ("log_hooks", "on_end_request", 100),
        ("cpstats", "on_end_request", 50),
        ("err_redirect", None, 50),
        ("xmlrpc", None, 50),
    ],
)
def test_points_and_priorities(name: str, point: str | None, priority: int) -> None:
    """Applications order their own tools by them."""
    tool = getattr(cherrypy.tools, name)
    assert isinstance(tool, Tool)
    assert (tool._name, tool._point, tool._priority) == (name, point, priority)
    assert tool.__doc__


@pytest.mark.parametrize(
    ("name", "arguments", "own"),
    [
        ("accept", "debug media", ""),
        ("allow", "debug methods", "options"),
        ("autovary", "debug ignore", ""),
        ("caching", "debug invalid_methods", ""),
        ("cpstats", "debug slow_queries slow_queries_count uriset", ""),
        ("decode", "default_encoding encoding", ""),
        ("encode", "", ""),
        ("err_redirect", "debug internal url", ""),
        ("etags", "autotags debug", ""),
        ("expires", "debug force secs", ""),
        ("flatten", "debug", ""),
        ("gzip", "compress_level debug mime_types", "codings minimum_size"),
        ("ignore_headers", "debug headers", ""),
        ("log_headers", "debug", ""),
        ("log_hooks", "debug", ""),
        ("log_tracebacks", "debug severity", ""),
        ("params", "error exception", ""),
        ("proxy", "base debug local remote scheme", "forwarded trusted"),
        ("redirect", "debug internal url", ""),
        ("referer", "accept accept_missing debug error message pattern", ""),
        ("response_headers", "debug headers", ""),
        ("session_auth", "", ""),
        ("trailing_slash", "debug extra missing status", ""),
        ("xmlrpc", "", ""),
    ],
)
def test_arguments_can_be_looked_up(name: str, arguments: str, own: str) -> None:
    """As attributes of the tool that are ``None``: those of CherryPy 18.10.0, and our own."""
    tool = getattr(cherrypy.tools, name)
    attributes = {key: value for key, value in vars(tool).items() if key[:1] != "_"}
    del attributes["callable"]
    attributes.pop("namespace", None)
    assert attributes == dict.fromkeys([*arguments.split(), *own.split()])


def test_classes_of_tools() -> None:
    assert isinstance(cherrypy.tools.err_redirect, ErrorTool)
    assert isinstance(cherrypy.tools.session_auth, SessionAuthTool)


def test_a_tool_that_hardly_any_site_uses_is_not_imported_with_the_others() -> None:
    program = (
        "import sys, cherrypy\n"
        "heavy = {'cherrypy.lib.cpstats', 'xmlrpc.client', 'hashlib', 'json', 'brotli'}\n"
        "print(sorted(heavy & sys.modules.keys()), hasattr(cherrypy.tools, 'cpstats'))"
    )
    run = subprocess.run(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[] True"


def test_a_tool_that_nobody_brings_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no tool 'nosuch'"):
        _ = cherrypy.tools.nosuch
