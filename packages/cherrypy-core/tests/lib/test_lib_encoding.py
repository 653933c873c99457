"""The encode and decode tools: charsets of what is sent and received."""

from __future__ import annotations

import codecs
import io
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cherrypy
from cherrypy._http.charsets import WEB_CHARSETS
from cherrypy.lib import encoding, file_generator
from strategies import wild_text
from wsgi_client import Answer, Client

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("site")

E_ACUTE, EURO = "a\xe9", "\u20ac"


class _Root:
    @cherrypy.expose
    def text(self, text: str = E_ACUTE, kind: str = "str", media_type: str | None = None) -> Any:
        if media_type is not None:
            cherrypy.response.headers["Content-Type"] = media_type
        bodies: dict[str, Any] = {
            "str": text,
            "list": [text, text.encode()],
            "generator": iter([text, "", text]),
            "bytes": text.encode(),
            "none": None,
            "file": io.BytesIO(text.encode()),
        }
        return bodies[kind]

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def stream(self, text: str = E_ACUTE) -> Iterator[str]:
        yield text
        yield text

    @cherrypy.expose
    def measured(self, media_type: str) -> file_generator:
        """Send a file as serve_file does."""
        cherrypy.response.headers["Content-Type"] = media_type
        cherrypy.response.headers["Content-Length"] = "6"
        return file_generator(CountedFile(b"abcdef"), 2)


class CountedFile(io.BytesIO):
    """A file that tells how much of it was read in all."""

    read_in_all = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, and count."""
        octets = super().read(size)
        CountedFile.read_in_all += len(octets)
        return octets


def client(**settings: object) -> Client:
    config = {f"tools.encode.{name}": value for name, value in settings.items()}
    return Client(cherrypy.Application(_Root(), "", {"/": config}))


def ask(target: str, accept_charset: str | None = None, **settings: object) -> Answer:
    return ask_configured(target, accept_charset, settings)


def ask_configured(target: str, field: str | None, settings: dict[str, object]) -> Answer:
    return client(**settings).get(target, **({} if field is None else {"Accept_Charset": field}))


def with_text(text: str, **more: str) -> str:
    return "/text?" + urlencode({"text": text, **more})


@pytest.mark.parametrize(
    ("field", "text", "charset"),
    [
        (None, E_ACUTE, "utf-8"),
        ("", E_ACUTE, "utf-8"),
        ("iso-8859-1", E_ACUTE, "iso-8859-1"),
        ("ISO-8859-1;q=0.5, utf-8;q=0.2", E_ACUTE, "ISO-8859-1"),  # as the client spells it
        ("ISO-8859-1;q=0.5, utf-8;q=0.2", EURO, "utf-8"),
        ("*", E_ACUTE, "utf-8"),
        ("us-ascii, *;q=0.1", E_ACUTE, "utf-8"),
        ("us-ascii", "a", "us-ascii"),
        ("us-ascii", E_ACUTE, "iso-8859-1"),  # which was implied once
        ("utf-16", E_ACUTE, "utf-16"),
        ("no-such-charset", E_ACUTE, "iso-8859-1"),
        ("zlib-codec, base64-codec, rot13", E_ACUTE, "iso-8859-1"),  # codecs, but no charsets
    ],
)
def test_the_client_chooses_the_charset(field: str | None, text: str, charset: str) -> None:
    """RFC 9110 section 12.5.2."""
    answer = ask(with_text(text), field)
    assert answer.field("Content-Type") == f"text/html;charset={charset}"
    assert answer.text == text


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("us-ascii", EURO, "us-ascii. We tried these charsets: iso-8859-1, us-ascii."),
        ("us-ascii, iso-8859-1;q=0", E_ACUTE,
         "us-ascii, iso-8859-1;q=0. We tried these charsets: us-ascii."),
        ("no-such-charset", EURO,
         "no-such-charset. We tried these charsets: iso-8859-1, no-such-charset."),
        ("*;q=0", "a", "*;q=0. We tried these charsets: ."),
    ],
)  # fmt: skip
def test_a_client_may_accept_nothing_that_fits(field: str, text: str, message: str) -> None:
    answer = ask(with_text(text), field)
    assert answer.status == "406 Not Acceptable"
    assert f"Your client sent this Accept-Charset header: {message}" in answer.text


@pytest.mark.parametrize("field", ["utf-7", "cp037", "utf-32", "iso2022_jp", "hz", "idna", "u8"])
def test_only_charsets_of_the_web_can_be_asked_for(field: str) -> None:
    assert ask(with_text("a"), f"{field}, utf-8;q=0.5").field("Content-Type") == (
        "text/html;charset=utf-8"
    )


def test_a_site_may_offer_more_charsets() -> None:
    answer = ask_configured(with_text("a"), "UTF-32", {"more_charsets": ["utf-32"]})
    assert answer.field("Content-Type") == "text/html;charset=UTF-32"
    assert answer.field("Vary") == "Accept-Charset"


@given(
    st.lists(
        st.tuples(st.sampled_from((*WEB_CHARSETS, "*", "utf-7", "nonsense", "UTF-8")),
                  st.sampled_from(("", ";q=0", ";q=0.5", ";q=1"))),
        min_size=1, max_size=4,
    ),
    st.sampled_from(("a", E_ACUTE, EURO)),
)  # fmt: skip
def test_vary_names_the_field_exactly_where_it_has_decided(
    wishes: list[tuple[str, str]], text: str
) -> None:
    answer = ask(with_text(text), ", ".join(name + weight for name, weight in wishes))
    charset = (answer.field("Content-Type") or "").partition("charset=")[2].lower()
    is_same = answer.code == 200 and charset in {"utf-8", "utf8"}
    assert answer.field("Vary") == (None if is_same else "Accept-Charset")


def test_the_interpreter_is_not_asked_for_charsets_that_clients_invent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    lookup = codecs.lookup

    def noted_lookup(name: str) -> codecs.CodecInfo:
        asked.append(name)
        return lookup(name)

    monkeypatch.setattr(codecs, "lookup", noted_lookup)
    ask("/stream", "invented-1, invented-2")
    assert asked == ["iso-8859-1"]


@pytest.mark.parametrize(
    ("settings", "text", "charset"),
    [
        ({"encoding": "iso-8859-1"}, E_ACUTE, "iso-8859-1"),
        ({"encoding": "ISO-8859-15"}, EURO, "iso-8859-15"),
        ({"default_encoding": "utf-16"}, EURO, "utf-16"),
        ({"text_only": False}, EURO, "utf-8"),
    ],
)
def test_the_charset_can_be_configured(
    settings: dict[str, object], text: str, charset: str
) -> None:
    for kind in ("str", "generator"):
        answer = ask_configured(with_text(text, kind=kind), None, settings)
        assert answer.field("Content-Type") == f"text/html;charset={charset}"
        assert answer.text.replace("\ufeff", "") == text * (2 if kind == "generator" else 1)


@pytest.mark.parametrize(
    ("settings", "field", "code", "message"),
    [
        ({"encoding": "iso-8859-1"}, None, 406,
         "Your client did not send an Accept-Charset header. We tried these charsets: iso-8859-1."),
        ({"encoding": "ascii"}, "iso-8859-1", 406,
         "Your client sent this Accept-Charset header: iso-8859-1. We tried these charsets: ."),
        ({"encoding": "nosuch"}, None, 406, "We tried these charsets: nosuch."),
        ({"default_encoding": "ascii"}, None, 500, "Response body could not be encoded with"),
    ],
)  # fmt: skip
def test_a_configured_charset_may_not_fit(
    settings: dict[str, object], field: str | None, code: int, message: str
) -> None:
    for kind in ("str", "generator"):
        answer = ask_configured(with_text(EURO, kind=kind), field, settings)
        assert (answer.code, message in answer.text) == (code, True)


def test_characters_that_a_charset_lacks_can_be_replaced() -> None:
    answer = ask(with_text(EURO), encoding="ascii", errors="xmlcharrefreplace")
    assert answer.body == b"&#8364;"


@pytest.mark.parametrize("kind", ["str", "list", "generator", "bytes", "file"])
@pytest.mark.parametrize(
    ("media_type", "label"),
    [
        (None, "text/html;charset=utf-8"),
        ("TEXT/HTML", "TEXT/HTML;charset=utf-8"),
        ("text/plain; x=y", "text/plain;x=y;charset=utf-8"),
        ("application/json", "application/json"),
        ("application/xml;charset=utf-8", "application/xml;charset=utf-8"),
        ("image/svg+xml", "image/svg+xml"),
    ],
)
def test_text_is_encoded_under_every_type_and_labelled_under_text(
    media_type: str | None, label: str, kind: str
) -> None:
    more = {} if media_type is None else {"media_type": media_type}
    answer = ask(with_text(EURO, kind=kind, **more))
    times = 2 if kind in {"list", "generator"} else 1
    assert (answer.code, answer.text) == (200, EURO * times)
    assert answer.field("Content-Type") == label
    assert answer.field("Content-Length") == str(3 * times)


def test_text_without_a_type_is_encoded() -> None:
    assert ask(with_text(EURO, media_type="")).text == EURO


def test_octets_keep_the_charset_that_they_are_labelled_with() -> None:
    labelled = "text/plain;charset=iso-8859-1"
    answer = ask(with_text("a", kind="bytes", media_type=labelled))
    assert answer.field("Content-Type") == labelled
    answer = ask(with_text("a", media_type=labelled))
    assert answer.field("Content-Type") == "text/plain;charset=utf-8"  # text is ours to encode


def test_the_label_can_be_left_out() -> None:
    for target in ("/text", "/stream"):
        answer = client(add_charset=False).get(target)
        assert answer.field("Content-Type") == "text/html"
        assert answer.body.startswith("a\xe9".encode())


def test_a_stream_is_encoded_as_it_comes() -> None:
    with client().open("GET", "/stream", Accept_Charset="iso-8859-1") as (answer, body):
        assert answer.field("Content-Type") == "text/html;charset=iso-8859-1"
        assert answer.field("Content-Length") is None
        assert next(body) == b"a\xe9"


def test_a_stream_does_not_take_an_unknown_charset() -> None:
    answer = ask("/stream", "no-such-charset")
    assert answer.field("Content-Type") == "text/html;charset=iso-8859-1"
    assert ask("/stream", encoding="nosuch").code == 406


def test_an_empty_body_has_no_length_and_no_error() -> None:
    answer = ask("/text?kind=none")
    assert (answer.code, answer.body, answer.field("Content-Length")) == (200, b"", "0")


def test_without_the_tool_text_is_an_error() -> None:
    assert client(on=False).get("/text").code == 500
    assert client(on=False).get("/text?kind=bytes").code == 200


@pytest.mark.parametrize("media_type", ["text/plain", "application/zip"])
def test_a_file_of_known_length_is_not_read_into_memory(media_type: str) -> None:
    CountedFile.read_in_all = 0
    with client().open("GET", f"/measured?media_type={media_type}") as (answer, body):
        assert answer.field("Content-Length") == "6"
        assert next(body) == b"ab"
        assert CountedFile.read_in_all == 2


@given(wild_text(), st.booleans())
def test_no_wish_is_an_unexpected_error(field: str, stream: bool) -> None:
    value = field.encode("utf-8", "replace").decode("latin-1")
    answer = ask("/stream" if stream else "/text", value)
    assert answer.code in {200, 400, 406}


# The parts that applications use -----------------------------------------------------------------


def test_prepare_iter() -> None:
    nothing: list[object] = ["", b"", None, []]
    assert [encoding.prepare_iter(empty) for empty in nothing] == [[], [], [], []]
    assert encoding.prepare_iter("a") == ["a"]
    assert encoding.prepare_iter(b"a") == [b"a"]
    assert encoding.prepare_iter(("a",)) == ("a",)
    assert list(encoding.prepare_iter(io.BytesIO(b"ab"))) == [b"ab"]


def test_utf8_stream_encoder() -> None:
    closed = []

    def body() -> Iterator[str | bytes]:
        try:
            yield EURO
            yield b"\xff"
        finally:
            closed.append(True)

    encoder = encoding.UTF8StreamEncoder(body())
    assert [encoder.next(), next(encoder)] == [EURO.encode(), b"\xff"]
    encoder.close()
    assert closed == [True]
    assert encoder.gi_frame is None
    with pytest.raises(AttributeError):
        encoder.__nosuch__  # noqa: B018
    encoding.UTF8StreamEncoder(["a"]).close()


def test_a_subclass_of_the_encoder_is_used() -> None:
    class Shouting(encoding.ResponseEncoder):
        def encode_string(self, encoding: str) -> bool:
            self.body = [chunk.upper() for chunk in self.body]
            return super().encode_string(encoding)

    cherrypy.tools.shout = cherrypy.Tool("before_handler", Shouting, priority=70)
    config = {"/": {"tools.encode.on": False, "tools.shout.on": True}}
    assert Client(cherrypy.Application(_Root(), "", config)).get("/text?text=a").text == "A"


def test_the_encoder_wraps_whatever_handler_there_is() -> None:
    class Root:
        @cherrypy.expose
        def index(self) -> str:
            return "handler"

    def replace() -> None:
        cherrypy.request.handler = lambda: EURO

    config = {"/": {"hooks.before_handler": replace}}
    assert Client(cherrypy.Application(Root(), "", config)).get().text == EURO


# decode ------------------------------------------------------------------------------------------


class _Forms:
    @cherrypy.expose
    def index(self, a: str) -> str:
        assert cherrypy.request.body is not None
        return f"{a} {cherrypy.request.body.charset} {cherrypy.request.body.attempt_charsets}"


@pytest.mark.parametrize(
    ("settings", "content", "expected"),
    [
        ({}, b"a=%C3%A9", "\xe9 utf-8 ['utf-8']"),
        ({"encoding": "iso-8859-1"}, b"a=%C3%A9", "\xc3\xa9 iso-8859-1 ['iso-8859-1']"),
        ({"encoding": ["ascii", "cp1252"]}, b"a=%80", "\u20ac cp1252 ['ascii', 'cp1252']"),
        ({"default_encoding": "iso-8859-1"}, b"a=%E9", "\xe9 iso-8859-1 ['utf-8', 'iso-8859-1']"),
        ({"default_encoding": ["ascii", "cp1252"]}, b"a=%C3%A9",
         "\xe9 utf-8 ['utf-8', 'ascii', 'cp1252']"),
    ],
)  # fmt: skip
def test_decode_says_which_charsets_are_tried(
    settings: dict[str, object], content: bytes, expected: str
) -> None:
    config = {"tools.decode.on": True}
    config |= {f"tools.decode.{name}": value for name, value in settings.items()}  # type: ignore[misc]
    answer = Client(cherrypy.Application(_Forms(), "", {"/": config})).post("/", content)
    assert answer.text == expected


def test_decode_refuses_what_fits_no_charset() -> None:
    config = {"/": {"tools.decode.on": True, "tools.decode.encoding": "ascii"}}
    answer = Client(cherrypy.Application(_Forms(), "", config)).post("/", b"a=%E9")
    assert answer.status == "400 Bad Request"
    assert "The following charsets were attempted" in answer.text


@pytest.mark.parametrize("field", ["utf-8;q=x", "latin-1, utf-8;q=0.5x", ";q=1", "=", '"', "a/b"])
def test_a_malformed_wish_is_ignored(field: str) -> None:
    answer = ask("/text", field)
    assert (answer.code, answer.field("Content-Type")) == (200, "text/html;charset=utf-8")
    assert ask("/text", field, encoding="utf-16").code == 200
