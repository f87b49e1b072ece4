"""The driver: claim, send, record, in order and at least once, whatever sinks and storage do. Time is told, never waited for."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import SinkError, StorageError
from monitor.flow.deliver import Deliverer
from monitor.model import Answer, AnswerKind, Delivery, DeliveryState, Severity, SinkState
from monitor.ports import Selection, SinkStatus
from tests.fakes import START, FakeClock, FakeMeter, FakeOperations, FakeOutbox, FakeSink

RETRY, PAUSE, REFUSED, POISON = AnswerKind.RETRY, AnswerKind.PAUSE, AnswerKind.REFUSED, AnswerKind.POISON
PENDING, INFLIGHT, DELIVERED, DEAD = DeliveryState.PENDING, DeliveryState.INFLIGHT, DeliveryState.DELIVERED, DeliveryState.DEAD
HOUR = 3600.0


class House:
    """Everything a deliverer stands on, and time that can be let pass."""

    def __init__(self, *, chance: float = 0.5) -> None:
        self.clock = FakeClock()
        self.outbox = FakeOutbox()
        self.meter = FakeMeter()
        self.operations = FakeOperations(self.clock)
        self.chance = chance
        self.sinks: list[FakeSink] = []
        self.deliverer: Deliverer

    def sink(self, name: str, answers: Iterable[Answer | AnswerKind] = (), **more: Any) -> FakeSink:
        sink = FakeSink(name, self.clock, answers, **more)
        self.sinks.append(sink)
        return sink

    async def start(self) -> Deliverer:
        self.deliverer = Deliverer(self.outbox, self.sinks, self.clock, self.meter, self.operations, lambda: self.chance)
        await self.deliverer.start()
        return self.deliverer

    async def tick(self) -> None:
        await self.deliverer.tick()
        await self.deliverer.idle()

    async def pass_time(self, seconds: float, step: float = 1.0) -> None:
        end = self.clock.now() + timedelta(seconds=seconds)
        while self.clock.now() < end:
            self.clock.advance(step)
            await self.tick()


def run(test: Callable[[House], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """A coroutine test with a fresh house; its name stays the test's."""

    def plain() -> None:
        asyncio.run(test(House()))

    plain.__name__ = test.__name__
    plain.__doc__ = test.__doc__
    return plain


@run
async def test_delivers_what_is_pending(house: House) -> None:
    log, desk = house.sink("log", batch=500, never_pauses=True), house.sink("desk")
    for name in ("n1", "n2", "n3"):
        house.outbox.add(name, "log")
        house.outbox.add(name, "desk")
    await house.start()
    await house.tick()
    assert log.names == desk.names == ["n1", "n2", "n3"]
    assert house.outbox.states("log") == house.outbox.states("desk") == [DELIVERED] * 3
    assert house.operations.history == []
    assert house.meter.counted("deliveries_total", sink="desk", state="delivered") == 3


@run
async def test_a_wake_is_enough(house: House) -> None:
    desk = house.sink("desk")
    deliverer = await house.start()
    house.outbox.add("n1", "desk")
    deliverer.wake()
    await deliverer.idle()
    assert desk.names == ["n1"]


@run
async def test_a_wake_during_a_round_is_not_lost(house: House) -> None:
    async def more(_: Sequence[Delivery]) -> None:
        if "n2" not in {key[0] for key in house.outbox.rows}:
            house.outbox.add("n2", "desk", severity=Severity.CRITICAL)
            house.deliverer.wake()
            await asyncio.sleep(0)

    desk = house.sink("desk", before=more)
    house.outbox.add("n1", "desk")
    await house.start()
    await house.tick()
    assert desk.names == ["n1", "n2"]


@run
async def test_never_sends_before_the_claim_is_committed_nor_records_before_the_answer(house: House) -> None:
    async def look(deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            assert house.outbox.row(delivery.notification, "desk").state is INFLIGHT
            assert house.outbox.results == []

    house.sink("desk", before=look)
    house.outbox.add("n1", "desk")
    await house.start()
    await house.tick()
    assert house.outbox.row("n1", "desk").state is DELIVERED


@run
async def test_critical_goes_first_and_order_holds_within_a_lane(house: House) -> None:
    desk = house.sink("desk")
    for n, severity in enumerate((Severity.INFO, Severity.HIGH, Severity.CRITICAL, Severity.INFO, Severity.HIGH)):
        house.outbox.add(f"n{n}", "desk", severity=severity)
    await house.start()
    await house.tick()
    assert desk.names[0] == "n2"
    assert desk.names.index("n1") < desk.names.index("n4")
    assert desk.names.index("n0") < desk.names.index("n3")


@run
async def test_after_an_outage_no_lane_sits_out_its_own_wait(house: House) -> None:
    house.sink("desk", [RETRY] * 12)
    rows = [house.outbox.add(name, "desk", severity=severity) for name, severity in (("low", Severity.LOW), ("grave", Severity.CRITICAL))]

    def states() -> set[DeliveryState]:
        return {house.outbox.row(row.notification, "desk").state for row in rows}

    await house.start()
    while DELIVERED not in states():
        await house.pass_time(1)
    await house.pass_time(1)
    assert states() == {DELIVERED}


@run
async def test_a_failing_head_holds_its_lane_and_no_other(house: House) -> None:
    desk = house.sink("desk", [RETRY])
    house.outbox.add("n1", "desk")
    house.outbox.add("n2", "desk")
    house.outbox.add("other", "desk", severity=Severity.LOW)
    await house.start()
    await house.tick()
    assert desk.names == ["n1", "other"]
    await house.pass_time(2)
    assert desk.names == ["n1", "other"]
    await house.pass_time(1)
    assert desk.names == ["n1", "other", "n1", "n2"]


@run
async def test_fault_16_an_outage_of_eight_hours(house: House) -> None:
    """All come after it, in order, and the receiver is left in peace meanwhile."""
    desk = house.sink("desk")
    alerts = [f"n{n:03}" for n in range(50)]
    for name in alerts:
        house.outbox.add(name, "desk")
    await house.start()
    desk.script = [RETRY] * 10_000
    await house.pass_time(8 * HOUR, step=5)
    tried = len(desk.sent)
    waits = [after - before for (_, before), (_, after) in pairwise(desk.sent[5:])]
    assert min(waits) >= timedelta(seconds=60)  # the breaker is open: one probe a minute at most
    assert 470 <= tried <= 485
    assert set(desk.names) == {"n000"}
    assert "failed" in house.operations.message("sink:desk")
    assert house.outbox.row("n001", "desk").attempts == 0
    desk.script = []
    await house.pass_time(120)
    back = desk.sent[tried:]
    assert [name for name, _ in back] == alerts
    seconds = Counter(at for _, at in back)
    assert list(seconds.values())[:4] == [1, 3, 5, 7]  # the probe, and 2 more each second
    assert max(seconds.values()) <= 20
    assert house.outbox.states("desk") == [DELIVERED] * 50
    assert house.operations.open() == []


@run
async def test_fault_17_after_a_week_it_expires_and_says_so(house: House) -> None:
    desk = house.sink("desk", [RETRY] * 100_000)
    log = house.sink("log", [RETRY] * 100_000, batch=500, never_pauses=True)
    house.outbox.add("old", "desk")
    house.outbox.add("old", "log")
    await house.start()
    await house.pass_time(5 * 86400, step=600)
    house.outbox.add("young", "desk", now=house.clock.now())
    await house.pass_time(3 * 86400, step=600)
    assert house.outbox.states("desk") == [DeliveryState.EXPIRED, PENDING]
    assert house.outbox.states("log") == [PENDING]  # the log never expires
    assert "given up" in house.operations.message("sink:desk:undelivered")
    assert "replay --sink desk" in house.operations.message("sink:desk:undelivered")
    assert house.outbox.row("old", "desk").reason == "not taken within 7 days"
    assert house.meter.counted("deliveries_total", sink="desk", state="expired") == 1
    desk.script, log.script = [], []
    await house.pass_time(900, step=60)
    assert house.outbox.states("desk") == [DeliveryState.EXPIRED, DELIVERED]
    assert house.outbox.states("log") == [DELIVERED]


@run
async def test_fault_18_429_holds_every_lane_for_as_long_as_asked(house: House) -> None:
    desk = house.sink("desk", [Answer(RETRY, "HTTP 429", 429, 120.0)])
    house.outbox.add("n1", "desk")
    await house.start()
    await house.tick()
    house.outbox.add("n2", "desk", severity=Severity.CRITICAL)
    await house.pass_time(119)
    assert desk.names == ["n1"]
    await house.pass_time(2)
    assert sorted(desk.names) == ["n1", "n1", "n2"]
    assert house.outbox.sinks["desk"] == SinkStatus("desk")


@run
async def test_fault_18_being_asked_to_wait_opens_no_breaker_and_is_said_after_an_hour(house: House) -> None:
    desk = house.sink("desk", [Answer(RETRY, "HTTP 429", 429)] * 10_000)
    house.outbox.add("n1", "desk")
    house.outbox.add("n2", "desk")
    await house.start()
    await house.pass_time(0.9 * HOUR, step=10)
    assert house.outbox.sinks["desk"].state is SinkState.ACTIVE
    assert house.operations.open() == []
    await house.pass_time(0.5 * HOUR, step=10)
    assert "n1" in house.operations.message("sink:desk:stuck")
    assert "HTTP 429); 1 of its severity wait behind it" in house.operations.message("sink:desk:stuck")
    desk.script = []
    await house.pass_time(HOUR, step=10)
    assert house.outbox.states("desk") == [DELIVERED] * 2
    assert house.operations.open() == []


@run
async def test_fault_20_refused_at_0_5_and_30_s_then_dead_and_on_it_goes(house: House) -> None:
    desk = house.sink("desk", [REFUSED] * 3)
    house.outbox.add("bad", "desk")
    house.outbox.add("good", "desk")
    await house.start()
    await house.tick()
    await house.pass_time(40)
    assert [(name, (at - START).total_seconds()) for name, at in desk.sent] == [("bad", 0), ("bad", 5), ("bad", 30), ("good", 30)]
    assert house.outbox.states("desk") == [DEAD, DELIVERED]
    assert "1 notification(s) for sink desk were given up" in house.operations.message("sink:desk:undelivered")


@run
async def test_a_replayed_delivery_closes_its_operation(house: House) -> None:
    house.sink("desk", [POISON])
    house.outbox.add("n1", "desk")
    await house.start()
    await house.tick()
    assert house.outbox.states("desk") == [DEAD]
    assert house.operations.message("sink:desk:undelivered")
    await house.outbox.replay(Selection(sink="desk"), house.clock.now(), "cli:alice")
    house.deliverer.changed(["desk"])
    await house.deliverer.idle()
    assert house.outbox.states("desk") == [DELIVERED]
    assert house.operations.open() == []


@run
async def test_a_message_that_breaks_its_receiver_stops_no_other_lane(house: House) -> None:
    """One lane's head is answered 500 for ever: after three failed probes the other lanes' heads are tried, and go out."""

    async def answer(deliveries: Sequence[Delivery]) -> None:
        desk.script = [RETRY] if deliveries[0].notification == "bad" else []

    desk = house.sink("desk", before=answer)
    house.outbox.add("bad", "desk", severity=Severity.CRITICAL)
    house.outbox.add("behind", "desk", severity=Severity.CRITICAL)
    await house.start()
    await house.pass_time(300, step=5)
    assert house.outbox.sinks["desk"].state is SinkState.FAILING
    for n in range(200):
        house.outbox.add(f"n{n}", "desk", severity=Severity.INFO, now=house.clock.now())
        await house.pass_time(60, step=5)
    taken = [n for n in range(200) if house.outbox.row(f"n{n}", "desk").state is DELIVERED]
    assert len(taken) >= 195
    assert "sink desk has not taken delivery bad for" in house.operations.message("sink:desk:stuck")
    assert house.outbox.row("behind", "desk").state is PENDING


@run
async def test_with_a_window_of_sends_a_slow_one_holds_up_no_other(house: House) -> None:
    gate = asyncio.Event()
    most = 0

    async def slow(deliveries: Sequence[Delivery]) -> None:
        nonlocal most
        most = max(most, sum(row.state is INFLIGHT for row in house.outbox.rows.values()))
        if deliveries[0].notification == "n0":
            await gate.wait()

    desk = house.sink("desk", before=slow, concurrency=4)
    for n in range(30):
        house.outbox.add(f"n{n}", "desk")
    deliverer = await house.start()
    await deliverer.tick()
    await turns(300)
    assert house.outbox.states("desk")[:20].count(DELIVERED) == 19
    assert house.outbox.row("n0", "desk").state is INFLIGHT
    gate.set()
    await deliverer.idle()
    assert house.outbox.states("desk") == [DELIVERED] * 30
    assert len(desk.sent) == 30


@run
async def test_what_was_answered_together_is_recorded_together(house: House) -> None:
    house.sink("desk", concurrency=8)
    for n in range(32):
        house.outbox.add(f"n{n}", "desk")
    await house.start()
    before = house.outbox.commits
    await house.tick()
    assert house.outbox.states("desk") == [DELIVERED] * 32
    assert house.outbox.commits - before <= 8


@run
async def test_an_operators_pause_is_at_once_and_stands_until_it_is_ended(house: House) -> None:
    gate = asyncio.Event()

    async def slow(_: Sequence[Delivery]) -> None:
        await gate.wait()

    desk = house.sink("desk", before=slow)
    for n in range(3):
        house.outbox.add(f"n{n}", "desk")
    deliverer = await house.start()
    await deliverer.tick()
    await turns()
    paused = SinkStatus("desk", SinkState.PAUSED, "moving house", by="cli:alice", since=house.clock.now())
    house.outbox.sinks["desk"] = paused  # what the command commits
    deliverer.change(paused)
    gate.set()
    await deliverer.idle()
    assert house.outbox.states("desk") == [DELIVERED, PENDING, PENDING]  # what was under way ended
    await house.pass_time(9 * 86400, step=3600)
    await house.start()
    await house.pass_time(60)
    assert desk.names == ["n0"]
    assert house.outbox.sinks["desk"] == paused
    assert house.outbox.states("desk") == [DELIVERED, PENDING, PENDING]  # nothing of it expires
    assert "paused by cli:alice (moving house)" in house.operations.message("sink:desk")


@run
async def test_who_is_not_to_be_told_now_is_held_and_the_others_go(house: House) -> None:
    """The hook of quiet hours and rate limits: it holds in the outbox what it does not give back."""

    async def moment(_sink: str, claimed: Sequence[Delivery], _now: datetime, /) -> Sequence[Delivery]:
        now = [delivery for delivery in claimed if delivery.severity is Severity.CRITICAL]
        for delivery in claimed:
            if delivery not in now:
                house.outbox.rows[delivery.notification, "desk"] = replace(delivery, state=DeliveryState.HELD, attempts=0)
        return now

    desk = house.sink("desk")
    house.outbox.add("grave", "desk", severity=Severity.CRITICAL)
    house.outbox.add("other", "desk")
    house.deliverer = Deliverer(house.outbox, house.sinks, house.clock, house.meter, house.operations, lambda: 0.5, moment=moment)
    await house.deliverer.start()
    await house.tick()
    assert desk.names == ["grave"]
    assert house.outbox.row("other", "desk").state is DeliveryState.HELD


@run
async def test_where_the_moment_cannot_be_told_nothing_is_left_in_flight(house: House) -> None:
    async def moment(_sink: str, _claimed: Sequence[Delivery], _now: datetime, /) -> Sequence[Delivery]:
        raise StorageError("the disk is full")

    desk = house.sink("desk")
    house.outbox.add("n1", "desk")
    house.deliverer = Deliverer(house.outbox, house.sinks, house.clock, house.meter, house.operations, lambda: 0.5, moment=moment)
    await house.deliverer.start()
    await house.tick()
    assert (desk.names, house.outbox.states("desk"), house.outbox.row("n1", "desk").attempts) == ([], [PENDING], 0)


@run
async def test_poison_is_dead_at_once(house: House) -> None:
    desk = house.sink("desk", [POISON])
    house.outbox.add("n1", "desk")
    house.outbox.add("n2", "desk")
    await house.start()
    await house.tick()
    assert house.outbox.states("desk") == [DEAD, DELIVERED]
    assert desk.names == ["n1", "n2"]


@run
async def test_fault_20_a_paused_sink_keeps_all_probes_hourly_and_heals(house: House) -> None:
    desk = house.sink("desk", [Answer(PAUSE, "HTTP 401 Unauthorized", 401)] * 3)
    for n, severity in enumerate((Severity.LOW, Severity.HIGH, Severity.CRITICAL)):
        house.outbox.add(f"n{n}", "desk", severity=severity)
    await house.start()
    await house.tick()
    # All three lanes were under way when the first answer came.
    first = len(desk.sent)
    assert first == 3
    assert house.outbox.states("desk") == [PENDING] * 3
    assert "paused (HTTP 401 Unauthorized)" in house.operations.message("sink:desk")
    house.outbox.add("n3", "desk", severity=Severity.CRITICAL)
    desk.script = [Answer(PAUSE, "HTTP 404", 404)] * 2
    await house.pass_time(2.5 * HOUR, step=10)
    assert desk.names[first:] == ["n0", "n0"]  # the oldest, once an hour
    desk.script = []
    await house.pass_time(HOUR, step=10)
    assert house.outbox.states("desk") == [DELIVERED] * 4
    assert desk.names[first + 2] == "n0"
    assert house.operations.history == ["+sink:desk", "-sink:desk"]
    assert house.outbox.sinks["desk"].state is SinkState.ACTIVE


@run
async def test_fault_21_a_disabled_sink_keeps_all_and_is_not_probed(house: House) -> None:
    desk, other = house.sink("desk", [Answer(AnswerKind.DISABLE, "HTTP 410 Gone", 410)]), house.sink("other")
    for name in ("n1", "n2"):
        house.outbox.add(name, "desk")
        house.outbox.add(name, "other")
    await house.start()
    await house.pass_time(2 * 86400, step=600)
    assert desk.names == ["n1"]
    assert house.outbox.states("desk") == [PENDING, PENDING]
    assert other.names == ["n1", "n2"]
    assert "disabled (HTTP 410 Gone)" in house.operations.message("sink:desk")


@run
async def test_fault_28_a_slow_sink_and_a_slow_lane_delay_nobody(house: House) -> None:
    gate = asyncio.Event()

    async def slow(deliveries: Sequence[Delivery]) -> None:
        if deliveries[0].notification == "slow":
            await gate.wait()

    desk, other = house.sink("desk", before=slow), house.sink("other")
    house.outbox.add("slow", "desk", severity=Severity.INFO)
    house.outbox.add("n1", "other")
    deliverer = await house.start()
    await deliverer.tick()
    await turns()
    assert other.names == ["n1"]
    house.outbox.add("urgent", "desk", severity=Severity.CRITICAL)
    house.outbox.add("behind", "desk", severity=Severity.INFO)
    deliverer.wake()
    await turns()
    assert house.outbox.row("urgent", "desk").state is DELIVERED
    assert desk.names == ["slow", "urgent"]  # one in flight in the lane
    gate.set()
    await deliverer.idle()
    assert desk.names == ["slow", "urgent", "behind"]


async def turns(count: int = 30) -> None:
    """Let everything that can run without time passing run."""
    for _ in range(count):
        await asyncio.sleep(0)


@run
async def test_fault_29_restarts_during_an_outage_begin_no_stampede(house: House) -> None:
    desk = house.sink("desk", [RETRY] * 100_000)
    for n, severity in enumerate(list(Severity) * 20):
        house.outbox.add(f"n{n}", "desk", severity=severity)
    await house.start()
    await house.pass_time(600)
    tried = len(desk.sent)
    failures = house.deliverer.statuses()[0].failures
    for _ in range(5):
        await house.start()  # another life over the same outbox
        await house.pass_time(10)
    assert len(desk.sent) <= tried + 1
    assert house.deliverer.statuses()[0].failures >= failures
    desk.script = []
    while len(desk.sent) <= tried + 10:
        await house.pass_time(1)
    assert DELIVERED in house.outbox.states("desk")
    assert PENDING in house.outbox.states("desk")
    sent = len(desk.sent)
    await house.start()  # while what waited goes out
    await house.pass_time(2)
    assert len(desk.sent) <= sent + 8  # 3 + 5: the pace begins anew
    await house.pass_time(20)
    assert set(house.outbox.states("desk")) == {DELIVERED}


@run
async def test_what_was_in_flight_at_the_end_of_the_last_life_is_sent_again(house: House) -> None:
    desk = house.sink("desk", already=[])
    log = house.sink("log", already=["n1"], batch=500, never_pauses=True)
    for name in ("n1", "n2"):
        house.outbox.add(name, "desk", state=INFLIGHT)
        house.outbox.add(name, "log", state=INFLIGHT)
    await house.start()
    assert house.outbox.states("log") == [DELIVERED, PENDING]  # the log was found to hold the first
    await house.tick()
    assert desk.names == ["n1", "n2"]
    assert log.names == ["n2"]
    assert house.outbox.row("n1", "desk").attempts == 2


@run
async def test_fault_3_drain_waits_for_what_is_in_flight(house: House) -> None:
    gate = asyncio.Event()

    async def slow(_: Sequence[Delivery]) -> None:
        await gate.wait()

    desk = house.sink("desk", before=slow)
    house.outbox.add("n1", "desk")
    house.outbox.add("n2", "desk")
    deliverer = await house.start()
    await deliverer.tick()
    await turns()
    draining = asyncio.create_task(deliverer.drain(grace=5))
    await turns()
    gate.set()
    await draining
    assert house.outbox.states("desk") == [DELIVERED, PENDING]  # no claim after the drain began
    assert desk.names == ["n1"]
    assert desk.closed
    deliverer.wake()
    await deliverer.idle()
    assert desk.names == ["n1"]


@run
async def test_fault_3_drain_puts_back_what_hangs(house: House) -> None:
    async def hang(_: Sequence[Delivery]) -> None:
        await asyncio.Event().wait()

    desk = house.sink("desk", before=hang)
    paused = house.sink("paused", [PAUSE], before=None)
    house.outbox.add("n1", "desk")
    house.outbox.add("n2", "desk", severity=Severity.LOW)
    house.outbox.add("n1", "paused")
    deliverer = await house.start()
    await deliverer.tick()
    await turns()
    await asyncio.wait_for(deliverer.drain(grace=0.02), 5)
    assert house.outbox.states("desk") == [PENDING, PENDING]
    assert [house.outbox.row(name, "desk").attempts for name in ("n1", "n2")] == [1, 1]
    assert desk.closed
    assert paused.closed


@run
async def test_drain_puts_back_a_hanging_probe(house: House) -> None:
    async def hang(_: Sequence[Delivery]) -> None:
        await asyncio.Event().wait()

    house.sink("desk", before=hang)
    house.outbox.sinks["desk"] = SinkStatus("desk", SinkState.PAUSED, "HTTP 404", 1, START)
    for severity in Severity:
        house.outbox.add(f"n-{severity}", "desk", severity=severity)
    deliverer = await house.start()
    await deliverer.tick()
    await turns()
    assert house.outbox.states("desk") == [INFLIGHT, *[PENDING] * 4]
    await asyncio.wait_for(deliverer.drain(grace=0.02), 5)
    assert house.outbox.states("desk") == [PENDING] * 5


@run
async def test_fault_5_storage_errors_lose_nothing_and_send_nothing_twice(house: House) -> None:
    async def fail(_: Sequence[Delivery]) -> None:
        house.outbox.failing = True

    desk = house.sink("desk", before=fail)
    house.outbox.add("n1", "desk")
    house.outbox.add("n2", "desk")
    await house.start()
    await house.tick()
    for _ in range(5):
        await house.pass_time(10)
    assert desk.names == ["n1"]  # its answer is owed to the outbox; nothing new is claimed before it is written
    assert "the disk is full" in house.operations.message("storage")
    desk._before = None
    house.outbox.failing = False
    await house.pass_time(1)
    assert desk.names == ["n1", "n2"]
    assert house.outbox.states("desk") == [DELIVERED, DELIVERED]
    assert house.operations.history == ["+storage", "-storage"]


@run
async def test_a_sink_that_raises_is_retried(house: House) -> None:
    async def boom(_: Sequence[Delivery]) -> None:
        raise KeyError("secret")

    desk = house.sink("desk", before=boom)
    house.outbox.add("n1", "desk")
    await house.start()
    await house.tick()
    assert house.outbox.states("desk") == [PENDING]
    assert house.outbox.results[-1].answer == Answer(RETRY, detail="the sink failed: KeyError")
    desk._before = None
    await house.pass_time(10)
    assert house.outbox.states("desk") == [DELIVERED]


class Unopened(FakeSink):
    """Cannot start until it is told that it can (a log folder that is not mounted yet)."""

    ready = False

    async def start(self, recent: Any) -> Sequence[Delivery]:
        if not self.ready:
            raise SinkError("the folder is missing")
        return await super().start(recent)


@run
async def test_a_sink_that_cannot_start_is_tried_again_and_stops_no_other(house: House) -> None:
    log, desk = Unopened("log", house.clock, never_pauses=True), house.sink("desk")
    house.sinks.append(log)
    house.outbox.add("n1", "log")
    house.outbox.add("n1", "desk")
    await house.start()
    await house.pass_time(30)
    assert (log.names, desk.names) == ([], ["n1"])
    assert "the folder is missing" in house.operations.message("sink:log")
    log.ready = True
    await house.pass_time(11)
    assert log.names == ["n1"]
    assert house.operations.history == ["+sink:log", "-sink:log"]


@run
async def test_a_batch_that_fails_together_is_one_failure_and_stays_in_order(house: House) -> None:
    log = house.sink("log", [RETRY] * 3, batch=500, never_pauses=True)
    for n in range(3):
        house.outbox.add(f"n{n}", "log")
    await house.start()
    await house.tick()
    assert house.outbox.sinks["log"].failures == 1
    await house.pass_time(3)
    assert log.names == ["n0", "n1", "n2"] * 2
    assert house.outbox.states("log") == [DELIVERED] * 3


scripts = st.lists(
    st.builds(
        Answer,
        kind=st.sampled_from(AnswerKind),
        detail=st.just("x"),
        status=st.sampled_from([None, 401, 429, 503]),
        retry_after=st.none() | st.floats(0, 5000),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(
    script=scripts,
    lanes=st.lists(st.sampled_from(list(Severity)), min_size=1, max_size=8),
    chance=st.floats(0, 1, exclude_max=True),
    restarts=st.sets(st.integers(0, 30)),
    steps=st.lists(st.floats(1, 3000), min_size=30, max_size=40),
)
def test_never_lost_never_out_of_order(
    script: list[Answer], lanes: list[Severity], chance: float, restarts: set[int], steps: list[float]
) -> None:
    """Under any answers, waits and restarts: within a lane a delivery is taken only after all before it ended, attempts are
    bounded by the answers, and everything ends once the sink is well again (unless it asked not to be called)."""

    async def drive() -> None:
        house = House(chance=chance)
        desk = house.sink("desk", [a for a in script if a.kind is not AnswerKind.DISABLE])
        for n, severity in enumerate(lanes):
            house.outbox.add(f"n{n}", "desk", severity=severity)
        await house.start()
        for turn, step in enumerate(steps):
            house.clock.advance(step)
            if turn in restarts:
                await house.start()
            await house.tick()
        desk.script = []
        await house.pass_time(3 * HOUR, step=600)
        assert set(house.outbox.states("desk")) <= {DELIVERED, DEAD}
        ended = [result for result in house.outbox.results if result.state is not PENDING]
        assert len(ended) == len(lanes)  # each ended once
        for severity in set(lanes):
            order = [r.delivery.sequence for r in ended if r.delivery.severity is severity]
            assert order == sorted(order)
        assert len(desk.sent) <= len(script) + len(lanes)
        # A sink whose last probe was poison has nothing to prove itself with until there is something to tell.
        house.outbox.add("last", "desk", now=house.clock.now())
        await house.pass_time(HOUR, step=600)
        assert house.outbox.row("last", "desk").state is DELIVERED
        assert not house.operations.message("sink:desk")

    asyncio.run(drive())
