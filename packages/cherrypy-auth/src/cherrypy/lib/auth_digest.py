"""Digest authentication (RFC 7616): the tool ``auth_digest``, and where its hashes come from.

Turn it on for a path::

    config = {
        "/members": {
            "tools.auth_digest.on": True,
            "tools.auth_digest.realm": "Members",
            "tools.auth_digest.get_ha1": get_ha1_dict_plain({"ada": "her password"}),
            "tools.auth_digest.key": "a secret of this site",
            "tools.auth_digest.algorithms": ["SHA-256", "MD5"],
        }
    }
"""

import os
import time
from collections.abc import Iterable, Mapping
from typing import Any

from cherrypy._auth.algorithms import ALGORITHMS, find_algorithm
from cherrypy._auth.challenges import digest_challenge
from cherrypy._auth.credentials import (
    QOPS,
    DigestCredentials,
    charsets_of,
    parse_digest,
    split_scheme,
)
from cherrypy._auth.digest import hash_message, hash_secret, request_digest
from cherrypy._auth.digest_gate import NONCE_LIFETIME, DigestGate, DigestTool, checked_key
from cherrypy._auth.gates import PRIORITY
from cherrypy._auth.hash_sources import HtdigestFile, KnownHashes, PlainPasswords
from cherrypy._auth.nonces import issue_time, make_nonce
from cherrypy._auth.replay import MemoryReplayStore, ReplayStore
from cherrypy._runtime.messages import Request, Response
from cherrypy._runtime.overriding import publish
from cherrypy._tools.function import tool_function

__all__ = [
    "DEFAULT_CHARSET",
    "FALLBACK_CHARSET",
    "H",
    "HttpDigestAuthorization",
    "MemoryReplayStore",
    "ReplayStore",
    "auth_digest_tool",
    "digest_auth",
    "get_ha1_dict",
    "get_ha1_dict_plain",
    "get_ha1_file_htdigest",
    "md5_hex",
    "qop_auth",
    "qop_auth_int",
    "synthesize_nonce",
    "valid_algorithms",
    "valid_qops",
    "www_authenticate",
]

DEFAULT_CHARSET = "UTF-8"
"""Charset that clients are asked for."""

FALLBACK_CHARSET = "ISO-8859-1"
"""Charset that is tried after it."""

qop_auth, qop_auth_int = QOPS

valid_qops = QOPS
"""Qualities of protection that are known."""

valid_algorithms = tuple(ALGORITHMS)
"""Algorithms that are known, the strongest first."""


def md5_hex(s: str) -> str:
    """Return the MD5 of text as UTF-8, in hexadecimal digits.

    Raises:
        ValueError: This machine has no MD5.
    """
    return ALGORITHMS["MD5"].hash(s.encode())


H = md5_hex


@tool_function()
def digest_auth(
    request: Request,
    response: Response,
    realm: str,
    get_ha1: object,
    key: str,
    debug: bool = False,
    accept_charset: str = "utf-8",
    algorithms: str | Iterable[str] | None = None,
    qop: str | Iterable[str] = "auth",
    userhash: bool = False,
    nonce_lifetime: float = NONCE_LIFETIME,
    replay_store: ReplayStore | None = None,
) -> None:
    """Let the current request pass if its user knows the password, and set ``request.login``.

    Args:
        realm: What the credentials are for; browsers show it.
        get_ha1: What one of the functions ``get_ha1_...`` returns, or a function of realm and user
            name that returns H(user:realm:password), or ``None`` for unknown users. If it has a
            parameter ``algorithm``, it is told ``MD5``, ``SHA-256`` or ``SHA-512-256``.
        key: A secret that nonces are signed with, the same in all processes of the site.
        debug: Not used any more.
        accept_charset: Charset of names and passwords; ISO-8859-1 is tried after it.
        algorithms: Those that clients may use; MD5 by default, as in CherryPy 18.
        qop: ``auth``, ``auth-int``, or both. ``auth-int`` needs the tool, which keeps the content.
        userhash: Whether clients may send a hash in place of the name.
        nonce_lifetime: Seconds for which a nonce is good.
        replay_store: What remembers nonce counts, if that is not each process for itself.

    Raises:
        HTTPError: 401, if there are no credentials, or others.
        MalformedCredentialsError: They are malformed, or for another URI; answered by 400.
        ValueError: An argument makes no sense.
    """
    gate = DigestGate(
        realm,
        get_ha1,
        key,
        debug,
        accept_charset,
        algorithms,
        qop,
        userhash,
        nonce_lifetime,
        replay_store,
    )
    gate.admit(request, response)


digest_auth.prepare = DigestGate


def get_ha1_dict_plain(user_password_dict: Mapping[str, str]) -> PlainPasswords:
    """Take hashes of the passwords in a dict, which may change at any time.

    Args:
        user_password_dict: Passwords by user name.
    """
    return PlainPasswords(user_password_dict)


def get_ha1_dict(user_ha1_dict: Mapping[str, Any]) -> KnownHashes:
    """Take the hashes in a dict, which may change at any time.

    Args:
        user_ha1_dict: H(user:realm:password) by user name; or for each a mapping of algorithms to
            hashes, such as ``{"SHA-256": "...", "MD5": "..."}``.
    """
    return KnownHashes(user_ha1_dict)


def get_ha1_file_htdigest(filename: str | os.PathLike[str]) -> HtdigestFile:
    """Take the hashes in a file as Apache's ``htdigest`` writes it; changes count at once.

    Args:
        filename: Path of the file, with lines ``user:realm:hash``.
    """
    return HtdigestFile(filename)


def synthesize_nonce(s: str, key: str, timestamp: int | None = None) -> str:
    """Make a nonce that :meth:`HttpDigestAuthorization.validate_nonce` recognises.

    Args:
        s: What it is for, the realm.
        key: The secret of the site.
        timestamp: When it is made, in seconds since the epoch; now if None.
    """
    return make_nonce(checked_key(key), s, int(time.time()) if timestamp is None else timestamp)


def www_authenticate(
    realm: str,
    key: str,
    algorithm: str = "MD5",
    nonce: str | None = None,
    qop: str = "auth",
    stale: bool = False,
    accept_charset: str = DEFAULT_CHARSET,
) -> str:
    """Write a challenge, the value of a ``WWW-Authenticate`` field.

    Args:
        realm: What the credentials are for.
        key: The secret of the site.
        algorithm: One of ``valid_algorithms``.
        nonce: A nonce; a new one if None.
        qop: One of ``valid_qops``.
        stale: Whether only the nonce of the credentials was wrong.
        accept_charset: Charset that clients are asked for.

    Raises:
        ValueError: Algorithm or quality of protection are not known.
    """
    if qop not in valid_qops:
        raise ValueError(f"Unsupported value for qop: {qop!r}")
    known = find_algorithm(algorithm)
    if known is None:
        raise ValueError(f"Unsupported value for algorithm: {algorithm!r}")
    if nonce is None:
        nonce = synthesize_nonce(realm, key)
    charset = charsets_of(accept_charset)[0]
    return digest_challenge(realm, nonce, known.name, qop, charset, is_stale=stale)


class HttpDigestAuthorization:
    """What an Authorization field of the scheme Digest says.

    Args:
        auth_header: The field.
        http_method: Method of the request.
        debug: Not used any more.
        accept_charset: Charset of the user name; ISO-8859-1 is tried after it.

    Raises:
        ValueError: The field is of another scheme, or malformed.
    """

    scheme = "digest"

    def __init__(
        self,
        auth_header: str,
        http_method: str,
        debug: bool = False,
        accept_charset: str = DEFAULT_CHARSET,
    ) -> None:
        scheme, parameters = split_scheme(auth_header)
        if scheme != self.scheme:
            raise ValueError('Authorization scheme is not "Digest"')
        credentials: DigestCredentials = parse_digest(parameters, charsets_of(accept_charset))
        self._credentials = credentials
        self.auth_header = auth_header
        self.http_method = http_method
        self.debug = debug
        self.username = credentials.username
        self.realm = credentials.realm
        self.nonce = credentials.nonce
        self.uri = credentials.uri
        self.response = credentials.response
        self.algorithm = credentials.algorithm.name
        self.cnonce = credentials.cnonce
        self.opaque = credentials.opaque
        self.qop = credentials.qop
        self.nc = credentials.nc

    @classmethod
    def matches(cls, header: str) -> bool:
        """Tell whether an Authorization field is of this scheme."""
        return split_scheme(header)[0] == cls.scheme

    def errmsg(self, s: str) -> str:
        """Return a message about this field."""
        return f"Digest Authorization header: {s}"

    def validate_nonce(self, s: str, key: str) -> bool:
        """Tell whether the nonce was made by :func:`synthesize_nonce` of the same arguments."""
        return issue_time(checked_key(key), s, self.nonce) is not None

    def is_nonce_stale(self, max_age_seconds: float = NONCE_LIFETIME) -> bool:
        """Tell whether the nonce is too old, or none of ours."""
        issued = self.nonce.partition(":")[0]
        is_time = issued.isascii() and issued.isdigit()
        return not is_time or time.time() >= int(issued[:15]) + max_age_seconds

    def HA2(self, entity_body: str | bytes = "") -> str:
        """Compute HA2.

        Args:
            entity_body: Content of the request, which counts with ``auth-int``.
        """
        content = entity_body.encode() if isinstance(entity_body, str) else entity_body
        content_hash = None
        if self._credentials.qop == qop_auth_int:
            content_hash = self._credentials.algorithm.hash(content)
        return hash_message(self._credentials, self.http_method, content_hash)

    def request_digest(self, ha1: str, entity_body: str | bytes = "") -> str:
        """Compute what ``response`` has to be.

        Args:
            ha1: H(user:realm:password) of the user.
            entity_body: Content of the request, which counts with ``auth-int``.
        """
        secret_hash = hash_secret(self._credentials, ha1)
        return request_digest(self._credentials, secret_hash, self.HA2(entity_body))


auth_digest_tool = DigestTool("before_handler", digest_auth, priority=PRIORITY)
"""``cherrypy.tools.auth_digest``."""

publish(__name__)
