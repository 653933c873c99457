"""JSON: values to text and back (RFC 8259), and the three names of CherryPy 18."""

import json
from collections.abc import Iterator

from cherrypy._json import fast

__all__ = ["decode", "encode", "json"]

decode = json.JSONDecoder().decode


def encode(value: object) -> Iterator[bytes]:
    """Encode a value as JSON text, in pieces, of which there is one."""
    yield fast.encode(value)
