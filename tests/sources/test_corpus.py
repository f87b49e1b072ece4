"""Real and broken feeds: none may make the reader raise anything but the error that says what it is.

Needs the folder of test data (``NEWS_TEST_DATA``)."""

from __future__ import annotations

import os
import tarfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.errors import FetchError
from monitor.sources.feedread import read_feed

DATA = Path(os.environ.get("NEWS_TEST_DATA", "")) / "feeds"
NOW = datetime(2025, 5, 1, 12, 0, tzinfo=UTC)
SUFFIXES = (".xml", ".json", ".rss", ".atom", ".rdf", ".rss1", ".rss2", ".html")

#: Of each archive, how many of its files must at least be read as feeds (the others are fragments, pages and OPML).
AT_LEAST = {
    "feed-rs-fixtures.tar.gz": 60,
    "feedparser-tests.tar.gz": 1_500,
    "feedvalidator-testcases.tar.gz": 1_200,
    "miniflux-testdata.tar.gz": 10,
}

pytestmark = pytest.mark.skipif(not os.environ.get("NEWS_TEST_DATA"), reason="NEWS_TEST_DATA names no folder of test data")


def files(archive: str) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(DATA / archive) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isfile() else None
            if content is not None and member.name.endswith(SUFFIXES):
                yield member.name, content.read()


@pytest.mark.parametrize("archive", AT_LEAST)
def test_no_feed_makes_the_reader_raise(archive: str) -> None:
    read = documents = 0
    slowest = 0.0
    for name, body in files(archive):
        started = time.perf_counter()
        try:
            found = read_feed(body, {}, f"https://example.org/{name}", source="corpus", now=NOW)
        except FetchError:
            continue
        finally:
            slowest = max(slowest, time.perf_counter() - started)
        read += 1
        documents += len(found)
        for document in found:
            document.text.encode()
            document.key.encode()
            assert document.key, name
            assert document.text, name
            assert document.title is None or 0 == document.title.start <= document.title.end <= len(document.text), name
            assert not document.url or document.url.startswith(("http://", "https://")), name
            assert document.published is None or document.published.tzinfo is UTC, name
    print(f"{archive}: {read} feeds, {documents} documents, slowest {slowest:.2f} s")
    assert read >= AT_LEAST[archive]
    assert slowest < 5
