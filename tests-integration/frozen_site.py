"""A program that uses all that a frozen program may fail to find. Nothing in it knows of freezing.

Run as a script: ``frozen_site.py PORT FOLDER [CERTIFICATE]``. It serves until standard input ends.
FOLDER has the files of ``/files`` and gets those of sessions.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

import cherrypy
from cherrypy import _cptree
from cherrypy.lib import sessions

PORT, FOLDER = int(sys.argv[1]), sys.argv[2]
USERS = {"ada": "secret"}
_ = _cptree.Tree


class Items:
    """Answers by method."""

    exposed = True

    @cherrypy.tools.json_in()
    @cherrypy.tools.json_out()
    def POST(self) -> Any:
        """Send what was sent."""
        return cherrypy.request.json


class Site:
    """Pages for each tool."""

    items = Items()

    @cherrypy.expose
    @cherrypy.tools.json_out()
    def index(self) -> dict[str, int]:
        """Count in a session."""
        cherrypy.session["n"] = cherrypy.session.get("n", 0) + 1
        return {"n": cherrypy.session["n"]}

    @cherrypy.expose
    def basic(self) -> str:
        """Say who asks."""
        return f"Hello {cherrypy.request.login}"

    digest = basic

    @cherrypy.expose
    def big(self) -> str:
        """Send something to compress."""
        return "big " * 1000


def get_ha1(realm: str, username: str) -> str | None:
    """Find a user when the tool asks, so that its module is first imported then."""
    ha1: str | None = cherrypy.lib.auth_digest.get_ha1_dict_plain(USERS)(realm, username)
    return ha1


def checkpassword(realm: str, username: str, password: str) -> bool:
    """Compare a password."""
    is_right: bool = cherrypy.lib.auth_basic.checkpassword_dict(USERS)(realm, username, password)
    return is_right


CONFIG = {
    "/": {
        "tools.sessions.on": True,
        "tools.sessions.storage_class": sessions.FileSession,
        "tools.sessions.storage_path": FOLDER,
        "tools.gzip.on": True,
    },
    "/files": {"tools.staticdir.on": True, "tools.staticdir.dir": FOLDER},
    "/one": {"tools.staticfile.on": True, "tools.staticfile.filename": f"{FOLDER}/a.txt"},
    "/items": {"request.dispatch": cherrypy.dispatch.MethodDispatcher()},
    "/basic": {
        "tools.auth_basic.on": True,
        "tools.auth_basic.realm": "site",
        "tools.auth_basic.checkpassword": checkpassword,
    },
    "/digest": {
        "tools.auth_digest.on": True,
        "tools.auth_digest.realm": "site",
        "tools.auth_digest.get_ha1": get_ha1,
        "tools.auth_digest.key": "a key",
    },
    "/big": {"tools.caching.on": True},
}


def exit_with_standard_input() -> None:
    """Stop when the test does not need the site any more."""
    sys.stdin.read()
    cherrypy.engine.exit()


if __name__ == "__main__":
    cherrypy.config.update(
        {
            "server.socket_host": "127.0.0.1",
            "server.socket_port": PORT,
            "engine.autoreload.on": False,
        }
    )
    if sys.argv[3:]:
        cherrypy.config.update(
            {"server.ssl_certificate": sys.argv[3], "server.ssl_private_key": sys.argv[3]}
        )
    threading.Thread(target=exit_with_standard_input, daemon=True).start()
    cherrypy.quickstart(Site(), "/", CONFIG)
