"""Tools for text and content codings: encode, decode, gzip."""

import codecs
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

from cherrypy._http.charsets import is_charset
from cherrypy._http.headers import HeaderMap
from cherrypy._runtime.context import current
from cherrypy._runtime.errors import HTTPError
from cherrypy._runtime.iterators import FileContent, file_generator, is_closable_iterator
from cherrypy._runtime.text import HTML
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

Request = Any
Response = Any


class UTF8StreamEncoder:
    """Encode the text of an iterator as it comes; octets pass through.

    Args:
        iterator: Gives ``str`` or ``bytes``.
    """

    def __init__(self, iterator: Iterable[Any]) -> None:
        self._iterator = iter(iterator)

    def __iter__(self) -> Self:
        """Return itself."""
        return self

    def __next__(self) -> Any:
        """Return the next octets."""
        chunk = next(self._iterator)
        return chunk.encode("utf-8") if isinstance(chunk, str) else chunk

    next = __next__

    def close(self) -> None:
        """Close the iterator, if it can be closed."""
        if is_closable_iterator(self._iterator):
            self._iterator.close()  # type: ignore[attr-defined]  # that is what was asked

    def __getattr__(self, attribute: str) -> Any:
        """Return an attribute of the iterator."""
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return getattr(self._iterator, attribute)


def prepare_iter(value: Any) -> Any:
    """Return a body as an iterable: a text or octets as a list of one, a file in chunks.

    Args:
        value: What a page handler returned.
    """
    if isinstance(value, (str, bytes)):
        return [value] if value else []
    if hasattr(value, "read"):
        return file_generator(value)
    return [] if value is None else value


class ResponseEncoder:
    """Wraps the page handler, and makes octets of the text it returns.

    Args:
        **kwargs: Attributes to set, such as ``encoding``.
    """

    default_encoding = "utf-8"
    failmsg = "Response body could not be encoded with %r."
    encoding: str | None = None
    """Charset to be used; the client may choose by default (RFC 9110 section 12.5.2)."""
    errors = "strict"
    """How characters are treated that the charset lacks, see :meth:`str.encode`."""
    text_only = True
    """Whether only ``text/*`` is labelled with a charset; text is encoded under every type."""
    add_charset = True
    """Whether the content type is labelled with the charset."""
    debug = False

    def __init__(self, **kwargs: Any) -> None:
        for name, value in kwargs.items():
            setattr(self, name, value)
        serving = current.get()
        self.request: Request = serving.request
        self.response: Response = serving.response
        self.oldhandler: Callable[..., Any] | None = None
        self.attempted_charsets: set[str] = set()
        if self.request.handler is not None:
            self.oldhandler = self.request.handler
            self.request.handler = self

    @classmethod
    def plan_encoder(cls, **kwargs: Any) -> Callable[[Request, Response, Any], Any]:
        """Return what encodes a body without wrapping the handler; see the resource plan."""
        settings = (cls.encoding, cls.default_encoding, cls.errors, cls.add_charset)
        plain = (
            not kwargs and cls is ResponseEncoder and settings == (None, "utf-8", "strict", True)
        )

        def encode(request: Request, response: Response, body: Any) -> Any:
            # PERF: what comes out below for HTML, and octets, when the client has no wishes
            kind = body.__class__
            asked = request.__dict__
            if (
                plain
                and (kind is str or kind is bytes)
                and (
                    "HTTP_ACCEPT_CHARSET" not in request.wsgi_environ
                    if "headers" not in asked
                    else _has_no_wishes(asked["headers"])
                )
            ):
                if "headers" not in response.__dict__:
                    if response.content_type == "text/html":
                        response.content_type = HTML
                        return body.encode() if kind is str else body
                    if kind is bytes and not response.content_type.startswith("text/"):
                        return body  # nothing to be encoded or labelled
                elif (headers := response.headers).get("Content-Type") == "text/html":
                    headers["Content-Type"] = HTML
                    if kind is bytes:
                        return body
                    headers.pop("Content-Length", None)
                    return body.encode()
            encoder = cls.__new__(cls)
            encoder.__dict__.update(kwargs)
            encoder.request = request
            encoder.response = response
            encoder.attempted_charsets = set()
            return encoder.encode(body)

        return encode

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the handler, and encode what it returns."""
        if self.oldhandler is None:
            return []
        return self.encode(self.oldhandler(*args, **kwargs))

    def encode(self, body: Any) -> Any:
        """Return a body whose text is encoded, and label the content type.

        Raises:
            HTTPError: 406 if the client accepts no charset that can encode the body, 500 if the
                configured one can not.
        """
        self.body = prepare_iter(body)
        headers = self.response.headers
        content_type = headers.elements("Content-Type")
        if not content_type:
            # nothing to label; yet text has to become octets
            self.body = UTF8StreamEncoder(self.body)
            return self.body
        element = content_type[0]
        is_text = element.value.lower().startswith("text/")
        has_octets = isinstance(self.body, list) and all(isinstance(c, bytes) for c in self.body)
        if is_text or not self.text_only:
            if has_octets and "charset" in element.params:
                return self.body  # whoever encoded it knows the charset
            charset = self.find_acceptable_charset()
            if self.add_charset:
                element.params["charset"] = charset
                headers["Content-Type"] = str(element)
        elif not has_octets:
            charset = element.params.get("charset", self.default_encoding)
            encode = self.encode_string if isinstance(self.body, list) else self.encode_stream
            if not encode(charset):
                raise HTTPError(500, self.failmsg % charset)
        return self.body

    def encode_stream(self, encoding: str) -> bool:
        """Encode the body as it is sent; return whether the charset is known.

        The charset can not be changed by what comes.
        """
        if encoding in self.attempted_charsets:
            return False
        self.attempted_charsets.add(encoding)
        try:
            codecs.lookup(encoding)
        except LookupError:
            return False
        if not (isinstance(self.body, FileContent) and self.body.is_raw):  # those are octets
            self.body = _Recoder(self.body, encoding, self.errors)
        return True

    def encode_string(self, encoding: str) -> bool:
        """Encode the whole body; return whether the charset has all its characters."""
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
            HTTPError: 406 if there is none, 500 if not even the default one fits.
        """
        if self.response.stream or self._is_file_of_known_length():
            encode = self.encode_stream
        else:
            self.body = list(_read(self.body))
            encode = self.encode_string
            # the length changes, and was that of characters if it was counted at all
            if any(isinstance(chunk, str) for chunk in self.body):
                self.response.headers.pop("Content-Length", None)
        accepted = self.request.headers.elements("Accept-Charset")
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
        field = self.request.headers.get("Accept-Charset")
        sent = f"sent this Accept-Charset header: {field}" if field else None
        tried = ", ".join(sorted(self.attempted_charsets))
        raise HTTPError(
            406,
            f"Your client {sent or 'did not send an Accept-Charset header'}. "
            f"We tried these charsets: {tried}.",
        )

    def _is_file_of_known_length(self) -> bool:
        """Tell whether the body is a file that whoever opened it has measured: octets."""
        headers = self.response.headers
        return "Content-Length" in headers and (
            isinstance(self.body, (file_generator, FileContent)) or "Content-Range" in headers
        )

    def _first_accepted(self, accepted: list[Any], encode: Callable[[str], bool]) -> str | None:
        """Try the charsets that a client accepts, the one it likes best first."""
        names = [element.value.lower() for element in accepted]
        for element in accepted:
            if element.qvalue <= 0:
                continue
            charset = self.default_encoding if element.value == "*" else element.value
            if is_charset(charset):
                if encode(charset):
                    return charset
            else:
                self.attempted_charsets.add(charset)
        # ISO 8859-1 was acceptable unless it was refused, before RFC 7231 section 5.3.3
        if "*" not in names and "iso-8859-1" not in names and encode("iso-8859-1"):
            return "iso-8859-1"
        return None


def _has_no_wishes(headers: HeaderMap) -> bool:
    """Tell whether a client asks for no charset; a map that notes who reads it has to be read."""
    return headers.__class__ is HeaderMap and "Accept-Charset" not in headers


class _Recoder:
    """Encode the text of an iterable as it comes, and close what it came from."""

    def __init__(self, chunks: Iterable[Any], encoding: str, errors: str) -> None:
        self._source = chunks
        self._chunks = iter(chunks)
        self._encoding = encoding
        self._errors = errors

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        chunk = next(self._chunks)
        return chunk.encode(self._encoding, self._errors) if isinstance(chunk, str) else chunk

    def close(self) -> None:
        close = getattr(self._source, "close", None)
        if close is not None:
            close()


def _read(body: Iterable[Any]) -> Iterable[Any]:
    """Yield what a body gives, and close it."""
    try:
        yield from body
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()


def decode(
    encoding: str | Iterable[str] | None = None,
    default_encoding: str | Iterable[str] = "utf-8",
) -> None:
    """Say in which charsets the body of the request is tried.

    Args:
        encoding: Charset or charsets that are tried, whatever the client declares.
        default_encoding: Charset or charsets that are tried after the declared one.

    See: RFC 9110 section 8.3.2.
    """
    _decode(current.get().request, None, encoding=encoding, default_encoding=default_encoding)


def _decode(
    request: Request,
    _response: Response,
    *,
    encoding: str | Iterable[str] | None = None,
    default_encoding: str | Iterable[str] = "utf-8",
) -> None:
    body = request.body
    if encoding is not None:
        body.attempt_charsets = _names(encoding)
    else:
        names = [*body.attempt_charsets, *_names(default_encoding)]
        body.attempt_charsets = list(dict.fromkeys(names))


decode.with_request = _decode  # type: ignore[attr-defined]  # see Hook


def _names(charsets: str | Iterable[str]) -> list[str]:
    return [charsets] if isinstance(charsets, str) else list(charsets)
