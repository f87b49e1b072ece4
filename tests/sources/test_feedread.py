"""Feed bytes to documents: what publishers send, and what they should not have sent."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.errors import FetchError
from monitor.model import Document, Span
from monitor.ports import FeedRead
from monitor.sources.feedread import MOST_ITEMS, read_feed
from monitor.sources.item import MAX_KEY
from monitor.sources.split import DIGEST, MOST_KNOWN

NOW = datetime(2025, 5, 1, 12, 0, tzinfo=UTC)
URL = "https://news.example/feeds/all.xml"


def read(body: bytes | str, headers: dict[str, str] | None = None, **more: str) -> tuple[Document, ...]:
    raw = body.encode() if isinstance(body, str) else body
    return whole(raw, headers, **more).documents


def whole(body: bytes | str, headers: dict[str, str] | None = None, *, language: str = "", **more: Any) -> FeedRead:
    raw = body.encode() if isinstance(body, str) else body
    return read_feed(raw, headers or {}, URL, source="example", now=NOW, language=language, labels={"country": "EG"}, **more)


def rss(*items: str, head: str = "") -> str:
    return f'<?xml version="1.0"?>{head}<rss version="2.0"><channel><title>T</title>{"".join(items)}</channel></rss>'


def item(number: int, **fields: str) -> str:
    return "<item>" + f"<title>Item {number}</title>" + "".join(f"<{name}>{value}</{name}>" for name, value in fields.items()) + "</item>"


def test_an_item_becomes_title_blank_line_body() -> None:
    (document,) = read(
        rss(item(1, guid="g1", link="/a/1", description="&lt;p&gt;Hello &amp;amp; more&lt;/p&gt;", pubDate="Thu, 01 May 2025 10:00:00 GMT"))
    )
    assert document == Document(
        source="example",
        key="g1",
        text="Item 1\n\nHello & more",
        title=Span(0, 6),
        url="https://news.example/a/1",
        published=datetime(2025, 5, 1, 10, tzinfo=UTC),
        published_raw="Thu, 01 May 2025 10:00:00 GMT",
        labels={"country": "EG"},
        link="https://news.example/a/1",
    )


def test_full_content_goes_before_the_summary() -> None:
    body = rss(
        '<item><title>T</title><description>short</description><content:encoded xmlns:content="http://purl.org/rss/1.0/modules/content/">'
        "&lt;p&gt;the whole&lt;/p&gt;&lt;p&gt;article&lt;/p&gt;</content:encoded></item>"
    )
    assert read(body)[0].text == "T\n\nthe whole\n\narticle"


def test_atom_with_its_language_and_relative_link() -> None:
    (document,) = read(
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ar-EG"><entry><id>urn:1</id><title>عنوان</title>'
        '<link href="../x"/><updated>2025-05-01T11:00:00+02:00</updated>'
        '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>نص</p></div></content></entry></feed>'
    )
    assert document.text == "عنوان\n\nنص"
    assert document.language_hint == "ar"
    assert document.url == "https://news.example/x"
    assert document.published == datetime(2025, 5, 1, 9, tzinfo=UTC)


def test_the_configured_language_goes_before_the_feeds_own() -> None:
    assert read(rss("<language>en-us</language>", item(1)))[0].language_hint == "en"
    assert read(rss("<language>en-us</language>", item(1)), language="fa")[0].language_hint == "fa"


def test_a_json_feed_is_read() -> None:
    documents = read(
        '{"version":"https://jsonfeed.org/version/1.1","language":"en","items":[{"id":7,"url":"/j","title":"J","content_html":"<p>b</p>",'
        '"date_published":"2025-05-01T08:00:00Z"}, 5]}'
    )
    assert [(d.key, d.text, d.url, d.language_hint) for d in documents] == [("7", "J\n\nb", "https://news.example/j", "en")]


# ---------------------------------------------------------------------------------------- no feed
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "the answer is empty, not a feed"),
        ("<!DOCTYPE html><html><head><title>Login</title></head></html>", "the answer is an HTML page, not a feed"),
        ('{"error": "no"}', "the answer is JSON, but no JSON feed"),
        ("{broken", "the answer is neither RSS nor Atom nor a JSON feed"),
        ("Not found", "the answer is neither RSS nor Atom nor a JSON feed"),
        ("<?xml version='1.0'?><opml/>", "the answer is XML, but no feed (its first element is <opml>)"),
        ("<?xml version='1.0'?><sitemapindex/>", "the answer is an index of sitemaps"),
        ("<urlset><url><loc>http://x.example/</loc></url></urlset>", "a sitemap without news entries"),
        ("/etc/passwd", "the answer is neither RSS nor Atom nor a JSON feed"),
    ],
)
def test_what_is_no_feed_is_named(body: str, message: str) -> None:
    with pytest.raises(FetchError) as caught:
        read(body)
    assert caught.value.message == message
    assert caught.value.unread


def test_a_feed_without_items_is_a_feed() -> None:
    assert read(rss()) == ()


# ---------------------------------------------------------------------------------------- bombs and rubbish
def test_fault_38_newlines_before_the_root_cost_no_time() -> None:
    started = time.perf_counter()
    assert len(read("\n" * 500_000 + rss(item(1)))) == 1
    assert len(read('<?xml version="1.0"?>' + "\n" * 500_000 + "<!DOCTYPE rss>" + "\r\n" * 200_000 + rss(item(1))[21:])) == 1
    assert time.perf_counter() - started < 2


def test_fault_38_external_entities_and_entity_bombs_are_not_expanded() -> None:
    doctype = '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/hostname"><!ENTITY big "' + "A" * 100_000 + '">]>'
    documents = read(rss(item(1, description="&x;" + "&big;" * 50), head=doctype))
    assert all(len(document.text) < 1_000 for document in documents)


@pytest.mark.parametrize("bad", ["&#xD800;", "&#x110000;", "&#99999999999;", "&#" + "9" * 5000 + ";", "&#0;", "&#xFFFE;", "&#1"])
def test_fault_39_bad_character_references_cost_no_item(bad: str) -> None:
    documents = read(rss(item(1, guid="1", description=f"before {bad} after"), item(2, guid="2"), item(3, guid="3")))
    assert {document.key for document in documents} == {"1", "2", "3"}
    text = next(document.text for document in documents if document.key == "1")
    assert "before" in text
    assert "after" in text


ARABIC = "صفقة سلاح جديدة بين موسكو وبيونغ يانغ تثير قلق الأمم المتحدة والولايات المتحدة"


@pytest.mark.parametrize("declared", ["utf-8", "iso-8859-1", "windows-1252", "windows-1256", ""])
@pytest.mark.parametrize("where", ["declaration", "header"])
def test_fault_40_windows_1256_under_any_name(declared: str, where: str) -> None:
    encoding = f' encoding="{declared}"' if declared and where == "declaration" else ""
    headers = {"content-type": f"application/rss+xml; charset={declared}"} if declared and where == "header" else {}
    body = f'<?xml version="1.0"{encoding}?>' + rss(item(1, description=ARABIC))[21:]
    (document,) = read(body.encode("cp1256"), headers)
    assert document.text == f"Item 1\n\n{ARABIC}"
    assert "encoding:windows-1256" in document.notes


@pytest.mark.parametrize("declared", ["windows-1256", "iso-8859-1", "no-such-charset"])
def test_fault_40_utf_8_declared_as_something_else(declared: str) -> None:
    body = f'<?xml version="1.0" encoding="{declared}"?>' + rss(item(1, description=ARABIC))[21:]
    assert read(body)[0].text == f"Item 1\n\n{ARABIC}"


def test_fault_40_a_large_body_is_read_whole_in_its_encoding() -> None:
    body = '<?xml version="1.0" encoding="utf-8"?>' + rss(*(item(n, guid=str(n), description=ARABIC * 50) for n in range(400)))[21:]
    for encoded in (body.encode("cp1256"), body.replace("utf-8", "utf-16").encode("utf-16")):
        documents: list[Document] = []
        found = whole(encoded)
        documents += found.documents
        while found.rest:
            found = whole(encoded, skip=found.items_read)
            documents += found.documents
        assert len({document.key for document in documents}) == 400
        assert all(document.text.endswith(ARABIC) for document in documents)


def test_fault_41_controls_surrogates_and_huge_titles() -> None:
    huge = "t" * 1_000_000
    body = rss(f"<item><guid>1</guid><title>{huge}</title><description>a\x00b\x08c</description></item>").encode()
    body = body.replace(b"<guid>1", b"<guid>1\xed\xa0\x80")
    (document,) = read(body)
    assert document.title is not None
    assert document.title.end <= 2_000
    document.text.encode()
    document.key.encode()
    assert "\0" not in document.text


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("0001-01-01T00:00:00Z", NOW - timedelta(days=3653)),
        ("9999-12-31T23:59:59Z", NOW + timedelta(hours=24)),
        ("Thu, 01 May 2025 10:00:00 +9999", None),
        ("30 Feb 2025 00:00:00 GMT", None),
        ("-1", None),
        ("yesterday", None),
    ],
)
def test_fault_42_dates_are_bounded_and_kept_as_written(raw: str, expected: datetime | None) -> None:
    (document,) = read(rss(item(1, pubDate=raw)))
    assert document.published_raw == raw
    if expected is not None:
        assert document.published == expected
    assert document.published is None or NOW - timedelta(days=3653) <= document.published <= NOW + timedelta(hours=24)


def test_fault_43_one_guid_twice_is_one_article_and_a_guid_for_all_is_none() -> None:
    same = read(rss(item(1, guid="g", link="/a"), item(2, guid="g", link="/a")))
    assert [(document.key, document.text) for document in same] == [("g", "Item 1")]
    shared = read(rss(item(1, guid="site", link="http://x.example/1"), item(2, guid="site", link="http://x.example/2")))
    assert {document.key for document in shared} == {"http://x.example/1", "http://x.example/2"}


def test_without_guid_the_link_and_without_link_the_content_is_the_identity() -> None:
    documents = read(rss(item(1, link="http://x.example/1"), item(2), item(3)))
    keys = [document.key for document in documents]
    assert "http://x.example/1" in keys
    assert len(set(keys)) == 3
    assert read(rss(item(3)))[0].key in keys


def test_a_long_identity_is_kept_as_its_hash() -> None:
    (document,) = read(rss(item(1, guid="g" * 5_000)))
    assert len(document.key) <= MAX_KEY


def test_fault_44_a_flood_is_read_in_slices_and_every_item_of_it() -> None:
    start = datetime(2025, 1, 1, tzinfo=UTC)
    items = [item(n, guid=str(n), pubDate=f"{start + timedelta(minutes=n):%a, %d %b %Y %H:%M:%S GMT}") for n in reversed(range(5_000))]
    for odd in ("", "<item><guid>4999</guid></item>"):  # read in parts; and whole, since two items share a guid
        slices, skip = [], 0
        while not slices or slices[-1].rest:
            slices.append(whole(rss(odd, *items), skip=skip))
            skip = slices[-1].items_read
            assert len(slices[-1].documents) <= MOST_ITEMS
        assert [document.key for read in reversed(slices) for document in read.documents] == [str(n) for n in range(5_000)]
        assert len(slices) == 3
        assert {read.items for read in slices} == {5_000 + bool(odd)}
        assert {len(read.known) for read in slices} == {MOST_KNOWN * DIGEST}


def test_items_without_a_date_come_in_the_reverse_of_the_feeds_order() -> None:
    assert [document.key for document in read(rss(*(item(n, guid=str(n)) for n in range(3))))] == ["2", "1", "0"]


@pytest.mark.parametrize("link", ["javascript:alert(1)", "file:///etc/passwd", "http://[", "data:text/html,x"])
def test_only_web_addresses_become_links(link: str) -> None:
    assert read(rss(item(1, guid="g", link=link)))[0].url == ""


def test_an_item_without_words_is_passed_over() -> None:
    assert read(rss("<item><guid>1</guid></item>", item(2))) == read(rss(item(2)))


def test_different_items_under_one_guid_are_all_kept() -> None:
    for link in ("", "<link>http://example.org/</link>"):
        items = "".join(
            f"<item><guid>same</guid>{link}<title>Item {n}</title><description>Text {n}</description></item>" for n in range(50)
        )
        body = f"<rss version='2.0'><channel><title>t</title>{items}</channel></rss>".encode()
        documents = read_feed(body, {}, "http://example.org/feed", source="s", now=NOW).documents
        assert len({document.key for document in documents}) == 50


# ------------------------------------------------------------------------- what a feed says of itself
def test_a_feeds_wishes_are_read_off_its_head() -> None:
    said = (
        "<ttl>15</ttl><skipHours><hour>0</hour><hour>23</hour><hour>24</hour><hour>99</hour></skipHours>"
        "<skipDays><day>Friday</day><day>Noday</day></skipDays>"
    )
    for body in (rss(said, item(1), item(2)), rss(item(1), item(2), said), rss(said, item(1, guid="g"), item(2, guid="g"))):
        found = whole(body)
        assert (found.ttl, found.skip_hours, found.skip_days) == (900.0, {0, 23}, {4})
    nothing = whole(rss(item(1)))
    assert (nothing.ttl, nothing.skip_hours, nothing.skip_days) == (None, frozenset(), frozenset())


@pytest.mark.parametrize(
    ("period", "frequency", "ttl"),
    [("daily", "4", 21_600.0), ("hourly", "2", 1_800.0), ("hourly", "1", None), ("weekly", "0", None), ("often", "1", None)],
)
def test_an_update_period_is_one_unless_it_is_what_everybody_has(period: str, frequency: str, ttl: float | None) -> None:
    said = f"<sy:updatePeriod> {period} </sy:updatePeriod><sy:updateFrequency>{frequency}</sy:updateFrequency>"
    assert whole(rss(said, item(1), item(2))).ttl == ttl


def test_the_servers_language_counts_where_the_feed_says_nothing() -> None:
    headers = {"content-language": "ar-EG"}
    assert read(rss(item(1)), headers)[0].language_hint == "ar"
    assert read(rss("<language>en</language>", item(1)), headers)[0].language_hint == "en"


# ------------------------------------------------------------------------------- podcasts, broken feeds
def test_an_episode_has_its_summary_for_a_text_or_its_title_alone() -> None:
    itunes = 'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    file = '<enclosure url="http://x.example/a.mp3" type="audio/mpeg" length="1"/>'
    found = whole(
        rss(
            f"<item><title>One</title><guid>1</guid>{file}<itunes:summary {itunes}>What it is about</itunes:summary></item>",
            f"<item><title>Two</title><guid>2</guid>{file}</item>",
            f"<item><guid>3</guid>{file}</item>",
        )
    )
    assert [document.text for document in found.documents] == ["Two", "One\n\nWhat it is about"]
    assert found.notes == ("without-words:1",)
    assert found.items == 3


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE rss>",
        '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd">',
        '<!DOCTYPE rss [<!ENTITY back "\\g<1>\\1"> <!-- ]> --> <!ENTITY end "]>">]>',
        "<!-- <rss> --><!DOCTYPE rss [<!ELEMENT rss ANY>]>",
        "<!DOCTYPE rss [<!ENTITY open 'never closed>",
    ],
)
def test_fault_39_a_document_type_costs_no_item(doctype: str) -> None:
    documents = read(rss(item(1, guid="1", description="a &amp;back; b"), item(2, guid="2"), head=doctype))
    assert {document.key for document in documents} == {"1", "2"}


@pytest.mark.parametrize(
    "broken",
    [
        "<georss:where><gml:Point srsName='x:y:z' srsDimension='many'><gml:pos>1 2</gml:pos></gml:Point></georss:where>",
        "<description>a &nbsp; b &unheard; c</description>",
        "<description><p>not closed</description>",
        "<description>a & b < c</description>",
        "<media:group>",
        "<link>http://[</link>",
    ],
)
def test_fault_39_what_is_broken_in_one_item_costs_no_other(broken: str) -> None:
    documents = read(rss(item(1, guid="1"), f"<item><title>Item 2</title><guid>2</guid>{broken}</item>", item(3, guid="3")))
    print(f"items kept: {len(documents)} of 3")
    assert {document.key for document in documents} == {"1", "2", "3"}
    # The others known, it is read alone, and no worse.
    known = whole(rss(item(1, guid="1"), item(3, guid="3"))).known
    alone = whole(rss(item(1, guid="1"), f"<item><title>Item 2</title><guid>2</guid>{broken}</item>", item(3, guid="3")), known=known)
    assert "2" in {document.key for document in alone.documents}


@pytest.mark.parametrize("encoding", ["punycode", "idna", "hz", "rot13", "utf-7", "undefined", "zip"])
def test_fault_39_a_declared_encoding_that_is_none_is_not_asked(encoding: str) -> None:
    body = f'<?xml version="1.0" encoding="{encoding}"?>' + rss(item(1, description=ARABIC))[21:]
    assert read(body)[0].text.endswith(ARABIC)


def test_fault_41_marks_and_turned_writing_come_through_whole() -> None:
    marks = "a" + "\u0301" * 5_000
    (document,) = read(rss(item(1, description=f"{marks} \u202eabc\u202c end")))
    assert document.text == f"Item 1\n\n{marks} \u202eabc\u202c end"


def test_fault_43_one_article_keeps_its_canonical_link_whatever_its_feed_adds() -> None:
    (document,) = read(rss(item(1, guid="g", link="http://news.example/a?id=7&amp;utm_source=rss#content")))
    assert document.url == "http://news.example/a?id=7&utm_source=rss#content"
    assert document.link == "https://news.example/a?id=7"
    (front,) = read(rss(item(1, guid="g", link="http://news.example/")))
    assert (front.url, front.link) == ("http://news.example/", "")
