"""What a feed asks of its readers besides being read: how long it keeps, and when it need not be asked.

Read off the bytes before the first item and after the last, where it stands, however sound the feed is. Whether and how
far it is followed is not decided here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_TTL: Final = re.compile(rb"<ttl>\s*(\d{1,6})\s*</ttl>", re.IGNORECASE)
_PERIOD: Final = re.compile(rb"<sy:updatePeriod>\s*([A-Za-z]{4,8})\s*</sy:updatePeriod>", re.IGNORECASE)
_FREQUENCY: Final = re.compile(rb"<sy:updateFrequency>\s*(\d{1,4})\s*</sy:updateFrequency>", re.IGNORECASE)
_SKIPPED: Final = re.compile(rb"<skip(Hours|Days)>(.{0,2000}?)</skip\1>", re.IGNORECASE | re.DOTALL)
_HOUR: Final = re.compile(rb"<hour>\s*(\d{1,2})\s*</hour>", re.IGNORECASE)
_DAY: Final = re.compile(rb"<day>\s*([A-Za-z]{6,9})\s*</day>", re.IGNORECASE)

_MINUTE: Final = 60.0
_PERIODS: Final = {b"hourly": 3_600.0, b"daily": 86_400.0, b"weekly": 604_800.0, b"monthly": 2_592_000.0, b"yearly": 31_536_000.0}
_DAYS: Final = {name: n for n, name in enumerate(b"monday tuesday wednesday thursday friday saturday sunday".split())}


@dataclass(frozen=True, slots=True)
class Hints:
    """``ttl`` in seconds, ``skip_hours`` in UTC, ``skip_days`` from 0 for Monday."""

    ttl: float | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()


def hints(around: bytes) -> Hints:
    """``around`` is the feed without its items."""
    hours: set[int] = set()
    days: set[int] = set()
    for skipped in _SKIPPED.finditer(around):
        if skipped[1].lower() == b"hours":
            # 24 is what RSS 0.91 called midnight.
            hours |= {int(hour) % 24 for hour in _HOUR.findall(skipped[2]) if int(hour) <= 24}
        else:
            days |= {_DAYS[day.lower()] for day in _DAY.findall(skipped[2]) if day.lower() in _DAYS}
    return Hints(_ttl(around), frozenset(hours), frozenset(days))


def _ttl(around: bytes) -> float | None:
    found = _TTL.search(around)
    if found and int(found[1]):
        return int(found[1]) * _MINUTE
    period, frequency = _PERIOD.search(around), _FREQUENCY.search(around)
    times = int(frequency[1]) if frequency else 1
    every = _PERIODS.get(period[1].lower()) if period else None
    # Once an hour is what WordPress writes into every feed: nobody's wish, and an hour is long for news.
    return every / times if every and times and not (every == _PERIODS[b"hourly"] and times == 1) else None
