"""The tree: which application is mounted where."""

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cherrypy._app.application import Application, Config
from cherrypy._app.favicon import add_favicon
from cherrypy._app.serving import OPTIONAL_KEYS
from cherrypy._http.errors import ContentError
from cherrypy._http.status import valid_status
from cherrypy._http.targets import urljoin
from cherrypy._request.whole_input import guard_input
from cherrypy._runtime.context import current
from cherrypy._runtime.text import decoded_path, encoded_path

WSGICallable = Callable[..., Iterable[bytes]]


class Tree:
    """The applications of a site by mount point; itself a WSGI application (PEP 3333)."""

    apps: dict[str, Any]
    """Applications, and other WSGI callables, by mount point: ``""`` for the root."""

    def __init__(self) -> None:
        self.apps = {}

    def mount(self, root: object, script_name: str = "", config: Config = None) -> Application:
        """Mount a root object, or an application.

        Args:
            root: Object whose exposed attributes are published, or an :class:`Application`. At
                the root of the site it gets an attribute ``favicon_ico``, unless it has one.
            script_name: Mount point, such as ``/blog``; empty for the root of the site.
            config: Settings by section, or a file with them.

        Returns:
            The application.

        Raises:
            TypeError: ``script_name`` is ``None``.
            ValueError: ``root`` is an application that has another mount point.
        """
        if script_name is None:
            raise TypeError(
                "The 'script_name' argument may not be None. Application objects may, however, "
                "possess a script_name of None (in order to inspect the WSGI environ for "
                "SCRIPT_NAME upon each request). You cannot mount such Applications on this Tree; "
                "you must pass them to a WSGI server interface directly."
            )
        script_name = script_name.rstrip("/")
        if isinstance(root, Application):
            app = root
            if script_name not in ("", app.script_name):
                raise ValueError(
                    f"Cannot specify a different script name {script_name!r} for an application "
                    f"that is mounted at {app.script_name!r}"
                )
            script_name = app.script_name or ""
        else:
            if not script_name:
                add_favicon(root)
            app = Application(root, script_name)
        if config:
            app.merge(config)
        self.apps[script_name] = app
        return app

    def graft(self, wsgi_callable: WSGICallable, script_name: str = "") -> None:
        """Mount a WSGI callable that is no application of ours.

        Args:
            wsgi_callable: WSGI application.
            script_name: Mount point, such as ``/blog``.
        """
        self.apps[script_name.rstrip("/")] = wsgi_callable

    def script_name(self, path: str | None = None) -> str | None:
        """Return the mount point of the application that answers for a path.

        Args:
            path: Path of a URL; that of the current request by default.

        Returns:
            The longest mount point that begins the path; ``None`` if there is none.
        """
        if path is None:
            request = current.get().request
            path = urljoin(request.script_name, request.path_info)
        apps: Mapping[str, WSGICallable] = self.apps
        prefix = path.rstrip("/")
        while prefix not in apps:
            if not prefix:
                return None
            prefix = prefix.rpartition("/")[0]
        return prefix

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Hand a request to the application whose mount point is the longest that fits."""
        try:
            base: str = environ["SCRIPT_NAME"]
            path: str = environ["PATH_INFO"]
        except KeyError:  # PEP 3333 lets a server leave them out where they are empty
            return self({**OPTIONAL_KEYS, **environ}, start_response)
        apps: Mapping[str, WSGICallable] = self.apps
        # PERF: one application at the root is what most sites have
        if not base and len(apps) == 1 and "" in apps:
            app: Application | WSGICallable = apps[""]
            if app.__class__ is not Application and not isinstance(app, Application):
                return _answer_grafted(app, environ, start_response)
            return app(environ, start_response)
        path = urljoin(base, path)
        mount_point = self.script_name(decoded_path(path))
        if mount_point is None:
            start_response(
                "404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "0")]
            )
            return []
        environ = {
            **environ,
            "SCRIPT_NAME": encoded_path(mount_point),
            "PATH_INFO": path[len(encoded_path(mount_point)) :],
        }
        app = apps[mount_point]
        if not isinstance(app, Application):
            return _answer_grafted(app, environ, start_response)
        return app(environ, start_response)


def _answer_grafted(
    app: WSGICallable, environ: dict[str, Any], start_response: Callable[..., Any]
) -> Iterable[bytes]:
    """Call an application that is not ours; content that breaks off is answered by 400."""
    if "CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ:
        guard_input(environ)
    try:
        return app(environ, start_response)
    except ContentError as error:
        text = error.reason.encode()
        fields = [("Content-Type", "text/plain;charset=utf-8"), ("Content-Length", str(len(text)))]
        code, reason, _ = valid_status(error.status)
        start_response(f"{code} {reason}", fields, sys.exc_info())
        return [text]
