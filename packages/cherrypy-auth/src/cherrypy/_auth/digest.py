"""The computations of the scheme Digest (RFC 7616 section 3.4). Values in, values out.

Bytes are hashed as they were received: every text here has one character for each byte, except
names and passwords, which come with their charset.
"""

from cherrypy._auth.algorithms import Algorithm
from cherrypy._auth.credentials import DigestCredentials


def hash_user(
    algorithm: Algorithm, username: str, realm: str, password: str, charset: str = "utf-8"
) -> str:
    """Compute H(user:realm:password), which is HA1 for all algorithms but those of sessions.

    See: RFC 7616 section 3.4.2.
    """
    text = f"{username}:{realm}:{password}"
    return algorithm.hash(text.encode(charset, "xmlcharrefreplace"))


def hash_username(algorithm: Algorithm, username: str, realm: str) -> str:
    """Compute what a client sends in place of a name with ``userhash`` (section 3.4.4)."""
    return algorithm.hash(f"{username}:{realm}".encode())


def hash_secret(credentials: DigestCredentials, user_hash: str) -> str:
    """Compute HA1: H(user:realm:password), or that of this session with ``-sess``.

    See: RFC 7616 section 3.4.2.
    """
    if not credentials.algorithm.is_session:
        return user_hash
    return credentials.algorithm.hash(
        f"{user_hash}:{credentials.nonce}:{credentials.cnonce}".encode("latin-1", "replace")
    )


def hash_message(
    credentials: DigestCredentials, method: str, content_hash: str | None = None
) -> str:
    """Compute HA2 of a request; of a response, whose method is empty here.

    Args:
        credentials: What the client sent.
        method: Request method.
        content_hash: Hash of the content, for ``auth-int``.

    See: RFC 7616 section 3.4.3, and 3.5 for responses.
    """
    text = f"{method}:{credentials.uri}"
    if credentials.qop == "auth-int":
        text += f":{content_hash}"
    return credentials.algorithm.hash(text.encode("latin-1", "replace"))


def request_digest(credentials: DigestCredentials, secret_hash: str, message_hash: str) -> str:
    """Compute what ``response`` has to be, or ``rspauth`` in the answer.

    Args:
        credentials: What the client sent.
        secret_hash: HA1.
        message_hash: HA2.

    See: RFC 7616 section 3.4.1; RFC 2069 without ``qop``.
    """
    middle = credentials.nonce
    if credentials.qop is not None:
        middle += f":{credentials.nc}:{credentials.cnonce}:{credentials.qop}"
    text = f"{secret_hash}:{middle}:{message_hash}"
    return credentials.algorithm.hash(text.encode("latin-1", "replace"))
