"""The folders that make up the package, and what an older CherryPy has left in them."""

import warnings
from collections.abc import Iterable
from pathlib import Path

ONLY_IN_CHERRYPY_18 = "favicon.ico"

REPLACED = {
    "lib/sessions.py": "_sessions",
    "lib/static.py": "_static",
    "lib/auth_basic.py": "_auth",
    "lib/jsontools.py": "_json",
    "process/servers.py": "_server",
}
"""Modules of satellites whose path CherryPy 18 has, too, and folders that only satellites have."""


def without_cherrypy_18(portions: Iterable[str]) -> list[str]:
    """Return the folders of the package without those of a CherryPy 18 that is installed elsewhere.

    Args:
        portions: The folder of the core first, then those of satellites.

    Raises:
        ImportError: The folder of the core has modules of CherryPy 18.
    """
    own, *others = portions
    if _is_of_cherrypy_18(own):
        _tell(own)
    return [own, *(folder for folder in others if not _is_of_cherrypy_18(folder))]


def _is_of_cherrypy_18(folder: str) -> bool:
    return Path(folder, ONLY_IN_CHERRYPY_18).exists()


def _tell(folder: str) -> None:
    """Say that files of CherryPy 18 are among those of the core."""
    mixed = [
        module
        for module, own in REPLACED.items()
        if Path(folder, module).exists() and not Path(folder, own).exists()
    ]
    if mixed:
        raise ImportError(
            f"{folder} has modules of CherryPy 18 ({', '.join(mixed)}) among those of "
            "cherrypy-core 19, and they do not work together: pip install -U cherrypy"
        )
    warnings.warn(
        f"{folder} has files that an older CherryPy left behind, such as {ONLY_IN_CHERRYPY_18}: "
        "remove the folder and install CherryPy again",
        RuntimeWarning,
        stacklevel=3,  # the program that imports cherrypy
    )
