"""From the path of a URL to the name of a file: nothing leads out, on no system."""

from __future__ import annotations

import os.path
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cherrypy._static.names import (
    OutsideError,
    is_hidden,
    is_windows_file_name,
    names_a_folder,
    segments_of,
)


@pytest.mark.parametrize(
    ("branch", "segments"),
    [
        ("", []),
        ("a.txt", ["a.txt"]),
        ("a/b/c.txt", ["a", "b", "c.txt"]),
        ("a//b", ["a", "b"]),
        ("a/./b/", ["a", "b"]),
        ("a%2Fb", None),  # servers leave it encoded
        ("a%2fb", None),
        ("percent%41.txt", ["percent%41.txt"]),  # decoded once is enough
        ("..%5C..", ["..%5C.."]),
        ("...", ["..."]),
        ("a\\b", None),  # it separates on some systems
        ("nul\0", None),
    ],
)
def test_names(branch: str, segments: list[str] | None) -> None:
    assert segments_of(branch, is_windows=False) == segments


@pytest.mark.parametrize(
    "branch",
    ["..", "../", "../x", "a/../b", "a/../../x", "%2Fetc/passwd", "%2f", "..%2Fx", "a/..%2F..%2fx"],
)
@pytest.mark.parametrize("is_windows", [False, True])
def test_what_leads_out(branch: str, *, is_windows: bool) -> None:
    with pytest.raises(OutsideError):
        segments_of(branch, is_windows=is_windows)


@pytest.mark.parametrize(
    "name",
    [
        "CON",
        "nul.txt",
        "Aux.tar.gz",
        "com1",
        "LPT9.x",
        "com\xb9",
        "conin$",
        "nul .txt",
        "C:",
        "C:x",
        "a:stream",
        "a::$DATA",
        "a\\b",
        "..\\x",
        "a.",
        "a ",
        "a?",
        "a*",
        'a"',
        "a|b",
        "<",
        "\x1f",
    ],
)
def test_what_is_no_file_of_windows(name: str) -> None:
    assert not is_windows_file_name(name)
    assert segments_of(f"folder/{name}", is_windows=True) is None


@pytest.mark.parametrize(
    "name", ["a.txt", "console", "com10", "nul_", "a b", ".x", "\xe9", "auxen"]
)
def test_what_is_a_file_of_windows(name: str) -> None:
    assert segments_of(name, is_windows=True) == [name]


@pytest.mark.parametrize(
    ("segments", "hidden"),
    [
        (["a"], False),
        ([], False),
        ([".git", "config"], True),
        (["a", ".env"], True),
        ([".well-known", "security.txt"], False),
        ([".well-known", ".x"], True),
        ([".well-known-not"], True),
    ],
)
def test_hidden_names(segments: list[str], *, hidden: bool) -> None:
    """RFC 8615: .well-known is there to be asked for."""
    assert is_hidden(segments) is hidden


@pytest.mark.parametrize(
    ("branch", "expected"),
    [
        ("", True),
        ("a/", True),
        ("a%2F", True),
        ("a%2f.", True),
        ("a/..", True),
        ("a/b/.", True),
        ("a", False),
        ("a.", False),
        ("a/...", False),
        ("a%2Fb", False),
    ],
)
def test_names_of_folders(branch: str, *, expected: bool) -> None:
    assert names_a_folder(branch) is expected


PIECES = st.sampled_from(["..", ".", "/", "%2F", "%2f", "%2e", "\\", "\0", "C:", "CON", "a", "~"])


@given(
    st.lists(PIECES | st.text(string.printable, max_size=3), max_size=8).map("".join),
    st.booleans(),
)
def test_nothing_ever_leads_out(branch: str, is_windows: bool) -> None:
    try:
        segments = segments_of(branch, is_windows=is_windows)
    except OutsideError:
        return
    for segment in segments or []:
        assert segment not in {"", ".", ".."}
        assert "/" not in segment
        assert "\0" not in segment
        assert not (is_windows and ("\\" in segment or ":" in segment))
    path = os.path.normpath(os.path.join("/root", *(segments or [])))  # noqa: PTH118 - as it is done
    assert path == "/root" or path.startswith("/root/")
