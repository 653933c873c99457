"""Conditional requests: the etags tool and validate_since (RFC 9110 section 13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given

import cherrypy
from cherrypy.lib import cptools
from strategies import entity_tags, wild_text
from wsgi_client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("site")

MODIFIED = "Thu, 29 Feb 2024 12:00:00 GMT"
BEFORE = "Wed, 28 Feb 2024 12:00:00 GMT"
AFTER = "Fri, 01 Mar 2024 12:00:00 GMT"


class _Root:
    @cherrypy.expose
    @cherrypy.tools.etags()
    def tagged(self, tag: str = '"own"', status: str = "200") -> str:
        cherrypy.response.status = status
        if tag:
            cherrypy.response.headers["ETag"] = tag
        return "tagged"

    @cherrypy.expose
    @cherrypy.tools.etags(autotags=True)
    def auto(self, status: str = "200", text: str = "plain") -> Iterator[str]:
        cherrypy.response.status = status
        yield text

    @cherrypy.expose
    @cherrypy.tools.etags(autotags=True)
    def stream(self) -> Iterator[str]:
        cherrypy.response.stream = True
        return iter(["a", "b"])

    @cherrypy.expose
    @cherrypy.tools.etags(autotags=True)
    def failing(self) -> str:
        raise cherrypy.HTTPError(404)

    @cherrypy.expose
    @cherrypy.tools.etags(autotags=True)
    def redirecting(self) -> str:
        raise cherrypy.HTTPRedirect("/")

    @cherrypy.expose
    def modified(self, moment: str = MODIFIED, status: str = "200") -> str:
        cherrypy.response.status = status
        if moment:
            cherrypy.response.headers["Last-Modified"] = moment
        cptools.validate_since()
        return "modified"


def client() -> Client:
    return Client(cherrypy.Application(_Root()))


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ('"own"', 304),
        ('"other"', 200),
        ("*", 304),
        ('W/"own"', 304),  # weak comparison
        ('"a", "own"', 304),
        ('"other", "own,x"', 200),
        ("", 200),
    ],
)
def test_if_none_match(field: str, code: int) -> None:
    """RFC 9110 section 13.1.2."""
    answer = client().get("/tagged", If_None_Match=field)
    assert answer.code == code
    assert answer.field("ETag") == '"own"'
    assert answer.body == (b"" if code == 304 else b"tagged")
    assert client().head("/tagged", If_None_Match=field).code == code


@pytest.mark.parametrize(
    ("tag", "field", "code"),
    [
        ('"own"', '"own"', 200),
        ('"own"', '"other"', 412),
        ('"own"', "*", 200),
        ('"own"', 'W/"own"', 412),  # strong comparison
        ('W/"own"', 'W/"own"', 412),
        ('"own"', '"a", "own"', 200),
        ("", '"own"', 412),
        ("", "*", 200),
    ],
)
def test_if_match(tag: str, field: str, code: int) -> None:
    """RFC 9110 section 13.1.1."""
    assert client().get(f"/tagged?tag={tag}", If_Match=field).code == code


def test_a_change_of_what_is_known_is_refused() -> None:
    answer = client().post("/tagged", If_None_Match='"own"')
    assert answer.status == "412 Precondition Failed"
    assert "If-None-Match failed" in answer.text
    assert client().ask("DELETE", "/tagged", If_None_Match="*").code == 412
    assert client().post("/tagged", If_None_Match='"other"').text == "tagged"


def test_a_change_of_what_is_not_known_is_refused() -> None:
    answer = client().ask("PUT", "/tagged", b"", If_Match='"other"')
    assert answer.status == "412 Precondition Failed"
    assert "If-Match failed: ETag" in answer.text


def test_both_conditions_count() -> None:
    """RFC 9110 section 13.2.2."""
    answer = client().get("/tagged", If_Match='"own"', If_None_Match='"own"')
    assert answer.code == 304
    assert client().get("/tagged", If_Match='"other"', If_None_Match='"own"').code == 412


@pytest.mark.parametrize("status", ["404", "500", "412", "301"])
def test_conditions_are_for_what_succeeds(status: str) -> None:
    """RFC 9110 section 13.2.1."""
    for fields in ({"If_None_Match": '"own"'}, {"If_Match": '"other"'}):
        answer = client().get(f"/tagged?status={status}", **fields)
        assert str(answer.code) == status


@pytest.mark.parametrize(
    ("target", "tag"),
    [
        ("/auto", '"ac7938d40cfc2307e2bf325d28e7884e"'),  # as CherryPy makes it
        ("/auto?text=", '"d41d8cd98f00b204e9800998ecf8427e"'),
        ("/auto?status=201", None),
        ("/failing", None),
        ("/redirecting", None),
        ("/stream", None),
    ],
)
def test_tags_are_made_of_complete_content(target: str, tag: str | None) -> None:
    assert client().get(target).field("ETag") == tag
    assert client().head(target).field("ETag") == tag


def test_a_made_tag_is_compared() -> None:
    tag = client().get("/auto").field("ETag") or ""
    assert client().get("/auto", If_None_Match=tag).code == 304
    assert client().get("/auto?text=other", If_None_Match=tag).code == 200


@given(entity_tags(), wild_text())
def test_no_field_is_an_error(tag: str, text: str) -> None:
    field = text.encode("utf-8", "replace").decode("latin-1")
    for fields in ({"If_None_Match": field}, {"If_Match": field}):
        answer = client().get("/tagged", **fields)
        assert answer.code in {200, 304, 412}
    assert client().get("/tagged", If_None_Match=f"{tag}, {tag}").code in {200, 304}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, 200),
        ({"If_Modified_Since": MODIFIED}, 304),
        ({"If_Modified_Since": BEFORE}, 200),
        ({"If_Modified_Since": AFTER}, 304),
        ({"If_Modified_Since": "Thursday, 29-Feb-24 12:00:00 GMT"}, 304),
        ({"If_Modified_Since": "nonsense"}, 200),
        ({"If_Modified_Since": MODIFIED, "If_None_Match": '"x"'}, 200),  # which is more exact
        ({"If_Unmodified_Since": MODIFIED}, 200),
        ({"If_Unmodified_Since": AFTER}, 200),
        ({"If_Unmodified_Since": BEFORE}, 412),
        ({"If_Unmodified_Since": "nonsense"}, 200),
        ({"If_Unmodified_Since": BEFORE, "If_Match": '"x"'}, 200),
        ({"If_Unmodified_Since": BEFORE, "If_Modified_Since": MODIFIED}, 412),
    ],
)
def test_validate_since(fields: dict[str, str], code: int) -> None:
    """RFC 9110 sections 13.1.3 and 13.1.4."""
    assert client().get("/modified", **fields).code == code
    assert client().head("/modified", **fields).code == code


def test_since_is_for_what_has_a_date_and_succeeds() -> None:
    fields = {"If_Modified_Since": MODIFIED, "If_Unmodified_Since": BEFORE}
    for target in ("/modified?moment=", "/modified?moment=x", "/modified?status=404"):
        assert client().get(target, **fields).text == "modified"


def test_if_modified_since_does_not_stop_a_change() -> None:
    """RFC 9110 section 13.1.3: only for GET and HEAD."""
    assert client().post("/modified", If_Modified_Since=MODIFIED).code == 200
    assert client().post("/modified", If_Unmodified_Since=BEFORE).code == 412


def test_a_304_says_nothing_of_content() -> None:
    """RFC 9110 section 15.4.5."""
    answer = client().get("/modified", If_Modified_Since=MODIFIED)
    names = {name for name, _ in answer.fields} - {"Date", "Server"}
    assert (names, answer.body) == (set(), b"")
