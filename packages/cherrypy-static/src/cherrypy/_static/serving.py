"""Directories and files that are configured to be served: what follows from it is decided once."""

import logging
import os
import re
import stat
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from cherrypy._runtime.errors import NOT_MODIFIED_DROPS, HTTPError
from cherrypy._runtime.iterators import set_vary_header
from cherrypy._static.answers import NOT_MODIFIED, answer, is_plain_get
from cherrypy._static.listing import listing_page, names_in
from cherrypy._static.media_types import UNKNOWN, media_type_of
from cherrypy._static.names import OutsideError, is_hidden, segments_of
from cherrypy._static.neighbours import Open, acceptable, coding_names, find_neighbour
from cherrypy._static.opening import MISSING, looker_below, open_below, open_file
from cherrypy._static.plain_files import Answerer, FileShortcut, Lines, plain_answer
from cherrypy._static.representation import describe
from cherrypy._static.sources import OpenedFile

Request = Any
Response = Any

HASHED_NAME = r"[.-](?=[0-9]*[a-f])[0-9a-f]{8,}\.[^/]*\Z"
"""Names that build tools give: with a hash of the content, as in ``app.3f2a9c1b.js``.

There is a letter in it, so that the date in ``photo-20260131.jpg`` is not taken for one.
"""

YEAR = 31_536_000  # seconds

_DEFAULT_TYPE = "text/html"  # of a response that nobody has said anything of
_READS = frozenset({"GET", "HEAD"})
_IS_WINDOWS = os.name == "nt"


class Freshness:
    """For how long clients may keep files without asking (RFC 9111 section 5.2, RFC 8246).

    Args:
        tool: Name of the tool, for errors.
        max_age: Seconds; ``None`` says nothing.
        immutable: Whether names with a hash in them never get another content, or a regular
            expression for the paths for which that is so.
    """

    def __init__(self, tool: str, max_age: float | None, immutable: bool | str) -> None:
        if max_age is not None and (isinstance(max_age, bool) or not 0 <= max_age < 2**31):
            raise ValueError(
                f"tools.{tool}.max_age = {max_age!r}: expected seconds, from 0 to 2147483647"
            )
        self._plain = None if max_age is None else f"max-age={int(max_age)}"
        pattern = HASHED_NAME if immutable is True else immutable
        self._immutable = _compiled(f"tools.{tool}.immutable", pattern) if pattern else None

    def field(self, path: str) -> str | None:
        """Return the value of Cache-Control for a path; ``None`` if nothing is said."""
        if self._immutable is not None and self._immutable.search(path):
            return f"max-age={YEAR}, immutable"
        return self._plain

    def lines(self, path: str) -> Lines:
        """Return the same as field lines."""
        field = self.field(path)
        return [] if field is None else [("Cache-Control", field)]

    def tell(self, response: Response, path: str) -> None:
        """Set Cache-Control, unless the application has."""
        field = self.field(path)
        if field is not None:
            response.headers.setdefault("Cache-Control", field)


class FileSettings(NamedTuple):
    """What both tools are told of how files are sent."""

    content_types: Mapping[str, str] | None
    """Media types by extension."""
    freshness: Freshness
    codings: tuple[str, ...]
    """Content codings of which there may be a neighbour, the best first."""


class StaticDirectory:
    """A directory whose files are served.

    Args:
        section: Path of the URLs below of which the files are.
        dir: The directory: an absolute path, or one below ``root``.
        root: Absolute path.
        match: Regular expression that paths have to match, below the mount point.
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

    Raises:
        ValueError: A setting makes no sense.
    """

    def __init__(
        self,
        section: str,
        dir: str | os.PathLike[str],
        root: str | os.PathLike[str] = "",
        match: str = "",
        content_types: Mapping[str, str] | None = None,
        index: str = "",
        debug: bool = False,
        max_age: float | None = None,
        immutable: bool | str = False,
        precompressed: Any = False,
        hidden: bool = True,
        listing: bool = False,
        follow_links: bool = False,
    ) -> None:
        self.path = absolute_path("tools.staticdir.dir", dir, root)
        self._offset = len("" if section == "global" else section.rstrip("/\\")) + 1
        self._match = _compiled("tools.staticdir.match", match) if match else None
        self._index = segments_of(index, is_windows=_IS_WINDOWS) if index else None
        self._settings = FileSettings(
            checked_types("tools.staticdir.content_types", content_types),
            Freshness("staticdir", max_age, immutable),
            coding_names(precompressed, "tools.staticdir.precompressed"),
        )
        self._with_hidden = hidden
        self._is_listed = listing
        self._follow_links = follow_links

    def serve(self, request: Request, response: Response, *, is_final: bool = False) -> bool:
        """Answer a request with a file, if there is one.

        Args:
            request: The request.
            response: Its response.
            is_final: Whether the response may be finished, see ``may_finish``.

        Returns:
            Whether the response is set.

        Raises:
            HTTPError: 403 for what is outside of the directory or may not be read, 412 or 416.
        """
        path = request.path_info
        if request.method not in _READS or (
            self._match is not None and not self._match.search(path)
        ):
            return False
        branch = path[self._offset :]
        if branch[:1] == "/":
            branch = branch.lstrip("/")
        try:
            segments = segments_of(branch, is_windows=_IS_WINDOWS)
        except OutsideError:
            raise HTTPError(403) from None
        if segments is None or not (self._with_hidden or not is_hidden(segments)):
            return False
        file = self._open(request, segments)
        if file is None:
            return False
        is_folder = not branch or branch[-1] == "/"
        if stat.S_ISDIR(file.status.st_mode):
            return self._serve_folder(request, response, file, segments, is_index=is_folder)
        if is_folder or not stat.S_ISREG(file.status.st_mode):
            file.close()  # a slash after the name of a file; a pipe or a device
            return False
        self._send(request, response, file, segments, is_final=is_final)
        return True

    def offer_shortcut(self, path: str) -> Answerer | None:
        """Offer what answers the next requests for a file that was just sent plainly.

        Args:
            path: Path below the mount point.

        Returns:
            A function of the environ of a GET, see ``cherrypy._app.shortcuts`` in the core; or
            ``None``, if the path is one of many that lead to the same file.
        """
        branch = path[self._offset :]
        segments = segments_of(branch, is_windows=_IS_WINDOWS)
        if (
            not segments
            or branch != "/".join(segments)
            or not _is_constant(self._settings.content_types)
        ):
            return None
        return FileShortcut(
            looker_below(self.path, segments),
            partial(open_below, self.path, segments, follow_links=self._follow_links),
            segments[-1],
            self._settings.content_types,
            self._settings.freshness.lines(path),
        ).answer

    def _open(self, request: Request, segments: list[str]) -> OpenedFile | None:
        """Open a file or folder; ``None`` if there is none.

        Raises:
            HTTPError: 403.
        """
        try:
            return OpenedFile.of(open_below(self.path, segments, follow_links=self._follow_links))
        except OutsideError:
            _log_link(request, self.path, segments)
            raise HTTPError(403) from None
        except OSError as error:
            if is_missing(error):
                return None
            raise

    def _serve_folder(
        self,
        request: Request,
        response: Response,
        folder: OpenedFile,
        segments: list[str],
        *,
        is_index: bool,
    ) -> bool:
        """Answer with the index of a folder, or with a list of what is in it."""
        try:
            if self._index:
                names = [*segments, *self._index]
                file = self._open(request, names)
                if file is not None and stat.S_ISREG(file.status.st_mode):
                    request.is_index = is_index
                    self._send(request, response, file, names, is_final=False)
                    return True
                if file is not None:
                    file.close()
            if not self._is_listed:
                return False
            request.is_index = True  # links on the page are relative to the URL with a slash
            response.body = self._list(request, response, folder)
            return True
        finally:
            folder.close()

    def _list(self, request: Request, response: Response, folder: OpenedFile) -> bytes:
        if os.scandir in os.supports_fd:
            names = names_in(folder.descriptor, with_hidden=self._with_hidden)
        else:
            raise HTTPError(403)
        path = request.script_name + request.path_info
        response.headers["Content-Type"] = "text/html;charset=utf-8"
        return listing_page(path if path.endswith("/") else f"{path}/", names)

    def _send(
        self,
        request: Request,
        response: Response,
        file: OpenedFile,
        segments: list[str],
        *,
        is_final: bool,
    ) -> None:
        *folder, name = segments
        send_as_configured(
            request,
            response,
            file,
            name,
            self._settings,
            request.path_info,
            lambda suffix: open_below(
                self.path, [*folder, name + suffix], follow_links=self._follow_links
            ),
            is_final=is_final,
        )


class StaticFile:
    """One file that is served.

    Args:
        filename: Its path: an absolute one, or one below ``root``.
        root: Absolute path.
        match: Regular expression that paths have to match, below the mount point.
        content_types: Media types by extension, without its dot.
        debug: Not used any more.
        max_age: Seconds for which clients may keep it without asking.
        precompressed: As for a directory.

    Raises:
        ValueError: A setting makes no sense.
    """

    def __init__(
        self,
        filename: str | os.PathLike[str],
        root: str | os.PathLike[str] | None = None,
        match: str = "",
        content_types: Mapping[str, str] | None = None,
        debug: bool = False,
        max_age: float | None = None,
        precompressed: Any = False,
    ) -> None:
        self.path = absolute_path("tools.staticfile.filename", filename, root)
        self._match = _compiled("tools.staticfile.match", match) if match else None
        self._settings = FileSettings(
            checked_types("tools.staticfile.content_types", content_types),
            Freshness("staticfile", max_age, immutable=False),
            coding_names(precompressed, "tools.staticfile.precompressed"),
        )

    def serve(self, request: Request, response: Response, *, is_final: bool = False) -> bool:
        """Answer a request with the file, if it is there.

        Args:
            request: The request.
            response: Its response.
            is_final: As for a directory.

        Returns:
            Whether the response is set.

        Raises:
            HTTPError: 403 if it may not be read, 412 or 416.
        """
        if request.method not in _READS or (
            self._match is not None and not self._match.search(request.path_info)
        ):
            return False
        file = open_regular(self.path)
        if file is None:
            return False
        send_as_configured(
            request,
            response,
            file,
            self.path,
            self._settings,
            "",
            lambda suffix: open_file(self.path + suffix),
            is_final=is_final,
        )
        return True

    def offer_shortcut(self, _path: str) -> Answerer | None:
        """Offer what answers the next requests, as a directory does."""
        if not _is_constant(self._settings.content_types):
            return None
        return FileShortcut(
            partial(os.stat, self.path),
            partial(open_file, self.path),
            self.path,
            self._settings.content_types,
            self._settings.freshness.lines(""),
        ).answer


def send_as_configured(
    request: Request,
    response: Response,
    file: OpenedFile,
    name: str,
    settings: FileSettings,
    path: str,
    open_suffixed: Open,
    *,
    is_final: bool,
) -> None:
    """Answer with a regular file that is open, as the settings of a tool want it.

    Args:
        request: The request.
        response: Its response.
        file: The file; it is closed in any case, at once or with the content.
        name: Its name.
        settings: Settings of the tool.
        path: Path by which it is told how long the file stays fresh.
        open_suffixed: Opens a neighbour of the file.
        is_final: Whether the response may be finished.
    """
    content_types, freshness, codings = settings
    try:
        if is_final and not codings and is_plain_get(request):
            lines = freshness.lines(path)
            plain = plain_answer(request.wsgi_environ, file, name, content_types, lines)
            if plain is not None:
                response.finish_with(*plain)
                return
    except BaseException:
        file.close()
        raise
    if codings:
        send_negotiated(request, response, file, name, content_types, codings, open_suffixed)
    else:
        send(request, response, file, name, content_types)
    freshness.tell(response, path)  # last, as what is refused is not to be kept


def send(
    request: Request,
    response: Response,
    file: OpenedFile,
    name: str,
    content_types: Mapping[str, str] | None,
    coding: str = "",
) -> bool:
    """Answer with a file that is open.

    Returns:
        Whether its content, or a part of it, is sent; it is not if the client has it.
    """
    try:
        known = describe(file.status, response.time, coding)
        media_type = media_type_of(name, content_types) or unknown_type(response)
    except BaseException:
        file.close()
        raise
    chunks = answer(request, response, file, known, media_type)
    if chunks is None:
        for field in NOT_MODIFIED_DROPS:
            response.headers.pop(field, None)
        response.status = NOT_MODIFIED
        response.body = None
        return False
    if not response.own_methods:
        response.chunks = chunks  # PERF: octets in a list, or an iterator, need no look at them
    else:
        response.body = chunks
    return True


def send_negotiated(
    request: Request,
    response: Response,
    file: OpenedFile,
    name: str,
    content_types: Mapping[str, str] | None,
    codings: tuple[str, ...],
    open_suffixed: Open,
) -> None:
    """Answer with a file that is open, or with a compressed neighbour of it."""
    try:
        liked = acceptable(request.headers.get("Accept-Encoding"), codings)
        found, varies = find_neighbour(file.status, liked, codings, open_suffixed)
        if varies:
            set_vary_header(response, "Accept-Encoding")
    except BaseException:
        file.close()
        raise
    if found is None:
        send(request, response, file, name, content_types)
        return
    file.close()
    if send(request, response, found.file, name, content_types, found.coding):
        response.headers["Content-Encoding"] = found.coding


def unknown_type(response: Response) -> str | None:
    """Return the media type of a file whose extension says nothing.

    ``None`` if the application has said one. What CherryPy sends, ``text/html``, would let who
    uploads a file run scripts on this site.
    """
    return UNKNOWN if response.headers.get("Content-Type") in {None, _DEFAULT_TYPE} else None


def open_regular(path: str) -> OpenedFile | None:
    """Open a file wherever links lead; ``None`` if there is none, or it is a folder or a device.

    Raises:
        HTTPError: 403 if it may not be read.
    """
    try:
        file = OpenedFile.of(open_file(path))
    except OSError as error:
        if is_missing(error):
            return None
        raise
    if stat.S_ISREG(file.status.st_mode):
        return file
    file.close()
    return None


def _log_link(request: Request, directory: str, segments: list[str]) -> None:
    """Tell who runs the site why a file is refused that seems to be there."""
    message = (
        f"{'/'.join(segments)!r} in {directory!r} is a link that leads out of the directory: "
        "tools.staticdir.follow_links = True lets such links be followed"
    )
    request.app.log(message, "STATIC", logging.WARNING)


def is_missing(error: OSError) -> bool:
    """Tell whether an error means that there is no such file.

    Raises:
        HTTPError: 403, if it means that the file may not be read.
    """
    if isinstance(error, PermissionError):
        raise HTTPError(403) from None  # where it is, is not for the client
    return error.errno in MISSING


def absolute_path(
    key: str, path: str | os.PathLike[str], root: str | os.PathLike[str] | None
) -> str:
    """Return the path that a setting names.

    Args:
        key: Name of the setting, for the error.
        path: Its value; ``~`` stands for the home directory.
        root: Value of the setting ``root`` of the same tool.

    Raises:
        ValueError: It is not absolute.
    """
    text = os.path.expanduser(os.fspath(path))
    if not os.path.isabs(text) and root:
        text = os.path.join(os.path.expanduser(os.fspath(root)), text)
    if not os.path.isabs(text):
        tool = key.rpartition(".")[0]
        raise ValueError(
            f"{key} = {os.fspath(path)!r}: expected an absolute path, or {tool}.root to be one "
            "that it is below of"
        )
    return os.path.normpath(text)


def checked_types(key: str, content_types: Any) -> Mapping[str, str] | None:
    """Return the media types that a setting lists.

    Raises:
        ValueError: It is no mapping.
    """
    if content_types is None or isinstance(content_types, Mapping):
        return content_types
    raise ValueError(
        f"{key} = {content_types!r}: expected media types by extension, such as "
        "{'glb': 'model/gltf-binary'}"
    )


def _is_constant(content_types: Mapping[str, str] | None) -> bool:
    """Tell whether media types are told without running code of the application."""
    return content_types is None or type(content_types) is dict


def _compiled(key: str, pattern: Any) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except (re.error, TypeError) as error:
        raise ValueError(f"{key} = {pattern!r}: expected a regular expression: {error}") from error
