"""How soon a receiver hears of an article: python -m tests.benchmarks.bench_latency [--quick]

1. From the commit of an article to the first byte at the receiver: record, deliverer and HTTP client in this process, an
   article now and then.
2. Through the program: from the first byte of a push to the first byte at the receiver, and from its acknowledgement on, alone
   and while another sender hands in fifty articles a second. A push is acknowledged after its commit, and the delivery does
   not wait for that: the second figure may be below zero.

The receiver is a process of its own; all read the machine's one monotonic clock.
"""

from __future__ import annotations

import asyncio
import http.client
import random
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Final

from monitor.clock import SystemClock
from monitor.flow.deliver import Deliverer
from monitor.metrics import PrometheusMeter
from monitor.net import HttpClient
from monitor.operations import OperationsBoard
from monitor.sinks.base import Tools
from monitor.sinks.webhook import WebhookSettings
from monitor.store import SqlStore
from tests.acceptance.corpus import Article
from tests.benchmarks.measure import FULL, sizes
from tests.benchmarks.program import TOKEN, configure, running
from tests.benchmarks.taker import Taker
from tests.store import builders as b

_BESIDE: Final = 25
#: Of the corpus, articles that raise one alert of severity high.
_LOUD: Final = (4, 5, 6)


class _ThenClock(SystemClock):
    """It is the time of the articles that the store's tests are made of, and goes on from there."""

    def __init__(self) -> None:
        self._began = self.monotonic()

    def now(self) -> datetime:
        return b.NOW + timedelta(seconds=self.monotonic() - self._began)


def _show(name: str, seconds: Sequence[float]) -> None:
    cuts = quantiles(seconds, n=100)
    print(f"{name:<58} p50 {1e3 * cuts[49]:6.1f} ms   p99 {1e3 * cuts[98]:6.1f} ms   ({len(seconds)} articles)")


# ---------------------------------------------------------------------------------------------- in process
async def _committed(folder: Path, url: str, articles: int) -> dict[str, float]:
    """Webhook-id -> when its article was committed."""
    clock, meter = _ThenClock(), PrometheusMeter()
    store, client = await SqlStore.open(folder), HttpClient()
    try:
        sink = WebhookSettings(type="webhook", url=url).build("desk", Tools(client, clock)).sink
        assert sink is not None
        deliverer = Deliverer(store, [sink], clock, meter, OperationsBoard(clock, meter), random.random)
        await deliverer.start()
        committed: dict[str, float] = {}
        for number in range(articles):
            batch = b.simple(str(number), sinks=("desk",))
            told = batch.articles[0].decided[0].notification
            assert told is not None
            await store.ingest(batch)
            committed[f"msg_{told.id}_desk"] = time.monotonic()
            deliverer.wake()
            await deliverer.idle()
            await asyncio.sleep(random.uniform(0.005, 0.02))
        await deliverer.drain()
        return committed
    finally:
        await client.close()
        await store.close()


def in_process(articles: int) -> None:
    with Taker() as taker, tempfile.TemporaryDirectory() as folder:
        committed = asyncio.run(_committed(Path(folder), taker.url, articles))
        taken = taker.taken()
    warm = list(committed)[10:]
    _show("commit to first byte", [taken[id_] - committed[id_] for id_ in warm])


# ------------------------------------------------------------------------------------------ through the program
def _push(connection: http.client.HTTPConnection, articles: Sequence[Article]) -> tuple[float, float]:
    """When it began and when it was acknowledged."""
    body = "".join(article.line() + "\n" for article in articles).encode()
    began = time.monotonic()
    connection.request("POST", "/v1/articles", body, {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/x-ndjson"})
    answer = connection.getresponse()
    said = answer.read()
    assert answer.status == 200, said
    return began, time.monotonic()


def _beside(address: str, stop: threading.Event) -> None:
    """Fifty articles a second, none of which raises an alert."""
    number = 10_000_003
    with closing(http.client.HTTPConnection(address, timeout=60)) as connection:
        while not stop.wait(_BESIDE / 50):
            quiet = [Article(number - number % 7 + 7 * n, "wire") for n in range(_BESIDE)]
            number += 7 * _BESIDE
            _push(connection, quiet)


def _pushed(address: str, articles: Sequence[Article]) -> dict[str, tuple[float, float]]:
    times: dict[str, tuple[float, float]] = {}
    with closing(http.client.HTTPConnection(address, timeout=60)) as connection:
        for article in articles:
            times[article.wanted[0].webhook_id("desk")] = _push(connection, [article])
            time.sleep(random.uniform(0.02, 0.06))
    return times


def through_the_program(articles: int) -> None:
    loud = [article for n in range(7 * articles) if n % 7 in _LOUD and (article := Article(n, "wire"))][: 2 * articles]
    with Taker() as taker, tempfile.TemporaryDirectory() as name:
        configure(Path(name), taker.url)
        with running(Path(name)) as program:
            _pushed(program.address, loud[:10])
            for how, chosen in (("alone", loud[10:articles]), ("beside fifty articles a second", loud[articles:])):
                stop = threading.Event()
                other = threading.Thread(target=_beside, args=(program.address, stop))
                if how != "alone":
                    other.start()
                times = _pushed(program.address, chosen)
                stop.set()
                if how != "alone":
                    other.join()
                taken: dict[str, float] = {}
                while not times.keys() <= taken.keys():
                    time.sleep(0.1)
                    taken |= taker.taken()
                _show(f"push to first byte, {how}", [taken[id_] - began for id_, (began, _) in times.items()])
                _show(f"acknowledgement to first byte, {how}", [taken[id_] - done for id_, (_, done) in times.items()])


def main() -> None:
    number = 500 if sizes(__doc__) is FULL else 150
    in_process(number)
    through_the_program(number)


if __name__ == "__main__":
    main()
