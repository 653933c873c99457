"""Certificates that are renewed while the server runs: by a signal, and by themselves."""

import os
import ssl
import threading
import time
from pathlib import Path

import pytest
import trustme
from live_server import DEADLINE, Serve, Site, hello, read_response, status_of
from tls_files import REQUEST, Files, ask, connect, serial_in, serial_of

OLD = time.time() - 60


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Give a folder for certificates, and an authority."""
    return Files(tmp_path, trustme.CA())


@pytest.fixture(params=["builtin", "pyopenssl"])
def module(request: pytest.FixtureRequest) -> str:
    """Give the name of each implementation of TLS in turn."""
    name: str = request.param
    return name


def shown_by(site: Site, context: ssl.SSLContext) -> int:
    """Give the number of the certificate that a new client is shown."""
    with connect(site, context) as client:
        return serial_of(client)


def wait_for(condition: threading.Event) -> None:
    assert condition.wait(DEADLINE)


def test_graceful_takes_the_new_certificate(serve: Serve, files: Files, module: str) -> None:
    """Connections from before go on, and so does the session of a client."""
    certificate, key = files.issue()
    site = serve(hello, ssl_module=module, ssl_certificate=certificate, ssl_private_key=key)
    site.server.subscribe()
    context = files.trust()
    with connect(site, context) as before:
        first = serial_of(before)
        files.issue()
        assert serial_in(certificate) != first
        site.server.bus.publish("graceful")
        assert shown_by(site, context) == serial_in(certificate)
        before.sendall(REQUEST)
        assert status_of(read_response(before)[0]) == 200
    assert [message for message, _ in site.log if "have been read again" in message]
    assert site.errors == []
    site.server.unsubscribe()


def test_a_new_file_is_noticed(serve: Serve, files: Files, module: str) -> None:
    certificate, key = files.issue()
    site = serve(hello, ssl_module=module, ssl_certificate=certificate, ssl_private_key=key)
    context = files.trust()
    first = shown_by(site, context)
    files.issue()
    deadline = time.monotonic() + DEADLINE
    while shown_by(site, context) == first:
        assert time.monotonic() < deadline
        time.sleep(0.05)  # the server looks once a second
    assert shown_by(site, context) == serial_in(certificate)
    assert site.errors == []


def test_relative_names_stay_where_they_were(
    serve: Serve, files: Files, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A site may change its current folder, as daemons do."""
    files.issue()
    monkeypatch.chdir(files.folder)
    site = serve(
        hello,
        ssl_module=module,
        ssl_certificate="localhost.pem",
        ssl_private_key="localhost.key",
    )
    monkeypatch.chdir("/")
    certificate, _ = files.issue()
    site.server.renew_certificates()
    assert shown_by(site, files.trust()) == serial_in(certificate)
    assert site.errors == []


@pytest.mark.parametrize("fault", ["text", "missing", "foreign"])
def test_a_broken_file_changes_nothing(serve: Serve, files: Files, module: str, fault: str) -> None:
    certificate, key = files.issue()
    site = serve(hello, ssl_module=module, ssl_certificate=certificate, ssl_private_key=key)
    context = files.trust()
    first = shown_by(site, context)
    if fault == "missing":
        Path(key).unlink()
    else:
        files.write(Path(key).name, b"text" if fault == "text" else _other_key(files))
    deadline = time.monotonic() + DEADLINE
    while not site.errors:
        assert shown_by(site, context) == first
        assert time.monotonic() < deadline
        time.sleep(0.05)
    for _ in range(3):  # it is told once
        assert status_of(ask(site, context)) == 200
    assert shown_by(site, context) == first
    assert len(site.errors) == 1
    assert site.errors[0].endswith(". The old certificate stays in use")
    assert "\n" not in site.errors[0]
    site.server.renew_certificates()
    assert len(site.errors) == 2
    files.issue()
    site.server.renew_certificates()
    assert shown_by(site, context) == serial_in(certificate)


def _other_key(files: Files) -> bytes:
    return files.authority.issue_cert("other").private_key_pem.bytes()


def test_a_context_of_the_application_is_left_alone(serve: Serve, files: Files) -> None:
    certificate, key = files.issue()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    site = serve(hello, ssl_certificate=certificate, ssl_private_key=key)
    site.httpserver.ssl_adapter.context = context
    files.issue()
    site.server.renew_certificates()
    assert shown_by(site, files.trust()) != serial_in(certificate)


def test_no_request_fails_while_certificates_change(
    serve: Serve, files: Files, module: str
) -> None:
    certificate, key = files.issue()
    site = serve(hello, ssl_module=module, ssl_certificate=certificate, ssl_private_key=key)
    context = files.trust()
    end, failures, answered = threading.Event(), [], [0]

    def keep_asking() -> None:
        while not end.is_set():
            try:
                assert status_of(ask(site, context)) == 200
                answered[0] += 1
            except (OSError, AssertionError, IndexError, ValueError) as error:
                failures.append(error)

    threads = [threading.Thread(target=keep_asking) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        goal = answered[0] + 10
        files.issue()
        site.server.renew_certificates()
        while answered[0] < goal and not failures:
            time.sleep(0.01)
    end.set()
    for thread in threads:
        thread.join(DEADLINE)
    assert failures == []
    assert shown_by(site, context) == serial_in(certificate)


def test_files_that_are_being_written_are_left_alone(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are read when they have been as they are for a second."""
    from cherrypy._server.tls_options import Pair, TLSOptions
    from cherrypy._server.tls_renewal import Renewal

    certificate, key = files.issue()
    loads: list[str] = []
    options = TLSOptions(pairs=(Pair(certificate, key),))
    renewal = Renewal(options, lambda: loads.append("read"), lambda _text, _level: None)
    now, clock = time.time(), time.monotonic()
    monkeypatch.setattr("time.time", lambda: now)
    monkeypatch.setattr("time.monotonic", lambda: clock)
    clock += 2
    renewal.look()
    assert loads == []
    os.utime(certificate, (OLD, OLD))  # this moment is when the file was changed
    changed = Path(certificate).stat().st_ctime
    for age, expected in ((0.5, []), (1.5, ["read"]), (3.0, ["read"])):
        clock += 2
        now = changed + age
        renewal.look()
        assert loads == expected
