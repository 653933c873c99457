"""A suite as applications have them for CherryPy 18.10, written against ``cherrypy.test.helper``.

``test_webcase.py`` runs it, unchanged, under CherryPy 18.10.0 and under ours, with pytest. Ours runs
it with unittest, too.
"""

import datetime as dt
import json
import threading
from http.client import HTTPConnection

import cherrypy
from cherrypy.lib import httputil
from cherrypy.test import helper, webtest

MAIN_THREAD = threading.get_ident()


class Root:
    def __init__(self):
        self.seen = []

    @cherrypy.expose
    def index(self):
        return "Hello"

    @cherrypy.expose
    def echo(self, **params):
        cherrypy.response.headers["Content-Type"] = "application/json"
        return json.dumps(params, sort_keys=True).encode("utf-8")

    @cherrypy.expose
    def headers(self, name):
        return cherrypy.request.headers.get(name, "none")

    @cherrypy.expose
    def protocol(self):
        return cherrypy.request.method + " %d.%d" % cherrypy.request.protocol

    @cherrypy.expose
    def length(self):
        return cherrypy.request.headers.get("Content-Length", "none")

    @cherrypy.expose
    def cookies(self):
        cherrypy.response.cookie["first"] = "1"
        cherrypy.response.cookie["second"] = "2"
        return ",".join(sorted(cherrypy.request.cookie))

    @cherrypy.expose
    def listed(self):
        cherrypy.response.headers["Vary"] = "Accept, Accept-Encoding"
        cherrypy.response.headers["X-Time"] = httputil.HTTPDate()
        return ""

    @cherrypy.expose
    def unicode(self):
        return "caf\xe9"

    @cherrypy.expose
    def redirect(self):
        raise cherrypy.HTTPRedirect("/target")

    @cherrypy.expose
    def denied(self):
        raise cherrypy.HTTPError(403, "Not <you>")

    @cherrypy.expose
    def broken(self):
        raise ValueError("the reason")

    @cherrypy.expose
    @cherrypy.config(**{"request.show_tracebacks": False})
    def discreet(self):
        raise ValueError("the reason")

    @cherrypy.expose
    def thread(self):
        return str(threading.get_ident() != MAIN_THREAD)

    @cherrypy.expose
    def here(self):
        return cherrypy.url("/there")


class CoreTest(helper.CPWebCase):
    @staticmethod
    def setup_server():
        # what an application finds here, and may change
        assert cherrypy.tree.apps == {}
        assert cherrypy.config["environment"] == "test_suite"
        assert cherrypy.config.get("request.show_tracebacks") is True
        assert cherrypy.server.socket_port == cherrypy.config["server.socket_port"]
        cherrypy.config.update({"own.key": "core"})
        cherrypy.tree.mount(Root(), config={"/": {"tools.encode.on": True}})

    def test_server(self):
        assert cherrypy.engine.state == cherrypy.engine.states.STARTED
        assert self.HOST == "127.0.0.1"
        assert self.PORT == cherrypy.server.socket_port == webtest.WebCase.PORT
        assert self.scheme == "http"
        assert self.HTTP_CONN is HTTPConnection
        assert self.base() == "http://127.0.0.1:%d" % self.PORT
        assert self.prefix() == ""
        assert self.interface() == "127.0.0.1"
        assert cherrypy.config["own.key"] == "core"
        self.getPage("/thread")
        self.assertBody("True")

    def test_get(self):
        result = self.getPage("/")
        self.assertEqual(result, (self.status, self.headers, self.body))
        self.assertStatus(200)
        self.assertStatus("200 OK")
        self.assertStatus((404, 200))
        self.assertStatus(["404 Not Found", "200 OK"])
        self.assertEqual(self.status, "200 OK")
        self.assertEqual(self.body, b"Hello")
        self.assertBody("Hello")
        self.assertBody(b"Hello")
        self.assertInBody("ell")
        self.assertNotInBody("Bye")
        self.assertMatchesBody("H.l+o")
        self.assertHeader("Content-Type", "text/html;charset=utf-8")
        self.assertEqual(self.assertHeader("content-length"), "5")
        self.assertNoHeader("X-Nothing")
        self.assertTrue(0 < self.time < 10)
        self.assertEqual(self.cookies, [])

    def test_text(self):
        self.getPage("/unicode")
        self.assertBody("caf\xe9")
        self.assertInBody("\xe9")
        self.assertMatchesBody("^caf\xe9$")
        self.assertHeader("Content-Length", "5")

    def test_header_lists(self):
        self.getPage("/listed")
        self.assertHeader("Vary", "Accept, Accept-Encoding")
        self.assertHeaderItemValue("Vary", "Accept-Encoding")
        self.assertNoHeaderItemValue("Vary", "Cookie")
        self.assertHeaderIn("Vary", ["Accept", "Accept, Accept-Encoding"])
        when = dt.datetime.strptime(self.assertHeader("X-Time"), "%a, %d %b %Y %H:%M:%S GMT")
        self.assertEqualDates(when, dt.datetime.now(dt.timezone.utc).replace(tzinfo=None))
        self.assertEqualDates(when, when + dt.timedelta(minutes=1), seconds=61)
        self.assertRaises(
            AssertionError, self.assertEqualDates, when, when + dt.timedelta(minutes=1)
        )

    def test_failures(self):
        self.getPage("/")
        for name, arguments in [
            ("assertStatus", (404,)),
            ("assertStatus", ("200",)),
            ("assertStatus", ((404, 500),)),
            ("assertBody", ("Bye",)),
            ("assertInBody", ("Bye",)),
            ("assertNotInBody", ("Hello",)),
            ("assertMatchesBody", ("B.e",)),
            ("assertHeader", ("X-Nothing",)),
            ("assertHeader", ("Content-Type", "text/plain")),
            ("assertHeaderItemValue", ("Content-Type", "text/plain")),
            ("assertHeaderIn", ("Content-Type", ["text/plain"])),
            ("assertNoHeader", ("Content-Type",)),
            ("assertNoHeaderItemValue", ("Content-Length", "5")),
        ]:
            self.assertRaises(AssertionError, getattr(self, name), *arguments)

    def test_request_headers(self):
        self.getPage("/headers?name=X-Own", headers=[("X-Own", "mine")])
        self.assertBody("mine")
        self.getPage("/headers?name=X-Own", [("X-Own", "mine too")])
        self.assertBody("mine too")
        self.getPage("/headers?name=Host")
        self.assertBody("127.0.0.1:%d" % self.PORT)
        self.getPage("/headers?name=Host", [("Host", "www.example.com")])
        self.assertBody("www.example.com")
        self.getPage("/headers?name=Accept-Encoding")
        self.assertBody("none")

    def test_post(self):
        self.getPage("/echo?q=1", method="POST", body="a=1&b=2&b=3")
        self.assertBody('{"a": "1", "b": ["2", "3"], "q": "1"}')
        self.getPage("/length", method="POST")
        self.assertBody("0")
        body = '--x\r\nContent-Disposition: form-data; name="part"\r\n\r\nvalue\r\n--x--\r\n'
        headers = [
            ("Content-Type", "multipart/form-data; boundary=x"),
            ("Content-Length", str(len(body))),
        ]
        self.getPage("/echo", headers, "POST", body)
        self.assertBody('{"part": "value"}')

    def test_methods_and_protocols(self):
        self.getPage("/protocol", method="DELETE")
        self.assertBody("DELETE 1.1")
        self.getPage("/protocol", protocol="HTTP/1.0")
        self.assertBody("GET 1.0")
        self.getPage("/", method="HEAD")
        self.assertStatus(200)
        self.assertHeader("Content-Length", "5")
        self.assertBody("")

    def test_cookies(self):
        self.getPage("/cookies")
        self.assertBody("")
        self.assertEqual(self.cookies, [("Cookie", "first=1"), ("Cookie", "second=2")])
        self.getPage("/cookies", self.cookies[:1])
        self.assertBody("first")
        self.getPage("/")
        self.assertEqual(self.cookies, [])

    def test_errors(self):
        self.getPage("/nothing")
        self.assertStatus(404)
        self.assertErrorPage(404, "The path '/nothing' was not found.")
        self.getPage("/denied")
        self.assertErrorPage(403, "Not <you>")
        self.assertErrorPage("403 Forbidden", "Not <you>")
        self.getPage("/broken")
        self.assertStatus("500 Internal Server Error")
        self.assertErrorPage(500)
        self.assertErrorPage(500, pattern="ValueError: the reason")
        self.assertErrorPage(500, pattern="raise ValueError(")
        self.assertRaises(AssertionError, self.assertErrorPage, 500, pattern=None)
        self.assertRaises(AssertionError, self.assertErrorPage, 500, pattern="another reason")
        self.getPage("/discreet")
        self.assertErrorPage(500, pattern=None)

    def test_redirect(self):
        self.getPage("/redirect")
        self.assertStatus((302, 303))
        self.assertHeader("Location", self.base() + "/target")
        self.getPage("/here")
        self.assertBody(self.base() + "/there")

    def test_persistent_connection(self):
        self.persistent = True
        try:
            self.getPage("/")
            connection = self.HTTP_CONN
            own_socket = connection.sock
            self.getPage("/thread")
            self.assertStatus(200)
            assert self.HTTP_CONN is connection
            assert connection.sock is own_socket is not None
            connection.putrequest("POST", "/echo", skip_host=True)
            connection.putheader("Host", self.HOST)
            connection.putheader("Content-Type", "application/x-www-form-urlencoded")
            connection.putheader("Content-Length", "3")
            connection.endheaders()
            connection.send(b"x=y")
            response = connection.getresponse()
            self.status, self.headers, self.body = webtest.shb(response)
            self.assertStatus(200)
            self.assertBody('{"x": "y"}')
        finally:
            self.persistent = False
        assert self.HTTP_CONN is HTTPConnection
        self.set_persistent(True)
        self.getPage("/")
        self.set_persistent(False)

    def test_own_connection(self):
        connection = self.get_conn()
        connection.request("GET", "/")
        status, _, body = webtest.shb(connection.getresponse())
        connection.close()
        self.assertEqual((status, body), ("200 OK", b"Hello"))

    def test_open_url(self):
        status, headers, body = webtest.openURL("/", host=self.HOST, port=self.PORT)
        self.assertEqual((status, body), ("200 OK", b"Hello"))
        self.assertIn(("Content-Length", "5"), headers)

    def test_nobody_there(self):
        with self.assertRaises(ConnectionRefusedError):
            webtest.openURL("/", port=9, raise_subcls=ConnectionRefusedError)

    def test_server_error(self):
        case = self

        def report():
            try:
                raise LookupError("for the test")
            except LookupError:
                assert webtest.server_error()

        cherrypy.engine.subscribe("after_request", report)
        try:
            # it is told when the request ends, which the client may be ahead of
            with case.assertRaises(webtest.ServerError):
                for _ in range(100):
                    case.getPage("/")
        finally:
            cherrypy.engine.unsubscribe("after_request", report)
            webtest.ServerError.on = False

    def test_skip(self):
        self.skip("as suites do where something is missing")
        raise AssertionError("not skipped")


class MountedTest(helper.CPWebCase):
    """Comes after another one, of which nothing is left."""

    script_name = "/app"
    interactive = False

    @classmethod
    def setup_server(cls):
        assert cherrypy.tree.apps == {}
        assert "own.key" not in cherrypy.config
        cls.application = cherrypy.tree.mount(Root(), "/app", {"/": {"response.timeout": 5}})
        cherrypy.tree.mount(Root(), "/other")

    def setUp(self):
        self.getPage("/")

    def test_paths_are_below_it(self):
        self.assertStatus(200)
        self.getPage("/here")
        self.assertBody(self.base() + "/there")
        assert self.prefix() == "/app"
        assert self.base().endswith("/app")

    def test_application(self):
        assert cherrypy.tree.apps["/app"] is self.application


class BaseOfOthers(helper.CPWebCase):
    """Has helpers for others, and no server."""

    def get_json(self, url):
        self.getPage(url)
        self.assertStatus(200)
        return json.loads(self.body)


class DerivedTest(BaseOfOthers):
    def setup_server():
        cherrypy.tree.mount(Root())
        cherrypy.config.update({"tools.response_headers.on": True})
        cherrypy.config.update({"tools.response_headers.headers": [("X-All", "yes")]})

    setup_server = staticmethod(setup_server)

    def test_json(self):
        self.assertEqual(self.get_json("/echo?a=b"), {"a": "b"})
        self.assertHeader("X-All", "yes")


class OwnServerSettingsTest(helper.CPWebCase):
    @staticmethod
    def setup_server():
        cherrypy.config.update({"server.max_request_body_size": 10, "server.thread_pool": 2})
        cherrypy.tree.mount(Root())

    def test_limit(self):
        self.getPage("/echo", method="POST", body="a=%s" % ("x" * 50))
        self.assertStatus(413)


if __name__ == "__main__":
    import unittest

    unittest.main()
