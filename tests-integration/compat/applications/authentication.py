"""Basic and Digest authentication, the latter with MD5.

Requests in a table can not know the nonce of a process. So a tool of this application's own answers
the challenge of the page itself: it stands for a client that has just been given that nonce.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import time
from typing import Any

import cherrypy
from cherrypy.lib import auth_basic, auth_digest

USERS = {"jon": "secret", "jün": "pässword €", "empty": ""}
KEY = "a565c27146791cfb"
CLIENTS = itertools.count()


def md5(*texts: str) -> str:
    return hashlib.md5(":".join(texts).encode()).hexdigest()  # noqa: S324 - what is compared


def as_client() -> None:
    """Put the credentials of a client into the request, made of its field ``X-Client``.

    The field has ``name=value`` pairs: the parts that the client gets right or wrong.
    """
    field = cherrypy.request.headers.get("X-Client")
    if field is None:
        return
    parts = {
        "user": "jon",
        "password": "secret",
        "realm": "localhost",
        "uri": cherrypy.request.wsgi_environ["REQUEST_URI"],
        "method": cherrypy.request.method,
        "age": str(next(CLIENTS) / 1000),
        "key": KEY,
        "nc": "00000001",
        "qop": "auth",
        "drop": "",
    }
    parts |= dict(pair.split("=", 1) for pair in field.split("; ") if pair)
    parts["user"] = parts["user"].encode("latin-1").decode("utf-8")
    parts["password"] = parts["password"].encode("latin-1").decode("utf-8")
    issued = int(time.time()) - int(float(parts["age"]))
    nonce = parts.get("nonce") or auth_digest.synthesize_nonce("localhost", parts["key"], issued)
    secret = md5(parts["user"], parts["realm"], parts["password"])
    message = md5(parts["method"], parts["uri"])
    middle = [parts["nc"], "c", parts["qop"]] if parts["qop"] else []
    given = {
        "username": f'"{parts["user"]}"',
        "realm": f'"{parts["realm"]}"',
        "nonce": f'"{nonce}"',
        "uri": f'"{parts["uri"]}"',
        "response": f'"{md5(secret, nonce, *middle, message)}"',
        "algorithm": parts.get("algorithm", "MD5"),
    }
    if parts["qop"]:
        given |= {"qop": parts["qop"], "nc": parts["nc"], "cnonce": '"c"'}
    for name in parts["drop"].split(","):
        given.pop(name, None)
    credentials = ", ".join(f"{name}={value}" for name, value in given.items())
    octets = f"Digest {credentials}".encode()
    cherrypy.request.headers["Authorization"] = octets.decode("latin-1")


def without_nonces() -> None:
    """Leave out what is another one each time, and show some differences once only."""
    headers = cherrypy.response.headers
    value = headers.get("WWW-Authenticate")
    if value:
        told = re.sub(
            'nonce="[^"]*"', 'nonce=""', ", ".join([value] if isinstance(value, str) else value)
        )
        if not cherrypy.request.path_info.startswith("/old"):
            told = re.sub('(algorithm|stale|charset)="?([^",]*)"?', r"\1=\2", told)
        headers["WWW-Authenticate"] = told
    if "Authentication-Info" in headers:
        told = re.sub('rspauth="[^"]*"', 'rspauth=""', headers["Authentication-Info"])
        if cherrypy.request.query_string:
            headers["Authentication-Info"] = told
        else:
            del headers["Authentication-Info"]


class Pages:
    """Pages that say who is logged in."""

    @cherrypy.expose
    def index(self, **_: Any) -> str:
        return repr(cherrypy.request.login)

    @cherrypy.expose
    def other(self) -> str:
        return "other"


class Root:
    """Protected pages."""

    basic = Pages()
    latin = Pages()
    function = Pages()
    digest = Pages()
    hashes = Pages()
    old = Pages()


def remember(realm: str, username: str, password: str) -> bool:
    return (realm, username, password) == ("members only", "a", "b:c")


def digest(**settings: Any) -> dict[str, Any]:
    given = {
        "on": True,
        "realm": "localhost",
        "key": KEY,
        "get_ha1": auth_digest.get_ha1_dict_plain(USERS),
    } | settings
    return {
        **{f"tools.auth_digest.{name}": value for name, value in given.items()},
        "hooks.before_handler": cherrypy._cprequest.Hook(as_client, priority=0),
    }


def basic(realm: str, checkpassword: Any, **settings: Any) -> dict[str, Any]:
    given = {"on": True, "realm": realm, "checkpassword": checkpassword} | settings
    return {f"tools.auth_basic.{name}": value for name, value in given.items()}


CHECK = auth_basic.checkpassword_dict(USERS)


def build() -> Any:
    """Mount at the root."""
    cherrypy.tree.mount(
        Root(),
        "",
        {
            "/": {"hooks.before_finalize": cherrypy._cprequest.Hook(without_nonces, priority=100)},
            "/basic": basic("localhost", CHECK),
            "/latin": basic("localhost", CHECK, accept_charset="ISO-8859-1"),
            "/function": basic("members only", remember),
            "/digest": digest(),
            "/old": digest(accept_charset="ISO-8859-1"),
            "/hashes": digest(
                get_ha1=auth_digest.get_ha1_dict({"jon": md5("jon", "localhost", "secret")})
            ),
        },
    )
    return cherrypy.tree
