"""Sequences of reads, writes and attachments at all moments, compared with a simple model.

The model is one function, that goes through the moments of a request in their order. The same
programs and many more are compared with CherryPy 18.10 in ``tests-integration/compat``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import moment_programs
import moments
from moment_programs import attachments, programs, small_writes

if TYPE_CHECKING:
    from moments import Program

pytestmark = pytest.mark.usefixtures("site", "errors")

AT = [moment for moment in moment_programs.INSIDE if moment not in {"init", "error_page", "stream"}]
ASKED = ("granted", "refused", "failing", "refusing", "moved")
RAISING = ("on_start_resource", "before_request_body", "before_handler", "handler")


class Answered(Exception):
    """An error or a redirect was raised."""

    def __init__(self, code: int) -> None:
        self.code = code


class Model:
    """One request as a model: what runs, and what is answered.

    Args:
        program: What is done to it.
        request: What is asked.
    """

    def __init__(self, program: Program, request: dict[str, Any]) -> None:
        self.steps: list[list[Any]] = program["steps"] if request.get("steps", True) else []
        self.request = request
        self.devices = {step[0] for step in program["steps"]}
        self.done: set[str] = set()
        self.ran: list[str] = []
        self.hooks: dict[str, list[tuple[int, str]]] = {point: [] for point in moments.HOOK_POINTS}
        self.passes = request.get("fields", {}).get("X-Pass") == "yes"
        self.params: dict[str, str] = {}
        self.pages: dict[int, str] = {}
        self.handler: list[str | None] = []
        """What is called, outermost first."""
        self.status = 200
        self.fields: dict[str, str] = {}
        self.cookies: set[str] = set()
        self.body = ""
        self.sent: tuple[Any, ...] = ()

    def run(self) -> None:
        """Go through all moments."""
        try:
            try:
                self._respond()
            finally:
                self._run_hooks("on_end_resource")
        except Answered:
            self._run_hooks("before_error_response")
            self._show_error(500)
            self._run_hooks("after_error_response")
            self._finalize()
        self._act("after_request")
        self._run_hooks("on_end_request")

    def _respond(self) -> None:
        try:
            self._find_resource()
            self._run_hooks("on_start_resource")
            if "query" in self.request:
                self.params.update([self.request["query"].split("=")])
            self._run_hooks("before_request_body")
            self._run_hooks("before_handler")
            if self.handler != [None]:
                self._call_handler()
            self._run_hooks("before_finalize")
        except Answered as answered:
            if answered.code == 500:
                raise
            self._show_error(answered.code)
            self._run_hooks("before_finalize")
        self._finalize()

    def _find_resource(self) -> None:
        self._act("before_request")
        self._act("dispatcher")
        self._act("cp_dispatch" if "cp_dispatch" in self.devices else "getattr")
        self.handler = ["handler"]
        self._act("dispatched")
        self.pages |= {401: "configured page", 402: "configured page"}
        configured = [("before_finalize", 50, "configured hook")]
        configured += [(point, 50, "") for point in moments.HOOK_POINTS if point in self.devices]
        for point, priority, name in [*configured, ("before_handler", 20, "guard")]:
            self.hooks[point].append((priority, name))
        self._act("setup")
        self._act("namespace")

    def _call_handler(self) -> None:
        parameters = dict(self.params)
        self.ran += [each for each in self.handler if each is not None]
        if self.handler[-1] is None:
            raise Answered(500)
        self.body = self.handler[-1]
        if self.body == "handler":
            self._act("handler")
            codes = {"/failing": 500, "/refusing": 402, "/moved": 303}
            if self.request["path"] in codes:
                raise Answered(codes[self.request["path"]])
            self.body = f"page é {sorted(parameters.items())}"

    def _show_error(self, code: int) -> None:
        self.status = code
        page = self.pages.get(code)
        self.body = f"{code} " if page is None else f"{page}: {code} "
        if code == 303:
            self.body = "This resource can be found at"

    def _finalize(self) -> None:
        self.sent = (self.status, dict(self.fields), set(self.cookies), self.body)

    def _run_hooks(self, point: str) -> None:
        for _, name in sorted(self.hooks[point], key=lambda hook: hook[0]):
            if name:
                self.ran.append(name)
            else:
                self._act(point)
            if name == "guard" and not self.passes:
                raise Answered(401)

    def _act(self, moment: str) -> None:
        if moment in self.done:
            return
        self.done.add(moment)
        for at, action, *arguments in self.steps:
            if at == moment and arguments != ["read"]:
                _, _, name = action.rpartition(".")
                getattr(self, f"_do_{name.replace('-', '_')}")(*arguments)

    def _do_attach(self, point: str, name: str, priority: int) -> None:
        self.hooks[point].append((priority, name))

    _do_append = _do_attach

    def _do_param(self, name: str, value: str) -> None:
        self.params[name] = value

    def _do_header(self, _name: str, value: str) -> None:
        self.passes = value == "yes"

    def _do_field(self, name: str, value: str) -> None:
        self.fields[name] = value

    def _do_set_cookie(self, name: str) -> None:
        self.cookies.add(name)

    def _do_page(self, code: int, name: str) -> None:
        self.pages[code] = f"page {name}"

    def _do_own(self, _name: str, _value: str) -> None:
        """Nothing depends on it."""

    def _do_toolmaps(self, _what: str) -> None:
        """Tools have been set up, or are set up all the same."""

    def _do_handler(self, what: str) -> None:
        replaced: dict[str, list[str | None]] = {
            "set": ["other handler"],
            "none": [None],
            "wrap": ["wrapped", *self.handler],
        }
        self.handler = replaced[what]

    def _do_status(self, _what: str) -> None:
        self.status = 202

    def _do_raise(self, kind: str) -> None:
        raise Answered({"HTTPError": 403, "NotFound": 404, "HTTPRedirect": 303}.get(kind, 500))


def actions() -> st.SearchStrategy[list[Any]]:
    """Draw what the model knows."""
    names = [f"{side}.{name}" for side, names in moments.ATTRIBUTES.items() for name in names]
    changes = [
        ["request.handler", "set"],
        ["request.handler", "none"],
        ["request.handler", "wrap"],
        ["request.toolmaps", "set"],
        ["response.status", "code"],
    ]
    return st.one_of(
        attachments(), small_writes(), moment_programs.reads(names), st.sampled_from(changes)
    )


def told(result: dict[str, Any]) -> tuple[Any, ...]:
    """Tell an answer as the model does, with the whole body."""
    answer = result["answer"]
    headers = answer["headers"]
    return (
        int(answer["status"][:3]),
        {name: value for name, value in headers if name in {"X-Mine", "X-Other"}},
        {value.partition("=")[0] for name, value in headers if name == "Set-Cookie"},
        moments.tell_content(answer["body"].encode("latin-1")).decode(),
    )


@given(
    programs(st.just(actions()), AT, ASKED, raising=RAISING),
    st.booleans(),
)
def test_any_sequence_does_what_the_model_says(program: Program, in_pipeline: bool) -> None:
    """In order, to this request alone, with middleware of its own or without."""
    if in_pipeline:
        program = {**program, "devices": ["inside"]}
    for request, result in zip(program["requests"], moments.run(program), strict=True):
        model = Model(program, request)
        model.run()
        assert [item for item in result["trace"] if isinstance(item, str)] == model.ran
        status, fields, cookies, body = told(result)
        assert (status, fields, cookies) == model.sent[:3]
        assert body.startswith(model.sent[3])
        assert bool(body) is bool(model.sent[3])
