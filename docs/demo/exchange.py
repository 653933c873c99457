"""Asking the applications of this process, without a socket, and showing what they answer."""

import contextvars
import shlex
from dataclasses import dataclass, field
from urllib.parse import urlencode

from cherrypy.testing import Client, Response

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
LONGEST = 4000  # octets of content that are shown


@dataclass(frozen=True)
class Call:
    """A request that a visitor of the demonstration can make.

    Args:
        target: Path below the mount point of the example, and query.
        says: What it shows, in a few words.
        method: Request method.
        headers: Header fields.
        form: Fields of a form, which are the content.
        content: Other content.
    """

    target: str
    says: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)
    content: str = ""

    @property
    def is_safe(self) -> bool:
        """Whether nothing changes by it (RFC 9110 section 9.2.1)."""
        return self.method in SAFE_METHODS

    def ask(self, url: str) -> Response:
        """Make the request to the applications of this process."""
        headers = {"User-Agent": "demonstration", **self.headers}
        client = Client()
        if self.form:
            return client.request(self.method, url, headers=headers, data=self.form)
        if self.content:
            return client.request(self.method, url, headers=headers, content=self.content.encode())
        return client.request(self.method, url, headers=headers)

    def as_curl(self, url: str) -> str:
        """Return the command that makes the request from a terminal."""
        words = ["curl", "-I" if self.method == "HEAD" else "-i"]
        if self.method not in {"GET", "HEAD", "POST"}:
            words += ["-X", self.method]
        for name, value in self.headers.items():
            words += ["-H", f"{name}: {value}"]
        if not self.is_safe and self.method != "DELETE":
            words += ["-d", urlencode(self.form) or self.content]
        return shlex.join([*words, url])


def ask(call: Call, url: str) -> Response:
    """Make a request while another one, which shows the answer, is under way."""
    return contextvars.copy_context().run(call.ask, url)


def shown(response: Response) -> str:
    """Return the content of an answer as far as it can be shown."""
    content = response.content
    if "Content-Encoding" in response.headers:
        return f"({len(content)} octets, compressed)"
    rest = len(content) - LONGEST
    text = content[:LONGEST].decode("utf-8", "replace")
    return f"{text}\n... and {rest} octets more" if rest > 0 else text
