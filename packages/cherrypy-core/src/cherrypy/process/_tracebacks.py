"""Exceptions as text of a log: readable, and no text of an exception can forge a line."""

import traceback

_CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
_CONTEXT = "\nDuring handling of the above exception, another exception occurred:\n\n"
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_MAX_DEPTH = 50
"""Exceptions of one chain, or groups in each other, of which a log tells."""


def escape_controls(text: str) -> str:
    """Return text in which every character that is not printable is written as an escape.

    Line ends, escape sequences of terminals and marks that change the direction of writing are
    among them. Letters of any language, quotes and backslashes stay.
    """
    if text.isprintable():
        return text
    return "".join([char if char.isprintable() else _escaped(char) for char in text])


def _escaped(char: str) -> str:
    code = ord(char)
    short = f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    return _SHORT.get(char) or (short if code < 0x10000 else f"\\U{code:08x}")


def format_exception(error: BaseException) -> str:
    """Return an exception with its traceback, causes and notes, as Python prints it.

    Lines of the traceback are as they are. The text of an exception is one line, since a client
    may have written it: line ends in it are escaped.
    """
    lines: list[str] = []
    _add(error, lines, "", set())
    return "".join(lines)


def _add(error: BaseException, lines: list[str], indent: str, seen: set[int]) -> None:
    seen.add(id(error))
    cause = error.__cause__
    before = cause if cause is not None else error.__context__
    is_told = cause is not None or not error.__suppress_context__
    if before is not None and is_told and id(before) not in seen and len(seen) < _MAX_DEPTH:
        _add(before, lines, indent, seen)
        lines.append(_CONTEXT if cause is None else _CAUSE)
    if error.__traceback__ is not None:
        lines.append(f"{indent}Traceback (most recent call last):\n")
        for entry in traceback.format_tb(error.__traceback__):
            lines += [indent + line for line in entry.splitlines(keepends=True)]
    lines += [f"{indent}{escape_controls(text)}\n" for text in _texts(error)]
    if isinstance(error, BaseExceptionGroup) and len(seen) < _MAX_DEPTH:
        for number, inner in enumerate(error.exceptions, 1):
            lines.append(f"{indent}  +---------------- {number} ----------------\n")
            _add(inner, lines, indent + "    ", seen)


def _texts(error: BaseException) -> list[str]:
    """Return the class and the text of an exception, and its notes, without what led to it."""
    found: object = getattr(error, "__notes__", None)
    notes = [str(note) for note in found] if isinstance(found, list | tuple) else []
    texts = [text.removesuffix("\n") for text in traceback.format_exception_only(error)]
    # Python makes several lines of a note that has line ends.
    made = sum(len(note.split("\n")) for note in notes)
    return [*texts[: len(texts) - made], *notes]
