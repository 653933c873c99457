"""The settings of the tools: what they mean, and which values make sense."""

import os
import re
from collections.abc import Mapping
from typing import Any

HASHED_NAME = r"[.-](?=[0-9]*[a-f])[0-9a-f]{8,}\.[^/]*\Z"
"""Names that build tools give: with a hash of the content, as in ``app.3f2a9c1b.js``.

There is a letter in it, so that the date in ``photo-20260131.jpg`` is not taken for one.
"""

YEAR = 31_536_000  # seconds


class Freshness:
    """For how long clients may keep files without asking (RFC 9111 section 5.2, RFC 8246).

    Args:
        tool: Name of the tool with its namespace, for errors.
        max_age: Seconds; ``None`` leaves it to the clients.
        immutable: Whether names with a hash in them never get another content, or a regular
            expression for the paths for which that is so.

    Raises:
        ValueError: A setting makes no sense.
    """

    def __init__(self, tool: str, max_age: float | None, immutable: bool | str) -> None:
        if max_age is not None and (isinstance(max_age, bool) or not 0 <= max_age < 2**31):
            raise ValueError(
                f"{tool}.max_age = {max_age!r}: expected seconds, from 0 to 2147483647"
            )
        self._plain = None if max_age is None else f"max-age={int(max_age)}"
        pattern = HASHED_NAME if immutable is True else immutable
        self._immutable = compiled(f"{tool}.immutable", pattern) if pattern else None

    def field(self, path: str) -> str | None:
        """Return the value of Cache-Control for a path; ``None`` if nothing is said."""
        if self._immutable is not None and self._immutable.search(path):
            return f"max-age={YEAR}, immutable"
        return self._plain


def absolute_path(
    key: str, path: str | os.PathLike[str], root: str | os.PathLike[str] | None
) -> str:
    """Return the path that a setting names.

    Args:
        key: Name of the setting, for the error.
        path: Its value; ``~`` stands for the home directory.
        root: Value of the setting ``root`` of the same tool.

    Raises:
        ValueError: It is not absolute.
    """
    text = os.path.expanduser(os.fspath(path))
    if not os.path.isabs(text) and root:
        text = os.path.join(os.path.expanduser(os.fspath(root)), text)
    if not os.path.isabs(text):
        tool = key.rpartition(".")[0]
        raise ValueError(
            f"{key} = {os.fspath(path)!r}: expected an absolute path, or {tool}.root to be one "
            "that it is below of"
        )
    return os.path.normpath(text)


def checked_types(key: str, content_types: object) -> Mapping[str, str] | None:
    """Return the media types that a setting lists.

    Raises:
        ValueError: It is not a mapping.
    """
    if content_types is None or isinstance(content_types, Mapping):
        return content_types
    raise ValueError(
        f"{key} = {content_types!r}: expected media types by extension, such as "
        "{'glb': 'model/gltf-binary'}"
    )


def compiled(key: str, pattern: Any) -> re.Pattern[str]:
    """Return the regular expression of a setting.

    Raises:
        ValueError: It is not one.
    """
    try:
        return re.compile(pattern)
    except (re.error, TypeError) as error:
        raise ValueError(f"{key} = {pattern!r}: expected a regular expression: {error}") from error
