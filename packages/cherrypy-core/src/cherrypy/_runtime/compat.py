"""Small helpers from the years of Python 2, which applications still import."""

import sys

IS_WINDOWS = sys.platform == "win32"
IS_PYPY = sys.implementation.name == "pypy"
text_or_bytes = (str, bytes)


def ntob(n: str, encoding: str = "ISO-8859-1") -> bytes:
    """Return text as octets.

    Raises:
        TypeError: It is not text.
    """
    assert_native(n)
    return n.encode(encoding)


def ntou(n: str, encoding: str = "ISO-8859-1") -> str:
    r"""Return text as it is, but for the charset ``escape``, which decodes ``\uXXXX``.

    Raises:
        TypeError: It is not text.
    """
    assert_native(n)
    if encoding == "escape":
        return n.encode("latin-1", "backslashreplace").decode("unicode_escape")
    return n


def tonative(n: str | bytes, encoding: str = "ISO-8859-1") -> str:
    """Return text or octets as text."""
    return n.decode(encoding) if isinstance(n, bytes) else n


def assert_native(n: object) -> None:
    """Check that something is text.

    Raises:
        TypeError: It is not.
    """
    if not isinstance(n, str):
        raise TypeError(f"n must be a native str (got {type(n).__name__})")
