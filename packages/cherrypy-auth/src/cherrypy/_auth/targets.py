"""Whether the URI that credentials were made for is the one that is asked for."""

from collections.abc import Iterator
from urllib.parse import unquote_to_bytes


def is_uri_of(uri: str, path: str, query: str, host: str) -> bool:
    """Tell whether a URI names what a request asks for, however it is written.

    Args:
        uri: As the client wrote it: a path with or without query, or an absolute URI.
        path: Path of the request, decoded, one character for each byte, as PEP 3333 has it. A
            slash in a segment may have stayed encoded, as ``%2F``.
        query: Query of the request, as sent.
        host: Its ``Host`` field.

    See: RFC 7616 section 3.4.6.
    """
    if not uri.startswith("/"):
        _, separator, rest = uri.partition("://")
        authority, slash, rest = rest.partition("/")
        if not separator or authority.lower() != host.lower():
            return False
        uri = slash + rest or "/"
    own_path, _, own_query = uri.partition("?")
    return own_query == query and path in _decoded(own_path)


def _decoded(path: str) -> Iterator[str]:
    """Yield what a server may make of an encoded path: encoded slashes may stay as they are."""
    raw_path = path.encode("latin-1", "replace")
    yield unquote_to_bytes(raw_path).decode("latin-1")
    parts = raw_path.replace(b"%2f", b"%2F").split(b"%2F")
    yield b"%2F".join(map(unquote_to_bytes, parts)).decode("latin-1")
