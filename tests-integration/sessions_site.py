"""A site that counts in a session: one process of several that share its storage.

Run as a script: ``sessions_site.py SETTINGS``, where SETTINGS are those of the sessions tool as
JSON. When it serves, its port is written to standard output; it ends with its standard input.
"""

from __future__ import annotations

import json
import sys
import threading

import cherrypy


class Counter:
    """Counts."""

    @cherrypy.expose
    def index(self) -> str:
        """Add one."""
        session = cherrypy.session
        if SETTINGS.get("locking") == "explicit":
            session.acquire_lock()
        session["n"] = session.get("n", 0) + 1
        return str(session["n"])

    @cherrypy.expose
    def read(self) -> str:
        """Tell how many there are."""
        return str(cherrypy.session.get("n", 0))

    @cherrypy.expose
    def hold(self) -> str:
        """Keep the session locked until this process is killed."""
        cherrypy.session["held"] = True
        print("held", flush=True)
        threading.Event().wait()
        return "never"

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def stream(self) -> object:
        """Send without end, with the session locked."""
        cherrypy.session["streamed"] = True

        def pieces() -> object:
            while True:
                yield b"x" * 65536

        return pieces()


def main() -> None:
    """Serve until standard input ends."""
    cherrypy.config.update(
        {
            "server.socket_port": 0,
            "server.thread_pool": 10,
            "engine.autoreload.on": False,
            "log.screen": False,
            "checker.on": False,
        }
    )
    section = {f"tools.sessions.{name}": value for name, value in SETTINGS.items()}
    cherrypy.tree.mount(Counter(), "", {"/": {"tools.sessions.on": True, **section}})
    cherrypy.engine.start()
    print(cherrypy.server.bound_addr[1], flush=True)
    sys.stdin.read()
    cherrypy.engine.exit()


SETTINGS = json.loads(sys.argv[1])

if __name__ == "__main__":
    main()
