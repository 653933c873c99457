"""The default dispatcher: from the segments of a path to an exposed callable."""

import string
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MethodType
from typing import Any

from cherrypy._publishing.handlers import FOUND, LateParamPageHandler
from cherrypy._runtime.context import current
from cherrypy._runtime.errors import CherryPyException, NotFound
from cherrypy._runtime.layers import Layers, Sections, Settings
from cherrypy._runtime.messages import Plan, Plans, Request, Response
from cherrypy._runtime.overriding import ShortenedInstances

Translator = Mapping[int, Any]

PUNCTUATION_TO_UNDERSCORES = {ord(mark): ord("_") for mark in string.punctuation}


Resource = tuple[Any, list[str], bool | None, Layers]
"""Handler, left segments, whether it is an index, and the layers of configuration.

The handler is ``None`` if nothing is published at the path.  The segments are its positional
arguments.  The layers are ``_cp_config`` of each node and names of the sections that apply, the
nearest last.
"""

Step = tuple[object, int, int]
"""A node that a walk came to, how many names had been walked, and how many layers applied."""


def find_resource(
    root: object,
    path: str,
    sections: Sections,
    method_name: str = "_cp_dispatch",
    translate: Translator = PUNCTUATION_TO_UNDERSCORES,
) -> Resource:
    """Walk from a root object along the segments of a path.

    Args:
        root: Where the walk begins; its attributes are looked up as they are now.
        path: Path below the mount point, beginning with a slash.
        sections: Sections of the application's configuration, by path.
        method_name: Name of the methods that nodes have to look up the rest themselves.
        translate: Table by which a segment becomes the name of an attribute.

    Raises:
        CherryPyException: A ``_cp_dispatch`` method added segments.
    """
    # PERF: it runs for every request, so the walk is one function, of complexity 19
    # one more name than segments, since the URL of a node is that of its index
    if path == "/":
        names = ["index"]
    else:
        names = path.strip("/").split("/")
        if "" in names:
            names = [name for name in names if name]
        names.append("index")
    count = len(names)

    layers: Layers = []
    config: Settings | None = getattr(root, "_cp_config", None)
    if config:
        _add(layers, config, names, 0)
    if "/" in sections:
        layers.append("/")

    prefix = ""
    depth = sections.depth
    node = root
    left = names
    start = 0  # what has not been walked yet is left[start:]
    walked = 0
    trail: list[Step] = [(root, 0, len(layers))]
    child: object
    while walked < count:
        if node is None:  # PERF: below of nothing there is nothing; only sections are left
            child = None
            after = count
        else:
            name = left[start]
            attribute = name if name.isidentifier() else name.translate(translate)
            hidden = not attribute or attribute[0] == "_"
            child = None if hidden else getattr(node, attribute, None)
            if child is not None:
                start += 1
                after = walked + 1
            else:
                child, left, start = _dispatch(node, left, start, method_name)
                after = count - len(left) + start
        # PERF: a bound method has no attributes of its own, and says so by a slow exception
        node = child.__func__ if type(child) is MethodType else child
        if node is not None:
            config = getattr(node, "_cp_config", None)
            if config:
                _add(layers, config, names, after)
        if walked < depth:  # no section is deeper
            for segment in names[walked:after][:depth]:
                prefix = f"{prefix}/{segment}"
                if prefix in sections:
                    layers.append(prefix)
        walked = after
        trail.append((child, after, len(layers)))
    return _choose(path, names, trail, layers)


def _add(layers: Layers, config: Settings, names: list[str], depth: int) -> None:
    """Add the ``_cp_config`` of a node; static files need to know the path of who has it."""
    layers.append(config)
    if "tools.staticdir.dir" in config:
        layers.append(_static_section("/" + "/".join(names[:depth])))


@lru_cache(1000)
def _static_section(path: str) -> dict[str, str]:
    """Return the layer for a path, the same one each time, as plans are found by identities."""
    return {"tools.staticdir.section": path}


def _choose(path: str, names: list[str], trail: list[Step], layers: Layers) -> Resource:
    """Choose the handler: the deepest node that is exposed, or has an exposed ``default``."""
    deepest = trail[-1]
    for step in reversed(trail):
        node, walked, mark = step
        if node is None:
            continue
        holder = node.__func__ if type(node) is MethodType else node
        default: Callable[..., object] | None = getattr(holder, "default", None)
        if default is not None and getattr(default, "exposed", None):
            holder = default.__func__ if type(default) is MethodType else default
            config: Settings | None = getattr(holder, "_cp_config", None)
            if config:
                own: Layers = []
                _add(own, config, names, walked)
                layers[mark:mark] = own
            return default, names[walked:-1], path.endswith("/"), layers
        if getattr(holder, "exposed", None):
            return node, names[walked:-1], step is deepest, layers
    return None, [], None, layers


def _dispatch(
    node: object, left: list[str], start: int, method_name: str
) -> tuple[object, list[str], int]:
    """Let a node look up the rest of the path itself, or else pass over one segment.

    Args:
        node: The node.
        left: Names of which those from ``start`` have not been walked yet; the last one is that of
            the index, which is no segment.
        start: Where they begin.
        method_name: Name of the method by which a node looks up.

    Returns:
        What was found, ``None`` for nothing; and the names that are left, and where they begin.
    """
    segments = len(left) - start - 1
    dispatch: object = getattr(node, method_name, None) if segments else None
    if dispatch is None or not callable(dispatch) or getattr(dispatch, "exposed", False):
        return None, left, start + 1
    rest = left[start:-1]
    child: object = dispatch(vpath=rest)
    if len(rest) > segments:
        raise CherryPyException(
            f"{method_name} of {node!r} added a segment to the path; it may only remove some"
        )
    return child, [*rest, left[-1]], 1 if len(rest) == segments else 0


class Dispatcher(ShortenedInstances):
    """Finds the page handler of a path among the attributes of the application's root.

    Args:
        dispatch_method_name: Name of the methods by which a node looks up the rest of a path
            itself, in place of ``_cp_dispatch``.
        translate: Table for :meth:`str.translate`, by which a segment of the path becomes the name
            of an attribute; punctuation becomes ``_`` by default.

    Raises:
        TypeError: ``translate`` is no such table.
    """

    shortened = ("__call__", "find_handler", "resolve")
    dispatch_method_name = "_cp_dispatch"

    def __init__(
        self,
        dispatch_method_name: str | None = None,
        translate: Translator = PUNCTUATION_TO_UNDERSCORES,
    ) -> None:
        validate_translator(translate)
        self.translate = translate
        if dispatch_method_name:
            self.dispatch_method_name = dispatch_method_name

    def __call__(self, path_info: str) -> None:
        """Set the handler and the configuration of the current request.

        Args:
            path_info: Path below the mount point, beginning with a slash.
        """
        request = current.get().request
        handler, vpath = self.find_handler(path_info)
        if handler is None:
            request.handler = NotFound()
        else:
            request.handler = LateParamPageHandler(handler, *decoded_slashes(vpath))

    def find_handler(self, path: str) -> tuple[Any | None, list[str]]:
        """Find the handler of a path, and set ``config`` and ``is_index`` of the current request.

        Args:
            path: Path below the mount point, beginning with a slash.

        Returns:
            The handler, and the segments of the path that are left for it; ``(None, [])`` if
            nothing is published there.
        """
        request = current.get().request
        plans = request.app.plans()
        root: object = request.app.root
        handler, vpath, is_index, layers = find_resource(
            root, path, plans.sections, self.dispatch_method_name, self.translate
        )
        request.config = plans.merged(layers)
        request.is_index = is_index
        return handler, vpath

    def resolve(self, request: Request, response: Response, path: str, plans: Plans) -> Plan:
        """Find the handler of a path for a request that is at hand, and the plan for it.

        This is what the request path calls in place of :meth:`__call__`; a subclass that overrides
        that method or :meth:`find_handler` is called for each request instead.
        """
        root: object = request.app.root
        handler, vpath, is_index, layers = find_resource(
            root, path, plans.sections, self.dispatch_method_name, self.translate
        )
        request.is_index = is_index
        request.callable = handler
        request.found_handler = FOUND
        if vpath:
            request.vpath = decoded_slashes(vpath) if "%" in path else vpath
        return plans.of_layers(layers)


def decoded_slashes(vpath: list[str]) -> list[str]:
    """Return path segments with ``%2F`` as a slash: servers leave it, for it separates nothing."""
    return [segment.replace("%2F", "/").replace("%2f", "/") for segment in vpath]


def validate_translator(t: object) -> None:
    """Check the table by which segments become names of attributes.

    Raises:
        ValueError: It is neither a mapping nor a ``str`` of 256 characters.
    """
    if isinstance(t, dict):
        return
    if not isinstance(t, str) or len(t) != 256:
        raise ValueError("The translate argument must be a dict.")
