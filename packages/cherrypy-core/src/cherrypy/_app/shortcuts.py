"""Shortcuts: paths that a tool answers without a request and a response being made.

The first request for a path always goes the whole way. If that showed that nothing but one tool
has a say in the answer, and if that tool offers it, the next ones are answered by the tool from
the WSGI environ alone. What that rests on is checked each time; where anything is not as it was,
the request goes the whole way. The answers are the same.
"""

from collections.abc import Callable, Iterable
from typing import Any

from cherrypy._publishing.objects import Dispatcher, find_resource
from cherrypy._publishing.plan import MAX_SHORTCUTS, Plans
from cherrypy._publishing.reads import Reads, UnrepeatableError
from cherrypy._request.request import Request
from cherrypy._request.run import good_hosts

Application = Any  # of the module above this one
Environ = dict[str, Any]
Answer = tuple[str, list[tuple[str, str]], Iterable[bytes]]
"""Status, field lines without server and date, and content."""
Answerer = Callable[[Environ], Answer | None]
"""Answers a GET from its environ; ``None`` leaves it to the whole way."""

HTTP_1_1 = "HTTP/1.1"

MAX_PATH = 256
"""Characters of a path that is kept: clients can write the path of a file in many ways."""


class Shortcut:
    """How a path is answered, and what that rests on."""

    __slots__ = ("_answer", "_reads", "_root", "_script_name")

    def __init__(self, answer: Answerer, script_name: str, root: object, reads: Reads) -> None:
        self._answer = answer
        self._script_name = script_name
        self._root = root
        self._reads = reads

    def take(self, app: Application, environ: Environ) -> Answer | None:
        """Answer a request for the path; ``None`` if it has to go the whole way."""
        try:
            if (
                environ["REQUEST_METHOD"] != "GET"
                or environ["HTTP_HOST"] not in good_hosts
                or environ["SCRIPT_NAME"] != self._script_name
                or environ["QUERY_STRING"]
                or environ["SERVER_PROTOCOL"] != HTTP_1_1
                or environ.get("ACTUAL_SERVER_PROTOCOL", HTTP_1_1) != HTTP_1_1
                or app.root is not self._root
                or not self._reads.are_repeated()
            ):
                return None
        except KeyError:  # a server may leave out what is empty, and HTTP/1.0 a host
            return None
        return self._answer(environ)


NO_SHORTCUT = Shortcut(lambda _environ: None, "", None, Reads())
"""Stands for a path that has to go the whole way each time."""


def remember(app: Application, environ: Environ, request: Any) -> None:  # noqa: ANN401 - any request class
    """Find out whether there is a short way to answer what a tool has just finished."""
    plans = app.current_plans
    path = environ.get("PATH_INFO", "")
    if plans is None or path in plans.shortcuts or len(path) > MAX_PATH:
        return
    if len(plans.shortcuts) >= MAX_SHORTCUTS:
        plans.shortcuts.clear()
    plans.shortcuts[path] = _find(app, environ, request, plans)


def _find(app: Application, environ: Environ, request: Any, plans: Plans) -> Shortcut:  # noqa: ANN401 - as above
    plan = request.plan
    offer = getattr(plan.sole_callback, "shortcut", None)
    dispatch = plans.dispatch
    if (
        offer is None
        or plan.token is not plans.token
        or app.has_own_serving
        or request.own_stages
        or type(request).__init__ is not Request.__init__
        or plans.dispatchers
        or plans.resolve is None
        or dispatch.__class__ is not Dispatcher
    ):
        return NO_SHORTCUT
    root = app.root
    method_name = dispatch.dispatch_method_name
    reads = Reads(unset=("_cp_config", method_name))
    try:
        found = find_resource(
            root, request.path_info, plans.sections, method_name, dispatch.translate, reads
        )
    except UnrepeatableError:
        return NO_SHORTCUT
    _, _, is_index, layers = found
    if is_index is not request.is_index or plans.of_layers(layers) is not plan:
        return NO_SHORTCUT  # another thread has changed the tree meanwhile
    answer = offer(request.path_info)
    if answer is None:
        return NO_SHORTCUT
    return Shortcut(answer, environ.get("SCRIPT_NAME", ""), root, reads)
