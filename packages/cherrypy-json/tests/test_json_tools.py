"""The tools, put to applications in this process."""

from __future__ import annotations

import dataclasses
import gzip
import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.lib import jsontools
from cherrypy.testing import Client, isolated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

JSON = {"Content-Type": "application/json"}


@pytest.fixture(autouse=True)
def site() -> Iterator[None]:
    with isolated():
        cherrypy.config.update({"log.screen": False})
        yield


def client(root: Any, config: Mapping[str, Any] | None = None) -> Client:
    return Client(cherrypy.Application(root, "", config), validate=True)


@dataclasses.dataclass
class Song:
    title: str
    seconds: int = 0


class Inward:
    """Handlers that take JSON."""

    @cherrypy.expose
    @cherrypy.tools.json_in()
    def index(self) -> str:
        return repr(getattr(cherrypy.request, "json", "none"))

    @cherrypy.expose
    @cherrypy.tools.json_in(force=False)
    def either(self, **fields: str) -> str:
        return repr((getattr(cherrypy.request, "json", "none"), fields))

    @cherrypy.expose
    @cherrypy.tools.json_in(content_type="application/VND.songs+json")
    def songs(self) -> str:
        return repr(cherrypy.request.json)

    @cherrypy.expose
    @cherrypy.tools.json_in(max_size=9, max_depth=2, duplicate_names="last")
    def small(self) -> str:
        return repr(cherrypy.request.json)

    @cherrypy.expose
    @cherrypy.tools.json_in(max_size=None)
    def large(self) -> str:
        return str(len(cherrypy.request.json))

    @cherrypy.expose
    @cherrypy.tools.json_in(parameter="song")
    def add(self, song: Song, album: str = "none") -> str:
        assert song is cherrypy.request.json
        return f"{song}, {album}"

    @cherrypy.expose
    @cherrypy.tools.json_in(parameter="song")
    def unsaid(self, song) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - that is the mistake
        raise AssertionError(song)

    @cherrypy.expose
    @cherrypy.tools.json_in(
        processor=lambda entity: setattr(cherrypy.request, "own", entity.fp.read())
    )
    def own(self) -> bytes:
        content: bytes = cherrypy.request.own
        return content


@pytest.mark.parametrize(
    "content", [b'{"a": [1, null]}', b"[]", b"3", b"null", ' "\u00e9" '.encode()]
)
@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "text/javascript",
        "Application/JSON",  # RFC 9110 section 8.3.1
        "application/json; charset=utf-8",
        "application/json; charset=latin-1",  # RFC 8259 section 11: it has no effect
        "application/json; charset=nonsense",
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_json_is_decoded(method: str, content_type: str, content: bytes) -> None:
    answer = client(Inward()).request(
        method, "/", content=content, headers={"Content-Type": content_type}
    )
    assert (answer.status, answer.text) == (200, repr(json.loads(content)))


def test_the_client_for_tests_sends_it() -> None:
    assert client(Inward()).post("/", json={"a": "\u00e9"}).text == "{'a': '\u00e9'}"


def test_content_of_unknown_length_is_decoded() -> None:
    """It is sent chunked (RFC 9112 section 7.1)."""
    answer = client(Inward()).post("/", content=iter([b"[1", b", 2]"]), headers=JSON)
    assert answer.text == "[1, 2]"


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_a_method_without_content_is_left_alone(method: str) -> None:
    answer = client(Inward()).request(method, "/")
    assert (answer.status, answer.text) == (200, "" if method == "HEAD" else "'none'")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "multipart/form-data; boundary=x", "json", ""]
)
def test_another_type_is_refused(content_type: str) -> None:
    answer = client(Inward()).post("/", content=b"{}", headers={"Content-Type": content_type})
    assert answer.status == 415
    assert "Expected an entity of content type application/json, text/javascript" in answer.text


def test_a_form_is_refused_and_its_fields_are_no_parameters() -> None:
    assert client(Inward()).post("/", data={"a": "1"}).status == 415


def test_another_type_is_taken_if_that_is_not_forced() -> None:
    ask = client(Inward()).post
    assert ask("/either", data={"a": "1"}).text == "('none', {'a': '1'})"
    assert ask("/either", json=[1]).text == "([1], {})"
    assert ask("/either", content=b"?", headers=JSON).status == 400


def test_types_of_ones_own() -> None:
    ask = client(Inward()).post
    answers = [
        ask("/songs", content=b"[1]", headers={"Content-Type": name}).status
        for name in ("application/VND.songs+json", "application/vnd.songs+json", "application/json")
    ]
    assert answers == [200, 200, 415]


def test_no_length_is_411() -> None:
    answer = client(Inward()).post("/", headers={**JSON, "Content-Length": None})
    assert answer.status == 411


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "Invalid JSON document: Expecting value (line 1, column 1)."),
        (b"[NaN]", "Invalid JSON document: NaN is not a number in JSON (RFC 8259 section 6)."),
        (b"1e999", "Invalid JSON document: the number 1e999 is too large."),
        (b'{"<b>": 1, "<b>": 2}', "an object has the name '&lt;b&gt;' twice."),
        (b"[" * 201 + b"]" * 201, "it is nested more than 200 levels deep."),
        (b"[" * 1_000_000, "it is nested more than 200 levels deep."),
        (b'"\xe9"', "it is not UTF-8 (RFC 8259 section 8.1), see byte 1."),
    ],
)
def test_what_is_no_json_is_400_with_the_reason(content: bytes, reason: str) -> None:
    answer = client(Inward()).post("/", content=content, headers=JSON)
    assert answer.status == 400
    assert reason in answer.text


def test_the_reason_is_in_problem_details_as_well() -> None:
    ask = client(Inward(), {"/": {"request.problem_details": True}}).post
    answer = ask("/", content=b"[", headers={**JSON, "Accept": "application/json"})
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"] == "Invalid JSON document: Expecting value (line 1, column 2)."


def test_limits_can_be_set() -> None:
    ask = client(Inward()).post
    assert ask("/small", content=b"[[1], []]", headers=JSON).text == "[[1], []]"
    assert ask("/small", content=b"[[1], [] ]", headers=JSON).status == 413
    assert ask("/small", content=iter([b"[[1], ", b"[] ]"]), headers=JSON).status == 413
    assert ask("/small", content=b"[[[1]]]", headers=JSON).status == 400
    assert ask("/small", content=b'{"":1}', headers=JSON).text == "{'': 1}"


def test_a_document_that_is_too_large_is_not_read() -> None:
    class Unread:
        def read(self, *_: object) -> bytes:
            raise AssertionError

    application = cherrypy.Application(Inward(), "")
    headers = {**JSON, "Content-Length": str(jsontools.MAX_SIZE + 1)}
    answer = Client(application).post("/", headers=headers, environ={"wsgi.input": Unread()})
    assert answer.status == 413
    assert f"A JSON document may have {jsontools.MAX_SIZE} bytes at most." in answer.text


def test_without_a_limit_that_of_the_server_holds() -> None:
    content = json.dumps("x" * jsontools.MAX_SIZE).encode()
    ask = client(Inward(), {"/": {"request.body.maxbytes": len(content)}}).post
    assert ask("/large", content=content, headers=JSON).text == str(jsontools.MAX_SIZE)
    assert ask("/large", content=content + b" ", headers=JSON).status == 413


def test_an_own_processor_reads_the_body() -> None:
    assert client(Inward()).post("/own", content=b"?", headers=JSON).content == b"?"


def test_a_setting_of_the_wrong_kind_is_told() -> None:
    ask = client(Inward(), {"/": {"tools.json_in.duplicate_names": "first"}})
    ask.raise_errors = True
    with pytest.raises(ValueError, match=r"tools\.json_in\.duplicate_names = 'first'"):
        ask.get("/")


# Validation ---------------------------------------------------------------------------------------


def test_a_document_becomes_an_argument() -> None:
    ask = client(Inward()).post
    answer = ask("/add?album=Pastel", json={"title": "Sinnerman"})
    assert answer.text == "Song(title='Sinnerman', seconds=0), Pastel"
    answer = ask("/add?song=none", json={"title": "Sinnerman"})  # the document is what counts
    assert answer.text == "Song(title='Sinnerman', seconds=0), none"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([], "Invalid value at $: expected an object, got an array."),
        ({}, "Invalid value at $.title: is missing."),
        (
            {"title": "a", "seconds": "<b>"},
            "Invalid value at $.seconds: expected an integer, got text.",
        ),
        ({"title": "a", "<b>": 1}, "$['&lt;b&gt;']: is not known here."),
    ],
)
def test_what_is_not_as_annotated_is_422_with_the_place(document: Any, reason: str) -> None:
    answer = client(Inward()).post("/add", json=document)
    assert answer.status == 422
    assert reason in answer.text


def test_a_parameter_that_says_nothing_is_an_error_of_the_server() -> None:
    ask = client(Inward())
    assert ask.post("/unsaid", json=1).status == 500
    ask.raise_errors = True
    with pytest.raises(
        TypeError, match=r"Inward\.unsaid, parameter 'song': expected an annotation"
    ):
        ask.post("/unsaid", json=1)


def test_a_path_that_leads_nowhere_is_404() -> None:
    ask = client(
        Inward(), {"/": {"tools.json_in.on": True, "tools.json_in.parameter": "song"}}
    ).post
    assert ask("/nowhere", json={"title": "a"}).status == 404


def test_a_method_dispatcher_has_a_parameter_for_its_methods() -> None:
    class Songs:
        exposed = True
        _cp_config = {"tools.json_in.on": True, "tools.json_in.parameter": "song"}  # noqa: RUF012

        def POST(self, song: Song) -> str:
            return song.title

        def GET(self) -> str:
            return "songs"

    ask = client(Songs(), {"/": {"request.dispatch": cherrypy.dispatch.MethodDispatcher()}})
    assert ask.post("/", json={"title": "Sinnerman"}).text == "Sinnerman"
    assert ask.get("/").text == "songs"


# Out ----------------------------------------------------------------------------------------------


def own_handler(*args: Any, **kwargs: Any) -> Iterator[str]:
    """As applications have them, for CherryPy 18."""
    value = cherrypy.serving.request._json_inner_handler(*args, **kwargs)
    yield from ("own: ", str(value), "\u00e9")


class Outward:
    """Handlers that give JSON."""

    _cp_config = {"tools.json_out.on": True}  # noqa: RUF012

    @cherrypy.expose
    def index(self, *names: str, **fields: str) -> Any:
        return [list(names), fields]

    @cherrypy.expose
    def nothing(self) -> None:
        return None

    @cherrypy.expose
    def deleted(self) -> None:
        cherrypy.response.status = 204

    @cherrypy.expose
    def numbers(self, count: str = "3") -> Iterator[int]:
        yield from range(int(count))

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def streamed(self, failing_at: str = "-1") -> Iterator[Any]:
        for number in range(3):
            yield object() if number == int(failing_at) else number

    @cherrypy.expose
    def failing(self) -> None:
        raise cherrypy.HTTPError(404, "no such song")

    @cherrypy.expose
    def moved(self) -> None:
        raise cherrypy.HTTPRedirect("/numbers")

    @cherrypy.expose
    def typed(self) -> int:
        cherrypy.response.headers["Content-Type"] = "application/hal+json"
        return 1

    @cherrypy.expose
    @cherrypy.tools.json_out(content_type="application/geo+json")
    def place(self) -> int:
        return 1

    @cherrypy.expose
    @cherrypy.tools.json_out(content_type=None)
    def untyped(self) -> int:
        return 1

    @cherrypy.expose
    @cherrypy.tools.json_out(content_type="text/x-json")
    def text(self) -> int:
        return 1

    @cherrypy.expose
    @cherrypy.tools.json_out(content_type="application/json\r\nX-Forged: yes")
    def forged(self) -> int:
        return 1

    @cherrypy.expose
    @cherrypy.tools.json_out(handler=own_handler)
    def own(self) -> int:
        return 1

    @cherrypy.expose
    @cherrypy.tools.json_out(on=False)
    def plain(self) -> str:
        return "plain"

    @cherrypy.expose
    def unknown(self) -> Any:
        return {"key": object()}

    @cherrypy.expose
    @cherrypy.tools.etags(autotags=True)
    @cherrypy.tools.gzip(mime_types=["application/json"])
    def long(self) -> Any:
        return {"long": "a" * 1000}

    @cherrypy.expose
    @cherrypy.tools.caching()
    def cached(self) -> Any:
        calls.append(1)
        return {"calls": len(calls)}


calls: list[int] = []


@pytest.mark.parametrize(
    ("path", "content_type", "text"),
    [
        ("/", "application/json", "[[], {}]"),
        ("/?c=d", "application/json", '[[], {"c": "d"}]'),
        ("/nothing", "application/json", "null"),
        ("/numbers", "application/json", "[0, 1, 2]"),
        ("/numbers?count=0", "application/json", "[]"),
        ("/typed", "application/hal+json", "1"),
        ("/place", "application/geo+json", "1"),
        ("/untyped", "text/html;charset=utf-8", "1"),
        ("/text", "text/x-json;charset=utf-8", "1"),
        ("/own", "application/json", "own: 1\u00e9"),
        ("/plain", "text/html;charset=utf-8", "plain"),
    ],
)
def test_what_a_handler_returns_is_encoded(path: str, content_type: str, text: str) -> None:
    answer = client(Outward()).get(path)
    assert (answer.status, answer.content) == (200, text.encode())
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["Content-Length"] == str(len(text.encode()))


def test_head_has_the_header_fields_of_get() -> None:
    ask = client(Outward())
    head, get = ask.head("/?a=b"), ask.get("/?a=b")
    assert head.content == b""
    assert head.headers["Content-Length"] == get.headers["Content-Length"]


def test_no_content_has_none() -> None:
    answer = client(Outward()).get("/deleted")
    assert (answer.status, answer.content) == (204, b"")
    assert "Content-Type" not in answer.headers


def test_errors_and_redirects_are_no_json() -> None:
    answer = client(Outward()).get("/failing")
    assert (answer.status, answer.headers["Content-Type"]) == (404, "text/html;charset=utf-8")
    assert client(Outward()).get("/moved").headers["Location"] == "http://localhost/numbers"
    assert client(Outward()).get("/own/x/y").status == 404


def test_what_has_no_words_in_json_is_an_error_of_the_server() -> None:
    answer = client(Outward(), {"/": {"request.show_tracebacks": False}}).get("/unknown")
    assert answer.status == 500
    assert "object" not in answer.text.partition("<p>")[2].partition("Error id")[0]


def test_a_media_type_forges_no_header_field() -> None:
    answer = client(Outward()).get("/forged")
    assert "X-Forged" not in answer.headers


def test_a_stream_comes_item_by_item() -> None:
    with client(Outward()).get("/streamed", stream=True) as answer:
        assert "Content-Length" not in answer.headers
        assert list(answer) == [b"[0", b", 1", b", 2", b"]"]


def test_a_stream_takes_the_memory_of_one_item() -> None:
    class Site:
        @cherrypy.expose
        @cherrypy.config(**{"response.stream": True})
        @cherrypy.tools.json_out()
        def index(self) -> Iterator[str]:
            for _ in range(2000):
                yield "x" * 10_000

    with client(Site()).get("/", stream=True) as answer:
        tracemalloc.start()
        try:
            length = sum(map(len, answer))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert length == 2000 * 10_004
    assert peak < 200_000


def test_a_stream_that_fails_is_cut_off() -> None:
    """It never looks like a whole document: there is no bracket at its end."""
    with client(Outward()).get("/streamed?failing_at=2", stream=True) as answer:
        chunks = iter(answer)
        assert [next(chunks), next(chunks)] == [b"[0", b", 1"]
        with pytest.raises(TypeError, match="is not JSON serializable"):
            next(chunks)


def test_it_goes_with_etags_and_gzip() -> None:
    ask = client(Outward())
    packed = ask.get("/long", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.content) == json.dumps({"long": "a" * 1000}).encode()
    tag = ask.get("/long").headers["ETag"]
    assert ask.get("/long", headers={"If-None-Match": tag}).status == 304


def test_it_goes_with_the_cache() -> None:
    cherrypy.tree.mount(Outward(), "/cached-site")
    ask = Client(base="http://localhost/cached-site")
    calls.clear()
    assert [ask.get("/cached").text for _ in range(2)] == ['{"calls": 1}'] * 2


def test_both_tools_at_once() -> None:
    class Echo:
        @cherrypy.expose
        @cherrypy.tools.json_in()
        @cherrypy.tools.json_out()
        def index(self) -> Any:
            return cherrypy.request.json

    assert client(Echo()).post("/", json={"a": [1.5, None]}).json() == {"a": [1.5, None]}


def test_a_tool_that_answers_first_is_left_alone(request: pytest.FixtureRequest) -> None:
    request.addfinalizer(lambda: delattr(cherrypy.tools, "answering"))

    @cherrypy.tools.register("before_handler", priority=10, name="answering")
    def answer() -> None:
        cherrypy.response.body = b"answered"
        cherrypy.request.handler = None

    root = Outward()
    assert client(root, {"/": {"tools.answering.on": True}}).get("/").content == b"answered"


# As applications use them -------------------------------------------------------------------------


def test_the_tools_are_announced() -> None:
    assert [type(tool).__name__ for tool in (cherrypy.tools.json_in, cherrypy.tools.json_out)] == [
        "JSONInTool",
        "JSONOutTool",
    ]
    assert cherrypy.tools.json_in.callable is jsontools.json_in
    assert cherrypy.tools.json_out._point == "before_handler"
    assert cherrypy.tools.json_in._priority == cherrypy.tools.json_out._priority == 30


def test_a_priority_can_be_set() -> None:
    class Site:
        @cherrypy.expose
        @cherrypy.tools.json_out(priority=65)
        def index(self) -> str:
            return " ".join(str(hook.priority) for hook in cherrypy.request.hooks["before_handler"])

    assert client(Site()).get("/").json() == "60 65 70"


def test_the_functions_can_be_called_by_hand() -> None:
    class Site:
        @cherrypy.expose
        @cherrypy.config(**{"hooks.before_handler": jsontools.json_out})
        @cherrypy.config(**{"hooks.before_request_body": jsontools.json_in})
        def index(self) -> Any:
            return cherrypy.request.json

        @cherrypy.expose
        def wrapped(self) -> Any:
            cherrypy.request._json_inner_handler = lambda *args, **kwargs: [args, kwargs]
            return b"(" + b"".join(jsontools.json_handler(1, b=2)) + b")"

    ask = client(Site())
    assert ask.post("/", json=[1]).json() == [1]
    assert ask.get("/wrapped").text == '([[1], {"b": 2}])'


def test_the_default_processor_can_be_called_by_an_own_one() -> None:
    def lowered(entity: Any) -> None:
        jsontools.json_processor(entity)
        cherrypy.request.json = cherrypy.request.json.lower()

    class Site:
        @cherrypy.expose
        @cherrypy.tools.json_in(processor=lowered)
        def index(self) -> Any:
            return cherrypy.request.json

    assert client(Site()).post("/", json="ABC").text == "abc"


def test_functions_of_the_tools_can_be_replaced() -> None:
    """As extensions do that wrap what the tool does."""
    seen = []

    def json_out(**settings: Any) -> None:
        seen.append(settings)
        jsontools.json_out(**settings)

    cherrypy.tools.json_out.callable = json_out
    try:
        assert client(Outward()).get("/place").text == "1"
    finally:
        cherrypy.tools.json_out.callable = jsontools.json_out
    assert seen == [{"content_type": "application/geo+json"}]


def test_a_subclass_with_a_setup_of_its_own_works() -> None:
    class Loud(jsontools.JSONInTool):
        def _setup(self) -> None:
            super()._setup()
            cherrypy.request.hooks.attach("before_handler", self.shout, priority=1)

        def shout(self) -> None:
            cherrypy.request.json = cherrypy.request.json.upper()

    cherrypy.tools.loud = Loud()

    class Site:
        @cherrypy.expose
        @cherrypy.tools.loud(max_size=5)
        def index(self) -> Any:
            return cherrypy.request.json

    ask = client(Site())
    assert ask.post("/", json="abc").text == "ABC"
    assert ask.post("/", json="abcd").status == 413
