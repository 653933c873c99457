"""What the gates of all schemes share.

A gate lets a request pass, or raises. It is made once for each configuration, so that mistakes in
the configuration are found before requests come.
"""

from typing import NoReturn

from cherrypy._runtime.errors import HTTPError
from cherrypy._runtime.messages import Request, Response
from cherrypy._tools.function import ToolFunction

CREDENTIALS = "Authorization"
"""Field of the credentials. ``Vary`` names it, as some caches store answers to such requests."""

PRIORITY = 1
"""Place of all gates in ``before_handler``: before everything that is not for everybody."""


class Gate(ToolFunction[[], None]):
    """The function of a tool, prepared for one configuration."""

    def __init__(self) -> None:
        super().__init__(self.admit)

    def admit(self, request: Request, response: Response) -> None:
        """Let a request pass, and set its ``login``.

        Raises:
            HTTPError: The request is not let in.
        """
        raise NotImplementedError


def refuse(status: int = 401) -> NoReturn:
    """Raise the error for a user who is not let in.

    A 401 says by ``Vary`` that it depends on the credentials.

    Raises:
        HTTPError: Always.
    """
    refusal = HTTPError(status, "You are not authorized to access that resource")
    if status == 401:
        refusal.decided_by = CREDENTIALS
    raise refusal
