"""Test an application in the process of the test: a client without sockets, and the engine.

An example::

    import cherrypy
    from cherrypy.testing import Client

    def test_greeting():
        client = Client(cherrypy.Application(Greeter()))
        assert client.get("/hello", params={"name": "Ada"}).text == "Hello, Ada"

pytest finds the fixtures ``cherrypy_client`` and ``cherrypy_server`` by itself.
"""

from cherrypy._testing.client import Client, TooManyRedirectsError
from cherrypy._testing.cookies import Cookie, CookieJar
from cherrypy._testing.responses import Response, ResponseHeaders
from cherrypy._testing.site import LiveServer, isolated, live_server, running

__all__ = [
    "Client",
    "Cookie",
    "CookieJar",
    "LiveServer",
    "Response",
    "ResponseHeaders",
    "TooManyRedirectsError",
    "isolated",
    "live_server",
    "running",
]
