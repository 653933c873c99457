"""Which media type a file has, by the extension of its name."""

import mimetypes
from collections.abc import Mapping

UNKNOWN = "application/octet-stream"
"""What a file is whose extension says nothing (RFC 9110 section 8.3)."""

_OWN: Mapping[str, str] = {
    # as CherryPy has them, whatever the system says; applications read them in ``types_map``
    ".bz2": "application/x-bzip2",
    ".dwg": "image/x-dwg",
    ".gz": "application/x-gzip",
    ".ico": "image/x-icon",
}
_LATER: Mapping[str, str] = {
    # what some versions of Python, or of its list on some systems, do not know
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


def media_type_of(name: str, content_types: Mapping[str, str] | None) -> str | None:
    """Return the media type of a file.

    Args:
        name: Name or path of the file.
        content_types: Media types by extension without its dot; they come before all others.

    Returns:
        The media type; ``None`` if the extension is not known.
    """
    _, dot, extension = name.rpartition(".")
    if not dot or "/" in extension:
        extension = ""
    if content_types and extension in content_types:
        return content_types[extension]
    key = f".{extension.lower()}"
    # read anew each time: applications add to mimetypes.types_map
    return mimetypes.types_map.get(key) or _LATER.get(key)
