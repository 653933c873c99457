"""The tools ``json_in`` and ``json_out``: values in place of text, in both directions."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from cherrypy._json import fast
from cherrypy._json.decoding import InvalidJSONError, make_decoder
from cherrypy._json.encoding import ArrayStream
from cherrypy._json.validation import InvalidValueError, checker_of
from cherrypy._runtime.context import current
from cherrypy._runtime.errors import HTTPError
from cherrypy._tools.tool import Arguments, PlannedHooks, Tool

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

Request = Any
Response = Any

json_encode = fast.encode
"""Encode a value as JSON text, as ``json_out`` does; gives octets."""


# In -----------------------------------------------------------------------------------------------


class JSONProcessor:
    """Decodes a body of JSON into ``request.json``.

    Args:
        max_size: Octets that it may have.
        max_depth: How many arrays and objects may be inside of each other.
        duplicate_names: ``error``, or ``last`` to keep the last of members with the same name.
    """

    def __init__(
        self,
        max_size: int | None = MAX_SIZE,
        max_depth: int = MAX_DEPTH,
        duplicate_names: str = "error",
    ) -> None:
        self.max_size = max_size
        self.decode = make_decoder(max_depth, duplicate_names)

    def __call__(self, entity: Any) -> None:
        """Read a body, and set ``request.json``.

        Raises:
            HTTPError: 413 if it is too large, 400 if it is no JSON text, or not one that is
                allowed.
        """
        octets = self.read(entity)
        try:
            value = self.decode(octets)
        except InvalidJSONError as error:
            raise HTTPError(400, f"Invalid JSON document: {error}.") from None
        current.get().request.json = value

    def read(self, entity: Any) -> bytes:
        """Read a body; one that is too large is not read at all if it says so.

        Raises:
            HTTPError: 413.
        """
        limit = self.max_size
        if not limit:
            whole: bytes = entity.fp.read()
            return whole
        if entity.length is None or entity.length <= limit:
            octets: bytes = entity.fp.read(limit + 1)
            if len(octets) <= limit:
                return octets
        raise HTTPError(413, f"A JSON document may have {limit} octets at most.")


_process = JSONProcessor()


def json_processor(entity: Any) -> None:
    """Read a body of JSON into ``request.json``, within the default limits.

    Args:
        entity: The body.

    Raises:
        HTTPError: See :class:`JSONProcessor`.
    """
    _process(entity)


class JSONReader:
    """What ``json_in`` does, for one configuration of it; see there."""

    def __init__(
        self,
        content_type: str | Iterable[str] = tuple(CONTENT_TYPES),
        force: bool = True,
        debug: bool = False,
        processor: Callable[[Any], object] = json_processor,
        parameter: str | None = None,
        **limits: Any,
    ) -> None:
        self.content_types = [content_type] if isinstance(content_type, str) else list(content_type)
        self.force = force
        self.parameter = parameter
        self.processor = JSONProcessor(**limits) if processor is json_processor else processor
        process = self.processor if parameter is None else self.process_and_validate
        names = (*self.content_types, *(name.lower() for name in self.content_types))
        self.processors = dict.fromkeys(names, process)

    def __call__(self) -> None:
        """Prepare the current request."""
        self.with_request(current.get().request, None)

    def with_request(self, request: Request, _response: Response) -> None:
        """Have the body of a request decoded, if it has one that is read."""
        if not request.process_request_body:
            return
        body = request.body
        if self.force:
            body.processors = dict(self.processors)
            body.default_proc = self.refuse
        else:
            body.processors.update(self.processors)

    def refuse(self) -> None:
        """Answer to a body of another type.

        Raises:
            HTTPError: 415.
        """
        expected = ", ".join(self.content_types)
        raise HTTPError(415, f"Expected an entity of content type {expected}")

    def process_and_validate(self, entity: Any) -> None:
        """Process a body, and make it an argument of the handler.

        Raises:
            HTTPError: 422, if it is not what the handler's annotation says.
        """
        self.processor(entity)
        request = current.get().request
        handler = request.callable
        if handler is None:
            return  # nothing is published there, which is going to be said
        check = checker_of(getattr(handler, "__func__", handler), self.parameter or "")
        try:
            value = check(request.json)
        except InvalidValueError as error:
            raise HTTPError(422, f"Invalid value at {error}.") from None
        request.json = request.params[self.parameter] = value


def json_in(
    content_type: str | Iterable[str] = CONTENT_TYPES,
    force: bool = True,
    debug: bool = False,
    processor: Callable[[Any], object] = json_processor,
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
            ``entity.fp.read()`` for its octets, and no limits but that of the server.
        parameter: Name of a parameter of the handler. It is given the value, after that has been
            compared with the annotation of the parameter and converted to what this says.
        max_size: Octets that a document may have; None for no limit but that of the server.
        max_depth: How many arrays and objects may be inside of each other.
        duplicate_names: ``error``, or ``last`` to keep the last of members with the same name.

    Raises:
        HTTPError: 415, 413, 411, 400 or 422, when the body is processed.

    See: RFC 8259.
    """
    limits = {"max_size": max_size, "max_depth": max_depth, "duplicate_names": duplicate_names}
    JSONReader(content_type, force, debug, processor, parameter, **limits)()


class JSONInTool(Tool):
    """The tool ``json_in``; what it does is prepared once for each configuration."""

    def __init__(self) -> None:
        super().__init__("before_request_body", json_in, priority=30)

    def _plan(self, arguments: Arguments) -> PlannedHooks:
        if self.callable is not json_in:
            return super()._plan(arguments)  # an application has a function of its own
        settings = {name: value for name, value in arguments.items() if name != "priority"}
        hook = self._hook(JSONReader(**settings), _priority_of(arguments))
        return [("before_request_body", hook)]


# Out ----------------------------------------------------------------------------------------------


def json_handler(*args: Any, **kwargs: Any) -> Iterable[bytes]:
    """Call the page handler, and encode what it returns.

    The page handler is ``request._json_inner_handler``, for handlers of your own as well.

    Args:
        *args: Positional arguments for it; usually there are none, as it has its own.
        **kwargs: Keyword arguments for it.

    Returns:
        JSON text, in one piece; an iterator is an array, whose items are encoded as they are sent
        if ``response.stream`` is on.
    """
    serving = current.get()
    inner = serving.request._json_inner_handler
    content = _encoded(inner(*args, **kwargs), serving.response)
    return [content] if isinstance(content, bytes) else content


def _answer() -> bytes | ArrayStream:
    """Do what :func:`json_handler` does, for a response of one piece without a list."""
    serving = current.get()
    return _encoded(serving.request._json_inner_handler(), serving.response)


def _encoded(value: Any, response: Response) -> bytes | ArrayStream:
    if not isinstance(value, Iterator):
        return json_encode(value)
    if response.stream:
        return ArrayStream(value, json_encode)
    try:
        return json_encode(list(value))
    finally:
        close = getattr(value, "close", None)
        if close is not None:
            close()


class JSONWriter:
    """What ``json_out`` does, for one configuration of it; see there."""

    def __init__(
        self,
        content_type: str | None = "application/json",
        debug: bool = False,
        handler: Callable[..., Any] = json_handler,
    ) -> None:
        self.content_type = content_type
        self.is_safe = content_type is not None and (
            content_type.isascii() and content_type.isprintable()
        )
        self.handler = _answer if handler is json_handler else handler

    def __call__(self) -> None:
        """Prepare the current request."""
        serving = current.get()
        self.with_request(serving.request, serving.response)

    def with_request(self, request: Request, response: Response) -> None:
        """Wrap the handler of a request."""
        inner = request.handler
        if inner is None:
            return  # a tool has answered already
        request._json_inner_handler = inner
        request.handler = self.handler
        if self.content_type is None:
            return
        if self.is_safe and "headers" not in response.__dict__:
            response.content_type = self.content_type  # PERF: no headers are made for that
        else:
            response.headers["Content-Type"] = self.content_type


def json_out(
    content_type: str | None = "application/json",
    debug: bool = False,
    handler: Callable[..., Any] = json_handler,
) -> None:
    """Encode what the page handler returns as JSON.

    Args:
        content_type: Media type of the answer; None leaves it as it is.
        debug: Not used any more.
        handler: Called in place of the page handler, which is ``request._json_inner_handler``;
            returns octets, text, or an iterable of them.

    See: RFC 8259.
    """
    JSONWriter(content_type, debug, handler)()


class JSONOutTool(Tool):
    """The tool ``json_out``; what it does is prepared once for each configuration."""

    def __init__(self) -> None:
        super().__init__("before_handler", json_out, priority=30)

    def _plan(self, arguments: Arguments) -> PlannedHooks:
        if self.callable is not json_out:
            return super()._plan(arguments)  # an application has a function of its own
        settings = {name: value for name, value in arguments.items() if name != "priority"}
        hook = self._hook(JSONWriter(**settings), _priority_of(arguments))
        return [("before_handler", hook)]


def _priority_of(arguments: Arguments) -> Arguments:
    return {name: value for name, value in arguments.items() if name == "priority"}
