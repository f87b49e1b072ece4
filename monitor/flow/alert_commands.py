"""What a person does to alerts: acknowledge, close with a disposition, reopen.

    command          arguments                                                   answer
    alerts.ack       ids: [ID, …], comment: TEXT                                 alerts: [{id, watchlist, state, unchanged}, …]
    alerts.close     ids: [ID, …], disposition: true | false | duplicate |       the same
                     not_relevant, comment: TEXT, into: ID (a duplicate's)       (into: part_of and hint too, as of stories.merge)
    alerts.reopen    ids: [ID, …], comment: TEXT                                 the same

    state \\ command  ack                      close                            reopen
    open             acknowledged             closed; CLOSED is told           comment replaced
    acknowledged     comment replaced         closed; CLOSED is told           open
    closed           refused: reopen first    comment, disposition replaced;   open; REOPENED is told
                                              another disposition: CLOSED
                                              is told again

The beginning of an id will do. All of them are found first: with a wrong one nothing is done. What is told goes the ways the
alert has gone, but for routes that do not ask for it: who was told that an alert was true must hear that it was false after all. The
same again, without a comment or with the one it has, changes nothing and leaves no line; no other comment is lost. A duplicate
closed ``into`` another alert joins their stories, so that whatever comes next is told under the one that stays.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias

import structlog

from monitor.errors import UsageError
from monitor.flow.asked import Handler, comment, nothing_changed, one_of, text, texts
from monitor.flow.turn import Turn
from monitor.model import (
    Alert,
    AlertState,
    Command,
    Disposition,
    JsonObject,
    Notification,
    NotificationKind,
    Reason,
    Way,
    identity,
)
from monitor.ports import AlertChange, AlertFound, AlertRecord, Clock, DecideAgain, Entry, Meter
from monitor.render.change import Change, render_change

log = structlog.get_logger()

_LIST: Final = "monitor alerts list shows them"
#: Times that a change is decided anew because the alert changed meanwhile (by a process that holds no turn).
_AGAIN: Final = 5


@dataclass(frozen=True, slots=True)
class _Step:
    """``told`` is what people are told of it, None where nobody is; of what is closed already, only another disposition is. A step
    to where the alert is already keeps what is said anew, and is none where nothing is."""

    to: AlertState
    told: NotificationKind | None = None


_Refusal: TypeAlias = str
_OPEN, _ACK, _CLOSED = AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.CLOSED

#: The table above.
TABLE: Final[Mapping[tuple[AlertState, str], _Step | _Refusal]] = {
    (_OPEN, "ack"): _Step(_ACK),
    (_OPEN, "close"): _Step(_CLOSED, NotificationKind.CLOSED),
    (_OPEN, "reopen"): _Step(_OPEN),
    (_ACK, "ack"): _Step(_ACK),
    (_ACK, "close"): _Step(_CLOSED, NotificationKind.CLOSED),
    (_ACK, "reopen"): _Step(_OPEN),
    (_CLOSED, "ack"): "it is closed: reopen it first",
    (_CLOSED, "close"): _Step(_CLOSED, NotificationKind.CLOSED),
    (_CLOSED, "reopen"): _Step(_OPEN, NotificationKind.REOPENED),
}


class AlertCommands:
    """``wake`` tells the deliverer that there is something to send; ``merge`` does the command ``stories.merge``; ``asked`` says which
    of the ways an alert has gone hear of what a person did to it."""

    def __init__(
        self,
        record: AlertRecord,
        turn: Turn,
        *,
        clock: Clock,
        meter: Meter,
        wake: Callable[[], None],
        merge: Callable[[Command], Awaitable[JsonObject]],
        asked: Callable[[Sequence[Way], NotificationKind], tuple[Way, ...]] = lambda ways, kind: tuple(ways),
    ) -> None:
        self._asked = asked
        self._record = record
        self._turn = turn
        self._clock = clock
        self._meter = meter
        self._wake = wake
        self._merge = merge

    def handlers(self) -> Mapping[str, Handler]:
        return {"alerts.ack": self._ack, "alerts.close": self._close, "alerts.reopen": self._reopen}

    async def _ack(self, command: Command) -> JsonObject:
        return await self._all(command, "ack", None)

    async def _reopen(self, command: Command) -> JsonObject:
        return await self._all(command, "reopen", None)

    async def _close(self, command: Command) -> JsonObject:
        found = one_of(command, "disposition", Disposition, hint="say what it was found to be")
        if into := text(command, "into"):
            return await self._into(command, found, into)
        return await self._all(command, "close", found)

    async def _all(self, command: Command, verb: str, disposition: Disposition | None) -> JsonObject:
        said = comment(command)
        async with self._turn:
            wanted = texts(command, "ids", "the ids of alerts", hint=_LIST)
            # Refused before anything is done: half of what was asked would be worse than nothing of it.
            with nothing_changed(wanted):
                ids = dict.fromkeys([(await self._found(one)).told.alert.id for one in wanted])
                for one in ids:
                    _step(await self._found(one), verb)
            return {"alerts": [await self._one(one, command.actor, verb, disposition, said) for one in ids]}

    async def _found(self, wanted: str) -> AlertFound:
        found = await self._record.find(wanted)
        if found is None:
            raise UsageError(f"there is no alert whose id begins with {wanted!r}", hint=_LIST)
        return found

    async def _one(self, wanted: str, actor: str, verb: str, disposition: Disposition | None, said: str) -> JsonObject:
        for _ in range(_AGAIN):
            found, now = await self._found(wanted), self._clock.now()
            change = changed(found, verb, actor=actor, disposition=disposition, said=said, now=now)
            if change is None:
                return _answer(found.told.alert, unchanged=True)
            if change.notification is not None:
                change = replace(change, ways=self._asked(change.ways, change.notification.kind))
            try:
                await self._record.change_alert(change, now)
            except DecideAgain:
                continue
            self._meter.count("alert_changes_total", action=verb)
            log.info("alert_changed", alert=change.alert.id, watchlist=change.alert.watchlist, state=change.alert.state.value, by=actor)
            if change.notification is not None:
                self._wake()
            return _answer(change.alert, unchanged=False)
        raise UsageError(f"alert {wanted} is being changed by somebody else", hint="look at it again, then say what is to be done")

    async def _into(self, command: Command, disposition: Disposition, into: str) -> JsonObject:
        if disposition is not Disposition.DUPLICATE:
            raise UsageError("only a duplicate is closed into another alert", hint="--as duplicate")
        ids = texts(command, "ids", "the ids of alerts", hint=_LIST)
        with nothing_changed(ids):
            stays = (await self._found(into)).told.alert
            alerts = [(await self._found(one)).told.alert for one in ids]
            for alert in alerts:
                _joinable(alert, stays)
        behind: dict[str, JsonObject] = {}
        for alert in alerts:
            asked = {"story": alert.story, "into": stays.story, "comment": comment(command)}
            done = await self._merge(Command("stories.merge", asked, command.actor))
            behind |= {one["id"]: {key: one[key] for key in ("part_of", "hint") if key in one} for one in done.get("alerts", ())}
        now = [(await self._found(alert.id)).told.alert for alert in alerts]
        return {"alerts": [_answer(alert, unchanged=False) | behind.get(alert.id, {}) for alert in now]}


def changed(
    found: AlertFound, verb: str, *, actor: str, disposition: Disposition | None = None, said: str = "", now: datetime
) -> AlertChange | None:
    """What the table makes of it; None where it is so already. Raises UsageError where it is refused."""
    alert = found.told.alert
    step = _step(found, verb)
    # Said again without a word, it takes away no comment that somebody made.
    if step.to is alert.state and alert.disposition == disposition and said in {"", alert.comment}:
        return None
    after = replace(alert, state=step.to, updated=now, changed_by=actor, comment=said, disposition=disposition)
    entry = Entry(actor, f"alert {verb}", alert.id, _detail(alert, after))
    if step.told is None or (step.to is alert.state and disposition is alert.disposition):
        return AlertChange(after, alert.state, entry)
    notification_id = identity(alert.id, str(found.told.notifications))
    payload = render_change(
        found.document,
        notification_id=notification_id,
        kind=step.told,
        reason=Reason.BY_HAND,
        created=now,
        alert=after,
        change=Change(actor, said, alert.disposition if step.to is alert.state else None),
    )
    told = Notification(notification_id, alert.id, step.told, Reason.BY_HAND, alert.severity, now, payload)
    return AlertChange(after, alert.state, entry, told, found.ways)


def _joinable(alert: Alert, stays: Alert) -> None:
    """Raises UsageError where it cannot be a duplicate of the other."""
    if alert.id == stays.id:
        raise UsageError(f"alert {alert.id[:12]} cannot be a duplicate of itself")
    if alert.watchlist != stays.watchlist:
        raise UsageError(
            f"alert {alert.id[:12]} is of watchlist {alert.watchlist}, {stays.id[:12]} of {stays.watchlist}",
            hint="a duplicate is of the same watchlist; monitor stories merge joins the stories themselves",
        )


def _step(found: AlertFound, verb: str) -> _Step:
    alert = found.told.alert
    if alert.merged_into:
        raise UsageError(
            f"alert {alert.id[:12]} became part of {alert.merged_into[:12]}",
            hint=f"do it to that one, or part their stories: monitor stories split {alert.merged_into[:12]} {alert.story[:12]}",
        )
    step = TABLE[alert.state, verb]
    if isinstance(step, str):
        raise UsageError(f"alert {alert.id[:12]}: {step}", hint=f"monitor alerts reopen {alert.id[:12]}")
    return step


def _detail(before: Alert, after: Alert) -> JsonObject:
    detail: JsonObject = {"watchlist": after.watchlist, "from": before.state.value, "to": after.state.value}
    if after.disposition is not None:
        detail["disposition"] = after.disposition.value
    if after.comment:
        detail["comment"] = after.comment
    return detail


def _answer(alert: Alert, *, unchanged: bool) -> JsonObject:
    answer: JsonObject = {"id": alert.id, "watchlist": alert.watchlist, "state": alert.state.value, "unchanged": unchanged}
    if alert.disposition is not None:
        answer["disposition"] = alert.disposition.value
    if alert.merged_into:
        answer["merged_into"] = alert.merged_into
    return answer
