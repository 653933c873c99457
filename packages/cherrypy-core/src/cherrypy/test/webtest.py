"""Test cases that ask an HTTP server over sockets, and look at its answers.

Nothing here ever waits for input from the keyboard: an assertion that fails raises
:class:`AssertionError`, with the answer of the server noted below its message.
"""

import pprint
import re
import socket
import sys
import time
import traceback
import unittest
from collections.abc import Iterable, Sequence
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from ssl import SSLContext
from types import TracebackType
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit

__all__ = [
    "ServerError",
    "WebCase",
    "cleanHeaders",
    "interface",
    "openURL",
    "server_error",
    "shb",
    "strip_netloc",
]

Headers = list[tuple[str, str]]
Answer = tuple[str, Headers, bytes]
"""Status code and reason, header lines, content."""

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
SubclassesToRaise = type[BaseException] | tuple[type[BaseException], ...]

_NOT_ASKED: Any = None
"""Stands for what a test case has as long as it has not asked anything."""

ATTEMPTS = 10
SECONDS_BETWEEN_ATTEMPTS = 0.5

ignored_exceptions: list[type[BaseException]] = []
"""Exceptions that :func:`server_error` leaves to others; suites may add to it."""

ignore_all = False
"""Whether :func:`server_error` leaves every exception to others; suites may set it."""

_HAVE_CONTENT = frozenset({"POST", "PUT", "PATCH"})
_CLIENT_HOSTS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - to be replaced
_MOST_SHOWN = 2000  # bytes


class ServerError(Exception):
    """Raised by ``getPage`` where :func:`server_error` was called while the server answered."""

    on = False
    """Whether it was called since the last request began."""


def server_error(exc: ExcInfo | None = None) -> bool:
    """Tell of an error in the server, from within it, so that the running test fails.

    Args:
        exc: The result of ``sys.exc_info()``; None for the exception that is being handled.

    Returns:
        Whether the exception was taken care of; False without an exception, or if it is ignored.
    """
    exception = (exc or sys.exc_info())[1]
    if exception is None or ignore_all or type(exception) in ignored_exceptions:
        return False
    ServerError.on = True
    traceback.print_exception(exception)
    return True


def interface(host: str) -> str:
    """Return the address by which a client reaches a server on this machine.

    Args:
        host: Address that the server listens on; one that means all becomes that of the machine.
    """
    return _CLIENT_HOSTS.get(host, host)


def strip_netloc(url: str) -> str:
    """Return path and query of an absolute URL: ``/a?b`` of ``http://localhost:8080/a?b#c``."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def cleanHeaders(
    headers: Iterable[tuple[str, str]] | None,
    method: str,
    body: str | bytes | None,
    host: str,
    port: int,
) -> Headers:
    """Add the header fields that a request needs.

    Args:
        headers: Those that it has. Several Cookie fields become one (RFC 6265 section 5.4).
        method: Request method.
        body: Content; None if there is not any.
        host: Host of the server.
        port: Port of the server.

    Returns:
        All header lines.
    """
    lines = _with_one_cookie_line(headers or ())
    names = {name.lower() for name, _ in lines}
    needed = [("Host", _host_field(host, port))]
    if method in _HAVE_CONTENT:
        needed.append(("Content-Type", "application/x-www-form-urlencoded"))
    if (method in _HAVE_CONTENT or body is not None) and "transfer-encoding" not in names:
        needed.append(("Content-Length", str(len(_encoded(body or b"")))))
    return lines + [(name, value) for name, value in needed if name.lower() not in names]


def _with_one_cookie_line(headers: Iterable[tuple[str, str]]) -> Headers:
    lines = list(headers)
    cookies = [line for line in lines if line[0].lower() == "cookie"]
    if not cookies:
        return lines
    joined = ("Cookie", "; ".join(value for _, value in cookies))
    return [*(line for line in lines if line not in cookies), joined]


def _host_field(host: str, port: int) -> str:
    shown = f"[{host}]" if ":" in host else host
    return shown if port == 80 else f"{shown}:{port}"


def _encoded(text: str | bytes, encoding: str = "utf-8") -> bytes:
    return text.encode(encoding) if isinstance(text, str) else text


def shb(response: HTTPResponse) -> Answer:
    """Return status, header lines and content of a response of :mod:`http.client`."""
    return f"{response.status} {response.reason}", response.getheaders(), response.read()


def openURL(
    url: str | bytes,
    headers: Iterable[tuple[str, str]] | None = None,
    method: str = "GET",
    body: str | bytes | None = None,
    host: str = "127.0.0.1",
    port: int = 8000,
    http_conn: type[HTTPConnection] | HTTPConnection = HTTPConnection,
    protocol: str = "HTTP/1.1",
    raise_subcls: SubclassesToRaise = (),
    ssl_context: SSLContext | None = None,
) -> Answer:
    """Send a request, and read the answer to its end.

    A server that cannot be reached is tried ten times, for 4.5 seconds.

    Args:
        url: Request target: path and query.
        headers: Header lines; :func:`cleanHeaders` adds missing ones.
        method: Request method.
        body: Content; text is sent as UTF-8.
        host: Host of the server.
        port: Port of the server.
        http_conn: Class of the connection; or a connection, which is left open.
        protocol: Version of HTTP to name in the request.
        raise_subcls: Kinds of :class:`OSError` after which it is not tried again.
        ssl_context: For TLS.

    Raises:
        OSError: The server could not be reached.
        http.client.HTTPException: It does not speak HTTP.
    """
    lines = cleanHeaders(headers, method, body, host, port)
    attempts_left = ATTEMPTS
    while True:
        attempts_left -= 1
        connection = _connection(http_conn, interface(host), port, ssl_context)
        try:
            return _ask(connection, url, lines, method, body, protocol)
        except OSError as error:
            if not attempts_left or isinstance(error, raise_subcls):
                raise
        finally:
            if connection is not http_conn:
                connection.close()
        time.sleep(SECONDS_BETWEEN_ATTEMPTS)


def _connection(
    http_conn: type[HTTPConnection] | HTTPConnection,
    host: str,
    port: int,
    ssl_context: SSLContext | None,
) -> HTTPConnection:
    if not isinstance(http_conn, type):
        return http_conn
    if ssl_context is not None and issubclass(http_conn, HTTPSConnection):
        return http_conn(host, port, context=ssl_context)
    return http_conn(host, port)


def _ask(
    connection: HTTPConnection,
    url: str | bytes,
    lines: Headers,
    method: str,
    body: str | bytes | None,
    protocol: str,
) -> Answer:
    target = quote(url, safe="".join(map(chr, range(0x21, 0x7F))) + " ")
    version = int("".join(filter(str.isdigit, protocol)) or 0)
    vars(connection).update(_http_vsn_str=protocol, _http_vsn=version)
    connection.putrequest(method.upper(), target, skip_host=True, skip_accept_encoding=True)
    for name, value in lines:
        connection.putheader(name, value)
    connection.endheaders()
    if body is not None:
        connection.send(_encoded(body))
    return shb(connection.getresponse())


class WebCase(unittest.TestCase):
    """A test case that asks an HTTP server.

    Attributes:
        status: Status code and reason of the last response: ``200 OK``.
        headers: Its header lines.
        body: Its content.
        cookies: The cookies that it set, as lines for the next request.
        time: Seconds that it took.
        url: Its request target, as bytes.
    """

    HOST = "127.0.0.1"
    PORT = 8000
    HTTP_CONN: type[HTTPConnection] | HTTPConnection = HTTPConnection
    """Class of connections; or a connection, which is kept from one request to the next."""
    PROTOCOL = "HTTP/1.1"

    scheme = "http"
    ssl_context: SSLContext | None = None
    encoding = "utf-8"
    """Charset of expected text, to compare it with the bytes of the content."""

    interactive = False
    """Without effect: the keyboard is never read. It is here for suites that set it."""
    console_height = 30

    status: str = _NOT_ASKED
    headers: Headers = _NOT_ASKED
    body: bytes = _NOT_ASKED
    cookies: Headers = []  # noqa: RUF012 - replaced by every request, never added to
    time: float = _NOT_ASKED
    url: bytes = _NOT_ASKED

    @property
    def status_code(self) -> int:
        """Status code of the last response."""
        return int(self.status[:3])

    def interface(self) -> str:
        """Return the address by which the server is reached."""
        return interface(self.HOST)

    def get_conn(self, auto_open: bool = False) -> HTTPConnection:
        """Open a connection to the server.

        Args:
            auto_open: Whether the connection opens itself again after the server has closed it.

        Returns:
            The connection; it is closed at the end of the test.
        """
        own = self.HTTP_CONN if isinstance(self.HTTP_CONN, type) else type(self.HTTP_CONN)
        connection = _connection(own, self.interface(), self.PORT, self.ssl_context)
        connection.auto_open = int(auto_open)
        connection.connect()
        self.addCleanup(connection.close)
        return connection

    def set_persistent(self, on: bool = True, auto_open: bool = False) -> None:
        """Keep one connection for all requests from now on, or open one for each.

        Args:
            on: Whether to keep one; one that is kept already is closed first.
            auto_open: Whether the connection opens itself again after the server has closed it.
        """
        if not isinstance(self.HTTP_CONN, type):
            self.HTTP_CONN.close()
            self.HTTP_CONN = type(self.HTTP_CONN)
        if on:
            self.HTTP_CONN = self.get_conn(auto_open)

    @property
    def persistent(self) -> bool:
        """Whether one connection is kept for all requests; see :meth:`set_persistent`."""
        return not isinstance(self.HTTP_CONN, type)

    @persistent.setter
    def persistent(self, on: bool) -> None:
        self.set_persistent(on)

    def getPage(
        self,
        url: str | bytes,
        headers: Iterable[tuple[str, str]] | None = None,
        method: str = "GET",
        body: str | bytes | None = None,
        protocol: str | None = None,
        raise_subcls: SubclassesToRaise = (),
    ) -> Answer:
        """Send a request, and keep the answer in the attributes of this object.

        Args:
            url: Path and query.
            headers: Header lines.
            method: Request method.
            body: Content; text is sent as UTF-8.
            protocol: Version of HTTP; None for that of the class.
            raise_subcls: See :func:`openURL`.

        Returns:
            Status, header lines and content.

        Raises:
            ServerError: The server called :func:`server_error`.
            OSError: The server could not be reached.
        """
        ServerError.on = False
        self.url = _encoded(url)
        began = time.perf_counter()
        self.status, self.headers, self.body = openURL(
            url,
            headers,
            method,
            body,
            self.HOST,
            self.PORT,
            self.HTTP_CONN,
            protocol or self.PROTOCOL,
            raise_subcls,
            self.ssl_context,
        )
        self.time = time.perf_counter() - began
        self.cookies = [
            ("Cookie", value) for name, value in self.headers if name.lower() == "set-cookie"
        ]
        if ServerError.on:
            raise ServerError
        return self.status, self.headers, self.body

    # Assertions on the last response

    def status_matches(self, expected: int | str) -> bool:
        """Tell whether the status is this one: a code, or code and reason."""
        actual: object = self.status_code if isinstance(expected, int) else self.status
        return actual == expected

    def assertStatus(self, status: int | str | Iterable[int | str], msg: object = None) -> None:
        """Fail if the status is another one, or not one of several.

        Args:
            status: A code, code and reason, or a list or tuple of them.
            msg: Message in place of the usual one.
        """
        allowed = [status] if isinstance(status, (int, str)) else list(status)
        if not any(map(self.status_matches, allowed)):
            expected = " or ".join(map(repr, allowed))
            self._fail(msg, f"the status is {self.status!r}, not {expected}")

    def assertHeader(self, key: str, value: str | None = None, msg: object = None) -> str:
        """Fail without a header line of a name, or of a name and value.

        Returns:
            The value.
        """
        values = self._values_of(key)
        matching = [each for each in values if value is None or each == value]
        if not matching:
            expected = f" with the value {value!r}; its values are {values}" if values else ""
            self._fail(msg, f"there is no header {key!r}{expected}")
        return matching[0]

    def assertHeaderIn(self, key: str, values: Sequence[str], msg: object = None) -> list[str]:
        """Fail unless a header line of a name has one of these values.

        Returns:
            The values that it has.
        """
        found = self._values_of(key)
        matching = [each for each in found if each in values]
        if not matching:
            self._fail(msg, f"header {key!r} is {found}, not one of {list(values)}")
        return matching

    def assertHeaderItemValue(self, key: str, value: str, msg: object = None) -> str:
        """Fail if a header that is a list does not have an item.

        Returns:
            The item.
        """
        items = self._items_of(key)
        if value not in items:
            self._fail(msg, f"{value!r} is not in header {key!r}: {items}")
        return value

    def assertNoHeader(self, key: str, msg: object = None) -> None:
        """Fail if there is a header line of a name."""
        values = self._values_of(key)
        if values:
            self._fail(msg, f"there is a header {key!r}: {values}")

    def assertNoHeaderItemValue(self, key: str, value: str, msg: object = None) -> None:
        """Fail if a header that is a list has an item."""
        items = self._items_of(key)
        if value in items:
            self._fail(msg, f"{value!r} is in header {key!r}: {items}")

    def assertBody(self, value: str | bytes, msg: object = None) -> None:
        """Fail if the content is not this."""
        expected = _encoded(value, self.encoding)
        if expected != self.body:
            self._fail(msg, f"expected body:\n{expected!r}\n\nactual body:\n{self.body!r}")

    def assertInBody(self, value: str | bytes, msg: object = None) -> None:
        """Fail if this is not in the content."""
        expected = _encoded(value, self.encoding)
        if expected not in self.body:
            self._fail(msg, f"{expected!r} is not in the body: {self.body!r}")

    def assertNotInBody(self, value: str | bytes, msg: object = None) -> None:
        """Fail if this is in the content."""
        unexpected = _encoded(value, self.encoding)
        if unexpected in self.body:
            self._fail(msg, f"{unexpected!r} is in the body: {self.body!r}")

    def assertMatchesBody(self, pattern: str | bytes, msg: object = None, flags: int = 0) -> None:
        """Fail if a regular expression is found nowhere in the content."""
        expected = _encoded(pattern, self.encoding)
        if re.search(expected, self.body, flags) is None:
            self._fail(msg, f"nothing in the body matches {expected!r}: {self.body!r}")

    def _values_of(self, key: str) -> list[str]:
        return [value for name, value in self.headers if name.lower() == key.lower()]

    def _items_of(self, key: str) -> list[str]:
        return [item.strip() for value in self._values_of(key) for item in value.split(",")]

    def _fail(self, msg: object, text: str) -> NoReturn:
        """Fail, and note the answer: it is shown below the message."""
        failure = self.failureException(text if msg is None else msg)
        for note in self.notes():
            failure.add_note(note)
        raise failure

    def notes(self) -> list[str]:
        """Return lines that help to understand a failure; a subclass may know more."""
        if self.status is None:
            return []
        url = self.url.decode("utf-8", "replace")
        more = "..." if len(self.body) > _MOST_SHOWN else ""
        return [
            f"{url} was answered with {self.status}",
            pprint.pformat(self.headers),
            f"{self.body[:_MOST_SHOWN]!r}{more}",
        ]


def find_free_port(host: str = "127.0.0.1") -> int:
    """Return a TCP port that is free now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port
