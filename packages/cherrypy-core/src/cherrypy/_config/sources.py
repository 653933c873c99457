"""Types of what settings come from."""

import os
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

Filename: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes]
OpenFile: TypeAlias = Iterable[str] | Iterable[bytes]
Source: TypeAlias = Mapping[str, Any] | Filename | OpenFile
"""Where settings come from: a mapping, the name of a file, or an open file."""

type_of_filename = (str, bytes, os.PathLike)
