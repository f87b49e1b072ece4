"""Finding the feed of a site: the address itself, what its page declares, what it links to, and where feeds usually are.

Every candidate is fetched (under the limits and the address check of any fetch) and read before it is called a feed; at most
``MOST`` requests. This module must not know where a found feed is written down.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from monitor.errors import FetchError
from monitor.model import SourceKind, SourceSpec
from monitor.ports import FeedRead, Fetched, Fetcher, Workers
from monitor.sources.feed import ACCEPT
from monitor.sources.feedtitle import feed_title

MOST: Final = 12
#: Feeds told of one page: a page of comments declares one for every post.
_DECLARED: Final = 20
_TYPES: Final = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json", "text/xml", "application/xml"}
)
_LOOKS: Final = re.compile(r"(?:^|[/._\-?=])(?:rss2?|atom|feeds?|rdf)(?:$|[/._\-?=&])|\.xml$", re.IGNORECASE)
_USUAL: Final = ("feed", "rss", "rss.xml", "atom.xml", "feed.xml", "index.xml", "feeds/posts/default?alt=rss")
_SITEMAP: Final = re.compile(r"^\s*sitemap:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Discovered:
    """A feed that answers: its address after redirects, the title it gives itself, or else was announced under, and what was read."""

    url: str
    title: str
    feed: FeedRead
    fetched: Fetched


@dataclass(frozen=True, slots=True)
class _Candidate:
    url: str
    title: str = ""


class Discovery:
    """One search. ``tried`` lists what was asked, with what came of it, for the person who wonders."""

    def __init__(self, fetcher: Fetcher, workers: Workers) -> None:
        self._fetcher, self._workers = fetcher, workers
        self.tried: list[tuple[str, str]] = []
        self._seen: set[str] = set()

    async def find(self, url: str) -> list[Discovered]:
        """The feeds of a site: the address itself where it is one, else all that its page declares, else the first found
        elsewhere. Empty where there is none. Raises FetchError where the address itself does not answer."""
        address = url if "://" in url else f"https://{url}"
        fetched = await self._get(address)
        if fetched.status != 200:
            raise FetchError(f"HTTP {fetched.status} from {address}", status=fetched.status)
        itself = await self._read(_Candidate(address), fetched)
        if itself is not None:
            return [itself]
        page = LexborHTMLParser(fetched.body)
        declared = [found for candidate in _declared(page, fetched.url) if (found := await self._try(candidate)) is not None]
        if declared:
            return declared
        for candidate in [*_linked(page, fetched.url), *_usual(fetched.url)]:
            found = await self._try(candidate)
            if found is not None:
                return [found]
        return await self._sitemap(fetched.url)

    async def _sitemap(self, base: str) -> list[Discovered]:
        """A sitemap with news entries, as robots.txt names it."""
        try:
            fetched = await self._get(urljoin(base, "/robots.txt"))
        except FetchError:
            return []
        named = _SITEMAP.findall(fetched.body[:100_000].decode("utf-8", "replace")) if fetched.status == 200 else []
        for url in sorted(named, key=lambda url: "news" not in url.lower()):
            found = await self._try(_Candidate(urljoin(base, url)))
            if found is not None:
                return [found]
        return []

    async def _get(self, url: str) -> Fetched:
        self._seen.add(url)
        try:
            return await self._fetcher.get(url, {"Accept": f"{ACCEPT}, text/html;q=0.8"})
        except FetchError as error:
            self.tried.append((url, error.message))
            raise

    async def _try(self, candidate: _Candidate) -> Discovered | None:
        if candidate.url in self._seen or len(self._seen) >= MOST or urlsplit(candidate.url).scheme not in ("http", "https"):
            return None
        try:
            fetched = await self._get(candidate.url)
        except FetchError:
            return None
        if fetched.status != 200:
            self.tried.append((candidate.url, f"HTTP {fetched.status}"))
            return None
        return await self._read(candidate, fetched)

    async def _read(self, candidate: _Candidate, fetched: Fetched) -> Discovered | None:
        spec = SourceSpec("discovery", SourceKind.FEED, candidate.url, 3600.0)
        try:
            feed = await self._workers.parse_feed(spec, fetched)
        except FetchError as error:
            self.tried.append((candidate.url, error.message))
            return None
        self.tried.append((candidate.url, f"a feed of {feed.items} items"))
        title = feed_title(fetched.body, fetched.headers) or candidate.title
        return Discovered(fetched.moved or candidate.url, title, feed, fetched)


def _declared(page: LexborHTMLParser, base: str) -> Sequence[_Candidate]:
    """``<link rel=alternate>``, in order: the first is usually the site's own."""
    found: dict[str, _Candidate] = {}
    for node in page.css("link[rel][href]"):
        attributes = node.attributes
        kind = (attributes.get("type") or "").split(";")[0].strip().lower()
        if "alternate" in (attributes.get("rel") or "").lower().split() and kind in _TYPES:
            url = _joined(base, attributes.get("href"))
            if url and not _of_comments(url, attributes.get("title") or ""):
                found.setdefault(url, _Candidate(url, (attributes.get("title") or "").strip()))
    return list(found.values())[:_DECLARED]


def _of_comments(url: str, title: str) -> bool:
    return "comments" in urlsplit(url).path.lower() or "comments" in title.lower()


def _linked(page: LexborHTMLParser, base: str) -> Iterator[_Candidate]:
    """Links that look like feeds by their address or their words."""
    seen: set[str] = set()
    for node in page.css("a[href]"):
        url = _joined(base, node.attributes.get("href"))
        words = (node.text() or "").strip()
        if url and url not in seen and (_LOOKS.search(urlsplit(url).path) or words.lower() in ("rss", "atom", "feed", "rss feed")):
            seen.add(url)
            yield _Candidate(url, words if len(words) > len("rss feed") else "")


def _usual(base: str) -> Iterator[_Candidate]:
    folders = [urljoin(base, "."), urljoin(base, "/")]
    for folder in dict.fromkeys(folders):
        for name in _USUAL:
            yield _Candidate(urljoin(folder, name))


def _joined(base: str, href: str | None) -> str:
    try:
        return urljoin(base, (href or "").strip()).split("#")[0]
    except ValueError:
        return ""
