"""Basic authentication (RFC 7617): the tool ``auth_basic``, and what checks passwords for it.

Turn it on for a path, over TLS::

    config = {
        "/members": {
            "tools.auth_basic.on": True,
            "tools.auth_basic.realm": "Members",
            "tools.auth_basic.checkpassword": checkpassword_hashed(HASHES),
        }
    }
"""

from collections.abc import Callable, Mapping

from cherrypy._auth.basic_gate import BasicGate
from cherrypy._auth.gates import PRIORITY
from cherrypy._auth.passwords import HashedPasswords, equal_texts, hash_password, verify_password
from cherrypy._runtime.messages import Request, Response
from cherrypy._runtime.overriding import publish
from cherrypy._tools.function import tool_function
from cherrypy._tools.tool import Tool

__all__ = [
    "auth_basic_tool",
    "basic_auth",
    "checkpassword_dict",
    "checkpassword_hashed",
    "hash_password",
    "verify_password",
]

CheckPassword = Callable[[str, str, str], bool]


@tool_function()
def basic_auth(
    request: Request,
    response: Response,
    realm: str,
    checkpassword: Callable[[str, str, str], object],
    debug: bool = False,
    accept_charset: str = "utf-8",
) -> None:
    """Let the current request pass if a function accepts its password, and set ``request.login``.

    Args:
        realm: What the credentials are for; browsers show it.
        checkpassword: Function of realm, user name and password; true to let pass.
        debug: Not used any more.
        accept_charset: Charset of names and passwords; ISO-8859-1 is tried after it.

    Raises:
        HTTPError: 401, if there are no credentials, or others.
        MalformedCredentialsError: They are malformed; answered by 400.
        ValueError: An argument makes no sense.
    """
    BasicGate(realm, checkpassword, debug, accept_charset).admit(request, response)


basic_auth.prepare = BasicGate


def checkpassword_dict(user_password_dict: Mapping[str, str]) -> CheckPassword:
    """Make a function that checks passwords against those in a dict.

    The dict may change at any time. An empty password never counts. How long the comparison takes
    does not tell where the passwords differ, nor whether there is such a user.

    Args:
        user_password_dict: Passwords by user name.
    """

    def checkpassword(realm: str, user: str, password: str) -> bool:
        del realm
        known = user_password_dict.get(user)
        is_right = equal_texts(password or "", known or "-")
        return is_right and bool(known)

    return checkpassword


def checkpassword_hashed(
    user_hash_dict: Mapping[str, str] | Callable[[str, str], str | None],
    remember_seconds: float = 300,
) -> CheckPassword:
    """Make a function that checks passwords against hashes, as :func:`hash_password` makes them.

    A name that is not there takes as long as one that is.

    Args:
        user_hash_dict: Hashes by user name, which may change at any time; or a function of realm
            and user name that returns a hash, or ``None`` for unknown users.
        remember_seconds: How long it is remembered that a password was right, since hashes are
            slow on purpose and clients send the password with each request; 0 not to remember. A
            changed hash counts at once.
    """
    return HashedPasswords(user_hash_dict, remember_seconds)


auth_basic_tool = Tool("before_handler", basic_auth, priority=PRIORITY)
"""``cherrypy.tools.auth_basic``."""

publish(__name__)
