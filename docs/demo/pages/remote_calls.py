"""Methods of an object can be called by programs, with XML-RPC."""

import cherrypy
from cherrypy.lib.toolset import XMLRPCController


class Calculator(XMLRPCController):
    """What is exposed can be called: ``ServerProxy(url).add(2, 3)``."""

    @cherrypy.expose
    def add(self, *numbers: float) -> float:
        """Add numbers; they arrive as numbers."""
        return sum(numbers)

    @cherrypy.expose
    def divide(self, dividend: float, divisor: float) -> float:
        """Divide; an exception becomes a fault, which the client raises."""
        return dividend / divisor


def mount(at: str) -> None:
    """Publish it."""
    cherrypy.tree.mount(Calculator(), at)
