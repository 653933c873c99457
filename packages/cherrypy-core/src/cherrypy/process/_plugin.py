"""What plugins have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cherrypy.process.wspbus import Bus


class SimplePlugin:
    """A part of a site whose methods listen to the channels of the same names.

    A subclass with the methods ``start`` and ``stop``, say, listens to the channels ``start`` and
    ``stop`` after `subscribe`. A method's attribute ``priority`` says when its turn is.

    Args:
        bus: The bus to listen to.
    """

    __module__ = "cherrypy.process.plugins"

    bus: Bus

    def __init__(self, bus: Bus) -> None:
        self.bus = bus

    def subscribe(self) -> None:
        """Listen to each channel of the bus that this object has a method for."""
        for channel in list(self.bus.listeners):
            method = getattr(self, channel, None)
            if method is not None:
                self.bus.subscribe(channel, method)

    def unsubscribe(self) -> None:
        """No longer listen to any channel."""
        for channel in list(self.bus.listeners):
            method = getattr(self, channel, None)
            if method is not None:
                self.bus.unsubscribe(channel, method)
