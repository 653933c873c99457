"""URLs of this site, as ``cherrypy.url`` makes them."""

from collections.abc import Callable
from typing import Literal
from urllib.parse import urlencode

from cherrypy._http.targets import urljoin
from cherrypy._runtime.context import current
from cherrypy._runtime.messages import Request


def _no_server() -> str:
    return "http://127.0.0.1:8080"


class Site:
    """What a URL is relative to when no request is served; the assembly fills it in."""

    server_base: Callable[[], str] = staticmethod(_no_server)


site = Site()


def url(
    path: str = "",
    qs: str | dict[str, object] | list[tuple[str, object]] = "",
    script_name: str | None = None,
    base: str | None = None,
    relative: bool | Literal["server"] | None = None,
) -> str:
    """Make a URL of this site for a path.

    Args:
        path: With a leading slash it is relative to the application's mount point, without one to
            the current URL. Empty means the current URL.
        qs: Query string, or a mapping or pairs to be encoded as one.
        script_name: Mount point; that of the current application by default.
        base: Scheme, host and port; those of the current request by default.
        relative: ``False`` gives an absolute URL, ``"server"`` one that begins with the path,
            ``True`` one that is relative to the current URL. ``None`` takes
            ``request.app.relative_urls``.

    See: RFC 3986 section 4.2.
    """
    if not isinstance(qs, str):
        qs = urlencode(qs, doseq=isinstance(qs, dict))
    query = f"?{qs}" if qs else ""
    if path.partition("://")[0].isalnum() and "://" in path:
        return path + query  # it is a URL already
    request = current.get().request
    app = request.app
    if app is not None:
        target = _request_path(request, path, script_name, query)
        absolute = (request.base if base is None else base) + target
    else:
        slash = "" if path[:1] in ("", "/", "?", "#") else "/"
        target = (script_name or "") + slash + path + query
        absolute = (site.server_base() if base is None else base) + target
    absolute = _without_dots(absolute)
    if relative is None:
        relative = getattr(app, "relative_urls", False)
    if relative == "server":
        host, _, rest = absolute.partition("://")[2].partition("/")
        return f"/{rest}" if host else absolute
    if relative:
        return _relative_to_here(absolute)
    return absolute


def _request_path(request: Request, path: str, script_name: str | None, query: str) -> str:
    """Return the path and query that ``path`` means while ``request`` is served."""
    path_info = request.path_info
    is_index = request.is_index
    if not path.startswith("/"):
        # as trailing_slash would have redirected, so that relative names mean what they say
        if is_index is True and not path_info.endswith("/"):
            path_info += "/"
        elif is_index is False and len(path_info) > 1 and path_info.endswith("/"):
            path_info = path_info[:-1]
        folder = path_info.rpartition("/")[0] + "/"
        path = path_info + path if path[:1] in ("", "?", "#") else urljoin(folder, path)
    return (request.script_name if script_name is None else script_name) + path + query


def _without_dots(absolute: str) -> str:
    """Resolve ``.`` and ``..`` segments (RFC 3986 section 5.2.4)."""
    target, mark, query = absolute.partition("?")
    if "/." not in target:
        return absolute
    segments: list[str] = []
    for segment in target.split("/"):
        if segment == "..":
            if len(segments) > 3:
                segments.pop()
        elif segment != ".":
            segments.append(segment)
    if target.endswith(("/.", "/..")):
        segments.append("")  # what they name is a folder
    return "/".join(segments) + mark + query


def _relative_to_here(absolute: str) -> str:
    """Return ``absolute`` as seen from the URL of the request."""
    url_here = url(relative=False).split("?", 1)[0]
    if absolute == url_here:
        return absolute.rpartition("/")[2]
    here = url_here.split("/")
    here.pop()
    there = absolute.split("/")
    shared = 0
    for ours, theirs in zip(here, there[:-1], strict=False):
        if ours != theirs:
            break
        shared += 1
    relative = "/".join([".."] * (len(here) - shared) + there[shared:])
    is_path = len(here) > 2  # outside of requests it is host and path, as ever
    if is_path and (not relative or ":" in relative.partition("/")[0]):
        return f"./{relative}"  # RFC 3986 section 4.2
    return relative
