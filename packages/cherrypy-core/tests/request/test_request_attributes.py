"""What a page handler can read of the request, and set on it."""

from __future__ import annotations

import io
import re
import threading
from typing import Any

import pytest

import cherrypy
from cherrypy._request.request import Request
from cherrypy.lib import httputil
from wsgi_client import Client, call_wsgi, make_environ

pytestmark = pytest.mark.usefixtures("site")


def read(name: str, target: str = "/", method: str = "GET", **environ: Any) -> Any:
    """Return what a handler of an application at the root reads of the request.

    Args:
        name: An attribute of the request.
        target: Path and query.
        method: Request method.
        **environ: Keys of the environ to be set, or removed if None.
    """
    return read_by(lambda request: getattr(request, name), target, method, **environ)


def read_by(
    reader: Any,
    target: str = "/",
    method: str = "GET",
    script_name: str = "",
    **environ: Any,
) -> Any:
    values: list[object] = []

    class Root:
        @cherrypy.expose
        def default(self, *_segments: str, **_parameters: object) -> str:
            values.append(reader(cherrypy.serving.request))
            return ""

        index = default

    whole = make_environ(method, target)
    for keyword, value in environ.items():
        key = keyword.replace("wsgi_", "wsgi.")
        whole[key] = value
        if value is None:
            del whole[key]
    answer = call_wsgi(cherrypy.Application(Root(), script_name), whole)
    assert answer.code == 200, answer.text
    return values[0]


@pytest.mark.parametrize(
    ("name", "target", "environ", "value"),
    [
        ("method", "/", {}, "GET"),
        ("scheme", "/", {}, "http"),
        ("scheme", "/", {"wsgi_url_scheme": "https"}, "https"),
        ("server_protocol", "/", {}, "HTTP/1.1"),
        ("protocol", "/", {}, (1, 1)),
        ("protocol", "/", {"SERVER_PROTOCOL": "HTTP/1.0"}, (1, 0)),
        ("protocol", "/", {"ACTUAL_SERVER_PROTOCOL": "HTTP/1.0"}, (1, 0)),
        ("protocol", "/", {"SERVER_PROTOCOL": None}, (1, 1)),
        ("query_string", "/?a=%20b&c", {}, "a=%20b&c"),
        ("query_string", "/", {"QUERY_STRING": None}, ""),
        ("path_info", "/a/b", {}, "/a/b"),
        ("path_info", "//a///b/", {}, "/a/b/"),
        ("path_info", "/%C3%A9", {}, "/é"),
        ("path_info", "/a%2Fb", {}, "/a%2Fb"),
        ("path_info", "/", {"PATH_INFO": ""}, "/"),
        ("path_info", "/", {"PATH_INFO": None}, "/"),
        ("script_name", "/a", {}, ""),
        ("script_name", "/a", {"SCRIPT_NAME": None}, ""),
        ("request_line", "/a?b=c", {}, "GET /a?b=c HTTP/1.1"),
        ("base", "/", {}, "http://localhost"),
        ("base", "/", {"HTTP_HOST": "example.com:8080"}, "http://example.com:8080"),
        (
            "base",
            "/",
            {"HTTP_HOST": None, "SERVER_PROTOCOL": "HTTP/1.0", "SERVER_PORT": "81"},
            "http://localhost:81",
        ),
        (
            "base",
            "/",
            {"HTTP_HOST": None, "SERVER_PROTOCOL": "HTTP/1.0", "wsgi_url_scheme": "https"},
            "https://localhost:80",
        ),
        ("params", "/?a=1&a=2&b=3&c", {}, {"a": ["1", "2"], "b": "3", "c": ""}),
        ("login", "/", {}, None),
        ("login", "/", {"REMOTE_USER": "ann"}, "ann"),
        ("login", "/", {"LOGON_USER": "ben"}, "ben"),
        ("multithread", "/", {}, True),
        ("multiprocess", "/", {}, False),
        ("prev", "/", {}, None),
        ("stage", "/", {}, "handler"),
        ("closed", "/", {}, False),
        ("is_index", "/", {}, True),
        ("is_index", "/a", {}, False),
        ("process_request_body", "/", {}, False),
        ("show_tracebacks", "/", {}, True),
        ("methods_with_bodies", "/", {}, ("POST", "PUT", "PATCH")),
        ("error_page", "/", {}, {}),
        ("throw_errors", "/", {}, False),
    ],
)
def test_attributes(name: str, target: str, environ: dict[str, Any], value: object) -> None:
    assert read(name, target, **environ) == value


def test_the_two_ends_of_the_connection() -> None:
    remote = read("remote", REMOTE_ADDR="192.0.2.1", REMOTE_PORT="1234", REMOTE_HOST="client")
    assert isinstance(remote, httputil.Host)
    assert (remote.ip, remote.port, remote.name) == ("192.0.2.1", 1234, "client")
    local = read("local", SERVER_NAME="site.example", SERVER_PORT="8080")
    assert (local.ip, local.port, local.name) == ("", 8080, "site.example")


@pytest.mark.parametrize("port", ["", "unix", None, "-", "80 "])
def test_ports_that_are_no_numbers(port: str | None) -> None:
    """A server on a Unix socket has none to tell."""
    assert read("local", SERVER_PORT=port).port == 80
    assert read("remote", REMOTE_PORT=port).port in {-1, 80}


@pytest.mark.parametrize("port", ["", "unix", None])
def test_ports_that_are_no_numbers_for_an_own_request_class(port: str | None) -> None:
    class Own(Request):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.own = True

    class Root:
        @cherrypy.expose
        def index(self) -> str:
            return f"{cherrypy.request.own} {cherrypy.request.remote.port}"

    app = cherrypy.Application(Root(), "")
    app.request_class = Own
    environ = make_environ()
    environ["REMOTE_PORT"] = environ["SERVER_PORT"] = port
    if port is None:
        del environ["REMOTE_PORT"], environ["SERVER_PORT"]
    assert call_wsgi(app, environ).text == "True -1"


# Headers and cookies ------------------------------------------------------------------------------


def test_headers_are_found_in_any_case() -> None:
    headers = read("headers", HTTP_X_THING="a", CONTENT_TYPE="text/plain", HTTP_USER_AGENT="me")
    assert headers["X-Thing"] == headers["x-thing"] == headers.get("X-THING") == "a"
    assert headers["content-type"] == "text/plain"
    assert "user-agent" in headers
    assert headers.get("X-None") is None
    assert "X-None" not in headers
    assert "Content-Length" not in headers


def test_headers_by_quality() -> None:
    headers = read(
        "headers", HTTP_ACCEPT="text/plain;q=0.5, text/html, */*;q=0.1, text/html;level=1"
    )
    assert [str(element) for element in headers.elements("Accept")] == [
        "text/html;level=1",
        "text/html",
        "text/plain;q=0.5",
        "*/*;q=0.1",
    ]
    assert headers.values("Accept")[0] == "text/html"
    assert headers.elements("Accept-Language") == []


def test_a_malformed_quality_is_a_bad_request() -> None:
    class Root:
        @cherrypy.expose
        def index(self) -> str:
            return repr(cherrypy.request.headers.elements("Accept"))

    assert Client(cherrypy.Application(Root(), "")).get("/", Accept="a/b;q=x").code == 400


def test_the_header_list_has_every_field() -> None:
    header_list = read("header_list", HTTP_X_THING="1, 2")
    fields = {name.title(): value for name, value in header_list}
    assert fields["X-Thing"] == "1, 2"
    assert fields["Host"] == "localhost"


def test_cookies() -> None:
    cookie = read("cookie", HTTP_COOKIE='a=1; b="x y"; a=2')
    assert {name: morsel.value for name, morsel in cookie.items()} == {"a": "2", "b": "x y"}
    assert not read("cookie")


def test_a_malformed_cookie_harms_none_of_the_others() -> None:
    cookie = read("cookie", HTTP_COOKIE="a=1; b(c)=2; =3; ; d; e=4")
    assert {name: morsel.value for name, morsel in cookie.items()} == {"a": "1", "e": "4"}


@pytest.mark.parametrize(
    "host",
    ["user@example.com", "example.com/x", "a b", "<script>", "example.com:80a", "[::1", "a,b"],
)
def test_a_malformed_host_is_a_bad_request_or_is_made_harmless(host: str) -> None:
    class Root:
        @cherrypy.expose
        def index(self) -> str:
            return cherrypy.request.base

    answer = Client(cherrypy.Application(Root(), "")).get("/", Host=host)
    assert answer.code == 400


@pytest.mark.parametrize("host", ["localhost", "example.com:8080", "[::1]:80", "192.0.2.1", "a_b"])
def test_well_formed_hosts(host: str) -> None:
    assert read("base", HTTP_HOST=host) == f"http://{host}"


def test_http_1_1_needs_a_host() -> None:
    """RFC 9112 section 3.2."""
    environ = make_environ()
    del environ["HTTP_HOST"]
    app = cherrypy.Application(None, "")
    assert call_wsgi(app, environ).code == 400
    environ["SERVER_PROTOCOL"] = "HTTP/1.0"
    assert call_wsgi(app, environ).code == 404  # nothing is published, and nothing is wrong


@pytest.mark.parametrize("protocol", ["HTTP/x", "nonsense", "HTTP", "HTTP/1", "", "HTTP/11.1.1"])
def test_a_malformed_protocol_is_no_error_of_ours(protocol: str) -> None:
    """RFC 9112 section 2.3: the client is told that it is at fault."""
    answer = call_wsgi(
        cherrypy.Application(None, ""), {**make_environ(), "SERVER_PROTOCOL": protocol}
    )
    assert 400 <= answer.code < 500 or answer.code == 505
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("method", ["get", "FOO", "OPTIONS", "TRACE", "PROPFIND"])
def test_any_method_reaches_the_default_dispatcher(method: str) -> None:
    assert read("method", method=method) == method


# More ---------------------------------------------------------------------------------------------


def test_mounted_applications() -> None:
    def tell(request: Any) -> tuple[str, str, str]:
        return request.script_name, request.path_info, request.request_line

    expected = ("/app", "/a", "GET /app/a HTTP/1.1")
    assert read_by(tell, "/a", script_name="/app", SCRIPT_NAME="/app") == expected
    assert read_by(tell, "/app/a", script_name="/app") == expected
    assert read_by(lambda request: request.app.script_name, "/app/a", script_name="/app") == "/app"


def test_unique_id_is_the_same_for_a_request_and_another_one_for_the_next() -> None:
    def ids(request: Any) -> tuple[str, str, str]:
        return str(request.unique_id), str(request.unique_id), request.unique_id.uuid4

    one, other = read_by(ids), read_by(ids)
    assert len(set(one)) == len(set(other)) == 1
    assert one != other
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", one[0]
    )


def test_the_environ_and_the_stream() -> None:
    stream = io.BytesIO(b"content")
    environ = read("wsgi_environ", wsgi_input=stream)
    assert environ["wsgi.input"] is stream
    assert read("rfile", wsgi_input=stream) is stream


def test_an_application_sets_attributes_of_its_own() -> None:
    class Root:
        @cherrypy.expose
        def index(self) -> str:
            had = hasattr(cherrypy.request, "user")
            cherrypy.request.user = "ann"
            cherrypy.request.login = "ben"
            user, login = cherrypy.request.user, cherrypy.request.login
            return repr((had, user, login))

    client = Client(cherrypy.Application(Root(), ""))
    assert client.get("/").text == client.get("/").text == "(False, 'ann', 'ben')"


def test_what_one_request_changes_is_not_seen_by_another() -> None:
    """No mutable default is shared."""

    class Root:
        @cherrypy.expose
        def index(self) -> str:
            request = cherrypy.request
            state = (
                sorted(request.params),
                sorted(request.error_page),
                [len(hooks) for hooks in request.hooks.values()],
                sorted(request.toolmaps["tools"]),
                sorted(request.cookie),
                "X-Left" in request.headers,
                "X-Left" in cherrypy.response.headers,
                "left" in cherrypy.response.cookie,
            )
            request.params["left"] = "x"
            request.error_page[404] = "x"
            request.hooks.attach("before_handler", print)
            request.toolmaps["tools"]["left"] = {}
            request.cookie["left"] = "x"
            request.headers["X-Left"] = "x"
            cherrypy.response.headers["X-Left"] = "x"
            cherrypy.response.cookie["left"] = "x"
            return repr(state)

    client = Client(cherrypy.Application(Root(), ""))
    assert client.get("/").text == client.get("/").text


def test_outside_of_a_request() -> None:
    assert cherrypy.request.app is None
    assert cherrypy.request.method == "GET"
    assert cherrypy.request.headers == {}
    assert cherrypy.request.base == ""
    assert cherrypy.request.request_line == ""
    assert cherrypy.request.remote.ip == "127.0.0.1"
    assert cherrypy.response.status is None
    assert cherrypy.response.headers["Content-Type"] == "text/html"


def test_proxies_show_each_thread_its_own_request() -> None:
    met = threading.Barrier(4, timeout=10)
    texts: list[str] = []

    class Root:
        @cherrypy.expose
        def page(self, name: str) -> str:
            met.wait()
            return f"{name} {cherrypy.request.params['name']} {cherrypy.request.query_string}"

    app = cherrypy.Application(Root(), "")

    def ask(name: str) -> None:
        texts.append(call_wsgi(app, make_environ("GET", f"/page?name={name}")).text)

    threads = [threading.Thread(target=ask, args=[name]) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(texts) == [f"{name} {name} name={name}" for name in "abcd"]


def test_proxies_act_as_what_they_stand_for() -> None:
    def use() -> tuple[object, ...]:
        request = cherrypy.request
        request.mark = "x"
        had = "mark" in vars(cherrypy.serving.request)
        del request.mark
        return had, hasattr(request, "mark"), "method" in dir(request), bool(request)

    assert read_by(lambda _request: use()) == (True, False, True, True)


def test_request_and_response_have_serving_in_common() -> None:
    def use(request: Any) -> bool:
        serving = cherrypy.serving
        serving.own = "x"
        return bool(
            serving.request is request and serving.own == "x" and serving.response is not None
        )

    assert read_by(use) is True


def test_a_request_is_run_by_hand() -> None:
    """Without a WSGI environ, as tests of applications do it."""

    class Root:
        @cherrypy.expose
        def page(self, **parameters: str) -> str:
            return f"{cherrypy.request.headers['X-Own']} {parameters}"

    app = cherrypy.Application(Root(), "/app")
    request, _ = app.get_serving(
        httputil.Host("127.0.0.1", 80), httputil.Host("127.0.0.1", 1111), "http", "HTTP/1.1"
    )
    try:
        headers = [("Host", "localhost"), ("X-Own", "own")]
        response = request.run("GET", "/app/page", "a=1", "HTTP/1.1", headers, io.BytesIO())
        assert response.output_status == b"200 OK"
        assert b"".join(response.body) == b"own {'a': '1'}"
        assert dict(response.header_list)[b"Content-Length"] == b"14"
    finally:
        app.release_serving()
    assert cherrypy.request.app is None
