"""Says why there is no package ``cherrypy``, where its ``__init__.py`` has been removed.

Python finds the package before this module, so this is imported only then. Removing the
distribution ``cherrypy`` does it: it holds copies of files of this distribution.
"""

from importlib.metadata import distributions

_INSTALLED = sorted(
    f"{each.name}=={each.version}"
    for each in distributions()
    if each.name and each.name.startswith("cherrypy-")
)

raise ImportError(
    "files of cherrypy-core were removed together with the distribution cherrypy. Put them back: "
    f"pip install --force-reinstall --no-deps {' '.join(_INSTALLED)}",
    name="cherrypy",
)
