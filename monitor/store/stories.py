"""Which story each article belongs to, its fingerprint, and what is known of a story as a whole.

Every analysed article has a row, matched or not, in the order of decision. An edit replaces what is said of the article and
its fingerprint; its place in the order and its story stay. This module must not know why articles belong together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import partial

from sqlalchemy import Connection, bindparam, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from monitor.model import OUTLETS, Story
from monitor.ports import IngestBatch, Prior, Remembered
from monitor.store import codec
from monitor.store.schema import article_version, fingerprint, match, story, story_article
from monitor.store.side import Side
from monitor.store.statements import add_rows, chunks, run_rows

_ROW = insert(story_article)
#: An article's story, why it joined, and when it counts are decided once.
_SAID = ("language", "title", "url")
_PUT = _ROW.on_conflict_do_update(index_elements=["article"], set_={name: _ROW.excluded[name] for name in _SAID})
_NUMBERED = select(story_article.c.number, bindparam("b_data", type_=fingerprint.c.data.type)).where(
    story_article.c.article == bindparam("b_article")
)
_DATA = insert(fingerprint).from_select(["number", "data"], _NUMBERED)
_PUT_DATA = _DATA.on_conflict_do_update(index_elements=["number"], set_={"data": _DATA.excluded.data})


class StoriesSide(Side):
    """The Store port, what concerns stories."""

    async def prior(self, articles: Sequence[str]) -> dict[tuple[str, str], Prior]:
        return await self._database.read(partial(prior, articles=articles))

    async def stories_of(self, articles: Sequence[str]) -> dict[str, str]:
        return await self._database.read(partial(stories_of, articles=articles))

    async def titles(self, articles: Sequence[str]) -> dict[str, str]:
        return await self._database.read(partial(titles, articles=articles))

    async def story_facts(self, stories: Sequence[str]) -> dict[str, Story]:
        return await self._database.read(partial(story_facts, stories=stories))

    async def remembered(self, limit: int, before: int | None = None) -> list[tuple[int, Remembered]]:
        return await self._database.read(partial(remembered, limit=limit, before=before))

    async def forget(self, remembered: int) -> None:
        await self._database.write(partial(forget, keep=remembered))


def put(connection: Connection, batch: IngestBatch) -> None:
    rows, prints = [], []
    for item in batch.articles:
        place, a = item.membership, item.article
        if place is None:
            continue
        rows.append(
            {
                "article": a.id,
                "story": place.story,
                "joined": place.joined,
                "at": place.at,
                "source": a.source,
                "outlet": place.outlet,
                "language": a.language,
                "title": a.title,
                "url": a.url,
            }
        )
        if place.fingerprint:
            prints.append({"b_article": a.id, "b_data": place.fingerprint})
    add_rows(connection, _PUT, rows)
    run_rows(connection, _PUT_DATA, prints)


def forget(connection: Connection, keep: int) -> None:
    last = select(fingerprint.c.number).order_by(fingerprint.c.number.desc()).offset(keep).limit(1).scalar_subquery()
    connection.execute(delete(fingerprint).where(fingerprint.c.number <= last))


# ------------------------------------------------------------------------------------------- reading
def stories_of(connection: Connection, articles: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for some in chunks(articles):
        rows = connection.execute(select(story_article.c.article, story_article.c.story).where(story_article.c.article.in_(some)))
        found.update((row.article, row.story) for row in rows)
    return found


def titles(connection: Connection, articles: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for some in chunks(articles):
        rows = connection.execute(select(story_article.c.article, story_article.c.title).where(story_article.c.article.in_(some)))
        found.update((row.article, row.title) for row in rows)
    return found


def story_facts(connection: Connection, stories: Sequence[str]) -> dict[str, Story]:
    """The id of a story is its first article's, whatever was merged into it."""
    found: dict[str, Story] = {}
    for some in chunks(stories):
        of_these = story_article.c.story.in_(some)
        outlets, languages, counts = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list), defaultdict[str, int](int)
        for kind, column in ((outlets, story_article.c.outlet), (languages, story_article.c.language)):
            seen = select(story_article.c.story, column.label("name"), func.count().label("articles")).where(of_these)
            grouped = seen.group_by(story_article.c.story, column).order_by(func.min(story_article.c.number))
            for row in connection.execute(grouped):
                kind[row.story] += [row.name] if row.name else []
                counts[row.story] += row.articles if kind is outlets else 0
        urls = {row.article: row.url for row in connection.execute(select(story_article).where(story_article.c.article.in_(some)))}
        known = {row.id: row.first_article for row in connection.execute(select(story).where(story.c.id.in_(some)))}
        for id_ in some:
            if id_ in counts or id_ in known:
                told = tuple(outlets[id_][:OUTLETS])
                first, spoken = known.get(id_, id_), tuple(languages[id_])
                found[id_] = Story(id_, first, counts[id_], told, len(outlets[id_]), spoken, urls.get(id_, ""))
    return found


def remembered(connection: Connection, limit: int, before: int | None) -> list[tuple[int, Remembered]]:
    kind = func.coalesce(func.json_extract(story_article.c.joined, "$.kind"), "").label("kind")
    placed = (story_article.c.number, story_article.c.article, story_article.c.story, story_article.c.at, kind)
    wanted = select(*placed, fingerprint.c.data).join(fingerprint, fingerprint.c.number == story_article.c.number)
    wanted = wanted.order_by(fingerprint.c.number.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(fingerprint.c.number < before)
    return [(row.number, Remembered(row.article, row.story, row.at, row.data, row.kind)) for row in connection.execute(wanted)]


def prior(connection: Connection, articles: Sequence[str]) -> dict[tuple[str, str], Prior]:
    version = (article_version.c.article == match.c.article) & (article_version.c.text_hash == match.c.text_hash)
    found: dict[tuple[str, str], Prior] = {}
    for some in chunks(articles):
        told = select(match, func.coalesce(article_version.c.title, "").label("title")).outerjoin(article_version, version)
        wanted = told.where(match.c.article.in_(some), match.c.notification.is_not(None)).order_by(match.c.at, match.c.id)
        for row in connection.execute(wanted):
            found[row.watchlist, row.article] = Prior(codec.match(row), row.text_hash, row.title)
    return found
