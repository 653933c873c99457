"""The distribution as it is installed: beside the core of the same version, and nothing else."""

from importlib.metadata import requires, version


def test_it_has_the_version_of_the_core() -> None:
    assert version("cherrypy-json") == version("cherrypy-core")


def test_it_requires_the_core_and_nothing_else() -> None:
    """Extras apart: they are asked for by name."""
    required = [text for text in requires("cherrypy-json") or [] if "extra ==" not in text]
    assert required == [f"cherrypy-core=={version('cherrypy-core')}"]
