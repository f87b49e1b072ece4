"""Silences in the record, and what they muted: counted in the transaction that decides, read back when they end.

This module must not know what a matcher means.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, and_, case, insert, or_, select, union, update

from monitor.errors import UsageError
from monitor.model import Article, Notification, Reason, Severity, Silence, Way
from monitor.ports import IngestBatch, Matched
from monitor.store import codec, telling
from monitor.store.audit import note
from monitor.store.schema import alert, article, match, silence, story, story_article
from monitor.store.side import Side

_NEW = insert(silence)


class SilencesSide(Side):
    """The SilenceRecord port."""

    async def silences(self, now: datetime, *, ended_since: datetime | None = None) -> Sequence[Silence]:
        return await self._database.read(partial(silences, now=now, ended_since=ended_since))

    async def add_silence(self, silence: Silence, actor: str, now: datetime) -> None:
        await self._database.write(partial(add, new=silence, actor=actor, now=now))

    async def expire_silence(self, silence: str, actor: str, now: datetime) -> Silence | None:
        return await self._database.write(partial(expire, prefix=silence, actor=actor, now=now))

    async def stories_like(self, prefix: str, limit: int) -> Sequence[str]:
        return await self._database.read(partial(stories_like, prefix=prefix, limit=limit))

    async def muted(self, silence: str, limit: int) -> Sequence[Matched]:
        return await self._database.read(partial(muted, id_=silence, limit=limit))

    async def told_matches(self, since: datetime, limit: int) -> Sequence[Matched]:
        return await self._database.read(partial(told_matches, since=since, limit=limit))

    async def sum_up(self, silence: str, told: Sequence[tuple[Notification, Way]], now: datetime) -> None:
        await self._database.write(partial(sum_up, id_=silence, told=told, now=now))


def silences(connection: Connection, now: datetime, ended_since: datetime | None) -> tuple[Silence, ...]:
    over = or_(silence.c.ends <= now, silence.c.expired.is_not(None))
    wanted = or_(~over, silence.c.summed.is_(None))
    if ended_since is not None:
        wanted = or_(wanted, silence.c.ends > ended_since, silence.c.expired > ended_since)
    return tuple(_silence(row) for row in connection.execute(select(silence).where(wanted).order_by(silence.c.starts, silence.c.id)))


def _silence(row: Any) -> Silence:
    plain = ("id", "author", "comment", "created", "starts", "ends", "expired", "expired_by", "muted", "last_muted", "reported", "summed")
    return Silence(matchers={name: tuple(values) for name, values in row.matchers.items()}, **{name: getattr(row, name) for name in plain})


def add(connection: Connection, new: Silence, actor: str, now: datetime) -> None:
    matchers = {name: list(values) for name, values in new.matchers.items()}
    row = {name: getattr(new, name) for name in ("id", "author", "comment", "created", "starts", "ends")}
    connection.execute(_NEW, row | {"matchers": matchers})
    note(connection, now, "silence add", new.id, actor=actor, matchers=matchers, comment=new.comment, ends=codec.iso(new.ends))


def expire(connection: Connection, prefix: str, actor: str, now: datetime) -> Silence | None:
    open_ = and_(silence.c.id >= prefix, silence.c.id < prefix + "g", silence.c.ends > now, silence.c.expired.is_(None))
    rows = connection.execute(select(silence).where(open_).order_by(silence.c.id)).all()
    if len(rows) > 1:
        raise UsageError(f"several silences begin with {prefix}: {', '.join(row.id for row in rows)}", hint="give more of the one you mean")
    if not rows:
        return None
    id_ = rows[0].id
    connection.execute(update(silence).where(silence.c.id == id_).values(expired=now, expired_by=actor))
    note(connection, now, "silence expire", id_, actor=actor, muted=rows[0].muted)
    return _silence(connection.execute(select(silence).where(silence.c.id == id_)).one())


def stories_like(connection: Connection, prefix: str, limit: int) -> tuple[str, ...]:
    """Of articles that were placed, and of alerts of those that could not be."""
    end = prefix + "g"
    placed = select(story_article.c.story.label("id")).where(story_article.c.story >= prefix, story_article.c.story < end)
    bare = select(story.c.id).where(story.c.id >= prefix, story.c.id < end)
    return tuple(connection.execute(union(placed, bare).limit(limit)).scalars())


# ------------------------------------------------------------------------------------- what they mute
def count(connection: Connection, batch: IngestBatch) -> None:
    """Within the transaction that decided it."""
    by = Counter(one.decision.by for item in batch.articles for one in item.decided if one.decision.reason is Reason.SILENCED)
    for id_, number in sorted(by.items()):
        counted = {"muted": silence.c.muted + number, "last_muted": batch.now}
        connection.execute(update(silence).where(silence.c.id == id_).values(counted))


def muted(connection: Connection, id_: str, limit: int) -> tuple[Matched, ...]:
    by_it = (match.c.by == id_, match.c.reason == Reason.SILENCED.value)
    gravest = case({severity.value: -severity.rank for severity in Severity}, value=match.c.severity, else_=0)
    chosen = select(match.c.id).where(*by_it).order_by(gravest, match.c.id).limit(limit)
    return matched(connection, select(match).where(match.c.id.in_(chosen)).order_by(match.c.id))


def told_matches(connection: Connection, since: datetime, limit: int) -> tuple[Matched, ...]:
    told = (match.c.notification.is_not(None), match.c.at >= since)
    return matched(connection, select(match).where(*told).order_by(match.c.id.desc()).limit(limit))


def matched(connection: Connection, wanted: Any) -> tuple[Matched, ...]:
    """The matches of a selection, but for those whose articles retention has dropped."""
    rows = connection.execute(wanted).all()
    found = wanted.subquery()
    articles = {row.id: row for row in connection.execute(select(article).where(article.c.id.in_(select(found.c.article))))}
    of_stories = select(alert).where(alert.c.story.in_(select(found.c.story)))
    alerts = {(row.watchlist, row.story): codec.alert(row) for row in connection.execute(of_stories)}
    return tuple(
        Matched(codec.match(row), _article(articles[row.article]), row.story, alerts.get((row.watchlist, row.story)), row.at)
        for row in rows
        if row.article in articles
    )


def _article(row: Any) -> Article:
    plain = ("id", "source", "key", "url", "title", "language", "published", "fetched", "text_hash", "labels")
    return Article(**{name: getattr(row, name) for name in plain}, notes=tuple(row.notes))


def sum_up(connection: Connection, id_: str, told: Sequence[tuple[Notification, Way]], now: datetime) -> None:
    there = telling.existing(connection, [one.id for one, _ in told])
    for one, way in told:
        if one.id not in there:
            row = telling.notification_row(one, 0) | {"alert": None, "digest": f"silence:{id_}"}
            telling.tell(connection, [row], telling.delivery_rows(one, [way], now))
    connection.execute(update(silence).where(silence.c.id == id_, silence.c.summed.is_(None)).values(summed=now))
