"""The bus and its plugins, which know no HTTP."""

from importlib import import_module
from pkgutil import extend_path
from types import ModuleType

__path__ = extend_path(__path__, __name__)  # satellites add modules to this package

from cherrypy.process.wspbus import bus

__all__ = ["bus"]


def __getattr__(name: str) -> ModuleType:
    """Import ``servers``, of another distribution, when it is first used as an attribute."""
    if name in ("plugins", "servers"):
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
