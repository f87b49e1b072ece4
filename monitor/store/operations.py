"""Operations that people are told of, in the record, so that a restart tells nothing twice; and what coverage asks.

An operation is one row for each time it stood (its key and when it was raised); what was told of it goes through the outbox
as what is told of alerts does. This module must not know what an operation means.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, bindparam, select, update

from monitor.model import Notification, Operation, Severity, SourceKind, SourceState, Way
from monitor.render.operation import operation_id
from monitor.store import telling
from monitor.store.schema import operation, source
from monitor.store.side import Side
from monitor.store.statements import add_rows, upsert

#: What coverage asks of a source's state: not what only its own reader needs, which may be 16 KB each.
_PULSE = (
    "name",
    "next_due",
    "last_poll",
    "last_success",
    "last_new",
    "failures",
    "error",
    "paused",
    "gone",
    "gaps",
    "empty",
    "deaths",
    "failing_since",
)
_PUT = upsert(operation, "notifications")
_COUNT = update(operation).where(operation.c.id == bindparam("b_id")).values(notifications=operation.c.notifications + 1)


class OperationsSide(Side):
    """The OperationsRecord port, and what coverage asks."""

    async def coverage(self) -> Sequence[tuple[SourceKind, SourceState]]:
        return await self._database.read(coverage)

    async def open_operations(self) -> Sequence[Operation]:
        return await self._database.read(open_operations)

    async def save_operation(
        self, operation: Operation, notification: Notification | None, ways: tuple[Way, ...], now: datetime, *, closed: bool
    ) -> None:
        await self._database.write(partial(save_operation, standing=operation, told=notification, ways=ways, now=now, closed=closed))


def coverage(connection: Connection) -> list[tuple[SourceKind, SourceState]]:
    columns = (getattr(source.c, name) for name in ("kind", *_PULSE))
    rows = connection.execute(select(*columns).where(source.c.retired.is_(None)).order_by(source.c.name))
    found = []
    for row in rows:
        state = {name: getattr(row, name) for name in _PULSE} | {"gaps": tuple(row.gaps)}
        # A row without a kind was never configured here: documents were handed in under its name.
        found.append((SourceKind(row.kind or SourceKind.PUSH), SourceState(**state)))
    return found


def open_operations(connection: Connection) -> tuple[Operation, ...]:
    rows = connection.execute(select(operation).where(operation.c.closed.is_(None)).order_by(operation.c.raised, operation.c.key))
    return tuple(Operation(row.key, row.message, row.raised, Severity(row.severity), told=True, subject=row.subject) for row in rows)


def save_operation(
    connection: Connection, standing: Operation, told: Notification | None, ways: Sequence[Way], now: datetime, *, closed: bool
) -> None:
    """Written again, the same changes nothing: a notification that exists is not told twice."""
    id_ = operation_id(standing)
    row = {
        "id": id_,
        "key": standing.key,
        "message": standing.message,
        "severity": standing.severity.value,
        "subject": standing.subject,
        "raised": standing.raised,
        "changed": now,
        "closed": now if closed else None,
        "notifications": 0,
    }
    add_rows(connection, _PUT, [row])
    if told is None or telling.existing(connection, [told.id]):
        return
    ordinal = connection.execute(select(operation.c.notifications).where(operation.c.id == id_)).scalar_one()
    telling.tell(connection, [telling.notification_row(told, ordinal, operation=id_)], telling.delivery_rows(told, ways, now))
    connection.execute(_COUNT, {"b_id": id_})
