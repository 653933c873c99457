"""The places in which settings are, as checks of the configuration see them."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Settings = Mapping[str, Any]
Layers = list[Settings | str]
"""Each either a mapping of settings or the name of a section; the nearest last."""


class Layer(NamedTuple):
    """Settings that are in one place: the global config, or a section of an application.

    Attributes:
        where: The place, as messages name it.
        settings: Settings by key.
        find: Returns the value of a key that holds for the paths of the section: the nearest one
            above, or that of the global config.
        app: The application whose section it is; ``None`` for the global config.
        section: Name of the section; empty for the global config.
    """

    where: str
    settings: Mapping[str, Any]
    find: Callable[[str], Any]
    app: Any = None
    section: str = ""

    def message(self, key: str, problem: str) -> str:
        """Return a message about a setting of this place."""
        return f"{key} = {self.settings.get(key)!r} ({self.where}): {problem}"


class Sections(dict[str, Settings]):
    """Sections of the configuration of an application that are paths.

    Args:
        sections: Settings by section.
    """

    def __init__(self, sections: Mapping[str, Settings]) -> None:
        super().__init__((name, dict(sections[name])) for name in sections if name[:1] == "/")
        self.depth = max((name.count("/") for name in self), default=0)
        """Greatest number of segments that one of them has."""
