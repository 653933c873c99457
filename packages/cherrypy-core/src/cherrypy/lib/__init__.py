"""Tools of the core, and what satellites add to them."""

import sys
from importlib import import_module
from pkgutil import extend_path
from types import ModuleType

from cherrypy._config.extensions import missing
from cherrypy._runtime.iterators import (
    file_generator,
    file_generator_limited,
    is_closable_iterator,
    is_iterator,
    set_vary_header,
)
from cherrypy._runtime.overriding import publish

__path__ = extend_path(__path__, __name__)  # satellites add modules to this package

__all__ = [
    "file_generator",
    "file_generator_limited",
    "is_closable_iterator",
    "is_iterator",
    "set_vary_header",
]


class _Missing:
    """Path entry finder (PEP 302) that is asked last, for modules that are not installed."""

    @staticmethod
    def find_spec(full_name: str, _target: ModuleType | None = None) -> None:
        """Say which distribution has a module.

        Raises:
            ModuleNotFoundError: The distribution is known.
        """
        hint = missing("lib", full_name.removeprefix(f"{__name__}."))
        if hint:
            raise ModuleNotFoundError(hint)


__path__.append(f"{__path__[0]}/missing")  # there is no such folder
sys.path_importer_cache[__path__[-1]] = _Missing


def __getattr__(name: str) -> ModuleType:
    """Import a module of this package when it is first used as an attribute."""
    hint = missing("lib", name)
    if not name.startswith("_"):
        try:
            return import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{__name__}.{name}" and str(error) != hint:
                raise
    raise AttributeError(
        f"module {__name__!r} has no attribute {name!r}" + (f"; {hint}" if hint else "")
    )


publish(__name__)
