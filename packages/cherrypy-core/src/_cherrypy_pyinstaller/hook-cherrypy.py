"""What belongs to ``cherrypy`` in a frozen program; PyInstaller reads the names of this module.

A name such as ``cherrypy.tools.sessions`` is looked up in the entry points of what is installed,
when it is first used. So the modules behind them have to be named, and the metadata that announce
them have to be there. The same goes for distributions of others that announce something.
"""

from importlib.metadata import distributions

from PyInstaller.utils.hooks import (
    can_import_module,
    collect_data_files,
    collect_submodules,
    copy_metadata,
)

OPTIONAL = ("brotli", "backports.zstd", "argon2", "msgspec", "OpenSSL")
"""Modules of extras, which are imported where they are installed."""


def _is_for_sites(module: str) -> bool:
    """Tell whether a module may be needed by a site that runs: all but those for tests."""
    return not module.startswith(("cherrypy.test", "cherrypy._testing", "cherrypy.__main__"))


datas = collect_data_files("cherrypy", excludes=["test"])
hiddenimports = [
    *collect_submodules("cherrypy", filter=_is_for_sites),
    *collect_submodules("cheroot.ssl"),
    *filter(can_import_module, OPTIONAL),
]

for _distribution in distributions():
    _points = [each for each in _distribution.entry_points if each.group.startswith("cherrypy.")]
    if _points:
        datas += copy_metadata(_distribution.name)
        hiddenimports += [each.module for each in _points]
