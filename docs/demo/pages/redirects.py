"""A redirect is raised: nothing of the handler runs after it."""

import cherrypy


class Moved:
    """Three ways to answer with another page, and a URL for each of them."""

    @cherrypy.expose
    def here(self, source: str = "nowhere") -> str:
        """Be the page that all of them lead to."""
        return f"You are here, and you came from {'old' if source == 'old' else 'somewhere else'}"

    @cherrypy.expose
    def old(self) -> None:
        """Send the client to a URL that is relative to this one (303 See Other)."""
        raise cherrypy.HTTPRedirect("here?source=old")

    @cherrypy.expose
    def older(self) -> None:
        """Tell the client, and search engines, that it has moved for good."""
        raise cherrypy.HTTPRedirect(cherrypy.url("/here"), 301)

    @cherrypy.expose
    def inside(self) -> None:
        """Answer with another page under this URL; the client does not notice."""
        raise cherrypy.InternalRedirect("here")

    @cherrypy.expose
    def links(self) -> str:
        """Make URLs that stay right wherever the application is mounted."""
        return "\n".join(
            [
                cherrypy.url("/here"),
                cherrypy.url("here", qs={"source": "old"}),
                cherrypy.url("/here", relative="server"),
                cherrypy.url("/here", relative=True),
            ]
        )


def mount(at: str) -> None:
    """Publish it; the links are plain text."""
    plain = {"response.headers.Content-Type": "text/plain"}
    cherrypy.tree.mount(Moved(), at, {"/links": plain})
