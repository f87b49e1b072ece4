"""One item of a feed, whatever the feed was written in, and how it becomes a document: date, identity, link, text.

It must not know feedparser, JSON or the network.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import urljoin, urlsplit

from monitor.model import Document, Span
from monitor.text.decode import clean
from monitor.text.links import is_absolute, own

MAX_TITLE = 2_000  # characters; titles of 20 MiB have been tried (row 41)
MAX_KEY = 500  # characters; a longer identity is kept as its hash
MAX_URL = 4_000

_OLDEST = timedelta(days=3653)  # ten years
_AHEAD = timedelta(hours=24)
_UNDATED = datetime.min.replace(tzinfo=UTC)

_LONGEST_CODE: Final = 16  # characters of a language that are looked at
_LANGUAGE = re.compile(r"^([a-zA-Z]{2,3})(?:[-_]|$)")
#: What XML 1.0 forbids, line ends and tabs excepted.
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class Item(NamedTuple):
    """One item as its feed gave it: every field may be empty, ``body`` is plain text."""

    guid: str
    link: str
    title: str
    body: str
    published: datetime | None
    published_raw: str
    language: str


def bounded(instant: datetime | None, now: datetime) -> datetime | None:
    """An item's date is display and order only, never a cursor: clamped to the last ten years and the next 24 hours."""
    if instant is None:
        return None
    return min(max(instant, now - _OLDEST), now + _AHEAD)


#: Titles that one item may have in one feed: as it was, and as it was corrected.
_EDITIONS: Final = 2


def in_order(items: Sequence[Item]) -> list[int]:
    """The numbers of ``items``, oldest first. Where one has no date they keep the feed's order, which is newest first."""
    backwards = list(range(len(items) - 1, -1, -1))
    if all(item.published is not None for item in items):
        backwards.sort(key=lambda number: items[number].published or _UNDATED)
    return backwards


def identities(items: Sequence[Item]) -> list[str]:
    """guid, else link, else a hash of the content. A guid that several links share names none of them (some feeds give
    every item the site's address), nor does one of three titles or more; an item listed twice, edited, has two at most."""
    links: dict[str, set[str]] = {}
    titles: dict[str, set[str]] = {}
    for item in items:
        if item.guid:
            links.setdefault(item.guid, set()).add(item.link)
            titles.setdefault(item.guid, set()).add(item.title)
    shared = {guid for guid in links if len(links[guid]) > 1 or len(titles[guid]) > _EDITIONS}
    # A link that several such items share is as little an identity as such a guid.
    link_uses = Counter(item.link for item in items if not item.guid or item.guid in shared)
    return [_identity(item, shared, link_uses) for item in items]


def _identity(item: Item, shared: set[str], link_uses: Mapping[str, int]) -> str:
    if item.guid and item.guid not in shared:
        key = item.guid
    elif item.link and link_uses[item.link] < 2:
        key = item.link
    else:
        key = _hashed("\0".join((item.title, item.body)))
    if len(key) > MAX_KEY or not key.isprintable():
        key = CONTROLS.sub(" ", clean(key).text)
    return key if len(key) <= MAX_KEY else _hashed(key)


def _hashed(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()}"


def to_document(
    item: Item, key: str, url: str, *, source: str, language: str, labels: Mapping[str, str], notes: tuple[str, ...], shared: bool = False
) -> Document:
    """``url`` is the feed's, ``language`` the configured one, which goes before what the feed says of itself; ``shared``
    says that other items of the feed have this one's link too."""
    address = _link(url, item.link)
    title = clean(item.title).text
    body = "" if item.body == item.title else item.body
    cleaned = clean(f"{title}\n\n{body}" if title and body else title or body)
    return Document(
        source=source,
        key=key,
        text=cleaned.text,
        title=Span(0, len(title)) if title else None,
        url=address,
        published=item.published,
        published_raw=raw if (raw := item.published_raw).isprintable() else clean(raw).text,
        language_hint=_hint((language or item.language)[:_LONGEST_CODE]),
        labels=dict(labels),
        notes=notes + tuple(note for note in cleaned.notes if note not in notes) if cleaned.notes else notes,
        link=own(address, url) if address and not shared else "",
    )


@lru_cache(maxsize=256)
def _hint(language: str) -> str:
    found = _LANGUAGE.match(language)
    return found[1].lower() if found else ""


def _link(base: str, link: str) -> str:
    """The item's address, resolved against the feed's; only http and https, since people will click it."""
    if not link:
        return ""
    if len(link) <= MAX_URL and is_absolute(link):
        return link
    try:
        resolved = urljoin(base, clean(link).text)
        sound = urlsplit(resolved).scheme in ("http", "https") and len(resolved) <= MAX_URL
    except ValueError:
        return ""
    return CONTROLS.sub("", resolved) if sound else ""
