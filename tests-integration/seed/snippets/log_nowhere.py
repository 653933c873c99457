cherrypy.config.update({'log.screen': False,
                        'log.access_file': '',
                        'log.error_file': ''})
