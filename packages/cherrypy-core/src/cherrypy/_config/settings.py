"""Every setting that is known: its name, kind, default, unit, and the distribution that obeys it.

What is not in the table works too, since applications have settings of their own; the checker
uses the table to find misspelt names and values of the wrong kind.
"""

import difflib
import os
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from cherrypy._config.generations import Value

_KINDS: Mapping[str, Callable[[Any], bool]] = MappingProxyType(
    {
        "any": lambda _: True,
        "bool": lambda value: isinstance(value, int) and value in {0, 1},  # numbers do as well
        "callable": callable,
        "class": lambda value: isinstance(value, type),
        "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
        "list": lambda value: isinstance(value, list | tuple),
        "mapping": lambda value: isinstance(value, Mapping),
        "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
        "path": lambda value: isinstance(value, str | os.PathLike),
        "set": lambda value: isinstance(value, set | frozenset),
        "str": lambda value: isinstance(value, str),
        "tuple": lambda value: isinstance(value, tuple),
    }
)


class Setting(NamedTuple):
    """One known setting.

    Attributes:
        name: Full key. ``*`` in the place of a part stands for any text.
        kind: What a value has to be, such as ``int`` or ``path or callable``.
        default: What holds if it is not set; ``None`` also where that depends on something else.
        unit: Of a number: ``seconds``, ``minutes``, ``octets``, ...
        distribution: Who obeys it.
    """

    name: str
    kind: str
    default: Any
    unit: str
    distribution: str

    def accepts(self, value: Value) -> bool:
        """Tell whether a value is of the right kind; ``None`` always is."""
        return value is None or any(_KINDS[kind](value) for kind in self.kind.split(" or "))


_Row = tuple[Any, ...]

_CORE: tuple[_Row, ...] = (
    # name, kind, default, unit of numbers
    ("environment", "str", None),
    ("checker.on", "bool", True),
    ("checker.strict", "bool", False),
    ("engine.autoreload.on", "bool", True),
    ("engine.autoreload.frequency", "number", 1, "seconds"),
    ("engine.autoreload.match", "str", ".*"),
    ("engine.autoreload.use_watchfiles", "bool", True),
    ("engine.drain_timeout", "number", 60, "seconds"),
    ("engine.execv", "bool", False),
    ("engine.max_cloexec_files", "int", None, "files"),
    ("engine.restart_command", "list", None),
    ("engine.SIGHUP", "callable", None),
    ("engine.SIGTERM", "callable", None),
    ("engine.SIGUSR1", "callable", None),
    ("log.screen", "bool", True),
    ("log.access_file", "path", ""),
    ("log.access_log_format", "str", '{h} {l} {u} {t} "{r}" {s} {b} "{f}" "{a}"'),
    ("log.error_file", "path", ""),
    ("log.logger_root", "str", "cherrypy"),
    ("log.wsgi", "bool", False),
    ("tree.*", "callable", None),
    ("wsgi.pipeline", "list", ()),
    ("wsgi.response_class", "class", None),
    *(
        (f"hooks.{point}{number}", "any", None)
        for point in (
            "on_start_resource",
            "before_request_body",
            "before_handler",
            "before_finalize",
            "on_end_resource",
            "on_end_request",
            "before_error_response",
            "after_error_response",
        )
        for number in ("", ".*")
    ),
    ("error_page.default", "path or callable", None),
    ("error_page.*", "path or callable", None),
    ("request.base", "str", ""),
    ("request.body.attempt_charsets", "list", ("utf-8",)),
    ("request.body.default_content_type", "str", "application/x-www-form-urlencoded"),
    ("request.body.max_fields", "int", 10_000, "fields"),
    ("request.body.max_fields_size", "int", 10_485_760, "octets"),
    ("request.body.max_files", "int", 200, "files"),
    ("request.body.max_part_header_size", "int", 8192, "octets"),
    ("request.body.max_part_headers", "int", 32, "fields"),
    ("request.body.max_parts", "int", 1000, "parts"),
    ("request.body.maxbytes", "int", None, "octets"),
    ("request.body.part_class", "class", None),
    ("request.body.processors", "mapping", None),
    ("request.dispatch", "callable", None),
    ("request.error_page", "mapping", MappingProxyType({})),
    ("request.error_response", "callable", None),
    ("request.max_query_fields", "int", None),
    ("request.methods_with_bodies", "list", ("POST", "PUT", "PATCH")),
    ("request.process_request_body", "bool", True),
    ("request.problem_details", "bool", False),
    ("request.query_string_encoding", "str", "utf8"),
    ("request.show_mismatched_params", "bool", True),
    ("request.show_tracebacks", "bool", True),
    ("request.throw_errors", "bool", False),
    ("request.throws", "tuple", None),
    ("request.uri_encoding", "str", "utf-8"),
    ("response.body", "any", None),
    ("response.headers.*", "any", None),
    ("response.status", "str or int", None),
    ("response.stream", "bool", False),
    ("tools.*.on", "bool", False),
    ("tools.*.priority", "number", 50),
    ("tools.*.debug", "bool", False),
    ("tools.accept.media", "str or list", None),
    ("tools.allow.methods", "str or list", None),
    ("tools.allow.options", "bool", False),
    ("tools.autovary.ignore", "list or set", None),
    ("tools.caching.antistampede_timeout", "number", 5, "seconds"),
    ("tools.caching.cache_class", "callable", None),
    ("tools.caching.delay", "number", 600, "seconds"),
    ("tools.caching.expire_freq", "number", 0.1, "seconds"),
    ("tools.caching.invalid_methods", "list", ("POST", "PUT", "DELETE")),
    ("tools.caching.maxobj_size", "int", 100000, "octets"),
    ("tools.caching.maxobjects", "int", 1000, "responses"),
    ("tools.caching.maxsize", "int", 10000000, "octets"),
    ("tools.decode.default_encoding", "str or list", "utf-8"),
    ("tools.decode.encoding", "str or list", None),
    ("tools.encode.add_charset", "bool", True),
    ("tools.encode.encoding", "str", None),
    ("tools.encode.errors", "str", "strict"),
    ("tools.encode.text_only", "bool", True),
    ("tools.err_redirect.internal", "bool", True),
    ("tools.err_redirect.url", "str", ""),
    ("tools.etags.autotags", "bool", False),
    ("tools.expires.force", "bool", False),
    ("tools.expires.secs", "any", 0, "seconds"),
    ("tools.gzip.codings", "str or list", ("gzip",)),
    ("tools.gzip.compress_level", "int", 5),
    ("tools.gzip.mime_types", "list", ("text/html", "text/plain")),
    ("tools.gzip.minimum_size", "int", 150, "octets"),
    ("tools.ignore_headers.headers", "list", ("Range",)),
    ("tools.log_tracebacks.severity", "int", 40),
    ("tools.params.error", "int or str", 400),
    ("tools.params.exception", "class or tuple", None),
    ("tools.proxy.base", "str", None),
    ("tools.proxy.forwarded", "bool", False),
    ("tools.proxy.local", "str", "X-Forwarded-Host"),
    ("tools.proxy.remote", "str", "X-Forwarded-For"),
    ("tools.proxy.scheme", "str", "X-Forwarded-Proto"),
    ("tools.proxy.trusted", "str or list", None),
    ("tools.redirect.internal", "bool", True),
    ("tools.redirect.url", "str", ""),
    ("tools.referer.accept", "bool", True),
    ("tools.referer.accept_missing", "bool", False),
    ("tools.referer.error", "int or str", 403),
    ("tools.referer.message", "str", "Forbidden Referer header."),
    ("tools.referer.pattern", "str", None),
    ("tools.response_headers.headers", "list", None),
    ("tools.session_auth.anonymous", "callable", None),
    ("tools.session_auth.check_username_and_password", "callable", None),
    ("tools.session_auth.login_screen", "callable", None),
    ("tools.session_auth.on_check", "callable", None),
    ("tools.session_auth.on_login", "callable", None),
    ("tools.session_auth.on_logout", "callable", None),
    ("tools.session_auth.session_key", "str", "username"),
    ("tools.trailing_slash.extra", "bool", False),
    ("tools.trailing_slash.missing", "bool", True),
    ("tools.trailing_slash.status", "int", None),
    ("tools.xmlrpc.allow_none", "bool", False),
    ("tools.xmlrpc.encoding", "str", "utf-8"),
)

_SERVER: tuple[_Row, ...] = (
    ("server.*.on", "bool", True),
    ("server.accepted_queue_size", "int", -1, "connections"),
    ("server.accepted_queue_timeout", "number", 10, "seconds"),
    ("server.httpserver", "any", None),
    ("server.instance", "any", None),
    ("server.max_request_body_size", "int", 104857600, "octets"),
    ("server.max_request_header_size", "int", 512000, "octets"),
    ("server.nodelay", "bool", True),
    ("server.peercreds", "bool", False),
    ("server.peercreds_resolve", "bool", False),
    ("server.protocol_version", "str", "HTTP/1.1"),
    ("server.shutdown_timeout", "number", 5, "seconds"),
    ("server.socket_file", "path", None),
    ("server.socket_group", "str or int", None),
    ("server.socket_host", "str", "127.0.0.1"),
    ("server.socket_mode", "int", None),
    ("server.socket_port", "int", 8080),
    ("server.socket_queue_size", "int", 5, "connections"),
    ("server.socket_timeout", "number", 10, "seconds"),
    ("server.socket_user", "str or int", None),
    ("server.ssl_certificate", "path", None),
    ("server.ssl_certificate_chain", "path", None),
    ("server.ssl_ciphers", "str", None),
    ("server.ssl_context", "any", None),
    ("server.ssl_module", "str", "builtin"),
    ("server.ssl_private_key", "path", None),
    ("server.statistics", "bool", False),
    ("server.thread_pool", "int", 10, "threads"),
    ("server.thread_pool_max", "int", -1, "threads"),
    ("server.wsgi_version", "tuple", (1, 0)),
)

_SESSIONS: tuple[_Row, ...] = (
    ("tools.sessions.clean_freq", "number", 5, "minutes"),
    ("tools.sessions.connect_timeout", "number", 1, "seconds"),
    ("tools.sessions.domain", "str", None),
    ("tools.sessions.httponly", "bool", True),
    ("tools.sessions.key_prefix", "str", "session-"),
    ("tools.sessions.lazy", "bool", False),
    ("tools.sessions.lock_lease", "number", None, "seconds"),
    ("tools.sessions.lock_prefix", "str", "session-lock-"),
    ("tools.sessions.lock_timeout", "any", 60, "seconds"),
    ("tools.sessions.locking", "str", "implicit"),
    ("tools.sessions.name", "str", "session_id"),
    ("tools.sessions.path", "str", None),
    ("tools.sessions.path_header", "str", None),
    ("tools.sessions.persistent", "bool", True),
    ("tools.sessions.retry_after", "number", 1, "seconds"),
    ("tools.sessions.samesite", "str or bool", "Lax"),
    ("tools.sessions.secure", "bool", None),
    ("tools.sessions.serializer", "any", None),
    ("tools.sessions.server_loss", "str", "error"),
    ("tools.sessions.server_timeout", "number", 2, "seconds"),
    ("tools.sessions.servers", "list or str", None),
    ("tools.sessions.storage_class", "class or str", None),
    ("tools.sessions.storage_path", "path", None),
    ("tools.sessions.storage_type", "str", None),
    ("tools.sessions.timeout", "number", 60, "minutes"),
)

_AUTH: tuple[_Row, ...] = (
    ("tools.auth_basic.accept_charset", "str", "utf-8"),
    ("tools.auth_basic.checkpassword", "callable", None),
    ("tools.auth_basic.realm", "str", None),
    ("tools.auth_digest.accept_charset", "str", "utf-8"),
    ("tools.auth_digest.algorithms", "str or list", None),
    ("tools.auth_digest.get_ha1", "callable", None),
    ("tools.auth_digest.key", "str", None),
    ("tools.auth_digest.nonce_lifetime", "number", 600, "seconds"),
    ("tools.auth_digest.qop", "str or list", "auth"),
    ("tools.auth_digest.realm", "str", None),
    ("tools.auth_digest.replay_store", "any", None),
    ("tools.auth_digest.userhash", "bool", False),
    ("tools.auth_peercreds.gids", "int or list or set", ()),
    ("tools.auth_peercreds.groups", "str or list or set", ()),
    ("tools.auth_peercreds.uids", "int or list or set", ()),
    ("tools.auth_peercreds.users", "str or list or set", ()),
)

_STATIC: tuple[_Row, ...] = (
    ("tools.staticdir.content_types", "mapping", None),
    ("tools.staticdir.dir", "path", None),
    ("tools.staticdir.follow_links", "bool", False),
    ("tools.staticdir.hidden", "bool", True),
    ("tools.staticdir.immutable", "bool or str", False),
    ("tools.staticdir.index", "str", ""),
    ("tools.staticdir.listing", "bool", False),
    ("tools.staticdir.match", "str", ""),
    ("tools.staticdir.max_age", "number", None, "seconds"),
    ("tools.staticdir.precompressed", "bool or str or list", False),
    ("tools.staticdir.root", "path", ""),
    ("tools.staticdir.section", "str", None),
    ("tools.staticfile.content_types", "mapping", None),
    ("tools.staticfile.filename", "path", None),
    ("tools.staticfile.match", "str", ""),
    ("tools.staticfile.max_age", "number", None, "seconds"),
    ("tools.staticfile.precompressed", "bool or str or list", False),
    ("tools.staticfile.root", "path", None),
)

_JSON: tuple[_Row, ...] = (
    ("tools.json_in.content_type", "str or list", ("application/json", "text/javascript")),
    ("tools.json_in.duplicate_names", "str", "error"),
    ("tools.json_in.force", "bool", True),
    ("tools.json_in.max_depth", "int", 200, "levels"),
    ("tools.json_in.max_size", "int", 10_485_760, "octets"),
    ("tools.json_in.parameter", "str", None),
    ("tools.json_in.processor", "callable", None),
    ("tools.json_out.content_type", "str", "application/json"),
    ("tools.json_out.handler", "callable", None),
)

SETTINGS: Mapping[str, Setting] = MappingProxyType(
    {
        name: Setting(name, kind, default, "".join(unit), distribution)
        for distribution, rows in (
            ("cherrypy-core", _CORE),
            ("cherrypy-server", _SERVER),
            ("cherrypy-sessions", _SESSIONS),
            ("cherrypy-auth", _AUTH),
            ("cherrypy-static", _STATIC),
            ("cherrypy-json", _JSON),
        )
        for name, kind, default, *unit in rows
    }
)
"""All known settings, by name."""

NAMESPACES = frozenset(name.partition(".")[0] for name in SETTINGS if "." in name)
"""The namespaces of the known settings."""


def find_setting(key: str) -> Setting | None:
    """Give what is known about a key, or ``None``.

    Args:
        key: Full key, such as ``tools.gzip.on``, ``error_page.404`` or ``server.2.socket_port``.
    """
    if key in SETTINGS:
        return SETTINGS[key]
    parts = key.split(".")
    if parts[0] == "error_page" and not parts[-1].isdigit():
        return None
    if parts[0] == "server" and f"server.{parts[-1]}" in SETTINGS:  # of one server by name
        return SETTINGS[f"server.{parts[-1]}"]
    patterns = [(f"{parts[0]}.*.{parts[-1]}", 3)]  # tools.mine.on
    patterns += [(".".join([*parts[:depth], "*"]), depth + 1) for depth in (2, 1)]  # tree./blog
    for pattern, length in patterns:
        if pattern in SETTINGS and len(parts) >= length:
            return SETTINGS[pattern]
    return None


def suggest(key: str, also: Iterable[str] = ()) -> str | None:
    """Find the known setting that a key was probably meant to be.

    Args:
        key: Full key as it was written.
        also: Full keys that are known beside the table, such as ``tools.mine.on``.

    Returns:
        The key that was meant, or ``None`` if the key is known itself, or resembles no other.
    """
    known = {*SETTINGS, *also}
    namespace, dot, name = key.partition(".")
    if key in known:
        return None
    if not dot:
        return _closest_key(key, _without_namespace(known))
    namespaces = {full.partition(".")[0] for full in known if "." in full}
    right = namespace if namespace in namespaces else closest_name(namespace, namespaces)
    if right is None:
        return None
    corrected = _suggest_name(right, name, known)
    return corrected or (None if right == namespace else f"{right}.{name}")


def closest_name(name: str, names: Iterable[str], likeness: float = 0.8) -> str | None:
    """Find the one of some names that is most like another one, if any is like it.

    Args:
        name: The name as it was written.
        names: Those that are right.
        likeness: How much it has to be like it, from 0 to 1 as difflib measures. Less than the
            default, and names that applications make up are taken for misspelt ones.
    """
    found = difflib.get_close_matches(name, sorted(names), n=1, cutoff=likeness)
    return found[0] if found else None


def _suggest_name(namespace: str, name: str, known: set[str]) -> str | None:
    """Correct the rest of a key, whose namespace is right."""
    if namespace == "tools":
        return _suggest_argument(name, known)
    if find_setting(f"{namespace}.{name}"):
        return None
    return _closest_key(name, _without_namespace(known, namespace)) or _ends_with(name, namespace)


def _suggest_argument(name: str, known: set[str]) -> str | None:
    """Correct the name of a tool, and then that of its argument."""
    tool, dot, argument = name.partition(".")
    tools = {full.split(".")[1] for full in known if full.startswith("tools.")} - {"*"}
    right = tool if tool in tools else closest_name(tool, tools)
    if right is None or not dot:
        return None
    arguments = {
        full.removeprefix(prefix)
        for prefix in (f"tools.{right}.", "tools.*.")
        for full in known
        if full.startswith(prefix)
    }
    if argument not in arguments:
        argument = closest_name(argument, arguments) or argument
    return None if f"{right}.{argument}" == name else f"tools.{right}.{argument}"


def _closest_key(name: str, keys: Mapping[str, str]) -> str | None:
    found = closest_name(name, keys)
    return None if found is None else keys[found]


def _without_namespace(known: set[str], namespace: str | None = None) -> dict[str, str]:
    """Give the full keys of a namespace, or of all, by what is left without it."""
    return {
        full.partition(".")[2] or full: full
        for full in sorted(known)
        if "*" not in full and namespace in {None, full.partition(".")[0]}
    }


def _ends_with(name: str, namespace: str) -> str | None:
    """Find ``server.socket_port`` for ``server.port``."""
    found = [
        full for full in SETTINGS if full.startswith(f"{namespace}.") and full.endswith(f"_{name}")
    ]
    return found[0] if namespace == "server" and len(found) == 1 else None
