"""The gate of the scheme Digest (RFC 7616)."""

import hmac
import time
from collections.abc import Iterable, Mapping
from typing import IO, Any, NamedTuple
from urllib.parse import urlsplit

from cherrypy._auth.algorithms import ALGORITHMS, Algorithm, find_algorithm, is_available
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
from cherrypy._auth.digest import hash_message, hash_secret, request_digest
from cherrypy._auth.gates import CREDENTIALS, Gate, refuse
from cherrypy._auth.hash_sources import source_of
from cherrypy._auth.nonces import issue_time, make_nonce
from cherrypy._auth.replay import ReplayStore, process_store
from cherrypy._auth.targets import is_uri_of
from cherrypy._http.fields import quote
from cherrypy._runtime.iterators import set_vary_header
from cherrypy._runtime.messages import Request, Response
from cherrypy._runtime.state import sent_field
from cherrypy._tools.function import ToolFunction
from cherrypy._tools.hooks import Hook
from cherrypy._tools.tool import Tool

NONCE_LIFETIME = 600
"""Seconds for which a nonce is good."""

_KEEP_PRIORITY = 5  # before the body is read
_INFORM_PRIORITY = 99  # after the content has got its coding
_CLOSE_PRIORITY = 99

# attributes of requests
_ADMISSION = "digest_admission"
_KEPT = "digest_content"


class Admission(NamedTuple):
    """Which user was let in, and how; kept on the request for later stages."""

    gate: "DigestGate"
    username: str
    credentials: DigestCredentials
    secret_hash: str
    issued: int


class KeptContent(NamedTuple):
    """The content of a request, read before its credentials are looked at."""

    hash: str
    file: IO[bytes] | None


class DigestGate(Gate):
    """Lets those pass who know a password, which they do not send.

    The arguments are those of :func:`cherrypy.lib.auth_digest.digest_auth`.

    Raises:
        ValueError: An argument makes no sense.
    """

    def __init__(
        self,
        realm: str | None = None,
        get_ha1: object = None,
        key: str | bytes | None = None,
        debug: bool = False,
        accept_charset: str | None = "utf-8",
        algorithms: str | Iterable[str] | None = None,
        qop: str | Iterable[str] = "auth",
        userhash: bool = False,
        nonce_lifetime: float = NONCE_LIFETIME,
        replay_store: ReplayStore | None = None,
    ) -> None:
        super().__init__(get_ha1)
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

    def other_hooks(self) -> list[tuple[str, Hook]]:
        """Return what is attached besides the gate itself, with hook points."""
        hooks = [("before_finalize", Hook(ToolFunction(self.inform, priority=_INFORM_PRIORITY)))]
        if "auth-int" in self._qops:
            keep = ToolFunction(self.keep_content, priority=_KEEP_PRIORITY)
            close = ToolFunction(close_content, priority=_CLOSE_PRIORITY, failsafe=True)
            hooks += [("before_request_body", Hook(keep)), ("on_end_request", Hook(close))]
        return hooks

    def admit(self, request: Request, response: Response) -> None:
        """Let a request pass, and set its ``login``.

        Raises:
            HTTPError: 401, if it has no credentials, or wrong ones.
            MalformedCredentialsError: Its credentials are malformed, or for another URI.
        """
        if self._was_admitted(request):
            return
        credentials = self._credentials_of(request)
        is_stale = False
        if credentials is not None and self._is_expected(credentials):
            if not _is_for(credentials.uri, request):
                raise MalformedCredentialsError("The credentials are for another URI.")
            username, secret_hash = self._find_secret(credentials)
            # unknown users take as long
            if _is_right(credentials, secret_hash, request) and username is not None:
                issued = issue_time(self._key, self._realm, credentials.nonce)
                if issued is not None and self._is_fresh(credentials, issued):
                    admission = Admission(self, username, credentials, secret_hash, issued)
                    _note_admission(request, admission)
                    return
                is_stale = True  # whoever knows the password need not be asked for it
        response.headers[FIELD] = self._challenges(is_stale=is_stale)
        refuse()

    def inform(self, request: Request, response: Response) -> None:
        """Prove to the client that we know the password, too, and hand out a new nonce in time.

        See: RFC 7616 section 3.5.
        """
        admission: Admission | None = getattr(request, _ADMISSION, None)
        if admission is None or admission.gate is not self:
            return
        set_vary_header(response, CREDENTIALS)
        credentials = admission.credentials
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
        content_hash = credentials.algorithm.new()
        file = None
        body = request.body
        is_chunked = sent_field(request, "Transfer-Encoding") is not None
        length = None if is_chunked else body.length or 0
        if length != 0:
            file = spool(request.rfile, length, body.maxbytes or None, content_hash)
            body.fp = request.rfile = file
        setattr(request, _KEPT, KeptContent(content_hash.hexdigest(), file))

    def _credentials_of(self, request: Request) -> DigestCredentials | None:
        scheme, parameters = split_scheme(sent_field(request, "Authorization") or "")
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
        """Return the name of the user, ``None`` if there is none, and HA1 or something like it.

        A hash without the form of one, such as an empty one, is not a hash: anybody could use it.
        """
        algorithm = credentials.algorithm
        username: str | None = credentials.username
        if credentials.is_hashed:
            username = self._source.find_name(self._realm, credentials.username, algorithm)
        found = None
        if username is not None:
            found = self._source.find(self._realm, username, algorithm, credentials.charset)
        if found is None or not algorithm.is_hash(found):
            username = None
            found = "0" * algorithm.digits
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
        admission: Admission | None = getattr(request.prev, _ADMISSION, None)
        if admission is None or admission.gate._identity != self._identity:
            return False
        _note_admission(request, admission._replace(gate=self))
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


class DigestTool(Tool):
    """A tool whose gate needs more than one hook."""

    def _plan(self, arguments: Mapping[str, Any]) -> list[tuple[str, Hook]]:
        """Say which hooks the tool attaches.

        Raises:
            ValueError: An argument makes no sense.
        """
        planned = super()._plan(arguments)
        for _, hook in planned[:]:
            if isinstance(hook.callback, DigestGate):  # not a function of the application
                planned += hook.callback.other_hooks()
        return planned


def close_content(request: Request, _response: Response) -> None:
    """Close what :meth:`DigestGate.keep_content` has opened."""
    kept: KeptContent | None = getattr(request, _KEPT, None)
    if kept is not None and kept.file is not None:
        kept.file.close()


def _note_admission(request: Request, admission: Admission) -> None:
    request.login = admission.username
    setattr(request, _ADMISSION, admission)


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
        kept: KeptContent | None = getattr(request, _KEPT, None)
        if kept is None:  # the content was read without the tool
            return False
        content_hash = kept.hash
    method = request.wsgi_environ.get("REQUEST_METHOD", request.method)
    message_hash = hash_message(credentials, method, content_hash)
    expected = request_digest(credentials, secret_hash, message_hash)
    return hmac.compare_digest(expected.encode(), credentials.response.encode("latin-1"))


def checked_key(key: object) -> bytes:
    """Return the key as bytes.

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
    setting = f"tools.auth_digest.algorithms = {names!r}"
    chosen = [find_algorithm(name) for name in _listed(names)]
    if not chosen:
        raise ValueError(f"{setting}: expected at least one")
    if None in chosen:
        raise ValueError(
            f"{setting}: expected some of MD5, SHA-256, SHA-512-256, and these with -sess"
        )
    algorithms = tuple(algorithm for algorithm in ALGORITHMS.values() if algorithm in chosen)
    for algorithm in algorithms:
        if not is_available(algorithm):
            raise ValueError(
                f"{setting}: {algorithm.base} is not available on this machine, for example since "
                "it is in FIPS mode"
            )
    return algorithms


def _checked_qops(qop: str | Iterable[str]) -> tuple[str, ...]:
    listed = _listed(qop)
    if not listed or not set(listed) <= set(QOPS):
        raise ValueError(
            f"tools.auth_digest.qop = {qop!r}: expected 'auth', 'auth-int', or both with a comma"
        )
    return tuple(each for each in QOPS if each in listed)


def _listed(names: str | Iterable[str]) -> list[str]:
    """Return names that are given as a list, or as text with commas."""
    return [name.strip() for name in (names.split(",") if isinstance(names, str) else names)]
