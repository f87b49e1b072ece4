"""Polling, from a server's bytes to committed rows: new full-text articles a second of one core, and what a poll costs that brings nothing.

Run: ``NEWS_TEST_DATA=… python -m tests.benchmarks.bench_poll [--quick]``. The Arabic news of the test data as feeds, with the
shipped watchlists in force; a part goes before, so that the workers are warm as in a daemon's second minute. Seconds are of
the processor, of the service and all its workers; there is no network (``bench_feeds`` has one).
"""

from __future__ import annotations

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Final
from urllib.parse import urlsplit

from monitor.model import SourceKind, SourceSpec
from tests.benchmarks.measure import FULL, data_folder, sizes, verdict
from tests.benchmarks.polling import Memory, Polling, polling, quiet
from tests.benchmarks.processor import family_seconds
from tests.service import arabic

_AIM: Final = 1_000.0


async def _round(run: Polling, specs: list[SourceSpec]) -> tuple[float, float, int]:
    """Seconds by the clock and of the processor, and new articles, of one poll of each."""
    run.sources(specs)
    began, before = perf_counter(), family_seconds()
    report = await run.poller.once()
    assert not report.failed, report.failed
    return perf_counter() - began, family_seconds() - before, report.ingested.new


async def _measure(feeds: list[arabic.ArabicFeed]) -> None:
    bodies = {feed.name: feed.body() for feed in feeds}
    specs = [
        SourceSpec(feed.name, SourceKind.FEED, f"https://{feed.name}.example/{feed.name}", 900.0, language="ar", fresh=86_400.0)
        for feed in feeds
    ]
    fetcher = Memory(lambda url: bodies[urlsplit(url).path[1:]])
    with tempfile.TemporaryDirectory() as folder:
        async with polling(Path(folder), fetcher, starts=10_000) as run:
            first = len(specs) // 3
            await run.store.sync_sources(specs, datetime.now(UTC))
            await _round(run, specs[:first])
            seconds, used, articles = await _round(run, specs[first:])
            rate = articles / used
            print(f"{articles} new articles in {seconds:.2f} s by the clock, {used:.2f} s of the processor")
            print(f"new full-text articles a second of one core: {rate:,.0f} (aim: {_AIM:,.0f}) {verdict(rate, _AIM, least=True)}")
            seconds, used, articles = await _round(run, specs)
            assert articles == 0
            print(
                f"polls a second that bring nothing (304): {len(specs) / seconds:,.0f} by the clock, {1e3 * used / len(specs):.2f} ms each"
            )


def main() -> None:
    full = sizes(__doc__) is FULL
    data = data_folder()
    if data is not None:
        quiet()
        asyncio.run(_measure(arabic.feeds(data, None if full else 90)))


if __name__ == "__main__":
    main()
