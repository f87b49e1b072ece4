"""What an article's place in its story costs the record, however many are stored: python -m tests.benchmarks.bench_memberships [--quick]

Batches of 500 articles of which one in ten matches, each with its membership and fingerprint, are asked for and written over
records that hold 10,000, 100,000 and 1,000,000 articles in stories. Aim: at most 1.2 × from the smallest to the largest.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

from sqlalchemy import Connection, text

from monitor.ports import IngestBatch, Membership
from monitor.store import SqlStore
from tests.store import builders as b

SIZES = (10_000, 100_000, 1_000_000)
BATCH = 500
ROUNDS = 8
FLAT = 1.2
#: As long as an ordinary article's.
DATA = bytes(range(256)) * 3

_FILL = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :size)
INSERT INTO story_article (number, article, story, joined, at, source, outlet, language, title, url)
SELECT i, printf('%032x', i * 2654435761 % 4294967291), printf('%032x', (i - i % 3) * 2654435761 % 4294967291), NULL, i, 'wire',
'example.org', 'ar', 'A title of some forty characters, or so', printf('https://example.org/%d', i) FROM n
"""
_PRINTS = "INSERT INTO fingerprint (number, data) SELECT number, :data FROM story_article WHERE number > :size - 20000"


def _fill(connection: Connection, size: int) -> None:
    connection.execute(text(_FILL), {"size": size})
    connection.execute(text(_PRINTS), {"size": size, "data": DATA})


def _batch(start: int) -> IngestBatch:
    items = []
    for n in range(start, start + BATCH):
        one = b.article(f"new-{n}")
        decided = (b.raised(one, b.found()),) if n % 10 == 0 else ()
        items.append(replace(b.item(one, *decided), membership=Membership(one.id, b.NOW, "example.org", None, DATA)))
    return b.batch(*items)


async def _measured(folder: Path, size: int) -> float:
    """Milliseconds an article of the processor's time, the median batch."""
    store = await SqlStore.open(folder)
    try:
        await store._database.write(lambda connection: _fill(connection, size))
        batches = [_batch(n * BATCH) for n in range(ROUNDS)]
        gc.collect()
        taken = []
        for one in batches:
            begun = time.process_time()
            await store.stories_of([item.article.id for item in one.articles])
            await store.ingest(one)
            taken.append((time.process_time() - begun) / BATCH * 1e3)
        return median(taken)
    finally:
        await store.close()


def main() -> int:
    costs = {}
    for size in SIZES[:2] if "--quick" in sys.argv else SIZES:
        with tempfile.TemporaryDirectory() as folder:
            costs[size] = asyncio.run(_measured(Path(folder), size))
        print(f"{size:>9,} articles in stories   {costs[size]:.3f} ms an article")
    ratio = max(costs.values()) / min(costs.values())
    print(f"largest over smallest           {ratio:.2f}   aim ≤ {FLAT}: {'reached' if ratio <= FLAT else 'missed'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
