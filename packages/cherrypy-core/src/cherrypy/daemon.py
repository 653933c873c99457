"""The command ``cherryd``: run a site from modules, an object or configuration files."""

import argparse
import configparser
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from importlib import import_module
from math import inf
from multiprocessing.util import Finalize
from typing import Any, NamedTuple

import cherrypy
from cherrypy.process.plugins import Daemonizer, PIDFile

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8080

_EX_USAGE = 2  # as argparse has it

_GATEWAYS = (
    "FastCGI, SCGI and CGI (-f, -s, -x) are not supported: serve HTTP, and let the web server pass "
    "requests on to it. cherrypy.process.servers.FlupFCGIServer and FlupSCGIServer are there for "
    "programs of your own"
)


class UsageError(ValueError):
    """The command line asks for something impossible; the message says why."""


class Site(NamedTuple):
    """The parts of a site; it can be sent to other processes.

    Attributes:
        paths: Folders that modules are looked for in, before all others.
        imports: Names of modules, which mount applications.
        target: ``module:object`` of a root object, its class or an application; None for none.
        files: Configuration files.
        environment: Name of a bundle of settings; None for none.
        settings: Settings that override those of the files.
    """

    paths: Sequence[str] = ()
    imports: Sequence[str] = ()
    target: str | None = None
    files: Sequence[Any] = ()
    environment: str | None = None
    settings: Mapping[str, Any] = {}

    def load(self) -> None:
        """Mount and configure everything; nothing is started.

        Raises:
            UsageError: A module, an object or a file is not there.
        """
        sys.path[:0] = [path for path in self.paths if path not in sys.path]
        for name in self.imports:
            _import(name)
        if self.target is not None:
            cherrypy.tree.mount(find_root(self.target), "")
        for file in self.files:
            _configure(file)
        if self.environment is not None:
            if self.environment not in cherrypy.config.environments:
                known = ", ".join(sorted(cherrypy.config.environments))
                raise UsageError(f"there is no environment {self.environment!r}, but {known}")
            cherrypy.config.update({"environment": self.environment})
        cherrypy.config.update(dict(self.settings))


def _configure(file: Any) -> None:
    """Take the settings of a file, for the site and for its application, if it has only one.

    Raises:
        UsageError: It cannot be read, or a value is wrong; one line says which and why.
    """
    try:
        cherrypy.config.update(file)
        apps = list(cherrypy.tree.apps.values())
        if len(apps) == 1 and isinstance(apps[0], cherrypy.Application):
            apps[0].merge(file)  # with several it is not clear which one is meant
    except FileNotFoundError as error:
        raise UsageError(f"there is no configuration file {file!r}") from error
    except OSError as error:
        raise UsageError(f"{file!r} cannot be read: {error.strerror or error}") from error
    except configparser.MissingSectionHeaderError as error:
        raise UsageError(
            f"{file!r}, line {error.lineno}: {error.line.strip()!r} belongs to no section; a file "
            "begins with [global], for the site, or with a path such as [/]"
        ) from error
    except (configparser.Error, TypeError, ValueError) as error:
        raise UsageError(" ".join(str(error).split())) from error


def find_root(target: str) -> object:
    """Return the root object, or the application, that a target names.

    Args:
        target: ``package.module:object``. A class is called without arguments.

    Raises:
        UsageError: It names nothing.
    """
    module_name, colon, path = target.partition(":")
    if not (module_name and colon and path):
        raise UsageError(f"{target!r} is not package.module:object, such as shop.pages:Root")
    found: Any = _import(module_name)
    for name in path.split("."):
        try:
            found = getattr(found, name)
        except AttributeError as error:
            raise UsageError(f"{target!r}: there is no {name!r}") from error
    return found() if isinstance(found, type) else found


def _import(name: str) -> object:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            raise UsageError(f"there is no module {error.name!r}") from error
        raise  # a module that the module itself needs


def start(
    configfiles: Iterable[Any] | None = None,
    daemonize: bool = False,
    environment: str | None = None,
    fastcgi: bool = False,
    scgi: bool = False,
    pidfile: str | os.PathLike[str] | None = None,
    imports: Iterable[str] | None = None,
    cgi: bool = False,
) -> None:
    """Start the engine with all its plugins, and block until it stops.

    Args:
        configfiles: Configuration files; later ones override earlier ones. Their sections for
            paths apply to the application, if there is only one.
        daemonize: Whether the process becomes a daemon.
        environment: Name of a bundle of settings, for all that is not set otherwise.
        fastcgi: Must be false, as ``scgi`` and ``cgi``.
        scgi: See ``fastcgi``.
        pidfile: File that has the number of the process while it runs.
        imports: Names of modules to import first: those that mount applications.
        cgi: See ``fastcgi``.

    Raises:
        UsageError: Something is not there, or not supported.
    """
    if fastcgi or scgi or cgi:
        raise UsageError(_GATEWAYS)
    Site((), tuple(imports or ()), None, tuple(configfiles or ()), environment).load()
    serve(daemonize=daemonize, pidfile=pidfile)


def serve(*, daemonize: bool = False, pidfile: str | os.PathLike[str] | None = None) -> None:
    """Start the engine with what is mounted, and block until it stops.

    Args:
        daemonize: Whether the process becomes a daemon.
        pidfile: File that has the number of the process while it runs.
    """
    if daemonize:
        cherrypy.config.update({"log.screen": False})  # a daemon has none
        Daemonizer(cherrypy.engine).subscribe()
    if pidfile:
        PIDFile(cherrypy.engine, pidfile).subscribe()
    cherrypy.engine.signals.subscribe()
    cherrypy.engine.service_notifier.subscribe()
    cherrypy.engine.start()
    cherrypy.engine.block()


def run() -> None:
    """Run the command line."""
    parser = _parser()
    options = parser.parse_args()
    if not (options.target or options.imports or options.config):
        parser.print_help()
        parser.exit(_EX_USAGE)
    if options.fastcgi or options.scgi or options.cgi:
        parser.error(_GATEWAYS)
    if options.workers and (options.daemonize or options.pidfile or options.reload):
        parser.error("--workers goes without -d, -p and --reload: let a service manager do that")
    settings = {
        "server.socket_host": options.host,
        "server.socket_port": options.port,
        "engine.autoreload.on": options.reload,
    }
    site = Site(
        ("", *options.paths),
        tuple(options.imports),
        options.target,
        tuple(options.config),
        options.environment,
        {key: value for key, value in settings.items() if value is not None},
    )
    try:
        if options.workers:
            serve_by_workers(site, options.workers)
        else:
            site.load()
            _require_server()
            serve(daemonize=options.daemonize, pidfile=options.pidfile)
    except UsageError as error:
        parser.exit(_EX_USAGE, f"{parser.prog}: error: {error}\n")


def _require_server() -> None:
    try:
        _ = cherrypy.server
    except AttributeError as error:  # says what to install
        raise UsageError(str(error)) from error


# Several processes --------------------------------------------------------------------------------


def serve_by_workers(site: Site, workers: int) -> None:
    """Let granian serve a site with several processes, until a signal ends it.

    Args:
        site: The site that each process loads.
        workers: Number of processes.

    Raises:
        UsageError: granian is not installed, or the site cannot be loaded.
    """
    try:
        # 60 ms, and brought by an extra
        from granian import Granian
        from granian.constants import Interfaces
    except ImportError as error:
        raise UsageError("--workers needs granian: pip install 'cherrypy-core[workers]'") from error
    site.load()  # so that errors are reported once, and the address is known
    config = cherrypy.config
    server = Granian(
        "cherrypy",
        address=config.get("server.socket_host") or DEFAULT_HOST,
        port=config.get("server.socket_port") or DEFAULT_PORT,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=config.get("server.thread_pool"),  # None lets granian choose
        websockets=False,
    )
    server.serve(target_loader=_Loader(site), wrap_loader=False)


class _Loader:
    """Loads a site in a process of granian, and starts its plugins there."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def __call__(self) -> Callable[..., Any]:
        self.site.load()
        cherrypy.config.update({"engine.autoreload.on": False})
        if hasattr(cherrypy, "server"):
            cherrypy.server.unsubscribe()  # granian serves instead
        cherrypy.engine.start()
        Finalize(None, cherrypy.engine.exit, exitpriority=0)
        return cherrypy.tree


# The command line ---------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "cherryd", description="Serve a site until SIGTERM or Ctrl-C ends it."
    )
    add = parser.add_argument
    add("target", nargs="?", help="root object or application to serve: package.module:Root")
    add("-v", "--version", action="version", version=f"CherryPy {cherrypy.__version__}")
    add("-c", "--config", action="append", default=[], help="configuration file; may be repeated")
    add("-i", "--import", action="append", default=[], dest="imports", help="module to import")
    add("-P", "--Path", action="append", default=[], dest="paths", help="folder of modules")
    add("-e", "--environment", help="bundle of settings, such as production")
    add("-d", action="store_true", dest="daemonize", help="go on as a daemon")
    add("-p", "--pidfile", help="file for the number of the process")
    add("--host", help=f"address to listen at ({DEFAULT_HOST})")
    add("--port", type=_port, help=f"port to listen at ({DEFAULT_PORT})")
    add(
        "--reload",
        action=argparse.BooleanOptionalAction,
        help="restart when a source changes (on, unless configured otherwise)",
    )
    add("--workers", type=_count, metavar="N", help="serve by so many processes, with granian")
    for flag, name in (("-f", "fastcgi"), ("-s", "scgi"), ("-x", "cgi")):
        add(flag, action="store_true", dest=name, help=argparse.SUPPRESS)
    return parser


def _whole_number(text: str, smallest: int, largest: float, expected: str) -> int:
    if not (text.isascii() and text.isdigit() and smallest <= int(text) <= largest):
        raise argparse.ArgumentTypeError(f"{text!r} is not {expected}")
    return int(text)


_port = partial(_whole_number, smallest=0, largest=65535, expected="a port from 0 to 65535")
_count = partial(_whole_number, smallest=1, largest=inf, expected="a number of processes")
