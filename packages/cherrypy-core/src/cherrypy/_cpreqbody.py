"""The content of requests, by the path that applications know; loaded when first used."""

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from cherrypy._runtime.compat import ntou as ntou
from cherrypy._runtime.overriding import publish

if TYPE_CHECKING:
    from cherrypy._request.body import RequestBody
    from cherrypy._request.entity import (
        Entity,
        Part,
        process_multipart,
        process_multipart_form_data,
        process_urlencoded,
    )
    from cherrypy._request.readers import SizedReader

__all__ = [
    "Entity",
    "Part",
    "RequestBody",
    "SizedReader",
    "process_multipart",
    "process_multipart_form_data",
    "process_urlencoded",
]


def unquote_plus(bs: bytes) -> bytes:
    """Decode a name or value of a form: ``+`` is a space, ``%20`` the byte of that number."""
    return unquote_to_bytes(bs.replace(b"+", b" "))


def _old_process_multipart(entity: Any) -> None:
    """Read a multipart body that is not a form, as ``Entity.processors`` says."""
    entity.processors["multipart"](entity)


publish(__name__, "cherrypy._request.entity", "cherrypy._request.body", "cherrypy._request.readers")
