"""How fast pages are that Basic and Digest (MD5) protect, compared with CherryPy 18.10.0.

``python tests-integration/benchmarks/authentication.py`` prints the ratios. Both run in processes
of their own and take turns, without a server, with the access log off and every request with
credentials that are right. Given ``worker``, this file is one of the two.
"""

from __future__ import annotations

import base64
import hashlib
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.scenarios import make_environ

ROUNDS = 15
REQUESTS = 1000
PAGES = {"open": 1, "basic": 8, "digest": 4}
"""Pages, and how many times faster than CherryPy's they have to be."""


def md5(text: str) -> str:
    """Hash text as a client does."""
    return hashlib.md5(text.encode()).hexdigest()  # noqa: S324 - what is compared


class Site:
    """An application with a page of each kind, and a client of it."""

    def __init__(self) -> None:
        import cherrypy
        from cherrypy.lib import auth_basic, auth_digest

        class Root:
            """The pages."""

        for page in PAGES:
            setattr(Root, page, cherrypy.expose(lambda _self: "Hello"))
        users = {"jon": "secret"}
        basic = {
            "tools.auth_basic.on": True,
            "tools.auth_basic.realm": "localhost",
            "tools.auth_basic.checkpassword": auth_basic.checkpassword_dict(users),
        }
        digest = {
            "tools.auth_digest.on": True,
            "tools.auth_digest.realm": "localhost",
            "tools.auth_digest.get_ha1": auth_digest.get_ha1_dict_plain(users),
            "tools.auth_digest.key": "a565c27146791cfb",
        }
        cherrypy.config.update({"log.screen": False})
        self.application = cherrypy.Application(Root(), "", {"/basic": basic, "/digest": digest})
        self.status = ""
        self.fields: list[tuple[str, str]] = []
        self.ask(self.environ("digest", None))
        challenge = {name.lower(): value for name, value in self.fields}["www-authenticate"]
        self.nonce = challenge.partition('nonce="')[2].partition('"')[0]
        self.count = 0

    def start_response(self, status: str, fields: list[tuple[str, str]], *_: object) -> None:
        """Take status and fields (PEP 3333)."""
        self.status, self.fields = status, fields

    def environ(self, page: str, credentials: str | None) -> dict[str, Any]:
        """Make the environ of a request."""
        headers = () if credentials is None else (("Authorization", credentials),)
        return make_environ(f"/{page}", headers=headers)

    def credentials(self, page: str) -> str | None:
        """Return what a client sends next."""
        if page == "basic":
            return "Basic " + base64.b64encode(b"jon:secret").decode()
        if page != "digest":
            return None
        self.count += 1
        given = f"{self.nonce}:{self.count:08x}:0a4f113b:auth"
        response = md5(f"{md5('jon:localhost:secret')}:{given}:{md5('GET:/digest')}")
        return (
            f'Digest username="jon", realm="localhost", nonce="{self.nonce}", uri="/digest", '
            f'response="{response}", algorithm=MD5, qop=auth, nc={self.count:08x}, '
            'cnonce="0a4f113b"'
        )

    def ask(self, environ: dict[str, Any]) -> None:
        """Put a request to the application."""
        answer = self.application(environ, self.start_response)
        b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()

    def microseconds(self, page: str, requests: int) -> float:
        """Measure how long a request takes.

        Raises:
            RuntimeError: One is refused.
        """
        environs = [self.environ(page, self.credentials(page)) for _ in range(requests)]
        before = time.perf_counter()
        for environ in environs:
            self.ask(environ)
        seconds = time.perf_counter() - before
        if not self.status.startswith("200"):
            raise RuntimeError(f"{page}: {self.status}")
        return seconds / requests * 1_000_000


def work() -> None:
    """Measure a round for each line of standard input."""
    site = Site()
    for page in PAGES:
        site.microseconds(page, 100)
    for _ in sys.stdin:
        print(json.dumps({page: site.microseconds(page, REQUESTS) for page in PAGES}), flush=True)


def compare() -> int:
    """Print the ratios; return 1 if one is too small."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
    import environments

    pythons = {"cherrypy": environments.reference_python(), "ours": Path(sys.executable)}
    workers = {
        name: subprocess.Popen(  # noqa: S603 - this file
            [str(python), "-P", __file__, "worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name, python in pythons.items()
    }
    rounds = []
    for _ in range(ROUNDS):
        times = {}
        for name, worker in workers.items():
            assert worker.stdin is not None
            assert worker.stdout is not None
            worker.stdin.write("\n")
            worker.stdin.flush()
            times[name] = json.loads(worker.stdout.readline())
        rounds.append(times)
    for worker in workers.values():
        worker.communicate()
    is_fast = True
    for page, least in PAGES.items():
        ratios = sorted(times["cherrypy"][page] / times["ours"][page] for times in rounds)
        median = statistics.median(ratios)
        ours = statistics.median(times["ours"][page] for times in rounds)
        print(
            f"{page}: {median:.1f} times as fast as CherryPy ({ratios[0]:.1f} to {ratios[-1]:.1f}; "
            f"at least {least}), {ours:.1f} us"
        )
        is_fast = is_fast and median >= least
    return 0 if is_fast else 1


if __name__ == "__main__":
    if "worker" in sys.argv:
        work()
    else:
        sys.exit(compare())
