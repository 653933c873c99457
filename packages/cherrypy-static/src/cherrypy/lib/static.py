"""Serve files: tools for directories and single files, and functions for page handlers."""

# some of these are here only for applications that take them from here
import mimetypes  # noqa: F401
import os
import re  # noqa: F401
import stat  # noqa: F401
import urllib  # noqa: F401
from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import IO, cast

from cherrypy._runtime.compat import ntob  # noqa: F401
from cherrypy._runtime.context import current
from cherrypy._runtime.errors import HTTPRedirect, NotFound
from cherrypy._runtime.iterators import file_generator_limited  # noqa: F401
from cherrypy._runtime.messages import Request, Response
from cherrypy._runtime.overriding import publish
from cherrypy._static.answers import NOT_MODIFIED, answer
from cherrypy._static.disposition import format_disposition
from cherrypy._static.media_types import extension_of, register_types, type_of_extension
from cherrypy._static.representation import UNKNOWN, describe
from cherrypy._static.serving import (
    StaticDirectory,
    StaticFile,
    open_regular,
    unknown_type,
)
from cherrypy._static.sources import FileObject
from cherrypy._static.tools import StaticFileTool, StaticTool
from cherrypy._tools.function import tool_function
from cherrypy.lib import cptools, httputil  # noqa: F401

register_types()

__all__ = ["serve_download", "serve_file", "serve_fileobj", "staticdir", "staticfile"]


def serve_file(
    path: str | os.PathLike[str],
    content_type: str | None = None,
    disposition: str | None = None,
    name: str | None = None,
    debug: bool = False,
) -> Iterable[bytes]:
    """Answer the current request with a file; return its result from a page handler.

    Conditions and ranges that the client asks for are dealt with.

    Args:
        path: Absolute path. Never let clients choose it: it may be any file of the system.
        content_type: Value of Content-Type; by default the one of the extension.
        disposition: ``attachment`` to have it saved, or ``inline``.
        name: Name under which it is to be saved; that of the file by default.
        debug: Not used any more.

    Returns:
        The body of the response.

    Raises:
        ValueError: The path is not absolute.
        NotFound: There is no such file.
        HTTPRedirect: 304, if the client has it already.
        HTTPError: 403 if it may not be read; 412 or 416 by what the client asks.
    """
    text = os.fspath(path)
    if not os.path.isabs(text):
        raise ValueError(f"{text!r}: expected an absolute path")
    serving = current.get()
    response = serving.response
    file = open_regular(text)
    if file is None:
        raise NotFound
    if content_type is None:
        content_type = type_of_extension(extension_of(text), None) or unknown_type(response)
    if disposition is not None:
        shown = os.path.basename(text) if name is None else name
        response.headers["Content-Disposition"] = format_disposition(disposition, shown)
    known = describe(file.status, response.time)
    return _body(response, answer(serving.request, response, file, known, content_type))


def serve_fileobj(
    fileobj: object,
    content_type: str | None = None,
    disposition: str | None = None,
    name: str | None = None,
    debug: bool = False,
) -> Iterable[bytes]:
    """Answer the current request with an open file, from where it is to its end.

    A file whose length cannot be found out, as it has no ``seek``, is sent as a stream, and no
    part of it can be asked for.

    Args:
        fileobj: Anything with ``read``; it is closed in the end. Or bytes, or an iterable of such,
            which is sent as if the handler had returned it.
        content_type: Value of Content-Type; by default that of the response is left as it is.
        disposition: ``attachment`` to have it saved, or ``inline``.
        name: Name under which it is to be saved.
        debug: Not used any more.

    Returns:
        The body of the response.

    Raises:
        HTTPRedirect: 304, if the client has it already.
        HTTPError: 412 or 416 by what the client asks.
    """
    serving = current.get()
    response = serving.response
    if disposition is not None:
        response.headers["Content-Disposition"] = format_disposition(disposition, name)
    if isinstance(fileobj, bytes):
        fileobj = BytesIO(fileobj)
    elif not hasattr(fileobj, "read"):
        if content_type is not None:
            response.headers["Content-Type"] = content_type
        response.body = fileobj
        return _given(response)
    source = FileObject(cast("IO[bytes]", fileobj))
    known = UNKNOWN if source.status is None else describe(source.status, response.time)
    return _body(response, answer(serving.request, response, source, known, content_type))


def serve_download(path: str | os.PathLike[str], name: str | None = None) -> Iterable[bytes]:
    """Answer the current request with a file that browsers save.

    Args:
        path: Absolute path.
        name: Name under which it is to be saved; that of the file by default.

    Returns:
        The body of the response.

    Raises:
        NotFound: There is no such file.
    """
    return serve_file(path, "application/x-download", "attachment", name)


def _body(response: Response, chunks: Iterable[bytes] | None) -> Iterable[bytes]:
    if chunks is None:
        raise HTTPRedirect([], NOT_MODIFIED)
    response.body = chunks
    return _given(response)


def _given(response: Response) -> Iterable[bytes]:
    body: Iterable[bytes] = response.body
    return body


@tool_function()
def staticdir(
    request: Request,
    response: Response,
    section: str,
    dir: str | os.PathLike[str],
    root: str | os.PathLike[str] = "",
    match: str = "",
    content_types: Mapping[str, str] | None = None,
    index: str = "",
    debug: bool = False,
    max_age: float | None = None,
    immutable: bool | str = False,
    precompressed: bool | str | list[str] | tuple[str, ...] = False,
    hidden: bool = True,
    listing: bool = False,
    follow_links: bool = False,
) -> bool:
    """Answer the current request with a file below a directory, if there is one.

    Args:
        section: Path of the URLs below of which the files are.
        dir: The directory: an absolute path, or one below ``root``.
        root: Absolute path.
        match: Regular expression that the path of the request has to match.
        content_types: Media types by extension, without its dot.
        index: Name of the file that stands for a folder.
        debug: Not used any more.
        max_age: Seconds for which clients may keep a file without asking.
        immutable: Whether names with a hash in them never get another content; or a regular
            expression for the paths of which that is true.
        precompressed: Whether ``app.js.br``, ``.zst`` or ``.gz`` is sent for ``app.js`` to clients
            that accept it; or a list of the content codings, the best first.
        hidden: Whether names that begin with a dot are served; ``.well-known`` always is.
        listing: Whether a folder without index is listed.
        follow_links: Whether links may lead out of the directory.

    Returns:
        Whether the response is set.

    Raises:
        ValueError: A setting makes no sense.
        HTTPError: 403 for a file that is outside of the directory or may not be read; 412; 416.
    """
    settings = (match, content_types, index, debug, max_age, immutable, precompressed, hidden)
    directory = StaticDirectory(section, dir, root, *settings, listing, follow_links)
    return directory.serve(request, response)


@tool_function()
def staticfile(
    request: Request,
    response: Response,
    filename: str | os.PathLike[str],
    root: str | os.PathLike[str] | None = None,
    match: str = "",
    content_types: Mapping[str, str] | None = None,
    debug: bool = False,
    max_age: float | None = None,
    precompressed: bool | str | list[str] | tuple[str, ...] = False,
) -> bool:
    """Answer the current request with a file, if it is there.

    Args:
        filename: Its path: an absolute one, or one below ``root``.
        root: Absolute path.
        match: Regular expression that the path of the request has to match.
        content_types: Media types by extension, without its dot.
        debug: Not used any more.
        max_age: Seconds for which clients may keep it without asking.
        precompressed: As for :func:`staticdir`.

    Returns:
        Whether the response is set.

    Raises:
        ValueError: A setting makes no sense.
        HTTPError: 403 if it may not be read, 412 or 416.
    """
    file = StaticFile(filename, root, match, content_types, debug, max_age, precompressed)
    return file.serve(request, response)


staticdir.prepare = StaticDirectory.prepare
staticfile.prepare = StaticFile.prepare
staticdir_tool = StaticTool(staticdir, "staticdir")
staticfile_tool = StaticFileTool(staticfile, "staticfile")

publish(__name__)
