"""From a poll that fails to what people are told: poller, coverage, teller and the record together, across restarts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from monitor.errors import FetchError
from monitor.flow.ingest import Ingester
from monitor.flow.poll import Poller
from monitor.flow.route import Route, ways_for
from monitor.flow.tell import Teller
from monitor.flow.watch import Coverage
from monitor.model import Document, PollResult, SourceKind, SourceSpec
from monitor.operations import OperationsBoard
from monitor.store import SqlStore
from tests.fakes import FakeClock, FakeMeter, FakeSource, FakeWorkers, watchlist_facts
from tests.store import builders as b

NOTHING = PollResult((), {}, unchanged=True)
DOWN = FetchError("HTTP 503: the server has a fault", status=503)
NO_ANSWER = FetchError("not connected: Network is unreachable", transport=True)
ROUTES = (Route(("log",)),)


def feed(name: str, *, important: bool = False) -> SourceSpec:
    return SourceSpec(name, SourceKind.FEED, f"https://{name}.example/rss", 600, important=important)


def article(source: str, n: int) -> PollResult:
    return PollResult((Document(source, str(n), f"report {n} of {source}"),), {}, items=1)


class House:
    """One life of the daemon over the record in ``folder``; ``go`` lets time pass and everything tick."""

    def __init__(self, store: SqlStore, clock: FakeClock, sources: Sequence[FakeSource]) -> None:
        self.store, self.clock, self.sources = store, clock, sources
        meter = FakeMeter()
        self.board = OperationsBoard(clock, meter)
        self.teller = Teller(self.board, store, ROUTES, clock, meter)
        self.coverage = Coverage(self.board, clock, meter, language_silence=86_400, daily="08:00", factor=3.0)
        ingester = Ingester(
            store,
            FakeWorkers(),
            route=partial(ways_for, ROUTES),
            facts=lambda: {"arms": watchlist_facts("arms")},
            clock=clock,
            meter=meter,
            operations=self.board,
        )
        self.poller = Poller(
            store, sources, ingester, clock=clock, meter=meter, operations=self.board, random=lambda: 0.5, watch=self.coverage, starts=1000
        )

    async def start(self) -> None:
        await self.teller.restore()
        await self.store.sync_sources([source.spec for source in self.sources], self.clock.now())

    async def go(self, seconds: float) -> None:
        step = min(max(seconds / 48, 300), 3600)
        for _ in range(int(seconds / step)):
            self.clock.advance(step)
            await self.poller.tick()
            await self.poller.join(5)
            await self.coverage.tick(self.store)
            await self.teller.tick()


def live(folder: Path, clock: FakeClock, *sources: FakeSource, seconds: float) -> list[tuple[str, str]]:
    """A life of so many seconds: what the log was told in it, as (type, subject)."""

    async def work(store: SqlStore) -> list[tuple[str, str]]:
        house = House(store, clock, sources)
        await house.start()
        await house.go(seconds)
        claimed = await store.claim("log", clock.now(), 100)
        await store.settle([b.delivered(one) for one in claimed], None, clock.now())
        documents = [json.loads(delivery.payload) for delivery in claimed]
        return [(document["type"].rpartition(".")[2], document["subject"]) for document in documents]

    return b.with_store(folder, work)


def test_a_source_that_fails_for_days_is_one_operation_whatever_restarts(tmp_path: Path) -> None:
    clock = FakeClock()
    assert live(tmp_path, clock, FakeSource(feed("wire"), [DOWN]), seconds=3600) == []
    assert live(tmp_path, clock, FakeSource(feed("wire"), [DOWN]), seconds=6 * 3600) == [("raised", "source:wire")]
    assert live(tmp_path, clock, FakeSource(feed("wire"), [DOWN]), seconds=12 * 3600) == []
    assert live(tmp_path, clock, FakeSource(feed("wire"), [NOTHING]), seconds=2 * 86_400) == []
    assert live(tmp_path, clock, FakeSource(feed("wire"), [article("wire", 1)]), seconds=2 * 86_400) == [("closed", "source:wire")]
    assert live(tmp_path, clock, FakeSource(feed("wire"), [article("wire", 1)]), seconds=3600) == []


def test_an_important_source_falls_silent_and_speaks_again(tmp_path: Path) -> None:
    clock = FakeClock()
    speaks = [article("wire", n) for n in range(12)]
    assert live(tmp_path, clock, FakeSource(feed("wire", important=True), [*speaks, NOTHING]), seconds=5 * 3600) == [
        ("raised", "source:wire:silent")
    ]
    assert live(tmp_path, clock, FakeSource(feed("wire", important=True), [NOTHING]), seconds=3600) == []
    assert live(tmp_path, clock, FakeSource(feed("wire", important=True), [NOTHING, article("wire", 99), NOTHING]), seconds=3600) == [
        ("closed", "source:wire:silent")
    ]


def test_a_network_that_is_cut_is_one_operation_and_no_source_is_blamed(tmp_path: Path) -> None:
    clock = FakeClock()
    names = [f"h{n}" for n in range(12)]
    cut = [FakeSource(feed(name, important=True), [NOTHING, *[NO_ANSWER] * 30, NOTHING]) for name in names]
    assert live(tmp_path, clock, *cut, seconds=4 * 3600) == [("raised", "network")]
    assert live(tmp_path, clock, *cut, seconds=12 * 3600) == [("closed", "network")]
    states = b.with_store(tmp_path, lambda store: store.source_states())
    # The first of them were counted before the network was known to be down; none to an alarm.
    assert max(state.failures for state in states) <= 1


def test_a_feed_that_is_gone_is_told_and_resumed(tmp_path: Path) -> None:
    clock = FakeClock()
    gone = FetchError("HTTP 410: the feed is gone for good: remove the source", status=410)
    source = FakeSource(feed("wire"), [gone])
    assert live(tmp_path, clock, source, seconds=86_400) == [("raised", "source:wire:gone")]
    assert len(source.states) == 1
    assert live(tmp_path, clock, source, seconds=86_400) == []
    assert len(source.states) == 1
    assert b.with_store(tmp_path, lambda store: store.resume_source("wire", clock.now(), "cli:alice"))
    assert live(tmp_path, clock, FakeSource(feed("wire"), [article("wire", 1)]), seconds=3600) == [("closed", "source:wire:gone")]


def test_what_is_told_of_a_source_closes_when_it_is_taken_out_of_the_configuration(tmp_path: Path) -> None:
    clock = FakeClock()
    assert live(tmp_path, clock, FakeSource(feed("wire"), [DOWN]), seconds=12 * 3600) == [("raised", "source:wire")]
    assert live(tmp_path, clock, FakeSource(feed("other"), [NOTHING]), seconds=600) == [("closed", "source:wire")]


def test_one_tick_at_a_time_is_enough(tmp_path: Path) -> None:
    """Polls end while the teller writes: nothing is told twice."""
    clock = FakeClock()

    async def work(store: SqlStore) -> int:
        house = House(store, clock, [FakeSource(feed(f"s{n}", important=True), [DOWN]) for n in range(4)])
        await house.start()
        for _ in range(40):
            clock.advance(300)
            await asyncio.gather(house.poller.tick(), house.coverage.tick(store), house.teller.tick())
        await house.poller.join(5)
        await house.teller.tick()
        return len(await store.claim("log", clock.now(), 100))

    assert b.with_store(tmp_path, work) == 4
