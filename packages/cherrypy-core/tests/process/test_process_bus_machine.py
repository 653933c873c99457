"""Any sequence of calls: a bus does what a model of it says."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING
from unittest import mock

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cherrypy.process.wspbus import Bus, ChannelFailures, states

if TYPE_CHECKING:
    from collections.abc import Callable

CHANNELS = st.sampled_from(["start", "stop", "exit", "graceful", "own"])
LISTENERS = st.integers(0, 4)


class ProcessEndedError(BaseException):
    """The bus ended the process."""


class BusMachine(RuleBasedStateMachine):
    """A bus, and what is expected of it."""

    def __init__(self) -> None:
        super().__init__()
        self.bus = Bus()
        self.ran: list[tuple[str, int]] = []
        self.failing: set[int] = set()
        self.made: dict[tuple[str, int], Callable[[], int]] = {}
        # The model: per channel, listeners with priority and the time of their subscription.
        self.subscribed: dict[tuple[str, int], tuple[float, int]] = {}
        self.clock = 0
        self.state = states.STOPPED

    def teardown(self) -> None:
        """Leave nothing behind that runs at the end of the process."""
        for channel in self.bus.listeners:
            self.bus.listeners[channel].clear()
        self.bus.exit()

    def listener(self, channel: str, number: int) -> Callable[[], int]:
        """Make a listener, or give the one there is."""

        def listen() -> int:
            self.ran.append((channel, number))
            if number in self.failing:
                raise ValueError(number)
            return number

        return self.made.setdefault((channel, number), listen)

    def expected(self, *channels: str) -> list[tuple[str, int]]:
        """List who has to run, in order."""
        return [
            key
            for channel in channels
            for key in sorted(self.subscribed, key=lambda key: self.subscribed[key])
            if key[0] == channel
        ]

    def fails(self, *channels: str) -> bool:
        """Tell whether somebody on the channels fails."""
        return any(number in self.failing for _, number in self.expected(*channels))

    @rule(channel=CHANNELS, number=LISTENERS, priority=st.none() | st.integers(0, 100))
    def subscribe(self, channel: str, number: int, priority: int | None) -> None:
        """Subscribe, or change the priority."""
        self.bus.subscribe(channel, self.listener(channel, number), priority)
        self.clock += 1
        self.subscribed[channel, number] = (50 if priority is None else priority, self.clock)

    @rule(channel=CHANNELS, number=LISTENERS)
    def unsubscribe(self, channel: str, number: int) -> None:
        """Unsubscribe, whether subscribed or not."""
        self.bus.unsubscribe(channel, self.listener(channel, number))
        self.subscribed.pop((channel, number), None)

    @rule(number=LISTENERS)
    def break_or_mend(self, number: int) -> None:
        """Make listeners fail, or no longer."""
        self.failing ^= {number}

    @rule(channel=CHANNELS)
    def publish(self, channel: str) -> None:
        """Publish on one channel."""
        self.ran.clear()
        fails = self.fails(channel)
        results: list[int] = []
        with contextlib.suppress(ChannelFailures):
            results = self.bus.publish(channel)
            assert not fails
        expected = self.expected(channel)
        assert self.ran == expected
        if not fails:
            assert results == [number for _, number in expected]

    @rule()
    def start(self) -> None:
        """Start; the process ends if that fails."""
        fails = self.fails("start")
        channels = ["start", "stop", "exit"] if fails else ["start"]
        self.call(self.bus.start, channels, ends=fails)
        self.state = states.EXITING if fails else states.STARTED

    @rule()
    def stop(self) -> None:
        """Stop; a failure leaves the bus half stopped."""
        fails = self.fails("stop")
        self.call(self.bus.stop, ["stop"], raises=fails)
        self.state = states.STOPPING if fails else states.STOPPED

    @rule()
    def exit(self) -> None:
        """Exit; the process ends if that fails."""
        self.call(self.bus.exit, ["stop", "exit"], ends=self.fails("stop", "exit"))
        self.state = states.EXITING

    @rule()
    def graceful(self) -> None:
        """Change no state."""
        self.call(self.bus.graceful, ["graceful"], raises=self.fails("graceful"))

    @precondition(lambda self: self.state is states.EXITING)
    @rule()
    def block(self) -> None:
        """Return, as there is nothing to wait for."""
        self.bus.block()

    def call(
        self,
        method: Callable[[], None],
        channels: list[str],
        *,
        raises: bool = False,
        ends: bool = False,
    ) -> None:
        """Call a method; compare who ran, and how it ended."""
        self.ran.clear()
        outcome = ""
        with mock.patch.object(os, "_exit", side_effect=ProcessEndedError):
            try:
                method()
            except ChannelFailures:
                outcome = "raised"
            except ProcessEndedError:
                outcome = "ended"
        assert outcome == ("ended" if ends else "raised" if raises else "")
        assert self.ran == self.expected(*channels)

    @invariant()
    def is_in_the_expected_state(self) -> None:
        """Compare the states."""
        assert self.bus.state is self.state


TestBusMachine = BusMachine.TestCase
