"""Errors are raised, and answered with a page; an application can draw its own."""

from html import escape

import cherrypy

STOCK = {"figs": 3, "plums": 0}


def draw_page(status: str, message: str, traceback: str, version: str) -> str:
    """Draw a page for any error; the arguments are escaped already."""
    return f"<h1>{status}</h1>\n<p>{message}</p>\n<p>Would you like some figs instead?</p>\n"


class Shop:
    """Everything that can go wrong in a shop."""

    @cherrypy.expose
    def buy(self, fruit: str, count: str = "1") -> str:
        """Raise what the client has to be told: 404, 400 or 409."""
        if fruit not in STOCK:
            raise cherrypy.NotFound
        with cherrypy.HTTPError.handle(ValueError, 400, "How many? Please say a number."):
            wanted = int(count)
        if wanted > STOCK[fruit]:
            raise cherrypy.HTTPError("409 Sold Out", f"There are only {STOCK[fruit]} {fruit}.")
        return escape(f"{wanted} {fruit}, please!")

    @cherrypy.expose
    def weigh(self) -> str:
        """Fail: that is answered with 500, and the traceback is logged."""
        return str(1 / STOCK["plums"])

    @cherrypy.expose
    @cherrypy.config(**{"request.show_tracebacks": True})
    def weigh_in_the_workshop(self) -> str:
        """Fail, and show the traceback: good for development, and for nothing else."""
        return self.weigh()


def mount(at: str) -> None:
    """Publish the shop with its own pages, with those of CherryPy, and for programs."""
    cherrypy.tree.mount(Shop(), at, {"/": {"error_page.default": draw_page}})
    cherrypy.tree.mount(Shop(), f"{at}/plain")
    cherrypy.tree.mount(Shop(), f"{at}/api", {"/": {"request.problem_details": True}})
