"""Multipart bodies: what becomes of their parts (RFC 2046 section 5.1, RFC 7578)."""

import io
from collections.abc import Callable
from typing import Any

import pytest

from cherrypy._http.headers import HeaderMap
from cherrypy._request.body import RequestBody
from cherrypy._request.entity import Entity, Part, process_multipart_form_data
from cherrypy._request.readers import SizedReader
from cherrypy._runtime.errors import HTTPError

FORM_DATA = "multipart/form-data; boundary=b"
MIXED = "multipart/mixed; boundary=b"
END = b"--b--\r\n"


def multipart(octets: bytes, content_type: str = FORM_DATA) -> RequestBody:
    headers = HeaderMap({"Content-Type": content_type, "Content-Length": str(len(octets))})
    return RequestBody(io.BytesIO(octets), headers)


def processed(octets: bytes, content_type: str = FORM_DATA) -> RequestBody:
    body = multipart(octets, content_type)
    body.process()
    return body


def field(name: str, content: bytes = b"v", more: bytes = b"") -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"'.encode()
    return head + more + b"\r\n\r\n" + content + b"\r\n"


def content_of(part: Any) -> Any:
    """Return what a parameter holds, in a form that can be compared."""
    if isinstance(part, list):
        return [content_of(one) for one in part]
    if not isinstance(part, Part):
        return part
    octets = part.value if part.file is None else part.file.read()
    return (part.filename, part.content_type.value, octets)


def test_fields_and_files_become_parameters() -> None:
    body = processed(
        field("a")
        + field("f", b"one\r\ntwo", b'; filename="x.txt"\r\nContent-Type: text/html')
        + field("a", b"w")
        + field("f", b"", b'; filename="y"')
        + field("e", b"", b'; filename=""')  # a file input that was left empty
        + b"--b\r\n\r\nno name\r\n"
        + END
    )
    assert {name: content_of(value) for name, value in body.params.items()} == {
        "a": ["v", "w"],
        "f": [("x.txt", "text/html", b"one\r\ntwo"), ("y", "text/plain", b"")],
        "e": ("", "text/plain", b""),
    }
    assert [content_of(part) for part in body.parts] == [(None, "text/plain", b"no name")]


def test_a_file_has_all_that_applications_use() -> None:
    body = processed(
        field("f", b"caf\xc3\xa9", b'; filename="x.txt"\r\nContent-Type: text/css;a=b\r\nX-A: 1')
        + END
    )
    part = body.params["f"]
    assert isinstance(part, Part)
    assert (part.name, part.filename, part.value) == ("f", "x.txt", None)
    assert (part.content_type.value, part.content_type.params) == ("text/css", {"a": "b"})
    assert part.headers["x-a"] == "1"
    assert isinstance(part.file.fileno(), int)
    assert part.file.read() == b"caf\xc3\xa9"
    assert (part.fullvalue(), part.charset, part.file.tell()) == ("caf\xe9", "utf-8", 0)
    assert (part.read(), part.readline(), list(part)) == (b"", b"", [])


def test_parts_of_other_multipart_bodies_are_parameters_too() -> None:
    body = processed(field("a") + b"--b\r\nContent-Type: text/html\r\n\r\n<p>\r\n" + END, MIXED)
    assert body.params == {"a": "v", "parts": "<p>"}
    assert [(part.name, *content_of(part)) for part in body.parts] == [
        ("a", None, "text/plain", b"v"),
        (None, None, "text/html", b"<p>"),
    ]


@pytest.mark.parametrize(
    ("octets", "params"),
    [
        (END, {}),
        (b"no line" + field("a") + END, {}),
        (b"", {}),
        (field("a") + b"--b--", {"a": "v"}),
        (b"before\r\n" + field("a") + END + b"after\r\n", {"a": "v"}),
        (b"before\n" + field("a") + END + b"after\r\n--b\r\n", {"a": "v"}),
        (b"--bb\r\n" + field("a") + END, {"a": "v"}),
        # a gateway may add blanks to the boundary's line, RFC 2046 section 5.1.1
        (field("a").replace(b"--b\r\n", b"--b \t\r\n") + b"--b-- \r\n", {"a": "v"}),
        # bare line feeds around boundaries, as CherryPy
        (field("a").replace(b"--b\r\n", b"--b\n") + b"--b--\n", {"a": "v"}),
        (field("a")[:-2] + b"\n" + END, {"a": "v"}),
        # no boundary: neither at the beginning of a line, nor the whole line
        (field("a", b"x --b\r\n--bX\r\n--b--X\r\n--\r\n --b\r\ny") + END,
         {"a": "x --b\r\n--bX\r\n--b--X\r\n--\r\n --b\r\ny"}),
        (field("a", b"--bX") + field("c") + END, {"a": "--bX", "c": "v"}),
        (field("a", b"x\r") + END, {"a": "x\r"}),
        (field("a", b"x\r\n\r\n") + END, {"a": "x\r\n\r\n"}),
        (field("a", b"\n") + END, {"a": "\n"}),
        (field("a", b"")[:-2] + END, {"a": ""}),  # no line end but that of the empty line
        (field("a", b"abc", b"\r\nContent-Length: 1") + END, {"a": "abc"}),
    ],
)  # fmt: skip
def test_lines_with_the_boundary_separate_parts(octets: bytes, params: dict[str, str]) -> None:
    assert processed(octets).params == params


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ('multipart/form-data; boundary="a,b;c"', b"a,b;c"),
        ("multipart/form-data; BOUNDARY=b", b"b"),
        ("Multipart/Form-Data; boundary=b", b"b"),
        ('multipart/form-data; boundary="b b"', b"b b"),
        ("multipart/form-data; boundary=" + "b" * 201, b"b" * 201),
    ],
)
def test_boundaries_that_are_accepted(content_type: str, boundary: bytes) -> None:
    octets = (field("a") + END).replace(b"--b", b"--" + boundary)
    assert processed(octets, content_type).params == {"a": "v"}


@pytest.mark.parametrize(
    ("headers", "params"),
    [
        (b'content-disposition: form-data; name="a"\r\n', {"a": "v"}),
        (b'Content-Disposition : form-data; name="a"\r\n', {"a": "v"}),
        (b'Content-Disposition: form-data;\r\n name="a"\r\n', {"a": "v"}),
        (b'Content-Disposition: form-data;\r\n\tname="a"\r\n', {"a": "v"}),
        # UTF-8 as browsers send it (RFC 7578 section 5.1.2), and what is not
        ('Content-Disposition: form-data; name="é€"\r\n'.encode(), {"é€": "v"}),
        (b'Content-Disposition: form-data; name="\xe9"\r\n', {"é": "v"}),
        (b'Content-Disposition: form-data; name="a%22b"\r\n', {"a%22b": "v"}),
        (b"X-A: 1\r\nX-A: 2\r\nContent-Disposition: attachment; name=a\r\n", {"a": "v"}),
    ],
)
def test_header_lines_of_a_part(headers: bytes, params: dict[str, str]) -> None:
    assert processed(b"--b\r\n" + headers + b"\r\nv\r\n" + END).params == params


@pytest.mark.parametrize(
    ("content", "content_type", "value"),
    [
        (b"caf\xc3\xa9", b"", "café"),
        (b"caf\xe9", b"\r\nContent-Type: text/plain; charset=latin-1", "café"),
        (b"cafe", b"\r\nContent-Type: text/plain; charset=bogus", "cafe"),
        (b"Zm9v", b"\r\nContent-Transfer-Encoding: base64", "Zm9v"),  # RFC 7578 section 4.7
        (b"x" * 1001, b"", "x" * 1001),
        (b"x\r\n" * 30_000, b"", "x\r\n" * 30_000),
    ],
)
def test_fields_are_decoded(content: bytes, content_type: bytes, value: str) -> None:
    assert processed(field("a", content, content_type) + END).params == {"a": value}


@pytest.mark.parametrize(
    "octets",
    [
        b"no boundary",
        field("a"),
        field("a") + b"--b",
        field("a") + b"--b-",
        field("a")[:-2],
        b"--b\r\n",
        b"--b\r\nContent-Dispo",
        b"--b\r\nContent-Disposition: form-data\r\n",
        b"--b\r\nContent-Disposition: form-data\r\n" + END,
        b"--b\r\nContent-Disposition form-data\r\n\r\nv\r\n" + END,
        b"--b\r\n name=a\r\n\r\nv\r\n" + END,
        b"--b\r\n: x\r\n\r\nv\r\n" + END,
        b"--b\r\nA B: x\r\n\r\nv\r\n" + END,
        b"--b\r\nA: x\n\r\nv\r\n" + END,
        b"--b\r\nA: x\r\n\nv\r\n" + END,
        b"--b\r\nA: x\x00y\r\n\r\nv\r\n" + END,
        b"--b\r\nA: x\ry\r\n\r\nv\r\n" + END,
        # nobody could tell which one counts
        b"--b\r\nContent-Type: a/b\r\nContent-Type: c/d\r\n\r\nv\r\n" + END,
        (field("a") + END).replace(b"\r\n", b"\n"),
        field("a", b"\xff") + END,
    ],
)
@pytest.mark.parametrize("content_type", [FORM_DATA, FORM_DATA + "; charset=utf-8"])
def test_malformed_bodies_are_refused(octets: bytes, content_type: str) -> None:
    with pytest.raises(HTTPError) as refused:
        processed(octets, content_type)
    assert refused.value.code == 400


@pytest.mark.parametrize(
    "parameter",
    ["", "; boundary=", '; boundary=" "', '; boundary="b "', '; boundary="b\xe9"',
     "; boundary=" + "b" * 202],
)  # fmt: skip
def test_bad_boundaries_are_refused(parameter: str) -> None:
    with pytest.raises(HTTPError, match="Invalid boundary in multipart form") as refused:
        processed(field("a") + END, "multipart/form-data" + parameter)
    assert refused.value.code == 400


def test_a_body_shorter_than_told_is_refused_after_its_last_part_too() -> None:
    octets = field("a") + END
    headers = HeaderMap({"Content-Type": FORM_DATA, "Content-Length": str(len(octets) + 9)})
    with pytest.raises(HTTPError, match="ended after"):
        RequestBody(io.BytesIO(octets), headers).process()


# Nested bodies

INNER = b"--c\r\nContent-Disposition: file; filename=1\r\n\r\none\r\n--c\r\n\r\ntwo\r\n--c--\r\n"


@pytest.mark.parametrize("after", [b"", b"after\r\n", b"--c\r\n"])
def test_nested_parts_are_parts_of_their_part(after: bytes) -> None:
    nested = field("n", INNER + after, b"\r\nContent-Type: multipart/mixed; boundary=c")
    body = processed(nested + field("a") + END)
    assert set(body.params) == {"n", "a"}
    assert [content_of(part) for part in body.params["n"].parts] == [
        ("1", "text/plain", b"one"),
        (None, "text/plain", b"two"),
    ]


def test_nested_forms_have_parameters_of_their_own() -> None:
    inner = field("x").replace(b"--b", b"--c") + b"--c--\r\n"
    nested = field("n", inner, b"\r\nContent-Type: multipart/form-data; boundary=c")
    urlencoded = field("u", b"a=1&b=2", b"\r\nContent-Type: application/x-www-form-urlencoded")
    body = processed(nested + urlencoded + field("a") + END)
    assert set(body.params) == {"n", "u", "a"}
    assert body.params["n"].params == {"x": "v"}
    assert body.params["u"].params == {"a": "1", "b": "2"}


def test_a_nested_body_that_does_not_end_is_refused() -> None:
    inner = INNER.removesuffix(b"--c--\r\n")
    nested = field("n", inner, b"\r\nContent-Type: multipart/mixed; boundary=c")
    with pytest.raises(HTTPError) as refused:
        processed(nested + field("a") + END)
    assert refused.value.code == 400


def test_deep_nesting_is_refused() -> None:
    octets = b"".join(
        b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (depth, depth + 1)
        for depth in range(500)
    )
    with pytest.raises(HTTPError) as refused:
        processed(octets, "multipart/mixed; boundary=b0")
    assert refused.value.code == 400


# What applications override


def test_the_class_of_parts_can_be_chosen() -> None:
    class Mine(Part):
        pass

    body = multipart(field("f", b"x", b"; filename=f") + END)
    body.part_class = Mine
    body.process()
    assert type(body.params["f"]) is Mine


def test_make_file_chooses_the_file() -> None:
    made: list[io.BytesIO] = []

    class InMemory(Part):
        maxrambytes = 5

        def make_file(self) -> io.BytesIO:
            made.append(io.BytesIO())
            return made[-1]

    body = multipart(
        field("f", b"x", b"; filename=f") + b"--b\r\n\r\n12345\r\n--b\r\n\r\n123456\r\n" + END
    )
    body.part_class = InMemory
    body.process()
    small, large = body.parts
    assert (body.params["f"].file, large.file) == (made[0], made[1])
    assert (small.file, small.value, large.value) == (None, b"12345", None)
    assert [file.read() for file in made] == [b"x", b"123456"]


def test_maxrambytes_can_be_set_on_the_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Part, "maxrambytes", 2)
    body = processed(b"--b\r\n\r\n123\r\n" + END, MIXED)
    assert body.parts[0].file.read() == b"123"


def test_read_into_file_can_write_elsewhere() -> None:
    target = io.BytesIO()

    class Elsewhere(Part):
        def read_into_file(self, fp_out: Any = None) -> Any:
            assert fp_out is None
            return super().read_into_file(target)

    body = multipart(field("f", b"x\r\ny", b"; filename=f") + field("a") + END)
    body.part_class = Elsewhere
    body.process()
    assert body.params["f"].file is target
    assert (target.read(), body.params["a"]) == (b"x\r\ny", "v")


class LineByLine(Part):
    """Looks for the boundary itself, line by line, as subclasses for CherryPy had to."""

    def read_lines_to_boundary(self, fp_out: Any = None) -> Any:
        """Collect lines up to the boundary."""
        lines = []
        while True:
            line = self.fp.readline(1 << 16)
            if not line:
                raise EOFError
            if line.strip() == self.boundary:
                break
            if line.strip() == self.boundary + b"--":
                self.fp.finish()
                break
            lines.append(line)
        octets = b"".join(lines).removesuffix(b"\r\n")
        if fp_out is None:
            return octets
        fp_out.write(octets)
        return fp_out


class ReadsItself(Part):
    """Reads its content as it comes."""

    def default_proc(self) -> None:
        """Collect lines."""
        self.value = b"".join(line.upper() for line in self)


class HalfRead(Part):
    """Is not interested in more than it needs."""

    def default_proc(self) -> None:
        """Read the first octet."""
        self.value = self.read(1)


class Ignored(Part):
    """Is not interested at all."""

    def process(self) -> None:
        """Do nothing."""


class OwnHeaders(Part):
    """Has another idea of header fields."""

    @classmethod
    def from_fp(cls, fp: Any, boundary: bytes) -> "OwnHeaders":
        """Read the header fields in another way."""
        while fp.readline() != b"\r\n":
            pass
        return cls(fp, HeaderMap({"X-Mine": "1"}), boundary)


@pytest.mark.parametrize(
    ("part_class", "values"),
    [
        (LineByLine, [b"one\r\ntwo", b"three"]),
        (ReadsItself, [b"ONE\r\nTWO", b"THREE"]),
        (HalfRead, [b"o", b"t"]),
        (Ignored, [None, None]),
        (OwnHeaders, [b"one\r\ntwo", b"three"]),
    ],
)
def test_parts_may_read_themselves(part_class: type[Part], values: list[bytes | None]) -> None:
    body = multipart(b"--b\r\n\r\none\r\ntwo\r\n--b\r\nA: b\r\n\r\nthree\r\n" + END, MIXED)
    body.part_class = part_class
    body.process()
    assert [part.value for part in body.parts] == values


def test_a_part_has_processors() -> None:
    def upper(entity: Entity) -> None:
        entity.value = (entity.read() or b"").upper()

    class Mine(Part):
        processors = {**Part.processors, "text/x-upper": upper}  # noqa: RUF012 - as upstream

    body = multipart(field("a", b"x", b"\r\nContent-Type: text/x-upper") + field("b") + END)
    body.part_class = Mine
    body.process()
    assert body.params == {"a": "X", "b": "v"}


def test_a_processor_may_wrap_ours() -> None:
    seen: list[dict[str, Any]] = []

    def wrapped(entity: Entity) -> None:
        process_multipart_form_data(entity)
        seen.append(entity.params)

    body = multipart(field("a") + END)
    body.processors["multipart/form-data"] = wrapped
    body.process()
    assert seen == [{"a": "v"}]


def sized(octets: bytes) -> SizedReader:
    return SizedReader(io.BytesIO(octets), len(octets), None)


def plain(octets: bytes) -> io.BytesIO:
    return io.BytesIO(octets)


@pytest.mark.parametrize("source", [sized, plain])
def test_a_part_can_be_read_from_any_file(source: Callable[[bytes], Any]) -> None:
    """Nothing is read beyond the boundary: the application goes on with the same file."""
    fp = source(
        b'Content-Disposition: form-data; name="a"\r\n\r\none\r\ntwo\r\n--b\r\n'
        b"\r\nthree\r\n--b--\r\nrest"
    )
    first = Part.from_fp(fp, b"--b")
    assert (first.name, first.boundary) == ("a", b"--b")
    assert first.read_lines_to_boundary() == b"one\r\ntwo"
    second = Part.from_fp(fp, b"--b")
    file = second.read_into_file()
    assert file.read() == b"three"
    file.close()
    assert getattr(fp, "done", True)
    assert fp.readline() == b"rest"


def test_header_fields_can_be_read_from_any_file() -> None:
    fp = io.BytesIO(b"A: 1\r\nB: 2\r\n c\r\n\r\nrest")
    assert Part.read_headers(fp) == {"A": "1", "B": "2 c"}
    assert fp.read() == b"rest"
    with pytest.raises(HTTPError):
        Part.read_headers(io.BytesIO(b""))


def test_all_octets_can_be_read_from_a_part() -> None:
    """``fp`` of a part has what follows it too, by lines or as it comes."""

    class Curious(Part):
        def process(self) -> None:
            self.value = [self.fp.read(2), self.fp.readline(), self.fp.readlines(3)]

    body = multipart(b"--b\r\n\r\none\r\ntwo\r\n" + END, MIXED)
    body.part_class = Curious
    body.process()
    assert body.parts[0].value == [b"on", b"e\r\n", [b"two\r\n"]]
