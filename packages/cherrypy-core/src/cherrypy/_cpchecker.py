"""The check of the configuration, by the path that applications know; loaded when first used."""

from typing import TYPE_CHECKING

from cherrypy._runtime.overriding import publish

if TYPE_CHECKING:
    from cherrypy._app.checker import Checker

__all__ = [
    "Checker",
]

publish(__name__, "cherrypy._app.checker")
