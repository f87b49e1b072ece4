"""Our side of ``bench_feeds``: one round over all feeds of a configuration, from a house that is ready to the last commit.

A process of its own, and called ``__main__`` for a reason: every worker process imports the main module of whoever started it
anew, unless that is its name. What a benchmark imports takes a second or two of the processor each time; the daemon's main
module is the three lines of its script.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from time import perf_counter

from monitor.service.daemon import spare_the_collector
from monitor.settings import ConfiguredSources, load
from monitor.store import DataFolderLock
from monitor.wiring import build
from tests.benchmarks.processor import family_seconds


async def _round(config: Path) -> dict[str, float]:
    configured = ConfiguredSources(load(config), lambda: load(config))
    lock = DataFolderLock(configured.loaded.settings.data_dir)
    lock.acquire()
    house = await build(configured, lock, deliver=False)
    try:
        await house.start()
        spare_the_collector()  # as the daemon does
        began, before = perf_counter(), family_seconds()
        report = await house.poller.once()
        took, used = perf_counter() - began, family_seconds() - before
        stats = await house.store.stats()
    finally:
        await house.close()
    return {
        "seconds": took,
        "processor": used,
        "articles": stats["articles"],
        "again": report.ingested.sighted + report.ingested.edited,  # what stood in another feed already, one of them with more text
        "matches": report.ingested.matches,
        "failed": len(report.failed),
    }


print(json.dumps(asyncio.run(_round(Path(sys.argv[1])))))
