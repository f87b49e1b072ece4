"""An HTML page to its article: the title, and the body without menus, teasers and comments.

trafilatura finds the article; where it finds none, or the page is built to exhaust it, all of the page's text is taken
and the layout's furniture rules do what they can. It must not know whether the page came from a file or a server.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import trafilatura
from selectolax.lexbor import LexborHTMLParser

from monitor.model import Span
from monitor.sources.item import CONTROLS, MAX_TITLE
from monitor.sources.markup import html_to_text, one_line, too_deep
from monitor.text.decode import clean, decode

#: Bytes of a page that are looked at: the largest news pages have 3 MB, nearly all of it scripts.
MAX_PAGE = 8 * 1024 * 1024

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]{0,200}>(.{0,10000}?)</title", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Page:
    """``text`` is title, blank line, body; ``title`` its span, None where the page has none."""

    text: str
    title: Span | None
    notes: tuple[str, ...]


def read_page(raw: bytes, charset: str = "") -> Page:
    """``charset`` is what a server declared; without one the page's own declaration counts, and both may be wrong."""
    decoded = decode(raw[:MAX_PAGE], charset or _declared(raw))
    markup = CONTROLS.sub(" ", decoded.text)
    notes = ["html", *(note for note in decoded.notes if note != "nul")]
    if len(raw) > MAX_PAGE and "cut" not in notes:
        notes.append("cut")
    bomb = too_deep(markup)
    title = _title_by_pattern(markup) if bomb else _title(markup)
    body = ("" if bomb else _article(markup)) or html_to_text(markup)
    return _page(title, body, notes)


def _page(title: str, body: str, notes: list[str]) -> Page:
    title = clean(title).text
    first, _, rest = body.partition("\n")
    if title and " ".join(first.split()) == title:
        body = rest.strip("\n")
    cleaned = clean(f"{title}\n\n{body}" if title and body else title or body)
    notes += [note for note in cleaned.notes if note not in notes]
    return Page(cleaned.text, Span(0, len(title)) if title else None, tuple(notes))


def _declared(raw: bytes) -> str:
    found = _META_CHARSET.search(raw[:4096])
    return found[1].decode("ascii") if found else ""


def _article(markup: str) -> str:
    """The article's paragraphs with a blank line between; empty where trafilatura finds none (nested to its limit, too short)."""
    try:
        found = trafilatura.extract(markup, include_comments=False, include_tables=True, output_format="txt", deduplicate=False)
    except Exception:  # an extractor of third-party pages: whatever it stumbles over, the page's whole text still serves
        return ""
    return "\n\n".join(line.strip() for line in (found or "").splitlines() if line.strip())


def _title(markup: str) -> str:
    """The heading as people see it: the article's only ``<h1>``, else what the page tells other sites, else ``<title>``."""
    tree = LexborHTMLParser(markup)
    headings = [text for node in tree.css("h1") if (text := " ".join(node.text(separator=" ").split()))]
    if len(headings) == 1:
        return headings[0][:MAX_TITLE]
    for node in tree.css('meta[property="og:title"]'):
        if text := one_line(node.attributes.get("content") or ""):
            return text[:MAX_TITLE]
    named = [text for node in tree.css("title") if (text := " ".join(node.text().split()))]
    return (named or headings or [""])[0][:MAX_TITLE]


def _title_by_pattern(markup: str) -> str:
    found = _TITLE.search(markup)
    return one_line(found[1])[:MAX_TITLE] if found else ""
