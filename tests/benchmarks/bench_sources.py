"""Five thousand sources on one machine: what a tick costs, memory, and how long the event loop keeps others waiting.

Run: ``NEWS_TEST_DATA=… python -m tests.benchmarks.bench_sources [--quick]``. Every source has a host of its own, made of
memory, that takes 50 ms to answer, and a feed of full articles that no other has. All are due at once and begin at 50 a
second, more than twice what the service allows itself, so that workers parse and match all the time; meanwhile a task that
wants to wake every 5 ms measures how late it is. Then nothing is due, and ticks are measured alone.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Final
from urllib.parse import urlsplit

from monitor.model import SourceKind, SourceSpec
from tests.benchmarks.measure import FULL, data_folder, sizes, verdict
from tests.benchmarks.polling import Memory, Polling, polling, quiet
from tests.benchmarks.processor import family_seconds, resident_memory
from tests.service import arabic

SOURCES: Final = 5_000
_ITEMS: Final = 5
_LAG: Final = 0.050
_STARTS: Final = 50
_STEP: Final = 0.005


class Feeds:
    """A body for each of many sources: a few articles of the test data under ids and links of its own."""

    def __init__(self, feeds: Sequence[arabic.ArabicFeed]) -> None:
        self._items = [item for feed in feeds for item in feed.items]

    def body(self, url: str) -> bytes:
        number = int(urlsplit(url).path[1:])
        chosen = [self._items[(number * _ITEMS + n) % len(self._items)] for n in range(_ITEMS)]
        own = tuple(
            arabic.Item(f"{number}-{item.id}", f"https://source{number}.example/{n}", item.title, item.text, item.published)
            for n, item in enumerate(chosen)
        )
        return arabic.ArabicFeed(f"source{number}", own, "utf-8", "utf-8").body()


async def _lags(found: list[float]) -> None:
    while True:
        wanted = perf_counter() + _STEP
        await asyncio.sleep(_STEP)
        found.append(perf_counter() - wanted)


async def _busy(run: Polling, seconds: float) -> tuple[list[float], list[float]]:
    """Lags of the loop, and seconds of each tick, while polls go on."""
    lags: list[float] = []
    ticks: list[float] = []
    probe = asyncio.create_task(_lags(lags))
    end = perf_counter() + seconds
    while perf_counter() < end:
        began = perf_counter()
        await run.poller.tick()
        ticks.append(perf_counter() - began)
        await asyncio.sleep(max(0.0, 1.0 - ticks[-1]))
    probe.cancel()
    return lags, ticks


async def _idle(run: Polling) -> list[float]:
    """Seconds of ticks while every source waits for its time."""
    hence = datetime.now(UTC) + timedelta(hours=1)
    for state in await run.store.source_states():
        await run.store.save_source(replace(state, next_due=hence))
    ticks = []
    for _ in range(20):
        began = perf_counter()
        await run.poller.tick()
        ticks.append(perf_counter() - began)
    return ticks


async def _measure(feeds: Feeds, seconds: float) -> None:
    specs = [
        SourceSpec(f"source{n}", SourceKind.FEED, f"https://source{n}.example/{n}", 900.0, language="ar", adaptive=True)
        for n in range(SOURCES)
    ]
    fetcher = Memory(feeds.body, delay=0.05)
    with tempfile.TemporaryDirectory() as folder:
        async with polling(Path(folder), fetcher, starts=_STARTS) as run:
            before = resident_memory()
            run.sources(specs)
            began = perf_counter()
            await run.store.sync_sources(specs, datetime.now(UTC))
            print(f"{SOURCES} sources entered in the record in {perf_counter() - began:.2f} s")
            used, began = family_seconds(), perf_counter()
            lags, ticks = await _busy(run, seconds)
            took = perf_counter() - began
            stats = await run.store.stats()
            cores = (family_seconds() - used) / took
            articles = stats["articles"] / took
            print(f"{fetcher.answers / took:.0f} polls and {articles:.0f} new articles a second for {took:.0f} s, {cores:.2f} cores")
            lag = quantiles(lags, n=100)
            print(f"lag of the event loop: p50 {1e3 * lag[49]:.1f} ms, p99 {1e3 * lag[98]:.1f} ms, most {1e3 * max(lags):.0f} ms")
            print(f"p99 (aim: {1e3 * _LAG:.0f} ms) {verdict(lag[98], _LAG)}")
            print(f"ticks while polls go on: median {1e3 * median(ticks):.1f} ms, most {1e3 * max(ticks):.1f} ms")
            print(f"memory of the service: {resident_memory():.0f} MB, {resident_memory() - before:.0f} MB more than without sources")
            run.poller.stop()
            await run.poller.join(30.0)
        async with polling(Path(folder), fetcher, starts=_STARTS) as run:
            run.sources(specs)
            print(f"a tick with nothing due: median {1e3 * median(await _idle(run)):.2f} ms")


def main() -> None:
    full = sizes(__doc__) is FULL
    data = data_folder()
    if data is not None:
        quiet()
        asyncio.run(_measure(Feeds(arabic.feeds(data)), 30.0 if full else 10.0))


if __name__ == "__main__":
    main()
