"""What people are told of sinks: through the other sink, once when it begins and once when it is over, restarts or not."""

from __future__ import annotations

import json
from pathlib import Path

from monitor.flow.deliver import Deliverer
from monitor.flow.route import Route
from monitor.flow.tell import Teller
from monitor.model import Answer, AnswerKind
from monitor.operations import OperationsBoard
from monitor.store import SqlStore
from tests.fakes import FakeClock, FakeMeter, FakeSink
from tests.flow.test_sink_commands import Kept
from tests.store import builders as b


class Life:
    """One process: board, teller and deliverer over the record."""

    def __init__(self, store: SqlStore, clock: FakeClock, sinks: list[FakeSink]) -> None:
        self.board = OperationsBoard(clock, FakeMeter())
        routes = [Route(to=tuple(sink.name for sink in sinks))]
        self.teller = Teller(self.board, store, routes, clock, FakeMeter())
        self.deliverer = Deliverer(store, sinks, clock, FakeMeter(), self.board, lambda: 0.5)
        self.clock = clock

    async def start(self) -> None:
        await self.teller.restore()
        await self.deliverer.start()

    async def pass_time(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.advance(1)
            await self.teller.tick()
            await self.deliverer.tick()
            await self.deliverer.idle()


def told(sink: Kept) -> list[tuple[str, str]]:
    documents = [json.loads(delivery.payload) for delivery in sink.got]
    return [(one["type"].rpartition(".")[2], one["subject"]) for one in documents if one.get("source") == "/operations"]


def test_fault_21_an_outage_is_told_at_the_other_sink_once_and_closed_once_across_restarts(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        clock = FakeClock(b.NOW)
        down, other = Kept("down", clock), Kept("other", clock)
        down.script = [Answer(AnswerKind.RETRY, "connection refused")] * 10_000
        await store.sync_sinks(["down", "other"], clock.now())
        await store.ingest(b.simple("a", sinks=("down",)))
        for _ in range(3):
            life = Life(store, clock, [down, other])
            await life.start()
            await life.pass_time(240)
        assert told(other) == [("raised", "sink:down")]
        (document,) = [json.loads(delivery.payload) for delivery in other.got]
        assert "failed 5 times in a row (connection refused)" in document["data"]["operation"]["message"]
        assert document["data"]["operation"]["severity"] == "high"
        down.script = []
        await life.pass_time(120)
        life = Life(store, clock, [down, other])
        await life.start()
        await life.pass_time(60)
        assert told(other) == [("raised", "sink:down"), ("closed", "sink:down")]
        assert told(down) == []

    b.with_store(tmp_path, work)


def test_what_was_given_up_is_told_again_neither_by_a_restart_nor_by_the_next(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        clock = FakeClock(b.NOW)
        poor, other = Kept("poor", clock), Kept("other", clock)
        poor.script = [Answer(AnswerKind.POISON, "no")] * 2
        await store.sync_sinks(["poor", "other"], clock.now())
        for key in "ab":
            await store.ingest(b.simple(key, sinks=("poor",)))
            life = Life(store, clock, [poor, other])
            await life.start()
            await life.pass_time(90)
        assert told(other) == [("raised", "sink:poor:undelivered")]
        assert "2 notification(s)" in life.board.open()[0].message
        clock.advance(86400)
        await life.pass_time(70)
        assert told(other)[1:] == [("closed", "sink:poor:undelivered")]  # a day later it is no alarm any more
        assert await store.given_up("poor") == 2  # and still there

    b.with_store(tmp_path, work)


def test_what_was_told_of_a_sink_that_left_is_closed(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        clock = FakeClock(b.NOW)
        down, other = Kept("down", clock), Kept("other", clock)
        down.script = [Answer(AnswerKind.PAUSE, "HTTP 404", 404)]
        await store.sync_sinks(["down", "other"], clock.now())
        await store.ingest(b.simple("a", sinks=("down",)))
        life = Life(store, clock, [down, other])
        await life.start()
        await life.pass_time(5)
        assert told(other) == [("raised", "sink:down")]
        life = Life(store, clock, [other])
        await life.start()
        await life.pass_time(5)
        assert told(other) == [("raised", "sink:down"), ("closed", "sink:down")]

    b.with_store(tmp_path, work)
