"""The quick reader: what it takes, what it leaves to feedparser, and that both say the same."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitor.sources import quickread, slowread
from monitor.sources.item import Item
from monitor.sources.quickread import NotQuick

NOW = datetime(2025, 5, 1, 12, 0, tzinfo=UTC)
SPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" '
    'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:x="urn:other"'
)


def rss(fields: str, channel: str = "") -> str:
    return f'<rss version="2.0" {SPACES}><channel><title>T</title>{channel}<item>{fields}</item></channel></rss>'


def atom(fields: str, root: str = "") -> str:
    return f'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"{root}><entry>{fields}</entry></feed>'


def both(body: str) -> Item:
    (quick,) = quickread.items(body.encode(), NOW)
    (slow,) = slowread.items(body, NOW)
    assert quick == slow
    return quick


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("<title>a</title><dc:title>b</dc:title>", {"title": "a"}),
        ("<title/><dc:title>b</dc:title>", {"title": "b"}),
        ("<media:title>m</media:title><title>a</title>", {"title": "a"}),
        ("<title>a &amp;amp; &lt;b&gt;b&lt;/b&gt;</title>", {"title": "a & b"}),
        ("<guid>http://x.example/1</guid>", {"guid": "http://x.example/1", "link": "http://x.example/1"}),
        ('<guid isPermaLink="false">http://x.example/1</guid>', {"guid": "http://x.example/1", "link": ""}),
        ("<guid>7</guid>", {"guid": "7", "link": ""}),
        ("<link>http://x.example/?a=1&amp;b=2</link><guid>g</guid>", {"link": "http://x.example/?a=1&b=2", "guid": "g"}),
        ('<link>http://x.example/1</link><atom:link rel="self" href="http://x.example/self"/>', {"link": "http://x.example/1"}),
        (
            "<pubDate>Thu, 01 May 2025 10:00:00 GMT</pubDate><dc:date>2024-01-01</dc:date>",
            {"published": datetime(2025, 5, 1, 10, tzinfo=UTC)},
        ),
        (
            "<pubDate>soon</pubDate><dc:date>2025-05-01</dc:date>",
            {"published": datetime(2025, 5, 1, tzinfo=UTC), "published_raw": "2025-05-01"},
        ),
        ("<pubDate>soon</pubDate>", {"published": None, "published_raw": "soon"}),
        ("<description>short</description><content:encoded>the whole of it</content:encoded>", {"body": "the whole of it"}),
        ("<description>the whole of it</description><content:encoded>short</content:encoded>", {"body": "the whole of it"}),
        ("<description>text</description><itunes:summary>a longer text</itunes:summary>", {"body": "a longer text"}),
        ("<description><![CDATA[<p>a</p><p>b</p>]]></description>", {"body": "a\n\nb"}),
        ("<description>a<!-- comment -->b</description>", {"body": "ab"}),
        ("<dc:language>ar</dc:language><title>a</title>", {"language": "ar"}),
        ("<title>cafÃ©</title>", {"title": "café"}),
        ("<x:title>no</x:title><title>a</title>", {"title": "a"}),
        ('<source url="http://x.example/f">S</source><title>a</title>', {"title": "a"}),
    ],
)
def test_fields_of_rss(fields: str, expected: dict[str, object]) -> None:
    found = both(rss(fields))
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ('<link href="http://x.example/1"/><id>urn:1</id>', {"link": "http://x.example/1", "guid": "urn:1"}),
        ('<link rel="enclosure" href="http://x.example/e"/><id>http://x.example/1</id>', {"link": "http://x.example/1"}),
        ('<link href="a"/><link rel="alternate" type="text/html" href="b"/><link type="application/json" href="c"/>', {"link": "b"}),
        (
            "<published>2025-05-01T10:00:00Z</published><updated>2025-05-01T11:00:00Z</updated>",
            {"published": datetime(2025, 5, 1, 10, tzinfo=UTC)},
        ),
        ('<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>a &lt; b</p><p>c</p></div></content>', {"body": "a < b\n\nc"}),
        ('<content type="html">&lt;p&gt;a&lt;/p&gt;</content><summary>s</summary>', {"body": "a"}),
        ('<title type="html">a &amp;lt; b</title>', {"title": "a < b"}),
        ('<title xml:lang="fr">a</title>', {"title": "a", "language": "fr"}),
    ],
)
def test_fields_of_atom(fields: str, expected: dict[str, object]) -> None:
    found = both(atom(fields))
    assert {name: getattr(found, name) for name in expected} == expected


def test_links_are_resolved_against_the_base_that_stands_nearest() -> None:
    assert both(atom('<link href="1"/>', ' xml:base="http://x.example/a/"')).link == "http://x.example/a/1"
    assert both(atom('<link xml:base="b/" href="1"/>', ' xml:base="http://x.example/a/"')).link == "http://x.example/a/b/1"


def test_the_feeds_language_counts_where_an_item_says_nothing() -> None:
    assert both(rss("<title>a</title>", "<language>fa-IR</language>")).language == "fa-IR"
    assert both(atom("<title>a</title>", ' xml:lang="he"')).language == "he"


def test_a_pictures_caption_is_the_text_only_of_an_item_that_has_no_other() -> None:
    caption = (
        '<media:content url="u"><media:description type="plain">A long caption of the picture above</media:description></media:content>'
    )
    for body in (
        rss(f"<title>a</title><description>text</description>{caption}"),
        rss(f"<title>a</title>{caption}<description>text</description>"),
    ):
        assert both(body).body == "text"
    assert both(rss(f"<title>a</title>{caption}")).body == "A long caption of the picture above"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<rss",
        rss("<title>a&nbsp;b</title>"),
        "<!DOCTYPE rss><rss><channel><item><title>a</title></item></channel></rss>",
        "<opml/>",
        "<rss><channel/></rss>",
        rss("<description><p>not escaped</p></description>"),
        rss("<title>\x93quoted\x94</title>"),
        rss("<title>&#147;quoted&#148;</title>"),
        rss("<foo><title>inside</title></foo>"),
        rss("<item><title>inside</title></item>"),
        atom("<source><title>another feed</title></source><title>a</title>"),
        atom('<content type="image/png">iVBORw0KGgo=</content>'),
        atom('<content mode="base64">aGVsbG8=</content>'),
        rss('<title xmlns="urn:unheard-of">a</title>'),
        rss('<dc:title xmlns:dc="urn:unheard-of">a</dc:title>'),
        rss("<body xmlns='http://www.w3.org/1999/xhtml'><p>x</p></body>"),
        '<channel href="http://x.example/"><item href="http://x.example/1"><title>CDF</title></item></channel>',
    ],
)
def test_what_is_unusual_is_left_to_the_other_reader(body: str) -> None:
    with pytest.raises(NotQuick):
        quickread.items(body.encode(), NOW)
