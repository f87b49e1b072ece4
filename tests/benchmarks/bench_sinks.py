"""What a hostile receiver costs five healthy ones: how long their deliveries take, from the commit to the answer, with it and without.

Run: ``python -m tests.benchmarks.bench_sinks [--quick]``. The record, the deliverer and the client are the daemon's; each receiver
is a process of its own. Notifications come at a steady pace, each for six sinks: five that are well and a sixth that does harm,
or, for comparison, is well too. Short blocks of the two take turns, each with a record of its own, so that what else the machine
does falls on both alike.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Final

import structlog

from monitor.clock import SystemClock
from monitor.flow.deliver import Deliverer
from monitor.metrics import PrometheusMeter
from monitor.model import Answer, Delivery, Severity
from monitor.net import HttpClient, Limits
from monitor.operations import OperationsBoard
from monitor.ports import Sink
from monitor.sinks import Tools, WebhookSettings
from monitor.store import SqlStore
from tests.benchmarks.measure import FULL, ROOT, sizes, verdict
from tests.sinks.hostile import HABITS, Names
from tests.store.builders import article, batch, found, item, raised

#: Of the healthy ones' 99th percentile with a hostile one beside them, over that without.
_AIM: Final = 1.1
_WELL: Final = tuple(f"well{n}" for n in range(5))
_LANES: Final = (Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)
#: Seconds between two notifications: some hundred deliveries a second, well under what one process can do.
_PACE: Final = 0.02
#: Seconds that a receiver is given, fewer than the daemon's: a hanging one holds its lanes for the whole of a block.
_PATIENCE: Final = 1.0
#: Notifications of one block.
_BLOCK: Final = 25


@contextmanager
def _receiver(habit: str) -> Iterator[str]:
    """The address of one in a process of its own."""
    command = [sys.executable, "-m", "tests.sinks.hostile", habit]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait(10)


class _Timed:
    """A sink that notes when each notification was answered."""

    def __init__(self, sink: Sink, answered: dict[str, float]) -> None:
        self._sink = sink
        self._answered = answered
        self.name, self.batch, self.concurrency, self.never_pauses = sink.name, sink.batch, sink.concurrency, sink.never_pauses
        self.start, self.close = sink.start, sink.close

    async def send(self, deliveries: Sequence[Delivery]) -> Sequence[Answer]:
        answers = await self._sink.send(deliveries)
        now = perf_counter()
        self._answered.update({delivery.notification: now for delivery in deliveries})
        return answers


async def _block(folder: Path, url: str, well: str, count: int = _BLOCK) -> list[float]:
    """Seconds that each delivery to a healthy sink took."""
    clock, meter, names = SystemClock(), PrometheusMeter(), Names()
    client = HttpClient(limits=Limits(post_seconds=_PATIENCE), lookup=names)
    store = await SqlStore.open(folder)
    answered: dict[str, dict[str, float]] = {name: {} for name in (*_WELL, "sixth")}
    sinks: list[Sink] = []
    for name, noted in answered.items():
        sink = WebhookSettings(type="webhook", url=url if name == "sixth" else well).build(name, Tools(client, clock)).sink
        assert sink is not None
        sinks.append(_Timed(sink, noted))
    deliverer = Deliverer(store, sinks, clock, meter, OperationsBoard(clock, meter), lambda: 0.5)
    committed: dict[str, float] = {}
    try:
        await store.sync_sinks(list(answered), clock.now())
        await deliverer.start()
        for n in range(count):
            about = article(f"{folder.name}-{n}")
            told = raised(about, found(severity=_LANES[n % len(_LANES)]), tuple(answered))
            assert told.notification is not None
            note = replace(told.notification, created=clock.now())
            await store.ingest(replace(batch(item(about, replace(told, notification=note))), now=clock.now()))
            committed[note.id] = perf_counter()
            deliverer.wake()
            await asyncio.sleep(_PACE)
        while any(len(answered[name]) < count for name in _WELL):
            await asyncio.sleep(_PACE)
            deliverer.wake()
    finally:
        names.let_go()
        await deliverer.drain(grace=0)
        await client.close()
        await store.close()
    return [answered[name][notification] - begun for name in _WELL for notification, begun in committed.items()]


def _p99(times: Sequence[float]) -> float:
    return quantiles(times, n=100)[98]


def main() -> None:
    size = sizes(__doc__)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    blocks = 12 if size is FULL else 4
    usual: list[float] = []
    harmed: list[float] = []
    ratios: list[float] = []
    print(f"five healthy sinks, {_BLOCK} notifications a block, one each {_PACE * 1000:.0f} ms; the sixth is:")
    with tempfile.TemporaryDirectory() as folder, _receiver("well") as well:
        asyncio.run(_block(Path(folder) / "warm", well, well))
        for habit in (habit for habit in HABITS if habit != "hang in mail"):
            pair: dict[str, list[float]] = {"well": [], habit: []}
            with _receiver(habit) as url:
                for number in range(2 * blocks):
                    name, sixth = ("well", well) if number % 2 else (habit, url)
                    pair[name] += asyncio.run(_block(Path(folder) / f"{habit}-{number}", sixth, well))
            usual += pair["well"]
            harmed += pair[habit]
            ratios.append(_p99(pair[habit]) / _p99(pair["well"]))
            print(f"  {habit:16} {_said(pair[habit])}   instead of {_said(pair['well'])}")
    # Of the ten kinds the middle one: a stall of the machine falls into one pair or another, and says nothing of sinks.
    ratio = median(ratios)
    print(f"  all of them      {_said(harmed)}   instead of {_said(usual)}")
    print(
        f"p99 of healthy sinks beside a hostile one over that without: {ratio:.2f} x, {min(ratios):.2f} to {max(ratios):.2f} by kind "
        f"(aim {_AIM}): {verdict(ratio, _AIM)}; median of {len(harmed):,} deliveries {median(harmed) / median(usual):.2f} x"
    )


def _said(times: Sequence[float]) -> str:
    return f"median {median(times) * 1000:6.1f} ms, p99 {_p99(times) * 1000:6.1f} ms"


if __name__ == "__main__":
    main()
