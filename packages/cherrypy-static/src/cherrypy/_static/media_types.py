"""The media type of a file, by the extension of its name."""

import mimetypes
from collections.abc import Mapping

UNKNOWN = "application/octet-stream"
"""Media type of a file whose extension is not known (RFC 9110 section 8.3)."""
DEFAULT_TYPE = "text/html"
"""Content-Type of a response that no program has given another one."""

_OWN: Mapping[str, str] = {
    # of CherryPy, whatever the system says; applications read them in ``types_map``
    ".bz2": "application/x-bzip2",
    ".dwg": "image/x-dwg",
    ".gz": "application/x-gzip",
    ".ico": "image/x-icon",
}
_LATER: Mapping[str, str] = {
    # types that some versions of Python, or its list on some systems, lack
    ".avif": "image/avif",
    ".br": "application/x-brotli",
    ".flac": "audio/flac",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".otf": "font/otf",
    ".ttf": "font/ttf",
    ".wasm": "application/wasm",
    ".webm": "video/webm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".zst": "application/zstd",
}


def register_types() -> None:
    """Read the lists of the system, and put the types into them that CherryPy puts there."""
    if not mimetypes.inited:
        mimetypes.init()
    mimetypes.types_map.update(_OWN)


def extension_of(name: str) -> str:
    """Return the extension of the name or path of a file, without its dot; empty if it has none."""
    _, dot, extension = name.rpartition(".")
    return extension if dot and "/" not in extension else ""


def type_of_extension(extension: str, content_types: Mapping[str, str] | None) -> str | None:
    """Return the media type of files with an extension.

    Args:
        extension: The extension, without its dot.
        content_types: Media types by extension; they come before all others.

    Returns:
        The media type; ``None`` if the extension is not known.
    """
    if content_types and extension in content_types:
        return content_types[extension]
    key = f".{extension.lower()}"
    # read anew each time: applications add to mimetypes.types_map
    return mimetypes.types_map.get(key) or _LATER.get(key)
