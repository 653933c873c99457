"""A pytest plugin for every suite: how many examples hypothesis tries, and that Ctrl-C works.

``dev`` is for work at the desk. ``ci`` takes over where the environment variable CI is set, and
gives the same examples in every run.
"""

import os
import signal

from hypothesis import settings

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_configure() -> None:
    """Hear Ctrl-C, so that the programs that tests start and end do.

    A process in the background of a shell ignores it, and hands that on to its children.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
