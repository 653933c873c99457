"""Values of configuration files: Python expressions, worked out without ``eval``.

What is accepted:

- literals: numbers, str, bytes, ``None``, ``True``, ``False``, ``...``, and displays of lists,
  tuples, sets and dicts, with ``*`` and ``**`` inside;
- names: those of modules, which are imported, and else those of builtins;
- attributes; a submodule that nobody has imported yet is imported;
- calls, with positional and keyword arguments, ``*`` and ``**``;
- subscripts and slices;
- arithmetic and bit operators, comparisons, ``and``, ``or``, ``not``, ``x if y else z``;
- at the end a comment, which begins with ``#`` or with ``;``.

What is refused, before anything is imported or called: f-strings, lambdas, comprehensions,
assignments, ``await``, ``yield``, statements; names that begin with two underscores, as variable or
as attribute; and the builtins that run Python source or wait for a terminal. This keeps slips out,
not attackers: an expression can call anything that can be imported, so a configuration file needs
the same trust as the program.
"""

import ast
import builtins
import importlib
import io
import operator
import tokenize
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType, ModuleType
from typing import Any

from cherrypy._config.generations import Value

REFUSED_BUILTINS = frozenset({"breakpoint", "compile", "eval", "exec", "help", "input"})
"""Names of builtins that no value may use."""


def unrepr(s: str | None) -> Value:
    """Work out the value of a Python expression; undoes ``repr`` for plain data.

    Args:
        s: The expression. ``None`` and the empty str stand for themselves.

    Returns:
        The value.

    Raises:
        SyntaxError: It is no Python expression.
        TypeError: It is not a str, or has something that is refused or not found.
        Exception: Whatever what it imports or calls raises.
    """
    if s is None or s == "":
        return s
    if not isinstance(s, str):
        raise TypeError(f"{s!r}: expected a str that has a Python expression")
    expression = _parse(_without_comment(s).strip())
    for node in ast.walk(expression):
        _check(node)  # all of it, before any of it is imported or called
    return _evaluate(expression)


def modules(modulePath: str) -> ModuleType:
    """Import a module, and give it.

    Args:
        modulePath: Full name of the module, such as ``xml.dom.minidom``.

    Raises:
        ImportError: There is no such module.
        ValueError: The name is empty.
    """
    return importlib.import_module(modulePath)


def attributes(full_attribute_name: str) -> Value:
    """Import a module, and give one of its attributes.

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
    """Cut an expression at its first ``;``, which cannot be part of it outside of strings."""
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


def _parse(text: str) -> ast.expr:
    try:
        return ast.parse(text, mode="eval").body
    except (ValueError, RecursionError, MemoryError) as error:  # NUL, surrogates, too deep
        raise SyntaxError(str(error) or "too complicated") from error


def _check(node: ast.AST) -> None:
    """Refuse what is not to be in a config value."""
    reason = ""
    if type(node) not in _ALLOWED:
        reason = f"{type(node).__name__} is not allowed in a config value"
    elif isinstance(node, ast.Name) and node.id in REFUSED_BUILTINS:
        reason = "this builtin is not allowed in a config value"
    elif _name_in(node).startswith("__"):
        reason = "names that begin with two underscores are not allowed"
    if reason:
        raise TypeError(f"{ast.unparse(node)}: {reason}")


def _name_in(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _evaluate(node: ast.AST) -> Value:
    return _EVALUATORS[type(node)](node)


def _constant(node: ast.Constant) -> Value:
    return node.value


def _tuple(node: ast.Tuple) -> tuple[Any, ...]:
    return tuple(_items(node.elts))


def _list(node: ast.List) -> list[Any]:
    return list(_items(node.elts))


def _set(node: ast.Set) -> set[Any]:
    return set(_items(node.elts))


def _items(nodes: list[ast.expr]) -> Iterator[Any]:
    for node in nodes:
        if isinstance(node, ast.Starred):
            yield from _evaluate(node.value)
        else:
            yield _evaluate(node)


def _dict(node: ast.Dict) -> dict[Any, Any]:
    result: dict[Any, Any] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            result.update(_evaluate(value))
        else:
            result[_evaluate(key)] = _evaluate(value)
    return result


def _name(node: ast.Name) -> Value:
    name = node.id
    try:
        return modules(name)
    except ModuleNotFoundError as error:
        if error.name != name:  # the module is there, and misses another one
            raise
    try:
        return getattr(builtins, name)
    except AttributeError:
        raise TypeError(
            f"{name}: no module or builtin of that name; text needs quotes around it"
        ) from None


def _attribute_of(node: ast.Attribute) -> Value:
    return _attribute(_evaluate(node.value), node.attr)


def _attribute(value: Value, name: str) -> Value:
    """Give an attribute, which may be a submodule that nobody has imported yet."""
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


def _call(node: ast.Call) -> Value:
    function = _evaluate(node.func)
    positional = list(_items(node.args))
    keywords: dict[str, Any] = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            keywords.update(_evaluate(keyword.value))
        else:
            keywords[keyword.arg] = _evaluate(keyword.value)
    return function(*positional, **keywords)


def _subscript(node: ast.Subscript) -> Value:
    return _evaluate(node.value)[_evaluate(node.slice)]


def _slice(node: ast.Slice) -> slice:
    return slice(*(part and _evaluate(part) for part in (node.lower, node.upper, node.step)))


def _unary(node: ast.UnaryOp) -> Value:
    return _UNARY[type(node.op)](_evaluate(node.operand))


def _binary(node: ast.BinOp) -> Value:
    return _BINARY[type(node.op)](_evaluate(node.left), _evaluate(node.right))


def _boolean(node: ast.BoolOp) -> Value:
    decided_by = isinstance(node.op, ast.Or)
    value = None
    for part in node.values:
        value = _evaluate(part)
        if bool(value) is decided_by:
            break
    return value


def _compare(node: ast.Compare) -> Value:
    left = _evaluate(node.left)
    result = None
    for compare, part in zip(node.ops, node.comparators, strict=True):
        right = _evaluate(part)
        result = _COMPARE[type(compare)](left, right)
        if not result:
            break
        left = right
    return result


def _conditional(node: ast.IfExp) -> Value:
    return _evaluate(node.body if _evaluate(node.test) else node.orelse)


_UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = MappingProxyType(
    {
        ast.UAdd: operator.pos,
        ast.USub: operator.neg,
        ast.Invert: operator.invert,
        ast.Not: operator.not_,
    }
)

_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = MappingProxyType(
    {
        ast.Add: operator.add,
        ast.Sub: operator.sub,
        ast.Mult: operator.mul,
        ast.Div: operator.truediv,
        ast.FloorDiv: operator.floordiv,
        ast.Mod: operator.mod,
        ast.Pow: operator.pow,
        ast.LShift: operator.lshift,
        ast.RShift: operator.rshift,
        ast.BitOr: operator.or_,
        ast.BitXor: operator.xor,
        ast.BitAnd: operator.and_,
        ast.MatMult: operator.matmul,
    }
)

_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = MappingProxyType(
    {
        ast.Eq: operator.eq,
        ast.NotEq: operator.ne,
        ast.Lt: operator.lt,
        ast.LtE: operator.le,
        ast.Gt: operator.gt,
        ast.GtE: operator.ge,
        ast.Is: operator.is_,
        ast.IsNot: operator.is_not,
        ast.In: lambda item, container: item in container,
        ast.NotIn: lambda item, container: item not in container,
    }
)

_EVALUATORS: Mapping[type[ast.AST], Callable[[Any], Any]] = MappingProxyType(
    {
        ast.Constant: _constant,
        ast.Tuple: _tuple,
        ast.List: _list,
        ast.Set: _set,
        ast.Dict: _dict,
        ast.Name: _name,
        ast.Attribute: _attribute_of,
        ast.Call: _call,
        ast.Subscript: _subscript,
        ast.Slice: _slice,
        ast.UnaryOp: _unary,
        ast.BinOp: _binary,
        ast.BoolOp: _boolean,
        ast.Compare: _compare,
        ast.IfExp: _conditional,
    }
)

_ALLOWED = frozenset({*_EVALUATORS, *_UNARY, *_BINARY, *_COMPARE, ast.And, ast.Or}) | {
    ast.Load,
    ast.Starred,
    ast.keyword,
}
