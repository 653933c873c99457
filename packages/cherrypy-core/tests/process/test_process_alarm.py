"""An alarm is never lost: whoever rings, whenever."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from cherrypy.process._alarm import Alarm

pytestmark = pytest.mark.timeout(30)


def test_ringing_before_the_wait_counts() -> None:
    with Alarm() as alarm:
        alarm.ring()
        assert alarm.wait(None)


def test_ringing_often_wakes_once() -> None:
    with Alarm() as alarm:
        for _ in range(1000):
            alarm.ring()
        assert alarm.wait(None)
        assert not alarm.wait(0)


def test_ringing_more_than_anyone_hears_does_not_block() -> None:
    with Alarm() as alarm:
        for _ in range(200_000):
            alarm.ring()
        assert alarm.wait(None)


@pytest.mark.parametrize("timeout", [0, 0.001])
def test_a_timeout_ends_the_wait(timeout: float) -> None:
    with Alarm() as alarm:
        assert not alarm.wait(timeout)


def test_another_thread_wakes_the_waiter() -> None:
    with Alarm() as alarm:
        thread = threading.Thread(target=alarm.ring)
        thread.start()
        assert alarm.wait(None)
        thread.join()


def test_a_signal_that_comes_just_before_the_wait_wakes_it() -> None:
    """A lock or a condition would sleep on."""
    handled = []
    previous = signal.signal(signal.SIGUSR2, lambda number, _frame: handled.append(number))
    try:
        with Alarm() as alarm:
            os.kill(os.getpid(), signal.SIGUSR2)
            assert alarm.wait(None)
    finally:
        signal.signal(signal.SIGUSR2, previous)
    assert handled == [signal.SIGUSR2]


def test_ringing_after_the_end_is_harmless() -> None:
    with Alarm() as alarm:
        pass
    alarm.ring()


def test_an_alarm_may_be_used_in_any_thread() -> None:
    results = []

    def use() -> None:
        with Alarm() as alarm:
            alarm.ring()
            results.append(alarm.wait(None))

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert results == [True]


def test_the_wakeup_file_of_the_application_is_put_back() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer)
    try:
        with Alarm():
            pass
        assert signal.set_wakeup_fd(writer) == writer
    finally:
        signal.set_wakeup_fd(before)
        os.close(reader)
        os.close(writer)


def test_a_wakeup_file_that_was_closed_meanwhile_is_forgotten() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer)
    try:
        with Alarm():
            os.close(writer)
        assert signal.set_wakeup_fd(-1) == -1
    finally:
        signal.set_wakeup_fd(before)
        os.close(reader)
