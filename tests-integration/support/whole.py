"""Tell whether each CherryPy that is installed is whole, and works.

Run as a script in an environment under test. Standard output is a JSON object: ``versions`` by name
of distribution, ``wrong`` (files that are missing, or are not those that were installed, by name of
distribution) and ``imported`` (the version that an import finds, or the message of its error).
"""

import base64
import hashlib
import importlib
import json
import sys
from importlib import metadata

MODULES = (
    "cherrypy.lib.sessions",
    "cherrypy.lib.static",
    "cherrypy.lib.auth_basic",
    "cherrypy.process.servers",
    "cherrypy._cptree",
    "cherrypy._cpreqbody",
    "cherrypy.daemon",
)
NAMES = ("quickstart", "tools.json_out", "tools.sessions", "tools.staticdir", "server")


def _is_wrong(file: metadata.PackagePath) -> bool:
    path = file.locate()
    try:
        content = open(path, "rb").read()  # noqa: PTH123, SIM115 - for any Python and any locate()
    except OSError:
        return True
    if file.hash is None:
        return False
    digest = base64.urlsafe_b64encode(hashlib.new(file.hash.mode, content).digest())
    return digest.decode().rstrip("=") != file.hash.value


def _import() -> str:
    cherrypy = importlib.import_module("cherrypy")
    for name in MODULES:
        importlib.import_module(name)
    for name in NAMES:
        found = cherrypy
        for part in name.split("."):
            found = getattr(found, part)
    return str(cherrypy.__version__)


def main() -> None:
    """Look at everything and print what there is."""
    versions, wrong = {}, {}
    for each in metadata.distributions():
        name = each.metadata["Name"].lower()
        if name.partition("-")[0] == "cherrypy":
            versions[name] = each.version
            files = [file for file in each.files or [] if file.suffix != ".pyc"]
            wrong[name] = sorted(str(file) for file in files if _is_wrong(file))
    try:
        imported = _import()
    except (ImportError, AttributeError) as error:
        imported = str(error)
    json.dump({"versions": versions, "wrong": wrong, "imported": imported}, sys.stdout)


if __name__ == "__main__":
    main()
