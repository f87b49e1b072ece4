"""The desk of what is held: asked at every claim whether it is the moment, and once a second whether a hold has ended.

    claimed ──► moment.py ──► sent, or held under quiet, rate, backlog
                                  │
    decided with a digest ──► held until due ──► one alone: let go          several: one digest in their place

Whether a hold has ended is asked of the record alone, so that a restart, or a clock that is set, ends none twice and forgets none.
What was sent within a sink's window is remembered here, and read from the record at its first claim. It must not know how a
sink sends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from monitor.errors import StorageError
from monitor.flow.digests import RATE, bundles, digest
from monitor.flow.moment import OLD, Hold, Rate, Rules, Sent, moment, old
from monitor.model import Delivery, DeliveryState, Severity
from monitor.ports import Clock, DecideAgain, Held, Holds, Meter

log = structlog.get_logger()

#: Deliveries that become one digest, or are looked at as one backlog. A receiver that was away for eight hours misses ten
#: thousand alerts (FAULTS row 16); their documents are some 40 MB, for a moment.
GATHERED: Final = 10_000


@dataclass(slots=True)
class _Window:
    """What one sink was sent within the window of ``rate``, and until when others are held for it."""

    rate: Rate | None = None
    sent: dict[str, datetime] = field(default_factory=dict)
    waits: datetime | None = None


class HoldDesk:
    """``rules`` are those of sinks that have any; ``groups`` says for a hold's key what a digest's members have in common;
    ``failing`` whether a sink does not answer now: nothing is gathered for it then, a probe goes out as it is. ``gathered`` are read
    at a time."""

    def __init__(
        self,
        record: Holds,
        clock: Clock,
        meter: Meter,
        *,
        rules: Mapping[str, Rules],
        groups: Mapping[str, Sequence[str]],
        failing: Callable[[str], bool] = lambda sink: False,
        gathered: int = GATHERED,
    ) -> None:
        self._record = record
        self._clock = clock
        self._meter = meter
        self._rules: dict[str, Rules] = {}
        self._windows: dict[str, _Window] = {}
        self.change(rules, groups)
        self._failing = failing
        self._gathered = gathered

    def change(self, rules: Mapping[str, Rules], groups: Mapping[str, Sequence[str]]) -> None:
        """In force from now on; what is held already is held as long as it was to be. What was sent under another rate, or under
        none, is asked of the record: nobody counted it, or for a shorter window."""
        before, self._rules = self._rules, {sink: each for sink, each in rules.items() if not each.none}
        for sink in {*before, *self._rules}:
            if before.get(sink, Rules()).rate != self.rules_of(sink).rate:
                self._windows.pop(sink, None)
        self._groups = groups

    def rules_of(self, sink: str) -> Rules:
        return self._rules.get(sink, Rules())

    # ------------------------------------------------------------------------------------- at a claim
    async def __call__(self, sink: str, claimed: Sequence[Delivery], now: datetime, /) -> Sequence[Delivery]:
        """Those to send now; the others are held in the record when this returns. Raises StorageError."""
        rules = self._rules.get(sink)
        if rules is None:
            return claimed
        window = await self._window(sink, rules.rate, now) if rules.rate is not None else _Window()
        waiting: Sequence[Delivery] = ()
        if rules.sums_up and self._failing(sink):
            rules = Rules(rules.quiet, rules.rate)
        elif rules.sums_up and old(claimed, now):
            waiting = await self._record.waiting(sink, now - OLD, self._gathered)
        verdict = moment(rules, claimed, waiting, Sent(window.sent, window.waits), now)
        for hold in verdict.holds:
            await self._record.hold(hold.deliveries, hold.key, hold.until, now)
            self._meter.count("held_total", len(hold.deliveries), sink=sink, key=hold.key)
            if hold.key == RATE:
                window.waits = hold.until
        if rules.rate is not None:
            window.sent.update((one.notification, now) for one in verdict.send if one.notification not in window.sent)
        return verdict.send

    async def would_hold(self, sink: str, severity: Severity, now: datetime) -> Hold | None:
        """What would become of a notification made now; nothing is changed."""
        rules = self.rules_of(sink)
        window = await self._window(sink, rules.rate, now) if rules.rate is not None else _Window()
        asked = Delivery("", sink, "", severity, 0, DeliveryState.PENDING, 0, now, now, b"")
        verdict = moment(rules, [asked], (), Sent(window.sent, window.waits), now)
        return verdict.holds[0] if verdict.holds else None

    async def _window(self, sink: str, rate: Rate, now: datetime) -> _Window:
        """Without what has left it. Of a clock that was set back, what lies ahead is of now."""
        since = now - timedelta(seconds=rate.seconds)
        window = self._windows.get(sink)
        if window is None or window.rate != rate:  # another while the record was read: that window was too short
            window = _Window(rate, dict(await self._record.sent_since(sink, since)))
            self._windows[sink] = window
        window.sent = {name: min(at, now) for name, at in window.sent.items() if at > since}
        if window.waits is not None and window.waits - now > timedelta(seconds=rate.seconds):
            window.waits = None
        return window

    # ------------------------------------------------------------------------------------ every second
    async def tick(self) -> None:
        """End the holds that are due; the deliverer, which looks as often, finds what comes of them."""
        now = self._clock.now()
        try:
            for hold in await self._record.holds_due(now):
                await self._end(hold, now)
        except StorageError as error:
            log.debug("holds_not_looked_at", error=error.message)  # whoever writes articles raises ``storage``

    async def _end(self, hold: Held, now: datetime) -> None:
        """Everything under the key, also what would be due a little later: it is told with the rest."""
        found = await self._record.held(hold.sink, hold.key, self._gathered)
        # Thousands of documents are read apart from the loop, which has others to serve.
        parts = await asyncio.to_thread(bundles, found, self._groups.get(hold.key, ()))
        for bundle in parts:
            if len(bundle.deliveries) == 1:
                continue
            told = await asyncio.to_thread(digest, hold.key, hold.sink, bundle, now)
            try:
                await self._record.digest(told, hold.key, hold.sink, bundle.deliveries, now)
            except DecideAgain:  # some of them were ended meanwhile: the next tick looks again
                return
            self._meter.count("digests_total", sink=hold.sink)
            log.info("digest", key=hold.key, sink=hold.sink, notification=told.id, members=len(told.members))
        # Where more are held than were read, the next tick goes on; with nothing but single ones it would find the same for ever.
        if len(found) >= hold.count or all(len(bundle.deliveries) == 1 for bundle in parts):
            await self._record.let_go(hold.sink, hold.key, now)
        if hold.key == RATE and (window := self._windows.get(hold.sink)) is not None:
            window.waits = None
