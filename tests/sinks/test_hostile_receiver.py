"""FAULTS rows 24 and 28: one receiver that does harm, beside five that are well: nobody waits for it, and it costs nobody anything.

The record, the client and the receivers are real, and so is time; what is asserted is order, not speed: the well ones have all of
theirs while the bad one is still at its first delivery. ``tests/benchmarks/bench_sinks.py`` measures how long they take.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from monitor.clock import SystemClock
from monitor.flow.deliver import Deliverer
from monitor.model import DeliveryState, Severity, SinkState
from monitor.net import HttpClient, Limits
from monitor.ports import IngestArticle, Selection, Sink
from monitor.render.sample import render_sample
from monitor.sinks import MailSettings, Tools, WebhookSettings
from monitor.store import SqlStore
from tests.fakes import FakeMeter, FakeOperations
from tests.receiver import Receiver, Reply
from tests.sinks.hostile import HABITS, HANGING, Bad, hostile
from tests.store.builders import article, batch, found, item, raised

WELL = tuple(f"well{n}" for n in range(5))
LANES = (Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)
COUNT = 12


@dataclass
class House:
    """``done`` is set when every well receiver has all that is meant for it."""

    store: SqlStore
    deliverer: Deliverer
    wells: Mapping[str, Receiver]
    done: asyncio.Event = field(default_factory=asyncio.Event)

    async def states(self, sink: str) -> list[str]:
        return [str(row["state"]) for row in await self.store.deliveries(Selection(sink=sink, limit=5000))]


def expect(house: House, count: int) -> None:
    """Set ``done`` when each has ``count``."""

    def answer(path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        if sum(len(well.requests) for well in house.wells.values()) + 1 >= count * len(house.wells):
            house.done.set()
        return Reply(204)

    for well in house.wells.values():
        well.answer = answer


@asynccontextmanager
async def running(
    folder: Path, bad: Bad, count: int = COUNT, *, limits: Limits | None = None, concurrency: int = 1
) -> AsyncIterator[House]:
    clock, client = SystemClock(), HttpClient(limits=limits, lookup=bad.names)
    store = await SqlStore.open(folder)
    tools = Tools(client, clock)
    wells = {name: Receiver() for name in WELL}
    for well in wells.values():
        await well.start()
    sinks: list[Sink] = []
    for name, well in wells.items():
        sinks.append(built(WebhookSettings(type="webhook", url=well.url.replace("127.0.0.1", f"{name}.test")), name, tools))
    sinks.insert(2, built(_bad(bad, concurrency), "bad", tools))
    deliverer = Deliverer(store, sinks, clock, FakeMeter(), FakeOperations(), lambda: 0.5)
    house = House(store, deliverer, wells)
    expect(house, count)
    try:
        await store.sync_sinks([sink.name for sink in sinks], clock.now())
        await deliverer.start()
        await store.ingest(replace(batch(*(_told(n, clock) for n in range(count))), now=clock.now()))
        deliverer.wake()
        yield house
    finally:
        bad.names.let_go()
        await deliverer.drain(grace=0)
        await client.close()
        for well in wells.values():
            await well.stop()
        await store.close()


def built(settings: WebhookSettings | MailSettings, name: str, tools: Tools) -> Sink:
    sink = settings.build(name, tools).sink
    assert sink is not None
    return sink


def _bad(bad: Bad, concurrency: int) -> WebhookSettings | MailSettings:
    if bad.mail is not None:
        server = f"127.0.0.1:{bad.mail.port}"
        return MailSettings(type="mail", server=server, tls="none", sender="a@example.org", to=("b@example.org",))
    return WebhookSettings(type="webhook", url=bad.url, concurrency=concurrency)


def _told(n: int, clock: SystemClock) -> IngestArticle:
    about = article(f"k{n}")
    told = raised(about, found(severity=LANES[n % len(LANES)]), ("bad", *WELL))
    assert told.notification is not None
    note = replace(told.notification, created=clock.now(), payload=render_sample("bad", clock.now()))
    return item(about, replace(told, notification=note))


async def until_done(house: House) -> None:
    async with asyncio.timeout(60):  # a hung test ends; it asserts no speed
        await house.done.wait()
        while tasks := [task for task in asyncio.all_tasks() if any(f"-{name}" in task.get_name() for name in WELL)]:
            await asyncio.wait(tasks)
    for name in WELL:
        assert set(await house.states(name)) == {"delivered"}, name


@pytest.mark.parametrize("habit", HABITS)
def test_fault_28_nothing_of_five_healthy_sinks_waits_for_a_hostile_one(habit: str, tmp_path: Path) -> None:
    async def run() -> None:
        async with hostile(habit) as bad, running(tmp_path, bad) as house:
            await until_done(house)
            if habit in HANGING:
                # All of it was taken while the first of each lane is still being sent to the bad one.
                states = await house.states("bad")
                assert "delivered" not in states
                assert states.count("inflight") + states.count("pending") == COUNT
                assert _sending() == ["bad"] * len(LANES)
            await _settled(house, habit)
            for name, well in house.wells.items():
                assert len(set(well.ids())) == COUNT, name
            if bad.target is not None:
                assert bad.target.requests == []

    asyncio.run(run())


async def _settled(house: House, habit: str) -> None:
    """What becomes of the bad one where it says something: kept, and paused or tried again."""
    if habit in HANGING:
        return
    async with asyncio.timeout(60):
        while (states := await house.states("bad")) and "inflight" in states and habit != "10 GB":
            await asyncio.sleep(0.01)
    status = next(one for one in house.deliverer.statuses() if one.name == "bad")
    if habit in {"redirect", "bad TLS"}:
        assert "delivered" not in states
    if habit == "redirect":
        assert status.state is SinkState.PAUSED


def _sending() -> list[str]:
    """The sinks that something is being sent to, one a lane."""
    return [task.get_name().removeprefix("run-") for task in asyncio.all_tasks() if task.get_name().startswith("run-")]


def test_fault_28_a_hostile_one_with_many_posts_at_once_takes_no_connection_from_the_others(tmp_path: Path) -> None:
    """64 at once in four lanes are more than all connections there were for everybody."""

    async def run() -> None:
        async with hostile("hang") as bad, running(tmp_path, bad, 160, concurrency=64) as house:
            await until_done(house)
            assert "delivered" not in await house.states("bad")

    asyncio.run(run())


def test_fault_24_a_huge_answer_is_not_read(tmp_path: Path) -> None:
    async def run() -> tuple[int, int]:
        async with hostile("10 GB") as bad, running(tmp_path, bad) as house:
            assert bad.receiver is not None
            before = _resident()
            await until_done(house)
            async with asyncio.timeout(60):
                while set(await house.states("bad")) != {DeliveryState.DELIVERED.value}:
                    await asyncio.sleep(0.01)
            return bad.receiver.flooded, _resident() - before

    flooded, more = asyncio.run(run())
    print(
        f"{COUNT} answers of 10 GB: {flooded / COUNT / 1024:,.0f} KiB of each left the receiver, resident memory {more / 1024**2:+.1f} MiB"
    )
    assert flooded < COUNT * 16 * 1024**2  # what the buffers of the two ends take; 64 KiB of it are read


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
