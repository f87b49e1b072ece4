"""The moment, pure: may what was claimed for a sink be sent now, or is it held, under which key, until when?

    asked in this order     of what is not critical                                              held until
    critical                                                                                     never held
    quiet                   the sink has quiet hours                                             their end
    backlog                 made over an hour ago, and not alone, for a sink that people read    now: told as one digest
    rate                    as many as may be were sent within the window, or others wait so     the next one may go

A digest is not held for the rate: it is what comes of such a hold, and goes first. It counts as one sent, as what is critical
does. Times are passed in; this module must not know where deliveries are kept, nor what a digest says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from monitor.flow.digests import BACKLOG, QUIET, RATE, is_digest, wall
from monitor.model import Delivery, Severity

#: What waited longer is told together.
OLD: Final = timedelta(hours=1)
#: Quiet hours that meet one another are one; those of more than a week have no end.
LONGEST: Final = timedelta(days=8)

EVERY_DAY: Final = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Quiet:
    """From one time on the wall to another, over midnight where the second is not later, on the nights that begin on ``days``
    (0: Monday). ``end`` is None for midnight."""

    start: time
    end: time | None
    zone: str = "UTC"
    days: frozenset[int] = EVERY_DAY

    def until(self, now: datetime) -> datetime | None:
        """When the quiet hours that hold now end; None where none do."""
        today = now.astimezone(ZoneInfo(self.zone)).date()
        ends = []
        for day in (today - timedelta(days=1), today):
            begins = wall(day, self.zone, _after(self.start))
            over = self.end is None or self.end <= self.start
            end = wall(day + timedelta(days=1) if over else day, self.zone, _after(self.end or time()))
            if day.weekday() in self.days and begins <= now < end:
                ends.append(end)
        return max(ends, default=None)


def _after(clock: time) -> timedelta:
    return timedelta(hours=clock.hour, minutes=clock.minute)


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in so many seconds, whenever one begins to count."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Rules:
    """Those of one sink. ``sums_up``: people read it, message by message."""

    quiet: tuple[Quiet, ...] = ()
    rate: Rate | None = None
    sums_up: bool = False

    @property
    def none(self) -> bool:
        return not (self.quiet or self.rate or self.sums_up)


def quiet_until(quiet: Sequence[Quiet], now: datetime) -> datetime | None:
    """When something may be said again: quiet hours that begin where others end are waited for too."""
    until = None
    while (end := max(filter(None, (one.until(until or now) for one in quiet)), default=None)) is not None:
        until = end
        if until - now > LONGEST:
            break
    return until


def never_ends(quiet: Sequence[Quiet], now: datetime) -> bool:
    until = quiet_until(quiet, now)
    return until is not None and until - now > LONGEST


@dataclass(frozen=True, slots=True)
class Sent:
    """What a sink was sent: notification -> when. ``waits`` is until when others are held for the rate (None: none are)."""

    at: Mapping[str, datetime] = field(default_factory=dict)
    waits: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    key: str
    until: datetime
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Every delivery that was asked about is in one of the two."""

    send: tuple[Delivery, ...]
    holds: tuple[Hold, ...] = ()


def old(deliveries: Iterable[Delivery], now: datetime) -> tuple[Delivery, ...]:
    """Those that are told together where there are several."""
    return tuple(one for one in deliveries if one.severity is not Severity.CRITICAL and one.since < now - OLD)


def moment(rules: Rules, claimed: Sequence[Delivery], waiting: Sequence[Delivery], sent: Sent, now: datetime) -> Verdict:
    """``waiting`` are old ones of this sink that are pending; where there are any they may be held as well."""
    held_back: list[Hold] = []
    rest = list(claimed)
    if (end := quiet_until(rules.quiet, now)) is not None:
        rest = _hold(rest, lambda one: one.severity is not Severity.CRITICAL, QUIET, end, held_back)
        return Verdict(tuple(rest), tuple(held_back))
    if rules.sums_up:
        many = {one.notification: one for one in (*old(rest, now), *old(waiting, now))}
        if len(many) > 1:
            held_back.append(Hold(BACKLOG, now, tuple(many.values())))
            rest = [one for one in rest if one.notification not in many]
    if rules.rate is not None:
        spent = _beyond(rules.rate, rest, sent, now)
        rest = _hold(rest, lambda one: one.notification in spent, RATE, next_slot(rules.rate, sent, spent, rest, now), held_back)
    return Verdict(tuple(rest), tuple(held_back))


def _hold(rest: list[Delivery], which: Callable[[Delivery], bool], key: str, until: datetime, into: list[Hold]) -> list[Delivery]:
    if chosen := tuple(one for one in rest if which(one)):
        into.append(Hold(key, until, chosen))
    return [one for one in rest if not which(one)]


def _beyond(rate: Rate, rest: Sequence[Delivery], sent: Sent, now: datetime) -> frozenset[str]:
    """Those that find no room. What was begun in this window has its room already: a retry is not a second message."""
    room = rate.count - len(_within(rate, sent, now))
    passing = {one.notification for one in rest if one.notification in sent.at or one.severity is Severity.CRITICAL or is_digest(one)}
    room -= sum(name not in sent.at for name in passing)
    beyond: set[str] = set()
    for one in rest:
        if one.notification in passing:
            continue
        if room <= 0 or sent.waits is not None:
            beyond.add(one.notification)
        room -= 1
    return frozenset(beyond)


def next_slot(rate: Rate, sent: Sent, beyond: frozenset[str], rest: Sequence[Delivery], now: datetime) -> datetime:
    """When one more may go: never in the past, never later than a whole window from now."""
    if sent.waits is not None:
        return max(sent.waits, now)
    going = [now for one in rest if one.notification not in beyond and one.notification not in sent.at]
    times = sorted([*_within(rate, sent, now), *going])
    last = times[len(times) - rate.count] if len(times) >= rate.count else now
    return min(max(last, now - timedelta(seconds=rate.seconds)), now) + timedelta(seconds=rate.seconds)


def _within(rate: Rate, sent: Sent, now: datetime) -> list[datetime]:
    """Of a clock that was set back, what lies ahead counts as of now."""
    since = now - timedelta(seconds=rate.seconds)
    return [min(at, now) for at in sent.at.values() if at > since]
