"""The gate of the scheme Basic (RFC 7617)."""

from collections.abc import Callable, Mapping

from cherrypy._auth.challenges import FIELD, basic_challenge, check_realm
from cherrypy._auth.credentials import (
    MalformedCredentialsError,
    charsets_of,
    parse_basic,
    split_scheme,
)
from cherrypy._auth.gates import Request, Response, Stage, authorization_of, refusal


class BasicGate:
    """Lets those pass whose password a function accepts.

    Args:
        realm: What the credentials are for; clients show it.
        checkpassword: Function of realm, user name and password.
        debug: Not used any more.
        accept_charset: Charset of names and passwords; ISO-8859-1 is tried after it.

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
        self._realm = check_realm(realm, "tools.auth_basic.realm")
        if not callable(checkpassword):
            raise ValueError(  # noqa: TRY004 - a setting, and its value
                f"tools.auth_basic.checkpassword = {checkpassword!r}: expected a function of "
                "realm, user name and password, as auth_basic.checkpassword_dict(users) makes one"
            )
        self._checkpassword = checkpassword
        self._charsets = charsets_of(accept_charset)
        self._challenge = basic_challenge(self._realm, self._charsets[0])

    def stages(self) -> Mapping[str, tuple[Stage, float | None]]:
        """Return what is to be done; see :class:`cherrypy._auth.gates.Gate`."""
        return {"before_handler": (self.admit, None)}

    def admit(self, request: Request, response: Response) -> None:
        """Let a request pass, and set its ``login``.

        Raises:
            HTTPError: 401, if it has no credentials, or others.
            MalformedCredentialsError: It has some that are malformed.
        """
        field = authorization_of(request)
        if field is not None:
            scheme, credentials = split_scheme(field)
            if not credentials:
                raise MalformedCredentialsError("Bad Request")
            if scheme == "basic":
                username, password = parse_basic(credentials, self._charsets)
                if self._checkpassword(self._realm, username, password):
                    request.login = username
                    return
        response.headers[FIELD] = self._challenge
        raise refusal()
