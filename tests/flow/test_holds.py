"""Holds over the real record: what is held, when it ends, and that every delivery is sent or told of, once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.flow.deliver import Deliverer
from monitor.flow.digests import Every, is_digest
from monitor.flow.holds import HoldDesk
from monitor.flow.moment import Quiet, Rate, Rules
from monitor.flow.route import Route
from monitor.model import Answer, AnswerKind, Delivery, Severity, SinkState
from monitor.ports import Selection
from monitor.store import SqlStore
from tests.fakes import FakeClock, FakeMeter, FakeOperations, FakeSink
from tests.store import builders as b

HOUR = 3600.0


class Away(FakeSink):
    """Nobody answers while ``up`` is False. ``told`` are the deliveries it took."""

    up = True

    def __init__(self, name: str, clock: FakeClock) -> None:
        super().__init__(name, clock)
        self.told: list[tuple[Delivery, datetime]] = []

    async def send(self, deliveries: Sequence[Delivery]) -> Sequence[Answer]:
        if not self.up:
            return [Answer(AnswerKind.RETRY, detail="connection refused")] * len(deliveries)
        self.told += [(one, self._clock.now()) for one in deliveries]
        return await super().send(deliveries)


@dataclass
class Desk:
    """One sink named ``desk`` over the record, with the rules in question."""

    store: SqlStore
    rules: Rules = field(default_factory=Rules)
    route: Route | None = None
    clock: FakeClock = field(default_factory=lambda: FakeClock(b.NOW))
    made: int = 0
    #: The documents name their stories, each another.
    apart: bool = False

    def __post_init__(self) -> None:
        self.sink = Away("desk", self.clock)
        self.begin()

    def begin(self) -> None:
        """As at a start."""
        self.meter = FakeMeter()
        groups = {self.route.hold: self.route.group_by} if self.route else {}
        self.holds = HoldDesk(self.store, self.clock, self.meter, rules={"desk": self.rules}, groups=groups, failing=self._failing)
        self.deliverer = Deliverer(
            self.store, [self.sink], self.clock, FakeMeter(), FakeOperations(self.clock), lambda: 0.5, moment=self.holds
        )

    def _failing(self, sink: str) -> bool:
        return any(status.state is not SinkState.ACTIVE or status.failures > 0 for status in self.deliverer.statuses())

    async def tell(self, count: int = 1, severity: Severity = Severity.HIGH) -> None:
        items = []
        for _ in range(count):
            self.made += 1
            about = b.article(f"k{self.made}")
            decided = b.raised(about, b.found(severity=severity), ["desk"])
            assert decided.notification is not None
            now = self.clock.now()
            ways = self.route.ways(severity, now) if self.route else decided.ways
            payload = json.dumps({"data": {"story": {"id": about.id}}}).encode() if self.apart else decided.notification.payload
            items.append(
                b.item(about, replace(decided, notification=replace(decided.notification, created=now, payload=payload), ways=ways))
            )
        await self.store.ingest(b.batch(*items, now=self.clock.now()))

    async def tick(self) -> None:
        await self.holds.tick()
        await self.deliverer.tick()
        await self.deliverer.idle()

    async def pass_time(self, seconds: float, step: float = 1.0) -> None:
        until = self.clock.now() + timedelta(seconds=seconds)
        while self.clock.now() < until:
            self.clock.advance(min(step, (until - self.clock.now()).total_seconds()))
            await self.tick()

    def counts(self) -> list[int]:
        """How many notifications each message that was taken tells of."""
        return [tells_of(one) for one, _ in self.sink.told]

    async def states(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for row in await self.store.deliveries(Selection()):
            state = f"{row['state']} {row['reason']}".strip()
            found[state] = found.get(state, 0) + 1
        return found


def tells_of(delivery: Delivery) -> int:
    digest = json.loads(delivery.payload).get("data", {}).get("digest")
    return 1 if digest is None else int(digest["count"])


def desk(folder: Path, work: Callable[[Desk], Awaitable[None]], rules: Rules | None = None, route: Route | None = None) -> None:
    async def life() -> None:
        store = await SqlStore.open(folder)
        try:
            await store.sync_sinks(["desk"], b.NOW)
            found = Desk(store, rules or Rules(), route)
            await found.deliverer.start()
            await work(found)
        finally:
            await store.close()

    asyncio.run(life())


# ------------------------------------------------------------------------------------------- digests
def test_a_digest_route_tells_many_in_one_and_one_as_it_is(tmp_path: Path) -> None:
    async def work(at: Desk) -> None:
        await at.tell(3)
        await at.tell(severity=Severity.CRITICAL)
        await at.pass_time(HOUR - 1, 600)
        assert at.counts() == [1]  # the critical one, at once
        await at.pass_time(2)
        assert at.counts() == [1, 3]
        assert await at.states() == {"delivered": 2, "cancelled digest": 3}
        await at.tell()
        await at.pass_time(HOUR, 600)
        assert at.counts() == [1, 3, 1]
        assert not is_digest(at.sink.told[-1][0])
        assert at.meter.counted("digests_total", sink="desk") == 1

    desk(tmp_path, work, route=Route(("desk",), name="night", digest=Every(HOUR)))


@pytest.mark.parametrize("group_by", [("story",), ("watchlist",)])
def test_a_hold_of_more_than_is_read_at_a_time_ends(tmp_path: Path, group_by: tuple[str, ...]) -> None:
    """Also where no two of them have anything in common: they would be found again at every tick, and expire in the end."""

    async def work(found: Desk) -> None:
        found.holds = HoldDesk(
            found.store,
            found.clock,
            found.meter,
            rules={},
            groups={found.route.hold: found.route.group_by} if found.route else {},
            gathered=4,
        )
        found.apart = True
        await found.tell(11)
        found.clock.advance(HOUR)
        for _ in range(5):
            await found.tick()
        assert sum(found.counts()) == 11
        assert "held" not in " ".join(await found.states())

    desk(tmp_path, work, route=Route(("desk",), name="desk", digest=Every(HOUR), group_by=group_by))


def test_fault_29_what_is_held_stays_held_over_a_restart(tmp_path: Path) -> None:
    route = Route(("desk",), name="night", digest=Every(HOUR))

    async def before(at: Desk) -> None:
        await at.tell(2)
        await at.tick()

    async def after(at: Desk) -> None:
        at.clock.advance(HOUR - 10)
        await at.pass_time(9)
        assert at.counts() == []
        await at.pass_time(2)
        assert at.counts() == [2]

    desk(tmp_path, before, route=route)
    desk(tmp_path, after, route=route)


@pytest.mark.parametrize("step", [-HOUR, HOUR, 400 * 86400.0])
def test_fault_52_a_clock_that_is_set_ends_no_hold_twice_and_forgets_none(tmp_path: Path, step: float) -> None:
    async def work(at: Desk) -> None:
        await at.tell(2)
        at.clock.step(step)
        await at.tell(2)
        await at.tick()
        await at.pass_time(3 * HOUR, 60)
        assert sum(at.counts()) == 4
        assert await at.states() == {"delivered": len(at.counts()), "cancelled digest": 4}

    desk(tmp_path, work, route=Route(("desk",), name="night", digest=Every(HOUR)))


# --------------------------------------------------------------------------------------- quiet hours
def test_quiet_hours_hold_all_but_the_critical_and_are_summed_up_when_they_end(tmp_path: Path) -> None:
    async def work(at: Desk) -> None:
        await at.tell(2)
        await at.tell(severity=Severity.CRITICAL)
        await at.tick()
        await at.pass_time(HOUR, 600)
        await at.tell(2)
        await at.tick()
        assert at.counts() == [1]
        assert await at.states() == {"delivered": 1, "held quiet": 4}
        await at.pass_time(HOUR, 600)
        assert at.counts() == [1, 4]
        assert "quiet hours" in json.loads(at.sink.told[-1][0].payload)["data"]["digest"]["text"]

    desk(tmp_path, work, Rules(quiet=(Quiet(time(12), time(14)),)))


def test_one_message_of_quiet_hours_is_sent_as_it_is(tmp_path: Path) -> None:
    async def work(at: Desk) -> None:
        await at.tell()
        await at.pass_time(2 * HOUR + 1, 600)
        assert at.counts() == [1]
        assert await at.states() == {"delivered": 1}

    desk(tmp_path, work, Rules(quiet=(Quiet(time(12), time(14)),), sums_up=True))


def test_what_a_routes_digest_let_go_into_quiet_hours_was_held_for_them_since_then(tmp_path: Path) -> None:
    async def work(at: Desk) -> None:
        await at.pass_time(300, 60)
        await at.tell()
        await at.pass_time(1800, 60)
        assert await at.states() == {"held quiet": 1}
        await at.tell()
        await at.pass_time(2 * HOUR, 60)
        assert at.counts() == [2]
        assert json.loads(at.sink.told[-1][0].payload)["data"]["digest"]["text"].startswith("Held back since 2026-03-01 12:30 UTC, because")

    route = Route(("desk",), name="r", digest=Every(HOUR / 2))
    desk(tmp_path, work, Rules(quiet=(Quiet(time(12, 30), time(14)),)), route)


# -------------------------------------------------------------------------------------------- rates
def test_a_rate_sends_so_many_and_sums_up_the_rest(tmp_path: Path) -> None:
    async def work(at: Desk) -> None:
        await at.tell(7)
        await at.tell(severity=Severity.CRITICAL)
        await at.tick()
        assert at.counts() == [1, 1, 1]  # the critical one is one of the three
        await at.pass_time(HOUR + 2, 60)
        assert at.counts() == [1, 1, 1, 5]

    desk(tmp_path, work, Rules(rate=Rate(3, HOUR)))


def test_a_rate_is_kept_to_over_a_restart(tmp_path: Path) -> None:
    async def work(at: Desk) -> None:
        await at.tell(2)
        await at.tick()
        at.begin()
        await at.deliverer.start()
        await at.tell(2)
        await at.tick()
        assert at.counts() == [1, 1]
        await at.pass_time(HOUR + 2, 60)
        assert at.counts() == [1, 1, 2]

    desk(tmp_path, work, Rules(rate=Rate(2, HOUR)))


def test_a_rate_taken_out_and_put_back_counts_what_was_sent_meanwhile(tmp_path: Path) -> None:
    async def work(at: Desk) -> None:
        await at.tell(2)
        await at.tick()
        await at.pass_time(1800, 60)
        at.holds.change({}, {})
        await at.tell(3)
        await at.tick()
        assert at.counts() == [1] * 5
        await at.pass_time(1900, 60)  # the first two have left the window, the three have not
        at.holds.change({"desk": at.rules}, {})
        await at.tell(2)
        await at.tick()
        assert at.counts() == [1] * 5
        await at.pass_time(HOUR, 60)
        assert at.counts() == [1, 1, 1, 1, 1, 2]

    desk(tmp_path, work, Rules(rate=Rate(2, HOUR)))


def test_a_longer_window_counts_what_the_shorter_had_let_go(tmp_path: Path) -> None:
    async def work(at: Desk) -> None:
        for _ in range(2):
            await at.tell(3)
            await at.tick()
            await at.pass_time(700, 60)
        assert at.counts() == [1] * 6
        at.holds.change({"desk": Rules(rate=Rate(6, 24 * HOUR))}, {})
        await at.tell(2)
        await at.tick()
        assert at.counts() == [1] * 6
        at.holds.change({"desk": Rules(rate=Rate(8, 24 * HOUR))}, {})  # and is no wall: two more may go
        await at.tell(3)
        await at.tick()
        assert at.counts() == [1] * 8

    desk(tmp_path, work, Rules(rate=Rate(3, 600)))


def test_an_edit_that_leaves_a_rate_as_it_is_reads_nothing_anew(tmp_path: Path) -> None:
    """What was sent a moment ago may not stand in the record yet: while the rate is the same, memory knows it best."""

    async def work(at: Desk) -> None:
        at.sink.up = False  # what was claimed is under way, and the record has nothing of it
        await at.tell(2)
        await at.tick()
        at.holds.change({"desk": replace(at.rules, quiet=(Quiet(time(3), time(4)),))}, {})
        assert await at.holds.would_hold("desk", Severity.HIGH, at.clock.now()) is not None

    desk(tmp_path, work, Rules(rate=Rate(1, HOUR)))


def test_a_rate_that_is_edited_while_the_record_is_read_is_asked_for_again(tmp_path: Path) -> None:
    async def work(at: Desk) -> None:
        await at.tell(3)
        await at.tick()
        await at.pass_time(700, 60)
        at.begin()  # nothing is remembered
        now = at.clock.now()
        asked = asyncio.create_task(at.holds.would_hold("desk", Severity.HIGH, now))
        await asyncio.sleep(0)  # it waits for the record
        at.holds.change({"desk": Rules(rate=Rate(3, 24 * HOUR))}, {})
        assert await asked is None  # by the rate that was in force when it was asked
        assert await at.holds.would_hold("desk", Severity.HIGH, now) is not None

    desk(tmp_path, work, Rules(rate=Rate(3, 600)))


def test_under_a_flood_every_message_is_told_of_and_the_rate_holds(tmp_path: Path) -> None:
    async def work(at: Desk) -> None:
        for _ in range(20):
            await at.tell(3)
            await at.pass_time(60, 20)
        await at.pass_time(HOUR, 60)
        assert sum(at.counts()) == 60
        times = [when for _, when in at.sink.told]
        for number, when in enumerate(times):
            assert sum(when <= other < when + timedelta(minutes=10) for other in times[number:]) <= 4

    desk(tmp_path, work, Rules(rate=Rate(4, 600)))


# ---------------------------------------------------------------------------------------- a backlog
def test_fault_17_a_backlog_is_told_as_one_digest(tmp_path: Path) -> None:
    """A chat that was away for three days: one try that went through, the critical ones one by one, one digest of the rest."""

    async def work(at: Desk) -> None:
        at.sink.up = False
        for _ in range(9):
            await at.tell(30)
            await at.tell(severity=Severity.CRITICAL)
            await at.pass_time(8 * HOUR, HOUR)
        at.sink.up = True
        await at.pass_time(600)
        critical = [one for one, _ in at.sink.told if one.severity is Severity.CRITICAL]
        rest = [tells_of(one) for one, _ in at.sink.told if one.severity is not Severity.CRITICAL]
        print(f"72 h away: {at.made} alerts were told in {len(at.sink.told)} messages, one of them of {max(rest)}")
        assert len(critical) == 9
        assert sum(rest) == 270
        assert len(rest) <= 2
        assert await at.states() == {"delivered": len(at.sink.told), "cancelled digest": max(rest)}

    desk(tmp_path, work, Rules(sums_up=True))


def test_a_sink_that_programs_read_gets_its_backlog_one_by_one(tmp_path: Path) -> None:
    async def work(at: Desk) -> None:
        at.sink.up = False
        await at.tell(30)
        await at.pass_time(8 * HOUR, HOUR)
        at.sink.up = True
        await at.pass_time(600)
        assert at.counts() == [1] * 30

    desk(tmp_path, work)


# ------------------------------------------------------------------------------------------ nothing lost
STEPS = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from(list(Severity)), st.sampled_from([1.0, 60.0, 900.0, 5000.0]), st.booleans()), max_size=6
)
RULES = st.builds(
    Rules,
    st.sampled_from([(), (Quiet(time(12), time(14)),), (Quiet(time(13), time(10), "Asia/Tehran"),)]),
    st.sampled_from([None, Rate(1, 600), Rate(3, HOUR)]),
    st.booleans(),
)
ROUTES = st.sampled_from(
    [None, Route(("desk",), name="r", digest=Every(900)), Route(("desk",), name="r", digest=Every(HOUR), group_by=("severity",))]
)


@settings(max_examples=8, deadline=None)
@given(STEPS, RULES, ROUTES)
def test_sent_and_held_and_gathered_is_all_that_was_routed(
    steps: list[tuple[int, Severity, float, bool]], rules: Rules, route: Route | None
) -> None:
    async def work(at: Desk) -> None:
        for count, severity, seconds, up in steps:
            at.sink.up = up
            if count:
                await at.tell(count, severity)
            await at.pass_time(seconds, max(1.0, seconds / 3))
            rows = await at.store.deliveries(Selection())
            ended_in = {row["told_in"] for row in rows if row["state"] == "cancelled"}
            assert ended_in <= {row["notification"] for row in rows}  # whatever was gathered is told of by something
            digests = {row["notification"] for row in rows if row["digest"]}
            assert len([row for row in rows if row["notification"] not in digests]) == at.made
            assert not [
                row for row in rows if row["state"] == "held" and row["severity"] == "critical" and row["notification"] not in digests
            ]
        at.sink.up = True
        await at.pass_time(36 * HOUR, HOUR)
        await at.pass_time(1200, 60)
        assert set(await at.states()) <= {"delivered", "cancelled digest"}
        assert sum(at.counts()) == at.made

    with TemporaryDirectory() as folder:
        desk(Path(folder), work, rules, route)
