"""How much a multipart body may hold, and what it costs to read or to refuse one."""

import gc
import io
import tracemalloc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from cherrypy._http.headers import HeaderMap
from cherrypy._request.body import RequestBody
from cherrypy._request.entity import Part
from cherrypy._runtime.errors import HTTPError

MEBIBYTE = 2**20
FIELD = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nv\r\n'
FILE = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nv\r\n'
END = b"--b--\r\n"


class Endless:
    """A body that is made while it is read, and knows how much of it was."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.blocks = blocks
        self.left = b""
        self.read_octets = 0

    def read(self, size: int) -> bytes:
        """Read up to ``size`` octets."""
        block = self.left or next(self.blocks, b"")
        octets, self.left = block[:size], block[size:]
        self.read_octets += len(octets)
        return octets


def multipart(fp: Any, content_type: str = "multipart/form-data") -> RequestBody:
    headers = HeaderMap(
        {"Content-Type": f"{content_type}; boundary=b", "Transfer-Encoding": "chunked"}
    )
    return RequestBody(fp, headers)


class Recorded(Part):
    """A part that says which files were made."""

    made: list[Any]

    def make_file(self) -> Any:
        """Make a file and take note of it."""
        self.made.append(super().make_file())
        return self.made[-1]


def recorded(body: RequestBody) -> list[Any]:
    """Let a body have parts that say which files they made."""
    made: list[Any] = []
    body.part_class = type("Recorded", (Recorded,), {"made": made})
    return made


@pytest.mark.parametrize(
    ("limit", "allowed", "beyond", "message"),
    [
        ("max_parts", FIELD * 3, FIELD * 4, "3 parts"),
        ("max_files", FIELD + FILE * 3, FILE * 4, "3 files"),
        ("max_fields", FIELD * 3 + FILE, FIELD * 4, "3 fields"),
        ("max_fields_size", FIELD * 3 + FILE, FIELD + FIELD.replace(b"v", b"vvv"), "3 bytes"),
        ("max_part_headers", b"--b\r\nA:\r\nB:\r\nC:\r\n\r\n\r\n",
         b"--b\r\nA:\r\nB:\r\nC:\r\n D\r\n\r\n\r\n", "3 header lines"),
        ("max_part_header_size", b"--b\r\n\r\nv\r\n", b"--b\r\n12\r\n\r\nv\r\n",
         "3 bytes in the headers"),
    ],
)  # fmt: skip
def test_what_is_beyond_a_limit_is_refused(
    limit: str, allowed: bytes, beyond: bytes, message: str
) -> None:
    body = multipart(io.BytesIO(allowed + END))
    setattr(body, limit, 3)
    body.process()

    refused_body = multipart(io.BytesIO(beyond + END))
    setattr(refused_body, limit, 3)
    made = recorded(refused_body)
    with pytest.raises(HTTPError, match=message) as refused:
        refused_body.process()
    assert refused.value.code == 413
    assert all(file.closed for file in made)

    unlimited = multipart(io.BytesIO(allowed + END))
    setattr(unlimited, limit, None)
    unlimited.process()


def test_nested_parts_count_as_well() -> None:
    inner = b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\n\r\n--c--\r\n"
    body = multipart(io.BytesIO(inner * 2 + END), "multipart/mixed")
    body.max_parts = 3
    with pytest.raises(HTTPError, match="3 parts"):
        body.process()


@pytest.mark.parametrize(
    "blocks",
    [
        iter([FIELD * 50_000]),
        iter([FILE * 50_000]),
        iter([b"--b\r\n", *[b"A" * 50_000] * 100]),  # a header line that does not end
        iter([b"--b\r\n", *[b"A: b\r\n" * 10_000] * 100]),
    ],
    ids=["tiny fields", "tiny files", "endless header line", "endless headers"],
)
def test_nothing_is_read_far_beyond_a_limit(blocks: Iterator[bytes]) -> None:
    fp = Endless(blocks)
    with pytest.raises(HTTPError) as refused:
        multipart(fp).process()
    assert refused.value.code == 413
    assert fp.read_octets <= 2 * 65536


def test_a_large_field_is_refused_before_it_is_held() -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
    body = multipart(Endless(iter([head, *[b"x" * 65536] * 1000])))
    made = recorded(body)
    with pytest.raises(HTTPError, match="bytes in its fields") as refused:
        body.process()
    assert refused.value.code == 413
    assert [file.closed for file in made] == [True]


@pytest.mark.parametrize(
    "block",
    [b"x" * 65536, b"x\n" * 32768, b"\r" * 65536, b"\n" * 65536, b"\r\n--" * 16384,
     (b"\r\n--bX" + b"y" * 1000) * 64],
    ids=["no line feed", "lines", "carriage returns", "line feeds", "hyphens", "nearly"],
)  # fmt: skip
@pytest.mark.parametrize("disposition", [b'; name="f"; filename="f"', b""])
def test_a_part_takes_the_same_memory_whatever_it_holds(block: bytes, disposition: bytes) -> None:
    count = 16 * MEBIBYTE // len(block)
    head = b"--b\r\nContent-Disposition: form-data" + disposition + b"\r\n\r\n"
    body = multipart(Endless(iter([head, *[block] * count, b"\r\n", END])))
    tracemalloc.start()
    try:
        body.process()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    part = body.params["f"] if disposition else body.parts[0]
    part.file.seek(0, io.SEEK_END)
    assert part.file.tell() == count * len(block)
    assert peak < MEBIBYTE


def test_a_part_goes_to_disk_as_it_comes() -> None:
    """What was read and is not in the file is never more than a block and a boundary."""
    sizes = []
    made: list[Any] = []

    def blocks() -> Iterator[bytes]:
        yield FILE.removesuffix(b"v\r\n")
        for index in range(20):
            if made:
                made[0].flush()
                sizes.append(index * 65536 - made[0].seek(0, io.SEEK_END))
            yield b"x" * 65536
        yield b"\r\n" + END

    body = multipart(Endless(blocks()))
    made = recorded(body)
    body.process()
    assert len(sizes) > 15
    assert max(sizes) <= 2 * 65536


MALFORMED = FILE + b"--b\r\n\r\n" + b"x" * 5000 + b"\r\n" + FILE.replace(b"v\r\n", b"x" * 70_000)


@pytest.mark.parametrize("end", [b"", b"--", b"\r\n--b\r\nmalformed\r\n"])
def test_the_files_of_a_malformed_body_are_gone_at_once(end: bytes) -> None:
    body = multipart(io.BytesIO(MALFORMED + end))
    made = recorded(body)
    with pytest.raises(HTTPError) as refused:
        body.process()
    assert refused.value.code == 400
    assert [file.closed for file in made] == [True, True, True]


def test_the_files_of_nested_parts_are_gone_too() -> None:
    inner = FILE.replace(b"--b", b"--c") + b"--c--\r\n"
    octets = b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n" + inner + b"--b\r\nbad"
    body = multipart(io.BytesIO(octets), "multipart/mixed")
    made = recorded(body)
    body.part_class.part_class = body.part_class
    with pytest.raises(HTTPError):
        body.process()
    assert [file.closed for file in made] == [True]


def test_the_files_of_a_body_with_an_undecodable_field_are_gone_too() -> None:
    body = multipart(io.BytesIO(FILE + FIELD.replace(b"v", b"\xff") + FILE + END))
    made = recorded(body)
    with pytest.raises(HTTPError, match="could not be decoded"):
        body.process()
    assert [file.closed for file in made] == [True, True]


def test_a_file_is_closed_if_its_disk_is_full() -> None:
    class Full(io.BytesIO):
        def write(self, _: Any) -> int:
            raise OSError(28, "No space left on device")

    made = []

    class OnFullDisk(Part):
        def make_file(self) -> Full:
            made.append(Full())
            return made[-1]

    body = multipart(io.BytesIO(FILE + END))
    body.part_class = OnFullDisk
    with pytest.raises(OSError, match="No space left"):
        body.process()
    assert made[0].closed


def test_the_file_of_a_field_is_closed_when_the_field_is_text() -> None:
    body = multipart(io.BytesIO(FIELD.replace(b"v", b"v" * 5000) + END))
    made = recorded(body)
    body.process()
    assert body.params == {"a": "v" * 5000}
    assert [file.closed for file in made] == [True]


def test_files_close_when_nobody_refers_to_them() -> None:
    """At once, not at the next run of the garbage collector: there are only so many of them."""
    gc.disable()
    try:
        body = multipart(io.BytesIO(FILE + END))
        body.process()
        file = weakref.ref(body.params["f"].file)
        assert file() is not None
        del body
        assert file() is None
    finally:
        gc.enable()


def test_an_uploaded_file_outlives_its_request() -> None:
    body = multipart(io.BytesIO(FILE + END))
    body.process()
    file = body.params["f"].file
    del body
    assert file.read() == b"v"
    file.close()
