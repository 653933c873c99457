"""The example of an application, which is in the documentation now."""

from cherrypy._gone import gone

__getattr__ = gone(__name__, "begin with docs/tutorials/first-steps.md", "Root", "root")
