"""What a walk along a path has read, and whether another one would read the same."""

from types import FunctionType, MethodType, ModuleType, WrapperDescriptorType
from typing import Any

Node = Any
"""An object of an application's tree."""

_RUN_NO_CODE = (FunctionType, staticmethod, classmethod)
"""Descriptors that give a function and call none."""


class UnrepeatableError(Exception):
    """Reading an attribute may run code of the application, or give what changes unnoticed."""


class Reads:
    """The attributes that :func:`cherrypy._publishing.objects.find_resource` has read.

    It stands in for ``getattr`` there. Objects of an application may do anything when they are
    asked for an attribute, and rely on there being a request; such ones are not asked.

    Args:
        unset: Attributes that no object may have: what they hold can change in place, or is called.
    """

    __slots__ = ("_kinds", "_noted", "_unset")

    def __init__(self, unset: tuple[str, ...] = ()) -> None:
        self._unset = unset
        self._kinds: set[int] = set()
        self._noted: list[tuple[Node, str, Any]] = []

    def __call__(self, node: Node, name: str, default: Any) -> Any:
        """Read an attribute and note it.

        Raises:
            UnrepeatableError: It can not be told later whether it is the same, without doing
                something that the application would notice.
        """
        if node is None:
            return default
        if not reads_plainly(node, name):
            raise UnrepeatableError(name)
        value = getattr(node, name, default)
        if value is not None and name in self._unset:
            raise UnrepeatableError(name)
        kind = type(node)
        if id(kind) not in self._kinds:
            self._kinds.add(id(kind))
            self._noted.append((kind, "__getattr__", None))  # a class may get one later
        self._noted.append((node, name, value))
        return value

    def are_repeated(self) -> bool:
        """Tell whether all attributes are still what they were."""
        try:
            for node, name, value in self._noted:
                found = getattr(node, name, None)
                if found is not value and not (
                    # a method is bound anew each time
                    found.__class__ is MethodType
                    and value.__class__ is MethodType
                    and found.__func__ is value.__func__
                    and found.__self__ is value.__self__
                ):
                    return False
        except Exception:
            return False
        return True


def reads_plainly(node: Node, name: str) -> bool:
    """Tell whether reading an attribute of an object runs no code of the application."""
    kind = type(node)
    if not isinstance(kind.__getattribute__, WrapperDescriptorType) or hasattr(kind, "__getattr__"):
        return False
    if isinstance(node, ModuleType) and hasattr(node, "__getattr__"):  # PEP 562
        return False
    owners = (*node.__mro__, *kind.__mro__) if isinstance(node, type) else kind.__mro__
    for owner in owners:
        members = vars(owner)
        if name in members:
            found = members[name]
            return isinstance(found, _RUN_NO_CODE) or not hasattr(type(found), "__get__")
    return True
