from cherrypy._publishing.namespaces import error_page_namespace as error_page_namespace
from cherrypy._publishing.namespaces import hooks_namespace as hooks_namespace
from cherrypy._publishing.namespaces import request_namespace as request_namespace
from cherrypy._publishing.namespaces import response_namespace as response_namespace
from cherrypy._request.parts import LazyUUID4 as LazyUUID4
from cherrypy._request.request import Request as Request
from cherrypy._request.response import Response as Response
from cherrypy._request.response import ResponseBody as ResponseBody
from cherrypy._tools.hooks import HOOK_POINTS
from cherrypy._tools.hooks import Hook as Hook
from cherrypy._tools.hooks import HookMap as HookMap

hookpoints = HOOK_POINTS
