"""Sitemaps with news entries, and those without."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitor.errors import FetchError
from monitor.sources.feedread import read_feed

NOW = datetime(2025, 5, 1, 12, 0, tzinfo=UTC)
HEAD = '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">'
ENTRY = """<url><loc>https://news.example/{0}</loc><lastmod>2025-05-01</lastmod><news:news>
<news:publication><news:name>N</news:name><news:language>ar</news:language></news:publication>
<news:publication_date>2025-05-01T0{0}:00:00Z</news:publication_date><news:title>عنوان {0} &amp; more</news:title></news:news></url>"""
PLAIN = "<url><loc>https://news.example/about</loc></url>"


def test_its_entries_are_items_with_a_title_and_a_link() -> None:
    found = read_feed(
        (HEAD + ENTRY.format(2) + PLAIN + ENTRY.format(1) + "</urlset>").encode(), {}, "https://news.example/news.xml", source="s", now=NOW
    )
    assert [(d.key, d.text, d.url, d.language_hint, d.published) for d in found.documents] == [
        ("https://news.example/1", "عنوان 1 & more", "https://news.example/1", "ar", datetime(2025, 5, 1, 1, tzinfo=UTC)),
        ("https://news.example/2", "عنوان 2 & more", "https://news.example/2", "ar", datetime(2025, 5, 1, 2, tzinfo=UTC)),
    ]


def test_a_broken_one_gives_what_it_has() -> None:
    body = HEAD + ENTRY.format(1) + "<url><loc>https://news.example/?a=1&b=2"
    assert len(read_feed(body.encode(), {}, "https://news.example/", source="s", now=NOW).documents) == 1


def test_an_empty_one_is_no_fault() -> None:
    assert read_feed((HEAD + "</urlset>").encode(), {}, "https://news.example/", source="s", now=NOW).items == 0


@pytest.mark.parametrize(
    ("body", "message", "hint"),
    [
        (HEAD + PLAIN + "</urlset>", "a sitemap without news entries", "robots.txt"),
        (
            "<sitemapindex>" + "".join(f"<sitemap><loc>https://news.example/{n}.xml</loc></sitemap>" for n in range(9)) + "</sitemapindex>",
            "the answer is an index of sitemaps",
            "https://news.example/0.xml, https://news.example/1.xml, https://news.example/2.xml",
        ),
    ],
)
def test_what_lists_no_news_is_refused(body: str, message: str, hint: str) -> None:
    with pytest.raises(FetchError) as caught:
        read_feed(body.encode(), {}, "https://news.example/sitemap.xml", source="s", now=NOW)
    assert caught.value.message == message
    assert caught.value.hint.endswith(hint)
