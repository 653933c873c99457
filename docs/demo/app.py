"""The demonstration: one page for each capability of CherryPy.

``python docs/demo/app.py`` starts it on http://127.0.0.1:8080; Ctrl-C ends it.
"""

import argparse
import logging
import sys

import cherrypy
from catalogue import EXAMPLES
from site_root import CONFIG, Demonstration


def main() -> None:
    """Mount everything, and serve it until Ctrl-C."""
    options = parse_options()
    cherrypy.config.update(
        {
            "server.socket_host": options.host,
            "server.socket_port": options.port,
            "engine.autoreload.on": options.reload,
            "request.show_tracebacks": False,
            "log.screen": options.verbose,
        }
    )
    for example in EXAMPLES:
        example.module.mount(example.mount_point)
    cherrypy.engine.subscribe("main", announce)
    if not options.verbose:
        cherrypy.engine.subscribe("log", show_failures)
    cherrypy.quickstart(Demonstration(), "", CONFIG)


def announce() -> None:
    """Say where the site is, once the main thread has nothing to do but wait for Ctrl-C."""
    cherrypy.engine.unsubscribe("main", announce)
    print(f"The demonstration is at {cherrypy.server.base()} (Ctrl-C ends it)", flush=True)


def show_failures(message: str, level: int) -> None:
    """Tell on the screen what goes wrong with the engine, a port in use for example."""
    if level >= logging.ERROR:
        print(message, file=sys.stderr)


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Shows what CherryPy does.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (%(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="port (%(default)s); 0: a free one")
    parser.add_argument("--reload", action="store_true", help="restart when a source changes")
    parser.add_argument("--verbose", action="store_true", help="write the logs to the screen")
    return parser.parse_args()


if __name__ == "__main__":
    main()
