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
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import differential  # on the path set just above
from differential import Difference
from repository import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE = ROOT / "docs" / "explanation" / "differences.md"
NOTES = ROOT / "docs" / "differences.d"

BEGINNING = """\
# Differences from CherryPy 18.10

Where CherryPy 18.10.0 is wrong, unsafe or against a standard, this project does what is right, and
says so here. Everything else answers the same; a table of requests is put to both in every run of
the tests.

```{note}
This page is written by `tests-integration/compat/differences_page.py`: change the files that it is
written from.
```

## Seen in answers

Each of these was found by a request that both answered. Shown is one of them, and the lines in
which the answers differ.
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
    parts = [BEGINNING]
    parts += [_section(difference) for difference in differential.listed_differences()]
    parts.append(EVERYWHERE)
    parts.append("\n## Further notes\n")
    for note in sorted(NOTES.glob("*.md")):
        title = note.stem.replace("-", " ").capitalize()
        parts.append(f"\n### {title}\n\n{note.read_text('utf-8').strip()}\n")
    return "".join(parts)


def _section(difference: Difference) -> str:
    name, (theirs, ours) = next(iter(difference.shown.items()))
    count = len(difference.shown)
    more = f" It shows in {count} requests of the tests." if count > 1 else ""
    return (
        f"\n### {difference.title}\n\n{difference.reason.strip()}{more}\n\n"
        f"```text\n{name.partition(': ')[2]}\n{_block('CherryPy', theirs)}"
        f"{_block('this project', ours)}```\n"
    )


def _block(title: str, lines: list[str]) -> str:
    shown = [line if len(line) <= 110 else f"{line[:107]}..." for line in lines[:6]]
    return "".join(f"    {line}\n" for line in [f"-- {title}:", *(shown or ["(no such line)"])])


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
