"""The text of a line in the access log: a format, compiled once into one function."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter

from cherrypy._http.fields import WHITESPACE
from cherrypy._http.targets import urljoin
from cherrypy._runtime.messages import Request, Response
from cherrypy._runtime.state import is_as_sent

ACCESS_LOG_FORMAT = '{h} {l} {u} {t} "{r}" {s} {b} "{f}" "{a}"'
"""NCSA combined log format."""

LETTERS = "hlutrsbfa"
"""Of the fields that :func:`_values` makes."""

Choice = Callable[[tuple[object, ...]], tuple[object, ...]]
"""Takes the values of some fields out of those of all."""

RARE: Mapping[str, Callable[[Request], object]] = {
    "o": lambda request: request.headers.get("Host", "-"),
    "i": lambda request: request.unique_id,
    "z": lambda _request: datetime.now(UTC).isoformat().replace("+00:00", "Z"),
}
"""Fields that are made only if a format has them; ``z`` is the time of RFC 3339 section 5.6."""


@lru_cache(maxsize=100)
def compiled(log_format: str) -> Callable[[str, Request, Response], str]:
    """Return the function that makes the line of a request, of the time and of both messages.

    Args:
        log_format: What :meth:`str.format` takes, with names in :data:`LETTERS` and :data:`RARE`.
    """
    parts = re.split(r"\{(.)\}", log_format)  # texts, and between them letters
    names = parts[1::2]
    around = "".join(parts[::2])
    is_simple = "{" not in around and "}" not in around and len(names) > 1
    rare = [name for name in RARE if name in names or not is_simple]
    letters = [*LETTERS, *rare]
    if not is_simple or not set(names) <= set(letters):
        return lambda time, request, response: log_format.format(
            **dict(zip(letters, map(_escaped, _values(time, request, response, rare)), strict=True))
        )
    template = re.sub(r"\{.\}", "%s", log_format.replace("%", "%%"))
    choose: Choice = tuple if names == letters else itemgetter(*map(letters.index, names))
    marks = (around.count('"'), around.count("\\"))

    def line(time: str, request: Request, response: Response) -> str:
        values = choose(_values(time, request, response, rare))
        text: str = template % values
        # PERF: hardly any line has a character to escape
        if text.isascii() and text.isprintable() and (text.count('"'), text.count("\\")) == marks:
            return text
        return template % tuple(map(_escaped, values))

    return line


def _values(time: str, request: Request, response: Response, rare: list[str]) -> tuple[object, ...]:
    """Return the values of the fields :data:`LETTERS`, and of some rare ones."""
    if request.wsgi_environ and is_as_sent(request):
        client, request_line, referer, agent = _sent_values(request)
    else:
        client = request.remote.name or request.remote.ip
        request_line = request.request_line
        referer = request.headers.get("Referer", "")
        agent = request.headers.get("User-Agent", "")
    values = (
        client,
        "-",
        getattr(request, "login", None) or "-",
        time,
        request_line,
        (response.status_line or "-").partition(" ")[0],
        dict(response.field_lines or ()).get("Content-Length") or "-",
        referer,
        agent,
    )
    return values + tuple(RARE[name](request) for name in rare) if rare else values


def _sent_values(request: Request) -> tuple[str, str, str, str]:
    """Return client, request line, Referer and User-Agent, as its attributes would have them.

    PERF: without the objects that the attributes are kept in.
    """
    environ = request.wsgi_environ
    target = request.path_info
    if not target or "//" in target or request.script_name:
        target = urljoin(request.script_name, target)
    query: str | None = environ.get("QUERY_STRING")
    if query:
        target = f"{target}?{query}"
    referer: str = environ.get("HTTP_REFERER", "")
    agent: str = environ.get("HTTP_USER_AGENT", "")
    if "=?" in referer or "=?" in agent:  # the map has encoded words decoded
        referer = request.headers.get("Referer", "")
        agent = request.headers.get("User-Agent", "")
    name: str | None = environ.get("REMOTE_HOST")
    address: str = environ.get("REMOTE_ADDR", "")
    protocol: str = environ.get("SERVER_PROTOCOL", "HTTP/1.0")
    return (
        name or address,
        f"{request.method} {target} {protocol}",
        referer.strip(WHITESPACE),
        agent.strip(WHITESPACE),
    )


def _escaped(value: object) -> str:
    """Escape what could forge a field or a line of the log, as Apache does."""
    return "".join(_ESCAPES[octet] for octet in str(value).encode("utf-8", "surrogatepass"))


_ESCAPES = [f"\\x{octet:02x}" for octet in range(256)]
_ESCAPES[0x20:0x7F] = map(chr, range(0x20, 0x7F))
for _octet, _escape in {0x22: '\\"', 0x5C: "\\\\", 0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r"}.items():
    _ESCAPES[_octet] = _escape
