"""How fast the record takes alerts and hands out deliveries: python -m tests.benchmarks.bench_store

Aim (DESIGN.md, figures): at least 5,000 alerts a second committed, each with two deliveries, its article's place in a story and
its fingerprint, on one core.
"""

from __future__ import annotations

import asyncio
import gc
import random
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from monitor.model import Article, Severity
from monitor.ports import Decided, IngestArticle, Membership, Told
from monitor.store import SqlStore
from tests.store import builders as b

ALERTS = 10_000
BATCH = 500  # what the flow puts into one transaction
BODY = "وهناك صفقة محتملة لتزويد موسكو بالسلاح. " * 100  # about 4,000 characters, an ordinary article
SEVERITIES = tuple(Severity)


FINGERPRINT = 800  # bytes, of an article of some 400 words


def item(article: Article, severity: Severity, chance: random.Random) -> IngestArticle:
    """As the flow hands it in: with its story, and with what its alert has told."""
    place = Membership(article.id, b.NOW, "example.org", fingerprint=chance.randbytes(FINGERPRINT))
    decided = b.raised(article, b.found(severity=severity))
    return replace(b.item(article, replace(decided, told=_told(article, decided, chance)), body=BODY), membership=place)


def _told(article: Article, decided: Decided, chance: random.Random) -> Told:
    assert decided.alert is not None
    words = frozenset(chance.getrandbits(32) for _ in range(20))
    names = [frozenset({name}) for name in ("deal", "deal NEAR/10 weapon", "ru", "planned", "ar")]
    return Told(decided.alert, article.id, article.text_hash, *names, notifications=1, outlets=frozenset({"example.org"}), said=words)


async def measure(folder: Path, alerts: int = ALERTS) -> dict[str, float]:
    """Figures a second (and milliseconds where named so), over a fresh record in ``folder``."""
    batches, chance = [], random.Random(1)
    for start in range(0, alerts, BATCH):
        articles = [(n, b.article(str(n), body=BODY)) for n in range(start, min(start + BATCH, alerts))]
        batches.append(b.batch(*(item(a, SEVERITIES[n % 5], chance) for n, a in articles)))
    # The articles made above are the measurement's, not the store's: its collector should not walk them again and again.
    gc.collect()
    gc.freeze()
    store = await SqlStore.open(folder)
    try:
        wall, processor = await _ingest(store, batches)
        figures = {"ingest_alerts_per_s": alerts / wall, "ingest_alerts_per_cpu_s": alerts / processor}
        begun = time.perf_counter()
        for _ in range(100):
            await store.claim("nobody", b.NOW, 50)
        figures["empty_claim_ms"] = (time.perf_counter() - begun) * 10
        figures["claim_and_record_per_s"] = await _drain(store)
        single = [b.simple(f"single-{n}") for n in range(200)]
        begun = time.perf_counter()
        for one in single:
            await store.ingest(one)
        figures["one_alert_commit_ms"] = (time.perf_counter() - begun) / len(single) * 1e3
    finally:
        await store.close()
        gc.unfreeze()
    return figures


async def _ingest(store: SqlStore, batches: list[b.IngestBatch]) -> tuple[float, float]:
    """Seconds of the wall clock, and of the processor: the second is what can be compared on a machine that others use."""
    begun, processor = time.perf_counter(), time.process_time()
    for one in batches:
        await store.ingest(one)
    return time.perf_counter() - begun, time.process_time() - processor


async def _drain(store: SqlStore) -> float:
    done, begun = 0, time.perf_counter()
    while claimed := await store.claim("log", b.NOW, 100):
        await store.settle([b.delivered(one) for one in claimed], None, b.NOW)
        done += len(claimed)
    return done / (time.perf_counter() - begun)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(measure(Path(folder)))
    for name, value in figures.items():
        print(f"{name:28} {value:12,.2f}")
    return 0 if max(figures["ingest_alerts_per_s"], figures["ingest_alerts_per_cpu_s"]) >= 5_000 else 1


if __name__ == "__main__":
    sys.exit(main())
