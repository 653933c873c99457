"""Files are served as they are: directories by a setting, single files by a handler."""

from collections.abc import Iterable
from pathlib import Path

import cherrypy
from cherrypy.lib.static import serve_download

ORCHARD = Path(__file__).parents[1] / "orchard"


class Files:
    """What is no file is answered by handlers, as ever."""

    @cherrypy.expose
    def harvest(self) -> Iterable[bytes]:
        """Send a file that browsers save, by a name that it does not have here."""
        return serve_download(ORCHARD / "harvest.csv", "Récolte 2026.csv")


def mount(at: str) -> None:
    """Serve the directory below /orchard; clients may keep what they get."""
    settings = {
        "/orchard": {
            "tools.staticdir.on": True,
            "tools.staticdir.dir": str(ORCHARD),
            "tools.staticdir.index": "index.html",
            "tools.staticdir.max_age": 60,
            "tools.staticdir.immutable": True,  # names with a hash in them, for a year
        },
        "/list": {
            "tools.staticdir.on": True,
            "tools.staticdir.dir": str(ORCHARD),
            "tools.staticdir.listing": True,
        },
    }
    cherrypy.tree.mount(Files(), at, settings)
