"""Tells PyInstaller what a program that uses CherryPy needs; found by its entry point.

It is beside the package, so that PyInstaller need not import ``cherrypy``.
"""

from pathlib import Path


def hook_directories() -> list[str]:
    """Return the folders with hooks; PyInstaller calls this."""
    return [str(Path(__file__).parent)]
