"""What commands and pages read of sources, as dictionaries ready for JSON.

This module only reads, and must not know who prints it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, func, select

from monitor.model import JsonObject, Reason, identity
from monitor.ports import LanguagePulse
from monitor.store import codec, sources
from monitor.store.schema import article, match, seen, source, story_article
from monitor.store.side import Side

#: Articles shown of a source.
LATEST = 10
#: Bytes of one digest among the items known.
_DIGEST = 8


class SourcePages(Side):
    """The SourceQueries port."""

    async def source(self, name: str) -> JsonObject | None:
        return await self._database.read(partial(one_source, name=name))

    async def quiet(self, source: str | None = None, since: datetime | None = None) -> Sequence[JsonObject]:
        return await self._database.read(partial(kept_quiet, name=source, since=since))

    async def languages(self) -> dict[str, LanguagePulse]:
        return await self._database.read(sources.languages)


def one_source(connection: Connection, name: str) -> JsonObject | None:
    row = connection.execute(select(source).where(source.c.name == name)).first()
    if row is None:
        return None
    state = codec.source_state(row)
    times = ("next_due", "not_before", "last_poll", "last_success", "last_new", "paused", "gone", "retired", "lease_until", "failing_since")
    plain = ("name", "kind", "location", "address", "failures", "error", "paused_by", "empty", "deaths")
    # A key that stands for the article made of it has no article written beside it.
    counts = dict(
        connection.execute(select(seen.c.article == "", func.count()).where(seen.c.source == name).group_by(seen.c.article == "")).all()
    )
    return (
        {key: getattr(row, key) for key in plain}
        | {key: codec.iso(getattr(row, key)) for key in times}
        | {
            "broken": state.broken,
            "validators": dict(state.validators),
            "gaps": list(state.gaps),
            "move": None if state.move is None else {"to": state.move.to, "since": codec.iso(state.move.since), "times": state.move.times},
            "items_known": len(state.known) // _DIGEST,
            "articles": counts.get(True, 0),
            "sighted": counts.get(False, 0),
            "latest": _latest(connection, name),
        }
    )


def _latest(connection: Connection, name: str) -> list[JsonObject]:
    newest = select(seen.c.key, seen.c.article).where(seen.c.source == name).order_by(seen.c.at.desc(), seen.c.key).limit(LATEST)
    ids = [row.article or identity(name, row.key) for row in connection.execute(newest)]
    rows = {row.id: row for row in connection.execute(select(article).where(article.c.id.in_(ids)))}
    return [_article(rows[id_], name) for id_ in dict.fromkeys(ids) if id_ in rows]


def _article(row: Any, name: str) -> JsonObject:
    return {
        "id": row.id,
        "title": row.title,
        "url": row.url,
        "language": row.language,
        "published": codec.iso(row.published),
        "fetched": codec.iso(row.fetched),
        "failed": row.failed,
        # Of an article that another source had first.
        "source": row.source if row.source != name else "",
    }


def kept_quiet(connection: Connection, name: str | None, since: datetime | None) -> tuple[JsonObject, ...]:
    """One for each watchlist and article: an article matched again under another version is listed once, as matched last."""
    wanted = (
        select(match, article.c.source, article.c.title, article.c.url, article.c.published, story_article.c.story)
        .join(article, article.c.id == match.c.article)
        .outerjoin(story_article, story_article.c.article == match.c.article)
        .where(match.c.reason == Reason.STALE.value)
        .order_by(match.c.id)
    )
    if name is not None:
        wanted = wanted.where(article.c.source == name)
    if since is not None:
        wanted = wanted.where(match.c.at >= since)
    found = {(row.watchlist, row.article): row for row in connection.execute(wanted)}
    return tuple(
        {
            "watchlist": row.watchlist,
            "severity": row.severity,
            "article": row.article,
            "story": row.story or "",
            "source": row.source,
            "title": row.title,
            "url": row.url,
            "published": codec.iso(row.published),
            "at": codec.iso(row.at),
            "quote": row.evidence[0]["quote"] if row.evidence else "",
        }
        for row in sorted(found.values(), key=lambda row: (row.published or row.at, row.article, row.watchlist))
    )
