"""Sinks in the record: which are configured, how each is, and what people do to them.

A pause by a person stands until a person ends it: no status that an answer made replaces it. A sink that is no longer configured
keeps its row and its numbers; what waits for it is cancelled, and waits again where it comes back within a week: a slip in a
configuration must not lose what was not told. This module must not know what a state means.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from monitor.model import DeliveryState, SinkState
from monitor.ports import SinkStatus
from monitor.store import codec
from monitor.store.attempts import INTERRUPTED, end_attempts
from monitor.store.audit import note
from monitor.store.schema import HELD, INFLIGHT, LANE, delivery, sink
from monitor.store.side import Side
from monitor.store.telling import new_sink_row

Values = dict[str, Any]

_NEW_SINK = insert(sink)
_LEFT = "the sink is no longer configured"
#: Of deliveries that are given back to a sink, the oldest: as old as any may become.
_WEEK = timedelta(days=7)


class SinksSide(Side):
    """The SinkRecord port."""

    async def pause_sink(self, sink: str, reason: str, actor: str, now: datetime) -> SinkStatus:
        return await self._database.write(partial(pause, name=sink, reason=reason, actor=actor, now=now))

    async def resume_sink(self, sink: str, actor: str, now: datetime, *, age_limit: float) -> SinkStatus:
        return await self._database.write(partial(resume, name=sink, actor=actor, now=now, age_limit=age_limit))


def sync_sinks(connection: Connection, names: Sequence[str], now: datetime) -> tuple[SinkStatus, ...]:
    there = {row.name: row for row in connection.execute(select(sink))}
    new = [new_sink_row(name) for name in dict.fromkeys(names) if name not in there]
    if new:
        connection.execute(_NEW_SINK, new)
    for row in there.values():
        if row.name in names and row.retired is not None:
            # It comes back healthy: whatever had stopped it was said of the configuration it left with.
            _put(connection, SinkStatus(row.name), retired=None)
            note(connection, now, "sink returns", row.name, deliveries_given_back=_give_back(connection, row.name, now))
        elif row.name not in names and row.retired is None:
            connection.execute(update(sink).where(sink.c.name == row.name).values(retired=now))
            cancelled = _cancel_all(connection, row.name, now)
            note(connection, now, "retire sink", row.name, deliveries_cancelled=cancelled)
    status = {row.name: codec.sink_status(row) for row in connection.execute(select(sink).where(sink.c.retired.is_(None)))}
    return tuple(status[name] for name in names)


def _cancel_all(connection: Connection, name: str, now: datetime) -> int:
    end_attempts(connection, connection.execute(select(delivery).where(delivery.c.sink == name, INFLIGHT)).all(), INTERRUPTED, now)
    cancelled: Values = {"state": DeliveryState.CANCELLED.value, "reason": _LEFT, "claimed": None}
    cancelled |= {"changed": now}
    # Two statements, because each has an index that knows its rows.
    return sum(
        connection.execute(update(delivery).where(delivery.c.sink == name, part).values(cancelled)).rowcount for part in (LANE, HELD)
    )


def _give_back(connection: Connection, name: str, now: datetime) -> int:
    """What was cancelled because the sink had left, under the old numbers. What was held goes at once: its hold is forgotten."""
    left = (delivery.c.sink == name, delivery.c.state == DeliveryState.CANCELLED.value, delivery.c.reason == _LEFT)
    pending: Values = {"state": DeliveryState.PENDING.value, "reason": "", "due": now, "changed": now}
    return connection.execute(update(delivery).where(*left, delivery.c.created >= now - _WEEK).values(pending)).rowcount


def save_sink(connection: Connection, status: SinkStatus) -> None:
    """What answers made of it."""
    if connection.execute(update(sink).where(sink.c.name == status.name, sink.c.by == "").values(_values(status))).rowcount == 0:
        _add_missing(connection, status)


def pause(connection: Connection, name: str, reason: str, actor: str, now: datetime) -> SinkStatus:
    before = _status(connection, name)
    paused = SinkStatus(name, SinkState.PAUSED, reason, before.failures, by=actor, since=now)
    _put(connection, paused)
    note(connection, now, "pause sink", name, actor=actor, was=before.state.value, comment=reason)
    return paused


def resume(connection: Connection, name: str, actor: str, now: datetime, age_limit: float) -> SinkStatus:
    before = _status(connection, name)
    _put(connection, resumed := SinkStatus(name, since=now, catching_up=now))
    # Whoever resumes it wants to see it go: no wait from before is sat out.
    connection.execute(update(delivery).where(delivery.c.sink == name, LANE, delivery.c.due > now).values(due=now))
    kept = 0
    if age_limit != float("inf"):
        since = func.coalesce(delivery.c.replayed, delivery.c.created, type_=delivery.c.created.type)
        late = (delivery.c.sink == name, LANE, since < now - timedelta(seconds=age_limit))
        kept = connection.execute(update(delivery).where(*late).values(replayed=now)).rowcount
    note(connection, now, "resume sink", name, actor=actor, was=before.state.value, deliveries_kept=kept)
    return resumed


def _status(connection: Connection, name: str) -> SinkStatus:
    row = connection.execute(select(sink).where(sink.c.name == name)).first()
    return SinkStatus(name) if row is None else codec.sink_status(row)


def _put(connection: Connection, status: SinkStatus, **more: Any) -> None:
    if connection.execute(update(sink).where(sink.c.name == status.name).values(_values(status) | more)).rowcount == 0:
        _add_missing(connection, status)


def _add_missing(connection: Connection, status: SinkStatus) -> None:
    if connection.execute(select(sink.c.name).where(sink.c.name == status.name)).first() is None:
        connection.execute(_NEW_SINK, new_sink_row(status.name) | _values(status))


def _values(status: SinkStatus) -> Values:
    return {
        "state": status.state.value,
        "reason": status.reason,
        "failures": status.failures,
        "probe_due": status.probe_due,
        "by": status.by,
        "since": status.since,
        "catching_up": status.catching_up,
    }
