"""Deliveries in the record: claimed in order, every attempt kept, nothing dropped.

The rules this module keeps, whatever the caller does:

* A lane is one sink and one severity. Within it deliveries go out in sequence: a lane's head is its first delivery that is
  pending, and while one of a lane is in flight, or its head is not due, nothing of that lane is claimed. What is held
  stands in no lane.
* Only a claim makes a delivery in flight, and a claim counts the attempt before it is made: a crash cannot hide one.
* Final states (delivered, dead, expired, cancelled) are never left here, but for an operator's replay of what was given up.

It must not know what an answer means: which state follows is the caller's to say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import takewhile
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, exists, func, or_, select, update

from monitor.errors import StorageError
from monitor.model import AnswerKind, Delivery, DeliveryState, Severity
from monitor.ports import DeliveryResult, Selection, SinkStatus
from monitor.store import codec
from monitor.store.attempts import INTERRUPTED, RELEASED, add_attempts, attempt_row, end_attempts
from monitor.store.audit import note
from monitor.store.schema import GIVEN_UP, HELD, INFLIGHT, LANE, OPEN, attempt, delivery, notification, sink
from monitor.store.sinks import save_sink
from monitor.store.statements import chunks, read_row, run_rows

Values = dict[str, Any]

#: Most important first.
LANES = tuple(sorted(Severity, key=lambda severity: -severity.rank))

_BUSY_LANES = select(delivery.c.severity).where(delivery.c.sink == bindparam("b_sink"), INFLIGHT).distinct()
_LANE = (
    select(delivery.c.sequence, delivery.c.due)
    .where(delivery.c.sink == bindparam("b_sink"), delivery.c.severity == bindparam("b_severity"), LANE)
    .order_by(delivery.c.sequence)
    .limit(bindparam("b_limit"))
)
# ``alert`` is empty where an operation is told.
WITH_PAYLOAD = select(delivery, func.coalesce(notification.c.alert, "").label("alert"), notification.c.payload).join(
    notification, notification.c.id == delivery.c.notification
)
_SETTLE = (
    update(delivery)
    .where(delivery.c.notification == bindparam("b_notification"), delivery.c.sink == bindparam("b_sink"), OPEN)
    .values(
        state=bindparam("b_state"),
        reason=bindparam("b_reason"),
        due=bindparam("b_due"),
        changed=bindparam("b_changed"),
        claimed=None,
    )
)
# Made once: each answer asks one of them, and making it anew took half as long again as all else that recording an answer costs.
_OPEN_COLUMNS = (delivery.c.notification, delivery.c.sink, delivery.c.state, delivery.c.attempts, delivery.c.claimed, delivery.c.due)
_OF_SINK = select(*_OPEN_COLUMNS).where(delivery.c.sink == bindparam("b_sink"), OPEN)
_OPEN_ROWS = _OF_SINK.where(delivery.c.sequence.in_(bindparam("b_sequences", expanding=True)))
_OPEN_ROW = _OF_SINK.where(delivery.c.sequence == bindparam("b_sequence"))
_UNCLAIM = (
    update(delivery)
    .where(delivery.c.notification == bindparam("b_notification"), delivery.c.sink == bindparam("b_sink"), INFLIGHT)
    .values(
        state=DeliveryState.PENDING.value,
        reason="",
        attempts=delivery.c.attempts - 1,
        due=bindparam("b_changed"),
        changed=bindparam("b_changed"),
        claimed=None,
    )
)


_PROGRESS = (
    update(delivery)
    .where(delivery.c.notification == bindparam("b_notification"), delivery.c.sink == bindparam("b_sink"))
    .values(progress=bindparam("b_progress"))
)


# ------------------------------------------------------------------------------------------- claiming
def claim(connection: Connection, name: str, now: datetime, limit: int, lanes: Collection[Severity] | None = None) -> tuple[Delivery, ...]:
    busy = set(connection.execute(_BUSY_LANES, {"b_sink": name}).scalars())
    sequences: list[int] = []
    for severity in LANES:
        if severity.value not in busy and (lanes is None or severity in lanes):
            lane = connection.execute(_LANE, {"b_sink": name, "b_severity": severity.value, "b_limit": limit})
            sequences += [row.sequence for row in takewhile(lambda row: row.due <= now, lane)]
    return _begin(connection, name, sequences, now)


def probe(connection: Connection, name: str, now: datetime) -> Delivery | None:
    if connection.execute(_BUSY_LANES.limit(1), {"b_sink": name}).first() is not None:
        return None
    heads = [connection.execute(_LANE, {"b_sink": name, "b_severity": lane.value, "b_limit": 1}).first() for lane in LANES]
    sequences = [head.sequence for head in heads if head is not None]
    return _begin(connection, name, [min(sequences)], now)[0] if sequences else None


def _begin(connection: Connection, name: str, sequences: Sequence[int], now: datetime) -> tuple[Delivery, ...]:
    """These deliveries of a sink become in flight; in the order given."""
    rows: dict[int, Any] = {}
    for some in chunks(sequences):
        chosen = (delivery.c.sink == name) & delivery.c.sequence.in_(some)
        rows.update((row.sequence, row) for row in connection.execute(WITH_PAYLOAD.where(chosen)))
        under_way: Values = {"state": DeliveryState.INFLIGHT.value, "reason": "", "claimed": now, "changed": now}
        connection.execute(update(delivery).where(chosen).values(under_way | {"attempts": delivery.c.attempts + 1}))
    return tuple(
        codec.delivery(rows[sequence], state=DeliveryState.INFLIGHT, attempts=rows[sequence].attempts + 1) for sequence in sequences
    )


# ------------------------------------------------------------------------------------------- settling
def settle(connection: Connection, results: Sequence[DeliveryResult], status: SinkStatus | None, now: datetime) -> None:
    """What came of attempts; also what ends a delivery without one (expiry). Results for final deliveries change nothing."""
    _record(connection, results, now)
    if status is not None:
        save_sink(connection, status)


def _record(connection: Connection, results: Sequence[DeliveryResult], now: datetime) -> None:
    open_rows = _open_rows(connection, [result.delivery for result in results])
    settled: list[Values] = []
    attempts: list[Values] = []
    progress: list[Values] = []
    for result in results:
        key = (result.delivery.sink, result.delivery.notification)
        row = open_rows.pop(key, None)
        if row is None:
            continue
        if result.state is DeliveryState.INFLIGHT:
            raise StorageError(f"a result cannot leave a delivery in flight: {result.delivery.webhook_id}")
        if row.state == DeliveryState.INFLIGHT.value:
            attempts.append(attempt_row(row, result.answer.kind.value, now, result.answer.status, result.answer.detail))
        waits = result.state in (DeliveryState.PENDING, DeliveryState.DELIVERED)
        settled.append(
            {
                "b_notification": row.notification,
                "b_sink": row.sink,
                "b_state": result.state.value,
                "b_reason": "" if waits else result.answer.detail,
                "b_due": row.due if result.due is None else result.due,
                "b_changed": now,
            }
        )
        if result.answer.progress is not None:
            progress.append({"b_notification": row.notification, "b_sink": row.sink, "b_progress": dict(result.answer.progress)})
    add_attempts(connection, attempts)
    run_rows(connection, _SETTLE, settled)
    if progress:
        connection.execute(_PROGRESS, progress)


def release(connection: Connection, deliveries: Sequence[Delivery], now: datetime, *, unsent: bool = False) -> None:
    rows = [row for row in _open_rows(connection, deliveries).values() if row.state == DeliveryState.INFLIGHT.value]
    if not unsent:
        _back_to_pending(connection, rows, RELEASED, now)
    elif rows:
        connection.execute(_UNCLAIM, [{"b_notification": row.notification, "b_sink": row.sink, "b_changed": now} for row in rows])


def hasten(connection: Connection, name: str, now: datetime) -> None:
    """Only what waits for a retry: a delivery that the receiver refused keeps its own times."""
    retried = exists().where(
        attempt.c.notification == delivery.c.notification,
        attempt.c.sink == delivery.c.sink,
        attempt.c.number == delivery.c.attempts,
        attempt.c.kind == AnswerKind.RETRY.value,
    )
    waiting = (delivery.c.sink == name, delivery.c.state == DeliveryState.PENDING.value, LANE, delivery.c.due > now)
    connection.execute(update(delivery).where(*waiting, retried).values(due=now))


def expire(connection: Connection, name: str, before: datetime, now: datetime, *, detail: str, limit: int) -> tuple[str, ...]:
    """Those pending first. What is held is not late before its hold has ended for as long: a digest of a week must not expire."""
    since = func.coalesce(delivery.c.replayed, delivery.c.created, type_=delivery.c.created.type)
    late: list[str] = []
    for part in ((delivery.c.state == DeliveryState.PENDING.value) & LANE & (since < before), HELD & (delivery.c.due < before)):
        oldest = select(delivery.c.notification).where(delivery.c.sink == name, part).order_by(delivery.c.sequence)
        late += connection.execute(oldest.limit(limit - len(late))).scalars()
    expired: Values = {"state": DeliveryState.EXPIRED.value, "reason": detail, "changed": now}
    for some in chunks(late):
        connection.execute(update(delivery).where(delivery.c.sink == name, delivery.c.notification.in_(some), OPEN).values(expired))
    return tuple(late)


def replay(connection: Connection, wanted: Selection, now: datetime, actor: str) -> int:
    """Of sinks that are configured: nobody would claim the others. What is sent again is an attempt more, not a first one."""
    configured = select(sink.c.name).where(sink.c.retired.is_(None))
    chosen = select(delivery.c.notification, delivery.c.sink).where(GIVEN_UP, delivery.c.sink.in_(configured), *selected(wanted))
    if wanted.limit:
        chosen = chosen.order_by(delivery.c.created, delivery.c.sink, delivery.c.sequence).limit(wanted.limit)
    rows = connection.execute(chosen).all()
    again: Values = {"state": DeliveryState.PENDING.value, "reason": "", "due": now, "replayed": now, "changed": now}
    by_sink: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        by_sink[row.sink].append(row.notification)
    for name, notifications in by_sink.items():
        for some in chunks(notifications):
            connection.execute(update(delivery).where(delivery.c.sink == name, delivery.c.notification.in_(some), GIVEN_UP).values(again))
        note(connection, now, "replay deliveries", name, actor=actor, deliveries=len(notifications))
    return len(rows)


def selected(wanted: Selection) -> list[ColumnElement[bool]]:
    """Its conditions on deliveries."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.sink:
        conditions.append(delivery.c.sink == wanted.sink)
    if wanted.states:
        conditions.append(delivery.c.state.in_([state.value for state in wanted.states]))
    if wanted.since is not None:
        conditions.append(delivery.c.created >= wanted.since)
    if wanted.until is not None:
        conditions.append(delivery.c.created < wanted.until)
    if wanted.notifications:
        conditions.append(delivery.c.notification.in_(wanted.notifications))
    if wanted.alert:
        conditions.append(delivery.c.notification.in_(select(notification.c.id).where(notification.c.alert == wanted.alert)))
    return conditions


def recover(connection: Connection, now: datetime) -> int:
    rows = connection.execute(select(delivery).where(INFLIGHT)).all()
    _back_to_pending(connection, rows, INTERRUPTED, now)
    return len(rows)


def _back_to_pending(connection: Connection, rows: Sequence[Any], kind: str, now: datetime) -> None:
    end_attempts(connection, rows, kind, now)
    if rows:
        pending = {"b_state": DeliveryState.PENDING.value, "b_reason": "", "b_due": now, "b_changed": now}
        run_rows(connection, _SETTLE, [pending | {"b_notification": row.notification, "b_sink": row.sink} for row in rows])


def _open_rows(connection: Connection, deliveries: Sequence[Delivery]) -> dict[tuple[str, str], Any]:
    """(sink, notification) -> row, of those that are not final."""
    if len(deliveries) == 1:  # most answers come one by one
        found_one = read_row(connection, _OPEN_ROW, {"b_sink": deliveries[0].sink, "b_sequence": deliveries[0].sequence})
        return {} if found_one is None else {(found_one["sink"], found_one["notification"]): SimpleNamespace(**found_one)}
    by_sink: dict[str, list[int]] = defaultdict(list)
    for one in deliveries:
        by_sink[one.sink].append(one.sequence)
    found: dict[tuple[str, str], Any] = {}
    for name, sequences in by_sink.items():
        for some in chunks(sequences):
            rows = connection.execute(_OPEN_ROWS, {"b_sink": name, "b_sequences": some})
            found.update(((row.sink, row.notification), row) for row in rows)
    return found


# ------------------------------------------------------------------------------------------- reading
def next_due(connection: Connection) -> datetime | None:
    """Over the heads of lanes with nothing in flight: what stands behind a head cannot go before it."""
    lane = delivery.alias("lane")
    heads = (
        select(delivery.c.sink, delivery.c.severity, func.min(delivery.c.sequence).label("sequence"))
        .where(LANE)
        .group_by(delivery.c.sink, delivery.c.severity)
        .subquery()
    )
    busy = select(delivery.c.sink, delivery.c.severity).where(INFLIGHT).distinct().subquery()
    earliest = (
        select(func.min(lane.c.due, type_=lane.c.due.type))
        .join(heads, (heads.c.sink == lane.c.sink) & (heads.c.sequence == lane.c.sequence))
        .outerjoin(busy, (busy.c.sink == lane.c.sink) & (busy.c.severity == lane.c.severity))
        .where(busy.c.sink.is_(None))
    )
    found: datetime | None = connection.execute(earliest).scalar()
    return found


def recent(connection: Connection, name: str, limit: int) -> tuple[Delivery, ...]:
    went_out = or_(INFLIGHT, delivery.c.state == DeliveryState.DELIVERED.value)
    latest = WITH_PAYLOAD.where(delivery.c.sink == name, went_out).order_by(delivery.c.sequence.desc()).limit(limit)
    return tuple(codec.delivery(row) for row in connection.execute(latest))


def pending_counts(connection: Connection) -> dict[str, int]:
    counts: dict[str, int] = {}
    for part in (LANE, HELD):  # one at a time, because each has an index that knows its rows
        rows = connection.execute(select(delivery.c.sink, func.count().label("waiting")).where(part).group_by(delivery.c.sink))
        for row in rows:
            counts[row.sink] = counts.get(row.sink, 0) + row.waiting
    return dict(sorted(counts.items()))


def given_up(connection: Connection, name: str, since: datetime | None = None) -> int:
    counted = select(func.count()).select_from(delivery).where(delivery.c.sink == name, GIVEN_UP)
    return connection.execute(counted if since is None else counted.where(delivery.c.changed >= since)).scalar_one()


def behind(connection: Connection, one: Delivery) -> int:
    lane = (delivery.c.sink == one.sink, delivery.c.severity == one.severity.value, LANE, delivery.c.sequence > one.sequence)
    return connection.execute(select(func.count()).select_from(delivery).where(*lane)).scalar_one()
