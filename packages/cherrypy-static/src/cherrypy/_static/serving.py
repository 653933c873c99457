"""Directories and files as configured: all that follows from the settings is decided once."""

import logging
import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NoReturn, ParamSpec

from cherrypy._runtime.errors import NOT_MODIFIED_DROPS, HTTPError, HTTPRedirect
from cherrypy._runtime.iterators import set_vary_header
from cherrypy._runtime.messages import Request, Response
from cherrypy._runtime.urls import url
from cherrypy._static.answers import NOT_MODIFIED, answer
from cherrypy._static.listing import listing_page, names_in
from cherrypy._static.media_types import DEFAULT_TYPE, UNKNOWN, extension_of, type_of_extension
from cherrypy._static.names import OutsideError, has_dots, is_hidden, names_a_folder, segments_of
from cherrypy._static.neighbours import Open, acceptable, coding_names, find_neighbour
from cherrypy._static.opening import MISSING, Way, open_below, open_file, way_below, way_to
from cherrypy._static.plain_files import PlainFile
from cherrypy._static.representation import describe
from cherrypy._static.settings import Freshness, absolute_path, checked_types, compiled
from cherrypy._static.sources import OpenedFile
from cherrypy._tools.function import ToolFunction

MAX_PLAIN_FILES = 4096
"""Paths that are remembered for one configuration of a tool."""
MAX_PLAIN_PATH = 256
"""Characters of a path that is remembered."""

P = ParamSpec("P")

_READS = frozenset({"GET", "HEAD"})
_IS_WINDOWS = os.name == "nt"


class StaticContent(ABC):
    """The files that a tool serves, with its settings as they are for a part of the site.

    Args:
        match: Regular expression that paths have to match, below the mount point.
        content_types: Media types by extension, without its dot.
        max_age: Seconds for which clients may keep a file without asking.
        immutable: See :class:`Freshness`.
        precompressed: Whether ``app.js.br``, ``.zst`` or ``.gz`` is sent for ``app.js`` to clients
            that accept it; or a list of the content codings, the best first.

    Attributes:
        function: Does the tool's work for a request.

    Raises:
        ValueError: A setting makes no sense.
    """

    tool: ClassVar[str]
    """Name of the tool in the configuration."""
    required: ClassVar[str]
    """Setting without which nothing can be served."""

    def __init__(
        self,
        match: str,
        content_types: Mapping[str, str] | None,
        max_age: float | None,
        immutable: bool | str,
        precompressed: object,
    ) -> None:
        self._match = compiled(f"{self.tool}.match", match) if match else None
        self._content_types = checked_types(f"{self.tool}.content_types", content_types)
        self._freshness = Freshness(self.tool, max_age, immutable)
        self._codings = coding_names(precompressed, f"{self.tool}.precompressed")
        self._plain_files: dict[str, PlainFile] = {}
        self.function = ToolFunction(self._answer)

    @classmethod
    def prepare(cls, **settings: Any) -> ToolFunction[[], None]:
        """Return the function that serves requests under some settings (:class:`ToolFunction`)."""
        if cls.required not in settings:
            raise ValueError(f"{cls.tool}.{cls.required} is not set, but the tool is on")
        return cls(**settings).function

    @abstractmethod
    def serve(self, request: Request, response: Response) -> bool:
        """Answer a request, if there is a file for it.

        Returns:
            Whether the response is set.

        Raises:
            HTTPError: 403 for a file that is outside of the directory or may not be read; 412, 416.
        """

    def _answer(self, request: Request, response: Response) -> None:
        """Answer in place of the page handler, if there is a file for the request."""
        if request.found_handler is None:
            return  # another tool has answered already, with a login form for example
        plain = self._plain_files.get(request.path_info)  # other threads may drop it meanwhile
        if (
            plain is not None
            and request.method == "GET"
            and response.may_finish(request, self.function)
            and plain.finish(request, response)
        ) or self.serve(request, response):
            request.handler = None

    def _matches(self, path: str) -> bool:
        return self._match is None or self._match.search(path) is not None

    def _send(
        self,
        request: Request,
        response: Response,
        file: OpenedFile,
        name: str,
        cache_control: str | None,
        open_suffixed: Open,
    ) -> None:
        """Answer with a regular file that is open, or with a compressed neighbour of it.

        The file is closed, at once or with the content.
        """
        coding = ""
        try:
            if self._codings:
                coding, file = self._chosen(request, response, file, open_suffixed)
            known = describe(file.status, response.time, coding)
            media_type = type_of_extension(extension_of(name), self._content_types)
            media_type = media_type or unknown_type(response)
        except BaseException:
            file.close()
            raise
        chunks = answer(request, response, file, known, media_type)
        headers = response.headers
        if chunks is None:
            for field in NOT_MODIFIED_DROPS:
                headers.pop(field, None)
            response.status = NOT_MODIFIED
        elif coding:
            headers["Content-Encoding"] = coding
        response.body = chunks
        if cache_control is not None:  # at the end, as a refusal is not to be kept
            headers.setdefault("Cache-Control", cache_control)

    def _chosen(
        self, request: Request, response: Response, file: OpenedFile, open_suffixed: Open
    ) -> tuple[str, OpenedFile]:
        """Choose the file itself, or a neighbour that the client likes more, with its coding."""
        liked = acceptable(request.headers.get("Accept-Encoding"), self._codings)
        found, varies = find_neighbour(file.status, liked, self._codings, open_suffixed)
        if varies:
            set_vary_header(response, "Accept-Encoding")
        if found is None:
            return "", file
        file.close()
        return found

    def _remember(self, path: str, way: Way, name: str, cache_control: str | None) -> None:
        """Have the next requests for a path answered in the short way, where that is possible."""
        if self._codings or len(path) > MAX_PLAIN_PATH:
            return
        if len(self._plain_files) >= MAX_PLAIN_FILES:
            self._plain_files.clear()
        self._plain_files[path] = PlainFile(way, name, self._content_types, cache_control)


class StaticDirectory(StaticContent):
    """A directory whose files are served.

    Args:
        section: Path of the URLs below of which the files are.
        dir: The directory: an absolute path, or one below ``root``.
        root: Absolute path.
        match: As for all static content.
        content_types: As for all static content.
        index: Name of the file that stands for a folder.
        debug: Not used any more.
        max_age: As for all static content.
        immutable: As for all static content.
        precompressed: As for all static content.
        hidden: Whether names that begin with a dot are served; ``.well-known`` always is.
        listing: Whether a folder without index is listed.
        follow_links: Whether links may lead out of the directory.

    Raises:
        ValueError: A setting makes no sense.
    """

    tool = "tools.staticdir"
    required = "dir"

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
        precompressed: object = False,
        hidden: bool = True,
        listing: bool = False,
        follow_links: bool = False,
    ) -> None:
        self.path = absolute_path("tools.staticdir.dir", dir, root)
        super().__init__(match, content_types, max_age, immutable, precompressed)
        self._prefix = ("" if section == "global" else section.rstrip("/\\")) + "/"
        self._offset = len(self._prefix)
        self._index = segments_of(index, is_windows=_IS_WINDOWS) if index else None
        self._with_hidden = hidden
        self._is_listed = listing
        self._follow_links = follow_links

    def serve(self, request: Request, response: Response) -> bool:
        """Answer a request with a file below the directory, if there is one."""
        segments = self._segments(request)
        if segments is None:
            return False
        branch = self._branch(request.path_info)
        is_canonical = not has_dots(branch)
        if not is_canonical and not names_a_folder(branch):
            self._redirect(request, segments)  # without a look at what is there
        file = self._open(request, segments)
        if file is None:
            return False
        if stat.S_ISDIR(file.status.st_mode) and not is_canonical:
            file.close()
            self._redirect(request, [*segments, ""])
        if stat.S_ISDIR(file.status.st_mode):
            is_index = branch[-1:] in {"", "/"}
            return self._serve_folder(request, response, file, segments, is_index=is_index)
        if names_a_folder(branch) or not file.is_regular:
            file.close()  # something follows the name of a file; or it is a pipe or a device
            return False
        cache_control = self._send_below(request, response, file, segments)
        if branch == "/".join(segments) and request.path_info not in self._plain_files:
            way = way_below(self.path, segments, follow_links=self._follow_links)
            self._remember(request.path_info, way, segments[-1], cache_control)
        return True

    def _redirect(self, request: Request, segments: list[str]) -> NoReturn:
        """Send a client to the path as it is without dots: settings may apply there.

        Raises:
            HTTPRedirect: Always.
        """
        path = request.path_info[: self._offset] + "/".join(segments)
        raise HTTPRedirect(url(path, request.query_string), 301)

    def _branch(self, path: str) -> str:
        """Return the part of a path that is below the directory."""
        return path[self._offset :].lstrip("/")

    def _segments(self, request: Request) -> list[str] | None:
        """Return the names on the way to the file that a request asks for.

        Returns:
            ``None`` if a file of such a name is not served, the path leads up, or the settings are
            those of another path.
        """
        path = request.path_info
        if self._prefix[0] == "/" and not f"{path}/".startswith(self._prefix):
            return None
        if request.method not in _READS or not self._matches(path):
            return None
        branch = self._branch(path)
        try:
            segments = segments_of(branch, is_windows=_IS_WINDOWS)
        except OutsideError:
            return None
        if segments is None or not (self._with_hidden or not is_hidden(segments)):
            return None
        slash = "/" if segments and names_a_folder(branch) else ""
        # the same file may be asked for in other words, which say less than its own path
        canonical = f"{path[: self._offset]}{'/'.join(segments)}{slash}"
        return segments if self._matches(canonical) else None

    def _open(self, request: Request, segments: list[str]) -> OpenedFile | None:
        """Open a file or folder; ``None`` if there is none.

        Raises:
            HTTPError: 403.
        """
        try:
            return opened(open_below, self.path, segments, follow_links=self._follow_links)
        except OutsideError:
            _log_link(request, self.path, segments)
            raise HTTPError(403) from None

    def _serve_folder(
        self,
        request: Request,
        response: Response,
        folder: OpenedFile,
        segments: list[str],
        *,
        is_index: bool,
    ) -> bool:
        """Answer with the index of a folder, or with a list of its files."""
        try:
            if self._index:
                names = [*segments, *self._index]
                file = self._open(request, names)
                if file is not None and file.is_regular:
                    request.is_index = is_index
                    self._send_below(request, response, file, names)
                    return True
                if file is not None:
                    file.close()
            if not self._is_listed:
                return False
            request.is_index = True  # links on the page are relative to the URL with a slash
            self._send_list(request, response, folder)
            return True
        finally:
            folder.close()

    def _send_list(self, request: Request, response: Response, folder: OpenedFile) -> None:
        if os.scandir not in os.supports_fd:
            raise HTTPError(403)
        names = names_in(folder.descriptor, with_hidden=self._with_hidden)
        path = request.script_name + request.path_info
        response.headers["Content-Type"] = "text/html;charset=utf-8"
        response.body = listing_page(path if path.endswith("/") else f"{path}/", names)

    def _send_below(
        self, request: Request, response: Response, file: OpenedFile, segments: list[str]
    ) -> str | None:
        """Answer with a regular file that is open; return its Cache-Control."""
        *folder, name = segments
        cache_control = self._freshness.field(request.path_info)

        def open_suffixed(suffix: str) -> int:
            names = [*folder, name + suffix]
            return open_below(self.path, names, follow_links=self._follow_links)

        self._send(request, response, file, name, cache_control, open_suffixed)
        return cache_control


class StaticFile(StaticContent):
    """One file that is served.

    Args:
        filename: Its path: an absolute one, or one below ``root``.
        root: Absolute path.
        match: As for all static content.
        content_types: As for all static content.
        debug: Not used any more.
        max_age: As for all static content.
        precompressed: As for all static content.

    Raises:
        ValueError: A setting makes no sense.
    """

    tool = "tools.staticfile"
    required = "filename"

    def __init__(
        self,
        filename: str | os.PathLike[str],
        root: str | os.PathLike[str] | None = None,
        match: str = "",
        content_types: Mapping[str, str] | None = None,
        debug: bool = False,
        max_age: float | None = None,
        precompressed: object = False,
    ) -> None:
        self.path = absolute_path("tools.staticfile.filename", filename, root)
        super().__init__(match, content_types, max_age, False, precompressed)

    def serve(self, request: Request, response: Response) -> bool:
        """Answer a request with the file, if it is there."""
        if request.method not in _READS or not self._matches(request.path_info):
            return False
        file = open_regular(self.path)
        if file is None:
            return False
        cache_control = self._freshness.field("")
        self._send(
            request,
            response,
            file,
            self.path,
            cache_control,
            lambda suffix: open_file(self.path + suffix),
        )
        if request.path_info not in self._plain_files:
            self._remember(request.path_info, way_to(self.path), self.path, cache_control)
        return True


def unknown_type(response: Response) -> str | None:
    """Return the media type of a file whose extension is not known.

    ``None`` if the application has set one. CherryPy sends ``text/html``, which would let anyone
    who can upload a file run scripts on this site.
    """
    return UNKNOWN if response.headers.get("Content-Type") in {None, DEFAULT_TYPE} else None


def open_regular(path: str) -> OpenedFile | None:
    """Open a file wherever links lead; ``None`` if there is none, or it is a folder or a device.

    Raises:
        HTTPError: 403 if it may not be read.
    """
    file = opened(open_file, path)
    if file is None or file.is_regular:
        return file
    file.close()
    return None


def opened(
    open_: Callable[P, int], /, *arguments: P.args, **options: P.kwargs
) -> OpenedFile | None:
    """Open a file or folder by a function of :mod:`cherrypy._static.opening`; ``None`` for none.

    Raises:
        HTTPError: 403 if it may not be read.
    """
    try:
        return OpenedFile(open_(*arguments, **options))
    except PermissionError:
        raise HTTPError(403) from None  # where it is, is not for the client
    except OSError as error:
        if error.errno in MISSING:
            return None
        raise


def _log_link(request: Request, directory: str, segments: list[str]) -> None:
    """Tell the administrator why a file is refused that seems to be there."""
    message = (
        f"{'/'.join(segments)!r} in {directory!r} is a link that leads out of the directory: "
        "tools.staticdir.follow_links = True lets such links be followed"
    )
    request.app.log(message, "STATIC", logging.WARNING)
