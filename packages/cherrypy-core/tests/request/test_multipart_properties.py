"""Multipart bodies: properties that hold whatever is in them."""

import io
import re
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from cherrypy._http.fields import quote
from cherrypy._http.headers import HeaderMap
from cherrypy._request.body import RequestBody
from cherrypy._request.entity import Part
from cherrypy._runtime.errors import HTTPError

BOUNDARY = b"b--b"  # hyphens in it, so that other lines nearly are boundaries
BOUNDARY_LINE = re.compile(rb"(?:\A|\n)--b--b(?:--)?[ \t]*(?:\r?\n|\Z)")

pieces = st.sampled_from(
    [b"\r", b"\n", b"\r\n", b"-", b"--", b"--b", b"--b--b", b"\r\n--b--b", b"\r\n--b--b--", b" ",
     b"\t", b"b", b"\x00", b"\xff", b": ", b"A", b"x" * 70_000]
)  # fmt: skip
octets = st.lists(pieces | st.binary(max_size=5), max_size=12).map(b"".join)
contents = octets.filter(lambda content: not BOUNDARY_LINE.search(content + b"\r\n"))
names = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=10)
parts = st.tuples(names, st.none() | names.filter(bool), contents)
cuts = st.lists(st.integers(1, 70_000) | st.integers(1, 8), min_size=1, max_size=8)


class CutFile:
    """A file that hands on octets in pieces of given sizes, over and over."""

    def __init__(self, content: bytes, sizes: list[int]) -> None:
        self.content = content
        self.sizes = sizes
        self.position = self.reads = 0

    def read(self, size: int) -> bytes:
        """Read up to ``size`` octets."""
        size = min(size, self.sizes[self.reads % len(self.sizes)])
        self.reads += 1
        start, self.position = self.position, self.position + size
        return self.content[start : start + size]


class InMemory(Part):
    """A part whose file is fast."""

    attempt_charsets = ["latin-1"]  # noqa: RUF012 - as upstream

    def make_file(self) -> io.BytesIO:
        """Make a file in memory."""
        return io.BytesIO()


class LineByLine(InMemory):
    """A part that finds its boundary line by line."""

    def read_lines_to_boundary(self, fp_out: Any = None) -> Any:
        """Collect lines up to the boundary."""
        lines: list[bytes] = []
        line_end = b"\n"
        while True:
            line = self.fp.readline(1 << 16)
            if not line:
                raise EOFError
            if line_end == b"\n" and re.fullmatch(
                re.escape(self.boundary) + rb"(--)?[ \t]*(\r?\n)?", line
            ):
                break
            line_end = line[-1:]
            lines.append(line)
        content = b"".join(lines)
        if content.endswith(b"\n"):
            content = content[: -2 if content.endswith(b"\r\n") else -1]
        if fp_out is None:
            return content
        fp_out.write(content)
        fp_out.seek(0)
        return fp_out


def read(
    content: bytes, sizes: list[int], part_class: type[Part] = InMemory, kind: str = "mixed"
) -> list[tuple[Any, ...]]:
    """Return what the parts of a multipart body are."""
    headers = HeaderMap(
        {
            "Content-Type": f'multipart/{kind}; boundary="{BOUNDARY.decode()}"',
            "Content-Length": str(len(content)),
        }
    )
    body = RequestBody(CutFile(content, sizes), headers)
    body.part_class = part_class
    body.process()
    return [
        (part.name, part.filename, part.value if part.file is None else part.file.read())
        for part in body.parts
    ]


def outcome(content: bytes, sizes: list[int]) -> object:
    """Return the parts, or what is wrong with them."""
    try:
        return read(content, sizes)
    except HTTPError as error:
        return error.args


def format_part(name: str, filename: str | None, content: bytes) -> bytes:
    parameters = f"; name={quote(name)}"
    if filename is not None:
        parameters += f"; filename={quote(filename)}"
    head = f"Content-Disposition: form-data{parameters}\r\n\r\n".encode()
    return b"\r\n--" + BOUNDARY + b"\r\n" + head + content


def format_body(given_parts: list[tuple[str, str | None, bytes]]) -> bytes:
    return b"".join(format_part(*part) for part in given_parts) + b"\r\n--" + BOUNDARY + b"--\r\n"


@settings(max_examples=50, deadline=None)
@given(st.lists(parts, max_size=4), cuts)
@example([("a", None, b"--b")], [70_000])  # looked as if the boundary was about to come
@example([("a", None, b"--b--bX" + b"y" * 70_000)], [70_000])
@example([("\\", '"', b"\r\n")], [1])
def test_parts_come_out_as_they_went_in(
    given_parts: list[tuple[str, str | None, bytes]], sizes: list[int]
) -> None:
    assert read(format_body(given_parts), sizes) == given_parts


@settings(max_examples=50, deadline=None)
@given(st.lists(parts, max_size=4), cuts)
def test_fields_come_out_as_they_went_in(
    given_parts: list[tuple[str, str | None, bytes]], sizes: list[int]
) -> None:
    fields = {name: content for name, filename, content in given_parts if filename is None}
    body = format_body([(name, None, content) for name, content in fields.items()])
    headers = HeaderMap(
        {
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY.decode()}",
            "Content-Length": str(len(body)),
        }
    )
    params: dict[str, Any] = {}
    request_body = RequestBody(CutFile(body, sizes), headers, request_params=params)
    request_body.part_class = InMemory
    request_body.process()
    assert params == {name: content.decode("latin-1") for name, content in fields.items()}


@settings(max_examples=50, deadline=None)
@given(st.lists(parts, max_size=4), cuts)
def test_parts_that_read_lines_see_the_same(
    given_parts: list[tuple[str, str | None, bytes]], sizes: list[int]
) -> None:
    assert read(format_body(given_parts), sizes, LineByLine) == given_parts


@settings(max_examples=50, deadline=None)
@given(octets, octets, octets, cuts)
@example(b"--b--b--", b"", b"", [1])
@example(b"--b--b\r\n\r\nx\n--b--b", b" " * 300, b"\r\n--b--b--\r\n", [1])
def test_any_cut_of_a_body_gives_the_same(
    first: bytes, second: bytes, third: bytes, sizes: list[int]
) -> None:
    content = first + b"\r\n--b--b\r\n\r\n" + second + b"\r\n--b--b--" + third
    assert outcome(content, sizes) == outcome(content, [len(content)])
    assert outcome(first, sizes) == outcome(first, [len(first) + 1])


@settings(max_examples=50, deadline=None)
@given(
    octets,
    st.sampled_from(["mixed", "form-data", "x"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
)
def test_no_input_raises_anything_but_an_http_error(content: bytes, kind: str, header: str) -> None:
    part = b"--b--b\r\nContent-Type: " + header.encode() + b"\r\n\r\n" + content
    for body in (content, part, part + b"\r\n--b--b--"):
        try:
            read(body, [65536], kind=kind)
        except HTTPError as error:
            assert error.code in (400, 413)  # noqa: PT017 - most inputs raise nothing


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(["Content-Type", "Content-Disposition", "Content-Length", "Trailer"]),
    st.text(st.characters(max_codepoint=255), max_size=40),
    st.binary(max_size=40),
)
@example("Content-Type", "application/x-www-form-urlencoded; charset=undefined", b"a=\xff")
@example("Content-Type", "application/x-www-form-urlencoded; charset=idna", b"a=\xff")
@example("Content-Type", 'application/x-www-form-urlencoded; charset="a\0"', b"a=\xff")
@example("Content-Type", "multipart/form-data", b"")
@example("Content-Disposition", "x; filename*=a''%", b"")
def test_no_header_field_raises_anything_but_an_http_error(
    name: str, value: str, content: bytes
) -> None:
    headers = HeaderMap({"Content-Length": str(len(content)), name: value})
    try:
        RequestBody(io.BytesIO(content), headers).process()
    except HTTPError as error:
        assert error.code in (400, 413)  # noqa: PT017 - most inputs raise nothing
