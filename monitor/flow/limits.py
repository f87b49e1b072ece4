"""``max_alerts``: what a watchlist raises beyond its limit is told in one digest when the limit's time is over.

Times are whole: ``50/d`` counts from 00:00 UTC, ``10/h`` from the full hour. Every alert that is raised counts. Once as many
were raised as may be, what the watchlist tells is held until the time is over, but for what is critical, what corrects something
told before, and what goes to files. A watchlist that reaches its limit is an operation: it says which term was found most, for
that is usually where it must be mended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from monitor.errors import StorageError
from monitor.flow.digests import MAX_ALERTS
from monitor.model import DecisionKind, Severity, WatchlistFacts, Way
from monitor.ports import Clock, LimitRecord, Operations

log = structlog.get_logger()

#: Seconds between two looks at which watchlists are beyond their limit.
LOOK: Final = 10.0

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS: Final = {86400.0: "a day", 3600.0: "an hour", 60.0: "a minute"}


def window(seconds: float, now: datetime) -> tuple[datetime, datetime]:
    """The start and the end of the time that holds ``now``."""
    length = timedelta(seconds=seconds)
    start = _EPOCH + (now - _EPOCH) // length * length
    return start, start + length


@dataclass(slots=True)
class Limits:
    """How many alerts each watchlist has raised in its time so far; those of one transaction are counted on. ``spared`` are the
    sinks that disturb nobody."""

    raised: dict[str, int] = field(default_factory=dict)
    spared: frozenset[str] = frozenset()

    def limited(
        self, ways: tuple[Way, ...], facts: WatchlistFacts, kind: DecisionKind, severity: Severity, now: datetime
    ) -> tuple[Way, ...]:
        """The ways of one notification, held where the watchlist is beyond its limit."""
        if facts.max_alerts is None:
            return ways
        most, seconds = facts.max_alerts
        before = self.raised.get(facts.id, 0)
        self.raised[facts.id] = before + (kind is DecisionKind.RAISE)
        if before < most or severity is Severity.CRITICAL or kind is DecisionKind.CORRECT:
            return ways
        _, end = window(seconds, now)
        return tuple(way if way.sink in self.spared else Way(way.sink, way.route, end, MAX_ALERTS + facts.id) for way in ways)


class LimitDesk:
    """``facts`` gives the watchlists in force by id; ``spared`` are the sinks that nothing is held back from."""

    def __init__(
        self,
        record: LimitRecord,
        clock: Clock,
        operations: Operations,
        facts: Callable[[], Mapping[str, WatchlistFacts]],
        spared: frozenset[str] = frozenset(),
    ) -> None:
        self._record = record
        self._clock = clock
        self._operations = operations
        self._facts = facts
        self._spared = spared
        self._noisy: dict[str, datetime] = {}  # watchlist -> when its time began
        self._looked = float("-inf")

    async def limits(self, watchlists: Iterable[WatchlistFacts], now: datetime) -> Limits:
        """What the decisions of one transaction are made against. Raises StorageError."""
        return Limits(await self._raised(watchlists, now), self._spared)

    async def _raised(self, watchlists: Iterable[WatchlistFacts], now: datetime) -> dict[str, int]:
        since = {facts.id: window(facts.max_alerts[1], now)[0] for facts in watchlists if facts.max_alerts is not None}
        return dict(await self._record.raised_since(since)) if since else {}

    async def tick(self) -> None:
        """Every second; looks every ten."""
        if self._clock.monotonic() - self._looked < LOOK:
            return
        self._looked = self._clock.monotonic()
        now, known = self._clock.now(), self._facts()
        try:
            raised = await self._raised(known.values(), now)
            for name, count in raised.items():
                await self._look(known[name], count, now)
        except StorageError as error:
            log.debug("limits_not_looked_at", error=error.message)  # whoever writes articles raises ``storage``
            return
        for name in [name for name in self._noisy if name not in raised]:
            self._close(name)

    async def _look(self, facts: WatchlistFacts, count: int, now: datetime) -> None:
        assert facts.max_alerts is not None
        most, seconds = facts.max_alerts
        start, end = window(seconds, now)
        if count <= most:
            self._close(facts.id)
        elif self._noisy.get(facts.id) != start:
            term = await self._record.noisiest(facts.id, start)
            self._noisy[facts.id] = start
            self._operations.raise_(f"watchlist:{facts.id}:noisy", _message(facts.id, most, seconds, end, term), tell=True)

    def _close(self, watchlist: str) -> None:
        """Also one that was raised before a restart."""
        self._noisy.pop(watchlist, None)
        self._operations.close(f"watchlist:{watchlist}:noisy")


def _message(watchlist: str, most: int, seconds: float, end: datetime, term: str) -> str:
    mostly = f"; the term found most is {term!r}: monitor terms shows what it is looked for as" if term else ""
    return (
        f"the watchlist {watchlist} has raised more than its {most} alerts {_UNITS.get(seconds, f'in {seconds:g} s')}: the others are told "
        f"together at {end:%Y-%m-%d %H:%M} UTC, but for critical ones{mostly}"
    )
