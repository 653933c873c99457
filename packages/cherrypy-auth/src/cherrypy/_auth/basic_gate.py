"""The gate of the scheme Basic (RFC 7617)."""

from collections.abc import Callable

from cherrypy._auth.challenges import FIELD, basic_challenge, check_realm
from cherrypy._auth.credentials import (
    MalformedCredentialsError,
    charsets_of,
    parse_basic,
    split_scheme,
)
from cherrypy._auth.gates import CREDENTIALS, Gate, refuse
from cherrypy._runtime.iterators import set_vary_header
from cherrypy._runtime.messages import Request, Response
from cherrypy._runtime.state import sent_field


class BasicGate(Gate):
    """Lets a request pass if a function accepts its password.

    The arguments are those of :func:`cherrypy.lib.auth_basic.basic_auth`.

    Raises:
        ValueError: An argument makes no sense.
    """

    def __init__(
        self,
        realm: str | None = None,
        checkpassword: Callable[[str, str, str], object] | None = None,
        debug: bool = False,
        accept_charset: str | None = "utf-8",
    ) -> None:
        super().__init__(checkpassword)
        self._realm = check_realm(realm, "tools.auth_basic.realm")
        if not callable(checkpassword):
            raise ValueError(  # noqa: TRY004 - a setting, and its value
                f"tools.auth_basic.checkpassword = {checkpassword!r}: expected a function of "
                "realm, user name and password, as auth_basic.checkpassword_dict(users) makes one"
            )
        self._checkpassword = checkpassword
        self._charsets = charsets_of(accept_charset)
        self._challenge = basic_challenge(self._realm, self._charsets[0])

    def admit(self, request: Request, response: Response) -> None:
        """Let a request pass, and set its ``login``.

        Raises:
            HTTPError: 401, if it has no credentials, or wrong ones.
            MalformedCredentialsError: Its credentials are malformed.
        """
        field = sent_field(request, "Authorization")
        if field is not None:
            scheme, credentials = split_scheme(field)
            if not credentials:
                raise MalformedCredentialsError("Bad Request")
            if scheme == "basic":
                username, password = parse_basic(credentials, self._charsets)
                if self._checkpassword(self._realm, username, password):
                    request.login = username
                    set_vary_header(response, CREDENTIALS)
                    return
        response.headers[FIELD] = self._challenge
        refuse()
