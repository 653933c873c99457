cherrypy.quickstart(Blog())
