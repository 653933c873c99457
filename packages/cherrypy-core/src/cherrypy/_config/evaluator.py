"""Values of configuration files: Python expressions of a limited kind.

These are accepted:

- literals: numbers, str, bytes, ``None``, ``True``, ``False``, ``...``, and displays of lists,
  tuples, sets and dicts, with ``*`` and ``**`` inside;
- names: those of modules, which are imported, and then those of builtins, such as ``__import__``;
- attributes, such as ``app.__file__``; a submodule that is not imported yet is imported;
- calls, with positional and keyword arguments, ``*`` and ``**``;
- subscripts and slices;
- arithmetic and bit operators, comparisons, ``and``, ``or``, ``not``, ``x if y else z``;
- at the end a comment, which begins with ``#`` or with ``;``.

These are refused, before anything is imported or called: f-strings, lambdas, comprehensions,
assignments, ``await``, ``yield``, statements, and the builtins that run Python source or wait for a
terminal. This keeps slips out, not attackers: an expression can call anything that can be imported,
so a configuration file needs the same trust as the program.
"""

import ast
import builtins
import importlib
import io
import tokenize
from types import CodeType, ModuleType
from typing import Any

REFUSED_BUILTINS = frozenset({"breakpoint", "compile", "eval", "exec", "help", "input"})
"""Names of builtins that no value may use."""

_ALLOWED = (
    *(ast.Constant, ast.Name, ast.Attribute, ast.Call, ast.keyword, ast.Starred, ast.expr_context),
    *(ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Subscript, ast.Slice),
    *(ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp),
    *(ast.operator, ast.unaryop, ast.boolop, ast.cmpop),
)
_ATTRIBUTE_OF = "attribute of"
"""Stands for ``_attribute`` in compiled expressions; it is not a name that a value can use."""


def unrepr(s: str | None) -> Any:
    """Work out the value of a Python expression; undoes ``repr`` for plain data.

    Args:
        s: The expression. ``None`` and the empty str stand for themselves.

    Returns:
        The value.

    Raises:
        SyntaxError: It is not a Python expression.
        TypeError: It is not a str, or it uses something that is refused or not found.
        Exception: Any error of the modules and functions that it uses.
    """
    if s is None or s == "":
        return s
    if not isinstance(s, str):
        raise TypeError(f"{s!r}: expected a str that has a Python expression")
    code = _compile(_without_comment(s).strip())
    names = _Names({_ATTRIBUTE_OF: _attribute})
    return eval(code, {"__builtins__": {}}, names)  # noqa: S307 - nothing but what _check accepts


def modules(modulePath: str) -> ModuleType:
    """Import a module and return it.

    Args:
        modulePath: Full name of the module, such as ``xml.dom.minidom``.

    Raises:
        ImportError: There is no such module.
        ValueError: The name is empty.
    """
    return importlib.import_module(modulePath)


def attributes(full_attribute_name: str) -> Any:
    """Import a module and return one of its attributes.

    Args:
        full_attribute_name: Full name of the module, a dot, and name of the attribute, such as
            ``os.path.join``. A class in between works too: ``datetime.datetime.now``.

    Raises:
        ImportError: There is no such module.
        AttributeError: The module has no such attribute.
        ValueError: There is no dot in the name, or nothing before the first one.
    """
    parent, dot, name = full_attribute_name.rpartition(".")
    if not dot or not parent:
        raise ValueError(f"{full_attribute_name!r}: expected module.attribute")
    try:
        found: Any = modules(parent)
    except ModuleNotFoundError:
        if "." not in parent:
            raise
        found = attributes(parent)
    return _attribute(found, name)


def _without_comment(text: str) -> str:
    """Cut an expression at its first ``;``, which is part of it only in a string."""
    if ";" not in text:
        return text
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.OP and token.string == ";":
                line, column = token.start
                lines = text.split("\n")
                return "\n".join([*lines[: line - 1], lines[line - 1][:column]])
    except (tokenize.TokenError, SyntaxError):
        pass  # the parser says better what is wrong with it
    return text


def _compile(text: str) -> CodeType:
    try:
        expression = ast.parse(text, mode="eval")
        for node in ast.walk(expression.body):
            _check(node)
        return compile(
            ast.fix_missing_locations(_Attributes().visit(expression)), "<value>", "eval"
        )
    except (ValueError, RecursionError, MemoryError) as error:  # NUL, surrogates, too deep
        raise SyntaxError(str(error) or "too complicated") from error


def _check(node: ast.AST) -> None:
    """Refuse a node that must not be in a configuration value.

    Raises:
        TypeError: Says which and why.
    """
    if not isinstance(node, _ALLOWED):
        raise TypeError(
            f"{ast.unparse(node)}: {type(node).__name__} is not allowed in a config value"
        )
    if isinstance(node, ast.Name) and node.id in REFUSED_BUILTINS:
        raise TypeError(f"{node.id}: this builtin is not allowed in a config value")


class _Attributes(ast.NodeTransformer):
    """Makes a call of ``_attribute`` of each attribute."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.Call:
        """Return the call."""
        self.generic_visit(node)
        function = ast.Name(_ATTRIBUTE_OF, ast.Load())
        call = ast.Call(function, [node.value, ast.Constant(node.attr)], [])
        return ast.copy_location(call, node)


class _Names(dict[str, Any]):
    """The names that a value can use: each is looked up when the value needs it."""

    def __missing__(self, name: str) -> Any:
        try:
            return modules(name)
        except ModuleNotFoundError as error:
            if error.name != name:  # the module is there, and another one that it needs is missing
                raise
        try:
            return getattr(builtins, name)
        except AttributeError:
            raise TypeError(
                f"{name}: no module or builtin of that name; text needs quotes around it"
            ) from None


def _attribute(value: Any, name: str) -> Any:
    """Return an attribute, which may be a submodule that has not been imported yet."""
    try:
        return getattr(value, name)
    except AttributeError:
        if not isinstance(value, ModuleType) or not hasattr(value, "__path__"):
            raise
        full_name = f"{value.__name__}.{name}"
        try:
            return modules(full_name)
        except ModuleNotFoundError as error:
            if error.name != full_name:
                raise
        raise
