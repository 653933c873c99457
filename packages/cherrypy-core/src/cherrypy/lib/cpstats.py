"""Statistics of the requests of a process: the cpstats tool, and a page that shows them.

The statistics are in ``logging.statistics``, where other libraries may put theirs: a dict for
each, with numbers, functions that compute a number of the others, and collections of such dicts.
Turn
``tools.cpstats`` on for the paths that count, and mount a :class:`StatsPage` somewhere where only
administrators come.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from time import gmtime, localtime, strftime, time
from typing import IO, Any, ClassVar

from cherrypy._runtime.context import current
from cherrypy._runtime.errors import HTTPRedirect
from cherrypy._runtime.iterators import WrappedBody
from cherrypy._runtime.messages import Request, Response
from cherrypy._runtime.state import made
from cherrypy._tools.hooks import Hook
from cherrypy._tools.tool import Arguments, PlannedHooks, Tool
from cherrypy._version import __version__

Record = dict[str, Any]
Format = str | Callable[[Any], str] | None
"""How a value is shown: by ``%``, by a function, or not at all."""

COLUMNS = 3
"""Pairs of name and value in a row of the page."""


# Collecting --------------------------------------------------------------------------------------

_lock = threading.Lock()
STATISTICS = "statistics"
"""The attribute by which a request has what is counted of it."""

statistics: dict[str, Record] = logging.__dict__.setdefault("statistics", {})
appstats: Record = statistics.setdefault("CherryPy Applications", {})
appstats.update(
    {
        "Enabled": True,
        "Bytes Read/Request": lambda s: _ratio(s["Total Bytes Read"], s["Total Requests"]),
        "Bytes Read/Second": lambda s: _ratio(s["Total Bytes Read"], s["Uptime"](s)),
        "Bytes Written/Request": lambda s: _ratio(s["Total Bytes Written"], s["Total Requests"]),
        "Bytes Written/Second": lambda s: _ratio(s["Total Bytes Written"], s["Uptime"](s)),
        "Current Time": lambda _: time(),
        "Current Requests": 0,
        "Requests/Second": lambda s: _ratio(s["Total Requests"], s["Uptime"](s)),
        "Server Version": __version__,
        "Start Time": time(),
        "Total Bytes Read": 0,
        "Total Bytes Written": 0,
        "Total Requests": 0,
        "Total Time": 0,
        "Uptime": lambda s: time() - s["Start Time"],
        "Requests": {},
    }
)


def _ratio(amount: float, per: float) -> float:
    return amount / per if per else 0.0


def proc_time(s: Record) -> float:
    """Return how long a request has been handled, in seconds."""
    seconds: float = time() - s["Start Time"]
    return seconds


def average_uriset_time(s: Record) -> float:
    """Return how long the requests of a set took on average, in seconds; 0 if there were none."""
    return _ratio(s["Sum"], s["Count"])


class ByteCountWrapper:
    """A stream that counts in ``bytes_read`` the bytes that are read from it.

    Args:
        rfile: The stream.
    """

    def __init__(self, rfile: IO[bytes]) -> None:
        self.rfile = rfile
        self.bytes_read = 0

    def _counted(self, data: bytes) -> bytes:
        self.bytes_read += len(data)
        return data

    def read(self, size: int = -1) -> bytes:
        """Read bytes, all by default."""
        return self._counted(self.rfile.read(size))

    def readline(self, size: int = -1) -> bytes:
        """Read a line."""
        return self._counted(self.rfile.readline(size))

    def readlines(self, sizehint: int = 0) -> list[bytes]:
        """Read the lines, or as many as have about ``sizehint`` bytes."""
        lines: list[bytes] = self.rfile.readlines(sizehint)
        self.bytes_read += sum(map(len, lines))
        return lines

    def close(self) -> None:
        """Close the stream."""
        self.rfile.close()

    def __iter__(self) -> Iterator[bytes]:
        """Return itself."""
        return self

    def __next__(self) -> bytes:
        """Return the next line or piece."""
        return self._counted(next(self.rfile))

    next = __next__


class _CountedBody(WrappedBody[bytes]):
    """A body that is sent as it is produced, and counted."""

    bytes_written = 0

    def __next__(self) -> bytes:
        chunk: bytes = next(self.chunks)
        self.bytes_written += len(chunk)
        return chunk


class StatsTool(Tool):
    """Counts requests, what they read and write, and how long they take."""

    def __init__(self) -> None:
        super().__init__("on_end_request", self.record_stop)

    def _plan(self, arguments: Arguments) -> PlannedHooks:
        """Return the hooks that the tool attaches."""
        return [
            ("on_start_resource", Hook(self.record_start, priority=0)),
            ("before_finalize", Hook(self._count_stream, priority=100)),
            ("on_end_request", self._hook(self.callable, arguments)),
        ]

    def record_start(self) -> None:
        """Note the beginning of the current request."""
        if not appstats.get("Enabled", False):
            return
        request = current.get().request
        counted = request.rfile = ByteCountWrapper(request.rfile)
        body = made(request, "body")
        if body is not None:
            body.fp = counted
        remote = request.remote
        record = {
            "Bytes Read": None,
            "Bytes Written": None,
            "Client": lambda _: f"{remote.ip}:{remote.port}",
            "End Time": None,
            "Processing Time": proc_time,
            "Request-Line": request.request_line,
            "Response Status": None,
            "Start Time": time(),
        }
        setattr(request, STATISTICS, (record, counted))
        with _lock:
            appstats["Requests"][id(request)] = record
            appstats["Current Requests"] += 1
            appstats["Total Requests"] += 1

    @staticmethod
    def _count_stream() -> None:
        serving = current.get()
        if serving.response.stream and hasattr(serving.request, STATISTICS):
            serving.response.body = _CountedBody(serving.response.body)

    def record_stop(
        self,
        uriset: str | None = None,
        slow_queries: float = 1.0,
        slow_queries_count: int = 100,
        debug: bool = False,
        **kwargs: object,
    ) -> None:
        """Note the end of the current request.

        Args:
            uriset: Name of a set of requests whose times are counted together.
            slow_queries: Seconds from which on a request is listed as a slow one.
            slow_queries_count: Number of them that are kept, the last ones.
            debug: Not used any more.
            **kwargs: Not used.
        """
        serving = current.get()
        request, response = serving.request, serving.response
        if not hasattr(request, STATISTICS):
            return
        record, counted = getattr(request, STATISTICS)
        delattr(request, STATISTICS)  # counted once
        record["Bytes Read"] = counted.bytes_read
        record["Bytes Written"] = _written(request, response)
        record["Response Status"] = response.status_line or ""
        record["End Time"] = time()
        duration = record["Processing Time"] = record["End Time"] - record["Start Time"]
        with _lock:
            appstats["Requests"].pop(id(request), None)
            appstats["Current Requests"] -= 1
            appstats["Total Bytes Read"] += record["Bytes Read"]
            appstats["Total Bytes Written"] += record["Bytes Written"]
            appstats["Total Time"] += duration
            if uriset:
                _add_to_set(appstats.setdefault("URI Set Tracking", {}), uriset, duration)
            if duration >= slow_queries:
                slow = appstats.setdefault("Slow Queries", [])
                slow.append(record)
                del slow[: max(len(slow) - slow_queries_count, 0)]


def _written(request: Request, response: Response) -> int:
    """Return the number of bytes of content that were sent."""
    if isinstance(response.body, _CountedBody):
        return response.body.bytes_written
    if request.method == "HEAD":
        return 0
    length = dict(response.field_lines or ()).get("Content-Length", "")
    return int(length) if length.isdigit() else 0


def _add_to_set(sets: Record, name: str, duration: float) -> None:
    found = sets.setdefault(
        name, {"Min": None, "Max": None, "Count": 0, "Sum": 0, "Avg": average_uriset_time}
    )
    found["Count"] += 1
    found["Sum"] += duration
    found["Min"] = duration if found["Min"] is None else min(found["Min"], duration)
    found["Max"] = duration if found["Max"] is None else max(found["Max"], duration)


def extrapolate_statistics(scope: Mapping[str, Any]) -> Record:
    """Return statistics with the results of the functions among them.

    Args:
        scope: Numbers, functions of ``scope``, dicts, and lists of dicts.
    """
    result: Record = {}
    for name, value in list(scope.items()):
        if isinstance(value, dict):
            result[name] = extrapolate_statistics(value)
        elif isinstance(value, (list, tuple)):
            result[name] = [extrapolate_statistics(_as_record(each)) for each in value]
        elif callable(value):
            result[name] = value(scope)
        else:
            result[name] = value
    return result


def _as_record(value: object) -> Record:
    return value if isinstance(value, dict) else {"Value": value}


# Showing -----------------------------------------------------------------------------------------


def iso_format(v: float) -> str:
    """Return a moment as ``2026-01-31 12:00:00``, in local time."""
    return strftime("%Y-%m-%d %H:%M:%S", localtime(v))


def locale_date(v: float) -> str:
    """Return a moment as is usual in the locale, in UTC."""
    return strftime("%c", gmtime(v))


def pause_resume(ns: str) -> Callable[[bool], str]:
    """Return a function that shows whether a namespace is counted, with buttons to change that.

    Args:
        ns: Name of the namespace.
    """

    def show(enabled: bool) -> str:
        return _button("pause", "Pause", ns, usable=enabled) + _button(
            "resume", "Resume", ns, usable=not enabled
        )

    return show


def _button(action: str, text: str, namespace: str, *, usable: bool) -> str:
    return (
        f'<form action="{action}" method="POST">'
        f'<input type="hidden" name="namespace" value="{escape(namespace)}">'
        f'<input type="submit" value="{text}"{"" if usable else " disabled"}></form>'
    )


PAGE = """\
<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>Statistics</title>
<style>
  body {{ font: .9rem/1.4 system-ui, sans-serif; margin: 2rem }}
  table {{ border-collapse: collapse }}
  th, td {{ border: 1px solid #bbb; padding: .2rem .5rem; text-align: left }}
  form {{ display: inline }}
</style>
{content}
</html>
"""

ONLY_POST: Mapping[str, Any] = {"tools.allow.on": True, "tools.allow.methods": ("POST",)}

Collection = tuple[str, list[str], list[list[Any]]]
"""Title, headings, and rows of cells."""


class StatsPage:
    """A page that shows the statistics, as HTML and as JSON."""

    formatting: ClassVar[dict[str, dict[str, Any]]] = {
        "CherryPy Applications": {
            "Enabled": pause_resume("CherryPy Applications"),
            "Bytes Read/Request": "%.3f",
            "Bytes Read/Second": "%.3f",
            "Bytes Written/Request": "%.3f",
            "Bytes Written/Second": "%.3f",
            "Current Time": iso_format,
            "Requests/Second": "%.3f",
            "Start Time": iso_format,
            "Total Time": "%.3f",
            "Uptime": "%.3f",
            "Slow Queries": {
                "End Time": None,
                "Processing Time": "%.3f",
                "Start Time": iso_format,
            },
            "URI Set Tracking": {"Avg": "%.3f", "Max": "%.3f", "Min": "%.3f", "Sum": "%.3f"},
            "Requests": {
                "Bytes Read": "%s",
                "Bytes Written": "%s",
                "End Time": None,
                "Processing Time": "%.3f",
                "Start Time": None,
            },
        },
        "CherryPy WSGIServer": {
            "Enabled": pause_resume("CherryPy WSGIServer"),
            "Connections/second": "%.3f",
            "Start time": iso_format,
        },
    }
    """How values are shown, by namespace and name: by ``%``, by a function, or not at all."""

    def index(self) -> str:
        """Show all statistics as HTML."""
        content = []
        for title, scalars, collections in self.get_namespaces():
            content.append(f"<h1>{escape(title)}</h1>")
            content.append(_table([], _in_rows(scalars)))
            for name, headings, rows in collections:
                content += [f"<h2>{escape(name)}</h2>", _table(headings, rows)]
        return PAGE.format(content="\n".join(content))

    index.exposed = True  # type: ignore[attr-defined]  # that is what publishes it

    def data(self) -> bytes:
        """Show all statistics as JSON."""
        import json

        current.get().response.headers["Content-Type"] = "application/json"
        shown = {name: extrapolate_statistics(scope) for name, scope in self._known()}
        return json.dumps(shown, sort_keys=True, indent=4, default=str).encode()

    data.exposed = True  # type: ignore[attr-defined]

    def pause(self, namespace: str) -> None:
        """Stop counting in a namespace."""
        self._enable(namespace, on=False)

    pause.exposed = True  # type: ignore[attr-defined]
    pause._cp_config = ONLY_POST  # type: ignore[attr-defined]

    def resume(self, namespace: str) -> None:
        """Count in a namespace again."""
        self._enable(namespace, on=True)

    resume.exposed = True  # type: ignore[attr-defined]
    resume._cp_config = ONLY_POST  # type: ignore[attr-defined]

    @staticmethod
    def _enable(namespace: str, *, on: bool) -> None:
        if namespace in statistics:
            statistics[namespace]["Enabled"] = on
        raise HTTPRedirect("./")

    @staticmethod
    def _known() -> list[tuple[str, Record]]:
        with _lock:
            return [(name, _snapshot(scope)) for name, scope in sorted(statistics.items())]

    def get_namespaces(self) -> Iterator[tuple[str, list[tuple[str, Any]], list[Collection]]]:
        """Yield title, single values and collections of each namespace, ready to be shown."""
        for title, scope in self._known():
            formatting = self.formatting.get(title, {})
            scalars: list[tuple[str, Any]] = []
            collections: list[Collection] = []
            for name, value in sorted(extrapolate_statistics(scope).items()):
                how = formatting.get(name, "")
                if isinstance(value, dict):
                    headings, rows = self.get_dict_collection(value, how or {})
                    collections.append((name, ["ID", *headings], rows))
                elif isinstance(value, (list, tuple)):
                    headings, rows = self.get_list_collection(value, how or {})
                    collections.append((name, headings, rows))
                elif how is not None:
                    scalars.append((name, _shown(value, how)))
            yield title, scalars, collections

    def get_dict_collection(
        self, v: Mapping[Any, Record], formatting: Mapping[str, Format]
    ) -> tuple[list[str], list[list[Any]]]:
        """Return headings and rows for a dict of dicts; its keys are the first cells.

        Args:
            v: The records.
            formatting: How their values are shown, by name.
        """
        headings, rows = self.get_list_collection(list(map(_as_record, v.values())), formatting)
        return headings, [[key, *row] for key, row in zip(v, rows, strict=True)]

    def get_list_collection(
        self, v: Sequence[Record], formatting: Mapping[str, Format]
    ) -> tuple[list[str], list[list[Any]]]:
        """Return headings and rows for a list of dicts.

        Args:
            v: The records.
            formatting: How their values are shown, by name.
        """
        names = sorted({name for record in v for name in record})
        headings = [name for name in names if formatting.get(name, "") is not None]
        rows = [
            [_shown(record.get(name), formatting.get(name, "")) for name in headings]
            for record in v
        ]
        return headings, rows


class _Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def _shown(value: object, how: Format) -> object:
    if value is None or not how:
        return value
    return how % value if isinstance(how, str) else _Markup(how(value))


def _snapshot(scope: Record) -> Record:
    """Copy records that other threads go on changing."""
    return {
        name: _snapshot(value)
        if isinstance(value, dict)
        else value[:]
        if isinstance(value, list)
        else value
        for name, value in scope.items()
    }


def _in_rows(scalars: list[tuple[str, Any]]) -> list[list[Any]]:
    cells = [cell for name, value in scalars for cell in (_Markup(f"<b>{escape(name)}</b>"), value)]
    width = 2 * COLUMNS
    return [cells[begin : begin + width] for begin in range(0, len(cells), width)]


def _table(headings: list[str], rows: list[list[Any]]) -> str:
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    lines = ["<tr>" + "".join(f"<td>{_cell(cell)}</td>" for cell in row) + "</tr>" for row in rows]
    return "\n".join(["<table>", f"<tr>{head}</tr>" if head else "", *lines, "</table>"])


def _cell(value: object) -> str:
    return value if isinstance(value, _Markup) else escape(str(value))
