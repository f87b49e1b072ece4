"""Deliveries in the record: claimed in order, every attempt kept, nothing dropped.

The rules this module keeps, whatever the caller does:

* A lane is one sink and one severity. Within it deliveries go out in sequence: a lane's head is its first delivery that is
  not final, and while one of a lane is in flight, or its head is not due, nothing of that lane is claimed.
* Only a claim makes a delivery in flight, and a claim counts the attempt before it is made: a crash cannot hide one.
* Final states (delivered, dead, expired, cancelled) are never left here.

It must not know what an answer means: which state follows is the caller's to say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import Connection, bindparam, exists, func, insert, or_, select, update

from monitor.errors import StorageError
from monitor.model import AnswerKind, Delivery, DeliveryState, Severity, SinkState
from monitor.ports import DeliveryResult, SinkStatus
from monitor.store import codec
from monitor.store.audit import note
from monitor.store.schema import INFLIGHT, OPEN, attempt, delivery, notification, sink
from monitor.store.statements import add_rows, chunks
from monitor.store.telling import new_sink_row

Values = dict[str, Any]

#: What an attempt without an answer is recorded as, beside the AnswerKinds.
RELEASED = "released"
INTERRUPTED = "interrupted"

#: Most important first.
LANES = tuple(sorted(Severity, key=lambda severity: -severity.rank))

_NEW_SINK = insert(sink)
_NEW_ATTEMPT = insert(attempt)

_BUSY_LANES = select(delivery.c.severity).where(delivery.c.sink == bindparam("b_sink"), INFLIGHT).distinct()
_LANE = (
    select(delivery.c.sequence, delivery.c.due)
    .where(delivery.c.sink == bindparam("b_sink"), delivery.c.severity == bindparam("b_severity"), OPEN)
    .order_by(delivery.c.sequence)
    .limit(bindparam("b_limit"))
)
# ``alert`` is empty where an operation is told.
_WITH_PAYLOAD = select(delivery, func.coalesce(notification.c.alert, "").label("alert"), notification.c.payload).join(
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


# --------------------------------------------------------------------------------------------- sinks
def sync_sinks(connection: Connection, names: Sequence[str], now: datetime) -> tuple[SinkStatus, ...]:
    there = {row.name: row for row in connection.execute(select(sink))}
    new = [new_sink_row(name) for name in dict.fromkeys(names) if name not in there]
    if new:
        connection.execute(_NEW_SINK, new)
    for row in there.values():
        if row.name in names and row.retired is not None:
            # It comes back healthy: whatever had stopped it was said of the configuration it left with.
            back = {"retired": None, "state": SinkState.ACTIVE.value, "reason": "", "failures": 0, "probe_due": None}
            connection.execute(update(sink).where(sink.c.name == row.name).values(back))
        elif row.name not in names and row.retired is None:
            connection.execute(update(sink).where(sink.c.name == row.name).values(retired=now))
            cancelled = _cancel_all(connection, row.name, now)
            note(connection, now, "retire sink", row.name, deliveries_cancelled=cancelled)
    status = {row.name: codec.sink_status(row) for row in connection.execute(select(sink).where(sink.c.retired.is_(None)))}
    return tuple(status[name] for name in names)


def _cancel_all(connection: Connection, name: str, now: datetime) -> int:
    _end_attempts(connection, connection.execute(select(delivery).where(delivery.c.sink == name, INFLIGHT)).all(), INTERRUPTED, now)
    cancelled: Values = {"state": DeliveryState.CANCELLED.value, "reason": "the sink is no longer configured", "claimed": None}
    return connection.execute(update(delivery).where(delivery.c.sink == name, OPEN).values(cancelled | {"changed": now})).rowcount


def save_sink(connection: Connection, status: SinkStatus) -> None:
    values: Values = {
        "state": status.state.value,
        "reason": status.reason,
        "failures": status.failures,
        "probe_due": status.probe_due,
    }
    if connection.execute(update(sink).where(sink.c.name == status.name).values(values)).rowcount == 0:
        connection.execute(_NEW_SINK, new_sink_row(status.name) | values)


# ------------------------------------------------------------------------------------------- claiming
def claim(connection: Connection, name: str, now: datetime, limit: int) -> tuple[Delivery, ...]:
    busy = set(connection.execute(_BUSY_LANES, {"b_sink": name}).scalars())
    lanes = []
    for severity in LANES:
        if severity.value not in busy:
            lane = connection.execute(_LANE, {"b_sink": name, "b_severity": severity.value, "b_limit": limit})
            lanes.append([row.sequence for row in takewhile(lambda row: row.due <= now, lane)])
    sequences = [sequence for lane in lanes for sequence in lane]
    rows: dict[int, Any] = {}
    for some in chunks(sequences):
        chosen = (delivery.c.sink == name) & delivery.c.sequence.in_(some)
        rows.update((row.sequence, row) for row in connection.execute(_WITH_PAYLOAD.where(chosen)))
        under_way: Values = {"state": DeliveryState.INFLIGHT.value, "reason": "", "claimed": now, "changed": now}
        connection.execute(update(delivery).where(chosen).values(under_way | {"attempts": delivery.c.attempts + 1}))
    return tuple(
        codec.delivery(rows[sequence], state=DeliveryState.INFLIGHT, attempts=rows[sequence].attempts + 1) for sequence in sequences
    )


def record(connection: Connection, results: Sequence[DeliveryResult], now: datetime) -> None:
    """What came of attempts; also what ends a delivery without one (expiry). Results for final deliveries change nothing."""
    open_rows = _open_rows(connection, [result.delivery for result in results])
    settled: list[Values] = []
    attempts: list[Values] = []
    for result in results:
        key = (result.delivery.sink, result.delivery.notification)
        row = open_rows.pop(key, None)
        if row is None:
            continue
        if result.state is DeliveryState.INFLIGHT:
            raise StorageError(f"a result cannot leave a delivery in flight: {result.delivery.webhook_id}")
        if row.state == DeliveryState.INFLIGHT.value:
            attempts.append(_attempt(row, result.answer.kind.value, now, result.answer.status, result.answer.detail))
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
    add_rows(connection, _NEW_ATTEMPT, attempts)
    if settled:
        connection.execute(_SETTLE, settled)


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
    waiting = (delivery.c.sink == name, delivery.c.state == DeliveryState.PENDING.value, OPEN, delivery.c.due > now)
    connection.execute(update(delivery).where(*waiting, retried).values(due=now))


def recover(connection: Connection, now: datetime) -> int:
    rows = connection.execute(select(delivery).where(INFLIGHT)).all()
    _back_to_pending(connection, rows, INTERRUPTED, now)
    return len(rows)


def _back_to_pending(connection: Connection, rows: Sequence[Any], kind: str, now: datetime) -> None:
    _end_attempts(connection, rows, kind, now)
    if rows:
        pending = {"b_state": DeliveryState.PENDING.value, "b_reason": "", "b_due": now, "b_changed": now}
        connection.execute(_SETTLE, [pending | {"b_notification": row.notification, "b_sink": row.sink} for row in rows])


def _end_attempts(connection: Connection, rows: Sequence[Any], kind: str, now: datetime) -> None:
    add_rows(connection, _NEW_ATTEMPT, [_attempt(row, kind, now) for row in rows])


def _attempt(row: Any, kind: str, now: datetime, status: int | None = None, detail: str = "") -> Values:
    return {
        "notification": row.notification,
        "sink": row.sink,
        "number": row.attempts,
        "started": row.claimed or now,
        "finished": now,
        "kind": kind,
        "status": status,
        "detail": detail,
    }


def _open_rows(connection: Connection, deliveries: Iterable[Delivery]) -> dict[tuple[str, str], Any]:
    """(sink, notification) -> row, of those that are not final."""
    by_sink: dict[str, list[int]] = defaultdict(list)
    for one in deliveries:
        by_sink[one.sink].append(one.sequence)
    found: dict[tuple[str, str], Any] = {}
    for name, sequences in by_sink.items():
        for some in chunks(sequences):
            rows = connection.execute(select(delivery).where(delivery.c.sink == name, delivery.c.sequence.in_(some), OPEN))
            found.update(((row.sink, row.notification), row) for row in rows)
    return found


# ------------------------------------------------------------------------------------------- reading
def next_due(connection: Connection) -> datetime | None:
    """Over the heads of lanes with nothing in flight: what stands behind a head cannot go before it."""
    lane = delivery.alias("lane")
    heads = (
        select(delivery.c.sink, delivery.c.severity, func.min(delivery.c.sequence).label("sequence"))
        .where(OPEN)
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
    latest = _WITH_PAYLOAD.where(delivery.c.sink == name, went_out).order_by(delivery.c.sequence.desc()).limit(limit)
    return tuple(codec.delivery(row) for row in connection.execute(latest))


def pending_counts(connection: Connection) -> dict[str, int]:
    counts = select(delivery.c.sink, func.count()).where(OPEN).group_by(delivery.c.sink).order_by(delivery.c.sink)
    return dict(connection.execute(counts).all())
