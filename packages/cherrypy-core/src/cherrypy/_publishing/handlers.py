"""Calling a page handler with the arguments that a request brings."""

from collections.abc import Callable, Collection, Mapping, Sequence
from types import CodeType, MethodType
from typing import TYPE_CHECKING, Any, cast

from cherrypy._runtime.context import current
from cherrypy._runtime.errors import HTTPError
from cherrypy._runtime.messages import Request
from cherrypy._runtime.overriding import Shortened

if TYPE_CHECKING:
    from inspect import Parameter

FOUND = cast("Callable[[], object]", object())
"""Stands for the handler that a dispatcher has found and nobody has looked at yet.

The request path calls ``request.callable`` then. Reading ``request.handler`` makes a handler of it.
"""


class PageHandler(Shortened):
    """A handler with the arguments it is to be called with.

    Args:
        callable: The exposed callable.
        *args: Positional arguments.
        **kwargs: Keyword arguments.
    """

    shortened = ("__init__", "__call__", "args", "kwargs")

    def __init__(self, callable: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        self.callable = callable
        self._args: Sequence[Any] = args
        self._kwargs: dict[str, Any] = kwargs

    @property
    def args(self) -> Sequence[Any]:
        """Positional arguments; they can be replaced, by a tool for example."""
        return self._args

    @args.setter
    def args(self, args: Sequence[Any]) -> None:
        current.get().request.vpath = args
        self._args = args

    @property
    def kwargs(self) -> dict[str, Any]:
        """Keyword arguments; they can be replaced."""
        return self._kwargs

    @kwargs.setter
    def kwargs(self, kwargs: dict[str, Any]) -> None:
        self._kwargs = kwargs

    def __call__(self) -> Any:
        """Call the handler.

        Raises:
            HTTPError: 404 or 400, if the arguments do not fit.
        """
        return call(self.callable, self.args, self.kwargs)


class LateParamPageHandler(PageHandler):
    """A handler that takes ``request.params`` as they are when it is called.

    What ``kwargs`` is set to is laid over them; to take a parameter away, change the parameters.
    """

    shortened = ("__init__", "__call__", "args", "kwargs")

    @property
    def kwargs(self) -> dict[str, Any]:
        """The parameters of the request, with own keyword arguments over them."""
        return {**current.get().request.params, **self._kwargs}

    @kwargs.setter
    def kwargs(self, kwargs: dict[str, Any]) -> None:
        self._kwargs = kwargs


def call(
    handler: Callable[..., object], args: Sequence[object], kwargs: Mapping[str, object]
) -> object:
    """Call a page handler.

    Raises:
        HTTPError: 404 or 400, if the arguments do not fit.
    """
    try:
        return handler(*args, **kwargs)
    except TypeError as error:
        mismatch = mismatch_of(handler, args, kwargs)
        if mismatch is None:
            raise
        raise mismatch from error


def mismatch_of(
    handler: Callable[..., object], args: Sequence[object], kwargs: Mapping[str, object]
) -> HTTPError | None:
    """Return what to raise in place of a ``TypeError`` of a call, if the arguments do not fit.

    Args:
        handler: What was called.
        args: Its positional arguments: the rest of the path.
        kwargs: Its keyword arguments: parameters of query and body.
    """
    try:
        test_callable_spec(handler, args, kwargs)
    except HTTPError as mismatch:
        return mismatch
    return None


def test_callable_spec(
    callable: Callable[..., Any],
    callable_args: Sequence[Any],
    callable_kwargs: Mapping[str, Any],
) -> None:
    """Check that a handler can be called with the arguments of the current request.

    Args:
        callable: The handler.
        callable_args: Positional arguments: the rest of the path.
        callable_kwargs: Keyword arguments: parameters of query and body.

    Raises:
        HTTPError: 404 where the path or the query does not fit, 400 where the body does not. The
            message says why if ``request.show_mismatched_params`` is on.
    """
    from inspect import signature

    try:
        parameters = signature(callable, follow_wrapped=False).parameters.values()
    except (TypeError, ValueError):
        return  # it does not tell: functions of C
    request = current.get().request
    reason = _mismatch(parameters, callable_args, callable_kwargs, request)
    if reason is None:
        reason = _named_like_self(callable, callable_kwargs, request)
    if reason is not None:
        status, text = reason
        raise HTTPError(status, text if request.show_mismatched_params else None)


test_callable_spec.__test__ = False  # type: ignore[attr-defined]  # no test, in spite of its name


def _named_like_self(
    handler: Callable[..., object],
    kwargs: Mapping[str, object],
    request: Request,
) -> tuple[int, str] | None:
    """Return status and reason where a parameter has the name of the instance of a method."""
    method = handler if isinstance(handler, MethodType) else getattr(handler, "__call__", None)  # noqa: B004 - not asked whether, but how
    code: CodeType | None = getattr(getattr(method, "__func__", None), "__code__", None)
    if code is None or not code.co_argcount or code.co_posonlyargcount:
        return None
    name = code.co_varnames[0]
    if name not in kwargs:
        return None
    if name in (getattr(request.body, "params", None) or ()):
        return 400, f"Unexpected body parameters: {name}"
    return 404, f"Unexpected query string parameters: {name}"


def _mismatch(
    parameters: Collection["Parameter"],
    args: Sequence[object],
    kwargs: Mapping[str, object],
    request: Request,
) -> tuple[int, str | None] | None:
    """Return status and reason of a mismatch, or ``None`` if the arguments fit."""
    body_names = set(getattr(request.body, "params", None) or ())
    kinds = {p.kind.name for p in parameters}
    positional = [p.name for p in parameters if p.kind.name.startswith("POSITIONAL")]
    named = {p.name for p in parameters if p.kind.name in ("POSITIONAL_OR_KEYWORD", "KEYWORD_ONLY")}
    taken = set(positional[: len(args)])

    twice = taken & kwargs.keys() & named
    if twice:
        status = 400 if twice <= body_names else 404
        return status, "Multiple values for parameters: " + ", ".join(sorted(twice))
    missing = [p.name for p in parameters if _is_missing(p, taken, kwargs)]
    if missing:
        return 404, "Missing parameters: " + ",".join(missing)
    if len(args) > len(positional) and "VAR_POSITIONAL" not in kinds:
        return 404, None
    return None if "VAR_KEYWORD" in kinds else _unexpected(set(kwargs) - named, body_names)


def _unexpected(extra: set[str], body_names: set[str]) -> tuple[int, str] | None:
    """Return status and reason for parameters that a handler does not take."""
    in_query = extra - body_names
    if in_query:
        return 404, "Unexpected query string parameters: " + ", ".join(sorted(in_query))
    if extra:
        return 400, "Unexpected body parameters: " + ", ".join(sorted(extra))
    return None


def _is_missing(parameter: "Parameter", taken: set[str], kwargs: Mapping[str, object]) -> bool:
    return (
        parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        and parameter.name not in taken
        and (parameter.kind is parameter.POSITIONAL_ONLY or parameter.name not in kwargs)
    )
