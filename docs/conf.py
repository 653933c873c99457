"""Settings of sphinx."""

import tomllib
from pathlib import Path

_CORE = Path(__file__).resolve().parents[1] / "packages" / "cherrypy-core" / "pyproject.toml"

project = "CherryPy"
author = "CherryPy contributors"
copyright = f"2026, {author}"
release = tomllib.loads(_CORE.read_text("utf-8"))["project"]["version"]
version = release.rpartition(".")[0]

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3
# Fragments are put together for a page; the demonstration is an application.
exclude_patterns = ["_build", "changelog.d", "differences.d", "demo"]
nitpicky = True

html_theme = "furo"
html_title = f"CherryPy {release}"
