"""Feeds that are not sound, through feedparser: the most forgiving parser there is, and its one home.

What a publisher sends is cleaned of what makes feedparser slow or raise before it sees it; what it hands back is read
with every field doubted. It may still be made to hang: it runs in a worker process, which is killed at its limits.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import feedparser

from monitor.errors import FetchError
from monitor.sources.item import CONTROLS, MAX_TITLE, Item
from monitor.sources.markup import one_line
from monitor.sources.parts import Part, best_text, dated

_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,500}\?>", re.IGNORECASE)
_ROOT = re.compile(r"<\w")
_CHARREF = re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?")
_BLANKS = re.compile(r"\s{2,}")
# feedparser takes a picture's caption for the article; under a name it does not know it leaves it alone.
_CAPTION = re.compile(r"<(/?)media:description(?=[\s/>])[^<>]*>")
# Of coordinates nothing is kept, and what feedparser does not expect there makes it raise.
_COORDINATES = re.compile(r"""\ssrs(?:Name|Dimension)\s*=\s*(?:"[^"<>]*"|'[^'<>]*')""", re.IGNORECASE)


def prepare(text: str) -> bytes:
    """A feed's text, without a document type, as UTF-8 that feedparser reads in linear time and without raising
    (FAULTS.md §2, 4.1)."""
    text = _XML_DECLARATION.sub("", text.lstrip("\ufeff"), count=1)
    root = _ROOT.search(text)
    cut = root.start() if root else len(text)
    # Runs of blank lines before the root cost its DOCTYPE patterns quadratic time.
    text = _BLANKS.sub("\n", text[:cut]).lstrip() + text[cut:]
    if "&#" in text:
        text = _CHARREF.sub(_sound_charref, text)
    text = _COORDINATES.sub("", CONTROLS.sub(" ", text))
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + text.encode("utf-8", "replace")


def _sound_charref(found: re.Match[str]) -> str:
    hexadecimal, decimal = found[1], found[2]
    digits = (hexadecimal or decimal).lstrip("0")
    if len(digits) > 7:  # 0x10FFFF has six hexadecimal and seven decimal digits
        return "\ufffd"
    code = int(digits or "0", 16 if hexadecimal else 10)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF or code in (0xFFFE, 0xFFFF) or (code < 0x20 and code not in (9, 10, 13)):
        return "\ufffd"
    return found[0]


def items(text: str, now: datetime, spoken: str = "") -> list[Item]:
    """``spoken`` is the language that the server declares. Raises FetchError where there is no feed in ``text``."""
    text = _CAPTION.sub(r"<\1media:caption>", text)
    # Without the feed's address: feedparser would resolve guids against it, and every item be new when the feed moves.
    context = {"content-type": "application/xml; charset=utf-8"}
    try:
        # A stream, never the bytes themselves: a body that is a path would be opened as a file.
        parsed = feedparser.parse(io.BytesIO(prepare(text)), sanitize_html=False, resolve_relative_uris=False, response_headers=context)
    except MemoryError:  # the process's limit: whoever gave the process its work must hear of it as such
        raise
    except Exception as error:  # feedparser raises whatever its input makes it raise; the feed backs off
        raise FetchError(f"the feed could not be read: {type(error).__name__}") from error
    if not parsed.entries and not parsed.version:
        raise FetchError(no_feed(text), hint="open the address in a browser; a feed's address often ends in rss, feed or atom")
    language = _plain(parsed.feed, "language") or spoken
    return [_item(entry, language, now) for entry in parsed.entries]


def no_feed(text: str) -> str:
    """What a body that is no feed looked like, for the person who must mend the address."""
    start = text.lstrip("\ufeff \t\r\n")[:2000].lower()
    if not start:
        return "the answer is empty, not a feed"
    if "<html" in start or "<!doctype html" in start or start.startswith(("<head", "<body", "<div", "<script")):
        return "the answer is an HTML page, not a feed"
    if start.startswith("<"):
        root = re.search(r"<([a-z_][\w.:-]{0,60})", start)
        return f"the answer is XML, but no feed (its first element is <{root[1]}>)" if root else "the answer is XML, but no feed"
    return "the answer is neither RSS nor Atom nor a JSON feed"


# ------------------------------------------------------------------------------------ entries to items
def _item(entry: Mapping[str, Any], feed_language: str, now: datetime) -> Item:
    values = dict(entry)  # a plain dictionary: feedparser's own warns about, and invents, missing dates
    body, body_language = _body(values)
    title_detail = values.get("title_detail")
    title_language = _plain(title_detail, "language") if isinstance(title_detail, Mapping) else ""
    guid, link = _plain(values, "id"), _plain(values, "link")
    raw, published = dated((_plain(values, name) for name in ("published", "updated", "created")), now)
    return Item(
        guid=guid,
        # RSS calls every guid an address unless told otherwise, and feedparser believes it.
        link="" if link == guid and "://" not in link else link,
        title=one_line(_plain(values, "title"))[:MAX_TITLE].strip(),
        body=body,
        published=published,
        published_raw=raw,
        language=_plain(values, "language") or body_language or title_language or feed_language,
    )


def _body(values: Mapping[str, Any]) -> tuple[str, str]:
    """(plain text, language) of an item: the longest of its contents and its summary, else a picture's caption."""
    full = [_part(part) for part in values.get("content") or () if isinstance(part, Mapping)]
    detail = values.get("summary_detail")
    short = [_part(detail) if isinstance(detail, Mapping) else ("", _plain(values, "summary"), "")]
    return best_text(full, short, [("", _plain(values, "media_caption"), "")])


def _part(part: Mapping[str, Any]) -> Part:
    return _plain(part, "type").lower(), _plain(part, "value"), _plain(part, "language")


def _plain(values: Mapping[str, Any], name: str) -> str:
    value = dict.get(values, name) if isinstance(values, dict) else values.get(name)
    return value.strip() if isinstance(value, str) else ""
