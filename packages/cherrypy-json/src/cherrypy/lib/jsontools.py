"""The tools ``json_in`` and ``json_out``: values in place of text, in both directions."""

import inspect
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from functools import partial
from typing import Any, TypeVar

from cherrypy._json import fast
from cherrypy._json.decoding import InvalidJSONError, make_decoder
from cherrypy._json.encoding import ArrayStream
from cherrypy._json.validation import InvalidValueError, checker_of, require_library
from cherrypy._runtime.context import current
from cherrypy._runtime.errors import HTTPError
from cherrypy._runtime.messages import Request, Response
from cherrypy._runtime.overriding import publish
from cherrypy._runtime.state import is_untouched
from cherrypy._tools.function import ToolFunction, tool_function
from cherrypy._tools.tool import Tool

__all__ = [
    "JSONInTool",
    "JSONOutTool",
    "json_encode",
    "json_handler",
    "json_in",
    "json_out",
    "json_processor",
]

CONTENT_TYPES = ["application/json", "text/javascript"]
MAX_DEPTH = 200
MAX_SIZE = 10 * 1024 * 1024

F = TypeVar("F", bound=Callable[..., Any] | type)
Processor = Callable[[Any], object]
"""Reads a body, a :class:`cherrypy._cpreqbody.RequestBody`."""

json_encode = fast.encode
"""Encode a value as JSON text, as ``json_out`` does; returns bytes."""


# In -----------------------------------------------------------------------------------------------


def _make_processor(
    max_size: int | None = MAX_SIZE, max_depth: int = MAX_DEPTH, duplicate_names: str = "error"
) -> Processor:
    decode = make_decoder(max_depth, duplicate_names)

    def json_processor(entity: object) -> None:
        """Read a body of JSON into ``request.json``, within the default limits.

        Args:
            entity: The body.

        Raises:
            HTTPError: 413 if it is too large, 400 if it is not a JSON text, or not one that is
                allowed.
        """
        try:
            value = decode(_read(entity, max_size))
        except InvalidJSONError as error:
            raise HTTPError(400, f"Invalid JSON document: {error}.") from None
        setattr(current.get().request, JSON, value)

    return json_processor


def _read(entity: Any, max_size: int | None) -> bytes:
    """Read a body; one that is too large is not read at all if it says so."""
    if not max_size or entity.length is None or entity.length <= max_size:
        content: bytes = entity.fp.read(max_size + 1) if max_size else entity.fp.read()
        if not max_size or len(content) <= max_size:
            return content
    raise HTTPError(413, f"A JSON document may have {max_size} bytes at most.")


JSON = "json"
"""The attribute by which a request has the value of its body."""

json_processor = _make_processor()


def _process_and_validate(processor: Processor, parameter: str, entity: object) -> None:
    """Process a body, and make it an argument of the handler.

    Raises:
        HTTPError: 422, if it does not fit the handler's annotation.
    """
    processor(entity)
    request = current.get().request
    handler = request.callable
    if handler is None:
        return  # nothing is published there, which is going to be said
    check = checker_of(getattr(handler, "__func__", handler), parameter)
    try:
        value = check(getattr(request, JSON))
    except InvalidValueError as error:
        raise HTTPError(422, f"Invalid value at {error}.") from None
    setattr(request, JSON, value)
    request.params[parameter] = value


def _prepare_json_in(
    content_type: str | Iterable[str] = CONTENT_TYPES,
    force: bool = True,
    debug: bool = False,
    processor: Processor = json_processor,
    parameter: str | None = None,
    **limits: Any,
) -> ToolFunction[[], None]:
    types = [content_type] if isinstance(content_type, str) else list(content_type)
    process = _make_processor(**limits) if processor is json_processor else processor
    if parameter is not None:
        require_library()
        process = partial(_process_and_validate, process, parameter)
    processors = dict.fromkeys([*types, *map(str.lower, types)], process)

    def refuse() -> None:
        raise HTTPError(415, f"Expected an entity of content type {', '.join(types)}")

    def read(request: Request, response: Response) -> None:
        if request.process_request_body:
            body = request.body
            if force:
                body.processors = dict(processors)
                body.default_proc = refuse  # type: ignore[method-assign]  # of this body
            else:
                body.processors.update(processors)

    return ToolFunction(read)


@tool_function(prepare=_prepare_json_in)
def json_in(
    request: Request,
    response: Response,
    content_type: str | Iterable[str] = CONTENT_TYPES,
    force: bool = True,
    debug: bool = False,
    processor: Processor = json_processor,
    parameter: str | None = None,
    max_size: int | None = MAX_SIZE,
    max_depth: int = MAX_DEPTH,
    duplicate_names: str = "error",
) -> None:
    """Decode a body of JSON into ``request.json``.

    Args:
        content_type: Media type or types that are taken for JSON.
        force: Whether a body of any other type is refused.
        debug: Not used any more.
        processor: Called with the body, of one of these types. Those that you write have
            ``entity.fp.read()`` for its bytes, and no limits but that of the server.
        parameter: Name of a parameter of the handler. It is given the value, after that has been
            compared with the annotation of the parameter and converted to what this says.
        max_size: Bytes that a document may have; None for no limit but that of the server.
        max_depth: How many arrays and objects may be inside of each other.
        duplicate_names: ``error``, or ``last`` to keep the last of members with the same name.

    Raises:
        HTTPError: 415, 413, 411, 400 or 422, when the body is processed.

    See: RFC 8259.
    """
    limits = {"max_size": max_size, "max_depth": max_depth, "duplicate_names": duplicate_names}
    prepared = _prepare_json_in(content_type, force, debug, processor, parameter, **limits)
    prepared.function(request, response)


class JSONInTool(Tool):
    """The tool ``json_in``."""

    def __init__(self) -> None:
        super().__init__("before_request_body", json_in, priority=30)

    def __call__(self, *args: object, **kwargs: object) -> Callable[[F], F]:
        """Make a decorator, see :class:`Tool`, that looks at the annotation of ``parameter``.

        Raises:
            TypeError: It says what cannot be compared with a document.
            ImportError: There is nothing installed to compare with.
        """
        decorator = super().__call__(*args, **kwargs)
        parameter = kwargs.get("parameter")
        if parameter is None:
            return decorator
        require_library()

        def decorate(published: F) -> F:
            if inspect.isfunction(published):
                with suppress(NameError):  # of what is defined further below
                    if parameter in inspect.get_annotations(inspect.unwrap(published)):
                        checker_of(published, parameter)
            return decorator(published)

        return decorate


# Out ----------------------------------------------------------------------------------------------


def json_handler(*args: object, **kwargs: object) -> Iterable[bytes]:
    """Call the page handler, and encode what it returns.

    The page handler is ``request._json_inner_handler``, for handlers of your own as well.

    Args:
        *args: Positional arguments for it; usually there are none, as it has its own.
        **kwargs: Keyword arguments for it.

    Returns:
        JSON text, in one piece; an iterator is an array, whose items are encoded as they are sent
        if ``response.stream`` is on.
    """
    content = _answer(*args, **kwargs)
    return [content] if isinstance(content, bytes) else content


INNER_HANDLER = "_json_inner_handler"
"""The attribute by which a request has the page handler whose value is encoded."""


def _answer(*args: object, **kwargs: object) -> bytes | ArrayStream:
    """Do what :func:`json_handler` does, for a response of one piece without a list."""
    serving = current.get()
    inner: Callable[..., Any] = getattr(serving.request, INNER_HANDLER)
    value = inner(*args, **kwargs)
    if not hasattr(value.__class__, "__next__"):  # an iterator
        return json_encode(value)
    stream = ArrayStream(value, json_encode)
    if serving.response.stream:
        return stream
    with closing(stream):
        return json_encode(list(value))


def _prepare_json_out(
    content_type: str | None = "application/json",
    debug: bool = False,
    handler: Callable[..., Any] = json_handler,
) -> ToolFunction[[], None]:
    answer = _answer if handler is json_handler else handler
    text = content_type or ""
    plain_type = text if text.isascii() and text.isprintable() else ""

    def wrap(request: Any, response: Response) -> None:
        inner = request.handler
        if inner is None:
            return  # a tool has answered already
        setattr(request, INNER_HANDLER, inner)
        request.handler = answer
        if plain_type and is_untouched(response):
            response.content_type = plain_type  # PERF: no headers are made for that
        elif content_type is not None:
            response.headers["Content-Type"] = content_type

    return ToolFunction(wrap)


@tool_function(prepare=_prepare_json_out)
def json_out(
    request: Request,
    response: Response,
    content_type: str | None = "application/json",
    debug: bool = False,
    handler: Callable[..., Any] = json_handler,
) -> None:
    """Encode what the page handler returns as JSON.

    Args:
        content_type: Media type of the answer; None leaves it as it is.
        debug: Not used any more.
        handler: Called in place of the page handler, which is ``request._json_inner_handler``;
            returns bytes, text, or an iterable of them.

    See: RFC 8259.
    """
    _prepare_json_out(content_type, debug, handler).function(request, response)


class JSONOutTool(Tool):
    """The tool ``json_out``."""

    def __init__(self) -> None:
        super().__init__("before_handler", json_out, priority=30)


publish(__name__)
