"""The rhythm of a source: how far apart its new items come, and the interval between polls that follows from it.

Pure: times come in, a state or a number goes out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from statistics import median
from typing import Final

from monitor.model import SourceSpec, SourceState

#: Gaps remembered: about a month of a daily source, a night and a morning of a busy one.
KEPT: Final = 32
#: From as many gaps on the rhythm counts as learnt.
LEARNT: Final = 4
#: Gaps taken from the dates of the first body. Fewer than an alarm about silence asks for, so that none rests on dates alone.
FROM_DATES: Final = 7
#: Items published within so many seconds came together.
TOGETHER: Final = 60.0


def arrived(state: SourceState) -> SourceState:
    """The state of a poll that brought something new: the gap since the last new item is remembered, and this is the last one
    now. To be called on the state that is committed with the new articles."""
    if state.last_poll is None:
        return state
    if state.last_new is None:
        return replace(state, last_new=state.last_poll)
    gap = (state.last_poll - state.last_new).total_seconds()
    if gap <= 0:  # the clock was set back meanwhile
        return replace(state, last_new=state.last_poll)
    return replace(state, last_new=state.last_poll, gaps=(*state.gaps, gap)[-KEPT:])


def from_dates(published: Iterable[datetime], now: datetime) -> tuple[float, ...]:
    """Gaps between the dates of a first body's newest items, and from the newest to now; oldest first."""
    moments = sorted({moment for moment in published if moment <= now})
    apart = [moments[0]] if moments else []
    for moment in moments[1:]:
        if (moment - apart[-1]).total_seconds() >= TOGETHER:
            apart.append(moment)
    gaps = [(after - before).total_seconds() for before, after in pairwise(apart)]
    if apart:
        gaps.append(max(TOGETHER, (now - apart[-1]).total_seconds()))
    return tuple(gaps[-FROM_DATES:])


def interval(spec: SourceSpec, gaps: tuple[float, ...]) -> float:
    """Seconds between polls: as configured, or twice in a usual gap once there are enough of them, within the bounds."""
    if not spec.adaptive or len(gaps) < LEARNT:
        return spec.every
    return min(max(median(gaps) / 2, spec.least), max(spec.most, spec.least))
