"""Any order of ingest, claim, record, release, crash: never two in flight in a lane, always in order, nothing lost."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import create_engine, select

from monitor.model import Answer, AnswerKind, Delivery, DeliveryState, Severity
from monitor.ports import DeliveryResult
from monitor.store import ingest, outbox, schema
from tests.store import builders as b

SINKS = ("log", "desk")
SEVERITIES = st.sampled_from([Severity.CRITICAL, Severity.HIGH, Severity.INFO])
FINAL = {DeliveryState.DELIVERED, DeliveryState.DEAD, DeliveryState.EXPIRED}


class OutboxMachine(RuleBasedStateMachine):
    """The model: for each sink what was enqueued, and for each claimed delivery that the caller holds it."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = create_engine("sqlite://")
        self.connection = self.engine.connect()
        schema.metadata.create_all(self.connection)
        self.connection.commit()
        self.connection.exec_driver_sql("BEGIN")  # as the writer does, before anything is written
        self.seconds = 0.0
        self.articles = 0
        self.enqueued: dict[str, list[str]] = {name: [] for name in SINKS}
        self.held: list[Delivery] = []
        self.final: dict[tuple[str, str], DeliveryState] = {}

    def teardown(self) -> None:
        self.connection.close()
        self.engine.dispose()

    @property
    def now(self) -> Any:
        return b.later(self.seconds)

    @rule(severity=SEVERITIES, sinks=st.sampled_from([("log",), ("desk",), ("log", "desk"), ()]))
    def enqueue(self, severity: Severity, sinks: tuple[str, ...]) -> None:
        self.articles += 1
        one = b.simple(f"{self.articles}", severity=severity, sinks=sinks, now=self.now)
        ingest.ingest(self.connection, one)
        ingest.ingest(self.connection, one)
        notification = one.articles[0].decided[0].notification
        assert notification is not None
        for name in sinks:
            self.enqueued[name].append(notification.id)

    @rule(seconds=st.sampled_from([1, 30, 600]))
    def time_passes(self, seconds: int) -> None:
        self.seconds += seconds

    @rule(name=st.sampled_from(SINKS), limit=st.integers(1, 3))
    def claim(self, name: str, limit: int) -> None:
        before = self.rows(name)
        busy = {row.severity for row in before if row.state == "inflight"}
        expected = []
        for severity in sorted(Severity, key=lambda one: -one.rank):
            lane = [row for row in before if row.severity == severity and row.state == "pending"]
            for row in lane[:limit] if severity.value not in busy else []:
                if row.due > self.now:
                    break
                expected.append((row.notification, row.attempts + 1))
        claimed = outbox.claim(self.connection, name, self.now, limit)
        assert [(one.notification, one.attempts) for one in claimed] == expected
        self.held.extend(claimed)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def record(self, data: st.DataObject) -> None:
        some = data.draw(st.lists(st.sampled_from(self.held), min_size=1, max_size=3, unique=True))
        results = []
        for one in some:
            state = data.draw(st.sampled_from([*sorted(FINAL), DeliveryState.PENDING, DeliveryState.HELD]))
            waits = state not in FINAL
            due = b.later(self.seconds + data.draw(st.sampled_from([0, 5, 900]))) if waits else None
            results.append(DeliveryResult(one, state, Answer(AnswerKind.RETRY, "said so"), due))
            if not waits:
                self.final[one.sink, one.notification] = state
            self.held.remove(one)
        outbox.settle(self.connection, results, None, self.now)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        some = data.draw(st.lists(st.sampled_from(self.held), min_size=1, max_size=3, unique=True))
        outbox.release(self.connection, some, self.now)
        self.held = [one for one in self.held if one not in some]

    @rule()
    def crash(self) -> None:
        assert outbox.recover(self.connection, self.now) == len(self.held)
        self.held = []

    def rows(self, name: str) -> list[Any]:
        return list(self.connection.execute(select(schema.delivery).where(schema.delivery.c.sink == name).order_by("sequence")))

    @invariant()
    def nothing_is_lost_and_sequences_have_no_gap(self) -> None:
        for name in SINKS:
            rows = self.rows(name)
            assert [row.notification for row in rows] == self.enqueued[name]
            assert [row.sequence for row in rows] == list(range(1, len(rows) + 1))

    @invariant()
    def states_are_what_was_said(self) -> None:
        held = {(one.sink, one.notification) for one in self.held}
        for name in SINKS:
            for row in self.rows(name):
                place = (row.sink, row.notification)
                assert (row.state == "inflight") == (place in held)
                if place in self.final:
                    assert row.state == self.final[place]

    @invariant()
    def what_is_next_is_the_earliest_head(self) -> None:
        dues = []
        for name in SINKS:
            rows = self.rows(name)
            for severity in Severity:
                lane = [row for row in rows if row.severity == severity and row.state in ("pending", "inflight")]
                if lane and not any(row.state == "inflight" for row in lane):
                    dues.append(lane[0].due)
        assert outbox.next_due(self.connection) == min(dues, default=None)

    @invariant()
    def every_finished_attempt_is_kept(self) -> None:
        made = sum(row.attempts - (row.state == "inflight") for name in SINKS for row in self.rows(name))
        assert len(self.connection.execute(select(schema.attempt)).all()) == made


OutboxMachine.TestCase.settings = settings(
    max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
TestOutboxMachine = OutboxMachine.TestCase
