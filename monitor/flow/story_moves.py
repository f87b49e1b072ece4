"""What is written when two stories become one, or one becomes two: worked out from what the record says, changing nothing itself.

See ``story_commands`` for the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias

from monitor.flow.decision import Ground, Router, decided_anew, told_of
from monitor.flow.limits import Limits
from monitor.flow.route import About
from monitor.model import (
    OUTLETS,
    Alert,
    AlertState,
    Article,
    Disposition,
    Match,
    Notification,
    NotificationKind,
    Reason,
    Silence,
    SourceKind,
    SourceSpec,
    Story,
    WatchlistFacts,
    identity,
)
from monitor.ports import (
    AlertChange,
    AlertFound,
    Decided,
    Entry,
    IngestArticle,
    Membership,
    StoryMove,
    StoryParts,
    Told,
)
from monitor.render.change import Change, render_change
from monitor.story.joined import Joined, JoinKind

#: What a person decides is no poll of any source, and nothing in it is stale.
_SPEC: Final = SourceSpec("", SourceKind.PUSH, "", 0.0)

Silenced: TypeAlias = Callable[[About], Silence | None]
Member: TypeAlias = tuple[Article, Membership, tuple[Match, ...]]


# -------------------------------------------------------------------------------------------- merging
def merged(gone: StoryParts, stays: StoryParts, actor: str, said: str, now: datetime) -> StoryMove:
    """What is written where ``gone`` becomes part of ``stays``."""
    to = stays.story.id
    living = {one.told.alert.watchlist: one for one in stays.alerts if not one.told.alert.merged_into}
    losing = [one for one in gone.alerts if not one.told.alert.merged_into and one.told.alert.watchlist in living]
    going = [one for one in gone.alerts if not one.told.alert.merged_into and one.told.alert.watchlist not in living]
    joined = Joined(JoinKind.MERGED, stays.story.first_article).to_json()
    changes = [_closed(one, living[one.told.alert.watchlist].told.alert, actor, said, now) for one in losing]
    detail = {"into": to, "articles": len(gone.members), "alerts": [one.told.alert.id for one in losing], "comment": said}
    return StoryMove(
        articles=tuple((article.id, replace(place, story=to, joined=joined)) for article, place, _ in gone.members),
        entry=Entry(actor, "stories merge", gone.story.id, detail),
        stories=(stays.story,),
        merged=((gone.story.id, to),),
        alerts=tuple(changes),
        moved=tuple((one.told.alert.id, to) for one in going),
        told=tuple(_union(living[one.told.alert.watchlist].told, one.told) for one in losing),
    )


def _closed(found: AlertFound, stays: Alert, actor: str, said: str, now: datetime) -> AlertChange:
    """The duplicate. One that was closed before keeps what it was found to be, and nobody is told."""
    alert = found.told.alert
    entry = Entry(actor, "alert merge", alert.id, {"watchlist": alert.watchlist, "into": stays.id, "comment": said})
    if alert.state is AlertState.CLOSED:
        return AlertChange(replace(alert, merged_into=stays.id, updated=now), alert.state, entry)
    duplicate = {"disposition": Disposition.DUPLICATE, "comment": said, "changed_by": actor, "merged_into": stays.id}
    after = replace(alert, state=AlertState.CLOSED, updated=now, **duplicate)  # type: ignore[arg-type]
    return _told_change(found, after, entry, kind=NotificationKind.CLOSED, said=said, now=now)


def _told_change(found: AlertFound, after: Alert, entry: Entry, *, kind: NotificationKind, said: str, now: datetime) -> AlertChange:
    id_ = identity(after.id, str(found.told.notifications))
    reason = Reason.MERGED if kind is NotificationKind.CLOSED else Reason.BY_HAND
    payload = render_change(
        found.document,
        notification_id=id_,
        kind=kind,
        reason=reason,
        created=now,
        alert=after,
        change=Change(entry.actor, said),
    )
    notification = Notification(id_, after.id, kind, reason, after.severity, now, payload)
    return AlertChange(after, found.told.alert.state, entry, notification, found.ways)


def _union(stays: Told, gone: Told) -> Told:
    severity = max(stays.alert.severity, gone.alert.severity, key=lambda severity: severity.rank)
    return replace(
        stays,
        alert=replace(stays.alert, severity=severity),
        groups=stays.groups | gone.groups,
        clauses=stays.clauses | gone.clauses,
        entities=stays.entities | gone.entities,
        stances=stays.stances | gone.stances,
        languages=stays.languages | gone.languages,
        outlets=stays.outlets | gone.outlets,
        spread_told=stays.spread_told or gone.spread_told,
        said=stays.said | gone.said,
    )


# ------------------------------------------------------------------------------------------ splitting
@dataclass(frozen=True, slots=True)
class Splitting:
    """One split being worked out: ``leaving`` become ``story``."""

    parts: StoryParts
    leaving: Sequence[Member]
    story: str
    actor: str
    said: str
    now: datetime

    def move(self, facts: Mapping[str, WatchlistFacts], route: Router, silenced: Silenced, limits: Limits) -> StoryMove:
        ids = {article.id for article, *_ in self.leaving}
        staying = [member for member in self.parts.members if member[0].id not in ids]
        own = self.parts.story.id
        holders = {own: staying, self.story: list(self.leaving)}
        alerts: list[AlertChange] = []
        moved: list[tuple[str, str]] = []
        told: list[Told] = []
        raised: list[tuple[IngestArticle, Decided]] = []
        there = self._there(ids)
        placed = {place: _chief(found) for place, found in there.items()}
        for (story, watchlist), found in placed.items():
            alert = found.told.alert
            alerts += self._parts_of(found, there[story, watchlist])
            if alert.merged_into:
                alerts.append(self._revived(found, story))
            elif alert.story != story:
                moved.append((alert.id, story))
            told.append(_left(found.told, watchlist, holders[story]))
        for story, members in holders.items():
            bare = {match.watchlist for *_, matches in members for match in matches} - {name for at, name in placed if at == story}
            for watchlist in sorted(bare & facts.keys()):
                ground = Ground(_SPEC, self.now, False, {watchlist: facts[watchlist]}, {}, route, silenced=silenced, limits=limits)
                raised += self._raised(members, watchlist, ground, Story(story, members[0][0].id, first_url=members[0][0].url))
        first = self.leaving[0][0].id
        detail = {"into": self.story, "articles": len(self.leaving), "comment": self.said}
        return StoryMove(
            articles=tuple((article.id, self._leaves(article, place, first)) for article, place, _ in self.leaving),
            entry=Entry(self.actor, "stories split", own, detail),
            stories=(Story(self.story, first),),
            merged=((self.story, ""),),
            alerts=tuple(alerts),
            moved=tuple(moved),
            told=tuple(told),
            raised=tuple(raised),
        )

    def _leaves(self, article: Article, place: Membership, first: str) -> Membership:
        if article.id == self.story:
            return replace(place, story=self.story, joined=None)
        return replace(place, story=self.story, joined=Joined(JoinKind.SPLIT, first).to_json())

    def _there(self, leaving: set[str]) -> dict[tuple[str, str], list[AlertFound]]:
        """(story, watchlist) -> its alerts, the oldest first: each goes where the article that raised it goes. One that was merged away
        and whose article is in another story by now is none of ours."""
        members = {article.id for article, *_ in self.parts.members}
        there: dict[tuple[str, str], list[AlertFound]] = {}
        for found in self.parts.alerts:
            alert, raised_by = found.told.alert, found.told.article
            if raised_by in members or not alert.merged_into:
                there.setdefault((self.story if raised_by in leaving else self.parts.story.id, alert.watchlist), []).append(found)
        return there

    def _parts_of(self, chief: AlertFound, found: Sequence[AlertFound]) -> Iterable[AlertChange]:
        """Those merged away that do not stand behind ``chief`` become part of it: what stood for them went elsewhere."""
        into = {one.told.alert.id: one.told.alert.merged_into for one in found}
        stays = chief.told.alert
        for one in found:
            alert, end = one.told.alert, one.told.alert.id
            for _ in found:
                if end in ("", stays.id):
                    break
                end = into.get(end, "")
            if end != stays.id:
                entry = Entry(self.actor, "alert merge", alert.id, {"watchlist": alert.watchlist, "into": stays.id, "comment": self.said})
                yield AlertChange(replace(alert, merged_into=stays.id, updated=self.now), alert.state, entry)

    def _revived(self, found: AlertFound, story: str) -> AlertChange:
        """What a merge had closed goes on."""
        alert = found.told.alert
        entry = Entry(self.actor, "alert split", alert.id, {"watchlist": alert.watchlist, "from": alert.merged_into, "comment": self.said})
        after = replace(alert, story=story, merged_into="", updated=self.now)
        if alert.disposition is not Disposition.DUPLICATE:
            return AlertChange(after, alert.state, entry)
        after = replace(after, state=AlertState.OPEN, disposition=None, comment="", changed_by=self.actor)
        return _told_change(found, after, entry, kind=NotificationKind.REOPENED, said=self.said, now=self.now)

    def _raised(self, members: Sequence[Member], watchlist: str, ground: Ground, of: Story) -> Iterable[tuple[IngestArticle, Decided]]:
        """The first article that matches raises an alert, the others are held against it."""
        told: Told | None = None
        for count, (article, place, matches) in enumerate(members, 1):
            outlets = tuple(dict.fromkeys((*of.outlets, place.outlet)))
            languages = tuple(dict.fromkeys((*of.languages, article.language)))
            of = replace(of, articles=count, outlets=outlets[:OUTLETS], outlet_count=len(outlets), languages=languages)
            ground.stories[of.id] = of
            for match in matches:
                if match.watchlist == watchlist:
                    item, decided = decided_anew(article, match, replace(place, story=of.id), told, ground)
                    told = decided.told or told
                    yield item, decided


def _chief(found: Sequence[AlertFound]) -> AlertFound:
    """Which of the alerts of one watchlist in one story lives: the one that does, else that which the others were merged into."""
    ids = {one.told.alert.id for one in found}
    living = (one for one in found if not one.told.alert.merged_into)
    last = (one for one in found if one.told.alert.merged_into not in ids)
    return next(living, None) or next(last, found[0])


def _left(told: Told, watchlist: str, members: Sequence[Member]) -> Told:
    """What an alert has told of the articles that are left to it."""
    own = [(article, place, match) for article, place, matches in members for match in matches if match.watchlist == watchlist]
    return told_of(told, own)
