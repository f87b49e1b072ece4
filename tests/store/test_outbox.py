"""Deliveries: claimed in order and lane by lane, every attempt kept, final states left alone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from monitor.flow.retry import TRANSITIONS, Event
from monitor.model import Answer, AnswerKind, Delivery, DeliveryState, Severity, SinkState, Way
from monitor.ports import DeliveryResult, Selection, SinkStatus
from monitor.store import SqlStore
from tests.store import builders as b


async def fill(store: SqlStore, *severities: Severity, sinks: tuple[str, ...] = ("log",)) -> None:
    for n, severity in enumerate(severities):
        await store.ingest(b.simple(f"{n}", severity=severity, sinks=sinks))


def test_the_states_are_left_as_the_table_says_and_in_no_other_way(tmp_path: Path) -> None:
    """Every event at every state of one delivery, on the real record."""

    async def put(store: SqlStore, key: str, state: DeliveryState) -> Delivery:
        a = b.article(key)
        way = Way("log", "", b.later(3600), "quiet") if state is DeliveryState.HELD else Way("log")
        told = replace(b.raised(a, b.found()), ways=(way,))
        await store.ingest(b.batch(b.item(a, told)))
        assert told.notification is not None
        one = Delivery(told.notification.id, "log", told.notification.alert, Severity.HIGH, 1, state, 0, b.NOW, b.NOW, b"")
        if state in {DeliveryState.HELD, DeliveryState.PENDING}:
            return replace(one, sequence=(await store.deliveries(Selection(notifications=(one.notification,))))[0]["sequence"])
        if state is DeliveryState.CANCELLED:
            await store.sync_sinks([], b.NOW)
        (one,) = [two for two in await store.claim("log", b.NOW, 9) if two.notification == one.notification] or [one]
        if state is DeliveryState.EXPIRED:
            await store.release([one], b.NOW)
            await store.expire("log", b.later(1), b.NOW, "late")
        elif state in {DeliveryState.DELIVERED, DeliveryState.DEAD}:
            await store.settle([DeliveryResult(one, state, Answer(AnswerKind.DELIVERED))], None, b.NOW)
        return one

    async def happen(store: SqlStore, event: Event, one: Delivery, to: DeliveryState) -> None:
        match event:
            case Event.CLAIM:
                await store.claim("log", b.NOW, 9)
            case Event.ANSWER:
                await store.settle([DeliveryResult(one, to, Answer(AnswerKind.RETRY))], None, b.NOW)
            case Event.GIVE_BACK:
                await store.release([one], b.NOW)
                await store.recover(b.NOW)
            case Event.HOLD:
                await store.hold([one], "quiet", b.later(60), b.NOW)
            case Event.LET_GO:
                await store.let_go("log", "quiet", b.NOW)
            case Event.EXPIRE:
                await store.settle([DeliveryResult(one, DeliveryState.EXPIRED, Answer(AnswerKind.RETRY))], None, b.NOW)
                await store.expire("log", b.later(9_999), b.NOW, "late")
            case Event.CANCEL:
                await store.sync_sinks([], b.NOW)
            case Event.RETURN:
                await store.sync_sinks(["log"], b.NOW)
            case Event.REPLAY:
                await store.replay(Selection(sink="log"), b.NOW, "cli:alice")

    async def work(store: SqlStore) -> None:
        walked = 0
        for state in DeliveryState:
            for event in Event:
                for to in sorted(TRANSITIONS.get((state, event), {state})):
                    walked += 1
                    one = await put(store, f"{walked}", state)
                    assert (await store.deliveries(Selection(notifications=(one.notification,))))[0]["state"] == state
                    await happen(store, event, one, to)
                    assert (await store.deliveries(Selection(notifications=(one.notification,))))[0]["state"] == to, (state, event)
                    await store.sync_sinks([], b.NOW)  # out of the way of the next: too late to be given back
                    await store.sync_sinks(["log"], b.later(8 * 86400))
        assert walked > len(DeliveryState) * len(Event)

    b.with_store(tmp_path, work)


def sequences(deliveries: Any) -> list[int]:
    return [one.sequence for one in deliveries]


async def answers(store: SqlStore) -> list[dict[str, Any]]:
    (listed,) = await store.alerts()
    shown = await store.alert(listed["id"])
    assert shown is not None
    found: list[dict[str, Any]] = shown["notifications"][0]["deliveries"][0]["answers"]
    return found


def test_claims_take_each_free_lane_from_its_head_critical_first(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await fill(store, Severity.LOW, Severity.CRITICAL, Severity.LOW, Severity.CRITICAL, Severity.CRITICAL, Severity.INFO)
        first = await store.claim("log", b.NOW, 2)
        assert sequences(first) == [2, 4, 1, 3, 6]
        assert {(one.state, one.attempts) for one in first} == {(DeliveryState.INFLIGHT, 1)}
        assert await store.claim("log", b.NOW, 2) == ()
        await store.settle([b.delivered(one) for one in first if one.severity is not Severity.LOW], None, b.NOW)
        assert sequences(await store.claim("log", b.NOW, 2)) == [5]
        assert await store.pending_counts() == {"log": 3}

    b.with_store(tmp_path, work)


def test_a_claim_carries_the_stored_bytes(tmp_path: Path) -> None:
    a = b.article()
    decided = b.raised(a, b.found())

    async def work(store: SqlStore) -> None:
        await store.ingest(b.batch(b.item(a, decided)))
        (claimed,) = await store.claim("desk", b.NOW, 10)
        assert decided.notification is not None
        assert claimed == Delivery(
            notification=decided.notification.id,
            sink="desk",
            alert=decided.notification.alert,
            severity=Severity.HIGH,
            sequence=1,
            state=DeliveryState.INFLIGHT,
            attempts=1,
            due=b.NOW,
            created=b.NOW,
            payload=decided.notification.payload,
        )

    b.with_store(tmp_path, work)


def test_a_head_that_is_not_due_holds_its_lane_and_no_other(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await fill(store, Severity.HIGH, Severity.HIGH, Severity.LOW)
        first, low = await store.claim("log", b.NOW, 1)
        await store.settle([b.again(first, b.later(30)), b.delivered(low)], None, b.NOW)
        assert await store.claim("log", b.later(29), 10) == ()
        assert await store.next_due() == b.later(30)
        retried = await store.claim("log", b.later(30), 10)
        assert [(one.sequence, one.attempts) for one in retried] == [(1, 2), (2, 1)]

    b.with_store(tmp_path, work)


def test_a_run_stops_at_the_first_that_is_not_due(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await fill(store, *[Severity.HIGH] * 4)
        run = await store.claim("log", b.NOW, 3)
        await store.settle([b.again(run[0], b.NOW), b.delivered(run[1]), b.again(run[2], b.later(60))], None, b.NOW)
        assert sequences(await store.claim("log", b.later(1), 10)) == [1]

    b.with_store(tmp_path, work)


def test_what_is_held_is_not_sent_and_holds_up_nothing(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        a = b.article("a")
        held = replace(b.raised(a, b.found()), ways=(Way("log", "desk at night", b.later(3600), "quiet"),))
        await store.ingest(b.batch(b.item(a, held)))
        (listed,) = await store.alerts()
        assert listed["deliveries"] == {"held": 1}
        assert await store.next_due() is None
        await fill(store, Severity.HIGH)
        (one,) = await store.claim("log", b.later(3600), 5)
        assert (one.sequence, one.route) == (2, "")
        assert await store.pending_counts() == {"log": 2}
        assert await store.sync_sinks([], b.later(3600)) == ()
        assert await store.pending_counts() == {}

    b.with_store(tmp_path, work)


def test_a_hold_that_is_over_holds_nothing(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        a = b.article("a")
        await store.ingest(b.batch(b.item(a, replace(b.raised(a, b.found()), ways=(Way("log", "all", b.NOW, "quiet"),)))))
        (one,) = await store.claim("log", b.NOW, 5)
        assert (one.route, one.reason, one.due) == ("all", "", b.NOW)

    b.with_store(tmp_path, work)


def test_only_the_lanes_asked_for_are_claimed(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await fill(store, Severity.LOW, Severity.CRITICAL, Severity.HIGH)
        lanes = {Severity.CRITICAL, Severity.LOW}
        assert sequences(await store.claim("log", b.NOW, 5, lanes=lanes)) == [2, 1]

    b.with_store(tmp_path, work)


def test_a_probe_is_the_oldest_of_all_lanes_due_or_not(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        assert await store.probe("log", b.NOW) is None
        await fill(store, Severity.LOW, Severity.CRITICAL)
        critical, low = await store.claim("log", b.NOW, 1)
        await store.settle([b.again(low, b.later(600)), b.again(critical, b.later(600))], None, b.NOW)
        probe = await store.probe("log", b.later(1))
        assert probe is not None
        assert (probe.sequence, probe.state, probe.attempts) == (1, DeliveryState.INFLIGHT, 2)
        assert await store.probe("log", b.later(2)) is None
        await store.settle([b.delivered(probe)], None, b.later(2))
        probe = await store.probe("log", b.later(3))
        assert probe is not None
        assert probe.sequence == 2

    b.with_store(tmp_path, work)


def test_what_is_too_old_expires_whether_it_waits_or_is_held(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        a = b.article("held")
        held = replace(b.raised(a, b.found()), ways=(Way("log", "", b.later(3600), "quiet"),))
        await store.ingest(b.batch(b.item(a, held)))
        await fill(store, Severity.HIGH, Severity.LOW)
        _, low = await store.claim("log", b.NOW, 1)
        await store.release([low], b.NOW, unsent=True)
        assert await store.expire("log", b.NOW, b.later(9), "too old") == ()
        assert await store.expire("log", b.later(1), b.later(9), "too old", 1) == (low.notification,)
        assert held.notification is not None
        # Its age counts from the end of its hold.
        assert await store.expire("log", b.later(3600), b.later(3601), "too old") == ()
        assert await store.expire("log", b.later(3601), b.later(3602), "too old") == (held.notification.id,)
        assert [await store.given_up("log"), await store.given_up("log", b.later(10))] == [2, 1]
        assert await store.pending_counts() == {"log": 1}  # what is in flight is its sender's

    b.with_store(tmp_path, work)


def test_a_replay_counts_its_age_anew_and_keeps_its_attempts(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await fill(store, Severity.HIGH, Severity.HIGH, sinks=("log", "desk"))
        dead = [DeliveryResult(one, DeliveryState.DEAD, Answer(AnswerKind.REFUSED, "no")) for one in await store.claim("log", b.NOW, 5)]
        gone = [DeliveryResult(one, DeliveryState.DEAD, Answer(AnswerKind.REFUSED, "no")) for one in await store.claim("desk", b.NOW, 5)]
        await store.settle([*dead, *gone], None, b.NOW)
        assert await store.replay(Selection(sink="log", until=b.NOW), b.later(60), "cli:alice") == 0
        assert await store.replay(Selection(sink="log", limit=1), b.later(60), "cli:alice") == 1
        (again,) = await store.claim("log", b.later(60), 5)
        assert (again.sequence, again.attempts, again.replayed, again.since) == (1, 2, b.later(60), b.later(60))
        assert await store.given_up("log") == 1
        await store.sync_sinks(["log"], b.later(61))
        assert await store.replay(Selection(), b.later(62), "cli:alice") == 1  # nobody would send what the retired sink has
        assert await store.given_up("desk") == 2

    b.with_store(tmp_path, work)


def test_answers_and_what_they_make_of_the_sink_are_one_transaction(tmp_path: Path) -> None:
    status = SinkStatus("log", SinkState.FAILING, "no answer", 5, b.later(60), since=b.NOW)

    async def work(store: SqlStore) -> None:
        await fill(store, Severity.HIGH)
        (one,) = await store.claim("log", b.NOW, 1)
        answer = Answer(AnswerKind.RETRY, "half of them", progress={"reached": ["a"]})
        await store.settle([DeliveryResult(one, DeliveryState.PENDING, answer, b.later(5))], status, b.NOW)
        assert await store.sync_sinks(["log"], b.NOW) == (status,)
        (one,) = await store.claim("log", b.later(5), 1)
        assert one.progress == {"reached": ["a"]}
        await store.settle([b.again(one, b.later(9))], None, b.later(5))
        (one,) = await store.claim("log", b.later(9), 1)
        assert one.progress == {"reached": ["a"]}

    b.with_store(tmp_path, work)


def test_what_was_claimed_and_never_sent_was_no_attempt(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await fill(store, Severity.HIGH)
        (one,) = await store.claim("log", b.NOW, 1)
        await store.release([one], b.later(1), unsent=True)
        assert await answers(store) == []
        (again,) = await store.claim("log", b.later(1), 1)
        assert again.attempts == 1

    b.with_store(tmp_path, work)


def test_when_a_receiver_is_back_only_what_waits_for_a_retry_is_hastened(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await fill(store, Severity.HIGH, Severity.LOW)
        high, low = await store.claim("log", b.NOW, 1)
        waits = [(high, AnswerKind.RETRY), (low, AnswerKind.REFUSED)]
        await store.settle([DeliveryResult(one, DeliveryState.PENDING, Answer(kind), b.later(600)) for one, kind in waits], None, b.NOW)
        assert await store.claim("log", b.later(1), 1) == ()
        await store.hasten("log", b.later(1))
        assert sequences(await store.claim("log", b.later(1), 1)) == [high.sequence]

    b.with_store(tmp_path, work)


def test_sinks_do_not_hold_each_other(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await fill(store, Severity.HIGH, Severity.HIGH, sinks=("log", "desk"))
        assert sequences(await store.claim("log", b.NOW, 1)) == [1]
        assert sequences(await store.claim("desk", b.NOW, 5)) == [1, 2]
        assert await store.next_due() is None  # every lane has something in flight
        assert await store.pending_counts() == {"desk": 2, "log": 2}
        assert await store.claim("unknown", b.NOW, 5) == ()

    b.with_store(tmp_path, work)


def test_every_attempt_is_kept_with_its_answer(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await fill(store, Severity.HIGH)
        (one,) = await store.claim("log", b.NOW, 1)
        refused = DeliveryResult(one, DeliveryState.PENDING, Answer(AnswerKind.RETRY, "service unavailable", 503), b.later(5))
        await store.settle([refused], None, b.later(1))
        (one,) = await store.claim("log", b.later(5), 1)
        await store.release([one], b.later(6))
        (one,) = await store.claim("log", b.later(6), 1)
        assert one.attempts == 3
        await store.settle([b.delivered(one)], None, b.later(7))
        assert await store.claim("log", b.later(99), 1) == ()
        assert await answers(store) == [
            {
                "number": 1,
                "started": "2026-03-01T12:00:00Z",
                "finished": "2026-03-01T12:00:01Z",
                "kind": "retry",
                "status": 503,
                "detail": "service unavailable",
            },
            {
                "number": 2,
                "started": "2026-03-01T12:00:05Z",
                "finished": "2026-03-01T12:00:06Z",
                "kind": "released",
                "status": None,
                "detail": "",
            },
            {
                "number": 3,
                "started": "2026-03-01T12:00:06Z",
                "finished": "2026-03-01T12:00:07Z",
                "kind": "delivered",
                "status": 200,
                "detail": "ok",
            },
        ]

    b.with_store(tmp_path, work)


def test_what_was_in_flight_at_a_crash_is_recovered_once(tmp_path: Path) -> None:
    async def before(store: SqlStore) -> None:
        await fill(store, Severity.HIGH, Severity.HIGH, Severity.LOW)
        assert len(await store.claim("log", b.NOW, 2)) == 3

    async def after(store: SqlStore) -> None:
        assert await store.recover(b.later(100)) == 3
        assert await store.recover(b.later(100)) == 0
        again = await store.claim("log", b.later(100), 2)
        assert [(one.sequence, one.attempts) for one in again] == [(1, 2), (2, 2), (3, 2)]

    b.with_store(tmp_path, before)
    b.with_store(tmp_path, after)


def test_reconciling_may_settle_what_is_in_flight_before_recovery(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await fill(store, Severity.HIGH, Severity.HIGH, Severity.HIGH)
        first, second = await store.claim("log", b.NOW, 2)
        await store.settle([b.delivered(first)], None, b.NOW)
        recent = await store.recent("log", 10)
        assert [(one.sequence, one.state) for one in recent] == [(2, DeliveryState.INFLIGHT), (1, DeliveryState.DELIVERED)]
        assert sequences(await store.recent("log", 1)) == [2]
        await store.settle([b.delivered(second)], None, b.NOW)
        assert await store.recover(b.NOW) == 0
        assert sequences(await store.claim("log", b.NOW, 5)) == [3]

    b.with_store(tmp_path, work)


def test_expiry_ends_a_delivery_without_an_attempt(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await fill(store, Severity.HIGH)
        (one,) = await store.claim("log", b.NOW, 1)
        await store.settle([b.again(one, b.later(5))], None, b.NOW)
        await store.settle([DeliveryResult(one, DeliveryState.EXPIRED, Answer(AnswerKind.RETRY, "older than 7 days"))], None, b.later(9))
        assert len(await answers(store)) == 1
        stats = await store.stats()
        assert (stats["deliveries_expired"], stats["deliveries_pending"]) == (1, 0)

    b.with_store(tmp_path, work)


def test_a_final_state_is_not_left_by_a_late_result(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await fill(store, Severity.HIGH)
        (one,) = await store.claim("log", b.NOW, 1)
        await store.settle([b.delivered(one)], None, b.NOW)
        await store.settle([b.again(one, b.NOW)], None, b.NOW)
        await store.release([one], b.NOW)
        assert (await store.stats())["deliveries_delivered"] == 1
        assert await store.claim("log", b.NOW, 1) == ()

    b.with_store(tmp_path, work)


def test_a_sink_that_comes_back_within_a_week_has_what_waited_for_it(tmp_path: Path) -> None:
    """A slip in its name, or another configuration over the same folder, must not lose what was not told."""

    async def work(store: SqlStore) -> None:
        await store.sync_sinks(["log", "desk"], b.NOW)
        for key in "abc":
            await store.ingest(b.simple(key))
        (first,) = await store.claim("desk", b.NOW, 1)
        await store.settle([b.delivered(first)], None, b.NOW)
        await store.sync_sinks(["log"], b.later(60))
        assert await store.claim("desk", b.later(61), 9) == ()
        await store.sync_sinks(["log", "desk"], b.later(120))
        back = await store.claim("desk", b.later(120), 9)
        assert sequences(back) == [2, 3]
        assert [line["detail"] for line in await store.trail(subject="desk", limit=1)] == [{"deliveries_given_back": 2}]
        await store.settle([b.delivered(back[0])], None, b.later(121))
        await store.sync_sinks(["log"], b.later(180))
        await store.sync_sinks(["log", "desk"], b.later(8 * 86400))
        assert await store.claim("desk", b.later(8 * 86400), 9) == ()
        rows = {row["sequence"]: row["state"] for row in await store.deliveries(Selection(sink="desk"))}
        assert rows == {1: "delivered", 2: "delivered", 3: "cancelled"}

    b.with_store(tmp_path, work)


def test_sinks_keep_their_status_and_leave_with_their_deliveries_cancelled(tmp_path: Path) -> None:
    paused = SinkStatus("desk", SinkState.PAUSED, "404 not found", failures=3, probe_due=b.later(3600))

    async def work(store: SqlStore) -> None:
        assert await store.sync_sinks(["log", "desk"], b.NOW) == (SinkStatus("log"), SinkStatus("desk"))
        await fill(store, Severity.HIGH, Severity.LOW, sinks=("log", "desk"))
        await store.claim("desk", b.NOW, 1)
        await store.settle((), paused, b.NOW)
        assert await store.sync_sinks(["desk", "log"], b.NOW) == (paused, SinkStatus("log"))
        assert await store.sync_sinks(["log"], b.NOW) == (SinkStatus("log"),)
        assert await store.pending_counts() == {"log": 2}
        assert (await store.stats())["deliveries_cancelled"] == 2
        late = b.later(8 * 86400)
        assert await store.sync_sinks(["log", "desk"], late) == (SinkStatus("log"), SinkStatus("desk"))
        await store.ingest(b.simple("later", sinks=("desk",)))
        assert sequences(await store.claim("desk", late, 9)) == [3]

    b.with_store(tmp_path, work)


def test_a_claim_whose_caller_goes_away_is_given_back(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        await fill(store, Severity.HIGH)
        claiming = asyncio.create_task(store.claim("log", b.NOW, 1))
        await asyncio.sleep(0)
        claiming.cancel()
        await asyncio.gather(claiming, return_exceptions=True)
        assert claiming.cancelled()
        # Whether the claim had begun or not, a later one finds the delivery free.
        claimed: tuple[Delivery, ...] = ()
        for _ in range(1_000):
            claimed = tuple(await store.claim("log", b.NOW, 1))
            if claimed:
                break
        assert sequences(claimed) == [1]

    b.with_store(tmp_path, work)


def test_a_cancelled_caller_does_not_harm_the_writer(tmp_path: Path) -> None:
    async def work(store: SqlStore) -> None:
        tasks = [asyncio.create_task(store.ingest(b.simple(str(n)))) for n in range(50)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        kept = sum(outcome is None for outcome in outcomes)
        assert kept == 25
        assert 25 <= (await store.stats())["alerts"] <= 50

    b.with_store(tmp_path, work)


def test_a_lane_is_found_without_reading_what_is_delivered(tmp_path: Path) -> None:
    """The statements use the partial indexes; a plain scan would grow with the years."""

    def plans(connection: Connection) -> list[str]:
        lane = "SELECT sequence, due FROM delivery WHERE sink = ? AND severity = ? AND delivery.state IN ('inflight', 'pending')"
        asked = (
            (lane + " ORDER BY sequence LIMIT 5", ("log", "high")),
            ("SELECT DISTINCT severity FROM delivery WHERE sink = ? AND delivery.state = 'inflight'", ("log",)),
            ("SELECT sink, count(*) FROM delivery WHERE delivery.state IN ('inflight', 'pending') GROUP BY sink", ()),
            ("SELECT sink, count(*) FROM delivery WHERE delivery.state = 'held' GROUP BY sink", ()),
            ("SELECT count(*) FROM delivery WHERE sink = ? AND delivery.state IN ('dead', 'expired')", ("log",)),
        )
        explained = [connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, bound) for statement, bound in asked]
        return [" ".join(row.detail for row in rows) for rows in explained]

    async def work(store: SqlStore) -> None:
        lane, busy, waiting, held, given_up = await store._database.read(plans)
        assert "USING INDEX ix_delivery_lane (sink=? AND severity=?)" in lane
        assert "ix_delivery_inflight" in busy
        assert "ix_delivery_lane" in waiting
        assert "ix_delivery_held" in held
        assert "ix_delivery_given_up" in given_up

    b.with_store(tmp_path, work)
