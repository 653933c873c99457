"""Tools of the core, and what satellites add to them."""

from importlib import import_module
from pkgutil import extend_path
from types import ModuleType

from cherrypy._config.absent import explain_absent_modules
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


def _explain(full_name: str) -> str:
    return missing("lib", full_name.removeprefix(f"{__name__}."))


explain_absent_modules(__path__, _explain)


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
