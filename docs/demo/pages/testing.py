"""Tests ask an application without a server: a client calls it in the same process."""

import cherrypy
from cherrypy.testing import Client


class Counter:
    """What is tested."""

    value = 0

    @cherrypy.expose
    def index(self) -> str:
        """Show the value."""
        return str(self.value)

    @cherrypy.expose(methods=["POST"])
    def add(self, amount: str = "1") -> None:
        """Change it, and go back."""
        with cherrypy.HTTPError.handle(ValueError, 400, "Not a number"):
            self.value += int(amount)
        raise cherrypy.HTTPRedirect("./")


def test_it_counts() -> None:
    """Send a form, follow the redirect."""
    client = Client(cherrypy.Application(Counter()), follow_redirects=True)
    assert client.post("/add", data={"amount": "2"}).text == "2"
    assert client.post("/add").text == "3"


def test_it_counts_numbers_only() -> None:
    """Ask for something that is wrong."""
    client = Client(cherrypy.Application(Counter()))
    assert client.post("/add", data={"amount": "two"}).status == 400
    assert client.get("/add").status == 405


class Report:
    """Runs the tests; usually pytest does that."""

    @cherrypy.expose
    def index(self) -> str:
        """Run them while you wait."""
        tests = (test_it_counts, test_it_counts_numbers_only)
        for test in tests:
            test()
        return "\n".join(f"{test.__name__}: passed" for test in tests)


def mount(at: str) -> None:
    """Publish the report, and what it is about."""
    plain = {"response.headers.Content-Type": "text/plain"}
    cherrypy.tree.mount(Report(), at, {"/": plain})
    cherrypy.tree.mount(Counter(), f"{at}/counter")
