"""The gate of the scheme Digest (RFC 7616)."""

import hmac
import time
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from cherrypy._auth.algorithms import Algorithm, by_strength, find_algorithm, is_available
from cherrypy._auth.challenges import FIELD, check_realm, digest_challenge
from cherrypy._auth.content import spool
from cherrypy._auth.credentials import (
    QOPS,
    DigestCredentials,
    MalformedCredentialsError,
    charsets_of,
    parse_digest,
    split_scheme,
)
from cherrypy._auth.digest import hash_message, hash_secret, hash_user, request_digest
from cherrypy._auth.gates import Request, Response, Stage, authorization_of, refusal
from cherrypy._auth.hash_sources import source_of
from cherrypy._auth.nonces import issue_time, make_nonce
from cherrypy._auth.replay import ReplayStore, process_store
from cherrypy._auth.targets import is_uri_of
from cherrypy._http.fields import quote

NONCE_LIFETIME = 600
"""Seconds for which a nonce is good."""

_NOBODY = "nobody"
_KEEP_PRIORITY = 5  # before the body is read
_INFORM_PRIORITY = 99  # after the content has got its coding
_CLOSE_PRIORITY = 99


class Admission(NamedTuple):
    """Who was let in, and how; kept on the request for what comes later."""

    gate: "DigestGate"
    username: str
    credentials: DigestCredentials
    secret_hash: str
    issued: int


class DigestGate:
    """Lets those pass who know a password, which they do not send.

    Args:
        realm: What the credentials are for; clients show it.
        get_ha1: Where the hashes of users come from; see :mod:`cherrypy._auth.hash_sources`.
        key: Secret that nonces are signed with; the same in all processes of a site.
        debug: Not used any more.
        accept_charset: Charset of names and passwords; ISO-8859-1 is tried after it.
        algorithms: Names of the algorithms that clients may use; that of ``get_ha1`` if None.
        qop: ``auth``, ``auth-int``, or both: as a list, or with a comma between them.
        userhash: Whether clients may send a hash in place of the name.
        nonce_lifetime: Seconds for which a nonce is good.
        replay_store: What remembers nonce counts; this process does if None.

    Raises:
        ValueError: An argument makes no sense.
    """

    def __init__(
        self,
        realm: str | None = None,
        get_ha1: Any = None,
        key: str | bytes | None = None,
        debug: bool = False,
        accept_charset: str | None = "utf-8",
        algorithms: str | Iterable[str] | None = None,
        qop: str | Iterable[str] = "auth",
        userhash: bool = False,
        nonce_lifetime: float = NONCE_LIFETIME,
        replay_store: ReplayStore | None = None,
    ) -> None:
        self._realm = check_realm(realm, "tools.auth_digest.realm")
        self._key = checked_key(key)
        self._charsets = charsets_of(accept_charset)
        chosen = _checked_algorithms(algorithms)
        self._source = source_of(get_ha1, chosen, userhash=userhash)
        self._algorithms = chosen or (self._source.default_algorithm(),)
        self._qops = _checked_qops(qop)
        self._userhash = userhash
        if not nonce_lifetime > 0:
            raise ValueError(
                f"tools.auth_digest.nonce_lifetime = {nonce_lifetime!r}: expected a number of "
                "seconds greater than 0"
            )
        self._nonce_lifetime = nonce_lifetime
        self._replays = process_store if replay_store is None else replay_store
        self._identity = (self._realm, self._key, get_ha1)

    def stages(self) -> Mapping[str, tuple[Stage, float | None]]:
        """Return what is to be done; see :class:`cherrypy._auth.gates.Gate`."""
        stages: dict[str, tuple[Stage, float | None]] = {
            "before_handler": (self.admit, None),
            "before_finalize": (self.inform, _INFORM_PRIORITY),
        }
        if "auth-int" in self._qops:
            stages["before_request_body"] = (self.keep_content, _KEEP_PRIORITY)
            stages["on_end_request"] = (self.close_content, _CLOSE_PRIORITY)
        return stages

    def admit(self, request: Request, response: Response) -> None:
        """Let a request pass, and set its ``login``.

        Raises:
            HTTPError: 401, if it has no credentials, or others; 400 if they are for another URI.
            MalformedCredentialsError: It has some that are malformed.
        """
        if self._was_admitted(request):
            return
        credentials = self._credentials_of(request)
        is_stale = False
        if credentials is not None and self._is_expected(credentials):
            if not _is_for(credentials.uri, request):
                raise MalformedCredentialsError("The credentials are for another URI.")
            username, secret_hash = self._find_secret(credentials)
            if username is not None and _is_right(credentials, secret_hash, request):
                issued = issue_time(self._key, self._realm, credentials.nonce)
                if issued is not None and self._is_fresh(credentials, issued):
                    request.login = username
                    request.digest_admission = Admission(
                        self, username, credentials, secret_hash, issued
                    )
                    return
                is_stale = True  # who knows the password need not be asked for it
        response.headers[FIELD] = self._challenges(is_stale=is_stale)
        raise refusal()

    def inform(self, request: Request, response: Response) -> None:
        """Prove to the client that we know the password, too, and hand out a new nonce in time.

        See: RFC 7616 section 3.5.
        """
        admission = request.__dict__.get("digest_admission")
        if admission is None or admission.gate is not self:
            return
        credentials: DigestCredentials = admission.credentials
        parts = []
        content_hash = None
        if credentials.qop == "auth-int" and not response.stream:
            content_hash = credentials.algorithm.hash(response.collapse_body())
        if credentials.qop == "auth" or content_hash is not None:
            message_hash = hash_message(credentials, "", content_hash)
            proof = request_digest(credentials, admission.secret_hash, message_hash)
            cnonce = quote(credentials.cnonce or "")
            parts.append(
                f'rspauth="{proof}", qop={credentials.qop}, cnonce={cnonce}, nc={credentials.nc}'
            )
        now = time.time()
        if now - admission.issued > self._nonce_lifetime / 2:
            parts.append(f'nextnonce="{make_nonce(self._key, self._realm, int(now))}"')
        if parts:
            response.headers["Authentication-Info"] = ", ".join(parts)

    def keep_content(self, request: Request, _response: Response) -> None:
        """Read the content of a request whose credentials are for it, and keep its hash.

        Raises:
            HTTPError: See :func:`cherrypy._auth.content.spool`.
            MalformedCredentialsError: The credentials are malformed.
        """
        credentials = self._credentials_of(request)
        if credentials is None or credentials.qop != "auth-int":
            return
        content_hash = credentials.algorithm.new(b"")
        body = request.body
        is_chunked = "Transfer-Encoding" in request.headers
        length = None if is_chunked else body.length or 0
        if is_chunked or length:
            body.fp = request.rfile = spool(
                request.rfile, length, body.maxbytes or None, content_hash
            )
            request.digest_content = body.fp
        request.digest_content_hash = content_hash.hexdigest()

    def close_content(self, request: Request, _response: Response) -> None:
        """Close what :meth:`keep_content` has opened."""
        content = request.__dict__.get("digest_content")
        if content is not None:
            content.close()

    def _credentials_of(self, request: Request) -> DigestCredentials | None:
        field = authorization_of(request)
        if field is None:
            return None
        scheme, parameters = split_scheme(field)
        return parse_digest(parameters, self._charsets) if scheme == "digest" else None

    def _is_expected(self, credentials: DigestCredentials) -> bool:
        """Tell whether a client did what the challenge asks for, and nothing weaker."""
        return (
            credentials.realm == self._realm
            and credentials.algorithm in self._algorithms
            and credentials.qop in self._qops
            and (self._userhash or not credentials.is_hashed)
        )

    def _find_secret(self, credentials: DigestCredentials) -> tuple[str | None, str]:
        """Return the name of the user, ``None`` if there is none, and HA1 or something like it."""
        algorithm = credentials.algorithm
        username: str | None = credentials.username
        if credentials.is_hashed:
            username = self._source.find_name(self._realm, credentials.username, algorithm)
        found = None
        if username is not None:
            found = self._source.find(self._realm, username, algorithm, credentials.charset)
        if found is None:
            username = None
            found = hash_user(algorithm, _NOBODY, self._realm, _NOBODY)
        return username, hash_secret(credentials, found)

    def _is_fresh(self, credentials: DigestCredentials, issued: int) -> bool:
        """Tell whether a nonce has not expired, and its count was not seen before."""
        expires = issued + self._nonce_lifetime
        return time.time() < expires and self._replays.advance(
            credentials.nonce, int(credentials.nc or "0", 16), expires
        )

    def _was_admitted(self, request: Request) -> bool:
        """Tell whether an InternalRedirect led here from where the same users are let in.

        The credentials came for the first URL, and their nonce count has been used for that.
        """
        before = request.prev
        if before is None:
            return False
        admission = before.__dict__.get("digest_admission")
        if admission is None or admission.gate._identity != self._identity:
            return False
        request.login = admission.username
        request.digest_admission = admission._replace(gate=self)
        return True

    def _challenges(self, *, is_stale: bool) -> list[str]:
        nonce = make_nonce(self._key, self._realm, int(time.time()))
        return [
            digest_challenge(
                self._realm,
                nonce,
                algorithm.name,
                ", ".join(self._qops),
                self._charsets[0],
                is_stale=is_stale,
                userhash=self._userhash,
            )
            for algorithm in self._algorithms
        ]


def _is_for(uri: str, request: Request) -> bool:
    """Tell whether a URI names what a request asks for."""
    environ = request.wsgi_environ
    if uri == environ.get("REQUEST_URI"):  # PERF: so do nearly all, where the server tells it
        return True
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    host = environ.get("HTTP_HOST", "")
    query = environ.get("QUERY_STRING", "")
    prefix = urlsplit(request.base).path.rstrip("/")  # of a proxy that takes it off
    return is_uri_of(uri, path, query, host) or (
        prefix != "" and is_uri_of(uri, prefix + path, query, host)
    )


def _is_right(credentials: DigestCredentials, secret_hash: str, request: Request) -> bool:
    """Tell whether the response is the one that the password leads to."""
    content_hash = None
    if credentials.qop == "auth-int":
        content_hash = request.__dict__.get("digest_content_hash")
        if content_hash is None:  # nobody has kept it before it was read
            return False
    method = request.wsgi_environ.get("REQUEST_METHOD", request.method)
    message_hash = hash_message(credentials, method, content_hash)
    expected = request_digest(credentials, secret_hash, message_hash)
    return hmac.compare_digest(expected.encode(), credentials.response.encode("latin-1"))


def checked_key(key: object) -> bytes:
    """Return the key as octets.

    Raises:
        ValueError: There is none.
    """
    if isinstance(key, str):
        key = key.encode()
    if not isinstance(key, bytes) or not key:
        raise ValueError(  # the key itself stays out of logs
            f"tools.auth_digest.key is {'empty' if key == b'' else type(key).__name__}: expected "
            "secret text, such as secrets.token_hex() gives, the same in all processes of the site"
        )
    return key


def _checked_algorithms(names: str | Iterable[str] | None) -> tuple[Algorithm, ...]:
    """Return algorithms by name, the strongest first; none if none are configured.

    Raises:
        ValueError: There is no such algorithm, or not on this machine.
    """
    if names is None:
        return ()
    listed = names.split(",") if isinstance(names, str) else list(names)
    algorithms = []
    for name in listed:
        algorithm = find_algorithm(name.strip())
        if algorithm is None:
            raise ValueError(
                f"tools.auth_digest.algorithms = {names!r}: expected some of MD5, SHA-256, "
                "SHA-512-256, and these with -sess"
            )
        if not is_available(algorithm):
            raise ValueError(
                f"tools.auth_digest.algorithms = {names!r}: {algorithm.base} is not available on "
                "this machine, for example since it is in FIPS mode"
            )
        algorithms.append(algorithm)
    if not algorithms:
        raise ValueError(f"tools.auth_digest.algorithms = {names!r}: expected at least one")
    return by_strength(algorithms)


def _checked_qops(qop: str | Iterable[str]) -> tuple[str, ...]:
    listed = [each.strip() for each in qop.split(",")] if isinstance(qop, str) else list(qop)
    if not listed or not set(listed) <= set(QOPS):
        raise ValueError(
            f"tools.auth_digest.qop = {qop!r}: expected 'auth', 'auth-int', or both with a comma"
        )
    return tuple(each for each in QOPS if each in listed)
