"""Rows 16 and 17 over the real record, on a clock of our own: a receiver that is away for 8 hours, 72 hours and 8 days.

The whole program does the same on a fast clock in ``make soak``; here every second is looked at.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pytest

from monitor.flow.deliver import Deliverer
from monitor.model import Answer, AnswerKind, Delivery, DeliveryState, Severity
from monitor.ports import Selection
from monitor.store import SqlStore
from tests.acceptance.ledger import peak
from tests.fakes import FakeClock, FakeMeter, FakeOperations, FakeSink
from tests.store import builders as b

LANES = (Severity.LOW, Severity.HIGH, Severity.CRITICAL)
#: Alerts that one poll brings.
POLL = 100
#: Of eight hours here; in ``make soak`` they are ten thousand.
ALERTS = 1_000


class Away(FakeSink):
    """Nobody answers while ``up`` is False."""

    up = True

    async def send(self, deliveries: Sequence[Delivery]) -> Sequence[Answer]:
        if not self.up:
            self.sent += [(delivery.notification, self._clock.now()) for delivery in deliveries]
            return [Answer(AnswerKind.RETRY, detail="connection refused")] * len(deliveries)
        return await super().send(deliveries)


@dataclass
class Desk:
    """One sink over the real record."""

    store: SqlStore
    clock: FakeClock = field(default_factory=lambda: FakeClock(b.NOW))
    raised: list[tuple[str, datetime]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sink = Away("desk", self.clock)
        self.operations = FakeOperations(self.clock)
        self.deliverer = Deliverer(self.store, [self.sink], self.clock, FakeMeter(), self.operations, lambda: 0.5)

    async def raise_alerts(self, count: int) -> None:
        items = []
        for number in range(len(self.raised), len(self.raised) + count):
            about = b.article(f"k{number}")
            decided = b.raised(about, b.found(severity=LANES[number % 3]), ["desk"])
            assert decided.notification is not None
            told = replace(decided.notification, created=self.clock.now())
            items.append(b.item(about, replace(decided, notification=told)))
            self.raised.append((told.id, self.clock.now()))
        await self.store.ingest(b.batch(*items, now=self.clock.now()))

    async def pass_time(self, seconds: float, step: float, until: Callable[[], bool] = lambda: False) -> float:
        """Seconds that passed."""
        began = self.clock.now()
        while (passed := (self.clock.now() - began).total_seconds()) < seconds and not until():
            self.clock.advance(step)
            await self.deliverer.tick()
            await self.deliverer.idle()
        return passed

    async def away(self, hours: float, alerts: int, step: float) -> None:
        """The receiver is away; alerts come evenly."""
        self.sink.up = False
        polls = max(1, alerts // POLL)
        for _ in range(polls):
            await self.raise_alerts(min(alerts, POLL))
            await self.pass_time(hours * 3600 / polls, step)
        self.sink.up = True


async def _desk(folder: Path) -> Desk:
    store = await SqlStore.open(folder)
    await store.sync_sinks(["desk"], b.NOW)
    desk = Desk(store)
    await desk.deliverer.start()
    return desk


def test_fault_16_an_outage_of_eight_hours_second_by_second(tmp_path: Path) -> None:
    async def life() -> None:
        desk = await _desk(tmp_path)
        began = desk.clock.now()
        await desk.away(8, ALERTS, step=20)
        tried = [at.timestamp() for _, at in desk.sink.sent]
        later = [at for at in tried if at > began.timestamp() + 600]
        assert peak(later, 60.0) <= 1  # never more than one probe a minute
        assert len(later) > 400  # and never much less
        attempts = Counter(name for name, _ in desk.sink.sent)

        before = len(desk.sink.sent)
        took = await desk.pass_time(3600, 1, until=lambda: len(desk.sink.sent) - before >= ALERTS)
        told = desk.sink.sent[before:]
        attempts += Counter(name for name, _ in told)
        rate = peak([at.timestamp() for _, at in told], 1.0)
        print(f"8 h: {len(tried)} tries while away, drained in {took / 60:.1f} min at {rate} a second at most")
        print(f"     attempts an alert: mean {sum(attempts.values()) / ALERTS:.3f}, most {max(attempts.values())}")
        assert took <= 60 + 600
        assert rate <= 20
        # Each once, in order within its lane.
        number = {name: number for number, (name, _) in enumerate(desk.raised)}
        assert Counter(name for name, _ in told) == Counter(list(number))
        for lane in range(len(LANES)):
            order = [number[name] for name, _ in told if number[name] % len(LANES) == lane]
            assert order == sorted(order)
        assert desk.operations.open() == []
        await desk.deliverer.drain()
        await desk.store.close()

    asyncio.run(life())


@pytest.mark.parametrize(("hours", "late"), [(72, 0), (8 * 24, 100)])
def test_fault_17_what_is_older_than_a_week_expires_and_can_be_sent_after_all(tmp_path: Path, hours: int, late: int) -> None:
    async def life() -> None:
        desk = await _desk(tmp_path)
        await desk.away(hours, 400, step=900)
        names = [name for name, _ in desk.raised]
        before = len(desk.sink.sent)
        await desk.pass_time(3600, 1, until=lambda: len(desk.sink.sent) - before >= 400 - late)
        await desk.pass_time(120, 1)
        told = Counter(name for name, _ in desk.sink.sent[before:])
        print(f"{hours} h: wanted 400, delivered {len(told)}, given up {await desk.store.given_up('desk')}, expected {late}")
        assert told == Counter(names[late:])  # the oldest, exactly, were given up
        assert await desk.store.given_up("desk") == late
        assert (desk.operations.message("sink:desk:undelivered") != "") == bool(late)  # never silent

        replayed = await desk.store.replay(Selection(sink="desk", states=(DeliveryState.EXPIRED,)), desk.clock.now(), "cli:operator")
        assert replayed == late
        await desk.pass_time(600, 1, until=lambda: len(desk.sink.sent) - before >= 400)
        await desk.pass_time(5, 1)
        assert Counter(name for name, _ in desk.sink.sent[before:]) == Counter(names)
        assert await desk.store.given_up("desk") == 0
        await desk.deliverer.drain()
        await desk.store.close()

    asyncio.run(life())
