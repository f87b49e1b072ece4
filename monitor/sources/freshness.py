"""How long a server asks us to stay away: its *wish*, read from the headers of its answer and from what the feed says of itself.

What counts: ``Cache-Control: max-age`` less ``Age``, else ``Expires`` less ``Date`` (RFC 9111 §4.2.1, §5.3); ``Retry-After``
with any status (RFC 9110 §10.2.3); a feed's ``<ttl>`` or ``sy:updatePeriod``, its ``skipHours`` and ``skipDays``. The longest
holds. ``s-maxage`` speaks to caches that many share, which we are not; ``no-cache`` and ``no-store`` allow asking at any time.

Nothing here asks, waits or remembers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, Protocol

#: Seconds honoured at most of max-age, Expires and ttl. A delivery network's year would make us blind.
LONGEST_WISH: Final = 6 * 3600.0
#: Seconds honoured at most of a Retry-After: somebody meant us.
LONGEST_RETRY: Final = 24 * 3600.0
#: Hours in a row that ``skipHours`` and ``skipDays`` may close: a weekend and a holiday.
LONGEST_SKIP: Final = 72

HOURS, DAYS = range(24), range(7)


class Hinted(Protocol):
    """What a feed says of its own times: a ``FeedRead``, or the ``Hints`` kept of one."""

    @property
    def ttl(self) -> float | None: ...
    @property
    def skip_hours(self) -> Collection[int]: ...
    @property
    def skip_days(self) -> Collection[int]: ...


@dataclass(frozen=True, slots=True)
class Hints:
    """``ttl`` in seconds, hours 0–23 and days 0 (Monday) – 6, all UTC."""

    ttl: float | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()


def wish(headers: Mapping[str, str], feed: Hinted | None, now: datetime) -> float | None:
    """Seconds from ``now`` for which the server asks not to be asked again; None where it says nothing. ``headers`` by
    lower-case name."""
    asked: list[float] = []
    for seconds, most in (
        (cache_seconds(headers, now), LONGEST_WISH),
        (retry_after(headers, now), LONGEST_RETRY),
        (feed.ttl if feed is not None else None, LONGEST_WISH),
        (_until_open(closed_hours(feed), now) if feed is not None else None, LONGEST_SKIP * 3600.0),
    ):
        if seconds is not None and seconds > 0:
            asked.append(min(seconds, most))
    return max(asked, default=None)


def closed_hours(feed: Hinted) -> frozenset[int]:
    """The hours of the week (0: Monday 00:00 UTC, to 167) in which the feed asks not to be polled. A list that leaves
    nothing open is a mistake and says nothing."""
    if not feed.skip_hours and not feed.skip_days:
        return frozenset()
    hours = frozenset(feed.skip_hours) & frozenset(HOURS)
    days = frozenset(feed.skip_days) & frozenset(DAYS)
    hours = hours if len(hours) < len(HOURS) else frozenset()
    days = days if len(days) < len(DAYS) else frozenset()
    return frozenset(day * 24 + hour for day in DAYS for hour in HOURS if day in days or hour in hours)


def cache_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """How long the answer is fresh by its cache headers."""
    directives = _directives(headers.get("cache-control", ""))
    if "no-cache" in directives or "no-store" in directives:
        return None
    age = _seconds(headers.get("age", "")) or 0.0
    if "max-age" in directives:
        fresh = _seconds(directives["max-age"])
        return None if fresh is None else max(0.0, fresh - age)
    expires = http_date(headers.get("expires", ""))
    if expires is None:
        return None
    # Against the server's own clock, so that a wrong one does no harm.
    sent = http_date(headers.get("date", "")) or now
    return max(0.0, (expires - sent).total_seconds() - age)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait as the answer asks for (seconds or a date); None where it says nothing sensible."""
    raw = headers.get("retry-after", "").strip()
    if (seconds := _seconds(raw)) is not None:
        return seconds
    moment = http_date(raw)
    return None if moment is None else max(0.0, (moment - now).total_seconds())


def http_date(raw: str) -> datetime | None:
    if not raw:
        return None
    try:
        moment = parsedate_to_datetime(raw.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _directives(raw: str) -> dict[str, str]:
    """``max-age=60, private`` by lower-case name; of a directive that comes twice, the first (RFC 9111 §4.2.1)."""
    found: dict[str, str] = {}
    for part in raw.split(","):
        name, _, value = part.partition("=")
        found.setdefault(name.strip().lower(), value.strip().strip('"'))
    return found


def _seconds(raw: str) -> float | None:
    raw = raw.strip()
    return float(raw[:9]) if raw.isascii() and raw.isdigit() else None


def _until_open(closed: Collection[int], now: datetime) -> float | None:
    """Seconds to the next hour that is not closed; None where this one is open."""
    hour = now.weekday() * 24 + now.hour
    skipped = next((n for n in range(LONGEST_SKIP) if (hour + n) % 168 not in closed), LONGEST_SKIP)
    if not skipped:
        return None
    opens = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=skipped)
    return (opens - now).total_seconds()
