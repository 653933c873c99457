"""Where the extra is not installed, nothing fails before it is needed."""

from __future__ import annotations

import sys

import pytest

from cherrypy._sessions import memcached_servers


def test_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymemcache", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'cherrypy\[memcached_session\]'"):
        memcached_servers._library.__wrapped__()
