"""Tests that every storage of sessions has to pass; see ``docs/howto/session-storage.md``."""

from cherrypy._sessions.conformance import HOSTILE_IDS, SessionConformance

__all__ = ["HOSTILE_IDS", "SessionConformance"]
