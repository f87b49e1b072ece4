"""The deliverer over the real outbox statements, through any answers, crashes, clock steps, pauses, replays and refused writes.

Whatever happens: nothing is lost, nothing final is left but by a replay, a lane's order holds at a concurrency of one, every
attempt is kept, nobody is sent anything while a person has paused it, and at last everything ends.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from datetime import datetime
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import Connection, create_engine, select

from monitor.errors import StorageError
from monitor.flow.deliver import Deliverer
from monitor.model import Answer, AnswerKind, Delivery, DeliveryState, Severity
from monitor.ports import DeliveryResult, Selection, SinkStatus
from monitor.store import ingest, outbox, schema, sinks
from tests.fakes import FakeClock, FakeMeter, FakeOperations
from tests.store import builders as b

T = TypeVar("T")

SINK = "desk"
DAY = 86400.0
FINAL = {"delivered", "dead", "expired", "cancelled"}
GIVEN_UP = {"dead", "expired"}
MAY_BE_ASKED = st.sampled_from([None, 60.0, 1e6])
USUAL = [Answer(AnswerKind.DELIVERED), Answer(AnswerKind.RETRY, "not now", 503), Answer(AnswerKind.RETRY, "the answer was lost")]
ANSWERS = st.one_of(
    st.sampled_from(USUAL),
    st.sampled_from(USUAL),
    st.builds(Answer, st.sampled_from(AnswerKind), st.just("said")),
    st.builds(Answer, st.just(AnswerKind.RETRY), st.just("busy"), st.sampled_from([429, 503]), MAY_BE_ASKED),
)


class Outbox:
    """The port over one connection. ``refusals`` writes from now are refused; a dead one (its process is) writes nothing."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.refusals = 0
        self.dead = False

    async def _write(self, work: Callable[..., T], *args: Any, **more: Any) -> T:
        await asyncio.sleep(0)
        if self.dead or self.refusals:
            self.refusals = max(0, self.refusals - 1)
            raise StorageError("the disk is full")
        return work(self.connection, *args, **more)

    async def recover(self, now: datetime) -> int:
        return await self._write(outbox.recover, now)

    async def sync_sinks(self, names: Sequence[str], now: datetime) -> Sequence[SinkStatus]:
        return await self._write(sinks.sync_sinks, names, now)

    async def claim(self, sink: str, now: datetime, limit: int, *, lanes: Collection[Severity] | None = None) -> Sequence[Delivery]:
        return await self._write(outbox.claim, sink, now, limit, lanes)

    async def probe(self, sink: str, now: datetime) -> Delivery | None:
        return await self._write(outbox.probe, sink, now)

    async def expire(self, sink: str, before: datetime, now: datetime, detail: str, limit: int = 1000) -> Sequence[str]:
        return await self._write(outbox.expire, sink, before, now, detail=detail, limit=limit)

    async def settle(self, results: Sequence[DeliveryResult], status: SinkStatus | None, now: datetime) -> None:
        await self._write(outbox.settle, results, status, now)

    async def replay(self, wanted: Selection, now: datetime, actor: str) -> int:
        return await self._write(outbox.replay, wanted, now, actor)

    async def given_up(self, sink: str, since: datetime | None = None) -> int:
        return outbox.given_up(self.connection, sink, since)

    async def behind(self, delivery: Delivery) -> int:
        return outbox.behind(self.connection, delivery)

    async def release(self, deliveries: Sequence[Delivery], now: datetime, *, unsent: bool = False) -> None:
        await self._write(outbox.release, deliveries, now, unsent=unsent)

    async def hasten(self, sink: str, now: datetime) -> None:
        await self._write(outbox.hasten, sink, now)

    async def next_due(self) -> datetime | None:
        return outbox.next_due(self.connection)

    async def recent(self, sink: str, limit: int) -> Sequence[Delivery]:
        return outbox.recent(self.connection, sink, limit)

    async def pending_counts(self) -> dict[str, int]:
        return outbox.pending_counts(self.connection)


class Desk:
    """The receiver: ``script`` answers first, then ``default``; ``taken`` is what it has, in the order it first got it."""

    name = SINK
    batch = 1
    never_pauses = False

    def __init__(self, clock: FakeClock, concurrency: int) -> None:
        self.concurrency = concurrency
        self.script: list[Answer] = []
        self.default = Answer(AnswerKind.DELIVERED)
        self.taken: dict[str, Delivery] = {}
        self.refused: dict[str, int] = defaultdict(int)
        self.sends = 0
        self.stopped = False

    async def start(self, recent: Callable[[int], Awaitable[Sequence[Delivery]]]) -> Sequence[Delivery]:
        return ()

    async def send(self, deliveries: Sequence[Delivery]) -> Sequence[Answer]:
        assert not self.stopped, "sent while a person had it paused"
        (delivery,) = deliveries
        self.sends += 1
        await asyncio.sleep(0)
        answer = self.script.pop(0) if self.script else self.default
        lost_on_the_way = answer.kind is AnswerKind.RETRY and answer.status is None
        if answer.kind is AnswerKind.DELIVERED or lost_on_the_way:
            self.taken.setdefault(delivery.notification, delivery)
        self.refused[delivery.notification] += answer.kind in {AnswerKind.REFUSED, AnswerKind.POISON}
        await asyncio.sleep(0)
        return [answer]

    async def close(self) -> None:
        return None


class DelivererMachine(RuleBasedStateMachine):
    concurrency = 1

    def __init__(self) -> None:
        super().__init__()
        self.engine = create_engine("sqlite://")
        self.connection = self.engine.connect()
        schema.metadata.create_all(self.connection)
        self.runner = asyncio.Runner()
        self.clock = FakeClock(b.NOW)
        self.desk = Desk(self.clock, self.concurrency)
        self.made: list[str] = []
        self.replayed: set[str] = set()
        self.ended: dict[str, str] = {}
        self.lives = 0
        self.run(self.begin())

    def teardown(self) -> None:
        try:
            self.everything_ends_when_all_is_well()
        finally:
            self.runner.close()
            self.connection.close()
            self.engine.dispose()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    async def begin(self) -> None:
        self.lives += 1
        self.outbox = Outbox(self.connection)
        self.operations = FakeOperations(self.clock)
        self.deliverer = Deliverer(self.outbox, [self.desk], self.clock, FakeMeter(), self.operations, lambda: 0.5)
        await self.deliverer.start()

    async def tick(self) -> None:
        await self.deliverer.tick()
        await self.deliverer.idle()

    # ------------------------------------------------------------------------------------------ what happens
    @rule(severities=st.lists(st.sampled_from([Severity.CRITICAL, Severity.INFO]), min_size=1, max_size=8), answers=st.lists(ANSWERS))
    def news(self, severities: list[Severity], answers: list[Answer]) -> None:
        self.desk.script += answers
        for severity in severities:
            one = b.simple(f"{len(self.made)}", severity=severity, sinks=(SINK,), now=self.clock.now())
            ingest.ingest(self.connection, one)
            notification = one.articles[0].decided[0].notification
            assert notification is not None
            # The article is the same whenever it came; the delivery was made now.
            made = schema.delivery.c.notification == notification.id
            self.connection.execute(schema.delivery.update().where(made).values(created=self.clock.now()))
            self.made.append(notification.id)
        self.clock.advance(1)
        self.run(self.tick())

    @rule(seconds=st.sampled_from([1, 5, 60, 900, 3700, 2 * DAY]), times=st.integers(1, 5))
    def time_passes(self, seconds: float, times: int) -> None:
        for _ in range(times):
            self.clock.advance(seconds)
            self.run(self.tick())

    @rule(seconds=st.sampled_from([-3600.0, 3600.0, 8 * DAY]))
    def clock_is_set(self, seconds: float) -> None:
        self.clock.step(seconds)
        self.run(self.deliverer.clock_stepped(seconds))
        self.run(self.tick())

    @rule(steps=st.integers(0, 30))
    def crash(self, steps: int) -> None:
        async def die() -> None:
            await self.deliverer.tick()
            for _ in range(steps):
                await asyncio.sleep(0)
            self.outbox.dead = True
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.begin()

        self.clock.advance(1)
        self.run(die())

    @rule(writes=st.integers(1, 4))
    def storage_refuses(self, writes: int) -> None:
        self.outbox.refusals = writes
        self.clock.advance(1)
        self.run(self.tick())
        self.outbox.refusals = 0
        self.clock.advance(1)
        self.run(self.tick())

    @precondition(lambda self: not self.desk.stopped)
    @rule(steps=st.integers(0, 30))
    def a_person_pauses_it(self, steps: int) -> None:
        """In the middle of whatever it is doing."""

        async def work() -> None:
            await self.deliverer.tick()
            for _ in range(steps):
                await asyncio.sleep(0)
            self.deliverer.change(sinks.pause(self.connection, SINK, "by hand", "cli:alice", self.clock.now()))
            await asyncio.sleep(0)  # a send that was begun in the same breath
            self.desk.stopped = True
            await self.deliverer.idle()

        self.clock.advance(1)
        self.run(work())

    @rule()
    def a_person_resumes_it(self) -> None:
        self.desk.stopped = False
        self.run(self.changed(sinks.resume(self.connection, SINK, "cli:alice", self.clock.now(), age_limit=7 * DAY)))

    async def changed(self, status: SinkStatus) -> None:
        self.deliverer.change(status)
        await self.deliverer.idle()

    @rule()
    def what_was_given_up_is_replayed(self) -> None:
        again = {row.notification for row in self.rows() if row.state in GIVEN_UP}

        async def work() -> None:
            assert await self.outbox.replay(Selection(sink=SINK), self.clock.now(), "cli:alice") == len(again)
            self.deliverer.changed([SINK])
            await self.deliverer.idle()

        self.replayed |= again
        for notification in again:
            self.ended.pop(notification, None)
        self.run(work())

    def everything_ends_when_all_is_well(self) -> None:
        self.desk.script = []
        self.desk.stopped = False
        self.outbox.refusals = 0
        self.run(self.changed(sinks.resume(self.connection, SINK, "cli:alice", self.clock.now(), age_limit=7 * DAY)))
        for _ in range(200):
            if all(row.state in FINAL for row in self.rows()):
                break
            self.clock.advance(30)
            self.run(self.tick())
        unended = [(row.sequence, row.state, (row.due - self.clock.now()).total_seconds()) for row in self.rows() if row.state not in FINAL]
        assert not unended, (unended, self.deliverer.statuses())
        for row in self.rows():
            if row.state == "dead":
                assert self.desk.refused[row.notification]

    # ------------------------------------------------------------------------------------------ what always holds
    def rows(self) -> list[Any]:
        return list(self.connection.execute(select(schema.delivery).order_by("sequence")))

    @invariant()
    def nothing_is_lost(self) -> None:
        rows = self.rows()
        assert [row.notification for row in rows] == self.made
        assert {row.state for row in rows} <= {str(state) for state in DeliveryState}
        if not self.deliverer._desks[0].owed:
            assert "inflight" not in {row.state for row in rows}

    @invariant()
    def delivered_is_what_the_receiver_has(self) -> None:
        assert {row.notification for row in self.rows() if row.state == "delivered"} <= set(self.desk.taken)

    @invariant()
    def final_stays_final(self) -> None:
        for row in self.rows():
            assert self.ended.get(row.notification, row.state) == row.state
            if row.state in FINAL:
                self.ended[row.notification] = row.state

    @invariant()
    def a_lanes_order_holds(self) -> None:
        lanes: dict[Severity, list[int]] = defaultdict(list)
        for notification, delivery in self.desk.taken.items():
            if notification not in self.replayed:
                lanes[delivery.severity].append(delivery.sequence)
        for sequences in lanes.values():
            assert self.concurrency > 1 or sequences == sorted(sequences)

    @invariant()
    def every_attempt_is_kept_and_refusals_are_bounded(self) -> None:
        rows = self.rows()
        made = sum(row.attempts - (row.state == "inflight") for row in rows)
        assert len(self.connection.execute(select(schema.attempt)).all()) == made
        for row in rows:
            # Three in each life, as often as it was sent anew.
            assert self.desk.refused[row.notification] <= 3 * (self.lives + len(self.replayed) * self.lives)


class WindowMachine(DelivererMachine):
    concurrency = 4


_SETTINGS = settings(
    max_examples=20,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),  # shrinking takes minutes
)
DelivererMachine.TestCase.settings = _SETTINGS
WindowMachine.TestCase.settings = _SETTINGS
TestDelivererMachine = DelivererMachine.TestCase
TestWindowMachine = WindowMachine.TestCase
