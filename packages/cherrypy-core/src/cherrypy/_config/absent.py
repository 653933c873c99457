"""Modules that are not there: an import of one says which distribution has it."""

import sys
from collections.abc import Callable
from types import ModuleType


class AbsentModules:
    """Path entry finder (PEP 302) that is asked last.

    Args:
        explain: Returns what to do for the full name of a module; empty if that is not known.
    """

    def __init__(self, explain: Callable[[str], str]) -> None:
        self._explain = explain

    def find_spec(self, full_name: str, _target: ModuleType | None = None) -> None:
        """Say what to do for a module.

        Raises:
            ModuleNotFoundError: It is known what to do.
        """
        hint = self._explain(full_name)
        if hint:
            raise ModuleNotFoundError(hint)


def explain_absent_modules(path: list[str], explain: Callable[[str], str]) -> None:
    """Let a package say what to do for modules that are not found in it.

    Args:
        path: The ``__path__`` of the package.
        explain: See :class:`AbsentModules`.
    """
    path.append(f"{path[0]}/missing")  # there is no such folder
    sys.path_importer_cache[path[-1]] = AbsentModules(explain)
