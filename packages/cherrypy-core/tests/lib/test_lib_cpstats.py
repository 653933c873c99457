"""Statistics: what the cpstats tool counts, and the page that shows it."""

from __future__ import annotations

import io
import json
import logging
import threading
from time import time
from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy.lib import cpstats
from wsgi_client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAIN = "Bytes Read", "Bytes Written", "Response Status"


@pytest.fixture(autouse=True)
def no_statistics(site: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin with nothing counted."""
    del site
    fresh = {
        **cpstats.appstats,
        "Enabled": True,
        "Current Requests": 0,
        "Start Time": time(),
        "Requests": {},
    }
    fresh |= {name: 0 for name in fresh if name.startswith("Total ")}
    for name in ("Slow Queries", "URI Set Tracking"):
        fresh.pop(name, None)
    monkeypatch.setattr(cpstats, "appstats", fresh)
    monkeypatch.setitem(cpstats.statistics, "CherryPy Applications", fresh)


class _Root:
    stats = cpstats.StatsPage()

    @cherrypy.expose
    def index(self) -> str:
        return "hello"

    @cherrypy.expose
    def form(self, **params: str) -> str:
        return str(params)

    @cherrypy.expose
    def fails(self) -> None:
        raise ValueError

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def stream(self) -> Iterator[str]:
        yield "ab"
        yield "cd"

    @cherrypy.expose
    def running(self) -> str:
        (record,) = cpstats.appstats["Requests"].values()
        shown = cpstats.extrapolate_statistics(record)
        assert shown["Processing Time"] >= 0
        return f"{shown['Request-Line']} {shown['Client']} {shown['End Time']}"


def client(**settings: object) -> Client:
    config = {"tools.cpstats.on": True}
    config |= {f"tools.cpstats.{name}": value for name, value in settings.items()}  # type: ignore[misc]
    return Client(cherrypy.Application(_Root(), "", {"/": config}))


def totals() -> dict[str, Any]:
    shown = cpstats.extrapolate_statistics(cpstats.appstats)
    return {name.removeprefix("Total "): shown[name] for name in shown if "Total " in name}


def test_requests_and_octets_are_counted() -> None:
    ours = client()
    assert ours.get().text == "hello"
    assert ours.head().body == b""
    assert ours.post("/form", b"a=1&b=2").text == "{'a': '1', 'b': '2'}"
    assert ours.get("/stream").text == "abcd"
    assert ours.get("/fails").code == 500
    written = 5 + 0 + 20 + 4 + len(ours.get("/fails").body) * 2
    found = totals()
    assert found.pop("Time") > 0
    assert found == {"Requests": 6, "Bytes Read": 7, "Bytes Written": written}
    assert cpstats.appstats["Current Requests"] == 0
    assert cpstats.appstats["Requests"] == {}


def test_a_body_that_was_there_before_is_counted() -> None:
    config = {"tools.cpstats.on": True, "request.body.maxbytes": 100}
    Client(cherrypy.Application(_Root(), "", {"/": config})).post("/form", b"a=1")
    assert totals()["Bytes Read"] == 3


def test_a_request_is_shown_while_it_runs() -> None:
    assert client().get("/running").text == "GET /running HTTP/1.1 127.0.0.1:54321 None"


def test_slow_requests_are_listed() -> None:
    ours = client(slow_queries=0, slow_queries_count=2)
    for target in ("/", "/stream", "/fails"):
        ours.get(target)
    lines = [record["Request-Line"] for record in cpstats.appstats["Slow Queries"]]
    assert lines == ["GET /stream HTTP/1.1", "GET /fails HTTP/1.1"]
    states = [record["Response Status"] for record in cpstats.appstats["Slow Queries"]]
    assert states == ["200 OK", "500 Internal Server Error"]
    client(slow_queries=1000).get()
    assert len(cpstats.appstats["Slow Queries"]) == 2


def test_requests_are_counted_by_set() -> None:
    ours = client(uriset="/all")
    for _ in range(3):
        ours.get()
    shown = cpstats.extrapolate_statistics(cpstats.appstats)["URI Set Tracking"]["/all"]
    assert shown["Count"] == 3
    assert 0 < shown["Min"] <= shown["Avg"] <= shown["Max"] <= shown["Sum"]
    assert shown["Avg"] == pytest.approx(shown["Sum"] / 3)


@pytest.mark.usefixtures("threads_are_forgotten")
def test_threads_are_counted_together() -> None:
    ours = client()
    threads = [
        threading.Thread(target=lambda: [ours.get() for _ in range(20)], daemon=True)
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (totals()["Requests"], totals()["Bytes Written"]) == (100, 500)


def test_counting_can_be_paused_and_resumed() -> None:
    ours = client()
    name = b"namespace=CherryPy+Applications"
    answer = ours.post("/stats/pause", name)
    assert (answer.code, answer.field("Location")) == (303, "http://localhost/stats/")
    ours.get()
    assert totals()["Requests"] == 1
    assert 'value="Pause" disabled' in ours.get("/stats/").text
    ours.post("/stats/resume", name)
    ours.get()
    assert totals()["Requests"] == 2
    assert 'value="Resume" disabled' in ours.get("/stats/").text
    assert ours.post("/stats/pause", b"namespace=nosuch").code == 303


def test_a_link_can_not_pause() -> None:
    answer = client().get("/stats/pause?namespace=CherryPy+Applications")
    assert (answer.code, answer.field("Allow")) == (405, "POST")
    assert cpstats.appstats["Enabled"] is True


def test_the_page_shows_everything() -> None:
    ours = client(slow_queries=0, uriset="/all")
    ours.get("/form?a=%3Cscript%3E", User_Agent="<script>")
    ours.ask("GET", "/form?<script>")
    text = ours.get("/stats/").text
    for part in (
        *("<h1>CherryPy Applications</h1>", "<h2>Slow Queries</h2>", "<h2>URI Set Tracking</h2>"),
        *("Total Requests", "GET /stats/ HTTP/1.1", "&lt;script&gt;"),
    ):
        assert part in text
    assert "<script>" not in text
    assert "End Time" not in text


def test_the_page_is_there_as_json() -> None:
    ours = client(slow_queries=0)
    ours.get()
    answer = ours.get("/stats/data")
    assert answer.field("Content-Type") == "application/json"
    shown = json.loads(answer.body)["CherryPy Applications"]
    assert (shown["Total Requests"], shown["Server Version"]) == (2, cherrypy.__version__)
    assert [record["Request-Line"] for record in shown["Slow Queries"]] == ["GET / HTTP/1.1"]
    assert shown["Requests/Second"] > 0


def test_others_put_their_statistics_beside_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs: dict[str, Any] = {
        "Enabled": True,
        "Twice": lambda s: 2 * s["Number"],
        "Number": 3,
        "Workers": {"a": {"Requests": 1, "Idle": lambda s: s["Requests"] == 0}, "b": 7},
        "Words": ["x", {"Word": "y"}],
    }
    monkeypatch.setitem(logging.statistics, "CherryPy WSGIServer", theirs)  # type: ignore[attr-defined]
    assert logging.statistics is cpstats.statistics  # type: ignore[attr-defined]
    ours = client()
    shown = json.loads(ours.get("/stats/data").body)["CherryPy WSGIServer"]
    assert shown["Twice"] == 6
    assert shown["Workers"]["a"] == {"Requests": 1, "Idle": False}
    text = ours.get("/stats/").text
    assert "<h1>CherryPy WSGIServer</h1>" in text
    assert "<td>a</td><td>False</td><td>1</td><td>None</td>" in text


def test_formats() -> None:
    assert cpstats.locale_date(0).endswith("1970")
    assert len(cpstats.iso_format(0)) == len("1970-01-01 00:00:00")
    assert cpstats.average_uriset_time({"Count": 2, "Sum": 3}) == 1.5
    assert cpstats.average_uriset_time({"Count": 0, "Sum": 0}) == 0
    assert cpstats.proc_time({"Start Time": time() - 5}) == pytest.approx(5, abs=1)
    page = cpstats.StatsPage()
    formatting = {"a": "%.1f", "b": None}
    records: list[dict[str, Any]] = [{"a": 1, "b": 2, "c": 3}, {"a": None}]
    assert page.get_list_collection(records, formatting) == (["a", "c"], [["1.0", 3], [None, None]])
    assert page.get_dict_collection({"x": records[0]}, {}) == (["a", "b", "c"], [["x", 1, 2, 3]])


def test_what_is_read_is_counted() -> None:
    wrapper = cpstats.ByteCountWrapper(io.BytesIO(b"abc\ndef\nghi\njkl\n"))
    assert (wrapper.read(2), wrapper.readline(), wrapper.next()) == (b"ab", b"c\n", b"def\n")
    assert (list(wrapper.readlines(1)), wrapper.bytes_read) == ([b"ghi\n"], 12)
    assert (list(wrapper), wrapper.bytes_read) == ([b"jkl\n"], 16)
    wrapper.close()
    assert wrapper.rfile.closed


def test_a_tool_of_ones_own() -> None:
    class Own(cpstats.StatsTool):
        def _setup(self) -> None:
            super()._setup()

    cherrypy.tools.own_stats = Own()
    Client(cherrypy.Application(_Root(), "", {"/": {"tools.own_stats.on": True}})).get()
    assert totals()["Requests"] == 1
