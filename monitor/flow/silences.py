"""The silences in force: asked before anything is told, summed up when they end, told of when they mute nothing.

They are read at the start and after every change; what one muted stands in the record with the match. When a silence ends, by
its time or by a person, one digest to each sink that would have been told says what it kept back: once, whatever happens in
between. One that mutes nothing for a week is an operation: it is forgotten, or misspelled. It must not know how silences are
stored, or who makes them.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from monitor.errors import StorageError
from monitor.flow.outlets import outlet
from monitor.flow.route import About, Conditions
from monitor.flow.silence_rules import active, conditions, described, end_of, ended, muted_by
from monitor.flow.turn import Turn
from monitor.model import (
    Alert,
    AlertState,
    Mode,
    Notification,
    NotificationKind,
    Reason,
    Severity,
    Silence,
    Story,
    WatchlistFacts,
    Way,
    identity,
)
from monitor.ports import Clock, Matched, Operations, SilenceRecord
from monitor.render.digest import DigestMember, gravest, render_digest

log = structlog.get_logger()

#: A silence that mutes nothing for so long is told of.
IDLE: Final = timedelta(days=7)
#: Matches of one silence that are looked at for its summary, the gravest: a digest lists fewer, and counts them.
SUMMED: Final = 5_000
#: How often ends and idleness are looked at (seconds).
LOOK: Final = 10.0


class SilenceDesk:
    """``facts`` gives the watchlists by id; ``route`` the ways what was muted would have gone; ``wake`` tells the deliverer;
    ``turn`` is that of all who decide what is told."""

    def __init__(  # noqa: PLR0917 - one argument a port
        self,
        record: SilenceRecord,
        clock: Clock,
        operations: Operations,
        facts: Callable[[], Mapping[str, WatchlistFacts]],
        route: Callable[[About], tuple[Way, ...]],
        wake: Callable[[], None] = lambda: None,
        turn: Turn | None = None,
    ) -> None:
        self._record = record
        self._clock = clock
        self._operations = operations
        self._facts = facts
        self._route = route
        self._wake = wake
        self._turn = turn or Turn()
        self._silences: list[tuple[Silence, Conditions]] = []
        self._looked = float("-inf")
        self._reading = asyncio.Lock()

    async def restore(self) -> None:
        """Before anything is decided, and after every change. Raises StorageError."""
        # One after the other: a reading that began before a change must not be put in the place of one that began after it.
        async with self._reading:
            found = []
            for silence in await self._record.silences(self._clock.now()):
                try:
                    found.append((silence, conditions(silence.matchers)))
                except ValueError as error:  # written by a newer version: it mutes nothing here
                    log.warning("silence_not_understood", silence=silence.id, error=str(error))
            self._silences = found

    def muted_by(self, about: About) -> Silence | None:
        return muted_by(self._silences, about)

    def in_force(self) -> Sequence[Silence]:
        now = self._clock.now()
        return [silence for silence, _ in self._silences if active(silence, now)]

    async def tick(self) -> None:
        """Every second; looks every ten."""
        if self._clock.monotonic() - self._looked < LOOK or not self._silences:
            return
        self._looked = self._clock.monotonic()
        try:
            await self.restore()
            now = self._clock.now()
            if any(ended(silence, now) for silence, _ in self._silences):
                await self._sum_up_ended(now)
            for silence, _ in list(self._silences):
                if not ended(silence, now):
                    self._look_idle(silence, now)
        except StorageError as error:
            log.debug("silences_not_looked_at", error=error.message)  # whoever writes articles raises ``storage``

    # --------------------------------------------------------------------------------------- at its end
    async def _sum_up_ended(self, now: datetime) -> None:
        """In its turn: what was muted in the last moment may not be committed yet, and would be told by nobody."""
        async with self._turn:
            await self.restore()
            for silence, _ in list(self._silences):
                if ended(silence, now):
                    await self._sum_up(silence, now)

    async def _sum_up(self, silence: Silence, now: datetime) -> None:
        if silence.summed is None:
            told = self._digests(silence, await self._record.muted(silence.id, SUMMED)) if silence.muted else []
            await self._record.sum_up(silence.id, told, now)
            log.info("silence_ended", silence=silence.id, muted=silence.muted, sinks=[way.sink for _, way in told])
            if told:
                self._wake()
        self._operations.close(f"silence:{silence.id}")
        self._silences = [(one, wanted) for one, wanted in self._silences if one.id != silence.id]

    def _digests(self, silence: Silence, muted: Sequence[Matched]) -> list[tuple[Notification, Way]]:
        """One a sink, of what would have gone there; of one story and watchlist the gravest, which is the first where alike."""
        members: dict[str, dict[tuple[str, str], Matched]] = defaultdict(dict)
        ways: dict[str, Way] = {}
        for one in muted:
            for way in self._route(self.about(one)):
                ways.setdefault(way.sink, Way(way.sink, way.route))
                place = (one.match.watchlist, one.story)
                before = members[way.sink].get(place)
                if before is None or one.match.severity.rank > before.match.severity.rank:
                    members[way.sink][place] = one
        return [self._digest(silence, way, list(members[sink].values())) for sink, way in sorted(ways.items())]

    def _digest(self, silence: Silence, way: Way, members: Sequence[Matched]) -> tuple[Notification, Way]:
        key, end = f"silence:{silence.id}", end_of(silence)
        text = f"{described(silence)}: {silence.comment} ({silence.author.partition(':')[2] or silence.author})"
        if silence.muted > SUMMED:
            text += f". It muted {silence.muted} matches; summed up are the {SUMMED} gravest"
        members = sorted(members, key=lambda one: -one.match.severity.rank)
        id_ = identity("digest", way.sink, key, end.isoformat())
        facts = self._facts()
        payload = render_digest(
            notification_id=id_,
            key=key,
            title=f"{len(members)} stor{'y' if len(members) == 1 else 'ies'} muted by a silence",
            text=text,
            members=[_member(one, facts) for one in members],
            created=end,
        )
        severity = gravest(one.match.severity for one in members)
        return Notification(id_, "", NotificationKind.DIGEST, Reason.SILENCE_ENDED, severity, end, payload), way

    def about(self, one: Matched) -> About:
        """What was known when it was decided, as far as the record has kept it."""
        name = one.match.watchlist
        facts = self._facts().get(name) or WatchlistFacts(name, one.match.version, name, "", "", one.match.severity, {}, Mode.LIVE)
        alert = one.alert or Alert("", name, one.story, one.match.severity, AlertState.OPEN, facts.labels, one.at, one.at)
        return About(facts, one.match.severity, one.article, one.match, alert, Story(one.story, one.story), one.at)

    # ------------------------------------------------------------------------------------------ forgotten
    def _look_idle(self, silence: Silence, now: datetime) -> None:
        key = f"silence:{silence.id}"
        since = max(silence.starts, silence.last_muted or silence.starts)
        if now - since < IDLE:
            self._operations.close(key)
            return
        message = (
            f"silence {silence.id} ({described(silence)}; {silence.comment}) has muted nothing since {since:%Y-%m-%d}; "
            f"it stands until {silence.ends:%Y-%m-%d %H:%M} UTC: monitor silence expire {silence.id} ends it"
        )
        self._operations.raise_(key, message, severity=Severity.INFO, tell=True)


def _member(one: Matched, facts: Mapping[str, WatchlistFacts]) -> DigestMember:
    list_ = facts.get(one.match.watchlist)
    name = list_.title if list_ is not None else one.match.watchlist
    article, severity = one.article, one.match.severity
    return DigestMember(
        f"[{severity.value.upper()}] {name}",
        article.title,
        article.url,
        article.published or one.at,
        severity,
        alert=one.alert.id if one.alert is not None else "",
        watchlist=one.match.watchlist,
        outlet=outlet(article),
        language=article.language,
        why=", ".join(stance.upper() for stance in one.match.stances),
        article=article.id,
    )
