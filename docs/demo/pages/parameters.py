"""Fields of the query and of forms are keyword arguments of the handler."""

from html import escape

import cherrypy


class Greeter:
    """Each handler says by its parameters what may be asked."""

    @cherrypy.expose
    def index(self, name: str = "world", *, loud: str = "") -> str:
        """Greet; both parameters can be left out."""
        greeting = f"Hello, {name}!"
        return escape(greeting.upper() if loud else greeting)

    @cherrypy.expose
    def basket(self, fruit: str | list[str]) -> str:
        """Take a field that may come several times: then it is a list."""
        fruits = [fruit] if isinstance(fruit, str) else fruit
        return f"{len(fruits)} in the basket: {escape(', '.join(fruits))}"

    @cherrypy.expose
    @cherrypy.tools.params()
    def bill(self, prices: list[float], guests: int = 1) -> str:
        """Take numbers: the tool converts what comes to the types of the annotations."""
        return f"{sum(prices) / guests:.2f} for each"

    @cherrypy.expose
    def anything(self, **fields: str | list[str]) -> str:
        """Take whatever comes."""
        return escape(repr(fields))


def mount(at: str) -> None:
    """Publish it."""
    cherrypy.tree.mount(Greeter(), at)
