"""Configuration files: INI sections whose values are Python expressions."""

import configparser
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cherrypy._config.evaluator import unrepr
from cherrypy._config.sources import Filename, OpenFile, Source, type_of_filename

_SECTION = re.compile(r"\[(?P<section>.+)\]")
_OPTION = re.compile(r"(?P<option>[^\s#;].*?)\s*[=:]")


class Parser(configparser.ConfigParser):
    """A reader of configuration files.

    Names of options keep their case. ``=`` or ``:`` stands between name and value, lines that are
    indented continue the value above, ``%(name)s`` is replaced by the text of another option of
    the section or of ``[DEFAULT]``, and ``%%`` means one ``%``. Files are UTF-8.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._texts: list[tuple[str, str]] = []  # name of source, its text; as they were read

    def optionxform(self, optionstr: str) -> str:
        """Leave the name of an option as it is."""
        return optionstr

    def read(  # type: ignore[override] # names may be mixed; all come back as str
        self, filenames: Filename | Iterable[Filename], encoding: str | None = "utf-8-sig"
    ) -> list[str]:
        """Read one or several files; options of later ones replace those of earlier ones.

        Args:
            filenames: Name of a file, or several names.
            encoding: Of the files; UTF-8, with or without a byte order mark.

        Returns:
            The names of the files, all of which have been read.

        Raises:
            OSError: A file cannot be read.
            configparser.Error: A file is not in INI form.
        """
        if isinstance(filenames, type_of_filename):
            filenames = [filenames]
        names = [os.fsdecode(filename) for filename in filenames]
        for name in names:
            self.read_string(Path(name).read_text(encoding=encoding), source=name)
        return names

    def read_file(self, f: Iterable[str], source: str | None = None) -> None:
        """Read lines of text, such as an open file.

        Args:
            f: The lines.
            source: Name to show in errors; that of the file if there is none.

        Raises:
            configparser.Error: They are not in INI form.
        """
        lines = list(f)
        name = source if source is not None else str(getattr(f, "name", "<unnamed>"))
        self._texts.append((name, "".join(lines)))
        super().read_file(lines, source=name)

    def as_dict(
        self,
        raw: bool = False,
        vars: Mapping[str, str] | None = None,
    ) -> dict[str, dict[str, Any]]:
        """Work out the values of all that has been read.

        Args:
            raw: Leave ``%`` alone.
            vars: Texts by option that come before those of every section.

        Returns:
            Section to option to value.

        Raises:
            ValueError: A value is not an expression that ``unrepr`` accepts, or misuses ``%``.
                The message has file, line, section, option and value.
        """
        return {
            section: {
                option: self._value(section, option, raw=raw, texts=vars)
                for option in self.options(section)
            }
            for section in self.sections()
        }

    def dict_from_file(self, file: Filename | OpenFile) -> dict[str, dict[str, Any]]:
        """Read a file and work out its values.

        Args:
            file: Name of a file, or a file that is open, for text or for bytes (UTF-8).

        Returns:
            Section to option to value.

        Raises:
            OSError: The file cannot be read.
            configparser.Error: The file is not in INI form.
            ValueError: See ``as_dict``.
        """
        if isinstance(file, type_of_filename):
            self.read(file)
        else:
            self.read_file(_decoded(file), source=_name_of(file))
        return self.as_dict()

    @classmethod
    def load(cls, input: Source) -> dict[str, Any]:
        """Return settings as a new dict, whatever they come in.

        Args:
            input: A mapping, the name of a file, or an open file.

        Raises:
            OSError: The file cannot be read.
            configparser.Error: The file is not in INI form.
            ValueError: See ``as_dict``.
            TypeError: It is something else.
        """
        if isinstance(input, Mapping):
            return dict(input)
        if isinstance(input, type_of_filename) or hasattr(input, "read"):
            return cls().dict_from_file(input)
        raise TypeError(f"config = {input!r}: expected a dict, the name of a file or an open file")

    def _value(
        self, section: str, option: str, *, raw: bool, texts: Mapping[str, str] | None
    ) -> Any:
        text = None
        try:
            text = self.get(section, option, raw=raw, vars=texts)
            return text if _is_bare_path(option, text) else unrepr(text)
        except Exception as error:
            if text is None:
                text = self.get(section, option, raw=True, vars=texts)
            raise ValueError(
                f"{option} = {text!r} ({self._place(section, option)}): "
                f"expected a Python expression; {type(error).__name__}: {error}"
            ) from error

    def _place(self, section: str, option: str) -> str:
        """Say where an option was read: name of the source, number of the line, section."""
        for name, text in reversed(self._texts):
            for where in ((section, option), (self.default_section, option)):
                line = _find_line(text, *where)
                if line is not None:
                    return f"{name}, line {line}, [{where[0]}]"
        return f"[{section}]"


def as_dict(config: Source) -> dict[str, Any]:
    """Return settings as a new dict; see ``Parser.load``."""
    return Parser.load(config)


def _is_bare_path(option: str, text: str) -> bool:
    """Tell whether a value is a path without quotes: no expression begins with a slash."""
    if not text.startswith("/"):
        return False
    # 4 ms, for the few files that have such a value
    from cherrypy._config.settings import find_setting

    setting = find_setting(option)
    return setting is not None and "path" in setting.kinds


def _find_line(text: str, section: str, option: str) -> int | None:
    current = None
    for number, line in enumerate(text.splitlines(), 1):
        if match := _SECTION.match(line):
            current = match["section"]
        elif current == section and (match := _OPTION.match(line)) and match["option"] == option:
            return number
    return None


def _decoded(file: OpenFile) -> Iterator[str]:
    for line in file:
        yield line.decode("utf-8-sig") if isinstance(line, bytes) else line


def _name_of(file: OpenFile) -> str | None:
    name = getattr(file, "name", None)
    return None if name is None else str(name)
