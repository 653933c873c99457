try:
   ...
except Exception:
   cherrypy.log("kaboom!", traceback=True)
