from cherrypy._request.body import Entity as Entity
from cherrypy._request.body import Part as Part
from cherrypy._request.body import RequestBody as RequestBody
from cherrypy._request.body import SizedReader as SizedReader
from cherrypy._request.body import process_multipart as process_multipart
from cherrypy._request.body import process_multipart_form_data as process_multipart_form_data
from cherrypy._request.body import process_urlencoded as process_urlencoded
