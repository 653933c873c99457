"""The gzip tool: content codings (RFC 9110 section 8.4)."""

from __future__ import annotations

import gzip
import io
import random
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import brotli  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cherrypy
from cherrypy.lib import content_coding, encoding
from strategies import wild_text
from wsgi_client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator


try:
    from compression import zstd  # type: ignore[import-not-found]
except ImportError:
    from backports import zstd

pytestmark = pytest.mark.usefixtures("site")

LONG = "The same words again and again. " * 40
closed: list[str] = []


class _Root:
    @cherrypy.expose
    def long(self, media_type: str = "text/html", name: str = "X-None", value: str = "") -> str:
        cherrypy.response.headers["Content-Type"] = media_type
        cherrypy.response.headers[name] = value
        return LONG

    @cherrypy.expose
    def text(self, size: int = 5) -> str:
        return "x" * int(size)

    @cherrypy.expose
    def generator(self) -> Iterator[str]:
        try:
            yield ""
            for _ in range(4):
                yield LONG
        finally:
            closed.append("generator")

    @cherrypy.expose
    def failing(self) -> Iterator[str]:
        yield LONG
        raise cherrypy.HTTPError(404, LONG)

    @cherrypy.expose
    def file(self) -> io.BytesIO:
        cherrypy.response.headers["Content-Length"] = str(len(LONG))
        return io.BytesIO(LONG.encode())

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def stream(self) -> Iterator[str]:
        try:
            for number in range(3):
                yield f"{number} {LONG}"
        finally:
            closed.append("stream")

    @cherrypy.expose
    @cherrypy.tools.etags(autotags=True)
    def tagged(self) -> str:
        return LONG


def client(**settings: object) -> Client:
    config = {"tools.gzip.on": True}
    config |= {f"tools.gzip.{name}": value for name, value in settings.items()}  # type: ignore[misc]
    return Client(cherrypy.Application(_Root(), "", {"/": config}))


@pytest.mark.parametrize(
    ("field", "coding"),
    [
        (None, None),
        ("", None),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("GZIP", "gzip"),
        ("*", "gzip"),
        ("br, gzip", "gzip"),
        ("gzip;q=0.001", "gzip"),
        ("identity;q=0, gzip", "gzip"),
        ("identity;q=0.4, gzip;q=0.5", "gzip"),
        ("*;q=0, gzip", "gzip"),
        ("identity", None),
        ("gzip;q=0", None),
        ("deflate", None),
        ("gzip;q=0.5, identity;q=1", None),
        ("gzip;q=0.5, identity;q=0.5", None),
        ("gzip;q=0, *;q=0.5", None),
        ("gzip;q=x", None),
    ],
)
def test_the_client_chooses_the_coding(field: str | None, coding: str | None) -> None:
    """RFC 9110 section 12.5.3."""
    fields = {} if field is None else {"Accept_Encoding": field}
    answer = client().get("/long", **fields)
    assert answer.status == "200 OK"
    assert (answer.field("Content-Encoding"), answer.field("Vary")) == (coding, "Accept-Encoding")
    assert answer.field("Content-Length") == str(len(answer.body))
    assert (gzip.decompress(answer.body) if coding else answer.body) == LONG.encode()
    head = client().head("/long", **fields)
    assert head.field("Content-Length") == answer.field("Content-Length")


@pytest.mark.parametrize("field", ["*;q=0", "identity;q=0", "gzip;q=0, identity;q=0"])
def test_a_client_may_accept_nothing(field: str) -> None:
    answer = client().get("/long", Accept_Encoding=field)
    assert answer.status == "406 Not Acceptable"
    assert "identity, gzip" in answer.text


@pytest.mark.parametrize(
    "target",
    [
        "/long?media_type=image/png",
        "/long?media_type=text/css",
        "/long?media_type=",
        "/long?name=Content-Encoding&value=br",
        "/long?name=Content-Range&value=bytes+0-9/20",
        "/text",
        "/text?size=0",
        "/text?size=149",
    ],
)
def test_what_would_not_gain_is_sent_as_it_is(target: str) -> None:
    plain = client(on=False).get(target)
    answer = client().get(target, Accept_Encoding="gzip")
    assert answer.field("Content-Encoding") == plain.field("Content-Encoding")
    assert answer.body == plain.body
    assert answer.field("Vary") == "Accept-Encoding"


@pytest.mark.parametrize(
    ("patterns", "media_type", "compressed"),
    [
        (["application/*", "text/plain"], "application/json", True),
        (["application/*", "text/plain"], "text/plain; charset=utf-8", True),
        (["application/*", "text/plain"], "text/html", False),
        ("text/*", "TEXT/CSS", True),
        (["*/*"], "image/png", True),
        (["*+json"], "application/problem+json", True),
        ([], "text/html", False),
    ],
)
def test_media_types_are_compressed_by_pattern(
    patterns: object, media_type: str, *, compressed: bool
) -> None:
    target = "/long?" + urlencode({"media_type": media_type})
    answer = client(mime_types=patterns).get(target, Accept_Encoding="gzip")
    assert answer.field("Content-Encoding") == ("gzip" if compressed else None)


def test_the_smallest_size_can_be_configured() -> None:
    answer = client(minimum_size=5).get("/text", Accept_Encoding="gzip")
    assert gzip.decompress(answer.body) == b"xxxxx"
    assert client(minimum_size=6).get("/text", Accept_Encoding="gzip").body == b"xxxxx"
    assert client(minimum_size=0).get("/text?size=0", Accept_Encoding="gzip").body == b""


def test_generators_and_files_are_compressed_and_closed() -> None:
    closed.clear()
    answer = client().get("/generator", Accept_Encoding="gzip")
    assert gzip.decompress(answer.body).decode() == LONG * 4
    assert answer.field("Content-Length") == str(len(answer.body))
    assert closed == ["generator"]
    answer = client().get("/file", Accept_Encoding="gzip")
    assert gzip.decompress(answer.body).decode() == LONG
    assert answer.field("Content-Length") == str(len(answer.body))


def test_errors_are_compressed() -> None:
    answer = client().get("/failing", Accept_Encoding="gzip")
    assert (answer.code, answer.field("Content-Encoding")) == (404, "gzip")
    assert LONG.strip() in gzip.decompress(answer.body).decode()


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_a_stream_leaves_as_it_comes(coding: str) -> None:
    decoder: Any = {
        "gzip": zlib.decompressobj(zlib.MAX_WBITS | 16),
        "br": brotli.Decompressor(),
        "zstd": zstd.ZstdDecompressor(),
    }[coding]
    decode = decoder.process if coding == "br" else decoder.decompress
    with client(codings=[coding]).open("GET", "/stream", Accept_Encoding=coding) as found:
        answer, body = found
        assert answer.field("Content-Encoding") == coding
        assert answer.field("Content-Length") is None
        read = b""
        for number in range(3):
            read += decode(next(body))
            assert read.decode() == "".join(f"{n} {LONG}" for n in range(number + 1))
        assert decode(b"".join(body)) == b""


def test_a_stream_that_nobody_reads_is_closed() -> None:
    closed.clear()
    with client().open("GET", "/stream", Accept_Encoding="gzip") as (_, body):
        next(body)
    assert closed == ["stream"]
    assert client().head("/stream", Accept_Encoding="gzip").field("Content-Encoding") == "gzip"


@pytest.mark.parametrize(
    ("field", "coding"),
    [
        ("gzip, br, zstd", "zstd"),  # what the server likes best of equals
        ("gzip, br;q=0.9", "gzip"),
        ("br, gzip", "br"),
        ("*", "zstd"),
        ("zstd;q=0, *", "br"),
    ],
)
def test_other_codings_are_offered_where_they_are_configured(field: str, coding: str) -> None:
    decode = {"gzip": gzip.decompress, "br": brotli.decompress, "zstd": zstd.decompress}
    answer = client(codings=["zstd", "br", "gzip"]).get("/long", Accept_Encoding=field)
    assert answer.field("Content-Encoding") == coding
    assert decode[coding](answer.body) == LONG.encode()


def test_an_unknown_coding_is_an_error_that_names_the_setting(errors: Any) -> None:
    assert client(codings="deflate").get("/long", Accept_Encoding="deflate").code == 500
    assert "tools.gzip.codings: 'deflate': expected some of gzip, br, zstd" in errors.text


def test_a_missing_extra_is_an_error_that_says_what_to_install(
    errors: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr(content_coding, "import_module", missing)
    for coding, extra in (("br", "brotli"), ("zstd", "zstd")):
        assert client(codings=coding).get("/long", Accept_Encoding=coding).code == 500
        assert f"{coding!r} needs an extra: pip install cherrypy-core[{extra}]" in errors.text


def test_a_compressed_representation_has_no_strong_validator() -> None:
    """RFC 9110 section 8.8.3.3."""
    plain = client().get("/tagged").field("ETag")
    coded = client().get("/tagged", Accept_Encoding="gzip").field("ETag")
    assert coded == f"W/{plain}"
    answer = client().get("/tagged", Accept_Encoding="gzip", If_None_Match=coded)
    assert (answer.code, answer.field("Vary")) == (304, "Accept-Encoding")


def test_vary_names_the_field_once() -> None:
    answer = client().get("/long?name=Vary&value=Accept,accept-encoding", Accept_Encoding="gzip")
    assert answer.field("Vary") == "Accept, accept-encoding"
    assert client().get("/long?name=Vary&value=*").field("Vary") == "*"


@given(wild_text())
def test_no_wish_is_an_unexpected_error(field: str) -> None:
    value = field.encode("utf-8", "replace").decode("latin-1")
    assert client().get("/long", Accept_Encoding=value).code in {200, 406}


@given(st.lists(st.binary(max_size=50)), st.integers(0, 9))
def test_decompress_undoes_compress(body: list[bytes], level: int) -> None:
    compressed = b"".join(encoding.compress(body, level))
    assert encoding.decompress(compressed) == gzip.decompress(compressed) == b"".join(body)


def test_text_can_not_be_compressed() -> None:
    with pytest.raises(TypeError):
        list(encoding.compress(["text"], 5))  # type: ignore[list-item]


@pytest.mark.parametrize("size", [1, 2, 256, 257, 512, 513, 16383, 16384, 16385, 70_000])
def test_content_of_any_size_comes_back(size: int) -> None:
    """What is small is compressed with a small window, which holds all of it nevertheless."""

    class Root:
        @cherrypy.expose
        @cherrypy.tools.gzip(minimum_size=0)
        def index(self) -> bytes:
            return content

    half = random.Random(size).randbytes(size // 2)  # noqa: S311 - not to be compressed
    content = (half + half + b"x")[:size]  # but to the one before, as far away as possible
    answer = Client(cherrypy.Application(Root())).get("/", Accept_Encoding="gzip")
    assert answer.field("Content-Encoding") == "gzip"
    assert gzip.decompress(answer.body) == content
