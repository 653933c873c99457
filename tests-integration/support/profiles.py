"""How many examples hypothesis tries: a pytest plugin, for every suite.

``dev`` is for work at the desk. ``ci`` takes over where the environment variable CI is set, and
gives the same examples in every run.
"""

import os

from hypothesis import settings

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=500, deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")
