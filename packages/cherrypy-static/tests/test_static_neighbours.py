"""Compressed neighbours: which one is sent, what is said of it, and what writes them."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import brotli  # type: ignore[import-untyped]
import pytest
from written_files import MODIFIED, write

from cherrypy._static.compress import main
from cherrypy._static.neighbours import acceptable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cherrypy.testing import Client

ALL = ("br", "zstd", "gzip")


@pytest.mark.parametrize(
    ("field", "codings"),
    [
        (None, ()),
        ("", ()),
        ("gzip", ("gzip",)),
        ("gzip, br", ("br", "gzip")),
        ("gzip, deflate, br, zstd", ALL),
        ("gzip;q=1, br;q=0.5", ("gzip", "br")),
        ("br;q=0, *", ("zstd", "gzip")),
        ("*", ALL),
        ("identity, gzip;q=0.5", ()),
        ("identity;q=0.5, gzip", ("gzip",)),
        ("gzip;q=x", ()),
        ("x-gzip", ("gzip",)),
        ("br, " + "x, " * 200, ("br",)),
    ],
)
def test_what_a_client_likes(field: str | None, codings: tuple[str, ...]) -> None:
    """RFC 9110 section 12.5.3."""
    assert acceptable(field, ALL) == codings


@pytest.fixture
def compressed(public: Path) -> Path:
    """Give the directory with a file that has neighbours; they are not what they say."""
    for suffix in ("", ".br", ".gz"):
        write(public / f"app.js{suffix}", f"this is app.js{suffix}")
    return public


@pytest.mark.parametrize(
    ("field", "suffix", "coding"),
    [
        ("gzip, br", ".br", "br"),
        ("gzip", ".gz", "gzip"),
        ("zstd", "", None),  # there is none
        ("zstd, gzip", ".gz", "gzip"),
        ("", "", None),
        ("deflate", "", None),
    ],
)
def test_the_neighbour_that_the_client_likes_best(
    serve: Callable[..., Client], compressed: Path, field: str, suffix: str, coding: str | None
) -> None:
    del compressed
    answer = serve(precompressed=True).get("/files/app.js", headers={"Accept-Encoding": field})
    assert answer.text == f"this is app.js{suffix}"
    assert answer.headers.get("Content-Encoding") == coding
    assert answer.headers["Content-Type"] == "text/javascript"
    assert answer.headers["Content-Length"] == str(len(f"this is app.js{suffix}"))
    assert answer.headers["Vary"] == "Accept-Encoding"


def test_each_form_has_a_tag_of_its_own(serve: Callable[..., Client], compressed: Path) -> None:
    """RFC 9110 section 8.8.3.3: not the same octets, so not the same strong validator."""
    del compressed
    client = serve(precompressed=True)
    tags = {}
    for field in ("br", "gzip", "identity"):
        tags[field] = client.get("/files/app.js", headers={"Accept-Encoding": field}).headers[
            "ETag"
        ]
    assert len(set(tags.values())) == 3
    fields = {"Accept-Encoding": "br", "If-None-Match": tags["br"]}
    same = client.get("/files/app.js", headers=fields)
    assert (same.status, same.headers["Vary"], same.headers["ETag"]) == (
        304,
        "Accept-Encoding",
        tags["br"],
    )
    assert "Content-Encoding" not in same.headers
    fields = {"Accept-Encoding": "gzip", "If-None-Match": tags["br"]}
    assert client.get("/files/app.js", headers=fields).status == 200
    fields = {"Accept-Encoding": "gzip", "Range": "bytes=0-3", "If-Range": tags["br"]}
    assert client.get("/files/app.js", headers=fields).status == 200
    fields = {"Accept-Encoding": "br", "Range": "bytes=-2", "If-Range": tags["br"]}
    part = client.get("/files/app.js", headers=fields)
    assert (part.status, part.text, part.headers["Content-Encoding"]) == (206, "br", "br")


def test_nothing_depends_on_what_is_not_there(serve: Callable[..., Client]) -> None:
    answer = serve(precompressed=True).get("/files/digits.txt", headers={"Accept-Encoding": "br"})
    assert answer.status == 200
    assert "Vary" not in answer.headers


def test_they_are_off_by_default_and_can_be_chosen(
    serve: Callable[..., Client], compressed: Path
) -> None:
    del compressed
    fields = {"Accept-Encoding": "br, gzip"}
    assert "Vary" not in serve().get("/files/app.js", headers=fields).headers
    for setting in ("gzip", ["gzip"], ("gzip", "br")):
        answer = serve(precompressed=setting).get("/files/app.js", headers=fields)
        assert answer.headers["Content-Encoding"] == "gzip"


def test_a_neighbour_that_is_older_does_not_count(
    serve: Callable[..., Client], compressed: Path
) -> None:
    write(compressed / "app.js", "this is new", MODIFIED + 1)
    answer = serve(precompressed=True).get("/files/app.js", headers={"Accept-Encoding": "br"})
    assert answer.text == "this is new"


def test_a_neighbour_that_is_no_file_or_leaves(
    serve: Callable[..., Client], compressed: Path
) -> None:
    write(compressed.parent / "secret.txt", "secret", MODIFIED + 9)
    (compressed / "app.js.br").unlink()
    (compressed / "app.js.br").symlink_to("../secret.txt")
    (compressed / "app.js.gz").unlink()
    (compressed / "app.js.gz").mkdir()
    answer = serve(precompressed=True).get("/files/app.js", headers={"Accept-Encoding": "br, gzip"})
    assert answer.text == "this is app.js"


def test_a_neighbour_of_the_index(serve: Callable[..., Client], public: Path) -> None:
    write(public / "index.html.gz", "the index")
    client = serve(precompressed=True, index="index.html")
    answer = client.get("/files/", headers={"Accept-Encoding": "gzip"})
    assert (answer.text, answer.headers["Content-Type"]) == ("the index", "text/html")


def test_gzip_does_not_compress_it_again(compressed: Path) -> None:
    import cherrypy
    from cherrypy.testing import Client

    config = {
        "/": {
            "tools.staticdir.on": True,
            "tools.staticdir.dir": str(compressed),
            "tools.staticdir.precompressed": True,
            "tools.gzip.on": True,
            "tools.gzip.mime_types": ["*"],
            "tools.gzip.minimum_size": 1,
        }
    }
    client = Client(cherrypy.Application(None, "", config))
    answer = client.get("/app.js", headers={"Accept-Encoding": "br"})
    assert (answer.headers["Content-Encoding"], answer.text) == ("br", "this is app.js.br")
    assert answer.headers["Vary"] == "Accept-Encoding"


# The command -------------------------------------------------------------------------------------


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    write(folder / "app.js", "var x = 1;\n" * 200)
    write(folder / "sub" / "page.html", "<p>text</p>" * 200)
    write(folder / "small.txt", "small")
    write(folder / "random.bin", os.urandom(5000))
    write(folder / "picture.png", "x" * 5000)
    write(folder / ".hidden", "x" * 5000)
    write(folder / ".git" / "config", "x" * 5000)
    (folder / "link.js").symlink_to("app.js")
    return folder


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_the_command_writes_neighbours(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = names(site)
    assert main([str(site)]) == 0
    assert names(site) - before == {
        f"{name}{suffix}"
        for name in ("app.js", "sub/page.html")
        for suffix in (".br", ".zst", ".gz")
    }
    assert f"{site / 'app.js.br'}: " in capsys.readouterr().out
    content = (site / "app.js").read_bytes()
    assert gzip.decompress((site / "app.js.gz").read_bytes()) == content
    assert brotli.decompress((site / "app.js.br").read_bytes()) == content
    assert (site / "app.js.br").stat().st_mtime_ns == (site / "app.js").stat().st_mtime_ns
    assert main([str(site)]) == 0
    assert capsys.readouterr().out == ""  # all is up to date


def test_the_command_writes_again_what_has_changed(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--coding", "gzip", str(site)])
    capsys.readouterr()
    write(site / "app.js", "var y = 2;\n" * 300, MODIFIED + 1)
    assert main(["--coding", "gzip", str(site / "app.js")]) == 0
    assert gzip.decompress((site / "app.js.gz").read_bytes()).startswith(b"var y")
    assert not (site / "app.js.br").exists()


def test_the_command_can_not_write(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (site / "app.js.gz").mkdir()
    assert main(["--coding", "gzip", str(site)]) == 1
    captured = capsys.readouterr()
    assert "app.js: " in captured.err
    assert (site / "sub" / "page.html.gz").exists()
    assert not [name for name in names(site) if name.endswith(".part")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["/nowhere"], "/nowhere does not exist"),
        (["--coding", "lzma", "/"], "invalid choice: 'lzma'"),
        ([], "required: path"),
    ],
)
def test_a_command_line_that_makes_no_sense(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_a_coding_that_is_not_installed(
    site: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "brotli", None)
    with pytest.raises(SystemExit):
        main(["--coding", "br", str(site)])
    assert "br needs an extra: pip install cherrypy-core[brotli]" in capsys.readouterr().err
    assert main([str(site)]) == 0
    assert not (site / "app.js.br").exists()
    assert (site / "app.js.gz").exists()


def test_it_is_installed_as_a_command(site: Path) -> None:
    (command,) = entry_points(group="console_scripts", name="cherrypy-compress")
    module, _, function = command.value.partition(":")
    source = f"import sys, {module} as m; sys.exit(m.{function}())"
    run = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-W", "error", "-OO", "-c", source, "--coding", "gzip", str(site)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "app.js.gz: " in run.stdout
