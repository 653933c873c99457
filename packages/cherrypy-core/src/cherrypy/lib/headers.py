"""Parsing of a field value with parameters."""

from cherrypy._http.elements import HeaderElement

__all__ = ["parse_header"]


def parse_header(line: str) -> tuple[str, dict[str, str]]:
    """Split a value such as ``form-data; name="x"`` into itself and its parameters."""
    return HeaderElement.parse(line)
