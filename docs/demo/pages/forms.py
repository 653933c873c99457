"""Fields of a form are arguments; a file is an object that can be read."""

import hashlib
from html import escape
from typing import Any

import cherrypy


class Desk:
    """Takes forms, files, and whatever else is sent to it."""

    @cherrypy.expose
    def order(self, fruit: str, *, gift: str = "") -> str:
        """Take a form: a box that is not ticked is not sent."""
        wrapping = "wrapped as a gift" if gift else "in a paper bag"
        return escape(f"{fruit}, {wrapping}")

    @cherrypy.expose
    def upload(self, document: Any) -> str:
        """Take a file; a large one is on the disk by now, and was never in memory as a whole."""
        if not document.filename:
            raise cherrypy.HTTPError(400, "Please choose a file.")
        size, digest = measure(document.file)
        media_type = document.content_type.value
        return escape(f"{document.filename}: {size} octets of {media_type}, SHA-256 {digest}")

    @cherrypy.expose
    def raw(self) -> str:
        """Take what is no form: it is not read before you read it."""
        size, digest = measure(cherrypy.request.body)
        return f"{size} octets, SHA-256 {digest}"


def measure(source: Any) -> tuple[int, str]:
    """Read to the end, a piece at a time."""
    size, digest = 0, hashlib.sha256()
    while piece := source.read(65536):
        size += len(piece)
        digest.update(piece)
    return size, digest.hexdigest()


def mount(at: str) -> None:
    """Publish it, and refuse bodies of more than 10 MiB before they are read."""
    cherrypy.tree.mount(Desk(), at, {"/": {"request.body.maxbytes": 10 * 1024 * 1024}})
