"""Feed bytes to documents: the one home of feedparser. Runs in a worker process, which may be killed at its limits.

What a publisher sends is cleaned of what makes feedparser slow or raise before it sees it; what it hands back is read
with every field doubted. This room knows no network and no clock: bytes, headers, address and the time are given.
"""

from __future__ import annotations

import calendar
import io
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import feedparser

from monitor.errors import FetchError
from monitor.model import Document
from monitor.sources import jsonfeed
from monitor.sources.item import CONTROLS, MAX_TITLE, Item, bounded, identities, newest, to_document
from monitor.sources.markup import html_to_text, one_line
from monitor.text.decode import decode

_SAMPLE = 1024 * 1024  # bytes: articles of every language a feed may mix

_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,500}\?>", re.IGNORECASE)
_DECLARED = re.compile(rb"^[\s\x00]*<\?xml[^>]{0,500}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']", re.IGNORECASE)
_ROOT = re.compile(r"<\w")
_CHARREF = re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?")
_LONG_ENTITY = re.compile(r"<!ENTITY[^>]{300,}>")
_BLANKS = re.compile(r"\s{2,}")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)


def read_feed(
    body: bytes,
    headers: Mapping[str, str],
    url: str,
    *,
    source: str,
    now: datetime,
    language: str = "",
    labels: Mapping[str, str] | None = None,
) -> tuple[Document, ...]:
    """The documents of one feed body, oldest first; ``headers`` with names in lower case, ``url`` the one that answered.

    Raises FetchError, and nothing else, where the body is no feed."""
    text, notes = _decoded(body, _charset(headers) or _declared(body))
    start = text.lstrip("\ufeff \t\r\n")[:1]
    items = jsonfeed.items(text, now) if start in ("{", "[") else _xml_items(text, headers, now)
    kept = newest(items)
    documents = (
        to_document(item, key, url, source=source, language=language, labels=labels or {}, notes=notes)
        for item, key in zip(kept, identities(kept), strict=True)
    )
    unique: dict[str, Document] = {}
    for document in documents:
        if document.text:
            unique.setdefault(document.key, document)
    return tuple(reversed(unique.values()))


# ------------------------------------------------------------------------------------- bytes to items
def _decoded(body: bytes, declared: str) -> tuple[str, tuple[str, ...]]:
    """The whole text of a feed, however it is declared. One article is cut at 2 MiB, a feed is not: the encoding of a
    large body is read off its beginning."""
    decoded = decode(body if len(body) <= _SAMPLE else body[:_SAMPLE], declared)
    notes = tuple(note for note in decoded.notes if note.startswith("encoding:"))
    if len(body) <= _SAMPLE and "cut" not in decoded.notes:
        return decoded.text, notes
    name = notes[0].removeprefix("encoding:").replace("windows-", "cp") if notes else "utf-8-sig"
    return body.decode(name, "replace"), notes


def _charset(headers: Mapping[str, str]) -> str:
    found = _CHARSET.search(headers.get("content-type", ""))
    return found[1] if found else ""


def _declared(body: bytes) -> str:
    found = _DECLARED.match(body[:1000])
    return found[1].decode("ascii") if found else ""


def prepare(text: str) -> bytes:
    """A feed's text as UTF-8 that feedparser reads in linear time and without raising (FAULTS.md §2, 4.1)."""
    text = _XML_DECLARATION.sub("", text.lstrip("\ufeff"), count=1)
    root = _ROOT.search(text)
    cut = root.start() if root else len(text)
    # Runs of blank lines before the root cost its DOCTYPE patterns quadratic time; long entities multiply in the text.
    head = _LONG_ENTITY.sub("", _BLANKS.sub("\n", text[:cut]))
    text = head.lstrip() + text[cut:]
    if "&#" in text:
        text = _CHARREF.sub(_sound_charref, text)
    text = CONTROLS.sub(" ", text)
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


def _xml_items(text: str, headers: Mapping[str, str], now: datetime) -> list[Item]:
    # Without the feed's address: feedparser would resolve guids against it, and every item be new when the feed moves.
    context = {"content-type": "application/xml; charset=utf-8"}
    if "content-language" in headers:
        context["content-language"] = headers["content-language"]
    try:
        # A stream, never the bytes themselves: a body that is a path would be opened as a file.
        parsed = feedparser.parse(io.BytesIO(prepare(text)), sanitize_html=False, resolve_relative_uris=False, response_headers=context)
    except Exception as error:  # feedparser raises whatever its input makes it raise; the feed backs off
        raise FetchError(f"the feed could not be read: {type(error).__name__}") from error
    if not parsed.entries and not parsed.version:
        raise FetchError(_no_feed(text), hint="open the address in a browser; a feed's address often ends in rss, feed or atom")
    feed_language = _plain(parsed.feed, "language")
    return [_item(entry, feed_language, now) for entry in parsed.entries]


def _no_feed(text: str) -> str:
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


# ------------------------------------------------------------------------------------ items to documents
def _item(entry: Mapping[str, Any], feed_language: str, now: datetime) -> Item:
    values = dict(entry)  # a plain dictionary: feedparser's own warns about, and invents, missing dates
    dated = next((name for name in ("published", "updated", "created") if values.get(name)), "published")
    raw, parsed = _plain(values, dated), values.get(f"{dated}_parsed")
    body, body_language = _body(values)
    title_detail = values.get("title_detail")
    title_language = _plain(title_detail, "language") if isinstance(title_detail, Mapping) else ""
    guid, link = _plain(values, "id"), _plain(values, "link")
    return Item(
        guid=guid,
        # RSS calls every guid an address unless told otherwise, and feedparser believes it.
        link="" if link == guid and "://" not in link else link,
        title=one_line(_plain(values, "title"))[:MAX_TITLE].strip(),
        body=body,
        published=bounded(_instant(parsed), now),
        published_raw=" ".join(raw[:200].split()),
        language=body_language or title_language or feed_language,
    )


def _body(values: Mapping[str, Any]) -> tuple[str, str]:
    """(plain text, language) of an item: its full content where it has one, else its summary."""
    candidates = [part for part in values.get("content") or () if isinstance(part, Mapping)]
    best: tuple[str, str] = ("", "")
    for part in candidates:
        text = _part_text(part)
        if len(text) > len(best[0]):
            best = (text, _plain(part, "language"))
    if best[0]:
        return best
    detail = values.get("summary_detail")
    if isinstance(detail, Mapping):
        return _part_text(detail), _plain(detail, "language")
    return html_to_text(_plain(values, "summary")), ""


def _part_text(part: Mapping[str, Any]) -> str:
    kind = _plain(part, "type").lower()
    value = _plain(part, "value")
    if kind == "text/plain" and "<" not in value:
        return "\n".join(line.rstrip() for line in value.strip().splitlines())
    if not kind or kind.startswith("text/") or kind.endswith(("html", "+xml", "/xml")):
        return html_to_text(value)
    return ""


def _plain(values: Mapping[str, Any], name: str) -> str:
    value = dict.get(values, name) if isinstance(values, dict) else values.get(name)
    return value.strip() if isinstance(value, str) else ""


def _instant(parsed: object) -> datetime | None:
    """feedparser's UTC time tuple; years such as -1 or 9999 must not raise (row 42)."""
    if not isinstance(parsed, tuple) or len(parsed) < 6:
        return None
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (ValueError, OverflowError, OSError, TypeError):
        return None
