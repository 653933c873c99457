from http.client import HTTPSConnection as HTTPSConnection

from cherrypy._runtime.compat import IS_PYPY as IS_PYPY
from cherrypy._runtime.compat import IS_WINDOWS as IS_WINDOWS
from cherrypy._runtime.compat import assert_native as assert_native
from cherrypy._runtime.compat import ntob as ntob
from cherrypy._runtime.compat import ntou as ntou
from cherrypy._runtime.compat import text_or_bytes as text_or_bytes
from cherrypy._runtime.compat import tonative as tonative
