"""Operations in the record: told through the outbox, open until closed, and nothing twice."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

from monitor.flow.route import Route
from monitor.flow.tell import Teller
from monitor.model import DeliveryState, Notification, NotificationKind, Operation, Reason, Severity, SourceKind, SourceSpec, Way
from monitor.operations import OperationsBoard
from monitor.render.operation import render_operation
from monitor.store import SqlStore
from tests.fakes import FakeClock, FakeMeter
from tests.store import builders as b

FAILING = Operation("source:wire", "it fails", b.NOW, Severity.HIGH, told=True, subject="wire")


def notification(kind: NotificationKind, operation: Operation = FAILING) -> Notification:
    id_ = b.digest(operation.key, kind.value)
    payload = render_operation(notification_id=id_, kind=kind, created=b.NOW, operation=operation)
    return Notification(id_, "", kind, Reason.FIRST_MATCH, operation.severity, b.NOW, payload)


def test_an_operation_is_delivered_as_an_alert_is_and_written_again_changes_nothing(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await store.ingest(b.simple("an alert", sinks=["log"]))
        raised = notification(NotificationKind.RAISED)
        for _ in range(2):
            await store.save_operation(FAILING, raised, (Way("log"), Way("pager")), b.NOW, closed=False)
        assert await store.open_operations() == (FAILING,)
        claimed = await store.claim("log", b.NOW, 10)
        assert [(delivery.sequence, bool(delivery.alert)) for delivery in claimed] == [(1, True), (2, False)]
        assert claimed[1].payload == raised.payload
        assert claimed[1].webhook_id == f"msg_{raised.id}_log"
        await store.settle([b.delivered(one) for one in claimed], None, b.NOW)
        assert await store.pending_counts() == {"pager": 1}
        assert [delivery.state for delivery in await store.recent("log", 10)] == [DeliveryState.DELIVERED] * 2

        await store.save_operation(FAILING, notification(NotificationKind.CLOSED), (Way("log"),), b.later(5), closed=True)
        assert await store.open_operations() == ()
        # Raised again it is another.
        again = replace(FAILING, raised=b.later(60))
        await store.save_operation(again, None, (), b.later(60), closed=False)
        assert await store.open_operations() == (again,)
        assert (await store.stats())["notifications"] == 3
        (alert,) = await store.alerts()
        assert alert["notifications"] == 1

    b.with_store(tmp_path, work)


def test_nobody_need_be_told(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await store.save_operation(FAILING, notification(NotificationKind.RAISED), (), b.NOW, closed=False)
        assert await store.next_due() is None

    b.with_store(tmp_path, work)
    b.with_store(tmp_path, _still_open)


async def _still_open(store: SqlStore) -> None:
    assert await store.open_operations() == (FAILING,)


def test_the_whole_way_across_a_restart(tmp_path: Path) -> None:
    clock = FakeClock(b.NOW)

    async def life(store: SqlStore, *, fails: bool) -> list[str]:
        board = OperationsBoard(clock, FakeMeter())
        teller = Teller(board, store, (Route(("log",)),), clock, FakeMeter())
        await teller.restore()
        for _ in range(3):
            clock.advance(1)
            if fails:
                board.raise_("source:wire", "it fails", tell=True, subject="wire")
            else:
                board.close("source:wire")
            await teller.tick()
        claimed = await store.claim("log", clock.now(), 10)
        await store.settle([b.delivered(one) for one in claimed], None, clock.now())
        return [json.loads(delivery.payload)["type"] for delivery in claimed]

    told = [b.with_store(tmp_path, lambda store, fails=fails: life(store, fails=fails)) for fails in (True, True, False, False)]
    assert told == [["monitor.operation.raised"], [], ["monitor.operation.closed"], []]


def test_coverage_reads_every_configured_source_without_its_bulk(tmp_path: Path) -> None:
    feed = SourceSpec("wire", SourceKind.FEED, "https://a.example/rss", 900)
    push = SourceSpec("desk", SourceKind.PUSH, "", 900)

    async def work(store: SqlStore) -> None:
        await store.sync_sources([feed, push, replace(feed, name="retired")], b.NOW)
        state = replace(b.polled("wire"), gaps=(1.0, 2.0), empty=1, deaths=2, gone=b.NOW, failures=3, error="odd", known=b"x" * 8000)
        state = replace(state, failing_since=b.NOW)
        await store.save_source(state)
        await store.sync_sources([feed, push], b.NOW)
        await store.pause_source("desk", b.NOW, "cli:alice")
        (desk, paused), (wire, found) = await store.coverage()
        assert (desk, wire) == (SourceKind.PUSH, SourceKind.FEED)
        assert paused.paused == b.NOW
        assert found == replace(state, validators={}, known=b"", next_due=found.next_due)

    b.with_store(tmp_path, work)


def test_an_operation_is_told_while_articles_come_in(tmp_path: Path) -> None:
    """Both number the same sink's sequence: no gap, nothing twice."""

    async def work(store: SqlStore) -> None:
        for n in range(10):
            one = replace(FAILING, key=f"source:s{n}")
            told = notification(NotificationKind.RAISED, one)
            await asyncio.gather(
                store.ingest(b.simple(f"{n}", sinks=["log"])), store.save_operation(one, told, (Way("log"),), b.NOW, closed=False)
            )
        claimed = await store.claim("log", b.NOW, 100)
        assert sorted(delivery.sequence for delivery in claimed) == list(range(1, 21))

    b.with_store(tmp_path, work)
