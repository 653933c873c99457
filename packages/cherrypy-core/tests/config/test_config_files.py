"""Config files: sections, options, interpolation, and what their errors say."""

import configparser
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cherrypy._config.files import Parser
from cherrypy.lib import reprconf


def parse(text: str) -> dict[str, dict[str, Any]]:
    return Parser().dict_from_file(io.StringIO(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("[a]", {"a": {}}),
        ("[a]\nx = 1\ny: 2\nz=3", {"a": {"x": 1, "y": 2, "z": 3}}),
        ('[a]\nx: "a=b"\ny = "a:b"', {"a": {"x": "a=b", "y": "a:b"}}),
        ("[/a/B.c]\nTools.X-y = 1", {"/a/B.c": {"Tools.X-y": 1}}),  # case is kept
        ("[a]\nx =", {"a": {"x": ""}}),
        ("# c\n; c\n[a]\n# c\nx = 1 # c\ny = 2 ; it's c\n", {"a": {"x": 1, "y": 2}}),
        ("[a]\nx: [\n  1, # one\n  # two\n\n  2,\n  ]\ny = 3", {"a": {"x": [1, 2], "y": 3}}),
        ('[a]\nx: """a\n  b"""', {"a": {"x": "a\nb"}}),
        (
            '[DEFAULT]\nz = 3\n[a]\nx = "%(z)s"\ny = %(z)s + 1\n[b]',
            {"a": {"z": 3, "x": "3", "y": 4}, "b": {"z": 3}},
        ),
        ('[a]\nhome = "/srv"\nlog = %(home)s + "/log"', {"a": {"home": "/srv", "log": "/srv/log"}}),
        ('[a]\nx = "100%%"', {"a": {"x": "100%"}}),
        ('[a]\nx = "é€"', {"a": {"x": "é€"}}),
    ],
)
def test_files(text: str, expected: dict[str, Any]) -> None:
    assert parse(text) == expected


def test_raw_and_texts_from_outside() -> None:
    parser = Parser()
    parser.read_string('[a]\nx = 1\ny = "%(z)s"')
    assert parser.as_dict(vars={"z": "3", "x": "9"}) == {"a": {"x": 9, "y": "3"}}
    assert parser.as_dict(raw=True) == {"a": {"x": 1, "y": "%(z)s"}}


names = st.text("abcXYZ._-/0", min_size=1, max_size=8)
leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.binary(max_size=4)
values = leaves | st.lists(leaves, max_size=3) | st.dictionaries(st.text(max_size=3), leaves)


@given(st.dictionaries(names, st.dictionaries(names, values, max_size=4), max_size=4))
def test_what_is_written_as_repr_is_read_again(config: dict[str, dict[str, Any]]) -> None:
    lines = []
    for section, options in config.items():
        lines.append(f"[{section}]")
        lines += [
            f"{name} = {value!r}".replace("%", "%%").replace("\n", "\n  ")
            for name, value in options.items()
        ]
    assert parse("\n".join(lines)) == config


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_files_are_utf_8(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "x.conf"
    path.write_bytes('[a]\nx = "é"\n'.encode(encoding))
    assert Parser().dict_from_file(path) == {"a": {"x": "é"}}
    with path.open("rb") as octets:
        assert Parser().dict_from_file(octets) == {"a": {"x": "é"}}


def test_later_files_replace_options(tmp_path: Path) -> None:
    first, second = tmp_path / "1.conf", tmp_path / "2.conf"
    first.write_text("[a]\nx = 1\ny = 1\n", encoding="utf-8")
    second.write_text("[a]\nx = 2\n", encoding="utf-8")
    parser = Parser()
    assert parser.read([first, str(second)]) == [str(first), str(second)]
    assert parser.as_dict() == {"a": {"x": 2, "y": 1}}


def test_a_file_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Parser().read(tmp_path / "none.conf")


@pytest.mark.parametrize(
    ("text", "line", "parts"),
    [
        ("[/a]\n\nx.y = localhost", 3, ["x.y = 'localhost'", "[/a]", "text needs quotes"]),
        ("[a]\nx = 1\n[b]\nx = 1 1", 4, ["x = '1 1'", "[b]", "SyntaxError"]),
        ("[a]\nx: 'a'\ny = 1/0", 3, ["y = '1/0'", "[a]", "ZeroDivisionError"]),
        ("[a]\nx = '50%'", 2, ["x = \"'50%'\"", "[a]", "'%' must be followed by"]),
        ("[a]\nx = %(y)s", 2, ["x = '%(y)s'", "[a]", "y"]),
        ("[DEFAULT]\nz = a b\n[a]\nx = 1", 2, ["z = 'a b'", "[DEFAULT]"]),
        ("[a]\nx = [1,\n  2 3]", 2, ["x = '[1,\\n2 3]'"]),
        ("[b]\nx = lambda: 1", 2, ["x = 'lambda: 1'", "Lambda is not allowed"]),
    ],
)
def test_an_error_says_where_and_what(
    tmp_path: Path, text: str, line: int, parts: list[str]
) -> None:
    path = tmp_path / "site.conf"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="expected a Python expression") as caught:
        Parser.load(path)
    for part in [str(path), f"line {line}", *parts]:
        assert part in str(caught.value)


def test_an_error_names_the_file_that_came_last(tmp_path: Path) -> None:
    first, second = tmp_path / "1.conf", tmp_path / "2.conf"
    first.write_text("[a]\nx = bad1\n", encoding="utf-8")
    second.write_text("[a]\n\nx = bad2\n", encoding="utf-8")
    third = tmp_path / "3.conf"
    third.write_text("[a]\ny = 1\n", encoding="utf-8")
    parser = Parser()
    parser.read([first, second, third])
    with pytest.raises(ValueError, match=r"x = 'bad2' .*2\.conf, line 3, \[a\]"):
        parser.as_dict()


def test_an_error_without_a_file() -> None:
    with pytest.raises(ValueError, match=r"x = 'bad' \(<unnamed>, line 2, \[a\]\)"):
        parse("[a]\nx = bad")
    parser = Parser()
    parser.read_dict({"a": {"x": "bad"}})
    with pytest.raises(ValueError, match=r"x = 'bad' \(\[a\]\)"):
        parser.as_dict()


@pytest.mark.parametrize("text", ["x = 1", "[a]\nx", "[a]\nx=1\nx=2", "[a]\n[a]"])
def test_what_is_not_in_ini_form(text: str) -> None:
    with pytest.raises(configparser.Error):
        parse(text)


def test_load_gives_a_new_dict() -> None:
    given = {"a": 1}
    loaded = Parser.load(given)
    assert loaded == given
    assert loaded is not given
    assert reprconf.as_dict(given) == given


@pytest.mark.parametrize("wrong", [None, 3, [("a", 1)]])
def test_load_refuses_other_things(wrong: Any) -> None:
    with pytest.raises(TypeError, match="expected a dict, the name of a file or an open file"):
        Parser.load(wrong)


def test_the_public_module_has_the_same_objects() -> None:
    assert reprconf.Parser is Parser
    assert set(reprconf.__all__) >= {"Config", "NamespaceSet", "attributes", "modules", "unrepr"}


@pytest.mark.usefixtures("announced")
def test_a_path_may_stand_without_quotes(tmp_path: Path) -> None:
    """As the documentation of CherryPy has it: no expression begins with a slash."""
    path = tmp_path / "x.conf"
    path.write_text("[global]\nserver.socket_file: /var/run/a b.sock\nlog.error_file: /a\n")
    assert Parser().dict_from_file(path)["global"] == {
        "server.socket_file": "/var/run/a b.sock",  # of another distribution
        "log.error_file": "/a",
    }
    for line in ("server.socket_port: /8080", "mine: /a", "server.socket_file: a.sock"):
        path.write_text(f"[global]\n{line}\n")
        with pytest.raises(ValueError, match="expected a Python expression"):
            Parser().dict_from_file(path)
