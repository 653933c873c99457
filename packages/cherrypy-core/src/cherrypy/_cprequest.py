"""Requests, responses and hooks, by the import path that applications know."""

from cherrypy._publishing.namespaces import (
    error_page_namespace,
    hooks_namespace,
    request_namespace,
    response_namespace,
)
from cherrypy._request.error_pages import bare_error as bare_error
from cherrypy._request.error_pages import format_exc as format_exc
from cherrypy._request.parts import LazyUUID4
from cherrypy._request.request import Request
from cherrypy._request.response import Response, ResponseBody
from cherrypy._runtime.compat import ntob as ntob
from cherrypy._runtime.overriding import publish
from cherrypy._tools.hooks import HOOK_POINTS as hookpoints
from cherrypy._tools.hooks import Hook, HookMap

__all__ = [
    "Hook",
    "HookMap",
    "LazyUUID4",
    "Request",
    "Response",
    "ResponseBody",
    "error_page_namespace",
    "hookpoints",
    "hooks_namespace",
    "request_namespace",
    "response_namespace",
]

publish(__name__)
