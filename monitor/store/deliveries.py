"""What commands and pages read of deliveries and sinks, as dictionaries ready for JSON.

This module only reads, and must not know who prints it.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, func, select

from monitor.errors import UsageError
from monitor.model import DeliveryState, JsonObject
from monitor.ports import Selection
from monitor.store import codec
from monitor.store.outbox import selected
from monitor.store.schema import GIVEN_UP, HELD, LANE, attempt, delivery, notification, sink
from monitor.store.side import Side
from monitor.store.statements import chunks
from monitor.store.waiting import waits

#: How many candidates an ambiguous beginning of an id names.
_CANDIDATES = 5
#: Sequence numbers looked back through, from a sink's latest, for its last delivery that arrived.
_LATEST = 1000

_LISTED = select(
    delivery, notification.c.alert, notification.c.kind, notification.c.operation, notification.c.digest, notification.c.reason.label("why")
).join(notification, notification.c.id == delivery.c.notification)


class DeliveryQueriesSide(Side):
    """The deliveries side of OutboxQueries."""

    async def deliveries(self, wanted: Selection) -> Sequence[JsonObject]:
        return await self._database.read(partial(deliveries, wanted=wanted))

    async def count_deliveries(self, wanted: Selection) -> int:
        return await self._database.read(partial(count_deliveries, wanted=wanted))

    async def delivery(self, notification: str, sink: str | None) -> Sequence[JsonObject]:
        return await self._database.read(partial(one_delivery, prefix=notification, name=sink))

    async def sinks(self) -> Sequence[JsonObject]:
        return await self._database.read(sinks)

    async def sent(self, sink: str, since: datetime | None, below: int | None, limit: int, *, payload: bool) -> Sequence[JsonObject]:
        return await self._database.read(partial(sent, name=sink, since=since, below=below, limit=limit, payload=payload))


def deliveries(connection: Connection, wanted: Selection) -> tuple[JsonObject, ...]:
    """Newest first; every sink's latest by its own numbers."""
    listed = _LISTED.where(*selected(wanted)).order_by(delivery.c.created.desc(), delivery.c.sink, delivery.c.sequence.desc())
    if wanted.sink and wanted.since is None and wanted.until is None and not wanted.notifications and not wanted.alert:
        # By the sink's own numbers, which have an index: as good as by time, and no year of deliveries is sorted for ten of them.
        listed = listed.order_by(None).order_by(delivery.c.sequence.desc())
    rows = connection.execute(listed.limit(wanted.limit) if wanted.limit else listed).all()
    latest, waiting = _last_answers(connection, rows), waits(connection, rows)
    return tuple(_listed(row) | {"waits": waiting.get(key := (row.notification, row.sink)), "last_answer": latest.get(key)} for row in rows)


def count_deliveries(connection: Connection, wanted: Selection) -> int:
    return connection.execute(select(func.count()).select_from(delivery).where(*selected(wanted))).scalar_one()


def one_delivery(connection: Connection, prefix: str, name: str | None) -> tuple[JsonObject, ...]:
    """Of one notification: by a beginning of its id; raises UsageError where several have it."""
    prefix = prefix.strip().lower().removeprefix("msg_").partition("_")[0]
    if not prefix:
        raise UsageError("no notification named", hint="give the first letters of its id, as `monitor deliveries list` shows them")
    # A range, which the key's index answers; "g" sorts behind every hex digit.
    near = select(notification.c.id).where(notification.c.id >= prefix, notification.c.id < prefix + "g").limit(_CANDIDATES + 1)
    ids = list(connection.execute(near).scalars())
    if len(ids) > 1:
        named = "".join(f"\n  {one}" for one in ids[:_CANDIDATES])
        raise UsageError(f"several notifications begin with {prefix}:{named}", hint="give more letters of the one you mean")
    if not ids:
        return ()
    chosen = _LISTED.where(delivery.c.notification == ids[0]).order_by(delivery.c.sink)
    rows = connection.execute(chosen if name is None else chosen.where(delivery.c.sink == name)).all()
    tries: dict[str, list[JsonObject]] = defaultdict(list)
    for row in connection.execute(select(attempt).where(attempt.c.notification == ids[0]).order_by(attempt.c.number)):
        tries[row.sink].append(_answer(row))
    waiting = waits(connection, rows)
    return tuple(_listed(row) | {"waits": waiting.get((row.notification, row.sink)), "answers": tries[row.sink]} for row in rows)


def sent(
    connection: Connection, name: str, since: datetime | None, below: int | None, limit: int, *, payload: bool
) -> tuple[JsonObject, ...]:
    """A sink's deliveries backwards from below a sequence number, for a receiver to compare with what it has; ends where a whole
    reading was made before ``since``."""
    columns: tuple[Any, ...] = (delivery, notification.c.alert, notification.c.operation, notification.c.payload)
    chosen = select(*columns).join(notification, notification.c.id == delivery.c.notification).where(delivery.c.sink == name)
    if below is not None:
        chosen = chosen.where(delivery.c.sequence < below)
    rows = connection.execute(chosen.order_by(delivery.c.sequence.desc()).limit(limit)).all()
    if since is not None and all(row.created < since for row in rows):
        return ()
    return tuple(_sent(row, payload=payload) for row in rows)


def sinks(connection: Connection) -> tuple[JsonObject, ...]:
    """Configured ones first, then those that left."""
    rows = connection.execute(select(sink).order_by(sink.c.retired.is_not(None), sink.c.name)).all()
    return tuple(_sink(connection, row) for row in rows)


# -------------------------------------------------------------------------------------------- parts
def _listed(row: Any) -> JsonObject:
    return {
        "notification": row.notification,
        "sink": row.sink,
        "webhook_id": f"msg_{row.notification}_{row.sink}",
        "alert": row.alert,
        "operation": row.operation,
        "digest": row.digest,
        "kind": row.kind,
        "why": row.why,
        "severity": row.severity,
        "sequence": row.sequence,
        "state": row.state,
        "reason": row.reason,
        "route": row.route,
        "attempts": row.attempts,
        "created": codec.iso(row.created),
        "due": codec.iso(row.due),
        "changed": codec.iso(row.changed),
        "replayed": codec.iso(row.replayed),
        "told_in": row.told_in,
    }


def _last_answers(connection: Connection, rows: Sequence[Any]) -> dict[tuple[str, str], JsonObject]:
    found: dict[tuple[str, str], JsonObject] = {}
    for some in chunks(list({row.notification for row in rows})):
        for row in connection.execute(select(attempt).where(attempt.c.notification.in_(some)).order_by(attempt.c.number)):
            found[row.notification, row.sink] = _answer(row)
    return found


def _answer(row: Any) -> JsonObject:
    return {
        "number": row.number,
        "started": codec.iso(row.started),
        "finished": codec.iso(row.finished),
        "kind": row.kind,
        "status": row.status,
        "detail": row.detail,
    }


def _sent(row: Any, *, payload: bool) -> JsonObject:
    found: JsonObject = {
        "webhook_id": f"msg_{row.notification}_{row.sink}",
        "notification": row.notification,
        "alert": row.alert,
        "operation": row.operation,
        "sink": row.sink,
        "sequence": row.sequence,
        "severity": row.severity,
        "state": row.state,
        "reason": row.reason,
        "attempts": row.attempts,
        "created": codec.iso(row.created),
        "delivered": codec.iso(row.changed) if row.state == DeliveryState.DELIVERED.value else None,
        "told_in": row.told_in,
        "sha256": hashlib.sha256(row.payload).hexdigest(),
    }
    if payload:
        try:
            found["document"] = json.loads(row.payload)
        except ValueError:
            found["document"] = row.payload.decode("utf-8", "replace")
    return found


def _sink(connection: Connection, row: Any) -> JsonObject:
    of_sink = delivery.c.sink == row.name
    counts: dict[str, int] = {}
    for part in (LANE, HELD, GIVEN_UP):  # each has an index that knows its rows
        states = select(delivery.c.state, func.count()).where(of_sink, part).group_by(delivery.c.state)
        counts.update((state, count) for state, count in connection.execute(states))
    oldest = connection.execute(select(func.min(delivery.c.created, type_=delivery.c.created.type)).where(of_sink, LANE)).scalar()
    latest = (of_sink, delivery.c.sequence > row.last_sequence - _LATEST, delivery.c.state == DeliveryState.DELIVERED.value)
    delivered = connection.execute(select(func.max(delivery.c.changed, type_=delivery.c.changed.type)).where(*latest)).scalar()
    return {
        "name": row.name,
        "state": row.state if row.retired is None else "retired",
        "reason": row.reason,
        "by": row.by,
        "since": codec.iso(row.since if row.retired is None else row.retired),
        "failures": row.failures,
        "probe_due": codec.iso(row.probe_due),
        "catching_up": codec.iso(row.catching_up),
        "sequence": row.last_sequence,
        "deliveries": {state.value: counts[state.value] for state in DeliveryState if state.value in counts},
        "oldest_waiting": codec.iso(oldest),
        "last_delivered": codec.iso(delivered),
        "last_answer": _last_answer(connection, row),
    }


def _last_answer(connection: Connection, row: Any) -> JsonObject | None:
    """Of its latest deliveries, those that were tried."""
    recent = select(delivery.c.notification).where(delivery.c.sink == row.name, delivery.c.sequence > row.last_sequence - _LATEST)
    tried = recent.where(delivery.c.attempts > 0).order_by(delivery.c.changed.desc()).limit(1)
    latest = connection.execute(tried).scalar()
    if latest is None:
        return None
    chosen = select(attempt).where(attempt.c.notification == latest, attempt.c.sink == row.name).order_by(attempt.c.number.desc())
    found = connection.execute(chosen.limit(1)).first()
    return None if found is None else _answer(found)
