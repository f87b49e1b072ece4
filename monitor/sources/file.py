"""The bytes of one file to a document: plain text as it stands, HTML through its page, mails as they are shown.

Used by the folder source and by the commands that are given files. It opens nothing itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePath

from monitor.model import Document
from monitor.sources.item import bounded
from monitor.sources.mail import read_mail
from monitor.sources.page import read_page
from monitor.text.decode import decode

TEXT_SUFFIXES = frozenset({"", ".txt", ".text", ".md"})
HTML_SUFFIXES = frozenset({".html", ".htm", ".xhtml"})
MAIL_SUFFIXES = frozenset({".eml"})
#: Files of many articles, one a line.
LINES_SUFFIXES = frozenset({".jsonl", ".ndjson"})

_READ = TEXT_SUFFIXES | HTML_SUFFIXES | MAIL_SUFFIXES | LINES_SUFFIXES

#: Bytes read of one file. The text is cut at 2 Mi characters, and none takes more than four bytes in any encoding.
MAX_READ = 8 * 1024 * 1024


def is_article(name: str) -> bool:
    """Whether a file of this name is read: text, HTML, a mail or articles by the line; not hidden."""
    return not name.startswith(".") and PurePath(name).suffix.lower() in _READ


def is_lines(name: str) -> bool:
    return PurePath(name).suffix.lower() in LINES_SUFFIXES


def is_markup(raw: bytes, name: str) -> bool:
    """Whether it has to be taken apart: HTML or a mail, which may be built to exhaust whoever does."""
    suffix = PurePath(name).suffix.lower()
    return suffix in MAIL_SUFFIXES or _is_html(raw, suffix)


def _is_html(raw: bytes, suffix: str) -> bool:
    return suffix in HTML_SUFFIXES or (suffix == "" and looks_like_html(raw))


def read_document(
    raw: bytes,
    name: str,
    *,
    source: str = "",
    key: str = "",
    language: str = "",
    labels: Mapping[str, str] | None = None,
    cut: bool = False,
    now: datetime | None = None,
) -> Document:
    """``name`` decides between text, HTML and mail; ``key`` is the name unless given; ``cut`` says that ``raw`` is only the
    file's beginning. A date is held within its bounds around ``now``, where that is given. Raises DocumentError for a mail
    that is none."""
    suffix = PurePath(name).suffix.lower()
    published, published_raw = None, ""
    if suffix in MAIL_SUFFIXES:
        mail = read_mail(raw)
        text, title, notes = mail.text, mail.title, mail.notes
        published, published_raw = (bounded(mail.published, now) if now else mail.published), mail.published_raw
    elif _is_html(raw, suffix):
        page = read_page(raw)
        text, title, notes = page.text, page.title, page.notes
    else:
        decoded = decode(_whole_characters(raw) if cut else raw)
        text, title, notes = decoded.text, None, decoded.notes
    if cut and "cut" not in notes:
        notes = (*notes, "cut")
    return Document(
        source=source,
        key=key or name,
        text=text,
        title=title,
        published=published,
        published_raw=published_raw,
        language_hint=language,
        labels=dict(labels or {}),
        notes=tuple(notes),
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
