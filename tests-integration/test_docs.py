"""What the documentation says is true: Python runs, consoles show what comes, links lead somewhere.

The blocks of a page run in order, in one namespace, in a process of their own. Python in a
``{code-block}`` is not run: it is for what waits for ever, or needs what is not there. A
``{code-block}`` with a caption is the content of the file of that name. Of a console block each
``curl`` command is put to the applications that the page has mounted by then, and what the block
shows must come back. Run as a script, with the name of a page, this file is that process.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
import textwrap
import traceback
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from wsgiref import simple_server

import pytest

import cherrypy
from repository import ROOT
from wsgi_client import Client

DOCS = ROOT / "docs"
FRAGMENTS = ("_build", "changelog.d", "differences.d", "demo")
"""Folders of ``docs`` that hold no pages."""

TIMEOUT = 120  # seconds for a page
CHANGING = ("Date:",)
"""Lines of console blocks that are different each time."""

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES = sorted(
    [
        ROOT / "README.md",
        *(ROOT / "packages").glob("*/README.md"),
        *(page for page in DOCS.rglob("*.md") if page.relative_to(DOCS).parts[0] not in FRAGMENTS),
    ]
)


@dataclass
class Block:
    """A fenced block of a page."""

    kind: str
    """What stands behind the fence: ``python``, ``console``, ``{code-block} python``."""
    line: int
    """Number of its first line."""
    text: str


def blocks_of(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page; those inside of others are text of these."""
    fence = ""
    lines: list[str] = []
    kind, first = "", 0
    for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
        mark = re.fullmatch(r"\s*(`{3,}|:{3,})\s*(.*?)\s*", line)
        if not fence and mark:
            fence, kind, first, lines = mark[1], mark[2], number + 1, []
        elif fence and mark and not mark[2] and mark[1].startswith(fence):
            yield Block(kind, first, textwrap.dedent("\n".join(lines)) + "\n")
            fence = ""
        elif fence:
            lines.append(line)
    if fence:
        message = f"{page}, line {first - 1}: this fence is never closed"
        raise ValueError(message)


# ---- a page runs -------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_examples_of_a_page_run(page: Path, tmp_path: Path) -> None:
    if not any(block.kind in {"python", "console"} for block in blocks_of(page)):
        return  # it has none
    command = [sys.executable, "-W", "error", str(Path(__file__).resolve()), str(page)]
    run = subprocess.run(  # noqa: S603
        command,
        cwd=tmp_path,  # examples may write files
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},  # helpers included
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=TIMEOUT,
        check=False,
    )
    assert run.returncode == 0, run.stderr + run.stdout


def run_page(page: Path) -> int:
    """Run the blocks of a page; return the exit code."""
    keep_quiet()
    sys.path.insert(0, "")  # where the files of captions are
    try:
        return run_blocks(page)
    finally:
        cherrypy.engine.exit()


def run_blocks(page: Path) -> int:
    """Run the blocks of a page in one namespace; return the exit code."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks_of(page):
        try:
            if block.kind == "python":
                source = "\n" * (block.line - 1) + block.text  # so that tracebacks tell the line
                code = compile(source, page, "exec", dont_inherit=True)  # the future of this file
                exec(code, namespace)  # noqa: S102 - our own pages
            elif block.kind == "console":
                check_console(block.text)
            elif caption := re.match(r":caption: (\S+)\n+", block.text):
                Path(caption[1]).write_text(block.text[caption.end() :], "utf-8")
        except Exception:
            traceback.print_exc()
            print(f"{page}, block of line {block.line}", file=sys.stderr)
            return 1
    return 0


def keep_quiet() -> None:
    """See to it that examples open no ports, and do not wait until someone stops them."""
    cherrypy.server.unsubscribe()
    cherrypy.config.update({"log.screen": False, "engine.autoreload.on": False})
    cherrypy.engine.block = cherrypy.engine.stop  # type: ignore[method-assign,assignment]

    simple_server.make_server = make_no_server  # type: ignore[assignment]


def make_no_server(*_arguments: object) -> Any:
    """Stand in for the server of wsgiref."""
    return SimpleNamespace(serve_forever=lambda: None)


# ---- what a console shows ----------------------------------------------------------------------


def check_console(text: str) -> None:
    """Check that each ``curl`` command of a console block gives what is shown below it."""
    commands: list[tuple[str, list[str]]] = []
    joined = text.replace("\\\n", "")
    for line in joined.splitlines():
        if line.startswith("$ "):
            commands.append((line[2:], []))
        elif commands and line.strip():
            commands[-1][1].append(line)
    for command, shown in commands:
        if command.startswith("curl "):
            check_output(command, shown, curl(command))


def check_output(command: str, shown: list[str], output: str) -> None:
    """Check that lines are in an output, in this order; ``...`` stands for any lines."""
    rest = output.splitlines()
    for line in shown:
        if line.strip() == "..." or line.startswith(CHANGING):
            continue
        if line not in rest:
            message = f"$ {command}\nshows {line!r}, but it says:\n{output}"
            raise AssertionError(message)
        rest = rest[rest.index(line) + 1 :]


def curl(command: str) -> str:
    """Do what ``curl`` does, with the applications of this process.

    Options that are not known here are an error.
    """
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("-i", dest="with_head", action="store_true")
    parser.add_argument("-I", dest="head", action="store_true")
    parser.add_argument("-s", dest="silent", action="store_true")
    parser.add_argument("-X", dest="method")
    parser.add_argument("-H", dest="fields", action="append", default=[])
    parser.add_argument("-b", dest="cookie")
    parser.add_argument("-u", dest="user")
    parser.add_argument("-d", dest="data", action="append", default=[])
    parser.add_argument("url")
    options = parser.parse_args(shlex.split(command)[1:])
    method = options.method or ("HEAD" if options.head else "POST" if options.data else "GET")
    fields = dict(field.split(": ", 1) for field in options.fields)
    if options.cookie:
        fields["Cookie"] = options.cookie
    if options.user:
        fields["Authorization"] = "Basic " + b64encode(options.user.encode()).decode()
    content = "&".join(options.data).encode() if options.data else None
    if content is not None:
        fields.setdefault("Content-Type", "application/x-www-form-urlencoded")
    host, slash, target = options.url.partition("://")[2].partition("/")
    fields.setdefault("Host", host)
    keys = {name.replace("-", "_"): value for name, value in fields.items()}
    answer = Client(cherrypy.tree).ask(method, slash + target, content, **keys)
    head = "\n".join(
        [f"HTTP/1.1 {answer.status}", *(f"{name}: {value}" for name, value in answer.fields)]
    )
    shows_head = options.with_head or options.head
    return f"{head}\n\n{answer.text}" if shows_head else answer.text


# ---- links lead somewhere ----------------------------------------------------------------------

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    for target in links_of(page):
        path, _, anchor = target.partition("#")
        goal = page if not path else (page.parent / path).resolve()
        assert goal.exists(), f"{target}: there is no such file"
        if anchor:
            assert anchor in anchors_of(goal), f"{target}: there is no such heading"


def links_of(page: Path) -> list[str]:
    """List the targets of links to other files of the repository, and inside of the page."""
    found = [first or second for first, second in LINK.findall(text_of(page))]
    return [target for target in found if not re.match(r"[a-z]+:", target)]


def anchors_of(page: Path) -> set[str]:
    """List the names by which links reach the headings of a page."""
    headings = re.findall(r"^#+ +(.+?) *$", text_of(page), re.MULTILINE)
    bare = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {heading.strip().replace(" ", "-") for heading in bare}


def text_of(page: Path) -> str:
    """Return a page without its code, in which brackets and hashes mean something else."""
    text = re.sub(r"^(`{3,}).*?^\1$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`(?!\])", lambda code: code[0].replace("[", ""), text)


def test_every_page_is_in_a_table_of_contents() -> None:
    listed = {DOCS / "index.md"}
    for page in PAGES:
        for block in blocks_of(page):
            if block.kind == "{toctree}":
                names = [name for name in block.text.split("\n") if name and name[0] != ":"]
                listed.update(each for name in names for each in page.parent.glob(f"{name}.md"))
    assert {page for page in PAGES if page.is_relative_to(DOCS)} == listed


if __name__ == "__main__":
    sys.exit(run_page(Path(sys.argv[1])))
