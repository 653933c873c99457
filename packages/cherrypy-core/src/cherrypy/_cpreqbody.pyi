from cherrypy._request.body import RequestBody as RequestBody
from cherrypy._request.entity import Entity as Entity
from cherrypy._request.entity import Part as Part
from cherrypy._request.entity import process_multipart as process_multipart
from cherrypy._request.entity import process_multipart_form_data as process_multipart_form_data
from cherrypy._request.entity import process_urlencoded as process_urlencoded
from cherrypy._request.readers import SizedReader as SizedReader
