"""What an item is known under: its key within its source, its canonical link, its content; and which article that stands for.

This module must not know how a link is made canonical, nor what follows from an item being known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from monitor.model import identity
from monitor.ports import IngestBatch, Known, Owner, Probe
from monitor.store.schema import alias, article, article_text, seen
from monitor.store.statements import add_rows, chunks, insert_new, upsert

_PUT_SEEN = upsert(seen)
_NEW_ALIAS = insert_new(alias)


def known(connection: Connection, source: str, probes: Sequence[Probe]) -> list[Known]:
    """What each probe stands for, in order: the keys, then the aliases, then the articles behind either."""
    keys = _keys(connection, source, [probe.key for probe in probes])
    aliases = _aliases(connection, sorted({hash_ for probe in probes for hash_ in probe.aliases}))
    owners = _owners(connection, sorted({row.article or identity(source, key) for key, row in keys.items()} | set(aliases.values())))
    siblings = _siblings(connection, source, sorted(set(aliases.values())), owners)
    found = []
    for probe in probes:
        row = keys.get(probe.key)
        *links, content = ["", *(aliases.get(hash_, "") for hash_ in probe.aliases)] if probe.aliases else ["", ""]
        link = links[-1]
        found.append(
            Known(
                content_hash="" if row is None else row.content_hash,
                owner=None if row is None else owners.get(row.article or identity(source, probe.key)),
                by_link=owners.get(link),
                by_content=owners.get(content),
                siblings=siblings.get(link, frozenset()) - {probe.key},
            )
        )
    return found


def _keys(connection: Connection, source: str, keys: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for some in chunks(keys):
        rows = connection.execute(
            select(seen.c.key, seen.c.content_hash, seen.c.article).where(seen.c.source == source, seen.c.key.in_(some))
        )
        found.update((row.key, row) for row in rows)
    return found


def _aliases(connection: Connection, hashes: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for some in chunks(hashes):
        rows = connection.execute(select(alias.c.hash, alias.c.article).where(alias.c.hash.in_(some)))
        found.update((row.hash, row.article) for row in rows)
    return found


def _owners(connection: Connection, ids: Sequence[str]) -> dict[str, Owner]:
    wanted = (
        select(article.c.id, article.c.source, article.c.key, func.length(article_text.c.text).label("length"), seen.c.content_hash)
        .join(article_text, article_text.c.hash == article.c.text_hash)
        .outerjoin(seen, (seen.c.source == article.c.source) & (seen.c.key == article.c.key))
    )
    found: dict[str, Owner] = {}
    for some in chunks(ids):
        for row in connection.execute(wanted.where(article.c.id.in_(some))):
            found[row.id] = Owner(row.id, row.source, row.key, row.length, row.content_hash or "")
    return found


def _siblings(connection: Connection, source: str, articles: Sequence[str], owners: Mapping[str, Owner]) -> dict[str, frozenset[str]]:
    """The keys of this source that stand for each article; a key that stands for the article made of it is not written down."""
    found: dict[str, set[str]] = {id_: {owners[id_].key} for id_ in articles if id_ in owners and owners[id_].source == source}
    for some in chunks(articles):
        for row in connection.execute(select(seen.c.key, seen.c.article).where(seen.c.source == source, seen.c.article.in_(some))):
            found.setdefault(row.article, set()).add(row.key)
    return {id_: frozenset(keys) for id_, keys in found.items()}


def put(connection: Connection, batch: IngestBatch) -> None:
    """The keys of the articles and sightings of one transaction, and what the articles are known under besides."""
    seen_rows, alias_rows = [], []
    for item in batch.articles:
        a = item.article
        source, key = item.seen_source or a.source, item.seen_key or a.key
        stands_for = "" if (source, key) == (a.source, a.key) else a.id
        seen_rows.append({"source": source, "key": key, "content_hash": item.content_hash, "at": batch.now, "article": stands_for})
        alias_rows += [{"hash": hash_, "article": a.id, "source": a.source, "key": a.key, "at": batch.now} for hash_ in item.aliases]
    for sighting in batch.sightings:
        row = {"source": batch.source, "key": sighting.key, "content_hash": sighting.content_hash, "at": batch.now}
        seen_rows.append({**row, "article": sighting.article})
    add_rows(connection, _PUT_SEEN, seen_rows)
    add_rows(connection, _NEW_ALIAS, alias_rows)
