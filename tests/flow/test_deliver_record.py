"""Delivering from the real record to the real log and a real receiver: an outage, two lives, and nothing lost or doubled."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from monitor.flow.deliver import Deliverer
from monitor.model import DeliveryState, Severity
from monitor.net import HttpClient, Limits
from monitor.ports import IngestBatch, Sink
from monitor.sinks.alert_log import AlertLog, AlertLogSettings
from monitor.sinks.base import Tools
from monitor.sinks.webhook import WebhookSettings
from monitor.store import SqlStore
from tests.fakes import FakeClock, FakeMeter, FakeOperations
from tests.receiver import Receiver, Reply
from tests.store.builders import NOW, article, batch, found, item, raised

SEVERITIES = (Severity.LOW, Severity.HIGH, Severity.CRITICAL)


def alerts(count: int) -> IngestBatch:
    """Alerts of three severities for both sinks, each with a document of its own."""
    items = []
    for n in range(count):
        about = article(f"k{n}")
        told = raised(about, found(severity=SEVERITIES[n % 3]))
        assert told.notification is not None
        document = b'{"specversion":"1.0","id":"%s","n":%d}' % (told.notification.id.encode(), n)
        items.append(item(about, replace(told, notification=replace(told.notification, payload=document))))
    return batch(*items)


async def life(store: SqlStore, sinks: Sequence[Sink], clock: FakeClock, seconds: float, *, killed: bool = False) -> None:
    """Start, let time pass, and end: drained, or killed with whatever is in flight."""
    deliverer = Deliverer(store, sinks, clock, FakeMeter(), FakeOperations(clock), lambda: 0.5)
    await deliverer.start()
    for _ in range(int(seconds / 30)):
        clock.advance(30)
        await deliverer.tick()
        await deliverer.idle()
    if killed:
        for sink in sinks:
            await store.claim(sink.name, clock.now(), 2)  # committed, and then nothing more happens
    else:
        await deliverer.drain()


def test_fault_16_outage_and_restart_over_the_real_record(tmp_path: Path) -> None:
    log_file = tmp_path / "alerts.jsonl"

    async def run() -> None:
        clock = FakeClock(NOW)
        store = await SqlStore.open(tmp_path / "data")
        client = HttpClient(limits=Limits(post_seconds=2))
        async with Receiver() as receiver:

            def sinks() -> list[Sink]:
                desk = WebhookSettings(type="webhook", url=receiver.url).build("desk", Tools(client, clock)).sink
                assert desk is not None
                log = AlertLog("log", AlertLogSettings(type="alert_log", path=log_file))
                return [log, desk]

            await store.sync_sinks(["log", "desk"], clock.now())
            await store.ingest(alerts(24))
            await receiver.stop()
            await life(store, sinks(), clock, 1800, killed=True)
            assert receiver.requests == []
            await receiver.start()
            receiver.script = [Reply(500), Reply(503)]
            await life(store, sinks(), clock, 1800)
            await life(store, sinks(), clock, 60)

            accepted = [json.loads(request.body)["n"] for request in receiver.requests if request.accepted]
            assert sorted(accepted) == list(range(24))
            for lane in range(3):
                assert [n for n in accepted if n % 3 == lane] == list(range(lane, 24, 3))
            assert len({request.headers["webhook-id"] for request in receiver.requests}) == 24
            assert await store.pending_counts() in ({}, {"log": 0, "desk": 0})
        written = [json.loads(line) for line in log_file.read_text().splitlines()]
        assert sorted(document["n"] for document in written) == list(range(24))
        assert sorted(document["sequence"] for document in written) == list(range(1, 25))
        await client.close()
        await store.close()

    asyncio.run(run())


def test_lines_that_stand_in_the_log_are_recorded_as_delivered(tmp_path: Path) -> None:
    """Killed between sync and record: the record says in flight, the log has the lines."""
    log_file = tmp_path / "alerts.jsonl"

    async def run() -> None:
        clock = FakeClock(NOW)
        store = await SqlStore.open(tmp_path / "data")
        await store.sync_sinks(["log"], clock.now())
        await store.ingest(alerts(9))
        log = AlertLog("log", AlertLogSettings(type="alert_log", path=log_file))
        await log.start(lambda limit: store.recent("log", limit))
        claimed = await store.claim("log", clock.now(), 2)
        await log.send(claimed[:4])
        await log.close()
        log_file.rename(log_file.with_name("alerts.jsonl.1"))  # and logrotate ran before the restart

        await life(store, [AlertLog("log", AlertLogSettings(type="alert_log", path=log_file))], clock, 60)
        lines = [json.loads(line)["n"] for file in tmp_path.glob("alerts.jsonl*") for line in file.read_text().splitlines()]
        assert sorted(lines) == list(range(9))
        assert {row.state for row in await store.recent("log", 100)} == {DeliveryState.DELIVERED}
        await store.close()

    asyncio.run(run())
