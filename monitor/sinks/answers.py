"""What an HTTP answer means for a delivery: one table for every sink that speaks HTTP.

It knows numbers and headers only; what follows from an answer (waiting, pausing, giving up) is flow/retry.py's business.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from monitor.model import AnswerKind

#: Statuses that say "not now" although they are client errors: timeout, too early, too many requests.
_NOT_NOW = frozenset({408, 425, 429})
#: Statuses that say that the address or the credentials are wrong: no message will get through until someone mends them.
_MISCONFIGURED = frozenset({401, 403, 404})
_GONE = 410

#: How much of a receiver's own words goes into a detail, in characters: enough for "field X is missing".
_EXCERPT = 160


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
    said = body[: 4 * _EXCERPT].decode("utf-8", "replace")
    said = " ".join("".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in said).split())
    # A page of markup explains nothing in one line, and an echo of our own request may hold a token.
    if not said or said.startswith("<") or any(secret in said for secret in secrets if secret):
        return f"HTTP {status}{phrase}"
    return f"HTTP {status}{phrase}: {said[:_EXCERPT]}{'…' if len(said) > _EXCERPT else ''}"
