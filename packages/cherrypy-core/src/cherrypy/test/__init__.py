"""The helpers for tests that suites written for CherryPy know: ``helper`` and ``webtest``.

They keep these suites running. For new tests, :mod:`cherrypy.testing` needs no port and no classes.
"""
