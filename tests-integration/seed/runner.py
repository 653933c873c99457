"""Run a snippet of the CherryPy documentation, in the current folder, as the script that it is.

What the snippet only names, such as ``Blog`` and ``key``, stands here.
"""

from __future__ import annotations

import argparse
import json
import signal
from pathlib import Path

import cherrypy


class Blog:
    """An application."""

    @cherrypy.expose
    def index(self) -> str:
        """Give its one page."""
        return "the blog " * 100  # not too short for gzip


class Forum:
    """Another application."""

    @cherrypy.expose
    def index(self) -> str:
        """Give its one page."""
        return "the forum"


class Page:
    """An application whose page handler is the snippet.

    Args:
        snippet: Path of the snippet.
    """

    def __init__(self, snippet: Path) -> None:
        self._snippet = snippet

    @cherrypy.expose
    def index(self) -> str:
        """Execute the snippet."""
        execute(self._snippet)
        return "done"


def execute(snippet: Path) -> dict[str, object]:
    """Execute a snippet as a script.

    Returns:
        Its globals.
    """
    names: dict[str, object] = {
        "__name__": "__main__",
        "cherrypy": cherrypy,
        "Blog": Blog,
        "Forum": Forum,
        "blog_conf": {"/": {"tools.gzip.on": True}},
        "forum_conf": {
            "/": {
                "tools.response_headers.on": True,
                "tools.response_headers.headers": [("X-Forum", "yes")],
            },
        },
        "myapp": Blog(),
        "key": "flavour",
        "value": "oat",
    }
    exec(compile(snippet.read_text(), snippet, "exec", dont_inherit=True), names)  # noqa: S102  what this is for
    return names


def main() -> None:
    """Run the snippet that the command line names, until it ends or is told to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("snippet", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument(
        "mode",
        choices=["script", "settings", "site", "handler"],
        help="the snippet is all of the script | sets where the server listens, which is printed | "
        "comes before the script serves its Root, or Blog | is what a page handler does",
    )
    parser.add_argument("--logs", action="store_true", help="log to access.log and errors.log")
    parser.add_argument("--gzip-all", action="store_true", help="compress short pages as well")
    options = parser.parse_args()
    # Those in the background of a shell ignore Ctrl-C, and hand that on.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    cherrypy.config.update(
        {
            "server.socket_port": options.port,
            "engine.autoreload.on": False,  # whoever edits the sources does not disturb the test
        },
    )
    if options.logs:
        cherrypy.config.update({"log.access_file": "access.log", "log.error_file": "errors.log"})
    if options.gzip_all:
        cherrypy.config.update({"tools.gzip.minimum_size": 0})
    match options.mode:
        case "script":
            execute(options.snippet)
        case "settings":
            execute(options.snippet)
            ports = [cherrypy.config["server.socket_port"], cherrypy.server.socket_port]
            print(json.dumps(ports))
        case "site":
            root = execute(options.snippet).get("Root", Blog)
            assert isinstance(root, type)
            cherrypy.quickstart(root())
        case "handler":
            cherrypy.quickstart(Page(options.snippet))


if __name__ == "__main__":
    main()
