"""Which settings of a site hold for its workers, and which of them cannot be honoured.

granian has the sockets, the threads and TLS here, not the server of cherrypy-server. Each setting
of the server either is translated, or has to keep its default: a site that was told to use TLS must
not go on without it.
"""

from __future__ import annotations

import os
import ssl
from typing import TYPE_CHECKING, NamedTuple

from cherrypy._config.settings import known_settings
from cherrypy._workers.shared import find_unshared

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cherrypy._workers.parts import Parts

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8080
DEFAULT_THREADS = 10
_SMALLEST_BACKLOG = 128  # as our own server has it where nothing is set
_SMALLEST_HEAD = 8192  # of granian
_LARGEST_HEAD = 2**31 - 1  # where the site has no limit

_HONOURED = frozenset(
    {
        "max_request_body_size",  # by the core
        "max_request_header_size",
        "shutdown_timeout",
        "socket_file",
        "socket_host",
        "socket_mode",
        "socket_port",
        "socket_queue_size",
        "socket_timeout",
        "ssl_certificate",
        "ssl_client_ca",
        "ssl_minimum_version",
        "ssl_private_key",
        "ssl_verify_client",
        "thread_pool",
        "thread_pool_max",
        "workers",
    }
)

_INSTEAD = {
    "accepted_queue_size": "each worker takes as many connections as it has room for",
    "instance": "workers are served by granian",
    "httpserver": "workers are served by granian",
    "protocol_version": "workers speak HTTP/1.1 and HTTP/2",
    "socket_group": "let the service manager open the socket",
    "socket_user": "let the service manager open the socket",
    "ssl_certificate_chain": "append its certificates to the file of server.ssl_certificate",
    "ssl_ciphers": "set server.ssl_minimum_version to 'TLSv1.3' for strong ones only",
    "ssl_certificates": "put a proxy in front, or serve the site by one process",
    "ssl_context": "set server.ssl_certificate and server.ssl_private_key",
    "ssl_redirect_port": "let the proxy in front redirect",
    "ssl_module": "workers have a TLS of their own",
}


class UnsuitableSettings(ValueError):
    """The site cannot be served by workers as it is configured; the message says why."""


class WorkerSettings(NamedTuple):
    """What the supervisor needs to know of a site; it can be sent from process to process.

    Attributes:
        host: Address to listen on.
        port: TCP port.
        socket_file: Unix socket to listen on instead; None for none.
        socket_mode: Rights of its file; -1 leaves them to the umask.
        backlog: Connections that the system keeps until a worker takes them.
        threads: Greatest number of threads in each worker that run the application.
        head_timeout: Seconds for the head of a request.
        largest_head: Bytes of the head of a request.
        shutdown_timeout: Seconds that a worker has to end.
        certificate: File with the certificates; None for plain HTTP.
        private_key: File with the private key.
        client_ca: File with the certificates that sign those of clients, which have to show one;
            None where they have not.
        is_tls_13_required: Whether TLS 1.2 is refused.
        warnings: What to tell the operator at the start.
    """

    host: str
    port: int
    socket_file: str | None
    socket_mode: int
    backlog: int
    threads: int
    head_timeout: float
    largest_head: int
    shutdown_timeout: float
    certificate: str | None
    private_key: str | None
    client_ca: str | None
    is_tls_13_required: bool
    warnings: tuple[str, ...]


def read_settings(parts: Parts, count: int) -> WorkerSettings:
    """Read what holds for the workers of a site that is loaded.

    Args:
        parts: The site.
        count: Number of workers.

    Raises:
        UnsuitableSettings: A setting cannot be honoured, or the site keeps in one process what
            all of them need; one line for each.
    """
    server = parts.find_server()
    check: Callable[[], object] | None = getattr(server, "check_settings", None)
    if check is not None:
        try:
            check()
        except ValueError as error:
            raise UnsuitableSettings(str(error)) from error
    values = _server_values(parts, server)
    problems = [*_not_honoured(values), *_further_servers(parts)]
    unshared = find_unshared(parts, count)
    problems += unshared.broken
    if delay := parts.engine.exit_delay:
        problems.append(f"engine.exit_delay = {delay!r}: workers end without a delay; leave it out")
    if problems:
        raise UnsuitableSettings("\n".join(problems))
    certificate = _path(values, "ssl_certificate")
    threads = _number(values, "thread_pool", DEFAULT_THREADS)
    return WorkerSettings(
        host=str(values.get("socket_host") or DEFAULT_HOST),
        port=_number(values, "socket_port", DEFAULT_PORT),
        socket_file=_path(values, "socket_file"),
        socket_mode=_number(values, "socket_mode", -1),
        backlog=max(_SMALLEST_BACKLOG, _number(values, "socket_queue_size", 0)),
        threads=max(threads, _number(values, "thread_pool_max", -1)),
        head_timeout=_number(values, "socket_timeout", 10),
        largest_head=max(
            _SMALLEST_HEAD, _number(values, "max_request_header_size", 0) or _LARGEST_HEAD
        ),
        shutdown_timeout=_number(values, "shutdown_timeout", 5),
        certificate=certificate,
        private_key=_path(values, "ssl_private_key") or certificate,
        client_ca=_path(values, "ssl_client_ca") if values.get("ssl_verify_client") else None,
        is_tls_13_required=_requires_tls_13(values.get("ssl_minimum_version")),
        warnings=tuple(unshared.useless),
    )


def _server_values(parts: Parts, server: object) -> Mapping[str, object]:
    """Return the settings of the server by name, as far as they are known."""
    names = [name.removeprefix("server.") for name in known_settings() if _is_of_server(name)]
    configured = {
        key.removeprefix("server."): value
        for key, value in parts.config.items()
        if key.startswith("server.")
    }
    if server is None:
        return configured
    return {
        **configured,
        **{name: getattr(server, name) for name in names if hasattr(server, name)},
    }


def _is_of_server(name: str) -> bool:
    first, _, rest = name.partition(".")
    return first == "server" and bool(rest) and "." not in rest and "*" not in rest


def _not_honoured(values: Mapping[str, object]) -> list[str]:
    """Explain each setting that has another value than the one that workers have anyhow."""
    problems = []
    for name, value in sorted(values.items()):
        setting = known_settings().get(f"server.{name}")
        default = None if setting is None else setting.default
        if setting is None or name in _HONOURED or value in (None, default):
            continue
        hint = _INSTEAD.get(name, "leave it out, or serve the site by one process")
        problems.append(f"server.{name} = {value!r}: workers cannot honour it; {hint}")
    certificate, key = values.get("ssl_certificate"), values.get("ssl_private_key")
    if key and not certificate:
        problems.append(
            f"server.ssl_private_key = {key!r}: there is no server.ssl_certificate to go with it"
        )
    if (verify := values.get("ssl_verify_client")) not in (None, False, True):
        problems.append(
            f"server.ssl_verify_client = {verify!r}: workers do not tell the application what a "
            "client has shown; set it to True, to refuse all others, or to False"
        )
    return problems + [
        f"server.{name} = {path!r}: there is no such file, or it cannot be read"
        for name, path in (("ssl_certificate", certificate), ("ssl_private_key", key))
        if isinstance(path, str | os.PathLike) and path and not os.access(path, os.R_OK)
    ]


def _further_servers(parts: Parts) -> list[str]:
    return [
        f"server.{name}.*: workers listen on one address only; put a proxy in front, or serve the "
        "site by one process"
        for name in sorted(parts.further_servers)
    ]


def _path(values: Mapping[str, object], name: str) -> str | None:
    """Return the path that a setting has; None for none."""
    value = values.get(name)
    if not value:
        return None
    if not isinstance(value, str | os.PathLike):
        raise UnsuitableSettings(f"server.{name} = {value!r}: expected a path")
    return str(os.fspath(value))


def _number(values: Mapping[str, object], name: str, default: int) -> int:
    """Return the number that a setting has."""
    value = values.get(name)
    if value is None:
        return default
    if not isinstance(value, int | float):
        raise UnsuitableSettings(f"server.{name} = {value!r}: expected a number")
    return int(value)


def _requires_tls_13(minimum: object) -> bool:
    """Tell whether the least version of TLS is 1.3, however the setting says it."""
    if isinstance(minimum, ssl.TLSVersion):
        return minimum >= ssl.TLSVersion.TLSv1_3
    return str(minimum or "").replace("v", "").replace("_", ".").endswith("1.3")
