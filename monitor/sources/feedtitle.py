"""What a feed calls itself, for the person who adds it: read off the bytes before its first item, however sound the rest is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from monitor.sources.markup import html_to_text, one_line
from monitor.sources.utf8 import as_utf8

#: Bytes of a feed that are looked at; what stands before the items is short.
_HEAD: Final = 64 * 1024
_ITEM: Final = re.compile(rb"<(?:\w{1,20}:)?(?:item|entry|url)[\s>]", re.IGNORECASE)
#: A picture in a channel, or an author, has a title or a name of its own.
_OTHERS: Final = re.compile(rb"<(image|textinput)[\s>].{0,10000}?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TITLE: Final = re.compile(rb"<(?:\w{1,20}:)?title(?:\s[^>]{0,200})?>(.{0,2000}?)</(?:\w{1,20}:)?title\s*>", re.IGNORECASE | re.DOTALL)
_CDATA: Final = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
#: Characters of it that are used.
LONGEST: Final = 200


def feed_title(body: bytes, headers: Mapping[str, str]) -> str:
    """One line, without markup; "" where the feed gives itself none. ``headers`` with names in lower case."""
    content, _ = as_utf8(body, headers)
    if content.lstrip()[:1] == b"{":
        return _of_json(content)
    head = content[:_HEAD]
    first = _ITEM.search(head)
    found = _TITLE.search(_OTHERS.sub(b"", head[: first.start()] if first else head))
    return _line(_CDATA.sub(r"\1", found[1].decode("utf-8", "replace"))) if found else ""


def _of_json(content: bytes) -> str:
    try:
        feed = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    title = feed.get("title") if isinstance(feed, dict) else None
    return _line(title) if isinstance(title, str) else ""


def _line(markup: str) -> str:
    # What is escaped for XML is often HTML, tags and all.
    return one_line(html_to_text(markup))[:LONGEST].strip()
