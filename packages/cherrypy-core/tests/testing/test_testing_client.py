"""The client: requests, responses, what is kept between them."""

from __future__ import annotations

import gc
import threading
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.testing import Client, Response, TooManyRedirectsError

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("site")


class Site:
    """Shows what it was asked."""

    @cherrypy.expose
    def index(self, **params: str) -> str:
        """Answer with method, URL and parameters."""
        request = cherrypy.request
        cherrypy.response.headers["X-Twice"] = ["1", "2"]
        return f"{request.method} {cherrypy.url()} {sorted(params.items())}"

    @cherrypy.expose
    def field(self, name: str) -> str:
        """Answer with a header field of the request."""
        return repr(cherrypy.request.headers.get(name))

    @cherrypy.expose
    def path(self, *segments: str) -> str:
        """Answer with the rest of the path."""
        return repr(segments)

    @cherrypy.expose
    def environ(self, key: str) -> str:
        """Answer with a key of the WSGI environ."""
        return repr(cherrypy.request.wsgi_environ.get(key))

    @cherrypy.expose
    def count(self) -> str:
        """Count by a cookie."""
        seen = int(cherrypy.request.cookie["seen"].value) if cherrypy.request.cookie else 0
        cherrypy.response.cookie["seen"] = str(seen + 1)
        cherrypy.response.cookie["seen"]["path"] = "/count"
        return str(seen)

    @cherrypy.expose
    def go(self, to: str = "/", status: str = "303") -> None:
        """Redirect."""
        raise cherrypy.HTTPRedirect(to, int(status))

    @cherrypy.expose
    def fail(self) -> None:
        """Fail with an exception."""
        raise LookupError("of the handler")

    @cherrypy.expose
    def refuse(self, status: str) -> None:
        """Fail on purpose."""
        raise cherrypy.HTTPError(int(status), "on purpose")

    @cherrypy.expose
    def latin(self) -> bytes:
        """Answer in Latin-1."""
        cherrypy.response.headers["Content-Type"] = "text/plain;charset=iso-8859-1"
        return b"\xe9"

    @cherrypy.expose
    def document(self) -> bytes:
        """Answer in JSON."""
        return b'{"a": ["\xc3\xa9"]}'


@pytest.fixture
def client() -> Client:
    return Client(cherrypy.Application(Site()), validate=True)


def test_a_response(client: Client) -> None:
    answer = client.get("/", params={"a": ["1", "2"]})
    assert (answer.status, answer.reason) == (200, "OK")
    assert answer.text == "GET http://localhost/ [('a', ['1', '2'])]"
    assert answer.content == answer.text.encode()
    assert answer.headers["content-TYPE"] == "text/html;charset=utf-8"
    assert answer.headers["X-Twice"] == "1, 2"
    assert answer.headers.get_all("x-twice") == ["1", "2"]
    assert answer.headers.get_all("X-None") == []
    assert "x-none" not in answer.headers
    assert [name for name in answer.headers if name == "X-Twice"] == ["X-Twice"]
    assert len(answer.headers) == len(list(answer.headers))
    assert answer.url == "http://localhost/?a=1&a=2"
    assert answer.history == []
    assert repr(answer) == "<Response 200 OK to GET http://localhost/?a=1&a=2>"


def test_text_is_decoded_by_its_charset(client: Client) -> None:
    assert client.get("/latin").text == "é"


def test_json(client: Client) -> None:
    assert client.get("/document").json() == {"a": ["é"]}
    with pytest.raises(ValueError, match="Expecting value"):
        client.get("/").json()


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
def test_methods(client: Client, method: str) -> None:
    answer: Response = getattr(client, method)("/")
    assert answer.text.startswith(method.upper())


def test_any_method() -> None:
    client = Client(cherrypy.Application(Site()))
    assert client.request("PROPFIND", "/").text.startswith("PROPFIND")


def test_head_has_no_content(client: Client) -> None:
    answer = client.head("/")
    assert answer.content == b""
    assert answer.headers["Content-Length"] != "0"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("/path/a/b", "('a', 'b')"),
        ("path/a", "('a',)"),
        ("/path/é/a b", "('é', 'a b')"),
        ("/path/%C3%A9/%20", "('é', ' ')"),
        ("/path/a%2Fb", "('a/b',)"),
        ("/path/100%25", "('100%',)"),
        ("/path/a#fragment", "('a',)"),
        ("http://other.example:81/path/a", "('a',)"),
    ],
)
def test_urls(client: Client, url: str, shown: str) -> None:
    assert client.get(url).text == shown


@pytest.mark.parametrize(
    ("base", "url", "shown"),
    [
        ("http://localhost", "/?b=1", "GET http://localhost/ [('b', '1')]"),
        ("https://x.example:8443", "/", "GET https://x.example:8443/ []"),
        ("http://[::1]:81", "/", "GET http://[::1]:81/ []"),
        ("http://localhost", "https://y.example/", "GET https://y.example/ []"),
    ],
)
def test_where_the_site_is(client: Client, base: str, url: str, shown: str) -> None:
    client.base = base
    assert client.get(url).text == shown


def test_parameters_are_added_to_the_query(client: Client) -> None:
    assert client.get("/?a=1", params=[("b", "é &")]).text == (
        "GET http://localhost/ [('a', '1'), ('b', 'é &')]"
    )


def test_the_path_of_the_base_stands_before_every_path() -> None:
    cherrypy.tree.mount(Site(), "/app")
    client = Client(base="http://localhost/app/")
    assert client.get("/").text == "GET http://localhost/app/ []"
    assert client.get("http://localhost/").status == 404


@pytest.mark.parametrize("base", ["localhost", "/x", "ftp://localhost", "http://"])
def test_a_base_is_absolute(base: str) -> None:
    with pytest.raises(ValueError, match="absolute"):
        Client(base=base)


def test_asterisk_form() -> None:
    """RFC 9112 section 3.2.4."""
    paths = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        paths.append(environ["PATH_INFO"])
        start_response("200 OK", [])
        return []

    Client(application, base="http://localhost/app").options("*")
    assert paths == ["*"]


class TestHeaders:
    """Header fields of the request."""

    @pytest.mark.parametrize(
        ("headers", "shown"),
        [
            ({"X-A": "1"}, "'1'"),
            ({"x-a": "1"}, "'1'"),
            ([("X-A", "1"), ("X-A", "2")], "'1, 2'"),
            ({"X-A": "é"}, "'é'"),
            ({"X-A": "€"}, "'â\\x82¬'"),  # bytes of UTF-8, as servers hand them over
            ({"X-A": None}, "None"),
            ({}, "'mine'"),
        ],
    )
    def test_of_a_request(self, headers: Any, shown: str) -> None:
        client = Client(cherrypy.Application(Site()), headers={"X-A": "mine"})
        assert client.get("/field", params={"name": "X-A"}, headers=headers).text == shown

    def test_one_that_goes_without_saying_can_be_left_out(self, client: Client) -> None:
        answer = client.get("/", headers={"Host": None})
        assert answer.status == 400

    @pytest.mark.parametrize("value", ["a\r\nX: 1", "a\nb", "a\0"])
    def test_no_field_ends_a_line(self, client: Client, value: str) -> None:
        with pytest.raises(ValueError, match="end of line"):
            client.get("/", headers={"X-A": value})

    def test_the_environ_can_be_changed(self, client: Client) -> None:
        answer = client.get(
            "/environ", params={"key": "REMOTE_USER"}, environ={"REMOTE_USER": "ada"}
        )
        assert answer.text == "'ada'"


class TestCookies:
    """What is kept from one request to the next."""

    def test_they_are_kept(self, client: Client) -> None:
        assert [client.get("/count").text for _ in range(3)] == ["0", "1", "2"]
        assert client.cookies["seen"] == "3"

    def test_each_client_has_its_own(self, client: Client) -> None:
        client.get("/count")
        assert Client(client.application).get("/count").text == "0"

    def test_what_a_response_sets(self, client: Client) -> None:
        assert client.get("/count").cookies == {"seen": "1"}
        assert client.get("/").cookies == {}

    def test_they_can_be_set(self) -> None:
        client = Client(cherrypy.Application(Site()), cookies={"seen": "5"})
        assert client.get("/count").text == "5"

    def test_a_request_can_have_others(self, client: Client) -> None:
        client.get("/count")
        assert client.get("/count", headers={"Cookie": "seen=8"}).text == "8"


class TestRedirects:
    """Redirects, followed if asked for."""

    def test_not_followed(self, client: Client) -> None:
        answer = client.get("/go")
        assert answer.status == 303
        assert answer.headers["Location"] == "http://localhost/"

    def test_followed(self, client: Client) -> None:
        answer = client.get("/go?to=/go?to=/", follow_redirects=True)
        assert answer.text == "GET http://localhost/ []"
        assert [each.status for each in answer.history] == [303, 303]

    def test_followed_always(self) -> None:
        client = Client(cherrypy.Application(Site()), follow_redirects=True)
        assert client.get("/go").status == 200
        assert client.get("/go", follow_redirects=False).status == 303

    @pytest.mark.parametrize(
        ("method", "status", "shown"),
        [
            ("POST", 301, "GET"),
            ("POST", 302, "GET"),
            ("POST", 303, "GET"),
            ("POST", 307, "POST"),
            ("POST", 308, "POST"),
            ("PUT", 301, "PUT"),
            ("PUT", 303, "GET"),
            ("HEAD", 303, "HEAD"),
        ],
    )
    def test_the_method(self, client: Client, method: str, status: int, shown: str) -> None:
        """RFC 9110 section 15.4."""
        content = b"" if method == "HEAD" else b"a=1"
        answer = client.request(
            method,
            f"/go?status={status}",
            content=content,
            headers={"Content-Type": "text/x"},
            follow_redirects=True,
        )
        assert answer.method == shown

    def test_content_is_sent_again(self) -> None:
        received = []

        def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
            received.append(environ["wsgi.input"].read(100))
            is_first = environ["PATH_INFO"] == "/"
            start_response(*(("307 X", [("Location", "/b")]) if is_first else ("200 OK", [])))
            return []

        client = Client(application, follow_redirects=True)
        client.post("/", content=b"again")
        assert received == [b"again", b"again"]
        with pytest.raises(RuntimeError, match="iterable"):
            client.post("/", content=iter([b"once"]))

    def test_to_another_host(self, client: Client) -> None:
        """There is nobody here who could answer for it."""
        answer = client.get("/go", params={"to": "http://other.example/"}, follow_redirects=True)
        assert answer.headers["Location"] == "http://other.example/"

    def test_without_end(self) -> None:
        def application(_environ: object, start_response: Any) -> list[bytes]:
            start_response("302 Found", [("Location", "/again")])
            return []

        with pytest.raises(TooManyRedirectsError, match="/again"):
            Client(application).get("/", follow_redirects=True)


class TestErrors:
    """Errors of the application: answered as in production, or raised."""

    def test_answered(self, client: Client) -> None:
        assert client.get("/fail").status == 500

    def test_raised(self, client: Client) -> None:
        client.raise_errors = True
        with pytest.raises(LookupError, match="of the handler") as caught:
            client.get("/fail")
        assert caught.traceback[-1].name == "fail"

    @pytest.mark.parametrize("status", [404, 500, 503])
    def test_those_that_a_handler_chooses_are_answered(self, client: Client, status: int) -> None:
        client.raise_errors = True
        assert client.get(f"/refuse?status={status}").status == status

    @pytest.mark.parametrize(
        "settings",
        [
            {"tools.log_tracebacks.on": False},
            {"request.show_tracebacks": False},
            {"error_page.default": lambda **_: "own page"},
            {"request.error_response": lambda: cherrypy.HTTPError(503).set_response()},
            {"request.throw_errors": True},
            {"hooks.before_error_response": lambda: 1 / 0},  # fails in its turn, and is logged
        ],
    )
    def test_raised_however_errors_are_answered(self, settings: dict[str, object]) -> None:
        application = cherrypy.Application(Site(), config={"/": settings})
        with pytest.raises((LookupError, ZeroDivisionError)):
            Client(application, raise_errors=True).get("/fail")

    def test_of_middleware(self) -> None:
        def broken(_application: object) -> Any:
            def application(_environ: object, _start_response: object) -> list[bytes]:
                raise OSError("of the middleware")

            return application

        application = cherrypy.Application(Site())
        application.wsgiapp.pipeline.append(("broken", broken))
        client = Client(application, raise_errors=True)
        with pytest.raises(OSError, match="of the middleware"):
            client.get("/")

    def test_one_that_was_handled_and_logged_is_none(self) -> None:
        class Careful:
            @cherrypy.expose
            def index(self) -> str:
                try:
                    int("none")
                except ValueError:
                    cherrypy.log("went wrong", traceback=True, severity=40)
                return "well"

        client = Client(cherrypy.Application(Careful()), raise_errors=True)
        assert client.get("/").text == "well"

    def test_those_of_other_threads_are_theirs(self) -> None:
        class Waiting:
            @cherrypy.expose
            def index(self) -> str:
                other = threading.Thread(target=quiet.get, args=("/fail",))
                other.start()
                other.join()
                return "well"

        quiet = Client(cherrypy.Application(Site()))
        client = Client(cherrypy.Application(Waiting()), raise_errors=True)
        assert client.get("/").text == "well"

    def test_nothing_stays_behind(self, client: Client) -> None:
        before = {name: set(each) for name, each in cherrypy.engine.listeners.items()}
        handlers = cherrypy.log.error_log.handlers[:]
        client.raise_errors = True
        with pytest.raises(LookupError):
            client.get("/fail")
        assert cherrypy.engine.listeners == before
        assert cherrypy.log.error_log.handlers == handlers

    def test_system_exit_is_raised(self) -> None:
        class Ending:
            @cherrypy.expose
            def index(self) -> None:
                raise SystemExit(3)

        with pytest.raises(SystemExit):
            Client(cherrypy.Application(Ending())).get("/")


class Streaming:
    """Sends its content as it makes it."""

    def __init__(self) -> None:
        self.made: list[int] = []
        self.closed = 0

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def index(self) -> Iterator[str]:
        """Send three pieces."""
        try:
            for number in range(3):
                self.made.append(number)
                yield str(number)
        finally:
            self.closed += 1

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def broken(self) -> Iterator[str]:
        """Send one piece, then fail."""
        try:
            yield "0"
            raise LookupError("in the middle")
        finally:
            self.closed += 1


class TestStreams:
    """Content that is read as it comes."""

    @pytest.fixture
    def site(self) -> Streaming:
        return Streaming()

    @pytest.fixture
    def client(self, site: Streaming) -> Client:
        return Client(cherrypy.Application(site), validate=True)

    def test_read_at_once_by_default(self, client: Client, site: Streaming) -> None:
        answer = client.get("/")
        assert (site.made, site.closed) == ([0, 1, 2], 1)
        assert list(answer) == [b"0", b"1", b"2"]
        assert list(answer) == [b"0", b"1", b"2"]
        assert answer.content == b"012"
        assert answer.is_closed

    def test_piece_by_piece(self, client: Client, site: Streaming) -> None:
        answer = client.get("/", stream=True)
        assert site.made == [0]
        pieces = iter(answer)
        assert next(pieces) == b"0"
        assert next(pieces) == b"1"
        assert (site.made, site.closed) == ([0, 1], 0)
        assert list(pieces) == [b"2"]
        assert site.closed == 1
        with pytest.raises(RuntimeError, match="gone"):
            _ = answer.content

    def test_as_a_whole(self, client: Client) -> None:
        assert client.get("/", stream=True).text == "012"

    def test_closed_before_its_end(self, client: Client, site: Streaming) -> None:
        with client.get("/", stream=True) as answer:
            assert next(iter(answer)) == b"0"
        assert site.closed == 1
        answer.close()
        assert site.closed == 1
        assert site.made == [0]

    def test_closed_unread(self, client: Client, site: Streaming) -> None:
        answer = client.get("/", stream=True)
        answer.close()
        assert (site.made, site.closed) == ([0], 1)
        with pytest.raises(RuntimeError, match="gone"):
            answer.read()

    def test_closed_when_nobody_refers_to_it(self, client: Client, site: Streaming) -> None:
        client.get("/", stream=True)
        gc.collect()
        assert site.closed == 1

    def test_one_that_fails_is_closed(self, client: Client, site: Streaming) -> None:
        with pytest.raises(LookupError, match="in the middle"):
            client.get("/broken")
        assert site.closed == 1


class TestOtherApplications:
    """Any WSGI application has a client, and is held to PEP 3333."""

    @staticmethod
    def client(*pieces: object, fields: object = (), status: str = "200 OK") -> Client:
        def application(_environ: object, start_response: Any) -> Any:
            start_response(status, list(fields))  # type: ignore[call-overload]
            return iter(pieces)

        return Client(application)

    def test_the_tree_is_the_default(self) -> None:
        cherrypy.tree.mount(Site(), "/a")
        cherrypy.tree.graft(self.client(b"grafted").application, "/b")
        assert Client().get("/a/").text == "GET http://localhost/a/ []"
        assert Client().get("/b/x").text == "grafted"

    def test_several_at_once(self) -> None:
        first, second = self.client(b"1"), self.client(b"2")
        assert [each.get("/").text for each in (first, second, first)] == ["1", "2", "1"]

    def test_a_root_object_is_none(self) -> None:
        with pytest.raises(TypeError, match=r"cherrypy\.Application\(root\)"):
            Client(Site())  # type: ignore[arg-type]

    def test_a_status_without_a_reason(self) -> None:
        answer = self.client(status="299 ").get("/")
        assert (answer.status, answer.reason) == (299, "")

    def test_start_response_may_be_called_late(self) -> None:
        def application(_environ: object, start_response: Any) -> Iterator[bytes]:
            yield b""
            start_response("404 Late", [])
            yield b"x"

        answer = Client(application).get("/")
        assert (answer.reason, answer.content) == ("Late", b"x")

    def test_write(self) -> None:
        def application(_environ: object, start_response: Any) -> list[bytes]:
            start_response("200 OK", [])(b"written ")
            return [b"returned"]

        assert Client(application).get("/").text == "written returned"

    def test_the_status_may_be_replaced_until_something_is_sent(self) -> None:
        def application(_environ: object, start_response: Any) -> Iterator[bytes]:
            start_response("200 OK", [])
            yield b""
            start_response("500 Replaced", [], (LookupError, LookupError("late"), None))
            yield b"sent"
            start_response("200 OK", [], (LookupError, LookupError("too late"), None))

        answer = Client(application).get("/", stream=True)
        assert answer.reason == "Replaced"
        with pytest.raises(LookupError, match="too late"):
            answer.read()

    def test_start_response_is_called(self) -> None:
        with pytest.raises(RuntimeError, match="start_response"):
            Client(lambda _environ, _start_response: []).get("/")

    def test_start_response_is_called_once(self) -> None:
        def application(_environ: object, start_response: Any) -> list[bytes]:
            start_response("200 OK", [])
            start_response("200 OK", [])
            return []

        with pytest.raises(RuntimeError, match="exc_info"):
            Client(application).get("/")

    def test_content_is_bytes(self) -> None:
        with pytest.raises(TypeError, match="bytes"):
            self.client("text").get("/")

    @pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
    def test_content_that_may_not_be_sent_is_not(self, status: str) -> None:
        assert self.client(b"x", status=status).get("/").content == b""

    def test_a_wrong_length_is_found_if_asked_for(self) -> None:
        fields = [("Content-Type", "text/plain"), ("Content-Length", "3")]
        client = self.client(b"x", fields=fields)
        assert client.get("/").text == "x"
        client.validate = True
        with pytest.raises(RuntimeError, match="Content-Length"):
            client.get("/")

    def test_what_breaks_pep_3333_is_found_if_asked_for(self) -> None:
        client = self.client(status="200 OK", fields=[("Content-Type", b"text/plain")])
        client.validate = True
        with pytest.raises(AssertionError):
            client.get("/")

    def test_it_is_closed_when_it_fails(self) -> None:
        class Broken:
            is_closed = False

            def __iter__(self) -> Iterator[bytes]:
                yield b"x"
                raise LookupError

            def close(self) -> None:
                self.is_closed = True

        body = Broken()

        def application(_environ: object, start_response: Any) -> Broken:
            start_response("200 OK", [])
            return body

        with pytest.raises(LookupError):
            Client(application).get("/")
        assert body.is_closed
