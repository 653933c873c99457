"""From the path of a URL to the name of a file below a directory, without looking at the disk."""

import re
from collections.abc import Sequence

WELL_KNOWN = ".well-known"
"""The one hidden name that is made to be asked for (RFC 8615)."""

_WINDOWS_FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f]|[. ]\Z')
_WINDOWS_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\xb9\xb2\xb3])[ ]*(?:\..*)?", re.IGNORECASE
)


_SEPARATOR = re.compile("/|%2F", re.IGNORECASE)


class OutsideError(Exception):
    """A path leads out of the directory in which it should be."""


def segments_of(branch: str, *, is_windows: bool) -> list[str] | None:
    """Split the part of a URL's path that is below a directory.

    Args:
        branch: Without a slash at its beginning; percent-decoded except for ``%2F``, which servers
            leave as it is.
        is_windows: Whether names are those of Windows, where more of them are not files: devices
            such as ``NUL.txt``, drive letters, streams, and backslashes, which separate there.

    Returns:
        Names of folders and at last of the file; ``[]`` for the directory itself; ``None`` if no
        file is served under such a name: it has an encoded slash, a backslash or NUL.

    Raises:
        OutsideError: It leads up, out of the directory or only around in it, where other settings
            may apply than those of the path as it is written.
    """
    split = _SEPARATOR.split(branch)
    if ".." in split or branch.startswith(("%2F", "%2f")):
        raise OutsideError(branch)
    if "\0" in branch or "\\" in branch or "%2f" in branch.lower():
        return None
    segments = [segment for segment in split if segment and segment != "."]
    if is_windows and not all(map(is_windows_file_name, segments)):
        return None
    return segments


def names_a_folder(branch: str) -> bool:
    """Tell whether a path can only be that of a folder, as it ends in a slash or in dots."""
    return _SEPARATOR.split(branch)[-1] in {"", ".", ".."}


def has_dots(branch: str) -> bool:
    """Tell whether a path has a segment ``.`` before its last one, and so is not canonical."""
    return "." in branch.split("/")[:-1]


def is_windows_file_name(name: str) -> bool:
    """Tell whether a name can be that of a file of Windows, and not of a device."""
    return not (_WINDOWS_FORBIDDEN.search(name) or _WINDOWS_DEVICE.fullmatch(name))


def is_hidden(segments: Sequence[str]) -> bool:
    """Tell whether a file is hidden, or in a hidden folder; ``.well-known`` is not."""
    return any(segment[0] == "." and segment != WELL_KNOWN for segment in segments)
