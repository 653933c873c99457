"""Tools make values of what clients send, and documents of what handlers return."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import cherrypy

PRICES = {"fig": Decimal("0.80"), "plum": Decimal("0.35"), "cherry": Decimal("0.05")}


@dataclass
class Order:
    """What clients have to send; anything else is answered with 422, and the place of the error."""

    fruit: str
    count: int
    wanted: date | None = None


class Shop:
    """Talks JSON with programs, and with the script of a page."""

    @cherrypy.expose
    @cherrypy.tools.json_in()
    @cherrypy.tools.json_out()
    def echo(self) -> Any:
        """Give back what came."""
        return {"received": cherrypy.request.json}

    @cherrypy.expose
    @cherrypy.tools.json_in(parameter="order")
    @cherrypy.tools.json_out()
    def order(self, order: Order) -> Any:
        """Take a document that is an order already, and return what JSON has no types for."""
        if order.fruit not in PRICES:
            raise cherrypy.HTTPError(404, f"There are no {order.fruit}s.")
        total = PRICES[order.fruit] * order.count
        return {"order": order, "total": total, "time": datetime.now(UTC)}

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    @cherrypy.tools.json_out()
    def prices(self) -> Iterator[Any]:
        """Send an array item by item; it could be endless."""
        for fruit, price in PRICES.items():
            yield {"fruit": fruit, "price": price}

    @cherrypy.expose
    def page(self) -> bytes:
        """Show a page whose script sends orders by fetch()."""
        return Path(__file__).with_name("json_page.html").read_bytes()

    @cherrypy.expose("json_page.js")
    def _script(self) -> bytes:
        cherrypy.response.headers["Content-Type"] = "text/javascript"
        return Path(__file__).with_name("json_page.js").read_bytes()


def mount(at: str) -> None:
    """Publish it; programs get errors as JSON, too."""
    cherrypy.tree.mount(Shop(), at, {"/": {"request.problem_details": True}})
