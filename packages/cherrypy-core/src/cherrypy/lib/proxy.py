"""The proxy tool: the URL and the client as they were before a reverse proxy."""

import re
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import NamedTuple

from cherrypy._http.errors import MalformedTargetError
from cherrypy._http.fields import split_list, split_parameters
from cherrypy._http.headers import Host
from cherrypy._http.targets import parse_host
from cherrypy._runtime.iterators import Names, names_of
from cherrypy._runtime.messages import Request, Response
from cherrypy._tools.function import tool_function

Networks = tuple[IPv4Network | IPv6Network, ...]

UNIX_SOCKET = "unix"
"""Stands for peers on a Unix socket among the trusted proxies: they do not have an address."""

SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
SWITCHES = {"on": "https", "off": "http"}
"""Values of fields such as ``Front-End-Https``, which do not name a scheme."""


_PORT = re.compile(r"[0-9]{1,5}")
_PATH = re.compile(r"(?:/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})+)*")  # RFC 3986 s.3.3


class Trusted(NamedTuple):
    """The proxies that are believed."""

    networks: Networks
    unix_socket: bool

    def has(self, address: str | None) -> bool:
        """Tell whether a proxy is one of them.

        Args:
            address: IP address; empty for a Unix socket, None for an unknown one.
        """
        if not address:
            return self.unix_socket and address is not None
        found = find_address(address)
        return found is not None and any(found in network for network in self.networks)


class Hop(NamedTuple):
    """The words of one proxy about the request that it got."""

    address: str | None
    """IP address it came from; ``None`` if that is hidden, or not an address."""
    port: int
    scheme: str
    host: str


@tool_function()
def proxy(
    request: Request,
    _response: Response,
    base: str | None = None,
    local: str | None = "X-Forwarded-Host",
    remote: str | None = "X-Forwarded-For",
    scheme: str | None = "X-Forwarded-Proto",
    debug: bool = False,
    trusted: Names | None = None,
    forwarded: bool = False,
) -> None:
    """Set ``request.base`` and ``request.remote`` to what they were before a reverse proxy.

    Without ``trusted``, the first value of each field is taken, from any sender. With it, fields
    count only if the peer is one of these proxies, and the client is the nearest address that is
    not one of them. ``request.scheme`` is set as well then. A value that is not an address, a host
    or a scheme never counts.

    Args:
        base: Scheme and host, such as ``https://www.example.com``, for requests in which the proxy
            does not tell the host; set ``local`` to nothing for it to count in any case.
        local: Name of the field with the host, or with scheme, host and path; ``None`` or empty
            not to use one.
        remote: Name of the field with the client's address, the nearest last.
        scheme: Name of the field with the scheme, ``http`` or ``https``, or ``on`` for the latter.
        debug: Not used any more.
        trusted: Addresses and networks of the proxies, such as ``["10.0.0.0/8", "::1"]``; ``unix``
            for peers on a Unix socket.
        forwarded: Whether ``Forwarded`` is read in place of the three fields.

    Raises:
        ValueError: One of ``trusted`` is not an address.

    See: RFC 7239.
    """
    headers = request.headers
    if forwarded:
        hops = parse_forwarded(headers.get("Forwarded") or "")
    else:
        hops = _hops_of_fields(
            split_list(headers.get(remote) or "") if remote else [],
            split_list(headers.get(scheme) or "") if scheme else [],
            split_list(headers.get(local) or "") if local else [],
            from_the_end=trusted is not None,
        )
    if trusted is not None:
        peers = trusted_proxies(names_of(trusted))
        hops = _believed(hops, peers, request.remote.ip)
    hop = hops[0] if hops else Hop(None, 0, "", "")
    request.base = _base(request, base, hop)
    if trusted is not None:
        request.scheme = request.base.partition("://")[0]
    if hop.address:
        request.remote = Host(hop.address, hop.port or request.remote.port, "")


def _base(request: Request, base: str | None, hop: Hop) -> str:
    """Return scheme and host: as forwarded, or else as configured, or else as sent."""
    own_scheme, _, own_host = request.base.partition("://")
    scheme, separator, host = (hop.host or base or own_host).rstrip("/").rpartition("://")
    return f"{scheme if separator else hop.scheme or own_scheme}://{host}"


def _hops_of_fields(
    addresses: list[str], schemes: list[str], hosts: list[str], *, from_the_end: bool
) -> list[Hop]:
    """Combine the values that proxies have put into several fields, the nearest proxy last.

    A proxy may add to one field and replace another. Unless there are as many values as addresses,
    the hop of a value is not known: the first or the last one counts for all.
    """
    count = len(addresses) or 1
    return [
        Hop(
            *_parse_node(addresses[at] if addresses else ""),
            _parse_scheme(_value_of_hop(schemes, at, count, from_the_end=from_the_end)),
            _parse_host(_value_of_hop(hosts, at, count, from_the_end=from_the_end)),
        )
        for at in range(count)
    ]


def _value_of_hop(values: list[str], at: int, count: int, *, from_the_end: bool) -> str:
    if not values:
        return ""
    if len(values) == count:
        return values[at]
    return values[-1 if from_the_end else 0]


def parse_forwarded(field: str) -> list[Hop]:
    """Read a Forwarded field.

    Args:
        field: Field value as received, such as ``for="[2001:db8::1]";proto=https, for=10.0.0.2``.

    Returns:
        The hops that the proxies tell of, the nearest proxy last.

    See: RFC 7239 section 4.
    """
    hops = []
    for element in split_list(field):
        parameters = dict(split_parameters(";" + element)[1])
        hops.append(
            Hop(
                *_parse_node(parameters.get("for", "")),
                _parse_scheme(parameters.get("proto", "")),
                _parse_host(parameters.get("host", "")),
            )
        )
    return hops


def _believed(hops: list[Hop], trusted: Trusted, peer: str) -> list[Hop]:
    """Return the hops that trusted proxies tell of, the one of the client first.

    Walks from the nearest proxy to the client. A proxy names the peer that spoke to it; if that is
    another trusted proxy, it is believed as well.
    """
    believed: list[Hop] = []
    speaker: str | None = peer
    for hop in reversed(hops):
        if not trusted.has(speaker):
            break
        believed.insert(0, hop)
        speaker = hop.address
    # hidden, or not an address: take the nearest that is known
    if believed and believed[0].address is None:
        known = next((hop.address for hop in believed if hop.address), None)
        believed[0] = believed[0]._replace(address=known)
    return believed


@lru_cache(maxsize=100)
def trusted_proxies(names: tuple[str, ...]) -> Trusted:
    """Read a list of trusted proxies.

    Args:
        names: Addresses, networks, and ``unix``.

    Raises:
        ValueError: One of them is something else.
    """
    networks = []
    for name in names:
        if name == UNIX_SOCKET:
            continue
        try:
            networks.append(ip_network(name))
        except ValueError as error:
            raise ValueError(
                f"tools.proxy.trusted: {name!r}: expected an address, a network such as "
                f"'10.0.0.0/8', or 'unix' for peers on a Unix socket: {error}"
            ) from error
    return Trusted(tuple(networks), UNIX_SOCKET in names)


def _parse_node(text: str) -> tuple[str | None, int]:
    """Return address and port of a node; ``None`` without an address, 0 without a port.

    See: RFC 7239 section 6.
    """
    address, port = text.strip(), ""
    if address.startswith("["):
        address, _, port = address[1:].partition("]")
        port = port.removeprefix(":")
    elif address.count(":") == 1:
        address, _, port = address.partition(":")
    found = find_address(address)
    if found is None:
        return None, 0
    return str(found), int(port) if _PORT.fullmatch(port) else 0


def find_address(text: str) -> IPv4Address | IPv6Address | None:
    """Return an IP address; ``None`` if the text is not one.

    An IPv4 address that is written as one of IPv6 becomes one of IPv4. A zone (RFC 4007) is left
    out: it may be any text, and means nothing on other machines.
    """
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _parse_scheme(text: str) -> str:
    """Return ``http`` or ``https``; empty for anything else."""
    text = text.strip().lower()
    return SCHEMES.get(text) or SWITCHES.get(text, "")


def _parse_host(text: str) -> str:
    """Return a host, with its port, scheme and path if there are any; empty if it is malformed.

    See: RFC 3986 section 3.
    """
    beginning, separator, rest = text.strip().rpartition("://")
    scheme = _parse_scheme(beginning)
    host, slash, path = rest.removesuffix("/").partition("/")
    if (separator and not scheme) or not _PATH.fullmatch(slash + path):
        return ""
    try:
        is_host = parse_host(host)[0] != ""
    except MalformedTargetError:
        is_host = False
    return f"{scheme}{separator}{host}{slash}{path}" if is_host else ""
