"""The umbrella as it is installed from sources: everything that CherryPy consists of."""

from importlib.metadata import files, metadata, requires, version

EXTRAS_OF_CHERRYPY_18 = {"json", "memcached-session", "routes-dispatcher", "ssl", "xcgi"}
PARTS = {"core", "server", "sessions", "auth", "static", "json"}


def test_it_requires_every_part_in_its_own_version() -> None:
    required = {text for text in requires("cherrypy") or [] if "extra ==" not in text}
    assert required == {f"cherrypy-{part}=={version('cherrypy')}" for part in PARTS}


def test_it_has_the_extras_that_applications_ask_for() -> None:
    assert set(metadata("cherrypy").get_all("Provides-Extra") or []) >= EXTRAS_OF_CHERRYPY_18


def test_it_has_no_copies_where_it_is_installed_from_sources() -> None:
    """They would be found before the sources, and stay as they are."""
    assert [path for path in files("cherrypy") or [] if path.suffix == ".py"] == []
