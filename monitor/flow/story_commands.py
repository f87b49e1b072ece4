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
from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol, TypeVar

import structlog

from monitor.errors import UsageError
from monitor.flow.asked import Handler, comment, text, texts
from monitor.flow.decision import Router, never
from monitor.flow.limits import Limits
from monitor.flow.story_moves import Member, Silenced, Splitting, merged
from monitor.flow.turn import Turn, ended
from monitor.model import (
    Alert,
    AlertState,
    Command,
    JsonObject,
    Mode,
    NotificationKind,
    WatchlistFacts,
    Way,
    identity,
)
from monitor.ports import (
    AlertChange,
    Clock,
    DecideAgain,
    StoryMove,
    StoryParts,
    StoryRecord,
)

log = structlog.get_logger()

_LIST: Final = "monitor stories list shows them"
#: Times that a move is worked out anew because an alert changed meanwhile (by a process that holds no turn).
_AGAIN: Final = 5

T = TypeVar("T")


class Memory(Protocol):
    """The index of stories."""

    async def move(self, articles: Iterable[str], story: str) -> None:
        """It is in the record. Others have a moment in between."""


class StoryCommands:
    """``wake`` tells the deliverer that there is something to send; ``asked`` says which of the ways an alert has gone hear of what
    a person did to it; ``limits`` gives what watchlists have raised of what they may, which holds for what a split raises too."""

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
        limits: Callable[[Iterable[WatchlistFacts], datetime], Awaitable[Limits]] | None = None,
    ) -> None:
        self._limits = limits
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
        limits = Limits() if self._limits is None else await self._limits(facts.values(), now)
        move = await asyncio.to_thread(split.move, facts, self._route, self._silenced, limits)
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
        await ended(asyncio.create_task(self._carry_out(move, story, now)))

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


# ---------------------------------------------------------------------------------------------- parts
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
