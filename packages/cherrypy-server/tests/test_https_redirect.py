"""``server.ssl_redirect_port``: from plain HTTP to HTTPS."""

from pathlib import Path

import pytest
import trustme
from live_server import Environ, Serve, StartResponse, hello, read_all, status_of
from tls_files import Files, ask

from cherrypy._server.faults import SettingError
from cherrypy._server.https_redirect import HTTPSRedirect
from cherrypy._server.settings import Server


class FakeServer:
    """The server that clients are sent to."""

    bound_addr = ("127.0.0.1", 443)

    @staticmethod
    def application(environ: Environ, start_response: StartResponse) -> list[bytes]:
        """Answer with the path."""
        start_response("200 OK", [])
        return [str(environ["PATH_INFO"]).encode()]


def redirect(**environ: object) -> tuple[str, str | None]:
    """Ask for a redirect; give the status and the Location."""
    started: list[tuple[str, dict[str, str]]] = []
    whole = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_HOST": "a.example"} | environ
    list(HTTPSRedirect(FakeServer())(whole, lambda s, h: started.append((s, dict(h)))))  # type: ignore[arg-type,return-value]
    status, fields = started[0]
    return status[:3], fields.get("Location")


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, ("301", "https://a.example/")),
        ({"REQUEST_METHOD": "HEAD"}, ("301", "https://a.example/")),
        ({"REQUEST_METHOD": "POST"}, ("308", "https://a.example/")),
        ({"HTTP_HOST": "a.example:80"}, ("301", "https://a.example/")),
        ({"HTTP_HOST": "[::1]:8080"}, ("301", "https://[::1]/")),
        ({"REQUEST_URI": "/%2F%C3%A4?q=%26"}, ("301", "https://a.example/%2F%C3%A4?q=%26")),
        ({"REQUEST_URI": "//b.example/"}, ("301", "https://a.example//b.example/")),
        (
            {"REQUEST_URI": "http://b/c d", "PATH_INFO": "/c d", "QUERY_STRING": "e=f"},
            ("301", "https://a.example/c%20d?e=f"),
        ),
        ({"REQUEST_URI": "*", "PATH_INFO": "*"}, ("301", "https://a.example/")),
        ({"HTTP_HOST": "", "SERVER_NAME": "name"}, ("301", "https://name/")),
        ({"HTTP_HOST": "a@b"}, ("400", None)),
        ({"HTTP_HOST": "a/b"}, ("400", None)),
        ({"PATH_INFO": "/.well-known/acme-challenge/x"}, ("200", None)),
    ],
)
def test_redirects(environ: dict[str, object], expected: tuple[str, str | None]) -> None:
    assert redirect(**environ) == expected


def test_the_port(serve: Serve, tmp_path: Path) -> None:
    files = Files(tmp_path, trustme.CA())
    certificate, key = files.issue()
    site = serve(hello, ssl_certificate=certificate, ssl_private_key=key, ssl_redirect_port=0)
    redirects = site.server.redirects
    assert redirects is not None
    import socket

    with socket.create_connection(redirects.bound_addr) as client:
        client.sendall(b"GET /a?b=c HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = read_all(client)
    assert status_of(answer) == 301
    port = site.server.bound_addr[1]
    assert f"\r\nLocation: https://localhost:{port}/a?b=c\r\n".encode() in answer
    assert status_of(ask(site, files.trust())) == 200
    site.server.stop()
    assert not redirects.running
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(redirects.bound_addr)


def test_without_tls() -> None:
    server = Server()
    server.ssl_redirect_port = 80
    with pytest.raises(SettingError, match="ssl_redirect_port = 80: expected None, as there is no"):
        server.httpserver_from_self()


def test_to_a_unix_socket(tmp_path: Path) -> None:
    server = Server()
    server.ssl_certificate, server.ssl_private_key = Files(tmp_path, trustme.CA()).issue()
    server.socket_file = str(tmp_path / "socket")
    server.ssl_redirect_port = 80
    with pytest.raises(SettingError, match=r"ssl_redirect_port = 80: .* to a Unix socket"):
        server.httpserver_from_self()


def test_a_port_in_use_stops_the_site(tmp_path: Path) -> None:
    import socket

    from cherrypy.process.wspbus import Bus

    files = Files(tmp_path, trustme.CA())
    with socket.create_server(("127.0.0.1", 0)) as used:
        server = Server(Bus(), hello)
        server.socket_port = 0
        server.ssl_certificate, server.ssl_private_key = files.issue()
        server.ssl_redirect_port = used.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            server.start()
    assert not server.running
