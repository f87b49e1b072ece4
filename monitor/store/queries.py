"""What commands and pages read of the record, as dictionaries ready for JSON.

This module only reads, and must not know who prints it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, case, func, select

from monitor.errors import UsageError
from monitor.model import DeliveryState, JsonObject, NotificationKind, Reason
from monitor.ports import AlertSelection
from monitor.store import codec
from monitor.store.schema import alert, article, article_text, attempt, delivery, match, notification, source, story
from monitor.store.statements import chunks
from monitor.store.waiting import waits

#: States of deliveries that nobody has been told by.
_UNTOLD = tuple(
    state.value for state in (DeliveryState.HELD, DeliveryState.PENDING, DeliveryState.INFLIGHT, DeliveryState.DEAD, DeliveryState.EXPIRED)
)

DIGESTED = "digested"
#: A delivery's state as people count it: what a digest tells of is cancelled in its lane, and nobody's loss.
_TOLD_AS = case(((delivery.c.state == DeliveryState.CANCELLED.value) & (delivery.c.told_in != ""), DIGESTED), else_=delivery.c.state).label(
    "told_as"
)

#: Newest documents that the page behind a link shows beside the first.
_GLANCED = 3

# How many candidates an ambiguous prefix names before it only counts.
_CANDIDATES = 5

_COUNTED = {
    "sources": source,
    "articles": article,
    "texts": article_text,
    "stories": story,
    "alerts": alert,
    "matches": match,
    "notifications": notification,
    "deliveries": delivery,
    "attempts": attempt,
}

#: When the article took the alert back, where that is the last that was told of it but for what a person did to it.
_CORRECTED = (
    select(case((notification.c.kind == NotificationKind.CORRECTED.value, notification.c.created)))
    .where(notification.c.alert == alert.c.id, notification.c.reason.not_in((Reason.BY_HAND.value, Reason.MERGED.value)))
    .order_by(notification.c.ordinal.desc())
    .limit(1)
    .correlate(alert)
    .scalar_subquery()
    .label("corrected")
)

_ALERTS = select(
    alert,
    _CORRECTED,
    article.c.title,
    article.c.url,
    article.c.source,
    article.c.language,
).outerjoin(article, article.c.id == alert.c.article)


def alerts(connection: Connection, wanted: AlertSelection) -> tuple[JsonObject, ...]:
    """Newest first, oldest first where it goes on ``after`` one. The article's title and address are empty where retention has
    dropped it."""
    rows = connection.execute(_selected(wanted).limit(wanted.limit)).all()
    states = delivery_states(connection, [row.id for row in rows])
    return tuple(summary(row, states[row.id]) for row in rows)


def _selected(wanted: AlertSelection) -> Any:
    chosen = _ALERTS
    for column, value in (
        (alert.c.watchlist, wanted.watchlist),
        (alert.c.state, wanted.state),
        (alert.c.severity, wanted.severity),
        (alert.c.story, wanted.story),
        (article.c.source, wanted.source),
    ):
        if value:
            chosen = chosen.where(column == value)
    if wanted.since is not None:
        chosen = chosen.where(alert.c.raised >= wanted.since)
    if wanted.until is not None:
        chosen = chosen.where(alert.c.raised < wanted.until)
    if wanted.undelivered:
        open_ones = select(notification.c.alert).join(delivery, delivery.c.notification == notification.c.id)
        chosen = chosen.where(alert.c.id.in_(open_ones.where(delivery.c.state.in_(_UNTOLD))))
    if wanted.after is None:
        return chosen.order_by(alert.c.raised.desc(), alert.c.id)
    if wanted.after:
        raised, last = wanted.after
        chosen = chosen.where((alert.c.raised > raised) | ((alert.c.raised == raised) & (alert.c.id > last)))
    return chosen.order_by(alert.c.raised, alert.c.id)


def alert_glance(connection: Connection, prefix: str) -> JsonObject | None:
    """One alert as a page behind a link shows it, with the first document told of it and the newest few: the rest, which are counted,
    may be ten thousand notifications, and whoever has the link may ask as often as he likes."""
    row = alert_row(connection, prefix.strip().lower())
    if row is None:
        return None
    of_it = select(notification.c.id, notification.c.payload).where(notification.c.alert == row.id)
    first = connection.execute(of_it.order_by(notification.c.ordinal).limit(1)).all()
    newest = connection.execute(of_it.order_by(notification.c.ordinal.desc()).limit(_GLANCED)).all()
    told = {each.id: each.payload for each in (*first, *reversed(newest))}
    return {
        **summary(row, {}),
        "changed_by": row.changed_by,
        "merged_into": row.merged_into,
        "notifications": [{"document": document(payload)} for payload in told.values()],
        "left_out": max(row.notifications - len(told), 0),
    }


def stats(connection: Connection) -> dict[str, int]:
    counts = {name: int(connection.execute(select(func.count()).select_from(table)).scalar_one()) for name, table in _COUNTED.items()}
    by_state: dict[str, int] = dict(connection.execute(select(delivery.c.state, func.count()).group_by(delivery.c.state)).all())
    return counts | {f"deliveries_{state.value}": by_state.get(state.value, 0) for state in DeliveryState}


# -------------------------------------------------------------------------------------------- parts
def alert_row(connection: Connection, prefix: str) -> Any:
    if not prefix:
        raise UsageError("no alert named", hint="give the first letters of an alert's id, as `monitor alerts list` shows them")
    # A range, which the key's index answers, where LIKE would read every id. "g" sorts behind every hex digit.
    rows = connection.execute(
        _ALERTS.where(alert.c.id >= prefix, alert.c.id < prefix + "g").order_by(alert.c.id).limit(_CANDIDATES + 1)
    ).all()
    if len(rows) > 1:
        named = "".join(f"\n  {row.id}  {row.watchlist}  {row.title or ''}".rstrip() for row in rows[:_CANDIDATES])
        more = "\n  …" if len(rows) > _CANDIDATES else ""
        raise UsageError(f"several alerts begin with {prefix}:{named}{more}", hint="give more letters of the one you mean")
    return rows[0] if rows else None


def summary(row: Any, states: dict[str, int]) -> JsonObject:
    return {
        "id": row.id,
        "watchlist": row.watchlist,
        "severity": row.severity,
        "state": row.state,
        "raised": codec.iso(row.raised),
        "updated": codec.iso(row.updated),
        "title": row.title or "",
        "url": row.url or "",
        "source": row.source or "",
        "language": row.language or "",
        "article": row.article,
        "story": row.story,
        "corrected": row.corrected is not None,
        "corrected_at": codec.iso(row.corrected),
        "disposition": row.disposition,
        "comment": row.comment,
        "outlets": len(row.outlets),
        # Of all that was told so far. What a correction put another in the place of is not among them; what an article took back
        # altogether is, as the clauses and entities are that were told.
        "stances": sorted(row.told.get("stances", ())),
        "notifications": row.notifications,
        "deliveries": states,
    }


def delivery_states(connection: Connection, ids: Sequence[str]) -> dict[str, dict[str, int]]:
    states: dict[str, dict[str, int]] = defaultdict(dict)
    for some in chunks(ids):
        counts = (
            select(notification.c.alert, _TOLD_AS, func.count())
            .join(delivery, delivery.c.notification == notification.c.id)
            .where(notification.c.alert.in_(some))
            .group_by(notification.c.alert, _TOLD_AS)
            .order_by(_TOLD_AS)
        )
        for alert_id, state, count in connection.execute(counts):
            states[alert_id][state] = count
    return states


def one_notification(connection: Connection, notification_id: str) -> JsonObject | None:
    """One, with its deliveries and every attempt's answer, without its document."""
    row = connection.execute(select(notification).where(notification.c.id == notification_id)).first()
    if row is None:
        return None
    return notification_json(row, deliveries_of(connection, select(notification.c.id).where(notification.c.id == notification_id))[row.id])


def notification_json(row: Any, deliveries: list[JsonObject]) -> JsonObject:
    return {
        "id": row.id,
        "kind": row.kind,
        "reason": row.reason,
        "severity": row.severity,
        "created": codec.iso(row.created),
        "deliveries": deliveries,
    }


def document(payload: bytes) -> Any:
    """The stored document; as text where it is no JSON, for a record must stay readable whatever was put into it."""
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode("utf-8", "replace")


def deliveries_of(connection: Connection, wanted: Any) -> dict[str, list[JsonObject]]:
    """By notification, of those that ``wanted`` selects the ids of."""
    tries: dict[tuple[str, str], list[JsonObject]] = defaultdict(list)
    made = select(attempt).where(attempt.c.notification.in_(wanted)).order_by(attempt.c.number)
    for row in connection.execute(made):
        tries[row.notification, row.sink].append(
            {
                "number": row.number,
                "started": codec.iso(row.started),
                "finished": codec.iso(row.finished),
                "kind": row.kind,
                "status": row.status,
                "detail": row.detail,
            }
        )
    found: dict[str, list[JsonObject]] = defaultdict(list)
    rows = connection.execute(select(delivery).where(delivery.c.notification.in_(wanted)).order_by(delivery.c.sink)).all()
    waiting = waits(connection, rows)
    for row in rows:
        answers = tries[row.notification, row.sink]
        found[row.notification].append(
            {
                "sink": row.sink,
                "state": row.state,
                "reason": row.reason,
                "route": row.route,
                "told_in": row.told_in,
                "sequence": row.sequence,
                "attempts": row.attempts,
                "due": codec.iso(row.due),
                "changed": codec.iso(row.changed),
                "waits": waiting.get((row.notification, row.sink)),
                "last_answer": answers[-1] if answers else None,
                "answers": answers,
            }
        )
    return found
