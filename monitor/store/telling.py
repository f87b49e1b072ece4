"""Notifications and their deliveries as rows, and each delivery's place in its sink's sequence.

What is told of alerts (``ingest``) and of operations (``operations``) enters the outbox here and nowhere else. This module
must not know why something is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from monitor.model import DeliveryState, Notification, SinkState, Way
from monitor.store.schema import delivery, notification, sink
from monitor.store.statements import SOME, add_rows, read_in, run_rows

_NEW_NOTIFICATION = insert(notification)
_NEW_DELIVERY = insert(delivery)
_NEW_SINK = insert(sink)
_SET_SEQUENCE = update(sink).where(sink.c.name == bindparam("b_name")).values(last_sequence=bindparam("b_last"))
_EXISTING = select(notification.c.id).where(notification.c.id.in_(SOME))
_LAST = select(sink.c.name, sink.c.last_sequence).where(sink.c.name.in_(SOME))

Values = dict[str, Any]


def notification_row(told: Notification, ordinal: int, *, operation: str | None = None) -> Values:
    return {
        "id": told.id,
        "alert": told.alert or None,
        "ordinal": ordinal,
        "kind": told.kind.value,
        # An operation has no reason of its own.
        "reason": told.reason.value if operation is None else "",
        "severity": told.severity.value,
        "created": told.created,
        "payload": told.payload,
        "operation": operation,
    }


def delivery_rows(told: Notification, ways: Sequence[Way], now: datetime) -> list[Values]:
    """One a sink, by the first way that names it; without their sequence, which is given where they are written."""
    first: dict[str, Way] = {}
    for way in ways:
        first.setdefault(way.sink, way)
    return [_delivery_row(told, way, now) for way in first.values()]


def _delivery_row(told: Notification, way: Way, now: datetime) -> Values:
    held = way.until is not None and way.until > now
    return {
        "notification": told.id,
        "sink": way.sink,
        "severity": told.severity.value,
        "state": (DeliveryState.HELD if held else DeliveryState.PENDING).value,
        "reason": way.hold if held else "",
        "attempts": 0,
        "due": way.until if held else now,
        "claimed": None,
        "created": told.created,
        "changed": now,
        "route": way.route,
    }


def existing(connection: Connection, ids: Sequence[str]) -> frozenset[str]:
    """Those of these notifications that the record has."""
    return frozenset(id_ for (id_,) in read_in(connection, _EXISTING, ids))


def tell(connection: Connection, notifications: Sequence[Values], deliveries: Sequence[Values]) -> None:
    """New notifications with their deliveries, in order."""
    add_rows(connection, _NEW_NOTIFICATION, notifications)
    _number(connection, deliveries)
    add_rows(connection, _NEW_DELIVERY, deliveries)


def _number(connection: Connection, deliveries: Sequence[Values]) -> None:
    """Give each delivery its place in its sink's sequence: without a gap, because it is given where it is committed."""
    if not deliveries:
        return
    names = sorted({row["sink"] for row in deliveries})
    last: dict[str, int] = dict(read_in(connection, _LAST, names))
    unknown = [name for name in names if name not in last]
    add_rows(connection, _NEW_SINK, [new_sink_row(name) for name in unknown])
    last.update(dict.fromkeys(unknown, 0))
    for row in deliveries:
        last[row["sink"]] += 1
        row["sequence"] = last[row["sink"]]
    run_rows(connection, _SET_SEQUENCE, [{"b_name": name, "b_last": number} for name, number in last.items()])


def new_sink_row(name: str) -> Values:
    return {
        "name": name,
        "state": SinkState.ACTIVE.value,
        "reason": "",
        "failures": 0,
        "probe_due": None,
        "last_sequence": 0,
        "retired": None,
    }
