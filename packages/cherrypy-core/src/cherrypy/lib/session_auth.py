"""The session_auth tool: a login form, and the name of the user in the session."""

from typing import Any
from urllib.parse import urlsplit

from cherrypy._runtime.context import current
from cherrypy._runtime.errors import HTTPError, HTTPRedirect
from cherrypy._runtime.messages import Request, Response, Session
from cherrypy._runtime.text import HTML, escape, escape_attribute
from cherrypy._runtime.urls import url
from cherrypy._tools.function import tool_function

LOGIN_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Log in</title>
<style>
  body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 20rem; margin: 4rem auto }}
  label, input, button {{ display: block; box-sizing: border-box; width: 100%; font: inherit }}
  input {{ margin-bottom: 1rem; padding: .3rem }}
</style>
<h1>Log in</h1>
<p role="alert">{error_msg}</p>
<form method="post" action="do_login">
  <label for="username">Name</label>
  <input type="text" id="username" name="username" value="{username}" autocomplete="username">
  <label for="password">Password</label>
  <input type="password" id="password" name="password" autocomplete="current-password">
  <input type="hidden" name="from_page" value="{from_page}">
  <button>Log in</button>
</form>
</html>
"""


class SessionAuth:
    """Asks users for name and password, and remembers in the session that they are logged in.

    Any attribute can be replaced by a setting, ``tools.session_auth.login_screen`` for example.
    The tool answers the paths that end in ``login_screen``, ``do_login`` and ``do_logout``; the
    sessions tool has to be on.
    """

    session_key = "username"
    """Key of the user's name in the session."""
    debug = False
    """Not used any more."""

    def check_username_and_password(self, username: str, password: str) -> str | None:
        """Check a name and a password; replace this.

        Returns:
            A message for the user; nothing if they may come in.
        """
        del username, password
        return "Nobody can log in: tools.session_auth.check_username_and_password is not set"

    def anonymous(self) -> str | None:
        """Return a name for users who are not logged in; ``None`` if they have to log in."""

    def on_login(self, username: str) -> None:
        """Do something when a user has logged in."""

    def on_logout(self, username: str) -> None:
        """Do something when a user has logged out."""

    def on_check(self, username: str) -> None:
        """Do something at each request of a user who is logged in."""

    def login_screen(
        self,
        from_page: str | None = "..",
        username: str | None = "",
        error_msg: str | None = "",
        **kwargs: Any,
    ) -> bytes:
        """Return the form in which name and password are entered.

        Args:
            from_page: URL that is opened after the login.
            username: Name that was entered before.
            error_msg: Message for the user.
            **kwargs: Not used.
        """
        del kwargs
        page = LOGIN_PAGE.format(
            from_page=escape_attribute(from_page or ""),
            username=escape_attribute(username or ""),
            error_msg=escape(error_msg or ""),
        )
        return page.encode("ascii", "xmlcharrefreplace")  # so that it is right in any charset

    def do_login(
        self,
        username: str,
        password: str,
        from_page: str = "..",
        **kwargs: object,
    ) -> bool | None:
        """Log a user in, or show the form again.

        The session gets a new id, so that nobody can use the old one.

        Args:
            username: Name that was entered.
            password: Password that was entered.
            from_page: URL of the next page; one of another site is not followed.
            **kwargs: Not used.

        Returns:
            True if the form is shown again.

        Raises:
            HTTPRedirect: To ``from_page``, when the user is logged in.
        """
        del kwargs
        error_msg = self.check_username_and_password(username, password)
        if error_msg:
            return _show(self.login_screen(from_page, username, error_msg))
        session = _session()
        session.regenerate()
        current.get().request.login = username
        session[self.session_key] = username
        self.on_login(username)
        raise HTTPRedirect(_own_url(from_page))

    def do_logout(self, from_page: str = "..", **kwargs: object) -> bool | None:
        """Log the user out.

        Args:
            from_page: URL of the next page; one of another site is not followed.
            **kwargs: Not used.

        Raises:
            HTTPRedirect: To ``from_page``, always.
        """
        del kwargs
        session = _session()
        username = session.pop(self.session_key, None)
        if username:
            current.get().request.login = None
            self.on_logout(username)
        raise HTTPRedirect(_own_url(from_page))

    def do_check(self) -> bool | None:
        """Let users who are logged in pass, and show the form to others.

        Returns:
            True if the form is shown.
        """
        request = current.get().request
        session = _session()
        username = session.get(self.session_key)
        if not username:
            username = self.anonymous()
            if not username:
                return _show(self.login_screen(url(qs=request.query_string)))
            session[self.session_key] = username
        request.login = username
        self.on_check(username)
        return None

    def run(self) -> bool | None:
        """Log in or out, or show the form, as the path asks for.

        Returns:
            True if the response is set.

        Raises:
            HTTPError: 405 if the login form is not posted, 400 if it is not complete.
            HTTPRedirect: After a login or logout.
        """
        request = current.get().request
        if request.path_info.endswith("login_screen"):
            return _show(self.login_screen())
        if request.path_info.endswith("do_login"):
            _must_be_posted()
            form = _texts(request.params)
            if not {"username", "password"} <= form.keys():
                raise HTTPError(400, "The form lacks username or password.")
            return self.do_login(**form)
        if request.path_info.endswith("do_logout"):
            _must_be_posted()
            return self.do_logout(**_texts(request.params))
        return self.do_check()


@tool_function()
def session_auth(_request: Request, _response: Response, /, **kwargs: object) -> bool | None:
    """Admit users who are logged in, and let the others log in.

    Args:
        **kwargs: Attributes of :class:`SessionAuth` to replace.

    Returns:
        True if the response is set.
    """
    auth = SessionAuth()
    for name, value in kwargs.items():
        setattr(auth, name, value)
    return auth.run()


def _show(page: bytes | str) -> bool:
    """Answer with a page."""
    response = current.get().response
    if isinstance(page, str):
        response.headers["Content-Type"] = HTML
        page = page.encode()
    response.body = page
    response.headers.pop("Content-Length", None)
    return True


def _must_be_posted() -> None:
    serving = current.get()
    if serving.request.method != "POST":
        serving.response.headers["Allow"] = "POST"
        raise HTTPError(405)


def _texts(params: dict[str, Any]) -> dict[str, str]:
    """Return those parameters that are text, given once, and can be passed to a method."""
    return {n: value for n, value in params.items() if isinstance(value, str) and n != "self"}


def _own_url(from_page: str) -> str:
    """Return a URL of this site as it is, and the page above for any other."""
    try:
        redirect = HTTPRedirect(from_page)
        target = urlsplit(redirect.urls[0])
    except ValueError:  # it is no URL, http://[::1 for example
        return ".."
    base = urlsplit(current.get().request.base)
    is_own = (target.scheme, target.netloc) == (base.scheme, base.netloc)
    return from_page if is_own and "\\" not in from_page else ".."


def _session() -> Session:
    """Return the session of the current request.

    Raises:
        AttributeError: There is no session.
    """
    session: Session | None = getattr(current.get(), "session", None)
    if session is None:
        raise AttributeError(
            "tools.session_auth needs a session: set tools.sessions.on = True for the same paths"
        )
    return session
