"""Unix sockets: how they are made, what rights they have, and who is at the other end."""

from __future__ import annotations

import errno
import json
import os
import pathlib
import socket
import stat
from typing import TYPE_CHECKING, Any

import pytest
from live_server import DEADLINE, Environ, Serve, StartResponse, hello, read_all, serving

from cherrypy._server import unix_socket
from cherrypy._server.settings import Server
from cherrypy._server.unix_socket import open_unix_socket, peer_environ
from cherrypy.process import wspbus
from cherrypy.process.servers import AddressUnavailableError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an own folder: names of sockets may not be long."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ask(address: str, *fields: str) -> bytes:
    """Send a request to a Unix socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(DEADLINE)
        client.connect(address)
        client.sendall("\r\n".join(["GET / HTTP/1.0", *fields, "", ""]).encode())
        return read_all(client)


def show_peer(environ: Environ, start_response: StartResponse) -> list[bytes]:
    """Tell what the environ says of the peer."""
    start_response("200 OK", [])
    shown = {name: value for name, value in environ.items() if "REMOTE_" in name}
    return [json.dumps(shown).encode()]


def peer_of(response: bytes) -> dict[str, str]:
    shown: dict[str, str] = json.loads(response.partition(b"\r\n\r\n")[2])
    return shown


def rights_of(path: str) -> int:
    return stat.S_IMODE(os.lstat(path).st_mode)


def test_a_socket_is_there_while_the_server_runs() -> None:
    with serving(hello, socket_file="a.sock") as site:
        assert ask("a.sock").endswith(b"hello")
        assert site.server.description == "socket file: a.sock"
        assert site.server.bound_addr == "a.sock"
    assert not os.path.lexists("a.sock")


def test_the_name_may_be_a_path() -> None:
    with serving(hello, socket_file=pathlib.Path("a.sock")):
        assert ask("a.sock").endswith(b"hello")


def test_an_abstract_socket(folder: Path) -> None:
    """It is in no folder, and has no rights: whoever is on the machine may connect."""
    address = f"\0cherrypy-test-{os.getpid()}"
    with serving(hello, socket_file=address) as site:
        assert ask(address).endswith(b"hello")
        assert site.server.description == f"abstract socket: @{address[1:]}"
        with pytest.raises(AddressUnavailableError, match="another program listens on it"):
            open_unix_socket(address)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("mode", "umask", "rights"),
    [
        (None, 0o022, 0o755),  # as CherryPy 18
        (None, 0o077, 0o700),
        (0o660, 0o077, 0o660),
        (0o600, 0o000, 0o600),
        (0o666, 0o022, 0o666),
    ],
)
def test_rights(mode: int | None, umask: int, rights: int) -> None:
    before = os.umask(umask)
    try:
        with serving(hello, socket_file="a.sock", socket_mode=mode):
            assert rights_of("a.sock") == rights
            assert ask("a.sock").endswith(b"hello")
    finally:
        os.umask(before)


def test_an_owner_and_a_group() -> None:
    """Only root may give a file away; anybody may give it to themselves."""
    own = {"socket_user": os.getuid(), "socket_group": os.getgid()}
    given = {"socket_user": "nobody", "socket_group": 12345} if os.getuid() == 0 else own
    for settings in (own, given):
        with serving(hello, socket_file="a.sock", **settings):
            status = os.lstat("a.sock")
            names = peer_environ(1, status.st_uid, status.st_gid, is_resolved=True)
            assert settings["socket_user"] in {status.st_uid, names["X_REMOTE_USER"]}
            assert settings["socket_group"] == status.st_gid


def test_a_group_by_name() -> None:
    name = peer_environ(1, 0, os.getgid(), is_resolved=True)["X_REMOTE_GROUP"]
    with open_unix_socket("a.sock", group=name):
        assert os.lstat("a.sock").st_gid == os.getgid()


@pytest.mark.parametrize("setting", ["user", "group"])
def test_an_owner_whom_nobody_knows(setting: str) -> None:
    options: dict[str, Any] = {setting: "no such name"}
    with pytest.raises(AddressUnavailableError) as failure:
        open_unix_socket("a.sock", **options)
    assert f"server.socket_{setting} = 'no such name'" in str(failure.value)


def test_an_owner_who_may_not_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "chown", refuse)
    with pytest.raises(AddressUnavailableError, match=r"may not give it to server\.socket_user"):
        open_unix_socket("a.sock", user=0)


def test_a_file_that_takes_the_place_of_the_socket_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever may write in the folder must not have the rights of another file changed."""
    pathlib.Path("precious").write_text("")
    pathlib.Path("precious").chmod(0o600)

    class Replacing(socket.socket):
        def bind(self, address: Any) -> None:
            super().bind(address)
            pathlib.Path(address).unlink()
            os.link("precious", address)

    monkeypatch.setattr(socket, "socket", Replacing)
    with pytest.raises(AddressUnavailableError, match="was replaced by another file"):
        open_unix_socket("a.sock", 0o666)
    assert rights_of("precious") == 0o600


def test_a_socket_that_a_server_left_behind_gives_way() -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind("a.sock")
        left.listen()
    with serving(hello, socket_file="a.sock"):
        assert ask("a.sock").endswith(b"hello")


def test_a_socket_in_use_does_not(serve: Serve) -> None:
    """CherryPy 18 takes it away from the other server."""
    serve(hello, socket_file="a.sock")
    other = Server(wspbus.Bus(), hello)
    other.socket_file = "a.sock"
    with pytest.raises(AddressUnavailableError, match=r"server\.socket_file = 'a\.sock': another"):
        other.start()
    assert ask("a.sock").endswith(b"hello")


@pytest.mark.parametrize("kind", ["file", "folder", "link", "dangling link"])
def test_what_is_no_socket_is_not_removed(kind: str) -> None:
    place = pathlib.Path("a.sock")
    if kind == "file":
        place.write_text("precious")
    elif kind == "folder":
        place.mkdir()
    else:
        if kind == "link":
            pathlib.Path("precious").write_text("precious")
        place.symlink_to("precious")
    with pytest.raises(AddressUnavailableError, match="is a file that is not a socket: remove it"):
        open_unix_socket("a.sock")
    assert os.path.lexists("a.sock")


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("missing/a.sock", "there is no such folder"),
        ("x" * 200, "AF_UNIX path too long"),
    ],
)
def test_where_no_socket_can_be(address: str, message: str) -> None:
    with pytest.raises(AddressUnavailableError, match=message):
        open_unix_socket(address)


def test_a_server_that_can_not_be_asked_is_not_taken_for_dead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that another user started, or that is busy."""
    with socket.socket(socket.AF_UNIX) as busy:
        busy.bind("a.sock")

        class Refusing(socket.socket):
            def connect(self, _address: Any) -> None:
                raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr(socket, "socket", Refusing)
        with pytest.raises(AddressUnavailableError, match="this user may not use it"):
            open_unix_socket("a.sock")
    assert os.path.lexists("a.sock")


def test_the_socket_of_another_server_is_not_removed_at_the_end() -> None:
    with serving(hello, socket_file="a.sock"):
        pathlib.Path("a.sock").unlink()
        with socket.socket(socket.AF_UNIX) as other:
            other.bind("b.sock")
            pathlib.Path("b.sock").rename("a.sock")
    assert os.path.lexists("a.sock")


def test_stopping_where_the_socket_is_gone() -> None:
    with serving(hello, socket_file="a.sock"):
        pathlib.Path("a.sock").unlink()
    assert not os.path.lexists("a.sock")


def test_it_starts_again(serve: Serve) -> None:
    site = serve(hello, socket_file="a.sock")
    site.server.restart()
    assert ask("a.sock").endswith(b"hello")


# Who is at the other end


def test_numbers_of_the_peer() -> None:
    with serving(show_peer, socket_file="a.sock", peercreds=True):
        shown = peer_of(ask("a.sock", "X-Remote-User: evil", "Remote-User: evil"))
    assert shown == {
        "X_REMOTE_PID": str(os.getpid()),
        "X_REMOTE_UID": str(os.getuid()),
        "X_REMOTE_GID": str(os.getgid()),
        "REMOTE_ADDR": "",
        "REMOTE_PORT": "",
        "HTTP_X_REMOTE_USER": "evil",
        "HTTP_REMOTE_USER": "evil",
    }


def test_names_of_the_peer() -> None:
    expected = peer_environ(os.getpid(), os.getuid(), os.getgid(), is_resolved=True)
    with serving(show_peer, socket_file="a.sock", peercreds=True, peercreds_resolve=True):
        shown = peer_of(ask("a.sock"))
    assert shown | expected == shown
    assert shown["REMOTE_USER"] == shown["X_REMOTE_USER"] != ""


def test_a_peer_without_a_name() -> None:
    """Upstream's server fails there."""
    assert peer_environ(1, 2_000_000_001, 2_000_000_002, is_resolved=True) == {
        "X_REMOTE_PID": "1",
        "X_REMOTE_UID": "2000000001",
        "X_REMOTE_GID": "2000000002",
        "X_REMOTE_USER": "",
        "X_REMOTE_GROUP": "",
    }


def test_the_peer_of_a_connection_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[tuple[str, int]] = []

    def name_of(database: str, _look_up: str, number: int) -> str:
        found.append((database, number))
        return "somebody"

    monkeypatch.setattr(unix_socket, "_name_of", name_of)
    request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    with (
        serving(show_peer, socket_file="a.sock", peercreds=True, peercreds_resolve=True),
        socket.socket(socket.AF_UNIX) as client,
    ):
        client.settimeout(DEADLINE)
        client.connect("a.sock")
        for _ in range(2):
            client.sendall(request)
            received = b""
            while b"REMOTE_USER" not in received:
                received += client.recv(65536)
            assert b"somebody" in received
    assert found == [("pwd", os.getuid()), ("grp", os.getgid())]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"peercreds": True}, r"server\.peercreds = True: expected False, as .* TCP socket"),
        ({"socket_mode": 660}, r"server\.socket_mode = 660: expected an int from 0 to 0o777"),
        ({"socket_mode": "660"}, r"server\.socket_mode = '660': expected an int"),
        ({"socket_mode": -1}, r"server\.socket_mode = -1: expected"),
        ({"socket_mode": True}, r"server\.socket_mode = True: expected"),
    ],
    ids=str,
)
def test_settings_that_make_no_sense(settings: dict[str, Any], message: str) -> None:
    server = Server(wspbus.Bus(), hello)
    for name, value in settings.items():
        setattr(server, name, value)
    with pytest.raises(ValueError, match=message):
        server.start()


def test_a_system_that_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "SO_PEERCRED")
    server = Server(wspbus.Bus(), hello)
    server.socket_file, server.peercreds = "a.sock", True
    with pytest.raises(ValueError, match=r"server\.peercreds = True: .* SO_PEERCRED"):
        server.start()
