"""JSON Feed (https://www.jsonfeed.org/version/1.1/) to items: the few feeds that feedparser cannot read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from monitor.errors import FetchError
from monitor.sources.item import MAX_TITLE, Item
from monitor.sources.markup import html_to_text, one_line
from monitor.sources.parts import dated


def items(text: str, now: datetime) -> list[Item]:
    """Raises FetchError where the text is no JSON Feed; items that are no objects are passed over."""
    try:
        feed = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise FetchError("the answer is neither RSS nor Atom nor a JSON feed") from error
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list) or "jsonfeed.org" not in _string(feed, "version"):
        raise FetchError("the answer is JSON, but no JSON feed", hint="the feed's address is often another one; look for rss or atom")
    language = _string(feed, "language")
    return [_item(entry, language, now) for entry in feed["items"] if isinstance(entry, dict)]


def _item(entry: Mapping[str, Any], language: str, now: datetime) -> Item:
    raw, published = dated((_string(entry, "date_published"), _string(entry, "date_modified")), now)
    bodies = html_to_text(_string(entry, "content_html")), _string(entry, "content_text")
    return Item(
        guid=_string(entry, "id"),
        link=_string(entry, "url") or _string(entry, "external_url"),
        title=one_line(_string(entry, "title"))[:MAX_TITLE].strip(),
        body=max(bodies, key=len) or _string(entry, "summary"),
        published=published,
        published_raw=raw,
        language=_string(entry, "language") or language,
    )


def _string(values: Mapping[str, Any], name: str) -> str:
    """A number as an id is not allowed, but happens."""
    value = values.get(name)
    return value.strip() if isinstance(value, str) else str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
