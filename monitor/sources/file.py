"""The bytes of one file to a document: plain text as it stands, HTML through its page.

Used by the folder source and by the commands that are given files. It opens nothing itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from monitor.model import Document
from monitor.sources.page import read_page
from monitor.text.decode import decode

TEXT_SUFFIXES = frozenset({"", ".txt", ".text", ".md"})
HTML_SUFFIXES = frozenset({".html", ".htm", ".xhtml"})

#: Bytes read of one file. The text is cut at 2 Mi characters, and none takes more than four bytes in any encoding.
MAX_READ = 8 * 1024 * 1024


def is_article(name: str) -> bool:
    """Whether a file of this name is read: text or HTML, not hidden."""
    return not name.startswith(".") and PurePath(name).suffix.lower() in TEXT_SUFFIXES | HTML_SUFFIXES


def read_document(
    raw: bytes,
    name: str,
    *,
    source: str = "",
    key: str = "",
    language: str = "",
    labels: Mapping[str, str] | None = None,
    cut: bool = False,
) -> Document:
    """``name`` decides between text and HTML; ``key`` is the name unless given; ``cut`` says that ``raw`` is only the file's beginning."""
    if PurePath(name).suffix.lower() in HTML_SUFFIXES or (PurePath(name).suffix == "" and looks_like_html(raw)):
        page = read_page(raw)
        text, title, notes = page.text, page.title, page.notes
    else:
        decoded = decode(_whole_characters(raw) if cut else raw)
        text, title, notes = decoded.text, None, decoded.notes
    if cut and "cut" not in notes:
        notes = (*notes, "cut")
    return Document(
        source=source, key=key or name, text=text, title=title, language_hint=language, labels=dict(labels or {}), notes=tuple(notes)
    )


def looks_like_html(raw: bytes) -> bool:
    start = raw[:500].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html"))


def _whole_characters(raw: bytes) -> bytes:
    """A cut must not split a character: that would make sound UTF-8 look like another encoding."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw[: len(raw) & ~3]
    for back in range(1, 5):
        lead = raw[-back] if len(raw) >= back else 0
        if lead & 0xC0 != 0x80:  # not a continuation byte: the last character begins here
            return raw[:-back] if lead >= 0x80 else raw
    return raw
