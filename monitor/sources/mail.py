"""A mail (.eml) to its article: the subject as title, its text, else its HTML page, and the date it was sent.

Mails are hostile like pages: parts within parts, headers of any bytes, charsets that lie. What is looked at is bounded
before the parser sees it, and only the parser's oldest and plainest ways are used: it decodes nothing by itself. Attachments
are never looked into. This module opens nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header
from email.message import Message
from email.policy import compat32
from email.utils import parsedate_to_datetime
from typing import Final

from monitor.errors import DocumentError
from monitor.model import Span
from monitor.sources.item import CONTROLS, MAX_TITLE
from monitor.sources.page import read_page
from monitor.text.decode import clean, decode

#: Parts that hold parts, of which each line is held against all that are open; parts in all; lines looked at.
MAX_NESTED: Final = 20
MAX_PARTS: Final = 100
MAX_LINES: Final = 200_000
MAX_HEADER: Final = 4_000  # characters of a header

_NESTED: Final = re.compile(rb"^content-type[ \t]*:\s*(?:multipart|message)/", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Mail:
    """``text`` is subject, blank line, body; ``title`` the subject's span, None where there is none."""

    text: str
    title: Span | None
    published: datetime | None
    published_raw: str
    notes: tuple[str, ...]


def read_mail(raw: bytes) -> Mail:
    """Raises DocumentError for what no mail program has written."""
    notes = ["mail"]
    raw = _first_lines(raw, notes)
    if len(_NESTED.findall(raw)) > MAX_NESTED:
        raise DocumentError(f"the mail holds more than {MAX_NESTED} parts within parts")
    try:
        message = message_from_bytes(raw, policy=compat32)
        subject = _title(message)
        body = _body(message, notes)
        at, sent = _sent(message)
    except DocumentError:
        raise
    except Exception as error:  # the standard library's parser raises what it likes on what is no mail
        raise DocumentError(f"the mail cannot be read: {type(error).__name__}") from error
    cleaned = clean(f"{subject}\n\n{body}" if subject and body else subject or body)
    notes += [note for note in cleaned.notes if note not in notes]
    return Mail(cleaned.text, Span(0, len(subject)) if subject else None, at, sent, tuple(notes))


def _first_lines(raw: bytes, notes: list[str]) -> bytes:
    if raw.count(b"\n") <= MAX_LINES:
        return raw
    notes.append("cut")
    end = -1
    for _ in range(MAX_LINES):
        end = raw.index(b"\n", end + 1)
    return raw[: end + 1]


# ------------------------------------------------------------------------------------------- headers
def _header(message: Message, name: str) -> str:
    """The first of this name, decoded: encoded words, or raw bytes of whatever charset."""
    value = next((value for found, value in message.raw_items() if found.lower() == name), "")[:MAX_HEADER]
    raw = value.encode("utf-8", "surrogateescape")
    if not raw.isascii():
        return decode(raw).text
    words = []
    for part, charset in decode_header(value):
        words.append(part if isinstance(part, str) else decode(part, charset or "").text)
    return "".join(words)


def _title(message: Message) -> str:
    return " ".join(clean(CONTROLS.sub(" ", _header(message, "subject"))).text.split())[:MAX_TITLE]


def _sent(message: Message) -> tuple[datetime | None, str]:
    raw = clean(CONTROLS.sub(" ", _header(message, "date"))).text.strip()[:100]
    try:
        at = parsedate_to_datetime(raw)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC), raw
    except (ValueError, TypeError, IndexError, OverflowError):
        return None, raw


# ---------------------------------------------------------------------------------------------- body
def _body(message: Message, notes: list[str]) -> str:
    """The first text that says something, else the first page."""
    page = ""
    for part in _parts(message):
        kind = part.get_content_type()
        if kind == "text/plain":
            if text := _plain(part, notes):
                return text
        elif kind == "text/html" and not page:
            page = _page(part)
    if page:
        notes.append("html")
    return page


def _parts(message: Message) -> Iterator[Message]:
    """Those a mail program would show."""
    for number, part in enumerate(message.walk()):
        if number >= MAX_PARTS:
            raise DocumentError(f"the mail has more than {MAX_PARTS} parts")
        if not part.is_multipart() and part.get_content_disposition() != "attachment":
            yield part


def _payload(part: Message) -> bytes:
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def _charset(part: Message) -> str:
    return str(part.get_content_charset() or "")


def _plain(part: Message, notes: list[str]) -> str:
    decoded = decode(_payload(part), _charset(part))
    notes += [note for note in decoded.notes if note not in notes]
    text = decoded.text.replace("\r\n", "\n").strip()
    flowed = str(part.get_param("format", "")).lower() == "flowed"
    return _unwrapped(text, glued=str(part.get_param("delsp", "")).lower() == "yes") if flowed else text


def _unwrapped(text: str, *, glued: bool) -> str:
    """format=flowed (RFC 3676): a line that ends in a blank goes on in the next; ``glued`` says the blank is not text."""
    lines: list[str] = []
    goes_on = False
    for stuffed in text.split("\n"):
        line = stuffed.removeprefix(" ")
        if goes_on:
            lines[-1] = (lines[-1][:-1] if glued else lines[-1]) + line
        else:
            lines.append(line)
        goes_on = line.endswith(" ") and line != "-- "
    return "\n".join(lines)


def _page(part: Message) -> str:
    page = read_page(_payload(part), _charset(part))
    return page.text[page.title.end :].strip() if page.title else page.text.strip()
