"""What a feed calls itself."""

from __future__ import annotations

import pytest

from monitor.sources.feedtitle import LONGEST, feed_title

ITEM = "<item><title>An item</title></item>"


@pytest.mark.parametrize(
    ("body", "title"),
    [
        (f"<rss><channel><title> Harbour\n News </title>{ITEM}</channel></rss>", "Harbour News"),
        (f"<rss><channel><image><title>A picture</title></image><title>Harbour</title>{ITEM}</channel></rss>", "Harbour"),
        (f"<rss><channel><title><![CDATA[Ships & <b>Ports</b>]]></title>{ITEM}</channel></rss>", "Ships & Ports"),
        ("<feed><title type='html'>Ships &amp;amp; Ports</title><entry><title>An item</title></entry></feed>", "Ships & Ports"),
        ("<rdf:RDF><channel><dc:title>Harbour</dc:title></channel><item><title>An item</title></item></rdf:RDF>", "Harbour"),
        (f"<rss><channel>{ITEM}</channel></rss>", ""),
        (f"<rss><channel><title/>{ITEM}</channel></rss>", ""),
        (f"<rss><channel><title>{'long ' * 300}</title>{ITEM}</channel></rss>", ("long " * 300)[:LONGEST].strip()),
        ('{"version": "https://jsonfeed.org/version/1.1", "title": "Harbour", "items": []}', "Harbour"),
        ('{"title": 3}', ""),
        ("{", ""),
        ("", ""),
    ],
)
def test_the_title_is_the_feeds_own(body: str, title: str) -> None:
    assert feed_title(body.encode(), {}) == title


def test_the_title_is_read_in_the_encoding_of_the_feed() -> None:
    body = f"<?xml version='1.0' encoding='windows-1256'?><rss><channel><title>أخبار الميناء</title>{ITEM}</channel></rss>"
    assert feed_title(body.encode("windows-1256"), {"content-type": "text/xml"}) == "أخبار الميناء"
