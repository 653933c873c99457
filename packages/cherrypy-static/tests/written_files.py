"""Files that tests write."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MODIFIED = 1_709_208_000  # Thu, 29 Feb 2024 12:00:00 GMT


def write(path: Path, content: bytes | str = b"0123456789", modified: float = MODIFIED) -> Path:
    """Write a file that has not been changed for a while."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (modified, modified))
    return path
