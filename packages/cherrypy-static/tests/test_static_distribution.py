"""The distribution as it is installed: beside the core of the same version, and nothing else."""

from importlib import import_module
from importlib.metadata import requires, version


def test_it_has_the_version_of_the_core() -> None:
    assert version("cherrypy-static") == version("cherrypy-core")


def test_it_requires_the_core_and_nothing_else() -> None:
    """Extras apart: they are asked for by name."""
    required = [text for text in requires("cherrypy-static") or [] if "extra ==" not in text]
    assert required == [f"cherrypy-core=={version('cherrypy-core')}"]


def test_its_modules_are_found_beside_those_of_the_core() -> None:
    names = {import_module(name).__name__ for name in ("cherrypy._http", "cherrypy._static")}
    assert names == {"cherrypy._http", "cherrypy._static"}
