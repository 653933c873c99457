"""Tools for text and content codings: encode, decode, gzip."""

import codecs
from collections.abc import Callable, Iterable
from typing import Any, cast

from cherrypy._http.charsets import ALIASES, WEB_CHARSETS, is_charset
from cherrypy._http.elements import AcceptElement
from cherrypy._http.errors import MalformedFieldError
from cherrypy._http.fields import is_token
from cherrypy._runtime.context import current
from cherrypy._runtime.errors import HTTPError
from cherrypy._runtime.iterators import (
    FileContent,
    Names,
    WrappedBody,
    close,
    file_generator,
    names_of,
    set_vary_header,
)
from cherrypy._runtime.messages import Request, Response
from cherrypy._runtime.overriding import Shortened, publish
from cherrypy._runtime.state import made_headers
from cherrypy._runtime.text import HTML
from cherrypy._tools.function import Encoder, ToolFunction, tool_function
from cherrypy._tools.hooks import Hook
from cherrypy._tools.tool import Arguments, Tool
from cherrypy.lib.content_coding import compress, decompress, gzip

__all__ = [
    "ResponseEncoder",
    "UTF8StreamEncoder",
    "compress",
    "decode",
    "decompress",
    "gzip",
    "prepare_iter",
]


Body = Iterable[str | bytes]
"""The body of a response before its text is encoded."""


class UTF8StreamEncoder(WrappedBody[str | bytes]):
    """Encode the text of an iterator as it comes; bytes pass through.

    Args:
        iterator: Gives ``str`` or ``bytes``.
    """

    def __init__(self, iterator: Iterable[str | bytes]) -> None:
        super().__init__(iterator)

    def __next__(self) -> bytes:
        """Return the next bytes."""
        chunk = next(self.chunks)
        return chunk.encode("utf-8") if isinstance(chunk, str) else chunk

    next = __next__

    def __getattr__(self, attribute: str) -> Any:
        """Return an attribute of the iterator."""
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return getattr(self.chunks, attribute)


def prepare_iter(value: object) -> Body:
    """Return a body as an iterable: text or bytes as a list of one, a file in chunks.

    Args:
        value: The value that a page handler returned.
    """
    if isinstance(value, (str, bytes)):
        return [value] if value else []
    if hasattr(value, "read"):
        return file_generator(value)
    return [] if value is None else cast("Body", value)


class ResponseEncoder(Shortened):
    """Wraps the page handler, and makes bytes of the text it returns.

    Args:
        **kwargs: Attributes to set, such as ``encoding``.
    """

    shortened = (
        *("__init__", "__call__", "encode_stream", "encode_string", "find_acceptable_charset"),
    )

    default_encoding = "utf-8"
    failmsg = "Response body could not be encoded with %r."
    encoding: str | None = None
    """Charset; by default the client may choose it (RFC 9110 section 12.5.2)."""
    more_charsets: Names = ()
    """Charsets that the client may choose beside those that a text on the web may have."""
    errors = "strict"
    """Treatment of characters that the charset lacks, see :meth:`str.encode`."""
    text_only = True
    """Whether only ``text/*`` is labelled with a charset; text is encoded under every type."""
    add_charset = True
    """Whether the content type is labelled with the charset."""
    debug = False

    def __init__(self, **kwargs: object) -> None:
        serving = current.get()
        self._begin(serving.request, serving.response, kwargs)
        self.oldhandler: Callable[..., Any] | None = self.request.handler
        if self.oldhandler is not None:
            self.request.handler = self

    def _begin(self, request: Request, response: Response, settings: dict[str, Any]) -> None:
        for name, value in settings.items():
            setattr(self, name, value)
        self.request = request
        self.response = response
        self.attempted_charsets: set[str] = set()

    def __call__(self, *args: object, **kwargs: object) -> Body:
        """Call the handler, and encode what it returns."""
        if self.oldhandler is None:
            return []
        return self.encode(self.oldhandler(*args, **kwargs))

    body: Body
    """What is encoded."""

    def encode(self, body: object) -> Body:
        """Return a body whose text is encoded, and label the content type.

        Raises:
            HTTPError: 406 if the client accepts no charset that can encode the body, 500 if the
                configured one cannot.
        """
        self.body = prepare_iter(body)
        headers = self.response.headers
        content_type = headers.elements("Content-Type")
        if not content_type:
            # nothing to label; yet text has to become bytes
            self.body = UTF8StreamEncoder(self.body)
            return self.body
        element = content_type[0]
        is_text = element.value.lower().startswith("text/")
        has_bytes = isinstance(self.body, list) and all(isinstance(c, bytes) for c in self.body)
        if is_text or not self.text_only:
            if has_bytes and "charset" in element.params:
                return self.body  # its charset is known
            charset = self.find_acceptable_charset()
            if not _is_same(charset, self.encoding or self.default_encoding):
                set_vary_header(self.response, "Accept-Charset")
            if self.add_charset:
                element.params["charset"] = charset
                headers["Content-Type"] = str(element)
        elif not has_bytes:
            charset = element.params.get("charset", self.default_encoding)
            encode = self.encode_string if isinstance(self.body, list) else self.encode_stream
            if not encode(charset):
                raise HTTPError(500, self.failmsg % charset)
        return self.body

    def encode_stream(self, encoding: str) -> bool:
        """Encode the body as it is sent; return whether the charset is known.

        The charset is sent before the body, and cannot depend on it.
        """
        if encoding in self.attempted_charsets:
            return False
        self.attempted_charsets.add(encoding)
        try:
            codecs.lookup(encoding)
        except LookupError:
            return False
        if not (isinstance(self.body, FileContent) and self.body.is_raw):  # those are bytes
            self.body = _Recoder(self.body, encoding, self.errors)
        return True

    def encode_string(self, encoding: str) -> bool:
        """Encode the whole body; return whether the charset has all characters of it."""
        if encoding in self.attempted_charsets:
            return False
        self.attempted_charsets.add(encoding)
        try:
            body = [
                chunk.encode(encoding, self.errors) if isinstance(chunk, str) else chunk
                for chunk in self.body
            ]
        except (LookupError, UnicodeError):
            return False
        self.body = body
        return True

    def find_acceptable_charset(self) -> str:
        """Encode the body with a charset that the client accepts, and return its name.

        Raises:
            HTTPError: 406 if there is none, 500 if even the default one does not fit.
        """
        if self.response.stream or self._is_file_of_known_length():
            encode = self.encode_stream
        else:
            self.body = _read(self.body)
            encode = self.encode_string
            # the length changes, and was that of characters if it was counted at all
            if any(isinstance(chunk, str) for chunk in self.body):
                self.response.headers.pop("Content-Length", None)
        accepted = self._accepted()
        if self.encoding is not None:
            encoding = self.encoding.lower()
            names = [element.value.lower() for element in accepted]
            if (not accepted or "*" in names or encoding in names) and encode(encoding):
                return encoding
        elif not accepted:
            if encode(self.default_encoding):
                return self.default_encoding
            raise HTTPError(500, self.failmsg % self.default_encoding)
        else:
            charset = self._first_accepted(accepted, encode)
            if charset is not None:
                return charset
        raise self._refusal()

    def _refusal(self) -> HTTPError:
        """Return the error for a client that accepts none of the charsets that were tried."""
        field = self.request.headers.get("Accept-Charset")
        sent = f"sent this Accept-Charset header: {field}" if field else None
        tried = ", ".join(sorted(self.attempted_charsets))
        refusal = HTTPError(
            406,
            f"Your client {sent or 'did not send an Accept-Charset header'}. "
            f"We tried these charsets: {tried}.",
        )
        if field:
            refusal.decided_by = "Accept-Charset"
        return refusal

    def _accepted(self) -> list[AcceptElement]:
        """Return the charsets that the client accepts; none if its field cannot be understood."""
        try:
            found = self.request.headers.elements("Accept-Charset")
            accepted = cast("list[AcceptElement]", found)
            is_clear = all(is_token(each.value) and each.qvalue >= 0 for each in accepted)
        except MalformedFieldError:
            is_clear = False
        return accepted if is_clear else []

    def _is_file_of_known_length(self) -> bool:
        """Tell whether the body is a file whose length in bytes was found when it was opened."""
        headers = self.response.headers
        return "Content-Length" in headers and (
            isinstance(self.body, (file_generator, FileContent)) or "Content-Range" in headers
        )

    def _is_offered(self, charset: str) -> bool:
        """Tell whether a charset that a client names may be used, if it has all characters."""
        name = charset.lower()
        if name in WEB_CHARSETS:
            return True
        return is_charset(name) and name in map(str.lower, names_of(self.more_charsets))

    def _first_accepted(
        self, accepted: list[AcceptElement], encode: Callable[[str], bool]
    ) -> str | None:
        """Try the charsets that a client accepts, the preferred one first."""
        names = [element.value.lower() for element in accepted]
        for element in accepted:
            if element.qvalue <= 0:
                continue
            charset = self.default_encoding if element.value == "*" else element.value
            if charset == self.default_encoding or self._is_offered(charset):
                if encode(charset):
                    return charset
            else:
                self.attempted_charsets.add(charset)
        # ISO 8859-1 was acceptable unless it was refused, before RFC 7231 section 5.3.3
        if "*" not in names and "iso-8859-1" not in names and encode("iso-8859-1"):
            return "iso-8859-1"
        return None


def _is_same(charset: str, other: str) -> bool:
    """Tell whether two names of charsets mean the same one."""
    names = [name.lower().replace("-", "_") for name in (charset, other)]
    return ALIASES.get(names[0], names[0]) == ALIASES.get(names[1], names[1])


def make_encoder(**settings: object) -> Encoder:
    """Return a function that does the work of an encoder, so that the handler is not wrapped.

    Args:
        **settings: Attributes of :class:`ResponseEncoder`.
    """

    def encode(request: Request, response: Response, body: object) -> object:
        encoder = ResponseEncoder.__new__(ResponseEncoder)
        encoder._begin(request, response, settings)
        return encoder.encode(body)

    def encode_simply(request: Request, response: Response, body: str | bytes) -> object:
        # PERF: the same for HTML, and for bytes, when the client has no wishes
        kind = body.__class__
        asked, sent = made_headers(request, response)
        if (kind is not str and kind is not bytes) or (
            "HTTP_ACCEPT_CHARSET" in request.wsgi_environ
            if asked is None
            else asked.get("Accept-Charset") is not None
        ):
            return encode(request, response, body)
        if sent is None:
            if response.content_type == "text/html":
                response.content_type = HTML
                return body.encode() if type(body) is str else body
            if kind is bytes and not response.content_type.startswith("text/"):
                return body  # nothing to be encoded or labelled
        elif sent.get("Content-Type") == "text/html":
            sent["Content-Type"] = HTML
            if type(body) is not str:
                return body
            sent.pop("Content-Length", None)
            return body.encode()
        return encode(request, response, body)

    wanted = ResponseEncoder.encoding, ResponseEncoder.default_encoding, ResponseEncoder.errors
    is_simple = wanted == (None, "utf-8", "strict") and ResponseEncoder.add_charset
    return encode_simply if is_simple and not settings else encode


def encode_handler(_request: Request, _response: Response, /, **settings: object) -> None:
    """Wrap the page handler, where something comes after the tool that may wrap it again."""
    ResponseEncoder(**settings)


_encode_handler = ToolFunction(encode_handler, encoder=make_encoder)


class EncodeTool(Tool):
    """Encodes the results of page handlers.

    :class:`ResponseEncoder` itself need not wrap the handler, if no other tool comes after it. A
    subclass in its place always does.
    """

    def _hook(self, callback: Callable[..., Any], arguments: Arguments) -> Hook:
        if callback is ResponseEncoder and not ResponseEncoder.own_methods:
            callback = _encode_handler
        return super()._hook(callback, arguments)


class _Recoder(WrappedBody[str | bytes]):
    """A body whose text is encoded as it comes."""

    def __init__(self, body: Iterable[str | bytes], encoding: str, errors: str) -> None:
        super().__init__(body)
        self._encoding = encoding
        self._errors = errors

    def __next__(self) -> bytes:
        chunk = next(self.chunks)
        return chunk.encode(self._encoding, self._errors) if isinstance(chunk, str) else chunk


def _read(body: Body) -> list[str | bytes]:
    """Read a body to its end, and close it."""
    try:
        return list(body)
    finally:
        close(body)


@tool_function()
def decode(
    request: Request,
    _response: Response,
    encoding: Names | None = None,
    default_encoding: Names = "utf-8",
) -> None:
    """Choose the charsets that are tried for the body of the request.

    Args:
        encoding: Charset or charsets that are tried, whatever the client declares.
        default_encoding: Charset or charsets that are tried after the declared one.

    See: RFC 9110 section 8.3.2.
    """
    body = request.body
    if encoding is not None:
        body.attempt_charsets = list(names_of(encoding))
    else:
        names = [*body.attempt_charsets, *names_of(default_encoding)]
        body.attempt_charsets = list(dict.fromkeys(names))


publish(__name__)
