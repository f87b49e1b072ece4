"""What holds for every test: a property test is judged by what it finds, not by how long one example took on a busy machine, and a
commit passes or fails whoever runs it. ``make test`` therefore tries the same examples each time; ``make fuzz`` looks for new ones, and
what it finds becomes an example that is always tried."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("monitor", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile("monitor")
