"""The command ``cherrypy-compress``: writes compressed neighbours of files."""

import argparse
import os
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from cherrypy._static.neighbours import SUFFIXES
from cherrypy.lib.content_coding import CODINGS, MINIMUM_SIZE

LEVELS = {"br": 11, "zstd": 19, "gzip": 9}
"""How hard each coding tries: it is done once, so it may take its time."""

WORTHWHILE = 0.95
"""How large the compressed file may be, measured by the file itself."""

COMPRESSED = frozenset(
    {
        *(".7z", ".br", ".bz2", ".gz", ".rar", ".tgz", ".xz", ".zip", ".zst"),
        *(".avif", ".gif", ".jpeg", ".jpg", ".png", ".webp"),
        *(".flac", ".mkv", ".mov", ".mp3", ".mp4", ".oga", ".ogg", ".ogv", ".webm"),
        *(".woff", ".woff2"),
    }
)
"""Extensions of files that are compressed already."""

_CHUNK = 1 << 20  # bytes that are read at a time


def compress_file(path: Path, coding: str) -> Path | None:
    """Write the compressed form of a file beside it, with the same date.

    It appears as a whole, or not at all: it may be served meanwhile.

    Args:
        path: The file.
        coding: ``br``, ``zstd`` or ``gzip``.

    Returns:
        The path of the neighbour; ``None`` if it saves too little.

    Raises:
        OSError: The file cannot be read, or the neighbour not be written.
        ImportError: The compressor is not installed.
    """
    neighbour = path.with_name(path.name + SUFFIXES[coding])
    partial = path.with_name(f".{path.name}{SUFFIXES[coding]}.{os.getpid()}.part")
    compressor = CODINGS[coding][0](LEVELS[coding])
    try:
        with path.open("rb") as source, partial.open("xb") as target:
            status = os.fstat(source.fileno())
            while chunk := source.read(_CHUNK):
                target.write(compressor.compress(chunk))
            target.write(compressor.finish())
            size = target.tell()
        if size > status.st_size * WORTHWHILE:
            return None
        partial.chmod(stat.S_IMODE(status.st_mode))
        os.utime(partial, ns=(status.st_atime_ns, status.st_mtime_ns))
        partial.replace(neighbour)
    finally:
        partial.unlink(missing_ok=True)
    return neighbour


def candidates(paths: Iterable[Path]) -> Iterator[Path]:
    """Find the files that may be worth it, in folders and those below them.

    Hidden ones, links, small ones and those that are compressed already are left out.
    """
    for path in paths:
        if path.is_dir():
            for folder, folders, names in os.walk(path):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                yield from filter(_is_candidate, (Path(folder, name) for name in sorted(names)))
        elif _is_candidate(path):
            yield path


def _is_candidate(path: Path) -> bool:
    if path.name.startswith(".") or path.suffix.lower() in COMPRESSED or path.is_symlink():
        return False
    return path.is_file() and path.stat().st_size >= MINIMUM_SIZE


def is_up_to_date(path: Path, coding: str) -> bool:
    """Tell whether a file has a neighbour of the same date."""
    try:
        neighbour = path.with_name(path.name + SUFFIXES[coding]).stat()
    except OSError:
        return False
    return neighbour.st_mtime_ns == path.stat().st_mtime_ns


def is_available(coding: str) -> bool:
    """Tell whether the compressor of a content coding is installed."""
    try:
        CODINGS[coding][0](1)
    except ImportError:
        return False
    return True


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        The exit code: 0; 1 if a file could not be read or its neighbour not be written; argparse
        ends with 2 if the command line makes no sense.
    """
    parser = argparse.ArgumentParser(
        prog="cherrypy-compress",
        description="Writes app.js.br, app.js.zst and app.js.gz beside app.js, "
        "for tools.staticdir.precompressed.",
    )
    parser.add_argument("path", nargs="+", type=Path, help="a folder, or a file")
    parser.add_argument(
        "--coding",
        action="append",
        choices=sorted(SUFFIXES),
        help="a content coding, may be repeated; by default all that are installed",
    )
    chosen = parser.parse_args(arguments)
    for path in chosen.path:
        if not path.exists():
            parser.error(f"{path} does not exist")
    for coding in chosen.coding or ():
        if not is_available(coding):
            extra = CODINGS[coding][1]
            parser.error(f"{coding} needs an extra: pip install cherrypy-core[{extra}]")
    return _compress_all(chosen.path, chosen.coding or [*filter(is_available, SUFFIXES)])


def _compress_all(paths: Sequence[Path], codings: Sequence[str]) -> int:
    code = 0
    for path in candidates(paths):
        for coding in codings:
            try:
                if is_up_to_date(path, coding):
                    continue
                neighbour = compress_file(path, coding)
            except OSError as error:
                sys.stderr.write(f"{path}: {error}\n")
                code = 1
                continue
            if neighbour is not None:
                before, after = path.stat().st_size, neighbour.stat().st_size
                sys.stdout.write(f"{neighbour}: {after} of {before} bytes\n")
    return code
