"""When a source is polled next, and what a poll changes in its state: all rules in one place.

Pure: a poll's outcome goes in, the source's next state comes out; the poller carries it out.

outcome                          next poll                              state
-------                          ---------                              -----
a body that was read             the interval, ±10 %                    heals: failures, error, deaths, broken and gone end
not modified, or the same bytes  the interval, ±10 %                    heals nothing: after a failure the failure stands,
                                                                        but it is none either and counts nothing up
404                              a day                                  failures + 1
410                              a day, and not claimed any more        gone, until resumed or re-addressed
any other failure                the interval, doubled each time to     failures + 1; a body that is no feed: broken
                                 a day; a folder's to a minute
its worker died, three times     a day                                  deaths + 1: quarantine
the network is down              15 minutes at most                     failures as they were
a learnt address that is gone    the interval                           back to the address that is configured

The server's wish stands above all of it: never before ``not_before``, and never in an hour the feed has closed. A permanent
redirect is learnt at its third sight in a row, a day or more after the first (FAULTS.md row 31).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from monitor.errors import FetchError, MonitorError
from monitor.flow.rhythm import from_dates, interval
from monitor.model import Move, PollResult, SourceKind, SourceSpec, SourceState

#: Spread of the next poll about its interval, so that sources added together do not stay together.
JITTER: Final = 0.1
#: Longest pause of a failing source (seconds). A folder is cheap to look for, and somebody may just be creating it.
MAX_BACKOFF: Final = 86_400.0
MAX_BACKOFF_FOLDER: Final = 60.0
#: Pause of a source that could not be ingested through no fault of its own, and longest one while the network is down (seconds).
POSTPONED: Final = 30.0
NETWORK_BACK: Final = 900.0
#: A redirect is learnt after so many sights, and so long after the first (seconds).
MOVE_TIMES: Final = 3
MOVE_AGE: Final = 86_400.0
#: Failures in a row after which a learnt address is given up.
ADDRESS_TRIES: Final = 5
#: Workers that a source may end in a row before it is left alone for a day (FAULTS.md row 56).
DEATHS: Final = 3
#: A poll that waits its turn must not slide into a closed hour (seconds).
MARGIN: Final = 120.0
_WEEK: Final = 168

Random = Callable[[], float]


# ------------------------------------------------------------------------------------------- it answered
def after(spec: SourceSpec, state: SourceState, result: PollResult, now: datetime, random: Random) -> SourceState:
    """The state after a poll that was answered. ``random`` gives numbers in [0, 1)."""
    heals = not (result.unchanged and state.failures and spec.kind is SourceKind.FEED)
    read = _read(spec, state, result, now)
    polled: dict[str, Any] = {"last_poll": now, "validators": result.validators if result.complete else state.validators}
    if heals:
        polled |= {"last_success": now, "failures": 0, "error": "", "deaths": 0, "broken": False, "gone": None, "failing_since": None}
    kept = _moved(spec, read, result.moved, now)
    wait = interval(spec, kept.gaps) * (1 + JITTER * (2 * random() - 1))
    if result.again is not None:
        wait = min(wait, result.again)
    not_before = now + timedelta(seconds=result.wish) if result.wish else None
    due = now + timedelta(seconds=wait)
    if not_before is not None and due < not_before:
        due = not_before
    opens = _opened(due, result.closed)
    if opens != due:
        due = not_before = opens
    return replace(kept, **polled, next_due=due, not_before=not_before)


def _read(spec: SourceSpec, state: SourceState, result: PollResult, now: datetime) -> SourceState:
    """What the body itself says: how many items, which of them are known now, how far apart they came."""
    if result.items is None:
        return state
    if not result.items:
        # What was known stays known, so that a feed that is empty for an hour does not bring everything anew.
        return replace(state, empty=state.empty + 1) if state.known else state
    gaps = state.gaps
    if spec.adaptive and state.never_succeeded and not gaps:
        gaps = from_dates([document.published for document in result.documents if document.published], now)
    return replace(state, empty=0, gaps=gaps, known=state.known if result.known is None else result.known)


def _moved(spec: SourceSpec, state: SourceState, target: str, now: datetime) -> SourceState:
    """Three sights of one target in a row, a day apart, and it becomes the address. The validators stay: they came from there."""
    asked = state.address_of(spec)
    if not target or target == asked or _downgrades(asked, target):
        return state if state.move is None else replace(state, move=None)
    seen = state.move
    if seen is None or seen.to != target:
        return replace(state, move=Move(target, now, 1))
    times = seen.times + 1
    if times >= MOVE_TIMES and (now - seen.since).total_seconds() >= MOVE_AGE:
        return replace(state, move=None, address="" if target == spec.location else target)
    return replace(state, move=replace(seen, times=times))


def _downgrades(asked: str, target: str) -> bool:
    return urlsplit(asked).scheme == "https" and urlsplit(target).scheme != "https"


def _opened(due: datetime, closed: Collection[int]) -> datetime:
    """The first moment from ``due`` on that the feed has not closed; the margin lies before a closed hour."""
    moment = due
    for _ in range(_WEEK if closed else 0):
        late = moment + timedelta(seconds=MARGIN)
        shut = next((at for at in (moment, late) if at.weekday() * 24 + at.hour in closed), None)
        if shut is None:
            return moment
        moment = shut.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return due


# --------------------------------------------------------------------------------------------- it failed
def after_failure(
    spec: SourceSpec, state: SourceState, error: Exception, now: datetime, random: Random, *, network_down: bool = False
) -> SourceState:
    """The state after a poll that failed. ``error`` is a FetchError, or whatever else went wrong with this source alone."""
    fetch = error if isinstance(error, FetchError) else FetchError("")
    excused = network_down and fetch.transport
    failures = state.failures + (not excused)
    failed = replace(
        state,
        last_poll=now,
        failures=failures,
        error=message_of(error),
        deaths=state.deaths + fetch.died,
        broken=state.broken or fetch.unread,
        failing_since=state.failing_since or now,
        empty=state.empty + (fetch.unread and not fetch.died),  # a body that nobody could finish reading may be full of items
    )
    wait = _backoff(spec, failed, fetch)
    if excused:
        wait = min(wait, NETWORK_BACK)
    if state.address and (fetch.status in (404, 410) or failures >= ADDRESS_TRIES):
        failed = replace(failed, address="", move=None)
        wait = min(wait, interval(spec, state.gaps))
    elif fetch.status == 410:
        failed = replace(failed, gone=now)
    # Towards the shorter side only, so that the longest pause stays what it says; a wait that was asked for is kept whole.
    due = now + timedelta(seconds=wait * (1 - JITTER * random()))
    not_before = state.not_before if state.not_before is not None and state.not_before > now else None
    if fetch.retry_after:
        asked = now + timedelta(seconds=min(fetch.retry_after, _longest(spec)))
        not_before = asked if not_before is None else max(asked, not_before)
    due = due if not_before is None else max(due, not_before)
    opens = _opened(due, fetch.closed)
    if opens != due:
        due = not_before = opens
    return replace(failed, next_due=due, not_before=not_before)


def _backoff(spec: SourceSpec, failed: SourceState, error: FetchError) -> float:
    """Doubling from the source's own interval up to a day."""
    usual, longest = interval(spec, failed.gaps), _longest(spec)
    if error.status in (404, 410) or failed.deaths >= DEATHS:
        return max(longest, usual)
    return float(min(usual * 2.0 ** min(max(failed.failures, 1) - 1, 30), max(longest, usual)))


def _longest(spec: SourceSpec) -> float:
    return MAX_BACKOFF_FOLDER if spec.kind is SourceKind.FOLDER else MAX_BACKOFF


def message_of(error: Exception) -> str:
    return error.message if isinstance(error, MonitorError) else f"{type(error).__name__}: {error}"


# ------------------------------------------------------------------------------------- neither of the two
def postponed(spec: SourceSpec, state: SourceState, error: MonitorError, now: datetime) -> SourceState:
    """The fault is the house's own (no process, no watchlists in force): the source is not to blame and comes again soon."""
    due = now + timedelta(seconds=min(interval(spec, state.gaps), POSTPONED))
    if state.not_before is not None:
        due = max(due, state.not_before)
    return replace(state, next_due=due, last_poll=now, error=error.message)


def clock_stepped(state: SourceState, step: float, now: datetime) -> SourceState:
    """The state after the wall clock was set by ``step`` seconds (negative: back), ``now`` being the time it shows since.

    A wish keeps its length either way. After a step back every due time lies that much too far ahead and is moved with the
    clock; after a step forward what is due is due, for the machine may have slept (FAULTS.md rows 52 and 53).
    """
    shift = timedelta(seconds=step)
    not_before = state.not_before
    if not_before is not None:
        not_before = not_before + shift if not_before > now - shift else None
    due = state.next_due + shift if step < 0 else state.next_due
    return replace(state, next_due=due if not_before is None else max(due, not_before), not_before=not_before)
