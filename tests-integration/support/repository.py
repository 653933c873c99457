"""Where things are in the repository."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The folder of the repository."""

DISTRIBUTIONS = (
    "cherrypy",
    "cherrypy-core",
    "cherrypy-server",
    "cherrypy-sessions",
    "cherrypy-auth",
    "cherrypy-static",
    "cherrypy-json",
)
"""The distributions; each is a folder of ``packages``."""

CACHE = ROOT / ".cache"
"""What the tests keep between runs; git ignores it."""


def sources() -> list[Path]:
    """Give the source folders of the distributions that have one."""
    folders = (ROOT / "packages" / name / "src" for name in DISTRIBUTIONS)
    return [folder for folder in folders if folder.is_dir()]
