"""The engine starts and stops the parts of a site; yours can be among them."""

import threading
import time

import cherrypy
from cherrypy.process.plugins import Monitor, SimplePlugin


class Caretaker(SimplePlugin):
    """A plugin: its methods listen to the channels of their names."""

    opened_at = 0.0

    def start(self) -> None:
        """Open when the engine starts: a connection to a database, say."""
        self.opened_at = time.monotonic()

    def stop(self) -> None:
        """Close when the engine stops."""
        self.opened_at = 0.0


class Office:
    """Asks the engine."""

    def __init__(self, caretaker: Caretaker) -> None:
        self.caretaker = caretaker

    @cherrypy.expose
    def index(self) -> str:
        """Tell how the engine is."""
        return "\n".join(
            [
                f"state: {cherrypy.engine.state.name}",
                f"open for: {time.monotonic() - self.caretaker.opened_at:.1f} seconds",
                f"threads: {', '.join(sorted(thread.name for thread in threading.enumerate()))}",
                f"address: {cherrypy.server.base()}",
            ]
        )

    @cherrypy.expose
    def ring(self) -> str:
        """Publish a message: whoever listens answers, and nobody needs to know who does."""
        return "\n".join(cherrypy.engine.publish("doorbell", "a visitor"))


def mount(at: str) -> None:
    """Subscribe a plugin, two listeners, and a function that is called once a minute."""
    caretaker = Caretaker(cherrypy.engine)
    caretaker.subscribe()
    Monitor(cherrypy.engine, sweep, frequency=60, name="Sweeper").subscribe()
    cherrypy.engine.subscribe("doorbell", lambda who: f"The dog barks at {who}")
    cherrypy.engine.subscribe("doorbell", lambda who: f"Tea for {who}", priority=10)
    plain = {"response.headers.Content-Type": "text/plain"}
    cherrypy.tree.mount(Office(caretaker), at, {"/": plain})


def sweep() -> None:
    """Run in a thread of its own, beside the requests."""
    cherrypy.log("Swept the floor", "OFFICE")
