"""Sitemaps with news entries (https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap) to items.

Such a list holds the titles, addresses and dates of the last two days' articles, and no text: what they say stands on
their pages. A sitemap without news entries lists a whole site and is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from lxml import etree  # type: ignore[import-untyped]

from monitor.errors import FetchError
from monitor.sources.item import MAX_TITLE, Item
from monitor.sources.markup import one_line
from monitor.sources.parts import dated
from monitor.sources.quickread import NotQuick, tree

#: How many of an index's children its refusal names.
_NAMED: Final = 3


def is_sitemap(body: bytes) -> bool:
    """Whether the root element is one of a sitemap's."""
    start = body[:4_096]
    return (b"<urlset" in start or b"<sitemapindex" in start) and b"<rss" not in start and b"<feed" not in start


def items(body: bytes, now: datetime) -> list[Item]:
    """``body`` is UTF-8 without a document type. Raises FetchError where it lists no news."""
    root = _root(body)
    if etree.QName(root).localname == "sitemapindex":
        children = [text for at in root.iterfind("{*}sitemap/{*}loc") if (text := (at.text or "").strip())]
        hint = "configure one of the sitemaps it lists"
        raise FetchError("the answer is an index of sitemaps", hint=f"{hint}: {', '.join(children[:_NAMED])}" if children else hint)
    entries = list(root.iterfind("{*}url"))
    found = [_item(entry, news, now) for entry in entries if (news := entry.find("{*}news")) is not None]
    if entries and not found:
        raise FetchError("a sitemap without news entries", hint="the site's news sitemap, if it has one, stands in its robots.txt")
    return found


def _root(body: bytes) -> Any:
    try:
        return tree(body)
    except NotQuick:
        pass
    parser = etree.XMLParser(encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FetchError("the sitemap could not be read") from error
    if root is None:
        raise FetchError("the sitemap could not be read")
    return root


def _item(entry: Any, news: Any, now: datetime) -> Item:
    raw, published = dated(_texts((news, "publication_date"), (entry, "lastmod")), now)
    address = _text(entry, "loc")
    publication = news.find("{*}publication")
    return Item(
        guid=address,
        link=address,
        title=one_line(_text(news, "title"))[:MAX_TITLE].strip(),
        body="",
        published=published,
        published_raw=raw,
        language=_text(publication, "language") if publication is not None else "",
    )


def _texts(*places: tuple[Any, str]) -> Iterator[str]:
    return (_text(element, name) for element, name in places)


def _text(element: Any, name: str) -> str:
    return (element.findtext(f"{{*}}{name}") or "").strip()
