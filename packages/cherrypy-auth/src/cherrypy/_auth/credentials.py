"""The Authorization field: what a client says about its user. Pure functions.

The framework of schemes is that of RFC 9110 section 11, Basic is RFC 7617, Digest RFC 7616.
"""

import binascii
import re
import unicodedata
from codecs import lookup
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from cherrypy._auth.algorithms import Algorithm, find_algorithm
from cherrypy._http.errors import MalformedFieldError
from cherrypy._http.fields import TOKEN, WHITESPACE, unquote

FALLBACK_CHARSET = "iso-8859-1"
"""Charset of clients that do not know RFC 7617: any bytes are text in it."""

QOPS = ("auth", "auth-int")
"""Qualities of protection: of the request line, or of the content, too (RFC 7616 section 3.3)."""

_TOKEN68 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SEPARATORS = ", \t"
_VALUE = r'(?:"((?:[^"\\]++|\\.)*+)"|([^\s",;\\]++))'
_PARAMETER = re.compile(
    # what fits no parameter is the last group, to the end, so that nothing is looked at twice
    rf"({TOKEN})[ \t]*=[ \t]*{_VALUE}[ \t]*(?:,[, \t]*|\Z)|(.+)",
    re.DOTALL,
)
_NONCE_COUNT = re.compile(r"[0-9A-Fa-f]{8}")
_EXTENDED_VALUE = re.compile(  # RFC 8187 section 3.2.1
    r"[Uu][Tt][Ff]-8'[A-Za-z0-9-]*'((?:[!#$&+\-.^_`|~0-9A-Za-z]|%[0-9A-Fa-f]{2})*)"
)


class MalformedCredentialsError(MalformedFieldError):
    """An Authorization field that breaks the syntax of its scheme."""


def split_scheme(field: str) -> tuple[str, str]:
    """Split an Authorization field into its scheme, in lower case, and what follows it.

    See: RFC 9110 section 11.4.
    """
    scheme, _, rest = field.strip(WHITESPACE).partition(" ")
    return scheme.lower(), rest.lstrip(" ")


def charsets_of(accept_charset: str | None) -> tuple[str, ...]:
    """List the charsets in which names and passwords are tried.

    Args:
        accept_charset: The one that clients are asked for; None for the one of old clients.

    Raises:
        ValueError: Python does not know it.
    """
    charset = accept_charset or FALLBACK_CHARSET
    try:
        name = lookup(charset).name.replace("iso8859-", "iso-8859-")
        "a".encode(name)
    except LookupError:
        raise ValueError(
            f"accept_charset = {charset!r}: expected a charset, such as 'UTF-8'"
        ) from None
    return (name,) if name == FALLBACK_CHARSET else (name, FALLBACK_CHARSET)


def decode_text(data: bytes, charsets: tuple[str, ...]) -> tuple[str, str]:
    """Decode bytes by the first charset that fits them.

    Returns:
        The text, and the charset. The last charset is ISO-8859-1, which fits anything.
    """
    *first, last = charsets
    for charset in first:
        try:
            return data.decode(charset), charset
        except UnicodeDecodeError:
            continue
    return data.decode(last), last


def wsgi_text(text: str) -> str:
    """Return text with one character for each byte, as PEP 3333 has it; other text as UTF-8."""
    if text.isascii() or max(text) <= "\xff":
        return text
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def normalized(text: str) -> str:
    """Normalize a user name to NFC (RFC 8265), so that it has one spelling."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def parse_basic(credentials: str, charsets: tuple[str, ...]) -> tuple[str, str]:
    """Read the credentials of the scheme Basic.

    Args:
        credentials: What follows the scheme.
        charsets: Charsets to try, see :func:`charsets_of`.

    Returns:
        User-id and password.

    Raises:
        MalformedCredentialsError: They are not base64, have no colon, or have control characters.

    See: RFC 7617 section 2.
    """
    if not _TOKEN68.fullmatch(credentials):
        raise MalformedCredentialsError("Bad Request")
    try:
        decoded = binascii.a2b_base64(credentials)
    except binascii.Error:
        raise MalformedCredentialsError("Bad Request") from None
    text, _ = decode_text(decoded, charsets)
    if ":" not in text or _CONTROL.search(text):
        raise MalformedCredentialsError("Bad Request")
    username, _, password = normalized(text).partition(":")
    return username, password


class DigestCredentials(NamedTuple):
    """What a client sends with the scheme Digest (RFC 7616 section 3.4).

    Texts are as received, one character for each byte, except ``username``.

    Attributes:
        username: Name of the user; if ``is_hashed``, a hash of it.
        charset: In which the name is encoded.
        qop: ``auth``, ``auth-int``; None if the client does as RFC 2069 did.
    """

    username: str
    realm: str
    nonce: str
    uri: str
    response: str
    algorithm: Algorithm
    charset: str
    qop: str | None = None
    nc: str | None = None
    cnonce: str | None = None
    opaque: str | None = None
    is_hashed: bool = False


def parse_digest(parameters: str, charsets: tuple[str, ...]) -> DigestCredentials:
    """Read the credentials of the scheme Digest.

    Args:
        parameters: What follows the scheme.
        charsets: Charsets to try for the name, see :func:`charsets_of`.

    Raises:
        MalformedCredentialsError: The syntax is wrong, something is missing or there twice, or RFC
            7616 does not know a value.

    See: RFC 7616 section 3.4.
    """
    given = parse_parameters(wsgi_text(parameters))
    qop = given.get("qop")
    nc = given.get("nc")
    algorithm = find_algorithm(given.get("algorithm", "MD5"))
    if algorithm is None or not {"realm", "nonce", "uri", "response"} <= given.keys():
        raise _malformed()
    if qop is None:
        # without qop there is nothing that these could be for
        is_complete = nc is None and "cnonce" not in given and not algorithm.is_session
    else:
        is_complete = (
            qop in QOPS
            and nc is not None
            and _NONCE_COUNT.fullmatch(nc) is not None
            and nc != "00000000"  # it counts from 1
            and given.get("cnonce", "") != ""
        )
    if not is_complete:
        raise _malformed()
    is_hashed = given.get("userhash", "false").lower() == "true"
    username, charset = _username_of(given, charsets, is_hashed=is_hashed)
    return DigestCredentials(
        username=username,
        realm=given["realm"],
        nonce=given["nonce"],
        uri=given["uri"],
        response=given["response"],
        algorithm=algorithm,
        charset=charset,
        qop=qop,
        nc=nc,
        cnonce=given.get("cnonce"),
        opaque=given.get("opaque"),
        is_hashed=is_hashed,
    )


def parse_parameters(text: str) -> dict[str, str]:
    """Read parameters of an authentication scheme.

    Args:
        text: Such as ``realm="a", qop=auth``. Values may be quoted strings, or anything without
            blanks, quotes and separators: some clients do not quote what should be.

    Returns:
        Unquoted values by name in lower case.

    Raises:
        MalformedCredentialsError: Something else is there, or a name twice.

    See: RFC 9110 section 11.2.
    """
    given: dict[str, str] = {}
    for name, quoted, bare, rest in _PARAMETER.findall(text.lstrip(_SEPARATORS)):
        key = name.lower()
        if rest or key in given:
            raise _malformed()
        given[key] = bare or (quoted if "\\" not in quoted else unquote(f'"{quoted}"'))
    return given


def _username_of(
    given: dict[str, str], charsets: tuple[str, ...], *, is_hashed: bool
) -> tuple[str, str]:
    """Return the name of the user, and the charset it is encoded in.

    See: RFC 7616 section 3.4, ``username`` and ``username*``.
    """
    plain, extended = given.get("username"), given.get("username*")
    if (plain is None) == (extended is None) or (extended is not None and is_hashed):
        raise _malformed()
    if plain is not None:
        text, charset = decode_text(plain.encode("latin-1"), charsets)
        return normalized(text), charset
    match = _EXTENDED_VALUE.fullmatch(extended or "")
    if match is None:
        raise _malformed()
    try:
        return normalized(unquote_to_bytes(match[1]).decode("utf-8")), "utf-8"
    except UnicodeDecodeError:
        raise _malformed() from None


def _malformed() -> MalformedCredentialsError:
    return MalformedCredentialsError("The Authorization header could not be parsed.")
