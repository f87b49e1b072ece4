"""What an item is known under: its key within its source, its canonical link, its content; and which article that stands for.

An alias belongs to the first article that claims it. Two sources that bring the same article at the same moment both find it
unknown; the second to write is told to decide again.

This module must not know how a link is made canonical, nor what follows from an item being known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, func, select

from monitor.model import SourceKind, identity
from monitor.ports import DecideAgain, IngestBatch, Known, Owner, Probe
from monitor.store.rows import Adding, Values
from monitor.store.schema import alias, article, article_text, microseconds, seen, source
from monitor.store.statements import SOME, insert_new, read_in, upsert

_PUT_SEEN = Adding(upsert(seen), seen.columns.keys())
_NEW_ALIASES = Adding(insert_new(alias), alias.columns.keys())
_KEYS = select(seen.c.key, seen.c.content_hash, seen.c.article).where(seen.c.source == bindparam("source"), seen.c.key.in_(SOME))
_ALIASES = select(alias.c.hash, alias.c.article).where(alias.c.hash.in_(SOME))
_OWNERS = (
    select(
        article.c.id,
        article.c.source,
        article.c.key,
        func.length(article_text.c.text),
        func.coalesce(seen.c.content_hash, ""),
        article.c.title,
        article.c.url,
        article.c.published,
        article.c.labels,
        func.coalesce(source.c.location, ""),
    )
    .join(article_text, article_text.c.hash == article.c.text_hash)
    .outerjoin(seen, (seen.c.source == article.c.source) & (seen.c.key == article.c.key))
    .outerjoin(source, (source.c.name == article.c.source) & (source.c.kind == SourceKind.FEED.value))
    .where(article.c.id.in_(SOME))
)
_SIBLINGS = select(seen.c.key, seen.c.article).where(seen.c.source == bindparam("source"), seen.c.article.in_(SOME))

#: What is known of most that is asked for.
_UNKNOWN = Known()


def known(connection: Connection, source: str, probes: Sequence[Probe]) -> list[Known]:
    """What each probe stands for, in order: the keys, then the aliases, then the articles behind either. What is found
    unchanged under its key is asked for nothing more."""
    keys = _keys(connection, source, [probe.key for probe in probes])
    open_ = [probe for probe in probes if probe.key not in keys or keys[probe.key][0] != probe.content_hash]
    aliases = _aliases(connection, sorted({hash_ for probe in open_ for hash_ in probe.aliases}))
    if not keys and not aliases:
        return [_UNKNOWN] * len(probes)
    stand_for = {probe.key: keys[probe.key][1] or identity(source, probe.key) for probe in open_ if probe.key in keys}
    owners = _owners(connection, sorted({*stand_for.values(), *aliases.values()}))
    links = {probe.key: aliases.get(probe.aliases[0], "") for probe in open_ if len(probe.aliases) > 1}
    siblings = _siblings(connection, source, sorted(set(links.values()) - {""}), owners)
    return [
        Known(
            content_hash=keys[probe.key][0] if probe.key in keys else "",
            owner=owners.get(stand_for.get(probe.key, "")),
            by_link=owners.get(links.get(probe.key, "")),
            by_content=owners.get(aliases.get(probe.aliases[-1], "")) if probe.aliases else None,
            siblings=siblings.get(links.get(probe.key, ""), frozenset()) - {probe.key},
        )
        for probe in probes
    ]


def _keys(connection: Connection, source: str, keys: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Key -> (content hash, what it stands for)."""
    return {key: (content_hash, stands_for) for key, content_hash, stands_for in read_in(connection, _KEYS, keys, source=source)}


def _aliases(connection: Connection, hashes: Sequence[str]) -> dict[str, str]:
    return dict(read_in(connection, _ALIASES, hashes))


def _owners(connection: Connection, ids: Sequence[str]) -> dict[str, Owner]:
    found: dict[str, Owner] = {}
    for id_, source_, key, length, content_hash, title, url, published, labels, location in read_in(connection, _OWNERS, ids):
        found[id_] = Owner(id_, source_, key, length, content_hash, title, url, published, dict(labels), location)
    return found


def _siblings(connection: Connection, source: str, articles: Sequence[str], owners: Mapping[str, Owner]) -> dict[str, frozenset[str]]:
    """The keys of this source that stand for each article; a key that stands for the article made of it is not written down."""
    found: dict[str, set[str]] = {id_: {owners[id_].key} for id_ in articles if id_ in owners and owners[id_].source == source}
    for key, id_ in read_in(connection, _SIBLINGS, articles, source=source):
        found.setdefault(id_, set()).add(key)
    return {id_: frozenset(keys) for id_, keys in found.items()}


class Keys(NamedTuple):
    """Rows of what the articles and sightings of one transaction are known under: their keys, and aliases by their hashes."""

    seen: list[Values]
    claimed: dict[str, Values]


def keys(connection: Connection, batch: IngestBatch) -> Keys:
    """Raises DecideAgain where one of the aliases is another article's. Nothing is written yet."""
    found = Keys([], {})
    now = microseconds(batch.now)
    for item in batch.articles:
        a = item.article
        source, key = item.seen_source or a.source, item.seen_key or a.key
        stands_for = "" if source == a.source and key == a.key else a.id
        found.seen.append((source, key, item.content_hash, now, stands_for))
        for hash_ in item.aliases:
            found.claimed[hash_] = (hash_, a.id, a.source, a.key, now)
    for sighting in batch.sightings:
        its_own = sighting.article == identity(batch.source, sighting.key)
        found.seen.append((batch.source, sighting.key, sighting.content_hash, now, "" if its_own else sighting.article))
        # Of an article of another source the alias keeps the key it was found under.
        for hash_ in sighting.aliases:
            found.claimed[hash_] = (hash_, sighting.article, batch.source, sighting.key, now)
    for hash_, article_ in _aliases(connection, sorted(found.claimed)).items():
        if article_ != found.claimed[hash_][1]:
            raise DecideAgain
    return found


def put(connection: Connection, keys: Keys) -> None:
    _PUT_SEEN.add(connection, keys.seen)
    _NEW_ALIASES.add(connection, list(keys.claimed.values()))
