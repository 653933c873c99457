"""Write the tables of settings and tools into the page about configuration.

Run as a script, it writes them anew, from what the distributions announce and from the signatures
and docstrings of the functions of tools. A test compares them with the page.
"""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

import cherrypy
from cherrypy._config.config import PROCESS_NAMESPACES
from cherrypy._config.extensions import extensions
from cherrypy._config.settings import Setting, known_settings
from cherrypy._config.signatures import arguments_of
from cherrypy._tools.tool import Tool
from repository import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable

PAGE = ROOT / "docs" / "reference" / "configuration.md"
BEGIN = "% The tables below are written by tests-integration/support/settings_page.py.\n"
END = "% This is the end of these tables.\n"

SECTIONS = (
    ("Settings of the process", ("environment", "checker", "engine", "log", "tree"), ""),
    (
        "Settings of the server",
        ("server",),
        "For `cherrypy-server`. A further server has these settings as `server.<name>.<setting>`.",
    ),
    (
        "Settings of requests",
        ("wsgi", "hooks", "error_page", "request", "response"),
        "Any other name sets that attribute of request or response, such as `request.user`.",
    ),
)
HEAD = "| Setting | Kind | Default | Where | What it is for |\n|---|---|---|---|---|\n"
TOOL_HEAD = "| Argument | Kind | Default | What it is for |\n|---|---|---|---|\n"
TOOLS = """\
## Tools

`tools.<name>.on` turns a tool on, and every other name is an argument for it: the setting
`tools.<name>.<argument>`, or a keyword argument of the decorator. Tools may be configured anywhere.
"""


def tables() -> str:
    """Return the tables as they should be in the page."""
    settings = known_settings()
    parts = []
    for title, namespaces, text in SECTIONS:
        rows = [
            _row(f"`{setting.name}`", setting, _place(setting.name))
            for namespace in namespaces
            for setting in settings.values()
            if setting.name.partition(".")[0] == namespace and not _is_repeated(setting.name)
        ]
        parts.append(f"## {title}\n\n" + (text and f"{text}\n\n") + HEAD + "".join(rows))
    common = _of_prefix("tools.*", settings.values())
    parts.append(TOOLS + "\n" + TOOL_HEAD + _rows("<name>.", common.values()))
    parts += [_tool(name, common) for name in sorted(tool_names())]
    return "\n" + "\n".join(parts) + "\n"


def tool_names() -> set[str]:
    """Return the names of all tools."""
    core = {name for name, tool in vars(cherrypy.tools).items() if isinstance(tool, Tool)}
    return core | {"cpstats"} | set(extensions("tools"))


def _tool(name: str, common: Iterable[str]) -> str:
    """Return the heading, a sentence and the table of one tool."""
    tool = getattr(cherrypy.tools, name)
    prefix = f"tools.{name}"
    documented = _documented(inspect.getdoc(tool.callable) or "")
    arguments = {
        argument: setting._replace(doc=documented.get(argument, ""))
        for argument, setting in arguments_of(prefix, tool.callable)[0].items()
    }
    arguments |= _of_prefix(prefix, known_settings().values())
    shown = [setting for argument, setting in sorted(arguments.items()) if argument not in common]
    point = extensions("tools").get(name)
    origin = f" For `{point.dist.name}`." if point and point.dist else ""
    summary = (inspect.getdoc(tool.callable) or inspect.getdoc(type(tool)) or "").partition("\n")[0]
    text = f"### {name}\n\n{_markdown(summary)}{origin}\n"
    return text + ("\n" + TOOL_HEAD + _rows("", shown) if shown else "")


def _of_prefix(prefix: str, settings: Iterable[Setting]) -> dict[str, Setting]:
    dotted = f"{prefix}."
    return {
        setting.name.removeprefix(dotted): setting
        for setting in settings
        if setting.name.startswith(dotted)
    }


def _rows(prefix: str, settings: Iterable[Setting]) -> str:
    return "".join(
        _row(f"`{prefix}{setting.name.rpartition('.')[2]}`", setting) for setting in settings
    )


def _row(*cells: str | Setting) -> str:
    """Return a row of a table; of the setting there are kind and default, and its text is last."""
    texts: list[str] = []
    doc = ""
    for cell in cells:
        if isinstance(cell, Setting):
            texts += [cell.kind, _default(cell.default)]
            doc = cell.doc.replace("|", "\\|")
        else:
            texts.append(cell)
    return "| " + " | ".join([*texts, doc]) + " |\n"


def _default(value: object) -> str:
    if value is None:
        return ""
    return f"`{getattr(value, '__name__', None) or repr(value)}`"


def _place(name: str) -> str:
    namespace = name.partition(".")[0]
    if namespace == "wsgi":
        return "`/`"
    if namespace == "log":
        return "global, `/`"
    return "global" if namespace in PROCESS_NAMESPACES else "anywhere"


def _is_repeated(name: str) -> bool:
    """Tell whether a setting stands for another one again: of a further server, or numbered."""
    is_of_further_server = name.startswith("server.*.") and name != "server.*.on"
    return is_of_further_server or (name.startswith("hooks.") and name.endswith(".*"))


def _documented(docstring: str) -> dict[str, str]:
    """Return what a docstring says of arguments, by name."""
    section = re.search(r"^Args:\n((?:[ ]{4}.*\n?|\n)+)", docstring, re.MULTILINE)
    if section is None:
        return {}
    entries = re.findall(r"^ {4}(\w+): ((?:.*(?:\n {8})?)+)", section[1], re.MULTILINE)
    return {name: _markdown(" ".join(text.split())) for name, text in entries}


def _markdown(text: str) -> str:
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text)
    return text.replace("``", "`")


def write() -> None:
    """Replace the tables of the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(before + BEGIN + tables() + END + after, encoding="utf-8")


if __name__ == "__main__":
    write()
