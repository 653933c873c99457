"""Tools let those in who have the right password, and say to others what is missing."""

import cherrypy
from cherrypy.lib import auth_basic, auth_digest

USERS = {"ada": "analytical", "jün": "pässword €"}
HASHES = {
    # what auth_basic.hash_password has made of a password, once
    "ada": "$pbkdf2-sha256$i=600000$0eVuBeig6CT7+gzcvzCFsw$"
    "eKVdpdxvAF0cLdIeEdCvxKrPUB+C9tSerIAcFWBaLz0",
}


class Members:
    """Handlers that know who asks."""

    @cherrypy.expose
    def index(self) -> str:
        """Be called for members only."""
        return f"Hello {cherrypy.request.login}"


class Club:
    """An application with a part for everybody, and others."""

    basic = Members()
    digest = Members()

    @cherrypy.expose
    def index(self) -> str:
        """Be there for everybody."""
        return "Welcome to the club"


CONFIG = {
    "/basic": {
        "tools.auth_basic.on": True,
        "tools.auth_basic.realm": "Club, with Basic",
        "tools.auth_basic.checkpassword": auth_basic.checkpassword_hashed(HASHES),
    },
    "/digest": {
        "tools.auth_digest.on": True,
        "tools.auth_digest.realm": "Club, with Digest",
        "tools.auth_digest.get_ha1": auth_digest.get_ha1_dict_plain(USERS),
        "tools.auth_digest.key": "the secret of this demonstration",
        "tools.auth_digest.algorithms": ["SHA-256", "MD5"],
    },
}


def mount(at: str) -> None:
    """Publish it."""
    cherrypy.tree.mount(Club(), at, CONFIG)
