"""The version of this distribution, and of all others of the family."""

__version__ = "19.0.0"

SERVER = f"CherryPy/{__version__}"
"""Value of the Server field (RFC 9110 section 10.2.4)."""
