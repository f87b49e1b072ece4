"""Look-ups for tests: the real one, built once for all test processes in a temporary folder, and one that knows nothing."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from monitor.dictionaries import open_lookup
from monitor.text.forms import Lookup


@cache
def real(*languages: str) -> Lookup:
    return open_lookup(Path(tempfile.gettempdir()) / "news-monitor-tests", languages)


def silent(language: str, word: str) -> frozenset[str]:
    return frozenset()
