"""Parts that most sites want on their bus; what an application imports from here is stable."""

from cherrypy.process._autoreload import Autoreloader
from cherrypy.process._background import BackgroundTask, Monitor, PerpetualTimer
from cherrypy.process._daemon import Daemonizer, DropPrivileges
from cherrypy.process._pidfile import PIDFile
from cherrypy.process._plugin import SimplePlugin
from cherrypy.process._service import ServiceNotifier
from cherrypy.process._signals import SignalHandler
from cherrypy.process._threads import ThreadManager

__all__ = [
    "Autoreloader",
    "BackgroundTask",
    "Daemonizer",
    "DropPrivileges",
    "Monitor",
    "PIDFile",
    "PerpetualTimer",
    "ServiceNotifier",
    "SignalHandler",
    "SimplePlugin",
    "ThreadManager",
]
