"""The archives of feeds that others test their readers with, file by file. Needs the folder of test data (``NEWS_TEST_DATA``)."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

DATA: Final = Path(os.environ.get("NEWS_TEST_DATA", "")) / "feeds"
ARCHIVES: Final = ("feed-rs-fixtures", "feedparser-tests", "feedvalidator-testcases", "miniflux-testdata")
#: All files, as ``make bench`` has it; the suite takes one in four.
WHOLE: Final = bool(os.environ.get("NEWS_TEST_ALL"))
STEP: Final = 1 if WHOLE else 4

needs_data = pytest.mark.skipif(not os.environ.get("NEWS_TEST_DATA"), reason="NEWS_TEST_DATA names no folder of test data")


def files(archive: str, step: int = 1) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of every ``step``-th file: feeds, pages, lists and programs alike."""
    with tarfile.open(DATA / f"{archive}.tar.gz") as tar:
        for number, member in enumerate(member for member in tar if member.isfile()):
            content = tar.extractfile(member)
            if content is not None and number % step == 0:
                yield member.name, content.read()
