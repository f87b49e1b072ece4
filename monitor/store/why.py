"""The whole path of one article, from the record: where it came from, which story, what each watchlist made of it, who was told.

``asked`` is an article's id or its beginning, an alert's, an address, or an article's key within its source. This module only
reads, and must not know who prints it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, func, or_, select

from monitor.errors import UsageError
from monitor.model import JsonObject, SourceKind, identity
from monitor.ports import StoredVersion
from monitor.store import articles, codec, queries, versions
from monitor.store.replaced import replaced
from monitor.store.schema import (
    alert,
    alias,
    article,
    article_text,
    learnt_line,
    match,
    notification,
    seen,
    source,
    story_article,
    watchlist,
    watchlist_version,
)
from monitor.store.side import Side
from monitor.story.joined import Joined
from monitor.text.links import canonical, one_site

#: Candidates that an ambiguous beginning names.
_CANDIDATES = 5
#: Articles shown of a story.
_MEMBERS = 20
_SHORTEST = 4
#: Decisions of a watchlist about one article, and items that stand for it, unless more are asked for.
DECISIONS = 20
#: Characters of a title within a sentence.
_TITLE = 80
_PLAIN = ("id", "source", "key", "url", "title", "language", "text_hash", "failed", "labels", "notes")


class WhySide(Side):
    async def why(self, asked: str, watchlist: str | None = None, *, limit: int = DECISIONS) -> JsonObject:
        """``found`` is ``article``, ``alert`` or None; what is known stands beside it. Of more than ``limit`` decisions of a watchlist
        (an article may be edited for months) the newest, and of as many items that stand for the article; ``left_out`` counts the
        others. Raises UsageError where a beginning fits several."""
        return await self._database.read(partial(why, asked=asked, wanted=watchlist, limit=limit))

    async def version_at(self, watchlist: str, at: datetime) -> StoredVersion | None:
        """The version of a watchlist that was in force at a time, the oldest one for what was before it."""
        return await self._database.read(partial(versions.version_at, name=watchlist, at=at))


def why(connection: Connection, asked: str, wanted: str | None, limit: int = DECISIONS) -> JsonObject:
    asked = asked.strip()
    if not asked:
        raise UsageError("nothing named", hint="give an address, or the first letters of the id of an article or an alert")
    about = _alert(connection, asked)
    if about is not None:
        wanted = wanted or about.watchlist
    row = _article(connection, about.article if about is not None else asked)
    tree: JsonObject = {"asked": asked, "found": None, "watchlist": wanted, "article": None}
    if row is None and about is None:
        site = asked.partition("?")[0]
        covering = _covering(connection, site) if "://" in site else []
        return tree | {"covering": covering, "brought": _brought(connection, site, covering) if "://" in site else []}
    tree["found"] = "article" if about is None else "alert"
    if row is None:  # retention has dropped it; alert and decisions stand
        assert about is not None
        return tree | {"watchlists": _watchlists(connection, about.article, wanted, limit), "story": _story(connection, about.article)}
    return tree | {
        "article": _article_json(connection, row),
        "source": _source(connection, row.source),
        **_sightings(connection, row, limit),
        "story": _story(connection, row.id),
        "watchlists": _watchlists(connection, row.id, wanted, limit),
        "in_force": _in_force(connection),
    }


# ------------------------------------------------------------------------------------------- finding
def _alert(connection: Connection, asked: str) -> Any:
    prefix = asked.lower()
    return queries.alert_row(connection, prefix) if _is_id(prefix) else None


def _is_id(prefix: str) -> bool:
    return _SHORTEST <= len(prefix) <= 32 and all(char in "0123456789abcdef" for char in prefix)


def _article(connection: Connection, asked: str) -> Any:
    if "://" in asked:
        return _by_address(connection, asked)
    prefix = asked.lower()
    if _is_id(prefix):
        found = connection.execute(
            select(article).where(article.c.id >= prefix, article.c.id < prefix + "g").order_by(article.c.id).limit(_CANDIDATES + 1)
        ).all()
        if found:
            return _only(asked, found)
    return _only(asked, connection.execute(select(article).where(article.c.key == asked).limit(_CANDIDATES + 1)).all())


def _by_address(connection: Connection, asked: str) -> Any:
    """By its canonical link, as articles are known under; else as it was written."""
    link = canonical(asked)
    if link:
        owner = connection.execute(select(alias.c.article).where(alias.c.hash == identity("link", link))).scalar()
        row = connection.execute(select(article).where(article.c.id == owner)).first() if owner else None
        if row is not None:
            return row
    written = or_(article.c.url == asked, article.c.key == asked, article.c.url == (link or asked))
    return _only(asked, connection.execute(select(article).where(written).order_by(article.c.fetched).limit(_CANDIDATES + 1)).all())


def _only(asked: str, rows: Sequence[Any]) -> Any:
    if len(rows) > 1:
        named = "".join(f"\n  {row.id[:12]}  {row.source}  {row.title}" for row in rows[:_CANDIDATES])
        raise UsageError(f"several articles fit {asked!r}:{named}", hint="give the id of the one you mean")
    return rows[0] if rows else None


def _covering(connection: Connection, site: str) -> list[JsonObject]:
    """Configured sources of the site that an address leads to."""
    rows = connection.execute(select(source).where(source.c.retired.is_(None)).order_by(source.c.name))
    return [_source_json(row) for row in rows if row.kind == SourceKind.FEED.value and one_site(site, row.address or row.location)]


def _brought(connection: Connection, site: str, covering: Sequence[JsonObject]) -> list[JsonObject]:
    """The other sources that articles of this site came from, with how many: a feed may lie on another host than what it lists."""
    url = story_article.c.url + "/"
    host = func.substr(url, 1, func.instr(func.substr(url, 9), "/") + 8).label("host")  # eight: "https://"
    counts = Counter[str]()
    for name, of, number in connection.execute(select(story_article.c.source, host, func.count()).group_by(story_article.c.source, host)):
        if one_site(site, of):
            counts[name] += number
    known = {one["name"] for one in covering}
    found = ((_source(connection, name), number) for name, number in counts.most_common() if name not in known)
    return [one | {"articles": number} for one, number in found if one is not None]


# --------------------------------------------------------------------------------------------- parts
def _article_json(connection: Connection, row: Any) -> JsonObject:
    found = articles.versions_of(connection, row.id)
    now = next((one for one in found if one.text_hash == row.text_hash), None)
    text = connection.execute(select(article_text.c.text).where(article_text.c.hash == row.text_hash)).scalar()
    lines = connection.execute(select(learnt_line.c.line).where(learnt_line.c.source == row.source)).scalars()
    return {
        **{name: getattr(row, name) for name in _PLAIN},
        "published": codec.iso(row.published),
        "fetched": codec.iso(row.fetched),
        "first_fetched": codec.iso(found[0].fetched if found else row.fetched),
        "text": text,
        "zones": [] if now is None else [{"zone": kind, "start": start, "end": end} for kind, start, end in now.zones],
        "versions": [{"text_hash": one.text_hash, "fetched": codec.iso(one.fetched), "engine": one.engine} for one in found],
        "learnt": sorted(lines),
    }


def _source(connection: Connection, name: str) -> JsonObject | None:
    row = connection.execute(select(source).where(source.c.name == name)).first()
    return None if row is None else _source_json(row)


def _source_json(row: Any) -> JsonObject:
    times = ("next_due", "last_poll", "last_success", "last_new", "paused", "gone", "retired")
    plain = ("name", "kind", "location", "address", "failures", "error", "paused_by")
    return {name: getattr(row, name) for name in plain} | {name: codec.iso(getattr(row, name)) for name in times}


def _sightings(connection: Connection, row: Any, limit: int) -> JsonObject:
    """The items, in whatever source, that stand for this article, and how many are not among them."""
    own = (seen.c.source == row.source) & (seen.c.key == row.key)
    wanted = or_(own, seen.c.article == row.id)
    newest = select(seen).where(wanted).order_by(seen.c.at.desc(), seen.c.source, seen.c.key).limit(limit)
    found = sorted(connection.execute(newest), key=lambda one: (one.at, one.source, one.key))
    count = connection.execute(select(func.count()).select_from(seen).where(wanted)).scalar_one()
    items = [{"source": one.source, "key": one.key, "at": codec.iso(one.at)} for one in found]
    return {"sightings": items, "sightings_left_out": count - len(items)}


def _story(connection: Connection, article_id: str) -> JsonObject | None:
    own = connection.execute(select(story_article).where(story_article.c.article == article_id)).first()
    if own is None:
        return None
    members = connection.execute(
        select(story_article).where(story_article.c.story == own.story).order_by(story_article.c.number).limit(_MEMBERS)
    ).all()
    titles = {one.article: one.title for one in members}
    return {
        "id": own.story,
        "joined": own.joined,
        "because": _because(connection, own.joined, titles),
        "members": [
            {"article": one.article, "title": one.title, "outlet": one.outlet, "language": one.language, "at": codec.iso(one.at)}
            for one in members
        ],
    }


def _because(connection: Connection, joined: JsonObject | None, titles: dict[str, str]) -> str:
    if not joined:
        return ""
    try:
        why_ = Joined.from_json(joined)
    except (KeyError, ValueError):
        return ""
    title = (
        titles.get(why_.article)
        or connection.execute(select(story_article.c.title).where(story_article.c.article == why_.article)).scalar()
    )
    return why_.explain(_short(title or ""))


def _watchlists(connection: Connection, article_id: str, wanted: str | None, limit: int) -> list[JsonObject]:
    """What each watchlist that matched made of the article, the latest decision last."""
    counted = select(match.c.watchlist, func.count().label("count")).where(match.c.article == article_id)
    counted = counted.group_by(match.c.watchlist).order_by(func.min(match.c.id))
    if wanted:
        counted = counted.where(match.c.watchlist == wanted)
    found = []
    for name, count in connection.execute(counted).all():
        own = select(match).where(match.c.article == article_id, match.c.watchlist == name)
        # Not by id: a text that comes back after an edit is decided anew in the row it had.
        latest = (match.c.at.desc(), match.c.id.desc())
        rows = connection.execute(own.order_by(*latest).limit(limit)).all()[::-1]
        if len(rows) < count and not any(row.notification for row in rows):
            # What was told last is the answer, however often the article was decided since.
            told = connection.execute(own.where(match.c.notification.is_not(None)).order_by(*latest).limit(1)).all()
            rows = [*told, *rows]
        before, more = replaced(connection, article_id, name, limit)
        decisions = _newest([*before, *(_decision(connection, row) for row in rows)], limit)
        left_out = count + more - len(decisions)
        found.append({"watchlist": name, "decisions": decisions, "left_out": left_out, "alert": _alert_json(connection, rows[-1])})
    return found


def _newest(decisions: list[JsonObject], limit: int) -> list[JsonObject]:
    """The latest last; with what was told last, whenever that was."""
    decisions.sort(key=lambda one: datetime.fromisoformat(one["at"]))
    shown, others = decisions[-limit:], decisions[:-limit]
    if any(one["notification"] for one in shown):
        return shown
    return [*[one for one in others if one["notification"]][-1:], *shown]


def _decision(connection: Connection, row: Any) -> JsonObject:
    return {
        "at": codec.iso(row.at),
        "kind": row.decision,
        "reason": row.reason,
        "by": row.by,
        "version": row.version,
        "engine": row.engine,
        "text_hash": row.text_hash,
        "story": row.story,
        "severity": row.severity,
        "stances": row.stances,
        "evidence": row.evidence,
        "notification": None if row.notification is None else queries.one_notification(connection, row.notification),
    }


def _alert_json(connection: Connection, row: Any) -> JsonObject | None:
    """The alert of the match's story as it is now, or the one it became part of."""
    found = connection.execute(select(alert).where(alert.c.story == row.story, alert.c.watchlist == row.watchlist)).first()
    if found is None:
        return None
    first = connection.execute(
        select(notification.c.created).where(notification.c.alert == found.id).order_by(notification.c.ordinal).limit(1)
    ).scalar()
    return {
        **{name: getattr(found, name) for name in ("id", "state", "severity", "article", "disposition", "comment", "merged_into")},
        "raised": codec.iso(found.raised),
        "first_told": codec.iso(first),
        "notifications": found.notifications,
    }


def _in_force(connection: Connection) -> dict[str, JsonObject]:
    rows = connection.execute(
        select(watchlist.c.id, watchlist.c.version, watchlist_version.c.first_saved)
        .join(watchlist_version, (watchlist_version.c.watchlist == watchlist.c.id) & (watchlist_version.c.version == watchlist.c.version))
        .where(watchlist.c.retired.is_(None))
    )
    return {row.id: {"version": row.version, "since": codec.iso(row.first_saved)} for row in rows}


def _short(title: str) -> str:
    return title if len(title) <= _TITLE else f"{title[:_TITLE].rstrip()}…"
