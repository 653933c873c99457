"""A site with protected pages, for real clients. Run with a folder that it may write to.

It listens on a port that the system chooses, and on a Unix socket in the folder; it tells the port
in a line of its own, and ends when its standard input does.
"""

from __future__ import annotations

import pwd
import sys
from pathlib import Path
from typing import Any

import cherrypy
from cherrypy.lib import auth_basic, auth_digest

USERS = {"jon": "secret", "jün": "pässword €"}
ALGORITHMS = ("MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256")


class Page:
    """A page that says who is logged in."""

    @cherrypy.expose
    def index(self, **_fields: str) -> str:
        return f"<title>welcome</title>Hello {cherrypy.request.login}!"

    @cherrypy.expose
    def picture(self, *_name: str) -> str:
        cherrypy.response.headers["Content-Type"] = "image/svg+xml"
        return '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'

    @cherrypy.expose
    def gallery(self) -> str:
        return "".join(f'<img src="../picture/{number}">' for number in range(12))


class Site:
    """Pages, each of which is protected in another way."""

    def __init__(self) -> None:
        for name in ("basic", "hashed", "userhash", "several", "integrity", "peers", "nobody"):
            setattr(self, name, Page())
        for name in ALGORITHMS:
            setattr(self, name.replace("-", "_"), Page())


def digest(**settings: Any) -> dict[str, Any]:
    """Return settings of the tool auth_digest."""
    given = {
        "on": True,
        "realm": "members",
        "key": "a565c27146791cfb",
        "get_ha1": auth_digest.get_ha1_dict_plain(USERS),
    } | settings
    return {f"tools.auth_digest.{name}": value for name, value in given.items()}


def basic(checkpassword: object) -> dict[str, Any]:
    """Return settings of the tool auth_basic."""
    given = {"on": True, "realm": "members", "checkpassword": checkpassword}
    return {f"tools.auth_basic.{name}": value for name, value in given.items()}


def main(folder: Path) -> None:
    """Serve until the standard input ends."""
    hashes = {name: auth_basic.hash_password(password) for name, password in USERS.items()}
    own_uid = folder.stat().st_uid
    config: dict[str, Any] = {
        "/basic": basic(auth_basic.checkpassword_dict(USERS)),
        "/hashed": basic(auth_basic.checkpassword_hashed(hashes)),
        "/several": digest(algorithms=["SHA-256", "MD5"]),
        "/userhash": digest(algorithms="SHA-256", userhash=True),
        "/integrity": digest(algorithms="SHA-256", qop="auth-int"),
        "/peers": {
            "tools.auth_peercreds.on": True,
            "tools.auth_peercreds.users": [pwd.getpwuid(own_uid).pw_name],
        },
        "/nobody": {"tools.auth_peercreds.on": True, "tools.auth_peercreds.users": ["nobody"]},
    }
    for name in ALGORITHMS:
        config["/" + name.replace("-", "_")] = digest(algorithms=name)
    cherrypy.config.update(
        {
            "log.screen": False,
            "log.access_file": str(folder / "access.log"),
            "log.error_file": str(folder / "error.log"),
            "engine.autoreload.on": False,
            "server.socket_port": 0,
        }
    )
    cherrypy.tree.mount(Site(), "", config)
    local: Any = cherrypy._cpserver.Server()
    local.socket_file = str(folder / "site.sock")
    local.socket_mode = 0o666
    local.peercreds = local.peercreds_resolve = True
    local.subscribe()
    cherrypy.engine.start()
    print(cherrypy.server.bound_addr[1], flush=True)
    sys.stdin.read()
    cherrypy.engine.exit()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
