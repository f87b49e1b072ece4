"""Between the types of ``model`` and what a column holds. This module must not know any statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from monitor.model import (
    Alert,
    AlertState,
    Delivery,
    DeliveryState,
    Disposition,
    Entity,
    Evidence,
    Hit,
    JsonObject,
    Match,
    Move,
    Severity,
    SinkState,
    SourceState,
    Stance,
    Zone,
    ZoneKind,
)
from monitor.ports import SinkStatus, Told
from monitor.store.statements import Json

TOLD_KINDS = ("groups", "clauses", "entities", "stances", "languages")


def iso(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC with a Z, as the payload has it."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


# ------------------------------------------------------------------------------------- text, matches
def zones_json(zones: tuple[Zone, ...]) -> Json:
    """Every article has some, and json takes four times as long to write them: names of kinds need no escaping."""
    return Json("[" + ",".join([f'["{kind}",{start},{end}]' for kind, start, end in zones]) + "]")


def evidence_json(evidence: tuple[Evidence, ...]) -> list[JsonObject]:
    return [
        {
            "start": passage.start,
            "end": passage.end,
            "quote": passage.quote,
            "zone": passage.zone.value,
            "stance": passage.stance.value,
            "clause": passage.clause,
            "hits": [_hit_json(hit) for hit in passage.hits],
        }
        for passage in evidence
    ]


def _hit_json(hit: Hit) -> JsonObject:
    found: JsonObject = {"group": hit.group, "term": hit.term, "start": hit.start, "end": hit.end, "text": hit.text}
    if hit.entity is not None:
        found["entity"] = {"id": hit.entity.id, "name": hit.entity.name, "list": hit.entity.list}
    return found


def evidence(found: Sequence[JsonObject]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            start=passage["start"],
            end=passage["end"],
            quote=passage["quote"],
            zone=ZoneKind(passage["zone"]),
            stance=Stance(passage["stance"]),
            clause=passage["clause"],
            hits=tuple(_hit(hit) for hit in passage["hits"]),
        )
        for passage in found
    )


def _hit(found: JsonObject) -> Hit:
    entity = Entity(**found["entity"]) if "entity" in found else None
    return Hit(found["group"], found["term"], found["start"], found["end"], found["text"], entity)


def match(row: Row[Any]) -> Match:
    return Match(row.watchlist, row.version, Severity(row.severity), tuple(map(Stance, row.stances)), evidence(row.evidence))


def told_json(match: Match, language: str) -> dict[str, list[str]]:
    """What telling this match tells; every list sorted, so that the same content is the same bytes."""
    hits = [hit for passage in match.evidence for hit in passage.hits]
    return {
        "groups": sorted({hit.group for hit in hits}),
        "clauses": sorted({passage.clause for passage in match.evidence}),
        "entities": sorted({hit.entity.id for hit in hits if hit.entity is not None}),
        "stances": sorted({stance.value for stance in match.stances}),
        "languages": [language],
    }


def merge_told(before: dict[str, list[str]], after: dict[str, list[str]]) -> dict[str, list[str]]:
    return before | {kind: sorted({*before.get(kind, ()), *after.get(kind, ())}) for kind in TOLD_KINDS}


def told_columns(told: Told) -> JsonObject:
    """What an alert has told, as the flow has put it together."""
    return {
        "told": {kind: sorted(getattr(told, kind)) for kind in (*TOLD_KINDS, "said")},
        "outlets": sorted(told.outlets),
        "spread_told": int(told.spread_told),
    }


# -------------------------------------------------------------------------------------- rows to types
def source_state(row: Row[Any]) -> SourceState:
    return SourceState(
        name=row.name,
        next_due=row.next_due,
        validators=dict(row.validators),
        last_poll=row.last_poll,
        last_success=row.last_success,
        last_new=row.last_new,
        failures=row.failures,
        error=row.error,
        address=row.address,
        move=_move(row.move),
        not_before=row.not_before,
        paused=row.paused,
        paused_by=row.paused_by,
        gone=row.gone,
        gaps=tuple(row.gaps),
        known=row.known,
        empty=row.empty,
        deaths=row.deaths,
        broken=bool(row.broken),
        failing_since=row.failing_since,
    )


def _move(found: JsonObject) -> Move | None:
    return Move(found["to"], datetime.fromisoformat(found["since"]), found["times"]) if found else None


def source_row(state: SourceState) -> JsonObject:
    """Saving a source's state always ends its lease. ``paused`` is not among it: an operator may pause while a poll runs."""
    return {
        "next_due": state.next_due,
        "validators": dict(state.validators),
        "last_poll": state.last_poll,
        "last_success": state.last_success,
        "last_new": state.last_new,
        "failures": state.failures,
        "error": state.error,
        "address": state.address,
        "move": {} if state.move is None else {"to": state.move.to, "since": iso(state.move.since), "times": state.move.times},
        "not_before": state.not_before,
        "gone": state.gone,
        "gaps": list(state.gaps),
        "known": state.known,
        "empty": state.empty,
        "deaths": state.deaths,
        "broken": int(state.broken),
        "failing_since": state.failing_since,
        "lease_until": None,
    }


def alert(row: Row[Any]) -> Alert:
    return Alert(
        id=row.id,
        watchlist=row.watchlist,
        story=row.story,
        severity=Severity(row.severity),
        state=AlertState(row.state),
        labels=dict(row.labels),
        raised=row.raised,
        updated=row.updated,
        disposition=Disposition(row.disposition) if row.disposition else None,
        comment=row.comment,
        changed_by=row.changed_by,
        merged_into=row.merged_into,
    )


def life_columns(alert: Alert) -> JsonObject:
    """What a person, or news of a closed one, makes of an alert."""
    return {
        "state": alert.state.value,
        "disposition": "" if alert.disposition is None else alert.disposition.value,
        "comment": alert.comment,
        "changed_by": alert.changed_by,
    }


def told(row: Row[Any]) -> Told:
    """Of an alert's row."""
    return Told(
        alert=alert(row),
        article=row.article,
        text_hash=row.text_hash,
        notifications=row.notifications,
        outlets=frozenset(row.outlets),
        spread_told=bool(row.spread_told),
        last_told=row.last_told,
        said=frozenset(row.told.get("said", ())),
        **{kind: frozenset(row.told.get(kind, ())) for kind in TOLD_KINDS},
    )


def sink_status(row: Row[Any]) -> SinkStatus:
    return SinkStatus(
        name=row.name,
        state=SinkState(row.state),
        reason=row.reason,
        failures=row.failures,
        probe_due=row.probe_due,
        by=row.by,
        since=row.since,
        catching_up=row.catching_up,
    )


def delivery(row: Row[Any], *, state: DeliveryState | None = None, attempts: int | None = None) -> Delivery:
    """The row has the delivery's columns and its notification's ``alert`` and ``payload``. What is claimed has no reason."""
    return Delivery(
        notification=row.notification,
        sink=row.sink,
        alert=row.alert,
        severity=Severity(row.severity),
        sequence=row.sequence,
        state=DeliveryState(row.state) if state is None else state,
        attempts=row.attempts if attempts is None else attempts,
        due=row.due,
        created=row.created,
        payload=row.payload,
        route=row.route,
        reason="" if state is DeliveryState.INFLIGHT else row.reason,
        told_in=row.told_in,
        replayed=row.replayed,
        progress=dict(row.progress),
    )
