"""Which story each article belongs to, its fingerprint, and what is known of a story as a whole.

Every analysed article has a row, matched or not, in the order of decision. An edit replaces what is said of the article and
its fingerprint; its place in the order and its story stay. This module must not know why articles belong together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Column, Connection, Select, bindparam, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from monitor.model import OUTLETS, Article, Story
from monitor.ports import IngestBatch, Membership, Prior, Remembered
from monitor.store import codec
from monitor.store.rows import Adding, Values
from monitor.store.schema import article, article_version, fingerprint, match, microseconds, story, story_article
from monitor.store.side import Side
from monitor.store.statements import SOME, chunks, insert_new, json_text, read_in, read_value, run_rows, upsert

_NEW = Adding(insert_new(story_article), story_article.columns.keys())
_NEXT = "SELECT coalesce(max(number), 0) + 1 FROM story_article"
#: As many numbers as there may be fingerprints.
_BREADTH = "SELECT coalesce((SELECT max(number) FROM fingerprint) - (SELECT min(number) FROM fingerprint) + 1, 0)"
_PRINTS = Adding(upsert(fingerprint), fingerprint.columns.keys())
#: An article's story, why it joined, and when it counts are decided once.
_SAID = ("language", "title", "url")
_SAY = (
    update(story_article).where(story_article.c.article == bindparam("b_article")).values({name: bindparam(f"b_{name}") for name in _SAID})
)
_NUMBERED = select(story_article.c.number, bindparam("b_data", type_=fingerprint.c.data.type)).where(
    story_article.c.article == bindparam("b_article")
)
_DATA = insert(fingerprint).from_select(["number", "data"], _NUMBERED)
_PUT_DATA = _DATA.on_conflict_do_update(index_elements=["number"], set_={"data": _DATA.excluded.data})

_STORIES_OF = select(story_article.c.article, story_article.c.story).where(story_article.c.article.in_(SOME))
_TITLES = select(story_article.c.article, story_article.c.title).where(story_article.c.article.in_(SOME))
_URLS = select(story_article.c.article, story_article.c.url).where(story_article.c.article.in_(SOME))
_FIRST_ARTICLES = select(story.c.id, story.c.first_article).where(story.c.id.in_(SOME))


def _said_of(column: Column[str]) -> Select[Any]:
    """(story, what its articles have there, how many have it), in the order in which it came."""
    counted = select(story_article.c.story, column, func.count().label("articles")).where(story_article.c.story.in_(SOME))
    return counted.group_by(story_article.c.story, column).order_by(func.min(story_article.c.number))


_OUTLETS, _LANGUAGES = _said_of(story_article.c.outlet), _said_of(story_article.c.language)


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


def put(connection: Connection, batch: IngestBatch, there: Collection[str]) -> None:
    """New ones take the next places in the order; what is said of those that have one is replaced. ``there`` are the articles that
    the record had before; one of them has a place, as a rule. Those come last, so that the numbers they do not need are no gaps."""
    placed = [(item.article, item.membership) for item in batch.articles if item.membership is not None]
    again = [one for one in placed if one[0].id in there]
    new = placed if not again else [one for one in placed if one[0].id not in there]
    number = read_value(connection, _NEXT) if placed else 0
    if _NEW.add(connection, [_row(n, a, place) for n, (a, place) in enumerate(new, number)]) == len(new):
        _PRINTS.add(connection, [(n, place.fingerprint) for n, (_, place) in enumerate(new, number) if place.fingerprint])
    else:  # one stands there twice, or has a place though nothing else of it was there
        again = placed
    _NEW.add(connection, [_row(n, a, place) for n, (a, place) in enumerate(again, number + len(new))])
    run_rows(connection, _SAY, [{"b_article": a.id, **{f"b_{name}": getattr(a, name) for name in _SAID}} for a, _ in again])
    run_rows(connection, _PUT_DATA, [{"b_article": a.id, "b_data": place.fingerprint} for a, place in again if place.fingerprint])


def _row(number: int, a: Article, place: Membership) -> Values:
    """In the order of ``story_article``'s columns."""
    joined = None if place.joined is None else json_text(place.joined)
    return (number, a.id, place.story, joined, microseconds(place.at), a.source, place.outlet, a.language, a.title, a.url)


def forget(connection: Connection, keep: int) -> None:
    if read_value(connection, _BREADTH) <= keep:  # to find the last that goes takes a walk over all that stay
        return
    last = select(fingerprint.c.number).order_by(fingerprint.c.number.desc()).offset(keep).limit(1).scalar_subquery()
    connection.execute(delete(fingerprint).where(fingerprint.c.number <= last))


# ------------------------------------------------------------------------------------------- reading
def stories_of(connection: Connection, articles: Sequence[str]) -> dict[str, str]:
    return dict(read_in(connection, _STORIES_OF, articles))


def titles(connection: Connection, articles: Sequence[str]) -> dict[str, str]:
    return dict(read_in(connection, _TITLES, articles))


def story_facts(connection: Connection, stories: Sequence[str]) -> dict[str, Story]:
    """The id of a story is its first article's, whatever was merged into it."""
    stories = list(dict.fromkeys(stories))  # what is counted here is counted once
    outlets, languages, counts = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list), defaultdict[str, int](int)
    for id_, outlet, articles in read_in(connection, _OUTLETS, stories):
        outlets[id_] += [outlet] if outlet else []
        counts[id_] += articles
    for id_, language, _ in read_in(connection, _LANGUAGES, stories):
        languages[id_] += [language] if language else []
    urls = dict(read_in(connection, _URLS, stories))
    known = dict(read_in(connection, _FIRST_ARTICLES, stories))
    return {
        id_: Story(
            id_,
            known.get(id_, id_),
            counts[id_],
            tuple(outlets[id_][:OUTLETS]),
            len(outlets[id_]),
            tuple(languages[id_]),
            urls.get(id_, ""),
        )
        for id_ in stories
        if id_ in counts or id_ in known
    }


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
    only = (article.c.id == match.c.article) & (article.c.text_hash == match.c.text_hash)
    title = func.coalesce(article_version.c.title, article.c.title, "").label("title")
    found: dict[tuple[str, str], Prior] = {}
    for some in chunks(articles):
        told = select(match, title).outerjoin(article_version, version).outerjoin(article, only)
        wanted = told.where(match.c.article.in_(some), match.c.notification.is_not(None)).order_by(match.c.at, match.c.id)
        for row in connection.execute(wanted):
            found[row.watchlist, row.article] = Prior(codec.match(row), row.text_hash, row.title)
    return found
