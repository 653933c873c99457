"""The dispatcher that chooses a part of the tree by the host that was asked for."""

from collections.abc import Callable
from typing import Any, overload

from cherrypy._http.targets import urljoin
from cherrypy._publishing.objects import Dispatcher
from cherrypy._runtime.context import current

Dispatch = Callable[[str], object]


@overload
def VirtualHost(**domains: str) -> Dispatch: ...
@overload
def VirtualHost(
    next_dispatcher: Dispatch = ..., use_x_forwarded_host: bool = ..., **domains: str
) -> Dispatch: ...
def VirtualHost(
    next_dispatcher: Any = Dispatcher(),  # noqa: B008 - it has no state
    use_x_forwarded_host: object = True,
    **domains: str,
) -> Dispatch:
    """Make a dispatcher that puts a prefix before the path, by the Host field.

    The path that handlers and ``cherrypy.url`` see is the one without the prefix.

    Args:
        next_dispatcher: Finds the handler.
        use_x_forwarded_host: Whether ``X-Forwarded-Host`` counts in place of ``Host``.
        **domains: Prefixes by host, with the port where it is not the default one:
            ``**{'www.other.example': '/other'}``.
    """

    def dispatch(path_info: str) -> object:
        request = current.get().request
        headers = request.headers
        domain: str = headers.get("Host", "")
        if use_x_forwarded_host:
            domain = headers.get("X-Forwarded-Host", domain)
        prefix = domains.get(domain, "")
        if prefix:
            path_info = urljoin(prefix, path_info)
        result: object = next_dispatcher(path_info)

        # static files are looked for below the path that the client sees
        section: str | None = (request.config or {}).get("tools.staticdir.section")
        if section:
            request.config["tools.staticdir.section"] = section[len(prefix) :]
        return result

    return dispatch
