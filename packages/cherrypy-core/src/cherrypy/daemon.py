"""The command ``cherryd``: run a site from modules, an object or configuration files."""

import argparse
import configparser
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

import cherrypy
from cherrypy.process.plugins import Daemonizer, PIDFile

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8080

_EX_USAGE = 2  # as argparse has it
_EX_SOFTWARE = 70  # as of a site whose start has failed

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
    if not sys.argv[1:]:
        parser.print_help()
        parser.exit(_EX_USAGE)
    if options.fastcgi or options.scgi or options.cgi:
        parser.error(_GATEWAYS)
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
        if workers := options.workers or _configured_workers(site.files):
            _refuse_with_workers(options)
            serve_by_workers(site, workers, pidfile=options.pidfile)
        else:
            site.load()
            _refuse_late_workers()
            _require_server()
            serve(daemonize=options.daemonize, pidfile=options.pidfile)
    except UsageError as error:
        parser.exit(_EX_USAGE, f"{parser.prog}: error: {error}\n")


def _configured_workers(files: Iterable[Any]) -> int:
    """Look into configuration files for ``server.workers``, without loading any of the site.

    Raises:
        UsageError: The value is not a number of processes.
    """
    text = "0"
    for file in files:
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        with suppress(configparser.Error, OSError, UnicodeError):  # told when the site is loaded
            parser.read_string(Path(file).read_text(encoding="utf-8"))
            text = parser.get("global", "server.workers", fallback=text)
    if not (text.isascii() and text.isdigit()):
        raise UsageError(f"server.workers = {text}: expected a number of processes")
    return int(text)


def _refuse_with_workers(options: argparse.Namespace) -> None:
    if options.daemonize or options.reload:
        raise UsageError("workers go without -d and --reload: let a service manager do that")


def _refuse_late_workers() -> None:
    """Refuse workers that a module asks for when it is loaded: this process has its code then."""
    if workers := cherrypy._assembly.count_workers():
        raise UsageError(
            f"server.workers = {workers}: a module sets it, when the site is loaded; set it in a "
            "file given by -c, or say --workers"
        )


def _require_server() -> None:
    try:
        _ = cherrypy.server
    except AttributeError as error:  # says what to install
        raise UsageError(str(error)) from error


# Several processes --------------------------------------------------------------------------------


def serve_by_workers(
    site: Site, workers: int, *, pidfile: str | os.PathLike[str] | None = None
) -> None:
    """Let granian serve a site with several processes, until a signal ends it.

    Args:
        site: The site that each process loads.
        workers: Number of processes.
        pidfile: File that has the number of the process that looks after them.

    Raises:
        UsageError: granian is not installed, or the site cannot be served by workers.
        SystemExit: The site cannot be loaded (1), or the address cannot be used (70).
    """
    from cherrypy._workers.serving import LoadError
    from cherrypy._workers.serving import serve_by_workers as serve_site
    from cherrypy._workers.settings import UnsuitableSettings

    def load() -> None:
        try:
            site.load()
        except UsageError as error:
            raise UnsuitableSettings(str(error)) from error

    with _number_in_file(pidfile):
        try:
            serve_site(cherrypy._assembly.worker_parts(), workers, load)
        except UnsuitableSettings as error:
            raise UsageError(str(error)) from error
        except LoadError as error:  # its traceback has been shown
            raise SystemExit(1) from error


@contextmanager
def _number_in_file(pidfile: str | os.PathLike[str] | None) -> Iterator[None]:
    """Keep the number of this process in a file, if one is asked for."""
    if pidfile is None:
        yield
        return
    plugin = PIDFile(cherrypy.engine, pidfile)
    try:
        plugin.start()
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(_EX_SOFTWARE) from error
    try:
        yield
    finally:
        plugin.exit()


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
