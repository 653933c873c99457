"""A site as it is when CherryPy has just been imported, for each test that asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cherrypy
from cherrypy._request.request import Request
from log_records import Records

__all__ = ["Records"]

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator


@pytest.fixture
def site() -> Iterator[None]:
    """Put back, after a test, what all applications of a process share.

    That is ``cherrypy.config``, ``.tools``, ``.tree``, ``.log``, the listeners of ``.engine``, own
    toolboxes, the request namespaces, and the request that this thread believes to serve. Nothing
    is written to the screen.
    """
    tools = dict(vars(cherrypy.tools))
    apps = dict(cherrypy.tree.apps)
    listeners = {channel: set(each) for channel, each in cherrypy.engine.listeners.items()}
    namespaces = dict(Request.namespaces)
    toolboxes = dict(cherrypy.Application.toolboxes)
    cherrypy.log.screen = False
    loggers = (cherrypy.log.error_log, cherrypy.log.access_log)
    states = [(log, log.handlers[:], log.level, log.propagate, log.disabled) for log in loggers]
    try:
        yield
    finally:
        cherrypy.config.reset()
        _put_back(cherrypy.tools, tools)
        cherrypy.tree.apps.clear()
        cherrypy.tree.apps.update(apps)
        cherrypy.engine.listeners.clear()
        cherrypy.engine.listeners.update(listeners)
        Request.namespaces.clear()
        Request.namespaces.update(namespaces)
        cherrypy.Application.toolboxes.clear()
        cherrypy.Application.toolboxes.update(toolboxes)
        cherrypy.serving.clear()
        for log, handlers, level, propagate, disabled in states:
            for handler in set(log.handlers) - set(handlers):
                log.removeHandler(handler)
                handler.close()
            log.handlers[:] = handlers
            log.setLevel(level)
            log.propagate = propagate
            log.disabled = disabled


@pytest.fixture
def errors(site: None) -> Iterator[Records]:
    """What is written to the error logs of the site and of its applications."""
    del site
    yield from _listen(cherrypy.log.error_log)


@pytest.fixture
def accesses(site: None) -> Iterator[Records]:
    """What is written to the access logs of the site and of its applications."""
    del site
    yield from _listen(cherrypy.log.access_log)


def _listen(log: logging.Logger) -> Iterator[Records]:
    records = Records()
    log.addHandler(records)
    yield records
    log.removeHandler(records)


def _put_back(holder: Any, attributes: dict[str, Any]) -> None:
    for name in vars(holder).keys() - attributes.keys():
        delattr(holder, name)
    for name, value in attributes.items():
        if vars(holder).get(name) is not value:
            setattr(holder, name, value)
