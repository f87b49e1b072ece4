"""One alert as commands read it: all that was told of it and decided, a part at a time.

A story that goes on for months has an alert with thousands of notifications, each with a document of up to a megabyte. Whoever
looks at one is shown how it began and what came last; whoever exports it reads page after page. This module only reads, and must
not know who prints it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from monitor.model import JsonObject
from monitor.store import codec, queries
from monitor.store.schema import article_text, match, notification
from monitor.store.side import Side


class AlertPagesSide(Side):
    """The Queries port, what concerns one alert."""

    async def alert(self, alert_id: str, limit: int = 20) -> JsonObject | None:
        """Of more notifications or decisions than ``limit`` the first and the newest; ``left_out`` says how many are missing."""
        return await self._database.read(partial(alert_by_prefix, prefix=alert_id, limit=limit))

    async def alert_told(self, alert: str, after: int, limit: int) -> Sequence[JsonObject]:
        """Notifications behind the ``ordinal`` of one (-1: from the first), in order."""
        return await self._database.read(partial(told_page, alert_id=alert, after=after, limit=limit))

    async def alert_decided(self, story: str, watchlist: str, after: int, limit: int) -> Sequence[JsonObject]:
        """Decisions behind the ``number`` of one (0: from the first), in order."""
        return await self._database.read(partial(decided_page, story_id=story, watchlist=watchlist, after=after, limit=limit))


def alert_by_prefix(connection: Connection, prefix: str, limit: int) -> JsonObject | None:
    """Raises UsageError where the prefix fits several. With a ``limit`` of 0 only what there is one of."""
    row = queries.alert_row(connection, prefix.strip().lower())
    if row is None:
        return None
    told, decided = notification.c.alert == row.id, _decided_of(row.story, row.watchlist)
    ordinals, untold = _chosen(connection, notification.c.ordinal, told, limit)
    numbers, undecided = _chosen(connection, match.c.id, decided, limit)
    return {
        **queries.summary(row, queries.delivery_states(connection, [row.id])[row.id]),
        "labels": row.labels,
        "changed_by": row.changed_by,
        "merged_into": row.merged_into,
        "text_hash": row.text_hash,
        "text": connection.execute(select(article_text.c.text).where(article_text.c.hash == row.text_hash)).scalar(),
        "left_out": {"notifications": untold, "decisions": undecided},
        "notifications": _notifications(connection, told & notification.c.ordinal.in_(ordinals)),
        "decisions": _decisions(connection, decided & match.c.id.in_(numbers)),
    }


def told_page(connection: Connection, alert_id: str, after: int, limit: int) -> list[JsonObject]:
    wanted = select(notification.c.ordinal).where(notification.c.alert == alert_id, notification.c.ordinal > after)
    ordinals = connection.execute(wanted.order_by(notification.c.ordinal).limit(limit)).scalars().all()
    return _notifications(connection, (notification.c.alert == alert_id) & notification.c.ordinal.in_(ordinals))


def decided_page(connection: Connection, story_id: str, watchlist: str, after: int, limit: int) -> list[JsonObject]:
    wanted = select(match.c.id).where(_decided_of(story_id, watchlist), match.c.id > after).order_by(match.c.id).limit(limit)
    return _decisions(connection, match.c.id.in_(connection.execute(wanted).scalars().all()))


def _decided_of(story_id: str, watchlist: str) -> ColumnElement[bool]:
    return (match.c.story == story_id) & (match.c.watchlist == watchlist)


def _chosen(connection: Connection, column: Any, where: ColumnElement[bool], limit: int) -> tuple[list[int], int]:
    """The first and the newest of what there is, ``limit`` in all, and how many that leaves out."""
    count = connection.execute(select(func.count()).select_from(column.table).where(where)).scalar_one()
    if not limit:
        return [], count
    newest = connection.execute(select(column).where(where).order_by(column.desc()).limit(limit)).scalars().all()
    if count <= limit:
        return list(newest), 0
    first = connection.execute(select(func.min(column)).where(where)).scalar_one()
    return [*newest[: limit - 1], first], count - limit


def _notifications(connection: Connection, where: ColumnElement[bool]) -> list[JsonObject]:
    deliveries = queries.deliveries_of(connection, select(notification.c.id).where(where))
    return [
        queries.notification_json(row, deliveries[row.id]) | {"ordinal": row.ordinal, "document": queries.document(row.payload)}
        for row in connection.execute(select(notification).where(where).order_by(notification.c.ordinal))
    ]


def _decisions(connection: Connection, where: ColumnElement[bool]) -> list[JsonObject]:
    return [
        {
            "number": row.id,
            "at": codec.iso(row.at),
            "kind": row.decision,
            "reason": row.reason,
            "by": row.by,
            "notification": row.notification,
            "article": row.article,
            "text_hash": row.text_hash,
            "version": row.version,
            "engine": row.engine,
            "severity": row.severity,
            "stances": row.stances,
            "evidence": row.evidence,
        }
        for row in connection.execute(select(match).where(where).order_by(match.c.id))
    ]
