"""Text as PEP 3333 hands it over, octets as characters of Latin-1, and as HTML has it."""

HTML = "text/html;charset=utf-8"
"""Content type of the pages that are made here."""


def decoded_path(wsgi_text: str, encoding: str = "utf-8") -> str:
    """Return the text that octets mean in a charset, or else Latin-1 (RFC 3986 section 2.5)."""
    if wsgi_text.isascii():
        return wsgi_text
    try:
        return wsgi_text.encode("latin-1").decode(encoding)
    except (LookupError, UnicodeError):
        return wsgi_text


def encoded_path(text: str) -> str:
    """Return text as octets, the reverse of :func:`decoded_path`."""
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("latin-1")


def escape(text: str) -> str:
    """Return text as it is written in the content of HTML, outside of tags."""
    # html.escape takes 3 ms to import, for its table of entities
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape_attribute(text: str) -> str:
    """Return text as it is written in a quoted attribute of HTML."""
    return escape(text).replace('"', "&quot;").replace("'", "&#x27;")
