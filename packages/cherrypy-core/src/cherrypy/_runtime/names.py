"""Objects by their full names, as configuration files name them."""

from typing import Any


def object_named(full_name: str) -> Any:
    """Import what a name such as ``package.module.attribute`` stands for.

    Raises:
        ImportError: There is no such module.
        AttributeError: There is nothing of that name in it.
    """
    from cherrypy._config.evaluator import attributes

    return attributes(full_name)
