"""Polls without a network, for measuring: the poller, ingester, record and workers as they are wired, and servers made of memory."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from monitor import logs
from monitor.clock import SystemClock
from monitor.dictionaries import default_folder
from monitor.flow.ingest import Ingester
from monitor.flow.learning import LineMemory
from monitor.flow.poll import Poller
from monitor.flow.reload import Reloader
from monitor.flow.stories import Stories
from monitor.flow.watch import Coverage
from monitor.metrics import PrometheusMeter
from monitor.model import SourceSpec, Way
from monitor.operations import OperationsBoard
from monitor.ports import Fetched
from monitor.service.daemon import spare_the_collector
from monitor.sources.feed import FeedSource
from monitor.sources.watchlists import WatchlistFolder
from monitor.store import SqlStore
from monitor.story.index import CAPACITY
from monitor.workers import ProcessWorkers
from tests.benchmarks.measure import ROOT


@dataclass(slots=True)
class Memory:
    """Answers with ``body`` of an address after ``delay`` seconds; with 304 whoever names its ETag."""

    body: Callable[[str], bytes]
    delay: float = 0.0
    answers: int = 0

    async def get(self, url: str, headers: Mapping[str, str]) -> Fetched:
        await asyncio.sleep(self.delay)
        self.answers += 1
        body = self.body(url)
        etag = f'"{len(body)}-{hash(body)}"'
        if headers.get("If-None-Match") == etag:
            return Fetched(304, url, {"etag": etag}, b"", complete=True)
        return Fetched(200, url, {"etag": etag, "content-type": "application/rss+xml"}, body, complete=True)


@dataclass(slots=True)
class Polling:
    store: SqlStore
    poller: Poller
    workers: ProcessWorkers
    fetcher: Memory

    def sources(self, specs: list[SourceSpec]) -> None:
        """These from now on; to be followed by ``store.sync_sources``."""
        self.poller.replace([FeedSource(spec, self.fetcher, self.workers) for spec in specs])


@asynccontextmanager
async def polling(folder: Path, fetcher: Memory, *, starts: int, match: int = 1, stories: bool = True) -> AsyncIterator[Polling]:
    """With the shipped watchlists in force, and no sources. Without ``stories`` each article is its own."""
    clock, meter = SystemClock(), PrometheusMeter()
    operations = OperationsBoard(clock, meter)
    store = await SqlStore.open(folder)
    workers = ProcessWorkers(clock, default_folder(os.environ), parse_processes=1, match_processes=match)
    reloader = Reloader(WatchlistFolder(ROOT / "watchlists"), store, workers, clock=clock, meter=meter, operations=operations)
    ingester = Ingester(
        store,
        workers,
        route=lambda _: (Way("log"),),
        facts=reloader.facts,
        clock=clock,
        meter=meter,
        operations=operations,
        lines=LineMemory(clock, await store.lines()),
        stories=Stories(store, capacity=CAPACITY, meter=meter) if stories else None,
        spread=5,
    )
    poller = Poller(
        store,
        [],
        ingester,
        clock=clock,
        meter=meter,
        operations=operations,
        random=random.random,
        watch=Coverage(operations, clock, meter, language_silence=86_400.0, daily="08:00", factor=3.0),
        concurrency=64,
        starts=starts,
    )
    try:
        await reloader.start()
        spare_the_collector()  # as the daemon does
        yield Polling(store, poller, workers, fetcher)
    finally:
        poller.stop()
        await poller.join(5.0)
        await workers.close()
        await store.close()


def quiet() -> None:
    """Nothing in the log but what is wrong."""
    logs.configure("json", "warning")
