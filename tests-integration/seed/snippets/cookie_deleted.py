cherrypy.response.cookie[key] = value
cherrypy.response.cookie[key]['expires'] = 0
