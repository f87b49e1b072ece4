"""What people do to alerts, in the record: found, changed with a line in the trail, and read back.

A change and its line, its notification and its deliveries are one transaction. This module must not know what a change
means.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, func, literal_column, select, update

from monitor.model import DeliveryState, JsonObject, Way
from monitor.ports import AlertChange, AlertFound, DecideAgain, Entry
from monitor.store import codec, queries, telling
from monitor.store.audit import note
from monitor.store.schema import alert, audit, delivery, notification, sink
from monitor.store.side import Side

_NUMBER: Any = literal_column("notification.rowid")


def find(connection: Connection, prefix: str) -> AlertFound | None:
    row = queries.alert_row(connection, prefix)
    if row is None:
        return None
    last = select(notification.c.payload).where(notification.c.alert == row.id).order_by(notification.c.ordinal.desc()).limit(1)
    payload = connection.execute(last).scalar()
    return AlertFound(codec.told(row), _document(payload), _ways(connection, row.id))


def _document(payload: bytes | None) -> JsonObject:
    """An alert in shadow has told nothing."""
    try:
        found = json.loads(payload or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _ways(connection: Connection, alert_id: str) -> tuple[Way, ...]:
    """Every sink, still configured, that was told of the alert; each once, by the route of its latest notification."""
    rows = connection.execute(
        select(delivery.c.sink, delivery.c.route)
        .join(notification, notification.c.id == delivery.c.notification)
        .join(sink, sink.c.name == delivery.c.sink)
        .where(notification.c.alert == alert_id, sink.c.retired.is_(None))
        .order_by(notification.c.ordinal)
    )
    return tuple(Way(name, route) for name, route in sorted({row.sink: row.route for row in rows}.items()))


def change_alert(connection: Connection, change: AlertChange, now: datetime) -> None:
    """Raises DecideAgain where the alert is not as it was found."""
    after = change.alert
    row = connection.execute(select(alert).where(alert.c.id == after.id)).first()
    if row is None or row.state != change.was.value:
        raise DecideAgain
    values: dict[str, Any] = {
        "state": after.state.value,
        "story": after.story,
        "updated": after.updated,
        "disposition": "" if after.disposition is None else after.disposition.value,
        "comment": after.comment,
        "changed_by": after.changed_by,
        "merged_into": after.merged_into,
    }
    if change.notification is not None:
        if telling.existing(connection, [change.notification.id]):
            raise DecideAgain  # its number was taken by something told meanwhile
        told = change.notification
        telling.tell(connection, [telling.notification_row(told, row.notifications)], telling.delivery_rows(told, change.ways, now))
        values |= {"notifications": row.notifications + 1, "last_told": told.created}
    connection.execute(update(alert).where(alert.c.id == after.id).values(values))
    write_entry(connection, change.entry, now)


def write_entry(connection: Connection, entry: Entry, now: datetime) -> None:
    note(connection, now, entry.action, entry.subject, actor=entry.actor, **entry.detail)


# ------------------------------------------------------------------------------------------- reading
def copy_delivered(connection: Connection, name: str, take: Callable[[int, bytes], None]) -> int:
    """Hand ``take`` the sequence and document of everything that was delivered to a sink, in the order it arrived; how many.

    One reading: what is delivered meanwhile is not in it. Deliveries settled together are in the order of their sequence.
    """
    arrived = (
        select(delivery.c.sequence, notification.c.payload)
        .join(notification, notification.c.id == delivery.c.notification)
        .where(delivery.c.sink == name, delivery.c.state == DeliveryState.DELIVERED.value)
        .order_by(delivery.c.changed, delivery.c.sequence)
    )
    count = 0
    for row in connection.execution_options(yield_per=1000).execute(arrived):
        take(row.sequence, row.payload)
        count += 1
    return count


def trail(connection: Connection, *, subject: str, since: datetime | None, limit: int) -> tuple[JsonObject, ...]:
    wanted = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if subject:
        # Objects are named by ids of which the beginning is enough, or by names.
        wanted = wanted.where(audit.c.object >= subject, audit.c.object < subject + "\U0010ffff")
    if since is not None:
        wanted = wanted.where(audit.c.at >= since)
    return tuple(
        {"at": codec.iso(row.at), "actor": row.actor, "action": row.action, "object": row.object, "detail": row.detail}
        for row in connection.execute(wanted)
    )


def follow(connection: Connection, after: int, limit: int) -> tuple[JsonObject, ...]:
    rows = connection.execute(
        select(_NUMBER.label("number"), notification.c.id, notification.c.alert, notification.c.kind, notification.c.payload)
        .where(after < _NUMBER)
        .order_by(_NUMBER)
        .limit(limit)
    )
    return tuple(
        {"number": row.number, "id": row.id, "alert": row.alert, "kind": row.kind, "document": _document(row.payload)} for row in rows
    )


def latest(connection: Connection) -> int:
    """The number of the newest notification, 0 where there is none."""
    return int(connection.execute(select(func.max(_NUMBER)).select_from(notification)).scalar() or 0)


class AlertSide(Side):
    """The AlertRecord port, and the pages of the trail and of what was told."""

    async def find(self, alert: str) -> AlertFound | None:
        return await self._database.read(partial(find, prefix=alert))

    async def change_alert(self, change: AlertChange, now: datetime) -> None:
        await self._database.write(partial(change_alert, change=change, now=now))

    async def audit(self, entry: Entry, now: datetime) -> None:
        await self._database.write(partial(write_entry, entry=entry, now=now))

    async def trail(self, *, subject: str = "", since: datetime | None = None, limit: int = 50) -> Sequence[JsonObject]:
        return await self._database.read(partial(trail, subject=subject, since=since, limit=limit))

    async def follow(self, after: int, limit: int) -> Sequence[JsonObject]:
        return await self._database.read(partial(follow, after=after, limit=limit))

    async def copy_delivered(self, sink: str, take: Callable[[int, bytes], None]) -> int:
        """``take`` is called on a thread of the record's."""
        return await self._database.read(partial(copy_delivered, name=sink, take=take))

    async def latest_told(self) -> int:
        return await self._database.read(latest)
