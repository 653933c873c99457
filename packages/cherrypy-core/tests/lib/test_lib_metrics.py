"""``tools.metrics``: figures of the site in the text format of Prometheus."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

import cherrypy
from cherrypy.lib import metrics
from wsgi_client import Client, call_wsgi, make_environ

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = __name__


class Root:
    @cherrypy.expose
    def index(self) -> str:
        return "page"

    @cherrypy.expose
    def fails(self) -> None:
        raise ValueError

    @cherrypy.expose
    def default(self, *path: str) -> str:
        return "/".join(path)

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def stream(self) -> Iterator[str]:
        yield "a"
        yield "b"


@pytest.fixture
def client(site: None, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Give a client of a site that has counted nothing yet."""
    del site
    monkeypatch.setattr(cherrypy.tools, "metrics", metrics.MetricsTool(), raising=False)
    config = {"/": {"tools.metrics.on": True}, "/metrics": {"tools.metrics.show": True}}
    return Client(cherrypy.tree.mount(Root(), "", config))


def figures(client: Client) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Ask for all figures; return values by name and labels."""
    answer = client.get("/metrics")
    assert answer.code == 200
    assert "text/plain; version=" in (answer.field("Content-Type") or "")
    assert answer.field("Cache-Control") == "no-store"
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }


def count(client: Client, handler: str, status: str, method: str = "GET") -> float:
    labels = (("handler", handler), ("method", method), ("status", status))
    return figures(client).get(("cherrypy_requests_total", labels), 0)


def test_requests_are_counted_by_handler_and_status(client: Client) -> None:
    for path in ("/", "/", "/fails", "/stream", "/no/such/page", "/another"):
        client.get(path)
    client.post("/")
    name = f"{HERE}.Root"
    assert count(client, f"{name}.index", "200") == 2
    assert count(client, f"{name}.index", "200", "POST") == 1
    assert count(client, f"{name}.fails", "500") == 1
    assert count(client, f"{name}.stream", "200") == 1
    assert count(client, f"{name}.default", "200") >= 2  # as many names as handlers


def test_durations_are_counted_by_handler(client: Client) -> None:
    client.get("/")
    found = figures(client)
    labels = (("handler", f"{HERE}.Root.index"),)
    assert found["cherrypy_request_duration_seconds_count", labels] == 1
    assert 0 < found["cherrypy_request_duration_seconds_sum", labels] < 60


def test_what_clients_write_is_no_label(client: Client) -> None:
    for method in ("ODD", "ODDER"):
        call_wsgi(client.application, make_environ(method, "/"))
    assert count(client, f"{HERE}.Root.index", "200", "other") == 2


def test_elsewhere_nothing_is_shown(client: Client) -> None:
    assert client.get("/other").body == b"other"


@pytest.mark.parametrize(
    ("handler", "name"),
    [
        (None, "none"),
        (cherrypy.NotFound("/x"), "none"),
        (Root().index, f"{HERE}.Root.index"),
        (figures, f"{HERE}.figures"),
        (Root(), f"{HERE}.Root"),
    ],
)
def test_the_names_of_handlers(handler: object, name: str) -> None:
    assert metrics.name_of(handler) == name


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(ImportError, match=r"pip install 'cherrypy-core\[metrics\]'"):
        _ = metrics.MetricsTool().figures
