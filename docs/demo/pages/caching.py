"""Tools keep answers, shorten them, and spare the client what it has already."""

import time
from itertools import count

import cherrypy


class Newspaper:
    """Each handler has one of the tools."""

    def __init__(self) -> None:
        self.editions = count(1)

    @cherrypy.expose
    @cherrypy.tools.etags(autotags=True)
    def headline(self) -> str:
        """Be sent again only if it has changed: a client that has it gets 304."""
        return "Cherries are red"

    @cherrypy.expose
    @cherrypy.tools.gzip(mime_types=["text/*"], compress_level=9)
    def article(self) -> str:
        """Be compressed for clients that accept it."""
        return "Cherries are red, some are yellow.\n" * 200

    @cherrypy.expose
    @cherrypy.tools.caching(delay=5)
    def weather(self) -> str:
        """Be asked once in five seconds at most; in between, the answer is kept in memory."""
        time.sleep(0.2)  # as if it were hard work
        return f"Edition {next(self.editions)}, printed at {time.strftime('%H:%M:%S')}"

    @cherrypy.expose
    @cherrypy.tools.expires(secs=3600, force=True)
    def crossword(self) -> str:
        """Tell the client, and caches on the way to it, how long this is good."""
        return "3 down: a red fruit"


def mount(at: str) -> None:
    """Publish it; the tools could be turned on by settings for paths as well."""
    cherrypy.tree.mount(Newspaper(), at)
