"""What an HTTP answer means for a delivery: one table for every sink that speaks HTTP.

It knows numbers and headers only; what follows from an answer (waiting, pausing, giving up) is flow/retry.py's business.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from monitor.model import Answer, AnswerKind
from monitor.ports import Posted

#: Statuses that say "not now" although they are client errors: timeout, too early, too many requests.
_NOT_NOW = frozenset({408, 425, 429})
#: Statuses that say that the address or the credentials are wrong: no message will get through until someone mends them.
_MISCONFIGURED = frozenset({401, 403, 404})
_GONE = 410

#: A link's token, with which whoever has it may act on an alert: what it says, a dot and 16 bytes of signature, in base64url.
_TOKEN = re.compile(r"[\w-]{24,}\.[\w-]{22}(?![\w-])", re.ASCII)

#: How much of a receiver's own words goes into a detail, in characters: enough for "field X is missing".
_EXCERPT = 160


@dataclass(frozen=True, slots=True)
class Meant:
    """What an answer comes to: most services mean the status they send, some say in the body that it was otherwise. ``wait`` is
    what the body asks for, in seconds; ``kind`` is set where the status alone would mislead."""

    status: int
    said: bytes = field(default=b"", repr=False)
    wait: float | None = None
    kind: AnswerKind | None = None


def as_it_says(posted: Posted) -> Meant:
    return Meant(posted.status, posted.body)


def answer(posted: Posted, meant: Meant, now: datetime, secrets: Iterable[str]) -> Answer:
    """The one way from an HTTP answer to ours."""
    kind = meant.kind or classify(meant.status)
    waits = [wait for wait in (retry_after(posted.headers.get("retry-after"), now), meant.wait) if wait is not None]
    return Answer(
        kind,
        status=meant.status,
        detail="" if kind is AnswerKind.DELIVERED else describe(meant.status, meant.said, secrets),
        retry_after=max(waits, default=None),
    )


def classify(status: int) -> AnswerKind:
    if 200 <= status < 300:
        return AnswerKind.DELIVERED
    if status == _GONE:
        return AnswerKind.DISABLE
    if 300 <= status < 400 or status in _MISCONFIGURED:
        return AnswerKind.PAUSE
    if 400 <= status < 500 and status not in _NOT_NOW:
        return AnswerKind.REFUSED
    return AnswerKind.RETRY


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait from a Retry-After header (RFC 9110 §10.2.3: seconds or an HTTP date); None where it says nothing
    usable. A date in the past is no wait. The upper bound is the retry rules', not this reader's."""
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:12])  # twelve digits are 30,000 years; int() refuses over 4,300
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if when.tzinfo is None:  # "-0000": the date is UTC, only the sender's zone is unknown
        when = when.replace(tzinfo=now.tzinfo)
    return max(0.0, (when - now).total_seconds())


def describe(status: int, body: bytes, secrets: Iterable[str]) -> str:
    """``HTTP 422 Unprocessable Entity: field x is missing``, printable, and without the excerpt where the answer repeats
    something of ours that must not be printed."""
    try:
        phrase = f" {HTTPStatus(status).phrase}"
    except ValueError:
        phrase = ""
    said = printable(body[: 4 * _EXCERPT].decode("utf-8", "replace"), secrets)
    # A page of markup explains nothing in one line.
    return f"HTTP {status}{phrase}" if not said or said.startswith("<") else f"HTTP {status}{phrase}: {said}"


def printable(text: str, secrets: Iterable[str]) -> str:
    """A receiver's own words on one line, shortened and without control characters; "" where they hold one of ``secrets`` or a
    link to act by: an echo of our own request may hold a token."""
    said = " ".join("".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text).split())
    if _TOKEN.search(said) or any(secret in said for secret in secrets if secret):
        return ""
    return said if len(said) <= _EXCERPT else f"{said[:_EXCERPT]}…"
