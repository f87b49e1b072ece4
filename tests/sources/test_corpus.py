"""Real and broken feeds: none may make the reader raise anything but the error that says what it is.

Needs the folder of test data (``NEWS_TEST_DATA``)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitor.errors import FetchError
from monitor.model import Document
from monitor.ports import FeedRead
from monitor.sources.feedread import read_feed
from tests.sources.corpora import ARCHIVES, files, needs_data

NOW = datetime(2025, 5, 1, 12, 0, tzinfo=UTC)

#: Of each archive, how many of its files must at least be read as feeds (the others are fragments, pages, lists, programs).
AT_LEAST = {
    "feed-rs-fixtures": 60,
    "feedparser-tests": 1_800,
    "feedvalidator-testcases": 1_200,
    "miniflux-testdata": 10,
}

pytestmark = needs_data


@pytest.mark.parametrize("archive", ARCHIVES)
def test_no_file_makes_the_reader_raise(archive: str) -> None:
    count = read = documents = 0
    for name, body in files(archive):
        count += 1
        try:
            found = read_feed(body, {}, f"https://example.org/{name}", source="corpus", now=NOW)
        except FetchError:
            continue
        read += 1
        documents += len(found.documents)
        for document in found.documents:
            sound(document, name)
        told_apart(body, name, found)
    print(f"{archive}: read {read} of {count} files, {documents} documents")
    assert read >= AT_LEAST[archive]


def sound(document: Document, name: str) -> None:
    document.text.encode()
    document.key.encode()
    assert document.key, name
    assert document.text, name
    assert document.title is None or 0 == document.title.start <= document.title.end <= len(document.text), name
    assert not document.url or document.url.startswith(("http://", "https://")), name
    assert not document.link or document.link.startswith("https://"), name
    assert document.published is None or document.published.tzinfo is UTC, name


def told_apart(body: bytes, name: str, first: FeedRead) -> None:
    """What was read is known the next time: nothing is read twice, but for items that share an identity or a link."""
    again = read_feed(body, {}, f"https://example.org/{name}", source="corpus", now=NOW, known=first.known)
    assert again.known == first.known, name
    assert again.items == first.items, name
    assert again.documents in ((), first.documents), name
