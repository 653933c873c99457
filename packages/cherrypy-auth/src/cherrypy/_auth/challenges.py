"""The WWW-Authenticate field: what a client has to do to be let in."""

from cherrypy._http.fields import quote

FIELD = "Www-Authenticate"


def check_realm(realm: object, setting: str) -> str:
    """Return a realm that can be sent.

    Args:
        realm: What the configuration says.
        setting: Name of the setting, for the message.

    Raises:
        ValueError: It is not text, or has characters that a field value cannot have.
    """
    if not isinstance(realm, str) or not realm.isprintable() or max(realm, default="") > "\xff":
        raise ValueError(
            f"{setting} = {realm!r}: expected text of printable characters of Latin-1, such as "
            "'Members'"
        )
    return realm


def basic_challenge(realm: str, charset: str) -> str:
    """Write a challenge of the scheme Basic; UTF-8 is the one charset that it may name.

    See: RFC 7617 sections 2 and 2.1.
    """
    return f"Basic realm={quote(realm)}" + (', charset="UTF-8"' if charset == "utf-8" else "")


def digest_challenge(
    realm: str,
    nonce: str,
    algorithm: str,
    qop: str,
    charset: str,
    *,
    is_stale: bool = False,
    userhash: bool = False,
) -> str:
    """Write a challenge of the scheme Digest.

    Args:
        realm: What the credentials are for.
        nonce: What the client has to put into its hash.
        algorithm: Name of the hash algorithm.
        qop: One or two of ``auth`` and ``auth-int``, with a comma between them.
        charset: Charset of names and passwords; UTF-8 is the one that it may name.
        is_stale: Whether only the nonce was wrong, so that the user need not be asked.
        userhash: Whether the client may send a hash in place of the name.

    See: RFC 7616 section 3.3, which says what is quoted.
    """
    parts = [
        f"realm={quote(realm)}",
        f'nonce="{nonce}"',
        f"algorithm={algorithm}",
        f'qop="{qop}"',
    ]
    if is_stale:
        parts.append("stale=true")
    if charset == "utf-8":
        parts.append("charset=UTF-8")
    if userhash:
        parts.append("userhash=true")
    return "Digest " + ", ".join(parts)
