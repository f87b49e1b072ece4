"""Cutting a body into its items: what is known is dropped before any parser, and never anything else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.ports import FeedRead
from monitor.sources.feedread import read_feed
from monitor.sources.split import DIGEST, MOST_KNOWN, split

NOW = datetime(2025, 5, 1, 12, 0, tzinfo=UTC)


def read(body: str, **more: Any) -> FeedRead:
    return read_feed(body.encode(), {}, "http://x.example/feed", source="s", now=NOW, **more)


def rss(*items: str, channel: str = "<title>T</title>", root: str = "") -> str:
    return f'<?xml version="1.0"?><rss version="2.0"{root}><channel>{channel}{"".join(items)}</channel></rss>'


def item(number: int, text: str = "text", **fields: str) -> str:
    names = {"guid": f"g{number}", "link": f"http://x.example/{number}"} | fields
    return (
        f"<item><title>Item {number}</title><description>{text}</description>"
        + "".join(f"<{n}>{v}</{n}>" for n, v in names.items())
        + "</item>"
    )


def keys(found: FeedRead) -> list[str]:
    return [document.key for document in found.documents]


# ------------------------------------------------------------------------------------------ dropping
def test_only_what_is_new_or_edited_is_read_again() -> None:
    first = read(rss(item(3), item(2), item(1)))
    second = read(rss(item(4), item(3), item(2, "edited"), item(1)), known=first.known)
    assert keys(second) == ["g2", "g4"]
    assert second.items == 4
    assert len(second.known) == 4 * DIGEST
    assert keys(read(rss(item(4), item(3), item(2, "edited"), item(1)), known=second.known)) == []


def test_a_changed_head_is_no_new_feed() -> None:
    known = read(rss(item(1), item(2), channel="<lastBuildDate>Thu, 01 May 2025 10:00:00 GMT</lastBuildDate>")).known
    assert keys(read(rss(item(1), item(2), channel="<lastBuildDate>Thu, 01 May 2025 10:05:00 GMT</lastBuildDate>"), known=known)) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"root": ' xml:base="http://y.example/"'},
        {"channel": "<language>ar</language>"},
        {"root": ' xmlns:dc="http://purl.org/dc/elements/1.1/"'},
    ],
)
def test_what_every_item_hangs_on_makes_all_be_read_again(changed: dict[str, str]) -> None:
    known = read(rss(item(1), item(2))).known
    assert len(keys(read(rss(item(1), item(2), **changed), known=known))) == 2


def test_an_item_that_was_listed_and_comes_back_changed_is_read() -> None:
    known = read(rss(item(1), item(2))).known
    assert keys(read(rss(item(2)), known=known)) == []
    assert keys(read(rss(item(1, "changed")), known=known)) == ["g1"]


def test_items_that_share_a_name_are_told_apart_with_all_in_view() -> None:
    known = read(rss(item(1, guid="site"), item(2, guid="site"))).known
    found = read(rss(item(3, guid="site"), item(1, guid="site"), item(2, guid="site")), known=known)
    assert keys(found) == ["http://x.example/3"]


def test_items_that_share_a_link_are_handed_over_together() -> None:
    """Who of a live blog's entries is still listed tells an edited id from a new entry."""
    live = {"link": "http://x.example/live"}
    known = read(rss(item(1, **live), item(2, **live))).known
    found = read(rss(item(3, **live), item(1, **live), item(2, **live)), known=known)
    assert sorted(keys(found)) == ["g1", "g2", "g3"]
    assert {document.link for document in found.documents} == {""}


def test_an_atom_source_is_no_name_of_its_entry() -> None:
    source = "<source><id>planet</id><link href='http://planet.example/'/></source>"
    entries = "".join(f"<entry>{source}<id>e{n}</id><title>Entry {n}</title><link href='http://x.example/{n}'/></entry>" for n in range(3))
    found = split(f"<feed xmlns='http://www.w3.org/2005/Atom'>{entries}</feed>".encode())
    assert found is not None
    assert not found.shared
    assert len(found.items) == 3


def test_at_most_so_many_items_are_known() -> None:
    assert len(read(rss(*(item(n) for n in range(MOST_KNOWN + 100)))).known) == MOST_KNOWN * DIGEST


def test_other_kinds_know_their_items_too() -> None:
    json = '{"version":"https://jsonfeed.org/version/1.1","items":[%s]}'
    one, two = '{"id":"1","title":"one"}', '{"id":"2","title":"two"}'
    first = read(json % one)
    assert keys(read(json % f"{two},{one}", known=first.known)) == ["2"]
    sitemap = (
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9">%s</urlset>'
    )
    entry = "<url><loc>http://x.example/{0}</loc><n:news><n:title>T {0}</n:title></n:news></url>"
    first = read(sitemap % entry.format(1))
    assert keys(read(sitemap % (entry.format(2) + entry.format(1)), known=first.known)) == ["http://x.example/2"]
    utf16 = rss(item(1), item(2)).encode("utf-16")
    known = read_feed(utf16, {}, "http://x.example/", source="s", now=NOW).known
    assert read_feed(utf16, {}, "http://x.example/", source="s", now=NOW, known=known).documents == ()


def test_fault_40_the_encoding_of_a_feed_does_not_change_what_is_known() -> None:
    arabic = [item(n, f"قالت وزارة الدفاع إن السفينة وصلت إلى الميناء {n}") for n in range(20)]
    known = read(rss(*arabic)).known
    new = item(99, "وصلت شحنة جديدة من قطع الغيار إلى المرفأ")
    body = rss(new, *arabic).encode("cp1256")
    found = read_feed(body, {"content-type": "text/xml; charset=utf-8"}, "http://x.example/", source="s", now=NOW, known=known)
    assert [document.text for document in found.documents] == ["Item 99\n\nوصلت شحنة جديدة من قطع الغيار إلى المرفأ"]


# ------------------------------------------------------------------------------------------- cutting
@pytest.mark.parametrize(
    "body",
    [
        rss(),
        "",
        "no feed",
        rss("<item><title>a</title>"),
        rss("<item><item></item></item>"),
        rss("<item/>"),
        rss(item(1), "<image><url>u</url></image>", item(2)),
        rss(item(1), "text", item(2)),
        rss("<item><title>a</title><!-- </item>", item(2)),
        rss("<item><description><![CDATA[ x </description></item>"),
        "<html><item></item></html>",
    ],
)
def test_what_is_odd_is_not_cut(body: str) -> None:
    assert split(body.encode()) is None


@pytest.mark.parametrize(
    ("body", "number"),
    [
        (rss(item(1), item(2)), 2),
        (rss(item(1), "\n <!-- <item>not one</item> --> ", item(2)), 2),
        (rss("<item><description><![CDATA[an </item> and an <item> in text]]></description></item>", item(2)), 2),
        (rss("<item><description><![CDATA[<!-- more ]]></description></item>", item(2)), 2),
        (rss("<item ><title>a</title></item\n>", item(2)), 2),
        ("<?xml version='1.0'?><?xml-stylesheet href='a>b'?><!-- <rss> --><rss><item></item></rss>", 1),
        ("<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:entry></a:entry><a:entry></a:entry></a:feed>", 2),
        ("<rdf:RDF><channel><items><rdf:li/></items></channel><item rdf:about='1'></item><item rdf:about='2'></item></rdf:RDF>", 2),
    ],
)
def test_where_items_stand(body: str, number: int) -> None:
    found = split(body.encode())
    assert found is not None
    assert len(found.items) == number
    assert found.only(range(number)).count(b"<rss") == body.count("<rss") or number


WORDS = st.sampled_from(
    ["a", "b", " ", "<b>", "]]>", "<![CDATA[", "<!--", "-->", "</item>", "<item>", "&lt;item&gt;", "<guid>", "</guid>", "\n"]
)


@settings(max_examples=300)
@given(st.lists(st.lists(WORDS, max_size=6).map("".join), min_size=1, max_size=5), st.sets(st.integers(0, 4)))
def test_nothing_is_lost_by_dropping(texts: list[str], before: set[int]) -> None:
    """Whatever stands in the items: with some of them known, the others come as they come without."""
    items = [f"<item><guid>g{n}</guid><title>t{n}</title><description>{text}</description></item>" for n, text in enumerate(texts)]
    known = read(rss(*(one for n, one in enumerate(items) if n in before))).known
    whole, rest = read(rss(*items)), read(rss(*items), known=known)
    fresh = {document.key: document.text for document in rest.documents}
    for document in whole.documents:
        if document.key in fresh:
            assert fresh[document.key] == document.text
        else:
            assert int(document.key.removeprefix("g")) in before
