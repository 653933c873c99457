"""The bus for Windows, for which :mod:`cherrypy.process.wspbus` needs no other package now."""

from cherrypy._gone import gone

__getattr__ = gone(
    __name__,
    "the ordinary bus handles Ctrl-C and Ctrl-Break; run a service by a service manager",
    *("ConsoleCtrlHandler", "PyWebService", "Win32Bus", "control_codes", "signal_child"),
)
