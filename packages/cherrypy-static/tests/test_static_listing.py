"""Lists of what is in a directory: complete, escaped, and without what is not served."""

from __future__ import annotations

import os
import re
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import unquote

from written_files import write

from cherrypy._static import listing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from cherrypy.testing import Client

ODD = [
    "<script>.txt",
    "a&b.txt",
    'quote".txt',
    "it's.txt",
    "a b#c?d.txt",
    "javascript:x",
    "%41.txt",
]


def links(text: str) -> list[tuple[str, str]]:
    return re.findall(r'<li><a href="(.*?)">(.*?)</a></li>', text)


def test_it_is_off_by_default(serve: Callable[..., Client]) -> None:
    assert serve().get("/files/").status == 404


def test_names_are_escaped_and_links_lead_to_files(
    serve: Callable[..., Client], public: Path
) -> None:
    for name in ODD:
        write(public / name, name)
    client = serve(listing=True)
    answer = client.get("/files/")
    assert answer.headers["Content-Type"] == "text/html;charset=utf-8"
    assert "<script>" not in answer.text
    assert "<h1>/files/</h1>" in answer.text
    found = links(answer.text)
    assert found[0] == ("./../", "../")
    for name in ODD:
        (href,) = [href for href, text in found if unescape(text) == name]
        assert unquote(href) == f"./{name}"
        assert client.get(f"/files/{href.removeprefix('./')}").text == name  # as browsers do


def test_folders_come_first_and_end_in_a_slash(serve: Callable[..., Client]) -> None:
    client = serve(listing=True)
    texts = [text for _, text in links(client.get("/files/").text)]
    assert texts[:3] == ["../", ".well-known/", "sub/"]
    assert texts[3:] == [".hidden", "a b.txt", "digits.txt", "index.html", "page.html"]
    assert [text for _, text in links(client.get("/files/sub/").text)] == ["../", "inner.txt"]


def test_links_are_relative_to_a_slash(serve: Callable[..., Client]) -> None:
    answer = serve(listing=True).get("/files/sub")
    assert (answer.status, answer.headers["Location"]) == (301, "http://localhost/files/sub/")


def test_an_index_comes_before_a_list(serve: Callable[..., Client]) -> None:
    client = serve(listing=True, index="index.html")
    assert client.get("/files/").text == "0123456789"
    assert "inner.txt" in client.get("/files/sub/").text


def test_what_is_not_served_is_not_listed(serve: Callable[..., Client], public: Path) -> None:
    (public / "out").symlink_to("..")
    os.mkfifo(public / "pipe")
    text = serve(listing=True, hidden=False).get("/files/").text
    for name in ("out", "pipe", ".hidden"):
        assert f">{name}" not in text
    assert ">.well-known/<" in text


def test_a_name_that_is_no_text(serve: Callable[..., Client], public: Path) -> None:
    with open(os.path.join(os.fsencode(public), b"\xff.txt"), "wb"):  # noqa: PTH118, PTH123 - octets
        pass
    answer = serve(listing=True).get("/files/")
    assert (answer.status, "./%FF.txt" in answer.text) == (200, True)


def test_there_is_a_limit(serve: Callable[..., Client], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MAX_ENTRIES", 2)
    assert len(links(serve(listing=True).get("/files/").text)) == 3
