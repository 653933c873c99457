"""Bodies of requests: what is read and when, forms, charsets (RFC 9110 section 6.4)."""

import io
import warnings
from typing import Any

import pytest

import cherrypy
from cherrypy._http.headers import HeaderMap
from cherrypy._request.body import RequestBody
from cherrypy._request.entity import Entity
from cherrypy._request.readers import SizedReader
from cherrypy._runtime.errors import HTTPError
from wsgi_client import call_wsgi, make_environ

FORM = "application/x-www-form-urlencoded"


class CountedFile(io.BytesIO):
    """A file that knows how much was asked of it."""

    def __init__(self, octets: bytes, most: int | None = None) -> None:
        super().__init__(octets)
        self.sizes: list[int | None] = []
        self.most = most

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, and take note of the size."""
        self.sizes.append(size)
        if self.most is not None and size is not None and size > self.most:
            size = self.most
        return super().read(size)


def request_body(octets: bytes, params: dict[str, Any] | None = None, **fields: str) -> RequestBody:
    headers = HeaderMap({name.replace("_", "-"): value for name, value in fields.items()})
    if "Content-Length" not in headers and "Transfer-Encoding" not in headers:
        headers["Content-Length"] = str(len(octets))
    return RequestBody(CountedFile(octets), headers, request_params=params)


def entity_of(octets: bytes, **fields: str) -> Entity:
    headers = HeaderMap({name.replace("_", "-"): value for name, value in fields.items()})
    return Entity(io.BytesIO(octets), headers)


# SizedReader


@pytest.mark.parametrize("length", [11, None])
@pytest.mark.parametrize("most", [None, 1, 3])  # a server may hand on less than was asked for
@pytest.mark.parametrize(
    ("calls", "results"),
    [
        ([("read",)], [b"abc\ndef\nghi"]),
        ([("read", 2), ("read",)], [b"ab", b"c\ndef\nghi"]),
        ([("read", 0), ("read", 100), ("read",)], [b"", b"abc\ndef\nghi", b""]),
        ([("read", -1)], [b"abc\ndef\nghi"]),
        ([("readline",), ("readline", 100), ("readline",), ("readline",)],
         [b"abc\n", b"def\n", b"ghi", b""]),
        ([("readline", 2), ("readline", 2), ("readline", 0)], [b"ab", b"c\n", b""]),
        ([("readline",), ("read", 2), ("readline",), ("read",)], [b"abc\n", b"de", b"f\n", b"ghi"]),
        ([("readlines",)], [[b"abc\n", b"def\n", b"ghi"]]),
        ([("readlines", 5), ("read",)], [[b"abc\n", b"def\n"], b"ghi"]),
    ],
)  # fmt: skip
def test_reader_reads_as_a_file_does(
    length: int | None, most: int | None, calls: list[tuple[Any, ...]], results: list[object]
) -> None:
    reader = SizedReader(CountedFile(b"abc\ndef\nghi", most), length, None)
    assert [getattr(reader, name)(*arguments) for name, *arguments in calls] == results


def test_reader_stops_at_the_length() -> None:
    fp = CountedFile(b"one body, and the next request")
    reader = SizedReader(fp, 8, None)
    assert reader.read() == b"one body"
    assert (reader.read(5), reader.readline(), reader.readlines()) == (b"", b"", [])
    assert fp.tell() == 8


def test_reader_writes_to_a_file() -> None:
    out = io.BytesIO()
    reader = SizedReader(io.BytesIO(b"x" * 200_000), 200_000, None)
    assert reader.read(150_000, out) is None
    assert reader.read(fp_out=out) is None
    assert out.getvalue() == b"x" * 200_000


def test_reader_counts_what_it_handed_on() -> None:
    reader = SizedReader(io.BytesIO(b"abc\ndef\n"), 8, None)
    reader.readline()
    assert (reader.bytes_read, reader.done) == (4, False)
    reader.read()
    reader.read()
    assert (reader.bytes_read, reader.done) == (8, True)


@pytest.mark.parametrize("length", [11, None])
@pytest.mark.parametrize("call", ["read", "readline", "readlines"])
def test_reader_refuses_more_than_maxbytes(length: int | None, call: str) -> None:
    fp = CountedFile(b"abcdefghijk")
    reader = SizedReader(fp, length, 5)
    for _ in range(2):  # it goes on to refuse
        with pytest.raises(HTTPError) as refused:
            getattr(reader, call)()
        assert refused.value.code == 413
    assert fp.tell() <= 7  # no more is read than needed to know


@pytest.mark.parametrize("maxbytes", [None, 0, 11, 12])
def test_reader_allows_up_to_maxbytes(maxbytes: int | None) -> None:
    assert SizedReader(io.BytesIO(b"abcdefghijk"), None, maxbytes).read() == b"abcdefghijk"


@pytest.mark.parametrize("call", ["read", "readline", "readlines"])
def test_reader_refuses_less_than_the_length(call: str) -> None:
    with pytest.raises(HTTPError, match="ended after 3 of 9 bytes") as refused:
        getattr(SizedReader(io.BytesIO(b"abc"), 9, None), call)()
    assert refused.value.code == 400


class MaxSizeExceeded(Exception):
    """What cheroot raises for a body that exceeds the limit of the server."""


class RefusedError(ValueError):
    """A server's error that says how to answer."""

    status = 413
    reason = "The content is larger than 5 octets"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RefusedError(), 413),
        (TimeoutError(), 408),
        (ConnectionResetError(), 400),
        (ValueError("Bad chunked transfer size: 'x'"), 400),
        (OSError("Request Entity Too Large"), 413),
        (MaxSizeExceeded("too large", 5), 413),
    ],
)
def test_reader_answers_errors_of_the_server(error: Exception, code: int) -> None:
    class Broken:
        def read(self, _: int) -> bytes:
            raise error

    with pytest.raises(HTTPError) as refused:
        SizedReader(Broken(), None, None).read()
    assert refused.value.code == code


def test_reader_lets_bugs_through() -> None:
    with pytest.raises(AttributeError):
        SizedReader(None, None, None).read()  # type: ignore[arg-type]


class ChunkedFile(io.BytesIO):
    """A chunked body as servers show it: trailers can be read once all of it was."""

    def __init__(self, octets: bytes, *lines: bytes) -> None:
        super().__init__(octets)
        self.lines = lines

    def read_trailer_lines(self) -> list[bytes]:
        """Read what follows the last chunk."""
        if self.read(1):
            raise ValueError("Cannot read trailers until the request body has been read.")
        return list(self.lines)


@pytest.mark.parametrize("call", ["read", "finish"])
def test_trailers_are_read_at_the_end(call: str) -> None:
    fp = ChunkedFile(b"abc", b"Digest: x\r\n", b"X-A: 1\r\n", b" 2\r\n", b"x-a: 3")
    reader = SizedReader(fp, None, None, has_trailers=True)
    assert reader.trailers is None
    getattr(reader, call)()
    assert reader.done
    assert reader.trailers == {"Digest": "x", "X-A": "1 2, 3"}


def test_trailers_that_were_not_announced_are_not_read() -> None:
    reader = SizedReader(ChunkedFile(b"abc", b"X-A: 1\r\n"), None, None)
    reader.read()
    assert (reader.done, reader.trailers) == (True, None)


@pytest.mark.parametrize("line", [b"no colon\r\n", b" first\r\n", b": x\r\n", b"X-A: \x00\r\n"])
def test_malformed_trailers_are_refused(line: bytes) -> None:
    with pytest.raises(HTTPError) as refused:
        SizedReader(ChunkedFile(b"", line), None, None, has_trailers=True).read()
    assert refused.value.code == 400


# Entity


@pytest.mark.parametrize(
    ("field", "name", "filename"),
    [
        ("form-data; name=x; filename=y", "x", "y"),
        ('form-data; name="x"; filename="a;b,c.txt"', "x", "a;b,c.txt"),
        (r'form-data; name="x\"y"; filename="c:\a\b.txt"', 'x"y', r"c:\a\b.txt"),
        ('form-data; name="x"; filename=""', "x", ""),
        ('form-data; NAME="x"; FileName="y"', "x", "y"),
        ("form-data", None, None),
        ("attachment; filename=\"foo\"; filename*=utf-8'en'b%C3%A9", None, "b\xe9"),
        ("form-data; filename*=utf-8''%ff", None, "\ufffd"),
        # what is no extended value, or in no charset, does not count (RFC 6266 section 4.3)
        ("form-data; filename=y; filename*=bogus''%ff", None, "y"),
        ("form-data; filename=y; filename*=base64''%ff", None, "y"),
        ("form-data; filename*=plain", None, "plain"),
    ],
)
def test_content_disposition_tells_names(
    field: str, name: str | None, filename: str | None
) -> None:
    entity = entity_of(b"", Content_Disposition=field)
    assert (entity.name, entity.filename) == (name, filename)


@pytest.mark.parametrize(
    ("field", "length"),
    [("7", 7), (" 7 ", 7), ("-3", None), ("+4", None), ("1_0", None), ("\u0663", None),
     ("", None), ("abc", None), ("9" * 5000, None)],
)  # fmt: skip
def test_content_length_is_digits(field: str, length: int | None) -> None:
    assert entity_of(b"", Content_Length=field).length == length


def test_transfer_coding_makes_the_length_void() -> None:
    assert entity_of(b"", Content_Length="7", Transfer_Encoding="chunked").length is None


@pytest.mark.parametrize(
    ("content_type", "charsets"),
    [
        ("text/html; charset=koi8-r", ["koi8-r", "utf-8"]),
        ("text/html; charset=UTF8", ["UTF8", "utf-8"]),
        ("text/html; charset=utf-8", ["utf-8"]),
        # no client makes the interpreter keep names it invented
        ("text/html; charset=bogus", ["utf-8"]),
        ("text/html; charset=utf---8", ["utf-8"]),
        ("text/html; charset=unicode_escape", ["utf-8"]),
        ("text/html; charset=base64", ["utf-8"]),
        ("text/html", ["utf-8"]),
    ],
)
def test_a_declared_charset_is_tried_first(content_type: str, charsets: list[str]) -> None:
    assert entity_of(b"", Content_Type=content_type).attempt_charsets == charsets


def test_text_is_latin_1_at_last() -> None:
    body = request_body(b"", Content_Type="text/plain; charset=koi8-r")
    assert body.attempt_charsets == ["koi8-r", "utf-8", "ISO-8859-1"]
    body = request_body(b"", Content_Type="text/plain; charset=latin-1")
    assert body.attempt_charsets == ["latin-1", "utf-8"]
    assert request_body(b"", Content_Type=FORM).attempt_charsets == ["utf-8"]


def test_instances_do_not_share_what_they_change() -> None:
    one, other = entity_of(b""), entity_of(b"")
    one.attempt_charsets.append("latin-1")
    one.processors.clear()
    one.params["a"] = "1"
    one.parts.append(None)  # type: ignore[arg-type]
    assert other.attempt_charsets == Entity.attempt_charsets == ["utf-8"]
    assert (other.params, other.parts) == ({}, [])
    assert set(other.processors) == set(Entity.processors)


def test_fullvalue_decodes_value_or_file() -> None:
    entity = entity_of(b"")
    assert entity.fullvalue() == ""
    entity.value = b"\xc3\xa9"
    assert entity.fullvalue() == "\xe9"
    entity.file = io.BytesIO(b"\xe9")
    entity.file.read()
    entity.attempt_charsets = ["no-such-charset", "utf-8", "latin-1"]
    assert entity.fullvalue() == "\xe9"
    assert (entity.charset, entity.file.tell()) == ("latin-1", 0)


def test_what_no_charset_decodes_is_refused() -> None:
    with pytest.raises(HTTPError) as refused:
        entity_of(b"").decode_entity(b"\xff")
    assert refused.value.args == (
        400,
        "The request entity could not be decoded. The following charsets were attempted: ['utf-8']",
    )


def test_an_entity_reads_as_a_file_does() -> None:
    entity = entity_of(b"abc\ndef\nghi\njkl\nmno")
    assert (entity.read(2), entity.readline(1), entity.readline()) == (b"ab", b"c", b"\n")
    assert (next(entity), entity.next()) == (b"def\n", b"ghi\n")
    assert entity.readlines(1) == [b"jkl\n"]
    out = io.BytesIO()
    assert entity.read(1, out) is None
    assert (out.getvalue(), list(entity), entity.readlines()) == (b"m", [b"no"], [])
    with pytest.raises(StopIteration):
        entity.next()


def test_an_entity_is_read_into_a_file() -> None:
    entity = entity_of(b"x" * 100_000)
    file = entity.read_into_file()
    assert file.tell() == 100_000
    file.seek(0)
    assert file.read() == b"x" * 100_000
    assert isinstance(file.fileno(), int)
    file.close()
    out = io.BytesIO()
    assert entity_of(b"abc").read_into_file(out) is out
    assert out.getvalue() == b"abc"


def test_temporary_files_close_without_a_warning() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        entity_of(b"").make_file().write(b"x")
    assert not caught


def test_a_file_is_closed_if_the_body_breaks() -> None:
    made: list[Any] = []

    class Kept(Entity):
        def make_file(self) -> Any:
            made.append(super().make_file())
            return made[0]

    entity = Kept(SizedReader(io.BytesIO(b"abc"), 9, None), HeaderMap())
    with pytest.raises(HTTPError):
        entity.read_into_file()
    assert made[0].closed


# Processors


@pytest.mark.parametrize(
    ("content_type", "called"),
    [
        ("application/json; charset=utf-8", "json"),
        ("Application/JSON", "json"),  # media types have no case, RFC 9110 section 8.3.1
        ("application/pdf", "any application"),
        ("text/plain", None),
        ("", None),
    ],
)
def test_the_media_type_chooses_the_processor(content_type: str, called: str | None) -> None:
    body = request_body(b"", Content_Type=content_type)
    seen = []
    body.processors["application/json"] = lambda entity: seen.append((entity, "json"))
    body.processors["application"] = lambda entity: seen.append((entity, "any application"))
    body.process()
    assert seen == ([] if called is None else [(body, called)])


def test_without_processors_the_handler_reads() -> None:
    body = request_body(b"a=1", Content_Type=FORM)
    body.processors.clear()
    body.process()
    assert (body.params, body.read()) == ({}, b"a=1")


# RequestBody


def test_nothing_is_read_before_it_is_wanted() -> None:
    """A server sends 100 Continue when it is first read from."""
    body = request_body(b"abc", Content_Type="text/plain")
    fp = body.fp
    body.process()
    assert fp.sizes == []
    assert body.read() == b"abc"


@pytest.mark.parametrize(("length", "code"), [("x", 400), ("-1", 400), ("5, 5", 400), ("8", 413)])
def test_a_bad_length_is_refused_unread(length: str, code: int) -> None:
    body = request_body(b"a=1&b=22", Content_Type=FORM, Content_Length=length)
    body.maxbytes = 7
    with pytest.raises(HTTPError) as refused:
        body.process()
    assert (refused.value.code, body.fp.sizes) == (code, [])


def test_a_length_is_required() -> None:
    body = RequestBody(io.BytesIO(b"a=1"), HeaderMap({"Content-Type": FORM}))
    with pytest.raises(HTTPError) as refused:
        body.process()
    assert refused.value.code == 411


def test_chunked_bodies_need_no_length() -> None:
    params: dict[str, Any] = {}
    request_body(b"a=1", params, Content_Type=FORM, Transfer_Encoding="chunked").process()
    assert params == {"a": "1"}


def test_chunked_bodies_have_the_same_limit() -> None:
    body = request_body(b"a=1&b=22", Content_Type=FORM, Transfer_Encoding="chunked")
    body.maxbytes = 7
    with pytest.raises(HTTPError) as refused:
        body.process()
    assert refused.value.code == 413


def test_a_body_shorter_than_told_is_refused() -> None:
    body = request_body(b"a=1", Content_Type=FORM, Content_Length="9")
    with pytest.raises(HTTPError) as refused:
        body.process()
    assert refused.value.code == 400


@pytest.mark.parametrize(
    ("before", "octets", "after"),
    [
        ({}, b"a=1&b=2", {"a": "1", "b": "2"}),
        ({"a": "0"}, b"a=1&a=2", {"a": ["0", "1", "2"]}),
        ({"a": ["0", "00"]}, b"a=1", {"a": ["0", "00", "1"]}),
        ({"c": "3"}, b"", {"c": "3"}),
    ],
)
def test_parameters_join_those_of_the_query(
    before: dict[str, Any], octets: bytes, after: dict[str, Any]
) -> None:
    request_body(octets, before, Content_Type=FORM).process()
    assert before == after


# Forms


@pytest.mark.parametrize(
    ("octets", "params"),
    [
        (b"", {}),
        (b"a=1&b=2", {"a": "1", "b": "2"}),
        (b"a=1;b=2", {"a": "1", "b": "2"}),
        (b"a&b=&=c&&d==e", {"a": "", "b": "", "": "c", "d": "=e"}),
        (b"a=1&a=2&a=3", {"a": ["1", "2", "3"]}),
        (b"a+b=c+d&%41=%42", {"a b": "c d", "A": "B"}),
        (b"a=%zz&b=%", {"a": "%zz", "b": "%"}),  # WHATWG URL section 1.3
        (b"a=\xe2\x82\xac&b=%E2%82%AC", {"a": "\u20ac", "b": "\u20ac"}),
        (b"1,2", {"1,2": ""}),  # an image map is only in a query
    ],
)
def test_form_fields_become_parameters(octets: bytes, params: dict[str, Any]) -> None:
    body = request_body(octets, Content_Type=FORM)
    body.process()
    assert (body.params, body.charset) == (params, "utf-8")


@pytest.mark.parametrize(
    ("content_type", "octets", "value", "charset"),
    [
        (FORM + "; charset=latin-1", b"a=%ff", "\xff", "latin-1"),
        (FORM + "; charset=ascii", b"a=%c3%a9", "\xe9", "utf-8"),
        (FORM + "; charset=bogus", b"a=%c3%a9", "\xe9", "utf-8"),
    ],
)
def test_a_form_is_decoded_by_one_charset(
    content_type: str, octets: bytes, value: str, charset: str
) -> None:
    body = request_body(octets, Content_Type=content_type)
    body.process()
    assert (body.params, body.charset) == ({"a": value}, charset)


def test_a_form_in_no_charset_is_refused() -> None:
    params: dict[str, Any] = {}
    with pytest.raises(HTTPError, match="charsets were attempted"):
        request_body(b"a=1&b=%ff", params, Content_Type=FORM).process()
    assert params == {}


@pytest.mark.parametrize("octets", [b"a=1&a=2&a=3&a=4", b"a;b;c;d", b"&&&&"])
def test_too_many_fields_are_refused(octets: bytes) -> None:
    body = request_body(octets, Content_Type=FORM)
    body.max_fields = 3
    with pytest.raises(HTTPError, match="more than 3 fields") as refused:
        body.process()
    assert refused.value.code == 413


@pytest.mark.parametrize("limit", [3, None])
def test_as_many_fields_as_allowed_are_read(limit: int | None) -> None:
    body = request_body(b"a=1&a=2&a=3", Content_Type=FORM)
    body.max_fields = limit
    body.process()
    assert body.params == {"a": ["1", "2", "3"]}


def test_a_form_that_is_too_large_is_refused_unread() -> None:
    body = request_body(b"a=12345", Content_Type=FORM)
    body.max_fields_size = 6
    fp = body.fp
    with pytest.raises(HTTPError, match="more than 6 bytes") as refused:
        body.process()
    assert (refused.value.code, fp.sizes) == (413, [])


def test_a_chunked_form_is_read_up_to_the_limit() -> None:
    body = request_body(b"a=" + b"x" * 100_000, Content_Type=FORM, Transfer_Encoding="chunked")
    body.max_fields_size = 6
    fp = body.fp
    with pytest.raises(HTTPError) as refused:
        body.process()
    assert (refused.value.code, fp.tell()) == (413, 7)


@pytest.mark.parametrize("limit", [7, None])
def test_a_form_as_large_as_allowed_is_read(limit: int | None) -> None:
    body = request_body(b"a=12345", Content_Type=FORM, Transfer_Encoding="chunked")
    body.max_fields_size = limit
    body.process()
    assert body.params == {"a": "12345"}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize(
    "content_type", ["", FORM, "text/plain", "multipart/form-data; boundary=b"]
)
@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_length_is_that_of_no_content(method: str, content_type: str, empty: str) -> None:
    """As the stock parameters of nginx for uWSGI and SCGI have it."""

    class Root:
        @cherrypy.expose
        def index(self) -> bytes:
            return b"read %d" % len(cherrypy.request.body.read() or b"")

    environ = make_environ(method, "/") | {"CONTENT_LENGTH": empty, "CONTENT_TYPE": content_type}
    answer = call_wsgi(cherrypy.Application(Root(), ""), environ)
    assert (answer.code, answer.text) == (200, "read 0")
    del environ["CONTENT_LENGTH"]
    assert call_wsgi(cherrypy.Application(Root(), ""), environ).code == 411
