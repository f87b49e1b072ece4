"""An HTML page to its article: the title, and the body without menus, teasers and comments.

trafilatura finds the article. Where the page tells search engines more of its text than was found (JSON-LD), that is
taken; where neither has anything, or the page is built to exhaust a parser, all of the page's text is taken and the
layout's furniture rules do what they can. It must not know whether the page came from a file or a server.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import trafilatura
from selectolax.lexbor import LexborHTMLParser

from monitor.model import Span
from monitor.sources.item import CONTROLS, MAX_TITLE
from monitor.sources.markup import html_to_text, one_line, too_deep
from monitor.text.decode import clean, decode

#: Bytes of a page that are looked at: the largest news pages have 3 MB, nearly all of it scripts.
MAX_PAGE = 8 * 1024 * 1024
#: The note of a page in which no article was found: its text is all that stands there.
WHOLE: Final = "html:whole"

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]{0,200}>(.{0,10000}?)</title", re.IGNORECASE | re.DOTALL)
_LINKED_DATA = re.compile(r"<script[^>]{0,300}?application/ld\+json[^>]{0,300}>", re.IGNORECASE | re.DOTALL)
_END = re.compile("</script", re.IGNORECASE)
#: Scripts of linked data in a page, and objects in one of them, that are looked at.
_SCRIPTS: Final = 50
_OBJECTS: Final = 2_000

# trafilatura drops every character that shows nothing. Some of them carry meaning: the joiners that part Persian words, the
# marks that put Arabic and Latin in order. They go through it in the guise of letters that no news page holds (Linear A).
_FORMATTING: Final = "\u200c\u200d\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_GUISES: Final = "".join(map(chr, range(0x10600, 0x10600 + len(_FORMATTING))))
_DISGUISE: Final = str.maketrans(_FORMATTING, _GUISES)
_UNVEIL: Final = str.maketrans(_GUISES, _FORMATTING)
_ENTITY: Final = re.compile(r"&(?:(zwnj|zwj|lrm|rlm)|#(?:([0-9]{4})|[xX]([0-9a-fA-F]{3,4})));")
_NAMED: Final = {"zwnj": "\u200c", "zwj": "\u200d", "lrm": "\u200e", "rlm": "\u200f"}


@dataclass(frozen=True, slots=True)
class Page:
    """``text`` is title, blank line, body; ``title`` its span, None where the page has none."""

    text: str
    title: Span | None
    notes: tuple[str, ...]


def read_page(raw: bytes, charset: str = "", url: str = "") -> Page:
    """``charset`` is what a server declared; without one the page's own declaration counts, and both may be wrong."""
    decoded = decode(raw[:MAX_PAGE], charset or _declared(raw))
    markup = CONTROLS.sub(" ", decoded.text)
    notes = ["html", *(note for note in decoded.notes if note != "nul")]
    if len(raw) > MAX_PAGE and "cut" not in notes:
        notes.append("cut")
    bomb = too_deep(markup)
    title = _title_by_pattern(markup) if bomb else _title(markup)
    body = max("" if bomb else _article(markup, url), _told(markup), key=len)
    if not body:
        notes.append(WHOLE)
        body = html_to_text(markup)
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


# -------------------------------------------------------------------------------------- the article
def _article(markup: str, url: str) -> str:
    """The article's paragraphs with a blank line between; empty where trafilatura finds none (nested to its limit, too short)."""
    markup = _ENTITY.sub(_formatting, markup)
    veiled = not any(guise in markup for guise in _GUISES) and any(char in markup for char in _FORMATTING)
    try:
        found = trafilatura.extract(
            markup.translate(_DISGUISE) if veiled else markup,
            url=url or None,
            include_comments=False,
            include_tables=True,
            output_format="txt",
            deduplicate=False,
        )
    except Exception:  # an extractor of third-party pages: whatever it stumbles over, the page's whole text still serves
        return ""
    if found and veiled:
        found = found.translate(_UNVEIL)
    return "\n\n".join(line.strip() for line in (found or "").splitlines() if line.strip())


def _formatting(entity: re.Match[str]) -> str:
    """The character itself for the entity of one that shows nothing, all other entities as they are."""
    name, decimal, sixteen = entity.groups()
    char = _NAMED[name] if name else chr(int(decimal) if decimal else int(sixteen, 16))
    return char if char in _FORMATTING else entity[0]


def _told(markup: str) -> str:
    """The longest text that the page gives as an article's in its linked data; empty where there is none."""
    best = ""
    for script in islice(_LINKED_DATA.finditer(markup), _SCRIPTS):
        end = _END.search(markup, script.end())
        if end is None:
            break
        try:
            data = json.loads(markup[script.end() : end.start()].strip().removesuffix(";"), strict=False)
        except (ValueError, RecursionError):
            continue
        for found in _bodies(data):
            best = max(best, found, key=len)
    if not best:
        return ""
    text = html_to_text(best) if "<" in best or "&" in best else best
    return "\n\n".join(line.strip() for line in text.splitlines() if line.strip())


def _bodies(data: Any) -> Iterator[str]:
    waiting: list[Any] = [data]
    for _ in range(_OBJECTS):
        if not waiting:
            return
        one = waiting.pop()
        if isinstance(one, dict):
            if isinstance(body := one.get("articleBody"), str):
                yield body
            waiting += (value for value in one.values() if isinstance(value, dict | list))
        elif isinstance(one, list):
            waiting += one[:_OBJECTS]


# ---------------------------------------------------------------------------------------- the title
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
