cherrypy.quickstart(Blog(), '/blog', {'/': {'tools.gzip.on': True}})
