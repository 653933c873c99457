"""The page that lists the files and folders of a directory."""

import os
from html import escape
from urllib.parse import quote

from cherrypy._static.names import is_hidden

MAX_ENTRIES = 10_000
"""Names that are listed at most."""

_PAGE = """<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
</head>
<body>
<h1>{title}</h1>
<ul>
{entries}
</ul>
</body>
</html>
"""


def names_in(directory: int | str, *, with_hidden: bool) -> list[str]:
    """List a directory: folders with a slash at the end of their names, then files.

    Everything else is left out: names with a backslash, which are not served, and links, as it is
    not known here whether they may be followed.

    Args:
        directory: Its descriptor or path.
        with_hidden: Whether hidden names are listed.

    Raises:
        OSError: It may not be listed.
    """
    folders: list[str] = []
    files: list[str] = []
    with os.scandir(directory) as entries:
        for entry in entries:
            if len(folders) + len(files) >= MAX_ENTRIES:
                break
            if "\\" in entry.name or (not with_hidden and is_hidden([entry.name])):
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name + "/")
            elif entry.is_file(follow_symlinks=False):
                files.append(entry.name)
    return [*sorted(folders), *sorted(files)]


def listing_page(path: str, names: list[str]) -> bytes:
    """Return the page that lists a directory.

    Args:
        path: Path of its URL, as text.
        names: Names of its files and folders; those of folders end in a slash.

    Returns:
        HTML in UTF-8; the names are escaped.
    """
    above = [] if path == "/" else ["../"]
    entries = [
        # "./" so that no name is taken for a scheme or a host
        f'<li><a href="./{quote(name, safe="/", errors="surrogateescape")}">{escape(name)}</a></li>'
        for name in [*above, *names]
    ]
    page = _PAGE.format(title=escape(path), entries="\n".join(entries))
    return page.encode("utf-8", "replace")
