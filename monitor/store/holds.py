"""Held deliveries: what is not to be sent yet, under a key that says why, and what becomes of it.

A hold ends in one of two ways: its deliveries are let go (each is sent by itself, before what was made after it), or one digest
is made that tells of them all, and they are final. Nothing is held twice and nothing disappears. This module must not know
why anything is held or when a hold ends.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from monitor.model import Delivery, DeliveryState, Notification, Reason, Way
from monitor.ports import DecideAgain, Held
from monitor.store import codec, telling
from monitor.store.outbox import WITH_PAYLOAD
from monitor.store.schema import HELD, INFLIGHT, LANE, delivery, notification, notification_member
from monitor.store.side import Side
from monitor.store.statements import add_rows, chunks

Values = dict[str, Any]

_NEW_MEMBER = insert(notification_member)
#: Rows read at a time, going backwards.
_BLOCK = 1000
#: Bytes of documents read at once: a document may have a megabyte, and ten thousand of them are more than a machine has.
_MOST = 64 * 1024 * 1024
#: What is read is told together where it can be: of one alone nothing would follow.
_TOGETHER = 2


class HoldsSide(Side):
    """The Holds port."""

    async def hold(self, deliveries: Sequence[Delivery], key: str, until: datetime, now: datetime) -> None:
        await self._database.write(partial(hold, deliveries=deliveries, key=key, until=until, now=now))

    async def holds_due(self, now: datetime) -> Sequence[Held]:
        return await self._database.read(partial(holds_due, now=now))

    async def held(self, sink: str, key: str, limit: int) -> Sequence[Delivery]:
        return await self._database.read(partial(held, name=sink, key=key, limit=limit))

    async def let_go(self, sink: str, key: str, now: datetime) -> int:
        return await self._database.write(partial(let_go, name=sink, key=key, now=now))

    async def postpone(self, key: str, until: datetime, now: datetime) -> int:
        return await self._database.write(partial(postpone, key=key, until=until, now=now))

    async def digest(self, notification: Notification, key: str, sink: str, members: Sequence[Delivery], now: datetime) -> None:
        await self._database.write(partial(digest, told=notification, key=key, name=sink, members=members, now=now))

    async def waiting(self, sink: str, older: datetime, limit: int) -> Sequence[Delivery]:
        return await self._database.read(partial(waiting, name=sink, older=older, limit=limit))

    async def sent_since(self, sink: str, since: datetime) -> Mapping[str, datetime]:
        return await self._database.read(partial(sent_since, name=sink, since=since))


# ------------------------------------------------------------------------------------------- holding
def hold(connection: Connection, deliveries: Sequence[Delivery], key: str, until: datetime, now: datetime) -> None:
    """A claim made for nothing was no attempt; what is held already waits under the new key from now on."""
    for name, sequences in _by_sink(deliveries).items():
        for some in chunks(sequences):
            chosen = (delivery.c.sink == name) & delivery.c.sequence.in_(some)
            held: Values = {"state": DeliveryState.HELD.value, "reason": key, "due": until, "changed": now, "claimed": None}
            claimed = update(delivery).where(chosen, INFLIGHT).values(held | {"attempts": delivery.c.attempts - 1})
            connection.execute(claimed)
            connection.execute(update(delivery).where(chosen, delivery.c.state == DeliveryState.PENDING.value).values(held))
            connection.execute(update(delivery).where(chosen, HELD).values(held))


def let_go(connection: Connection, name: str, key: str, now: datetime) -> int:
    """Their age counts anew where they are older than their hold, or what was held for a week would expire unsent."""
    pending: Values = {"state": DeliveryState.PENDING.value, "reason": "", "due": now, "replayed": now, "changed": now}
    return connection.execute(update(delivery).where(delivery.c.sink == name, HELD, delivery.c.reason == key).values(pending)).rowcount


def postpone(connection: Connection, key: str, until: datetime, now: datetime) -> int:
    return connection.execute(update(delivery).where(HELD, delivery.c.reason == key).values(due=until, changed=now)).rowcount


def digest(connection: Connection, told: Notification, *, key: str, name: str, members: Sequence[Delivery], now: datetime) -> None:
    """Raises DecideAgain where a member is not held any more: it would be told twice."""
    row = telling.notification_row(told, 0) | {"alert": None, "digest": key}
    telling.tell(connection, [row], telling.delivery_rows(told, [Way(name, _route(members))], now))
    add_rows(connection, _NEW_MEMBER, [{"notification": told.id, "member": member.notification} for member in members])
    ended: Values = {"state": DeliveryState.CANCELLED.value, "reason": Reason.DIGEST.value, "told_in": told.id, "changed": now}
    cancelled = 0
    for some in chunks([member.sequence for member in members]):
        chosen = (delivery.c.sink == name, delivery.c.sequence.in_(some), HELD)
        cancelled += connection.execute(update(delivery).where(*chosen).values(ended)).rowcount
    if cancelled != len(members):
        raise DecideAgain(f"{len(members) - cancelled} of {len(members)} deliveries of the digest {told.id} are not held any more")


def _route(members: Sequence[Delivery]) -> str:
    """What sent them all; "" where they came different ways."""
    routes = {member.route for member in members}
    return routes.pop() if len(routes) == 1 else ""


# ------------------------------------------------------------------------------------------- reading
def holds_due(connection: Connection, now: datetime) -> tuple[Held, ...]:
    """Whole holds, of which the first delivery is due; those due first at the head. Asked every second: of many that are held and
    not due only the index is read."""
    if connection.execute(select(delivery.c.due).where(HELD, delivery.c.due <= now).limit(1)).first() is None:
        return ()
    kinds = delivery.c.due.type, delivery.c.created.type
    first = func.min(delivery.c.due, type_=kinds[0])
    rows = connection.execute(
        select(
            delivery.c.sink,
            delivery.c.reason,
            func.count().label("waiting"),
            first.label("due"),
            func.min(delivery.c.created, type_=kinds[1]).label("oldest"),
        )
        .where(HELD)
        .group_by(delivery.c.sink, delivery.c.reason)
        .having(first <= now)
        .order_by(first, delivery.c.sink, delivery.c.reason)
    )
    return tuple(Held(row.sink, row.reason, row.waiting, row.due, row.oldest) for row in rows)


def held(connection: Connection, name: str, key: str, limit: int) -> tuple[Delivery, ...]:
    return read_first(connection, (delivery.c.sink == name, HELD, delivery.c.reason == key), limit)


def waiting(connection: Connection, name: str, older: datetime, limit: int) -> tuple[Delivery, ...]:
    chosen = (delivery.c.sink == name, LANE, delivery.c.state == DeliveryState.PENDING.value, delivery.c.created < older)
    return read_first(connection, chosen, limit)


def read_first(connection: Connection, chosen: Sequence[Any], limit: int, most: int = _MOST) -> tuple[Delivery, ...]:
    """The first deliveries of a selection: as many as have so many bytes of documents together, but two in any case."""
    sizes = select(delivery.c.sequence, func.length(notification.c.payload).label("size"))
    sized = sizes.join(notification, notification.c.id == delivery.c.notification).where(*chosen).order_by(delivery.c.sequence)
    last, count, read = 0, 0, 0
    for row in connection.execute(sized.limit(limit)).all():
        read += row.size
        if read > most and count >= _TOGETHER:
            break
        last, count = row.sequence, count + 1
    rows = connection.execute(WITH_PAYLOAD.where(*chosen, delivery.c.sequence <= last).order_by(delivery.c.sequence))
    return tuple(codec.delivery(row) for row in rows)


def sent_since(connection: Connection, name: str, since: datetime) -> dict[str, datetime]:
    """Backwards from the latest, because what was delivered has no index of its own: as far as ``since`` reaches."""
    sent: dict[str, datetime] = {}
    below = connection.execute(select(func.max(delivery.c.sequence)).where(delivery.c.sink == name)).scalar() or 0
    while below > 0:
        block = (delivery.c.sink == name, delivery.c.sequence > below - _BLOCK, delivery.c.sequence <= below)
        rows = connection.execute(select(delivery.c.notification, delivery.c.state, delivery.c.changed).where(*block)).all()
        recent = [row for row in rows if row.changed >= since]
        sent.update((row.notification, row.changed) for row in recent if row.state == DeliveryState.DELIVERED.value)
        if not recent:
            break
        below -= _BLOCK
    return sent


def _by_sink(deliveries: Iterable[Delivery]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for one in deliveries:
        found[one.sink].append(one.sequence)
    return found
