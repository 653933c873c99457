"""Bodies that are sent as they are made: what is current meanwhile, and that they are closed."""

from __future__ import annotations

import contextlib
import contextvars
import io
import threading
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

import cherrypy
from cherrypy.lib import file_generator, file_generator_limited, is_closable_iterator, is_iterator
from wsgi_client import Client, make_environ

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from log_records import Records

pytestmark = pytest.mark.usefixtures("site")


class Source(io.BytesIO):
    """A file that tells how often it was closed."""

    closings = 0

    def close(self) -> None:
        self.closings += not self.closed
        super().close()


class Chunks:
    """An iterator that has to be closed."""

    def __init__(self, *, failing: bool = False) -> None:
        self.closings = 0
        self.failing = failing
        self.left = 3

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if not self.left:
            if self.failing:
                raise ValueError("in the middle")
            raise StopIteration
        self.left -= 1
        return b"chunk"

    def close(self) -> None:
        self.closings += 1


class GeneratorSource:
    """Makes a generator, and knows whether it has ended."""

    def __init__(self, *, failing: bool = False) -> None:
        self.closings = 0
        self.failing = failing

    def make(self) -> Iterator[bytes]:
        try:
            for _ in range(3):
                yield b"chunk"
            if self.failing:
                raise ValueError("in the middle")
        finally:
            self.closings += 1


def _page(handler: Callable[[], object]) -> Callable[[], object]:
    """Make a handler that can be exposed of any callable."""

    @cherrypy.expose
    def page() -> object:
        return handler()

    return page


def site_of(handler: Callable[[], object], **config: object) -> Client:
    """Make an application whose page has this handler, and these settings, ``__`` for the dot."""
    settings = {key.replace("__", "."): value for key, value in config.items()}
    root = type("Root", (), {"index": staticmethod(_page(handler))})()
    return Client(cherrypy.Application(root, "", {"/": settings}))


def sources() -> list[Any]:
    """Make one source of each kind; each has ``closings``."""
    return [Source(b"chunk" * 3), Chunks(), GeneratorSource()]


def body_of(source: Any) -> Any:
    return source.make() if isinstance(source, GeneratorSource) else source


KINDS = pytest.mark.parametrize("kind", range(3), ids=["file", "iterator", "generator"])
STREAM = pytest.mark.parametrize("stream", [False, True])
TYPES = pytest.mark.parametrize("content_type", ["text/html", "application/octet-stream"])


def typed(source: Any, content_type: str) -> Callable[[], object]:
    def handler() -> object:
        cherrypy.response.headers["Content-Type"] = content_type
        return body_of(source)

    return handler


@KINDS
@STREAM
@TYPES
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_is_sent_is_closed_at_its_end(
    kind: int, content_type: str, method: str, *, stream: bool
) -> None:
    source = sources()[kind]
    answer = site_of(typed(source, content_type), response__stream=stream).ask(method, "/")
    assert answer.code == 200
    assert answer.body == (b"" if method == "HEAD" else b"chunk" * 3)
    # a generator that was never begun has nothing to be closed
    assert source.closings == 1 or (kind == 2 and stream and method == "HEAD")


@KINDS
@TYPES
@pytest.mark.parametrize("pieces", [0, 1, 2])
def test_what_is_sent_is_closed_where_the_client_goes_away(
    kind: int, content_type: str, pieces: int
) -> None:
    source = sources()[kind]
    ended: list[bool] = []
    client = site_of(
        typed(source, content_type),
        response__stream=True,
        hooks__on_end_request=lambda: ended.append(True),
    )
    with client.open("GET", "/") as (answer, body):
        assert answer.code == 200
        for _ in range(pieces):
            next(body, b"")
        assert not ended
    assert ended == [True]
    assert source.closings == 1 or (kind == 2 and pieces == 0)
    assert cherrypy.request.app is None


@KINDS
@STREAM
@TYPES
@pytest.mark.parametrize("point", ["before_finalize", "on_end_resource"])
@pytest.mark.parametrize(
    "error", [ValueError(), cherrypy.HTTPError(403), cherrypy.HTTPRedirect("http://x/"), None]
)
def test_what_is_not_sent_is_closed(
    kind: int, content_type: str, point: str, error: Exception | None, *, stream: bool
) -> None:
    """The answer becomes another one after the handler has opened something."""
    source = sources()[kind]
    if kind == 2:
        source.generator = body_of(source)
        next(source.generator)  # begun, so that there is something to be closed

    def handler() -> object:
        cherrypy.response.headers["Content-Type"] = content_type
        return source.generator if kind == 2 else source

    def fail() -> None:
        if error is None:
            raise cherrypy.HTTPRedirect("http://x/", 304)
        raise error

    answer = site_of(handler, response__stream=stream, **{f"hooks__{point}": fail}).get("/")
    assert answer.code != 200
    assert source.closings == 1


@KINDS
@STREAM
def test_what_is_not_sent_is_closed_where_the_status_is_wrong(kind: int, *, stream: bool) -> None:
    source = sources()[kind]

    def handler() -> object:
        cherrypy.response.status = "nonsense"
        return body_of(source)

    assert site_of(handler, response__stream=stream).get("/").code == 500
    assert source.closings == 1 or (kind == 2 and stream)


@pytest.mark.parametrize("make", [Chunks, GeneratorSource])
def test_a_stream_that_fails_is_cut(make: Any) -> None:
    """The server is told, by the exception; nothing is put at the end of the content."""
    source = make(failing=True)
    received: list[bytes] = []
    client = site_of(lambda: body_of(source), response__stream=True)
    with (
        pytest.raises(ValueError, match="in the middle"),
        client.open("GET", "/") as (answer, body),
    ):
        received.extend(body)
    assert (answer.code, received) == (200, [b"chunk"] * 3)
    assert source.closings == 1


@pytest.mark.parametrize("make", [Chunks, GeneratorSource])
def test_what_fails_before_it_is_sent_is_an_error(make: Any) -> None:
    source = make(failing=True)
    answer = site_of(lambda: body_of(source)).get("/")
    assert (answer.code, b"chunk" in answer.body) == (500, False)
    assert source.closings == 1


def test_a_failing_close_is_logged(errors: Records) -> None:
    class Failing(Chunks):
        def close(self) -> None:
            super().close()
            raise ValueError("while closing")

    source, ended = Failing(), []
    client = site_of(
        lambda: source,
        response__stream=True,
        hooks__on_end_request=lambda: ended.append(True),
    )
    assert client.get("/").body == b"chunk" * 3
    assert "while closing" in errors.text
    assert ended == [True]


def test_a_stream_comes_in_the_pieces_it_is_made_in() -> None:
    made: list[str] = []

    def content() -> Iterator[str]:
        for text in ("one", "two", "three"):
            made.append(text)
            yield text

    client = site_of(content, response__stream=True)
    with client.open("GET", "/") as (answer, body):
        assert (answer.code, made) == (200, [])
        assert (next(body), made) == (b"one", ["one"])
        assert (next(body), made) == (b"two", ["one", "two"])
    assert answer.field("Content-Length") is None


@pytest.mark.parametrize("status", [204, 304])
def test_a_stream_is_closed_where_there_is_no_content(status: int) -> None:
    source = Chunks()

    def handler() -> Chunks:
        cherrypy.response.status = status
        return source

    assert site_of(handler, response__stream=True).get("/").body == b""
    assert source.closings == 1


# What is current while a body is made -------------------------------------------------------------


def tell() -> str:
    request, response = cherrypy.request, cherrypy.response
    return f"{request.path_info} {response.status!r} {request.app.script_name}"


def telling() -> Iterator[str]:
    cherrypy.response.status = 202
    for _ in range(3):
        yield tell() + "\n"
    cherrypy.request.ended = True


@STREAM
def test_the_request_is_current_in_a_generator(*, stream: bool) -> None:
    def handler() -> Iterator[str]:
        return telling()

    answer = site_of(handler, response__stream=stream).get("/")
    assert answer.text == "/ 202 \n" * 3
    assert cherrypy.request.app is None


def test_the_request_is_current_in_whatever_thread_iterates() -> None:
    client = site_of(telling, response__stream=True)
    pieces: list[bytes] = []
    left: list[object] = []
    body: Any = client.application(make_environ(), lambda *_: None)

    def take_one() -> None:
        pieces.append(next(body))
        left.append(cherrypy.request.app)

    for _ in range(3):
        thread = threading.Thread(target=take_one)
        thread.start()
        thread.join()
    thread = threading.Thread(target=body.close)
    thread.start()
    thread.join()
    assert b"".join(pieces) == b"/ 202 \n" * 3
    assert left == [None] * 3
    assert cherrypy.request.app is None


def test_the_request_is_current_in_another_context() -> None:
    """As it is where a server runs each step in a context of its own."""
    body: Any = contextvars.copy_context().run(
        site_of(telling, response__stream=True).application, make_environ(), lambda *_: None
    )
    pieces = [contextvars.Context().run(next, body) for _ in range(3)]
    contextvars.Context().run(body.close)
    assert b"".join(pieces) == b"/ 202 \n" * 3


def test_the_request_is_current_while_a_body_is_closed() -> None:
    told: list[str] = []

    class Telling(Chunks):
        def close(self) -> None:
            told.append(tell())

    client = site_of(Telling, response__stream=True)
    body: Any = client.application(make_environ(), lambda *_: None)
    thread = threading.Thread(target=body.close)
    thread.start()
    thread.join()
    assert told == ["/ '200 OK' "]


def test_streams_that_are_sent_in_turns_keep_to_their_requests() -> None:
    """One thread serves two clients."""

    class Root:
        @cherrypy.expose
        @cherrypy.config(**{"response.stream": True})
        def default(self, name: str) -> Iterator[str]:
            for number in range(3):
                yield f"{name} {number} {cherrypy.request.path_info}"

    app = cherrypy.Application(Root(), "")
    bodies: list[Any] = [app(make_environ("GET", f"/{name}"), lambda *_: None) for name in "ab"]
    texts = [next(body).decode() for _ in range(3) for body in bodies]
    for body in bodies:
        body.close()
    assert texts == [f"{name} {number} /{name}" for number in range(3) for name in "ab"]
    assert cherrypy.request.app is None


def test_a_stream_is_closed_once() -> None:
    source, ended = Chunks(), []
    client = site_of(
        lambda: source, response__stream=True, hooks__on_end_request=lambda: ended.append(1)
    )
    body: Any = client.application(make_environ(), lambda *_: None)
    body.close()
    body.close()
    assert (source.closings, ended) == (1, [1])


def test_a_streamed_error_page_is_sent() -> None:
    def page(**_values: str) -> Iterator[str]:
        yield "one "
        yield tell()

    client = site_of(lambda: None, error_page__404=page)
    assert client.get("/nobody").text.startswith("one /nobody '404 Not Found'")


# Helpers ------------------------------------------------------------------------------------------


def test_a_file_is_read_in_chunks_and_closed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abcdefg")
    file = path.open("rb")
    assert list(file_generator(file, 3)) == [b"abc", b"def", b"g"]
    assert file.closed
    file = path.open("rb")
    chunks = file_generator(file, 3)
    assert next(chunks) == b"abc"
    chunks.close()
    assert file.closed
    with path.open("rb") as file:
        assert list(file_generator_limited(file, 5, 2)) == [b"ab", b"cd", b"e"]
    with path.open("rb") as file:
        assert b"".join(file_generator_limited(file, 100, 2)) == b"abcdefg"


def test_iterators_are_told_from_iterables() -> None:
    generator = (chunk for chunk in "abc")
    assert is_iterator(generator)
    assert is_closable_iterator(generator)
    assert is_iterator(iter([]))
    assert not is_closable_iterator(iter([]))
    iterables: list[object] = [[], (), "", {}, range(0)]
    for iterable in iterables:
        assert not is_iterator(iterable)
        assert not is_closable_iterator(iterable)
    with contextlib.closing(Chunks()) as chunks:
        assert is_closable_iterator(chunks)


class Late:
    """Streams that fail before anything is sent."""

    _cp_config: ClassVar = {"response.stream": True, "request.show_tracebacks": False}

    @cherrypy.expose
    def unexpected(self) -> Iterator[bytes]:
        yield b""
        raise ZeroDivisionError

    @cherrypy.expose
    def error(self) -> Iterator[bytes]:
        raise cherrypy.HTTPError(409, "late")
        yield b"never"

    @cherrypy.expose
    def redirect(self) -> Iterator[bytes]:
        raise cherrypy.HTTPRedirect("/there")
        yield b"never"

    @cherrypy.expose
    def thrown(self) -> Iterator[bytes]:
        cherrypy.request.throw_errors = True
        raise ZeroDivisionError
        yield b"never"


def test_a_stream_that_fails_before_its_first_bytes_gets_the_error_page(errors: Records) -> None:
    client = Client(cherrypy.Application(Late(), ""))
    answer = client.get("/unexpected")
    assert (answer.code, "Error id" in answer.text) == (500, True)
    assert answer.field("Content-Length") == str(len(answer.body))
    assert "ZeroDivisionError" in errors.text
    answer = client.get("/error")
    assert (answer.code, "<p>late</p>" in answer.text) == (409, True)
    answer = client.get("/redirect")
    assert (answer.code, answer.field("Location")) == (303, "http://localhost/there")
    with pytest.raises(ZeroDivisionError):
        client.get("/thrown")


def test_the_error_page_of_a_stream_may_fail_too() -> None:
    def page(**_values: str) -> Iterator[bytes]:
        raise ZeroDivisionError
        yield b"never"

    app = cherrypy.Application(Late(), "", {"/": {"error_page.default": page}})
    answer = Client(app).get("/error")
    assert (answer.code, answer.text) == (500, "Unrecoverable error in the server.")


def test_every_request_of_a_stream_that_fails_is_ended_once() -> None:
    ended: list[int] = []
    cherrypy.tools.ended = cherrypy.Tool("on_end_request", lambda: ended.append(1))
    app = cherrypy.Application(Late(), "", {"/": {"tools.ended.on": True}})
    Client(app).get("/unexpected")
    assert ended == [1]
