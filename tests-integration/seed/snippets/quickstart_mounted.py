cherrypy.quickstart(Blog(), '/blog')
