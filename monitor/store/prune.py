"""What grows old and is not needed goes: articles that concerned nobody, and how deliveries went that arrived long ago.

    what                          goes when
    article, with its versions    read before T, and no watchlist ever matched it; what it was known under goes with it
    text                          no article, version, match or alert is of it
    key of an item                seen last before T2, of a source that is no longer configured
    attempt                       its delivery is delivered, since before T

Never: what is not final, what was matched, told or decided, alerts, stories, the audit. The key of an item stays as long as its
source is configured, though the article is gone: a page that lists it for years must not make it new again. All in transactions
of a few hundred rows, between which the daemon goes on; what it writes meanwhile is noticed by temporary triggers, so that nothing
goes that was needed again a moment ago. This module must not know who asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, delete, exists, func, select, tuple_, union

from monitor.model import DeliveryState
from monitor.store.database import Database
from monitor.store.schema import alert, alias, article, article_text, article_version, attempt, delivery, match, seen, sink, source
from monitor.store.statements import chunks

#: Articles whose aliases are looked up together (one reading of all aliases), and rows of a transaction.
SLICE: Final = 50_000
BATCH: Final = 250
#: The keys of items are kept for so many times the age.
_KEYS: Final = 2

# Neither INSERT OR IGNORE nor OR REPLACE: within a trigger the way out of a conflict is that of the statement that fires it,
# and theirs is another, or none.
_NEEDED: Final = "INSERT INTO needed_text SELECT new.text_hash WHERE new.text_hash NOT IN (SELECT hash FROM needed_text);"
#: What the daemon needs anew while this goes on. Temporary, so of this connection, the only one that writes, and gone with it.
_WATCHING: Final = (
    "CREATE TEMP TABLE needed_text (hash TEXT PRIMARY KEY) WITHOUT ROWID",
    "CREATE TEMP TABLE new_alias (hash TEXT PRIMARY KEY, article TEXT NOT NULL) WITHOUT ROWID",
    f"CREATE TEMP TRIGGER needed_by_version AFTER INSERT ON main.article_version BEGIN {_NEEDED} END",
    f"CREATE TEMP TRIGGER needed_by_new_article AFTER INSERT ON main.article BEGIN {_NEEDED} END",
    f"CREATE TEMP TRIGGER needed_by_article AFTER UPDATE ON main.article BEGIN {_NEEDED} END",
    "CREATE TEMP TRIGGER aliased AFTER INSERT ON main.alias BEGIN DELETE FROM new_alias WHERE hash = new.hash; "
    "INSERT INTO new_alias VALUES (new.hash, new.article); END",
)
_WATCHED: Final = (
    "DROP TRIGGER IF EXISTS temp.needed_by_version",
    "DROP TRIGGER IF EXISTS temp.needed_by_new_article",
    "DROP TRIGGER IF EXISTS temp.needed_by_article",
    "DROP TRIGGER IF EXISTS temp.aliased",
    "DROP TABLE IF EXISTS temp.needed_text",
    "DROP TABLE IF EXISTS temp.new_alias",
)


@dataclass(slots=True)
class Pruned:
    """How many rows went (or would go); ``text_bytes`` is what the texts hold, in bytes."""

    articles: int = 0
    texts: int = 0
    text_bytes: int = 0
    aliases: int = 0
    keys: int = 0
    attempts: int = 0

    def add(self, other: Pruned) -> None:
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


Bounds = tuple[datetime, datetime]


def bounds(now: datetime, age: float) -> Bounds:
    """T and T2, for an age in seconds."""
    return now - timedelta(seconds=age), now - _KEYS * timedelta(seconds=age)


async def prune(database: Database, bounds: Bounds) -> Pruned:
    """Raises StorageError; what went until then is gone."""
    before, long_before = bounds
    pruned = Pruned()
    await database.write(_watch)
    try:
        last = ""
        while doomed := await database.read(partial(_doomed, before=before, after=last)):
            last = max(doomed)
            for some in _batches(sorted(doomed)):
                aliases = [hash_ for id_ in some for hash_ in doomed[id_]]
                pruned.add(await database.write(partial(_drop_articles, ids=some, aliases=aliases, before=before)))
        for some in _batches(await database.read(_orphans)):
            pruned.add(await database.write(partial(_drop_texts, hashes=some)))
        while gone := await database.write(partial(_drop_keys, before=long_before)):
            pruned.keys += gone
        for name, newest in await database.read(_sequences):
            for start in range(1, newest + 1, BATCH):
                pruned.attempts += await database.write(partial(_drop_attempts, name=name, start=start, before=before))
    finally:
        await database.write(_unwatch)
    return pruned


def _batches(values: Sequence[str]) -> list[Sequence[str]]:
    return [values[start : start + BATCH] for start in range(0, len(values), BATCH)]


# ----------------------------------------------------------------------------------------- articles
def _is_doomed(before: datetime) -> ColumnElement[bool]:
    # The article of an alert has a match, which no one ever drops.
    return (article.c.fetched < before) & ~exists().where(match.c.article == article.c.id)


def _doomed(connection: Connection, before: datetime, after: str) -> dict[str, list[str]]:
    """The next articles by id, each with what it is known under."""
    ids = connection.execute(select(article.c.id).where(_is_doomed(before), article.c.id > after).order_by(article.c.id).limit(SLICE))
    found: dict[str, list[str]] = {id_: [] for id_ in ids.scalars()}
    if not found:
        return found
    within = (alias.c.article >= min(found)) & (alias.c.article <= max(found))
    for hash_, id_ in connection.execute(select(alias.c.hash, alias.c.article).where(within)):
        if id_ in found:
            found[id_].append(hash_)
    return found


def _drop_articles(connection: Connection, ids: Sequence[str], aliases: Sequence[str], before: datetime) -> Pruned:
    """Once more what is doomed is asked: it may have been edited or matched since. Its versions go by themselves."""
    went: list[str] = []
    for some in chunks(ids):
        dropped = delete(article).where(article.c.id.in_(some), _is_doomed(before)).returning(article.c.id)
        went += connection.execute(dropped).scalars()
    gone = 0
    for some in chunks(aliases):
        gone += connection.execute(delete(alias).where(alias.c.hash.in_(some), ~exists().where(article.c.id == alias.c.article))).rowcount
    for some in chunks(went):
        marks = ",".join("?" * len(some))
        found = f"DELETE FROM alias WHERE hash IN (SELECT hash FROM temp.new_alias WHERE article IN ({marks}))"  # noqa: S608
        gone += connection.exec_driver_sql(found, tuple(some)).rowcount
    return Pruned(articles=len(went), aliases=gone)


# -------------------------------------------------------------------------------------------- texts
def _needed() -> Any:
    """Hashes of the texts that something is of."""
    return union(*(select(table.c.text_hash) for table in (article, article_version, alert, match)))


def _orphans(connection: Connection) -> list[str]:
    return list(connection.execute(select(article_text.c.hash).where(article_text.c.hash.not_in(_needed()))).scalars())


def _drop_texts(connection: Connection, hashes: Sequence[str]) -> Pruned:
    pruned = Pruned()
    for some in chunks(hashes):
        marks = ",".join("?" * len(some))
        of = f"FROM article_text WHERE hash IN ({marks}) AND hash NOT IN (SELECT hash FROM temp.needed_text)"  # noqa: S608
        size = connection.exec_driver_sql(f"SELECT coalesce(sum(length(CAST(text AS BLOB))), 0) {of}", tuple(some)).scalar_one()
        pruned.add(Pruned(texts=connection.exec_driver_sql(f"DELETE {of}", tuple(some)).rowcount, text_bytes=size))
    return pruned


# ---------------------------------------------------------------------------------- keys, attempts
def _old_keys(before: datetime) -> Select[Any]:
    configured = select(source.c.name).where(source.c.retired.is_(None))
    return select(seen.c.source, seen.c.key).where(seen.c.at < before, seen.c.source.not_in(configured))


def _drop_keys(connection: Connection, before: datetime) -> int:
    return connection.execute(delete(seen).where(tuple_(seen.c.source, seen.c.key).in_(_old_keys(before).limit(BATCH)))).rowcount


def _sequences(connection: Connection) -> list[tuple[str, int]]:
    return [(row.name, row.last_sequence) for row in connection.execute(select(sink.c.name, sink.c.last_sequence))]


def _arrived(before: datetime) -> ColumnElement[bool]:
    return (delivery.c.state == DeliveryState.DELIVERED.value) & (delivery.c.changed < before)


def _drop_attempts(connection: Connection, name: str, start: int, before: datetime) -> int:
    within = delivery.c.sequence.between(start, start + BATCH - 1)
    arrived = select(delivery.c.notification).where(delivery.c.sink == name, within, _arrived(before))
    return connection.execute(delete(attempt).where(attempt.c.sink == name, attempt.c.notification.in_(arrived))).rowcount


# ----------------------------------------------------------------------------------------- the rest
def _watch(connection: Connection) -> None:
    for statement in (*_WATCHED, *_WATCHING):
        connection.exec_driver_sql(statement)


def _unwatch(connection: Connection) -> None:
    for statement in _WATCHED:
        connection.exec_driver_sql(statement)


def counted(connection: Connection, bounds: Bounds) -> Pruned:
    """What would go now."""
    before, long_before = bounds
    doomed = select(article.c.id).where(_is_doomed(before))
    kept = union(
        select(article.c.text_hash).where(~_is_doomed(before)),
        select(article_version.c.text_hash).where(article_version.c.article.not_in(doomed)),
        select(alert.c.text_hash),
        select(match.c.text_hash),
    )
    size = func.coalesce(func.sum(func.length(article_text.c.text)), 0)
    texts = connection.execute(select(func.count(), size).select_from(article_text).where(article_text.c.hash.not_in(kept))).one()
    ended = attempt.join(delivery, (delivery.c.notification == attempt.c.notification) & (delivery.c.sink == attempt.c.sink))
    return Pruned(
        articles=_number(connection, doomed),
        texts=texts[0],
        text_bytes=texts[1],
        aliases=_number(connection, select(alias.c.hash).where(alias.c.article.in_(doomed))),
        keys=_number(connection, _old_keys(long_before)),
        attempts=_number(connection, select(attempt.c.number).select_from(ended).where(_arrived(before))),
    )


def _number(connection: Connection, rows: Select[Any]) -> int:
    return int(connection.execute(select(func.count()).select_from(rows.subquery())).scalar_one())
