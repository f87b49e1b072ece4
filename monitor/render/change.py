"""The document that tells what a person did to an alert: the last one told of it, with what changed.

Evidence and article are those of that document, so that a receiver finds in a closing all it found in the alert; and where that
was a correction, what was withdrawn stays withdrawn. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitor.model import Alert, Disposition, JsonObject, NotificationKind, Reason
from monitor.render.payload import TYPE_PREFIX, timestamp, to_bytes


@dataclass(frozen=True, slots=True)
class Change:
    """Who did it (``DOOR:WHO``), and the comment given with it; ``was`` is what a closed alert was found to be before."""

    actor: str
    comment: str = ""
    was: Disposition | None = None


def render_change(
    document: JsonObject, *, notification_id: str, kind: NotificationKind, reason: Reason, created: datetime, alert: Alert, change: Change
) -> bytes:
    """``document`` is the last one told of ``alert``, which is as it is after the change."""
    data = document.get("data")
    before = data if isinstance(data, dict) else {}
    door, _, who = change.actor.partition(":")
    said: JsonObject = {"at": timestamp(created), "by": who, "door": door, "comment": change.comment}
    if alert.disposition is not None:
        said["disposition"] = alert.disposition.value
    if change.was is not None:
        said["disposition_before"] = change.was.value
    if alert.merged_into:
        said["merged_into"] = alert.merged_into
    standing = before.get("alert")
    told = {
        **(standing if isinstance(standing, dict) else {}),
        "story": alert.story,
        "severity": alert.severity.value,
        "state": alert.state.value,
        "updated": timestamp(alert.updated),
        "disposition": None if alert.disposition is None else alert.disposition.value,
        "comment": alert.comment,
        "changed_by": alert.changed_by,
        "merged_into": alert.merged_into,
    }
    return to_bytes(
        {
            **document,
            "id": notification_id,
            "type": TYPE_PREFIX + kind.value,
            "time": timestamp(created),
            "data": {**_lasting(before), "reason": reason.value, "alert": told, "change": said},
        }
    )


def _lasting(data: JsonObject) -> JsonObject:
    """Without what only the earlier notification was about."""
    return {key: value for key, value in data.items() if key not in {"change", "new"}}
