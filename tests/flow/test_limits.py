"""``max_alerts``: what a watchlist raises beyond its limit waits for the end of its time, and people hear of it once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.flow.ingest import Ingester
from monitor.flow.limits import LimitDesk, Limits, window
from monitor.model import (
    DecisionKind,
    Document,
    PollResult,
    Severity,
    SourceKind,
    SourceSpec,
    SourceState,
    Stance,
    WatchlistFacts,
    Way,
)
from tests.fakes import START, FakeClock, FakeMeter, FakeOperations, FakeStore, FakeWorkers, watchlist_facts

DROP = SourceSpec("drop", SourceKind.FOLDER, "/drop", 10)
TWO = replace(watchlist_facts("arms"), max_alerts=(2, 86_400.0))
MIDNIGHT = window(86_400.0, START)[1]
HELD = Way("desk", "", MIDNIGHT, "max_alerts:arms")


class Record:
    """What watchlists have raised, as a test says."""

    def __init__(self, **raised: int) -> None:
        self.raised = raised
        self.asked: list[Mapping[str, datetime]] = []

    async def raised_since(self, since: Mapping[str, datetime]) -> Mapping[str, int]:
        self.asked.append(since)
        return {name: self.raised.get(name, 0) for name in since}

    async def noisiest(self, watchlist: str, since: datetime) -> str:
        return "rocket"


@given(st.floats(1, 7 * 86_400), st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)))
def test_a_time_holds_its_moment_and_ends(seconds: float, moment: datetime) -> None:
    now = moment.replace(tzinfo=START.tzinfo)
    start, end = window(seconds, now)
    assert start <= now < end
    assert end - start == timedelta(seconds=seconds)


def test_times_are_whole_days_and_hours() -> None:
    now = START.replace(hour=14, minute=20)
    assert window(86_400.0, now)[0] == START.replace(hour=0, minute=0, second=0, microsecond=0)
    assert window(3600.0, now)[1] == START.replace(hour=15, minute=0, second=0, microsecond=0)


@pytest.mark.parametrize(
    ("raised", "kind", "severity", "held"),
    [
        (1, DecisionKind.RAISE, Severity.HIGH, False),
        (2, DecisionKind.RAISE, Severity.HIGH, True),
        (2, DecisionKind.UPDATE, Severity.HIGH, True),
        (2, DecisionKind.REOPEN, Severity.LOW, True),
        (2, DecisionKind.CORRECT, Severity.HIGH, False),
        (2, DecisionKind.RAISE, Severity.CRITICAL, False),
    ],
)
def test_what_is_held(raised: int, kind: DecisionKind, severity: Severity, held: bool) -> None:
    limits = Limits({"arms": raised}, frozenset({"log"}))
    ways = (Way("log"), Way("desk"))
    assert limits.limited(ways, TWO, kind, severity, START) == ((Way("log"), HELD) if held else ways)
    assert limits.raised["arms"] == raised + (kind is DecisionKind.RAISE)
    assert Limits({"arms": 9}).limited(ways, watchlist_facts("arms"), kind, severity, START) == ways


# ---------------------------------------------------------------------------------------- in an ingest
class House:
    def __init__(self, record: Record) -> None:
        self.clock = FakeClock()
        self.store, self.workers = FakeStore(), FakeWorkers({"arms": "rocket"})
        self.operations = FakeOperations(self.clock)
        self.facts: dict[str, WatchlistFacts] = {"arms": TWO}
        self.desk = LimitDesk(record, self.clock, self.operations, lambda: self.facts, frozenset({"log"}))
        self.ingester = Ingester(
            self.store,
            self.workers,
            route=lambda _: (Way("desk"),),
            facts=lambda: self.facts,
            clock=self.clock,
            meter=FakeMeter(),
            operations=self.operations,
            limits=self.desk.limits,
        )

    def __call__(self, *keys: str, text: str = "a rocket rose") -> Sequence[tuple[Way, ...]]:
        before = SourceState("drop", START, last_success=START)
        documents = tuple(Document("drop", key, f"{text} {key}") for key in keys)
        done = len(self.store.decided)
        asyncio.run(self.ingester.ingest(DROP, before, before, PollResult(documents, {})))
        return [decided.ways for decided in self.store.decided[done:]]


def test_alerts_of_one_transaction_are_counted_on() -> None:
    house = House(Record())
    assert house("1", "2", "3") == [(Way("desk"),), (Way("desk"),), (HELD,)]


def test_alerts_of_before_count_and_critical_ones_pass() -> None:
    record = Record(arms=2)
    house = House(record)
    assert house("1") == [(HELD,)]
    assert record.asked == [{"arms": MIDNIGHT - timedelta(days=1)}]
    house.workers.severity, house.workers.stances = Severity.CRITICAL, (Stance.REPORTED,)
    assert house("2") == [(Way("desk"),)]


def test_without_a_limit_nothing_is_asked() -> None:
    record = Record()
    house = House(record)
    house.facts = {"arms": watchlist_facts("arms")}
    house("1")
    asyncio.run(house.desk.tick())
    assert record.asked == []


def test_people_are_told_once_that_a_watchlist_is_beyond_its_limit_and_when_that_is_over() -> None:
    record = Record(arms=2)
    house = House(record)

    def look() -> None:
        house.clock.advance(10)
        asyncio.run(house.desk.tick())

    look()
    assert house.operations.open() == []
    record.raised["arms"] = 3
    look()
    look()
    (told,) = house.operations.open()
    assert (told.key, told.told) == ("watchlist:arms:noisy", True)
    assert "more than its 2 alerts a day" in told.message
    assert "'rocket'" in told.message
    assert house.operations.history.count("+watchlist:arms:noisy") == 1
    record.raised["arms"] = 0  # the next day
    look()
    assert house.operations.open() == []
    record.raised["arms"] = 3
    look()
    house.facts = {}
    look()
    assert house.operations.open() == []
