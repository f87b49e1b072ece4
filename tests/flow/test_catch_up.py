"""A feed's first poll: what is older than the freshness window is stored and quiet, in one life or in several."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.errors import StorageFull
from monitor.flow.batch import IngestReport
from monitor.flow.ingest import BATCH, Ingester
from monitor.model import Document, PollResult, SourceKind, SourceSpec, Way
from monitor.ports import IngestBatch
from monitor.store import SqlStore
from tests.fakes import START, FakeClock, FakeMeter, FakeOperations, FakeWorkers, watchlist_facts

FEED = SourceSpec("feed", SourceKind.FEED, "https://example.org/feed.xml", 900, fresh=3_600)
OTHER = replace(FEED, name="other")


async def poll(store: SqlStore, *documents: Document, spec: SourceSpec = FEED) -> IngestReport:
    clock = FakeClock()
    ingester = Ingester(
        store,
        FakeWorkers({"arms": "rocket", "bay": "bay"}),
        route=lambda _: (Way("log"),),
        facts=lambda: {"arms": watchlist_facts("arms"), "bay": watchlist_facts("bay")},
        clock=clock,
        meter=FakeMeter(),
        operations=FakeOperations(clock),
    )
    before = next(state for state in await store.source_states() if state.name == spec.name)
    after = replace(before, last_poll=START, last_success=START)
    return await ingester.ingest(spec, before, after, PollResult(documents, {}))


def item(key: str, minutes: float | None, text: str = "a rocket rose") -> Document:
    published = None if minutes is None else START - timedelta(minutes=minutes)
    return Document("feed", key, f"Item {key}\n\n{text}", url=f"https://example.org/{key}", published=published)


def test_fault_44_a_first_poll_tells_what_is_fresh_and_says_what_it_kept(tmp_path: Path) -> None:
    async def work() -> None:
        store = await SqlStore.open(tmp_path)
        await store.sync_sources([FEED, OTHER], START)
        report = await poll(
            store, item("old", 61, "a rocket over the bay"), item("new", 59), item("undated", None), item("dull", 90, "none")
        )
        assert (report.articles, report.matches, report.notifications) == (4, 4, 2)
        kept = await store.quiet("feed")
        assert [(row["watchlist"], row["title"], row["severity"]) for row in kept] == [
            ("arms", "Item old", "high"),
            ("bay", "Item old", "high"),
        ]
        assert kept[0]["quote"] == "Item old\n\na rocket over the bay"
        assert kept[0]["published"] == "2025-05-01T10:59:00Z"
        assert await store.quiet() == kept
        assert await store.quiet("other") == ()
        assert await store.quiet(since=START + timedelta(seconds=1)) == ()
        late = await poll(store, item("later", 120))
        assert late.notifications == 1, "from the second poll on, what is new to us is news"
        await store.close()

    asyncio.run(work())


class FullAfterOne(SqlStore):
    """The disk is full after one transaction."""

    written = 0

    async def ingest(self, batch: IngestBatch) -> None:
        if self.written:
            raise StorageFull("no space left on the device")
        self.written = len(batch.articles)
        await super().ingest(batch)


def test_fault_44_a_first_poll_in_several_lives_stays_a_first_poll(tmp_path: Path) -> None:
    """Ended between two transactions, the poll comes again as the first: what is old stays quiet to its last item."""
    items = [item(str(n), 120 if n % 2 else 30) for n in range(2 * BATCH)]

    async def first_life() -> None:
        store = await FullAfterOne.open(tmp_path)
        await store.sync_sources([FEED], START)
        with pytest.raises(StorageFull):
            await poll(store, *items)
        await store.close()

    async def second_life() -> None:
        store = await SqlStore.open(tmp_path)
        (state,) = await store.source_states()
        assert (await store.stats())["articles"] == BATCH
        assert state.never_succeeded
        report = await poll(store, *items)
        assert (report.articles, report.unchanged, report.notifications) == (BATCH, BATCH, BATCH // 2)
        stats = await store.stats()
        assert (stats["articles"], stats["notifications"]) == (2 * BATCH, BATCH)
        assert len(await store.quiet()) == BATCH
        await store.close()

    asyncio.run(first_life())
    asyncio.run(second_life())
