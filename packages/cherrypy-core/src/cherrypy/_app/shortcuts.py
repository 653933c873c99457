"""Shortcuts: paths that a tool answers without a request and a response being made.

The first request for a path always goes the whole way. If that showed that nothing but one tool
has a say in the answer, and if that tool offers it, the next ones are answered by the tool from
the WSGI environ alone. What that rests on is checked each time; where anything is not as it was,
the request goes the whole way. The answers are the same.
"""

from collections.abc import Callable, Iterable
from typing import Any

from cherrypy._publishing.objects import Dispatcher, find_resource
from cherrypy._publishing.plan import Plans, ResourcePlan
from cherrypy._publishing.reads import Reads, UnrepeatableError
from cherrypy._request.request import Request
from cherrypy._request.response import Response
from cherrypy._request.run import good_hosts

Application = Any  # of the module above this one
Environ = dict[str, Any]
Answer = tuple[str, list[tuple[str, str]], Iterable[bytes]]
"""Status, field lines without server and date, and content."""
Answerer = Callable[[Environ], Answer | None]
"""Answers a GET from its environ; ``None`` leaves it to the whole way."""

HTTP_1_1 = "HTTP/1.1"

MAX_SHORTCUTS = 10_000
"""Paths whose shortcuts are kept for an application; those beyond have none."""

MAX_PATH = 1024
"""Characters of a path that is kept."""


class Shortcut:
    """How a path is answered, and what that rests on.

    Args:
        answer: Answers.
        app: The application.
        script_name: Its mount point, as the server says it.
        reads: What the dispatcher looks at in the tree.
    """

    __slots__ = ("_answer", "_app", "_dispatch", "_reads", "_root", "_script_name", "_translate")

    def __init__(self, answer: Answerer, app: Application, script_name: str, reads: Reads) -> None:
        self._answer = answer
        self._app = app
        self._script_name = script_name
        self._reads = reads
        self._root = app.root
        dispatch: Any = Request.dispatch
        self._dispatch = dispatch
        self._translate = dispatch.translate

    def is_good(self) -> bool:
        """Tell whether the whole way still leads to where it led."""
        app = self._app
        dispatch: Any = self._dispatch
        is_good: bool = (
            app.root is self._root
            and app.request_class is Request
            and app.response_class is Response
            and dispatch.translate is self._translate
            and Request.dispatch is dispatch
            and "GET" not in Request.methods_with_bodies
            and self._reads.are_repeated()
        )
        return is_good

    def take(self, environ: Environ) -> Answer | None:
        """Answer a request for the path; ``None`` if it has to go the whole way."""
        try:
            if (
                environ["REQUEST_METHOD"] != "GET"
                or environ["HTTP_HOST"] not in good_hosts
                or environ["SCRIPT_NAME"] != self._script_name
                or environ["QUERY_STRING"]
                or environ["SERVER_PROTOCOL"] != HTTP_1_1
                or environ.get("ACTUAL_SERVER_PROTOCOL", HTTP_1_1) != HTTP_1_1
                or not self.is_good()
            ):
                return None
            return self._answer(environ)
        except Exception:
            return None


def remember(app: Application, environ: Environ, request: Any) -> None:
    """Find out whether there is a short way to answer what a tool has just finished."""
    plans, plan = app.current_plans, request.plan
    offer = getattr(plan.sole_callback, "offer_shortcut", None)
    path = environ.get("PATH_INFO", "")
    if offer is None or plans is None or len(path) > MAX_PATH or "//" in path:
        return
    if path in plans.shortcuts:
        known = plans.shortcuts[path]
        if known is None or known.is_good():
            return
    elif len(plans.shortcuts) >= MAX_SHORTCUTS:
        return
    answer = offer(request.path_info)
    if answer is not None:
        script_name = environ.get("SCRIPT_NAME", "")
        reads = _reads(app, request, plans, plan)
        shortcut = None if reads is None else Shortcut(answer, app, script_name, reads)
        plans.shortcuts[path] = shortcut if shortcut is not None and shortcut.is_good() else None


def _reads(app: Application, request: Any, plans: Plans, plan: ResourcePlan) -> Reads | None:
    """Walk to the answer once more, and note what the dispatcher looks at.

    Returns:
        ``None`` if it can not be told whether it finds the same the next time.
    """
    dispatch: Any = plans.dispatch
    if (
        not app.is_plain
        or plans.dispatchers
        or plans.resolve is None
        or dispatch is not Request.dispatch
        or dispatch.__class__ is not Dispatcher
    ):
        return None
    method_name = dispatch.dispatch_method_name
    reads = Reads(unset=("_cp_config", method_name))
    try:
        _, _, is_index, layers = find_resource(
            app.root, request.path_info, plans.sections, method_name, dispatch.translate, reads
        )
    except UnrepeatableError:
        return None
    # another thread may have changed the tree, or the configuration, meanwhile
    return reads if is_index is request.is_index and plans.of_layers(layers) is plan else None
