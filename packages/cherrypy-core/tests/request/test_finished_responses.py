"""What hooks and logs see of a response that is finished, and what they may still change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy._runtime.logs import LogManager
from wsgi_client import Client

if TYPE_CHECKING:
    from log_records import Records

pytestmark = pytest.mark.usefixtures("site")

POINTS = ("on_end_resource", "on_end_request")


class Root:
    """Answers in each of the ways in which a response is finished."""

    @cherrypy.expose
    def index(self) -> str:
        return "text"

    @cherrypy.expose
    def created(self) -> str:
        cherrypy.response.status = 201
        return "text"

    @cherrypy.expose
    def forbidden(self) -> str:
        raise cherrypy.HTTPError(403)

    @cherrypy.expose
    def failing(self) -> str:
        raise ValueError

    @cherrypy.expose
    def moved(self) -> str:
        raise cherrypy.HTTPRedirect("/")


def hooked(point: str, hook: Any) -> cherrypy.Application:
    return cherrypy.Application(Root(), "", {"/": {f"hooks.{point}": hook}})


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/", "200 OK"),
        ("/created", "201 Created"),
        ("/forbidden", "403 Forbidden"),
        ("/failing", "500 Internal Server Error"),
        ("/moved", "303 See Other"),
        ("/nosuch", "404 Not Found"),
    ],
)
def test_the_status_of_a_finished_response_is_text(point: str, target: str, status: str) -> None:
    """Hooks that count answers read it; ``output_status`` and ``header_list`` are octets."""
    seen: list[Any] = []

    def look() -> None:
        response = cherrypy.serving.response
        if response.status_line is not None:  # an unexpected error comes after on_end_resource
            length = dict(response.header_list)[b"Content-Length"].decode()
            seen.append((response.status, response.output_status.decode()))
            seen.append(response.headers["Content-Length"] == length)

    answer = Client(hooked(point, look)).get(target)
    assert answer.status == status
    assert seen == [(status, status), True] or (point, target) == ("on_end_resource", "/failing")


def test_fields_can_be_added_when_a_response_is_finished() -> None:
    """As octets, in the only form that CherryPy 18 takes, or as text."""

    def add() -> None:
        response = cherrypy.serving.response
        response.header_list.append((b"Set-Cookie", b"a=1"))
        response.header_list.append(("Set-Cookie", "b=2"))

    client = Client(hooked("on_end_resource", add))
    assert client.get("/").values_of("Set-Cookie") == ["a=1", "b=2"]
    assert client.get("/forbidden").values_of("Set-Cookie") == ["a=1", "b=2"]


def test_status_and_fields_can_be_replaced_when_a_response_is_finished() -> None:
    def replace() -> None:
        response = cherrypy.serving.response
        response.output_status = b"200 Fine"
        response.header_list = [(b"Content-Length", b"4"), (b"Content-Type", b"text/plain")]

    answer = Client(hooked("on_end_resource", replace)).get("/")
    assert (answer.status, len(answer.fields)) == ("200 Fine", 2)


def test_the_fields_of_an_answer_that_is_given_up_are_not_sent() -> None:
    def fail() -> None:
        cherrypy.serving.response.header_list.append((b"X-First", b"yes"))
        raise ValueError

    answer = Client(hooked("on_end_resource", fail)).get("/")
    assert (answer.code, answer.field("X-First")) == (500, None)


def test_nothing_is_finished_before_it_is() -> None:
    response = cherrypy._cprequest.Response()
    assert response.output_status is None
    assert response.header_list is None
    with pytest.raises(RuntimeError, match="not finalized"):
        response.wsgi_head()


def test_an_own_access_log_reads_octets() -> None:
    """As the method of CherryPy 18 does, which applications have copied to change it."""
    lines: list[str] = []

    class Own(LogManager):
        def access(self) -> None:
            response = cherrypy.serving.response
            code = response.output_status.split(b" ", 1)[0].decode("ISO-8859-1")
            lines.append(f"{code} {response.headers['Content-Length']}")

    app = cherrypy.Application(Root(), "")
    app.log = Own(id(app))
    client = Client(app)
    assert [client.get(target).code for target in ("/", "/created")] == [200, 201]
    assert lines == ["200 4", "201 4"]


@pytest.mark.parametrize(
    "line", [("X-Own", 5), (5, "x"), ("X-Own", None), (b"X-Own", "\u20ac"), ("X-Own", ["x"])]
)
def test_what_cannot_be_sent_is_told_with_its_name_and_value(line: Any, errors: Records) -> None:
    def add() -> None:
        cherrypy.serving.response.header_list.append(line)

    answer = Client(hooked("on_end_resource", add)).get("/")
    assert answer.code == 500
    assert f"response.header_list has {line[0]!r}: {line[1]!r}: expected" in errors.text
