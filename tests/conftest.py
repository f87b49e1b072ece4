"""What holds for every test: a property test is judged by what it finds, not by how long one example took on a busy machine."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("monitor", deadline=None)
settings.load_profile("monitor")
