"""Puts copies of modules of the other distributions into the wheel of the umbrella.

CherryPy 18 was one distribution of the name ``cherrypy``. An installer that upgrades it installs
the new ``cherrypy-core`` and the others first, and then removes every file of the old ``cherrypy``.
That takes away the new files that have the path of an old one, such as ``cherrypy/__init__.py``.
The last step is to install the new ``cherrypy``. So its wheel holds the same files once more, byte
for byte.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

COPIES = "copies"
"""Folder of an sdist that has the files, since there are no other distributions beside it."""


class CopiesOfOldPaths(BuildHookInterface[Any]):
    """Adds each file that has the path of a file of CherryPy 18."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files; hatchling calls this before it builds.

        Args:
            version: ``editable`` or another kind of wheel. An editable one has no copies: they
                would stay as they are, and be found before the sources.
            build_data: What hatchling builds, to be extended.
        """
        if version == "editable":
            return
        folder = Path(self.root)
        below = f"{COPIES}/" if self.target_name == "sdist" else ""
        for path, source in find_copies(folder):
            build_data["force_include"][str(source)] = below + path


def find_copies(folder: Path) -> Iterator[tuple[str, Path]]:
    """Find the files of the other distributions that have the path of a file of CherryPy 18.

    Args:
        folder: Folder of the umbrella, in the repository or unpacked from an sdist.

    Yields:
        The path of the file in a wheel, and where the file is.

    Raises:
        FileNotFoundError: The other distributions are not there.
    """
    sources = [folder / COPIES]
    if not sources[0].is_dir():
        sources = sorted(folder.parent.glob("cherrypy-*/src"))
    found = False
    for path in (folder / "paths-of-cherrypy-18.txt").read_text("utf-8").split():
        for source in sources:
            if (source / path).is_file():
                found = True
                yield path, source / path
    if not found:
        raise FileNotFoundError(
            f"{folder}: expected the folders of cherrypy-core and the other distributions beside "
            f"it, or a folder {COPIES!r} in it, as an sdist has"
        )
