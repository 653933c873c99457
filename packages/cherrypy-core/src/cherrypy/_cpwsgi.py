"""WSGI (PEP 3333): application and middleware, by the import path that applications know."""

from typing import Any

from cherrypy._app.answering import AppResponse
from cherrypy._app.middleware import ExceptionTrapper, InternalRedirector, VirtualHost
from cherrypy._app.pipeline import CPWSGIApp
from cherrypy._runtime.compat import ntou as ntou
from cherrypy._runtime.iterators import is_closable_iterator as is_closable_iterator
from cherrypy._runtime.overriding import publish

__all__ = [
    "AppResponse",
    "CPWSGIApp",
    "ExceptionTrapper",
    "InternalRedirector",
    "VirtualHost",
    "downgrade_wsgi_ux_to_1x",
]


def downgrade_wsgi_ux_to_1x(environ: dict[str, Any]) -> dict[bytes, Any]:
    """Return an environ of text as one of bytes, as WSGI had it in Python 2."""
    charset = environ["wsgi.url_encoding"]
    url_keys = ("PATH_INFO", "SCRIPT_NAME", "QUERY_STRING")
    return {
        key.encode("latin-1"): value.encode(charset if key in url_keys else "latin-1")
        if isinstance(value, str)
        else value
        for key, value in environ.items()
    }


publish(__name__)
