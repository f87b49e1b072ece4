"""What a person does to stories: merge two that are one event, split one that is two.

    command          arguments                                          answer
    stories.merge    story: ID, into: ID, comment: TEXT                 story, articles, alerts: [{id, watchlist, state, merged_into,
                                                                        part_of: {id, state, disposition}, hint}, …]
    stories.split    story: ID, articles: [ID, …], comment: TEXT        story (the new one), articles, alerts (as above;
                                                                        raised: true of those that are new)

Merging: the articles go into the other story. An alert whose watchlist has none there goes with them; where both have one, that
of the story which stays goes on, told of all that either told, and the other is closed as its duplicate, which is told where it
was told. Splitting: the articles named become a story of their own. An alert goes with the article that raised it. A part that is
left without one that lives revives that of its articles which a merge had closed, the last closed where it was merged again and
again (the others become part of it), and raises one only where none of its articles ever had one. What an alert has told is
worked out anew from the articles that are left to it, so that nothing counts as told that now belongs to the other part. Each
undoes the other. The beginning of an id will do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol, TypeAlias, TypeVar

import structlog

from monitor.errors import UsageError
from monitor.flow.asked import Handler, comment, text, texts
from monitor.flow.decision import Ground, Router, decided_anew, never, told_of
from monitor.flow.route import About
from monitor.flow.turn import Turn
from monitor.model import (
    OUTLETS,
    Alert,
    AlertState,
    Article,
    Command,
    Disposition,
    JsonObject,
    Match,
    Mode,
    Notification,
    NotificationKind,
    Reason,
    Silence,
    SourceKind,
    SourceSpec,
    Story,
    WatchlistFacts,
    Way,
    identity,
)
from monitor.ports import (
    AlertChange,
    AlertFound,
    Clock,
    DecideAgain,
    Decided,
    Entry,
    IngestArticle,
    Membership,
    StoryMove,
    StoryParts,
    StoryRecord,
    Told,
)
from monitor.render.change import Change, render_change
from monitor.story.joined import Joined, JoinKind

log = structlog.get_logger()

_LIST: Final = "monitor stories list shows them"
#: Times that a move is worked out anew because an alert changed meanwhile (by a process that holds no turn).
_AGAIN: Final = 5

#: What a person decides is no poll of any source, and nothing in it is stale.
_SPEC: Final = SourceSpec("", SourceKind.PUSH, "", 0.0)

T = TypeVar("T")
Silenced: TypeAlias = Callable[[About], Silence | None]
Member: TypeAlias = tuple[Article, Membership, tuple[Match, ...]]


class Memory(Protocol):
    """The index of stories."""

    async def move(self, articles: Iterable[str], story: str) -> None:
        """It is in the record. Others have a moment in between."""


class StoryCommands:
    """``wake`` tells the deliverer that there is something to send; ``asked`` says which of the ways an alert has gone hear of what
    a person did to it."""

    def __init__(
        self,
        record: StoryRecord,
        memory: Memory,
        turn: Turn,
        *,
        facts: Callable[[], Mapping[str, WatchlistFacts]],
        route: Router,
        clock: Clock,
        wake: Callable[[], None],
        silenced: Silenced = never,
        asked: Callable[[Sequence[Way], NotificationKind], tuple[Way, ...]] = lambda ways, kind: tuple(ways),
    ) -> None:
        self._silenced = silenced
        self._asked = asked
        self._record = record
        self._memory = memory
        self._turn = turn
        self._facts = facts
        self._route = route
        self._clock = clock
        self._wake = wake

    def handlers(self) -> Mapping[str, Handler]:
        return {"stories.merge": self._merge, "stories.split": self._split}

    # ---------------------------------------------------------------------------------------- merging
    async def _merge(self, command: Command) -> JsonObject:
        wanted, into = (text(command, key, "the ids of two stories", hint=_LIST) for key in ("story", "into"))
        async with self._turn:
            return await self._again(lambda: self._merge_once(command, wanted, into))

    async def _merge_once(self, command: Command, wanted: str, into: str) -> JsonObject:
        gone, stays = await self._parts(wanted), await self._parts(into)
        if gone.story.id == stays.story.id:
            raise UsageError(f"{wanted} and {into} are the same story")
        now = self._clock.now()
        # On a thread: a story may have thousands of articles, and what is worked out here is nobody else's.
        move = await asyncio.to_thread(merged, gone, stays, command.actor, comment(command), now)
        await self._write(move, stays.story.id, now)
        alerts = [_answer(change.alert) | _part_of(change, stays) for change in move.alerts]
        return {"story": stays.story.id, "articles": len(move.articles), "alerts": alerts}

    # --------------------------------------------------------------------------------------- splitting
    async def _split(self, command: Command) -> JsonObject:
        wanted = text(command, "story", "the id of a story", hint=_LIST)
        named = texts(command, "articles", "the ids of the articles that are to leave", hint=f"monitor stories show {wanted} shows them")
        async with self._turn:
            return await self._again(lambda: self._split_once(command, wanted, named))

    async def _split_once(self, command: Command, wanted: str, named: Sequence[str]) -> JsonObject:
        parts, now = await self._parts(wanted), self._clock.now()
        leaving = _named(parts, named)
        split = Splitting(parts, leaving, await self._new_id(parts, leaving), command.actor, comment(command), now)
        facts = {name: one for name, one in self._facts().items() if one.mode is not Mode.OFF}
        move = await asyncio.to_thread(split.move, facts, self._route, self._silenced)
        await self._write(move, split.story, now)
        raised = [one.alert for _, one in move.raised if one.alert is not None]
        answers = [_answer(change.alert) for change in move.alerts] + [_answer(alert) | {"raised": True} for alert in raised]
        return {"story": split.story, "articles": len(leaving), "alerts": answers}

    async def _new_id(self, parts: StoryParts, leaving: Sequence[Member]) -> str:
        """That of the first article that leaves, as of every story; another where a story is called so that is not this one's."""
        first = leaving[0][0].id
        for name in (first, *(identity("story", first, str(n)) for n in range(_AGAIN * 10))):
            if name != parts.story.id and not await self._is_known(name):
                return name
        raise UsageError(f"article {first[:12]} has been split off too often")

    async def _is_known(self, story: str) -> bool:
        try:
            found = await self._record.story_parts(story)
        except UsageError:
            return False  # it became part of another: its name is free
        return found is not None and bool(found.members)

    # ------------------------------------------------------------------------------------------- both
    async def _parts(self, wanted: str) -> StoryParts:
        found = await self._record.story_parts(wanted)
        if found is None:
            raise UsageError(f"there is no story whose id begins with {wanted!r}", hint=_LIST)
        return found

    async def _write(self, move: StoryMove, story: str, now: datetime) -> None:
        done = asyncio.ensure_future(self._carry_out(move, story, now))
        try:
            await asyncio.shield(done)
        except asyncio.CancelledError:
            # It may be in the record already: memory follows before anybody else has the turn.
            await asyncio.wait({done})
            done.exception()
            raise

    async def _carry_out(self, move: StoryMove, story: str, now: datetime) -> None:
        await self._record.move(replace(move, alerts=tuple(map(self._asked_of, move.alerts))), now)
        await self._memory.move([article for article, _ in move.articles], story)
        log.info("stories_changed", action=move.entry.action, story=move.entry.subject, articles=len(move.articles), by=move.entry.actor)
        if move.raised or any(change.notification for change in move.alerts):
            self._wake()

    def _asked_of(self, change: AlertChange) -> AlertChange:
        told = change.notification
        return change if told is None else replace(change, ways=self._asked(change.ways, told.kind))

    async def _again(self, work: Callable[[], Awaitable[T]]) -> T:
        for _ in range(_AGAIN):
            try:
                return await work()
            except DecideAgain:
                continue
        raise UsageError("an alert of this story is being changed by somebody else", hint="look at it again, then say what is to be done")


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
def _named(parts: StoryParts, named: Sequence[str]) -> list[Member]:
    """The members that are to leave, in the order of decision. Raises UsageError where one is no member, or all are."""
    chosen: set[str] = set()
    for wanted in named:
        fitting = [article.id for article, *_ in parts.members if article.id.startswith(wanted)]
        if len(fitting) != 1:
            what = "no article" if not fitting else "several articles"
            raise UsageError(
                f"{what} of story {parts.story.id[:12]} begins with {wanted!r}", hint=f"monitor stories show {parts.story.id[:12]}"
            )
        chosen.update(fitting)
    if len(chosen) == len(parts.members):
        raise UsageError("all articles of the story would leave it", hint="name those that belong to the other event")
    return [member for member in parts.members if member[0].id in chosen]


@dataclass(frozen=True, slots=True)
class Splitting:
    """One split being worked out: ``leaving`` become ``story``."""

    parts: StoryParts
    leaving: Sequence[Member]
    story: str
    actor: str
    said: str
    now: datetime

    def move(self, facts: Mapping[str, WatchlistFacts], route: Router, silenced: Silenced = never) -> StoryMove:
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
                ground = Ground(_SPEC, self.now, False, {watchlist: facts[watchlist]}, {}, route, silenced=silenced)
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


def _part_of(change: AlertChange, stays: StoryParts) -> JsonObject:
    """The alert that a duplicate became part of. Where that one is closed, what was open before is so no longer: whoever merged them
    hears how to have it open again."""
    for alert in (one.told.alert for one in stays.alerts if one.told.alert.id == change.alert.merged_into):
        disposition = None if alert.disposition is None else alert.disposition.value
        answer: JsonObject = {"part_of": {"id": alert.id, "state": alert.state.value, "disposition": disposition}}
        hidden = alert.state is AlertState.CLOSED and change.was is not AlertState.CLOSED
        return answer | ({"hint": f"monitor alerts reopen {alert.id[:12]}"} if hidden else {})
    return {}


def _answer(alert: Alert) -> JsonObject:
    answer: JsonObject = {"id": alert.id, "watchlist": alert.watchlist, "state": alert.state.value}
    return answer | ({"merged_into": alert.merged_into} if alert.merged_into else {})
