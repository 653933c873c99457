"""The body of a request (RFC 9110 section 6.4)."""

from typing import Any

from cherrypy._http.headers import HeaderMap
from cherrypy._request.entity import Entity, process_multipart, process_multipart_params
from cherrypy._request.readers import SizedReader
from cherrypy._runtime.context import current
from cherrypy._runtime.errors import HTTPError

_LATIN_1 = frozenset({"iso-8859-1", "latin-1", "latin1"})


class RequestBody(Entity):
    """The body of a request; nothing of it is read before it is processed, or read by a handler.

    Args:
        fp: Input of the server, ``wsgi.input``.
        headers: Header fields of the request.
        params: Parameters that are known already.
        request_params: Parameters of the request; those of the body are added to them.
    """

    __module__ = "cherrypy._cpreqbody"

    bufsize: int = 8192
    """How many bytes to read ahead when lines are asked for."""

    default_content_type: str = ""
    """Content of unknown type stays unread, RFC 9110 section 8.3."""

    maxbytes: int | None = None
    """How many bytes the body may have; None or 0 for no limit."""
    _is_processed = False

    def __init__(
        self,
        fp: object,
        headers: HeaderMap,
        params: dict[str, Any] | None = None,
        request_params: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(fp, headers, params)
        self.request_params = {} if request_params is None else request_params
        if self.processors.get("multipart") is process_multipart:  # not so in a part
            self.processors["multipart"] = process_multipart_params
        is_text = self.content_type.value.lower().startswith("text/")
        if is_text and _LATIN_1.isdisjoint(map(str.lower, self.attempt_charsets)):
            self.attempt_charsets.append("ISO-8859-1")

    def process(self) -> None:
        """Prepare the body for reading, call its processor, hand its parameters to the request.

        A second call does nothing.

        Raises:
            HTTPError: 411 without a length, 400 if the length is not a number or if the body is
                malformed or shorter than told, 413 if it is larger than ``maxbytes`` (before any
                of it is read, if the length was told).
        """
        if self._is_processed:
            return
        self._is_processed = True
        chunked = "Transfer-Encoding" in self.headers
        if "Content-Length" not in self.headers and not chunked:
            stated: object = current.get().request.wsgi_environ.get("CONTENT_LENGTH")
            if not isinstance(stated, str) or stated.strip():
                raise HTTPError(411)
            self.length = 0  # PEP 3333: it may be empty where there is no content
        if self.length is None and not chunked:
            raise HTTPError(400, "Content-Length is not a number of bytes.")
        if self.maxbytes and self.length is not None and self.length > self.maxbytes:
            raise HTTPError(413)
        self.fp = SizedReader(
            self.fp,
            self.length,
            self.maxbytes,
            self.bufsize,
            has_trailers="Trailer" in self.headers,
        )
        super().process()
        for name, value in self.params.items():
            if name in self.request_params:
                self.request_params[name] = [*_listed(self.request_params[name]), *_listed(value)]
            else:
                self.request_params[name] = value


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]
