"""Stories as people see and change them: what belongs to each, and articles that are moved from one to another by hand.

A move is one transaction: memberships, matches, alerts, what is told of it, and the line in the trail. This module must not
know what a merge or a split means for an alert.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from monitor.errors import UsageError
from monitor.model import Article, JsonObject, Match, Story, identity
from monitor.ports import AlertChange, AlertFound, IngestBatch, Membership, StoryMove, StoryParts, Told
from monitor.store import alerts, codec, ingest, stories
from monitor.store.schema import alert, article, match, story, story_article
from monitor.store.side import Side
from monitor.store.statements import chunks, insert_new, run_rows
from monitor.story.joined import Joined

# How many candidates an ambiguous prefix names before it only counts.
_CANDIDATES = 5
#: Outlets of a story that a list shows.
_SHOWN = 5
_NEW_STORY = insert_new(story)
_PLACED = (
    update(story_article)
    .where(story_article.c.article == bindparam("b_article"))
    .values(story=bindparam("b_story"), joined=bindparam("b_joined", type_=story_article.c.joined.type))
)
_MATCHED = update(match).where(match.c.article == bindparam("b_article")).values(story=bindparam("b_story"))


class StoryPagesSide(Side):
    """The StoryRecord port, and what pages and commands read of stories."""

    async def story_parts(self, story: str) -> StoryParts | None:
        return await self._database.read(partial(story_parts, prefix=story))

    async def move(self, move: StoryMove, now: datetime) -> None:
        await self._database.write(partial(move_articles, wanted=move, now=now))

    async def stories(self, *, limit: int = 50, since: datetime | None = None, watchlist: str | None = None) -> Sequence[JsonObject]:
        return await self._database.read(partial(newest, limit=limit, since=since, watchlist=watchlist))

    async def story(self, story: str) -> JsonObject | None:
        return await self._database.read(partial(page, prefix=story))


# -------------------------------------------------------------------------------------------- finding
def found(connection: Connection, prefix: str) -> str | None:
    """The story whose id begins so, as part of another or not. Raises UsageError where several do."""
    if not prefix:
        raise UsageError("no story named", hint="monitor stories list shows them")
    columns = (story_article.c.story, story.c.id)
    # A range, which an index answers. "g" sorts behind every hex digit.
    ranges = (select(column).where(column >= prefix, column < prefix + "g").distinct().limit(_CANDIDATES + 1) for column in columns)
    ids = sorted({id_ for wanted in ranges for id_ in connection.execute(wanted).scalars()})
    if len(ids) > 1:
        named = "".join(f"\n  {id_}" for id_ in ids[:_CANDIDATES]) + ("\n  …" if len(ids) > _CANDIDATES else "")
        raise UsageError(f"several stories begin with {prefix}:{named}", hint="give more letters of the one you mean")
    return str(ids[0]) if ids else None


def part_of(connection: Connection, id_: str) -> str:
    """The story that this one is part of now, itself where it was not merged. What it was merged into may have been merged itself,
    and its articles may have come elsewhere since, by a split: its first article knows. But where that one had left it before it
    was merged, and is the first of a story of its own, only the merges are left to go by."""
    before: set[str] = set()
    while id_ not in before:
        before.add(id_)
        row = connection.execute(select(story.c.first_article, story.c.merged_into).where(story.c.id == id_)).first()
        if row is None or not row.merged_into:
            return id_
        there = stories.stories_of(connection, [row.first_article]).get(row.first_article, "")
        of = connection.execute(select(story.c.first_article, story.c.merged_into).where(story.c.id == there)).first()
        own = of is not None and of.first_article == row.first_article and there != id_
        id_ = row.merged_into if own or not there or there == id_ else there
    return id_


def story_parts(connection: Connection, prefix: str) -> StoryParts | None:
    """Raises UsageError where it became part of another: who changes stories is to know which."""
    id_ = found(connection, prefix)
    if id_ is None:
        return None
    into = part_of(connection, id_)
    if into != id_:
        raise UsageError(f"story {id_[:12]} became part of {into[:12]}", hint=f"monitor stories show {into[:12]}")
    rows = _members(connection, id_)
    matches = _matches(connection, [row.article for row in rows])
    members = tuple((_article(row), _membership(row), tuple(matches.get(row.article, {}).values())) for row in rows)
    facts = stories.story_facts(connection, [id_]).get(id_, Story(id_, id_))
    return StoryParts(facts, members, _alerts(connection, id_, [row.article for row in rows]))


def _members(connection: Connection, id_: str) -> Sequence[Any]:
    """In the order of decision. What retention has dropped of an article is empty."""
    kept = (article.c.key, article.c.published, article.c.fetched, article.c.text_hash, article.c.labels, article.c.notes)
    joined = select(story_article, *kept).outerjoin(article, article.c.id == story_article.c.article)
    return connection.execute(joined.where(story_article.c.story == id_).order_by(story_article.c.number)).all()


def _article(row: Any) -> Article:
    return Article(
        id=row.article,
        source=row.source,
        key=row.key or "",
        url=row.url,
        title=row.title,
        language=row.language,
        published=row.published,
        fetched=row.fetched or row.at,
        text_hash=row.text_hash or "",
        labels=dict(row.labels or {}),
        notes=tuple(row.notes or ()),
    )


def _membership(row: Any) -> Membership:
    return Membership(row.story, row.at, row.outlet, row.joined)


def _matches(connection: Connection, articles: Sequence[str]) -> dict[str, dict[str, Match]]:
    """Those in force: of each article's text as it is, the latest of each watchlist; what was taken back is none."""
    current: dict[str, dict[str, Match]] = {}
    for some in chunks(articles):
        wanted = select(match).join(article, (article.c.id == match.c.article) & (article.c.text_hash == match.c.text_hash))
        for row in connection.execute(wanted.where(match.c.article.in_(some)).order_by(match.c.at, match.c.id)):
            current.setdefault(row.article, {})[row.watchlist] = codec.match(row)
    return {id_: {name: one for name, one in of.items() if one.evidence} for id_, of in current.items()}


def _alerts(connection: Connection, id_: str, articles: Sequence[str]) -> tuple[AlertFound, ...]:
    """The story's own and those of its articles that were merged away, however often the story they were merged into was merged
    itself; the oldest first. An alert is named by its watchlist and the article that raised it, which has a match of it."""
    columns = (alert.c.raised, alert.c.id)
    found = {row.id: row.raised for row in connection.execute(select(*columns).where(alert.c.story == id_))}
    for some in chunks(articles):
        matched = connection.execute(select(match.c.watchlist, match.c.article).where(match.c.article.in_(some)).distinct()).all()
        for ids in chunks([identity(row.watchlist, row.article) for row in matched]):
            merged = select(*columns).where(alert.c.id.in_(ids), alert.c.merged_into != "")
            found |= {row.id: row.raised for row in connection.execute(merged)}
    parts = (alerts.find(connection, name) for name in sorted(found, key=lambda name: (found[name], name)))
    return tuple(part for part in parts if part is not None)


# --------------------------------------------------------------------------------------------- moving
def move_articles(connection: Connection, wanted: StoryMove, now: datetime) -> None:
    """Raises DecideAgain where an alert is no longer as it was found."""
    for one in wanted.stories:
        connection.execute(_NEW_STORY, {"id": one.id, "first_article": one.first_article, "created": now, "merged_into": ""})
    for id_, into in wanted.merged:
        connection.execute(_NEW_STORY, {"id": id_, "first_article": id_, "created": now, "merged_into": ""})
        connection.execute(update(story).where(story.c.id == id_).values(merged_into=into))
    places = [{"b_article": id_, "b_story": place.story, "b_joined": place.joined} for id_, place in wanted.articles]
    run_rows(connection, _PLACED, places)
    run_rows(connection, _MATCHED, places)
    ingest.make_way(connection, _places(connection, wanted))
    for id_, to in wanted.moved:
        connection.execute(update(alert).where(alert.c.id == id_).values(story=to, updated=now))
    for change in wanted.alerts:
        alerts.change_alert(connection, _where_it_is(connection, change), now)
    for told in wanted.told:
        _put_told(connection, told)
    items = tuple(replace(item, decided=(one,)) for item, one in wanted.raised)
    if items:
        ingest.put_decisions(connection, IngestBatch("", items, now, None))
    alerts.write_entry(connection, wanted.entry, now)


def _places(connection: Connection, wanted: StoryMove) -> list[tuple[str, str]]:
    """(watchlist, story) where an alert is to live that does not live there yet."""
    names = {
        row.id: row.watchlist for row in connection.execute(select(alert.c.id, alert.c.watchlist).where(alert.c.id.in_(dict(wanted.moved))))
    }
    living = (change.alert for change in wanted.alerts if not change.alert.merged_into)
    return [(names[id_], to) for id_, to in wanted.moved if id_ in names] + [(one.watchlist, one.story) for one in living]


def _where_it_is(connection: Connection, change: AlertChange) -> AlertChange:
    """What is merged away may have made way for another."""
    if not change.alert.merged_into:
        return change
    place = connection.execute(select(alert.c.story).where(alert.c.id == change.alert.id)).scalar()
    return replace(change, alert=replace(change.alert, story=place or change.alert.story))


def _put_told(connection: Connection, told: Told) -> None:
    severity = told.alert.severity.value
    connection.execute(update(alert).where(alert.c.id == told.alert.id).values(severity=severity, **codec.told_columns(told)))


# -------------------------------------------------------------------------------------------- reading
def newest(connection: Connection, *, limit: int, since: datetime | None, watchlist: str | None) -> list[JsonObject]:
    """Stories in which something matched, by their latest article."""
    latest = select(story_article.c.story, func.max(story_article.c.number).label("latest"), func.max(story_article.c.at).label("at"))
    matched = select(match.c.story).where(match.c.watchlist == watchlist) if watchlist else select(story.c.id)
    latest = latest.where(story_article.c.story.in_(matched)).group_by(story_article.c.story)
    if since is not None:
        latest = latest.having(func.max(story_article.c.at) >= since)
    rows = connection.execute(latest.order_by(func.max(story_article.c.number).desc()).limit(limit)).all()
    ids = [row.story for row in rows]
    facts = stories.story_facts(connection, ids)
    titles = stories.titles(connection, [facts[id_].first_article for id_ in ids])
    raised = _raised(connection, ids)
    return [_summary(facts[row.story], titles, raised.get(row.story, [])) | {"latest": codec.iso(row.at)} for row in rows]


def _raised(connection: Connection, ids: Sequence[str]) -> dict[str, list[JsonObject]]:
    known: dict[str, list[JsonObject]] = {}
    columns = (alert.c.id, alert.c.story, alert.c.watchlist, alert.c.severity, alert.c.state, alert.c.notifications, alert.c.merged_into)
    for some in chunks(ids):
        for row in connection.execute(select(*columns).where(alert.c.story.in_(some)).order_by(alert.c.raised, alert.c.id)):
            shown = {name: getattr(row, name) for name in ("id", "watchlist", "severity", "state", "notifications", "merged_into")}
            known.setdefault(row.story, []).append(shown)
    return known


def _summary(of: Story, titles: dict[str, str], raised: list[JsonObject]) -> JsonObject:
    return {
        "id": of.id,
        "title": titles.get(of.first_article, ""),
        "articles": of.articles,
        "outlets": list(of.outlets[:_SHOWN]),
        "outlet_count": of.outlet_count,
        "languages": list(of.languages),
        "alerts": raised,
    }


def page(connection: Connection, prefix: str) -> JsonObject | None:
    """Of the story that it is part of now."""
    id_ = found(connection, prefix)
    if id_ is None:
        return None
    id_ = part_of(connection, id_)
    of = stories.story_facts(connection, [id_])[id_]
    rows = _members(connection, id_)
    near = sorted({row.joined["article"] for row in rows if row.joined})
    titles = stories.titles(connection, [of.first_article, *near])
    merged = connection.execute(select(story.c.id).where(story.c.merged_into != "").order_by(story.c.created, story.c.id)).scalars()
    parts = [part for part in merged.all() if part_of(connection, part) == id_]  # few: people merge them
    members = [
        {
            "id": row.article,
            "title": row.title,
            "source": row.source,
            "outlet": row.outlet,
            "language": row.language,
            "url": row.url,
            "at": codec.iso(row.at),
            "joined": _why(row.joined, titles),
        }
        for row in rows
    ]
    return _summary(of, titles, _raised(connection, [id_]).get(id_, [])) | {"merged": parts, "members": members}


def _why(joined: JsonObject | None, titles: dict[str, str]) -> JsonObject | None:
    if joined is None:
        return None
    read = Joined.from_json(joined)
    return read.to_json() | {"explain": read.explain(titles.get(read.article, ""))}
