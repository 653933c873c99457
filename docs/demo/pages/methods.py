"""With the ``MethodDispatcher``, the methods of an object are those of HTTP."""

import threading
from html import escape

import cherrypy

LARGEST = 20


@cherrypy.expose
class Songs:
    """A collection: what is there is shown, changed and removed under its own URL."""

    def __init__(self) -> None:
        self._titles = {"1": "Sinnerman", "2": "Feeling Good"}
        self._lock = threading.Lock()  # requests are served by several threads

    def GET(self, number: str | None = None) -> str:
        """Show one song, or all of them; HEAD is answered by the same method."""
        if number is None:
            return "\n".join(f"{key}: {escape(title)}" for key, title in self._titles.items())
        return escape(self._find(number))

    def POST(self, title: str) -> str:
        """Add a song, and say where it is."""
        with self._lock:
            if len(self._titles) >= LARGEST:
                raise cherrypy.HTTPError(409, "The collection is full.")
            number = str(max(map(int, self._titles), default=0) + 1)
            self._titles[number] = title
        cherrypy.response.status = 201
        cherrypy.response.headers["Location"] = cherrypy.url(f"/{number}")
        return f"{number}: {escape(title)}"

    def PUT(self, number: str, title: str) -> str:
        """Change the title of a song."""
        self._find(number)
        self._titles[number] = title
        return f"{escape(number)}: {escape(title)}"

    def DELETE(self, number: str) -> None:
        """Remove a song; the answer is empty."""
        self._find(number)
        self._titles.pop(number, None)
        cherrypy.response.status = 204

    def _find(self, number: str) -> str:
        try:
            return self._titles[number]
        except KeyError:
            raise cherrypy.NotFound from None


class Counter:
    """In the default dispatcher, ``expose`` says which methods a handler answers."""

    def __init__(self) -> None:
        self._count = 0

    @cherrypy.expose(methods=["GET"])
    def index(self) -> str:
        """Show the count."""
        return str(self._count)

    @cherrypy.expose(methods=["POST"])
    def increase(self) -> str:
        """Change something: a link, or a robot that follows it, can not."""
        self._count += 1
        return str(self._count)


def mount(at: str) -> None:
    """Choose the dispatcher for the application; a part of it could have another one."""
    config = {"/": {"request.dispatch": cherrypy.dispatch.MethodDispatcher()}}
    cherrypy.tree.mount(Songs(), at, config)
    cherrypy.tree.mount(Counter(), f"{at}/counter")
