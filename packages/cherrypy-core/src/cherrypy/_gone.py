"""What CherryPy 18 had and this project has not: imports go on working, a use says what to do."""

from collections.abc import Callable
from typing import NoReturn


class Gone:
    """A name that can be imported, and raises when it is called or subclassed.

    Args:
        name: Its full name.
        advice: What to use in place of it.
    """

    def __init__(self, name: str, advice: str) -> None:
        self.name = name
        self.advice = advice

    def __call__(self, *_args: object, **_kwargs: object) -> NoReturn:
        """Say what to use.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError(f"{self.name} is not part of CherryPy any more: {self.advice}")

    __mro_entries__ = __call__  # asked for by a class statement


def gone(module: str, advice: str, *names: str) -> Callable[[str], Gone]:
    """Return the function ``__getattr__`` of a module whose names are gone.

    Args:
        module: Name of the module.
        advice: What to use in place of it.
        *names: The names.

    Raises:
        SystemExit: The module is run as a program.
    """
    if module == "__main__":
        raise SystemExit(f"This program is not part of CherryPy any more: {advice}")

    def find(name: str) -> Gone:
        if name in names:
            return Gone(f"{module}.{name}", advice)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return find
