"""Feed bytes to documents: the door to the readers. Runs in a worker process, which may be killed at its limits.

What was read before is dropped before any parser sees it; sound feeds are read quickly, all others by feedparser; what
has tens of thousands of items is read in slices. This room knows no network and no clock: bytes, headers, address and
the time are given.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from monitor.errors import FetchError
from monitor.model import Document
from monitor.ports import FeedRead
from monitor.sources import jsonfeed, quickread, sitemap, slowread
from monitor.sources.hints import Hints, hints
from monitor.sources.item import Item, identities, in_order, to_document
from monitor.sources.split import MOST_KNOWN, Split, digest, digests_of, split
from monitor.sources.utf8 import as_utf8, without_doctype

#: Items of one slice, and about how many bytes of them: what is handed over at once holds up whoever takes it.
MOST_ITEMS: Final = 2_000
_MOST_BYTES: Final = 2 * 1024 * 1024
#: Of a feed that cannot be cut, what is looked at for hints (bytes).
_HEAD: Final = 65_536

_FIRST_ITEM: Final = re.compile(rb"<(?:\w+:)?(?:item|entry)[\s>]")


@dataclass(frozen=True, slots=True)
class _Making:
    """How this feed's items become documents; ``spoken`` is the language that its server declares."""

    url: str
    source: str
    now: datetime
    language: str
    spoken: str
    labels: Mapping[str, str]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What of the feed is wanted: not what is ``known``, and of the rest ``most`` after the first ``skip``."""

    known: bytes
    skip: int
    most: int


def read_feed(
    body: bytes,
    headers: Mapping[str, str],
    url: str,
    *,
    source: str,
    now: datetime,
    language: str = "",
    labels: Mapping[str, str] | None = None,
    known: bytes = b"",
    skip: int = 0,
    most: int = MOST_ITEMS,
) -> FeedRead:
    """One feed body, read; ``headers`` with names in lower case, ``url`` the one that answered. Items whose digests are in
    ``known`` are not read again, and of the others ``most`` at most, after the first ``skip`` in the feed's order.

    Raises FetchError, and nothing else, where the body is no feed."""
    content, notes = as_utf8(body, headers)
    making = _Making(url, source, now, language, headers.get("content-language", ""), labels or {}, notes)
    wanted = _Wanted(known, skip, most)
    try:
        if content.lstrip()[:1] in (b"{", b"["):
            return _whole(jsonfeed.items(content.decode(), now), Hints(), making, wanted)
        content = without_doctype(content)
        parts = split(content)
        if parts is not None and not parts.shared:
            cut = _by_parts(parts, making, wanted)
            if cut is not None:
                return cut
        asked = hints(parts.head + parts.tail if parts is not None else _without_items(content))
        return _whole(_items(content, making), asked, making, wanted)
    except FetchError as error:
        error.unread = True
        raise


# ------------------------------------------------------------------------------------------ in parts
def _by_parts(parts: Split, making: _Making, wanted: _Wanted) -> FeedRead | None:
    """The items that are not known; None where their parser sees others than were cut."""
    waiting = parts.without(wanted.known)
    chosen = _slice(parts, waiting[wanted.skip :], wanted.most)
    documents: Sequence[Document] = ()
    passed = 0
    if chosen:
        items = _items(parts.only(chosen), making)
        if len(items) != len(chosen):
            return None
        documents, passed = _documents(items, making)
    asked = hints(parts.head + parts.tail)
    return FeedRead(
        documents=tuple(documents),
        known=parts.known,
        items=len(parts.items),
        ttl=asked.ttl,
        skip_hours=asked.skip_hours,
        skip_days=asked.skip_days,
        notes=_notes(passed),
        rest=len(waiting) - wanted.skip - len(chosen),
        items_read=wanted.skip + len(chosen),
    )


def _slice(parts: Split, waiting: Sequence[int], most: int) -> list[int]:
    size = 0
    for taken, number in enumerate(waiting[:most]):
        start, end = parts.items[number]
        size += end - start
        if size > _MOST_BYTES and taken:
            return list(waiting[:taken])
    return list(waiting[:most])


# ------------------------------------------------------------------------------------------ as a whole
def _whole(items: Sequence[Item], asked: Hints, making: _Making, wanted: _Wanted) -> FeedRead:
    """Read whole, whatever is known: who shares an identity or a link with whom can only be told with all in view, and
    items that share one are handed over together."""
    documents, passed = _documents(items, making)
    digests = [_digest(document) for document in documents]
    before = digests_of(wanted.known)
    alone = all(document.link or not document.url for document in documents)
    waiting = [document for document, one in zip(documents, digests, strict=True) if not (alone and one in before)]
    # As of a feed cut in parts, the newest go first: each slice is oldest first, and the later slice is older.
    end = max(0, len(waiting) - wanted.skip)
    chosen = waiting[max(0, end - wanted.most) : end]
    return FeedRead(
        documents=tuple(chosen),
        known=b"".join(digests[::-1][:MOST_KNOWN]),
        items=len(items),
        ttl=asked.ttl,
        skip_hours=asked.skip_hours,
        skip_days=asked.skip_days,
        notes=_notes(passed),
        rest=end - len(chosen),
        items_read=wanted.skip + len(chosen),
    )


def _digest(document: Document) -> bytes:
    # Not its instant: a date in the future is bounded by the time of day.
    return digest("\0".join((document.key, document.url, document.published_raw, document.language_hint, document.text)).encode())


def _without_items(content: bytes) -> bytes:
    first = _FIRST_ITEM.search(content, 0, _HEAD)
    return content[: first.start() if first else _HEAD]


# ------------------------------------------------------------------------------------------ items, documents
def _items(content: bytes, making: _Making) -> list[Item]:
    """The items of XML in UTF-8 without a document type, by the quickest reader that can. Raises FetchError."""
    if sitemap.is_sitemap(content):
        return sitemap.items(content, making.now)
    try:
        return quickread.items(content, making.now, making.spoken)
    except quickread.NotQuick:
        return slowread.items(content.decode("utf-8", "replace"), making.now, making.spoken)


def _documents(items: Sequence[Item], making: _Making) -> tuple[Sequence[Document], int]:
    """(documents, oldest first, one of each key; how many items had no words)."""
    links = Counter(item.link for item in items if item.link)
    keys = identities(items)
    kept: dict[str, Document] = {}
    passed = 0
    # Of an item listed twice the newer one counts.
    for number in reversed(in_order(items)):
        item, key = items[number], keys[number]
        if not item.title and not item.body:
            passed += 1
        elif key not in kept:
            kept[key] = to_document(
                item,
                key,
                making.url,
                source=making.source,
                language=making.language,
                labels=making.labels,
                notes=making.notes,
                shared=links[item.link] > 1,
            )
    return [document for document in reversed(kept.values()) if document.text], passed


def _notes(passed: int) -> tuple[str, ...]:
    return (f"without-words:{passed}",) if passed else ()
