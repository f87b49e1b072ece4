"""Pages of items that are teasers: fetched politely, read in a worker, and taken only where they are what was announced.

A feed that gives two sentences of an article is a list of links. With ``full_text: true`` the page behind each is asked for,
through the same guard, limits and line of manners as the feed itself. What comes back may be a login form, a consent
wall or another article: then the teaser stays, marked, and nothing is lost. A host that refuses or does not answer is
left alone for a while. This module must not know what a page's markup means.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

import structlog

from monitor.errors import FetchError, MonitorError
from monitor.model import Document, SourceSpec, Span
from monitor.ports import Clock, Fetched, Fetcher, PageRead, Workers
from monitor.sources.freshness import retry_after
from monitor.sources.page import WHOLE
from monitor.text.phrases import key as compared
from monitor.text.scripts import EAST_ASIAN, main_script

#: A body of fewer characters announces an article and is none; in zh, ja and ko a third of them says as much.
TEASER: Final = 600
TEASER_EAST_ASIAN: Final = 200
#: Notes of a document: its text is its page's, or its page could not be had.
READ, FAILED = "page:read", "page:failed"
ACCEPT: Final = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"

#: How long a host is left alone (seconds): after so many requests in a row without an answer, and after it refused without
#: saying for how long; and at the most, whatever it says.
SILENT: Final = 3
SILENCE: Final = 300.0
REFUSED: Final = 900.0
LONGEST: Final = 24 * 3600.0
_REFUSALS: Final = frozenset({429, 503})

_CUT: Final = re.compile(r"(?:\.\.\.|…|\[(?:\.\.\.|…|&hellip;)\]|\((?:\.\.\.|…)\))\W*\Z")
_MORE: Final = re.compile(
    r"(?:\b(?:read more|continue reading|read the (?:full|rest)[\w ]{0,20}|full story)|"
    r"\b(?:lire la suite|en savoir plus|lire plus|leer más|seguir leyendo|sigue leyendo|читать далее|читать полностью|подробнее|"
    r"читати далі|детальніше|devamını oku|devamı için tıklayın|devamı)|"
    r"اقرأ المزيد|إقرأ المزيد|اقرا المزيد|للمزيد|تابع القراءة|قراءة المزيد|ادامه مطلب|بیشتر بخوانید|"
    r"קרא עוד|קראו עוד|להמשך קריאה|לכתבה המלאה|"
    r"阅读全文|閱讀全文|阅读更多|查看全文|全文|続きを読む|もっと見る|더보기|전체 ?보기|계속 읽기)\W*\Z",
    re.IGNORECASE,
)
#: What blog software adds below an excerpt, in whatever language: two links, to the article and to the site.
_APPEARED: Final = re.compile(r"\n[^\n]{0,40}\bThe post [^\n]{1,400} appeared first on [^\n]{1,200}\Z")
_TAIL: Final = 800

#: The share of the title's words that the beginning of its page must hold, and how many characters of the page that is.
_HELD: Final = 0.5
_BEGINNING: Final = 3_000
#: In how many first lines of a body its title is looked for.
_ABOVE: Final = 6

log = structlog.get_logger()


def is_teaser(text: str) -> bool:
    """Whether a body only announces its article: short, or cut off, or asking to read on."""
    body = text.strip()
    if len(body) < TEASER_EAST_ASIAN or (len(body) < TEASER and main_script(body) not in EAST_ASIAN):
        return True
    tail = _APPEARED.sub("", body[-_TAIL:]).rstrip()
    return _CUT.search(tail) is not None or _MORE.search(tail.rpartition("\n")[2]) is not None


@dataclass(slots=True)
class _Host:
    """``silent`` counts requests in a row without an answer; until ``free_at`` (monotonic seconds) it is left alone."""

    silent: int = 0
    free_at: float = 0.0


class PageReader:
    """Implements the port Pages. ``fetcher`` keeps the manners; ``concurrency`` bounds the pages of one poll at a time."""

    def __init__(self, fetcher: Fetcher, workers: Workers, clock: Clock, *, concurrency: int = 20) -> None:
        self._fetcher = fetcher
        self._workers = workers
        self._clock = clock
        self._concurrency = concurrency
        self._hosts: dict[str, _Host] = {}

    async def complete(self, spec: SourceSpec, documents: Sequence[Document]) -> Sequence[Document]:
        """See ``ports.Pages``. Never raises; what is no teaser, or has no page, comes back as it is."""
        room = asyncio.Semaphore(self._concurrency)
        done = await asyncio.gather(*(self._complete(spec, document, room) for document in documents))
        self._forget()
        return done

    async def _complete(self, spec: SourceSpec, document: Document, room: asyncio.Semaphore) -> Document:
        teaser = _body(document)
        address = document.page or (document.url if is_teaser(teaser) else "")
        if urlsplit(address).scheme not in ("http", "https"):
            return document
        try:
            async with room:
                return _with_page(document, teaser, await self._page(spec, document, address))
        except MonitorError as error:
            reason = error.message
        except Exception as error:  # a page of somebody else's must not hold up its source, whatever it is
            log.exception("page_failed", source=spec.name, url=address)
            reason = type(error).__name__
        log.info("page_kept_teaser", source=spec.name, url=address, reason=reason)
        return _noted(document, FAILED)

    async def _page(self, spec: SourceSpec, document: Document, address: str) -> PageRead:
        """Raises FetchError where there is no article to be had."""
        fetched = await self._fetch(address)
        if fetched.status != 200:
            raise FetchError(f"HTTP {fetched.status}", status=fetched.status)
        if not fetched.complete:
            raise FetchError("the page ended early, or is larger than what is read of one")
        if not _is_html(fetched):
            raise FetchError("it is no HTML page")
        return await self._workers.parse_page(spec, fetched, _title(document))

    async def _fetch(self, address: str) -> Fetched:
        name = urlsplit(address).netloc.lower()
        known = self._hosts.get(name)
        if known is not None and known.free_at > self._clock.monotonic():
            raise FetchError("its host refuses pages, or does not answer, and is left alone for a while")
        try:
            fetched = await self._fetcher.get(address, {"Accept": ACCEPT})
        except FetchError as error:
            if error.transport:
                host = self._hosts.setdefault(name, _Host())
                host.silent += 1
                if host.silent >= SILENT:
                    self._rest(name, SILENCE)
            raise
        if name in self._hosts:
            self._hosts[name].silent = 0
        if fetched.status in _REFUSALS:
            asked = retry_after(fetched.headers, self._clock.now())
            self._rest(name, REFUSED if asked is None else asked)
        return fetched

    def _rest(self, name: str, seconds: float) -> None:
        host = self._hosts.setdefault(name, _Host())
        host.free_at = max(host.free_at, self._clock.monotonic() + min(seconds, LONGEST))
        host.silent = 0

    def _forget(self) -> None:
        """Hosts there is nothing to remember of."""
        now = self._clock.monotonic()
        self._hosts = {name: host for name, host in self._hosts.items() if host.silent or host.free_at > now}


# ---------------------------------------------------------------------------------- is it the article?
def _with_page(document: Document, teaser: str, page: PageRead) -> Document:
    """Raises FetchError where the page is not the article that the item announces."""
    title, own = _title(document), page.text[page.title.start : page.title.end] if page.title else ""
    body = (page.text[page.title.end :] if page.title else page.text).strip("\n")
    if WHOLE in page.notes:
        raise FetchError("no article was found in the page")
    if not _announced(title, teaser, f"{own}\n{body[:_BEGINNING]}"):
        raise FetchError("the page is not of the article: it may be a login, or a notice")
    heading = title or own
    body = _without(heading, body)
    if len(body) < len(_CUT.sub("", teaser)):
        raise FetchError("the page says less than the item: it may ask for a login")
    whole = replace(document, text=f"{heading}\n\n{body}" if heading else body, title=Span(0, len(heading)) if heading else None)
    return _noted(whole, *page.notes, READ)


def _announced(title: str, teaser: str, page: str) -> bool:
    """Whether the page's beginning holds the item's title, or most of its words, or the beginning of its teaser."""
    page = compared(page)
    said, begins = compared(title), compared(teaser)[:60]
    if not said and not begins:
        return True
    if (said and said in page) or (len(begins) >= 20 and begins in page):
        return True
    words = set(said.split())
    held = words & set(page.split())
    return len(words) > 1 and len(held) >= _HELD * len(words)


def _without(title: str, body: str) -> str:
    """The body below the title, where that is repeated near its beginning; above it stands only what leads elsewhere."""
    if not title:
        return body
    lines = body.split("\n", _ABOVE)
    said = compared(title)
    at = next((at for at, line in enumerate(lines[:_ABOVE]) if compared(line) == said), -1)
    return "\n".join(lines[at + 1 :]).strip("\n")


def _body(document: Document) -> str:
    return (document.text[document.title.end :] if document.title else document.text).strip()


def _title(document: Document) -> str:
    return document.text[document.title.start : document.title.end] if document.title else ""


def _noted(document: Document, *notes: str) -> Document:
    return replace(document, notes=(*document.notes, *(note for note in notes if note not in document.notes)))


def _is_html(fetched: Fetched) -> bool:
    """By what the server says; where it says nothing of use, by how the body begins."""
    kind = _kind(fetched.headers)
    if kind in ("text/html", "application/xhtml+xml"):
        return True
    start = fetched.body[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return kind in ("", "text/plain", "application/octet-stream") and start.startswith((b"<!doctype html", b"<html", b"<!--"))


def _kind(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()
