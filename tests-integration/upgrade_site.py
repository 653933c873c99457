"""A site that keeps an object of its own in a session; runs with CherryPy 18.10 and with this one.

Run as a script: ``upgrade_site.py PORT SETTINGS``, where SETTINGS are those of the sessions tool as
JSON; ``storage_class`` is a name in ``cherrypy.lib.sessions``. It serves until standard input ends.
Its log is on standard error.
"""

from __future__ import annotations

import json
import sys

import cherrypy
from cherrypy.lib import sessions


class Basket:
    """What a visitor has chosen."""

    def __init__(self) -> None:
        self.things = 0

    def __setstate__(self, state: dict[str, int]) -> None:
        """Tell that this was unpickled."""
        self.__dict__.update(state)
        cherrypy.log("a basket was unpickled")


class Shop:
    """Counts things."""

    @cherrypy.expose
    def index(self) -> str:
        """Add one."""
        basket = cherrypy.session.setdefault("basket", Basket())
        basket.things += 1
        cherrypy.session["basket"] = basket
        return str(basket.things)

    @cherrypy.expose
    def plain(self) -> str:
        """Add one, without an object."""
        cherrypy.session["n"] = cherrypy.session.get("n", 0) + 1
        return str(cherrypy.session["n"])


def main() -> None:
    """Serve until standard input ends."""
    settings = json.loads(sys.argv[2])
    settings["storage_class"] = getattr(sessions, settings["storage_class"])
    cherrypy.config.update(
        {
            "server.socket_host": "127.0.0.1",
            "server.socket_port": int(sys.argv[1]),
            "engine.autoreload.on": False,
        }
    )
    section = {"tools.sessions." + name: value for name, value in settings.items()}
    cherrypy.tree.mount(Shop(), "", {"/": dict({"tools.sessions.on": True}, **section)})
    cherrypy.engine.start()
    print("serving", flush=True)
    sys.stdin.read()
    cherrypy.engine.exit()


if __name__ == "__main__":
    main()
