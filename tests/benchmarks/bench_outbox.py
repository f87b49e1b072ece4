"""Deliveries: how fast they go out, and what a backlog of a hundred thousand costs.

    python -m tests.benchmarks.bench_outbox [--quick]

1. *A second*: deliveries of one severity (one lane: the worst case) through the deliverer, the record and the HTTP client to a
   webhook on loopback, in order and eight at a time. Beside it the same bytes posted to the same receiver by a bare aiohttp
   loop that keeps nothing: what of its rate is left is what the promise costs that nothing is lost.
2. *Backlog*: the program itself is started over a record that holds as many deliveries as wait after days of outage, and the
   fingerprints of 40,000 articles, from which the index of stories is made again beside it: seconds until it is ready (aim: 5),
   its memory, and how fast it empties the backlog.

The receiver is a process of its own. Rates are a second of the wall clock and a second of this process' processor time: the
latter is what can be compared where others use the machine too.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import re
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import aiohttp

from monitor.clock import SystemClock
from monitor.flow.deliver import Deliverer
from monitor.metrics import PrometheusMeter
from monitor.model import Span
from monitor.net import HttpClient
from monitor.operations import OperationsBoard
from monitor.sinks.base import Tools
from monitor.sinks.webhook import WebhookSettings
from monitor.store import SqlStore
from monitor.text.fingerprint import fingerprint
from monitor.text.layout import lay_out
from tests.benchmarks.measure import FULL, data_folder, sizes, verdict
from tests.benchmarks.processor import family_seconds
from tests.benchmarks.program import configure, running
from tests.benchmarks.taker import Taker
from tests.store import builders as b

_READY: Final = 5.0
_PAYLOAD: Final = json.dumps({"specversion": "1.0", "data": {"evidence": ["وهناك صفقة محتملة لتزويد موسكو بالسلاح. " * 12] * 4}}).encode()
_REMEMBERED: Final = 40_000
_PATIENCE: Final = 600.0


# ------------------------------------------------------------------------------------------------ a second
def fill(folder: Path, deliveries: int) -> None:
    """A record with so many deliveries to the sink ``desk``, all of one lane."""

    async def first(store: SqlStore) -> None:
        await store.sync_sinks(["desk"], b.NOW)
        await store.ingest(b.simple("first", sinks=()))

    b.with_store(folder, first)
    with closing(sqlite3.connect(folder / "monitor.db")) as record, record:
        ((alert,),) = record.execute("SELECT alert FROM notification").fetchall()
        now = int(time.time() * 1e6)
        record.executemany(
            "INSERT INTO notification(id, alert, ordinal, kind, reason, severity, created, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            ((f"{n:032x}", alert, n, "updated", "new_evidence", "high", now, _PAYLOAD) for n in range(1, deliveries + 1)),
        )
        record.executemany(
            "INSERT INTO delivery(notification, sink, severity, sequence, state, reason, attempts, due, created, changed)"
            " VALUES (?, 'desk', 'high', ?, 'pending', '', 0, ?, ?, ?)",
            ((f"{n:032x}", n, now, now, now) for n in range(1, deliveries + 1)),
        )
        record.execute("UPDATE sink SET last_sequence = ?", (deliveries,))


async def deliver(folder: Path, url: str, concurrency: int) -> None:
    clock, meter = SystemClock(), PrometheusMeter()
    store, http = await SqlStore.open(folder), HttpClient()
    try:
        settings = WebhookSettings(type="webhook", url=url, concurrency=concurrency)
        sink = settings.build("desk", Tools(http, clock)).sink
        assert sink is not None
        deliverer = Deliverer(store, [sink], clock, meter, OperationsBoard(clock, meter), random.random)
        await deliverer.start()
        while (await store.pending_counts()).get("desk"):
            deliverer.wake()
            await deliverer.idle()
        await deliverer.drain()
    finally:
        await http.close()
        await store.close()


async def bare(url: str, deliveries: int, concurrency: int) -> None:
    numbers = iter(range(deliveries))

    async def post(session: aiohttp.ClientSession) -> None:
        for number in numbers:
            async with session.post(url, data=_PAYLOAD, headers={"webhook-id": str(number), "content-type": "application/json"}) as answer:
                await answer.read()

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(post(session) for _ in range(concurrency)))


def _rates(count: int, work: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    async def timed() -> tuple[float, float]:
        began, before = time.perf_counter(), time.process_time()
        await work()
        return count / (time.perf_counter() - began), count / (time.process_time() - before)

    return asyncio.run(timed())


def rates(deliveries: int) -> None:
    with Taker() as taker, tempfile.TemporaryDirectory() as name:
        for concurrency in (1, 8):
            folder = Path(name) / str(concurrency)
            fill(folder, deliveries)
            ours = _rates(deliveries, lambda: deliver(folder, taker.url, concurrency))  # noqa: B023 - called at once
            assert len(taker.taken()) == deliveries
            plain = _rates(deliveries, lambda: bare(taker.url, deliveries, concurrency))  # noqa: B023
            taker.taken()
            how = "in order       " if concurrency == 1 else "eight at a time"
            print(
                f"{how}  {ours[0]:7,.0f} a second, {ours[1]:7,.0f} a processor's second; aiohttp alone {plain[0]:7,.0f}, {plain[1]:7,.0f}:"
                f" {ours[0] / plain[0]:.2f} and {ours[1] / plain[1]:.2f} of it"
            )


# -------------------------------------------------------------------------------------------------- backlog
def remember(folder: Path, data: Path, articles: int) -> None:
    """Fingerprints of so many articles, as if they had come lately."""
    with gzip.open(data / "arabic-news" / "articles.jsonl.gz", "rt", encoding="utf-8") as stream:
        rows = [json.loads(line) for _, line in zip(range(4_000), stream, strict=False)]
    prints = []
    for row in rows:
        text = f"{row['title']}\n\n{row['text']}"
        prints.append(fingerprint(text, lay_out(text, Span(0, len(row["title"])))).data)
    now = int(time.time() * 1e6)
    with closing(sqlite3.connect(folder / "monitor.db")) as record, record:
        record.executemany(
            "INSERT INTO story_article(number, article, story, at, source, outlet, language, title, url)"
            " VALUES (?, ?, ?, ?, '', '', 'ar', '', '')",
            ((n + 10, f"{n:032x}", f"{n:032x}", now) for n in range(articles)),
        )
        record.executemany("INSERT INTO fingerprint VALUES (?, ?)", ((n + 10, prints[n % len(prints)]) for n in range(articles)))


def backlog(data: Path, deliveries: int, articles: int) -> None:
    with Taker() as taker, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        configure(folder, taker.url, concurrency=8, extra=f"stories: {{remember: {articles}}}\n")
        fill(folder / "var", deliveries)
        remember(folder / "var", data, articles)
        size = (folder / "var" / "monitor.db").stat().st_size / 1e6
        print(f"backlog of {deliveries:,} deliveries and {articles:,} fingerprints, a record of {size:,.0f} MB")
        _drained(folder, taker, deliveries)


def _drained(folder: Path, taker: Taker, deliveries: int) -> None:
    with running(folder) as program:
        used = family_seconds(program.pid)
        print(
            f"  ready after {program.ready:.1f} s ({used:.1f} s of the processor, workers included);"
            f" aim ≤ {_READY:.0f} s: {verdict(program.ready, _READY)}, of the processor {verdict(used, _READY)}"
        )
        print(f"  memory of the daemon when it is ready: {_memory(program.pid):.0f} MB (without its workers)")
        before, at, most = taker.count(), time.monotonic(), 0.0
        while taker.count() < deliveries and time.monotonic() - at < _PATIENCE:
            most = max(most, _memory(program.pid))
            time.sleep(0.5)
        took, cost = time.monotonic() - at, family_seconds(program.pid) - used
        sent = taker.count() - before
        print(f"  {sent:,} sent in {took:.0f} s: {sent / took:,.0f} a second, {sent / cost:,.0f} a processor's second")
        print(f"  and at most: {most:.0f} MB")


def _memory(pid: int) -> float:
    found = re.search(r"VmRSS:\s*(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def main() -> None:
    full = sizes(__doc__) is FULL
    rates(5_000 if full else 1_000)
    data: Any = data_folder()
    if data is not None:
        backlog(data, *((100_000, _REMEMBERED) if full else (10_000, 5_000)))


if __name__ == "__main__":
    main()
