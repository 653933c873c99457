"""Nothing that a client sends makes a line of the error log."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cherrypy
from cherrypy.process._tracebacks import escape_controls, format_exception
from wsgi_client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

FORGED = "[01/Dec/2026:00:00:00] ENGINE forged"
SEPARATORS = ("\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\x1b[2K")


class Root:
    """Raises errors that have text of the client."""

    @cherrypy.expose
    def default(self, *path: str, text: str = "", kind: str = "value") -> str:
        del path
        if kind == "cause":
            raise OSError(text) from KeyError(text)
        if kind == "group":
            raise ExceptionGroup(text, [ValueError(text), ExceptionGroup(text, [OSError(text)])])
        error = ValueError(text)
        if kind == "note":
            error.add_note(text)
        raise error

    @cherrypy.expose
    def lines(self) -> str:
        cherrypy.log("two\nlines")
        return ""


@pytest.fixture
def written(site: None) -> Iterator[io.StringIO]:
    """What a plain handler of logging writes."""
    del site
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    cherrypy.log.error_log.addHandler(handler)
    yield stream
    cherrypy.log.error_log.removeHandler(handler)


def client(**config: Any) -> Client:
    return Client(cherrypy.Application(Root(), "", {"/": config}))


def assert_not_forged(text: str) -> None:
    assert "forged" in text
    assert not [line for line in text.splitlines() if line.startswith(FORGED)]
    assert "\x1b" not in text


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("kind", ["value", "note", "cause", "group"])
def test_the_text_of_an_exception(written: io.StringIO, separator: str, kind: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cherrypy.log.error_log, "propagate", False)
        text = separator + FORGED
        assert client().get(f"/?kind={kind}&text={quote(text)}").code == 500
    assert_not_forged(written.getvalue())
    assert "Traceback (most recent call last):\n" in written.getvalue()
    assert ", in default\n" in written.getvalue()


@pytest.mark.parametrize("field", ["=?utf-8?q?=0A{}?=", "\x1b{}", "\x85{}"])
def test_a_field_of_a_request(written: io.StringIO, field: str) -> None:
    ours = client(**{"tools.log_headers.on": True, "tools.log_hooks.on": True})
    ours.ask("GET", "/%0A" + FORGED.replace(" ", "%20"), None, X_Field=field.format(FORGED))
    assert_not_forged(written.getvalue())


def test_an_application_keeps_its_lines(written: io.StringIO) -> None:
    client().get("/lines")
    assert "two\nlines\n" in written.getvalue()


@given(st.text())
def test_only_printable_characters_are_left(text: str) -> None:
    escaped = escape_controls(text)
    assert escaped.isprintable()
    assert escaped == text or not text.isprintable()


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_a_chain_has_its_tracebacks_and_one_line_for_each_text(texts: list[str]) -> None:
    try:
        for text in texts:
            try:
                raise ValueError(text)
            finally:
                raise OSError(text)
    except OSError as error:
        lines = format_exception(error).split("\n")
    assert sum(line.startswith(("ValueError", "OSError")) for line in lines) == 2
    assert all(line.isprintable() for line in lines)
