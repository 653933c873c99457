"""A page that is streamed is sent as it is made."""

import time
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

import cherrypy

PAUSE = 0.25  # seconds


class Broadcast:
    """Handlers that do not have all of their answer at once."""

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def countdown(self) -> Iterator[str]:
        """Send each piece when it is ready."""
        for number in range(5, 0, -1):
            yield f"{number} ...\n"
            time.sleep(PAUSE)
        yield "Lift-off!\n"

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def events(self) -> Iterator[str]:
        """Send events to a page that listens: ``new EventSource('events')``."""
        cherrypy.response.headers["Content-Type"] = "text/event-stream"

        def stream() -> Iterator[str]:
            for number in range(3):
                yield f"id: {number}\ndata: It is {time.strftime('%H:%M:%S')}\n\n"
                time.sleep(PAUSE)

        return stream()

    @cherrypy.expose
    def file(self) -> BinaryIO:
        """Send a file object: it is read in pieces, and closed at the end."""
        return BytesIO(b"So far and yet so near\n" * 3)

    @cherrypy.expose
    def buffered(self) -> Iterator[str]:
        """Send a generator without ``response.stream``: first all is made, then it is sent."""
        yield "This answer "
        yield "has a length."


def mount(at: str) -> None:
    """Publish it as plain text."""
    plain = {"response.headers.Content-Type": "text/plain"}
    cherrypy.tree.mount(Broadcast(), at, {"/": plain})
