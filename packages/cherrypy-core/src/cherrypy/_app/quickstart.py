"""``cherrypy.quickstart``."""

from collections.abc import Callable
from typing import Any

from cherrypy._app.application import Config
from cherrypy._app.favicon import FaviconOnly
from cherrypy._app.tree import Tree
from cherrypy.process.wspbus import Bus


class Quickstart:
    """``cherrypy.quickstart``: mount, start, and block until the engine stops.

    Args:
        tree: Where the application is mounted.
        engine: What is started.
        update_config: Takes the settings for the site.
        require_server: Raises where there is no HTTP server to start.
        listen_to_system: Lets the engine act on signals, and tell the service manager how it is.
        serve_by_workers: Serves by several processes, if they are asked for; returns whether.
    """

    def __init__(
        self,
        tree: Tree,
        engine: Bus,
        update_config: Callable[[Any], None],
        require_server: Callable[[], object],
        listen_to_system: Callable[[], None],
        serve_by_workers: Callable[[], bool],
    ) -> None:
        self._tree = tree
        self._engine = engine
        self._update_config = update_config
        self._require_server = require_server
        self._listen_to_system = listen_to_system
        self._serve_by_workers = serve_by_workers

    def __call__(self, root: object = None, script_name: str = "", config: Config = None) -> None:
        """Mount a root object, start the server, and block until the engine stops.

        With the setting ``server.workers`` several processes serve, and this one waits for them.

        Args:
            root: Object whose exposed attributes are published, or an application; without one,
                only what the configuration says is served, and the default favicon.
            script_name: Mount point, such as ``/blog``; empty for the root of the site.
            config: Settings by section, or a file with them; the section ``global`` is for the
                site.

        Raises:
            AttributeError: The distribution that brings the server is not installed.
        """
        self._require_server()
        if config:
            self._update_config(config)
        self._tree.mount(FaviconOnly() if root is None else root, script_name, config)
        if self._serve_by_workers():
            return
        self._listen_to_system()
        self._engine.start()
        self._engine.block()
