"""Settings of the whole suite: timings belong in a benchmark, so no example has a deadline."""

from hypothesis import settings

settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")
