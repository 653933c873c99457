"""The settings that are known: their names, kinds, defaults, and what they are for.

Those of the core are in a table here. Other distributions announce theirs by entry points of the
group ``cherrypy.settings``: the name of the entry point is the first part of the keys, and its
object is a sequence of rows like those here. The arguments of tools are known from the signatures
of their functions besides, see :mod:`cherrypy._config.signatures`.

Settings that are not known work too, since applications have settings of their own. The checker
needs the known ones to find misspelt names and values of the wrong kind.
"""

import os
import warnings
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from cherrypy._config.extensions import extensions

Row: TypeAlias = tuple[str, str, Any, str]
"""Name without the first part of the key, kind, default, and what the setting is for."""

_KINDS: Mapping[str, Callable[[Any], bool]] = MappingProxyType(
    {
        "any": lambda _: True,
        "bool": lambda value: isinstance(value, int) and value in {0, 1},  # numbers do as well
        "callable": callable,
        "class": lambda value: isinstance(value, type),
        "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
        "iterable": lambda value: isinstance(value, Iterable) and not isinstance(value, str),
        "list": lambda value: isinstance(value, list | tuple),
        "mapping": lambda value: isinstance(value, Mapping),
        "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
        "path": lambda value: isinstance(value, str | os.PathLike),
        "str": lambda value: isinstance(value, str),
        "tuple": lambda value: isinstance(value, tuple),
    }
)


class Setting(NamedTuple):
    """One known setting.

    Attributes:
        name: Full key, or a pattern for many keys in the form of :mod:`fnmatch`.
        kind: What a value has to be, such as ``int`` or ``path or callable``, and for numbers the
            unit: ``number, seconds``.
        default: What holds if it is not set; ``None`` also where that depends on something else.
        doc: What it is for, in one line of Markdown.
    """

    name: str
    kind: str
    default: Any
    doc: str

    @property
    def kinds(self) -> list[str]:
        """The kinds, one of which a value has to be of."""
        return self.kind.partition(",")[0].split(" or ")

    @property
    def expected(self) -> str:
        """The kind, as messages name it: ``number (seconds)``."""
        kind, comma, unit = self.kind.partition(", ")
        return f"{kind} ({unit})" if comma else kind

    def accepts(self, value: Any) -> bool:
        """Tell whether a value is of the right kind; ``None`` always is."""
        return value is None or any(_KINDS[kind](value) for kind in self.kinds)


_HOOK = "A function to call at this point; `.2`, `.3` and so on for more of them."
_HOOK_POINTS = (
    *("on_start_resource", "before_request_body", "before_handler", "before_finalize"),
    *("on_end_resource", "on_end_request", "before_error_response", "after_error_response"),
)

CORE: Mapping[str, Iterable[Row]] = MappingProxyType(
    {
        "": (("environment", "str", None, "Name of an [environment](#environments)."),),
        "checker": (
            ("on", "bool", True, "Run the [checker](#the-checker) when the engine starts."),
            ("strict", "bool", False, "Whether what it finds keeps the engine from starting."),
        ),
        "engine": (
            ("autoreload.on", "bool", True, "Restart when modules or configuration change."),
            ("autoreload.frequency", "number, seconds", 1, "Time between two looks at the files."),
            ("autoreload.match", "str", ".*", "Regular expression for names of modules to watch."),
            ("autoreload.use_watchfiles", "bool", True, "Use `watchfiles` if it is installed."),
            ("drain_timeout", "number, seconds", 60, "How long the exit waits for other threads."),
            ("exit_delay", "number, seconds", 0, "How long SIGTERM lets the site go on serving."),
            ("execv", "bool", False, "Execute the process anew after the exit."),
            ("max_cloexec_files", "int, files", None, "Most open files that a restart closes."),
            ("restart_command", "list", None, "Command that a restart runs."),
            ("SIGHUP", "callable", None, "Called when the process gets this signal."),
            ("SIGTERM", "callable", None, "Called when the process gets this signal."),
            ("SIGUSR1", "callable", None, "Called when the process gets this signal."),
        ),
        "log": (
            ("screen", "bool", True, "Write errors to stderr and accesses to stdout."),
            ("access_file", "path", "", "File for the access log; empty for none."),
            ("access_log_format", "str", None, "Form of a line of the access log."),
            ("error_file", "path", "", "File for the error log; empty for none."),
            ("logger_root", "str", "cherrypy", "First part of the names of the loggers."),
            ("wsgi", "bool", False, "Write errors to `wsgi.errors` of the request too."),
        ),
        "tree": (("*", "callable", None, "An application to mount; any name does after the dot."),),
        "wsgi": (
            ("pipeline", "list", (), "WSGI middleware: pairs of name and factory."),
            ("response_class", "class", None, "Class that answers in place of `AppResponse`."),
        ),
        "hooks": [
            (point + number, "any", None, _HOOK) for point in _HOOK_POINTS for number in ("", ".*")
        ],
        "error_page": (
            ("default", "path or callable", None, "File or function for error pages."),
            ("[1-5][0-9][0-9]", "path or callable", None, "The same for one status."),
        ),
        "request": (
            ("base", "str", None, "Scheme and host that URLs begin with."),
            ("dispatch", "callable", None, "Dispatcher that finds the page handlers."),
            ("error_page", "mapping", None, "Error pages by status."),
            ("error_response", "callable", None, "Function that answers an unexpected error."),
            ("max_query_fields", "int, fields", 10_000, "Most fields of a query; more get 400."),
            ("methods_with_bodies", "list", ("POST", "PUT", "PATCH"), "Methods with a body."),
            ("process_request_body", "bool", True, "Read the body before the handler is called."),
            ("problem_details", "bool", False, "Answer errors as RFC 9457 if JSON is preferred."),
            ("query_string_encoding", "str", "utf8", "Charset of the query."),
            ("show_mismatched_params", "bool", True, "Say which parameters are wrong."),
            ("show_tracebacks", "bool", True, "Show tracebacks on error pages. Off in production!"),
            ("throw_errors", "bool", False, "Let unexpected errors through, for a debugger."),
            ("throws", "tuple", None, "Exceptions that always leave the application."),
            ("uri_encoding", "str", "utf-8", "Charset of the path; else it is ISO 8859-1."),
        ),
        "request.body": (
            ("attempt_charsets", "list", ("utf-8",), "Charsets to try for text, in order."),
            ("default_content_type", "str", None, "Media type of a body that names none."),
            ("max_fields", "int, fields", 10_000, "Most fields of a form; more get 413."),
            ("max_fields_size", "int, bytes", 10_485_760, "Greatest size of them all."),
            ("max_files", "int, files", 200, "Greatest number of files in a multipart body."),
            ("max_part_header_size", "int, bytes", 8192, "Greatest size of the header of a part."),
            ("max_part_headers", "int, fields", 32, "Most fields in the header of a part."),
            ("max_parts", "int, parts", 1000, "Greatest number of parts in a multipart body."),
            ("maxbytes", "int, bytes", None, "Greatest size of a body; more is answered by 413."),
            ("part_class", "class", None, "Class of the parts of a multipart body."),
            ("processors", "mapping", None, "Functions by media type that process a body."),
        ),
        "response": (
            ("body", "any", None, "Content of the response, where no handler makes one."),
            ("headers.*", "any", None, "A field, such as `response.headers.X-Frame-Options`."),
            ("status", "str or int", None, "Status of the response."),
            ("stream", "bool", False, "Send the content as it is made, without a length."),
        ),
        "tools.*": (
            ("on", "bool", False, "Whether the tool is on."),
            ("priority", "number", 50, "Place among the tools of its hook point; less is earlier."),
            ("debug", "bool", False, "Accepted for the sake of CherryPy 18; does nothing."),
        ),
        "tools.caching": (
            ("antistampede_timeout", "number, seconds", 5, "How long others wait for a response."),
            ("cache_class", "callable", None, "Class of the cache."),
            ("delay", "number, seconds", 600, "How long a response is kept."),
            ("expire_freq", "number, seconds", 0.1, "Time between two cleanings."),
            ("maxobj_size", "int, bytes", 100_000, "Greatest size of one response."),
            ("maxobjects", "int, responses", 1000, "Greatest number of responses."),
            ("maxsize", "int, bytes", 10_000_000, "Greatest size of all of them."),
        ),
        "tools.encode": (
            ("add_charset", "bool", True, "Whether the charset is added to `Content-Type`."),
            ("encoding", "str", None, "Charset to use, and no other."),
            ("errors", "str", "strict", "How characters that the charset lacks are treated."),
            (
                *("more_charsets", "list or str", ()),
                "Charsets that clients may ask for beside [those of the web](tools.md#charsets).",
            ),
            ("text_only", "bool", True, "Whether only media types `text/*` get a charset."),
        ),
        "tools.gzip": (
            ("minimum_size", "int, bytes", 150, "Smallest content that is compressed."),
        ),
        "tools.params": (("exception", "class or tuple", ValueError, "Error of a conversion."),),
        "tools.session_auth": (
            ("anonymous", "callable", None, "Returns the name of those who have not logged in."),
            ("check_username_and_password", "callable", None, "Returns what is wrong with them."),
            ("login_screen", "callable", None, "Returns the page with the login form."),
            ("on_check", "callable", None, "Called with the user name of each request."),
            ("on_login", "callable", None, "Called after a login."),
            ("on_logout", "callable", None, "Called after a logout."),
            ("session_key", "str", "username", "Where the session has the user name."),
        ),
        "tools.xmlrpc": (
            ("allow_none", "bool", False, "Whether `None` may be sent, which is an extension."),
            ("encoding", "str", "utf-8", "Charset of the answer."),
        ),
    }
)
"""The settings of the core, by the first part of their keys."""


def make_settings(prefix: str, rows: Iterable[Row]) -> list[Setting]:
    """Make settings of the rows of a table."""
    dot = "." if prefix else ""
    return [Setting(f"{prefix}{dot}{name}", *about) for name, *about in rows]


@cache
def known_settings() -> Mapping[str, Setting]:
    """Return the settings of the core and those that other distributions announce, by name.

    An announcement that cannot be used is left out with a warning.
    """
    found = list(_core().values())
    for prefix, point in extensions("settings").items():
        try:
            found += make_settings(prefix, point.load())
        except Exception as error:
            warnings.warn(
                f"cherrypy.settings: {prefix} = {point.value!r}: expected rows of name, kind, "
                f"default and text; {type(error).__name__}: {error}",
                RuntimeWarning,
                stacklevel=2,
            )
    return MappingProxyType({setting.name: setting for setting in found})


@cache
def _core() -> dict[str, Setting]:
    settings = [setting for part, rows in CORE.items() for setting in make_settings(part, rows)]
    return {setting.name: setting for setting in settings}


def find_setting(key: str) -> Setting | None:
    """Return what is known about a key, or ``None``.

    Args:
        key: Full key, such as ``tools.gzip.on``, ``error_page.404`` or ``server.2.socket_port``.
    """
    setting = _core().get(key) or known_settings().get(key)
    if setting is not None:
        return setting
    for pattern, setting in known_settings().items():
        if is_pattern(pattern) and fnmatchcase(key, pattern):
            return setting
    return None


def is_pattern(name: str) -> bool:
    """Tell whether a name of a setting stands for many keys."""
    return "*" in name or "[" in name
