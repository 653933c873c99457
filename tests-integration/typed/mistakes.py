"""Mistakes that a type checker finds before anything runs: every line marked ``# wrong``."""

import cherrypy
from cherrypy._cprequest import Request


class SiteRequest(Request):
    visits: int = 0


def mistakes(request: SiteRequest) -> None:
    cherrypy.no_such_name  # wrong
    cherrypy.sesion["cart"] = []  # wrong
    cherrypy.dispatch.MethodDispatch()  # wrong
    cherrypy.wsgi.no_such_name  # wrong
    cherrypy.session.regenrate()  # wrong
    cherrypy.session.id + 1  # wrong
    cherrypy.server.socket_prot = 8080  # wrong
    cherrypy.server.socket_port = "8080"  # wrong
    cherrypy.server.strat()  # wrong
    cherrypy.checker.on = "no"  # wrong
    cherrypy.engine.strat()  # wrong
    cherrypy.tools.gzip(6)(5)  # wrong
    cherrypy.tools.staticdir.handler("/files").index  # wrong
    cherrypy.request.app.mount_point + 1  # wrong
    cherrypy.response.status = []  # wrong
    cherrypy.response.stream = "yes"  # wrong
    cherrypy.url(5)  # wrong
    request.visits.append(1)  # wrong
    cherrypy.tree.mount(None, 5)  # wrong
    raise cherrypy.HTTPError([404])  # wrong


def redirect_within() -> None:
    raise cherrypy.InternalRedirect(5)  # wrong
