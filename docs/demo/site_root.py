"""The pages of the demonstration itself."""

from pathlib import Path

import cherrypy
from catalogue import EXAMPLES
from exchange import ask
from layout import example_page, overview, page

FILES = {
    name: (Path(__file__).with_name(name).read_bytes(), media_type)
    for name, media_type in {
        "style.css": "text/css;charset=utf-8",
        "cherries.svg": "image/svg+xml",
    }.items()
}


class Demonstration:
    """The overview, and a page for each example."""

    def __init__(self) -> None:
        self._examples = {example.name: example for example in EXAMPLES}

    @cherrypy.expose
    def index(self) -> str:
        """Show what there is."""
        return overview(cherrypy.__version__)

    @cherrypy.expose
    def default(self, name: str, call: str = "0") -> str:
        """Show an example, and the answer to one of its requests."""
        example = self._examples.get(name)
        if example is None:
            raise cherrypy.NotFound
        number = int(call) if call.isascii() and call.isdigit() else 0
        if number >= len(example.calls):
            raise cherrypy.NotFound
        chosen = example.calls[number]
        # what changes something is done when a button is pressed, not when a link is followed
        allowed = chosen.is_safe or cherrypy.request.method == "POST"
        url = f"{cherrypy.request.base}{example.mount_point}{chosen.target}"
        answer = ask(chosen, url) if allowed else None
        return example_page(example, url, number, answer)

    @cherrypy.expose(["style.css", "cherries.svg"])
    def _file(self) -> bytes:
        """Send a file that all pages need."""
        content, media_type = FILES[cherrypy.request.path_info.removeprefix("/")]
        cherrypy.response.headers["Content-Type"] = media_type
        return content


def error_page(status: str, message: str, traceback: str, version: str) -> str:
    """Draw errors as the other pages are drawn; the arguments are escaped already."""
    content = f"<h1>{status}</h1>\n<p class='lead'>{message}</p>"
    return page(status, content, "<nav><a href='/'>All examples</a></nav>")


CONFIG = {
    "/": {
        "error_page.default": error_page,
        "response.headers.Content-Security-Policy": "default-src 'self'; frame-ancestors 'self'",
        "response.headers.Referrer-Policy": "same-origin",
        "response.headers.X-Content-Type-Options": "nosniff",
    }
}
