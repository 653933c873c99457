"""The cookies that a client keeps from one request to the next (RFC 6265 section 5)."""

import ipaddress
import threading
import time
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from email.utils import mktime_tz, parsedate_tz


@dataclass(frozen=True)
class Cookie:
    """One cookie, and which requests it is for."""

    name: str
    value: str
    """As it came, quotes and backslashes included."""
    host: str = ""
    """Host that it is for; empty for every host."""
    covers_subdomains: bool = False
    path: str = "/"
    is_secure: bool = False
    """Whether it is for ``https`` only."""
    expires: float | None = None
    """Seconds since the epoch; None for the end of the session."""

    def is_for(self, scheme: str, host: str, path: str) -> bool:
        """Tell whether a request has to have this cookie (RFC 6265 section 5.4)."""
        if self.is_secure and scheme != "https":
            return False
        if self.host and self.host != host:
            return self.covers_subdomains and domain_matches(host, self.host)
        return path_matches(path, self.path)


class CookieJar(MutableMapping[str, str]):
    """Cookies by name, as a browser keeps them; safe to be shared by threads.

    As a mapping it has the value of each name; of several hosts or paths, that of the longest
    path. A cookie that is stored by ``jar["name"] = "value"`` is for every request. Cookies that
    have expired are no longer there.

    Args:
        cookies: Values by name, for every request.
    """

    def __init__(self, cookies: Mapping[str, str] | None = None) -> None:
        self._cookies: dict[tuple[str, str, str], Cookie] = {}
        self._lock = threading.Lock()
        self.update(cookies or {})

    def __getitem__(self, name: str) -> str:
        for cookie in self.all():
            if cookie.name == name:
                return cookie.value
        raise KeyError(name)

    def __setitem__(self, name: str, value: str) -> None:
        self.keep(Cookie(name, value))

    def __delitem__(self, name: str) -> None:
        with self._lock:
            keys = [key for key in self._cookies if key[0] == name]
            for key in keys:
                del self._cookies[key]
        if not keys:
            raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(cookie.name for cookie in self.all()))

    def __len__(self) -> int:
        return len({cookie.name for cookie in self.all()})

    def __repr__(self) -> str:
        return f"CookieJar({dict(self)!r})"

    def all(self) -> list[Cookie]:
        """Return every cookie that has not expired: longest path first, then oldest first."""
        now = time.time()
        with self._lock:
            for key, cookie in list(self._cookies.items()):
                if cookie.expires is not None and cookie.expires <= now:
                    del self._cookies[key]
            kept = list(self._cookies.values())
        return sorted(kept, key=lambda cookie: -len(cookie.path))

    def keep(self, cookie: Cookie) -> None:
        """Store a cookie in place of the one of the same name, host and path."""
        key = (cookie.name, cookie.host, cookie.path)
        with self._lock:
            self._cookies[key] = cookie

    def store(self, field: str, host: str, path: str) -> None:
        """Store the cookie of a Set-Cookie field.

        Args:
            field: Field value; a malformed cookie, or one for a foreign domain, is left out.
            host: Host that the response came from, in lower case.
            path: Path of the request, percent-encoded.

        See: RFC 6265 section 5.3.
        """
        cookie = parse_set_cookie(field, host, path)
        if cookie is not None:
            self.keep(cookie)

    def field(self, scheme: str, host: str, path: str) -> str:
        """Write the Cookie field of a request; empty without cookies for it.

        Args:
            scheme: ``http`` or ``https``.
            host: Host of the request, in lower case.
            path: Path of the request, percent-encoded.
        """
        cookies = [cookie for cookie in self.all() if cookie.is_for(scheme, host, path)]
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in cookies)


def parse_set_cookie(field: str, host: str, path: str) -> Cookie | None:
    """Read a Set-Cookie field as a browser does.

    Args:
        field: Field value.
        host: Host that the response came from, in lower case.
        path: Path of the request.

    Returns:
        The cookie; None if it is malformed, or for a domain that does not cover the host.

    See: RFC 6265 section 5.2.
    """
    pair, *attributes = field.split(";")
    name, equals, value = (part.strip(" \t") for part in pair.partition("="))
    if not equals or not name:
        return None
    found: dict[str, str] = {}
    for attribute in attributes:
        key, _, argument = attribute.partition("=")
        found[key.strip(" \t").lower()] = argument.strip(" \t")
    domain = found.get("domain", "").removeprefix(".").lower()
    if domain and not domain_matches(host, domain):
        return None
    cookie_path = found.get("path", "")
    return Cookie(
        name,
        value,
        host=domain or host,
        covers_subdomains=bool(domain),
        path=cookie_path if cookie_path.startswith("/") else path.rpartition("/")[0] or "/",
        is_secure="secure" in found,
        expires=_expiry(found),
    )


def _expiry(attributes: Mapping[str, str]) -> float | None:
    """Work out when a cookie expires; Max-Age counts before Expires."""
    max_age = attributes.get("max-age", "")
    if max_age.removeprefix("-").isdecimal() and max_age.isascii():
        return 0.0 if int(max_age) <= 0 else time.time() + min(int(max_age), 10**12)
    date = parsedate_tz(attributes.get("expires", ""))
    if date is None:
        return None
    try:
        return float(mktime_tz(date))
    except (ValueError, OverflowError):
        return None


def domain_matches(host: str, domain: str) -> bool:
    """Tell whether a host is a domain, or in it (RFC 6265 section 5.1.3)."""
    if host == domain:
        return True
    return host.endswith(f".{domain}") and not _is_address(host)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def path_matches(path: str, cookie_path: str) -> bool:
    """Tell whether the path of a request is the one of a cookie, or below it (section 5.1.4)."""
    if path == cookie_path:
        return True
    below = cookie_path if cookie_path.endswith("/") else f"{cookie_path}/"
    return path.startswith(below)
