"""What a pending delivery waits for, beside its own time: the state of its sink, and the head of its lane.

This module only reads, and must not know in what words it is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, bindparam, select

from monitor.model import DeliveryState, JsonObject
from monitor.store import codec
from monitor.store.schema import LANE, delivery, sink

_SINK = select(sink.c.state, sink.c.by, sink.c.probe_due).where(sink.c.name == bindparam("b_sink"))
_HEAD = (
    select(delivery.c.sequence)
    .where(delivery.c.sink == bindparam("b_sink"), delivery.c.severity == bindparam("b_severity"), LANE)
    .order_by(delivery.c.sequence)
    .limit(1)
)


def waits(connection: Connection, rows: Iterable[Any]) -> dict[tuple[str, str], JsonObject]:
    """By notification and sink, of those rows of deliveries that are pending: ``behind`` is the sequence of the head of its lane (null
    where it is that itself), ``paused_by`` "" where the sink did so itself, ``tried`` when a sink that takes nothing is tried next."""
    pending = [row for row in rows if row.state == DeliveryState.PENDING.value]
    heads = {lane: _head(connection, *lane) for lane in {(row.sink, row.severity) for row in pending}}
    sinks = {name: _sink(connection, name) for name in {row.sink for row in pending}}
    found: dict[tuple[str, str], JsonObject] = {}
    for row in pending:
        head = heads[row.sink, row.severity]
        found[row.notification, row.sink] = {"behind": head if head < row.sequence else None, **sinks[row.sink]}
    return found


def _head(connection: Connection, name: str, severity: str) -> int:
    """There is one: a pending delivery stands in its lane, and all is read at one moment."""
    return int(connection.execute(_HEAD, {"b_sink": name, "b_severity": severity}).scalar_one())


def _sink(connection: Connection, name: str) -> JsonObject:
    row = connection.execute(_SINK, {"b_sink": name}).one()
    return {"sink_state": row.state, "paused_by": row.by, "tried": codec.iso(row.probe_due)}
