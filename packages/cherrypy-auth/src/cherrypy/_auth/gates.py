"""What the gates of all schemes share.

A gate lets a request pass, or raises. It is made once for each configuration, so that mistakes in
the configuration are found before requests come.
"""

from functools import partial
from types import CodeType, FunctionType, MethodType
from typing import NoReturn

from cherrypy._runtime.errors import HTTPError
from cherrypy._runtime.messages import Request, Response
from cherrypy._tools.function import ToolFunction

CREDENTIALS = "Authorization"
"""Field of the credentials. ``Vary`` names it, as some caches store answers to such requests."""

_BODY_NAMES = frozenset({"body", "json", "params", "rfile"})

PRIORITY = 1
"""Place of all gates in ``before_handler``: before everything that is not for everybody."""


class Gate(ToolFunction[[], None]):
    """The function of a tool, prepared for one configuration.

    Args:
        source: What the application checks credentials with. Where that reads the body of a
            request, the gate runs after the body is processed.
    """

    def __init__(self, source: object = None) -> None:
        super().__init__(self.admit, needs_head_only=not reads_body(source))

    def admit(self, request: Request, response: Response) -> None:
        """Let a request pass, and set its ``login``.

        Raises:
            HTTPError: The request is not let in.
        """
        raise NotImplementedError


def reads_body(source: object) -> bool:
    """Tell whether a function of the application reads the body of a request, or what is in it.

    A true or false attribute ``reads_body`` of the function says so. Without one, its code is
    looked at for the names ``body``, ``json``, ``params`` and ``rfile``; what functions that it
    calls do is not seen.
    """
    told = getattr(source, "reads_body", None)
    if isinstance(told, bool):
        return told
    while isinstance(source, partial):
        source = source.func
    if not isinstance(source, (FunctionType, MethodType)):
        source = getattr(type(source), "__call__", None)  # noqa: B004 - not asked whether, but how
    code = getattr(getattr(source, "__func__", source), "__code__", None)
    return isinstance(code, CodeType) and _names_body(code)


def _names_body(code: CodeType) -> bool:
    return not _BODY_NAMES.isdisjoint(code.co_names) or any(
        _names_body(inner) for inner in code.co_consts if isinstance(inner, CodeType)
    )


def refuse(status: int = 401) -> NoReturn:
    """Raise the error for a user who is not let in.

    A 401 says by ``Vary`` that it depends on the credentials.

    Raises:
        HTTPError: Always.
    """
    refusal = HTTPError(status, "You are not authorized to access that resource")
    if status == 401:
        refusal.decided_by = CREDENTIALS
    raise refusal
