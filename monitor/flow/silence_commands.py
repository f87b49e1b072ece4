"""What a person does about silences: add, expire, list, preview.

    command            arguments                                               answer
    silences.add       matchers: {NAME: [VALUE, …]}, ends: TIME, starts:       silence: {…}, would_have_muted, of
                       TIME (now), comment: TEXT
    silences.expire    ids: [ID, …]                                            silences: [{…}, …]
    silences.list      all: true for those that ended in the last 30 days      silences: [{…}, …]
    silences.preview   matchers: {…}, or id: ID                                muted: [{…}, …], would_have_muted, of

A comment and an end are asked for: whoever comes after must know why, and no silence is for ever (90 days). The preview is of
what was told in the last day.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from monitor.errors import UsageError
from monitor.flow.asked import Handler, comment, moment, nothing_changed, text, texts
from monitor.flow.route import Conditions
from monitor.flow.silence_rules import active, conditions, described, end_of, matchers
from monitor.flow.silences import SilenceDesk
from monitor.model import Command, JsonObject, Silence
from monitor.ports import Clock, Matched, SilenceRecord

LONGEST: Final = timedelta(days=90)
PREVIEWED: Final = timedelta(days=1)
LISTED: Final = timedelta(days=30)
#: Told matches of a day that a preview looks at, and those it names.
LOOKED_AT: Final = 20_000
NAMED: Final = 20


class SilenceCommands:
    def __init__(self, record: SilenceRecord, desk: SilenceDesk, clock: Clock) -> None:
        self._record = record
        self._desk = desk
        self._clock = clock

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "silences.add": self._add,
            "silences.expire": self._expire,
            "silences.list": self._list,
            "silences.preview": self._preview,
        }

    async def _add(self, command: Command) -> JsonObject:
        now = self._clock.now()
        wanted, said = await self._matchers(command), comment(command)
        if not said:
            raise UsageError("a silence needs a comment", hint='why, for whoever wonders later: --comment "the ministry repeats itself"')
        starts, ends = moment(command, "starts") or now, moment(command, "ends")
        if ends is None:
            raise UsageError("a silence needs an end", hint="--for 4h, or --until 2026-03-01T12:00Z")
        if ends <= max(starts, now):
            raise UsageError(f"the end {ends:%Y-%m-%d %H:%M %Z} is over already", hint="give a time to come, after the start")
        if ends - max(starts, now) > LONGEST:
            raise UsageError(
                f"a silence lasts {LONGEST.days} days at most", hint="what nobody ever wants belongs into the watchlist or a route"
            )
        silence = Silence(_id(), wanted, command.actor, said, now, starts, ends)
        await self._record.add_silence(silence, command.actor, now)
        await self._desk.restore()
        muted, of = await self._would_mute(conditions(wanted))
        return {"silence": _shown(silence, self._clock), "would_have_muted": len(muted), "of": of}

    async def _expire(self, command: Command) -> JsonObject:
        now = self._clock.now()
        ids = texts(command, "ids", "the ids of silences", hint="monitor silence list shows them")
        standing = [one.id for one in await self._record.silences(now) if now < end_of(one)]
        with nothing_changed(ids):  # all of them are found before the first one is ended
            wanted = dict.fromkeys(_meant(id_, standing) for id_ in ids)
        gone = [silence for id_ in wanted if (silence := await self._record.expire_silence(id_, command.actor, now)) is not None]
        await self._desk.restore()
        return {"silences": [_shown(silence, self._clock) for silence in gone]}

    async def _list(self, command: Command) -> JsonObject:
        return {"silences": await listed(self._record, self._clock, every=command.arguments.get("all") is True)}

    async def _preview(self, command: Command) -> JsonObject:
        id_ = text(command, "id")
        if id_:
            known = [one for one in await self._record.silences(self._clock.now()) if one.id.startswith(id_)]
            if len(known) != 1:
                raise UsageError(f"no one silence begins with {id_!r}", hint="monitor silence list shows them")
            wanted = conditions(known[0].matchers)
        else:
            wanted = conditions(await self._matchers(command))
        muted, of = await self._would_mute(wanted)
        return {"would_have_muted": len(muted), "of": of, "muted": [_named(one) for one in muted[:NAMED]]}

    async def _would_mute(self, wanted: Conditions) -> tuple[list[Matched], int]:
        told = await self._record.told_matches(self._clock.now() - PREVIEWED, LOOKED_AT)
        return [one for one in told if wanted.hold(self._desk.about(one))], len(told)

    async def _matchers(self, command: Command) -> dict[str, tuple[str, ...]]:
        """Stories are named by the beginning of their ids, as everywhere."""
        found = command.arguments.get("matchers")
        if not isinstance(found, dict):
            raise UsageError(f"{command.name} needs matchers", hint="for example --watchlist arms-transfer --source example-ar")
        read = matchers(found)
        if "story" in read:
            read["story"] = tuple([await self._story(one) for one in read["story"]])
        return read

    async def _story(self, prefix: str) -> str:
        found = await self._record.stories_like(prefix.lower(), 2)
        if len(found) == 1:
            return found[0]
        what = f"several stories begin with {prefix!r}" if found else f"there is no story whose id begins with {prefix!r}"
        raise UsageError(what, hint="monitor stories list shows them")


async def listed(record: SilenceRecord, clock: Clock, *, every: bool) -> list[JsonObject]:
    """The silences in force and to come, with ``every`` also those that ended in the last thirty days; needs no daemon."""
    now = clock.now()
    since = now - LISTED if every else now
    found = await record.silences(now, ended_since=since)
    return [_shown(silence, clock) for silence in found if end_of(silence) > since]


def _meant(prefix: str, standing: Sequence[str]) -> str:
    found = [id_ for id_ in standing if id_.startswith(prefix)]
    if len(found) > 1:
        raise UsageError(f"several silences begin with {prefix}: {', '.join(found)}", hint="give more of the one you mean")
    if not found:
        raise UsageError(f"no silence that has not ended begins with {prefix!r}", hint="monitor silence list shows them")
    return found[0]


def _id() -> str:
    """Random: silences are named by people, and two made in one second are two."""
    return secrets.token_hex(4)


def _shown(silence: Silence, clock: Clock) -> JsonObject:
    now = clock.now()
    state = "active" if active(silence, now) else "pending" if now < silence.starts else "ended"
    return {
        "id": silence.id,
        "state": state,
        "matchers": {name: list(values) for name, values in silence.matchers.items()},
        "about": described(silence),
        "author": silence.author,
        "comment": silence.comment,
        "created": silence.created.isoformat(),
        "starts": silence.starts.isoformat(),
        "ends": end_of(silence).isoformat(),
        "expired_by": silence.expired_by,
        "muted": silence.muted,
        "last_muted": None if silence.last_muted is None else silence.last_muted.isoformat(),
    }


def _named(one: Matched) -> JsonObject:
    return {
        "watchlist": one.match.watchlist,
        "severity": one.match.severity.value,
        "story": one.story,
        "source": one.article.source,
        "title": one.article.title,
        "url": one.article.url,
        "at": one.at.isoformat(),
    }
