"""Opening files below a directory: links, races, and what is no file."""

from __future__ import annotations

import errno
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from written_files import write

from cherrypy._static.names import OutsideError
from cherrypy._static.opening import MISSING, open_below, open_checked, open_file

if TYPE_CHECKING:
    from collections.abc import Callable

Open = "Callable[[str, Sequence[str]], int]"

BOTH_WAYS = pytest.mark.parametrize("open_it", [open_below, open_checked])
"""With descriptors of folders, and as on systems that have none."""


def read(descriptor: int) -> bytes:
    with open(descriptor, "rb") as file:
        return file.read()


@BOTH_WAYS
@pytest.mark.parametrize("path", ["digits.txt", "sub/inner.txt", "sub/deep/er/leaf.txt"])
def test_files(open_it: Callable[..., int], public: Path, path: str) -> None:
    write(public / path, path)
    assert read(open_it(str(public), path.split("/"))) == path.encode()


@BOTH_WAYS
def test_the_directory_itself_may_be_a_link(open_it: Callable[..., int], public: Path) -> None:
    link = public.parent / "current"
    link.symlink_to(public)
    assert read(open_it(str(link), ["sub", "inner.txt"])) == b"0123456789"


@BOTH_WAYS
@pytest.mark.parametrize(
    ("link", "goal", "asked"),
    [
        ("link.txt", "digits.txt", "link.txt"),
        ("link", "sub", "link/inner.txt"),
        ("sub/up.txt", "../digits.txt", "sub/up.txt"),
        ("twice", "once.txt", "twice"),
    ],
)
def test_links_that_stay_inside(
    open_it: Callable[..., int], public: Path, link: str, goal: str, asked: str
) -> None:
    (public / "once.txt").symlink_to("digits.txt")
    (public / link).symlink_to(goal)
    assert read(open_it(str(public), asked.split("/"))) == b"0123456789"


@BOTH_WAYS
@pytest.mark.parametrize(
    ("link", "goal", "asked"),
    [
        ("out.txt", "../secret.txt", "out.txt"),
        ("out", "..", "out/secret.txt"),
        ("sub/out", "../..", "sub/out/secret.txt"),
        ("beside", "../public-not", "beside/digits.txt"),
    ],
)
def test_links_that_leave(
    open_it: Callable[..., int], public: Path, link: str, goal: str, asked: str
) -> None:
    write(public.parent / "public-not" / "digits.txt")
    (public / link).symlink_to(goal)
    with pytest.raises(OutsideError):
        open_it(str(public), asked.split("/"))


def test_links_that_leave_may_be_allowed(public: Path) -> None:
    (public / "out.txt").symlink_to("../secret.txt")
    assert read(open_below(str(public), ["out.txt"], follow_links=True)) == b"secret"


@BOTH_WAYS
@pytest.mark.parametrize(
    "segments",
    [
        ["nothing"],
        ["digits.txt", "x"],
        ["sub", "nothing", "x"],
        ["dangling"],
        ["circle"],
        ["circle", "x"],
        ["a" * 300],
        ["a" * 300, "x"],
        ["nul\0"],
        ["sub", "nul\0"],
        ["\ud800"],
    ],
)
def test_what_is_missing(open_it: Callable[..., int], public: Path, segments: list[str]) -> None:
    (public / "dangling").symlink_to("nowhere")
    (public / "circle").symlink_to("circle")
    with pytest.raises(OSError) as caught:  # noqa: PT011 - which one is the question
        open_it(str(public), segments)
    assert caught.value.errno in MISSING


def test_a_name_that_no_file_can_have() -> None:
    with pytest.raises(FileNotFoundError):
        open_file("/nul\0")


def test_a_missing_directory(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_below(str(tmp_path / "nowhere"), ["x"])


def test_a_pipe_does_not_wait(public: Path) -> None:
    os.mkfifo(public / "pipe")
    os.close(open_below(str(public), ["pipe"]))


def test_a_folder_is_opened_too(public: Path) -> None:
    for segments in ([], ["sub"]):
        os.close(open_below(str(public), segments))


def test_no_descriptor_is_left(public: Path) -> None:
    (public / "out").symlink_to("..")
    before = sorted(Path("/proc/self/fd").iterdir())
    for segments in (["sub", "inner.txt"], ["sub", "x", "y"], ["out", "secret.txt"], ["nothing"]):
        for open_it in (open_below, open_checked):
            try:
                os.close(open_it(str(public), segments))
            except (OSError, OutsideError):
                continue
    assert sorted(Path("/proc/self/fd").iterdir()) == before


def test_a_folder_that_is_swapped_for_a_link_meanwhile(public: Path) -> None:
    """One thread replaces the folder by a link out of it, and back; another one reads."""
    write(public / "sub" / "secret.txt", "harmless")
    (public / "link").symlink_to("..")
    until = threading.Event()

    def swap() -> None:
        while not until.is_set():
            (public / "sub").rename(public / "away")
            (public / "link").rename(public / "sub")
            (public / "sub").rename(public / "link")
            (public / "away").rename(public / "sub")

    swapping = threading.Thread(target=swap)
    swapping.start()
    found = set()
    try:
        deadline = time.monotonic() + 60
        tries = 0
        while tries < 1500 or (b"harmless" not in found and time.monotonic() < deadline):
            tries += 1
            try:
                found.add(read(open_below(str(public), ["sub", "secret.txt"])))
            except OutsideError:
                found.add(b"refused")
            except OSError as error:
                assert error.errno in MISSING  # noqa: PT017 - any of them may happen
    finally:
        until.set()
        swapping.join()
    assert b"secret" not in found
    assert b"harmless" in found


def test_a_file_that_is_swapped_where_there_are_no_descriptors(
    public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is opened between two looks at its path, and they differ."""
    opened = os.open

    def swap_and_open(path: str, flags: int) -> int:
        (public / "digits.txt").unlink()
        (public / "digits.txt").symlink_to("../secret.txt")
        return opened(path, flags)

    monkeypatch.setattr(os, "open", swap_and_open)
    with pytest.raises(FileNotFoundError):
        open_checked(str(public), ["digits.txt"])


def test_a_right_that_is_missing_is_told(public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_options: object) -> int:
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(PermissionError):
        open_below(str(public), ["digits.txt"])
