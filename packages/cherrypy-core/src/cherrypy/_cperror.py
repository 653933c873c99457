"""Errors, redirects and error pages, by the import path that applications know."""

from sys import exc_info as _exc_info

from cherrypy._request.error_pages import PAGE as _HTTPErrorTemplate
from cherrypy._request.error_pages import bare_error, format_exc, get_error_page
from cherrypy._runtime.compat import ntob as ntob
from cherrypy._runtime.compat import tonative as tonative
from cherrypy._runtime.errors import (
    CherryPyException,
    HTTPError,
    HTTPRedirect,
    InternalRedirect,
    NotFound,
    clean_headers,
)
from cherrypy._runtime.overriding import publish

__all__ = [
    "CherryPyException",
    "HTTPError",
    "HTTPRedirect",
    "InternalRedirect",
    "NotFound",
    "_HTTPErrorTemplate",
    "_exc_info",
    "bare_error",
    "clean_headers",
    "format_exc",
    "get_error_page",
]

publish(__name__)
