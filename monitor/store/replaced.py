"""Decisions whose row was taken by a later one: an article's text that comes back after an edit is decided anew in the row it had.

What was told by the earlier one is in the record still, as a notification of the alert that no match names any more; its
document says what the row said. This module only reads, and must not know who asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection, select

from monitor.model import DecisionKind, JsonObject, NotificationKind, Reason
from monitor.store import codec, queries
from monitor.store.schema import alert, match, notification
from monitor.store.statements import chunks

_KINDS: Final = {
    NotificationKind.RAISED.value: DecisionKind.RAISE.value,
    NotificationKind.UPDATED.value: DecisionKind.UPDATE.value,
    NotificationKind.CORRECTED.value: DecisionKind.CORRECT.value,
    NotificationKind.REOPENED.value: DecisionKind.REOPEN.value,
}
#: What was told later than it was decided, or by a person, has no decision of its own.
_NOT_DECIDED: Final = (Reason.BY_HAND.value, Reason.MERGED.value, Reason.DIGEST.value, Reason.SILENCE_ENDED.value)


def replaced(connection: Connection, article: str, watchlist: str, limit: int) -> tuple[list[JsonObject], int]:
    """The newest ``limit`` of them, the latest last, and how many there are."""
    newest: list[JsonObject] = []
    count = 0
    for row in _unnamed(connection, article, watchlist):
        data = _data_about(row, article)
        if data is None:
            continue
        count += 1
        if len(newest) < limit:
            newest.append(_decision(connection, row, data))
    return newest[::-1], count


def _unnamed(connection: Connection, article: str, watchlist: str) -> Iterable[Any]:
    """Notifications of the alerts by which this article was told that no match of theirs names, the newest first."""
    own = select(match.c.notification).where(match.c.article == article, match.c.watchlist == watchlist)
    alerts = connection.execute(select(notification.c.alert).where(notification.c.id.in_(own)).distinct()).scalars().all()
    told = select(notification.c.id).where(notification.c.alert.in_(alerts), notification.c.kind.in_(_KINDS))
    told = told.where(notification.c.reason.not_in(_NOT_DECIDED))
    stories = select(alert.c.story).where(alert.c.id.in_(alerts))
    of_them = select(match.c.notification).where(match.c.story.in_(stories), match.c.watchlist == watchlist)
    named = {*connection.execute(of_them).scalars(), *connection.execute(own).scalars()}
    # The ids first: of ten thousand notifications hardly one is unnamed, and only its document is read.
    told = told.order_by(notification.c.created.desc(), notification.c.ordinal.desc())
    for some in chunks([id_ for id_ in connection.execute(told).scalars() if id_ not in named]):
        rows = {row.id: row for row in connection.execute(select(notification).where(notification.c.id.in_(some)))}
        yield from (rows[id_] for id_ in some)


def _data_about(row: Any, article: str) -> JsonObject | None:
    """What the document says, where it tells of this article."""
    document = queries.document(row.payload)
    data = document.get("data") if isinstance(document, dict) else None
    return data if isinstance(data, dict) and data.get("article", {}).get("id") == article else None


def _decision(connection: Connection, row: Any, data: JsonObject) -> JsonObject:
    """As of a match. A correction's document shows what was withdrawn, not what the text says since."""
    said, passages = data.get("correction"), []
    if said is None:
        said, passages = {"text_hash": data["article"]["text_hash"], "stances": data["stances"]}, data["evidence"]
    return {
        "at": codec.iso(row.created),
        "kind": _KINDS[row.kind],
        "reason": row.reason,
        "by": "",
        "version": data["watchlist"]["version"],
        "engine": data["engine"],
        "text_hash": said["text_hash"],
        "story": data["story"]["id"],
        "severity": data["severity"],
        "stances": said["stances"],
        "evidence": passages,
        "notification": queries.one_notification(connection, row.id),
    }
