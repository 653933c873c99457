"""Tell what is installed beside the interpreter that runs this, and import all of it.

Run as a script in an environment under test. Standard output is a JSON object: ``versions`` by name
of distribution, ``modules`` (all of ``cherrypy``, each has been imported) and ``providers`` (the
entry points, each has been loaded).
"""

import importlib
import json
import pkgutil
import sys
from importlib import metadata
from importlib.util import find_spec

RUN_ON_IMPORT = ("cherrypy.__main__",)
OF_EXTRAS = {
    "cherrypy._server.tls_pyopenssl": "OpenSSL",
    "cherrypy._workers.supervisor": "granian",
}
"""Modules that are imported only where an extra has brought what they need."""
GROUPS = ("cherrypy.tools", "cherrypy.servers", "cherrypy.plugins")


def _fail(name: str) -> None:
    raise ImportError(name)


def main() -> None:
    """Import everything and print what there is."""
    versions = {each.metadata["Name"]: each.version for each in metadata.distributions()}
    cherrypy = importlib.import_module("cherrypy")
    found = pkgutil.walk_packages(cherrypy.__path__, "cherrypy.", onerror=_fail)
    modules = ["cherrypy", *(info.name for info in found if info.name not in RUN_ON_IMPORT)]
    for name in modules:
        if name not in OF_EXTRAS or find_spec(OF_EXTRAS[name]) is not None:
            importlib.import_module(name)
    providers = [point for group in GROUPS for point in metadata.entry_points(group=group)]
    for point in providers:
        point.load()
    names = [f"{point.group}: {point.name}" for point in providers]
    json.dump({"versions": versions, "modules": modules, "providers": names}, sys.stdout)


if __name__ == "__main__":
    main()
