"""Write the page of the documentation that tells how this project differs from CherryPy 18.10.

Run as a script, it writes ``docs/explanation/differences.md`` from ``differences.toml``, whose
answers the differential tests check, and from the notes in ``docs/differences.d``. With
``--unlisted`` it prints, as an entry for ``differences.toml``, what differs and is not listed;
with ``--refresh`` it writes that file anew, with the answers of today to the requests in it: look
at what version control says of it before you believe it.
"""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import differential  # on the path set just above
from differential import Case, Difference
from repository import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE = ROOT / "docs" / "explanation" / "differences.md"
NOTES = ROOT / "docs" / "differences.d"
WIDTH = 110

AREAS = {
    "dispatching": "Paths and handlers",
    "addresses": "Addresses and what a request knows of itself",
    "binding": "Arguments, parameters and forms",
    "redirecting": "Redirects",
    "errors": "Errors and their pages",
    "hooks": "Hooks",
    "bodies": "Bodies and their encoding",
    "headers": "Response headers and cookies",
    "caching": "Conditional requests, compression and the cache",
    "json_documents": "JSON",
    "static_files": "Files",
    "tooling": "Other tools",
    "sessions": "Sessions",
    "methods": "Dispatchers by method, host and procedure",
    "mounting": "Several applications",
    "configuration": "Configuration",
    "logging_lines": "Logs",
    "served": "The HTTP server",
}
"""Applications of the tests, in the order of the page, with the headings of their differences."""

BEGINNING = """\
# Differences from CherryPy 18.10

Where CherryPy 18.10.0 is wrong, unsafe or against a standard, this project does what is right, and
says so here. In everything else the tests ask both the same requests, and get the same answers.

Each difference in a request is shown by one example, with the lines in which the two answers
differ: `(page)` is the message of an error page, `(traceback: ...)` whether it has one.

```{note}
This page is written by `tests-integration/compat/differences_page.py`: change the files that it is
written from.
```
"""

EVERYWHERE = """
## In every answer

- The page that tells of an error is drawn anew. It says the same: status, message, and the
  traceback where `request.show_tracebacks` allows it.
- CherryPy fills the page of some errors with blanks up to 513 octets, for Internet Explorer 5.
  We do not.
- The last resort, `Unrecoverable error in the server.`, never has a traceback, whatever
  `request.show_tracebacks` says. CherryPy sends one.
"""


def page() -> str:
    """Write the page."""
    cases = {case.name: case for case in differential.all_cases()}
    parts = [BEGINNING]
    for area, heading in AREAS.items():
        found = [known for known in differential.listed_differences() if _area(known) == area]
        if found:
            parts.append(f"\n## {heading}\n")
            parts += [_section(difference, cases) for difference in found]
    parts.append(EVERYWHERE)
    parts.append("\n## Further notes\n")
    for note in sorted(NOTES.glob("*.md")):
        title = note.stem.replace("-", " ").capitalize()
        parts.append(f"\n### {title}\n\n{note.read_text('utf-8').strip()}\n")
    return "".join(parts)


def _area(difference: Difference) -> str:
    """Give the application that shows it most."""
    return Counter(name.partition("/")[0] for name in difference.shown).most_common(1)[0][0]


def _section(difference: Difference, cases: dict[str, Case]) -> str:
    area = _area(difference)
    name = next(name for name in difference.shown if name.startswith(f"{area}/"))
    theirs, ours = difference.shown[name]
    count = len(difference.shown)
    more = f" ({count} requests of the tests show it.)" if count > 1 else ""
    text = textwrap.fill(" ".join(difference.reason.split()) + more, 100, break_on_hyphens=False)
    request = _cut(_request(cases[name]))
    answers = _block("CherryPy 18.10", theirs) + _block("this project", ours)
    return f"\n### {difference.title}\n\n{text}\n\n```text\n{request}{answers}```\n"


def _request(case: Case) -> list[str]:
    """Tell a request without what every request has."""
    head, _, content = case.raw.partition("\r\n\r\n")
    line, *fields = head.split("\r\n")
    told = [field for field in fields if field != "Host: example.com"]
    return [_visible(text) for text in (line.removesuffix(" HTTP/1.1"), *told, content) if text]


def _visible(text: str) -> str:
    return "".join(
        character if character.isprintable() else repr(character)[1:-1] for character in text
    )


def _cut(lines: list[str]) -> str:
    return "".join(
        f"{line if len(line) <= WIDTH else line[: WIDTH - 3] + '...'}\n" for line in lines
    )


def _block(title: str, lines: list[str]) -> str:
    shown = [_visible(line) for line in lines[:6]] or ["(no such line)"]
    return _cut([f"  {title}:", *(f"    {line}" for line in shown)])


def listing(differences: list[Difference]) -> str:
    """Write ``differences.toml``."""
    lines = [
        "# Where this project is meant to answer otherwise than CherryPy 18.10.0: why, and the",
        "# lines that only one of both answers has. It is checked, and told in docs/.",
        "",
    ]
    for difference in differences:
        reason = textwrap.wrap(difference.reason.strip(), 96, break_on_hyphens=False)
        lines += [
            "[[difference]]",
            f"title = {json.dumps(difference.title)}",
            "reason = '''",
            *reason,
            "'''",
            "shown = [",
            *(_entry(name, *found) for name, found in difference.shown.items()),
            "]",
            "",
        ]
    return "\n".join(lines)


def _entry(name: str, theirs: list[str], ours: list[str]) -> str:
    return (
        f"  {{request = {json.dumps(name)}, cherrypy = {json.dumps(theirs)}, "
        f"ours = {json.dumps(ours)}}},"
    )


def answers_that_differ() -> dict[str, tuple[list[str], list[str]]]:
    """Ask both, and tell in which lines their answers to which requests differ."""
    cases = differential.all_cases()
    theirs, ours = differential.ask_cherrypy(cases), differential.ask_ours(cases)
    compared = {
        case.name: differential.compare(case, theirs[case.name], ours[case.name]) for case in cases
    }
    return {name: found for name, found in compared.items() if found != ([], [])}


def unlisted() -> str:
    """Write what differs and is not listed as one more entry."""
    listed = {name for known in differential.listed_differences() for name in known.shown}
    found = {name: lines for name, lines in answers_that_differ().items() if name not in listed}
    return listing([Difference("", "", found)])


def refreshed() -> str:
    """Write the listing with the answers of today, without requests that no longer differ."""
    found = answers_that_differ()
    kept = []
    for known in differential.listed_differences():
        shown = {name: found[name] for name in known.shown if name in found}
        if shown:
            kept.append(Difference(known.title, known.reason, shown))
    return listing(kept)


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--unlisted", action="store_true", help="print what is not listed")
    parser.add_argument("--refresh", action="store_true", help="write the answers of today")
    parser.add_argument("--print", action="store_true", help="print the page, and write nothing")
    chosen = parser.parse_args(arguments)
    if chosen.unlisted:
        print(unlisted(), end="")
    elif chosen.refresh:
        differential.DIFFERENCES.write_text(refreshed(), "utf-8")
    elif chosen.print:
        print(page(), end="")
    else:
        PAGE.write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
