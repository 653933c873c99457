"""TLS by its settings: what the server speaks, and what it refuses to start with."""

import re
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from live_server import Environ, Serve, StartResponse, hello, read_all, status_of
from OpenSSL import SSL
from tls_files import REQUEST, Files, ask, connect, encrypt, serial_in, serial_of

from cherrypy._server.certificates import find_by_name, names_of
from cherrypy._server.faults import SettingError
from cherrypy._server.settings import Server
from cherrypy._server.tls_environ import Certificate, certificate_environ, parse_certificate

MODULES = ("builtin", "pyopenssl")


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Give a folder for certificates, and an authority."""
    return Files(tmp_path, trustme.CA())


@pytest.fixture(params=MODULES)
def module(request: pytest.FixtureRequest) -> str:
    """Give the name of each implementation of TLS in turn."""
    name: str = request.param
    return name


def tell_environ(environ: Environ, start_response: StartResponse) -> list[bytes]:
    """Answer with what the environ says of TLS."""
    content = "\n".join(
        f"{key}={value}"
        for key, value in sorted(environ.items())
        if key.startswith(("SSL_", "HTTPS", "wsgi.url_scheme")) and "\n" not in str(value)
    ).encode()
    start_response("200 OK", [("Content-Length", str(len(content)))])
    return [content]


def environ_in(response: bytes) -> dict[str, str]:
    """Read what ``tell_environ`` has answered."""
    lines = response.partition(b"\r\n\r\n")[2].decode().splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_requests_are_answered(serve: Serve, files: Files, module: str) -> None:
    certificate, key = files.issue()
    site = serve(tell_environ, ssl_module=module, ssl_certificate=certificate, ssl_private_key=key)
    assert site.server.base().startswith("https://")
    context = files.trust()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with connect(site, context) as client:
        assert client.selected_alpn_protocol() == "http/1.1"
        for _ in range(3):
            client.sendall(REQUEST.replace(b"close", b"keep-alive"))
            assert client.recv(65536).startswith(b"HTTP/1.1 200 OK")
        client.sendall(REQUEST)
        environ = environ_in(read_all(client))
    assert environ["wsgi.url_scheme"] == "https"
    assert environ["HTTPS"] == "on"
    assert environ["SSL_PROTOCOL"] == "TLSv1.3"
    assert environ["SSL_CIPHER"].startswith("TLS_")
    assert environ["SSL_CLIENT_VERIFY"] == "NONE"
    assert environ["SSL_TLS_SNI"] == "localhost"
    assert environ["SSL_SERVER_S_DN_CN"] == "localhost by test"
    assert environ["SSL_SERVER_SAN_DNS_0"] == "localhost"
    assert environ["SSL_SERVER_V_REMAIN"] == "29"
    assert site.errors == []


def test_certificate_and_key_in_one_file(serve: Serve, files: Files, module: str) -> None:
    certificate, key = files.issue()
    both = files.write("both.pem", Path(key).read_bytes() + Path(certificate).read_bytes())
    site = serve(hello, ssl_module=module, ssl_certificate=both)
    assert status_of(ask(site, files.trust())) == 200


def test_no_common_protocol(serve: Serve, files: Files, module: str) -> None:
    """A client that offers others only is answered by HTTP/1.1 all the same, as in CherryPy."""
    certificate, key = files.issue()
    site = serve(hello, ssl_module=module, ssl_certificate=certificate, ssl_private_key=key)
    context = files.trust()
    context.set_alpn_protocols(["h2"])
    assert status_of(ask(site, context)) == 200


@pytest.mark.parametrize("value", ["1.3", 1.3, ssl.TLSVersion.TLSv1_3])
def test_minimum_version(serve: Serve, files: Files, module: str, value: object) -> None:
    certificate, key = files.issue()
    site = serve(
        hello,
        ssl_module=module,
        ssl_certificate=certificate,
        ssl_private_key=key,
        ssl_minimum_version=value,
    )
    context = files.trust()
    assert status_of(ask(site, context)) == 200
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError, match=r"(?i)version"):
        ask(site, context)


def test_tls_1_2_by_default_and_nothing_older(serve: Serve, files: Files, module: str) -> None:
    certificate, key = files.issue()
    site = serve(hello, ssl_module=module, ssl_certificate=certificate, ssl_private_key=key)
    context = files.trust()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert status_of(ask(site, context)) == 200
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        ask(site, context)


def test_ciphers(serve: Serve, files: Files, module: str) -> None:
    certificate, key = files.issue()
    site = serve(
        tell_environ,
        ssl_module=module,
        ssl_certificate=certificate,
        ssl_private_key=key,
        ssl_ciphers="ECDHE+CHACHA20",
    )
    context = files.trust()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert "CHACHA20" in environ_in(ask(site, context))["SSL_CIPHER"]


def test_certificates_of_several_hosts(serve: Serve, files: Files, module: str) -> None:
    pairs = {name: files.issue(name) for name in ("localhost", "shop.example", "*.wiki.example")}
    site = serve(
        tell_environ,
        ssl_module=module,
        ssl_certificate=pairs["localhost"][0],
        ssl_private_key=pairs["localhost"][1],
        ssl_certificates=[pairs["shop.example"], pairs["*.wiki.example"]],
    )
    context = files.trust()
    for asked, shown in (
        ("localhost", "localhost"),
        ("shop.example", "shop.example"),
        ("SHOP.example", "shop.example"),
        ("de.wiki.example", "*.wiki.example"),
    ):
        with connect(site, context, asked) as client:
            assert serial_of(client) == serial_in(pairs[shown][0])
            client.sendall(REQUEST)
            environ = environ_in(read_all(client))
        assert environ["SSL_SERVER_S_DN_CN"] == f"{shown} by test"
        assert environ["SSL_TLS_SNI"] == asked
    context.check_hostname = False
    for unknown in ("other.example", "a.b.wiki.example", None):
        with context.wrap_socket(site.connect(), server_hostname=unknown) as client:
            assert serial_of(client) == serial_in(pairs["localhost"][0])


def test_several_hosts_and_none_by_default(serve: Serve, files: Files) -> None:
    pair = files.issue("shop.example")
    site = serve(hello, ssl_certificates=[pair])
    assert status_of(ask(site, files.trust(), "shop.example")) == 200


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_clients_may_show_a_certificate(
    serve: Serve, files: Files, module: str, version: ssl.TLSVersion
) -> None:
    certificate, key = files.issue()
    site = serve(
        tell_environ,
        ssl_module=module,
        ssl_certificate=certificate,
        ssl_private_key=key,
        ssl_verify_client="optional",
        ssl_client_ca=files.ca,
    )
    context = files.trust()
    context.minimum_version = context.maximum_version = version
    assert environ_in(ask(site, context))["SSL_CLIENT_VERIFY"] == "NONE"
    context.load_cert_chain(*files.issue("ann@shop.example"))
    environ = environ_in(ask(site, context))
    assert environ["SSL_CLIENT_VERIFY"] == "SUCCESS"
    assert environ["SSL_CLIENT_S_DN"] == "O=Test,OU=" + environ["SSL_CLIENT_S_DN_OU"] + (
        ",CN=ann@shop.example by test"
    )
    assert environ["SSL_CLIENT_S_DN_CN"] == "ann@shop.example by test"
    assert environ["SSL_CLIENT_S_DN_O"] == "Test"
    assert environ["SSL_CLIENT_SAN_Email_0"] == "ann@shop.example"
    assert environ["SSL_CLIENT_I_DN_O"].startswith("trustme")
    assert int(environ["SSL_CLIENT_M_SERIAL"], 16) == serial_in(
        str(files.folder / "ann-at-shop.example.pem")
    )


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_clients_must_show_a_certificate(
    serve: Serve, files: Files, module: str, version: ssl.TLSVersion
) -> None:
    certificate, key = files.issue()
    site = serve(
        hello,
        ssl_module=module,
        ssl_certificate=certificate,
        ssl_private_key=key,
        ssl_verify_client=True,
        ssl_client_ca=files.ca,
    )
    stranger = Files(files.folder / "stranger", trustme.CA())
    stranger.folder.mkdir()
    pairs: list[tuple[str, str] | None] = [None, stranger.issue("eve@shop.example")]
    for pair in pairs:
        context = files.trust()
        context.minimum_version = context.maximum_version = version
        if pair is not None:
            context.load_cert_chain(*pair)
        with pytest.raises(ssl.SSLError, match=r"(?i)alert|certificate|required|unknown.ca"):
            ask(site, context)
    context.load_cert_chain(*files.issue("ann@shop.example"))
    assert status_of(ask(site, context)) == 200


def test_a_context_alone(serve: Serve, files: Files) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*files.issue())
    site = serve(tell_environ, ssl_context=context)
    assert site.server.base().startswith("https://")
    environ = environ_in(ask(site, files.trust()))
    assert environ["wsgi.url_scheme"] == "https"
    assert "SSL_SERVER_S_DN" not in environ
    assert site.httpserver.ssl_adapter.context is context


def test_a_context_beside_a_certificate(serve: Serve, files: Files) -> None:
    """As in CherryPy: the context counts, and the environ tells of the certificate."""
    certificate, key = files.issue()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=files.ca)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_cert_chain(certificate, key)
    site = serve(
        tell_environ, ssl_context=context, ssl_certificate=certificate, ssl_private_key=key
    )
    client = files.trust()
    client.load_cert_chain(*files.issue("ann@shop.example"))
    environ = environ_in(ask(site, client))
    assert environ["SSL_SERVER_S_DN_CN"] == "localhost by test"
    assert environ["SSL_CLIENT_S_DN_CN"] == "ann@shop.example by test"


def test_a_context_of_pyopenssl_alone(serve: Serve, files: Files) -> None:
    certificate, key = files.issue()
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.use_certificate_chain_file(certificate)
    context.use_privatekey_file(key)
    site = serve(hello, ssl_module="pyopenssl", ssl_context=context)
    assert status_of(ask(site, files.trust())) == 200


def test_a_chain_in_a_file_of_its_own(serve: Serve, files: Files, module: str) -> None:
    """It is sent, so that a client needs to know the root only."""
    child = files.authority.create_child_ca()
    issued = child.issue_cert("localhost")
    certificate = files.write("leaf.pem", issued.cert_chain_pems[0].bytes())
    key = files.write("leaf.key", issued.private_key_pem.bytes())
    chain = files.write("chain.pem", child.cert_pem.bytes())
    site = serve(
        hello,
        ssl_module=module,
        ssl_certificate=certificate,
        ssl_private_key=key,
        ssl_certificate_chain=chain,
    )
    assert status_of(ask(site, files.trust())) == 200


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("by_function", [False, True])
def test_an_encrypted_key(
    serve: Serve, files: Files, module: str, *, old: bool, by_function: bool
) -> None:
    certificate, key = files.issue()
    encrypt(key, "sesame", old=old)
    password: Any = (lambda: "sesame") if by_function else "sesame"
    settings = {"ssl_module": module, "ssl_certificate": certificate, "ssl_private_key": key}
    site = serve(hello, ssl_private_key_password=password, **settings)
    assert status_of(ask(site, files.trust())) == 200


@pytest.mark.parametrize(
    ("days", "since", "told"),
    [(-1, 10, "expired on .*: clients refuse it"), (5, 60, "expires on .*, in 4 days: renew it")],
)
def test_a_certificate_that_expires(
    serve: Serve, files: Files, module: str, days: float, since: float, told: str
) -> None:
    """The site goes on: it may have clients that do not look at the date."""
    certificate, key = files.issue(last_days=days, since_days=since)
    site = serve(hello, ssl_module=module, ssl_certificate=certificate, ssl_private_key=key)
    assert len(site.errors) == 1
    message = f"server.ssl_certificate = {certificate!r}: the certificate "
    assert site.errors[0].startswith(message)
    assert re.search(told, site.errors[0])
    assert "\n" not in site.errors[0]


BROKEN = [
    ("ssl_certificate", "missing", "there is no such file"),
    ("ssl_certificate", "folder", "the file cannot be read: Is a directory"),
    ("ssl_certificate", "text", "there is no certificate in the file; expected PEM"),
    ("ssl_certificate", "malformed", "the certificate is malformed"),
    ("ssl_private_key", "missing", "there is no such file"),
    ("ssl_private_key", "folder", "the file cannot be read: Is a directory"),
    ("ssl_private_key", "text", "there is no private key in the file"),
    ("ssl_private_key", "malformed", "OpenSSL cannot read the private key"),
    ("ssl_private_key", "foreign", "the private key does not belong to server.ssl_certificate"),
    ("ssl_private_key", "encrypted", "encrypted: set server.ssl_private_key_password"),
    ("ssl_certificate_chain", "missing", "there is no such file"),
    ("ssl_certificate_chain", "text", "there is no certificate in the file"),
    ("ssl_client_ca", "missing", "there is no such file"),
    ("ssl_client_ca", "text", "there is no certificate in the file"),
]


@pytest.mark.parametrize(("setting", "fault", "told"), BROKEN)
def test_files_that_cannot_be_used(
    files: Files, module: str, setting: str, fault: str, told: str
) -> None:
    certificate, key = files.issue()
    other = files.issue("other")
    encrypted = files.issue("encrypted")[1]
    encrypt(encrypted, "x")
    (files.folder / "folder").mkdir()
    pem = b"-----BEGIN %b-----\nAAAA\n-----END %b-----\n"
    word = b"PRIVATE KEY" if setting == "ssl_private_key" else b"CERTIFICATE"
    name = {
        "missing": str(files.folder / "missing"),
        "folder": str(files.folder / "folder"),
        "text": files.write("text", b"no certificate"),
        "malformed": files.write("malformed", pem % (word, word)),
        "foreign": other[1],
        "encrypted": encrypted,
    }[fault]
    server = Server()
    server.ssl_module = module
    server.ssl_certificate, server.ssl_private_key = certificate, key
    if setting == "ssl_client_ca":
        server.ssl_verify_client = True
    setattr(server, setting, name)
    with pytest.raises(SettingError) as raised:
        server.httpserver_from_self()
    message = str(raised.value)
    assert message.startswith(f"server.{setting} = {name!r}: ")
    assert told in message
    assert "\n" not in message


def test_a_wrong_password(files: Files, module: str) -> None:
    certificate, key = files.issue()
    encrypt(key, "sesame")
    server = Server()
    server.ssl_module = module
    server.ssl_certificate, server.ssl_private_key = certificate, key
    server.ssl_private_key_password = "secret word"  # noqa: S105
    with pytest.raises(SettingError, match="ssl_private_key_password does not open") as raised:
        server.httpserver_from_self()
    assert "secret word" not in str(raised.value)


@pytest.mark.parametrize("several", ["x", [("a", "b", "c")], [5], [()]])
def test_certificates_that_make_no_sense(several: object) -> None:
    server = Server()
    server.ssl_certificates = several
    with pytest.raises(SettingError, match=r"server\.ssl_certificates\[0\] = "):
        server.httpserver_from_self()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"ssl_certificate": None, "ssl_private_key": "k"}, "would speak plain HTTP"),
        ({"ssl_certificate": None, "ssl_verify_client": True}, "would speak plain HTTP"),
        ({"ssl_minimum_version": "1.1"}, "ssl_minimum_version = '1.1': expected '1.2' or '1.3'"),
        ({"ssl_minimum_version": None}, "ssl_minimum_version = None: expected"),
        ({"ssl_verify_client": "yes"}, "ssl_verify_client = 'yes': expected False, 'optional'"),
        ({"ssl_verify_client": True}, "set server.ssl_client_ca, too"),
        ({"ssl_client_ca": "ca.pem"}, "expected None, unless server.ssl_verify_client"),
        ({"ssl_private_key_password": 5}, "expected text, or a function that returns it"),
        ({"ssl_ciphers": "NONSENSE"}, "ssl_ciphers = 'NONSENSE': expected ciphers"),
        ({"ssl_module": "nonsense"}, "ssl_module = 'nonsense': expected 'builtin'"),
        ({"ssl_context": 5}, "ssl_context = 5: expected an "),
        (
            {"ssl_context": ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), "ssl_minimum_version": "1.3"},
            "ssl_minimum_version has no effect beside server.ssl_context",
        ),
    ],
)
def test_settings_that_make_no_sense(files: Files, settings: dict[str, object], told: str) -> None:
    server = Server()
    server.ssl_certificate, server.ssl_private_key = files.issue()
    if settings.get("ssl_certificate", "") is None:
        server.ssl_private_key = None
    for name, value in settings.items():
        setattr(server, name, value)
    with pytest.raises(SettingError) as raised:
        server.httpserver_from_self()
    assert told in str(raised.value)
    assert "\n" not in str(raised.value)


def test_adapters_of_cheroot(serve: Serve, files: Files) -> None:
    """An adapter class of a library or application is made as in CherryPy."""
    from cheroot.ssl.builtin import BuiltinSSLAdapter

    class Adapter(BuiltinSSLAdapter):
        """Is the application's own."""

    certificate, key = files.issue()
    site = serve(hello, ssl_module=Adapter, ssl_certificate=certificate, ssl_private_key=key)
    assert isinstance(site.httpserver.ssl_adapter, Adapter)
    assert status_of(ask(site, files.trust())) == 200


LABELS = st.text("abcz-", min_size=1, max_size=4)


@given(st.lists(LABELS, min_size=1, max_size=4).map(".".join))
def test_names_are_found(name: str) -> None:
    parent = name.partition(".")[2]
    assert find_by_name({name: 1}, name.upper() + ".") == 1
    assert find_by_name({f"*.{name}": 1}, f"x.{name}") == 1
    assert find_by_name({f"*.{name}": 1}, f"x.y.{name}") is None
    assert find_by_name({f"*.{name}": 1}, name) is (1 if parent == name else None)
    assert find_by_name({f"x.{name}": 1, f"*.{name}": 2}, f"x.{name}") == 1


def test_common_name_of_old_certificates() -> None:
    subject = ((("commonName", "Old.example"),),)
    assert names_of(Certificate(subject)) == ["old.example"]
    assert names_of(Certificate(subject, alternatives=(("DNS", "new.example"),))) == ["new.example"]


def test_repeated_attributes() -> None:
    subject = ((("organizationalUnitName", "a"),), (("organizationalUnitName", "b"), ("x", "y")))
    environ = certificate_environ("SSL_CLIENT", parse_certificate({"subject": subject}), "PEM\n")
    assert {name: value for name, value in environ.items() if value} == {
        "SSL_CLIENT_S_DN": "OU=a,OU=b,x=y",
        "SSL_CLIENT_S_DN_OU": "a,b",
        "SSL_CLIENT_S_DN_OU_0": "a",
        "SSL_CLIENT_S_DN_OU_1": "b",
        "SSL_CLIENT_CERT": "PEM",
    }
