"""serve_file, serve_fileobj and serve_download in page handlers."""

from __future__ import annotations

import io
import tempfile
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from written_files import write

import cherrypy
from cherrypy._static.disposition import format_disposition
from cherrypy.lib.static import serve_download, serve_file, serve_fileobj
from cherrypy.testing import Client

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def answering(handler: Callable[[], Any], **settings: Any) -> Client:
    """Give a client of a site whose one page is made by a function."""

    class Root:
        @cherrypy.expose
        def index(self) -> Any:
            return handler()

    app = cherrypy.Application(Root(), "", {"/": settings} if settings else None)
    app.log.screen = False
    return Client(app, validate=True)


def test_a_file(public: Path) -> None:
    answer = answering(lambda: serve_file(public / "digits.txt")).get()
    assert answer.content == b"0123456789"
    assert answer.headers["Content-Type"] == "text/plain;charset=utf-8"
    assert answer.headers["Content-Length"] == "10"
    assert "Content-Disposition" not in answer.headers


def test_what_the_client_has_already(public: Path) -> None:
    client = answering(lambda: serve_file(public / "digits.txt"))
    etag = client.get().headers["ETag"]
    answer = client.get(headers={"If-None-Match": etag})
    assert (answer.status, answer.headers["ETag"]) == (304, etag)


def test_a_handler_that_uses_the_content_is_ended_by_304(public: Path) -> None:
    def shout() -> bytes:
        return b"".join(serve_file(public / "page.html")) + b"!"

    client = answering(shout)
    first = client.get()
    assert first.content == b"0123456789!"
    fields = {"If-None-Match": first.headers["ETag"]}
    assert client.get(headers=fields).status == 304


@pytest.mark.parametrize("name", ["nothing", "sub", "digits.txt/x", "nul\0"])
def test_what_is_no_file(public: Path, name: str) -> None:
    assert answering(lambda: serve_file(f"{public}/{name}")).get().status == 404


def test_a_relative_path(caplog: pytest.LogCaptureFixture) -> None:
    assert answering(lambda: serve_file("digits.txt")).get().status == 500
    assert "'digits.txt': expected an absolute path" in caplog.text


def test_a_download(public: Path) -> None:
    answer = answering(lambda: serve_download(str(public / "digits.txt"))).get()
    assert answer.headers["Content-Type"] == "application/x-download"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="digits.txt"'


@pytest.mark.parametrize("size", [10, 300_000])
def test_large_text_is_labelled_and_sent_in_pieces(public: Path, size: int) -> None:
    write(public / "long.txt", b"x" * size)
    answer = answering(lambda: serve_file(public / "long.txt")).get()
    assert answer.headers["Content-Type"] == "text/plain;charset=utf-8"
    assert answer.headers["Content-Length"] == str(size)
    assert answer.content == b"x" * size


class OnlyRead:
    """A file object with nothing but what is needed."""

    def __init__(self, content: bytes = b"0123456789") -> None:
        self._content = io.BytesIO(content)

    def read(self, size: int = -1) -> bytes:
        return self._content.read(size)


class OldSeek(io.BytesIO):
    """Its ``seek`` returns nothing, as that of file objects did once."""

    def seek(self, *arguments: int) -> Any:
        super().seek(*arguments)


def zip_member() -> Any:
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("member.txt", "0123456789")
    return zipfile.ZipFile(zipped).open("member.txt")


def temporary() -> Any:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by whom it is given to
    file.write(b"0123456789")
    file.seek(0)
    return file


@pytest.mark.parametrize(
    "make",
    [lambda: io.BytesIO(b"0123456789"), lambda: OldSeek(b"0123456789"), zip_member, temporary],
)
def test_file_objects_that_have_a_length(make: Callable[[], Any]) -> None:
    client = answering(lambda: serve_fileobj(make(), "application/x-own"))
    answer = client.get()
    assert (answer.content, answer.headers["Content-Length"]) == (b"0123456789", "10")
    assert answer.headers["Content-Type"] == "application/x-own"
    part = client.get(headers={"Range": "bytes=2-4"})
    assert (part.status, part.content) == (206, b"234")
    assert part.headers["Content-Range"] == "bytes 2-4/10"
    parts = client.get(headers={"Range": "bytes=0-0,9-9"})
    assert parts.headers["Content-Type"].startswith("multipart/byteranges; boundary=")
    assert client.get(headers={"Range": "bytes=10-"}).status == 416
    assert client.head().headers["Content-Length"] == "10"


def test_a_file_is_sent_from_where_it_is(public: Path) -> None:
    def later() -> Any:
        file = (public / "digits.txt").open("rb")
        file.seek(4)
        return serve_fileobj(file)

    client = answering(later)
    assert client.get().content == b"456789"
    answer = client.get(headers={"Range": "bytes=0-1"})
    assert (answer.content, answer.headers["Content-Range"]) == (b"45", "bytes 0-1/6")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_can_only_be_read_is_a_stream(method: str) -> None:
    client = answering(lambda: serve_fileobj(OnlyRead(), "application/x-own"))
    answer = client.request(method, headers={"Range": "bytes=0-1"})
    assert answer.status == 200
    assert answer.content == (b"0123456789" if method == "GET" else b"")
    for name in ("Content-Length", "Accept-Ranges", "ETag", "Last-Modified"):
        assert name not in answer.headers


def test_a_stream_is_never_collected() -> None:
    """Of a file that never ends, the first octets arrive."""

    class Endless:
        closed = False

        def read(self, size: int = -1) -> bytes:
            return b"x" * size

        def close(self) -> None:
            self.closed = True

    endless = Endless()
    client = answering(lambda: serve_fileobj(endless, "application/x-own"))
    with client.get(stream=True) as answer:
        assert len(next(iter(answer))) == 65536
    assert endless.closed


@pytest.mark.parametrize("fields", [{}, {"Range": "bytes=0-1"}, {"Range": "bytes=0-0,5-5"}])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_file_objects_are_closed(method: str, fields: dict[str, str]) -> None:
    file = io.BytesIO(b"x" * 200_000)
    with answering(lambda: serve_fileobj(file)).request(method, headers=fields, stream=True):
        pass
    assert file.closed


def test_a_file_that_becomes_shorter(public: Path) -> None:
    path = write(public / "shrinking.bin", b"x" * 200_000)

    def shrink() -> Any:
        chunks = serve_file(path, "application/x-own")
        path.write_bytes(b"x" * 70_000)
        return chunks

    client = Client(answering(shrink).application)
    assert len(client.get().content) == 70_000
    path.write_bytes(b"x" * 200_000)
    answer = client.get(headers={"Range": "bytes=0-9,199990-"})
    assert len(answer.content) < 200


@pytest.mark.parametrize(
    ("name", "field"),
    [
        (None, "attachment"),
        ("", "attachment"),
        ("a.txt", 'attachment; filename="a.txt"'),
        ("a b;c.txt", 'attachment; filename="a b;c.txt"'),
        ('a"b', 'attachment; filename="a\\"b"; filename*=UTF-8\'\'a%22b'),
        ("a\\b", "attachment; filename=\"a\\\\b\"; filename*=UTF-8''a%5Cb"),
        ("caf\xe9", "attachment; filename=\"caf\"; filename*=UTF-8''caf%C3%A9"),
        ("\u20ac 5'", "attachment; filename=\" 5'\"; filename*=UTF-8''%E2%82%AC%205%27"),
        ("a\r\nSet-Cookie: x", 'attachment; filename="aSet-Cookie: x"'),
        ("\ud800", "attachment; filename=\"\"; filename*=UTF-8''%3F"),
    ],
)
def test_disposition(name: str | None, field: str) -> None:
    """RFC 6266 section 4.1, RFC 8187 section 3.2."""
    assert format_disposition("attachment", name) == field


@given(st.text())
def test_no_name_ends_the_field_or_the_quotes(name: str) -> None:
    field = format_disposition("attachment", name)
    assert field.isascii()
    assert field.isprintable()
    inner = field.partition('filename="')[2].rpartition('"')[0]
    assert '"' not in inner.replace("\\\\", "").replace('\\"', "")


def test_the_name_of_a_download_reaches_the_client(public: Path) -> None:
    def download() -> Any:
        return serve_fileobj((public / "digits.txt").open("rb"), None, "inline", "\xe4.txt")

    answer = answering(download).get()
    assert answer.headers["Content-Disposition"].endswith("filename*=UTF-8''%C3%A4.txt")


def test_gzip_and_conditions_go_together(public: Path) -> None:
    write(public / "long.txt", b"so long " * 100)
    client = answering(lambda: serve_file(public / "long.txt"), **{"tools.gzip.on": True})
    answer = client.get(headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept-Encoding"
    etag = answer.headers["ETag"]
    assert etag.startswith("W/")
    fields = {"Accept-Encoding": "gzip", "If-None-Match": etag}
    assert client.get(headers=fields).status == 304
    fields = {"Accept-Encoding": "gzip", "Range": "bytes=0-1", "If-Range": etag}
    assert client.get(headers=fields).status == 200
