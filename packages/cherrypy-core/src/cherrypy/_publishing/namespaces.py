"""Handlers of the configuration namespaces that concern one request.

The resource plan does their work once for a configuration; as functions they serve applications
that call them, and namespaces sets that were changed.
"""

from typing import TYPE_CHECKING, Any

from cherrypy._runtime.context import current
from cherrypy._runtime.names import object_named
from cherrypy._tools.hooks import Hook

if TYPE_CHECKING:
    from collections.abc import Callable


def hooks_namespace(k: str, v: object) -> None:
    """Attach a hook to the current request: ``hooks.before_handler = function``."""
    current.get().request.hooks[hook_point(k)].append(as_hook(v))


def request_namespace(k: str, v: object) -> None:
    """Set an attribute of the current request, or of its body: ``request.body.maxbytes = 0``."""
    request = current.get().request
    if k.startswith("body."):
        setattr(request.body, k[5:], v)
    else:
        setattr(request, k, v)


def response_namespace(k: str, v: object) -> None:
    """Set an attribute or a field of the current response: ``response.headers.X-By = 'us'``."""
    response = current.get().response
    if k.startswith("headers."):
        response.headers[k[8:]] = v
    else:
        setattr(response, k, v)


def error_page_namespace(k: str, v: object) -> None:
    """Set an error page of the current request: ``error_page.404 = '/path/to/page.html'``."""
    current.get().request.error_page[error_page_key(k)] = v


def hook_point(key: str) -> str:
    """Return the hook point of a key; what follows a dot only tells several hooks apart."""
    return key.split(".", 1)[0]


def as_hook(value: Any) -> Hook:
    """Make a hook of what the configuration gives: a hook, a function, or the name of one."""
    callback: Callable[..., object] = object_named(value) if isinstance(value, str) else value
    return callback if isinstance(callback, Hook) else Hook(callback)


def error_page_key(key: str) -> int | str:
    """Return a status code as ``int``, and ``default`` as it is.

    Raises:
        ValueError: It is neither.
    """
    return key if key == "default" else int(key)
